//! Measures over the shared model files, when `SAKIMORI_DATA` names the folder with the unpacked packs. Prints what was
//! caught, passed in silence and flagged for each label; fails only when a file makes the examiner fail.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use sakimori_examine::{Settings, examine};
use sakimori_model::Severity;

#[test]
fn shared_model_files_are_examined() {
    let Some(data) = std::env::var_os("SAKIMORI_DATA") else {
        println!("skipped: SAKIMORI_DATA is not set");
        return;
    };
    let root = Path::new(&data).join("artefact");
    let labels = fs::read(root.join("labels.json")).expect("the labels are there");
    let labels: BTreeMap<String, serde_json::Value> = serde_json::from_slice(&labels).expect("the labels are JSON");
    let mut table: BTreeMap<String, [usize; 4]> = BTreeMap::new();
    for (name, about) in labels {
        let bytes = fs::read(root.join(&name)).expect("a labelled file is there");
        let examination = examine(&bytes, &Settings::default());
        let label = about["label"].as_str().unwrap_or_default().to_owned();
        let worst = examination.findings.iter().map(|f| f.severity).max();
        let codes: Vec<&str> = examination.findings.iter().map(|f| f.code.as_str()).collect();
        assert!(!codes.contains(&"SKM-OBS-0004"), "{name}: the examiner failed");
        let row = table.entry(label.clone()).or_default();
        row[0] += 1;
        row[1] += usize::from(worst.is_some_and(|w| w >= Severity::Medium));
        row[2] += usize::from(worst.is_none());
        row[3] += usize::from(examination.unexamined().next().is_some());
        println!("{label}\t{}\t{}\t{}\t{name}", examination.kind, worst.map_or("-", Severity::as_str), codes.join(","));
    }
    println!("label\tfiles\tat least medium\tno finding\tnot all examined");
    for (label, [files, medium, none, unexamined]) in table {
        println!("{label}\t{files}\t{medium}\t{none}\t{unexamined}");
    }
}
