//! The algorithms by their object identifiers, and signatures of certificates.

use sha2::{Digest as _, Sha256, Sha384, Sha512};
use x509_cert::spki::{AlgorithmIdentifierOwned, ObjectIdentifier, SubjectPublicKeyInfoOwned};

use super::key::PublicKey;

/// `id-ecPublicKey` (RFC 5480).
pub(super) const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
/// `secp256r1` (RFC 5480).
pub(super) const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
/// `secp384r1` (RFC 5480).
pub(super) const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
/// `secp521r1` (RFC 5480).
pub(super) const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");

/// `id-Ed25519` (RFC 8410).
pub(super) const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
/// `rsaEncryption` (RFC 8017).
pub(super) const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// Signature algorithms of certificates: ECDSA (RFC 5758) and RSA with PKCS#1 v1.5 (RFC 8017).
const SIGNATURES: [(ObjectIdentifier, Family, Hash); 6] = [
    (ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2"), Family::Ecdsa, Hash::Sha256),
    (ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3"), Family::Ecdsa, Hash::Sha384),
    (ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.4"), Family::Ecdsa, Hash::Sha512),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11"), Family::Rsa, Hash::Sha256),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12"), Family::Rsa, Hash::Sha384),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.13"), Family::Rsa, Hash::Sha512),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    Ecdsa,
    Rsa,
}

/// A hash function of the SHA-2 family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    /// The hash of a message.
    pub(super) fn of(self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => Sha256::digest(message).to_vec(),
            Self::Sha384 => Sha384::digest(message).to_vec(),
            Self::Sha512 => Sha512::digest(message).to_vec(),
        }
    }
}

/// The hash that is a part of this signature algorithm, if it is known here.
pub(super) fn hash_in(algorithm: &AlgorithmIdentifierOwned) -> Option<Hash> {
    SIGNATURES.into_iter().find(|(oid, ..)| *oid == algorithm.oid).map(|(.., hash)| hash)
}

/// True when the holder of this key signed the message with this algorithm. `None` when the algorithm or the kind of key
/// is not known here.
pub(super) fn has_signed(
    signer: &SubjectPublicKeyInfoOwned,
    algorithm: &AlgorithmIdentifierOwned,
    message: &[u8],
    signature: &[u8],
) -> Option<bool> {
    let (_, family, hash) = SIGNATURES.into_iter().find(|(oid, ..)| *oid == algorithm.oid)?;
    match family {
        Family::Ecdsa => {
            let key = PublicKey::from_info(signer).ok()?;
            Some(algorithm.parameters.is_none() && key.has_signed_with(hash, message, signature))
        }
        Family::Rsa if signer.algorithm.oid == RSA => {
            let parameters: &'static ring::signature::RsaParameters = match hash {
                Hash::Sha256 => &ring::signature::RSA_PKCS1_2048_8192_SHA256,
                Hash::Sha384 => &ring::signature::RSA_PKCS1_2048_8192_SHA384,
                Hash::Sha512 => &ring::signature::RSA_PKCS1_2048_8192_SHA512,
            };
            let key = ring::signature::UnparsedPublicKey::new(parameters, signer.subject_public_key.as_bytes()?);
            Some(key.verify(message, signature).is_ok())
        }
        Family::Rsa => None,
    }
}
