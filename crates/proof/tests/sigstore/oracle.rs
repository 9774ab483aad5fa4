//! Sigstore's own verifier in Python over the same bundles and trusted root, without a network.

use std::fs;
use std::path::Path;
use std::process::Command;

use rcgen::SanType;
use sakimori_proof::model_signing::verify;
use serde_json::{Value, json};

use crate::fake::{CERTIFICATE_SECONDS, IDENTITY, ISSUER, Kind, NOW, Plan, Sigstore};
use crate::{good, good_2, trust};

/// Prints a line for each bundle: whether it holds.
const VERIFY: &str = r#"
import sys
from sigstore.models import Bundle, TrustedRoot
from sigstore.verify import Verifier, policy
folder, count, identity, issuer = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
verifier = Verifier(trusted_root=TrustedRoot.from_file(folder + '/root.json'))
for number in range(count):
    try:
        bundle = Bundle.from_json(open(f'{folder}/{number}.json', encoding='utf-8').read())
        verifier.verify_dsse(bundle, policy.Identity(identity=identity, issuer=issuer))
        print('holds')
    except Exception as error:
        print('refused', type(error).__name__, str(error).replace('\n', ' '))
"#;

#[test]
fn sigstores_own_verifier_agrees() {
    let Some(oracles) = std::env::var_os("SAKIMORI_ORACLES") else {
        println!("skipped: SAKIMORI_ORACLES is not set (make test sets it)");
        return;
    };
    let sigstore = Sigstore::new();
    let cases = cases(&sigstore);
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, value: &Value| fs::write(folder.path().join(name), value.to_string()).expect("written");
    write("root.json", &sigstore.trusted_root());
    for (number, (_, _, bundle)) in cases.iter().enumerate() {
        write(&format!("{number}.json"), bundle);
    }
    let ran = Command::new(Path::new(&oracles).join("bin/python"))
        .args(["-B", "-c", VERIFY])
        .arg(folder.path())
        .args([&cases.len().to_string(), IDENTITY, ISSUER])
        .output()
        .expect("started");
    let said = String::from_utf8_lossy(&ran.stdout);
    assert_eq!(said.lines().count(), cases.len(), "{said}{}", String::from_utf8_lossy(&ran.stderr));
    for ((what, holds, bundle), theirs) in cases.iter().zip(said.lines()) {
        let ours = verify(bundle.to_string().as_bytes(), &trust(&sigstore));
        assert_eq!(ours.is_ok(), *holds, "{what}: {ours:?}");
        assert_eq!(theirs == "holds", *holds, "{what}: {theirs}");
    }
}

/// What each is, whether it holds, and the bundle. Two kinds of entries are known here and not there.
fn cases(sigstore: &Sigstore) -> Vec<(String, bool, Value)> {
    let plans = [
        ("version 1 of the log", true, good()),
        ("version 2 of the log", true, good_2()),
        ("both times", true, Plan { stamped: vec![NOW + 9], ..good() }),
        ("too late", false, Plan { integrated: Some(NOW + CERTIFICATE_SECONDS + 1), ..good() }),
        ("too late by its timestamp", false, Plan { stamped: vec![NOW + CERTIFICATE_SECONDS + 1], ..good_2() }),
        ("too late by one of two", false, Plan { stamped: vec![NOW + CERTIFICATE_SECONDS + 1], ..good() }),
        (
            "another person",
            false,
            Plan { names: vec![SanType::Rfc822Name("hanako@example.jp".try_into().expect("ASCII"))], ..good() },
        ),
        ("another issuer", false, Plan { issuer_1: None, issuer_2: Some("https://example.com"), ..good() }),
        ("no certificate log", false, Plan { scts: &|_| None, ..good() }),
        ("two certificate logs", false, Plan { scts: &|sct| Some(vec![sct.clone(), sct]), ..good() }),
        (
            "another certificate's log",
            false,
            Plan {
                scts: &|mut sct| {
                    sct[40] ^= 1;
                    Some(vec![sct])
                },
                ..good()
            },
        ),
        (
            "another statement in the log",
            false,
            Plan { body: &|b| b["spec"]["payloadHash"]["value"] = json!("00".repeat(32)), ..good() },
        ),
        ("an unknown kind", false, Plan { body: &|b| b["kind"] = json!("rekord"), ..good() }),
        ("no signature in the log", false, Plan { body: &|b| b["spec"]["signatures"] = json!([]), ..good() }),
        (
            "another kind's body",
            false,
            Plan { kind: Kind::HashedRekord2, body: &|b| b["apiVersion"] = json!("0.0.1"), ..good_2() },
        ),
    ];
    let mut cases: Vec<_> =
        plans.iter().map(|(what, holds, plan)| ((*what).to_owned(), *holds, sigstore.bundle(plan).bundle)).collect();
    let entry = "/verificationMaterial/tlogEntries/0";
    let edits: [(&str, &str, Value); 8] = [
        ("another index", "/logIndex", json!("121003")),
        ("another time", "/integratedTime", json!((NOW + 6).to_string())),
        ("no promise", "/inclusionPromise", Value::Null),
        ("no proof", "/inclusionProof", Value::Null),
        ("another place in the tree", "/inclusionProof/logIndex", json!("3")),
        ("another root", "/inclusionProof/rootHash", json!(crate::fake::base64(&[0; 32]))),
        ("fewer hashes", "/inclusionProof/hashes", json!([])),
        ("another body", "/canonicalizedBody", json!(crate::fake::base64(b"{}"))),
    ];
    for (what, pointer, value) in edits {
        let mut bundle = sigstore.bundle(&good()).bundle;
        *bundle.pointer_mut(&format!("{entry}{pointer}")).expect("there") = value;
        cases.push((what.to_owned(), false, bundle));
    }
    let mut changed = sigstore.bundle(&good()).bundle;
    changed["dsseEnvelope"]["payload"] = json!(crate::fake::base64(b"{}"));
    cases.push(("another payload".to_owned(), false, changed));
    cases
}
