//! TLS by configuration: what is served, that a new certificate is taken without a restart, and where plain HTTP is refused.

mod common;

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::Node;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

/// A new certificate for `localhost` in the node's folder of inputs.
fn certificate(node: &Node) -> CertificateDer<'static> {
    let key = rcgen::KeyPair::generate().expect("a key");
    let params = rcgen::CertificateParams::new(["localhost".to_owned()]).expect("a name");
    let certificate = params.self_signed(&key).expect("a certificate");
    node.write("chain.pem", certificate.pem().as_bytes());
    let path = node.write("key.pem", key.serialize_pem().as_bytes());
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("set");
    certificate.der().clone()
}

/// A running service, and where it listens.
struct Tls {
    process: Child,
    address: String,
}

impl Tls {
    fn start(node: &Node) -> Self {
        let config = format!(
            "[tls]\ncertificate = '{}'\nkey = '{}'\n",
            node.path("chain.pem").display(),
            node.path("key.pem").display()
        );
        let config = node.write("sakimori.toml", config.as_bytes());
        let mut command = node.command();
        command.args(["serve", "--listen", "127.0.0.1:0", "--config"]).arg(config);
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("started");
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
        let rest = line.strip_prefix("https://").unwrap_or_else(|| panic!("the service says {line:?}"));
        Self { process, address: rest.split('/').next().expect("an address").to_owned() }
    }

    /// The whole answer, for a client that trusts this certificate only.
    fn get(&self, trusted: &CertificateDer<'static>) -> std::io::Result<String> {
        let mut roots = RootCertStore::empty();
        roots.add(trusted.clone()).expect("a root");
        let config = ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("localhost").expect("a name");
        let client = ClientConnection::new(Arc::new(config), name).expect("a client");
        let mut stream = StreamOwned::new(client, TcpStream::connect(&self.address)?);
        let host = self.address.replace("127.0.0.1", "localhost");
        stream.write_all(format!("GET /healthz HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n").as_bytes())?;
        let mut answer = Vec::new();
        match stream.read_to_end(&mut answer) {
            // The server may end the connection without a last word of TLS.
            Err(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => Err(error),
            _ => Ok(String::from_utf8_lossy(&answer).into_owned()),
        }
    }

    fn hang_up(&self) {
        let sent = Command::new("kill").arg("-HUP").arg(self.process.id().to_string()).status().expect("kill");
        assert!(sent.success());
    }
}

impl Drop for Tls {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn a_new_certificate_is_taken_without_a_restart() {
    let node = Node::new();
    let first = certificate(&node);
    let service = Tls::start(&node);
    let answer = service.get(&first).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.trim_end().ends_with("\r\n\r\nok"), "{answer}");
    assert!(answer.to_lowercase().contains("\r\nstrict-transport-security: max-age="), "{answer}");
    let mut plain = TcpStream::connect(&service.address).expect("connected");
    plain.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").expect("sent");
    let mut said = Vec::new();
    let _ = plain.read_to_end(&mut said);
    assert!(!said.starts_with(b"HTTP"), "plain HTTP is not answered");
    // A certificate without its key, as while both are being replaced.
    let old_key = fs::read(node.path("key.pem")).expect("read");
    let second = certificate(&node);
    let new_key = fs::read(node.path("key.pem")).expect("read");
    node.write("key.pem", &old_key);
    service.hang_up();
    std::thread::sleep(Duration::from_millis(300));
    assert!(service.get(&first).is_ok(), "the old pair is still served");
    node.write("key.pem", &new_key);
    service.hang_up();
    let waiting = Instant::now();
    while service.get(&second).is_err() {
        assert!(waiting.elapsed() < Duration::from_secs(20), "the new certificate is not taken");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(service.get(&first).is_err(), "the old certificate is gone");
}

#[test]
fn what_cannot_be_served_is_said() {
    let node = Node::new();
    for listen in ["0.0.0.0:0", "[::]:0", "192.0.2.1:1"] {
        let run = node.run(&["serve", "--listen", listen]);
        assert_eq!(run.status, Some(2), "{listen}");
        assert!(run.err.contains("SKM-E-0161") && run.err.contains("behind-a-tls-proxy"), "{}", run.err);
        assert!(run.out.is_empty());
    }
    let run = node.run(&["serve", "--listen", "node.example:80"]);
    assert!(run.status == Some(2) && run.err.contains("SKM-E-0160"), "{}", run.err);
    certificate(&node);
    let (certificate_file, key_file) = (node.path("chain.pem"), node.path("key.pem"));
    let other_key = rcgen::KeyPair::generate().expect("a key").serialize_pem();
    for (key, code) in [(other_key.as_str(), "SKM-E-0165"), ("", "SKM-E-0164")] {
        node.write("key.pem", key.as_bytes());
        let config = format!("[tls]\ncertificate = '{}'\nkey = '{}'\n", certificate_file.display(), key_file.display());
        let config = node.write("sakimori.toml", config.as_bytes());
        let config = config.display().to_string();
        let run = node.run(&["serve", "--listen", "127.0.0.1:0", "--config", &config]);
        assert!(run.status == Some(2) && run.err.contains(code), "{code}: {}", run.err);
    }
}
