//! Evidence bundles: one JSON document with all that a stranger needs to check a statement offline, but the key.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::limits::{BUNDLE_BYTES_MAX, STATEMENT_BYTES_MAX};
use crate::note::{Note, NoteError, VerifierKey};
use crate::proof::{Proof, ProofError};
use crate::quorum::{Cosigner, NotWitnessed, Quorum};

/// The media type of an evidence bundle.
pub const MEDIA_TYPE: &str = "application/vnd.sakimori.evidence.v1+json";

/// What a log entry begins with; 64 lower-case hexadecimal digits of the commitment follow, and nothing else.
pub const ENTRY_PREFIX: &str = "sakimori/v1 ";

/// Keeps commitments apart from all other uses of SHA-256.
const COMMITMENT_DOMAIN: &[u8] = b"sakimori-commitment-v1\0";

/// 32 random bytes that keep anybody from guessing a statement by its commitment.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Salt([u8; 32]);

/// What the log says about a statement: SHA-256 over the domain, the salt and the statement.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Commitment([u8; 32]);

/// A statement and the proof that it is in the log. Well-formed but not yet believed: call [`Bundle::verify`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// The exact text that was committed to.
    pub statement: String,
    /// The salt of the commitment.
    pub salt: Salt,
    /// The proof that the commitment is in the log; without extra data, which nothing would vouch for.
    pub proof: Proof,
}

/// A statement that is proven to be in a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The exact text.
    pub statement: String,
    /// The log.
    pub origin: String,
    /// The entry's index in it, from 0.
    pub index: u64,
    /// How many entries the log had.
    pub tree_size: u64,
    /// What was checked, in this order.
    pub checks: Vec<Check>,
}

/// One check that held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Check {
    /// The checkpoint is signed by the log's key, which the caller named.
    Signature {
        /// That key in its text form.
        key: String,
    },
    /// A witness that the caller named has cosigned the checkpoint.
    Cosignature {
        /// Its key in its text form.
        key: String,
        /// When, in seconds since 1970, as it says.
        time: u64,
    },
    /// The log's entry commits to this statement with this salt.
    Commitment {
        /// The entry.
        entry: String,
    },
    /// The entry is in the log at its index.
    Inclusion {
        /// The root of the log, in Base64.
        root: String,
    },
}

/// Why a bundle was not accepted. [`VerifyError::code`] is stable.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum VerifyError {
    /// Larger than [`BUNDLE_BYTES_MAX`].
    #[error("the bundle is larger than {BUNDLE_BYTES_MAX} bytes")]
    TooLarge,
    /// Not JSON, or not the fields of a bundle.
    #[error("this is not an evidence bundle: {0}")]
    Malformed(String),
    /// Another media type: another kind of bundle, or another version.
    #[error("the media type is {found}, but this program knows {MEDIA_TYPE}")]
    MediaType {
        /// What the bundle says.
        found: String,
    },
    /// The statement is larger than [`STATEMENT_BYTES_MAX`].
    #[error("the statement is larger than {STATEMENT_BYTES_MAX} bytes")]
    StatementTooLarge,
    /// The salt is not 64 lower-case hexadecimal digits.
    #[error("the salt is not 64 lower-case hexadecimal digits")]
    Salt,
    /// The proof is not one.
    #[error(transparent)]
    Proof(ProofError),
    /// None of the caller's keys signed the checkpoint.
    #[error(transparent)]
    UnknownKey(CheckpointError),
    /// One of the caller's keys is named as signer, but did not sign this.
    #[error(transparent)]
    Signature(CheckpointError),
    /// The checkpoint is malformed.
    #[error(transparent)]
    Checkpoint(CheckpointError),
    /// Too few of the caller's witnesses have cosigned the checkpoint.
    #[error(transparent)]
    NotWitnessed(NotWitnessed),
    /// The commitment to this statement with this salt is not in the log at this place.
    #[error(
        "the log does not have this statement at index {index} of its {size} entries: the statement, the salt or the proof was changed"
    )]
    NotIncluded {
        /// The index that the proof is for.
        index: u64,
        /// How many entries the log has.
        size: u64,
    },
}

/// The commitment to a statement: `SHA-256("sakimori-commitment-v1" 0x00, salt, statement)`. The salt has a fixed
/// length, so the parts can't be shifted against each other.
#[must_use]
pub fn commitment(salt: &Salt, statement: &[u8]) -> Commitment {
    let digest = Sha256::new().chain_update(COMMITMENT_DOMAIN).chain_update(salt.0).chain_update(statement).finalize();
    Commitment(digest.into())
}

/// The log's entry for a commitment: [`ENTRY_PREFIX`] and 64 lower-case hexadecimal digits, 76 bytes of ASCII.
#[must_use]
pub fn entry_of(commitment: &Commitment) -> Vec<u8> {
    format!("{ENTRY_PREFIX}{commitment}").into_bytes()
}

impl Bundle {
    /// Reads a bundle strictly: no other fields, no duplicates, all sizes limited. Says nothing about whether it holds.
    ///
    /// # Errors
    /// The first five of [`VerifyError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, VerifyError> {
        if bytes.len() > BUNDLE_BYTES_MAX {
            return Err(VerifyError::TooLarge);
        }
        let document: Document =
            serde_json::from_slice(bytes).map_err(|error| VerifyError::Malformed(error.to_string()))?;
        if document.media_type != MEDIA_TYPE {
            return Err(VerifyError::MediaType { found: document.media_type });
        }
        if document.statement.len() > STATEMENT_BYTES_MAX {
            return Err(VerifyError::StatementTooLarge);
        }
        let salt = Salt::parse(&document.salt).ok_or(VerifyError::Salt)?;
        let proof = Proof::parse(&document.proof).map_err(VerifyError::Proof)?;
        if proof.extra.is_some() {
            let problem = "extra data is not allowed in a bundle, as nothing vouches for it";
            return Err(VerifyError::Proof(ProofError::Malformed(problem)));
        }
        Ok(Self { statement: document.statement, salt, proof })
    }

    /// The bundle as canonical JSON (RFC 8785), without a newline behind it.
    ///
    /// # Errors
    /// None in practice: strings always have a JSON form.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(&Document {
            media_type: MEDIA_TYPE.to_owned(),
            proof: self.proof.to_string(),
            salt: self.salt.to_string(),
            statement: self.statement.clone(),
        })
    }

    /// Checks everything, with keys from the caller only: a bundle can't vouch for itself.
    ///
    /// # Errors
    /// [`VerifyError`], one variant for each check.
    pub fn verify(&self, keys: &[VerifierKey]) -> Result<Verified, VerifyError> {
        self.verify_witnessed(keys, &Quorum::none())
    }

    /// As [`Bundle::verify`], and that enough of the caller's witnesses have cosigned the checkpoint.
    ///
    /// # Errors
    /// [`VerifyError`], one variant for each check.
    pub fn verify_witnessed(&self, keys: &[VerifierKey], quorum: &Quorum) -> Result<Verified, VerifyError> {
        let note = Note::parse(&self.proof.checkpoint).map_err(CheckpointError::from)?;
        let (checkpoint, signer) = Checkpoint::of_note(&note, keys)?;
        let cosigners = quorum.check(&note)?;
        let entry = entry_of(&commitment(&self.salt, self.statement.as_bytes()));
        self.proof.verify_under(&entry, &checkpoint)?;
        let witnessed = |Cosigner { key, time }: Cosigner| Check::Cosignature { key: key.to_string(), time };
        let mut checks = vec![Check::Signature { key: signer.to_string() }];
        checks.extend(cosigners.into_iter().map(witnessed));
        checks.push(Check::Commitment { entry: String::from_utf8_lossy(&entry).into_owned() });
        checks.push(Check::Inclusion { root: checkpoint.root.to_string() });
        Ok(Verified {
            statement: self.statement.clone(),
            origin: checkpoint.origin,
            index: self.proof.index,
            tree_size: checkpoint.size,
            checks,
        })
    }
}

impl VerifyError {
    /// A stable name of what failed, for machines.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge => "bundle-too-large",
            Self::Malformed(_) => "bundle-malformed",
            Self::MediaType { .. } => "media-type",
            Self::StatementTooLarge => "statement-too-large",
            Self::Salt => "salt-malformed",
            Self::Proof(_) => "proof-malformed",
            Self::UnknownKey(_) => "unknown-key",
            Self::Signature(_) => "wrong-signature",
            Self::Checkpoint(_) => "checkpoint-malformed",
            Self::NotWitnessed(_) => "not-witnessed",
            Self::NotIncluded { .. } => "not-included",
        }
    }
}

impl From<CheckpointError> for VerifyError {
    fn from(error: CheckpointError) -> Self {
        match error {
            CheckpointError::Note(NoteError::UnknownKeys { .. }) | CheckpointError::Origin { .. } => {
                Self::UnknownKey(error)
            }
            CheckpointError::Note(NoteError::BadSignature { .. }) => Self::Signature(error),
            error => Self::Checkpoint(error),
        }
    }
}

impl From<NotWitnessed> for VerifyError {
    fn from(error: NotWitnessed) -> Self {
        match error {
            NotWitnessed::Note(error) => CheckpointError::Note(error).into(),
            error => Self::NotWitnessed(error),
        }
    }
}

impl From<ProofError> for VerifyError {
    fn from(error: ProofError) -> Self {
        match error {
            ProofError::Checkpoint(error) => error.into(),
            ProofError::NotIncluded { index, size } => Self::NotIncluded { index, size },
            error => Self::Proof(error),
        }
    }
}

impl Salt {
    /// A new salt from the operating system's random source.
    ///
    /// # Errors
    /// When the operating system has none.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// A salt that was kept.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 raw bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Self(bytes)).filter(|salt| salt.to_string() == text)
    }
}

impl Commitment {
    /// A commitment that was kept.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let Salt(bytes) = Salt::parse(text)?;
        Some(Self(bytes))
    }

    /// The 32 raw bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Salt({self})")
    }
}

impl fmt::Display for Commitment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Commitment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Commitment({self})")
    }
}

/// The JSON of a bundle. The fields are in the order of RFC 8785.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(rename = "mediaType")]
    media_type: String,
    proof: String,
    salt: String,
    statement: String,
}
