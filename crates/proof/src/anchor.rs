//! The anchor: the last signed checkpoint of a log, kept where an older copy of the log's folder does not bring an older
//! anchor with it.

use std::fmt::Debug;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::disk::{folder_of, lock_file, write_durably};
use crate::error::LogError;
use crate::limits::{LOCK_WAIT_MAX, NOTE_BYTES_MAX};

/// Holds the last signed checkpoint of one log, on another volume or in another database than the log.
///
/// A log moves its anchor before anybody can see the checkpoint, and signs nothing while the anchor is ahead of it. So
/// whoever puts an older copy of the folder in place makes it sign no second checkpoint of one size. That holds as long
/// as [`Anchor::swap`] compares and replaces in one step, for all who share the anchor, and what it replaced is durable
/// when it returns. An anchor verifies nothing: the log does.
pub trait Anchor: Debug + Send + Sync {
    /// The checkpoint as it was signed: the whole note. `None` if there is none yet.
    ///
    /// # Errors
    /// When it can't be told: then nothing is signed.
    fn load(&self) -> Result<Option<String>, LogError>;

    /// Puts the note `new` in place if `expected` is there. Durable on return.
    ///
    /// # Errors
    /// When it can't be done, or nobody knows whether it was.
    fn swap(&self, expected: Option<&str>, new: &str) -> Result<Swap, LogError>;

    /// Where the anchor is, as errors name it.
    fn place(&self) -> PathBuf;
}

/// What became of an [`Anchor::swap`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Swap {
    /// The new checkpoint is in place, durably.
    Done,
    /// Something else was there, and still is.
    Found(Option<String>),
}

/// An anchor in a file, which should lie on another volume than the log. It is replaced by a rename, under a lock on
/// `NAME.lock` beside it. Its folder must be there: it is never made, as a volume that is not mounted would then look like
/// an anchor that was never used.
#[derive(Clone, Debug)]
pub struct FileAnchor {
    path: PathBuf,
}

impl FileAnchor {
    /// The anchor in this file, which need not be there yet.
    #[must_use]
    pub fn at(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    fn beside(&self, extension: &str) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(extension);
        name.into()
    }

    fn read(&self) -> io::Result<Option<String>> {
        if !fs::metadata(folder_of(&self.path))?.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        match fs::symlink_metadata(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
            Ok(found) if found.is_file() => {}
            Ok(_) => return Err(io::Error::new(io::ErrorKind::InvalidData, "it is not a regular file")),
        }
        let mut text = String::new();
        File::open(&self.path)?.take(NOTE_BYTES_MAX as u64 + 1).read_to_string(&mut text)?;
        Ok(Some(text))
    }
}

impl Anchor for FileAnchor {
    fn load(&self) -> Result<Option<String>, LogError> {
        self.read().map_err(|source| LogError::from_io("read", &self.path, source))
    }

    fn swap(&self, expected: Option<&str>, new: &str) -> Result<Swap, LogError> {
        let Some(_lock) = lock_file(&self.beside(".lock"), LOCK_WAIT_MAX)? else {
            return Err(LogError::Busy { folder: self.path.clone(), waited: LOCK_WAIT_MAX });
        };
        let found = self.load()?;
        if found.as_deref() != expected {
            return Ok(Swap::Found(found));
        }
        // A power cut in here may take the new checkpoint back. The log has not published it yet, and finds its anchor one step
        // behind, which is what it does after a crash before this swap.
        let replaced = write_durably(&self.path, &self.beside(".next"), 0o666, new.as_bytes());
        replaced.map_err(|source| LogError::from_io("write", &self.path, source))?;
        Ok(Swap::Done)
    }

    fn place(&self) -> PathBuf {
        self.path.clone()
    }
}

/// An anchor in memory: for tests, and for a log that must not be put back while one process lives.
#[derive(Debug, Default)]
pub struct MemoryAnchor {
    note: Mutex<Option<String>>,
}

impl Anchor for MemoryAnchor {
    fn load(&self) -> Result<Option<String>, LogError> {
        Ok(self.note.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    fn swap(&self, expected: Option<&str>, new: &str) -> Result<Swap, LogError> {
        let mut note = self.note.lock().unwrap_or_else(PoisonError::into_inner);
        if note.as_deref() != expected {
            return Ok(Swap::Found(note.clone()));
        }
        *note = Some(new.to_owned());
        Ok(Swap::Done)
    }

    fn place(&self) -> PathBuf {
        PathBuf::from("the anchor in memory")
    }
}
