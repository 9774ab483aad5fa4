//! Fuzz targets: plain functions over arbitrary bytes, for a fuzzer (`fuzz/` at the root) and for tests.

use crate::limits::{NOTE_SIGNATURES_MAX, PROOF_HASHES_MAX, TREE_SIZE_MAX, WITNESS_PROOF_HASHES_MAX};
use crate::merkle::{empty_root, roots_from_consistency, verify_consistency};
use crate::tile::bundle_entries;
use crate::{
    AddCheckpoint, Bundle, Checkpoint, Key, Note, Proof, Quorum, RangeReader, Tile, VerifierKey, WitnessAnswer,
    WitnessKey, verify_receipt,
};

/// A parser under test.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The name, which is that of its program in `fuzz/` and of its folder of seeds.
    pub name: &'static str,
    /// Gives the bytes to the parser and panics when an invariant does not hold.
    pub run: fn(&[u8]),
}

/// The targets of this crate.
pub const TARGETS: &[Target] = &[
    Target { name: "note", run: note },
    Target { name: "checkpoint", run: checkpoint },
    Target { name: "proof", run: proof },
    Target { name: "bundle", run: bundle },
    Target { name: "tile", run: tile },
    Target { name: "key", run: key },
    Target { name: "receipt", run: receipt },
    Target { name: "range", run: range },
    Target { name: "add_checkpoint", run: add_checkpoint },
    Target { name: "model_signature", run: crate::model_signing::fuzz },
    Target { name: "sigstore", run: crate::model_signing::fuzz_sigstore },
    Target { name: "trusted_root", run: crate::model_signing::fuzz_trusted_root },
];

/// Runs the target with this name.
///
/// # Panics
/// When there is none, or when an invariant does not hold.
pub fn run(name: &str, bytes: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name).unwrap_or_else(|| panic!("no target {name}"));
    (target.run)(bytes);
}

/// The key that the targets know. It has signed nothing, so nothing may verify under it.
fn known_keys() -> Vec<VerifierKey> {
    Key::from_seed("fuzz.example", &[7; 32]).map(|key| key.verifier().clone()).into_iter().collect()
}

fn note(bytes: &[u8]) {
    let Some(note) = text(bytes).and_then(|text| Note::parse(text).ok()) else { return };
    assert!((1..=NOTE_SIGNATURES_MAX).contains(&note.signatures().len()));
    assert!(note.text().ends_with('\n'));
    assert_eq!(Note::parse(&note.to_string()).as_ref(), Ok(&note), "what is written is read again");
    assert!(note.verify(&known_keys()).is_err(), "a note that nobody signed");
}

fn checkpoint(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    assert!(Checkpoint::open(text, &known_keys()).is_err(), "a checkpoint that nobody signed");
    if let Ok(checkpoint) = Checkpoint::from_text(text) {
        assert!(checkpoint.size <= TREE_SIZE_MAX);
    }
}

fn proof(bytes: &[u8]) {
    let Some(proof) = text(bytes).and_then(|text| Proof::parse(text).ok()) else { return };
    assert!(proof.hashes.len() <= PROOF_HASHES_MAX && proof.index <= TREE_SIZE_MAX);
    assert_eq!(Proof::parse(&proof.to_string()).as_ref(), Ok(&proof), "what is written is read again");
    assert!(proof.verify(b"entry", &known_keys()).is_err());
    // The arithmetic of the proof itself, behind a checkpoint as if it were signed.
    if let Some((signed, _)) = proof.checkpoint.rsplit_once("\n\n")
        && let Ok(checkpoint) = Checkpoint::from_text(&format!("{signed}\n"))
    {
        let _ = proof.verify_under(b"entry", &checkpoint);
    }
}

fn receipt(bytes: &[u8]) {
    for key in known_keys() {
        assert!(verify_receipt(bytes, b"entry", &key).is_err(), "a receipt that nobody signed");
    }
}

fn range(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    let Ok(none) = Quorum::new(Vec::new(), None) else { return };
    let mut lines = text.lines();
    let Some(head) = lines.next() else { return };
    // A head that nobody signed is refused; behind one that somebody did, nothing but the right lines may be accepted.
    assert!(RangeReader::new(head, &known_keys(), &none).is_err(), "a range that nobody signed");
    let key = Key::from_seed("fuzz.example", &[7; 32]);
    let Ok(key) = key else { return };
    let checkpoint = Checkpoint { origin: key.name().to_owned(), size: 1_000, root: empty_root() };
    let signed = serde_json::from_str::<serde_json::Value>(head).ok().and_then(|mut head| {
        *head.get_mut("checkpoint")? = checkpoint.sign(&key).ok()?.to_string().into();
        Some(head.to_string())
    });
    let Some(Ok(mut reader)) = signed.map(|head| RangeReader::new(&head, &known_keys(), &none)) else { return };
    if lines.all(|line| reader.push(line).is_ok()) {
        assert!(reader.finish().is_err(), "no entries make the root of none");
    }
}

fn bundle(bytes: &[u8]) {
    let Ok(bundle) = Bundle::parse(bytes) else { return };
    assert!(bundle.verify(&known_keys()).is_err(), "a bundle that nobody signed");
    let written = bundle.to_json().map(|json| Bundle::parse(json.as_bytes()));
    assert!(matches!(written, Ok(Ok(again)) if again == bundle), "what is written is read again");
}

/// The first line is a path; what follows is the file's content.
fn tile(bytes: &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let (path, content) = (&bytes[..end], &bytes[(end + 1).min(bytes.len())..]);
    let Some((path, tile)) = text(path).and_then(|path| Some((path, Tile::parse(path)?))) else { return };
    assert_eq!(tile.path(), path, "a file has one name");
    assert!((1..=256).contains(&tile.width));
    let _ = tile.is_covered_by(TREE_SIZE_MAX);
    if let Some(entries) = bundle_entries(content, tile.width) {
        assert_eq!(entries.len(), usize::from(tile.width));
    }
    if let Some(hashes) = crate::tile::tile_hashes(content, tile.width) {
        assert_eq!(hashes.len(), usize::from(tile.width));
    }
}

/// Public keys and private ones.
fn key(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    if let Ok(key) = text.parse::<VerifierKey>() {
        assert_eq!(key.to_string(), text, "a key has one spelling");
    }
    if let Ok(key) = Key::parse(text) {
        assert!(
            key.uri().is_none_or(|uri| uri.starts_with("pkcs11:") && !uri.contains("pin-value=")),
            "no PIN is kept"
        );
    }
    let _ = WitnessKey::parse(text);
}

/// What logs send to a witness, and what a witness sends back.
fn add_checkpoint(bytes: &[u8]) {
    if let Ok(request) = AddCheckpoint::parse(bytes) {
        assert!(request.proof.len() <= WITNESS_PROOF_HASHES_MAX);
        let written = request.to_string();
        assert_eq!(written.as_bytes(), bytes, "a request has one spelling");
        // The arithmetic of the proof, as if the checkpoint were signed.
        let (old, new) = (request.old, &request.checkpoint);
        let held = verify_consistency(old, empty_root(), new.size, new.root, &request.proof).is_ok();
        let found = roots_from_consistency(old, empty_root(), new.size, &request.proof);
        assert!(old == 0 || old == new.size || held == (found == Some((empty_root(), new.root))));
    }
    let keys: Vec<VerifierKey> =
        WitnessKey::from_seed("fuzz.example", &[7; 32]).map(|key| key.verifier().clone()).into_iter().collect();
    let Ok(note) = Note::parse("log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n— log AAAAAAAA\n") else {
        return;
    };
    for (status, kind) in [(200, "text/plain"), (409, crate::SIZE_MEDIA_TYPE)] {
        let answer = WitnessAnswer::read(status, kind, bytes, &note, &keys);
        assert!(!matches!(answer, WitnessAnswer::Cosigned(_)), "nobody cosigned");
    }
    let quorum = Quorum::new(keys, None);
    let note = text(bytes).and_then(|text| Note::parse(text).ok());
    assert!(
        quorum.is_ok_and(|quorum| note.is_none_or(|note| quorum.check(&note).is_err())),
        "a note that nobody cosigned"
    );
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}
