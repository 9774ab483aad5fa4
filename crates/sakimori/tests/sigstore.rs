//! Models that somebody signed with a Sigstore identity, as a user verifies and vets them, with OpenSSF's own tool as a judge.

mod common;
#[path = "../../proof/tests/sigstore/fake.rs"]
mod fake;

use std::fs;
use std::path::Path;
use std::process::Command;

use common::{GOOD_SAFETENSORS, Node, Run, oracle};
use fake::{IDENTITY, ISSUER, Sigstore};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256};
use serde_json::{Value, json};

/// A node with a signed model in `m`, and the trusted root of its Sigstore.
fn signed() -> (Node, Value) {
    let node = Node::new();
    node.write("m/config.json", b"{}");
    node.write("m/model.safetensors", GOOD_SAFETENSORS);
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).expect("a key").serialize_pem();
    let key = node.write("key.pem", key.as_bytes());
    let made = run(&node, &["model", "sign", "in/m", "--key", &key.display().to_string()]);
    assert_eq!(made.status, Some(0), "{}", made.err);
    // The statement of that signature, signed again as somebody with an identity would.
    let bundle: Value = serde_json::from_slice(&fs::read(node.path("m/model.sig")).expect("read")).expect("JSON");
    let payload = fake::bytes(bundle["dsseEnvelope"]["payload"].as_str().expect("a text"));
    let sigstore = Sigstore::new();
    node.write("m/model.sig", sigstore.bundle(&fake::plan(&payload)).bundle.to_string().as_bytes());
    let root = sigstore.trusted_root();
    node.write("root.json", root.to_string().as_bytes());
    (node, root)
}

fn run(node: &Node, arguments: &[&str]) -> Run {
    node.run(arguments)
}

const TRUSTED: [&str; 6] = ["--trusted-root", "in/root.json", "--identity", IDENTITY, "--issuer", ISSUER];

fn by(identity: &str) -> [&str; 6] {
    let mut trusted = TRUSTED;
    trusted[3] = identity;
    trusted
}

#[test]
fn a_model_is_verified_by_identity_and_every_doubt_is_told() {
    let (node, _) = signed();
    let verify = |more: &[&str]| run(&node, &[&["model", "verify", "in/m"], more].concat());
    let holds = verify(&[&TRUSTED[..], &["--format", "json"]].concat());
    assert_eq!(holds.status, Some(0), "{}{}", holds.out, holds.err);
    let report: Value = serde_json::from_str(&holds.out).expect("JSON");
    let signer =
        json!({ "kind": "sigstore", "identity": IDENTITY, "issuer": ISSUER, "at": "2026-06-01T00:00:05.000000Z" });
    assert_eq!((&report["holds"], &report["signer"]), (&json!(true), &signer), "{report}");
    let text = verify(&TRUSTED);
    assert!(
        text.out.contains(&format!("signed by {IDENTITY}, for whom {ISSUER} vouched, at 2026-06-01")),
        "{}",
        text.out
    );
    let other = verify(&by("hanako@example.jp"));
    assert_eq!(
        (other.status, other.out.contains("and not by \"hanako@example.jp\"")),
        (Some(1), true),
        "{}",
        other.out
    );
    let fails = |code: &str, more: &[&str]| {
        let run = verify(more);
        assert_eq!((run.status, run.err.contains(code)), (Some(2), true), "{code}: {}{}", run.out, run.err);
    };
    fails("SKM-E-0059", &["--trusted-root", "in/m/config.json", "--identity", IDENTITY, "--issuer", ISSUER]);
    fails("--issuer", &["--trusted-root", "in/root.json", "--identity", IDENTITY]);
    fails("--trusted-root", &["--identity", IDENTITY]);
    fails("cannot be used with", &[&TRUSTED[..], &["--root", "in/root.json"]].concat());
    node.write("m/config.json", b"[]");
    assert_eq!(verify(&TRUSTED).status, Some(1), "a changed file");
}

#[test]
fn a_vetting_says_who_signed() {
    let (node, _) = signed();
    let vet = |trusted: &[&str]| {
        let run = run(&node, &[&["vet", "in/m", "--format", "jsonl"], trusted].concat());
        let line: Value = serde_json::from_str(run.out.lines().next().unwrap_or_default()).expect(&run.err);
        (run.status, line)
    };
    let (status, line) = vet(&TRUSTED);
    let signer = json!({ "identity": IDENTITY, "issuer": ISSUER, "at": "2026-06-01T00:00:05.000000Z" });
    let state = json!({ "state": "verified", "by": format!("{IDENTITY} ({ISSUER})"), "sigstore": signer });
    assert_eq!((status, &line["model"]["signature"]), (Some(0), &state), "{line}");
    let (status, line) = vet(&by("hanako@example.jp"));
    assert_eq!((status, &line["model"]["signature"]["state"]), (Some(1), &json!("refused")), "{line}");
    let (_, line) = vet(&[]);
    assert_eq!(line["model"]["signature"]["state"], "not-verified");
}

#[test]
fn openssf_model_signing_agrees() {
    let Some(python) = oracle() else { return };
    let (node, root) = signed();
    let config = json!({
        "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
        "trustedRoot": root,
        "signingConfig": { "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json" },
    });
    let config = node.write("config.json", config.to_string().as_bytes());
    let theirs = |identity: &str| {
        let ran = Command::new(&python)
            .args(["-B", "-m", "model_signing", "verify", "sigstore", "--identity", identity])
            .args(["--identity_provider", ISSUER, "--trust_config"])
            .args(
                [config.as_path(), Path::new("--signature"), &node.path("m/model.sig"), &node.path("m")]
                    .map(Path::as_os_str),
            )
            .output()
            .expect("started");
        let said = String::from_utf8_lossy(&ran.stderr).into_owned() + &String::from_utf8_lossy(&ran.stdout);
        (ran.status.success(), said)
    };
    for (identity, content, holds) in
        [(IDENTITY, "{}", true), ("hanako@example.jp", "{}", false), (IDENTITY, "[]", false)]
    {
        node.write("m/config.json", content.as_bytes());
        let (accepted, said) = theirs(identity);
        assert_eq!(accepted, holds, "{identity}, {content}: {said}");
        let ours = run(&node, &[&["model", "verify", "in/m"], &by(identity)[..]].concat());
        assert_eq!(ours.status, Some(if holds { 0 } else { 1 }), "{identity}, {content}: {}{}", ours.out, ours.err);
    }
}
