//! Checkpoints: the signed head of a log (C2SP tlog-checkpoint).

use thiserror::Error;

use crate::key::Key;
use crate::limits::TREE_SIZE_MAX;
use crate::merkle::Hash;
use crate::note::{Note, NoteError, VerifierKey};
use crate::signer::SignError;

/// The head of a log: so many entries, under this root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The first line: which log. It is the name of the key that signs.
    pub origin: String,
    /// Entries in the log.
    pub size: u64,
    /// The root hash over them (RFC 6962).
    pub root: Hash,
}

/// Why a checkpoint was not accepted.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The note is malformed, or no known key vouches for it.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The signed text is not a checkpoint.
    #[error("the signed text is not a checkpoint: {0}")]
    Malformed(&'static str),
    /// The key that signed is not the one of the log that the origin line names.
    #[error("the checkpoint is of the log {origin}, but no known key of that name signed it")]
    Origin {
        /// The origin line.
        origin: String,
    },
}

impl Checkpoint {
    /// The checkpoint as a note signed by the log's key: also by its ML-DSA-44 key, and by the key that it takes the place of, where
    /// there are such. The key's name should be the origin.
    ///
    /// # Errors
    /// [`SignError`], if a key lies elsewhere.
    pub fn sign(&self, key: &Key) -> Result<Note, SignError> {
        let text = format!("{}\n{}\n{}\n", self.origin, self.size, self.root);
        let previous = key.previous().map(|previous| previous.sign_note(&text)).transpose()?;
        let signatures =
            [key.sign_second(self), previous, key.previous().and_then(|previous| previous.sign_second(self))];
        Ok(signatures.into_iter().flatten().fold(Note::sign(text, key)?, Note::with))
    }

    /// The checkpoint in this text, if a known key with the name of its origin signed it.
    ///
    /// # Errors
    /// Anything that is not a well-formed and well-signed checkpoint.
    pub fn open(text: &str, keys: &[VerifierKey]) -> Result<Self, CheckpointError> {
        Self::of_note(&Note::parse(text)?, keys).map(|(checkpoint, _)| checkpoint)
    }

    /// As [`Checkpoint::open`], of a note that was read already, with the log's key that signed it.
    ///
    /// # Errors
    /// As there.
    pub fn of_note<'k>(note: &Note, keys: &'k [VerifierKey]) -> Result<(Self, &'k VerifierKey), CheckpointError> {
        let signers = note.verify(keys)?;
        let checkpoint = Self::from_text(note.text())?;
        match signers.into_iter().find(|key| key.name() == checkpoint.origin) {
            Some(signer) => Ok((checkpoint, signer)),
            None => Err(CheckpointError::Origin { origin: checkpoint.origin }),
        }
    }

    /// The checkpoint in the text of a note, whose signatures the caller has verified. Extension lines are allowed,
    /// as the specification has it, and dropped.
    ///
    /// # Errors
    /// [`CheckpointError::Malformed`].
    pub fn from_text(text: &str) -> Result<Self, CheckpointError> {
        let malformed = CheckpointError::Malformed;
        let lines: Vec<&str> =
            text.strip_suffix('\n').ok_or(malformed("it does not end in a newline"))?.split('\n').collect();
        if lines.iter().any(|line| line.is_empty()) {
            return Err(malformed("it has an empty line"));
        }
        let [origin, size, root, ..] = lines.as_slice() else {
            return Err(malformed("it has fewer than three lines"));
        };
        Ok(Self {
            origin: (*origin).to_owned(),
            size: parse_decimal(size).ok_or(malformed("the size is not a plain decimal number"))?,
            root: Hash::parse(root).ok_or(malformed("the root is not 32 bytes in Base64"))?,
        })
    }
}

/// A number as checkpoints and proofs write it: no sign, no leading zero, not above [`TREE_SIZE_MAX`].
pub(crate) fn parse_decimal(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|number| plain && *number <= TREE_SIZE_MAX)
}
