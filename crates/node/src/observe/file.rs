//! Files as sources: read at any offset, hashed as a stream.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::SystemTime;

use sakimori_examine::source::Source;
use sakimori_model::Digest;
use sha2::{Digest as _, Sha256};

use super::vault::Kept;

/// Bytes read at once for hashing.
const CHUNK_BYTES: usize = 256 * 1024;

/// A file as a source. Its size is fixed when it is opened, so that one that grows meanwhile is still bounded.
pub struct FileSource {
    file: File,
    size: u64,
}

impl Source for FileSource {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let left = self.size.saturating_sub(offset);
        let count = buf.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        self.file.read_at(&mut buf[..count], offset)
    }
}

/// What is observed: a file, or bytes that came over the network and are few.
pub enum Held {
    /// A file.
    File(FileSource),
    /// Bytes in memory.
    Memory(Vec<u8>),
    /// A content of the vault.
    Kept(Box<Kept>),
}

impl Source for Held {
    fn size(&self) -> u64 {
        match self {
            Self::File(file) => file.size(),
            Self::Memory(bytes) => bytes.size(),
            Self::Kept(kept) => kept.size(),
        }
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read_at(offset, buf),
            Self::Memory(bytes) => bytes.read_at(offset, buf),
            Self::Kept(kept) => kept.read_at(offset, buf),
        }
    }
}

/// An opened input, with what is needed to tell whether it changed while it was examined.
pub struct Opened {
    /// The bytes.
    pub source: Held,
    stamp: Option<(u64, SystemTime)>,
}

impl Opened {
    /// Opens a regular file.
    ///
    /// # Errors
    /// When it can't be opened, or is a folder, a pipe, a socket or a device: reading those may never end.
    pub fn file(path: &Path) -> io::Result<Self> {
        let before = std::fs::metadata(path)?;
        if !before.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
        }
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        let source = Held::File(FileSource { file, size: metadata.len() });
        Ok(Self { source, stamp: stamp(&metadata) })
    }

    /// Copies a stream, such as standard input, into a file without a name inside `folder` and opens that.
    ///
    /// # Errors
    /// When the stream can't be read or the file can't be written.
    pub fn spooled(stream: &mut dyn Read, folder: &Path) -> io::Result<Self> {
        let mut file = tempfile::tempfile_in(folder)?;
        let size = io::copy(stream, &mut file)?;
        file.flush()?;
        file.seek(SeekFrom::Start(0))?;
        Ok(Self { source: Held::File(FileSource { file, size }), stamp: None })
    }

    /// A file that was written here and has no name.
    ///
    /// # Errors
    /// When its size can't be read.
    pub fn unnamed(file: File) -> io::Result<Self> {
        let size = file.metadata()?.len();
        Ok(Self { source: Held::File(FileSource { file, size }), stamp: None })
    }

    /// Bytes that are in memory already.
    #[must_use]
    pub fn memory(bytes: Vec<u8>) -> Self {
        Self::of(Held::Memory(bytes))
    }

    /// What nobody else writes to.
    pub(super) const fn of(source: Held) -> Self {
        Self { source, stamp: None }
    }

    /// True when the file is not what it was when it was opened, so that the digest and the findings may not belong
    /// together.
    #[must_use]
    pub fn changed(&self) -> bool {
        let Held::File(source) = &self.source else { return false };
        let now = source.file.metadata().ok();
        self.stamp.is_some() && self.stamp != now.as_ref().and_then(stamp)
    }
}

fn stamp(metadata: &Metadata) -> Option<(u64, SystemTime)> {
    Some((metadata.len(), metadata.modified().ok()?))
}

/// SHA-256 of all bytes of a source, read as a stream. `progress` is told the number of bytes after each step.
///
/// # Errors
/// When the source can't be read, or ends before its size.
pub fn sha256_of(source: &dyn Source, progress: &dyn Fn(u64)) -> io::Result<Digest> {
    let mut hasher = Sha256::new();
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut offset = 0;
    while offset < source.size() {
        let count = source.read_at(offset, &mut chunk)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        hasher.update(&chunk[..count]);
        offset += count as u64;
        progress(count as u64);
    }
    Ok(Digest::from_bytes(hasher.finalize().into()))
}
