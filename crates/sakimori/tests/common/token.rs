//! A token that speaks PKCS#11: SoftHSM, in a folder of its own.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// Where Debian keeps the module.
const MODULES: [&str; 2] = ["/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so"];
pub const PIN: &str = "471100";

pub struct Token {
    folder: TempDir,
    module: &'static str,
    /// The variable of the environment by which the module finds the token.
    pub environment: [(&'static str, &'static str); 1],
}

impl Token {
    /// Makes a token of this label. `None`, which is said, where there is no SoftHSM.
    pub fn make(label: &str) -> Option<Self> {
        let Some(module) = MODULES.into_iter().find(|path| Path::new(path).exists()) else {
            assert!(std::env::var_os("SAKIMORI_ORACLES").is_none(), "make setup installs SoftHSM");
            println!("skipped: there is no SoftHSM (make setup installs it)");
            return None;
        };
        let folder = TempDir::new().expect("a folder");
        fs::create_dir(folder.path().join("tokens")).expect("made");
        let config = folder.path().join("softhsm2.conf");
        let text = format!("directories.tokendir = {}\nlog.level = ERROR\n", folder.path().join("tokens").display());
        fs::write(&config, text).expect("written");
        let config: &'static str = config.display().to_string().leak();
        let token = Self { folder, module, environment: [("SOFTHSM2_CONF", config)] };
        token.set_pin(PIN);
        token.tool(&["--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", "000000"]);
        Some(token)
    }

    /// Where its key of this label lies.
    pub fn uri(&self, token: &str, key: &str) -> String {
        let (module, pin) = (self.module, self.pin());
        format!("pkcs11:token={token};object={key}?module-path={module}&pin-source=file:{}", pin.display())
    }

    pub fn pin(&self) -> PathBuf {
        self.folder.path().join("pin")
    }

    /// What the program will take for the PIN.
    pub fn set_pin(&self, pin: &str) {
        fs::write(self.pin(), format!("{pin}\n")).expect("written");
        fs::set_permissions(self.pin(), fs::Permissions::from_mode(0o600)).expect("set");
    }

    pub fn take_out(&self) {
        fs::rename(self.tokens(), self.away()).expect("taken out");
        fs::create_dir(self.tokens()).expect("an empty slot");
    }

    pub fn put_in(&self) {
        fs::remove_dir(self.tokens()).expect("nothing in it");
        fs::rename(self.away(), self.tokens()).expect("put in");
    }

    fn tokens(&self) -> PathBuf {
        self.folder.path().join("tokens")
    }

    fn away(&self) -> PathBuf {
        self.folder.path().join("away")
    }

    fn tool(&self, arguments: &[&str]) {
        let run = Command::new("softhsm2-util").envs(self.environment).args(arguments).output().expect("started");
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    }
}
