//! Why a backup or a restore could not be done. Each has a stable code; the hint for people is found by it.

use std::fmt::Display;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::NodeError;

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
    /// A file of the backup is missing, or not what the manifest says.
    #[error("{}: {what}", path.display())]
    Torn {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// All files are as the manifest says, but they do not fit together.
    #[error("the backup does not hold together: {what}")]
    Unsound {
        /// The first thing that does not fit.
        what: String,
    },
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
    #[error("the checkpoint is not of the history of this backup: {what}")]
    OtherHistory {
        /// What differs.
        what: String,
    },
    /// The file is no checkpoint of this log.
    #[error("{what}")]
    NotACheckpoint {
        /// Why it is none.
        what: String,
    },
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
            Self::NotABackup { .. } => "SKM-E-0041",
            Self::Torn { .. } => "SKM-E-0042",
            Self::Unsound { .. } => "SKM-E-0043",
            Self::HomeOccupied { .. } => "SKM-E-0044",
            Self::HomeInUse { .. } => "SKM-E-0003",
            Self::Older { .. } => "SKM-E-0045",
            Self::OtherHistory { .. } => "SKM-E-0046",
            Self::NotACheckpoint { .. } => "SKM-E-0047",
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

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge)
}
