//! An older copy of a log's folder never signs a second checkpoint of a size that was signed before.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

mod common;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use common::{check, entries, head, key, log_of, temp, verifier};
use sakimori_proof::{Anchor, Checkpoint, FileAnchor, Log, LogError, MemoryAnchor, Swap};

fn opened(folder: &Path, anchor: &Arc<dyn Anchor>) -> Result<Log, LogError> {
    Log::at(folder, verifier()).anchored(anchor.clone()).opened_or_created(&key())
}

fn copy(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    // A file that is renamed while it is copied may be missed, as it would be by any other tool.
    let _ = Command::new("cp").args(["-a".as_ref(), from, to]).output().unwrap();
}

/// Every signed checkpoint that is anywhere in the folder: published, or in the write-ahead log.
fn signed(folder: &Path, all: &mut BTreeMap<u64, Checkpoint>) {
    for name in ["checkpoint", "wal"] {
        let bytes = fs::read(folder.join(name)).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        for (at, _) in text.match_indices(common::ORIGIN) {
            let Some((_, note)) = text.split_at_checked(at) else { continue };
            let Some(end) = note.find("\n\n").and_then(|blank| note[blank + 2..].find('\n').map(|end| blank + 3 + end))
            else {
                continue;
            };
            let Ok(found) = Checkpoint::open(&note[..end], &[verifier()]) else { continue };
            let before = all.entry(found.size).or_insert_with(|| found.clone());
            assert_eq!(*before, found, "two checkpoints of one size were signed");
        }
    }
}

#[test]
fn a_hundred_times_an_old_copy_is_put_back() {
    let mut random = 0x2545_F491_4F6C_DD1D_u64;
    let mut below = |n: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % n
    };
    let refused = Cell::new(0);
    for trial in 0..100_u64 {
        let home = temp();
        let (folder, old) = (home.path().join("log"), home.path().join("old"));
        let anchor: Arc<dyn Anchor> = match trial % 2 {
            0 => Arc::new(MemoryAnchor::default()),
            _ => Arc::new(FileAnchor::at(&home.path().join("anchor"))),
        };
        let all = RefCell::new(BTreeMap::new());
        let mut log = opened(&folder, &anchor).unwrap();
        let moment = (below(5), below(12));
        for group in 0..6 {
            let step = Cell::new(0);
            let hook = |_| {
                if (group, step.replace(step.get() + 1)) == moment {
                    copy(&folder, &old);
                }
                signed(&folder, &mut all.borrow_mut());
            };
            let size = log.tree().unwrap().size();
            log.append(&key(), &entries(size, 1 + below(3)), &hook).unwrap();
            if below(3) == 0 {
                drop(log);
                log = opened(&folder, &anchor).unwrap();
            }
        }
        if !old.exists() {
            continue;
        }
        drop(log);
        fs::remove_dir_all(&folder).unwrap();
        fs::rename(&old, &folder).unwrap();
        for attempt in 0..2 {
            // Other entries than before, from the place on where the old copy ends.
            let others = vec![format!("other {attempt}").into_bytes()];
            let result = opened(&folder, &anchor).and_then(|log| log.append(&key(), &others, &|_| ()));
            signed(&folder, &mut all.borrow_mut());
            match result {
                Ok(_) => {}
                Err(error @ LogError::RolledBack { .. }) => {
                    assert!(error.hint().is_some_and(|hint| hint.contains("restore")));
                    refused.set(refused.get() + 1);
                }
                Err(error) => panic!("trial {trial}: {error}"),
            }
        }
    }
    assert!(refused.get() > 100, "most copies are older: {}", refused.get());
}

#[test]
fn a_lost_log_is_not_begun_anew_under_its_anchor() {
    let home = temp();
    let folder = home.path().join("log");
    let anchor: Arc<dyn Anchor> = Arc::new(FileAnchor::at(&home.path().join("anchor")));
    opened(&folder, &anchor).unwrap().append(&key(), &entries(0, 3), &|_| ()).unwrap();
    fs::remove_dir_all(&folder).unwrap();
    let error = opened(&folder, &anchor).map(drop).unwrap_err();
    assert!(matches!(error, LogError::RolledBack { size: 0, anchored: 3, .. }), "{error}");
    assert!(!folder.join("checkpoint").exists() && !folder.join("wal").exists());
}

#[test]
fn an_anchor_that_is_behind_is_moved() {
    let home = temp();
    let folder = home.path().join("log");
    log_of(&folder, 300);
    let anchor: Arc<dyn Anchor> = Arc::new(MemoryAnchor::default());
    // Without an anchor before, with one now; then without one again for a while.
    opened(&folder, &anchor).unwrap().append(&key(), &entries(300, 1), &|_| ()).unwrap();
    Log::open(&folder, verifier()).unwrap().append(&key(), &entries(301, 9), &|_| ()).unwrap();
    let log = opened(&folder, &anchor).unwrap();
    assert_eq!(anchor.load().unwrap().unwrap(), head(&folder).text);
    log.append(&key(), &entries(310, 1), &|_| ()).unwrap();
    assert_eq!(anchor.load().unwrap().unwrap(), head(&folder).text);
    assert_eq!(check(&folder), entries(0, 311));
}

#[test]
fn another_history_is_a_fork() {
    let home = temp();
    let anchor: Arc<dyn Anchor> = Arc::new(MemoryAnchor::default());
    let (one, other) = (home.path().join("one"), home.path().join("other"));
    opened(&one, &anchor).unwrap().append(&key(), &entries(0, 5), &|_| ()).unwrap();
    for count in [5, 9] {
        let _ = fs::remove_dir_all(&other);
        Log::create(&other, &key()).unwrap().append(&key(), &entries(100, count), &|_| ()).unwrap();
        let error = opened(&other, &anchor).map(drop).unwrap_err();
        assert!(matches!(error, LogError::Fork { .. }), "{count}: {error}");
        let log = Log::at(&other, verifier()).anchored(anchor.clone());
        assert!(matches!(log.append(&key(), &entries(0, 1), &|_| ()), Err(LogError::Fork { .. })));
    }
    // The anchor of another log.
    let strange = MemoryAnchor::default();
    strange.swap(None, "stranger\n0\n").unwrap();
    let strange: Arc<dyn Anchor> = Arc::new(strange);
    assert!(matches!(opened(&one, &strange), Err(LogError::Damaged { .. })));
}

/// Moves itself on when it is asked to, as if another copy of the log had been faster.
#[derive(Debug)]
struct Faster(MemoryAnchor);

impl Anchor for Faster {
    fn load(&self) -> Result<Option<String>, LogError> {
        self.0.load()
    }

    fn swap(&self, _: Option<&str>, _: &str) -> Result<Swap, LogError> {
        Ok(Swap::Found(None))
    }

    fn place(&self) -> std::path::PathBuf {
        "faster".into()
    }
}

#[test]
fn who_loses_the_race_for_the_anchor_takes_its_checkpoint_back() {
    let home = temp();
    let log = log_of(home.path(), 3);
    let known = MemoryAnchor::default();
    known.swap(None, log.tree().unwrap().signed_checkpoint()).unwrap();
    drop(log);
    let log = Log::at(home.path(), verifier()).anchored(Arc::new(Faster(known)));
    assert!(matches!(log.append(&key(), &entries(3, 1), &|_| ()), Err(LogError::Fork { .. })));
    let mut all = BTreeMap::new();
    signed(home.path(), &mut all);
    assert_eq!(check(home.path()), entries(0, 3), "not even without an anchor does it come back");
}

#[test]
fn a_file_anchor_compares_and_replaces() {
    let home = temp();
    let anchor = FileAnchor::at(&home.path().join("anchor"));
    assert_eq!(anchor.load().unwrap(), None);
    assert_eq!(anchor.swap(Some("x"), "a").unwrap(), Swap::Found(None));
    assert_eq!(anchor.swap(None, "a").unwrap(), Swap::Done);
    assert_eq!(anchor.swap(None, "b").unwrap(), Swap::Found(Some("a".to_owned())));
    assert_eq!(anchor.swap(Some("a"), "b").unwrap(), Swap::Done);
    assert_eq!(FileAnchor::at(&home.path().join("anchor")).load().unwrap().as_deref(), Some("b"));
    // A volume that is not mounted is no anchor that was never used.
    let unmounted = FileAnchor::at(&home.path().join("volume/anchor"));
    assert!(unmounted.load().is_err() && unmounted.swap(None, "a").is_err());
    fs::create_dir(home.path().join("folder")).unwrap();
    assert!(FileAnchor::at(&home.path().join("folder")).load().is_err());
}

#[test]
fn threads_race_for_a_file_anchor_and_one_wins() {
    let home = temp();
    let path = home.path().join("anchor");
    let won: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|n| {
                let path = &path;
                scope.spawn(move || FileAnchor::at(path).swap(None, &format!("note {n}")).unwrap() == Swap::Done)
            })
            .collect();
        threads.into_iter().filter_map(|thread| thread.join().unwrap().then_some(())).count()
    });
    assert_eq!(won, 1);
}
