//! Acting: what a record justifies leaves from the outbox, at least once, and only after the record.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

use crate::NodeError;
use crate::node::{CrashPoint, Node, folder};

impl Node {
    /// Destroys what is to be erased, and delivers what waits in the outbox. Repeating a delivery does no harm: it writes the same bytes to the same place.
    ///
    /// # Errors
    /// When a delivery fails. It stays in the outbox and is tried again with the next run.
    pub fn act(&mut self) -> Result<(), NodeError> {
        self.carry_out_erasures()?;
        for item in self.store.waiting()? {
            deliver(Path::new(&item.target), &item.body)?;
            // A crash here repeats the delivery with the next run.
            self.crash(CrashPoint::Acted);
            self.store.delivered(item.record)?;
        }
        Ok(())
    }
}

/// Whether a file could be put in place.
///
/// # Errors
/// [`NodeError::Output`], if not.
pub(crate) fn try_to_deliver(target: &Path) -> Result<(), NodeError> {
    let tried = match target.is_dir() {
        true => Err(io::ErrorKind::IsADirectory.into()),
        false => {
            fs::metadata(parent_of(target)).and_then(|_| tempfile::NamedTempFile::new_in(parent_of(target)).map(drop))
        }
    };
    tried.map_err(|error| NodeError::Output { path: target.to_owned(), error })
}

/// The folder that a file or folder lies in.
pub(crate) fn parent_of(target: &Path) -> &Path {
    target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Puts a file in place, durably, whole or not at all.
///
/// # Errors
/// Those of the file system, with the path.
pub(crate) fn deliver(target: &Path, body: &[u8]) -> Result<(), NodeError> {
    let parent = parent_of(target);
    let mut file = tempfile::NamedTempFile::new_in(parent).map_err(folder(parent))?;
    file.write_all(body).and_then(|()| file.as_file().sync_all()).map_err(folder(target))?;
    file.persist(target).map_err(|error| folder(target)(error.error))?;
    File::open(parent).and_then(|parent| parent.sync_all()).map_err(folder(parent))?;
    fs::metadata(target).map(drop).map_err(folder(target))
}
