//! The fuzz targets: bundles and trusted roots of others. The trusted root here was made together with the seeds, and its
//! private keys were thrown away: the statements of the seeds are all that may ever hold under it.

use super::{SigstoreTrust, TrustedRoot, body, identity, sct, timestamp};
use crate::model_signing::certificate::Certificate;
use crate::model_signing::{Trust, VerifiedModel, fingerprint_of, verify};

const ROOT: &[u8] = include_bytes!("fuzz_root.json");
const IDENTITY: &str = "taro@example.jp";
const ISSUER: &str = "https://accounts.example.jp";
/// SHA-256 of the statement in the seeds.
const STATEMENT: &str = "666c0857eb46f9b5b6dd5af75c755ebd2b384eed91e3b5a7143d825bf2faea71";

fn known() -> Option<TrustedRoot> {
    TrustedRoot::from_json(ROOT).ok()
}

/// Bundles, and the forms in them that have parsers of their own: certificates, timestamps, bodies.
pub(crate) fn bundle(bytes: &[u8]) {
    let known = known();
    assert!(known.is_some(), "the trusted root of the seeds is one");
    let Some(root) = known else { return };
    if let Ok(certificate) = Certificate::from_der(bytes) {
        let _ =
            (identity::identity(&certificate), identity::issuer(&certificate), identity::check_profile(&certificate));
        assert!(
            sct::verify(&certificate, &certificate, &root.certificate_logs).is_err(),
            "nobody issues to themselves"
        );
    }
    assert!(timestamp::verify(bytes, b"nobody signed this", &root.timestamp_authorities).is_err());
    body::fuzz(bytes);
    let trust = SigstoreTrust { root, identity: IDENTITY.to_owned(), issuer: ISSUER.to_owned() };
    if let Ok(VerifiedModel { statement, .. }) = verify(bytes, &Trust::Sigstore(Box::new(trust))) {
        assert_eq!(fingerprint_of(statement.as_bytes()), STATEMENT, "a statement that nobody signed");
    }
}

/// Trusted roots.
pub(crate) fn trusted_root(bytes: &[u8]) {
    let Ok(root) = TrustedRoot::from_json(bytes) else { return };
    assert!(!root.logs.is_empty() && !root.certificate_logs.is_empty() && !root.authorities.is_empty());
    for log in root.logs.iter().chain(&root.certificate_logs) {
        assert!(log.checkpoint_id.len() >= 4 && !log.key.has_signed(b"nobody signed this", bytes).unwrap_or(false));
    }
    for authority in root.authorities.iter().chain(&root.timestamp_authorities) {
        assert!(!authority.certificates.is_empty());
    }
}
