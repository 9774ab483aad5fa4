//! Honest mail of today must come out as *allow*: every `corpus/mail/benign-*.in`, all written by us.

use std::fs;
use std::path::{Path, PathBuf};

use sakimori_examine::{Settings, examine};
use sakimori_model::{Finding, Severity};

/// Points from which on the default policy asks for a person.
const REVIEW_POINTS: i64 = 40;
/// Fewer would say little.
const MAILS_MIN: usize = 30;

#[test]
fn honest_mail_is_allowed() {
    let settings = Settings::default();
    let mails = honest_mails();
    assert!(mails.len() >= MAILS_MIN, "only {}", mails.len());
    let stopped: Vec<String> = mails
        .iter()
        .filter_map(|path| {
            let examination = examine(&fs::read(path).expect("readable"), &settings);
            let points: i64 = examination.findings.iter().map(Finding::points).sum();
            let is_stopped = points >= REVIEW_POINTS
                || examination.unexamined().next().is_some()
                || examination.findings.iter().any(|f| f.severity >= Severity::Medium);
            let codes: Vec<String> =
                examination.findings.iter().map(|f| format!("{}:{}", f.code, f.points())).collect();
            is_stopped.then(|| format!("{} {points} {}", path.display(), codes.join(" ")))
        })
        .collect();
    assert!(stopped.is_empty(), "{} of {}:\n{}", stopped.len(), mails.len(), stopped.join("\n"));
}

fn honest_mails() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/mail");
    let mut mails: Vec<PathBuf> = fs::read_dir(folder)
        .expect("the corpus is there")
        .map(|file| file.expect("readable").path())
        .filter(|path| path.extension().is_some_and(|e| e == "in"))
        .filter(|path| path.file_name().is_some_and(|n| n.to_string_lossy().starts_with("benign-")))
        .collect();
    mails.sort();
    mails
}
