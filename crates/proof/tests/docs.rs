//! The verifier that `docs/log.md` shows to strangers accepts what holds and refuses the rest.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use common::{entries, key, log_of, temp, verifier};
use sakimori_proof::{Bundle, Salt, commitment, entry_of};

#[test]
fn the_documented_verifier_works() {
    let runs = |program: &str| Command::new(program).arg("--version").output().is_ok();
    if !runs("python3") || !runs("openssl") {
        println!("skipped: python3 or openssl is not installed");
        return;
    }
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/log.md");
    let page = fs::read_to_string(page).unwrap();
    let script = page.split_once("```python\n").unwrap().1.split_once("```").unwrap().0;
    let folder = temp();
    fs::write(folder.path().join("verify.py"), script).unwrap();
    let accepts = |json: &str, key: &str| {
        fs::write(folder.path().join("bundle.json"), json).unwrap();
        let mut python = Command::new("python3");
        python.current_dir(folder.path()).args(["verify.py", "bundle.json", key]).output().unwrap().status.success()
    };
    for size in [0, 6, 255] {
        let log = log_of(&folder.path().join(size.to_string()), size);
        let (salt, statement) = (Salt::random().unwrap(), r#"{"file":"モデル.bin"}"#.to_owned());
        let at = log.append(&key(), &[entry_of(&commitment(&salt, statement.as_bytes()))], &|_| ()).unwrap().start;
        log.append(&key(), &entries(0, size / 2), &|_| ()).unwrap();
        let bundle = Bundle { statement, salt, proof: log.tree().unwrap().prove(at).unwrap() };
        let (json, public) = (bundle.to_json().unwrap(), verifier().to_string());
        assert!(accepts(&json, &public), "a good bundle at {at}");
        assert!(!accepts(&json.replace("モデル", "モデレ"), &public), "another statement");
        assert!(!accepts(&json.replace("— node.example/log ", "— node.example/log A"), &public), "another signature");
        let stranger = sakimori_proof::Key::from_seed(common::ORIGIN, &[1; 32]).unwrap();
        assert!(!accepts(&json, &stranger.verifier().to_string()), "another key");
    }
}
