//! Keys in a token that speaks PKCS#11: the token signs, the key file only says where, and nothing is lost when it goes away.

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use common::service::Service;
use common::token::{PIN, Token};
use common::{BAD_PICKLE, GOOD_SAFETENSORS, Node, Run};

fn node(token: &Token) -> Node {
    let mut node = Node::new();
    node.environment.extend(token.environment);
    node
}

/// A node that was begun with a new key in the token.
fn begun(token: &Token, label: &str) -> Node {
    let node = node(token);
    let run = node.run(&["log", "key", "--public", "--generate", "--token", &token.uri("city", label)]);
    assert_eq!((run.status, run.out.lines().count()), (Some(0), 1), "{}", run.err);
    node
}

fn decided(node: &Node, name: &str, bytes: &[u8]) -> String {
    let path = node.write(name, bytes);
    node.check(&path)[0]["record"].as_str().expect("a record").to_owned()
}

fn key_text(node: &Node) -> String {
    fs::read_to_string(node.home().join("key")).expect("read")
}

fn is_refused(run: &Run, code: &str, why: &str) {
    assert!(
        run.status == Some(2) && run.err.contains(code) && run.err.contains(why),
        "{code} {why}: {}{}",
        run.out,
        run.err
    );
    assert!(!run.err.contains(PIN), "the PIN is told to nobody: {}", run.err);
}

fn is_proven(node: &Node, id: &str) {
    let (out, key) = (node.path("proof.json").display().to_string(), node.key().display().to_string());
    for arguments in [&["prove", id, "--out", &out][..], &["verify", &out, "--key", &key]] {
        let run = node.run(arguments);
        assert_eq!(run.status, Some(0), "{}{}", run.out, run.err);
    }
}

#[test]
fn a_node_is_begun_with_a_key_that_never_leaves_its_token() {
    let Some(token) = Token::make("city") else { return };
    let node = begun(&token, "log");
    let text = key_text(&node);
    assert!(!text.contains("PRIVATE") && text.trim_end().ends_with(&token.uri("city", "log")), "{text}");
    let first = decided(&node, "a.pkl", BAD_PICKLE);
    is_proven(&node, &first);
    node.is_sound();
    let receipt = node.path("proof.cbor").display().to_string();
    assert_eq!(node.run(&["prove", &first, "--format", "cose", "--out", &receipt]).status, Some(0));
    let (bundle, key) = (node.path("proof.json").display().to_string(), node.key().display().to_string());
    assert_eq!(node.run(&["verify", &bundle, "--key", &key, "--receipt", &receipt]).status, Some(0));

    // Its ML-DSA-44 key lies beside it in the file.
    assert_eq!(node.run(&["log", "key", "--public", "--add-ml-dsa"]).out.lines().count(), 2);
    is_proven(&node, &decided(&node, "b.bin", GOOD_SAFETENSORS));

    // A backup holds where the key lies, and not the key.
    let backup = node.path("backup").display().to_string();
    assert_eq!(node.run(&["backup", &backup]).status, Some(0));
    let mut other = self::node(&token);
    assert_eq!(other.run(&["restore", &backup]).status, Some(0));
    assert_eq!(key_text(&other), key_text(&node));
    is_proven(&other, &decided(&other, "c.pkl", BAD_PICKLE));
    other.environment.clear();
    is_refused(&other.run(&["check", &other.path("c.pkl").display().to_string()]), "SKM-E-0080", "no such token");
    // What needs no signature needs no token.
    assert_eq!(other.run(&["log", "verify"]).status, Some(0));
    assert_eq!(other.run(&["log", "key", "--public"]).out, node.run(&["log", "key", "--public"]).out);

    let again = node.run(&["log", "key", "--public", "--generate", "--token", &token.uri("city", "other")]);
    is_refused(&again, "SKM-E-0076", "exists already");
}

#[test]
fn a_log_gets_a_key_in_a_token_and_a_key_in_a_file_again() {
    let Some(token) = Token::make("city") else { return };
    let node = node(&token);
    let mut ids = vec![decided(&node, "0", BAD_PICKLE)];
    let uri = token.uri("city", "log");
    let succeed = |more: &[&str]| node.run(&[&["log", "key", "--public", "--succeed"], more].concat());
    is_refused(&succeed(&["--token", &uri]), "SKM-E-0082", "no such key");
    let run = succeed(&["--generate", "--token", &uri]);
    assert_eq!((run.status, run.out.lines().count()), (Some(0), 2), "{}", run.err);
    for (n, command) in ["", "--retire", "--succeed", "--retire"].into_iter().enumerate() {
        if !command.is_empty() {
            let run = node.run(&["log", "key", "--public", command]);
            assert_eq!(run.status, Some(0), "{command}: {}", run.err);
        }
        ids.push(decided(&node, &format!("after {n}"), GOOD_SAFETENSORS));
        node.is_sound();
        ids.iter().for_each(|id| is_proven(&node, id));
    }
    assert!(key_text(&node).starts_with("PRIVATE+KEY+") && key_text(&node).lines().count() == 1);
    // The key is in the token still, and none takes its place.
    is_refused(&succeed(&["--generate", "--token", &uri]), "SKM-E-0082", "already");
    assert_eq!(succeed(&["--token", &uri]).status, Some(0), "it may be used again");
}

#[test]
fn what_can_not_be_signed_is_not_acknowledged() {
    let Some(token) = Token::make("city") else { return };
    let node = begun(&token, "log");
    let first = decided(&node, "first", BAD_PICKLE);
    let input = node.write("second", GOOD_SAFETENSORS).display().to_string();
    let check = || node.run(&["check", &input]);

    token.take_out();
    is_refused(&check(), "SKM-E-0080", "no such token");
    is_refused(&node.run(&["serve", "--listen", "127.0.0.1:0"]), "SKM-E-0080", "no such token");
    // Reading goes on, and what waits is told and is no edit behind the program's back.
    node.is_sound();
    is_proven(&node, &first);
    assert!(node.run(&["audit"]).out.contains("waits for its place"));
    // Nothing is said to be shared later that could not be signed now.
    is_refused(&node.run(&["share", "export", &first]), "SKM-E-0080", "no such token");
    token.put_in();

    token.set_pin("999999");
    is_refused(&check(), "SKM-E-0081", "PinIncorrect");
    fs::remove_file(token.pin()).expect("removed");
    is_refused(&check(), "SKM-E-0081", "No such file");
    token.set_pin(PIN);
    fs::set_permissions(token.pin(), fs::Permissions::from_mode(0o640)).expect("set");
    is_refused(&check(), "SKM-E-0081", "others can read it");
    token.set_pin(PIN);

    // Another key under the label makes no signature that anybody could verify.
    let other = begun(&token, "other");
    let (mine, theirs) = (key_text(&node), key_text(&other));
    let swapped = mine.replace("object=log", "object=other");
    fs::write(node.home().join("key"), swapped).expect("written");
    is_refused(&check(), "SKM-E-0080", "does not hold");
    fs::write(node.home().join("key"), &mine).expect("written");
    assert_ne!(mine.split(' ').next(), theirs.split(' ').next());

    let shares = node.run(&["trace", "--down", &first]).out;
    assert!(!shares.contains("share"), "{shares}");
    // What was not acknowledged before is now.
    let second = decided(&node, "second", GOOD_SAFETENSORS);
    [first, second].iter().for_each(|id| is_proven(&node, id));
    node.is_sound();
}

#[test]
fn a_pin_comes_from_the_environment_where_no_file_is_named() {
    let Some(token) = Token::make("city") else { return };
    let mut node = node(&token);
    let uri = token.uri("city", "log");
    let uri = uri.split("&pin-source").next().expect("a part");
    let begin = ["log", "key", "--public", "--generate", "--token", uri];
    is_refused(&node.run(&begin), "SKM-E-0081", "SAKIMORI_TOKEN_PIN");
    node.environment.push(("SAKIMORI_TOKEN_PIN", ""));
    is_refused(&node.run(&begin), "SKM-E-0081", "there is none");
    node.environment.pop();
    node.environment.push(("SAKIMORI_TOKEN_PIN", PIN));
    assert_eq!(node.run(&begin).status, Some(0));
    is_proven(&node, &decided(&node, "a", BAD_PICKLE));
}

#[test]
fn which_key_is_meant_must_be_said() {
    let Some(token) = Token::make("city") else { return };
    let node = node(&token);
    let good = token.uri("city", "log");
    let module = good.split("module-path=").nth(1).and_then(|rest| rest.split('&').next()).expect("a module");
    for (uri, code, why) in [
        ("log".to_owned(), "SKM-E-0082", "pkcs11:"),
        (good.replace(";object=log", ""), "SKM-E-0082", "object or id"),
        (good.replace("token=city", "token=town"), "SKM-E-0080", "no such token"),
        (good.replace("token=city", "colour=red"), "SKM-E-0082", "colour"),
        (good.replace(module, "/nowhere.so"), "SKM-E-0080", "/nowhere.so"),
        (good.replace(module, "/etc/passwd"), "SKM-E-0080", "/etc/passwd"),
        (format!("{good}&pin-value={PIN}"), "SKM-E-0082", "pin-source"),
    ] {
        is_refused(&node.run(&["log", "key", "--public", "--token", &uri]), code, why);
        assert!(!node.home().join("key").exists(), "{uri}");
    }
    is_refused(&node.run(&["log", "key", "--public", "--token", &good]), "SKM-E-0082", "no such key");
    assert_eq!(node.run(&["log", "key", "--public", "--generate"]).status, Some(2), "it needs a token");
}

/// Waits until the service says so of itself: its answer holds for a second.
fn is_ready(service: &Service, status: u16, what: &str) {
    for _ in 0..100 {
        let answer = service.send("GET", "/readyz", &[], None);
        if answer.status == status && answer.text().contains(what) {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    panic!("not {status} {what}: {}", service.send("GET", "/readyz", &[], None).text());
}

#[test]
fn a_service_and_a_witness_sign_with_a_token() {
    let Some(token) = Token::make("city") else { return };
    let node = begun(&token, "log");
    let witness = self::node(&token);
    let uri = token.uri("city", "witness");
    let made = witness.run(&["witness", "key", "--public", "--name", "w.example", "--generate", "--token", &uri]);
    assert!(made.status == Some(0) && made.out.starts_with("w.example+"), "{}", made.err);
    assert_eq!(witness.run(&["witness", "key", "--public"]).out, made.out);
    let again = witness.run(&["witness", "key", "--public", "--generate", "--token", &uri]);
    assert_eq!(again.status, Some(2), "{}", again.out);
    let one_for_both = node.run(&["witness", "key", "--public", "--token", &token.uri("city", "log")]);
    is_refused(&one_for_both, "SKM-E-0180", "one of its own");

    // A node that is also a witness has two keys in one module.
    let own = token.uri("city", "own-witness");
    let run = node.run(&["witness", "key", "--public", "--name", "own.example", "--generate", "--token", &own]);
    assert_eq!(run.status, Some(0), "{}", run.err);
    let peer = self::node(&token).run(&["log", "key", "--public"]).out;
    let service = Service::start(&node, &format!("[witness]\nlogs = [\"{}\"]\n", peer.trim()));
    let cookie = service.first("admin", "a long enough passphrase");
    let observe = |name: &str| {
        let path = format!("/api/v1/observations?name={name}");
        let headers = [("cookie", cookie.as_str()), ("sec-fetch-site", "same-origin")];
        let body = Some(("application/octet-stream", name.to_owned()));
        common::service::send(&service.address, "POST", &path, &headers, body)
    };
    let mut ids = Vec::new();
    for round in 0..3 {
        for n in 0..5 {
            let answer = observe(&format!("n{round}-{n}"));
            assert_eq!(answer.status, 201, "{}", answer.text());
            ids.push(answer.json()["id"].as_str().expect("an id").to_owned());
        }
        token.take_out();
        let refused = observe(&format!("refused-{round}"));
        assert_eq!(refused.status, 503, "{}", refused.text());
        assert!(refused.text().contains("SKM-E-0080"), "{}", refused.text());
        is_ready(&service, 503, "SKM-E-0080");
        token.put_in();
        is_ready(&service, 200, "ready");
    }
    assert_eq!(observe("last").status, 201, "the same service signs again");
    // A PIN that was refused is not tried again: a few wrong ones lock a token.
    token.take_out();
    assert!(observe("away").text().contains("SKM-E-0080"));
    token.set_pin("999999");
    token.put_in();
    assert!(observe("wrong").text().contains("SKM-E-0081"));
    token.set_pin(PIN);
    assert!(observe("right").text().contains("SKM-E-0081"));
    service.end();
    decided(&node, "another process", BAD_PICKLE);
    node.is_sound();
    ids.iter().step_by(5).for_each(|id| is_proven(&node, id));
}
