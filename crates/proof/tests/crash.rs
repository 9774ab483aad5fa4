//! A process that is ended at any step of the write path loses nothing that it acknowledged, and forks nothing.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

mod common;

use std::cell::{Cell, RefCell};
use std::fs;
use std::path::Path;

use common::{Head, check, check_continues, child, entries, head, job, key, log_of, temp, verifier};
use sakimori_proof::{Key, Log, LogError, Problem, Step};

/// Not a test of its own: the process that appends and ends itself at a step.
#[test]
fn appender() {
    let Some(job) = job() else { return };
    let [folder, from, count, last_call] = job.split('|').collect::<Vec<_>>().try_into().unwrap();
    let last_call: usize = last_call.parse().unwrap();
    let calls = Cell::new(0);
    let log = Log::open(Path::new(folder), verifier()).unwrap();
    let batch = entries(from.parse().unwrap(), count.parse().unwrap());
    let crash = |_: Step| {
        if calls.replace(calls.get() + 1) == last_call {
            std::process::abort();
        }
    };
    log.append(&key(), &batch, &crash).unwrap();
}

/// Copies a log. Its tiles are never changed in place, only replaced, so links will do for them.
fn copy(from: &Path, to: &Path) {
    for file in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(file.file_name());
        if file.file_type().unwrap().is_dir() {
            fs::create_dir(&target).unwrap();
            copy(&file.path(), &target);
        } else if ["lock", "wal"].iter().any(|name| file.file_name() == *name) {
            fs::copy(file.path(), target).unwrap();
        } else {
            fs::hard_link(file.path(), target).unwrap();
        }
    }
}

/// The calls of the hook in an append of this size, which a process can be ended at.
fn steps(preset: &Path, size: u64, count: u64) -> Vec<Step> {
    let folder = temp();
    copy(preset, folder.path());
    let calls = RefCell::new(Vec::new());
    let log = Log::open(folder.path(), verifier()).unwrap();
    log.append(&key(), &entries(size, count), &|step| calls.borrow_mut().push(step)).unwrap();
    calls.into_inner()
}

fn crash_at(folder: &Path, from: u64, count: u64, call: usize) {
    let status = child("appender", &format!("{}|{from}|{count}|{call}", folder.display())).status().unwrap();
    assert!(!status.success(), "the process must have ended itself");
}

/// Ends an append at every step, and each time checks the log, finds out what became of the entries, appends again.
fn crash_everywhere(size: u64, count: u64) {
    let preset = temp();
    log_of(preset.path(), size);
    let before = head(preset.path());
    let steps = steps(preset.path(), size, count);
    assert!(Step::ALL.iter().all(|step| steps.contains(step)), "all steps are passed: {steps:?}");
    for (call, step) in steps.into_iter().enumerate() {
        let folder = temp();
        copy(preset.path(), folder.path());
        crash_at(folder.path(), size, count, call);
        let log = Log::open(folder.path(), verifier()).unwrap();
        let sequenced = log.tree().unwrap().find(&common::entry(size), 0).unwrap();
        assert_eq!(sequenced.is_some(), step >= Step::Staged, "{step:?}: decided or not, nothing between");
        let found = check(folder.path());
        assert_eq!(found, entries(0, if sequenced.is_some() { size + count } else { size }), "{step:?}");
        check_continues(folder.path(), &before);
        append_others(folder.path(), found, count);
        check_continues(folder.path(), &before);
    }
}

/// As [`crash_everywhere`], with the audit in place of the slow check.
fn crash_in_a_large_log(size: u64, count: u64) {
    let preset = temp();
    log_of(preset.path(), size);
    let before = head(preset.path());
    for (call, step) in steps(preset.path(), size, count).into_iter().enumerate() {
        let folder = temp();
        copy(preset.path(), folder.path());
        crash_at(folder.path(), size, count, call);
        let log = Log::open(folder.path(), verifier()).unwrap();
        check_continues(folder.path(), &before);
        let sequenced = log.tree().unwrap().find(&common::entry(size), size - 1).unwrap();
        assert_eq!(sequenced.is_some(), step >= Step::Staged, "{step:?}: decided or not, nothing between");
        let next = log.append(&key(), &[b"other".to_vec()], &|_| ()).unwrap().start;
        assert_eq!(next, if sequenced.is_some() { size + count } else { size });
        assert!(log.verify_all(&mut |_| ()).iter().all(|bad| bad.problem.is_harmless()), "{step:?}");
        let last = log.tree().unwrap().prove(next).unwrap();
        last.verify(b"other", &[verifier()]).unwrap();
    }
}

/// Other entries than those of the interrupted append, in other batches: what it left must not shine through.
fn append_others(folder: &Path, mut expected: Vec<Vec<u8>>, count: u64) {
    let log = Log::open(folder, verifier()).unwrap();
    for batch in [1, count, 2] {
        let others: Vec<Vec<u8>> = (0..batch).map(|n| format!("other {batch} {n}").into_bytes()).collect();
        log.append(&key(), &others, &|_| ()).unwrap();
        expected.extend(others);
        assert!(log.verify_all(&mut |_| ()).iter().all(|bad| bad.problem.is_harmless()));
    }
    assert_eq!(check(folder), expected);
}

#[test]
fn in_an_empty_log() {
    crash_everywhere(0, 1);
    crash_everywhere(0, 300);
}

#[test]
fn in_a_small_log() {
    crash_everywhere(1, 3);
}

#[test]
fn at_the_end_of_a_tile() {
    crash_everywhere(255, 1);
    crash_everywhere(255, 2);
    crash_everywhere(255, 300);
}

#[test]
fn at_the_beginning_of_a_tile() {
    crash_everywhere(256, 1);
    crash_everywhere(257, 2);
}

#[test]
fn at_the_end_of_a_level() {
    crash_in_a_large_log(65_535, 2);
}

#[test]
fn at_the_beginning_of_a_level() {
    crash_in_a_large_log(65_536, 1);
}

#[test]
fn again_while_recovering() {
    let preset = temp();
    log_of(preset.path(), 255);
    let before = head(preset.path());
    let calls = steps(preset.path(), 255, 3).len();
    for first in 0..calls {
        let folder = temp();
        copy(preset.path(), folder.path());
        crash_at(folder.path(), 255, 3, first);
        for second in 0..8 {
            let size = head(folder.path()).size;
            crash_at(folder.path(), size, 2, second);
        }
        let found = check(folder.path());
        check_continues(folder.path(), &before);
        append_others(folder.path(), found, 4);
    }
}

#[test]
fn a_new_log_can_be_begun_again_after_a_crash() {
    let folder = temp();
    fs::create_dir_all(folder.path().join("pending")).unwrap();
    fs::write(folder.path().join("pending/draft"), "node.exam").unwrap();
    fs::write(folder.path().join("wal.next"), "sakim").unwrap();
    fs::write(folder.path().join("lock"), []).unwrap();
    Log::create(folder.path(), &key()).unwrap();
    assert!(check(folder.path()).is_empty());

    // After the decision, opening completes it.
    fs::remove_file(folder.path().join("checkpoint")).unwrap();
    Log::open_or_create(folder.path(), &key()).unwrap();
    assert!(check(folder.path()).is_empty());
}

/// What a power cut may do to everything that was not synced: torn, old or gone.
#[test]
fn a_power_cut_takes_back_tiles_and_publication_but_not_the_decision() {
    for damage in ["torn", "", "gone"] {
        let folder = temp();
        let log = log_of(folder.path(), 250);
        let old = fs::read(folder.path().join("checkpoint")).unwrap();
        drop(log);
        let published = head(folder.path());
        let at_edge = ["tile/0/002.p/38", "tile/entries/002.p/38"];
        let full = ["tile/0/000", "tile/entries/000", "tile/1/000.p/2"];
        // Full tiles are durable from the step on that removes what they replace.
        for (step, names) in [(Step::Published, [&at_edge[..], &full].concat()), (Step::Tidied, at_edge.to_vec())] {
            let copied = temp();
            copy(folder.path(), copied.path());
            let call = steps(copied.path(), 250, 300).iter().position(|passed| *passed == step).unwrap();
            crash_at(copied.path(), 250, 300, call);
            for name in names {
                let path = copied.path().join(name);
                assert!(path.exists(), "{name}");
                if damage == "gone" { fs::remove_file(path).unwrap() } else { fs::write(path, damage).unwrap() }
            }
            fs::write(copied.path().join("checkpoint"), &old).unwrap();
            assert_eq!(check(copied.path()), entries(0, 550));
            check_continues(copied.path(), &published);
        }

        // The checkpoint itself, whole or in part.
        let call = steps(folder.path(), 250, 1).iter().position(|step| *step == Step::Published).unwrap();
        crash_at(folder.path(), 250, 1, call);
        let path = folder.path().join("checkpoint");
        if damage == "gone" {
            fs::remove_file(path).unwrap()
        } else {
            fs::write(path, damage).unwrap()
        }
        assert_eq!(check(folder.path()), entries(0, 251));
    }
}

#[test]
fn a_torn_record_never_happened() {
    let folder = temp();
    log_of(folder.path(), 250);
    let call = steps(folder.path(), 250, 10).iter().position(|step| *step == Step::Staged).unwrap();
    crash_at(folder.path(), 250, 10, call);
    let path = folder.path().join("wal");
    let mut torn = fs::read(&path).unwrap();
    let end = torn.iter().rposition(|byte| *byte != 0).unwrap();
    torn[end] = 0;
    fs::write(&path, torn).unwrap();
    let bad = Log::at(folder.path(), verifier()).verify_all(&mut |_| ());
    assert_eq!(
        bad.iter().map(|bad| (bad.name.as_str(), &bad.problem)).collect::<Vec<_>>(),
        [("wal", &Problem::Unpublished)]
    );
    let found = check(folder.path());
    assert_eq!(found, entries(0, 250));
    append_others(folder.path(), found, 300);
}

#[test]
fn a_damaged_record_in_front_of_a_good_one_is_never_skipped() {
    let folder = temp();
    let log = log_of(folder.path(), 3);
    log.append(&key(), &entries(3, 1), &|_| ()).unwrap();
    log.append(&key(), &entries(4, 1), &|_| ()).unwrap();
    let path = folder.path().join("wal");
    let good = fs::read(&path).unwrap();
    let at = good.windows(7).position(|bytes| bytes == b"entry 3").unwrap();
    let mut bad = good.clone();
    bad[at] ^= 1;
    let elsewhere = temp();
    copy(folder.path(), elsewhere.path());
    fs::write(elsewhere.path().join("wal"), bad).unwrap();
    for error in [
        Log::open(elsewhere.path(), verifier()).map(drop).unwrap_err(),
        Log::at(elsewhere.path(), verifier()).append(&key(), &entries(5, 1), &|_| ()).map(drop).unwrap_err(),
    ] {
        let LogError::Damaged { path, .. } = &error else { panic!("{error}") };
        assert_eq!(path, &elsewhere.path().join("wal"));
    }
    // Nor is a record that was published and is no longer in it.
    let mut short = good;
    let last = short.windows(7).position(|bytes| bytes == b"entry 4").unwrap();
    short.truncate(last);
    fs::write(elsewhere.path().join("wal"), short).unwrap();
    assert!(matches!(Log::open(elsewhere.path(), verifier()), Err(LogError::Damaged { .. })));
    // All that it repeats is published: whoever has verified that goes on without it.
    fs::remove_file(elsewhere.path().join("wal")).unwrap();
    assert_eq!(check(elsewhere.path()), entries(0, 5));
}

/// The folder as the version before the write-ahead log left it.
fn as_before(folder: &Path, size: u64) -> Log {
    let log = log_of(folder, size);
    drop(log);
    fs::remove_file(folder.join("wal")).unwrap();
    Log::at(folder, verifier())
}

#[test]
fn a_folder_without_a_write_ahead_log_is_continued() {
    let folder = temp();
    let log = as_before(folder.path(), 250);
    // An append that had placed tiles, and died before its decision.
    for torn in ["tile/0/000", "tile/entries/000", "tile/0/001.p/4", "tile/entries/001.p/4", "tile/1/000.p/1"] {
        fs::create_dir_all(folder.path().join(torn).parent().unwrap()).unwrap();
        fs::write(folder.path().join(torn), b"torn").unwrap();
    }
    fs::write(folder.path().join("pending/3"), b"draft").unwrap();
    log.append(&key(), &entries(250, 3), &|_| ()).unwrap();
    drop(log);
    assert!(!folder.path().join("pending/3").exists());
    let found = check(folder.path());
    assert_eq!(found, entries(0, 253));
    append_others(folder.path(), found, 300);
}

#[test]
fn a_decision_of_a_folder_without_a_write_ahead_log_is_published() {
    let folder = temp();
    let log = log_of(folder.path(), 10);
    let old = fs::read(folder.path().join("checkpoint")).unwrap();
    log.append(&key(), &entries(10, 5), &|_| ()).unwrap();
    drop(log);
    fs::remove_file(folder.path().join("wal")).unwrap();
    fs::rename(folder.path().join("checkpoint"), folder.path().join("checkpoint.next")).unwrap();
    fs::write(folder.path().join("checkpoint"), &old).unwrap();
    let found = Log::at(folder.path(), verifier()).verify_all(&mut |_| ());
    assert!(found.iter().all(|bad| bad.problem == Problem::Unpublished), "{found:?}");
    assert_eq!(check(folder.path()), entries(0, 15));
    assert!(!folder.path().join("checkpoint.next").exists());
}

#[test]
fn a_decided_checkpoint_that_does_not_continue_the_log_is_refused() {
    let folder = temp();
    let smaller = fs::read({
        as_before(folder.path(), 10);
        folder.path().join("checkpoint")
    })
    .unwrap();
    Log::open(folder.path(), verifier()).unwrap().append(&key(), &entries(10, 5), &|_| ()).unwrap();
    fs::remove_file(folder.path().join("wal")).unwrap();
    let log = Log::at(folder.path(), verifier());
    let elsewhere = temp();
    let other = Log::create(elsewhere.path(), &key()).unwrap();
    other.append(&key(), &entries(100, 15), &|_| ()).unwrap();
    let fork = fs::read(elsewhere.path().join("checkpoint")).unwrap();
    for decided in [smaller, fork] {
        fs::write(folder.path().join("checkpoint.next"), decided).unwrap();
        assert!(matches!(Log::open(folder.path(), verifier()), Err(LogError::Fork { .. })));
        assert!(matches!(log.append(&key(), &entries(15, 1), &|_| ()), Err(LogError::Fork { .. })));
    }
    let stranger = Key::generate("stranger.example").unwrap();
    let strange = temp();
    Log::create(strange.path(), &stranger).unwrap();
    fs::copy(strange.path().join("checkpoint"), folder.path().join("checkpoint.next")).unwrap();
    assert!(matches!(Log::open(folder.path(), verifier()), Err(LogError::Damaged { .. })));
    fs::remove_file(folder.path().join("checkpoint.next")).unwrap();
    assert_eq!(check(folder.path()), entries(0, 15));
}

#[test]
fn old_heads_stay_the_beginning_of_the_log() {
    let folder = temp();
    let log = log_of(folder.path(), 0);
    let mut heads: Vec<Head> = vec![head(folder.path())];
    for count in [1, 254, 1, 1, 300, 7] {
        log.append(&key(), &entries(heads.last().unwrap().size, count), &|_| ()).unwrap();
        heads.push(head(folder.path()));
    }
    for earlier in &heads {
        check_continues(folder.path(), earlier);
    }
}
