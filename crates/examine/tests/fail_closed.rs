//! Damage never opens the gate: a file that is reviewed or blocked, cut short or with a bit flipped, isn't allowed in
//! silence while what made it dangerous is still there.
//!
//! *Silent* means that no rule of the default policy speaks: no finding of medium severity or more, nothing said to be
//! unexamined, fewer than 40 points. A silent damaged file is right only if the danger has gone. It is still there when
//!
//! * the file is a pickle, and a call that was found ends before the damage: a loader runs the bytes in their order, so
//!   it still makes that call (checked for each such finding alone, not only for the file); or
//! * every name that a finding shows still stands in the bytes, in a file of the same kind.
//!
//! With `SAKIMORI_DATA=/folder` the shared model files are damaged too.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use sakimori_examine::{Examination, Settings, examine};
use sakimori_model::{Finding, Place, Severity};

const CUTS: usize = 20;
const FLIPS: usize = 100;
/// Larger inputs of the corpora are slow in a debug build.
const CORPUS_BYTES_MAX: usize = 32 * 1024;
const DATA_BYTES_MAX: usize = 256 * 1024;

/// Bytes before and after a name that belong to what it is named in: its field, its node, its entry of a table.
const NEAR: usize = 64;

const FOLDERS: [&str; 23] = [
    "7z",
    "agent",
    "core",
    "coreml",
    "gguf",
    "keras",
    "msgpack",
    "mxnet",
    "numpy",
    "ocdbt",
    "onnx",
    "openvino",
    "paddle",
    "pickle",
    "program",
    "rds",
    "safetensors",
    "stream",
    "tar",
    "template",
    "tensorflow",
    "tflite",
    "zip",
];

#[test]
fn damaged_inputs_of_the_corpora_are_not_allowed_in_silence() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut paths: Vec<PathBuf> = FOLDERS
        .iter()
        .flat_map(|folder| fs::read_dir(root.join(folder)).expect("a corpus"))
        .map(|file| file.expect("readable").path())
        .filter(|path| path.extension().is_some_and(|e| e == "in"))
        .collect();
    paths.sort();
    let tally = damage_all(&paths, CORPUS_BYTES_MAX);
    assert!(tally.files > 200, "{tally:?}");
    tally.holds();
}

#[test]
fn damaged_shared_files_are_not_allowed_in_silence() {
    let Some(data) = std::env::var_os("SAKIMORI_DATA") else {
        println!("skipped: SAKIMORI_DATA is not set");
        return;
    };
    let root = Path::new(&data).join("artefact");
    let labels = fs::read(root.join("labels.json")).expect("the labels are there");
    let labels: BTreeMap<String, serde_json::Value> = serde_json::from_slice(&labels).expect("the labels are JSON");
    let paths: Vec<PathBuf> = labels.keys().map(|name| root.join(name)).collect();
    let tally = damage_all(&paths, DATA_BYTES_MAX);
    assert!(tally.files > 50, "{tally:?}");
    tally.holds();
}

/// What came of the damage.
#[derive(Debug, Default)]
struct Tally {
    files: usize,
    damaged: usize,
    silent: usize,
    wrong: Vec<String>,
}

impl Tally {
    fn holds(&self) {
        println!("{} files, {} damaged, {} silent because the danger has gone", self.files, self.damaged, self.silent);
        assert!(self.wrong.is_empty(), "{} wrong:\n{}", self.wrong.len(), self.wrong.join("\n"));
    }
}

fn damage_all(paths: &[PathBuf], bytes_max: usize) -> Tally {
    let mut tally = Tally::default();
    for path in paths {
        let bytes = fs::read(path).expect("readable");
        if bytes.is_empty() || bytes.len() > bytes_max {
            continue;
        }
        let before = examine(&bytes, &Settings::default());
        if is_silent(&before) {
            continue;
        }
        tally.files += 1;
        for damage in damages(bytes.len(), seed(path)) {
            tally.damaged += 1;
            let damaged = damage.done_to(&bytes);
            let after = examine(&damaged, &Settings::default());
            tally.silent += usize::from(is_silent(&after));
            if let Some(why) = opened(&bytes, &before, &damaged, &after, damage.at()) {
                tally.wrong.push(format!("{} {damage:?}: {why}", path.display()));
            }
        }
    }
    tally
}

/// One kind of damage.
#[derive(Clone, Copy, Debug)]
enum Damage {
    CutTo(usize),
    FlipBit(usize),
}

impl Damage {
    fn done_to(self, bytes: &[u8]) -> Vec<u8> {
        let mut damaged = bytes.to_vec();
        match self {
            Self::CutTo(size) => damaged.truncate(size),
            Self::FlipBit(bit) => damaged[bit / 8] ^= 1 << (bit % 8),
        }
        damaged
    }

    /// The offset of the first byte that changed.
    fn at(self) -> u64 {
        match self {
            Self::CutTo(size) => size as u64,
            Self::FlipBit(bit) => bit as u64 / 8,
        }
    }
}

/// Cuts spread evenly, and bits drawn by SplitMix64 (Steele, Lea and Flood 2014), the same in each run.
fn damages(size: usize, mut seed: u64) -> Vec<Damage> {
    let cuts = (0..CUTS).map(|i| Damage::CutTo(size * i / CUTS));
    let flips = (0..FLIPS).map(|_| {
        seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Damage::FlipBit(((mixed ^ (mixed >> 31)) % (size as u64 * 8)) as usize)
    });
    cuts.chain(flips).collect()
}

/// A seed for a file, from its name and not from where the repository lies.
fn seed(path: &Path) -> u64 {
    let name = path.file_name().expect("a name").as_encoded_bytes();
    name.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}

/// The rules of the default policy that review or block, together (`crates/node/src/decide/policy.toml`).
fn is_silent(examination: &Examination) -> bool {
    let points = examination.findings.iter().fold(0i64, |sum, f| sum.saturating_add(f.points()));
    examination.unexamined().next().is_none() && !examination.findings.iter().any(is_told) && points < 40
}

fn is_told(finding: &Finding) -> bool {
    finding.severity >= Severity::Medium
}

/// Why the gate stands open for what it was shut to before, if it does.
fn opened(bytes: &[u8], before: &Examination, damaged: &[u8], after: &Examination, at: u64) -> Option<String> {
    if after.findings.iter().any(|f| f.code.as_str() == "SKM-OBS-0004") {
        return Some("the examiner failed".to_owned());
    }
    if !is_silent(after) {
        return None;
    }
    let left = before.findings.iter().filter(|f| is_told(f)).find(|f| {
        let ran = before.kind.as_str() == "pickle" && ran_before(f, bytes, at);
        ran || before.kind == after.kind && stands_untouched(f, bytes, damaged)
    })?;
    Some(format!("{} {:?} is still there, in {}", left.code, left.params, before.kind))
}

/// A call of a pickle whose opcode ends before the damage. Not the codes whose place is where something begins: a hidden
/// pickle, what parts stand for when they are written out each time, and calls that a second loader sees in an array.
fn ran_before(finding: &Finding, bytes: &[u8], at: u64) -> bool {
    let code = finding.code.as_str();
    let begins_there = ["SKM-PKL-0009", "SKM-PKL-0014"].contains(&code)
        || finding.params.get("does").is_some_and(|does| does == "in the bytes of an array");
    let is_call = code.starts_with("SKM-PKL") && !begins_there;
    let Place::Byte { member: None, offset } = finding.place else { return false };
    let opcode = &bytes[offset as usize..];
    // GLOBAL and INST have two lines as arguments; the other opcodes that import or call have none that matter here.
    let size = match opcode[0] {
        b'c' | b'i' => opcode.split_inclusive(|byte| *byte == b'\n').take(2).map(<[u8]>::len).sum(),
        _ => 1,
    };
    is_call && offset + size as u64 <= at
}

/// Each name that a finding shows stands in the bytes, and all that is near to it is as it was.
fn stands_untouched(finding: &Finding, bytes: &[u8], damaged: &[u8]) -> bool {
    let names: Vec<&[u8]> = finding.params.values().map(String::as_bytes).filter(|name| name.len() > 2).collect();
    !names.is_empty()
        && names.iter().all(|name| {
            let there = records(name, bytes);
            !there.is_empty() && there == records(name, damaged)
        })
}

/// Where a name stands, each time with what is near to it.
fn records<'a>(name: &[u8], bytes: &'a [u8]) -> Vec<&'a [u8]> {
    let starts = (0..bytes.len()).filter(|start| bytes[*start..].starts_with(name));
    starts.map(|start| &bytes[start.saturating_sub(NEAR)..(start + name.len() + NEAR).min(bytes.len())]).collect()
}
