//! The hook for pre-commit and the action for GitHub, run as those run them: plain processes with file names behind.

mod common;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use common::{BAD_PICKLE, GOOD_SAFETENSORS, Node};
use serde_json::Value;

fn definition(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name);
    yaml(&fs::read_to_string(path).expect("the definition"))
}

fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).expect("YAML")
}

/// The search path with the program before all else.
fn path() -> String {
    let folder = Path::new(env!("CARGO_BIN_EXE_sakimori")).parent().expect("a folder").display().to_string();
    format!("{folder}:{}", std::env::var("PATH").unwrap_or_default())
}

/// What pre-commit does with the staged files: the entry's words, `args`, then the names.
fn hook(node: &Node, arguments: &[&str], files: &[&str]) -> Output {
    let hooks = definition(".pre-commit-hooks.yaml");
    assert_eq!((&hooks[0]["id"], &hooks[0]["language"]), (&"sakimori-vet".into(), &"system".into()));
    let mut words = hooks[0]["entry"].as_str().expect("an entry").split_whitespace();
    Command::new(words.next().expect("a program"))
        .args(words)
        .args(arguments)
        .args(files)
        .envs([
            ("PATH", path()),
            ("SAKIMORI_HOME", node.home().display().to_string()),
            ("SAKIMORI_LANG", "en".to_owned()),
        ])
        .current_dir(node.path("."))
        .output()
        .expect("started")
}

#[test]
fn the_hook_passes_good_files_and_stops_bad_ones() {
    let node = Node::new();
    node.write("good.safetensors", GOOD_SAFETENSORS);
    node.write(".mcp.json", br#"{"mcpServers":{"x":{"command":"uvx","args":["x==1.0"]}}}"#);
    node.write("bad.pkl", BAD_PICKLE);
    node.write("odd.bin", b"\x01\x02 nobody knows this");
    let status = |arguments: &[&str], files: &[&str]| hook(&node, arguments, files).status.code();
    assert_eq!(status(&[], &["good.safetensors", ".mcp.json"]), Some(0));
    assert_eq!(status(&[], &["good.safetensors", "bad.pkl", ".mcp.json"]), Some(1));
    assert_eq!(status(&[], &["odd.bin"]), Some(1), "what waits for a person is not committed");
    assert_eq!(status(&["--fail-on", "refused"], &["odd.bin"]), Some(0));
    assert_eq!(status(&["--fail-on", "refused"], &["odd.bin", "bad.pkl"]), Some(1));
    assert_eq!(status(&[], &["missing.pkl"]), Some(2));
}

/// The last step of the action, run by its shell.
fn action(node: &Node, paths: &str, fail_on: &str) -> Output {
    let action = definition("action.yml");
    let step = action["runs"]["steps"].as_array().and_then(|steps| steps.last()).expect("a step");
    let script = step["run"].as_str().expect("a script");
    assert!(!script.contains("${{"), "inputs come by the environment");
    Command::new("bash")
        .args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script])
        .envs([("PATHS", paths), ("FAIL_ON", fail_on), ("SARIF", "out.sarif"), ("SAKIMORI_LANG", "en")])
        .envs([("PATH", path()), ("SAKIMORI_HOME", node.home().display().to_string())])
        .env("GITHUB_OUTPUT", node.path("outputs"))
        .current_dir(node.path("."))
        .output()
        .expect("started")
}

#[test]
fn the_action_writes_sarif_and_fails_as_it_is_asked() {
    let node = Node::new();
    node.write("good model.safetensors", GOOD_SAFETENSORS);
    node.write("bad.pkl", BAD_PICKLE);
    let good = action(&node, "good model.safetensors\n", "waiting");
    assert_eq!(good.status.code(), Some(0), "{}", String::from_utf8_lossy(&good.stderr));
    let bad = action(&node, "good model.safetensors\nbad.pkl\n", "refused");
    assert_eq!(bad.status.code(), Some(1), "{}", String::from_utf8_lossy(&bad.stderr));
    let report: Value = serde_json::from_slice(&fs::read(node.path("out.sarif")).expect("SARIF")).expect("JSON");
    let rules: Vec<&str> = report["runs"][0]["results"]
        .as_array()
        .expect("results")
        .iter()
        .filter_map(|result| result["ruleId"].as_str())
        .collect();
    assert!(rules.contains(&"SKM-PKL-0001"), "{rules:?}");
    assert_eq!(action(&node, "bad.pkl; echo never", "never").status.code(), Some(2), "a path is no script");
    assert_eq!(action(&node, "bad.pkl", "never").status.code(), Some(0));
    assert!(fs::read_to_string(node.path("outputs")).expect("outputs").contains("sarif=out.sarif"));
}
