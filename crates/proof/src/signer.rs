//! Where a private key lies, and who signs with it.

use ed25519_dalek::{SigningKey, VerifyingKey};
use thiserror::Error;

/// Makes the Ed25519 signatures (RFC 8032) of one key, which may lie where nobody can read it: in a file, in a token that speaks
/// PKCS#11, or with a key management service.
pub(crate) trait Signer: Send + Sync {
    /// The public half.
    fn public(&self) -> VerifyingKey;

    /// The signature of this text. It was verified with the public half if it was made elsewhere.
    ///
    /// # Errors
    /// When nobody can sign at the moment. The next call may succeed.
    fn sign(&self, text: &[u8]) -> Result<[u8; 64], SignError>;

    /// What a key file holds of it.
    fn private(&self) -> Private<'_>;
}

/// What a key file holds of a private key.
pub(crate) enum Private<'s> {
    /// The key itself: its seed.
    Held(&'s [u8; 32]),
    /// Where it lies: a PKCS#11 URI (RFC 7512).
    #[cfg_attr(not(feature = "token"), expect(dead_code, reason = "keys lie nowhere else then"))]
    At(&'s str),
}

/// Why a key that lies elsewhere could not be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the key in {place}: {problem}")]
pub struct SignError {
    /// Where the key lies, without anything that is secret.
    pub place: String,
    /// What went wrong.
    pub problem: String,
    /// What kind of trouble it is.
    pub cause: SignCause,
}

/// Kinds of trouble with a key that lies elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignCause {
    /// Where it lies can't be reached, or does not do what was asked. It may do so later.
    Unreachable,
    /// There is no PIN.
    Pin,
    /// The PIN was refused: a few wrong ones lock a token.
    PinRefused,
    /// It is not said well enough which key is meant, or there is no such key.
    Name,
}

impl Signer for SigningKey {
    fn public(&self) -> VerifyingKey {
        self.verifying_key()
    }

    fn sign(&self, text: &[u8]) -> Result<[u8; 64], SignError> {
        Ok(ed25519_dalek::Signer::sign(self, text).to_bytes())
    }

    fn private(&self) -> Private<'_> {
        Private::Held(self.as_bytes())
    }
}
