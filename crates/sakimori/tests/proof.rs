//! Receipts, evidence bundles, audits: what a stranger can verify, and what an administrator can't hide.

mod common;

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;

use common::{BAD_PICKLE, GOOD_SAFETENSORS, Node, Run, oracle};

/// A node with a few records, and the id of the first.
fn node_with_records() -> (Node, String) {
    let node = Node::new();
    node.write("a", BAD_PICKLE);
    node.write("b", GOOD_SAFETENSORS);
    let found = node.check(&node.path(""));
    let id = found[0]["record"].as_str().expect("an id").to_owned();
    (node, id)
}

fn prove(node: &Node, id: &str) -> String {
    let out = node.path("bundle.json").display().to_string();
    let run = node.run(&["prove", id, "--out", &out]);
    assert_eq!(run.status, Some(0), "{}", run.err);
    out
}

#[test]
fn a_bundle_verifies_offline_and_by_itself() {
    let (node, id) = node_with_records();
    let bundle = prove(&node, &id);
    let key = node.key().display().to_string();
    fs::remove_dir_all(node.home()).expect("the stranger has no access to the node");
    let run = node.run(&["verify", &bundle, "--key", &key, "--format", "json"]);
    assert_eq!(run.status, Some(0), "{}", run.err);
    let verified = run.json();
    assert_eq!(verified["statement"]["_type"], "https://in-toto.io/Statement/v1");
    assert_eq!(verified["statement"]["predicate"]["decision"]["effect"], "block");
    assert_eq!(verified["statement"]["predicate"]["record"], id.as_str());
    assert!(!node.home().exists(), "verify makes no node");
}

#[test]
fn a_changed_bundle_or_another_key_does_not_verify() {
    let (node, id) = node_with_records();
    let bundle = prove(&node, &id);
    let key = node.key().display().to_string();
    let text = fs::read_to_string(&bundle).expect("readable");
    let forged = node.write("forged.json", text.replace("block", "allow").as_bytes()).display().to_string();
    assert_eq!(node.run(&["verify", &forged, "--key", &key]).status, Some(1));
    let other = Node::new();
    let other_key = other.key().display().to_string();
    let run = node.run(&["verify", &bundle, "--key", &other_key]);
    assert_eq!(run.status, Some(1), "{}", run.out);
    assert!(run.out.contains("does not hold"));
}

#[test]
fn the_beginning_of_an_id_is_enough() {
    let (node, id) = node_with_records();
    assert_eq!(node.run(&["prove", &id[..35]]).status, Some(0));
    let ambiguous = node.run(&["prove", &id[..4]]);
    assert_eq!(ambiguous.status, Some(2));
    assert!(ambiguous.err.contains("SKM-E-0009"));
}

#[test]
fn names_and_digests_of_what_was_examined_are_not_in_the_log() {
    let (node, _) = node_with_records();
    let all = files_below(&node.home().join("log"));
    let held: Vec<u8> = all.iter().flat_map(|path| fs::read(path).expect("readable")).collect();
    let text = String::from_utf8_lossy(&held);
    assert!(!text.contains("block") && !text.contains("os.system"));
    assert!(text.contains("sakimori/v1 "));
}

#[test]
fn a_flipped_bit_in_any_file_of_the_log_is_named() {
    let (node, _) = node_with_records();
    let log = node.home().join("log");
    // The lock is empty, and drafts and spare files are nobody's.
    let is_part = |path: &Path| !path.ends_with("lock") && !path.starts_with(log.join("pending"));
    for path in files_below(&log).into_iter().filter(|path| is_part(path)) {
        let before = fs::read(&path).expect("readable");
        let mut after = before.clone();
        let middle = after.len() / 2;
        after[middle] ^= 1;
        fs::write(&path, &after).expect("written");
        let run = node.run(&["log", "verify"]);
        assert_eq!(run.status, Some(1), "{} {}{}", path.display(), run.out, run.err);
        let name = path.strip_prefix(&log).expect("below").display().to_string();
        assert!(run.out.contains(&name), "{name} is not named: {}", run.out);
        fs::write(&path, &before).expect("written");
    }
    node.is_sound();
}

#[test]
fn a_damaged_log_refuses_to_go_on() {
    let (node, _) = node_with_records();
    let tile = node.home().join("log/tile/0/000.p/2");
    let before = fs::read(&tile).expect("readable");
    fs::write(&tile, b"nonsense").expect("written");
    let run = node.run(&["check", &node.path("a").display().to_string()]);
    assert_eq!(run.status, Some(2));
    assert!(run.err.contains("SKM-E-0007") && run.err.contains("000.p/2"), "{}", run.err);
    fs::write(&tile, before).expect("written");
    node.is_sound();
}

#[test]
fn a_log_that_was_put_back_is_found_out_and_not_continued() {
    let (node, _) = node_with_records();
    let copy = node.path("copy");
    let copied = std::process::Command::new("cp").arg("-a").arg(node.home().join("log")).arg(&copy).status();
    assert!(copied.expect("cp").success());
    let a = node.path("a");
    node.check(&a);
    fs::remove_dir_all(node.home().join("log")).expect("removed");
    fs::rename(&copy, node.home().join("log")).expect("put back");
    let run = node.run(&["check", &a.display().to_string()]);
    assert_eq!(run.status, Some(2));
    assert!(run.err.contains("SKM-E-0014"), "{}", run.err);
}

#[test]
fn a_state_that_was_removed_or_put_back_is_found_out_and_not_continued() {
    let (node, _) = node_with_records();
    let a = node.path("a");
    let state = node.home().join("state.db");
    let copy = fs::read(&state).expect("readable");
    node.check(&a);
    for old in [Some(&copy), None] {
        for name in ["state.db", "state.db-wal", "state.db-shm"] {
            let _ = fs::remove_file(node.home().join(name));
        }
        if let Some(old) = old {
            fs::write(&state, old).expect("put back");
        }
        let run = node.run(&["check", &a.display().to_string()]);
        assert_eq!(run.status, Some(2), "{}", run.out);
        assert!(run.err.contains("SKM-E-0022"), "{}", run.err);
        assert_eq!(node.run(&["audit"]).status, Some(1), "the audit still names what is missing");
    }
}

#[test]
fn commands_that_only_read_do_not_make_a_node() {
    let node = Node::new();
    for arguments in [&["audit"][..], &["log", "verify"], &["log", "checkpoint"], &["prove", "x"], &["policy", "test"]]
    {
        let run = node.run(arguments);
        assert_eq!(run.status, Some(2), "{arguments:?}");
        assert!(run.err.contains("SKM-E-0023"), "{arguments:?}: {}", run.err);
    }
    assert!(!node.home().exists());
}

#[test]
fn a_copy_of_the_log_is_verified_with_the_public_key_alone() {
    let (node, _) = node_with_records();
    let key = node.key().display().to_string();
    fs::remove_file(node.home().join("key")).expect("removed");
    let run = node.run(&["log", "verify", "--key", &key]);
    assert_eq!(run.status, Some(0), "{}{}", run.out, run.err);
    let other = Node::new();
    let other_key = other.key().display().to_string();
    assert_eq!(node.run(&["log", "verify", "--key", &other_key]).status, Some(1));
}

#[test]
fn a_key_of_another_log_is_named_as_such() {
    let (node, _) = node_with_records();
    let other = Node::new();
    other.key();
    fs::copy(other.home().join("key"), node.home().join("key")).expect("copied");
    let run = node.run(&["check", &node.path("a").display().to_string()]);
    assert_eq!(run.status, Some(2));
    assert!(run.err.contains("SKM-E-0015"), "{}", run.err);
}

#[test]
fn a_missing_key_is_never_replaced() {
    let (node, _) = node_with_records();
    fs::remove_file(node.home().join("key")).expect("removed");
    let run = node.run(&["check", &node.path("a").display().to_string()]);
    assert_eq!(run.status, Some(2));
    assert!(run.err.contains("SKM-E-0015"), "{}", run.err);
}

#[test]
fn every_edit_behind_the_programs_back_shows() {
    for (sql, expected) in [
        ("UPDATE decisions SET effect = 'allow' WHERE effect = 'block'", "decisions"),
        ("UPDATE decisions SET path = 'elsewhere'", "decisions"),
        ("DELETE FROM decisions WHERE effect = 'block'", "decisions"),
        ("UPDATE records SET statement = CAST(replace(CAST(statement AS TEXT), 'block', 'allow') AS BLOB)", "records"),
        ("UPDATE records SET salt = randomblob(32)", "records"),
        ("UPDATE records SET log_index = log_index + 10", "records"),
        ("DELETE FROM decisions; DELETE FROM records", "log"),
        (
            "INSERT INTO decisions SELECT 'x', path, sha256, size, kind, examined, effect, score, observed, waiting, top \
             FROM decisions LIMIT 1",
            "decisions",
        ),
        ("UPDATE decisions SET waiting = 1 - waiting", "decisions"),
        ("UPDATE findings SET points = points + 1", "findings"),
        ("DELETE FROM findings", "findings"),
        ("UPDATE tallies SET count = count + 1", "tallies"),
        ("DELETE FROM code_tallies", "code_tallies"),
    ] {
        let (node, _) = node_with_records();
        let db = rusqlite::Connection::open(node.home().join("state.db")).expect("opened");
        db.execute_batch(&format!("PRAGMA foreign_keys = off; {sql}")).expect("edited");
        drop(db);
        let run = node.run(&["audit", "--format", "json"]);
        assert_eq!(run.status, Some(1), "{sql}: {}{}", run.out, run.err);
        let tables: Vec<String> =
            run.json()["mismatches"].as_array().expect("a list").iter().map(|m| m["table"].to_string()).collect();
        assert!(tables.iter().any(|table| table.contains(expected)), "{sql}: {tables:?}");
    }
}

#[test]
fn a_policy_can_be_tried_on_what_was_recorded() {
    let (node, _) = node_with_records();
    let unchanged = node.run(&["policy", "test", "--format", "json"]).json();
    assert_eq!((unchanged["changes"].as_array().map(Vec::len), &unchanged["count"]), (Some(0), &2.into()));
    let mild =
        "id = 'mild'\n[[rule]]\nid = 'r'\neffect = 'review'\nseverity = 'critical'\ntext = { ja = 'x', en = 'x' }\n";
    let mild = node.write("mild.toml", mild.as_bytes()).display().to_string();
    let run = node.run(&["policy", "test", "--policy", &mild, "--format", "jsonl"]);
    let changes = run.lines();
    assert_eq!(changes.len(), 1);
    assert_eq!((&changes[0]["from"], &changes[0]["to"]), (&"block".into(), &"review".into()));
    node.is_sound();
}

#[test]
fn a_share_is_recorded_marked_and_redacted() {
    let (node, id) = node_with_records();
    let out = node.path("share.json");
    let run = node.run(&["share", "export", &id, "--tlp", "green", "--out", &out.display().to_string()]);
    assert_eq!(run.status, Some(0), "{}", run.err);
    let text = fs::read_to_string(&out).expect("delivered");
    let bundle: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert!(!text.contains(&node.path("a").display().to_string()), "the path stays here");
    for object in bundle["objects"].as_array().expect("objects") {
        let is_marking = object["type"] == "marking-definition";
        let marked = object["object_marking_refs"][0] == "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb";
        assert!(is_marking || marked, "{object}");
    }
    assert!(bundle["objects"].as_array().expect("objects").iter().any(|o| o["type"] == "indicator"));
    let db = rusqlite::Connection::open(node.home().join("state.db")).expect("opened");
    let shares: i64 =
        db.query_row("SELECT count(*) FROM shares WHERE of_record = ?1", [&id], |r| r.get(0)).expect("counted");
    assert_eq!(shares, 1);
    node.is_sound();
    let red = node.run(&["share", "export", &id, "--tlp", "red"]);
    assert_eq!((red.status, red.out.is_empty()), (Some(2), true));
    assert!(red.err.contains("SKM-E-0013"));
}

#[test]
fn an_auditor_who_may_only_read_audits() {
    let node = Node::new();
    node.check(&node.write("bad", BAD_PICKLE));
    let (key, public) = (node.key(), node.run(&["log", "key", "--public"]).out);
    let above = node.home().parent().expect("a folder").to_owned();
    let is_root = fs::metadata("/proc/self").expect("Linux").uid() == 0;
    let readable = |mode: &str| {
        let set = std::process::Command::new("chmod").arg("-R").arg(mode).arg(&above).status();
        assert!(set.expect("chmod").success());
        fs::set_permissions(node.home().join("key"), fs::Permissions::from_mode(0o600)).expect("set");
    };
    readable("a+rX,a-w");
    // Somebody else, who can't read the private key; or where the test can't be somebody else, its owner in a read-only folder.
    let auditor = |arguments: &[&str]| {
        let mut command = node.command();
        if is_root {
            command.uid(65_534).gid(65_534);
        }
        command.args(arguments).output().map(Run::of)
    };
    let files = || {
        let listed = std::process::Command::new("find").arg(node.home()).args(["-printf", "%p %s %T@\n"]).output();
        let mut listed: Vec<String> = Run::of(listed.expect("find")).out.lines().map(str::to_owned).collect();
        listed.sort();
        listed
    };
    let before = files();
    match auditor(&["log", "key", "--public"]) {
        Ok(run) => assert_eq!((run.status, run.out), (Some(0), public), "{}", run.err),
        Err(error) => return println!("skipped: nobody may not run the program ({error})"),
    }
    let key = key.display().to_string();
    for arguments in [&["audit"][..], &["audit", "--key", &key], &["log", "verify"]] {
        let run = auditor(arguments).expect("ran");
        assert_eq!(run.status, Some(0), "{arguments:?}: {}{}", run.out, run.err);
    }
    assert_eq!(files(), before, "nothing is written");
    readable("u+w");
    let db = rusqlite::Connection::open(node.home().join("state.db")).expect("opened");
    db.execute("UPDATE decisions SET score = 7", []).expect("edited");
    drop(db);
    readable("a-w");
    let run = auditor(&["--lang", "ja", "audit"]).expect("ran");
    assert!(run.status == Some(1) && run.out.contains("行の内容が、記録と違います"), "{}{}", run.out, run.err);
    readable("u+w");
}

#[test]
fn a_share_that_can_not_be_written_is_not_recorded() {
    let node = Node::new();
    let bad = node.write("bad", BAD_PICKLE);
    let id = node.check(&bad)[0]["record"].as_str().expect("an id").to_owned();
    let shares = || {
        let db = rusqlite::Connection::open(node.home().join("state.db")).expect("opened");
        db.query_row("SELECT count(*) FROM records WHERE kind = 'share'", [], |row| row.get::<_, i64>(0))
            .expect("counted")
    };
    let later = node.path("later/share.json").display().to_string();
    for out in [&later, &node.path("").display().to_string()] {
        let run = node.run(&["share", "export", &id, "--out", out]);
        assert!(run.status == Some(2) && run.err.contains("SKM-E-0188") && run.err.contains("output"), "{}", run.err);
    }
    fs::create_dir(node.path("later")).expect("made");
    node.check(&bad);
    assert!(shares() == 0 && !node.path("later/share.json").exists(), "it does not leave later either");
    assert_eq!(node.run(&["share", "export", &id, "--out", &later]).status, Some(0));
    assert!(shares() == 1 && node.path("later/share.json").exists());
    node.is_sound();
}

#[test]
fn the_oasis_validator_accepts_a_share() {
    let Some(python) = oracle() else { return };
    let (node, id) = node_with_records();
    for record in [id, node.check(&node.path("b"))[0]["record"].as_str().expect("an id").to_owned()] {
        for tlp in ["clear", "green", "amber", "amber+strict"] {
            let out = node.path("share.json");
            let run = node.run(&["share", "export", &record, "--tlp", tlp, "--out", &out.display().to_string()]);
            assert_eq!(run.status, Some(0), "{}", run.err);
            let validator = python.with_file_name("stix2_validator");
            let ran = std::process::Command::new(validator)
                .args(["--version", "2.1"])
                .arg(&out)
                .output()
                .expect("the validator");
            assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stdout));
        }
    }
}

#[test]
fn a_stretch_of_the_log_is_complete_or_refused() {
    let (node, _) = node_with_records();
    for _ in 0..5 {
        node.check(&node.path("b"));
    }
    let (key, out) = (node.key().display().to_string(), node.path("range.jsonl").display().to_string());
    let verify = |file: &str| node.run(&["--lang", "en", "verify", file, "--key", &key]);
    let run = node.run(&["--lang", "en", "log", "export", "--from", "2", "--out", &out]);
    assert_eq!(run.status, Some(0), "{}", run.err);
    assert!(run.out.contains("Wrote 5 records from place 2"), "{}", run.out);
    let holds = verify(&out);
    assert!(holds.status == Some(0) && holds.out.contains("All 5 records"), "{} {}", holds.out, holds.err);
    assert!(holds.out.contains("decision: 5"), "{}", holds.out);

    // As a stranger would bend it.
    let text = fs::read_to_string(&out).expect("a range");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 6);
    let without_one = [&lines[..3], &lines[4..]].concat().join("\n");
    let twice = [&lines[..3], &lines[2..]].concat().join("\n");
    let changed = text.replacen("allow", "block", 1);
    let cut = lines[..5].join("\n");
    for (name, bent) in [("without", without_one), ("twice", twice), ("changed", changed), ("cut", cut)] {
        let path = node.write(name, bent.as_bytes()).display().to_string();
        let run = verify(&path);
        assert!(run.status == Some(1) && run.out.contains("does not hold"), "{name}: {} {}", run.out, run.err);
    }

    // What was asked for and can't be checked is no success.
    assert_eq!(node.run(&["verify", &out, "--key", &key, "--receipt", &out]).status, Some(2));

    // By time; over standard output and input.
    let all = node.run(&["log", "export", "--since", "2020-01-01"]);
    assert_eq!(all.out.lines().count(), 8, "{}", all.err);
    assert_eq!(node.run(&["log", "export", "--until", "2020-01-01"]).status, Some(2));
    let wrong = node.run(&["--lang", "en", "log", "export", "--since", "autumn"]);
    assert!(wrong.status == Some(2) && wrong.err.contains("SKM-E-0186"), "{}", wrong.err);
    assert_eq!(node.run(&["log", "export", "--from", "7"]).status, Some(2));

    // A record that is gone from the tables is named, also where the stretch ends with it.
    let db = rusqlite::Connection::open(node.home().join("state.db")).expect("opened");
    db.execute_batch("PRAGMA foreign_keys = OFF; DELETE FROM records WHERE log_index = 4").expect("deleted");
    for to in ["5", "6", "7"] {
        let run = node.run(&["log", "export", "--to", to]);
        assert!(run.status == Some(2) && run.err.contains("no record for entry 4"), "{to}: {} {}", run.out, run.err);
    }
}

#[test]
fn a_cose_receipt_is_for_the_record_of_the_bundle() {
    let (node, id) = node_with_records();
    let (bundle, key) = (prove(&node, &id), node.key().display().to_string());
    let receipt = node.path("receipt.cbor").display().to_string();
    let run = node.run(&["prove", &id, "--format", "cose", "--out", &receipt]);
    assert_eq!(run.status, Some(0), "{}", run.err);
    assert_eq!(node.run(&["verify", &bundle, "--key", &key, "--receipt", &receipt]).status, Some(0));

    let other = node.check(&node.path("b"))[0]["record"].as_str().expect("an id").to_owned();
    let others = node.path("other.cbor").display().to_string();
    assert_eq!(node.run(&["prove", &other, "--format", "cose", "--out", &others]).status, Some(0));
    let run = node.run(&["--lang", "en", "verify", &bundle, "--key", &key, "--receipt", &others]);
    assert!(run.status == Some(1) && run.out.contains("does not show"), "{} {}", run.out, run.err);

    let Some(python) = oracle() else { return };
    let evidence: serde_json::Value = serde_json::from_slice(&fs::read(&bundle).expect("a bundle")).expect("JSON");
    let evidence = sakimori_proof::Bundle::parse(evidence.to_string().as_bytes()).expect("a bundle");
    let commitment = sakimori_proof::commitment(&evidence.salt, evidence.statement.as_bytes());
    let entry = String::from_utf8(sakimori_proof::entry_of(&commitment)).expect("text");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/oracles/cose.py");
    let key = fs::read_to_string(&key).expect("a key");
    let judge = |file: &str, entry: &str| {
        let mut command = std::process::Command::new(&python);
        command.args([script, file, entry, key.trim()]).output().expect("python")
    };
    let holds = judge(&receipt, &entry);
    assert!(holds.status.success(), "{}", String::from_utf8_lossy(&holds.stderr));
    assert!(!judge(&others, &entry).status.success(), "a receipt for another entry");
}

fn files_below(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("readable").path();
        if path.is_dir() { found.extend(files_below(&path)) } else { found.push(path) }
    }
    found
}
