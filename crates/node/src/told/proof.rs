//! Errors of the log, its keys, its proofs and its witnesses.

use sakimori_model::StatementError;
use sakimori_proof::{
    CheckpointError, KeyError, LogError, NotWitnessed, NoteError, Problem, ProofError, QuorumError, RangeError,
    ReceiptError, SignError, VerifierKeyError, VerifyError,
};

use super::{Told, ja};

impl Told for LogError {
    fn in_japanese(&self) -> String {
        match self {
            Self::NotALog { folder } => ja!("log.none", path = folder.display()),
            Self::Exists { folder } => ja!("log.exists", path = folder.display()),
            Self::Busy { folder, waited } => {
                ja!("node.busy", path = folder.display(), seconds = waited.as_secs())
            }
            Self::Full { path, source } | Self::Permission { path, source, .. } | Self::Io { path, source, .. } => {
                super::at(path, source)
            }
            Self::Store { place, problem, .. } => ja!("log.store", place = place.display(), problem = problem),
            Self::Missing { path } => ja!("log.missing", path = path.display()),
            // In what way is said in English, which the JSON form has.
            Self::Damaged { path, .. } => ja!("log.damaged", path = path.display()),
            Self::Fork { path, problem } => ja!("log.fork", path = path.display(), problem = problem),
            Self::RolledBack { folder, anchor, size, anchored } => {
                let (folder, anchor) = (folder.display(), anchor.display());
                ja!("log.rolled-back", folder = folder, anchor = anchor, size = size, anchored = anchored)
            }
            Self::Sign(error) => error.in_japanese(),
            Self::Random(error) => ja!("random", error = error),
            Self::WrongKey { expected, found } => ja!("log.wrong-key", expected = expected, found = found),
            Self::TooLarge(what) => ja!("log.too-large", what = what),
            Self::OutOfRange { wanted, size } => ja!("log.out-of-range", wanted = wanted, size = size),
            Self::Undecided { source } => ja!("log.undecided", why = source.in_japanese()),
            _ => self.to_string(),
        }
    }
}

impl Told for KeyError {
    fn in_japanese(&self) -> String {
        match self {
            Self::Malformed(error) => ja!("key.malformed", why = error.in_japanese()),
            Self::Random(error) => ja!("random", error = error),
            Self::Exposed { path, mode } => {
                ja!("key.exposed", path = path.display(), mode = format!("{mode:04o}"))
            }
            Self::Exists { path } => ja!("key.exists", path = path.display()),
            Self::HasPrevious => ja!("key.has-previous"),
            Self::NoPrevious => ja!("key.no-previous"),
            Self::Elsewhere(error) => error.in_japanese(),
            Self::HasMlDsa => ja!("key.has-ml-dsa"),
            Self::Io { path, source, .. } => super::at(path, source),
            _ => self.to_string(),
        }
    }
}

impl Told for SignError {
    fn in_japanese(&self) -> String {
        ja!("sign", place = self.place, problem = self.problem)
    }
}

impl Told for VerifyError {
    fn in_japanese(&self) -> String {
        match self {
            Self::TooLarge => ja!("verify.too-large"),
            Self::Malformed(what) => ja!("verify.malformed", what = what),
            Self::MediaType { found } => ja!("verify.media-type", found = found),
            Self::StatementTooLarge => ja!("verify.statement-too-large"),
            Self::Salt => ja!("verify.salt"),
            Self::Proof(error) => error.in_japanese(),
            Self::UnknownKey(error) | Self::Signature(error) | Self::Checkpoint(error) => error.in_japanese(),
            Self::NotWitnessed(error) => error.in_japanese(),
            Self::NotIncluded { index, size } => ja!("verify.not-included", index = index, size = size),
            _ => self.to_string(),
        }
    }
}

impl Told for CheckpointError {
    fn in_japanese(&self) -> String {
        match self {
            Self::Note(error) => error.in_japanese(),
            Self::Malformed(what) => ja!("checkpoint.malformed", what = what),
            Self::Origin { origin } => ja!("checkpoint.origin", origin = origin),
            _ => self.to_string(),
        }
    }
}

impl Told for NoteError {
    fn in_japanese(&self) -> String {
        match self {
            Self::TooLarge => ja!("note.too-large"),
            Self::TooManySignatures => ja!("note.too-many"),
            Self::Malformed(what) => ja!("note.malformed", what = what),
            Self::BadSignature { name } => ja!("note.bad-signature", name = name),
            Self::UnknownKeys { names } => ja!("note.unknown-keys", names = names.join(", ")),
            _ => self.to_string(),
        }
    }
}

impl Told for VerifierKeyError {
    fn in_japanese(&self) -> String {
        match self {
            Self::Malformed => ja!("verifier.malformed"),
            Self::Name => ja!("verifier.name"),
            Self::Type => ja!("verifier.type"),
            Self::Id => ja!("verifier.id"),
            _ => self.to_string(),
        }
    }
}

impl Told for ProofError {
    fn in_japanese(&self) -> String {
        match self {
            Self::TooLarge => ja!("proof.too-large"),
            Self::Malformed(what) => ja!("proof.malformed", what = what),
            Self::Checkpoint(error) => error.in_japanese(),
            Self::NotIncluded { index, size } => ja!("proof.not-included", index = index, size = size),
            Self::Sign(error) => error.in_japanese(),
            _ => self.to_string(),
        }
    }
}

impl Told for ReceiptError {
    fn in_japanese(&self) -> String {
        match self {
            Self::TooLarge => ja!("receipt.too-large"),
            Self::Malformed(what) => ja!("receipt.malformed", what = what),
            Self::NotIncluded => ja!("receipt.not-included"),
            _ => self.to_string(),
        }
    }
}

impl Told for NotWitnessed {
    fn in_japanese(&self) -> String {
        match self {
            Self::Note(error) => error.in_japanese(),
            Self::TooFew { found, needed, missing } => {
                ja!("witness.too-few", found = found, needed = needed, missing = missing.join(", "))
            }
            _ => self.to_string(),
        }
    }
}

impl Told for QuorumError {
    fn in_japanese(&self) -> String {
        match self {
            Self::NotAWitness(name) => ja!("quorum.not-a-witness", name = name),
            Self::Twice(name) => ja!("quorum.twice", name = name),
            Self::TooMany => ja!("quorum.too-many"),
            Self::Unreachable { needed, witnesses } => {
                ja!("quorum.unreachable", needed = needed, witnesses = witnesses)
            }
            _ => self.to_string(),
        }
    }
}

impl Told for RangeError {
    fn in_japanese(&self) -> String {
        match self {
            Self::Malformed { line, problem } => ja!("range.malformed", line = line, problem = problem),
            Self::Checkpoint(error) => error.in_japanese(),
            Self::NotWitnessed(error) => error.in_japanese(),
            Self::Count { found, expected, from } => {
                ja!("range.count", found = found, expected = expected, from = from)
            }
            Self::NotTheLog => ja!("range.not-the-log"),
            _ => self.to_string(),
        }
    }
}

impl Told for Problem {
    fn in_japanese(&self) -> String {
        match self {
            Self::Missing => ja!("problem.missing"),
            Self::Damaged(_) => ja!("problem.damaged"),
            Self::Unreadable(what) => ja!("problem.unreadable", what = what),
            Self::Unpublished => ja!("problem.unpublished"),
            Self::Foreign => ja!("problem.foreign"),
            _ => self.to_string(),
        }
    }
}

impl Told for StatementError {
    fn in_japanese(&self) -> String {
        match self {
            Self::Form(what) => ja!("statement.form", what = what),
            Self::NotCanonical => ja!("statement.not-canonical"),
            Self::Type(found) => ja!("statement.kind", found = found),
        }
    }
}
