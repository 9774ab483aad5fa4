//! What can go wrong with a log's folder.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;

use crate::signer::SignError;

/// Why the log refused. Unless it is [`LogError::Undecided`], an append that returns it has sequenced nothing.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LogError {
    /// The folder holds no log.
    #[error("{} holds no log (there is no checkpoint)", folder.display())]
    NotALog {
        /// The folder.
        folder: PathBuf,
    },
    /// There is a log already, or the tiles of one: it is never begun anew.
    #[error("{} holds a log already, or parts of one", folder.display())]
    Exists {
        /// The folder.
        folder: PathBuf,
    },
    /// Another process is appending and did not finish in time.
    #[error("another process has kept {} locked for {} s", folder.display(), waited.as_secs())]
    Busy {
        /// The folder.
        folder: PathBuf,
        /// How long this one waited.
        waited: Duration,
    },
    /// No room: disk, quota or the process's file size limit.
    #[error("no room left to write {}: {source}", path.display())]
    Full {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The folder is read-only, or somebody else's.
    #[error("no permission to {action} {}: {source}", path.display())]
    Permission {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Any other failure of the file system.
    #[error("could not {action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The object store did not do what was asked: it can't be reached, or refuses.
    #[error("could not {action} {}: {problem}", place.display())]
    Store {
        /// What was tried.
        action: &'static str,
        /// The address of the object.
        place: PathBuf,
        /// What the store said, or why nothing was said.
        problem: String,
    },
    /// A file that the checkpoint needs is not there.
    #[error("{} is missing", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// A file is not what the checkpoint vouches for.
    #[error("{} is damaged: {problem}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// Going on would make a second history: two checkpoints disagree, or the anchor and the log do.
    #[error("refused, as it would fork the log: {problem} ({})", path.display())]
    Fork {
        /// The file.
        path: PathBuf,
        /// What disagrees.
        problem: String,
    },
    /// The folder is older than the anchor knows the log to be: an older copy was put in its place. Signing on would make
    /// a second checkpoint of a size that somebody may have seen.
    #[error(
        "refused, as {} was put back to an older copy: it has {size} entries, and {} knows of {anchored}",
        folder.display(), anchor.display()
    )]
    RolledBack {
        /// The folder of the log.
        folder: PathBuf,
        /// Entries in the folder.
        size: u64,
        /// The anchor.
        anchor: PathBuf,
        /// Entries by the anchor.
        anchored: u64,
    },
    /// The private half of the key lies elsewhere, and could not be used there.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The operating system has no random numbers.
    #[error("no random numbers: {0}")]
    Random(String),
    /// The key is not the one that the log was opened with.
    #[error("the log is signed by {expected}, not by {found}")]
    WrongKey {
        /// The log's public key.
        expected: String,
        /// The public half of the key that was given.
        found: String,
    },
    /// A batch or an entry above its limit.
    #[error("too much for one append: {0}")]
    TooLarge(String),
    /// An entry or a tree beyond the checkpoint.
    #[error("{wanted} is beyond the log's {size} entries")]
    OutOfRange {
        /// The index or size asked for.
        wanted: u64,
        /// Entries in the log.
        size: u64,
    },
    /// The append failed after the new checkpoint was handed to the disk: its entries may be in the log or not.
    /// Open the log again and look for them ([`crate::Tree::find`]) before appending them once more.
    #[error("the append failed while it was being published, so its entries may be in the log or not: {source}")]
    Undecided {
        /// What failed.
        source: Box<LogError>,
    },
}

impl LogError {
    /// What a person can do about it. `None` where the message says all.
    #[must_use]
    pub const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NotALog { .. } => Some("check the path of the node's folder"),
            Self::Exists { .. } => Some("open it, or choose another folder; if its checkpoint was lost, restore it"),
            Self::Busy { .. } => Some("wait for the other process, or stop it; a dead process holds no lock"),
            Self::Full { .. } => Some("free some room and try again: nothing acknowledged is lost"),
            Self::Permission { .. } => Some("run as the owner of the folder, or make the folder writable"),
            Self::Store { .. } => {
                Some("check that the object store answers at its endpoint, and the credentials in the environment")
            }
            Self::Missing { .. } | Self::Damaged { .. } => {
                Some("verify the whole log to see what else is bad, then restore these files from a copy")
            }
            Self::RolledBack { .. } => Some(
                "restore a copy of the log with all entries that the anchor knows of; if there is none, keep this one to \
                 read and begin a new log with a new key",
            ),
            Self::Fork { .. } => Some("keep both versions: compare them before anything is appended"),
            Self::Undecided { .. } => Some("open the log again and look for the entries before appending them again"),
            Self::Sign(_) => Some("see that the key can be used where it lies: nothing acknowledged is lost"),
            Self::Io { .. } | Self::Random(_) | Self::WrongKey { .. } | Self::TooLarge(_) | Self::OutOfRange { .. } => {
                None
            }
        }
    }

    /// Sorts an error of the file system into the classes that a person can act on.
    pub(crate) fn from_io(action: &'static str, path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                Self::Full { path, source }
            }
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::Permission { action, path, source }
            }
            io::ErrorKind::NotFound => Self::Missing { path },
            _ => Self::Io { action, path, source },
        }
    }

    /// The same error, marked as one after which nobody knows whether the append took place.
    pub(crate) fn undecided(self) -> Self {
        Self::Undecided { source: Box::new(self) }
    }
}
