//! Keys of signers: ECDSA on P-256, P-384 or P-521, in PEM form.

use der::pem::{LineEnding, PemLabel as _};
use der::{DecodePem as _, SecretDocument};
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::signature::hazmat::PrehashVerifier as _;
use pkcs8::{EncodePublicKey as _, EncryptedPrivateKeyInfoRef, PrivateKeyInfoRef};
use sec1::EcPrivateKey;
use x509_cert::spki::{ObjectIdentifier, SubjectPublicKeyInfoOwned};

use super::algorithm::{EC_PUBLIC_KEY, Hash, P256, P384, P521};
use super::error::{ModelKeyError, ModelSignError};
use super::fingerprint_of;

const PRIVATE: &str = "private key";
const PUBLIC: &str = "public key";

/// A private key. It is wiped from memory when it is dropped.
pub enum SigningKey {
    /// On P-256, with SHA-256.
    P256(Box<p256::ecdsa::SigningKey>),
    /// On P-384, with SHA-384.
    P384(Box<p384::ecdsa::SigningKey>),
    /// On P-521, with SHA-512.
    P521(Box<p521::ecdsa::SigningKey>),
}

/// A public key that its owner handed out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicKey {
    /// On P-256, with SHA-256.
    P256(p256::ecdsa::VerifyingKey),
    /// On P-384, with SHA-384.
    P384(p384::ecdsa::VerifyingKey),
    /// On P-521, with SHA-512.
    P521(p521::ecdsa::VerifyingKey),
}

impl SigningKey {
    /// Reads the first private key of a PEM text: SEC1 (`EC PRIVATE KEY`), PKCS#8 (`PRIVATE KEY`), or PKCS#8 with a
    /// password (`ENCRYPTED PRIVATE KEY`, RFC 5958 with PBES2).
    ///
    /// # Errors
    /// [`ModelKeyError`].
    pub fn from_pem(text: &str, password: Option<&[u8]>) -> Result<Self, ModelKeyError> {
        let malformed = |_| ModelKeyError::Malformed(PRIVATE);
        let block = private_block(text).ok_or(ModelKeyError::Missing(PRIVATE))?;
        let (label, document) = SecretDocument::from_pem(block).map_err(malformed)?;
        match label {
            "EC PRIVATE KEY" => Self::from_sec1(document.as_bytes(), None),
            "PRIVATE KEY" => Self::from_pkcs8(document.as_bytes()),
            _ => {
                let encrypted = EncryptedPrivateKeyInfoRef::try_from(document.as_bytes());
                let encrypted = encrypted.map_err(|_| ModelKeyError::Malformed(PRIVATE))?;
                let password = password.ok_or(ModelKeyError::PasswordMissing)?;
                let opened = encrypted.decrypt(password).map_err(|_| ModelKeyError::PasswordWrong)?;
                Self::from_pkcs8(opened.as_bytes())
            }
        }
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        match self {
            Self::P256(key) => PublicKey::P256(*key.verifying_key()),
            Self::P384(key) => PublicKey::P384(*key.verifying_key()),
            Self::P521(key) => PublicKey::P521(*key.verifying_key()),
        }
    }

    /// A signature (DER) with the hash of the curve. The nonce comes from key and message (RFC 6979).
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, ModelSignError> {
        let signature = match self {
            Self::P256(key) => key.try_sign(message).map(|s: p256::ecdsa::Signature| s.to_der().as_bytes().to_vec()),
            Self::P384(key) => key.try_sign(message).map(|s: p384::ecdsa::Signature| s.to_der().as_bytes().to_vec()),
            Self::P521(key) => key.try_sign(message).map(|s: p521::ecdsa::Signature| s.to_der().as_bytes().to_vec()),
        };
        signature.map_err(|_| ModelSignError::Failed)
    }

    fn from_pkcs8(der: &[u8]) -> Result<Self, ModelKeyError> {
        let info = PrivateKeyInfoRef::try_from(der).map_err(|_| ModelKeyError::Malformed(PRIVATE))?;
        if info.algorithm.oid != EC_PUBLIC_KEY {
            return Err(ModelKeyError::Curve);
        }
        let curve = info.algorithm.parameters_oid().map_err(|_| ModelKeyError::Curve)?;
        Self::from_sec1(info.private_key.as_bytes(), Some(curve))
    }

    fn from_sec1(der: &[u8], curve: Option<ObjectIdentifier>) -> Result<Self, ModelKeyError> {
        let malformed = |_| ModelKeyError::Malformed(PRIVATE);
        let key = EcPrivateKey::try_from(der).map_err(|_| ModelKeyError::Malformed(PRIVATE))?;
        let named = key.parameters.and_then(|parameters| parameters.named_curve());
        let scalar = key.private_key;
        match curve.or(named) {
            Some(P256) => p256::ecdsa::SigningKey::from_slice(scalar).map(Box::new).map(Self::P256).map_err(malformed),
            Some(P384) => p384::ecdsa::SigningKey::from_slice(scalar).map(Box::new).map(Self::P384).map_err(malformed),
            Some(P521) => p521::ecdsa::SigningKey::from_slice(scalar).map(Box::new).map(Self::P521).map_err(malformed),
            _ => Err(ModelKeyError::Curve),
        }
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey(the private half of {})", self.public().fingerprint())
    }
}

impl PublicKey {
    /// Reads a public key in PEM form (`PUBLIC KEY`, RFC 5280 SubjectPublicKeyInfo).
    ///
    /// # Errors
    /// [`ModelKeyError`].
    pub fn from_pem(text: &str) -> Result<Self, ModelKeyError> {
        let block = block(text, SubjectPublicKeyInfoOwned::PEM_LABEL).ok_or(ModelKeyError::Missing(PUBLIC))?;
        let info = SubjectPublicKeyInfoOwned::from_pem(block).map_err(|_| ModelKeyError::Malformed(PUBLIC))?;
        Self::from_info(&info)
    }

    pub(super) fn from_info(info: &SubjectPublicKeyInfoOwned) -> Result<Self, ModelKeyError> {
        let malformed = |_| ModelKeyError::Malformed(PUBLIC);
        if info.algorithm.oid != EC_PUBLIC_KEY {
            return Err(ModelKeyError::Curve);
        }
        let parameters = info.algorithm.parameters.as_ref().ok_or(ModelKeyError::Curve)?;
        let curve = parameters.decode_as::<ObjectIdentifier>().map_err(|_| ModelKeyError::Curve)?;
        let point = info.subject_public_key.as_bytes().ok_or(ModelKeyError::Malformed(PUBLIC))?;
        match curve {
            P256 => p256::ecdsa::VerifyingKey::from_sec1_bytes(point).map(Self::P256).map_err(malformed),
            P384 => p384::ecdsa::VerifyingKey::from_sec1_bytes(point).map(Self::P384).map_err(malformed),
            P521 => p521::ecdsa::VerifyingKey::from_sec1_bytes(point).map(Self::P521).map_err(malformed),
            _ => Err(ModelKeyError::Curve),
        }
    }

    /// The key as PEM text, of which signers take the fingerprint.
    #[must_use]
    pub fn pem(&self) -> String {
        let text = match self {
            Self::P256(key) => key.to_public_key_pem(LineEnding::LF),
            Self::P384(key) => key.to_public_key_pem(LineEnding::LF),
            Self::P521(key) => key.to_public_key_pem(LineEnding::LF),
        };
        // INVARIANT: a key on a named curve has a form in DER.
        text.unwrap_or_else(|_| unreachable!("a public key is written"))
    }

    /// Hexadecimal SHA-256 of the PEM text.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        fingerprint_of(self.pem().as_bytes())
    }

    /// True when this key made this signature (DER), with the hash of its curve.
    #[must_use]
    pub fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        let hash = match self {
            Self::P256(_) => Hash::Sha256,
            Self::P384(_) => Hash::Sha384,
            Self::P521(_) => Hash::Sha512,
        };
        self.has_signed_with(hash, message, signature)
    }

    /// As [`PublicKey::has_signed`], with the hash that a certificate names.
    pub(super) fn has_signed_with(&self, hash: Hash, message: &[u8], signature: &[u8]) -> bool {
        let digest = hash.of(message);
        match self {
            Self::P256(key) => p256::ecdsa::Signature::from_der(signature)
                .is_ok_and(|signature| key.verify_prehash(&digest, &signature).is_ok()),
            Self::P384(key) => p384::ecdsa::Signature::from_der(signature)
                .is_ok_and(|signature| key.verify_prehash(&digest, &signature).is_ok()),
            Self::P521(key) => p521::ecdsa::Signature::from_der(signature)
                .is_ok_and(|signature| key.verify_prehash(&digest, &signature).is_ok()),
        }
    }
}

/// The first block that is a private key: there may be others before it, as `EC PARAMETERS`.
fn private_block(text: &str) -> Option<&str> {
    ["EC PRIVATE KEY", "PRIVATE KEY", "ENCRYPTED PRIVATE KEY"].into_iter().find_map(|label| block(text, label))
}

/// The first PEM block with this label, from its first to its last dash.
pub(super) fn block<'t>(text: &'t str, label: &str) -> Option<&'t str> {
    let (begin, end) = (format!("-----BEGIN {label}-----"), format!("-----END {label}-----"));
    let start = text.find(&begin)?;
    let length = text[start..].find(&end)? + end.len();
    Some(&text[start..start + length])
}

/// DER of anything that has one.
pub(super) fn der_of(value: &impl der::Encode) -> Vec<u8> {
    value.to_der().unwrap_or_default()
}
