//! Where a private key lies, and who signs with it.

use std::fmt;

use ed25519_dalek::{SigningKey, VerifyingKey};
use thiserror::Error;

/// Makes the Ed25519 signatures (RFC 8032) of one key, which may lie where nobody can read it: in a file, in a token that speaks
/// PKCS#11, or with a key management service.
pub trait Signer: Send + Sync {
    /// The public half.
    fn public(&self) -> VerifyingKey;

    /// The signature of this text. It was verified with the public half if it was made elsewhere.
    ///
    /// # Errors
    /// When nobody can sign at the moment. The next call may succeed.
    fn sign(&self, text: &[u8]) -> Result<[u8; 64], SignError>;

    /// What a key file holds of it.
    fn kept(&self) -> Kept<'_>;
}

/// What a key file holds of a private key.
pub enum Kept<'s> {
    /// The key itself: its seed.
    Seed(&'s [u8; 32]),
    /// Where it lies: a PKCS#11 URI (RFC 7512).
    Uri(&'s str),
}

/// Why a key that lies elsewhere could not be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the key in {place}: {problem}")]
pub struct SignError {
    /// Where the key lies, without anything that is secret.
    pub place: String,
    /// What went wrong.
    pub problem: String,
    /// What a person can do about it.
    pub hint: &'static str,
}

impl Signer for SigningKey {
    fn public(&self) -> VerifyingKey {
        self.verifying_key()
    }

    fn sign(&self, text: &[u8]) -> Result<[u8; 64], SignError> {
        Ok(ed25519_dalek::Signer::sign(self, text).to_bytes())
    }

    fn kept(&self) -> Kept<'_> {
        Kept::Seed(self.as_bytes())
    }
}

impl fmt::Debug for dyn Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kept() {
            Kept::Seed(_) => f.write_str("Signer(secret)"),
            Kept::Uri(uri) => write!(f, "Signer({uri})"),
        }
    }
}
