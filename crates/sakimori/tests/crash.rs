//! A crash anywhere in the write path loses no acknowledged record and forks nothing.

mod common;

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::time::Duration;

use common::{BAD_PICKLE, GOOD_SAFETENSORS, Node, Run};

/// Every step of the write path, as the node names it.
fn points() -> Vec<String> {
    let log = sakimori_proof::Step::ALL.map(|step| format!("Log({step:?})"));
    ["Staged".to_owned()].into_iter().chain(log).chain(["Appended".to_owned(), "Sequenced".to_owned()]).collect()
}

#[test]
fn a_crash_at_every_step_loses_nothing_that_was_acknowledged() {
    for point in points() {
        let node = Node::new();
        let first = node.write("first", BAD_PICKLE);
        let second = node.write("second", GOOD_SAFETENSORS);
        let acknowledged = node.check(&first)[0]["record"].as_str().expect("an id").to_owned();
        let before = node.run(&["log", "checkpoint"]).out;
        let mut crashed = node.command();
        crashed.env("SAKIMORI_CRASH_AT", &point).args(["check", "--format", "jsonl"]).arg(&second);
        let crashed = Run::of(crashed.output().expect("started"));
        assert_eq!(crashed.status, None, "{point} was not reached: {}{}", crashed.out, crashed.err);
        assert!(crashed.out.is_empty(), "{point}: no receipt before all is durable");
        // The next run recovers, whatever it does.
        let third = node.check(&first)[0]["record"].as_str().expect("an id").to_owned();
        for id in [&acknowledged, &third] {
            assert_eq!(node.run(&["prove", id]).status, Some(0), "{point}: {id}");
        }
        node.is_sound();
        assert_eq!(records(&node), entries(&node), "{point}: nothing is in the log twice, nothing is missing");
        is_continued(&node, &before);
    }
}

#[test]
fn a_crash_while_a_share_leaves_repeats_it() {
    let node = Node::new();
    let bad = node.write("bad", BAD_PICKLE);
    let id = node.check(&bad)[0]["record"].as_str().expect("an id").to_owned();
    let out = node.path("share.json");
    for point in ["Staged", "Sequenced", "Acted"] {
        let _ = fs::remove_file(&out);
        let mut crashed = node.command();
        crashed.env("SAKIMORI_CRASH_AT", point).args(["share", "export", &id, "--out"]).arg(&out);
        assert_eq!(Run::of(crashed.output().expect("started")).status, None, "{point} was not reached");
        assert_eq!(out.exists(), point == "Acted", "{point}: nothing leaves before its record");
        let _ = fs::remove_file(&out);
        node.check(&bad);
        assert!(out.exists(), "{point}: what was recorded leaves with the next run");
        node.is_sound();
    }
}

#[test]
fn a_crash_while_a_node_is_made_leaves_a_folder_that_becomes_one() {
    let node = Node::new();
    let good = node.write("good", GOOD_SAFETENSORS);
    node.key();
    fs::remove_dir_all(node.home().join("log")).expect("a crash after the key leaves no log");
    fs::remove_file(node.home().join("state.db")).expect("and no state");
    assert_eq!(node.check(&good).len(), 1);
    node.is_sound();
}

#[test]
fn kill_at_any_time_keeps_every_printed_receipt() {
    for delay_ms in [20, 60, 110, 170, 260] {
        let node = Node::new();
        for i in 0..400 {
            node.write(&format!("many/f{i:03}"), if i % 7 == 0 { BAD_PICKLE } else { GOOD_SAFETENSORS });
        }
        let mut command = node.command();
        command.args(["check", "--quiet", "--format", "jsonl"]).arg(node.path("many")).stdout(Stdio::piped());
        let mut child = command.spawn().expect("started");
        let out = BufReader::new(child.stdout.take().expect("a pipe"));
        let reader = std::thread::spawn(move || out.lines().map_while(Result::ok).collect::<Vec<String>>());
        std::thread::sleep(Duration::from_millis(delay_ms));
        let _ = child.kill();
        child.wait().expect("ended");
        let printed = reader.join().expect("read");
        node.check(&node.path("many/f000"));
        node.is_sound();
        for line in printed.iter().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok()) {
            let id = line["record"].as_str().expect("an id");
            assert!(has_record(&node, id), "the receipt of {id} was given, and its record is gone");
        }
        assert_eq!(records(&node), entries(&node));
    }
}

#[test]
fn two_processes_on_one_folder_take_turns() {
    let node = Node::new();
    for i in 0..150 {
        node.write(&format!("many/f{i:03}"), GOOD_SAFETENSORS);
    }
    let start = || {
        let mut command = node.command();
        command
            .args(["check", "--format", "jsonl"])
            .arg(node.path("many"))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command.spawn().expect("started")
    };
    let children = [start(), start(), start()];
    for child in children {
        let run = Run::of(child.wait_with_output().expect("ended"));
        assert_eq!((run.status, run.lines().len()), (Some(0), 150), "{}", run.err);
    }
    node.is_sound();
    assert_eq!(entries(&node), 450);
}

#[test]
fn no_room_is_a_clear_error_and_nothing_is_lost() {
    let node = Node::new();
    let good = node.write("good", GOOD_SAFETENSORS);
    let id = node.check(&good)[0]["record"].as_str().expect("an id").to_owned();
    // The shell lets the write fail with EFBIG instead of ending the process: no file may grow over 24 KiB.
    let script = "trap '' XFSZ; ulimit -f 24; exec \"$0\" check in/good";
    let mut shell = std::process::Command::new("bash");
    shell.args(["-c", script, env!("CARGO_BIN_EXE_sakimori")]).env("SAKIMORI_LANG", "en");
    shell.env("SAKIMORI_HOME", node.home()).current_dir(good.parent().and_then(|p| p.parent()).expect("a parent"));
    let run = Run::of(shell.output().expect("bash"));
    assert_eq!(run.status, Some(2), "{}{}", run.out, run.err);
    assert!(run.err.contains("error[SKM-E-") && run.err.contains("hint: "), "{}", run.err);
    assert_eq!(node.run(&["prove", &id]).status, Some(0));
    node.check(&good);
    node.is_sound();
}

#[test]
fn a_folder_that_cannot_be_written_is_a_clear_error() {
    let node = Node::new();
    let good = node.write("good", GOOD_SAFETENSORS).display().to_string();
    // /proc is read-only for everybody, root too.
    let run = node.run(&["--home", "/proc/sakimori", "check", &good]);
    assert_eq!(run.status, Some(2));
    assert!(run.err.contains("error[SKM-E-000") && run.err.contains("hint: "), "{}", run.err);
}

/// The old checkpoint is that of a beginning of the log: its root follows from the first entries of today.
fn is_continued(node: &Node, before: &str) {
    let key: sakimori_proof::VerifierKey = node.run(&["log", "key", "--public"]).out.trim().parse().expect("a key");
    let old = sakimori_proof::Checkpoint::open(before, std::slice::from_ref(&key)).expect("signed");
    let log = sakimori_proof::Log::open(&node.home().join("log"), key).expect("a log");
    assert_eq!(log.tree().expect("a tree").root_at(old.size).expect("a root"), old.root);
}

fn count(node: &Node, sql: &str, parameter: &str) -> i64 {
    let db = rusqlite::Connection::open(node.home().join("state.db")).expect("opened");
    db.query_row(sql, [parameter], |row| row.get(0)).expect("counted")
}

fn records(node: &Node) -> i64 {
    count(node, "SELECT count(*) FROM records WHERE log_index IS NOT NULL AND ?1 = ''", "")
}

fn has_record(node: &Node, id: &str) -> bool {
    count(node, "SELECT count(*) FROM records WHERE id = ?1 AND log_index IS NOT NULL", id) == 1
}

fn entries(node: &Node) -> i64 {
    let checkpoint = node.run(&["log", "checkpoint"]).out;
    checkpoint.lines().nth(1).and_then(|size| size.parse().ok()).expect("a size")
}
