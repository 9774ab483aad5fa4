//! Other implementations read what this one wrote, and agree.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use common::{entries, entry, head, key, log_of, temp, verifier};
use proptest::prelude::*;
use sakimori_proof::{Key, Note, VerifierKey, merkle};
use serde_json::json;
use signed_note::{StandardSigner, StandardVerifier, Verifier, VerifierList};
use tempfile::TempDir;
use tlog_tiles::tile::{Tile, TileHashReader, TileReader};
use tlog_tiles::tlog::{Error, Hash, check_record, check_tree, prove_record, prove_tree, record_hash};

/// The log's folder as that library wants to read it.
struct Folder(PathBuf);

impl TileReader for Folder {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, Error> {
        // It writes the height into its names, which C2SP leaves out.
        Ok(tiles
            .iter()
            .map(|tile| fs::read(self.0.join(tile.path().replacen("tile/8/", "tile/", 1))).unwrap())
            .collect())
    }

    fn save_tiles(&self, _: &[Tile], _: &[Vec<u8>]) {}
}

fn ours(proof: &[merkle::Hash]) -> Vec<Hash> {
    proof.iter().map(|hash| Hash(*hash.as_bytes())).collect()
}

#[test]
fn tlog_tiles_proves_from_our_tiles_and_believes_our_proofs() {
    for size in [1, 2, 255, 256, 257, 600, 65_536] {
        let folder = temp();
        let log = log_of(folder.path(), size);
        let (tree, head) = (log.tree().unwrap(), head(folder.path()));
        let tiles = Folder(folder.path().to_owned());
        let reader = TileHashReader::new(size, Hash(head.root), &tiles);
        for index in [0, size / 3, size / 2, size - 1] {
            let theirs = prove_record(size, index, &reader).unwrap();
            assert_eq!(ours(&tree.inclusion_proof(index, size).unwrap()), theirs);
            check_record(&theirs, size, Hash(head.root), index, record_hash(&entry(index))).unwrap();
            let old = index + 1;
            let old_root = Hash(*tree.root_at(old).unwrap().as_bytes());
            let consistency = ours(&tree.consistency_proof(old, size).unwrap());
            assert_eq!(consistency, prove_tree(size, old, &reader).unwrap());
            check_tree(&consistency, size, Hash(head.root), old, old_root).unwrap();
        }
    }
}

#[test]
fn tlog_tiles_names_tiles_alike() {
    for (level, index, width) in [(0, 0, 256), (0, 999, 256), (0, 1_000, 3), (2, 1_234_567, 255), (1, 1_000_000, 256)] {
        let kind = sakimori_proof::TileKind::Hashes(level);
        let ours = sakimori_proof::Tile { kind, index, width }.path();
        let theirs = Tile::new(8, level, index, u32::from(width), false).path().replacen("tile/8/", "tile/", 1);
        assert_eq!(ours, theirs);
    }
}

#[test]
fn a_log_is_the_same_however_it_was_batched() {
    let (once, often) = (temp(), temp());
    log_of(once.path(), 600);
    let log = log_of(often.path(), 1);
    for (from, count) in [(1, 255), (256, 1), (257, 300), (557, 43)] {
        log.append(&key(), &entries(from, count), &|_| ()).unwrap();
    }
    assert_eq!(head(once.path()).text, head(often.path()).text);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn signed_note_believes_our_notes_and_we_believe_its(seed in any::<[u8; 32]>(), name in "[a-z./é]{1,20}", lines in prop::collection::vec("[ -~é]{0,30}", 1..5)) {
        let key = Key::from_seed(&name, &seed).unwrap();
        let verifier = key.verifier().clone();
        prop_assert_eq!(&verifier.to_string().parse::<VerifierKey>().unwrap(), &verifier);
        let text = lines.join("\n") + "\n";
        let note = Note::sign(text.clone(), &key).unwrap();
        prop_assert_eq!(&Note::parse(&note.to_string()).unwrap(), &note);

        let known: Box<dyn Verifier> = Box::new(StandardVerifier::new(&verifier.to_string()).unwrap());
        let theirs = signed_note::Note::from_bytes(note.to_string().as_bytes()).unwrap();
        prop_assert_eq!(theirs.verify(&VerifierList::new(vec![known])).unwrap().0.len(), 1);

        let folder = temp();
        key.save(&folder.path().join("key")).unwrap();
        let secret = fs::read_to_string(folder.path().join("key")).unwrap();
        let signer = StandardSigner::new(secret.trim_end()).unwrap();
        let mut back = signed_note::Note::new(text.as_bytes(), &[]).unwrap();
        back.add_sigs(&[&signer]).unwrap();
        prop_assert_eq!(String::from_utf8(back.to_bytes()).unwrap(), note.to_string());
        prop_assert_eq!(note.verify(&[verifier]).unwrap().len(), 1);
    }
}

/// The example of the documentation of Go's `golang.org/x/mod/sumdb/note`.
#[test]
fn the_note_of_another_language() {
    let theirs: VerifierKey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW".parse().unwrap();
    let note = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    assert_eq!(Note::parse(note).unwrap().verify(&[verifier(), theirs.clone()]).unwrap(), [&theirs]);
}

/// Sizes around the borders of tiles at the first two levels.
const SIZES: [u64; 9] = [0, 1, 255, 256, 257, 65_535, 65_536, 65_537, 70_000];

/// Every file that a reader of the tree needs, below the folder.
fn files_of(folder: &Path) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::from("checkpoint")];
    let mut folders = vec![folder.join("tile")];
    while let Some(at) = folders.pop() {
        for file in fs::read_dir(at).into_iter().flatten().map(|file| file.unwrap().path()) {
            if file.is_dir() { folders.push(file) } else { found.push(file.strip_prefix(folder).unwrap().to_owned()) }
        }
    }
    found.sort();
    found
}

/// A copy of a log with one byte changed in one file, and links to all the others.
fn mutant(folder: &Path, file: &Path) -> TempDir {
    let copy = temp();
    for name in files_of(folder) {
        let target = copy.path().join(&name);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        if name == file {
            let mut bytes = fs::read(folder.join(&name)).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            fs::write(target, bytes).unwrap();
        } else {
            fs::hard_link(folder.join(&name), target).unwrap();
        }
    }
    copy
}

#[test]
fn programs_of_others_accept_our_logs_and_refuse_mutants() {
    let Some(oracles) = std::env::var_os("SAKIMORI_ORACLES").map(PathBuf::from) else {
        eprintln!("skipped: SAKIMORI_ORACLES is not set");
        return;
    };
    let mut folders = Vec::new();
    let mut logs = Vec::new();
    for size in SIZES {
        let folder = temp();
        drop(log_of(folder.path(), size));
        let files = files_of(folder.path());
        let picked: Vec<&PathBuf> = files.iter().step_by(files.len().div_ceil(6)).collect();
        logs.push(json!({ "name": size.to_string(), "folder": folder.path(), "holds": true }));
        for file in picked {
            let copy = mutant(folder.path(), file);
            let name = format!("{size}, {} changed", file.display());
            logs.push(json!({ "name": name, "folder": copy.path(), "holds": false }));
            folders.push(copy);
        }
        folders.push(folder);
    }
    let mut python = Command::new(oracles.join("bin/python"));
    python.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/oracles/tlog.py"));
    let mut python = python.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let job = json!({ "key": verifier().to_string(), "logs": logs });
    serde_json::to_writer(python.stdin.take().unwrap(), &job).unwrap();
    let output = python.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    println!("{told}");
    assert!(output.status.success() && told.contains("9 accepted"), "{told}");
}
