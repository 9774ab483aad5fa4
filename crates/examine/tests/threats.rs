//! `docs/threats.md` against the corpus: every row names files that show it, and each of them is found.

use std::fs;
use std::path::Path;

use sakimori_examine::report::is_unexamined;
use sakimori_examine::{Settings, examine};
use sakimori_model::Severity;

/// The columns of a row that has a file: id, attack, answer, files, source.
const COLUMNS: usize = 5;

#[test]
fn every_published_attack_is_found_in_its_file() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("../../docs/threats.md")).expect("docs/threats.md");
    let mut files = 0;
    for row in text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| id ")) {
        let columns: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        assert_eq!(columns.len(), COLUMNS, "{row}");
        assert!(columns[4].contains("](http"), "no source: {row}");
        let shown: Vec<&str> = columns[3].split('`').filter(|part| part.ends_with(".in")).collect();
        assert!(!shown.is_empty() || row.contains("**"), "neither a file nor an open word: {row}");
        for file in shown {
            files += 1;
            let bytes = fs::read(root.join("corpus").join(file)).unwrap_or_else(|e| panic!("{file}: {e}"));
            let findings = examine(&bytes, &Settings::default()).findings;
            let told = findings.iter().any(|f| f.severity >= Severity::Medium || is_unexamined(f));
            assert!(told, "{file} would be allowed: {findings:?}");
        }
    }
    assert!(files > 100, "{files}");
}

/// Each import of the file of advisories, and not only one of them.
#[test]
fn every_function_that_an_advisory_names_is_judged_as_dangerous() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("../../docs/threats.md")).expect("docs/threats.md");
    let bytes = fs::read(root.join("corpus/pickle/advisories.in")).expect("the file");
    let findings = examine(&bytes, &Settings::default()).findings;
    let dangerous: Vec<&String> =
        findings.iter().filter(|f| f.code.as_str() == "SKM-PKL-0001").filter_map(|f| f.params.get("global")).collect();
    let rows = text.lines().filter(|line| line.contains("`pickle/advisories.in`"));
    let named: Vec<&str> =
        rows.filter_map(|row| row.split(" | ").nth(1)?.strip_prefix('`')?.split('`').next()).collect();
    assert!(named.len() > 50, "{}", named.len());
    for name in named {
        assert!(dangerous.iter().any(|global| *global == name), "{name} is not judged as dangerous");
    }
}
