//! The bytes of what was examined, kept for some days so that a person can look at a finding in its place.
//!
//! They are a convenience and no evidence: decision and proof do not need them. A file is named by its digest, only its
//! owner can read it, and nothing here is ever run.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sakimori_model::Digest;

use super::Opened;

/// A folder of contents.
#[derive(Clone, Debug)]
pub struct Contents {
    folder: PathBuf,
}

impl Contents {
    /// Contents in this folder, which is made when it is needed.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Keeps bytes.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn keep(&self, sha256: &Digest, bytes: &[u8]) -> io::Result<()> {
        let path = self.place(sha256)?;
        if path.exists() {
            return touch(&path);
        }
        // A name of its own, so that nobody sees half a file.
        let mut draft = tempfile::Builder::new().permissions(private()).tempfile_in(&self.folder)?;
        draft.write_all(bytes)?;
        draft.persist(&path).map(drop).map_err(|error| error.error)
    }

    /// Keeps a file by taking it away from where it lies, which must be on the same volume.
    ///
    /// # Errors
    /// When it can't be moved.
    pub fn take(&self, sha256: &Digest, file: &Path) -> io::Result<()> {
        let path = self.place(sha256)?;
        fs::rename(file, &path)?;
        touch(&path)
    }

    /// The bytes with this digest, if they are still there.
    #[must_use]
    pub fn open(&self, sha256: &Digest) -> Option<Opened> {
        Opened::file(&self.path(sha256)).ok()
    }

    /// Drops what was kept longer than this.
    ///
    /// # Errors
    /// When the folder can't be read.
    pub fn sweep(&self, longest: Duration) -> io::Result<()> {
        let Some(before) = SystemTime::now().checked_sub(longest) else { return Ok(()) };
        for entry in walkdir::WalkDir::new(&self.folder).into_iter().filter_map(Result::ok) {
            let is_old = entry.metadata().is_ok_and(|m| m.is_file() && m.modified().is_ok_and(|at| at < before));
            if is_old {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    fn path(&self, sha256: &Digest) -> PathBuf {
        let name = sha256.to_string();
        self.folder.join(&name[..2]).join(name)
    }

    fn place(&self, sha256: &Digest) -> io::Result<PathBuf> {
        let path = self.path(sha256);
        if let Some(parent) = path.parent().filter(|parent| !parent.is_dir()) {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
        }
        Ok(path)
    }
}

/// Opens a file that only its owner can read, for writing at its end.
///
/// # Errors
/// When it can't be opened.
pub fn private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).mode(0o600).open(path)
}

fn private() -> fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(0o600)
}

fn touch(path: &Path) -> io::Result<()> {
    File::options().append(true).open(path)?.set_modified(SystemTime::now())
}

#[cfg(test)]
mod tests {
    use super::*;
    use sakimori_examine::source::{Source as _, read_up_to};

    #[test]
    fn what_is_kept_is_found_until_it_is_swept() {
        let folder = tempfile::tempdir().expect("a folder");
        let contents = Contents::new(folder.path().join("content"));
        let digest = Digest::of(b"abc");
        assert!(contents.open(&digest).is_none());
        contents.keep(&digest, b"abc").expect("kept");
        contents.keep(&digest, b"abc").expect("kept again");
        let opened = contents.open(&digest).expect("there");
        assert_eq!((opened.source.size(), read_up_to(&opened.source, 0, 9).expect("read")), (3, b"abc".to_vec()));
        contents.sweep(Duration::from_secs(3600)).expect("swept");
        assert!(contents.open(&digest).is_some());
        contents.sweep(Duration::ZERO).expect("swept");
        assert!(contents.open(&digest).is_none());
    }
}
