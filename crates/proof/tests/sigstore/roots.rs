//! Trusted roots: which are read, and which are refused.

use sakimori_proof::model_signing::{TrustedRoot, TrustedRootError};
use serde_json::{Value, json};

use crate::fake::Sigstore;

fn read(root: &Value) -> Result<TrustedRoot, TrustedRootError> {
    TrustedRoot::from_json(root.to_string().as_bytes())
}

#[test]
fn what_a_trusted_root_may_have_is_read() {
    let sigstore = Sigstore::new();
    let mut root = sigstore.trusted_root();
    for media_type in [
        "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
        "application/vnd.dev.sigstore.trustedroot.v0.1+json",
        "application/vnd.dev.sigstore.trustedroot+json;version=0.2",
        "application/vnd.dev.sigstore.trustedroot.v0.2+json",
    ] {
        root["mediaType"] = json!(media_type);
        assert!(read(&root).is_ok(), "{media_type}");
    }
    root["tlogs"][0]["operator"] = json!("example.jp");
    root["certificateAuthorities"][0]["operator"] = json!("example.jp");
    root["tlogs"][0]["publicKey"]["keyDetails"] = json!("ML_DSA_65");
    root.as_object_mut().expect("an object").remove("timestampAuthorities");
    assert!(read(&root).is_ok(), "a key that nobody needs may be of a kind that is not known");
}

#[test]
fn what_is_not_understood_is_refused() {
    let sigstore = Sigstore::new();
    type Edit<'a> = &'a dyn Fn(&mut Value);
    let many = |value: &Value| Value::from(vec![value.clone(); 257]);
    let edits: [(&str, Edit<'_>); 20] = [
        ("MediaType", &|r| r["mediaType"] = json!("application/vnd.dev.sigstore.trustedroot.v0.3+json")),
        ("Malformed", &|r| r["more"] = json!([])),
        ("Malformed", &|r| r["tlogs"][0]["more"] = json!(1)),
        ("Malformed", &|r| r["tlogs"] = many(&r["tlogs"][0])),
        ("Malformed", &|r| r["tlogs"][0]["hashAlgorithm"] = json!("SHA2_512")),
        ("Malformed", &|r| r["tlogs"][0]["logId"]["keyId"] = json!("AAA=")),
        ("Malformed", &|r| r["tlogs"][0]["publicKey"]["rawBytes"] = json!("?")),
        ("Missing", &|r| r["tlogs"] = json!([])),
        ("Missing", &|r| r["ctlogs"] = json!([])),
        ("Missing", &|r| r["certificateAuthorities"] = json!([])),
        ("Key", &|r| r["tlogs"][0]["publicKey"]["rawBytes"] = json!("MAA=")),
        ("Key", &|r| r["tlogs"][0]["publicKey"]["keyDetails"] = json!("PKIX_ED25519")),
        ("Key", &|r| r["tlogs"][0]["publicKey"]["keyDetails"] = json!("PKIX_RSA_PKCS1V15_2048_SHA256")),
        ("Key", &|r| r["tlogs"][1]["publicKey"]["keyDetails"] = json!("PKIX_ECDSA_P256_SHA_256")),
        ("Period", &|r| r["tlogs"][0]["publicKey"]["validFor"] = Value::Null),
        ("Period", &|r| r["tlogs"][0]["publicKey"]["validFor"] = json!({ "end": "2027-01-01T00:00:00Z" })),
        ("Period", &|r| r["certificateAuthorities"][0]["validFor"]["start"] = json!("yesterday")),
        ("Period", &|r| r["timestampAuthorities"][0]["validFor"]["end"] = json!("2027-13-01T00:00:00Z")),
        ("Certificate", &|r| r["certificateAuthorities"][0]["certChain"]["certificates"] = json!([])),
        ("Certificate", &|r| {
            r["certificateAuthorities"][0]["certChain"]["certificates"][0]["rawBytes"] = json!("MAA=")
        }),
    ];
    for (variant, edit) in edits {
        let mut root = sigstore.trusted_root();
        edit(&mut root);
        let error = read(&root).expect_err(variant);
        assert!(format!("{error:?}").starts_with(variant), "{variant}: {error:?}");
        assert!(!error.to_string().is_empty());
    }
    let text = sigstore.trusted_root().to_string();
    for member in ["mediaType", "tlogs", "publicKey", "start", "certChain", "rawBytes", "keyDetails"] {
        let twice = text.replacen(&format!("\"{member}\":"), &format!("\"{member}\":null,\"{member}\":"), 1);
        assert!(matches!(TrustedRoot::from_json(twice.as_bytes()), Err(TrustedRootError::Malformed(_))), "{member}");
    }
    let large = vec![b' '; sakimori_proof::limits::TRUSTED_ROOT_BYTES_MAX + 1];
    assert_eq!(TrustedRoot::from_json(&large).expect_err("refused"), TrustedRootError::TooLarge);
}
