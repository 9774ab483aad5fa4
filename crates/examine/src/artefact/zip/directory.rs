//! The directory of a zip archive (APPNOTE 6.3.10), as Python's `zipfile` and the readers of PyTorch find it.

use std::io;

use memchr::memmem;

use crate::artefact::cursor::{Broken, Cursor};
use crate::source::{Source, read_up_to};

/// Bytes at the end in which the end record is looked for: the record and the longest comment.
const TAIL_BYTES: u64 = 22 + 65_535;

/// Where the directory lies.
#[derive(Clone, Copy, Debug)]
pub struct Tail {
    /// Offset of the end record.
    pub end_record: u64,
    /// Offset of the first directory entry.
    pub directory: u64,
    /// Bytes in front of the archive: offsets in it count from here.
    pub prefix: u64,
    /// Entries that the end record speaks of.
    pub entries: u64,
    /// Bytes after the archive and its comment.
    pub after: u64,
    /// Another directory, which readers find that trust the stated offset instead of counting back from the end.
    pub other: Option<u64>,
}

/// One entry of the directory.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The name; bytes that are not UTF-8 are replaced.
    pub name: String,
    /// General purpose bits.
    pub flags: u16,
    /// Compression method.
    pub method: u16,
    /// CRC-32 of the unpacked bytes.
    pub crc: u32,
    /// Packed bytes.
    pub packed: u64,
    /// Unpacked bytes.
    pub unpacked: u64,
    /// Offset of the local header, in the source.
    pub local: u64,
    /// The file mode of Unix, or 0.
    pub mode: u32,
}

/// The header in front of a member's bytes.
#[derive(Clone, Debug)]
pub struct Local {
    /// The name.
    pub name: String,
    /// General purpose bits.
    pub flags: u16,
    /// Compression method.
    pub method: u16,
    /// CRC-32 of the unpacked bytes, or 0 when it follows them.
    pub crc: u32,
    /// Packed bytes, or 0 when the size follows them.
    pub packed: u64,
    /// Unpacked bytes, or 0 when the size follows them.
    pub unpacked: u64,
    /// Offset of the first byte of the member, in the source.
    pub data: u64,
}

/// Sizes and checksum follow the member in a descriptor.
pub const FLAG_DESCRIPTOR: u16 = 1 << 3;

/// The end record and where it leads; `None` when there is none that leads to a directory.
///
/// # Errors
/// When the source can't be read.
pub fn tail(source: &dyn Source) -> io::Result<Option<Tail>> {
    let start = source.size().saturating_sub(TAIL_BYTES);
    let bytes = read_up_to(source, start, TAIL_BYTES as usize)?;
    for at in memmem::rfind_iter(&bytes, b"PK\x05\x06").take(16) {
        if let Some(tail) = end_record(source, &bytes[at..], start + at as u64)? {
            return Ok(Some(tail));
        }
    }
    Ok(None)
}

fn end_record(source: &dyn Source, record: &[u8], at: u64) -> io::Result<Option<Tail>> {
    let Some(record) = record.get(..22) else { return Ok(None) };
    let u16_at = |i: usize| u64::from(u16::from_le_bytes([record[i], record[i + 1]]));
    let u32_at = |i: usize| u64::from(u32::from_le_bytes([record[i], record[i + 1], record[i + 2], record[i + 3]]));
    let (mut entries, mut size, mut offset, mut end) = (u16_at(10), u32_at(12), u32_at(16), at);
    let after = source.size().saturating_sub(at + 22 + u16_at(20));
    if (entries == 0xffff || size == 0xffff_ffff || offset == 0xffff_ffff)
        && let Some(wide) = wide_end_record(source, at)?
    {
        (entries, size, offset, end) = wide;
    }
    if entries == 0 {
        return Ok((size == 0).then_some(Tail {
            end_record: at,
            directory: at,
            prefix: 0,
            entries,
            after,
            other: None,
        }));
    }
    // Python counts back from the end record, others trust the offset: an archive with something in front of it
    // differs, and the one that leads to an entry is right.
    let counted = end.checked_sub(size);
    let mut directories = Vec::new();
    for directory in [counted, Some(offset)].into_iter().flatten() {
        if !directories.contains(&directory) && read_up_to(source, directory, 4)? == b"PK\x01\x02" {
            directories.push(directory);
        }
    }
    let Some(&directory) = directories.first() else { return Ok(None) };
    let prefix = directory.saturating_sub(offset);
    Ok(Some(Tail { end_record: at, directory, prefix, entries, after, other: directories.get(1).copied() }))
}

impl Tail {
    /// The directories that readers may take, each as if it were the only one.
    pub fn readings(self) -> impl Iterator<Item = Self> {
        let other = self.other.map(|directory| Self { directory, prefix: 0, ..self });
        [Some(self), other].into_iter().flatten()
    }
}

/// Entries, size and offset of the directory from the Zip64 end record, and where that record lies.
fn wide_end_record(source: &dyn Source, at: u64) -> io::Result<Option<(u64, u64, u64, u64)>> {
    let Some(locator_at) = at.checked_sub(20) else { return Ok(None) };
    let locator = read_up_to(source, locator_at, 20)?;
    if !locator.starts_with(b"PK\x06\x07") {
        return Ok(None);
    }
    // The record usually stands right before its locator; a prefix makes the locator's own offset wrong.
    let named = le_u64(&locator, 8);
    for record_at in [locator_at.checked_sub(56), named].into_iter().flatten() {
        let record = read_up_to(source, record_at, 56)?;
        if record.starts_with(b"PK\x06\x06")
            && let (Some(entries), Some(size), Some(offset)) =
                (le_u64(&record, 32), le_u64(&record, 40), le_u64(&record, 48))
        {
            return Ok(Some((entries, size, offset, record_at)));
        }
    }
    Ok(None)
}

fn le_u64(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..at + 8)?.try_into().ok().map(u64::from_le_bytes)
}

/// The next entry of the directory; `None` where it ends.
///
/// # Errors
/// [`Broken`] when the bytes end in it.
pub fn next_entry(cursor: &mut Cursor<'_>, prefix: u64) -> Result<Option<Entry>, Broken> {
    if cursor.left() < 4 || &cursor.take::<4>()? != b"PK\x01\x02" {
        return Ok(None);
    }
    let fixed: [u8; 42] = cursor.take()?;
    let u16_at = |i: usize| u16::from_le_bytes([fixed[i], fixed[i + 1]]);
    let u32_at = |i: usize| u32::from_le_bytes([fixed[i], fixed[i + 1], fixed[i + 2], fixed[i + 3]]);
    let name = cursor.bytes(u64::from(u16_at(24)))?;
    let extra = cursor.bytes(u64::from(u16_at(26)))?;
    cursor.skip(u64::from(u16_at(28)))?;
    let mut sizes = [u64::from(u32_at(20)), u64::from(u32_at(16)), u64::from(u32_at(38))];
    widen(&mut sizes, &extra);
    let [unpacked, packed, offset] = sizes;
    let unix = u16_at(0) >> 8 == 3;
    Ok(Some(Entry {
        name: String::from_utf8_lossy(&name).into_owned(),
        flags: u16_at(4),
        method: u16_at(6),
        crc: u32_at(12),
        packed,
        unpacked,
        local: offset.saturating_add(prefix),
        mode: if unix { u32_at(34) >> 16 } else { 0 },
    }))
}

/// Replaces the values that are all ones by those of the Zip64 extra field, in its order.
fn widen(values: &mut [u64], extra: &[u8]) {
    let mut rest = extra;
    while let [id0, id1, len0, len1, tail @ ..] = rest {
        let len = usize::from(u16::from_le_bytes([*len0, *len1])).min(tail.len());
        let (mut field, next) = tail.split_at(len);
        rest = next;
        if u16::from_le_bytes([*id0, *id1]) != 1 {
            continue;
        }
        for value in values.iter_mut().filter(|v| **v == 0xffff_ffff) {
            let Some((wide, left)) = field.split_first_chunk::<8>() else { break };
            *value = u64::from_le_bytes(*wide);
            field = left;
        }
    }
}

/// Bytes that most headers have at most, with name and extra fields.
const HEADER_BYTES: usize = 256;

/// The local header at this offset; `None` when there is none.
///
/// # Errors
/// When the source can't be read.
pub fn local(source: &dyn Source, at: u64) -> io::Result<Option<Local>> {
    let fixed = read_up_to(source, at, HEADER_BYTES)?;
    if fixed.len() < 30 || !fixed.starts_with(b"PK\x03\x04") {
        return Ok(None);
    }
    let u16_at = |i: usize| u16::from_le_bytes([fixed[i], fixed[i + 1]]);
    let u32_at = |i: usize| u32::from_le_bytes([fixed[i], fixed[i + 1], fixed[i + 2], fixed[i + 3]]);
    let (name_len, extra_len) = (usize::from(u16_at(26)), usize::from(u16_at(28)));
    let long;
    let variable = match fixed.get(30..30 + name_len + extra_len) {
        Some(variable) => variable,
        None => {
            long = read_up_to(source, at + 30, name_len + extra_len)?;
            &long
        }
    };
    let (name, extra) = variable.split_at(name_len.min(variable.len()));
    let mut sizes = [u64::from(u32_at(22)), u64::from(u32_at(18))];
    widen(&mut sizes, extra);
    Ok(Some(Local {
        name: String::from_utf8_lossy(name).into_owned(),
        flags: u16_at(6),
        method: u16_at(8),
        crc: u32_at(14),
        packed: sizes[1],
        unpacked: sizes[0],
        data: at + 30 + (name_len + extra_len) as u64,
    }))
}
