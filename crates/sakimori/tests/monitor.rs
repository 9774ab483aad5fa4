//! `sakimori log monitor`: the log of another node, followed over HTTP.

mod common;

use std::path::Path;
use std::process::Command;

use common::service::Service;
use common::{GOOD_SAFETENSORS, Node, Run};
use sakimori_proof::merkle::{Hash, verify_consistency};
use sakimori_proof::{Checkpoint, VerifierKey};
use serde_json::Value;

fn look(follower: &Node, key: &Path, service: &Service, more: &[&str]) -> Run {
    let (key, url) = (key.display().to_string(), format!("http://{}/log", service.address));
    follower.run(&[&["--lang", "en", "log", "monitor", "--key", &key, &url], more].concat())
}

#[test]
fn a_log_is_followed_and_its_fork_is_kept() {
    let (node, other, follower) = (Node::new(), Node::new(), Node::new());
    let key = node.key();
    let good = node.write("good.safetensors", GOOD_SAFETENSORS);
    node.check(&good);
    // Both go on from here, with one key.
    let copied = Command::new("cp").arg("-a").arg(node.home()).arg(other.home()).status();
    assert!(copied.expect("cp").success());
    for _ in 0..2 {
        node.check(&good);
    }

    let service = Service::start(&node, "");
    let first = look(&follower, &key, &service, &["--entries"]);
    assert_eq!(first.status, Some(0), "{}", first.err);
    assert!(first.out.contains("seen for the first time (3 entries)"), "{}", first.out);
    assert!(first.out.contains("3 entries were hashed again"), "{}", first.out);
    assert!(look(&follower, &key, &service, &[]).out.contains("as it was seen before"));
    service.end();

    for _ in 0..3 {
        node.check(&good);
    }
    let service = Service::start(&node, "");
    let grown = look(&follower, &key, &service, &["--format", "json"]).json();
    assert_eq!((&grown["found"], &grown["size_before"]), (&"grown".into(), &3.into()), "{grown}");
    let size = grown["size"].as_u64().expect("a number");
    assert!(size >= 6, "{grown}");
    service.end();

    // The other copy catches up, with other entries.
    for _ in 1..size + 2 {
        other.check(&good);
    }
    let service = Service::start(&other, "");
    let fork = look(&follower, &key, &service, &["--format", "json"]);
    assert_eq!(fork.status, Some(1), "{}", fork.err);
    let told = fork.json();
    assert_eq!((&told["found"], &told["size_before"]), (&"fork".into(), &size.into()), "{told}");
    let evidence = told["evidence"]["path"].as_str().expect("a path");
    assert!(Path::new(evidence).starts_with(follower.home().join("monitor")));
    let kept = std::fs::read_to_string(evidence).expect("evidence");
    assert!(kept.contains("\"seen\"") && kept.contains("\"submitted\""), "{kept}");
    let text = look(&follower, &key, &service, &[]);
    assert!(text.status == Some(1) && text.out.contains(evidence), "{} {}", text.out, text.err);

    // Where there is a node, it is an incident in its log, once.
    assert!(told["incident"].is_null(), "{told}");
    follower.check(&good);
    let raised = |_| look(&follower, &key, &service, &["--format", "json"]).json()["incident"].clone();
    let records: Vec<_> = (0..2).map(raised).collect();
    let record = records[0].as_str().expect("a record");
    assert_eq!(records[0], records[1]);
    service.end();
    is_evidence(&follower, &node, record);
    follower.is_sound();
}

/// The record of an incident proves the fork to whoever has the key of the log.
fn is_evidence(follower: &Node, node: &Node, record: &str) {
    let (out, own) = (follower.path("incident.json").display().to_string(), follower.key().display().to_string());
    assert_eq!(follower.run(&["prove", record, "--out", &out]).status, Some(0));
    let verified = follower.run(&["verify", &out, "--key", &own]);
    assert!(verified.status == Some(0) && verified.out.contains("two histories"), "{}{}", verified.out, verified.err);
    let bundle: Value = serde_json::from_slice(&std::fs::read(&out).expect("read")).expect("JSON");
    let statement: Value = serde_json::from_str(bundle["statement"].as_str().expect("a text")).expect("JSON");
    let event = &statement["predicate"]["event"];
    let key: VerifierKey = std::fs::read_to_string(node.key()).expect("read").trim().parse().expect("a key");
    let opened = |name: &str| {
        Checkpoint::open(event[name].as_str().expect("a note"), std::slice::from_ref(&key)).expect("signed")
    };
    let (seen, other) = (opened("seen"), opened("other"));
    assert_ne!(seen.root, other.root);
    if event["shows"] == "other-beginning" {
        let hash = |hash: &Value| Hash::parse(hash.as_str().expect("a text")).expect("a hash");
        let proof: Vec<Hash> = event["proof"].as_array().expect("hashes").iter().map(hash).collect();
        let beginning = hash(&event["beginning"]);
        assert!(beginning != seen.root);
        verify_consistency(seen.size, beginning, other.size, other.root, &proof).expect("it holds");
    }
}

#[test]
fn a_service_follows_logs_and_tells_a_fork() {
    let (node, other, follower) = (Node::new(), Node::new(), Node::new());
    let key = std::fs::read_to_string(node.key()).expect("a key");
    let good = node.write("good.safetensors", GOOD_SAFETENSORS);
    node.check(&good);
    let copied = Command::new("cp").arg("-a").arg(node.home()).arg(other.home()).status();
    assert!(copied.expect("cp").success());
    for _ in 0..3 {
        node.check(&good);
    }
    let service = Service::start(&node, "");
    let address = service.address.clone();
    let config = format!(
        "[monitor]\nevery_seconds = 1\n[[monitor.log]]\nurl = \"http://{address}/log\"\nkeys = [\"{}\"]\ncloseness = \"entries\"\n",
        key.trim()
    );
    let watching = Service::start(&follower, &config);
    let cookie = watching.first("admin", "a long enough passphrase");
    let state_is = |wanted: &[&str]| {
        for _ in 0..200 {
            let list = watching.browse(&cookie, "GET", "/api/v1/logs", None).json();
            let log = list["items"][0].clone();
            if wanted.contains(&log["state"].as_str().expect("a state")) {
                return log;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        panic!("the log never was {wanted:?}");
    };
    let seen = state_is(&["same", "grown"]);
    assert!(seen["size"].as_u64() >= Some(4) && seen["why"].is_null(), "{seen}");
    service.end();
    state_is(&["unreachable"]);
    for _ in 0..8 {
        other.check(&good);
    }
    let service = Service::start_at(&other, "", &address);
    let fork = state_is(&["fork"]);
    assert!(fork["why"].as_str().is_some_and(|why| why.contains("monitor/evidence")), "{fork}");
    let metrics = watching.browse(&cookie, "GET", "/metrics", None).text();
    assert!(metrics.contains("state=\"fork\""), "{metrics}");
    let incidents = || watching.browse(&cookie, "GET", "/api/v1/records?kind=incident", None).json()["items"].clone();
    assert_eq!(incidents()[0]["id"], fork["incident"], "{fork}");
    std::thread::sleep(std::time::Duration::from_millis(2_500));
    assert_eq!(incidents().as_array().map(Vec::len), Some(1), "each look sees the same fork: {fork}");
    service.end();
    watching.end();
    for config in ["[[monitor.log]]\nurl = \"ftp://x\"\nkeys = []", "[monitor]\nlogs = []"] {
        let path = follower.write("bad.toml", config.as_bytes()).display().to_string();
        let run = follower.run(&["serve", "--listen", "127.0.0.1:0", "--config", &path]);
        assert!(run.status == Some(2) && run.err.contains("SKM-E-0025"), "{config}: {}", run.err);
    }
}

#[test]
fn what_cannot_be_told_is_an_error_with_a_hint() {
    let (node, stranger, follower) = (Node::new(), Node::new(), Node::new());
    node.check(&node.write("good.safetensors", GOOD_SAFETENSORS));
    let service = Service::start(&node, "");
    let run = look(&follower, &stranger.key(), &service, &[]);
    assert_eq!(run.status, Some(2), "{}", run.out);
    assert!(run.err.contains("SKM-E-0185") && run.err.contains("right key"), "{}", run.err);
    let (key, address) = (node.key(), service.address.clone());
    service.end();
    let key = key.display().to_string();
    for (url, code) in [(format!("http://{address}/log"), "SKM-E-0184"), ("ftp://log.example".to_owned(), "SKM-E-0025")]
    {
        let run = follower.run(&["--lang", "en", "log", "monitor", "--key", &key, &url]);
        assert!(run.status == Some(2) && run.err.contains(code), "{url}: {}", run.err);
    }
    let run = follower.run(&["log", "monitor", "http://127.0.0.1:1/log"]);
    assert!(run.status == Some(2) && run.err.contains("--key"), "{}", run.err);
}
