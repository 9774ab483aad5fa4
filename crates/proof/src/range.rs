//! All records of a stretch of the log, and the proof that none is missing, changed or added.
//!
//! ```text
//! head     {"mediaType", "from", "to", "peaks", "consistency", "checkpoint"}, one line of JSON
//! record   {"salt", "statement"}, one line each, for every entry from `from` to before `to`
//! erased   {"commitment"} instead, where nothing else is left of a record
//! ```
//!
//! `peaks` are the roots of the complete subtrees that the first `from` entries make up, the largest first. With the
//! records behind them they make the root of the first `to` entries, and `consistency` proves (RFC 9162, section 2.1.4) that
//! the tree under the signed checkpoint begins with those. So whatever stands in the lines is what stands in the log, from
//! `from` to `to`, one record after the other.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::bundle::{Commitment, Salt, commitment, entry_of};
use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::error::LogError;
use crate::limits::{NOTE_BYTES_MAX, PROOF_HASHES_MAX, STATEMENT_BYTES_MAX};
use crate::merkle::{Hash, Subtree, consistency_proof, leaf_hash, node_hash, verify_consistency};
use crate::note::{Note, VerifierKey};
use crate::quorum::{NotWitnessed, Quorum};
use crate::tree::Tree;

/// The media type of such a file.
pub const RANGE_MEDIA_TYPE: &str = "application/vnd.sakimori.range.v1+jsonl";

/// Bytes of a line: a statement, each byte of which may need six in JSON, or the head.
pub const RANGE_LINE_BYTES_MAX: usize = 6 * STATEMENT_BYTES_MAX + NOTE_BYTES_MAX;

/// Why a range was not accepted.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum RangeError {
    /// A line is not of the form of a range.
    #[error("line {line} is not of a range of records: {problem}")]
    Malformed {
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        problem: String,
    },
    /// The checkpoint in it is not good.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Not enough witnesses have cosigned it.
    #[error(transparent)]
    NotWitnessed(#[from] NotWitnessed),
    /// There are more or fewer records than the head says.
    #[error("there are {found} records, and {expected} entries from {from} on")]
    Count {
        /// Records in the file.
        found: u64,
        /// Entries of the range.
        expected: u64,
        /// The first.
        from: u64,
    },
    /// The records are not those of the log.
    #[error("the records are not those that the log has there: one was changed, left out, added or moved")]
    NotTheLog,
}

/// What was proven of a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedRange {
    /// The log.
    pub origin: String,
    /// The index of the first entry.
    pub from: u64,
    /// The index behind the last entry.
    pub to: u64,
    /// Entries of the log under the checkpoint.
    pub size: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    #[serde(rename = "mediaType")]
    media_type: String,
    from: u64,
    to: u64,
    peaks: Vec<String>,
    consistency: Vec<String>,
    checkpoint: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, untagged)]
enum Line {
    Record { salt: String, statement: String },
    Erased { commitment: String },
}

/// What a line is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RangeRecord {
    /// A record: its statement, and its commitment.
    Statement(String, Commitment),
    /// A record that was erased. That it was there is proven, and what it said nobody can know.
    Erased(Commitment),
}

impl Tree {
    /// The first line of the range of the entries from `from` to before `to`.
    ///
    /// # Errors
    /// [`LogError::OutOfRange`]; those of [`Tree::root_at`].
    pub fn range_head(&self, from: u64, to: u64) -> Result<String, LogError> {
        if from >= to || to > self.size() {
            return Err(LogError::OutOfRange { wanted: to.max(from), size: self.size() });
        }
        // Both are verified against the root before anything is handed out.
        self.root_at(from)?;
        self.root_at(to)?;
        let mut read = self.reader();
        let peaks = subtrees(from).map(&mut read).collect::<Result<Vec<_>, _>>()?;
        let consistency = consistency_proof(to, self.size(), &mut read)?;
        let texts = |hashes: &[Hash]| hashes.iter().map(Hash::to_string).collect();
        let head = Head {
            media_type: RANGE_MEDIA_TYPE.to_owned(),
            from,
            to,
            peaks: texts(&peaks),
            consistency: texts(&consistency),
            checkpoint: self.note.clone(),
        };
        serde_json::to_string(&head).map_err(|error| LogError::TooLarge(error.to_string()))
    }
}

/// The line of a record.
///
/// # Errors
/// [`RangeError::Malformed`] for a statement that is no UTF-8.
pub fn range_line(salt: &Salt, statement: &[u8]) -> Result<String, RangeError> {
    let malformed = |problem: String| RangeError::Malformed { line: 0, problem };
    let statement = std::str::from_utf8(statement).map_err(|error| malformed(error.to_string()))?;
    let line = Line::Record { salt: salt.to_string(), statement: statement.to_owned() };
    serde_json::to_string(&line).map_err(|error| malformed(error.to_string()))
}

/// The line of a record that was erased.
#[must_use]
pub fn erased_range_line(commitment: &Commitment) -> String {
    format!(r#"{{"commitment":"{commitment}"}}"#)
}

/// The complete subtrees that the first `size` leaves make up, the largest first.
fn subtrees(size: u64) -> impl Iterator<Item = Subtree> {
    let mut first = 0;
    (0..u64::BITS).rev().filter(move |height| size >> height & 1 == 1).map(move |height| {
        let index = first >> height;
        first += 1 << height;
        Subtree { height, index }
    })
}

/// Reads a range line by line. Nothing of it is to be believed before [`RangeReader::finish`].
#[derive(Debug)]
pub struct RangeReader {
    head: Head,
    checkpoint: Checkpoint,
    consistency: Vec<Hash>,
    /// Roots of complete subtrees with their heights, the largest first.
    peaks: Vec<(u32, Hash)>,
    read: u64,
}

impl std::fmt::Debug for Head {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}..{}", self.from, self.to)
    }
}

impl RangeReader {
    /// Begins with the first line. The checkpoint in it must be signed by one of the keys and cosigned by the quorum.
    ///
    /// # Errors
    /// [`RangeError`].
    pub fn new(head: &str, keys: &[VerifierKey], quorum: &Quorum) -> Result<Self, RangeError> {
        let malformed = |problem: &str| RangeError::Malformed { line: 1, problem: problem.to_owned() };
        let head: Head = serde_json::from_str(head).map_err(|error| malformed(&error.to_string()))?;
        if head.media_type != RANGE_MEDIA_TYPE {
            return Err(malformed("another media type"));
        }
        let note = Note::parse(&head.checkpoint).map_err(CheckpointError::from)?;
        let (checkpoint, _) = Checkpoint::of_note(&note, keys)?;
        quorum.check(&note)?;
        if head.from >= head.to || head.to > checkpoint.size {
            return Err(malformed("it has no entries, or some that the checkpoint does not cover"));
        }
        let hashes = |texts: &[String]| -> Option<Vec<Hash>> {
            (texts.len() <= PROOF_HASHES_MAX).then(|| texts.iter().map(|text| Hash::parse(text)).collect())?
        };
        let peaks = hashes(&head.peaks).ok_or_else(|| malformed("a peak is no hash"))?;
        let consistency = hashes(&head.consistency).ok_or_else(|| malformed("the proof is not made of hashes"))?;
        let places: Vec<Subtree> = subtrees(head.from).collect();
        if places.len() != peaks.len() {
            return Err(malformed("the number of peaks is not that of the entries before it"));
        }
        let peaks = places.iter().map(|place| place.height).zip(peaks).collect();
        Ok(Self { head, checkpoint, consistency, peaks, read: 0 })
    }

    /// Takes the next line, and returns what it is about.
    ///
    /// # Errors
    /// [`RangeError`].
    pub fn push(&mut self, line: &str) -> Result<RangeRecord, RangeError> {
        self.read += 1;
        let number = self.read + 1;
        let malformed = |problem: &str| RangeError::Malformed { line: number, problem: problem.to_owned() };
        if self.read > self.head.to - self.head.from {
            return Err(self.other_count());
        }
        let (record, made) = match serde_json::from_str(line).map_err(|error| malformed(&error.to_string()))? {
            Line::Record { salt, statement } => {
                let salt = Salt::parse(&salt).ok_or_else(|| malformed("the salt is not 64 hexadecimal digits"))?;
                if statement.len() > STATEMENT_BYTES_MAX {
                    return Err(malformed("the statement is too large"));
                }
                let made = commitment(&salt, statement.as_bytes());
                (RangeRecord::Statement(statement, made), made)
            }
            Line::Erased { commitment } => {
                let made = Commitment::parse(&commitment);
                let made = made.ok_or_else(|| malformed("the commitment is not 64 hexadecimal digits"))?;
                (RangeRecord::Erased(made), made)
            }
        };
        let mut peak = (0, leaf_hash(&entry_of(&made)));
        while let Some((_, left)) = self.peaks.pop_if(|(height, _)| *height == peak.0) {
            peak = (peak.0 + 1, node_hash(left, peak.1));
        }
        self.peaks.push(peak);
        Ok(record)
    }

    /// Checks that the lines were all the records of the range, as the log has them.
    ///
    /// # Errors
    /// [`RangeError::Count`], [`RangeError::NotTheLog`].
    pub fn finish(self) -> Result<VerifiedRange, RangeError> {
        let Head { from, to, .. } = self.head;
        if self.read != to - from {
            return Err(self.other_count());
        }
        let root = self.peaks.iter().rev().map(|(_, hash)| *hash).reduce(|right, left| node_hash(left, right));
        let Checkpoint { origin, size, root: signed } = self.checkpoint;
        let holds = root.is_some_and(|root| verify_consistency(to, root, size, signed, &self.consistency).is_ok());
        if holds { Ok(VerifiedRange { origin, from, to, size }) } else { Err(RangeError::NotTheLog) }
    }

    fn other_count(&self) -> RangeError {
        RangeError::Count { found: self.read, expected: self.head.to - self.head.from, from: self.head.from }
    }
}
