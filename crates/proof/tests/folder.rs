//! Several writers, full disks, read-only folders.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

mod common;

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use common::{check, check_continues, child, entries, head, job, key, log_of, temp, verifier};
use sakimori_proof::{Log, LogError};

/// Not a test of its own: a process that appends one entry at a time, `count` of them.
#[test]
fn busy_writer() {
    let Some(job) = job() else { return };
    let [folder, name, count] = job.split('|').collect::<Vec<_>>().try_into().unwrap();
    let log = Log::open(Path::new(folder), verifier()).unwrap();
    for n in 0..count.parse().unwrap() {
        log.append(&key(), &[format!("{name} {n}").into_bytes()], &|_| ()).unwrap();
    }
}

/// Not a test of its own: a process that must get this error, and no other, from an append of 300 entries.
#[test]
fn refused_writer() {
    let Some(job) = job() else { return };
    let (folder, expected) = job.split_once('|').unwrap();
    let log = Log::open(Path::new(folder), verifier()).unwrap();
    let batch = vec![vec![7; 1_000]; 300];
    let error = log.append(&key(), &batch, &|_| ()).unwrap_err();
    let found = match &error {
        LogError::Full { .. } => "full",
        LogError::Permission { .. } => "permission",
        _ => "other",
    };
    assert_eq!(found, expected, "{error}");
    assert!(error.hint().is_some());
}

#[test]
fn processes_and_threads_take_turns() {
    let folder = temp();
    let log = log_of(folder.path(), 200);
    let spec = |name: &str| format!("{}|{name}|40", folder.path().display());
    let mut processes: Vec<_> = ["a", "b"].map(|name| child("busy_writer", &spec(name)).spawn().unwrap()).into();
    let mut heads = vec![head(folder.path())];
    std::thread::scope(|scope| {
        for name in ["c", "d"] {
            let log = &log;
            scope.spawn(move || {
                for n in 0..40 {
                    let range = log.append(&key(), &[format!("{name} {n}").into_bytes()], &|_| ()).unwrap();
                    assert_eq!(log.tree().unwrap().entry(range.start).unwrap(), format!("{name} {n}").into_bytes());
                }
            });
        }
        while heads.last().unwrap().size < 350 {
            heads.push(head(folder.path()));
            let tree = log.tree().unwrap();
            if tree.size() > 0 {
                tree.prove(tree.size() / 2).unwrap();
            }
            let bad = log.verify_all(&mut |_| ());
            assert!(bad.iter().all(|bad| bad.problem.is_harmless()), "{bad:?}");
        }
    });
    assert!(processes.iter_mut().all(|process| process.wait().unwrap().success()));
    let found = check(folder.path());
    let mut sorted = found.clone();
    sorted.sort();
    let mut expected: Vec<Vec<u8>> =
        ["a", "b", "c", "d"].iter().flat_map(|name| (0..40).map(move |n| format!("{name} {n}").into_bytes())).collect();
    expected.extend(entries(0, 200));
    expected.sort();
    assert_eq!(sorted, expected, "each entry once");
    heads.iter().for_each(|earlier| check_continues(folder.path(), earlier));
}

#[test]
fn a_writer_that_waits_too_long_says_so() {
    let folder = temp();
    let log = log_of(folder.path(), 3).waiting_at_most(Duration::from_millis(50));
    let other = File::open(folder.path().join("lock")).unwrap();
    other.lock().unwrap();
    let error = log.append(&key(), &entries(3, 1), &|_| ()).unwrap_err();
    assert!(matches!(&error, LogError::Busy { folder: named, .. } if named == folder.path()));
    assert!(error.hint().is_some());
    assert_eq!(check(folder.path()).len(), 3, "readers need no lock");
    drop(other);
    log.append(&key(), &entries(3, 1), &|_| ()).unwrap();
    assert_eq!(check(folder.path()).len(), 4);
}

/// Runs [`refused_writer`] under a shell that prepares its surroundings. Exit status 77 means that it couldn't.
fn refused(prepare: &str, folder: &Path, expected: &str) -> bool {
    let mut shell = Command::new("sh");
    let run = format!("{prepare}\nexec \"$0\" refused_writer --exact --nocapture");
    shell.args(["-c", &run]).arg(std::env::current_exe().unwrap());
    let output = shell.env("SAKIMORI_PROOF_JOB", format!("{}|{expected}", folder.display())).output().unwrap();
    assert!(output.status.success() || output.status.code() == Some(77), "{output:?}");
    output.status.success()
}

#[test]
fn a_file_size_limit_publishes_nothing() {
    let folder = temp();
    log_of(folder.path(), 3);
    assert!(refused("trap '' XFSZ; ulimit -f 16", folder.path(), "full"));
    assert_eq!(check(folder.path()), entries(0, 3));
    Log::open(folder.path(), verifier()).unwrap().append(&key(), &entries(3, 5), &|_| ()).unwrap();
    assert_eq!(check(folder.path()), entries(0, 8));
}

#[test]
fn a_full_disk_publishes_nothing() {
    let (folder, disk) = (temp(), temp());
    log_of(folder.path(), 3);
    // A disk of its own, in a name space of its own: this needs no privileges where user name spaces are allowed.
    let script = format!(
        "mount -t tmpfs -o size=128k none {disk} || exit 77; cp -r {folder}/. {disk}/ || exit 77; \
         \"$0\" refused_writer --exact --nocapture || exit 1; cp -r {disk}/. {folder}/",
        disk = disk.path().display(),
        folder = folder.path().display(),
    );
    let mut command = Command::new("unshare");
    command.args(["-rm", "sh", "-c", &script]).arg(std::env::current_exe().unwrap());
    let job = format!("{}|full", disk.path().display());
    match command.env("SAKIMORI_PROOF_JOB", job).output() {
        Ok(output) if output.status.success() => {
            assert_eq!(check(folder.path()), entries(0, 3));
        }
        Ok(output) if output.status.code() == Some(1) && !output.stdout.is_empty() => panic!("{output:?}"),
        _ => println!("skipped: this machine lets nobody mount a disk of their own"),
    }
}

#[test]
fn a_read_only_folder_is_refused_and_stays_readable() {
    let folder = temp();
    log_of(folder.path(), 3);
    let mount = "mount -o bind \"$F\" \"$F\" && mount -o remount,bind,ro \"$F\" || exit 77";
    let script = format!("F='{}'; {mount}; exec \"$0\" refused_writer --exact --nocapture", folder.path().display());
    let mut command = Command::new("unshare");
    command.args(["-rm", "sh", "-c", &script]).arg(std::env::current_exe().unwrap());
    let job = format!("{}|permission", folder.path().display());
    match command.env("SAKIMORI_PROOF_JOB", job).output() {
        Ok(output) if output.status.success() => assert_eq!(check(folder.path()), entries(0, 3)),
        Ok(output) if !output.stdout.is_empty() => panic!("{output:?}"),
        _ => println!("skipped: this machine lets nobody mount a folder read-only"),
    }
}

#[test]
fn folders_without_permission_are_refused() {
    let folder = temp();
    let log = log_of(folder.path(), 3);
    fs::set_permissions(folder.path().join("pending"), Permissions::from_mode(0o500)).unwrap();
    let result = log.append(&key(), &entries(3, 1), &|_| ());
    fs::set_permissions(folder.path().join("pending"), Permissions::from_mode(0o700)).unwrap();
    match result {
        Err(LogError::Permission { .. }) => assert_eq!(check(folder.path()).len(), 3),
        Ok(_) => println!("skipped: permissions do not bind this user"),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn what_is_no_folder_is_refused() {
    let folder = temp();
    let file = folder.path().join("file");
    fs::write(&file, "x").unwrap();
    assert!(Log::create(&file, &key()).is_err());
    assert!(Log::open(&file, verifier()).is_err());
    assert!(matches!(Log::open(&folder.path().join("none"), verifier()), Err(LogError::NotALog { .. })));
}

#[test]
fn a_folder_in_place_of_a_file_is_refused() {
    let folder = temp();
    let log = log_of(folder.path(), 3);
    fs::create_dir_all(folder.path().join("tile/0/000.p/4/x")).unwrap();
    let error = log.append(&key(), &entries(3, 1), &|_| ()).unwrap_err();
    assert!(matches!(error, LogError::Undecided { .. }), "{error}");
    assert!(log.append(&key(), &entries(4, 1), &|_| ()).is_err(), "nothing is built on what could not be placed");
    assert_eq!(head(folder.path()).size, 3);
    fs::remove_dir_all(folder.path().join("tile/0/000.p/4")).unwrap();
    assert_eq!(check(folder.path()), entries(0, 4), "the decision stands");
}

/// Files that were removed are written anew later, so that a log that grows by one entry at a time makes few. What somebody
/// else has a name for, or what is no file, is left alone.
#[test]
fn spare_files_are_used_and_no_others() {
    let folder = temp();
    let log = log_of(folder.path(), 1);
    let pending = folder.path().join("pending");
    let spares = || fs::read_dir(&pending).unwrap().count();
    for index in 1..=256 {
        log.append(&key(), &entries(index, 1), &|_| ()).unwrap();
    }
    let kept = spares();
    assert!(kept > 400, "{kept}");
    let some = fs::read_dir(&pending).unwrap().next().unwrap().unwrap().path();
    let (snapshot, pipe) = (folder.path().join("../").join("snapshot-of-a-tile"), pending.join("pipe"));
    let _ = fs::remove_file(&snapshot);
    fs::hard_link(&some, &snapshot).unwrap();
    let linked = fs::read(&snapshot).unwrap();
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    // Another process, later.
    drop(log);
    std::thread::sleep(Duration::from_millis(1_600));
    let log = Log::open(folder.path(), verifier()).unwrap();
    for index in 257..357 {
        log.append(&key(), &entries(index, 1), &|_| ()).unwrap();
    }
    assert!(spares() < kept - 150, "{} of {kept}", spares());
    assert_eq!(fs::read(&snapshot).unwrap(), linked);
    fs::remove_file(&snapshot).unwrap();
    drop(log);
    assert_eq!(check(folder.path()), entries(0, 357));
}
