//! Every damage to every file is found, and blamed on the file that has it.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use common::{check, entries, key, log_of, temp, verifier};
use proptest::prelude::*;
use sakimori_proof::{BadResource, Log, LogError, Problem};
use tempfile::TempDir;

/// A log with full and partial tiles, of this checkpoint and of earlier ones.
fn grown(sizes: &[u64]) -> (TempDir, Log) {
    let folder = temp();
    let log = log_of(folder.path(), 0);
    let mut size = 0;
    for next in sizes {
        log.append(&key(), &entries(size, next - size), &|_| ()).unwrap();
        size = *next;
    }
    (folder, log)
}

/// All files of a log but the empty lock, and the drafts, which nobody needs.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(at) = folders.pop() {
        for file in fs::read_dir(at).unwrap().map(Result::unwrap) {
            if file.file_type().unwrap().is_dir() {
                folders.extend((file.file_name() != "pending").then(|| file.path()));
            } else if file.file_name() != "lock" {
                found.push(file.path().strip_prefix(folder).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

fn names(found: &[BadResource]) -> Vec<&str> {
    found.iter().map(|bad| bad.name.as_str()).collect()
}

fn flip(path: &Path, bit: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[bit / 8] ^= 1 << (bit % 8);
    fs::write(path, bytes).unwrap();
}

/// Does something to each file, expects exactly that one to be reported, and puts it back.
fn each_file_is_blamed(folder: &Path, log: &Log, damage: &dyn Fn(&Path)) {
    for name in files(folder) {
        let path = folder.join(&name);
        let good = fs::read(&path).unwrap();
        damage(&path);
        assert_eq!(names(&log.verify_all(&mut |_| ())), [name.as_str()]);
        if path.is_dir() {
            fs::remove_dir(&path).unwrap();
        }
        fs::write(&path, good).unwrap();
    }
    check(folder);
}

#[test]
fn a_flipped_bit_in_any_file_is_blamed_on_that_file() {
    let (folder, log) = grown(&[5, 9, 300, 600, 770, 771]);
    assert!(files(folder.path()).len() > 12);
    for place in 0..6 {
        each_file_is_blamed(folder.path(), &log, &|path| {
            let bits = fs::metadata(path).unwrap().len() as usize * 8;
            flip(path, [0, bits - 1, bits / 2, bits / 3, bits / 7, 13][place] % bits);
        });
    }
}

#[test]
fn a_missing_file_is_named() {
    let (folder, log) = grown(&[300, 600, 770]);
    for name in files(folder.path()) {
        let path = folder.path().join(&name);
        let good = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        let found = log.verify_all(&mut |_| ());
        // A partial tile of an earlier checkpoint may be missing: the wider one serves as well.
        let earlier = ["tile/1/000.p/1", "tile/1/000.p/2"].contains(&name.as_str());
        // And without the write-ahead log, a log is one that was copied without it.
        let expected: &[Problem] = if earlier || name == "wal" { &[] } else { &[Problem::Missing] };
        assert_eq!(found.iter().map(|bad| bad.problem.clone()).collect::<Vec<_>>(), expected, "{name}");
        assert!(found.iter().all(|bad| bad.name == name));
        fs::write(&path, good).unwrap();
    }
}

#[test]
fn wrong_lengths_and_other_things_than_files_are_blamed() {
    let (folder, log) = grown(&[300, 600, 770]);
    each_file_is_blamed(folder.path(), &log, &|path| fs::write(path, []).unwrap());
    each_file_is_blamed(folder.path(), &log, &|path| {
        let mut longer = fs::read(path).unwrap();
        longer.push(b'\n');
        fs::write(path, longer).unwrap();
    });
    each_file_is_blamed(folder.path(), &log, &|path| {
        let whole = fs::read(path).unwrap();
        // Room for records that is not used yet is none that is missed.
        let end =
            if path.ends_with("wal") { whole.iter().rposition(|byte| *byte != 0).unwrap() } else { whole.len() - 1 };
        fs::write(path, &whole[..end]).unwrap();
    });
}

#[test]
fn a_pipe_in_place_of_a_file_does_not_hang() {
    let (folder, log) = grown(&[300]);
    for name in files(folder.path()) {
        let path = folder.path().join(&name);
        let good = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        assert_eq!(names(&log.verify_all(&mut |_| ())), [name.as_str()]);
        fs::remove_file(&path).unwrap();
        fs::write(&path, good).unwrap();
    }
}

#[test]
fn surplus_files_are_named() {
    let (folder, log) = grown(&[300]);
    for (name, problem) in [
        ("note.txt", Problem::Foreign),
        ("tile/0/000.bak", Problem::Foreign),
        ("tile/0/000.p/256", Problem::Foreign),
        ("tile/0/002", Problem::Unpublished),
        ("tile/0/001.p/45", Problem::Unpublished),
        ("pending/3/4", Problem::Foreign),
        ("tile/entries/x999/x999/x999/x999/999", Problem::Foreign),
        ("tile/entries/x099/x999/x999/x999/999", Problem::Unpublished),
    ] {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, b"x").unwrap();
        assert_eq!(log.verify_all(&mut |_| ()), [BadResource { name: name.to_owned(), problem }]);
        fs::remove_file(&path).unwrap();
    }
    // Without a checkpoint the size comes from the files: one far away must not make the audit endless.
    fs::write(folder.path().join("tile/entries/x099/x999/x999/x999/999"), b"x").unwrap();
    fs::remove_file(folder.path().join("checkpoint")).unwrap();
    assert_eq!(log.verify_all(&mut |_| ()).len(), 2);
}

#[test]
fn a_level_deeper() {
    let (folder, log) = grown(&[65_000, 65_536 + 300]);
    for name in ["tile/1/000", "tile/1/001.p/1", "tile/2/000.p/1", "tile/0/017", "tile/entries/255", "tile/0/256"] {
        flip(&folder.path().join(name), 12_345 % (fs::metadata(folder.path().join(name)).unwrap().len() as usize * 8));
        assert_eq!(names(&log.verify_all(&mut |_| ())), [name]);
        flip(&folder.path().join(name), 12_345 % (fs::metadata(folder.path().join(name)).unwrap().len() as usize * 8));
    }
    let mut done = Vec::new();
    assert_eq!(log.verify_all(&mut |progress| done.push(progress.bundles_done)), []);
    assert_eq!(done, (1..=258).collect::<Vec<_>>());
}

/// A consistent change of entry and tiles, as somebody with write access but without the key would make it.
#[test]
fn a_rewritten_history_is_blamed_on_what_was_rewritten() {
    let (folder, log) = grown(&[600]);
    // Closed, so that the write-ahead log does not repeat what is rewritten.
    drop(log);
    let log = Log::at(folder.path(), verifier());
    let (other, _) = grown(&[600]);
    fs::remove_dir_all(other.path()).unwrap();
    fs::create_dir(other.path()).unwrap();
    let forged = Log::create(other.path(), &key()).unwrap();
    let mut batch = entries(0, 600);
    batch[3] = b"changed".to_vec();
    forged.append(&key(), &batch, &|_| ()).unwrap();
    for name in ["tile/entries/000", "tile/0/000"] {
        fs::copy(other.path().join(name), folder.path().join(name)).unwrap();
    }
    assert_eq!(names(&log.verify_all(&mut |_| ())), ["tile/0/000", "tile/entries/000"]);
    assert!(log.tree().unwrap().prove(3).is_err());
    fs::copy(other.path().join("tile/1/000.p/2"), folder.path().join("tile/1/000.p/2")).unwrap();
    assert_eq!(names(&log.verify_all(&mut |_| ())), ["checkpoint"], "all tiles agree, but not with the signed root");
    assert!(Log::open(folder.path(), verifier()).is_err());
}

#[test]
fn a_damaged_right_edge_is_never_built_upon() {
    let (folder, log) = grown(&[5, 300, 600]);
    // Closed, so that the write-ahead log does not repeat what is damaged.
    drop(log);
    for name in ["tile/0/002.p/88", "tile/entries/002.p/88", "tile/1/000.p/2", "wal"] {
        let path = folder.path().join(name);
        flip(&path, 77);
        let refused = [
            Log::open(folder.path(), verifier()).map(drop).unwrap_err(),
            Log::at(folder.path(), verifier()).append(&key(), &entries(600, 1), &|_| ()).map(drop).unwrap_err(),
        ];
        for error in refused {
            let LogError::Damaged { path: blamed, .. } = &error else { panic!("{error}") };
            assert_eq!(blamed, &path);
            assert!(error.hint().is_some());
        }
        assert_eq!(names(&Log::at(folder.path(), verifier()).verify_all(&mut |_| ())), [name], "the audit still runs");
        flip(&path, 77);
    }
    fs::remove_file(folder.path().join("tile/0/002.p/88")).unwrap();
    let log = Log::at(folder.path(), verifier());
    assert!(matches!(log.append(&key(), &entries(600, 1), &|_| ()), Err(LogError::Missing { .. })));
}

#[test]
fn what_the_write_ahead_log_repeats_is_mended() {
    let (folder, log) = grown(&[5, 300, 600]);
    for name in ["tile/0/002.p/88", "tile/entries/002.p/88", "tile/1/000.p/2", "tile/0/001", "checkpoint"] {
        flip(&folder.path().join(name), 77);
    }
    // The writer of before goes on with what it knows; the next one to open the log mends it.
    log.append(&key(), &entries(600, 1), &|_| ()).unwrap();
    assert_eq!(check(folder.path()), entries(0, 601));
}

#[test]
fn damage_away_from_the_edge_stops_the_proofs_that_need_it() {
    let (folder, log) = grown(&[600]);
    flip(&folder.path().join("tile/0/000"), 99);
    let tree = log.tree().unwrap();
    let Err(LogError::Damaged { path, .. }) = tree.prove(200) else { panic!("a wrong proof was given out") };
    assert_eq!(path, folder.path().join("tile/0/000"));
    assert!(tree.entry(3).is_err());
    tree.prove(300).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn several_damaged_files_are_all_named(picks in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..5)) {
        let (folder, log) = grown(&[5, 300, 600, 770]);
        let files = files(folder.path());
        let mut damaged = BTreeSet::new();
        for (file, bit) in picks {
            let name = file.get(&files);
            let path = folder.path().join(name);
            if damaged.insert(name.clone()) {
                flip(&path, bit.index(fs::metadata(&path).unwrap().len() as usize * 8));
            }
        }
        let found = log.verify_all(&mut |_| ());
        let found: BTreeSet<String> = found.into_iter().map(|bad| bad.name).collect();
        prop_assert!(damaged.is_subset(&found), "damaged {damaged:?}, found {found:?}");
    }
}
