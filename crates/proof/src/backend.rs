//! Where a log keeps its files.

use std::fmt::Debug;
use std::path::PathBuf;

use crate::error::LogError;

/// A store of named, immutable files (hash tiles, entry bundles) and of `checkpoint`, the one name that is replaced.
/// Names have `/` between their parts.
///
/// What a reader finds under a name is whole: the bytes of one [`Bulk::put`] or nothing. After a power cut, what was put
/// since the last [`Bulk::sync`] may be there, torn, or gone, each by itself: the write-ahead log has it once more, so a
/// folder need not wait for its disk at each put. A store that is durable when `put` returns has nothing to do in `sync`.
/// Lists may lag behind: nothing but tidying relies on them. One writer at a time; any number of readers. Nothing is
/// repeated in here: after an error the writer forgets what it knew, and its recovery puts everything again.
pub(crate) trait Bulk: Debug + Send + Sync {
    /// The bytes of a file of at most `bytes_max` bytes.
    ///
    /// # Errors
    /// [`LogError::Missing`]; [`LogError::Damaged`] for what is larger, or no file.
    fn get(&self, name: &str, bytes_max: usize) -> Result<Vec<u8>, LogError>;

    /// Puts a file in place, whole, instead of what has its name.
    ///
    /// # Errors
    /// [`LogError::Full`], [`LogError::Permission`], [`LogError::Io`]: it is there or not.
    fn put(&self, name: &str, bytes: &[u8]) -> Result<(), LogError>;

    /// Makes these files durable, with their names and with what was removed beside them.
    ///
    /// # Errors
    /// Then nobody knows which of them are durable, and a second `sync` proves nothing: they must be put again.
    fn sync(&self, names: &[String]) -> Result<(), LogError>;

    /// Removes a file.
    ///
    /// # Errors
    /// Those of the store.
    fn remove(&self, name: &str) -> Result<(), LogError>;

    /// Removes a folder of files with all that is in it, if it is there.
    ///
    /// # Errors
    /// Those of the store. Then some of them are still there.
    fn remove_folder(&self, folder: &str) -> Result<(), LogError>;

    /// What is in a folder; nothing if it isn't there.
    ///
    /// # Errors
    /// Those of the store.
    fn list(&self, folder: &str) -> Result<Vec<Listed>, LogError>;

    /// Where a file is, as errors name it. `""` is the whole store.
    fn place(&self, name: &str) -> PathBuf;
}

/// Something in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    /// Its own name, without those of the folders above.
    pub(crate) name: String,
    /// What it is.
    pub(crate) kind: ListedKind,
}

/// What is in a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListedKind {
    /// A folder.
    Folder,
    /// Anything else.
    File,
}
