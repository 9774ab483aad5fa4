//! A node in a temporary folder, driven as a user drives it.
#![allow(dead_code, clippy::allow_attributes, reason = "each test file uses its own part")]

pub mod service;
pub mod store;
pub mod token;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// A pickle that would call `os.system('true')` when loaded: `cos\nsystem\n(S'true'\ntR.`
pub const BAD_PICKLE: &[u8] = b"cos\nsystem\n(S'true'\ntR.";
/// A safetensors file with one tensor of one byte.
pub const GOOD_SAFETENSORS: &[u8] =
    b"\x38\0\0\0\0\0\0\0{\"t\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}   \x07";

/// A node's folder, and a folder with inputs.
pub struct Node {
    folder: TempDir,
    /// What the program has in its environment beside what it always has.
    pub environment: Vec<(&'static str, &'static str)>,
}

/// What a run printed and how it ended.
pub struct Run {
    pub out: String,
    pub err: String,
    pub status: Option<i32>,
}

/// The Python with the programs of others that judge what we write. Without it the test says that it is skipped.
pub fn oracle() -> Option<PathBuf> {
    let found = std::env::var_os("SAKIMORI_ORACLES").map(|oracles| Path::new(&oracles).join("bin/python"));
    if found.is_none() {
        println!("skipped: SAKIMORI_ORACLES is not set (make test sets it)");
    }
    found
}

impl Node {
    pub fn new() -> Self {
        Self { folder: TempDir::new().expect("a temporary folder"), environment: Vec::new() }
    }

    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// A path in the folder of inputs.
    pub fn path(&self, name: &str) -> PathBuf {
        let inputs = self.folder.path().join("in");
        fs::create_dir_all(&inputs).expect("a folder");
        inputs.join(name)
    }

    /// An input with these bytes.
    pub fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(&path, bytes).expect("written");
        path
    }

    /// The program on this node, in English.
    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sakimori"));
        command.env("SAKIMORI_HOME", self.home()).env("SAKIMORI_LANG", "en").env_remove("SAKIMORI_CRASH_AT");
        command.envs(self.environment.iter().copied());
        command.current_dir(self.folder.path());
        command
    }

    pub fn run<S: AsRef<std::ffi::OsStr>>(&self, arguments: &[S]) -> Run {
        Run::of(self.command().args(arguments).output().expect("started"))
    }

    /// The objects that `check --format jsonl` prints for a path.
    pub fn check(&self, path: &Path) -> Vec<Value> {
        let run = self.run(&["check", "--format", "jsonl", &path.display().to_string()]);
        assert!(run.status.is_some_and(|status| status <= 1), "{}", run.err);
        run.lines()
    }

    /// The file with the node's public key.
    pub fn key(&self) -> PathBuf {
        let key = self.run(&["log", "key", "--public"]);
        assert_eq!(key.status, Some(0), "{}", key.err);
        self.write("node.pub", key.out.as_bytes())
    }

    /// Everything that must hold at any time: the log is intact and the tables agree with it.
    pub fn is_sound(&self) {
        for arguments in [&["log", "verify"][..], &["audit"]] {
            let run = self.run(arguments);
            assert_eq!(run.status, Some(0), "{arguments:?}: {}{}", run.out, run.err);
        }
    }
}

impl Run {
    pub fn of(output: Output) -> Self {
        Self {
            out: String::from_utf8(output.stdout).expect("UTF-8"),
            err: String::from_utf8(output.stderr).expect("UTF-8"),
            status: output.status.code(),
        }
    }

    pub fn lines(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect()
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).expect("JSON")
    }
}
