//! The write-ahead log: one file, in which each append first becomes durable, with the signed checkpoint that it leads to.
//!
//! ```text
//! header   "sakimori wal v1\n" | salt (8 bytes) | length of the note (u32) | SHA-256 | note
//! record   salt (8 bytes) | index of the first entry (u64) | entries (u32) | length of the rest (u32) | SHA-256
//!          | each entry behind its length (u16) | note
//! zeros    room for more records, written ahead so that a sync has only data to write
//! ```
//!
//! All numbers are big-endian. The note of the header is the checkpoint that the records begin at; all that it covers is
//! durable outside of this file. The note of a record is the checkpoint with the record's entries. Each SHA-256 is that
//! of everything else in its header or record. The salt is random, one for each file: bytes that begin with it are a
//! record of this file, whole or torn, and no content that somebody else chose.
//!
//! A record is written only when all before it are durable. So what a power cut tears is the last one, and nobody had a
//! receipt for it: it is cut off. A bad record in front of a good one is damage, and is never skipped.

use std::fmt::Debug;
use std::fs::File;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use crate::error::LogError;
use crate::limits::{NOTE_BYTES_MAX, WAL_RECORDS_MAX};
use crate::tile::TILE_WIDTH;

/// The file.
pub(crate) const WAL: &str = "wal";
/// The next one, before it takes the place of the file.
pub(crate) const WAL_DRAFT: &str = "wal.next";

const MAGIC: &[u8; 16] = b"sakimori wal v1\n";
const HEADER_BYTES: usize = 16 + 8 + 4 + 32;
const RECORD_BYTES: usize = 8 + 8 + 4 + 4 + 32;

/// Bytes that the file grows by at least, so that few syncs have more to write than data, and by at most beyond what is
/// written, so that no append waits long for zeros.
const ROOM_BYTES_MIN: u64 = if cfg!(test) { 512 } else { 64 * 1024 };
const ROOM_BYTES_MAX: u64 = 1024 * 1024;

/// What a writer needs of its own machine: a lock and the file of the write-ahead log, on a local disk whatever the
/// [`crate::backend::Bulk`] is.
pub(crate) trait Desk: Debug + Send + Sync {
    /// Waits for the lock of the one writer, at most so long.
    ///
    /// # Errors
    /// [`LogError::Busy`], [`LogError::Permission`] and others of the file system.
    fn lock(&self, wait_max: Duration) -> Result<WriterLock, LogError>;

    /// Opens the write-ahead log to read and write, if there is one. Its name is durable on return: whoever put it in
    /// place may have died before that.
    ///
    /// # Errors
    /// Those of the file system; [`LogError::Damaged`] if it is no file.
    fn open_wal(&self) -> Result<Option<Box<dyn WalFile>>, LogError>;

    /// All bytes of the write-ahead log, to read only.
    ///
    /// # Errors
    /// [`LogError::Missing`]; [`LogError::Damaged`] if it is no file or too large.
    fn read_wal(&self, bytes_max: usize) -> Result<Vec<u8>, LogError>;

    /// Whether something could be written now: opens the write-ahead log to write, and makes a draft durable that is removed again.
    ///
    /// # Errors
    /// [`LogError::Full`], [`LogError::Permission`] and others of the file system.
    fn try_it(&self) -> Result<(), LogError>;

    /// Puts a new write-ahead log with these bytes in place of the old one, at once. Durable on return, with its name.
    ///
    /// # Errors
    /// Then either of them is in place.
    fn begin_wal(&self, bytes: &[u8]) -> Result<Box<dyn WalFile>, LogError>;
}

/// The file of the write-ahead log, open. A write is neither whole nor durable before the next [`WalFile::sync`].
pub(crate) trait WalFile: Debug + Send {
    /// True if this is still the file of that name.
    fn is_current(&self) -> bool;

    /// So many bytes from there, fewer at the end of the file.
    ///
    /// # Errors
    /// Those of the file system.
    fn read_at(&self, offset: u64, length: usize) -> Result<Vec<u8>, LogError>;

    /// Writes there; the file grows if need be.
    ///
    /// # Errors
    /// Then any part of the bytes may be there.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<(), LogError>;

    /// Makes all bytes durable.
    ///
    /// # Errors
    /// Then nobody knows what is durable, and a second `sync` proves nothing: the bytes must be written again.
    fn sync(&self) -> Result<(), LogError>;

    /// Cuts the file to this length.
    ///
    /// # Errors
    /// Those of the file system.
    fn cut(&self, length: u64) -> Result<(), LogError>;
}

/// Held by the one writer of a log, across threads and processes; the operating system drops it with the process.
#[derive(Debug)]
pub(crate) struct WriterLock(#[expect(dead_code, reason = "the open file is the lock")] Option<File>);

impl WriterLock {
    pub(crate) const fn held(file: File) -> Self {
        Self(Some(file))
    }

    /// Where there is one writer by nature.
    #[cfg(test)]
    pub(crate) const fn free() -> Self {
        Self(None)
    }
}

/// The write-ahead log, open to write.
#[derive(Debug)]
pub(crate) struct Wal {
    file: Box<dyn WalFile>,
    salt: [u8; 8],
    /// The last header or record, by its place and its first bytes, which hold its hash.
    mark: (u64, Vec<u8>),
    /// Where the next record goes.
    end: u64,
    /// How long the file is.
    length: u64,
    records: u64,
}

/// What is in a write-ahead log.
#[derive(Debug)]
pub(crate) struct Contents<'b> {
    salt: [u8; 8],
    /// The signed checkpoint that the records begin at.
    pub(crate) base: &'b str,
    pub(crate) records: Vec<Record<'b>>,
    end: usize,
    /// What stands behind the last record.
    pub(crate) tail: Tail,
}

/// One append.
#[derive(Debug)]
pub(crate) struct Record<'b> {
    /// The index of its first entry.
    pub(crate) first: u64,
    pub(crate) entries: Vec<&'b [u8]>,
    /// The signed checkpoint that it leads to.
    pub(crate) note: &'b str,
    offset: usize,
    bytes: &'b [u8],
}

/// What stands behind the last record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tail {
    /// Nothing.
    Zeros,
    /// A record that was not finished, or what is left of one.
    Torn,
}

impl Wal {
    /// Begins a new write-ahead log at this signed checkpoint, in place of the old one. Durable on return. Everything that
    /// the checkpoint covers must be durable before.
    pub(crate) fn begin(desk: &dyn Desk, base: &str) -> Result<Self, LogError> {
        let mut salt = [0; 8];
        getrandom::fill(&mut salt).map_err(|error| LogError::Random(error.to_string()))?;
        // Nothing that begins with it is a zero.
        salt[0] |= 1;
        let bytes = header(salt, base);
        let mark = (0, bytes.get(..HEADER_BYTES).unwrap_or_default().to_vec());
        let end = bytes.len() as u64;
        let file = desk.begin_wal(&bytes)?;
        Ok(Self { file, salt, mark, end, length: bytes.len() as u64, records: 0 })
    }

    /// The write-ahead log with these contents, which the file had when it was read under the lock.
    pub(crate) fn opened(file: Box<dyn WalFile>, contents: &Contents<'_>, bytes: &[u8]) -> Self {
        let last = contents.records.last();
        let (offset, head) = last.map_or((0, HEADER_BYTES), |record| (record.offset, RECORD_BYTES));
        let mark = (offset as u64, bytes.get(offset..offset + head).unwrap_or_default().to_vec());
        Self {
            file,
            salt: contents.salt,
            mark,
            end: contents.end as u64,
            length: bytes.len() as u64,
            records: contents.records.len() as u64,
        }
    }

    /// True if nobody else has written since: the file is the same, ends with the same record, and nothing of another
    /// one stands behind it.
    pub(crate) fn is_unchanged(&self) -> Result<bool, LogError> {
        let (offset, mark) = &self.mark;
        Ok(self.file.is_current()
            && self.file.read_at(*offset, mark.len())? == *mark
            && self.file.read_at(self.end, self.salt.len())? != self.salt)
    }

    /// True when it is time for a new one, which may wait a little.
    pub(crate) const fn may_end(&self) -> bool {
        self.records >= WAL_RECORDS_MAX
    }

    /// True when a new one can't wait.
    pub(crate) const fn must_end(&self, bytes_max: u64) -> bool {
        self.end >= bytes_max || self.records >= WAL_RECORDS_MAX + TILE_WIDTH as u64
    }

    /// True if there is no record in it.
    pub(crate) const fn is_empty(&self) -> bool {
        self.records == 0
    }

    /// Writes a record. Not durable before [`Wal::sync`].
    ///
    /// # Errors
    /// Then it is not there. [`LogError::Undecided`]: it may be.
    pub(crate) fn write(&mut self, first: u64, entries: &[Vec<u8>], note: &str) -> Result<(), LogError> {
        let mut bytes = record(self.salt, first, entries, note);
        let mark = bytes.get(..RECORD_BYTES).unwrap_or_default().to_vec();
        let end = self.end + bytes.len() as u64;
        let length = self.length;
        if end > length {
            self.length = (end + length.min(ROOM_BYTES_MAX)).next_multiple_of(ROOM_BYTES_MIN);
            bytes.resize((self.length - self.end) as usize, 0);
        }
        let offset = self.end;
        let written = self.file.write_at(offset, &bytes);
        (self.mark, self.end) = ((offset, mark), end);
        self.records += 1;
        written.map_err(|error| self.take_back(Some(length), error))
    }

    /// Makes the last record durable.
    ///
    /// # Errors
    /// As [`Wal::write`].
    pub(crate) fn sync(&mut self) -> Result<(), LogError> {
        self.file.sync().map_err(|error| self.take_back(None, error))
    }

    /// Makes the last record unreadable after an error, and returns what the caller is told: the error, or that nobody
    /// knows. Whoever reads the file next would otherwise hold the append for decided. The writer can't go on with it.
    pub(crate) fn take_back(&mut self, length: Option<u64>, error: LogError) -> LogError {
        let (offset, mark) = &self.mark;
        let zeroed = self.file.write_at(*offset, &vec![0; mark.len()]).and_then(|()| self.file.sync());
        match zeroed {
            Ok(()) => {
                // The room is given back on a disk that may be full. If not, it is of use to the next record.
                let _ = length.map(|length| self.file.cut(length.max(*offset)));
                error
            }
            Err(_) => error.undecided(),
        }
    }

    /// Makes the last record durable if that is not sure: a writer may have died before its sync, or the sync may have
    /// failed. Its bytes are written again, as a sync after a failed one is no proof (the kernel drops what it could not
    /// write, and says so once). The same bytes in the same place: a power cut in here tears nothing.
    pub(crate) fn make_sure(&self, contents: &Contents<'_>) -> Result<(), LogError> {
        let Some(last) = contents.records.last() else { return Ok(()) };
        self.file.write_at(last.offset as u64, last.bytes)?;
        self.file.sync()
    }
}

/// What is in these bytes of a write-ahead log.
///
/// # Errors
/// What is damaged in it.
pub(crate) fn parse(bytes: &[u8]) -> Result<Contents<'_>, String> {
    let (salt, base) = parse_header(bytes).ok_or("its header is damaged")?;
    let mut contents = Contents { salt, base, records: Vec::new(), end: HEADER_BYTES + base.len(), tail: Tail::Zeros };
    while let Some(record) = parse_record(bytes, contents.end, salt) {
        contents.end += record.bytes.len();
        contents.records.push(record);
    }
    let rest = bytes.get(contents.end..).unwrap_or_default();
    if rest.iter().any(|byte| *byte != 0) {
        contents.tail = Tail::Torn;
        let mut at = contents.end;
        while let Some(skipped) = bytes.get(at..).and_then(|rest| rest.iter().position(|byte| *byte == salt[0])) {
            at += skipped;
            if parse_record(bytes, at, salt).is_some() {
                return Err(format!("the record at byte {} is damaged, and a good one follows it", contents.end));
            }
            at += 1;
        }
    }
    Ok(contents)
}

fn header(salt: [u8; 8], note: &str) -> Vec<u8> {
    let mut head = Vec::with_capacity(HEADER_BYTES + note.len());
    head.extend_from_slice(MAGIC);
    head.extend_from_slice(&salt);
    head.extend_from_slice(&(note.len() as u32).to_be_bytes());
    with_hash(head, note.as_bytes())
}

fn record(salt: [u8; 8], first: u64, entries: &[Vec<u8>], note: &str) -> Vec<u8> {
    let length = entries.iter().map(|entry| 2 + entry.len()).sum::<usize>() + note.len();
    let mut rest = Vec::with_capacity(length);
    for entry in entries {
        crate::tile::push_entry(&mut rest, entry);
    }
    rest.extend_from_slice(note.as_bytes());
    let mut head = Vec::with_capacity(RECORD_BYTES + length);
    head.extend_from_slice(&salt);
    head.extend_from_slice(&first.to_be_bytes());
    head.extend_from_slice(&(entries.len() as u32).to_be_bytes());
    head.extend_from_slice(&(length as u32).to_be_bytes());
    with_hash(head, &rest)
}

fn with_hash(mut head: Vec<u8>, rest: &[u8]) -> Vec<u8> {
    let hash = hash_of(&head, rest);
    head.extend_from_slice(&hash);
    head.extend_from_slice(rest);
    head
}

fn hash_of(head: &[u8], rest: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(head).chain_update(rest).finalize().into()
}

fn parse_header(bytes: &[u8]) -> Option<([u8; 8], &str)> {
    let (head, rest) = bytes.split_at_checked(HEADER_BYTES - 32)?;
    let (salt, length) = head.strip_prefix(MAGIC)?.split_first_chunk::<8>()?;
    let length = u32::from_be_bytes(*length.first_chunk()?) as usize;
    let (hash, rest) = rest.split_first_chunk::<32>()?;
    let note = rest.get(..length).filter(|note| note.len() <= NOTE_BYTES_MAX)?;
    (*hash == hash_of(head, note)).then_some((*salt, std::str::from_utf8(note).ok()?))
}

/// The record at this place, if a whole one is there.
fn parse_record(all: &[u8], offset: usize, salt: [u8; 8]) -> Option<Record<'_>> {
    let bytes = all.get(offset..)?;
    let (head, rest) = bytes.split_at_checked(RECORD_BYTES - 32)?;
    let numbers = head.strip_prefix(&salt)?;
    let (first, numbers) = numbers.split_first_chunk::<8>()?;
    let (count, length) = numbers.split_first_chunk::<4>()?;
    let length = u32::from_be_bytes(*length.first_chunk()?) as usize;
    let (hash, rest) = rest.split_first_chunk::<32>()?;
    let mut rest = rest.get(..length)?;
    if *hash != hash_of(head, rest) {
        return None;
    }
    let mut entries = Vec::new();
    for _ in 0..u32::from_be_bytes(*count) {
        let (length, behind) = rest.split_first_chunk::<2>()?;
        let (entry, behind) = behind.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        entries.push(entry);
        rest = behind;
    }
    let note = std::str::from_utf8(rest).ok()?;
    let bytes = bytes.get(..RECORD_BYTES + length)?;
    Some(Record { first: u64::from_be_bytes(*first), entries, note, offset, bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SALT: [u8; 8] = [9; 8];

    fn wal(tail: &[u8]) -> Vec<u8> {
        let mut bytes = header(SALT, "base\n");
        bytes.extend(record(SALT, 0, &[b"a".to_vec(), Vec::new()], "one\n"));
        bytes.extend(record(SALT, 2, &[vec![9; 300]], "two\n"));
        bytes.extend(tail);
        bytes
    }

    #[test]
    fn what_was_written_is_read() {
        for (tail, expected) in [(&[0; 99][..], Tail::Zeros), (b"", Tail::Zeros), (b"\0x\0", Tail::Torn)] {
            let bytes = wal(tail);
            let found = parse(&bytes).expect("good");
            assert_eq!((found.base, found.tail), ("base\n", expected));
            assert_eq!(found.records[0].entries, [b"a".as_slice(), b""]);
            assert_eq!((found.records[1].first, found.records[1].note), (2, "two\n"));
            assert_eq!(found.end, bytes.len() - tail.len());
        }
    }

    #[test]
    fn every_changed_byte_shows() {
        let good = wal(&[0; 40]);
        let last = good.len() - 40 - RECORD_BYTES - 306;
        for at in 0..good.len() {
            for flip in [1, 9, 128] {
                let mut bytes = good.clone();
                bytes[at] ^= flip;
                match parse(&bytes) {
                    Err(_) => assert!(at < last, "{at}"),
                    // Behind the first record, it can't be told from an append that was torn.
                    Ok(found) => assert!(at >= last && found.tail == Tail::Torn, "{at}"),
                }
            }
        }
    }

    #[test]
    fn a_torn_last_record_is_cut_off_at_every_byte() {
        let good = wal(&[]);
        let last = good.len() - RECORD_BYTES - 306;
        for end in last..good.len() {
            let mut torn = good[..end].to_vec();
            torn.resize(good.len() + 50, 0);
            let found = parse(&torn).expect("a torn record is no damage");
            assert_eq!((found.records.len(), found.end), (1, last));
        }
    }
}
