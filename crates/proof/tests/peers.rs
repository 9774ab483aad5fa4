//! Other implementations read what this one wrote, and agree.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

mod common;

use std::fs;
use std::path::PathBuf;

use common::{entries, entry, head, key, log_of, temp, verifier};
use proptest::prelude::*;
use sakimori_proof::{Key, Note, VerifierKey, merkle};
use signed_note::{StandardSigner, StandardVerifier, Verifier, VerifierList};
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
        let note = Note::sign(text.clone(), &key);
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
