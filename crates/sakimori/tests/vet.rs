//! `sakimori vet` and `sakimori model`: models vetted as one, and the register.

mod common;

use std::fs;

use common::{BAD_PICKLE, GOOD_SAFETENSORS, Node, Run};
use sakimori_model::Timestamp;
use sakimori_node::observe::now;
use serde_json::Value;

/// A node with a small model in a folder.
fn with_model() -> (Node, String) {
    let node = Node::new();
    node.write("llm/model.safetensors", GOOD_SAFETENSORS);
    node.write("llm/config.json", br#"{"architectures":["LlamaForCausalLM"],"model_type":"llama","vocab_size":8}"#);
    node.write("llm/README.md", b"---\nlicense: apache-2.0\n---\n# A small model\n\nIt says little.\n");
    let folder = node.path("llm").display().to_string();
    (node, folder)
}

fn vetted(node: &Node, arguments: &[&str]) -> (Option<i32>, Value) {
    let mut all = vec!["vet", "--format", "jsonl"];
    all.extend(arguments);
    let run = node.run(&all);
    let line = run.lines().pop().unwrap_or_else(|| panic!("nothing was printed: {}", run.err));
    (run.status, line)
}

fn listed(node: &Node) -> Vec<(String, String)> {
    let run = node.run(&["model", "list", "--format", "jsonl"]);
    assert_eq!(run.status, Some(0), "{}", run.err);
    let pair = |model: &Value| (model["name"].to_string(), model["standing"].as_str().unwrap_or_default().to_owned());
    run.lines().iter().map(pair).collect()
}

#[test]
fn a_folder_is_one_model_with_a_bill_and_an_admission() {
    let (node, folder) = with_model();
    let bom = node.path("bom.json").display().to_string();
    let arguments =
        [&folder, "--owner", "the team", "--role", "user", "--risk", "users=staff", "--bom", &bom, "--until", "30"];
    let (status, line) = vetted(&node, &arguments);
    assert_eq!(status, Some(0), "{line}");
    assert_eq!(
        (&line["decision"], &line["examined"], &line["kind"]),
        (&"allow".into(), &true.into(), &"repository".into())
    );
    assert_eq!(line["model"]["files"].as_array().map(Vec::len), Some(3));
    assert_eq!(line["admission"]["state"], "admitted");
    assert_eq!(line["admission"]["entry"]["risk"]["users"], "staff");
    let bill = fs::read(&bom).expect("written");
    assert_eq!(line["model"]["bom"], sha256(&bill), "the record names the bill");
    let bill: Value = serde_json::from_slice(&bill).expect("JSON");
    assert_eq!(bill["metadata"]["component"]["hashes"][0]["content"], line["sha256"]);

    let record = line["admission"]["record"].as_str().expect("an id");
    let proof = node.path("proof.json").display().to_string();
    assert_eq!(node.run(&["prove", record, "--out", &proof]).status, Some(0));
    let verified = node.run(&["verify", &proof, "--key", &node.key().display().to_string()]);
    assert_eq!(verified.status, Some(0), "{}{}", verified.out, verified.err);
    assert!(verified.out.contains("admitted"), "{}", verified.out);
    node.is_sound();
}

#[test]
fn a_dangerous_file_refuses_the_whole_model_and_names_itself() {
    let (node, folder) = with_model();
    node.write("llm/optimizer.bin", BAD_PICKLE);
    let (status, line) = vetted(&node, &[&folder]);
    assert_eq!((status, &line["admission"]["state"]), (Some(1), &"refused".into()));
    let found = line["findings"].as_array().expect("findings");
    assert!(found.iter().any(|f| f["where"]["member"] == "optimizer.bin" && f["severity"] == "critical"), "{line}");
    let text = node.run(&["vet", &folder, "--fail-on", "never"]);
    assert_eq!(text.status, Some(0), "the exit status is the user's choice");
    assert!(text.out.contains("optimizer.bin") && text.out.contains("refused"), "{}", text.out);
}

#[test]
fn a_person_has_the_last_word_and_a_program_does_not_undo_it() {
    let (node, folder) = with_model();
    assert_eq!(vetted(&node, &[&folder]).0, Some(0));
    let revoked = node.run(&["model", "revoke", &folder, "--note", "it leaks"]);
    assert_eq!(revoked.status, Some(0), "{}", revoked.err);
    let (status, line) = vetted(&node, &[&folder]);
    assert_eq!((status, &line["admission"]["state"], &line["decision"]), (Some(1), &"revoked".into(), &"allow".into()));
    assert_eq!(line["admission"]["note"], "it leaks");
    assert_eq!(listed(&node), [("\"llm\"".to_owned(), "revoked".to_owned())]);

    let again = node.run(&["model", "revoke", &folder]);
    assert_eq!(again.status, Some(2), "only what is admitted is revoked");
    assert!(again.err.contains("SKM-E-0061"), "{}", again.err);
    assert_eq!(node.run(&["model", "admit", "llm", "--note", "mended", "--until", "5"]).status, Some(0));
    let shown = node.run(&["model", "show", "llm", "--format", "json"]).json();
    assert_eq!((&shown["standing"], &shown["admission"]["basis"]), (&"admitted".into(), &"person".into()));
    assert_eq!(shown["history"].as_array().map(Vec::len), Some(4));
    node.is_sound();
}

#[test]
fn what_was_blocked_or_revoked_is_admitted_with_a_note_only() {
    let node = Node::new();
    let bad = node.write("bad.pkl", BAD_PICKLE).display().to_string();
    assert_eq!(vetted(&node, &[&bad]).0, Some(1));
    for note in [&[][..], &["--note", " "]] {
        let run = node.run(&[&["model", "admit", &bad], note].concat());
        assert!(run.status == Some(2) && run.err.contains("SKM-E-0064") && run.err.contains("--note"), "{}", run.err);
    }
    let run = node.run(&["model", "admit", &bad, "--note", "for the laboratory"]);
    assert!(run.status == Some(0) && run.err.contains("warning: It was vetted as block"), "{}", run.err);
    assert_eq!(listed(&node)[0].1, "admitted");
    let good = node.write("good", GOOD_SAFETENSORS).display().to_string();
    assert_eq!(vetted(&node, &[&good]).0, Some(0));
    assert_eq!(node.run(&["model", "admit", &good]).status, Some(0), "nothing speaks against it");
    assert_eq!(node.run(&["model", "revoke", &good]).status, Some(0));
    assert!(node.run(&["model", "admit", &good]).err.contains("SKM-E-0064"));
}

#[test]
fn a_model_is_found_from_another_folder() {
    let node = Node::new();
    node.write("here/llm/weights.safetensors", GOOD_SAFETENSORS);
    let in_folder = |folder: &str, arguments: &[&str]| {
        fs::create_dir_all(node.path(folder)).expect("made");
        let run = node.command().current_dir(node.path(folder)).args(arguments).output();
        Run::of(run.expect("ran"))
    };
    assert_eq!(in_folder("here", &["vet", "llm"]).status, Some(0));
    for (folder, name) in [("elsewhere", "../here/llm"), ("here", "./llm/"), ("elsewhere", "llm"), ("here/llm", ".")] {
        let shown = in_folder(folder, &["model", "show", name, "--format", "json"]);
        assert_eq!((shown.status, &shown.json()["path"]), (Some(0), &"llm".into()), "{folder} {name}: {}", shown.err);
    }
    let again = in_folder("elsewhere", &["model", "revet", "--all"]);
    assert_eq!(again.status, Some(0), "{}", again.err);
    // Another one of that name in another folder is another one.
    node.write("elsewhere/llm/weights.safetensors", BAD_PICKLE);
    assert_eq!(in_folder("elsewhere", &["vet", "llm"]).status, Some(1));
    let of = |folder: &str| in_folder(folder, &["model", "show", "llm", "--format", "json"]).json()["standing"].clone();
    assert_eq!([of("here"), of("elsewhere")], ["admitted", "refused"]);
    node.is_sound();
}

#[test]
fn what_has_ended_is_listed_as_expired() {
    let (node, folder) = with_model();
    assert_eq!(vetted(&node, &[&folder]).0, Some(0));
    let count = |state: &str| node.run(&["model", "list", "--format", "jsonl", "--state", state]).lines().len();
    assert_eq!([count("admitted"), count("expired"), count("waiting")], [1, 0, 0]);
    let soon = Timestamp::from_micros(now().as_micros() + 1_500_000).expect("a time").to_string();
    assert_eq!(node.run(&["model", "admit", &folder, "--until", &soon]).status, Some(0));
    std::thread::sleep(std::time::Duration::from_secs(2));
    assert_eq!([count("admitted"), count("expired"), count("waiting")], [0, 1, 0]);
}

#[test]
fn what_waits_is_admitted_by_a_person_until_something_new_is_found() {
    let (node, folder) = with_model();
    node.write("llm/notes.bin", &[0x8f; 300]);
    let (status, line) = vetted(&node, &[&folder]);
    assert_eq!((status, &line["admission"]["state"]), (Some(1), &"waiting".into()), "{line}");
    let run = node.run(&["vet", &folder, "--fail-on", "refused"]);
    assert_eq!(run.status, Some(0), "waiting passes where the user wants it");
    let record = line["admission"]["record"].as_str().expect("an id").to_owned();
    assert_eq!(node.run(&["model", "admit", line["sha256"].as_str().expect("a digest")]).status, Some(0));
    assert_ne!(record, node.run(&["model", "show", "llm", "--format", "json"]).json()["admission"]["record"]);
    let (status, line) = vetted(&node, &[&folder]);
    assert_eq!((status, &line["admission"]["state"]), (Some(0), &"admitted".into()), "nothing new was found");
    assert_eq!(line["admission"]["basis"], "person");

    let strict = node.write("strict.toml", STRICT.as_bytes()).display().to_string();
    let (status, line) = vetted(&node, &[&folder, "--policy", &strict]);
    assert_eq!((status, &line["admission"]["state"]), (Some(1), &"refused".into()), "another rule speaks now");
    node.is_sound();
}

const STRICT: &str = "id = 'strict'\n[admission]\nby = 'person'\ndays = 10\n\
    [[rule]]\nid = 'signed'\neffect = 'block'\ncodes = ['SKM-PRV-0001']\ntext = { ja = '署名が必要', en = 'signatures are needed' }\n";

#[test]
fn the_policy_says_who_admits_and_can_demand_signatures() {
    let (node, folder) = with_model();
    let by_person = "id = 'ours'\n[admission]\nby = 'person'\ndays = 10\n[[rule]]\nid = 'a'\neffect = 'block'\nseverity = 'critical'\ntext = { ja = 'x', en = 'x' }\n";
    let by_person = node.write("ours.toml", by_person.as_bytes()).display().to_string();
    assert_eq!(vetted(&node, &[&folder, "--policy", &by_person]).1["admission"]["state"], "waiting");
    let strict = node.write("strict.toml", STRICT.as_bytes()).display().to_string();
    let (status, line) = vetted(&node, &[&folder, "--policy", &strict]);
    assert_eq!((status, &line["reasons"][0]["rule"]), (Some(1), &"signed".into()));
    let wrong = node.write("wrong.toml", b"id = 'w'\n[admission]\nby = 'policy'\ndays = 0\n[[rule]]\nid='a'\neffect='block'\nseverity='high'\ntext={ja='x',en='x'}\n");
    assert_eq!(node.run(&["vet", &folder, "--policy", &wrong.display().to_string()]).status, Some(2));
}

#[test]
fn a_signature_holds_for_what_was_signed_and_is_no_part_of_the_digest() {
    let (node, folder) = with_model();
    let before = vetted(&node, &[&folder]).1["sha256"].clone();
    let (key, public) = keys(&node);
    assert_eq!(node.run(&["model", "sign", &folder, "--key", &key]).status, Some(0));
    let (status, line) = vetted(&node, &[&folder, "--key", &public]);
    assert_eq!((status, &line["model"]["signature"]["state"]), (Some(0), &"verified".into()), "{line}");
    assert_eq!((&line["sha256"], &line["left_out"]), (&before, &serde_json::json!(["model.sig"])));
    let (_, line) = vetted(&node, &[&folder]);
    assert_eq!(line["model"]["signature"]["state"], "not-verified", "no key, no word");

    node.write("llm/config.json", br#"{"model_type":"other"}"#);
    let (status, line) = vetted(&node, &[&folder, "--key", &public]);
    assert_eq!((status, &line["decision"]), (Some(1), &"block".into()));
    assert!(line["model"]["signature"]["why"].as_str().is_some_and(|why| why.contains("config.json")), "{line}");
    fs::remove_file(node.path("llm/model.sig")).expect("removed");
    let (status, line) = vetted(&node, &[&folder, "--key", &public]);
    assert_eq!(
        (status, &line["model"]["signature"]["state"]),
        (Some(1), &"refused".into()),
        "whoever names a key wants one"
    );
}

#[test]
fn a_table_that_was_edited_shows() {
    let (node, folder) = with_model();
    assert_eq!(vetted(&node, &[&folder]).0, Some(0));
    node.run(&["model", "revoke", &folder]);
    for (edit, table) in [
        ("UPDATE admissions SET state = 'admitted'", "admissions"),
        ("UPDATE vetted_files SET path = 'x' WHERE n = 0", "vetted_files"),
        ("UPDATE boms SET text = '{}'", "boms"),
    ] {
        let copy = node.path(table);
        copy_folder(&node.home(), &copy);
        let db = rusqlite::Connection::open(copy.join("state.db")).expect("opened");
        db.execute(edit, []).expect("edited");
        drop(db);
        let audit = node.command().args(["--home", &copy.display().to_string(), "audit"]).output().expect("started");
        assert_eq!(audit.status.code(), Some(1), "{edit}");
        assert!(String::from_utf8_lossy(&audit.stdout).contains(table), "{edit}");
    }
    node.is_sound();
}

#[test]
fn revet_takes_what_is_outdated_and_names_what_is_gone() {
    let (node, folder) = with_model();
    let other = node.write("alone.safetensors", GOOD_SAFETENSORS).display().to_string();
    let own = node.write("own.toml", b"id = 'own'\n[admission]\nby = 'policy'\ndays = 9\n[[rule]]\nid='a'\neffect='block'\nseverity='critical'\ntext={ja='x',en='x'}\n");
    let own = own.display().to_string();
    assert_eq!(vetted(&node, &[&folder]).0, Some(0));
    assert_eq!(vetted(&node, &[&other, "--policy", &own]).0, Some(0));
    let run = node.run(&["model", "revet", "--format", "jsonl"]);
    let paths: Vec<Value> = run.lines().iter().map(|line| line["path"].clone()).collect();
    assert_eq!((run.status, paths), (Some(0), vec![Value::from(other.clone())]), "{}", run.err);
    fs::remove_file(&other).expect("removed");
    let run = node.run(&["model", "revet", "--all"]);
    assert_eq!(run.status, Some(2));
    assert!(run.err.contains(&other), "{}", run.err);
}

#[test]
fn reports_for_ci_and_for_people() {
    let (node, folder) = with_model();
    node.write("llm/a<b>&.bin", BAD_PICKLE);
    let junit = node.run(&["vet", &folder, "--format", "junit"]);
    assert_eq!(junit.status, Some(1));
    assert!(junit.out.starts_with("<?xml") && junit.out.contains("failures=\"1\""), "{}", junit.out);
    assert!(!junit.out.contains("a<b>"), "names are no markup");
    let report = node.run(&["--lang", "ja", "vet", &folder, "--format", "markdown"]);
    assert!(report.out.contains("## llm: 不承認") && report.out.contains("| ダイジェスト |"), "{}", report.out);
    let sarif = node.run(&["vet", &folder, "--format", "sarif"]).json();
    assert_eq!(sarif["version"], "2.1.0");
}

#[test]
fn first_mistakes_are_explained() {
    let (node, folder) = with_model();
    let missing = node.run(&["vet", "not-there"]);
    assert_eq!(missing.status, Some(2));
    let run = node.run(&["model", "show", "nobody"]);
    assert_eq!(run.status, Some(2));
    assert!(run.err.contains("SKM-E-0062") && run.err.contains("model list"), "{}", run.err);
    let two = node.run(&["vet", &folder, &folder, "--bom", "x.json"]);
    assert!(two.err.contains("SKM-E-0060"), "{}", two.err);
    assert!(node.run(&["vet", &folder, "--role", "king"]).err.contains("developer"));
    assert!(node.run(&["vet", &folder, "--until", "2001-01-01"]).err.contains("SKM-E-0061"));
}

/// A private key and its public half, as PEM files of a throw-away key that is made here.
fn keys(node: &Node) -> (String, String) {
    use p256::pkcs8::{EncodePrivateKey as _, EncodePublicKey as _, LineEnding};
    let secret = p256::SecretKey::from_slice(&[7; 32]).expect("a key");
    let private = secret.to_pkcs8_pem(LineEnding::LF).expect("PEM");
    let public = secret.public_key().to_public_key_pem(LineEnding::LF).expect("PEM");
    let path = |name: &str, text: &str| node.write(name, text.as_bytes()).display().to_string();
    (path("key.pem", &private), path("key.pub", &public))
}

fn sha256(bytes: &[u8]) -> Value {
    sakimori_model::Digest::of(bytes).to_string().into()
}

fn copy_folder(from: &std::path::Path, to: &std::path::Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("readable") {
        let entry = entry.expect("readable");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("known").is_dir() {
            copy_folder(&entry.path(), &target)
        } else {
            fs::copy(entry.path(), target).expect("copied");
        }
    }
}
