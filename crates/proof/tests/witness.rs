//! Cosignatures, quorums and the witness: what holds is accepted, and a witness never cosigns two histories.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};

use common::{ORIGIN, entries, entry, key, log_of, temp, verifier};
use sakimori_proof::{
    AddCheckpoint, Bundle, Check, Checkpoint, EvidenceKind, Key, KeyError, KeyKind, Log, NotWitnessed, Note, NoteError,
    Quorum, QuorumError, Refusal, Salt, Signature, Tree, VerifierKey, VerifierKeyError, Witness, WitnessAnswer,
    WitnessFolder, WitnessKey, commitment, entry_of, limits, merkle,
};

const NOW: u64 = 1_679_315_147;

fn witness_key(number: u8) -> WitnessKey {
    WitnessKey::from_seed(&format!("witness.example/w{number}"), &[number; 32]).unwrap()
}

fn witness_in(folder: &Path) -> Witness<WitnessFolder> {
    Witness::new(witness_key(1), vec![verifier()], WitnessFolder::open(folder).unwrap())
}

/// The request with which a log asks for a cosignature of this tree.
fn request(tree: &Tree, old: u64, size: u64) -> AddCheckpoint {
    let checkpoint = Checkpoint { origin: ORIGIN.to_owned(), size, root: tree.root_at(size).unwrap() };
    let proof = tree.consistency_proof(old, size).unwrap();
    AddCheckpoint { old, proof, note: checkpoint.sign(&key()).unwrap(), checkpoint }
}

fn add(witness: &Witness<WitnessFolder>, request: &AddCheckpoint) -> Result<String, Refusal> {
    witness.add(request.to_string().as_bytes(), &|| NOW)
}

/// A log of the same key with another history.
fn fork_of(folder: &Path, same: u64, size: u64) -> Log {
    let log = log_of(folder, same);
    let others: Vec<Vec<u8>> = (same..size).map(|index| format!("other {index}").into_bytes()).collect();
    log.append(&key(), &others, &|_| ()).unwrap();
    log
}

#[test]
fn the_examples_of_the_specifications_are_read() {
    let line = "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==";
    let signature = Signature::parse(line).unwrap();
    assert_eq!((signature.id, signature.bytes.len()), (0x8d66_cf3f, 72));
    assert_eq!(signature.bytes[..8], NOW.to_be_bytes());
    let body = "old 20852014\nPlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\njrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=\n/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=\n\nexample.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=\n";
    let read = AddCheckpoint::parse(body.as_bytes()).unwrap();
    assert_eq!((read.old, read.proof.len(), read.checkpoint.size), (20_852_014, 4, 20_852_163));
    assert_eq!(read.to_string(), body);
}

/// The message and the id are put together anew here, byte by byte, and checked by another implementation of Ed25519.
#[test]
fn an_ed25519_cosignature_is_as_specified() {
    let checkpoint = Checkpoint { origin: ORIGIN.to_owned(), size: 7, root: merkle::leaf_hash(b"x") };
    let note = checkpoint.sign(&key()).unwrap();
    let witness = witness_key(1);
    let [line] = witness.cosign(note.text(), &checkpoint, NOW).unwrap().try_into().unwrap();
    let vkey = witness.verifier().to_string();
    let public = {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.decode(vkey.splitn(3, '+').nth(2).unwrap()).unwrap()
    };
    assert_eq!((public.len(), public[0], witness.verifier().kind()), (33, 4, KeyKind::Cosignature));
    let mut named = b"witness.example/w1\n\x04".to_vec();
    named.extend_from_slice(&public[1..]);
    let digest: [u8; 32] = <sha2::Sha256 as sha2::Digest>::digest(&named).into();
    assert_eq!(line.id.to_be_bytes(), digest[..4]);
    assert_eq!(line.bytes[..8], NOW.to_be_bytes());
    let message = format!("cosignature/v1\ntime {NOW}\n{ORIGIN}\n7\n{}\n", checkpoint.root);
    let ring = ring::signature::UnparsedPublicKey::new(&ring::signature::ED25519, &public[1..]);
    ring.verify(message.as_bytes(), &line.bytes[8..]).unwrap();
    assert_eq!(vkey.parse::<VerifierKey>().unwrap(), *witness.verifier());
}

/// The message is put together anew here, and checked by the Python package `cryptography`.
#[test]
fn an_ml_dsa_44_cosignature_is_as_specified() {
    let checkpoint = Checkpoint { origin: ORIGIN.to_owned(), size: 7, root: merkle::leaf_hash(b"x") };
    let witness = witness_key(1).with_ml_dsa(&[9; 32]);
    let lines = witness.cosign(checkpoint.sign(&key()).unwrap().text(), &checkpoint, NOW).unwrap();
    let [_, line] = lines.try_into().unwrap();
    let vkey = witness.second_verifier().unwrap().to_string();
    let public = {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.decode(vkey.splitn(3, '+').nth(2).unwrap()).unwrap()
    };
    assert_eq!((public.len(), public[0], line.bytes.len()), (1 + 1312, 6, 8 + 2420));
    assert_eq!(vkey.parse::<VerifierKey>().unwrap().to_string(), vkey);
    let mut message = b"subtree/v1\n\0".to_vec();
    message.push(18);
    message.extend_from_slice(b"witness.example/w1");
    message.extend_from_slice(&NOW.to_be_bytes());
    message.push(u8::try_from(ORIGIN.len()).unwrap());
    message.extend_from_slice(ORIGIN.as_bytes());
    message.extend_from_slice(&[0; 8]);
    message.extend_from_slice(&7_u64.to_be_bytes());
    message.extend_from_slice(checkpoint.root.as_bytes());
    let Some(oracles) = std::env::var_os("SAKIMORI_ORACLES") else {
        println!("skipped: SAKIMORI_ORACLES is not set (make test sets it)");
        return;
    };
    let script = "import sys\nfrom cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey\n\
                  key, message, signature = map(bytes.fromhex, sys.argv[1:])\n\
                  MLDSA44PublicKey.from_public_bytes(key).verify(signature, message)";
    let holds = |message: &[u8]| {
        let mut python = Command::new(Path::new(&oracles).join("bin/python"));
        python.args(["-c", script, &hex::encode(&public[1..]), &hex::encode(message), &hex::encode(&line.bytes[8..])]);
        let ran = python.output().unwrap();
        let refused = String::from_utf8_lossy(&ran.stderr).contains("InvalidSignature");
        assert!(ran.status.success() || refused, "{}", String::from_utf8_lossy(&ran.stderr));
        ran.status.success()
    };
    assert!(holds(&message));
    message[20] ^= 1;
    assert!(!holds(&message));
}

#[test]
fn a_log_with_a_second_key_is_accepted_by_whoever_knows_either() {
    let folder = temp();
    let both = key().with_ml_dsa(&[3; 32]);
    let log = Log::create(folder.path(), &both).unwrap();
    log.append(&both, &entries(0, 3), &|_| ()).unwrap();
    let tree = log.tree().unwrap();
    let signed = tree.signed_checkpoint();
    let second = both.second_verifier().unwrap();
    for known in [vec![verifier()], vec![second.clone()], vec![verifier(), second.clone()]] {
        assert_eq!(Checkpoint::open(signed, &known).unwrap().size, 3);
        assert_eq!(tree.prove(1).unwrap().verify(&entry(1), &known).unwrap().size, 3);
    }
    let reader = Log::open(folder.path(), verifier()).unwrap();
    assert_eq!(reader.tree().unwrap().size(), 3, "the folder opens for whoever knows the Ed25519 key");
    // An older program knows the first line only.
    let theirs = signed_note::Note::from_bytes(signed.as_bytes()).unwrap();
    let list: Vec<Box<dyn signed_note::Verifier>> =
        vec![Box::new(signed_note::StandardVerifier::new(&verifier().to_string()).unwrap())];
    assert_eq!(theirs.verify(&signed_note::VerifierList::new(list)).unwrap().0.len(), 1);
    let stranger = key().with_ml_dsa(&[4; 32]);
    assert!(Checkpoint::open(signed, &[stranger.second_verifier().unwrap().clone()]).is_err());
    // Each line of signatures is checked, wherever it is damaged.
    let start = signed.find("\n\n").unwrap() + 2;
    for at in (start..signed.len()).step_by(97) {
        let mut bad = signed.as_bytes().to_vec();
        bad[at] ^= 1;
        let opened = String::from_utf8(bad).map(|bad| Checkpoint::open(&bad, &[verifier(), second.clone()]));
        let renamed = signed.as_bytes()[at..].iter().position(|byte| *byte == b' ').is_some_and(|gap| gap < 20);
        assert!(renamed || !matches!(opened, Ok(Ok(_))), "{at}");
    }
    let other = signed.replacen("\n3\n", "\n4\n", 1);
    for known in [[verifier()], [second.clone()]] {
        assert!(Checkpoint::open(&other, &known).is_err(), "neither signature fits another size");
    }
}

#[test]
fn key_files_hold_one_key_or_both_and_are_of_one_use() {
    let folder = temp();
    let path = folder.path().join("key");
    key().save(&path).unwrap();
    assert!(Key::load(&path).unwrap().second_verifier().is_none(), "an older file stays valid");
    let both = Key::load(&path).unwrap().with_new_ml_dsa().unwrap();
    both.replace(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let read = Key::load(&path).unwrap();
    assert_eq!((read.verifier(), read.second_verifier()), (both.verifier(), both.second_verifier()));
    assert_eq!(read.public_text().lines().count(), 2);
    assert!(matches!(read.with_new_ml_dsa(), Err(KeyError::HasMlDsa)));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no drafts are left");

    let type_error = |error: KeyError| matches!(error, KeyError::Malformed(VerifierKeyError::Type));
    assert!(type_error(WitnessKey::load(&path).unwrap_err()), "a log's key is no witness's");
    let witness = folder.path().join("witness");
    witness_key(1).with_ml_dsa(&[9; 32]).save(&witness).unwrap();
    assert!(type_error(Key::load(&witness).unwrap_err()), "and the other way round");
    let text = fs::read_to_string(&witness).unwrap();
    let (first, second) = text.trim_end().split_once('\n').unwrap();
    for bad in [
        format!("{second}\n{first}"),
        second.to_owned(),
        format!("{first}\n{first}"),
        format!("{first}\n{second}\n{second}"),
        format!("{first}\n"),
        format!("{first}\n{}", second.replacen("w1+", "w2+", 1)),
    ] {
        assert!(WitnessKey::parse(&bad).is_err() || bad == format!("{first}\n"), "{bad}");
    }
}

#[test]
fn a_quorum_counts_each_witness_once() {
    let checkpoint = Checkpoint { origin: ORIGIN.to_owned(), size: 1, root: merkle::leaf_hash(b"x") };
    let bare = checkpoint.sign(&key()).unwrap();
    let cosigned = |numbers: &[u8]| {
        numbers.iter().fold(bare.clone(), |note, number| {
            let lines = witness_key(*number).cosign(note.text(), &checkpoint, NOW + u64::from(*number)).unwrap();
            lines.into_iter().fold(note, Note::with)
        })
    };
    let keys =
        |numbers: &[u8]| numbers.iter().map(|number| witness_key(*number).verifier().clone()).collect::<Vec<_>>();
    let two_of_three = Quorum::new(keys(&[1, 2, 3]), Some(2)).unwrap();
    let found = two_of_three.check(&cosigned(&[3, 1, 9])).unwrap();
    let found: Vec<_> = found.iter().map(|cosigner| (cosigner.key.name(), cosigner.time)).collect();
    assert_eq!(found, [("witness.example/w3", NOW + 3), ("witness.example/w1", NOW + 1)]);
    let few = two_of_three.check(&cosigned(&[2, 8])).unwrap_err();
    let missing = vec!["witness.example/w1".to_owned(), "witness.example/w3".to_owned()];
    assert_eq!(few, NotWitnessed::TooFew { found: 1, needed: 2, missing });
    // The same line twice is one witness.
    let twice = cosigned(&[2]).to_string();
    let line = twice.lines().last().unwrap();
    let twice = Note::parse(&format!("{twice}{line}\n")).unwrap();
    assert!(matches!(two_of_three.check(&twice), Err(NotWitnessed::TooFew { found: 1, .. })));
    // One wrong cosignature of a known witness refuses the note, though enough others are there.
    let mut wrong = witness_key(1).cosign(bare.text(), &checkpoint, NOW).unwrap().remove(0);
    for at in [0, 7, 8, 40, 71] {
        let mut bytes = wrong.bytes.clone();
        bytes[at] ^= 1;
        let name = wrong.name.clone();
        let bad = cosigned(&[2, 3]).with(Signature { bytes, ..wrong.clone() });
        assert_eq!(two_of_three.check(&bad).unwrap_err(), NotWitnessed::Note(NoteError::BadSignature { name }), "{at}");
    }
    wrong.bytes.truncate(71);
    assert!(matches!(two_of_three.check(&cosigned(&[2, 3]).with(wrong)), Err(NotWitnessed::Note(_))));
    // Two keys of one name are one witness; one key of two names is refused.
    let double = witness_key(1).with_ml_dsa(&[9; 32]);
    let mut both = vec![double.verifier().clone(), double.second_verifier().unwrap().clone()];
    assert!(matches!(Quorum::new(both.clone(), Some(2)), Err(QuorumError::Unreachable { needed: 2, witnesses: 1 })));
    let lines = double.cosign(bare.text(), &checkpoint, NOW).unwrap();
    let note = lines.into_iter().fold(bare.clone(), Note::with);
    assert_eq!(Quorum::new(both.clone(), None).unwrap().check(&note).unwrap().len(), 2);
    both.push(WitnessKey::from_seed("another.example", &[1; 32]).unwrap().verifier().clone());
    assert!(matches!(Quorum::new(both, None), Err(QuorumError::Twice(_))));
    assert!(matches!(Quorum::new(vec![verifier()], None), Err(QuorumError::NotAWitness(_))));
    assert_eq!(Quorum::none().check(&bare).unwrap(), []);
}

#[test]
fn a_bundle_with_three_witnesses_is_small_and_wants_its_quorum() {
    let folder = temp();
    let log = log_of(folder.path(), 65_536);
    log.append(&key(), &entries(65_536, 4_464), &|_| ()).unwrap();
    let (salt, statement) = (Salt::from_bytes([9; 32]), "{}".to_owned());
    let at = log.append(&key(), &[entry_of(&commitment(&salt, statement.as_bytes()))], &|_| ()).unwrap().start;
    let mut proof = log.tree().unwrap().prove(at / 2).unwrap();
    let note = Note::parse(&proof.checkpoint).unwrap();
    let head = Checkpoint::open(&proof.checkpoint, &[verifier()]).unwrap();
    let witnessed = |numbers: &[u8]| {
        let lines = numbers.iter().flat_map(|number| witness_key(*number).cosign(note.text(), &head, NOW).unwrap());
        lines.fold(note.clone(), Note::with).to_string()
    };
    proof.checkpoint = witnessed(&[1, 2, 3]);
    let bytes = proof.to_string().len();
    println!("a proof in a log of 70,001 with three witnesses: {bytes} bytes");
    assert!(bytes <= 2048, "{bytes}");

    let mut bundle = Bundle { statement, salt, proof: log.tree().unwrap().prove(at).unwrap() };
    bundle.proof.checkpoint = witnessed(&[1, 2]);
    let keys: Vec<_> = [1, 2, 3].iter().map(|number| witness_key(*number).verifier().clone()).collect();
    let quorum = |needed| Quorum::new(keys.clone(), Some(needed)).unwrap();
    let verified = bundle.verify_witnessed(&[verifier()], &quorum(2)).unwrap();
    assert!(matches!(&verified.checks[1], Check::Cosignature { time: NOW, key } if *key == keys[0].to_string()));
    assert_eq!(verified.checks.len(), 5);
    assert_eq!(bundle.verify_witnessed(&[verifier()], &quorum(3)).unwrap_err().code(), "not-witnessed");
    assert_eq!(bundle.verify(&[verifier()]).unwrap().checks.len(), 3);
    // No flipped bit survives where all that signed are known and needed.
    let good = bundle.to_json().unwrap().into_bytes();
    let two = Quorum::new(keys[..2].to_vec(), None).unwrap();
    for bit in 0..good.len() * 8 {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        let read = Bundle::parse(&bad).and_then(|bundle| bundle.verify_witnessed(&[verifier()], &two));
        assert!(read.is_err(), "bit {bit}: {}", String::from_utf8_lossy(&bad));
    }
}

#[test]
fn a_witness_follows_a_log_and_answers_as_specified() {
    let (folder, state) = (temp(), temp());
    let tree = log_of(folder.path(), 300).tree().unwrap();
    let witness = witness_in(state.path());
    let status = |request: &AddCheckpoint| add(&witness, request).map_err(|refusal| refusal.status());
    let quorum = Quorum::new(vec![witness.key().verifier().clone()], None).unwrap();
    let first = request(&tree, 0, 5);
    assert_eq!(status(&AddCheckpoint { proof: vec![merkle::empty_root()], ..first }), Err(422), "a proof from nothing");
    let rooted = Checkpoint { origin: ORIGIN.to_owned(), size: 0, root: merkle::leaf_hash(b"x") };
    let rooted = AddCheckpoint { old: 0, proof: Vec::new(), note: rooted.sign(&key()).unwrap(), checkpoint: rooted };
    assert_eq!(status(&rooted), Err(422), "an empty log with a root");
    let mut old = 0;
    for size in [0, 1, 5, 5, 255, 256, 300] {
        let request = request(&tree, old, size);
        let lines = add(&witness, &request).unwrap();
        let answer = WitnessAnswer::read(200, "text/plain", lines.as_bytes(), &request.note, quorum.keys());
        let WitnessAnswer::Cosigned(lines) = answer else { panic!("{answer:?}") };
        let note = lines.into_iter().fold(request.note.clone(), Note::with);
        assert_eq!(quorum.check(&note).unwrap()[0].time, NOW);
        old = size;
    }
    // 409 with the size, in its media type.
    for (from, to) in [(0, 300), (256, 300), (5, 255), (299, 299)] {
        let refusal = add(&witness, &request(&tree, from, to)).unwrap_err();
        assert_eq!((refusal.status(), refusal.media_type()), (409, "text/x.tlog.size"));
        assert_eq!(refusal.body(), "300\n");
        let read = WitnessAnswer::read(409, refusal.media_type(), b"300\n", &request(&tree, 0, 1).note, quorum.keys());
        assert_eq!(read, WitnessAnswer::HasSeen(300));
        assert!(refusal.evidence().is_none());
    }
    let good = request(&tree, 300, 300);
    assert_eq!(status(&AddCheckpoint { old: 301, ..good.clone() }), Err(400));
    assert_eq!(status(&AddCheckpoint { proof: vec![merkle::empty_root()], ..good.clone() }), Err(422));
    let stranger = Key::from_seed(ORIGIN, &[1; 32]).unwrap();
    assert_eq!(status(&AddCheckpoint { note: good.checkpoint.sign(&stranger).unwrap(), ..good.clone() }), Err(403));
    let elsewhere = Key::from_seed("elsewhere.example", &[7; 32]).unwrap();
    let head = Checkpoint { origin: "elsewhere.example".to_owned(), ..good.checkpoint.clone() };
    assert_eq!(
        status(&AddCheckpoint { note: head.sign(&elsewhere).unwrap(), checkpoint: head, ..good.clone() }),
        Err(404)
    );
    // Signatures of others don't matter, and don't come into the state.
    let others = witness_key(9).cosign(good.note.text(), &good.checkpoint, NOW).unwrap().remove(0);
    assert!(status(&AddCheckpoint { note: good.note.clone().with(others), ..good.clone() }).is_ok());
    // A new process knows what the one before saw.
    drop(witness);
    let witness = witness_in(state.path());
    assert_eq!(add(&witness, &request(&tree, 0, 300)).unwrap_err().body(), "300\n");
    assert!(add(&witness, &good).is_ok());
    assert!(WitnessFolder::open(state.path()).is_err(), "one process at a time");
}

#[test]
fn requests_are_read_strictly() {
    let (folder, state) = (temp(), temp());
    let tree = log_of(folder.path(), 7).tree().unwrap();
    let witness = witness_in(state.path());
    let good = request(&tree, 3, 7).to_string();
    assert_eq!(AddCheckpoint::parse(good.as_bytes()).unwrap().to_string(), good);
    let first = good.lines().nth(1).unwrap();
    let many = format!("old 3\n{}{}", format!("{first}\n").repeat(limits::WITNESS_PROOF_HASHES_MAX + 1), "\nx");
    for bad in [
        "",
        "\n\n",
        "old 0\n\n",
        &good.replacen("old 3", "old 03", 1),
        &good.replacen("old 3", "old +3", 1),
        &good.replacen("old 3", "old  3", 1),
        &good.replacen("old 3", "old 18446744073709551616", 1),
        &good.replacen("old 3", "new 3", 1),
        &good.replacen("old 3\n", "old 3\r\n", 1),
        &good.replacen(first, &first[1..], 1),
        &good.replacen("\n\n", "\n", 1),
        good.strip_suffix('\n').unwrap(),
        &many,
        &format!("{good}{}", "— x AAAAAAAA\n".repeat(100)),
        &format!("{good}{}", "x".repeat(limits::ADD_CHECKPOINT_BYTES_MAX)),
    ] {
        assert_eq!(witness.add(bad.as_bytes(), &|| NOW).unwrap_err().status(), 400, "{bad:?}");
    }
    assert_eq!(witness.add(&[0xff, 0xfe], &|| NOW).unwrap_err().status(), 400);
    assert_eq!(fs::read_dir(state.path().join("logs")).unwrap().count(), 0, "nothing was remembered");
}

#[test]
fn a_fork_is_refused_and_both_checkpoints_are_kept() {
    let (folder, other, state) = (temp(), temp(), temp());
    let tree = log_of(folder.path(), 300).tree().unwrap();
    let fork = fork_of(other.path(), 4, 300).tree().unwrap();
    let witness = witness_in(state.path());
    add(&witness, &request(&tree, 0, 7)).unwrap();
    // The same size with another root, asked for in two ways; a longer history with another beginning, which its own proof shows.
    for (old, size, status, kind) in [
        (7, 7, 409, EvidenceKind::TwoRoots),
        (3, 7, 409, EvidenceKind::TwoRoots),
        (7, 300, 422, EvidenceKind::OtherBeginning),
    ] {
        let refusal = add(&witness, &request(&fork, old, size)).unwrap_err();
        assert_eq!(refusal.status(), status);
        let kept = refusal.evidence().unwrap();
        assert_eq!(kept.evidence.kind, kind);
        let text = fs::read_to_string(kept.place.as_ref().unwrap().as_ref().unwrap()).unwrap();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!((&json["kind"], &json["proves_a_fork"]), (&kind.as_str().into(), &true.into()));
        // Both are signed by the log's key: whoever reads the file can check it.
        let seen = Checkpoint::open(json["seen"].as_str().unwrap(), &[verifier()]).unwrap();
        let submitted = Checkpoint::open(json["submitted"].as_str().unwrap(), &[verifier()]).unwrap();
        assert_eq!((seen.size, submitted.size), (7, size));
        assert_ne!(seen.root, fork.root_at(7).unwrap());
    }
    // Anybody can send nonsense beside a good checkpoint: that is kept, and called what it is.
    let nonsense = AddCheckpoint { proof: vec![merkle::empty_root(); 3], ..request(&tree, 7, 300) };
    let refusal = add(&witness, &nonsense).unwrap_err();
    assert_eq!(refusal.evidence().unwrap().evidence.kind, EvidenceKind::Unproven);
    for number in 0..40_u64 {
        let proof = vec![merkle::leaf_hash(&number.to_be_bytes()); 3];
        assert_eq!(add(&witness, &AddCheckpoint { proof, ..nonsense.clone() }).unwrap_err().status(), 422);
    }
    let kept = fs::read_dir(state.path().join("evidence")).unwrap().count();
    assert_eq!(kept, 1 + 1 + 1 + limits::EVIDENCE_FILES_MAX, "each once, and a limit on nonsense");
    // The honest log goes on.
    add(&witness, &request(&tree, 7, 300)).unwrap();
}

#[test]
fn a_state_that_cannot_be_read_or_written_gives_no_cosignature() {
    let (folder, state) = (temp(), temp());
    let tree = log_of(folder.path(), 9).tree().unwrap();
    let witness = witness_in(state.path());
    add(&witness, &request(&tree, 0, 7)).unwrap();
    let file = fs::read_dir(state.path().join("logs")).unwrap().next().unwrap().unwrap().path();
    let good = fs::read(&file).unwrap();
    for bad in [&b""[..], b"nonsense", &good[..good.len() / 2]] {
        fs::write(&file, bad).unwrap();
        let refusal = add(&witness, &request(&tree, 7, 9)).unwrap_err();
        assert_eq!(refusal.status(), 500, "{refusal}");
        assert!(!refusal.body().contains('/'), "no path leaves");
    }
    fs::write(&file, &good).unwrap();
    fs::create_dir(file.with_extension("draft")).unwrap();
    assert_eq!(add(&witness, &request(&tree, 7, 9)).unwrap_err().status(), 500);
    fs::remove_dir(file.with_extension("draft")).unwrap();
    assert_eq!(
        add(&witness, &request(&tree, 0, 9)).unwrap_err().body(),
        "7\n",
        "what could not be kept was not cosigned"
    );
}

/// Two threads race with a log and its fork: whatever wins, all cosignatures are of one history, and their times are in the order
/// of their sizes.
#[test]
fn two_requests_at_once_never_get_cosignatures_of_two_histories() {
    let (folder, other) = (temp(), temp());
    let trees = [log_of(folder.path(), 64).tree().unwrap(), fork_of(other.path(), 1, 64).tree().unwrap()];
    for round in 0..20 {
        let state = temp();
        let witness = witness_in(state.path());
        let clock = AtomicU64::new(NOW + round);
        let climb = |tree: &Tree| {
            let (mut old, mut got) = (0, Vec::new());
            for size in 1..=64 {
                let request = request(tree, old, size);
                match witness.add(request.to_string().as_bytes(), &|| clock.fetch_add(1, Ordering::SeqCst)) {
                    Ok(lines) => {
                        let keys = [witness.key().verifier().clone()];
                        let answer = WitnessAnswer::read(200, "", lines.as_bytes(), &request.note, &keys);
                        let WitnessAnswer::Cosigned(lines) = answer else { panic!("{answer:?}") };
                        let note = lines.into_iter().fold(request.note, Note::with);
                        let time = Quorum::new(keys.to_vec(), None).unwrap().check(&note).unwrap()[0].time;
                        got.push((size, request.checkpoint.root, time));
                        old = size;
                    }
                    Err(Refusal::OtherSize { size: seen, .. }) => old = seen.min(size),
                    Err(refusal) => assert!(matches!(refusal.status(), 409 | 422), "{refusal}"),
                }
            }
            got
        };
        let [mine, theirs, third] = std::thread::scope(|scope| {
            let threads = [&trees[0], &trees[1], &trees[0]].map(|tree| scope.spawn(move || climb(tree)));
            threads.map(|thread| thread.join().unwrap())
        });
        let mut all: Vec<_> = [mine, theirs, third].concat();
        all.sort_by_key(|(_, _, time)| *time);
        let sizes: Vec<u64> = all.iter().map(|(size, _, _)| *size).collect();
        assert!(sizes.is_sorted(), "{sizes:?}");
        let of = |tree: &Tree| all.iter().all(|(size, root, _)| tree.root_at(*size).unwrap() == *root);
        assert!(of(&trees[0]) || of(&trees[1]), "cosignatures of two histories: {sizes:?}");
        assert!(!all.is_empty());
    }
}

#[test]
fn answers_of_a_witness_are_not_believed_blindly() {
    let checkpoint = Checkpoint { origin: ORIGIN.to_owned(), size: 1, root: merkle::leaf_hash(b"x") };
    let note = checkpoint.sign(&key()).unwrap();
    let keys = [witness_key(1).verifier().clone()];
    let read = |status: u16, kind: &str, body: &str| WitnessAnswer::read(status, kind, body.as_bytes(), &note, &keys);
    let good = witness_key(1).cosign(note.text(), &checkpoint, NOW).unwrap().remove(0);
    let foreign = witness_key(2).cosign(note.text(), &checkpoint, NOW).unwrap().remove(0);
    assert_eq!(read(200, "", &format!("{foreign}\n{good}\n")), WitnessAnswer::Cosigned(vec![good.clone()]));
    let other = Checkpoint { size: 2, ..checkpoint.clone() };
    let wrong = witness_key(1).cosign(other.sign(&key()).unwrap().text(), &other, NOW).unwrap().remove(0);
    let log_line = note.signatures()[0].clone();
    for bad in [
        String::new(),
        good.to_string(),
        format!("{foreign}\n"),
        format!("{wrong}\n"),
        format!("{good}\nx\n"),
        format!("{log_line}\n"),
    ] {
        assert!(matches!(read(200, "", &bad), WitnessAnswer::Useless(_)), "{bad}");
    }
    assert!(matches!(read(200, "", &"x".repeat(limits::WITNESS_ANSWER_BYTES_MAX + 1)), WitnessAnswer::Useless(_)));
    assert_eq!(read(409, "text/x.tlog.size; charset=utf-8", "7\n"), WitnessAnswer::HasSeen(7));
    for bad in ["7", "07\n", "-1\n", "\n", "7\n7\n"] {
        assert!(matches!(read(409, "text/x.tlog.size", bad), WitnessAnswer::Useless(_)), "{bad:?}");
    }
    assert_eq!(read(409, "text/plain", "7\n"), WitnessAnswer::Conflict);
    assert_eq!(read(422, "", ""), WitnessAnswer::Conflict);
    assert_eq!((read(403, "", ""), read(404, "", "")), (WitnessAnswer::Unknown, WitnessAnswer::Unknown));
    assert!(matches!(read(500, "", ""), WitnessAnswer::Useless(_)));
}
