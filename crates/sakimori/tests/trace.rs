//! `sakimori trace` and `sakimori explain` of records.

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use common::{BAD_PICKLE, GOOD_SAFETENSORS, Node, oracle};
use serde_json::Value;

fn record(node: &Node, path: &Path) -> String {
    node.check(path)[0]["record"].as_str().expect("a record").to_owned()
}

/// A node with a model in a folder that was vetted and then revoked; the digest of the model and of one of its files.
fn with_history() -> (Node, String, String) {
    let node = Node::new();
    let weights = node.write("llm/model.safetensors", GOOD_SAFETENSORS);
    node.write("llm/config.json", br#"{"architectures":["LlamaForCausalLM"],"model_type":"llama"}"#);
    let folder = node.path("llm").display().to_string();
    let run = node.run(&["vet", "--format", "jsonl", "--quiet", &folder]);
    assert_eq!(run.status, Some(0), "{}", run.err);
    let sha256 = run.lines()[0]["sha256"].as_str().expect("a digest").to_owned();
    let run = node.run(&["model", "revoke", &folder, "--note", "it leaks"]);
    assert_eq!(run.status, Some(0), "{}", run.err);
    let file = node.check(&weights)[0]["sha256"].as_str().expect("a digest").to_owned();
    (node, sha256, file)
}

fn traced(node: &Node, arguments: &[&str]) -> Value {
    let mut all = vec!["trace", "--format", "json"];
    all.extend(arguments);
    let run = node.run(&all);
    assert_eq!(run.status, Some(0), "{}", run.err);
    run.json()
}

/// The kinds of things with what they say, sorted.
fn things(graph: &Value) -> Vec<String> {
    let text = |item: &Value, name: &str| item[name].as_str().unwrap_or_default().to_owned();
    let items = graph["items"].as_array().expect("items");
    let mut all: Vec<String> =
        items.iter().map(|item| format!("{} {}", text(item, "kind"), text(item, "says")).trim().to_owned()).collect();
    all.sort();
    all
}

#[test]
fn from_a_file_to_the_revocation_of_its_model_and_back() {
    let (node, model, file) = with_history();
    let down = traced(&node, &["--down", &file]);
    let expected = [
        "admission admitted",
        "admission revoked",
        "bom",
        "decision allow",
        "decision allow",
        "file",
        "file",
        "model",
        "policy sakimori-default-1",
        "rules",
    ];
    let mut expected: Vec<String> = expected.iter().map(|word| (*word).to_owned()).collect();
    expected[8] = "policy".to_owned();
    assert_eq!(things(&down), expected);
    // The last thing that happened leads back to the file.
    let revoked = down["items"].as_array().expect("items").iter().find(|item| item["says"] == "revoked");
    let revoked = revoked.expect("it is there")["id"].as_str().expect("an id").replace("record:", "");
    let up = traced(&node, &["--up", &revoked]);
    let ids: Vec<&str> = up["items"].as_array().expect("items").iter().filter_map(|item| item["id"].as_str()).collect();
    assert!(
        ids.contains(&format!("bytes:{file}").as_str()) && ids.contains(&format!("bytes:{model}").as_str()),
        "{ids:?}"
    );
    assert!(
        !things(&up).contains(&"admission admitted".to_owned()),
        "another admission is no cause: {:?}",
        things(&up)
    );
    // Links lead to things that are there.
    for graph in [&down, &up] {
        let ids: Vec<&Value> = graph["items"].as_array().expect("items").iter().map(|item| &item["id"]).collect();
        let links = graph["links"].as_array().expect("links");
        assert!(links.len() >= 4);
        assert!(links.iter().all(|link| ids.contains(&&link["from"]) && ids.contains(&&link["to"])));
    }
}

#[test]
fn people_see_two_trees_and_unknown_things_are_an_error() {
    let (node, model, _) = with_history();
    let run = node.run(&["--lang", "en", "trace", &model]);
    assert_eq!(run.status, Some(0), "{}", run.err);
    for wanted in ["It came from\n", "What came of it\n", "config.json", "[revoked]", "local"] {
        assert!(run.out.contains(wanted), "{wanted} in {}", run.out);
    }
    let run = node.run(&["trace", &"0".repeat(64)]);
    assert_eq!(run.status, Some(2));
    assert!(run.err.contains("SKM-E-0009"), "{}", run.err);
}

const PROV: &str = r"
import sys
from prov.model import ProvDocument, ProvUsage, ProvGeneration, ProvAssociation, ProvMembership
document = ProvDocument.deserialize(sys.argv[1])
count = lambda kind: len(list(document.get_records(kind)))
print(count(ProvUsage), count(ProvGeneration), count(ProvAssociation), count(ProvMembership))
assert ProvDocument.deserialize(content=document.serialize()) == document
";

#[test]
fn provenance_is_read_by_the_library_of_prov() {
    let Some(python) = oracle() else { return };
    let (node, model, _) = with_history();
    let run = node.run(&["trace", "--format", "prov", &model]);
    let path = node.write("prov.json", run.out.as_bytes());
    let read = Command::new(python).args(["-c", PROV]).arg(path).output();
    let read = read.expect("started");
    let said = String::from_utf8_lossy(&read.stdout);
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    // The decision used bytes, policy and rules; it and two admissions were generated; the model has two files.
    assert_eq!(said.trim(), "3 3 3 2");
}

#[test]
fn a_finding_of_a_log_names_its_line_by_digest() {
    let line = r#"{"Channel":"Security","EventID":1102,"Provider_Name":"Microsoft-Windows-Eventlog"}"#;
    let node = Node::new();
    // The same line further down and with another end: it is found in any copy of the log.
    for (name, text) in [("a.jsonl", format!("{line}\n")), ("b.jsonl", format!("{{\"a\":1}}\n\n{line}\r\n"))] {
        let id = record(&node, &node.write(name, text.as_bytes()));
        let run = node.run(&["explain", &id, "--format", "json"]);
        assert_eq!(run.status, Some(0), "{}", run.err);
        let json = run.json();
        let parts = json["parts"].as_array().expect("parts");
        let with_rule = parts.iter().find(|part| part["rule"].is_object()).expect("a match");
        let digest = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(line));
        assert_eq!(with_rule["line"].as_str().map(|line| line.trim_start_matches("sha256:")), Some(&*digest));
        assert_eq!(json["examined_again"]["state"], "same");
        assert!(node.run(&["explain", &id]).out.contains(&digest));
    }
}

#[test]
fn points_are_added_up_and_decided_again() {
    let node = Node::new();
    let bad = node.write("bad.pkl", BAD_PICKLE);
    let id = record(&node, &bad);
    let explained = node.run(&["explain", &id, "--format", "json"]);
    assert_eq!(explained.status, Some(0), "{}", explained.err);
    let json = explained.json();
    let sum: i64 = json["parts"].as_array().expect("parts").iter().filter_map(|part| part["points"].as_i64()).sum();
    assert_eq!((json["sum"].as_i64(), json["score"].as_i64()), (Some(sum), Some(sum)));
    assert_eq!([&json["decided_again"]["state"], &json["examined_again"]["state"]], ["same", "same"]);
    // Without its findings nothing speaks against it.
    let codes: Vec<&str> = json["parts"].as_array().expect("parts").iter().filter_map(|p| p["code"].as_str()).collect();
    let mut arguments = vec!["explain", &id, "--format", "json"];
    codes.iter().for_each(|code| arguments.extend(["--without", code]));
    let without = node.run(&arguments).json();
    assert_eq!(without["without"]["decision"]["effect"], "allow");
    assert_eq!(without["decision"], "block", "what was recorded stays");
    let wrong = node.run(&["explain", &id, "--without", "SKM-MAIL-0001"]);
    assert_eq!(wrong.status, Some(2));
    assert!(wrong.err.contains("SKM-E-0070"), "{}", wrong.err);
}

#[test]
fn what_can_not_be_done_again_is_said() {
    let node = Node::new();
    let bad = node.write("bad.pkl", BAD_PICKLE);
    let id = record(&node, &bad);
    let state = |arguments: &[&str]| {
        let mut all = vec!["explain", &id, "--format", "json"];
        all.extend(arguments);
        let run = node.run(&all);
        assert_eq!(run.status, Some(0), "{}", run.err);
        let again = run.json()["examined_again"].clone();
        (again["state"].to_string(), again["why"].to_string())
    };
    let not_done = |why: &str| ("\"not-done\"".to_owned(), format!("\"{why}\""));
    let moved = node.path("moved.pkl");
    fs::rename(&bad, &moved).expect("moved");
    assert_eq!(state(&[]), not_done("content"));
    assert_eq!(state(&["--file", &moved.display().to_string()]).0, "\"same\"");
    fs::write(&moved, GOOD_SAFETENSORS).expect("written");
    assert_eq!(state(&["--file", &moved.display().to_string()]), not_done("file"));
    let run = node.run(&["explain", &id, "--file", "missing"]);
    assert!(run.status == Some(2) && run.err.contains("error[SKM-E-0016]: missing: "), "{}", run.err);
    let policy = node.run(&["policy", "show"]).out.replace("sakimori-default-1", "ours");
    let policy = node.write("policy.toml", policy.as_bytes()).display().to_string();
    let bad = node.write("bad.pkl", BAD_PICKLE).display().to_string();
    let run = node.run(&["check", "--format", "jsonl", "--quiet", "--policy", &policy, &bad]);
    let id = run.lines()[0]["record"].as_str().expect("a record").to_owned();
    let json = node.run(&["explain", &id, "--format", "json"]).json();
    assert_eq!([&json["decided_again"]["state"], &json["decided_again"]["why"]], ["not-done", "policy"]);
}

#[test]
fn a_script_in_another_language_adds_up_the_same() {
    let node = Node::new();
    let bad = node.write("bad.pkl", BAD_PICKLE);
    let mail = node
        .write("a.eml", b"From: a@example.com\r\nReply-To: b@example.net\r\nSubject: x\r\n\r\nhttp://203.0.113.7/\r\n");
    let good = node.write("good.safetensors", GOOD_SAFETENSORS);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/predicates/replay.py");
    let mut bundles = Vec::new();
    for path in [&bad, &mail, &good] {
        let id = record(&node, path);
        bundles.push(node.write(&format!("{id}.json"), node.run(&["prove", &id]).out.as_bytes()));
    }
    let replayed = Command::new("python3").arg(&script).args(&bundles).output().expect("python3 runs");
    let said = String::from_utf8_lossy(&replayed.stdout);
    assert!(replayed.status.success(), "{said}{}", String::from_utf8_lossy(&replayed.stderr));
    assert_eq!(said.lines().count(), 3, "{said}");
    // A score that was changed is found.
    let text = fs::read_to_string(&bundles[0]).expect("readable").replacen("\\\"score\\\":", "\\\"score\\\":1", 1);
    let replayed = Command::new("python3").arg(&script).arg(node.write("x.json", text.as_bytes())).output();
    assert_eq!(replayed.expect("python3 runs").status.code(), Some(1));
}
