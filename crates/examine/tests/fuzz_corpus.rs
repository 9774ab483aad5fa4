//! Every fuzz target over every input of the corpora, of the rules and of `fuzz/seeds`, whatever it was made for: a
//! reader of one format must withstand the files of all others.

use std::fs;
use std::path::{Path, PathBuf};

use sakimori_examine::fuzz::{TARGETS, Target};

/// Larger inputs are left to the fuzzer and to the tests of the corpora.
const INPUT_BYTES_MAX: usize = 64 * 1024;

#[test]
fn every_target_withstands_every_corpus_input() {
    let inputs = inputs(&root().join("crates/examine/corpus"), "in");
    assert!(inputs.len() > 200);
    for target in TARGETS {
        inputs.iter().for_each(|input| withstands(target, input));
    }
}

#[test]
fn every_target_withstands_every_seed() {
    let seeds = inputs(&root().join("fuzz/seeds"), "seed");
    let rules = inputs(&root().join("rules"), "yml");
    for target in TARGETS {
        seeds.iter().for_each(|input| withstands(target, input));
    }
    let target = TARGETS.iter().find(|target| target.name == "sigma").expect("a target");
    rules.iter().for_each(|input| withstands(target, input));
}

#[test]
fn every_target_withstands_next_to_nothing() {
    for target in TARGETS {
        for bytes in [&b""[..], b"\0", b"{", b"\n", b"\xff\xff", &[0; 600], &[b'('; 600]] {
            (target.run)(bytes);
        }
    }
}

#[test]
fn every_target_has_its_program() {
    let manifest = fs::read_to_string(root().join("fuzz/Cargo.toml")).expect("readable");
    for target in TARGETS {
        assert!(manifest.contains(&format!("name = \"{}\"", target.name)), "{} has no program", target.name);
        assert!(root().join(format!("fuzz/fuzz_targets/{}.rs", target.name)).is_file(), "{}", target.name);
    }
}

fn withstands(target: &Target, (path, bytes): &(PathBuf, Vec<u8>)) {
    // The name is printed only when the target panics.
    println!("{} over {}", target.name, path.display());
    (target.run)(bytes);
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The files below a folder that end so, except large ones.
fn inputs(folder: &Path, extension: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("readable").path()) {
        if entry.is_dir() {
            found.extend(inputs(&entry, extension));
        } else if entry.extension().unwrap_or_default() == extension {
            let bytes = fs::read(&entry).expect("readable");
            found.push((entry, bytes));
        }
    }
    found.retain(|(_, bytes)| bytes.len() <= INPUT_BYTES_MAX);
    found.sort();
    found
}
