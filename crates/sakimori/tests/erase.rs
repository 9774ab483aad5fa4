//! `sakimori erase`: nothing is left of what was erased, every proof goes on holding, and no erasure can be hidden or made up.

mod common;

use std::fs;
use std::path::Path;

use common::service::Service;
use common::{BAD_PICKLE, GOOD_SAFETENSORS, Node, Run};
use serde_json::{Value, json};

/// What must not be found in any file of the node afterwards.
const NAME: &str = "yamada-hanako-7731";

fn decided(node: &Node, name: &str, bytes: &[u8]) -> String {
    let path = node.write(name, bytes);
    node.check(&path)[0]["record"].as_str().expect("a record").to_owned()
}

fn erased(node: &Node, id: &str) -> Value {
    let run = node.run(&["erase", id, "--note", "request 114", "--yes", "--format", "json"]);
    assert_eq!(run.status, Some(0), "{}", run.err);
    run.json()[0].clone()
}

fn files_with(folder: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files_with(&path, text));
        } else if fs::read(&path).expect("read").windows(text.len()).any(|part| part == text.as_bytes()) {
            found.push(path.display().to_string());
        }
    }
    found
}

#[test]
fn nothing_is_left_and_every_proof_goes_on_holding() {
    let node = Node::new();
    let other = decided(&node, "other.bin", GOOD_SAFETENSORS);
    let id = decided(&node, &format!("{NAME}.pkl"), BAD_PICKLE);
    let bundle = node.path("before.json");
    let written = node.run(&["prove", &id, "--out", &bundle.display().to_string()]);
    assert_eq!(written.status, Some(0), "{}", written.err);
    let shared = node.path("shared.json");
    let run = node.run(&["share", "export", &id, "--tlp", "green", "--out", &shared.display().to_string()]);
    assert_eq!(run.status, Some(0), "{}", run.err);
    assert!(!files_with(&node.home(), NAME).is_empty(), "the test finds what is there");
    let erasure = erased(&node, &id);
    assert_eq!((erasure["shares"].as_u64(), erasure["erased"].as_array().map(Vec::len)), (Some(1), Some(2)));
    assert_eq!(files_with(&node.home(), NAME), Vec::<String>::new());
    node.is_sound();

    // What was handed out before holds.
    let key = node.key().display().to_string();
    let run = node.run(&["verify", &bundle.display().to_string(), "--key", &key]);
    assert_eq!(run.status, Some(0), "{}{}", run.out, run.err);
    // And nothing more of it is handed out.
    for arguments in
        [&["prove", &id][..], &["explain", &id], &["share", "export", &id], &["erase", &id, "--note", "x", "--yes"]]
    {
        let run = node.run(arguments);
        assert_eq!(run.status, Some(2), "{arguments:?}: {}", run.out);
        assert!(run.err.contains("SKM-E-0072") && run.err.contains(erasure["record"].as_str().expect("an id")));
    }
    // The erasure itself can be proven, and so can the place of what was erased.
    let proof = node.path("erasure.json").display().to_string();
    assert_eq!(node.run(&["prove", erasure["record"].as_str().expect("an id"), "--out", &proof]).status, Some(0));
    let run = node.run(&["verify", &proof, "--key", &key]);
    assert!(run.status == Some(0) && run.out.contains("2 records was destroyed"), "{}", run.out);
    let run = node.run(&["prove", &id, "--format", "cose", "--out", &node.path("r.cbor").display().to_string()]);
    assert_eq!(run.status, Some(0), "{}", run.err);
    // The other decision is as it was.
    assert_eq!(node.run(&["explain", &other]).status, Some(0));
    let traced = node.run(&["trace", &id, "--format", "json"]).json();
    let kinds: Vec<&str> =
        traced["items"].as_array().expect("items").iter().filter_map(|i| i["kind"].as_str()).collect();
    assert!(kinds.contains(&"erased") && kinds.contains(&"erasure"), "{kinds:?}");
}

#[test]
fn a_stretch_with_erased_records_is_proven_complete_and_says_so() {
    let node = Node::new();
    let ids: Vec<String> = (0..5u8).map(|n| decided(&node, &format!("{n}.bin"), &[b'a' + n; 40])).collect();
    erased(&node, &ids[1]);
    let (whole, cut) = (node.path("whole.jsonl"), node.path("cut.jsonl"));
    let export = |out: &Path, more: &[&str]| {
        let out = out.display().to_string();
        let mut arguments = vec!["log", "export", "--out", &out];
        arguments.extend(more);
        let run = node.run(&arguments);
        assert_eq!(run.status, Some(0), "{}", run.err);
    };
    export(&whole, &[]);
    export(&cut, &["--to", "4"]);
    let key = node.key().display().to_string();
    let verified = |path: &Path| {
        let run = node.run(&["verify", &path.display().to_string(), "--key", &key, "--format", "json"]);
        (run.status, run.json())
    };
    let (status, said) = verified(&whole);
    assert_eq!((status, &said["erased"], &said["erased_by_none_here"]), (Some(0), &json!(1), &json!(0)), "{said}");
    let (status, said) = verified(&cut);
    assert_eq!((status, &said["erased"], &said["erased_by_none_here"]), (Some(0), &json!(1), &json!(1)), "{said}");
    // Whoever leaves out more than was erased is told from the keeper who erased it: its erasure is recorded nowhere.
    let text = fs::read_to_string(&whole).expect("read");
    let line = text.lines().nth(3).expect("a record");
    let bundle = node.run(&["prove", &ids[2]]).out;
    assert!(bundle.contains("statement") && line.contains("statement"));
    let hidden = text.replace(line, &format!("{{\"commitment\":\"{}\"}}", commitment_of(line)));
    fs::write(&cut, hidden).expect("written");
    let (status, said) = verified(&cut);
    assert_eq!((status, &said["erased"], &said["erased_by_none_here"]), (Some(0), &json!(2), &json!(1)), "{said}");
    // A commitment that is not the log's is refused.
    fs::write(&cut, text.replace(line, &format!("{{\"commitment\":\"{}\"}}", "0".repeat(64)))).expect("written");
    assert_eq!(verified(&cut).0, Some(1));
}

fn commitment_of(line: &str) -> String {
    use sha2::Digest as _;
    let line: Value = serde_json::from_str(line).expect("JSON");
    let salt = hex::decode(line["salt"].as_str().expect("a salt")).expect("hex");
    let hash = sha2::Sha256::new()
        .chain_update(b"sakimori-commitment-v1\0")
        .chain_update(salt)
        .chain_update(line["statement"].as_str().expect("a statement"));
    hex::encode(hash.finalize())
}

#[test]
fn an_erasure_that_a_crash_interrupts_is_carried_out_by_the_next_run() {
    for point in ["Staged", "Log(Decided)", "Appended", "Sequenced"] {
        let node = Node::new();
        let id = decided(&node, &format!("{NAME}.pkl"), BAD_PICKLE);
        let mut crashed = node.command();
        crashed.env("SAKIMORI_CRASH_AT", point).args(["erase", &id, "--note", "x", "--yes"]);
        assert_eq!(Run::of(crashed.output().expect("started")).status, None, "{point} was not reached");
        // It is decided: already now nothing of it is handed out.
        let run = node.run(&["prove", &id]);
        assert!(run.status == Some(2) && run.err.contains("SKM-E-0072"), "{point}: {}", run.err);
        decided(&node, "next.bin", GOOD_SAFETENSORS);
        assert_eq!(files_with(&node.home(), NAME), Vec::<String>::new(), "{point}");
        node.is_sound();
    }
}

#[test]
fn an_erasure_behind_the_programs_back_is_found_out() {
    let node = Node::new();
    let id = decided(&node, "a.pkl", BAD_PICKLE);
    let second = decided(&node, "b.pkl", GOOD_SAFETENSORS);
    let erasure = erased(&node, &second)["record"].as_str().expect("an id").to_owned();
    node.is_sound();
    let state = node.home().join("state.db");
    let edit = |sql: &str| {
        let db = rusqlite::Connection::open(&state).expect("opened");
        db.execute_batch(sql).expect("edited");
    };
    let backup = fs::read(&state).expect("read");
    for (sql, table) in [
        // As if it had been erased, under the record of another erasure.
        (
            format!(
                "UPDATE records SET statement = x'', salt = zeroblob(32) WHERE id = '{id}';
                 DELETE FROM findings; DELETE FROM decisions; DELETE FROM tallies; DELETE FROM code_tallies;
                 INSERT INTO erasures VALUES ('{id}', '{erasure}', 1);"
            ),
            "erasures",
        ),
        // Not carried out, but noted as done.
        (format!("UPDATE records SET statement = x'78' WHERE id = '{second}'"), "erasures"),
        // The row of an erasure is gone.
        (format!("DELETE FROM erasures WHERE of_record = '{second}'"), "erasures"),
        // A row is left of what was erased.
        (format!("INSERT INTO judgements VALUES ('{second}', '{second}', 'allow', 1)"), "judgements"),
    ] {
        edit(&sql);
        let run = node.run(&["audit", "--format", "json"]);
        assert_eq!(run.status, Some(1), "{sql}: {}{}", run.out, run.err);
        let mismatches = run.json()["mismatches"].clone();
        let named = mismatches.as_array().expect("a list").iter().any(|fault| fault["table"] == table);
        assert!(named, "{sql}: {mismatches}");
        for beside in ["state.db-wal", "state.db-shm"] {
            let _ = fs::remove_file(node.home().join(beside));
        }
        fs::write(&state, &backup).expect("put back");
    }
    node.is_sound();
}

#[test]
fn what_can_not_be_erased_is_refused_and_what_is_not_confirmed_is_kept() {
    let node = Node::new();
    let weights = node.write("llm/model.safetensors", GOOD_SAFETENSORS);
    let run = node.run(&["vet", "--format", "jsonl", "--quiet", &weights.display().to_string()]);
    let model = run.lines()[0]["record"].as_str().expect("a record").to_owned();
    let id = decided(&node, "a.pkl", BAD_PICKLE);
    let again = decided(&node, "b.pkl", BAD_PICKLE);
    let trials: [(&[&str], &str); 5] = [
        (&["erase", &id, "--note", "x"], "SKM-E-0074"),
        (&["erase", &id, "--note", " ", "--yes"], "SKM-E-0075"),
        (&["erase", &model, "--note", "x", "--yes"], "SKM-E-0073"),
        (&["erase", "00000000", "--note", "x", "--yes"], "SKM-E-0009"),
        // None of two, if one can't be.
        (&["erase", &id, &model, "--note", "x", "--yes"], "SKM-E-0073"),
    ];
    for (arguments, code) in trials {
        let run = node.run(arguments);
        assert!(run.status == Some(2) && run.err.contains(code), "{arguments:?}: {}", run.err);
    }
    assert_eq!(node.run(&["explain", &id]).status, Some(0));
    // Of the same bytes all or one.
    let run = node.run(&["erase", &id, "--same-bytes", "--note", "x", "--yes"]);
    assert_eq!((run.status, run.out.lines().count()), (Some(0), 2), "{}", run.err);
    assert!(run.out.contains(&id) && run.out.contains(&again));
    node.is_sound();
}

#[test]
fn a_backup_has_no_key_of_what_is_kept_and_restores_what_is_erased_as_erased() {
    let node = Node::new();
    let id = decided(&node, "a.pkl", BAD_PICKLE);
    erased(&node, &id);
    let copy = node.path("backup");
    let run = node.run(&["backup", &copy.display().to_string()]);
    assert_eq!(run.status, Some(0), "{}", run.err);
    let restored = node.path("restored");
    let run = node.run(&["--home", &restored.display().to_string(), "restore", &copy.display().to_string()]);
    assert_eq!(run.status, Some(0), "{}", run.err);
    let run = node.run(&["--home", &restored.display().to_string(), "audit"]);
    assert_eq!(run.status, Some(0), "{}", run.out);
}

#[test]
fn over_http_it_is_for_administrators_and_the_bytes_lie_encrypted_until_then() {
    let node = Node::new();
    let service = Service::start(&node, "");
    let cookie = service.first("admin", "a long enough passphrase");
    let body = format!("Subject: hello\n\n{NAME} writes to you. http://192.0.2.7/login verify your account now\n");
    let sent = common::service::send(
        &service.address,
        "POST",
        &format!("/api/v1/observations?name={NAME}.eml"),
        &[("cookie", &cookie), ("sec-fetch-site", "same-origin")],
        Some(("application/octet-stream", body)),
    );
    assert_eq!(sent.status, 201, "{}", sent.text());
    let id = sent.json()["id"].as_str().expect("an id").to_owned();
    let content = node.home().join("content");
    assert!(content.is_dir() && files_with(&content, NAME).is_empty(), "kept, and encrypted");
    let one = service.browse(&cookie, "GET", &format!("/api/v1/decisions/{id}"), None);
    assert_eq!((one.status, &one.json()["content"]), (200, &json!(true)));
    let path = format!("/api/v1/decisions/{id}/erasure");
    let refused = service.browse(&cookie, "POST", &path, Some(&json!({"note": " "})));
    assert_eq!(refused.code(), "SKM-E-0108", "{}", refused.text());
    let done = service.browse(&cookie, "POST", &path, Some(&json!({"note": "request 114"})));
    assert_eq!(done.status, 201, "{}", done.text());
    for path in ["decisions/{}", "decisions/{}/content?finding=0", "records/{}", "records/{}/proof"] {
        let gone = service.browse(&cookie, "GET", &format!("/api/v1/{}", path.replace("{}", &id)), None);
        assert_eq!((gone.status, gone.code().as_str()), (410, "SKM-E-0130"), "{path}");
    }
    let again = service.browse(&cookie, "POST", &path, Some(&json!({"note": "x"})));
    assert_eq!(again.status, 410);
    let list = service.browse(&cookie, "GET", "/api/v1/decisions", None).json();
    assert_eq!(list["items"], json!([]));
    service.end();
    assert_eq!(files_with(&node.home(), NAME), Vec::<String>::new());
    node.is_sound();
}
