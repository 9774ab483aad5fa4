//! `sakimori log key --succeed` and `--retire`: the key that signs the log changes, and nobody has to take the new one on trust.

mod common;

use std::fs;

use common::service::Service;
use common::{BAD_PICKLE, GOOD_SAFETENSORS, Node, Run};

fn decided(node: &Node, name: &str, bytes: &[u8]) -> String {
    let path = node.write(name, bytes);
    node.check(&path)[0]["record"].as_str().expect("a record").to_owned()
}

fn proven(node: &Node, id: &str, name: &str) -> String {
    let out = node.path(name).display().to_string();
    let run = node.run(&["prove", id, "--out", &out]);
    assert_eq!(run.status, Some(0), "{}", run.err);
    out
}

/// The public keys, each as a file of its own.
fn keys(node: &Node, name: &str) -> Vec<String> {
    let run = node.run(&["log", "key", "--public"]);
    assert_eq!(run.status, Some(0), "{}", run.err);
    let file = |(n, line): (usize, &str)| node.write(&format!("{name}-{n}.pub"), line.as_bytes()).display().to_string();
    run.out.lines().enumerate().map(file).collect()
}

fn verifies(node: &Node, bundle: &str, key: &str) -> (Option<i32>, String) {
    let run = node.run(&["verify", bundle, "--key", key]);
    (run.status, run.out)
}

fn record_in(run: &Run) -> String {
    let at = run.err.find("record ").unwrap_or_else(|| panic!("{}", run.err)) + "record ".len();
    run.err[at..at + 36].to_owned()
}

#[test]
fn whoever_knows_the_old_key_learns_the_new_one_and_nothing_breaks_in_between() {
    for kinds in [1, 2] {
        let node = Node::new();
        let first = decided(&node, "a.pkl", BAD_PICKLE);
        if kinds == 2 {
            assert_eq!(node.run(&["log", "key", "--public", "--add-ml-dsa"]).status, Some(0));
            decided(&node, "a2.pkl", BAD_PICKLE);
        }
        let (before, old) = (proven(&node, &first, "before.json"), keys(&node, "old"));
        assert_eq!(old.len(), kinds);
        let run = node.run(&["log", "key", "--public", "--succeed"]);
        assert_eq!((run.status, run.out.lines().count()), (Some(0), 2 * kinds), "{}", run.err);
        node.is_sound();
        let new = keys(&node, "new");

        // The record of the change verifies with the old key, and names the new one.
        let change = proven(&node, &record_in(&run), "change.json");
        for key in &old[..kinds] {
            let (status, out) = verifies(&node, &change, key);
            let named = new[..kinds].iter().all(|key| out.contains(&fs::read_to_string(key).expect("read")));
            assert!(status == Some(0) && named, "{out}");
        }
        // In the overlap, everything verifies with either.
        let second = decided(&node, "b.bin", GOOD_SAFETENSORS);
        for bundle in [proven(&node, &first, "again.json"), proven(&node, &second, "second.json")] {
            for key in old.iter().chain(&new) {
                assert_eq!(verifies(&node, &bundle, key).0, Some(0));
            }
        }
        let refused = node.run(&["log", "key", "--public", "--succeed"]);
        assert!(refused.status == Some(2) && refused.err.contains("SKM-E-0076"), "{}", refused.err);
        // A service works with both, and is not disturbed.
        let service = Service::start(&node, "");
        let served = service.send("GET", "/log/key", &[], None).text();
        assert_eq!(served.lines().count(), 2, "{served}");
        for command in ["--succeed", "--retire"] {
            let refused = node.run(&["log", "key", "--public", command]);
            assert!(refused.status == Some(2) && refused.err.contains("SKM-E-0077"), "{}", refused.err);
        }
        service.end();

        let copy = node.path("backup").display().to_string();
        assert_eq!(node.run(&["backup", &copy]).status, Some(0));
        let run = node.run(&["log", "key", "--public", "--retire"]);
        assert_eq!((run.status, run.out.lines().count()), (Some(0), kinds), "{}", run.err);
        node.is_sound();
        let third = proven(&node, &decided(&node, "c.bin", GOOD_SAFETENSORS), "third.json");
        let retired = proven(&node, &record_in(&run), "retired.json");
        for bundle in [&third, &retired] {
            assert_eq!(verifies(&node, bundle, &new[0]).0, Some(0));
            assert_eq!(verifies(&node, bundle, &old[0]).0, Some(1), "the old key signs no more");
        }
        // What was handed out before is verified by the key of before.
        assert_eq!((verifies(&node, &before, &old[0]).0, verifies(&node, &before, &new[0]).0), (Some(0), Some(1)));
        let text = fs::read_to_string(node.home().join("key")).expect("read");
        assert_eq!(text.lines().count(), kinds, "the old key is gone");
        let refused = node.run(&["log", "key", "--public", "--retire"]);
        assert!(refused.status == Some(2) && refused.err.contains("SKM-E-0076"), "{}", refused.err);
        // A backup of the overlap is whole.
        let restored = node.path("restored").display().to_string();
        let run = node.run(&["--home", &restored, "restore", &copy]);
        assert_eq!(run.status, Some(0), "{}", run.err);
        // It can change again.
        assert_eq!(node.run(&["log", "key", "--public", "--succeed"]).status, Some(0));
        node.is_sound();
    }
}

#[test]
fn a_crash_leaves_a_node_that_signs_with_both_and_the_same_command_completes_it() {
    for (command, points) in [
        ("--succeed", &["Staged", "Log(Staged)", "Log(Decided)", "Log(Published)", "Appended", "Sequenced"][..]),
        ("--retire", &["Staged", "Log(Decided)", "Sequenced"]),
    ] {
        for point in points {
            let node = Node::new();
            decided(&node, "a.pkl", BAD_PICKLE);
            let old = keys(&node, "old");
            if command == "--retire" {
                assert_eq!(node.run(&["log", "key", "--public", "--succeed"]).status, Some(0));
            }
            let mut crashed = node.command();
            crashed.env("SAKIMORI_CRASH_AT", point).args(["log", "key", "--public", command]);
            assert_eq!(Run::of(crashed.output().expect("started")).status, None, "{point} was not reached");
            let bundle = proven(&node, &decided(&node, "b.pkl", BAD_PICKLE), "b.json");
            let both = keys(&node, "both");
            assert_eq!(both.len(), 2, "{command} {point}");
            for key in both.iter().chain(&old) {
                assert_eq!(verifies(&node, &bundle, key).0, Some(0), "{command} {point}");
            }
            node.is_sound();
            let run = node.run(&["log", "key", "--public", "--retire"]);
            assert_eq!((run.status, run.out.lines().count()), (Some(0), 1), "{command} {point}: {}", run.err);
            node.is_sound();
        }
    }
}

#[test]
fn the_change_is_recorded_when_a_crash_came_right_behind_the_new_key() {
    let node = Node::new();
    decided(&node, "a.pkl", BAD_PICKLE);
    let path = node.home().join("key");
    let old = fs::read_to_string(&path).expect("read");
    // As the file is before anything is recorded.
    let log = node.home().join("log");
    let state = fs::read(node.home().join("state.db")).expect("read");
    let copy = node.path("copy");
    assert!(std::process::Command::new("cp").arg("-a").arg(&log).arg(&copy).status().expect("cp").success());
    assert_eq!(node.run(&["log", "key", "--public", "--succeed"]).status, Some(0));
    let both = fs::read_to_string(&path).expect("read");
    assert!(both.ends_with(&old) && both.len() > old.len());
    fs::remove_dir_all(&log).expect("removed");
    fs::rename(&copy, &log).expect("put back");
    for beside in ["state.db-wal", "state.db-shm"] {
        let _ = fs::remove_file(node.home().join(beside));
    }
    fs::write(node.home().join("state.db"), state).expect("put back");
    let run = node.run(&["log", "key", "--public", "--succeed"]);
    assert_eq!(run.status, Some(0), "{}", run.err);
    assert_eq!(fs::read_to_string(&path).expect("read"), both, "the new key is the one that was there");
    let change = proven(&node, &record_in(&run), "change.json");
    assert_eq!(verifies(&node, &change, &keys(&node, "k")[1]).0, Some(0));
    node.is_sound();
}

#[test]
fn the_earlier_key_put_back_after_its_end_signs_nothing() {
    let node = Node::new();
    decided(&node, "a.pkl", BAD_PICKLE);
    let path = node.home().join("key");
    let old = fs::read(&path).expect("read");
    for command in ["--succeed", "--retire"] {
        assert_eq!(node.run(&["log", "key", "--public", command]).status, Some(0));
    }
    let checkpoint = fs::read(node.home().join("log/checkpoint")).expect("read");
    fs::write(&path, &old).expect("written");
    let run = node.run(&["check", &node.path("a.pkl").display().to_string()]);
    assert_eq!(run.status, Some(2), "{}", run.out);
    assert_eq!(fs::read(node.home().join("log/checkpoint")).expect("read"), checkpoint);
}

#[test]
fn an_anchor_goes_along_with_the_change() {
    let node = Node::new();
    let anchor = node.path("anchor");
    let config = format!("anchor = \"{}\"\n", anchor.display());
    let service = Service::start(&node, &config);
    service.end();
    decided(&node, "a.pkl", BAD_PICKLE);
    for command in ["--succeed", "--retire"] {
        let run = node.run(&["log", "key", "--public", command]);
        assert_eq!(run.status, Some(0), "{}", run.err);
        decided(&node, "b.pkl", GOOD_SAFETENSORS);
        node.is_sound();
    }
    let signatures = fs::read_to_string(&anchor).expect("read").lines().filter(|line| line.starts_with('—')).count();
    assert_eq!(signatures, 1);
}
