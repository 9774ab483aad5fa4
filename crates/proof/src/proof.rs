//! Proofs that travel: an entry is in the log under a signed checkpoint (C2SP tlog-proof).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;

use crate::checkpoint::{Checkpoint, CheckpointError, parse_decimal};
use crate::limits::{PROOF_BYTES_MAX, PROOF_EXTRA_BYTES_MAX, PROOF_HASHES_MAX};
use crate::merkle::{Hash, leaf_hash, root_from_inclusion};
use crate::note::VerifierKey;
use crate::signer::SignError;

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";

/// A proof, well-formed but not yet believed: call [`Proof::verify`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Opaque data that nothing vouches for.
    pub extra: Option<Vec<u8>>,
    /// The index of the entry, from 0.
    pub index: u64,
    /// From the leaf's sibling up to the root's child.
    pub hashes: Vec<Hash>,
    /// The signed checkpoint, verbatim.
    pub checkpoint: String,
}

/// Why a proof was not accepted.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProofError {
    /// Larger than [`PROOF_BYTES_MAX`], or more than [`PROOF_HASHES_MAX`] hashes.
    #[error("the proof is too large")]
    TooLarge,
    /// Not of the form of a proof.
    #[error("this is not a transparency log proof: {0}")]
    Malformed(&'static str),
    /// The checkpoint in it is not good.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The entry is not at this place under the checkpoint.
    #[error("the proof does not show that the entry is at index {index} of the {size} entries of the log")]
    NotIncluded {
        /// The index that the proof is for.
        index: u64,
        /// The size of the checkpoint's tree.
        size: u64,
    },
    /// A receipt could not be signed.
    #[error(transparent)]
    Sign(#[from] SignError),
}

impl Proof {
    /// Reads the text form strictly. Says nothing about whether the proof holds.
    ///
    /// # Errors
    /// [`ProofError::TooLarge`], [`ProofError::Malformed`].
    pub fn parse(text: &str) -> Result<Self, ProofError> {
        if text.len() > PROOF_BYTES_MAX {
            return Err(ProofError::TooLarge);
        }
        let malformed = ProofError::Malformed;
        let (head, checkpoint) =
            text.split_once("\n\n").ok_or(malformed("there is no empty line before the checkpoint"))?;
        let mut lines = head.split('\n');
        if lines.next() != Some(FIRST_LINE) {
            return Err(malformed("the first line is not c2sp.org/tlog-proof@v1"));
        }
        let mut line = lines.next();
        let extra = line.and_then(|line| line.strip_prefix("extra "));
        let extra = extra.map(parse_extra).transpose()?;
        if extra.is_some() {
            line = lines.next();
        }
        let index = line.and_then(|line| line.strip_prefix("index ")).and_then(parse_decimal);
        let index = index.ok_or(malformed("there is no line 'index NUMBER'"))?;
        let mut hashes = Vec::new();
        for line in lines {
            if hashes.len() == PROOF_HASHES_MAX {
                return Err(ProofError::TooLarge);
            }
            hashes.push(Hash::parse(line).ok_or(malformed("a hash is not 32 bytes in Base64"))?);
        }
        Ok(Self { extra, index, hashes, checkpoint: checkpoint.to_owned() })
    }

    /// Checks that one of these keys vouches for a checkpoint under which the entry is at the index, and returns it.
    ///
    /// # Errors
    /// [`ProofError::Checkpoint`], [`ProofError::NotIncluded`].
    pub fn verify(&self, entry: &[u8], keys: &[VerifierKey]) -> Result<Checkpoint, ProofError> {
        let checkpoint = Checkpoint::open(&self.checkpoint, keys)?;
        self.verify_under(entry, &checkpoint)?;
        Ok(checkpoint)
    }

    /// Checks that the entry is at the index under a checkpoint that the caller has verified.
    ///
    /// # Errors
    /// [`ProofError::NotIncluded`].
    pub fn verify_under(&self, entry: &[u8], checkpoint: &Checkpoint) -> Result<(), ProofError> {
        let size = checkpoint.size;
        if root_from_inclusion(self.index, size, leaf_hash(entry), &self.hashes) == Some(checkpoint.root) {
            Ok(())
        } else {
            Err(ProofError::NotIncluded { index: self.index, size })
        }
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FIRST_LINE}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", STANDARD.encode(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.hashes.iter().try_for_each(|hash| writeln!(f, "{hash}"))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

fn parse_extra(base64: &str) -> Result<Vec<u8>, ProofError> {
    let extra = STANDARD.decode(base64).map_err(|_| ProofError::Malformed("the extra data is not Base64"))?;
    if extra.len() > PROOF_EXTRA_BYTES_MAX { Err(ProofError::TooLarge) } else { Ok(extra) }
}
