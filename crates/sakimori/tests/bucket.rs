//! A log in a bucket of an object store that speaks S3: all that holds for one in a folder, and one writer across machines.

mod common;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use common::service::Service;
use common::store::{BUCKET, ObjectStore};
use common::{BAD_PICKLE, GOOD_SAFETENSORS, Node, Run};

/// A node with one record, whose log is in the bucket.
fn moved(store: &ObjectStore, name: &str) -> (Node, String) {
    let mut node = Node::new();
    node.environment.extend(store.credentials());
    let id = decided(&node, "first", BAD_PICKLE);
    let run = move_to(&node, store, name);
    assert_eq!(run.status, Some(0), "{}{}", run.out, run.err);
    assert!(run.out.contains(&address(name)) && !node.home().join("log/checkpoint").exists(), "{}", run.out);
    (node, id)
}

fn address(name: &str) -> String {
    format!("s3://{BUCKET}/{name}")
}

fn move_to(node: &Node, store: &ObjectStore, name: &str) -> Run {
    node.run(&["log", "move", &address(name), "--endpoint", &store.endpoint(), "--region", "us-east-1"])
}

fn decided(node: &Node, name: &str, bytes: &[u8]) -> String {
    let path = node.write(name, bytes);
    node.check(&path)[0]["record"].as_str().expect("a record").to_owned()
}

fn is_proven(node: &Node, id: &str) {
    let (out, key) = (node.path("proof.json").display().to_string(), node.key().display().to_string());
    for arguments in [&["prove", id, "--out", &out][..], &["verify", &out, "--key", &key]] {
        let run = node.run(arguments);
        assert_eq!(run.status, Some(0), "{}{}", run.out, run.err);
    }
}

/// A copy of the node's folder, as a disk that was put back.
fn copied(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-a").args([from, to]).status().expect("cp").success());
}

fn size(node: &Node) -> u64 {
    let run = node.run(&["log", "checkpoint"]);
    assert_eq!(run.status, Some(0), "{}", run.err);
    run.out.lines().nth(1).and_then(|line| line.parse().ok()).expect("a size")
}

#[test]
fn a_log_in_a_bucket_is_a_log() {
    let Some(mut store) = ObjectStore::start() else { return };
    for part in [lives, crashes, is_served, is_not_put_back, has_one_writer, is_refused] {
        let began = std::time::Instant::now();
        part(&store);
        println!("{} ms", began.elapsed().as_millis());
    }
    outlasts_its_store(&mut store);
}

fn lives(store: &ObjectStore) {
    let (node, first) = moved(store, "lives");
    // Past a full tile, so that there are partial ones to remove.
    let many = node.path("many");
    fs::create_dir_all(&many).expect("a folder");
    for n in 0..300_u32 {
        fs::write(many.join(n.to_string()), [BAD_PICKLE, &n.to_be_bytes()].concat()).expect("written");
    }
    assert_eq!(node.check(&many).len(), 300);
    assert_eq!(size(&node), 301);
    node.is_sound();
    is_proven(&node, &first);
    let second = decided(&node, "second", GOOD_SAFETENSORS);
    for step in ["--succeed", "--retire"] {
        assert_eq!(node.run(&["log", "key", "--public", step]).status, Some(0));
        node.is_sound();
    }
    is_proven(&node, &second);

    // A backup holds all of it, and becomes a node whose log is in its folder.
    let backup = node.path("backup").display().to_string();
    assert_eq!(node.run(&["backup", &backup]).status, Some(0));
    let other = Node::new();
    let run = other.run(&["restore", &backup]);
    assert_eq!(run.status, Some(0), "{}", run.err);
    other.is_sound();
    assert!(other.home().join("log/checkpoint").exists());

    // And back, and again to where an earlier state of it lies.
    let run = node.run(&["log", "move", "--back"]);
    assert_eq!(run.status, Some(0), "{}{}", run.out, run.err);
    assert!(node.home().join("log/checkpoint").exists() && !node.home().join("bucket").exists());
    node.is_sound();
    let third = decided(&node, "third", BAD_PICKLE);
    let run = move_to(&node, store, "lives");
    assert_eq!(run.status, Some(0), "{}{}", run.out, run.err);
    node.is_sound();
    for id in [&first, &second, &third] {
        is_proven(&node, id);
    }
}

fn crashes(store: &ObjectStore) {
    for point in sakimori_proof::Step::ALL {
        let (node, first) = moved(store, &format!("crashes-{point:?}"));
        let mut crashed = node.command();
        let second = node.write("second", GOOD_SAFETENSORS);
        crashed.env("SAKIMORI_CRASH_AT", format!("Log({point:?})")).args(["check", "--format", "jsonl"]).arg(&second);
        let crashed = Run::of(crashed.output().expect("started"));
        assert_eq!(crashed.status, None, "{point:?} was not reached: {}{}", crashed.out, crashed.err);
        let third = decided(&node, "third", BAD_PICKLE);
        node.is_sound();
        is_proven(&node, &first);
        is_proven(&node, &third);
    }
}

fn is_served(store: &ObjectStore) {
    let (node, _) = moved(store, "served");
    let service = Service::start(&node, "");
    let head = service.send("GET", "/log/checkpoint", &[], None);
    assert!(head.status == 200 && head.body.starts_with(b"sakimori.invalid/log/"), "{head:?}");
    for (path, status) in [("tile/0/000.p/1", 200), ("tile/entries/000.p/1", 200), ("tile/0/001", 404), ("wal", 404)] {
        assert_eq!(service.send("GET", &format!("/log/{path}"), &[], None).status, status, "{path}");
    }
    // Another node follows it.
    let other = Node::new();
    let key = node.key().display().to_string();
    let run = other.run(&["log", "monitor", "--entries", "--key", &key, &format!("http://{}/log", service.address)]);
    assert_eq!(run.status, Some(0), "{}{}", run.out, run.err);
    let refused = node.run(&["log", "move", "--back"]);
    assert!(refused.status == Some(2) && refused.err.contains("SKM-E-0077"), "{}", refused.err);
    service.end();
    node.is_sound();
}

fn is_not_put_back(store: &ObjectStore) {
    let (node, _) = moved(store, "put-back");
    let old = node.home().with_file_name("old");
    copied(&node.home(), &old);
    let second = decided(&node, "second", GOOD_SAFETENSORS);
    let head = node.run(&["log", "checkpoint"]).out;
    fs::rename(node.home(), node.home().with_file_name("new")).expect("renamed");
    fs::rename(&old, node.home()).expect("renamed");
    let run = node.run(&["check", &node.path("second").display().to_string()]);
    assert!(run.status == Some(2) && run.out.is_empty(), "an old folder signs nothing: {}{}", run.out, run.err);
    fs::remove_dir_all(node.home()).expect("removed");
    fs::rename(node.home().with_file_name("new"), node.home()).expect("renamed");
    assert_eq!(node.run(&["log", "checkpoint"]).out, head);
    is_proven(&node, &second);
    node.is_sound();
}

/// Two machines with the same key and the same bucket. Their locks are two; the anchor is one.
fn has_one_writer(store: &ObjectStore) {
    for round in 0..5 {
        let (node, _) = moved(store, &format!("writers-{round}"));
        let twin = node.home().with_file_name("twin");
        copied(&node.home(), &twin);
        let inputs: Vec<_> = (0..2_u8).map(|n| node.write(&format!("{n}"), &[BAD_PICKLE, &[n]].concat())).collect();
        let running: Vec<_> = [node.home(), twin.clone()]
            .iter()
            .zip(&inputs)
            .map(|(home, input)| {
                let mut command = node.command();
                command.env("SAKIMORI_HOME", home).args(["check", "--format", "jsonl"]).arg(input);
                command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started")
            })
            .collect();
        let ended: Vec<Run> = running.into_iter().map(|run| Run::of(run.wait_with_output().expect("ended"))).collect();
        let won: Vec<usize> = (0..2).filter(|n| ended[*n].status.is_some_and(|status| status <= 1)).collect();
        let said = format!("{} | {}", ended[0].err, ended[1].err);
        assert_eq!(won.len(), 1, "one of two goes on: {said}");
        assert!(ended[1 - won[0]].out.is_empty(), "the other one acknowledges nothing");
        if won[0] == 1 {
            fs::remove_dir_all(node.home()).expect("removed");
            fs::rename(&twin, node.home()).expect("renamed");
        }
        is_proven(&node, ended[won[0]].lines()[0]["record"].as_str().expect("a record"));
        node.is_sound();
        assert_eq!(size(&node), 2);
    }
}

fn is_refused(store: &ObjectStore) {
    let (node, _) = moved(store, "taken");
    let mut other = Node::new();
    other.environment.extend(store.credentials());
    decided(&other, "own", BAD_PICKLE);
    let run = move_to(&other, store, "taken");
    assert!(run.status == Some(2) && !run.err.is_empty(), "another log is there: {}{}", run.out, run.err);
    other.is_sound();
    node.is_sound();
    assert!(other.home().join("log/checkpoint").exists());
    // Without credentials, and with wrong ones.
    other.environment = vec![("AWS_ACCESS_KEY_ID", "nobody"), ("AWS_SECRET_ACCESS_KEY", "nothing")];
    let run = move_to(&other, store, "refused");
    assert!(run.status == Some(2) && run.err.contains("SKM-E-"), "{}{}", run.out, run.err);
    for address in ["s3://x", "https://a.example/b", "s3://Bucket/name"] {
        assert_eq!(other.run(&["log", "move", address]).status, Some(2), "{address}");
    }
    other.is_sound();
}

fn outlasts_its_store(store: &mut ObjectStore) {
    let (node, first) = moved(store, "gone");
    store.stop();
    let input = node.write("second", GOOD_SAFETENSORS);
    let run = node.run(&["check", &input.display().to_string()]);
    assert!(run.status == Some(2) && run.err.contains("SKM-E-0079"), "it says what is not there: {}", run.err);
    store.go_on();
    // It takes connections before it knows where its objects are.
    for _ in 0..60 {
        if node.run(&["log", "verify"]).status == Some(0) {
            break;
        }
        std::thread::sleep(std::time::Duration::from_secs(1));
    }
    let second = decided(&node, "second", GOOD_SAFETENSORS);
    for id in [&first, &second] {
        is_proven(&node, id);
    }
    node.is_sound();
}
