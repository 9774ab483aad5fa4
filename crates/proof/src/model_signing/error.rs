//! What can be wrong with a signature of a model.

use thiserror::Error;

use super::resource::ResourceError;
use super::sigstore::SigstoreError;
use crate::limits::{MODEL_BUNDLE_BYTES_MAX, MODEL_RESOURCES_MAX};

/// Why a key or a certificate can't be used.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ModelKeyError {
    /// No PEM block of the kind that was asked for.
    #[error("there is no {0} in PEM form")]
    Missing(&'static str),
    /// It is not what its PEM label says.
    #[error("this is not a {0}")]
    Malformed(&'static str),
    /// Neither P-256 nor P-384 nor P-521.
    #[error("the key is not on the curve P-256, P-384 or P-521")]
    Curve,
    /// The private key is encrypted, and there was no password.
    #[error("the private key has a password, and none was given")]
    PasswordMissing,
    /// The password is not that of the key.
    #[error("the password does not open the private key")]
    PasswordWrong,
}

/// Why a model was not signed.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ModelSignError {
    /// No file.
    #[error("there is no file to sign")]
    Nothing,
    /// The certificate is for another key.
    #[error("the certificate is not for this private key")]
    OtherKey,
    /// The key did not sign.
    #[error("the private key could not sign")]
    Failed,
}

/// Why a bundle proves nothing.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ModelVerifyError {
    /// Above [`MODEL_BUNDLE_BYTES_MAX`].
    #[error("the signature file is larger than {MODEL_BUNDLE_BYTES_MAX} bytes")]
    TooLarge,
    /// More than [`MODEL_RESOURCES_MAX`] resources.
    #[error("the signature names more than {MODEL_RESOURCES_MAX} files")]
    TooManyResources,
    /// Not a bundle of this kind; says where.
    #[error("this is not a model signature: {0}")]
    Malformed(String),
    /// Something that is not known here, and so can't be checked.
    #[error("the signature uses {0}, which can't be checked here")]
    Unsupported(String),
    /// The bundle is signed in another way than the user asked to check.
    #[error("the model was signed with {found}")]
    OtherKind {
        /// With what it was signed.
        found: &'static str,
    },
    /// Another key.
    #[error("none of the trusted keys is the one that signed (SHA-256 of its PEM text: {hint})")]
    UnknownKey {
        /// What the bundle says of its key, or nothing.
        hint: String,
    },
    /// The signature does not fit the key and the statement.
    #[error("the signature is wrong: the statement was changed, or somebody else signed it")]
    BadSignature,
    /// A certificate or a key that can't be used.
    #[error("a certificate or key of the signature can't be used: {0}")]
    Key(#[from] ModelKeyError),
    /// The certificates do not lead to a trusted root.
    #[error("the certificate is not trusted: {0}")]
    Chain(String),
    /// The Sigstore identity is not proven.
    #[error(transparent)]
    Sigstore(#[from] SigstoreError),
    /// A resource has a name that it must not have.
    #[error("the signature names {name:?}: {why}")]
    Resource {
        /// The name.
        name: String,
        /// What is wrong with it.
        why: ResourceError,
    },
    /// The digest of the model is not that of its resources.
    #[error("the statement contradicts itself: the digest of the model is not that of its files")]
    Root,
}

impl ModelVerifyError {
    pub(super) fn malformed(what: impl ToString) -> Self {
        Self::Malformed(what.to_string())
    }
}
