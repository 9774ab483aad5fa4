//! The seeds of the fuzz targets `sigstore` and `trusted_root`: bundles that hold, so that a fuzzer begins behind all checks.
//! `UPDATE_CORPUS=1` makes them anew, with new keys that nobody keeps.

use std::fs;
use std::path::{Path, PathBuf};

use sakimori_proof::model_signing::{SigstoreTrust, Trust, TrustedRoot, verify};
use serde_json::Value;

use crate::fake::{IDENTITY, ISSUER, NOW, Plan, Sigstore};
use crate::{good, good_2, statement};

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(name)
}

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/model_signing/sigstore/fuzz_root.json");

#[test]
fn the_bundles_of_the_seeds_hold() {
    if std::env::var_os("UPDATE_CORPUS").is_some() {
        write();
    }
    let root = TrustedRoot::from_json(&fs::read(ROOT).expect("read")).expect("a trusted root");
    let trust = SigstoreTrust { root, identity: IDENTITY.to_owned(), issuer: ISSUER.to_owned() };
    let trust = Trust::Sigstore(Box::new(trust));
    for name in ["promise.json", "timestamp.json", "both.json"] {
        let verified = verify(&fs::read(path("sigstore").join(name)).expect("read"), &trust).expect("holds");
        assert_eq!(verified.statement.as_bytes(), statement(), "{name}");
    }
}

fn write() {
    let sigstore = Sigstore::new();
    for folder in ["sigstore", "trusted_root"] {
        fs::create_dir_all(path(folder)).expect("made");
    }
    let keep = |name: &str, bytes: &[u8]| fs::write(path(name), bytes).expect("written");
    let root = format!("{:#}\n", sigstore.trusted_root());
    fs::write(ROOT, &root).expect("written");
    keep("trusted_root/root.json", root.as_bytes());
    let both = Plan { stamped: vec![NOW + 9], ..good() };
    for (name, plan) in [("promise", &good()), ("timestamp", &good_2()), ("both", &both)] {
        let made = sigstore.bundle(plan);
        keep(&format!("sigstore/{name}.json"), format!("{:#}\n", made.bundle).as_bytes());
        let body = made.bundle.pointer("/verificationMaterial/tlogEntries/0/canonicalizedBody").and_then(Value::as_str);
        keep(&format!("sigstore/{name}-body.json"), &crate::fake::bytes(body.expect("a text")));
        keep(&format!("sigstore/{name}.der"), &made.certificate);
        keep(&format!("sigstore/{name}-stamp.der"), &sigstore.stamp(&made.signature, NOW + 5));
    }
}
