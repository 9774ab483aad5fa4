//! The witness: it watches logs of others, and cosigns each checkpoint that continues the one it saw before (C2SP tlog-witness).
//!
//! [`Witness::add`] is the whole of it: a pure decision about one request, and one compare-and-swap in a [`WitnessStore`].
//! Two checkpoints of a log that don't fit together are kept as evidence against it.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use thiserror::Error;

use crate::checkpoint::{Checkpoint, parse_decimal};
use crate::key::WitnessKey;
use crate::limits::{ADD_CHECKPOINT_BYTES_MAX, WITNESS_PROOF_HASHES_MAX};
use crate::merkle::{Hash, empty_root, roots_from_consistency, verify_consistency};
use crate::note::{Note, VerifierKey};
use crate::signer::SignError;

/// The media type of an answer that tells a size (C2SP tlog-witness, "add-checkpoint").
pub const SIZE_MEDIA_TYPE: &str = "text/x.tlog.size";

/// The body of an add-checkpoint request, well-formed but not yet believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// The size that the witness is thought to have seen last.
    pub old: u64,
    /// The consistency proof from there, at most [`WITNESS_PROOF_HASHES_MAX`] hashes.
    pub proof: Vec<Hash>,
    /// The signed checkpoint.
    pub note: Note,
    /// What the note's text says.
    pub checkpoint: Checkpoint,
}

/// A checkpoint that a witness has cosigned, or is about to: signed by the log, with no other signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The log, how large it was, and its root.
    pub checkpoint: Checkpoint,
    /// The checkpoint as the log signed it.
    pub note: String,
}

/// Where a witness remembers what it saw. Writers of several threads may call it at once.
pub trait WitnessStore: Send + Sync {
    /// The newest checkpoint of this log; `None` if there was none.
    ///
    /// # Errors
    /// When it can't be read. The witness then answers nothing: to forget is to cosign a fork.
    fn latest(&self, origin: &str) -> io::Result<Option<Seen>>;

    /// Puts `new` in the place of `expected`, if that is what is there, in one step; returns whether it was. Durable, with its
    /// name, before it returns: a cosignature leaves right after.
    ///
    /// # Errors
    /// When it can't be read or written. Then nobody knows which of both is there, and no cosignature leaves.
    fn swap(&self, expected: Option<&Seen>, new: &Seen) -> io::Result<bool>;

    /// Keeps evidence against a log, durably, and says where. The same one again is kept once; there is a limit for each log
    /// and kind, beyond which the first ones stay and `None` is returned.
    ///
    /// # Errors
    /// When it can't be written.
    fn keep(&self, evidence: &Evidence) -> io::Result<Option<PathBuf>>;
}

impl<S: WitnessStore + ?Sized> WitnessStore for std::sync::Arc<S> {
    fn latest(&self, origin: &str) -> io::Result<Option<Seen>> {
        (**self).latest(origin)
    }

    fn swap(&self, expected: Option<&Seen>, new: &Seen) -> io::Result<bool> {
        (**self).swap(expected, new)
    }

    fn keep(&self, evidence: &Evidence) -> io::Result<Option<PathBuf>> {
        (**self).keep(evidence)
    }
}

/// Two checkpoints of one log, both signed by its key, that do not fit together or are not shown to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// How sure it is.
    pub kind: EvidenceKind,
    /// The checkpoint that the witness had cosigned.
    pub seen: Seen,
    /// The one that was submitted, signed by the log.
    pub submitted: Seen,
    /// The consistency proof that came with it.
    pub proof: Vec<Hash>,
    /// The root that the later tree has at the size of the earlier one: the proof leads from it to the later root. Of
    /// [`EvidenceKind::OtherBeginning`] only.
    pub beginning: Option<Hash>,
}

/// What evidence shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EvidenceKind {
    /// The log signed two roots for one size: nobody can explain that away.
    TwoRoots,
    /// The proof leads to the submitted root, and the tree in it begins otherwise than the one that was cosigned.
    OtherBeginning,
    /// The proof leads nowhere. The log may have forked, or anybody has sent a checkpoint of it with nonsense beside it.
    Unproven,
}

impl EvidenceKind {
    /// A stable word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TwoRoots => "two-roots",
            Self::OtherBeginning => "other-beginning",
            Self::Unproven => "unproven",
        }
    }

    /// What a consistency proof that does not hold shows of an earlier and a later checkpoint, with the beginning that it shows.
    pub(crate) fn of_broken(earlier: &Checkpoint, later: &Checkpoint, proof: &[Hash]) -> (Self, Option<Hash>) {
        match roots_from_consistency(earlier.size, earlier.root, later.size, proof) {
            Some((old, new)) if new == later.root && old != earlier.root => (Self::OtherBeginning, Some(old)),
            _ => (Self::Unproven, None),
        }
    }

    /// True when it proves by itself that the log's key signed two histories.
    #[must_use]
    pub const fn is_proof(self) -> bool {
        !matches!(self, Self::Unproven)
    }
}

/// Why a witness did not cosign.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Not an add-checkpoint request, or one with an old size above the new one.
    #[error("this is not an add-checkpoint request: {0}")]
    Malformed(String),
    /// The witness does not watch this log.
    #[error("this witness does not know the log")]
    UnknownLog,
    /// No key of the log signed the checkpoint.
    #[error("no trusted key of the log signed the checkpoint")]
    Untrusted,
    /// The old size is not that of the newest checkpoint that was cosigned.
    #[error("the newest checkpoint here has {size} entries")]
    OtherSize {
        /// The size of that one.
        size: u64,
        /// Evidence, when the request is one.
        fork: Option<Kept>,
    },
    /// A checkpoint of this size with another root was cosigned.
    #[error("another checkpoint with {size} entries was cosigned before: the log has two histories")]
    OtherRoot {
        /// The size of both.
        size: u64,
        /// The evidence.
        fork: Kept,
    },
    /// The proof does not show that the checkpoint continues the one before it.
    #[error("the consistency proof does not hold")]
    BadProof {
        /// The evidence, unless this is the first checkpoint of the log.
        fork: Option<Kept>,
    },
    /// The witness can't remember.
    #[error("the witness can't keep its state: {0}")]
    Store(io::Error),
    /// The key of the witness lies elsewhere, and could not be used there.
    #[error(transparent)]
    Sign(SignError),
}

/// Evidence, and where it is.
#[derive(Debug)]
pub struct Kept {
    /// The evidence.
    pub evidence: Box<Evidence>,
    /// Its place; `None` when enough is kept already. An error when it could not be kept.
    pub place: io::Result<Option<PathBuf>>,
}

impl Refusal {
    /// The status code of HTTP that C2SP tlog-witness wants.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::Malformed(_) => 400,
            Self::Untrusted => 403,
            Self::UnknownLog => 404,
            Self::OtherSize { .. } | Self::OtherRoot { .. } => 409,
            Self::BadProof { .. } => 422,
            Self::Store(_) | Self::Sign(_) => 500,
        }
    }

    /// The media type of [`Refusal::body`].
    #[must_use]
    pub const fn media_type(&self) -> &'static str {
        match self {
            Self::OtherSize { .. } => SIZE_MEDIA_TYPE,
            _ => "text/plain; charset=utf-8",
        }
    }

    /// The body of the answer: the size where the specification wants it, otherwise a line for people. It tells nothing of the
    /// witness's files.
    #[must_use]
    pub fn body(&self) -> String {
        match self {
            Self::OtherSize { size, .. } => format!("{size}\n"),
            Self::Store(_) => "the witness can't keep its state\n".to_owned(),
            Self::Sign(_) => "the witness can't sign at the moment\n".to_owned(),
            _ => format!("{self}\n"),
        }
    }

    /// The evidence against the log, when the request was some.
    #[must_use]
    pub const fn evidence(&self) -> Option<&Kept> {
        match self {
            Self::OtherSize { fork, .. } | Self::BadProof { fork } => fork.as_ref(),
            Self::OtherRoot { fork, .. } => Some(fork),
            _ => None,
        }
    }
}

/// A witness of some logs.
pub struct Witness<S> {
    key: WitnessKey,
    logs: BTreeMap<String, Watched>,
    store: S,
}

/// A log that is watched, by the keys with its name.
struct Watched {
    keys: Vec<VerifierKey>,
    /// Requests for one log take turns, so that times of cosignatures are in the order of their sizes: "the largest one that
    /// was seen, as of this time" would not hold otherwise.
    turn: Mutex<()>,
}

impl<S: WitnessStore> Witness<S> {
    /// The witness with this key, of the logs with these keys. The name of a key is the origin of its log; a log may have
    /// several, any of which is enough.
    #[must_use]
    pub fn new(key: WitnessKey, log_keys: Vec<VerifierKey>, store: S) -> Self {
        let mut logs: BTreeMap<String, Watched> = BTreeMap::new();
        for log in log_keys {
            let watched = logs.entry(log.name().to_owned());
            watched.or_insert_with(|| Watched { keys: Vec::new(), turn: Mutex::new(()) }).keys.push(log);
        }
        Self { key, logs, store }
    }

    /// The key that cosigns.
    #[must_use]
    pub const fn key(&self) -> &WitnessKey {
        &self.key
    }

    /// The origins of the logs that are watched.
    pub fn origins(&self) -> impl Iterator<Item = &str> {
        self.logs.keys().map(String::as_str)
    }

    /// Answers an add-checkpoint request with the lines of cosignatures. `clock` gives seconds since 1970. The checks are those of
    /// C2SP tlog-witness, "add-checkpoint", in its order.
    ///
    /// # Errors
    /// [`Refusal`], with the answer that the specification has for it.
    pub fn add(&self, body: &[u8], clock: &dyn Fn() -> u64) -> Result<String, Refusal> {
        let request = AddCheckpoint::parse(body)?;
        let watched = self.logs.get(&request.checkpoint.origin).ok_or(Refusal::UnknownLog)?;
        let signers = request.note.verify(&watched.keys).map_err(|_| Refusal::Untrusted)?;
        if request.old > request.checkpoint.size {
            return Err(Refusal::Malformed("the old size is above that of the checkpoint".to_owned()));
        }
        let note = request.note.clone().only(&signers).to_string();
        let new = Seen { checkpoint: request.checkpoint.clone(), note };

        let _turn = watched.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = self.store.latest(&new.checkpoint.origin).map_err(Refusal::Store)?;
        self.check_follows(seen.as_ref(), &new, &request)?;
        // Crash or error here: nothing has left.
        if !self.store.swap(seen.as_ref(), &new).map_err(Refusal::Store)? {
            // Somebody else writes the same state: what holds now is the answer, and another try may succeed.
            let now = self.store.latest(&new.checkpoint.origin).map_err(Refusal::Store)?;
            return Err(Refusal::OtherSize { size: size_of(now.as_ref()), fork: None });
        }
        // Crash here: the checkpoint is remembered, and its cosignature was lost. The log asks again, with this size as the old
        // one, and gets it.
        let signatures = self.key.cosign(request.note.text(), &new.checkpoint, clock()).map_err(Refusal::Sign)?;
        Ok(signatures.iter().map(|signature| format!("{signature}\n")).collect())
    }

    fn check_follows(&self, seen: Option<&Seen>, new: &Seen, request: &AddCheckpoint) -> Result<(), Refusal> {
        let (size, root) = seen.map_or((0, empty_root()), |seen| (seen.checkpoint.size, seen.checkpoint.root));
        let Checkpoint { size: new_size, root: new_root, .. } = new.checkpoint;
        // Two roots of one size are a fork whatever the request says besides.
        let two_roots = seen.filter(|_| new_size == size && new_root != root);
        let fork = two_roots.map(|seen| self.keep((EvidenceKind::TwoRoots, None), seen, new, request));
        if request.old != size {
            return Err(Refusal::OtherSize { size, fork });
        }
        if let Some(fork) = fork {
            return Err(Refusal::OtherRoot { size, fork });
        }
        if verify_consistency(size, root, new_size, new_root, &request.proof).is_ok() {
            return Ok(());
        }
        // A proof from nothing is empty, and so is the root of an empty log.
        let Some(seen) = seen else { return Err(Refusal::BadProof { fork: None }) };
        let shown = EvidenceKind::of_broken(&seen.checkpoint, &new.checkpoint, &request.proof);
        Err(Refusal::BadProof { fork: Some(self.keep(shown, seen, new, request)) })
    }

    fn keep(
        &self,
        (kind, beginning): (EvidenceKind, Option<Hash>),
        seen: &Seen,
        new: &Seen,
        request: &AddCheckpoint,
    ) -> Kept {
        let proof = request.proof.clone();
        let evidence = Evidence { kind, seen: seen.clone(), submitted: new.clone(), proof, beginning };
        // The refusal stands whether the evidence could be written or not; who calls tells that it could not.
        let place = self.store.keep(&evidence);
        Kept { evidence: Box::new(evidence), place }
    }
}

fn size_of(seen: Option<&Seen>) -> u64 {
    seen.map_or(0, |seen| seen.checkpoint.size)
}

impl AddCheckpoint {
    /// Reads the body of a request strictly. Says nothing about whether signatures and proof hold.
    ///
    /// # Errors
    /// [`Refusal::Malformed`].
    pub fn parse(body: &[u8]) -> Result<Self, Refusal> {
        let malformed = |problem: &str| Refusal::Malformed(problem.to_owned());
        if body.len() > ADD_CHECKPOINT_BYTES_MAX {
            return Err(malformed("it is too large"));
        }
        let text = std::str::from_utf8(body).map_err(|_| malformed("it is not UTF-8"))?;
        let (head, note) = text.split_once("\n\n").ok_or_else(|| malformed("no empty line before the checkpoint"))?;
        let mut lines = head.split('\n');
        let old = lines.next().and_then(|line| line.strip_prefix("old ")).and_then(parse_decimal);
        let old = old.ok_or_else(|| malformed("it does not begin with the old size"))?;
        let mut proof = Vec::new();
        for line in lines {
            if proof.len() == WITNESS_PROOF_HASHES_MAX {
                return Err(malformed("the proof has too many lines"));
            }
            proof.push(Hash::parse(line).ok_or_else(|| malformed("a line of the proof is not 32 bytes in Base64"))?);
        }
        let note = Note::parse(note).map_err(|error| malformed(&error.to_string()))?;
        let checkpoint = Checkpoint::from_text(note.text()).map_err(|error| malformed(&error.to_string()))?;
        Ok(Self { old, proof, note, checkpoint })
    }
}

impl fmt::Display for AddCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old)?;
        self.proof.iter().try_for_each(|hash| writeln!(f, "{hash}"))?;
        write!(f, "\n{}", self.note)
    }
}
