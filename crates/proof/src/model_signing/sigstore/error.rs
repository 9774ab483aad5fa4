//! What can be wrong with a Sigstore signature, one variant a reason: whoever verifies is told which step failed.

use thiserror::Error;

use crate::limits::TRUSTED_ROOT_BYTES_MAX;

/// Why a file is not a trusted root that can be used.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrustedRootError {
    /// Above [`TRUSTED_ROOT_BYTES_MAX`].
    #[error("the trusted root is larger than {TRUSTED_ROOT_BYTES_MAX} bytes")]
    TooLarge,
    /// Not of this form; says where.
    #[error("this is not a trusted root of Sigstore: {0}")]
    Malformed(String),
    /// A version of the form that is not known here.
    #[error("the trusted root has the type {0:?}, which is not known here")]
    MediaType(String),
    /// A period without a start, or with times that are none.
    #[error("the trusted root does not say from when {0} holds (validFor.start)")]
    Period(String),
    /// A key that is not what its details say.
    #[error("the trusted root has a key that is not what it says: {0}")]
    Key(String),
    /// A certificate that can't be read, or an authority without one.
    #[error("the trusted root has an authority without certificates that can be read: {0}")]
    Certificate(String),
    /// Nothing of a kind that every signature needs.
    #[error("the trusted root names no {0}")]
    Missing(&'static str),
}

impl TrustedRootError {
    pub(super) fn malformed(what: impl ToString) -> Self {
        Self::Malformed(what.to_string())
    }
}

/// Why a Sigstore signature proves nothing.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum SigstoreError {
    /// Not exactly one entry of the log.
    #[error("the signature has {0} entries of a transparency log, and not exactly one")]
    Entries(usize),
    /// No log of the trusted root has this id.
    #[error("the trusted root does not know the transparency log {id}")]
    UnknownLog {
        /// Hexadecimal.
        id: String,
    },
    /// The log's key did not hold at that time.
    #[error("the trusted root does not trust the key of the transparency log at the time of signing, {at}")]
    LogPeriod {
        /// The time (RFC 3339).
        at: String,
    },
    /// A key of a kind that is not known here.
    #[error("the trusted root gives a key of the kind {0}, with which nothing can be verified here")]
    KeyKind(String),
    /// The promise of the log has no time.
    #[error("the transparency log promises to include the entry, but does not say when it took it in")]
    PromiseWithoutTime,
    /// A bundle of version 0.1 without a promise.
    #[error("a bundle of version 0.1 must have the promise of the transparency log (inclusionPromise)")]
    PromiseMissing,
    /// The log did not make this promise.
    #[error("the transparency log did not sign this promise: the entry, its index, its time or its log was changed")]
    PromiseWrong,
    /// Nothing says when it was signed.
    #[error("no transparency log and no timestamp authority vouches for the time of signing")]
    NoTime,
    /// A timestamp that can't be read or says something else.
    #[error("a timestamp can't be used: {0}")]
    Timestamp(&'static str),
    /// A timestamp over another signature.
    #[error("a timestamp is for another signature")]
    TimestampOther,
    /// A timestamp of an authority that is not in the trusted root.
    #[error("the trusted root does not know the authority that made a timestamp")]
    UnknownTimestampAuthority,
    /// The authority did not make this timestamp.
    #[error("the timestamp authority did not sign this timestamp: it was changed")]
    TimestampWrong,
    /// The certificates of the authority do not hold at the time of its timestamp.
    #[error("the timestamp authority is not trusted at the time that it states, {at}: {why}")]
    TimestampAuthority {
        /// The time (RFC 3339).
        at: String,
        /// What is wrong.
        why: String,
    },
    /// No authority of the trusted root issued the certificate, or it was not valid.
    #[error("the certificate of the signer is not trusted at the time of signing, {at}: {why}")]
    Chain {
        /// The time (RFC 3339).
        at: String,
        /// What is wrong.
        why: String,
    },
    /// The certificate is not one that Sigstore issues to signers.
    #[error("the certificate of the signer is not one for signers: {0}")]
    Profile(&'static str),
    /// The certificate was not logged before it was issued.
    #[error("the certificate of the signer has no timestamp of a certificate log")]
    NoSct,
    /// More than one, or none in the list.
    #[error("the certificate of the signer has {0} timestamps of certificate logs, and not exactly one")]
    SctCount(usize),
    /// The timestamp of the certificate log can't be read.
    #[error("the certificate log's timestamp can't be used: {0}")]
    SctMalformed(&'static str),
    /// No certificate log of the trusted root has this id.
    #[error("the trusted root does not know the certificate log {id}")]
    UnknownCertificateLog {
        /// Hexadecimal.
        id: String,
    },
    /// The certificate log's key did not hold when it signed.
    #[error("the trusted root does not trust the key of the certificate log at {at}")]
    CertificateLogPeriod {
        /// The time (RFC 3339).
        at: String,
    },
    /// The certificate log did not sign this.
    #[error("the certificate log did not sign its timestamp for this certificate")]
    SctWrong,
    /// The certificate does not name exactly one identity of a known kind.
    #[error("the certificate of the signer does not name exactly one identity: {0}")]
    IdentityForm(&'static str),
    /// Somebody else signed.
    #[error("the model was signed by {found:?}, and not by {wanted:?}")]
    Identity {
        /// Who signed.
        found: String,
        /// Who should have.
        wanted: String,
    },
    /// The certificate does not say who vouched for the identity.
    #[error("the certificate of the signer does not say plainly who vouched for the identity: {0}")]
    IssuerForm(&'static str),
    /// Somebody else vouched for the identity.
    #[error("{found:?} vouched for the identity of the signer, and not {wanted:?}")]
    Issuer {
        /// Who vouched.
        found: String,
        /// Who should have.
        wanted: String,
    },
    /// The entry of the log is of a kind that is not known here.
    #[error("the entry of the transparency log is of the kind {kind:?}, version {version:?}, which is not known here")]
    BodyKind {
        /// The kind.
        kind: String,
        /// Its version.
        version: String,
    },
    /// The entry of the log can't be read; says where.
    #[error("the entry of the transparency log can't be read: {0}")]
    Body(String),
    /// The entry of the log is for another statement.
    #[error("the entry of the transparency log is for another statement")]
    BodyStatement,
    /// The entry of the log is for another signature.
    #[error("the entry of the transparency log is for another signature")]
    BodySignature,
    /// The entry of the log is for another certificate.
    #[error("the entry of the transparency log is for the certificate of somebody else")]
    BodyCertificate,
    /// No proof that the entry is in the log.
    #[error("the signature has no proof that its entry is in the transparency log (inclusionProof)")]
    NoProof,
    /// A proof without the signed head of the log.
    #[error("the proof of inclusion has no checkpoint")]
    NoCheckpoint,
    /// The entry has one index, and the proof another.
    #[error("the proof of inclusion is for another index than the entry's")]
    Index,
    /// The hashes do not lead to the root.
    #[error("the proof of inclusion does not lead from the entry to the root of the log")]
    Inclusion,
    /// The checkpoint can't be read; says why.
    #[error("the checkpoint can't be read: {0}")]
    Checkpoint(String),
    /// The log did not sign the checkpoint.
    #[error("the checkpoint is not signed by the transparency log of the entry")]
    CheckpointUnsigned,
    /// The signature of the log is wrong.
    #[error("the signature of the transparency log under the checkpoint is wrong")]
    CheckpointWrong,
    /// The checkpoint is of another tree than the proof.
    #[error("the checkpoint is for another tree than the proof of inclusion")]
    CheckpointOther,
}
