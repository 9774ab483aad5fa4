//! Keys of logs, as a trusted root gives them.

use der::Decode as _;
use ed25519_dalek::VerifyingKey;
use x509_cert::spki::SubjectPublicKeyInfoOwned;

use super::error::{SigstoreError, TrustedRootError};
use crate::model_signing::algorithm::{ED25519, Hash, RSA};
use crate::model_signing::key::PublicKey;

/// The key of a log.
#[derive(Clone, Debug)]
pub(super) enum LogKey {
    /// ECDSA with the hash that the details name.
    Ecdsa(PublicKey, Hash),
    /// Ed25519.
    Ed25519(VerifyingKey),
    /// RSA, PKCS#1 v1.5 with SHA-256; the key as PKCS#1 writes it.
    Rsa(Vec<u8>),
    /// Of a kind that is not known here, which matters only once it is needed.
    Unknown(String),
}

impl LogKey {
    /// The key with these bytes and details (`PublicKey` of `sigstore_common.proto`).
    pub(super) fn new(bytes: &[u8], details: &str) -> Result<Self, TrustedRootError> {
        let refused = || TrustedRootError::Key(details.to_owned());
        let info = || SubjectPublicKeyInfoOwned::from_der(bytes).map_err(|_| refused());
        let ecdsa = |hash| Ok(Self::Ecdsa(PublicKey::from_info(&info()?).map_err(|_| refused())?, hash));
        match details {
            "PKIX_ECDSA_P256_SHA_256" => ecdsa(Hash::Sha256),
            "PKIX_ECDSA_P384_SHA_384" => ecdsa(Hash::Sha384),
            "PKIX_ECDSA_P521_SHA_512" => ecdsa(Hash::Sha512),
            "PKIX_ED25519" => {
                let info = info()?;
                let point = info.subject_public_key.as_bytes().and_then(|bytes| bytes.try_into().ok());
                let key = point.and_then(|point| VerifyingKey::from_bytes(point).ok());
                key.filter(|_| info.algorithm.oid == ED25519).map(Self::Ed25519).ok_or_else(refused)
            }
            "PKIX_RSA_PKCS1V15_2048_SHA256" | "PKIX_RSA_PKCS1V15_3072_SHA256" | "PKIX_RSA_PKCS1V15_4096_SHA256" => {
                let info = info()?;
                let key = info.subject_public_key.as_bytes().filter(|_| info.algorithm.oid == RSA);
                key.map(|key| Self::Rsa(key.to_vec())).ok_or_else(refused)
            }
            "PKCS1_RSA_PKCS1V5" => Ok(Self::Rsa(bytes.to_vec())),
            _ => Ok(Self::Unknown(details.to_owned())),
        }
    }

    /// Whether this key signed the message.
    pub(super) fn has_signed(&self, message: &[u8], signature: &[u8]) -> Result<bool, SigstoreError> {
        match self {
            Self::Ecdsa(key, hash) => Ok(key.has_signed_with(*hash, message, signature)),
            Self::Ed25519(key) => Ok(ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok())),
            Self::Rsa(key) => {
                let key = ring::signature::UnparsedPublicKey::new(&ring::signature::RSA_PKCS1_2048_8192_SHA256, key);
                Ok(key.verify(message, signature).is_ok())
            }
            Self::Unknown(details) => Err(SigstoreError::KeyKind(details.clone())),
        }
    }
}
