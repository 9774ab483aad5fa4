//! Signatures of models: what they prove, and that nothing else is accepted.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pkcs8::{EncodePrivateKey as _, EncodePublicKey as _, LineEnding};
use proptest::prelude::*;
use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, date_time_ymd,
};
use sakimori_proof::model_signing::{
    Certificate, Granularity, Manifest, ModelKeyError, ModelSignError, ModelVerifyError, PublicKey, Resource, Roots,
    Serialization, SignedBy, Signer, SigningKey, Symlinks, Trust, is_bundle, sign, verify,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// 2026-06-01, in seconds since 1970.
const NOW: u64 = 1_780_272_000;

fn serialization() -> Serialization {
    let ignored = vec![".git".parse().expect("a path"), "model.sig".parse().expect("a path")];
    Serialization { granularity: Granularity::Files, symlinks: Symlinks::Refused, ignored }
}

fn manifest(files: &[(&str, &str)]) -> Manifest {
    let resources = files.iter().map(|(name, content)| {
        (Resource::file(name.parse().expect("a path")), Sha256::digest(content.as_bytes()).into())
    });
    Manifest::new(serialization(), resources).expect("distinct")
}

fn model() -> Manifest {
    manifest(&[("weights/a.safetensors", "weights"), ("config.json", "{}"), ("tokenizer.json", "[]")])
}

fn key() -> SigningKey {
    let secret = p256::SecretKey::from_slice(&[7; 32]).expect("a key");
    SigningKey::from_pem(&secret.to_pkcs8_pem(LineEnding::LF).expect("written"), None).expect("a key")
}

fn trust() -> Trust {
    Trust::Keys(vec![key().public()])
}

fn signed() -> String {
    sign(&model(), "my-model", &Signer::key(key())).expect("signed")
}

#[test]
fn what_is_signed_is_verified_on_every_curve_and_in_every_form_of_key() {
    let p256 = p256::SecretKey::from_slice(&[1; 32]).expect("a key");
    let p384 = p384::SecretKey::from_slice(&[2; 48]).expect("a key");
    let mut scalar = [3; 66];
    scalar[0] = 0;
    let p521 = p521::SecretKey::from_slice(&scalar).expect("a key");
    let keys = [
        (
            p256.to_pkcs8_pem(LineEnding::LF),
            p256.to_sec1_pem(LineEnding::LF),
            p256.public_key().to_public_key_pem(LineEnding::LF),
        ),
        (
            p384.to_pkcs8_pem(LineEnding::LF),
            p384.to_sec1_pem(LineEnding::LF),
            p384.public_key().to_public_key_pem(LineEnding::LF),
        ),
        (
            p521.to_pkcs8_pem(LineEnding::LF),
            p521.to_sec1_pem(LineEnding::LF),
            p521.public_key().to_public_key_pem(LineEnding::LF),
        ),
    ];
    for (pkcs8, sec1, public) in keys {
        let public = PublicKey::from_pem(&public.expect("written")).expect("a key");
        for private in [pkcs8.expect("written"), sec1.expect("written")] {
            let signer = Signer::key(SigningKey::from_pem(&private, None).expect("a key"));
            let bundle = sign(&model(), "my-model", &signer).expect("signed");
            assert!(is_bundle(bundle.as_bytes()));
            let verified =
                verify(bundle.as_bytes(), &Trust::Keys(vec![key().public(), public.clone()])).expect("holds");
            assert_eq!(verified.name, "my-model");
            assert_eq!(verified.manifest, model());
            assert_eq!(verified.signer, SignedBy::Key { fingerprint: public.fingerprint() });
            assert!(verified.compare(&model()).is_empty());
            let other = verify(bundle.as_bytes(), &trust());
            assert!(matches!(other, Err(ModelVerifyError::UnknownKey { .. })), "{other:?}");
        }
    }
}

#[test]
fn a_key_with_a_password_needs_it() {
    let pem = include_str!("data/encrypted-key.pem");
    assert_eq!(SigningKey::from_pem(pem, None).expect_err("refused"), ModelKeyError::PasswordMissing);
    assert_eq!(SigningKey::from_pem(pem, Some(b"other")).expect_err("refused"), ModelKeyError::PasswordWrong);
    assert!(SigningKey::from_pem(pem, Some(b"correct horse")).is_ok());
}

#[test]
fn what_is_no_key_says_why() {
    let refused = |text: &str| SigningKey::from_pem(text, None).expect_err("refused");
    assert_eq!(refused(""), ModelKeyError::Missing("private key"));
    assert_eq!(refused(&key().public().pem()), ModelKeyError::Missing("private key"));
    let broken = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    assert_eq!(refused(broken), ModelKeyError::Malformed("private key"));
    let ed25519 = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAt8rlp1knGwjfbcXAYPYAkn0XiLz1x8O4t0YkEhie244=\n-----END PUBLIC KEY-----\n";
    assert_eq!(PublicKey::from_pem(ed25519), Err(ModelKeyError::Curve));
}

/// The bundles that are written here have no white space, so that no byte of them is without meaning.
#[test]
fn every_change_of_one_byte_of_a_bundle_is_refused() {
    let bundle = signed().into_bytes();
    assert!(!bundle.iter().any(u8::is_ascii_whitespace));
    for at in 0..bundle.len() {
        for change in [1, b' ' ^ bundle[at]] {
            let mut changed = bundle.clone();
            changed[at] ^= change;
            assert!(verify(&changed, &trust()).is_err(), "byte {at}: {:?}", changed[at] as char);
        }
    }
    for end in 0..bundle.len() {
        assert!(verify(&bundle[..end], &trust()).is_err(), "cut at {end}");
    }
    let mut spaced: Value = serde_json::from_slice(&bundle).expect("JSON");
    assert!(verify(format!("{spaced:#}\n").as_bytes(), &trust()).is_ok(), "white space between tokens says nothing");
    spaced["verificationMaterial"]["more"] = json!(1);
    assert!(verify(spaced.to_string().as_bytes(), &trust()).is_err());
}

#[test]
fn every_difference_of_the_files_is_named() {
    let verified = verify(signed().as_bytes(), &trust()).expect("holds");
    let names = |found: &[(&str, &str)]| {
        let differences = verified.compare(&manifest(found));
        assert!(!differences.is_empty());
        (differences.missing.join(","), differences.extra.join(","), differences.changed.join(","))
    };
    let own = |missing: &str, extra: &str, changed: &str| (missing.to_owned(), extra.to_owned(), changed.to_owned());
    let (a, config, tokenizer) =
        (("weights/a.safetensors", "weights"), ("config.json", "{}"), ("tokenizer.json", "[]"));
    assert_eq!(names(&[a, config]), own("tokenizer.json", "", ""));
    assert_eq!(names(&[a, config, tokenizer, ("x.py", "")]), own("", "x.py", ""));
    assert_eq!(names(&[a, ("config.json", "{ }"), tokenizer]), own("", "", "config.json"));
    assert_eq!(names(&[a, config, ("tokenizer.JSON", "[]")]), own("tokenizer.json", "tokenizer.JSON", ""));
    assert_eq!(names(&[a, ("config.json", "[]"), ("tokenizer.json", "{}")]), own("", "", "config.json,tokenizer.json"));
}

#[test]
fn a_statement_that_says_something_else_is_refused_although_it_is_signed() {
    let digest = |content: &str| hex::encode(Sha256::digest(content.as_bytes()));
    let resource = |name: &str| json!({ "name": name, "algorithm": "sha256", "digest": digest("x") });
    let with = |resources: &[Value], change: &dyn Fn(&mut Value)| {
        let mut root = Sha256::new();
        resources
            .iter()
            .for_each(|r| root.update(hex::decode(r["digest"].as_str().expect("text")).unwrap_or_default()));
        let mut statement = json!({
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{ "name": "m", "digest": { "sha256": hex::encode(root.finalize()) } }],
            "predicateType": "https://model_signing/signature/v1.0",
            "predicate": {
                "serialization": { "method": "files", "hash_type": "sha256", "allow_symlinks": false },
                "resources": resources,
            },
        });
        change(&mut statement);
        verify(resigned("application/vnd.in-toto+json", statement.to_string().as_bytes()).as_bytes(), &trust())
    };
    let same = |_: &mut Value| {};
    assert!(with(&[resource("a"), resource("b")], &same).is_ok());
    for name in ["../a", "/a", "a/../../b", "", "a//b", "./a", "a/", "..", "a\0b"] {
        let refused = with(&[resource(name)], &same);
        assert!(matches!(refused, Err(ModelVerifyError::Resource { .. })), "{name:?}: {refused:?}");
    }
    let twice = with(&[resource("a"), resource("a")], &same);
    assert!(matches!(twice, Err(ModelVerifyError::Resource { .. })), "{twice:?}");
    assert!(with(&[], &same).is_err(), "a signature over nothing");
    assert!(with(&[resource("."), resource("a")], &same).is_err(), "a file and a folder");
    type Change<'a> = &'a dyn Fn(&mut Value);
    let changes: [(&str, Change<'_>); 12] = [
        ("type", &|s| s["_type"] = json!("https://in-toto.io/Statement/v0.1")),
        ("predicate type", &|s| s["predicateType"] = json!("https://slsa.dev/provenance/v1")),
        ("no subject", &|s| s["subject"] = json!([])),
        ("two subjects", &|s| s["subject"] = json!([s["subject"][0], s["subject"][0]])),
        ("root", &|s| s["subject"][0]["digest"]["sha256"] = json!(digest("y"))),
        ("digest", &|s| s["predicate"]["resources"][0]["digest"] = json!("00")),
        ("algorithm", &|s| s["predicate"]["resources"][0]["algorithm"] = json!("md5")),
        ("hash type", &|s| s["predicate"]["serialization"]["hash_type"] = json!("blake3")),
        ("method", &|s| s["predicate"]["serialization"]["method"] = json!("tensors")),
        ("ignores all", &|s| s["predicate"]["serialization"]["ignore_paths"] = json!(["."])),
        ("ignores outside", &|s| s["predicate"]["serialization"]["ignore_paths"] = json!(["../x"])),
        ("unknown member", &|s| s["more"] = json!(1)),
    ];
    for (what, change) in changes {
        assert!(with(&[resource("a")], change).is_err(), "{what}");
    }
    let payload = json!({}).to_string();
    let refused = verify(resigned("application/json", payload.as_bytes()).as_bytes(), &trust());
    assert!(matches!(refused, Err(ModelVerifyError::Unsupported(_))), "{refused:?}");
}

#[test]
fn an_envelope_with_more_or_other_signatures_is_refused() {
    let change = |edit: &dyn Fn(&mut Value)| {
        let mut bundle: Value = serde_json::from_str(&signed()).expect("JSON");
        edit(&mut bundle);
        verify(bundle.to_string().as_bytes(), &trust())
    };
    let signature = |b: &Value| b["dsseEnvelope"]["signatures"][0].clone();
    type Edit<'a> = &'a dyn Fn(&mut Value);
    let edits: [(&str, Edit<'_>); 7] = [
        ("two signatures", &|b| b["dsseEnvelope"]["signatures"] = json!([signature(b), signature(b)])),
        ("no signature", &|b| b["dsseEnvelope"]["signatures"] = json!([])),
        ("key id", &|b| b["dsseEnvelope"]["signatures"][0]["keyid"] = json!("x")),
        ("other bundle", &|b| b["mediaType"] = json!("application/vnd.dev.sigstore.bundle.v0.1+json")),
        ("log entry", &|b| b["verificationMaterial"]["tlogEntries"] = json!([{}])),
        ("timestamps", &|b| b["verificationMaterial"]["timestampVerificationData"] = json!({})),
        ("key and chain", &|b| b["verificationMaterial"]["x509CertificateChain"] = json!({ "certificates": [] })),
    ];
    for (what, edit) in edits {
        assert!(change(edit).is_err(), "{what}");
    }
    let sigstore = change(&|b| b["verificationMaterial"] = json!({ "certificate": { "rawBytes": "AAAA" } }));
    assert!(matches!(sigstore, Err(ModelVerifyError::OtherKind { .. })), "{sigstore:?}");
    let no_hint = change(&|b| b["verificationMaterial"]["publicKey"] = json!({}));
    assert!(no_hint.is_ok(), "older signers say nothing of their key, which comes from the user anyway: {no_hint:?}");
    let p384 = p384::SecretKey::from_slice(&[2; 48]).expect("a key").public_key().to_public_key_pem(LineEnding::LF);
    let other = Trust::Keys(vec![PublicKey::from_pem(&p384.expect("written")).expect("a key")]);
    let mut bundle: Value = serde_json::from_str(&signed()).expect("JSON");
    bundle["verificationMaterial"]["publicKey"] = json!({});
    assert_eq!(verify(bundle.to_string().as_bytes(), &other).expect_err("refused"), ModelVerifyError::BadSignature);
}

/// ECDSA has two forms of each signature, and signers write either: the other one says the same of the same bytes.
#[test]
fn the_other_form_of_the_same_signature_holds() {
    let mut bundle: Value = serde_json::from_str(&signed()).expect("JSON");
    let der = STANDARD.decode(bundle["dsseEnvelope"]["signatures"][0]["sig"].as_str().expect("text")).expect("Base64");
    let one = p256::ecdsa::Signature::from_der(&der).expect("a signature");
    let (r, s) = one.split_scalars();
    let other = p256::ecdsa::Signature::from_scalars(r, -s).expect("a signature");
    bundle["dsseEnvelope"]["signatures"][0]["sig"] = json!(STANDARD.encode(other.to_der().as_bytes()));
    assert!(verify(bundle.to_string().as_bytes(), &trust()).is_ok());
    bundle["dsseEnvelope"]["signatures"][0]["sig"] = json!(STANDARD.encode(one.to_bytes()));
    assert_eq!(verify(bundle.to_string().as_bytes(), &trust()).expect_err("not DER"), ModelVerifyError::BadSignature);
}

#[test]
fn there_must_be_something_to_sign() {
    assert_eq!(sign(&manifest(&[]), "m", &Signer::key(key())), Err(ModelSignError::Nothing));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn what_is_signed_is_what_is_read(names in prop::collection::btree_set("[a-z.]{1,3}(/[a-zé日 :]{1,4}){0,2}", 1..6)) {
        let names: Vec<String> = names.into_iter().filter(|name| name.parse::<sakimori_proof::model_signing::ResourcePath>().is_ok()).collect();
        prop_assume!(!names.is_empty() && !names.contains(&".".to_owned()));
        let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), name.as_str())).collect();
        let bundle = sign(&manifest(&files), "m", &Signer::key(key())).expect("signed");
        let verified = verify(bundle.as_bytes(), &trust()).expect("holds");
        prop_assert_eq!(&verified.manifest, &manifest(&files));
        prop_assert!(verified.compare(&manifest(&files)).is_empty());
    }
}

/// A bundle over any payload, signed with the trusted key.
fn resigned(payload_type: &str, payload: &[u8]) -> String {
    use p256::ecdsa::signature::Signer as _;
    let key = p256::ecdsa::SigningKey::from_slice(&[7; 32]).expect("a key");
    let mut pae = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    pae.extend_from_slice(payload);
    let signature: p256::ecdsa::Signature = key.sign(&pae);
    let mut bundle: Value = serde_json::from_str(&signed()).expect("JSON");
    bundle["dsseEnvelope"] = json!({
        "payload": STANDARD.encode(payload),
        "payloadType": payload_type,
        "signatures": [{ "sig": STANDARD.encode(signature.to_der().as_bytes()), "keyid": "" }],
    });
    bundle.to_string()
}

struct Authority {
    params: CertificateParams,
    key: KeyPair,
    pem: String,
}

type Edit<'a> = &'a dyn Fn(&mut CertificateParams);

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).expect("no names");
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    (params.not_before, params.not_after) = (date_time_ymd(2026, 1, 1), date_time_ymd(2027, 1, 1));
    params
}

fn authority(name: &str, above: Option<&Authority>, edit: Edit<'_>) -> Authority {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).expect("a key");
    let mut params = params(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    edit(&mut params);
    let certificate = match above {
        Some(above) => params.signed_by(&key, &Issuer::from_params(&above.params, &above.key)),
        None => params.self_signed(&key),
    };
    Authority { params, key, pem: certificate.expect("a certificate").pem() }
}

fn certified(above: &Authority, between: &[&Authority], edit: Edit<'_>) -> String {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).expect("a key");
    let mut params = params("signer");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::CodeSigning];
    edit(&mut params);
    let own = params.signed_by(&key, &Issuer::from_params(&above.params, &above.key)).expect("a certificate");
    let one = |pem: &str| Certificate::from_pem(pem).expect("a certificate").remove(0);
    let chain = between.iter().map(|authority| one(&authority.pem)).collect();
    let signing = SigningKey::from_pem(&key.serialize_pem(), None).expect("a key");
    let signer = Signer::certified(signing, one(&own.pem()), chain).expect("its own");
    sign(&model(), "my-model", &signer).expect("signed")
}

fn under(root: &Authority, at: u64) -> Trust {
    Trust::Roots(Roots::new(Certificate::from_pem(&root.pem).expect("a certificate"), at))
}

#[test]
fn a_certificate_must_lead_to_a_trusted_root() {
    let same = |_: &mut CertificateParams| {};
    let root = authority("root", None, &same);
    let between = authority("between", Some(&root), &same);
    let bundle = certified(&between, &[&between], &same);
    let verified = verify(bundle.as_bytes(), &under(&root, NOW)).expect("holds");
    let SignedBy::Certificate { subject, root: name, .. } = verified.signer else { panic!("a certificate") };
    assert_eq!((subject.as_str(), name.as_str()), ("CN=signer", "CN=root"));
    let impostor = authority("root", None, &same);
    let chain =
        |trust: &Trust, bundle: &str| matches!(verify(bundle.as_bytes(), trust), Err(ModelVerifyError::Chain(_)));
    assert!(chain(&under(&impostor, NOW), &bundle), "another root of that name");
    assert!(chain(&under(&root, NOW), &certified(&between, &[], &same)), "no certificate between");
    assert!(chain(&under(&root, NOW + 400 * 86_400), &bundle), "too late");
    assert!(chain(&under(&root, NOW - 400 * 86_400), &bundle), "too early");
    assert!(matches!(verify(bundle.as_bytes(), &trust()), Err(ModelVerifyError::OtherKind { .. })));
    assert!(matches!(verify(signed().as_bytes(), &under(&root, NOW)), Err(ModelVerifyError::OtherKind { .. })));
    let other =
        Signer::certified(key(), Certificate::from_pem(&root.pem).expect("a certificate").remove(0), Vec::new());
    assert_eq!(other.expect_err("refused"), ModelSignError::OtherKey);
}

#[test]
fn a_certificate_that_may_not_sign_or_vouch_is_refused() {
    let same = |_: &mut CertificateParams| {};
    let root = authority("root", None, &same);
    let leaf = |edit: Edit<'_>| verify(certified(&root, &[], edit).as_bytes(), &under(&root, NOW));
    assert!(leaf(&same).is_ok());
    assert!(leaf(&|p| p.extended_key_usages.clear()).is_ok(), "made for signatures of any kind");
    let edits: [(&str, Edit<'_>); 4] = [
        ("for servers", &|p| p.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth]),
        ("not for signatures", &|p| p.key_usages = vec![KeyUsagePurpose::KeyAgreement]),
        ("for nothing", &|p| (p.key_usages, p.extended_key_usages) = (Vec::new(), Vec::new())),
        ("unknown critical extension", &|p| {
            let mut extension = rcgen::CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 99999, 1], vec![5, 0]);
            extension.set_criticality(true);
            p.custom_extensions.push(extension);
        }),
    ];
    for (what, edit) in edits {
        assert!(matches!(leaf(edit), Err(ModelVerifyError::Chain(_))), "{what}");
    }
    let edits: [(&str, Edit<'_>); 5] = [
        ("no authority", &|p| p.is_ca = IsCa::ExplicitNoCa),
        ("may not sign certificates", &|p| p.key_usages = vec![KeyUsagePurpose::DigitalSignature]),
        ("for servers", &|p| p.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth]),
        ("expired", &|p| p.not_after = date_time_ymd(2026, 2, 1)),
        ("name constraints", &|p| {
            let permitted_subtrees = vec![rcgen::GeneralSubtree::DnsName("example.jp".to_owned())];
            p.name_constraints = Some(rcgen::NameConstraints { permitted_subtrees, excluded_subtrees: Vec::new() });
        }),
    ];
    for (what, edit) in edits {
        let between = authority("between", Some(&root), edit);
        let refused = verify(certified(&between, &[&between], &same).as_bytes(), &under(&root, NOW));
        assert!(matches!(refused, Err(ModelVerifyError::Chain(_))), "{what}: {refused:?}");
    }
    let short = authority("short", None, &|p| p.is_ca = IsCa::Ca(BasicConstraints::Constrained(0)));
    assert!(verify(certified(&short, &[], &same).as_bytes(), &under(&short, NOW)).is_ok());
    let below = authority("below", Some(&short), &same);
    let refused = verify(certified(&below, &[&below], &same).as_bytes(), &under(&short, NOW));
    assert!(matches!(refused, Err(ModelVerifyError::Chain(_))), "path length: {refused:?}");
}
