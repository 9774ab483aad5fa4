//! Measures the pickle examiner over labelled real files: malicious ones must never pass silently, benign ones must
//! have no finding. Runs only where `SAKIMORI_DATA` names a folder with `artefact/labels.json`.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use sakimori_examine::artefact::pickle::{Carrier, examine, looks_like_pickle};
use sakimori_examine::limits::Limits;
use sakimori_examine::report::{Report, is_unexamined};
use sakimori_model::{Finding, Severity};

#[test]
fn labelled_pickles_are_judged_as_their_labels_say() {
    let Some(root) = std::env::var_os("SAKIMORI_DATA").map(PathBuf::from) else {
        println!("skipped: SAKIMORI_DATA is not set");
        return;
    };
    let mut counts: BTreeMap<(String, &str), u32> = BTreeMap::new();
    let mut wrong = Vec::new();
    for (path, label) in labels(&root.join("artefact")) {
        let bytes = unpacked(fs::read(&path).expect("readable"));
        if !looks_like_pickle(&bytes[..bytes.len().min(64 * 1024)]) {
            let name = path.display().to_string();
            if name.ends_with("pkl") || name.ends_with("pickle") || name.ends_with("joblib") {
                println!("{label:12} not a pickle: {name}");
            }
            continue;
        }
        let findings = findings(&bytes);
        let verdict = verdict(&findings);
        *counts.entry((label.clone(), verdict)).or_default() += 1;
        if (label == "mal" && verdict == "allow") || (label == "ben" && verdict != "allow") {
            wrong.push(format!("{label} {} {}", path.display(), told(&findings)));
        } else if std::env::var_os("SAKIMORI_SHOW").is_some() {
            println!("{label} {verdict} {} {}", path.display(), told(&findings));
        }
    }
    for ((label, verdict), count) in &counts {
        println!("{label:12} {verdict:7} {count}");
    }
    assert!(wrong.is_empty(), "{} are judged otherwise than labelled:\n{}", wrong.len(), wrong.join("\n"));
}

fn labels(folder: &Path) -> Vec<(PathBuf, String)> {
    let text = fs::read_to_string(folder.join("labels.json")).expect("labels.json");
    let all: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&text).expect("JSON");
    all.iter()
        .map(|(path, entry)| (folder.join(path), entry["label"].as_str().unwrap_or("?").to_owned()))
        .filter(|(path, _)| path.is_file())
        .collect()
}

/// The content of a compressed file; any other as it is.
fn unpacked(bytes: Vec<u8>) -> Vec<u8> {
    let mut out = Vec::new();
    let done = match bytes.as_slice() {
        [0x1f, 0x8b, ..] => flate2::read::MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut out),
        [0x78, 0x01 | 0x9c | 0xda | 0x5e, ..] => flate2::read::ZlibDecoder::new(bytes.as_slice()).read_to_end(&mut out),
        [b'B', b'Z', b'h', ..] => bzip2::read::BzDecoder::new(bytes.as_slice()).read_to_end(&mut out),
        [0xfd, b'7', b'z', b'X', ..] => lzma_rust2::XzReader::new(bytes.as_slice(), true).read_to_end(&mut out),
        [0x5d, 0, 0, ..] => lzma_rust2::LzmaReader::new_mem_limit(bytes.as_slice(), 1 << 20, None)
            .and_then(|mut reader| reader.read_to_end(&mut out)),
        // joblib before 0.10: "ZF", the length in 19 characters or so, then a zlib stream.
        [b'Z', b'F', ..] => {
            let start = bytes.windows(2).position(|w| w == [0x78, 0x9c] || w == [0x78, 0x5e]).unwrap_or(0);
            flate2::read::ZlibDecoder::new(&bytes[start..]).read_to_end(&mut out)
        }
        [0x04, 0x22, 0x4d, 0x18, ..] => lz4_flex::frame::FrameDecoder::new(bytes.as_slice()).read_to_end(&mut out),
        _ => return bytes,
    };
    if done.is_ok() { out } else { bytes }
}

fn findings(bytes: &[u8]) -> Vec<Finding> {
    let limits = Limits::default();
    let mut report = Report::new(&limits);
    examine(&bytes.to_vec(), Carrier::Plain, &mut report);
    report.finish(sakimori_examine::recognise::UNKNOWN).findings
}

/// What the default policy makes of the findings.
fn verdict(findings: &[Finding]) -> &'static str {
    let worst = findings.iter().map(|f| f.severity).max().unwrap_or(Severity::Informational);
    let points: i64 = findings.iter().map(Finding::points).sum();
    let certain = |f: &Finding| f.severity == Severity::High && f.confidence == sakimori_model::Confidence::High;
    if worst == Severity::Critical || findings.iter().any(certain) {
        "block"
    } else if worst >= Severity::Medium || findings.iter().any(is_unexamined) || points >= 40 {
        "review"
    } else {
        "allow"
    }
}

fn told(findings: &[Finding]) -> String {
    findings.iter().map(|f| format!("{}@{} {:?}; ", f.code, f.place, f.params)).collect()
}
