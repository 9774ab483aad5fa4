//! `sakimori model bom`: one document a model, in either form, and nothing recorded.

mod common;

use common::{GOOD_SAFETENSORS, Node};
use std::os::unix::fs::symlink;

#[test]
fn a_bill_is_printed_and_nothing_is_recorded() {
    let node = Node::new();
    node.write("model/model.safetensors", GOOD_SAFETENSORS);
    node.write("model/config.json", b"{}");
    node.write("model/.git/config", b"x");
    let folder = node.path("model").display().to_string();
    let run = node.run(&["model", "bom", &folder]);
    assert_eq!(run.status, Some(0), "{}", run.err);
    assert!(run.err.contains(".git"), "what is left out is said: {}", run.err);
    let bill: serde_json::Value = serde_json::from_str(&run.out).expect("JSON");
    let model = &bill["metadata"]["component"];
    assert_eq!((&model["type"], &model["name"]), (&"machine-learning-model".into(), &"model".into()));
    let files: Vec<&str> =
        model["components"].as_array().expect("files").iter().filter_map(|f| f["name"].as_str()).collect();
    assert_eq!(files, ["config.json", "model.safetensors"]);
    assert!(!run.out.contains(&folder), "paths of this machine stay here");
    assert_eq!(run.out, node.run(&["model", "bom", &folder]).out);
    assert!(!node.home().exists(), "no node is made");
}

#[test]
fn a_bill_goes_to_a_file_as_spdx() {
    let node = Node::new();
    let model = node.write("model.safetensors", GOOD_SAFETENSORS).display().to_string();
    let out = node.path("bill.json");
    let run = node.run(&["model", "bom", "--format", "spdx", "--out", &out.display().to_string(), &model]);
    assert_eq!((run.status, run.out.as_str()), (Some(0), ""), "{}", run.err);
    let text = std::fs::read_to_string(&out).expect("written");
    let bill: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert!(bill["@graph"].as_array().expect("elements").iter().any(|e| e["type"] == "ai_AIPackage"));
}

#[test]
fn what_can_not_be_read_is_told() {
    let node = Node::new();
    node.write("model/a.txt", b"hello");
    symlink("/etc/passwd", node.path("model/leads-out")).expect("linked");
    let run = node.run(&["model", "bom", &node.path("model").display().to_string()]);
    assert_eq!(run.status, Some(2));
    assert!(run.err.contains("leads-out") && run.out.contains("\"incomplete\""), "{}", run.err);
    let missing = node.run(&["model", "bom", "missing"]);
    assert_eq!((missing.status, missing.out.as_str()), (Some(2), ""));
}
