//! The log of somebody else, followed from outside.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

mod common;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use common::{ORIGIN, entries, key, log_of, temp, verifier};
use sakimori_proof::Closeness::{self, Checkpoint, Entries};
use sakimori_proof::merkle::verify_consistency;
use sakimori_proof::{Evidence, EvidenceKind, Fetch, Found, Key, Log, LogError, Look, Monitor, WitnessFolder};
use tempfile::TempDir;

/// What a static server of the folder would answer.
#[derive(Debug)]
struct Static(PathBuf);

impl Fetch for Static {
    fn fetch(&self, name: &str, _: usize) -> io::Result<Option<Vec<u8>>> {
        match fs::read(self.0.join(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            read => read.map(Some),
        }
    }

    fn place(&self, name: &str) -> String {
        format!("https://log.example/{name}")
    }
}

struct Follower {
    seen: TempDir,
}

impl Follower {
    fn new() -> Self {
        Self { seen: temp() }
    }

    fn look_at(&self, log: &Path, closeness: Closeness) -> Result<Look, LogError> {
        let fetch = Arc::new(Static(log.to_owned()));
        Monitor::new(fetch, vec![verifier()], WitnessFolder::open(self.seen.path()).unwrap())
            .look(closeness, &mut |_| ())
    }

    fn evidence(&self) -> Vec<String> {
        let found = fs::read_dir(self.seen.path().join("evidence")).unwrap();
        found.map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
    }
}

fn append(folder: &Path, from: u64, count: u64) {
    Log::open(folder, verifier()).unwrap().append(&key(), &entries(from, count), &|_| ()).unwrap();
}

/// A log of the same key that goes on otherwise after this many entries.
fn other(same: u64, size: u64) -> TempDir {
    let folder = temp();
    let log = log_of(folder.path(), same);
    let others: Vec<Vec<u8>> = (same..size).map(|index| format!("other {index}").into_bytes()).collect();
    log.append(&key(), &others, &|_| ()).unwrap();
    folder
}

#[test]
fn an_honest_log_is_followed_across_tile_borders() {
    let (folder, follower) = (temp(), Follower::new());
    drop(log_of(folder.path(), 3));
    let first = follower.look_at(folder.path(), Entries).unwrap();
    assert!(matches!(first.found, Found::First) && first.entries == 3 && first.checkpoint.origin == ORIGIN);
    assert!(matches!(follower.look_at(folder.path(), Entries).unwrap().found, Found::Same));
    for (from, count) in [(3, 252), (255, 1), (256, 1), (257, 700), (957, 65_000), (65_957, 300)] {
        append(folder.path(), from, count);
        let look = follower.look_at(folder.path(), Entries).unwrap();
        assert!(matches!(look.found, Found::Grown { from: seen } if seen == from), "{from}: {look:?}");
        assert_eq!((look.checkpoint.size, look.entries), (from + count, count + from % 256));
    }
    // Whoever begins later hashes all of it.
    assert_eq!(Follower::new().look_at(folder.path(), Entries).unwrap().entries, 66_257);
    assert_eq!(Follower::new().look_at(folder.path(), Checkpoint).unwrap().entries, 0);
}

#[test]
fn a_second_history_is_kept_as_evidence() {
    for (same, seen, shown, kind) in [
        (300, 600, 600, EvidenceKind::TwoRoots),
        (300, 600, 900, EvidenceKind::OtherBeginning),
        (300, 601, 900, EvidenceKind::OtherBeginning),
        // A tree of a power of two is a node of the other one, and left out of the proof: the tiles show it.
        (300, 512, 900, EvidenceKind::OtherBeginning),
        // The log that is shown now has not the tiles of the later tree.
        (300, 900, 601, EvidenceKind::Unproven),
    ] {
        let (folder, follower) = (temp(), Follower::new());
        drop(log_of(folder.path(), seen));
        follower.look_at(folder.path(), Checkpoint).unwrap();
        let fork = other(same, shown);
        for _ in 0..2 {
            let look = follower.look_at(fork.path(), Checkpoint).unwrap();
            let Found::Fork(kept) = look.found else { panic!("{same} {seen} {shown}: {look:?}") };
            assert_eq!(kept.evidence.kind, kind, "{same} {seen} {shown}");
            if kind == EvidenceKind::OtherBeginning {
                let Evidence { seen, submitted, proof, beginning, .. } = &*kept.evidence;
                let (old, new, beginning) = (&seen.checkpoint, &submitted.checkpoint, beginning.unwrap());
                assert_ne!(beginning, old.root);
                verify_consistency(old.size, beginning, new.size, new.root, proof).unwrap();
            }
            assert!(kept.place.unwrap().unwrap().starts_with(follower.seen.path()));
            assert_eq!(follower.evidence().len(), 1, "the same evidence is kept once");
        }
        // What was seen stays: the honest log is followed on.
        append(folder.path(), seen, 10);
        assert!(
            matches!(follower.look_at(folder.path(), Entries).unwrap().found, Found::Grown { from } if from == seen)
        );
    }
}

#[test]
fn an_older_copy_is_told() {
    let (folder, old, follower) = (temp(), temp(), Follower::new());
    drop(log_of(folder.path(), 300));
    fs::copy(folder.path().join("checkpoint"), old.path().join("checkpoint")).unwrap();
    append(folder.path(), 300, 300);
    follower.look_at(folder.path(), Checkpoint).unwrap();
    fs::copy(old.path().join("checkpoint"), folder.path().join("checkpoint")).unwrap();
    let look = follower.look_at(folder.path(), Checkpoint).unwrap();
    assert!(matches!(look.found, Found::Behind { seen: 600 }) && look.found.is_bad(), "{look:?}");
    assert_eq!(follower.evidence(), Vec::<String>::new());
}

#[test]
fn what_is_served_must_be_what_was_signed() {
    let folder = temp();
    drop(log_of(folder.path(), 1_000));
    for name in
        ["tile/entries/001", "tile/entries/003.p/232", "tile/0/001", "tile/0/003.p/232", "tile/1/000.p/3", "checkpoint"]
    {
        let path = folder.path().join(name);
        let good = fs::read(&path).unwrap();
        let mut bad = good.clone();
        bad[good.len() / 2] ^= 1;
        fs::write(&path, &bad).unwrap();
        let follower = Follower::new();
        let error = follower.look_at(folder.path(), Entries).unwrap_err();
        let told = error.to_string();
        assert!(matches!(error, LogError::Damaged { .. }) && told.contains("https://log.example/"), "{name}: {told}");
        fs::remove_file(&path).unwrap();
        let error = follower.look_at(folder.path(), Entries).unwrap_err();
        assert!(matches!(&error, LogError::Missing { path } if path.ends_with(name)), "{name}: {error}");
        fs::write(&path, good).unwrap();
        // Nothing was remembered of what did not hold.
        assert!(matches!(follower.look_at(folder.path(), Entries).unwrap().found, Found::First));
    }
    let stranger = Key::from_seed(ORIGIN, &[77; 32]).unwrap().verifier().clone();
    let (fetch, seen) = (Arc::new(Static(folder.path().to_owned())), temp());
    let monitor = Monitor::new(fetch, vec![stranger], WitnessFolder::open(seen.path()).unwrap());
    assert!(matches!(monitor.look(Checkpoint, &mut |_| ()), Err(LogError::Damaged { .. })));
}

/// A log that claims to be huge is not gone through in search of what is wrong with it.
#[test]
fn a_claim_of_size_costs_nothing() {
    let (folder, empty) = (temp(), temp());
    drop(log_of(folder.path(), 10));
    let tree = Log::open(folder.path(), verifier()).unwrap().tree().unwrap();
    let mut huge = tree.checkpoint().clone();
    huge.size = (1 << 50) + 77;
    fs::write(empty.path().join("checkpoint"), huge.sign(&key()).unwrap().to_string()).unwrap();
    let follower = Follower::new();
    assert!(matches!(follower.look_at(empty.path(), Entries), Err(LogError::Missing { .. })));
    follower.look_at(folder.path(), Entries).unwrap();
    assert!(matches!(follower.look_at(empty.path(), Entries), Err(LogError::Missing { .. })));
}
