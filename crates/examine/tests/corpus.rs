//! The golden corpora: `corpus/FOLDER/NAME.in` is examined and must give `corpus/FOLDER/NAME.out`.
//!
//! `UPDATE_CORPUS=1 cargo test -p sakimori-examine --test corpus` writes the `.out` files anew; their diff is
//! reviewed like code.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use sakimori_examine::sigma::RuleSet;
use sakimori_examine::{Examination, Settings, catalogue, examine, fuzz};
use sakimori_model::Lang;

#[test]
fn every_input_gives_its_golden_output() {
    let settings = settings();
    let mut wrong = Vec::new();
    for input in inputs() {
        let actual = rendered(&examined(&input, &settings));
        let golden = input.with_extension("out");
        if std::env::var_os("UPDATE_CORPUS").is_some() {
            fs::write(&golden, &actual).expect("writable");
        } else if fs::read_to_string(&golden).unwrap_or_default() != actual {
            wrong.push(format!("{}\n{actual}", input.display()));
        }
    }
    assert!(wrong.is_empty(), "{} differ; UPDATE_CORPUS=1 rewrites:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_code_has_a_positive_and_a_negative_input() {
    let settings = settings();
    let found: Vec<(PathBuf, BTreeSet<String>)> = inputs()
        .into_iter()
        .map(|input| {
            let examination = examined(&input, &settings);
            (input, examination.findings.iter().map(|f| f.code.to_string()).collect())
        })
        .collect();
    for (code, entry) in catalogue::entries() {
        if NOT_FROM_BYTES.contains(&code.as_str()) {
            continue;
        }
        let with = found.iter().filter(|(_, codes)| codes.contains(code.as_str())).count();
        assert!(with > 0, "{code} ({}) is found in no corpus file", entry.examiner);
        assert!(with < found.len(), "{code} is found in every corpus file");
    }
}

/// Codes that no input file can bring about; each has a test of its own.
const NOT_FROM_BYTES: &[&str] =
    &["SKM-OBS-0004", "SKM-OBS-0006", "SKM-OBS-0008", "SKM-MSG-0003", "SKM-PRV-0001", "SKM-PRV-0002", "SKM-PRV-0003"];

fn settings() -> Settings {
    Settings { sigma: RuleSet::builtin().clone(), ..Settings::default() }
}

/// Examines one input. Those of `corpus/repository` are folders, written down as `fuzz::folder` reads them.
fn examined(input: &Path, settings: &Settings) -> Examination {
    let bytes = fs::read(input).expect("readable");
    if !input.parent().expect("a folder").ends_with("repository") {
        return examine(&bytes, settings);
    }
    let mut all = fuzz::examine_folder(&bytes, settings);
    let mut together = all.pop().expect("the folder itself");
    for alone in all.into_iter().rev() {
        together.findings.splice(0..0, alone.findings);
        together.facts.splice(0..0, alone.facts);
        together.examiners.extend(alone.examiners);
    }
    together.examiners.sort();
    together.examiners.dedup();
    together
}

fn inputs() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut all: Vec<PathBuf> = fs::read_dir(root)
        .expect("the corpus is there")
        .flat_map(|folder| fs::read_dir(folder.expect("readable").path()).expect("a folder an examiner"))
        .map(|file| file.expect("readable").path())
        .filter(|path| path.extension().is_some_and(|e| e == "in"))
        .collect();
    all.sort();
    assert!(!all.is_empty());
    all
}

/// The golden form: JSON, with the title in English beside each finding.
fn rendered(examination: &Examination) -> String {
    let findings: Vec<serde_json::Value> = examination
        .findings
        .iter()
        .map(|f| {
            let mut value = serde_json::to_value(f).expect("findings are JSON");
            value["title"] = catalogue::title(f, Lang::En).into();
            value
        })
        .collect();
    let mut value = serde_json::json!({
        "kind": examination.kind,
        "examiners": examination.examiners,
        "findings": findings,
    });
    // Most inputs say nothing of themselves.
    if !examination.facts.is_empty() {
        let facts = examination.facts.iter().map(|f| format!("{} {} = {}", f.place, f.name, f.value));
        value["facts"] = facts.collect::<Vec<_>>().into();
    }
    format!("{value:#}\n")
}
