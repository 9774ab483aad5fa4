//! Quorums of witnesses: which cosignatures make a checkpoint believable, and what one asks a witness for.

use thiserror::Error;

use crate::cosignature;
use crate::limits::{WITNESS_ANSWER_BYTES_MAX, WITNESSES_MAX};
use crate::note::{KeyKind, Note, NoteError, Signature, VerifierKey};
use crate::witness::SIZE_MEDIA_TYPE;

/// Witnesses, and how many of them must have cosigned: the "k of n" of C2SP tlog-policy. Keys of one name are one witness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quorum {
    keys: Vec<VerifierKey>,
    needed: usize,
}

/// A witness that has cosigned a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cosigner {
    /// The key, in its text form.
    pub key: VerifierKey,
    /// When, in seconds since 1970, as the witness says.
    pub time: u64,
}

/// Why this is no quorum.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum QuorumError {
    /// The key signs notes, or a log, and makes no cosignatures.
    #[error("the key of {0} is not that of a witness (type 4 or 6): it signs notes")]
    NotAWitness(String),
    /// The same key stands there twice, if under two names.
    #[error("the key of {0} is there twice: each witness counts once")]
    Twice(String),
    /// More than [`WITNESSES_MAX`] keys.
    #[error("more than {WITNESSES_MAX} keys of witnesses")]
    TooMany,
    /// More are needed than there are.
    #[error("{needed} witnesses are needed, and there are {witnesses}")]
    Unreachable {
        /// How many are needed.
        needed: usize,
        /// How many there are.
        witnesses: usize,
    },
}

/// What a checkpoint lacks.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotWitnessed {
    /// The note is none, or a cosignature by a known witness is wrong.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// Too few have cosigned.
    #[error("{found} of the {needed} witnesses that are needed have cosigned the checkpoint; missing: {}", missing.join(", "))]
    TooFew {
        /// How many have.
        found: usize,
        /// How many are needed.
        needed: usize,
        /// The names of those that have not.
        missing: Vec<String>,
    },
}

impl Quorum {
    /// No witnesses, and none needed.
    #[must_use]
    pub const fn none() -> Self {
        Self { keys: Vec::new(), needed: 0 }
    }

    /// So many of these witnesses; all of them for `None`.
    ///
    /// # Errors
    /// [`QuorumError`].
    pub fn new(keys: Vec<VerifierKey>, needed: Option<usize>) -> Result<Self, QuorumError> {
        if keys.len() > WITNESSES_MAX {
            return Err(QuorumError::TooMany);
        }
        for (at, key) in keys.iter().enumerate() {
            if key.kind() == KeyKind::Note {
                return Err(QuorumError::NotAWitness(key.name().to_owned()));
            }
            if keys.iter().take(at).any(|earlier| earlier.is_same_key(key)) {
                return Err(QuorumError::Twice(key.name().to_owned()));
            }
        }
        let mut quorum = Self { keys, needed: 0 };
        let witnesses = quorum.names().len();
        quorum.needed = needed.unwrap_or(witnesses);
        if quorum.needed > witnesses {
            return Err(QuorumError::Unreachable { needed: quorum.needed, witnesses });
        }
        Ok(quorum)
    }

    /// The keys of the witnesses.
    #[must_use]
    pub fn keys(&self) -> &[VerifierKey] {
        &self.keys
    }

    /// The witnesses that have cosigned this note, each key once. Cosignatures of others are ignored.
    ///
    /// # Errors
    /// [`NoteError::BadSignature`] for a wrong one by a known witness.
    pub fn cosigners(&self, note: &Note) -> Result<Vec<Cosigner>, NoteError> {
        let signers = match note.verify(&self.keys) {
            Err(NoteError::UnknownKeys { .. }) => Vec::new(),
            signers => signers?,
        };
        let time_of = |key: &VerifierKey| {
            let lines = note.signatures().iter().filter(|line| key.is_named(line));
            lines.filter_map(|line| cosignature::split(&line.bytes)).map(|(time, _)| time).max()
        };
        Ok(signers.into_iter().filter_map(|key| Some(Cosigner { key: key.clone(), time: time_of(key)? })).collect())
    }

    /// Checks that enough witnesses have cosigned, and returns those that have.
    ///
    /// # Errors
    /// [`NotWitnessed`].
    pub fn check(&self, note: &Note) -> Result<Vec<Cosigner>, NotWitnessed> {
        let cosigners = self.cosigners(note)?;
        let (there, missing): (Vec<&str>, Vec<&str>) =
            self.names().into_iter().partition(|name| cosigners.iter().any(|cosigner| cosigner.key.name() == *name));
        if there.len() >= self.needed {
            return Ok(cosigners);
        }
        let missing = missing.into_iter().map(str::to_owned).collect();
        Err(NotWitnessed::TooFew { found: there.len(), needed: self.needed, missing })
    }

    fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.keys.iter().map(VerifierKey::name).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

/// What a witness answered to an add-checkpoint request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WitnessAnswer {
    /// Its cosignatures, which hold.
    Cosigned(Vec<Signature>),
    /// It has seen the log with this size last: the proof must begin there.
    HasSeen(u64),
    /// It has cosigned another checkpoint of this size, or the proof does not convince it: there may be two histories.
    Conflict,
    /// It does not know the log, or not its key.
    Unknown,
    /// Anything else.
    Useless(String),
}

impl WitnessAnswer {
    /// Reads the answer to a request with this note, by the keys of the witness (C2SP tlog-witness, "add-checkpoint").
    /// Cosignatures of other keys are ignored.
    #[must_use]
    pub fn read(status: u16, media_type: &str, body: &[u8], note: &Note, keys: &[VerifierKey]) -> Self {
        let useless = |problem: &str| Self::Useless(format!("status {status}: {problem}"));
        if body.len() > WITNESS_ANSWER_BYTES_MAX {
            return useless("the answer is too large");
        }
        let Ok(text) = std::str::from_utf8(body) else { return useless("the answer is not UTF-8") };
        match status {
            200 => Self::cosigned(text, note, keys).map_or_else(|problem| useless(&problem), Self::Cosigned),
            409 if media_type.split(';').next().is_some_and(|kind| kind.trim() == SIZE_MEDIA_TYPE) => {
                let size = text.strip_suffix('\n').and_then(crate::checkpoint::parse_decimal);
                size.map_or_else(|| useless("the size is no number"), Self::HasSeen)
            }
            409 | 422 => Self::Conflict,
            403 | 404 => Self::Unknown,
            _ => useless("not one of the protocol"),
        }
    }

    fn cosigned(text: &str, note: &Note, keys: &[VerifierKey]) -> Result<Vec<Signature>, String> {
        let lines = text.strip_suffix('\n').ok_or("the answer does not end in a newline")?;
        let all: Option<Vec<Signature>> = lines.split('\n').map(Signature::parse).collect();
        let all = all.ok_or("a line of the answer is no signature")?;
        let known: Vec<Signature> = all.into_iter().filter(|line| keys.iter().any(|key| key.is_named(line))).collect();
        // Only what the witness signs now counts, not what the note may bear already.
        let bare = known.iter().cloned().fold(note.clone().only(&[]), Note::with);
        bare.verify(keys).map_err(|error| error.to_string())?;
        Ok(known)
    }
}
