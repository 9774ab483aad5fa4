//! One thing at a time is wrong, and the reason says which.

use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, PKCS_ECDSA_P256_SHA256, PublicKeyData as _, SanType};
use sakimori_proof::model_signing::{Trust, verify};
use serde_json::{Value, json};

use crate::fake::{
    self, Authority, CERTIFICATE_SECONDS, IDENTITY, ISSUER, Kind, NOW, Plan, Sigstore, base64, log_id, note,
};
use crate::{good, good_2, trust, trust_in};

/// The bundle is refused with this variant of the error.
pub fn because(variant: &str, bundle: &Value, trust: &Trust) {
    let error = verify(bundle.to_string().as_bytes(), trust).expect_err(variant);
    let shown = format!("{error:?}");
    assert!(shown.starts_with(&format!("Sigstore({variant}")), "{variant}: {shown}");
}

/// The bundle is refused before anything of Sigstore is looked at, with this variant.
pub fn as_malformed(variant: &str, bundle: &Value, trust: &Trust) {
    text_as_malformed(variant, &bundle.to_string(), trust);
}

fn text_as_malformed(variant: &str, bundle: &str, trust: &Trust) {
    let error = verify(bundle.as_bytes(), trust).expect_err(variant);
    let shown = format!("{error:?}");
    assert!(shown.starts_with(variant), "{variant}: {shown}");
}

const ENTRIES: &str = "/verificationMaterial/tlogEntries";
const ENTRY: &str = "/verificationMaterial/tlogEntries/0";

fn at<'v>(bundle: &'v mut Value, pointer: &str) -> &'v mut Value {
    bundle.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}"))
}

fn in_entry<'v>(bundle: &'v mut Value, pointer: &str) -> &'v mut Value {
    at(bundle, &format!("{ENTRY}{pointer}"))
}

fn without(value: &mut Value, member: &str) {
    value.as_object_mut().expect("an object").remove(member).unwrap_or_else(|| panic!("{member}"));
}

type Edit<'a> = &'a dyn Fn(&mut Value);

#[test]
fn another_identity_or_issuer_is_refused() {
    let sigstore = Sigstore::new();
    let (bundle, root) = (sigstore.bundle(&good()).bundle, sigstore.trusted_root());
    for identity in ["hanako@example.jp", "TARO@example.jp", "taro@example.jp ", "", "example.jp", ".*"] {
        because("Identity {", &bundle, &trust_in(&root, identity, ISSUER));
    }
    for issuer in ["https://accounts.example.com", "https://accounts.example.jp/", "", "accounts.example.jp"] {
        because("Issuer {", &bundle, &trust_in(&root, IDENTITY, issuer));
    }
    let refused = |variant: &str, plan: Plan<'_>| because(variant, &sigstore.bundle(&plan).bundle, &trust(&sigstore));
    let mail = |text: &str| SanType::Rfc822Name(text.try_into().expect("ASCII"));
    let dns = SanType::DnsName(IDENTITY.try_into().expect("ASCII"));
    let other = SanType::OtherName((vec![1, 3, 6, 1, 4, 1, 57264, 1, 6], IDENTITY.into()));
    for names in [vec![], vec![mail(IDENTITY), mail("hanako@example.jp")], vec![dns], vec![other]] {
        refused("IdentityForm", Plan { names, ..good() });
    }
    refused("IssuerForm", Plan { issuer_1: None, issuer_2: None, ..good() });
    refused("IssuerForm", Plan { issuer_1: Some("https://accounts.example.com"), ..good() });
}

#[test]
fn a_certificate_that_was_not_issued_for_this_is_refused() {
    let sigstore = Sigstore::new();
    let refused = |variant: &str, plan: Plan<'_>| because(variant, &sigstore.bundle(&plan).bundle, &trust(&sigstore));
    refused("Chain", Plan { integrated: Some(NOW + CERTIFICATE_SECONDS + 1), ..good() });
    refused("Chain", Plan { integrated: Some(NOW - 1), ..good() });
    refused("Chain", Plan { stamped: vec![NOW + CERTIFICATE_SECONDS + 1], ..good_2() });
    refused("Chain", Plan { stamped: vec![NOW + 5, NOW + CERTIFICATE_SECONDS + 1], ..good() });
    // Another Sigstore with the same logs.
    let mut other = Sigstore::new();
    (other.log, other.certificate_log) = (pair(), pair());
    let mut root = other.trusted_root();
    for part in ["tlogs", "ctlogs"] {
        root[part] = sigstore.trusted_root()[part].clone();
    }
    because("Chain", &sigstore.bundle(&good()).bundle, &trust_in(&root, IDENTITY, ISSUER));
    let mut ended = sigstore.trusted_root();
    ended["certificateAuthorities"][0]["validFor"]["end"] = json!("2026-06-01T00:00:04Z");
    because("Chain", &sigstore.bundle(&good()).bundle, &trust_in(&ended, IDENTITY, ISSUER));
    let mut rootless = sigstore.trusted_root();
    rootless["certificateAuthorities"][0]["certChain"]["certificates"] =
        json!([{ "rawBytes": base64(&sigstore.root.der) }]);
    because("Chain", &sigstore.bundle(&good()).bundle, &trust_in(&rootless, IDENTITY, ISSUER));
    type Change<'a> = &'a dyn Fn(&mut CertificateParams);
    let changes: [(&str, Change<'_>); 4] = [
        ("Profile", &|params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained)),
        ("Profile", &|params| params.extended_key_usages.clear()),
        ("Profile", &|params| params.key_usages.clear()),
        ("Chain", &|params| params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth]),
    ];
    for (variant, certificate) in changes {
        refused(variant, Plan { certificate, ..good() });
    }
    // A certificate before it was issued has a critical extension that nobody may accept.
    let poison = |params: &mut CertificateParams| {
        let mut extension = rcgen::CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 11129, 2, 4, 3], vec![5, 0]);
        extension.set_criticality(true);
        params.custom_extensions.push(extension);
    };
    refused("Chain", Plan { certificate: &poison, ..good() });
    let mut bundle = sigstore.bundle(&good()).bundle;
    *at(&mut bundle, "/verificationMaterial/certificate/rawBytes") = json!("MAAA");
    as_malformed("Key", &bundle, &trust(&sigstore));
}

fn pair() -> KeyPair {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).expect("a key")
}

#[test]
fn a_certificate_that_was_not_logged_is_refused() {
    let sigstore = Sigstore::new();
    let refused = |variant: &str, plan: Plan<'_>| because(variant, &sigstore.bundle(&plan).bundle, &trust(&sigstore));
    let (another, stranger) = (sigstore.bundle(&good()).certificate, pair());
    let issuer = sigstore.between.key.subject_public_key_info();
    type Scts<'a> = &'a dyn Fn(Vec<u8>) -> Option<Vec<Vec<u8>>>;
    let changed = |at: usize| {
        move |mut sct: Vec<u8>| {
            sct[at] ^= 1;
            Some(vec![sct])
        }
    };
    let (version, id, time, extensions, algorithm) = (changed(0), changed(1), changed(40), changed(42), changed(43));
    let cases: [(&str, Scts<'_>); 12] = [
        ("NoSct", &|_| None),
        ("SctCount(0)", &|_| Some(Vec::new())),
        ("SctCount(2)", &|sct| Some(vec![sct.clone(), sct])),
        ("SctWrong", &|_| Some(vec![sigstore.sct(&another)])),
        ("UnknownCertificateLog", &|_| Some(vec![fake::sct(&stranger, &another, &issuer)])),
        ("SctMalformed", &|sct| Some(vec![[sct, vec![0]].concat()])),
        ("SctMalformed", &|sct| Some(vec![sct[..sct.len() - 1].to_vec()])),
        ("SctMalformed", &version),
        ("UnknownCertificateLog", &id),
        ("SctWrong", &time),
        ("SctMalformed", &extensions),
        ("SctMalformed", &algorithm),
    ];
    for (variant, scts) in cases {
        refused(variant, Plan { scts, ..good() });
    }
    let mut ended = sigstore.trusted_root();
    ended["ctlogs"][0]["publicKey"]["validFor"]["end"] = json!("2026-06-01T00:00:00Z");
    because("CertificateLogPeriod", &sigstore.bundle(&good()).bundle, &trust_in(&ended, IDENTITY, ISSUER));
    let mut unknown = sigstore.trusted_root();
    unknown["ctlogs"][0]["publicKey"]["keyDetails"] = json!("ML_DSA_65");
    because("KeyKind", &sigstore.bundle(&good()).bundle, &trust_in(&unknown, IDENTITY, ISSUER));
}

#[test]
fn a_promise_that_the_log_did_not_make_is_refused() {
    let sigstore = Sigstore::new();
    let (another, root) = (sigstore.bundle(&good()).bundle, sigstore.trusted_root());
    let promise = another.pointer(&format!("{ENTRY}/inclusionPromise")).expect("there");
    let edits: [(&str, Edit<'_>); 12] = [
        ("Entries(0)", &|b| *at(b, ENTRIES) = json!([])),
        ("Entries(2)", &|b| *at(b, ENTRIES) = json!([at(b, ENTRY).clone(), at(b, ENTRY).clone()])),
        ("UnknownLog", &|b| *in_entry(b, "/logId/keyId") = json!(base64(&[7; 32]))),
        ("PromiseWrong", &|b| *in_entry(b, "/inclusionPromise") = promise.clone()),
        ("PromiseWrong", &|b| *in_entry(b, "/integratedTime") = json!((NOW + 6).to_string())),
        ("PromiseWrong", &|b| *in_entry(b, "/logIndex") = json!("121003")),
        ("PromiseWrong", &|b| *in_entry(b, "/canonicalizedBody") = json!(base64(b"{}"))),
        ("PromiseWrong", &|b| *in_entry(b, "/logId/keyId") = json!(base64(&log_id(&sigstore.log_2)))),
        ("PromiseWithoutTime", &|b| without(in_entry(b, ""), "integratedTime")),
        ("PromiseWithoutTime", &|b| *in_entry(b, "/integratedTime") = json!("0")),
        ("NoTime", &|b| without(in_entry(b, ""), "inclusionPromise")),
        ("NoTime", &|b| *in_entry(b, "/inclusionPromise") = Value::Null),
    ];
    for (variant, edit) in edits {
        let mut bundle = sigstore.bundle(&good()).bundle;
        edit(&mut bundle);
        because(variant, &bundle, &trust_in(&root, IDENTITY, ISSUER));
    }
    let mut ended = root.clone();
    ended["tlogs"][0]["publicKey"]["validFor"]["end"] = json!("2026-06-01T00:00:04Z");
    because("LogPeriod", &another, &trust_in(&ended, IDENTITY, ISSUER));
    let mut unknown = root;
    unknown["tlogs"][0]["publicKey"]["keyDetails"] = json!("ML_DSA_65");
    because("KeyKind", &another, &trust_in(&unknown, IDENTITY, ISSUER));
}

#[test]
fn a_timestamp_that_does_not_hold_is_refused_even_beside_a_promise() {
    let mut sigstore = Sigstore::new();
    let made = sigstore.bundle(&good_2());
    let (mut bundle, root) = (made.bundle, sigstore.trusted_root());
    let stamp = sigstore.stamp(&made.signature, NOW + 5);
    let mut with = |variant: &str, stamp: &[u8], root: &Value| {
        let list = json!([{ "signedTimestamp": base64(stamp) }]);
        *at(&mut bundle, "/verificationMaterial/timestampVerificationData/rfc3161Timestamps") = list.clone();
        because(variant, &bundle, &trust_in(root, IDENTITY, ISSUER));
        let mut promised = sigstore.bundle(&good()).bundle;
        *at(&mut promised, "/verificationMaterial/timestampVerificationData/rfc3161Timestamps") = list;
        let error = verify(promised.to_string().as_bytes(), &trust_in(root, IDENTITY, ISSUER));
        assert!(error.is_err(), "{variant} beside a promise");
    };
    with("TimestampOther", &sigstore.stamp(b"another signature", NOW + 5), &root);
    with("Timestamp(", b"", &root);
    with("Timestamp(", &stamp[..stamp.len() - 1], &root);
    with("Timestamp(", &[&stamp[..], &[0]].concat(), &root);
    let replaced = |from: &[u8], to: &[u8]| {
        let found = stamp.windows(from.len()).position(|window| window == from).expect("there");
        [&stamp[..found], to, &stamp[found + from.len()..]].concat()
    };
    with("TimestampWrong", &replaced(b"20260601000005Z", b"20260601000006Z"), &root);
    with("Timestamp(", &replaced(b"20260601000005Z", b"20261301000005Z"), &root);
    with("UnknownTimestampAuthority", &replaced(&[2, 2, 0x17, 4, 0x30], &[2, 2, 0x17, 5, 0x30]), &root);
    let mut wrong = stamp.clone();
    *wrong.last_mut().expect("bytes") ^= 1;
    with("TimestampWrong", &wrong, &root);
    let mut refusal = stamp.clone();
    let status = refusal.windows(5).position(|window| window == [0x30, 3, 2, 1, 0]).expect("there");
    refusal[status + 4] = 2;
    with("Timestamp(", &refusal, &root);
    let stranger = Sigstore::new();
    with("UnknownTimestampAuthority", &stranger.stamp(&made.signature, NOW + 5), &root);
    let mut ended = root.clone();
    ended["timestampAuthorities"][0]["validFor"]["end"] = json!("2026-06-01T00:00:04Z");
    with("TimestampAuthority", &stamp, &ended);
    let mut nobody = root.clone();
    nobody["timestampAuthorities"] = json!([]);
    with("UnknownTimestampAuthority", &stamp, &nobody);
    let mut alone = root;
    alone["timestampAuthorities"][0]["certChain"]["certificates"].as_array_mut().expect("a list").pop();
    with("TimestampAuthority", &stamp, &alone);
    // An authority whose certificate is for something else.
    let other = Sigstore::time_authority(&sigstore.time_root, &|params| params.custom_extensions.clear());
    sigstore.time = other;
    because("TimestampAuthority", &sigstore.bundle(&good_2()).bundle, &trust(&sigstore));
    sigstore.time = Authority::new("time", Some(&sigstore.time_root), &|params| {
        params.serial_number = Some(rcgen::SerialNumber::from(vec![0x17, 0x04]));
    });
    because("TimestampAuthority", &sigstore.bundle(&good_2()).bundle, &trust(&sigstore));
}

#[test]
fn another_statement_signature_or_certificate_is_refused() {
    let sigstore = Sigstore::new();
    let another = sigstore.bundle(&good());
    let payload = another.bundle.pointer("/dsseEnvelope/payload").and_then(Value::as_str).expect("a text");
    let payload = payload.replacen("ey", "eyA", 1);
    let signature = base64(&another.signature);
    let edits: [Edit<'_>; 3] = [
        &|b| *at(b, "/dsseEnvelope/payload") = json!(base64(payload.as_bytes())),
        &|b| *at(b, "/dsseEnvelope/signatures/0/sig") = json!(signature),
        &|b| *at(b, "/verificationMaterial/certificate/rawBytes") = json!(base64(&another.certificate)),
    ];
    for edit in edits {
        let mut bundle = sigstore.bundle(&good()).bundle;
        edit(&mut bundle);
        as_malformed("BadSignature", &bundle, &trust(&sigstore));
    }
}

/// An entry that the log has taken in, and that is for something else: CVE-2022-36056 and its like.
#[test]
fn an_entry_for_something_else_is_refused() {
    let sigstore = Sigstore::new();
    let another = sigstore.bundle(&Plan { payload: b"{}".to_vec(), ..good() });
    let mut swapped = sigstore.bundle(&good()).bundle;
    *at(&mut swapped, ENTRY) = another.bundle.pointer(ENTRY).expect("there").clone();
    because("BodyStatement", &swapped, &trust(&sigstore));
    let (signature, certificate) = (base64(&another.signature), base64(fake::pem(&another.certificate).as_bytes()));
    let digest = hex::encode(fake::hash(&[b"{}"]));
    let edits: [(&str, Edit<'_>); 15] = [
        ("BodyStatement", &|b| *at(b, "/spec/payloadHash/value") = json!(digest)),
        ("BodyStatement", &|b| *at(b, "/spec/payloadHash/algorithm") = json!("sha512")),
        ("Body(", &|b| *at(b, "/spec/payloadHash/algorithm") = json!("md5")),
        ("Body(", &|b| *at(b, "/spec/payloadHash/value") = json!("x")),
        ("BodySignature", &|b| *at(b, "/spec/signatures/0/signature") = json!(signature)),
        ("BodyCertificate", &|b| *at(b, "/spec/signatures/0/verifier") = json!(certificate)),
        ("Body(", &|b| *at(b, "/spec/signatures/0/verifier") = json!(base64(b"-----BEGIN PUBLIC KEY-----"))),
        ("Body(", &|b| *at(b, "/spec/signatures") = json!([])),
        ("Body(", &|b| *at(b, "/spec/signatures") = json!([b["spec"]["signatures"][0], b["spec"]["signatures"][0]])),
        ("Body(", &|b| b["spec"]["more"] = json!(1)),
        ("Body(", &|b| without(b, "spec")),
        ("BodyKind", &|b| b["kind"] = json!("rekord")),
        ("BodyKind", &|b| b["apiVersion"] = json!("0.0.3")),
        ("Body(", &|b| *b = json!([])),
        ("Body(", &|b| *b = json!("a text")),
    ];
    for (variant, body) in edits {
        because(variant, &sigstore.bundle(&Plan { body, ..good() }).bundle, &trust(&sigstore));
    }
    let others: [(Kind, &str, Edit<'_>); 9] = [
        (Kind::Dsse2, "BodyStatement", &|b| *at(b, "/spec/dsseV002/payloadHash/digest") = json!(base64(&[7; 32]))),
        (Kind::Dsse2, "BodySignature", &|b| *at(b, "/spec/dsseV002/signatures/0/content") = json!(signature)),
        (Kind::Dsse2, "Body(", &|b| *at(b, "/spec/dsseV002/payloadHash/algorithm") = json!("SHA3_256")),
        (Kind::HashedRekord1, "BodyStatement", &|b| *at(b, "/spec/data/hash/value") = json!(digest)),
        (Kind::HashedRekord1, "BodyCertificate", &|b| *at(b, "/spec/signature/publicKey/content") = json!(certificate)),
        (Kind::HashedRekord2, "BodyStatement", &|b| {
            *at(b, "/spec/hashedRekordV002/data/digest") = json!(base64(&[7; 32]))
        }),
        (Kind::HashedRekord2, "BodyCertificate", &|b| {
            let raw = "/spec/hashedRekordV002/signature/verifier/x509Certificate/rawBytes";
            *at(b, raw) = json!(base64(&another.certificate));
        }),
        (Kind::Intoto2, "BodyStatement", &|b| *at(b, "/spec/content/envelope/payloadType") = json!("text/plain")),
        (Kind::Intoto2, "BodySignature", &|b| {
            *at(b, "/spec/content/envelope/signatures/0/sig") = json!(base64(signature.as_bytes()));
        }),
    ];
    for (kind, variant, body) in others {
        because(variant, &sigstore.bundle(&Plan { kind, body, ..good() }).bundle, &trust(&sigstore));
    }
    let mut renamed = sigstore.bundle(&good_2()).bundle;
    *in_entry(&mut renamed, "/kindVersion/kind") = json!("dsse");
    because("Body(", &renamed, &trust(&sigstore));
    *in_entry(&mut renamed, "/kindVersion/kind") = json!("cose");
    because("BodyKind", &renamed, &trust(&sigstore));
}

#[test]
fn an_entry_that_is_not_shown_to_be_in_the_log_is_refused() {
    let sigstore = Sigstore::new();
    let (log, id, stranger) = (&sigstore.log, log_id(&sigstore.log), pair());
    let envelope = "/inclusionProof/checkpoint/envelope";
    let resigned = |bundle: &mut Value, edit: &dyn Fn(&str) -> String, name: &str, key: &KeyPair, id: &[u8]| {
        let text = in_entry(bundle, envelope).as_str().expect("a text").to_owned();
        let (text, _) = text.split_once("\n\n").expect("a note");
        *in_entry(bundle, envelope) = json!(note(&edit(&format!("{text}\n")), name, key, id));
    };
    let name = "rekor.example.jp";
    let same = |text: &str| text.to_owned();
    let zero = base64(&[0; 32]);
    let edits: [(&str, Edit<'_>); 18] = [
        ("NoProof", &|b| without(in_entry(b, ""), "inclusionProof")),
        ("NoCheckpoint", &|b| without(in_entry(b, "/inclusionProof"), "checkpoint")),
        ("Inclusion", &|b| *in_entry(b, "/inclusionProof/hashes/0") = json!(zero)),
        ("Inclusion", &|b| *in_entry(b, "/inclusionProof/hashes/0") = json!(base64(&[0; 31]))),
        ("Inclusion", &|b| without_last(in_entry(b, "/inclusionProof/hashes"))),
        ("Inclusion", &|b| *in_entry(b, "/inclusionProof/hashes") = json!([])),
        ("Inclusion", &|b| *in_entry(b, "/inclusionProof/logIndex") = json!("3")),
        ("Inclusion", &|b| *in_entry(b, "/inclusionProof/logIndex") = json!("5")),
        ("CheckpointOther", &|b| *in_entry(b, "/inclusionProof/rootHash") = json!(zero)),
        ("CheckpointOther", &|b| *in_entry(b, "/inclusionProof/treeSize") = json!("6")),
        ("CheckpointOther", &|b| resigned(b, &|text| text.replace("\n5\n", "\n6\n"), name, log, &id)),
        ("Checkpoint(", &|b| *in_entry(b, envelope) = json!("")),
        ("Checkpoint(", &|b| resigned(b, &|_| "one line\n".to_owned(), name, log, &id)),
        ("CheckpointUnsigned", &|b| resigned(b, &same, name, &stranger, &log_id(&stranger))),
        ("CheckpointUnsigned", &|b| resigned(b, &same, "other.example.jp", log, &id)),
        ("CheckpointWrong", &|b| resigned(b, &same, name, &stranger, &id)),
        ("CheckpointWrong", &|b| {
            let text = in_entry(b, envelope).as_str().expect("a text").replace("\n5\n", "\n6\n");
            *in_entry(b, envelope) = json!(text);
        }),
        ("CheckpointWrong", &|b| {
            // A right signature does not make up for a wrong one.
            let whole = in_entry(b, envelope).as_str().expect("a text").to_owned();
            let (text, _) = whole.split_once("\n\n").expect("a note");
            let line = note(&format!("{text}\n"), name, &stranger, &id);
            let (_, line) = line.split_once("\n\n").expect("a note");
            *in_entry(b, envelope) = json!(format!("{whole}{line}"));
        }),
    ];
    for (variant, edit) in edits {
        let mut bundle = sigstore.bundle(&good()).bundle;
        edit(&mut bundle);
        because(variant, &bundle, &trust(&sigstore));
    }
    let mut moved = sigstore.bundle(&good_2()).bundle;
    *in_entry(&mut moved, "/logIndex") = json!("3");
    because("Index", &moved, &trust(&sigstore));
    let mut ended = sigstore.trusted_root();
    ended["tlogs"][1]["publicKey"]["validFor"]["end"] = json!("2026-06-01T00:00:04Z");
    because("LogPeriod", &sigstore.bundle(&good_2()).bundle, &trust_in(&ended, IDENTITY, ISSUER));
    let mut keyed = sigstore.trusted_root();
    keyed["tlogs"][0]["checkpointKeyId"] = json!({ "keyId": base64(&[7; 4]) });
    because("CheckpointUnsigned", &sigstore.bundle(&good()).bundle, &trust_in(&keyed, IDENTITY, ISSUER));
}

fn without_last(list: &mut Value) {
    list.as_array_mut().expect("a list").pop();
}

#[test]
fn what_is_not_of_the_form_is_refused_before_anything_else() {
    let sigstore = Sigstore::new();
    let trust = trust(&sigstore);
    let repeated = |value: &Value, times: usize| Value::from(vec![value.clone(); times]);
    let edits: [(&str, Edit<'_>); 13] = [
        ("Malformed", &|b| *at(b, ENTRIES) = repeated(at(b, ENTRY), 17)),
        ("Malformed", &|b| *in_entry(b, "/inclusionProof/hashes") = repeated(&json!(base64(&[0; 32])), 65)),
        ("Malformed", &|b| {
            let stamps = repeated(&json!({ "signedTimestamp": "" }), 17);
            *at(b, "/verificationMaterial/timestampVerificationData/rfc3161Timestamps") = stamps;
        }),
        ("Malformed", &|b| in_entry(b, "")["more"] = json!(1)),
        ("Malformed", &|b| at(b, "/verificationMaterial/timestampVerificationData")["more"] = json!([])),
        ("Malformed", &|b| *in_entry(b, "/logIndex") = json!(121_002)),
        ("Malformed", &|b| *in_entry(b, "/logIndex") = json!("0121002")),
        ("Malformed", &|b| *in_entry(b, "/logIndex") = json!("-1")),
        ("Malformed", &|b| *in_entry(b, "/integratedTime") = json!("99999999999999999999")),
        ("Malformed", &|b| *in_entry(b, "/canonicalizedBody") = json!("e30")),
        ("Malformed", &|b| without(in_entry(b, ""), "kindVersion")),
        ("Malformed", &|b| at(b, "/verificationMaterial")["publicKey"] = json!({})),
        ("Unsupported", &|b| {
            without(b, "dsseEnvelope");
            b["messageSignature"] = json!({ "signature": "" });
        }),
    ];
    for (variant, edit) in edits {
        let mut bundle = sigstore.bundle(&good()).bundle;
        edit(&mut bundle);
        as_malformed(variant, &bundle, &trust);
    }
    let text = sigstore.bundle(&good()).bundle.to_string();
    let members = [
        "mediaType",
        "verificationMaterial",
        "certificate",
        "tlogEntries",
        "logIndex",
        "integratedTime",
        "inclusionPromise",
        "inclusionProof",
        "checkpoint",
        "canonicalizedBody",
        "dsseEnvelope",
        "payload",
        "keyId",
        "kind",
    ];
    for member in members {
        let twice = text.replacen(&format!("\"{member}\":"), &format!("\"{member}\":null,\"{member}\":"), 1);
        assert_ne!(twice, text, "{member}");
        text_as_malformed("Malformed", &twice, &trust);
    }
    let keys = Trust::Keys(Vec::new());
    as_malformed("OtherKind", &sigstore.bundle(&good()).bundle, &keys);
    let mut keyed = sigstore.bundle(&good()).bundle;
    keyed["verificationMaterial"] = json!({ "publicKey": {}, "tlogEntries": [] });
    as_malformed("OtherKind", &keyed, &trust);
}
