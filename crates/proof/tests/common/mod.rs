//! The outside-in checker, called after nearly every step of the tests. It trusts nothing of the crate's reading side:
//! it parses the files with its own few lines and hashes the tree as RFC 6962 words it.

#![allow(dead_code, clippy::unwrap_used, missing_docs, reason = "shared by several test programs, each using a part")]

use std::fs;
use std::path::Path;

use sakimori_proof::{BadResource, Key, Log, VerifierKey, merkle};
use sha2::{Digest as _, Sha256};
use signed_note::{Note, StandardVerifier, Verifier, VerifierList};
use tempfile::TempDir;

pub const ORIGIN: &str = "node.example/log";

pub fn key() -> Key {
    Key::from_seed(ORIGIN, &[7; 32]).unwrap()
}

pub fn verifier() -> VerifierKey {
    key().verifier().clone()
}

/// A folder in memory where there is one: what a killed process leaves is the same there, and syncing is free.
pub fn temp() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

/// The entry that the tests put at this index.
pub fn entry(index: u64) -> Vec<u8> {
    format!("entry {index}").into_bytes()
}

pub fn entries(from: u64, count: u64) -> Vec<Vec<u8>> {
    (from..from + count).map(entry).collect()
}

/// A log with so many entries, made in as few appends as there can be.
pub fn log_of(folder: &Path, size: u64) -> Log {
    let log = Log::create(folder, &key()).unwrap();
    for from in (0..size).step_by(60_000) {
        log.append(&key(), &entries(from, (size - from).min(60_000)), &|_| ()).unwrap();
    }
    log
}

/// The published head, read and verified by an independent implementation.
pub struct Head {
    pub size: u64,
    pub root: [u8; 32],
    pub text: String,
}

pub fn head(folder: &Path) -> Head {
    let text = fs::read_to_string(folder.join("checkpoint")).unwrap();
    let known: Box<dyn Verifier> = Box::new(StandardVerifier::new(&verifier().to_string()).unwrap());
    let note = Note::from_bytes(text.as_bytes()).unwrap();
    let (good, _) = note.verify(&VerifierList::new(vec![known])).unwrap();
    assert_eq!(good.len(), 1, "one signature, and it is the log's");
    let checkpoint = tlog_tiles::checkpoint::Checkpoint::from_bytes(note.text()).unwrap();
    assert_eq!(checkpoint.origin(), ORIGIN);
    Head { size: checkpoint.size(), root: checkpoint.hash().0, text }
}

/// Reads all entries from the files alone.
pub fn read_entries(folder: &Path, size: u64) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for bundle in 0..size.div_ceil(256) {
        let width = (size - bundle * 256).min(256);
        let number =
            if bundle < 1000 { format!("{bundle:03}") } else { format!("x{:03}/{:03}", bundle / 1000, bundle % 1000) };
        let partial = if width < 256 { format!(".p/{width}") } else { String::new() };
        let bytes = fs::read(folder.join(format!("tile/entries/{number}{partial}"))).unwrap();
        let mut rest = bytes.as_slice();
        for _ in 0..width {
            let length = usize::from(rest[0]) * 256 + usize::from(rest[1]);
            found.push(rest[2..2 + length].to_vec());
            rest = &rest[2 + length..];
        }
        assert!(rest.is_empty());
    }
    found
}

/// The root as section 2.1 of RFC 6962 defines it.
pub fn rfc_root(entries: &[Vec<u8>]) -> [u8; 32] {
    match entries {
        [] => Sha256::digest([]).into(),
        [entry] => Sha256::new().chain_update([0]).chain_update(entry).finalize().into(),
        _ => {
            let mut k = 1;
            while k * 2 < entries.len() {
                k *= 2;
            }
            let (left, right) = (rfc_root(&entries[..k]), rfc_root(&entries[k..]));
            Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
        }
    }
}

/// Everything that must always hold of a log in a folder. Returns its entries.
pub fn check(folder: &Path) -> Vec<Vec<u8>> {
    let log = Log::open(folder, verifier()).unwrap();
    let bad: Vec<BadResource> =
        log.verify_all(&mut |_| ()).into_iter().filter(|bad| !bad.problem.is_harmless()).collect();
    assert_eq!(bad, [], "the audit");
    let head = head(folder);
    let entries = read_entries(folder, head.size);
    assert_eq!(rfc_root(&entries), head.root, "the root, computed anew");
    let tree = log.tree().unwrap();
    assert_eq!(tree.signed_checkpoint(), head.text);
    let spots = [0, 1, 255, 256, 257, head.size / 2, head.size.wrapping_sub(1)];
    for index in spots.into_iter().filter(|index| *index < head.size) {
        let proof = tree.prove(index).unwrap();
        proof.verify(&entries[index as usize], &[verifier()]).unwrap();
        assert_eq!(tree.entry(index).unwrap(), entries[index as usize]);
        let old = tree.root_at(index).unwrap();
        let path = tree.consistency_proof(index, head.size).unwrap();
        merkle::verify_consistency(index, old, head.size, merkle::Hash::from_bytes(head.root), &path).unwrap();
    }
    entries
}

/// Checks that the log of `earlier` is the beginning of the log now.
pub fn check_continues(folder: &Path, earlier: &Head) {
    let tree = Log::open(folder, verifier()).unwrap().tree().unwrap();
    assert_eq!(tree.root_at(earlier.size).unwrap().as_bytes(), &earlier.root, "the earlier root is in the tree");
}

/// Runs a test of this test program in a process of its own, with a job for it in the environment.
pub fn child(test: &str, job: &str) -> std::process::Command {
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--nocapture", "--test-threads=1"]).env("SAKIMORI_PROOF_JOB", job);
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    command
}

/// The job that [`child`] gave, if this is such a process.
pub fn job() -> Option<String> {
    std::env::var("SAKIMORI_PROOF_JOB").ok()
}
