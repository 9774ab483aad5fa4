//! Why a backup or a restore could not be done. Each has a stable code; the hint for people is found by it.

use std::fmt::Display;
use std::io;
use std::path::{Path, PathBuf};

use sakimori_proof::{BadResource, CheckpointError};
use thiserror::Error;

use crate::NodeError;
use crate::audit::Mismatch;
use crate::error::is_full;

/// Why a backup or a restore could not be done. No node was changed by it.
#[derive(Debug, Error)]
pub enum BackupError {
    /// The node can't be read.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// A file of the backup or of what is restored can't be read or written.
    #[error("{}: {error}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The backup would go to where something is.
    #[error("{}: there is something already", path.display())]
    Occupied {
        /// The folder.
        path: PathBuf,
    },
    /// The folder that the backup is to lie in is not there.
    #[error("{}: there is no such folder", path.display())]
    NoParent {
        /// The folder.
        path: PathBuf,
    },
    /// The backup would lie inside of the node's own folder.
    #[error("{}: it lies inside of the node's own folder", path.display())]
    Inside {
        /// The folder.
        path: PathBuf,
    },
    /// The folder is no backup, or one of a later version.
    #[error("{}: {what}", path.display())]
    NotABackup {
        /// The manifest.
        path: PathBuf,
        /// Why it is none.
        what: String,
    },
    /// A file of the backup is missing, or can't be read.
    #[error("{}: {what}", path.display())]
    Torn {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// A file of the backup is not what the manifest says.
    #[error("{}: it is not what was backed up", path.display())]
    Altered {
        /// The file.
        path: PathBuf,
    },
    /// All files are as the manifest says, but the log has bad ones.
    #[error("the backup does not hold together: log/{}: {}", .0.name, .0.problem)]
    UnsoundLog(BadResource),
    /// All files are as the manifest says, but the tables and the log do not fit together.
    #[error("the backup does not hold together: {} {}: {}", .0.table, .0.row, .0.what)]
    UnsoundTables(Mismatch),
    /// The manifest is not that of this log as it is here.
    #[error("the backup does not hold together: the manifest names another log, or another moment of it")]
    OtherMoment,
    /// There is something where the node is to be restored.
    #[error("{}: there is something already", path.display())]
    HomeOccupied {
        /// The folder.
        path: PathBuf,
    },
    /// Somebody uses the node that would be set aside.
    #[error("{}: another sakimori uses this folder; stop it first", path.display())]
    HomeInUse {
        /// The folder.
        path: PathBuf,
    },
    /// The log went on after the backup.
    #[error("the backup has {size} entries, and the checkpoint says that the log had {known}")]
    Older {
        /// The entries in the backup.
        size: u64,
        /// The entries that the checkpoint knows of.
        known: u64,
    },
    /// The checkpoint is of another history than the backup.
    #[error(
        "the checkpoint is not of the history of this backup: after {size} entries, the root is {here} here and {there} there"
    )]
    OtherHistory {
        /// The entries of the checkpoint.
        size: u64,
        /// The root over as many entries of the backup.
        here: String,
        /// The root in the checkpoint.
        there: String,
    },
    /// The file is no checkpoint.
    #[error(transparent)]
    NotACheckpoint(CheckpointError),
    /// The file is no checkpoint of this log.
    #[error("it is not signed by the key of this backup: {0}")]
    NotByThisKey(CheckpointError),
}

impl BackupError {
    /// The stable code, under which the hints are found.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Node(error) => error.code(),
            Self::File { error, .. } if is_full(error) => "SKM-E-0001",
            Self::File { .. } => "SKM-E-0049",
            Self::Occupied { .. } => "SKM-E-0040",
            Self::NoParent { .. } => "SKM-E-0039",
            Self::NotABackup { .. } => "SKM-E-0041",
            Self::Torn { .. } | Self::Altered { .. } => "SKM-E-0042",
            Self::UnsoundLog(_) | Self::UnsoundTables(_) | Self::OtherMoment => "SKM-E-0043",
            Self::HomeOccupied { .. } => "SKM-E-0044",
            Self::HomeInUse { .. } => "SKM-E-0003",
            Self::Older { .. } => "SKM-E-0045",
            Self::OtherHistory { .. } => "SKM-E-0046",
            Self::NotACheckpoint(_) | Self::NotByThisKey(_) => "SKM-E-0047",
            Self::Inside { .. } => "SKM-E-0048",
        }
    }

    /// Names the file in an error of the system.
    pub(super) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |error| Self::File { path, error }
    }

    pub(super) fn torn(path: &Path, what: &dyn Display) -> Self {
        Self::Torn { path: path.to_owned(), what: what.to_string() }
    }
}
