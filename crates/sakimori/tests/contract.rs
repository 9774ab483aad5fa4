//! The command line contract: forms, fields, exit statuses, errors with a code and a hint.

mod common;

use std::io::Write as _;
use std::process::Stdio;

use common::{BAD_PICKLE, GOOD_SAFETENSORS, Node, Run};
use sha2::Digest as _;

#[test]
fn jsonl_has_one_object_for_each_input_with_the_promised_fields() {
    let node = Node::new();
    node.write("a.bin", BAD_PICKLE);
    node.write("b/c.txt", GOOD_SAFETENSORS);
    node.write("d", b"");
    let found = node.check(&node.path(""));
    assert_eq!(found.len(), 3);
    for object in &found {
        for field in ["path", "sha256", "kind", "examined", "decision", "score", "findings", "record"] {
            assert!(object.get(field).is_some(), "{field} is missing in {object}");
        }
        for finding in object["findings"].as_array().expect("a list") {
            for field in ["code", "severity", "confidence", "title", "where", "techniques", "points"] {
                assert!(finding.get(field).is_some(), "{field} is missing in {finding}");
            }
        }
        let sum: i64 = object["findings"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|f| f["points"].as_i64().expect("an integer"))
            .sum();
        assert_eq!(object["score"], sum, "the points sum up to the score");
    }
    let [bad, good, empty] = &found[..] else { unreachable!() };
    assert_eq!((&bad["kind"], &bad["decision"]), (&"pickle".into(), &"block".into()), "by content, not by name");
    assert_eq!((&good["kind"], &good["decision"]), (&"safetensors".into(), &"allow".into()));
    assert_eq!(good["examined"], true);
    assert_eq!(bad["sha256"], hex::encode(sha2::Sha256::digest(BAD_PICKLE)));
    assert_eq!(empty["decision"], "review", "nothing to examine is never clean");
    assert!(empty["examined"].is_string());
}

#[test]
fn the_exit_status_follows_fail_on() {
    let node = Node::new();
    let bad = node.write("bad", BAD_PICKLE).display().to_string();
    let good = node.write("good", GOOD_SAFETENSORS).display().to_string();
    assert_eq!(node.run(&["check", &good]).status, Some(0));
    assert_eq!(node.run(&["check", &bad]).status, Some(1));
    assert_eq!(node.run(&["check", "--fail-on", "never", &bad]).status, Some(0));
    assert_eq!(node.run(&["check", "--fail-on", "informational", &good]).status, Some(0));
    assert_eq!(node.run(&["check", "--fail-on", "hgih", &good]).status, Some(2));
    assert_eq!(node.run(&["check"]).status, Some(2));
}

#[test]
fn what_cannot_be_read_is_reported_and_exits_with_2() {
    let node = Node::new();
    let good = node.write("good", GOOD_SAFETENSORS).display().to_string();
    let run = node.run(&["check", "--format", "jsonl", &good, "no-such-file", "/dev/null"]);
    assert_eq!(run.status, Some(2));
    let found = run.lines();
    assert_eq!(found.len(), 3, "the others are still examined");
    assert!(found[1]["examined"].is_string() && found[1]["record"].is_null());
    assert!(found[2]["examined"].as_str().is_some_and(|why| why.contains("regular file")));
    assert_ne!(found[1]["decision"], "allow");
}

#[test]
fn links_to_files_are_read_and_links_to_folders_reported() {
    let node = Node::new();
    node.write("dir/good", GOOD_SAFETENSORS);
    std::os::unix::fs::symlink("/etc", node.path("dir/link")).expect("a link");
    let target = node.write("bad", BAD_PICKLE);
    std::os::unix::fs::symlink(target, node.path("dir/a-link")).expect("a link");
    let run = node.run(&["check", "--format", "jsonl", &node.path("dir").display().to_string()]);
    let found = run.lines();
    assert_eq!(found.len(), 3);
    assert_eq!(found[0]["decision"], "block");
    assert!(found[2]["examined"].as_str().is_some_and(|why| why.contains("symbolic link")));
}

#[test]
fn a_dash_reads_standard_input() {
    let node = Node::new();
    let mut command = node.command();
    command.args(["check", "--format", "jsonl", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::piped()).spawn().expect("started");
    child.stdin.take().expect("a pipe").write_all(BAD_PICKLE).expect("written");
    let run = Run::of(child.wait_with_output().expect("ended"));
    assert_eq!(run.status, Some(1));
    assert_eq!(run.lines()[0]["path"], "-");
    assert_eq!(run.lines()[0]["kind"], "pickle");
}

#[test]
fn standard_output_carries_data_only() {
    let node = Node::new();
    let bad = node.write("bad", BAD_PICKLE).display().to_string();
    let run = node.run(&["check", "--format", "json", &bad]);
    assert_eq!(run.json()["results"][0]["decision"], "block");
    assert!(!run.out.contains('\x1b') && !run.err.contains('\x1b'), "no colours and no bars in a pipe");
    assert!(run.err.contains("1 block"));
    assert!(node.run(&["check", "--quiet", "--format", "json", &bad]).err.is_empty());
}

#[test]
fn sarif_names_rules_results_and_artifacts() {
    let node = Node::new();
    let bad = node.write("bad model", BAD_PICKLE).display().to_string();
    let sarif = node.run(&["check", "--format", "sarif", &bad, "missing"]).json();
    assert_eq!(sarif["version"], "2.1.0");
    let run = &sarif["runs"][0];
    let rules: Vec<&str> =
        run["tool"]["driver"]["rules"].as_array().expect("rules").iter().filter_map(|r| r["id"].as_str()).collect();
    for result in run["results"].as_array().expect("results") {
        assert!(rules.contains(&result["ruleId"].as_str().expect("an id")));
        let uri = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
        assert!(uri.as_str().is_some_and(|uri| uri.ends_with("bad%20model")));
    }
    assert_eq!(run["invocations"][0]["executionSuccessful"], false);
}

#[test]
fn the_sarif_validator_finds_no_error() {
    let Some(validator) = std::env::var_os("SAKIMORI_SARIF") else {
        println!("skipped: SAKIMORI_SARIF is not set (make test sets it)");
        return;
    };
    let node = Node::new();
    node.write("bad model.pkl", BAD_PICKLE);
    node.write("mail.eml", b"From: a@example.com\nTo: b@example.com\nSubject: hi\n\nhttp://203.0.113.7/x\n");
    let empty = node.write("empty", b"").display().to_string();
    let run = node.run(&["check", "--format", "sarif", "in", &empty, "missing"]);
    let file = node.write("out.sarif", run.out.as_bytes());
    let mut command = std::process::Command::new(validator);
    command.arg("validate").arg(&file).env("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1");
    let judged = Run::of(command.output().expect("the validator"));
    assert!(judged.out.contains("Analysis completed successfully"), "{}{}", judged.out, judged.err);
    assert!(!judged.out.contains(": error "), "{}", judged.out);
}

#[test]
fn detect_prints_one_object_for_each_match() {
    let node = Node::new();
    let event = r#"{"Channel":"Microsoft-Windows-Sysmon/Operational","EventID":1,"EventTime":"2026-11-02 09:14:07","Image":"C:\\a\\evil.exe","CommandLine":"evil.exe /now"}"#;
    let log = node.write("log", format!("{event}\n{event}\n").as_bytes()).display().to_string();
    let rule = "title: Evil\nid: 7c1f7a0e-5a0a-4f0e-9a53-0b6f2d1c4e11\nlevel: high\nlogsource: { product: windows, category: process_creation }\ndetection:\n  s:\n    Image|endswith: '\\evil.exe'\n  condition: s\n";
    node.write("rules/evil.yml", rule.as_bytes());
    node.write(
        "rules/broken.yml",
        b"title: Broken\ndetection: { s: { A|nonsense: x }, condition: s }\nlogsource: { product: windows }\n",
    );
    let rules = node.path("rules").display().to_string();
    let run = node.run(&["detect", "--rules", &rules, "--format", "jsonl", &log]);
    assert_eq!(run.status, Some(1), "{}", run.err);
    let found = run.lines();
    assert_eq!(found.len(), 2);
    for (object, line) in found.iter().zip(1..) {
        assert_eq!(object["rule"], "7c1f7a0e-5a0a-4f0e-9a53-0b6f2d1c4e11");
        assert_eq!((&object["title"], &object["level"]), (&"Evil".into(), &"high".into()));
        assert_eq!((&object["path"], &object["record"]), (&log.as_str().into(), &line.into()));
        assert_eq!(object["matched"]["Image"], "C:\\a\\evil.exe");
        assert!(object.get("time").is_some());
    }
    assert!(run.err.contains("sigma::unknown-modifier") && run.err.contains("broken.yml"), "{}", run.err);
    assert!(!node.home().exists(), "detect records nothing");
    let low = node.run(&["detect", "--rules", &rules, "--fail-on", "critical", "--format", "json", &log]);
    assert_eq!((low.status, low.json()["matches"].as_array().map(Vec::len)), (Some(0), Some(2)));
}

#[test]
fn people_are_spoken_to_in_japanese_and_english() {
    let node = Node::new();
    let bad = node.write("bad", BAD_PICKLE).display().to_string();
    let in_lang = |lang: &str| Run::of(node.command().args(["--lang", lang, "check", &bad]).output().expect("ran"));
    assert!(in_lang("ja").out.starts_with("[禁止]"));
    assert!(in_lang("en").out.starts_with("[block]"));
    let locale = |value: &str| {
        let mut command = node.command();
        command.env_remove("SAKIMORI_LANG").env("LC_ALL", value).args(["check", &bad]);
        Run::of(command.output().expect("ran")).out
    };
    assert!(in_lang("ja").err.contains("禁止 1") && in_lang("en").err.contains("1 block"));
    let help =
        |lang: &str| Run::of(node.command().args(["check", "--help", "--lang", lang]).output().expect("ran")).out;
    assert!(help("ja").contains("標準入力") && help("en").contains("standard input"));
    assert!(locale("C").starts_with("[禁止]") && locale("ja_JP.UTF-8").starts_with("[禁止]"));
    assert!(locale("en_US.UTF-8").starts_with("[block]"));
}

#[test]
fn a_name_cannot_steer_the_terminal() {
    let node = Node::new();
    node.write("evil\x1b[2J\n[allow] x", BAD_PICKLE);
    let run = node.run(&["check", &node.path("").display().to_string()]);
    assert!(!run.out.contains('\x1b'));
    assert_eq!(run.out.lines().filter(|line| line.starts_with('[')).count(), 1);
}

#[test]
fn errors_have_a_code_and_a_hint() {
    let node = Node::new();
    node.key();
    let junk = node.write("junk", b"{}").display().to_string();
    let key = node.path("node.pub").display().to_string();
    for (arguments, code) in [
        (vec!["prove", "0000"], "SKM-E-0009"),
        (vec!["verify", &junk, "--key", &key], "SKM-E-0020"),
        (vec!["verify", &junk, "--key", &junk], "SKM-E-0017"),
        (vec!["check", "--policy", &junk, &junk], "SKM-E-0011"),
        (vec!["check", "--policy", "missing.toml", &junk], "SKM-E-0016"),
        (vec!["check", "--rules", &junk, &junk], "SKM-E-0018"),
        (vec!["explain", "SKM-XX-9999"], "SKM-E-0019"),
        (vec!["--home", &junk, "check", &junk], "SKM-E-0004"),
        (vec!["log", "export", "--out", "/nowhere/x"], "SKM-E-0188"),
        (vec!["log", "export", "--since", "2100-01-01"], "SKM-E-0187"),
        (vec!["log", "move", "--back"], "SKM-E-0083"),
        (vec!["backup", "nowhere/inside"], "SKM-E-0039"),
    ] {
        let run = node.run(&arguments);
        assert_eq!(run.status, Some(2), "{arguments:?} {}", run.out);
        assert!(run.err.contains(&format!("error[{code}]")), "{arguments:?}: {}", run.err);
        assert!(run.err.contains("hint: "), "{arguments:?}: {}", run.err);
    }
}

/// What people get wrong. The words in capitals are files and a record.
const MISTAKES: &[&[&str]] = &[
    &["check"],
    &["chekc"],
    &["check", "--foo"],
    &["check", "BAD", "--format", "yaml"],
    &["check", "BAD", "--fail-on", "hgih"],
    &["check", "BAD", "--quiet", "--quiet"],
    &["vet", "BAD", "--until", "someday"],
    &["vet", "BAD", "--risk", "x"],
    &["model"],
    &["model", "admit", "nobody"],
    &["model", "show", "nobody"],
    &["model", "list", "--state", "gone"],
    &["model", "sign", "BAD", "--key", "BAD"],
    &["model", "verify", "BAD"],
    &["log", "move", "--back", "s3://bucket/name"],
    &["log", "move", "--back"],
    &["log", "move", "s3://b/c"],
    &["log", "move", "s3://bucket/c", "--endpoint", "nowhere"],
    &["log", "export", "--since", "2100-01-01"],
    &["log", "export", "--since", "someday"],
    &["log", "export", "--from", "7"],
    &["log", "key", "--public", "--retire"],
    &["log", "verify", "--key", "missing"],
    &["prove", "0000"],
    &["prove", "ID", "--out", "/nowhere/x"],
    &["share", "export", "ID", "--tlp", "red"],
    &["share", "export", "ID", "--out", "/nowhere/x"],
    &["verify", "JUNK", "--key", "JUNK"],
    &["explain", "SKM-XX-9999"],
    &["explain", "ID", "--file", "missing"],
    &["explain", "ID", "--without", "SKM-ART-0001"],
    &["erase", "ID", "--note", "x"],
    &["backup", "home/inside"],
    &["backup", "nowhere/inside"],
    &["restore", "BAD"],
    &["witness"],
    &["witness", "--log", "KEY"],
    &["serve", "--listen", "nowhere"],
    &["serve", "--listen", "0.0.0.0:0"],
    &["help", "nothing"],
    &["--home", "JUNK", "check", "JUNK"],
    &["--home", "/nowhere/x", "audit"],
];

#[test]
fn what_is_wrong_is_said_in_japanese() {
    let node = Node::new();
    let bad = node.write("bad", BAD_PICKLE).display().to_string();
    let id = node.check(std::path::Path::new(&bad))[0]["record"].as_str().expect("an id").to_owned();
    let key = node.key().display().to_string();
    let junk = node.write("junk", b"{}").display().to_string();
    let said = |arguments: &[&str]| {
        let run = Run::of(node.command().args(["--lang", "ja"]).args(arguments).output().expect("ran"));
        assert_eq!(run.status, Some(2), "{arguments:?}: {}{}", run.out, run.err);
        run.err
    };
    let names = [("BAD", &bad), ("JUNK", &junk), ("KEY", &key), ("ID", &id)];
    let named = |word: &&'static str| names.iter().find(|(name, _)| name == word).map_or(*word, |(_, path)| path);
    for arguments in MISTAKES {
        let arguments: Vec<&str> = arguments.iter().map(named).collect();
        let err = said(&arguments);
        let first = err.lines().next().expect("a line");
        assert!(first.starts_with("エラー"), "{arguments:?}: {err}");
        for line in err.lines() {
            assert!(!is_english(line), "{arguments:?}: {line}");
        }
    }
    let rule = node.write(
        "rule.yml",
        b"title: x\nlogsource: {product: windows}\ndetection:\n  s:\n    A|foo: 1\n  condition: s\n",
    );
    let err = said(&["check", "--rules", &rule.display().to_string(), &bad]);
    assert!(err.contains("警告[sigma::unknown-modifier]: 知らない修飾子です"), "{err}");
    assert!(!err.lines().any(is_english), "{err}");
    // What a library says of the form comes behind what is wrong.
    for (arguments, said_first) in [
        (vec!["verify", &junk, "--key", &key], "証拠として読み取れません"),
        (vec!["check", "--policy", &junk, &junk], "ポリシーを読み取れません"),
        (vec!["serve", "--config", &junk], "設定ファイル"),
    ] {
        let err = said(&arguments);
        assert!(err.lines().next().is_some_and(|line| line.contains(said_first)), "{arguments:?}: {err}");
    }
}

/// True for a line with an English sentence: four words of letters one behind the other, which no command line has.
fn is_english(line: &str) -> bool {
    let words: Vec<&str> = line.split(' ').collect();
    words.windows(4).any(|four| four.iter().all(|word| word.len() > 1 && word.bytes().all(|b| b.is_ascii_lowercase())))
}

#[test]
fn every_finding_code_is_explained() {
    let node = Node::new();
    let list = node.run(&["explain"]);
    assert!(list.out.lines().count() > 5);
    for code in list.out.lines().filter_map(|line| line.split(' ').next()) {
        let page = node.run(&["explain", code]);
        assert!(page.out.contains("Why it matters") && page.out.contains("What to do"), "{code}");
    }
}

#[test]
fn help_completion_and_man_page_come_from_one_table() {
    let node = Node::new();
    let help = node.run(&["--help"]).out;
    for command in ["check", "detect", "prove", "verify", "log", "audit", "policy", "share", "explain"] {
        assert!(help.contains(&format!("\n  {command} ")), "{command}");
    }
    assert!(node.run(&["completions", "bash"]).out.contains("_sakimori"));
    assert!(node.run(&["man"]).out.contains(".TH sakimori"));
    assert_eq!(node.run(&["help", "log", "key"]).out, node.run(&["log", "key", "--help"]).out);
    let pages = node.path("man").display().to_string();
    assert_eq!(node.run(&["man", "--dir", &pages]).status, Some(0));
    let page = std::fs::read_to_string(node.path("man/sakimori-erase.1")).expect("a page");
    let examples = page.split(".SH EXAMPLES\n").nth(1).expect("examples");
    let lines: Vec<&str> = examples.lines().collect();
    assert_eq!((lines.first(), lines.last()), (Some(&".nf"), Some(&".fi")), "the lines stay as they are");
    assert!(lines.contains(&"  sakimori erase 3c4d5e6f \\-\\-note \\*(Aqrequest 2026\\-114\\*(Aq"), "{lines:#?}");
    assert!(!node.home().exists(), "none of these makes a node");
}

#[test]
fn a_full_disk_behind_standard_output_is_an_error_and_no_panic() {
    let node = Node::new();
    let bad = node.write("bad", BAD_PICKLE).display().to_string();
    node.key();
    for arguments in [&["explain"][..], &["log", "key", "--public"], &["audit"], &["check", &bad]] {
        let full = std::fs::File::options().write(true).open("/dev/full").expect("Linux");
        let run = Run::of(node.command().args(arguments).stdout(full).output().expect("ran"));
        assert_eq!(run.status, Some(2), "{arguments:?}: {}", run.err);
        assert!(!run.err.contains("panicked"), "{arguments:?}: {}", run.err);
    }
}

#[test]
fn names_that_are_not_utf_8_are_examined_and_stay_different() {
    use std::os::unix::ffi::OsStrExt as _;
    let node = Node::new();
    for name in [b"\x83\x82.pkl", b"\x83\x83.pkl"] {
        std::fs::write(node.path("").join(std::ffi::OsStr::from_bytes(name)), BAD_PICKLE).expect("written");
    }
    let mut command = node.command();
    command
        .args(["check", "--format", "jsonl"])
        .args(std::fs::read_dir(node.path("")).expect("a folder").flatten().map(|e| e.path()));
    let run = Run::of(command.output().expect("ran"));
    let found = run.lines();
    assert_eq!((run.status, found.len()), (Some(1), 2), "{}", run.err);
    assert_ne!(found[0]["path"], found[1]["path"]);
}

#[test]
fn what_a_policy_blocks_is_in_the_exit_status() {
    let node = Node::new();
    let empty = node.write("empty", b"").display().to_string();
    let strict = "id = 's'\n[[rule]]\nid = 'r'\neffect = 'block'\nunexamined = true\ntext = { ja = 'x', en = 'x' }\n";
    let strict = node.write("strict.toml", strict.as_bytes()).display().to_string();
    assert_eq!(node.run(&["check", &empty]).status, Some(0));
    assert_eq!(node.run(&["check", "--policy", &strict, &empty]).status, Some(1));
    assert_eq!(node.run(&["check", "--policy", &strict, "--fail-on", "never", &empty]).status, Some(0));
}

#[test]
fn a_pipe_that_closes_is_no_error() {
    let node = Node::new();
    for i in 0..200 {
        node.write(&format!("f{i}"), GOOD_SAFETENSORS);
    }
    let program = env!("CARGO_BIN_EXE_sakimori");
    let script = format!("{program} check --format jsonl in | head -n 1; echo ${{PIPESTATUS[0]}}");
    let mut shell = std::process::Command::new("bash");
    shell
        .args(["-c", &script])
        .current_dir(node.path("").parent().expect("a parent"))
        .env("SAKIMORI_HOME", node.home());
    let run = Run::of(shell.output().expect("bash"));
    assert_eq!(run.out.lines().last(), Some("0"), "{}", run.err);
    assert!(!run.err.contains("panicked"));
    node.is_sound();
}
