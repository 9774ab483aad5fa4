//! An object store that speaks S3 and was written by others: SeaweedFS, as PyPI has it.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

const KEY: &str = "sakimori-test";
const SECRET: &str = "not-a-secret";
/// The bucket that there is.
pub const BUCKET: &str = "city-log";

/// A running store. It ends when this is dropped.
pub struct ObjectStore {
    program: PathBuf,
    folder: TempDir,
    ports: Vec<u16>,
    process: Option<Child>,
}

impl ObjectStore {
    /// Starts it, with one bucket. `None`, which is said, where there is none.
    pub fn start() -> Option<Self> {
        let program = std::env::var_os("SAKIMORI_ORACLES").map(|oracles| Path::new(&oracles).join("bin/weed"));
        let Some(program) = program else {
            println!("skipped: SAKIMORI_ORACLES is not set (make test sets it)");
            return None;
        };
        let folder = TempDir::new().expect("a folder");
        let credentials = serde_json::json!({ "accessKey": KEY, "secretKey": SECRET });
        let who = serde_json::json!({ "name": "test", "credentials": [credentials], "actions": ["Admin"] });
        let config = serde_json::json!({ "identities": [who] });
        std::fs::write(folder.path().join("s3.json"), config.to_string()).expect("written");
        let mut store = Self { program, folder, ports: free_ports(8), process: None };
        store.go_on();
        let script = format!("s3.bucket.create -name {BUCKET}\n");
        let mut shell = Command::new(&store.program);
        let master = format!("-master=127.0.0.1:{}.{}", store.ports[0], store.ports[1]);
        let mut shell = shell
            .args(["shell", &master])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("started");
        std::io::Write::write_all(&mut shell.stdin.take().expect("a pipe"), script.as_bytes()).expect("written");
        assert!(shell.wait().expect("ended").success());
        Some(store)
    }

    /// Starts it again after [`ObjectStore::stop`].
    pub fn go_on(&mut self) {
        let path = self.folder.path().display().to_string();
        let names = [
            "master.port",
            "master.port.grpc",
            "volume.port",
            "volume.port.grpc",
            "filer.port",
            "filer.port.grpc",
            "s3.port",
            "s3.port.grpc",
        ];
        let ports = names.iter().zip(&self.ports).map(|(name, port)| format!("-{name}={port}"));
        let process = Command::new(&self.program)
            .args(["server", "-s3", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-master.telemetry=false"])
            .args(["-s3.port.iceberg=0", "-s3.port.lance=0", "-master.volumeSizeLimitMB=16", "-volume.max=16"])
            .args([format!("-dir={path}"), format!("-s3.config={path}/s3.json")])
            .args(ports)
            .current_dir(self.folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        self.process = Some(process.expect("started"));
        let began = Instant::now();
        let address = SocketAddr::from(([127, 0, 0, 1], self.ports[6]));
        while TcpStream::connect(address).is_err() {
            assert!(began.elapsed() < Duration::from_secs(60), "the store does not start");
            sleep(Duration::from_millis(100));
        }
    }

    /// Ends it, with all that it holds still in its folder.
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let id = process.id().to_string();
            assert!(Command::new("kill").args(["-9", &id]).status().expect("kill").success());
            process.wait().expect("ended");
        }
    }

    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports[6])
    }

    /// The credentials, for a program's environment.
    pub fn credentials(&self) -> [(&'static str, &'static str); 2] {
        [("AWS_ACCESS_KEY_ID", KEY), ("AWS_SECRET_ACCESS_KEY", SECRET)]
    }
}

impl Drop for ObjectStore {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

fn free_ports(count: usize) -> Vec<u16> {
    let held: Vec<TcpListener> = (0..count).map(|_| TcpListener::bind("127.0.0.1:0").expect("a port")).collect();
    held.iter().map(|listener| listener.local_addr().expect("an address").port()).collect()
}
