//! Why an operation could not be done. Each has a stable code; the hint for people is found by it.

use std::io;
use std::path::PathBuf;

use sakimori_proof::{KeyError, LogError, SignCause, SignError};
use sakimori_store::StoreError;
use thiserror::Error;

use crate::decide::PolicyFileError;
use crate::erase::NotErased;
use crate::register::NotJudged;

/// Why an operation could not be done. Nothing that was acknowledged is lost by any of them.
#[derive(Debug, Error)]
pub enum NodeError {
    /// The node's folder can't be made, read or written.
    #[error("{}: {error}", path.display())]
    Folder {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// A file that was asked for can't be written.
    #[error("{} can't be written: {error}", path.display())]
    Output {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// Another process keeps the node's folder locked.
    #[error("{}: another process has been writing for {seconds} s", path.display())]
    Busy {
        /// The lock file.
        path: PathBuf,
        /// How long it was waited for.
        seconds: u64,
    },
    /// The state can't be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The log can't be read or written.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The log is older than the state: it was put back to an older copy.
    #[error("{}: the log has {size} entries, and {known} were acknowledged", log.display())]
    RolledBack {
        /// The folder of the log.
        log: PathBuf,
        /// The entries that it has.
        size: u64,
        /// The entries that it had.
        known: u64,
    },
    /// The key is missing, and there are records that it signed.
    #[error("{}: the key of this node is missing", path.display())]
    NoKey {
        /// Where it should be.
        path: PathBuf,
    },
    /// The node's key can't be read or written.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The operating system has no random numbers.
    #[error("no random numbers: {0}")]
    Random(getrandom::Error),
    /// No record has this id.
    #[error("no record {0}")]
    NoRecord(String),
    /// A stretch of the log has no record.
    #[error("there is no record from place {from} to before {to} (the log has {size})")]
    EmptyStretch {
        /// The place of its first record.
        from: u64,
        /// The place behind its last record.
        to: u64,
        /// The entries of the log.
        size: u64,
    },
    /// No record was made in a span of time.
    #[error("no record was made in the time that was asked for")]
    NothingThen,
    /// Several records have ids that begin or end so.
    #[error("several records have {part}: {candidates}")]
    Ambiguous {
        /// The text.
        part: String,
        /// The first of these records.
        candidates: String,
    },
    /// The log has entries that the state does not know: the state was removed or put back to an older copy.
    #[error("state.db knows {known} entries, and the log has {size}")]
    StateRolledBack {
        /// The entries that the state knows.
        known: u64,
        /// The entries that the log has.
        size: u64,
    },
    /// The key is that of another log.
    #[error("the key is that of {key}, and the log is {log}")]
    OtherKey {
        /// The origin of the log.
        log: String,
        /// The name of the key.
        key: String,
    },
    /// The record is not a decision.
    #[error("record {0} is not a decision")]
    NotADecision(String),
    /// A decision has no finding and no feature of this name.
    #[error("the decision has no finding and no feature {0}")]
    NoFinding(String),
    /// The text of a policy is not at hand.
    #[error("the policy with the digest {0} was never in force here")]
    NoPolicy(sakimori_model::Digest),
    /// No model in the register is named so.
    #[error("no model {0} in the register")]
    NoModel(String),
    /// A record can't be erased, or was.
    #[error(transparent)]
    NotErased(#[from] NotErased),
    /// A person's word on a model that can't hold.
    #[error(transparent)]
    NotJudged(#[from] NotJudged),
    /// The policy can't be read.
    #[error(transparent)]
    Policy(#[from] PolicyFileError),
    /// The table and the log disagree about a record.
    #[error("record {id}: {what}; run `sakimori audit`")]
    Inconsistent {
        /// The record.
        id: String,
        /// What does not fit.
        what: String,
    },
    /// A part of the program stopped in the middle of a request: a defect.
    #[error("stopped: {0}")]
    Stopped(String),
    /// `TLP:RED` was to be shared.
    #[error("not shared: TLP:RED is for named recipients in person")]
    Red,
    /// A share was to go to a path that the outbox can't keep.
    #[error("not shared: the path of the file is not UTF-8")]
    PathNotUtf8,
    /// The log was to be moved back, and lies in the folder.
    #[error("the log lies in the node's folder: it was not moved")]
    NotMoved,
}

impl NodeError {
    /// The stable code, under which the hints are found.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Folder { error, .. } => code_of_io(error),
            Self::Output { error, .. } if is_full(error) => "SKM-E-0001",
            Self::Output { .. } => "SKM-E-0188",
            Self::EmptyStretch { .. } | Self::NothingThen => "SKM-E-0187",
            Self::Busy { .. } => "SKM-E-0003",
            Self::Store(error) if error.is_full() => "SKM-E-0001",
            Self::Store(error) if error.is_read_only() => "SKM-E-0002",
            Self::Store(StoreError::TooNew { .. }) => "SKM-E-0005",
            Self::Store(error) if error.is_damaged() => "SKM-E-0006",
            Self::Store(_) => "SKM-E-0004",
            Self::Log(error) => code_of_log(error),
            Self::RolledBack { .. } => "SKM-E-0014",
            Self::NoKey { .. } | Self::OtherKey { .. } => "SKM-E-0015",
            Self::StateRolledBack { .. } => "SKM-E-0022",
            Self::Key(KeyError::Io { source, .. }) => code_of_io(source),
            Self::Key(KeyError::Elsewhere(error)) => code_of_sign(error),
            Self::Key(KeyError::HasPrevious | KeyError::NoPrevious | KeyError::Exists { .. } | KeyError::HasMlDsa) => {
                "SKM-E-0076"
            }
            Self::Key(KeyError::Random(_)) | Self::Random(_) => "SKM-E-0008",
            Self::Key(_) => "SKM-E-0021",
            Self::NoRecord(_) | Self::Ambiguous { .. } => "SKM-E-0009",
            Self::NotADecision(_) => "SKM-E-0010",
            Self::NoModel(_) => "SKM-E-0062",
            Self::NoFinding(_) => "SKM-E-0070",
            Self::NoPolicy(_) => "SKM-E-0071",
            Self::NotJudged(NotJudged::NoNote) => "SKM-E-0064",
            Self::NotJudged(_) => "SKM-E-0061",
            Self::NotErased(NotErased::Before { .. }) => "SKM-E-0072",
            Self::NotErased(_) => "SKM-E-0073",
            Self::Policy(_) => "SKM-E-0011",
            Self::Inconsistent { .. } => "SKM-E-0012",
            Self::Red => "SKM-E-0013",
            Self::PathNotUtf8 => "SKM-E-0188",
            Self::NotMoved => "SKM-E-0083",
            Self::Stopped(_) => "SKM-E-0114",
        }
    }
}

impl NodeError {
    /// True when something may not be read or written.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.code() == "SKM-E-0002"
    }

    /// True when a key that lies elsewhere could not be used there.
    #[must_use]
    pub const fn is_unsigned(&self) -> bool {
        matches!(self, Self::Key(KeyError::Elsewhere(_)) | Self::Log(LogError::Sign(_)))
    }
}

pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge)
}

fn code_of_io(error: &io::Error) -> &'static str {
    match error.kind() {
        _ if is_full(error) => "SKM-E-0001",
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => "SKM-E-0002",
        _ => "SKM-E-0004",
    }
}

/// The code of trouble with a key that lies elsewhere.
pub(crate) const fn code_of_sign(error: &SignError) -> &'static str {
    match error.cause {
        SignCause::Unreachable => "SKM-E-0080",
        SignCause::Pin | SignCause::PinRefused => "SKM-E-0081",
        SignCause::Name => "SKM-E-0082",
    }
}

fn code_of_log(error: &LogError) -> &'static str {
    match error {
        LogError::Full { .. } => "SKM-E-0001",
        LogError::Permission { .. } => "SKM-E-0002",
        LogError::Busy { .. } => "SKM-E-0003",
        LogError::Undecided { source } => code_of_log(source),
        LogError::NotALog { .. } | LogError::Missing { .. } | LogError::Damaged { .. } | LogError::Fork { .. } => {
            "SKM-E-0007"
        }
        LogError::WrongKey { .. } => "SKM-E-0015",
        LogError::RolledBack { .. } => "SKM-E-0014",
        LogError::Store { .. } => "SKM-E-0079",
        LogError::Sign(error) => code_of_sign(error),
        LogError::Random(_) => "SKM-E-0008",
        _ => "SKM-E-0004",
    }
}
