//! Secrets and personal data over real text that holds none: when `SAKIMORI_DATA` names the folder with the unpacked packs,
//! and when `SAKIMORI_TEXTS` names any folder of text, of which the findings are printed.

use std::fs;
use std::path::{Path, PathBuf};

use sakimori_examine::{Settings, examine};
use sakimori_model::Finding;

/// Bytes of a file that is looked at.
const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;

#[test]
fn real_models_and_rules_disclose_nothing() {
    let Some(data) = std::env::var_os("SAKIMORI_DATA") else {
        println!("skipped: SAKIMORI_DATA is not set");
        return;
    };
    let root = Path::new(&data);
    let labels = fs::read(root.join("artefact/labels.json")).expect("the labels are there");
    let labels: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(&labels).expect("JSON");
    let benign =
        labels.iter().filter(|(_, about)| about["label"] == "ben").map(|(name, _)| root.join("artefact").join(name));
    let mut files: Vec<PathBuf> = benign.collect();
    files.extend(walked(&root.join("rules")));
    let alarms = alarms(&files);
    assert!(alarms.is_empty(), "{} alarms in {} files:\n{}", alarms.len(), files.len(), alarms.join("\n"));
    println!("no alarm in {} files", files.len());
}

#[test]
fn a_folder_of_text_is_measured() {
    let Some(folder) = std::env::var_os("SAKIMORI_TEXTS") else {
        println!("skipped: SAKIMORI_TEXTS is not set");
        return;
    };
    let files = walked(Path::new(&folder));
    let alarms = alarms(&files);
    println!("{} alarms in {} files\n{}", alarms.len(), files.len(), alarms.join("\n"));
    assert!(!files.is_empty());
}

/// What is said of secrets and personal data, a line a finding. No line holds a value.
fn alarms(files: &[PathBuf]) -> Vec<String> {
    let mut alarms = Vec::new();
    for path in files {
        let Ok(bytes) = fs::read(path) else { continue };
        let found = examine(&bytes, &Settings::default()).findings;
        let told = found.iter().filter(|f: &&Finding| f.code.family() == "DIS");
        alarms.extend(told.map(|f| format!("{} {} {:?} {}", f.code, f.place, f.params, path.display())));
    }
    alarms
}

/// The files below a folder, except large ones and compiled ones.
fn walked(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("readable").path();
        let about = fs::symlink_metadata(&path).expect("readable");
        let compiled = path.extension().is_some_and(|e| e == "pyc" || e == "so");
        if about.is_dir() {
            found.extend(walked(&path));
        } else if about.is_file() && about.len() <= FILE_BYTES_MAX && !compiled {
            found.push(path);
        }
    }
    found.sort();
    found
}
