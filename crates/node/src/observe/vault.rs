//! The vault: the bytes of what was examined, kept for some days so that a person can look at a finding in its place, and so that
//! a decision can be explained by examining them again. They are no evidence: decision and proof do not need them.
//!
//! Each content is encrypted with a key of its own, which lies in the tables and goes when the record is erased or the days are
//! over: whatever copy of the file there is, is noise then.
//!
//! ```text
//! file       content/<last two digits of the id>/<record id>
//! header     16 bytes, MAGIC
//! segments   of 64 KiB, the last one shorter, each followed by its tag: AES-256-GCM (NIST SP 800-38D)
//! nonce      3 zero bytes, 1 for the last segment and else 0, the number of the segment in 8 bytes, big-endian
//! data       that is authenticated with each: the record id
//! ```
//!
//! A key encrypts one file once, so no nonce is used twice; that the last segment has a nonce of its own makes a cut file show, as in
//! STREAM (Hoang, Reyhanitabar, Rogaway, Vizár: Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance, 2015).

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use sakimori_examine::source::Source;
use sakimori_model::{Digest, RecordId};
use sakimori_store::{Store, StoreError};

use super::Opened;
use super::file::Held;

const MAGIC: &[u8; 16] = b"sakimori vault 1";
/// Bytes of a segment before it is encrypted.
const SEGMENT_BYTES: usize = 64 * 1024;
/// Bytes of a segment with its tag.
const SEALED_BYTES: usize = SEGMENT_BYTES + TAG_BYTES;
const TAG_BYTES: usize = 16;

/// The key of one content.
#[derive(Clone, PartialEq, Eq)]
pub struct VaultKey([u8; 32]);

impl VaultKey {
    /// A new one.
    ///
    /// # Errors
    /// When the operating system has no random numbers.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut key = [0; 32];
        getrandom::fill(&mut key)?;
        Ok(Self(key))
    }

    /// To keep it.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    fn cipher(&self) -> LessSafeKey {
        // INVARIANT: 32 bytes are a key of AES-256.
        let key = UnboundKey::new(&AES_256_GCM, &self.0).unwrap_or_else(|_| unreachable!("a key has 32 bytes"));
        LessSafeKey::new(key)
    }
}

impl fmt::Debug for VaultKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VaultKey(…)")
    }
}

/// A folder of contents.
#[derive(Clone, Debug)]
pub struct Vault {
    folder: PathBuf,
}

impl Vault {
    /// The vault in this folder, which is made when it is needed.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The vault of the node in this folder.
    #[must_use]
    pub fn of_node(home: &Path) -> Self {
        Self::new(home.join("content"))
    }

    /// Keeps the bytes that a record is about. The key must be new.
    ///
    /// # Errors
    /// When they can't be read, or the file can't be written.
    pub fn keep(&self, record: RecordId, key: &VaultKey, bytes: &dyn Source) -> io::Result<()> {
        let path = self.path(record);
        if let Some(parent) = path.parent().filter(|parent| !parent.is_dir()) {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
        }
        // A name of its own, so that nobody sees half a file.
        let mut draft = tempfile::Builder::new().permissions(private()).tempfile_in(&self.folder)?;
        draft.write_all(MAGIC)?;
        let (cipher, size) = (key.cipher(), bytes.size());
        let mut segment = Vec::with_capacity(SEALED_BYTES);
        for number in 0..segments(size) {
            let from = number * SEGMENT_BYTES as u64;
            let length = (size - from).min(SEGMENT_BYTES as u64) as usize;
            segment.clear();
            segment.extend(sakimori_examine::source::read_up_to(bytes, from, length)?);
            if segment.len() != length {
                return Err(io::Error::other("the bytes became fewer while they were read"));
            }
            let nonce = nonce(number, size);
            let sealed = cipher.seal_in_place_append_tag(nonce, Aad::from(record.to_string()), &mut segment);
            sealed.map_err(|_| io::Error::other("a segment can't be encrypted"))?;
            draft.write_all(&segment)?;
        }
        draft.persist(&path).map(drop).map_err(|error| error.error)
    }

    /// The bytes that a record is about, if they are still there and whole at their end. A changed byte before that shows when it is
    /// read.
    #[must_use]
    pub fn open(&self, record: RecordId, key: &VaultKey) -> Option<Opened> {
        let file = File::open(self.path(record)).ok()?;
        let sealed = file.metadata().ok()?.len().checked_sub(MAGIC.len() as u64)?;
        let count = sealed.div_ceil(SEALED_BYTES as u64);
        let size = sealed.checked_sub(count * TAG_BYTES as u64).filter(|_| count > 0)?;
        let mut magic = [0; MAGIC.len()];
        file.read_exact_at(&mut magic, 0).ok()?;
        let kept = Kept { file, size, cipher: key.cipher(), record, last: Mutex::new(None) };
        let whole = magic == *MAGIC && segments(size) == count && kept.segment(count - 1).is_ok();
        whole.then(|| Opened::of(Held::Kept(Box::new(kept))))
    }

    /// As [`Vault::open`], with the key that the tables have.
    ///
    /// # Errors
    /// When the tables can't be read.
    pub fn open_kept(&self, record: RecordId, store: &Store) -> Result<Option<Opened>, StoreError> {
        let key = store.vault_key(record)?.map(VaultKey);
        Ok(key.and_then(|key| self.open(record, &key)))
    }

    /// True when bytes are kept for this record.
    #[must_use]
    pub fn has(&self, record: RecordId) -> bool {
        self.path(record).is_file()
    }

    /// Drops the bytes that a record is about, and what an earlier version kept in plain under their digest.
    ///
    /// # Errors
    /// When a file is there and can't be removed.
    pub fn drop_one(&self, record: RecordId, sha256: Option<Digest>) -> io::Result<()> {
        let plain = sha256.map(|sha256| {
            let name = sha256.to_string();
            self.folder.join(&name[..2]).join(name)
        });
        for path in plain.into_iter().chain([self.path(record)]) {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
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

    /// The end of an id is random, its beginning is the time.
    fn path(&self, record: RecordId) -> PathBuf {
        let name = record.to_string();
        self.folder.join(&name[name.len() - 2..]).join(name)
    }
}

/// An encrypted content, read at any offset.
pub struct Kept {
    file: File,
    size: u64,
    cipher: LessSafeKey,
    record: RecordId,
    /// The segment that was read last, by its number.
    last: Mutex<Option<(u64, Vec<u8>)>>,
}

impl Kept {
    fn segment(&self, number: u64) -> io::Result<Vec<u8>> {
        let from = number * SEGMENT_BYTES as u64;
        let length = self.size.saturating_sub(from).min(SEGMENT_BYTES as u64) as usize;
        let mut sealed = vec![0; length + TAG_BYTES];
        self.file.read_exact_at(&mut sealed, MAGIC.len() as u64 + number * SEALED_BYTES as u64)?;
        let opened =
            self.cipher.open_in_place(nonce(number, self.size), Aad::from(self.record.to_string()), &mut sealed);
        opened.map_err(|_| io::Error::other("what is kept was changed, or the key is another one"))?;
        sealed.truncate(length);
        Ok(sealed)
    }
}

impl Source for Kept {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        if offset >= self.size || buf.is_empty() {
            return Ok(0);
        }
        let number = offset / SEGMENT_BYTES as u64;
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let segment = match last.take() {
            Some((kept, segment)) if kept == number => segment,
            _ => self.segment(number)?,
        };
        let from = (offset % SEGMENT_BYTES as u64) as usize;
        let count = buf.len().min(segment.len() - from);
        buf[..count].copy_from_slice(&segment[from..from + count]);
        *last = Some((number, segment));
        Ok(count)
    }
}

/// Segments of so many bytes: one at least, so that an empty content has a tag, too.
fn segments(size: u64) -> u64 {
    size.div_ceil(SEGMENT_BYTES as u64).max(1)
}

fn nonce(number: u64, size: u64) -> Nonce {
    let mut bytes = [0; NONCE_LEN];
    bytes[3] = u8::from(number + 1 == segments(size));
    bytes[4..].copy_from_slice(&number.to_be_bytes());
    Nonce::assume_unique_for_key(bytes)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::new_record;
    use sakimori_examine::source::read_up_to;

    fn all(opened: &Opened) -> io::Result<Vec<u8>> {
        read_up_to(&opened.source, 0, 1 << 20)
    }

    #[test]
    fn what_is_kept_is_found_by_its_key_until_it_is_swept() {
        let folder = tempfile::tempdir().expect("a folder");
        let vault = Vault::new(folder.path().join("content"));
        for size in [0, 1, SEGMENT_BYTES - 1, SEGMENT_BYTES, SEGMENT_BYTES + 1, 3 * SEGMENT_BYTES] {
            let (record, key) = (new_record(), VaultKey::random().expect("a key"));
            let bytes: Vec<u8> = (0..size).map(|n| (n % 251) as u8).collect();
            assert!(!vault.has(record) && vault.open(record, &key).is_none());
            vault.keep(record, &key, &bytes).expect("kept");
            let opened = vault.open(record, &key).expect("there");
            assert_eq!(opened.source.size(), size as u64);
            assert!(all(&opened).expect("read") == bytes, "{size}");
            if size > 10 {
                let from = size as u64 - 10;
                assert_eq!(read_up_to(&opened.source, from, 99).expect("read"), bytes[size - 10..]);
            }
            assert!(vault.open(record, &VaultKey::random().expect("a key")).is_none(), "another key");
            let other = new_record();
            fs::create_dir_all(vault.path(other).parent().expect("a folder")).expect("made");
            fs::copy(vault.path(record), vault.path(other)).expect("copied");
            assert!(vault.open(other, &key).is_none(), "under the name of another record");
            vault.sweep(Duration::from_secs(3600)).expect("swept");
            assert!(vault.has(record));
            vault.sweep(Duration::ZERO).expect("swept");
            assert!(!vault.has(record));
        }
    }

    #[test]
    fn it_holds_nothing_in_plain_and_every_change_shows() {
        let folder = tempfile::tempdir().expect("a folder");
        let vault = Vault::new(folder.path().join("content"));
        let (record, key) = (new_record(), VaultKey::random().expect("a key"));
        let bytes = b"a person's name ".repeat(9_000);
        vault.keep(record, &key, &bytes).expect("kept");
        let path = vault.path(record);
        let sealed = fs::read(&path).expect("read");
        assert!(!sealed.windows(8).any(|part| part == b"person's"));
        let whole = |sealed: &[u8]| {
            fs::write(&path, sealed).expect("written");
            vault.open(record, &key).is_some_and(|opened| all(&opened).is_ok_and(|read| read == bytes))
        };
        assert!(whole(&sealed));
        for at in (0..sealed.len()).step_by(997).chain([0, 15, 16, sealed.len() - 1]) {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(!whole(&changed), "byte {at}");
        }
        for length in [0, 15, 16, 17, 31, 32, 16 + SEALED_BYTES, 16 + 2 * SEALED_BYTES, sealed.len() - 1] {
            assert!(!whole(&sealed[..length]), "cut to {length}");
        }
        let mut swapped = sealed[..16].to_vec();
        swapped.extend(&sealed[16 + SEALED_BYTES..16 + 2 * SEALED_BYTES]);
        swapped.extend(&sealed[16..16 + SEALED_BYTES]);
        swapped.extend(&sealed[16 + 2 * SEALED_BYTES..]);
        assert!(!whole(&swapped), "segments change places");
    }
}
