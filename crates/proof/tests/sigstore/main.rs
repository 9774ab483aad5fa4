//! Signatures with a Sigstore identity: what they prove, and that each thing that is wrong with one is refused for that reason.

mod fake;
mod oracle;
mod refused;
mod roots;
mod seeds;

use fake::{IDENTITY, ISSUER, Kind, NOW, Plan, Sigstore, plan, plan_2};
use rcgen::SanType;
use sakimori_proof::model_signing::{
    Granularity, Manifest, Resource, Serialization, SignedBy, SigstoreTrust, Symlinks, Trust, TrustedRoot, is_bundle,
    verify,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// The statement about a model of one file.
fn statement() -> Vec<u8> {
    let digest = Sha256::digest(b"weights");
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{ "name": "my-model", "digest": { "sha256": hex::encode(Sha256::digest(digest)) } }],
        "predicateType": "https://model_signing/signature/v1.0",
        "predicate": {
            "serialization": { "method": "files", "hash_type": "sha256", "allow_symlinks": false },
            "resources": [{ "name": "weights.bin", "algorithm": "sha256", "digest": hex::encode(digest) }],
        },
    })
    .to_string()
    .into_bytes()
}

fn good<'a>() -> Plan<'a> {
    plan(&statement())
}

fn good_2<'a>() -> Plan<'a> {
    plan_2(&statement())
}

fn trust_in(root: &Value, identity: &str, issuer: &str) -> Trust {
    let root = TrustedRoot::from_json(root.to_string().as_bytes()).expect("a trusted root");
    Trust::Sigstore(Box::new(SigstoreTrust { root, identity: identity.to_owned(), issuer: issuer.to_owned() }))
}

fn trust(sigstore: &Sigstore) -> Trust {
    trust_in(&sigstore.trusted_root(), IDENTITY, ISSUER)
}

fn holds(bundle: &Value, trust: &Trust) -> SignedBy {
    verify(bundle.to_string().as_bytes(), trust).expect("holds").signer
}

#[test]
fn what_an_identity_signed_is_verified_with_every_kind_of_entry() {
    let sigstore = Sigstore::new();
    for kind in [Kind::Dsse1, Kind::Dsse2, Kind::HashedRekord1, Kind::HashedRekord2, Kind::Intoto2] {
        for plan in [Plan { kind, ..good() }, Plan { kind, ..good_2() }] {
            let bundle = sigstore.bundle(&plan).bundle;
            assert!(is_bundle(bundle.to_string().as_bytes()));
            let verified = verify(bundle.to_string().as_bytes(), &trust(&sigstore)).expect("holds");
            let signer = SignedBy::Sigstore { identity: IDENTITY.to_owned(), issuer: ISSUER.to_owned(), at: NOW + 5 };
            assert_eq!((verified.signer, verified.name.as_str()), (signer, "my-model"), "{kind:?}");
            let serialization =
                Serialization { granularity: Granularity::Files, symlinks: Symlinks::Refused, ignored: Vec::new() };
            let file = (Resource::file("weights.bin".parse().expect("a path")), Sha256::digest(b"weights").into());
            assert_eq!(verified.manifest, Manifest::new(serialization, [file]).expect("one file"));
        }
    }
}

#[test]
fn every_form_of_an_identity_and_its_issuer_is_read() {
    let sigstore = Sigstore::new();
    let uri = "https://git.example.jp/team/model/.github/workflows/release.yml@refs/heads/main";
    let user = (vec![1, 3, 6, 1, 4, 1, 57264, 1, 7], "taro!example.jp".into());
    let names = [
        (IDENTITY, SanType::Rfc822Name(IDENTITY.try_into().expect("ASCII"))),
        (uri, SanType::URI(uri.try_into().expect("ASCII"))),
        ("taro!example.jp", SanType::OtherName(user)),
    ];
    for (wanted, name) in names {
        let made = sigstore.bundle(&Plan { names: vec![name], ..good() });
        holds(&made.bundle, &trust_in(&sigstore.trusted_root(), wanted, ISSUER));
    }
    for (issuer_1, issuer_2) in [(Some(ISSUER), None), (None, Some(ISSUER))] {
        holds(&sigstore.bundle(&Plan { issuer_1, issuer_2, ..good() }).bundle, &trust(&sigstore));
    }
}

#[test]
fn older_bundles_and_other_spellings_of_the_type_hold() {
    let sigstore = Sigstore::new();
    let old = |version: &str, plan: &Plan<'_>| {
        let mut bundle = sigstore.bundle(plan).bundle;
        bundle["mediaType"] = json!(format!("application/vnd.dev.sigstore.bundle+json;version={version}"));
        if version != "0.3" {
            let material = bundle["verificationMaterial"].as_object_mut().expect("an object");
            let own = material.remove("certificate").expect("there");
            let above = json!({ "rawBytes": fake::base64(&sigstore.between.der) });
            material.insert("x509CertificateChain".to_owned(), json!({ "certificates": [own, above] }));
        }
        bundle
    };
    for version in ["0.1", "0.2", "0.3"] {
        holds(&old(version, &good()), &trust(&sigstore));
    }
    for version in ["0.2", "0.3"] {
        holds(&old(version, &good_2()), &trust(&sigstore));
    }
    refused::because("PromiseMissing", &old("0.1", &good_2()), &trust(&sigstore));
    let mut mixed = sigstore.bundle(&good()).bundle;
    mixed["mediaType"] = json!("application/vnd.dev.sigstore.bundle+json;version=0.2");
    refused::as_malformed("Unsupported", &mixed, &trust(&sigstore));
    mixed["mediaType"] = json!("application/vnd.dev.sigstore.bundle.v0.4+json");
    refused::as_malformed("Unsupported", &mixed, &trust(&sigstore));
}

#[test]
fn the_end_of_a_period_counts_to_it() {
    let sigstore = Sigstore::new();
    let bundle = sigstore.bundle(&good()).bundle;
    let end = |pointer: &str, end: &str| {
        let mut root = sigstore.trusted_root();
        *root.pointer_mut(pointer).expect("there") = json!({ "start": "2026-01-01T00:00:00Z", "end": end });
        trust_in(&root, IDENTITY, ISSUER)
    };
    for pointer in ["/tlogs/0/publicKey/validFor", "/certificateAuthorities/0/validFor"] {
        holds(&bundle, &end(pointer, "2026-06-01T00:00:05Z"));
        holds(&bundle, &end(pointer, "2026-06-01T00:00:05.999Z"));
    }
    holds(&bundle, &end("/ctlogs/0/publicKey/validFor", "2026-06-01T00:00:00.001Z"));
    let stamped = sigstore.bundle(&good_2()).bundle;
    holds(&stamped, &end("/timestampAuthorities/0/validFor", "2026-06-01T00:00:05Z"));
}

/// Of letters and digits; white space between tokens says nothing, and neither does the JSON's spelling of them.
#[test]
fn no_changed_byte_of_a_bundle_holds() {
    let sigstore = Sigstore::new();
    let trust = trust(&sigstore);
    for plan in [good(), good_2()] {
        let bundle = sigstore.bundle(&plan).bundle.to_string().into_bytes();
        for at in (0..bundle.len()).filter(|at| bundle[*at].is_ascii_alphanumeric()).step_by(41) {
            let mut changed = bundle.clone();
            changed[at] = if bundle[at] == b'A' { b'B' } else { b'A' };
            let around = String::from_utf8_lossy(&bundle[at.saturating_sub(40)..(at + 40).min(bundle.len())]);
            assert!(verify(&changed, &trust).is_err(), "byte {at}: {around}");
        }
        for end in (0..bundle.len()).step_by(997) {
            assert!(verify(&bundle[..end], &trust).is_err(), "cut at {end}");
        }
    }
}
