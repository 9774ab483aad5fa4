//! Keys, notes, proofs and evidence bundles: what holds is accepted, and nothing else.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

mod common;

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

use common::{ORIGIN, entries, entry, key, log_of, temp, verifier};
use proptest::prelude::*;
use sakimori_proof::{
    Bundle, Check, Checkpoint, Key, KeyError, Note, NoteError, Proof, ProofError, ReceiptError, Salt, VerifierKey,
    VerifierKeyError, commitment, entry_of, limits, verify_receipt,
};
use sha2::{Digest as _, Sha256};

const STATEMENT: &str =
    r#"{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"モデル.bin"}],"note":"a \"quoted\" \\ word"}"#;

/// A bundle for a statement in the middle of a log.
fn bundle() -> Bundle {
    let folder = temp();
    let log = log_of(folder.path(), 3);
    let salt = Salt::from_bytes([9; 32]);
    let at = log.append(&key(), &[entry_of(&commitment(&salt, STATEMENT.as_bytes()))], &|_| ()).unwrap().start;
    log.append(&key(), &entries(4, 300), &|_| ()).unwrap();
    Bundle { statement: STATEMENT.to_owned(), salt, proof: log.tree().unwrap().prove(at).unwrap() }
}

#[test]
fn a_bundle_proves_its_statement() {
    let bundle = bundle();
    let json = bundle.to_json().unwrap();
    assert!(json.starts_with(
        r#"{"mediaType":"application/vnd.sakimori.evidence.v1+json","proof":"c2sp.org/tlog-proof@v1\nindex 3\n"#
    ));
    let read = Bundle::parse(json.as_bytes()).unwrap();
    assert_eq!(read, bundle);
    let verified = read.verify(&[verifier()]).unwrap();
    assert_eq!((verified.statement.as_str(), verified.origin.as_str()), (STATEMENT, ORIGIN));
    assert_eq!((verified.index, verified.tree_size), (3, 304));
    assert!(
        matches!(&verified.checks[..], [Check::Signature { key }, Check::Commitment { .. }, Check::Inclusion { .. }] if *key == verifier().to_string())
    );
}

#[test]
fn a_receipt_proves_its_entry_and_no_flipped_bit_is_accepted() {
    let bundle = bundle();
    let entry = entry_of(&commitment(&bundle.salt, bundle.statement.as_bytes()));
    let receipt = sakimori_proof::receipt(&bundle.proof, &entry, &key()).unwrap();
    verify_receipt(&receipt, &entry, &verifier()).unwrap();
    assert!(receipt.len() < 2_048, "{}", receipt.len());
    // [304, 3, […]]: several sizes lead to one root, and the size is not signed.
    let size = receipt.windows(5).position(|bytes| bytes == [0x83, 0x19, 0x01, 0x30, 0x03]).unwrap() + 2;
    for bit in 0..receipt.len() * 8 {
        let mut changed = receipt.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let refused = verify_receipt(&changed, &entry, &verifier()).is_err();
        assert!(refused || (size..size + 2).contains(&(bit / 8)), "bit {bit}");
    }
    let other = Key::from_seed(ORIGIN, &[77; 32]).unwrap();
    assert_eq!(verify_receipt(&receipt, &entry, other.verifier()), Err(ReceiptError::NotIncluded));
    assert_eq!(verify_receipt(&receipt, b"another entry", &verifier()), Err(ReceiptError::NotIncluded));
    assert!(matches!(
        verify_receipt(&[receipt.as_slice(), &[0]].concat(), &entry, &verifier()),
        Err(ReceiptError::Malformed(_))
    ));
    assert!(
        sakimori_proof::receipt(&bundle.proof, b"another entry", &key()).is_err(),
        "what does not hold is not signed"
    );
    assert!(sakimori_proof::receipt(&bundle.proof, &entry, &other).is_err());
}

#[test]
fn the_commitment_is_as_documented() {
    let mut hashed = b"sakimori-commitment-v1\0".to_vec();
    hashed.extend([9; 32]);
    hashed.extend(STATEMENT.as_bytes());
    let expected = format!("sakimori/v1 {}", hex::encode(Sha256::digest(&hashed)));
    let entry = entry_of(&commitment(&Salt::from_bytes([9; 32]), STATEMENT.as_bytes()));
    assert_eq!(String::from_utf8(entry).unwrap(), expected);
    assert_ne!(Salt::random().unwrap(), Salt::random().unwrap());
}

#[test]
fn no_flipped_bit_of_a_bundle_is_accepted() {
    let good = bundle().to_json().unwrap().into_bytes();
    for bit in 0..good.len() * 8 {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        let verified = Bundle::parse(&bad).and_then(|bundle| bundle.verify(&[verifier()]));
        assert!(verified.is_err(), "bit {bit}: {}", String::from_utf8_lossy(&bad));
    }
}

#[test]
fn each_failure_has_its_code() {
    let good = bundle();
    let other = Key::from_seed(ORIGIN, &[8; 32]).unwrap();
    let code = |bundle: &Bundle, keys: &[VerifierKey]| bundle.verify(keys).unwrap_err().code();
    assert_eq!(code(&good, &[]), "unknown-key");
    assert_eq!(code(&good, &[other.verifier().clone()]), "unknown-key");
    assert_eq!(code(&Bundle { statement: format!("{STATEMENT} "), ..good.clone() }, &[verifier()]), "not-included");
    assert_eq!(code(&Bundle { salt: Salt::from_bytes([8; 32]), ..good.clone() }, &[verifier()]), "not-included");
    let changed = |change: &dyn Fn(&mut Proof)| {
        let mut bundle = good.clone();
        change(&mut bundle.proof);
        code(&bundle, &[verifier()])
    };
    assert_eq!(changed(&|proof| proof.index = 2), "not-included");
    assert_eq!(changed(&|proof| proof.hashes.truncate(3)), "not-included");
    assert_eq!(changed(&|proof| proof.checkpoint = proof.checkpoint.replacen("304", "305", 1)), "wrong-signature");
    assert_eq!(changed(&|proof| proof.checkpoint = "x".to_owned()), "checkpoint-malformed");
    let text = Note::sign("not a checkpoint\n".to_owned(), &key()).unwrap().to_string();
    assert_eq!(changed(&|proof| proof.checkpoint.clone_from(&text)), "checkpoint-malformed");
    // A known key that is not this log's may not vouch for it.
    let stranger = Key::from_seed("other.example", &[8; 32]).unwrap();
    let head = Checkpoint::open(&good.proof.checkpoint, &[verifier()]).unwrap();
    let mut foreign = good.clone();
    foreign.proof.checkpoint = head.sign(&stranger).unwrap().to_string();
    assert_eq!(code(&foreign, &[stranger.verifier().clone()]), "unknown-key");

    let json = good.to_json().unwrap();
    let parse = |json: &str| Bundle::parse(json.as_bytes()).unwrap_err().code();
    assert_eq!(parse("[]"), "bundle-malformed");
    assert_eq!(parse(&json.replacen("{", r#"{"key":"x","#, 1)), "bundle-malformed");
    assert_eq!(parse(&json.replacen("{", r#"{"salt":"x","#, 1)), "bundle-malformed");
    assert_eq!(parse(&json.replacen("v1+json", "v2+json", 1)), "media-type");
    assert_eq!(parse(&json.replacen("\"0909", "\"090", 1)), "salt-malformed");
    assert_eq!(parse(&json.replacen("index 3", "index 03", 1)), "proof-malformed");
    assert_eq!(parse(&json.replacen("index 3", "extra AAAA\\nindex 3", 1)), "proof-malformed");
    assert_eq!(parse(&" ".repeat(limits::BUNDLE_BYTES_MAX + 1)), "bundle-too-large");
    let long = Bundle { statement: "a".repeat(limits::STATEMENT_BYTES_MAX + 1), ..good };
    assert_eq!(parse(&long.to_json().unwrap()), "statement-too-large");
}

#[test]
fn a_proof_is_read_back_and_proves_one_entry_only() {
    let folder = temp();
    let tree = log_of(folder.path(), 300).tree().unwrap();
    let mut proof = tree.prove(7).unwrap();
    proof.extra = Some(b"context".to_vec());
    let text = proof.to_string();
    assert!(text.starts_with("c2sp.org/tlog-proof@v1\nextra Y29udGV4dA==\nindex 7\n"));
    assert_eq!(Proof::parse(&text).unwrap(), proof);
    assert_eq!(proof.verify(&entry(7), &[verifier()]).unwrap().size, 300);
    assert!(matches!(proof.verify(&entry(8), &[verifier()]), Err(ProofError::NotIncluded { .. })));
    let alone = log_of(temp().path(), 1).tree().unwrap();
    assert_eq!(alone.size(), 1);
    assert_eq!(Proof::parse("c2sp.org/tlog-proof@v1\nindex 0\n\nx").unwrap().hashes, []);
    for bad in [
        "",
        "c2sp.org/tlog-proof@v1\n\nx",
        "c2sp.org/tlog-proof@v2\nindex 0\n\nx",
        "c2sp.org/tlog-proof@v1\nindex 0\nAAAA\n\nx",
    ] {
        assert!(matches!(Proof::parse(bad), Err(ProofError::Malformed(_))), "{bad}");
    }
}

#[test]
fn one_wrong_signature_by_a_known_key_refuses_the_note() {
    let good = Note::sign("text\n".to_owned(), &key()).unwrap().to_string();
    let line = good.lines().last().unwrap();
    let wrong = Note::sign("other\n".to_owned(), &key()).unwrap().to_string();
    let both = format!("{good}{}\n", wrong.lines().last().unwrap());
    let keys = [verifier()];
    let verify = |note: &str| Note::parse(note).and_then(|note| note.verify(&keys).map(|keys| keys.len()));
    assert_eq!(verify(&good), Ok(1));
    assert_eq!(verify(&both), Err(NoteError::BadSignature { name: ORIGIN.to_owned() }));
    let strangers: String = (0..15).map(|n| format!("— stranger{n} AAAAAAAA\n")).collect();
    assert_eq!(verify(&format!("{good}{strangers}")), Ok(1), "sixteen signatures");
    assert_eq!(verify(&format!("text\n\n{strangers}{line}\n")), Ok(1), "in any order");
    assert!(
        matches!(verify(&format!("text\n\n{strangers}")), Err(NoteError::UnknownKeys { names }) if names.len() == 15)
    );
    let many = strangers.repeat(5);
    assert_eq!(verify(&format!("text\n\n{many}")), Err(NoteError::TooManySignatures));
    assert_eq!(verify(&format!("{}\n{good}", "a".repeat(limits::NOTE_BYTES_MAX))), Err(NoteError::TooLarge));
    for bad in [
        "",
        "text\n",
        "text\n\n",
        "text\n\n— a\n",
        "te\rxt\n\n— a AAAAAAAA\n",
        "text\n\n— a AAAAAAB=\n",
        "text\n\n- a AAAAAAAA\n",
        "text\n\n— a AAAAAAAA",
        "text\n\n— a+b AAAAAAAA\n",
        "text\n\n— a AAAA\n",
    ] {
        assert!(matches!(verify(bad), Err(NoteError::Malformed(_))), "{bad:?}");
    }
}

#[test]
fn a_checkpoint_is_read_strictly() {
    let root = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    assert_eq!(Checkpoint::from_text(&format!("a\n0\n{root}\nextension\n")).unwrap().size, 0);
    for bad in [
        format!("a\n0\n{root}"),
        format!("a\n00\n{root}\n"),
        format!("a\n+1\n{root}\n"),
        format!("a\n1\n{root}\n\n"),
        format!("\n1\n{root}\n"),
        format!("a\n18446744073709551615\n{root}\n"),
        "a\n1\nAAAA\n".to_owned(),
        "a\n1\n".to_owned(),
        format!("a\n1\n{}\n", root.replace("FU=", "FV=")),
    ] {
        assert!(Checkpoint::from_text(&bad).is_err(), "{bad}");
    }
}

#[test]
fn a_key_file_is_private_and_never_overwritten() {
    let folder = temp();
    let path = folder.path().join("key");
    key().save(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o600);
    assert_eq!(Key::load(&path).unwrap().verifier(), &verifier());
    assert!(matches!(key().save(&path), Err(KeyError::Exists { .. })));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no drafts are left");
    for mode in [0o640, 0o604, 0o620] {
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let error = Key::load(&path).unwrap_err();
        assert!(matches!(&error, KeyError::Exposed { mode: found, .. } if *found == mode));
        assert!(error.to_string().contains("chmod 600"));
    }
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    fs::write(&path, "PRIVATE+KEY+torn").unwrap();
    assert!(matches!(Key::load(&path), Err(KeyError::Malformed(_))));
    assert!(matches!(Key::load(folder.path()), Err(KeyError::Io { .. })));
    assert!(matches!(Key::load(&folder.path().join("none")), Err(KeyError::Io { .. })));
    assert!(!format!("{:?}", key()).contains("PRIVATE"));
}

#[test]
fn a_public_key_is_read_strictly() {
    let good = verifier().to_string();
    assert_eq!(good.parse::<VerifierKey>().unwrap(), verifier());
    let (name, rest) = good.split_once('+').unwrap();
    assert_eq!(format!("other+{rest}").parse::<VerifierKey>(), Err(VerifierKeyError::Id));
    assert_eq!(format!("a b+{rest}").parse::<VerifierKey>(), Err(VerifierKeyError::Name));
    assert_eq!(format!("+{rest}").parse::<VerifierKey>(), Err(VerifierKeyError::Name));
    assert_eq!(format!("{name}+{}", rest.replacen("+A", "+B", 1)).parse::<VerifierKey>(), Err(VerifierKeyError::Type));
    for bad in ["", "a", "a+b", "a+00000000+", "a+0000000+AAAA", "a+0000000G+AAAA"] {
        assert_eq!(bad.parse::<VerifierKey>(), Err(VerifierKeyError::Malformed), "{bad}");
    }
    assert!(matches!(Key::generate("a b"), Err(KeyError::Malformed(VerifierKeyError::Name))));
    assert!(Key::generate("node.example").is_ok());
}

/// A valid document with a few bytes replaced, inserted or removed.
fn mutated(document: String) -> impl Strategy<Value = Vec<u8>> {
    let edit = (any::<prop::sample::Index>(), any::<u8>(), 0_u8..3);
    prop::collection::vec(edit, 0..6).prop_map(move |edits| {
        let mut bytes = document.clone().into_bytes();
        for (at, byte, kind) in edits {
            let at = at.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => drop(bytes.remove(at)),
            }
        }
        bytes
    })
}

fn parse_everything(bytes: &[u8]) {
    let _ = Bundle::parse(bytes).map(|bundle| bundle.verify(&[verifier()]));
    let text = String::from_utf8_lossy(bytes);
    let _ = Proof::parse(&text).map(|proof| proof.verify(b"x", &[verifier()]));
    let _ = Checkpoint::open(&text, &[verifier()]);
    let _ = Checkpoint::from_text(&text);
    let _ = text.parse::<VerifierKey>();
    let _ = Key::parse(&text);
    if let Ok(note) = Note::parse(&text) {
        assert_eq!(note.to_string(), text, "what is accepted has one form only");
    }
}

proptest! {
    #[test]
    fn parsers_survive_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        parse_everything(&bytes);
    }

    #[test]
    fn parsers_survive_changed_documents(
        json in mutated(bundle().to_json().unwrap()),
        proof in mutated(bundle().proof.to_string()),
        note in mutated(bundle().proof.checkpoint),
        key in mutated(verifier().to_string()),
    ) {
        for bytes in [json, proof, note, key] {
            parse_everything(&bytes);
        }
    }

    #[test]
    fn any_statement_survives_the_bundle(statement in any::<String>(), salt in any::<[u8; 32]>()) {
        let bundle = Bundle { statement, salt: Salt::from_bytes(salt), ..bundle() };
        prop_assert_eq!(Bundle::parse(bundle.to_json().unwrap().as_bytes()).unwrap(), bundle);
    }
}
