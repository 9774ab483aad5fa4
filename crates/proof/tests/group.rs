//! Many threads append single entries: each gets its own index, and none waits for ever.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

mod common;

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};

use common::{check, key, log_of, temp};
use sakimori_proof::{Ack, Committer, Log, LogError};

#[test]
fn every_thread_gets_the_index_of_its_own_entry() {
    let folder = temp();
    let committer = Committer::new(log_of(folder.path(), 5), key());
    let appended: Vec<(u64, Vec<u8>)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..16)
            .map(|thread| {
                let committer = &committer;
                scope.spawn(move || {
                    let append = |n: u64| {
                        let entry = format!("thread {thread} entry {n}").into_bytes();
                        let appended = committer.append(entry.clone()).unwrap();
                        assert_eq!(appended.ack, Ack::Checkpointed);
                        assert!(committer.log().tree().unwrap().size() > appended.index, "it is published");
                        (appended.index, entry)
                    };
                    (0..40).map(append).collect::<Vec<_>>()
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    drop(committer);
    let found = check(folder.path());
    assert_eq!(found.len(), 5 + 16 * 40);
    for (index, entry) in appended {
        assert_eq!(found[index as usize], entry);
    }
}

fn append(thread: usize, log: &Log, ack: Ack, count: u64) -> Vec<(u64, Vec<u8>)> {
    let one = |n| {
        let entry = format!("thread {thread} entry {n}").into_bytes();
        let batch = [entry.clone()];
        let range = match ack {
            Ack::Durable => log.append_durable(&key(), &batch, &|_| ()),
            _ => log.append(&key(), &batch, &|_| ()),
        };
        (range.unwrap().start, entry)
    };
    (0..count).map(one).collect()
}

/// Threads of one process that append at `durable`, one that publishes without a pause, and a second process by what it shares
/// with the first one: nothing but the folder.
#[test]
fn appends_publications_and_another_writer_take_turns() {
    let folder = temp();
    let log = log_of(folder.path(), 250);
    let stranger = Log::open(folder.path(), common::verifier()).unwrap();
    let ends = AtomicBool::new(false);
    let mut heads = Vec::new();
    let mut appended: Vec<(u64, Vec<u8>)> = std::thread::scope(|scope| {
        let (log, stranger, ends) = (&log, &stranger, &ends);
        let publisher = scope.spawn(move || {
            let mut heads = Vec::new();
            while !ends.load(Ordering::Relaxed) {
                log.publish().unwrap();
                let tree = log.tree().unwrap();
                heads.push((tree.size(), tree.root_at(tree.size()).unwrap()));
            }
            heads
        });
        let threads: Vec<_> = (0..4)
            .map(|thread| scope.spawn(move || append(thread, log, Ack::Durable, 200)))
            .chain([scope.spawn(move || append(4, log, Ack::Checkpointed, 50))])
            .chain([scope.spawn(move || append(5, stranger, Ack::Checkpointed, 30))])
            .chain([scope.spawn(move || append(6, stranger, Ack::Durable, 30))])
            .collect();
        let appended = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        ends.store(true, Ordering::Relaxed);
        heads = publisher.join().unwrap();
        appended
    });
    drop((log, stranger));
    let found = check(folder.path());
    assert_eq!(found.len(), 250 + 4 * 200 + 50 + 30 + 30);
    appended.sort();
    assert!(appended.windows(2).all(|pair| pair[0].0 < pair[1].0), "no index twice");
    for (index, entry) in appended {
        assert_eq!(found[index as usize], entry);
    }
    // No head that was read went back, and all are of one history.
    assert!(heads.windows(2).all(|pair| pair[0].0 <= pair[1].0));
    let tree = Log::open(folder.path(), common::verifier()).unwrap().tree().unwrap();
    heads.dedup();
    for (size, root) in heads {
        assert_eq!(tree.root_at(size).unwrap(), root, "{size}");
    }
}

#[test]
fn one_entry_that_is_too_large_harms_no_other() {
    let folder = temp();
    let committer = Committer::new(log_of(folder.path(), 0), key());
    std::thread::scope(|scope| {
        let large = scope.spawn(|| committer.append(vec![0; 65_536]).unwrap_err());
        let small: Vec<_> = (0..8)
            .map(|n| {
                scope.spawn({
                    let c = &committer;
                    move || c.append(vec![n; 60_000])
                })
            })
            .collect();
        assert!(matches!(&*large.join().unwrap(), LogError::TooLarge(_)));
        assert!(small.into_iter().all(|thread| thread.join().unwrap().is_ok()));
    });
    assert_eq!(check(folder.path()).len(), 8);
}

#[test]
fn a_failure_is_told_to_the_whole_group_and_the_next_one_works() {
    let folder = temp();
    let committer = Committer::new(log_of(folder.path(), 3), key());
    let lock = folder.path().join("lock");
    fs::remove_file(&lock).unwrap();
    fs::create_dir(&lock).unwrap();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|n| {
                scope.spawn({
                    let c = &committer;
                    move || c.append(vec![n])
                })
            })
            .collect();
        assert!(threads.into_iter().all(|thread| thread.join().unwrap().is_err()));
    });
    fs::remove_dir(&lock).unwrap();
    assert_eq!(committer.append(b"next".to_vec()).unwrap().index, 3);
    drop(committer);
    assert_eq!(check(folder.path()).len(), 4);
    Log::open(folder.path(), common::verifier()).unwrap();
}
