//! Where a chunk of an array ends, for those that tell: frames of Zstandard (RFC 8878), frames of Blosc, and the index behind
//! the chunks of a shard (Zarr 3, `sharding_indexed`). Nothing is unpacked here.

use std::io;

use super::envelope;
use crate::artefact::cursor::{Broken, Cursor};
use crate::source::{Source, read_up_to};

/// Bytes of one block of Zstandard (RFC 8878, 3.1.1.2.4).
const BLOCK_BYTES_MAX: u64 = 128 * 1024;
/// Bytes of the header of Blosc (version 1, README_CHUNK_FORMAT).
const BLOSC_HEADER_BYTES: usize = 16;
/// Bytes of an entry of the index of a shard: offset and length.
const ENTRY_BYTES: usize = 8 + 8;
/// Entries that are looked at from the end of a file.
const TAIL_ENTRIES_MAX: u64 = 1024;
/// Entries of the index of one shard.
const INDEX_ENTRIES_MAX: u64 = 1_000_000;

/// Offset after the frame of Zstandard that begins at `start` and ends before `end`. `None` when none does.
///
/// # Errors
/// When the source can't be read.
pub fn zstd_end(source: &dyn Source, start: u64, end: u64) -> io::Result<Option<u64>> {
    if read_up_to(source, start, 4)? != b"\x28\xb5\x2f\xfd" {
        return Ok(None);
    }
    whole(zstd(&mut Cursor::within(source, start + 4, end)))
}

fn zstd(cursor: &mut Cursor<'_>) -> Result<u64, Broken> {
    let descriptor = cursor.byte()?;
    // A reserved bit, or a dictionary.
    if descriptor & 0x0b != 0 {
        return Err(cursor.wrong("a frame that no array has"));
    }
    let single = descriptor & 0x20 != 0;
    let size_bytes = match descriptor >> 6 {
        0 => u64::from(single),
        power => 1 << power,
    };
    cursor.skip(u64::from(!single) + size_bytes)?;
    loop {
        let header: [u8; 3] = cursor.take()?;
        let header = u64::from(header[0]) | u64::from(header[1]) << 8 | u64::from(header[2]) << 16;
        let size = header >> 3;
        match header >> 1 & 3 {
            _ if size > BLOCK_BYTES_MAX => return Err(cursor.wrong("a block that is too long")),
            0 | 2 => cursor.skip(size)?,
            1 => cursor.skip(1)?,
            _ => return Err(cursor.wrong("a block of a sort that does not exist")),
        }
        if header & 1 != 0 {
            break;
        }
    }
    if descriptor & 0x04 != 0 {
        cursor.skip(4)?;
    }
    Ok(cursor.position())
}

/// Offset after the frame of Blosc that begins at `start` and ends before `end`. `None` when none does.
///
/// # Errors
/// When the source can't be read.
pub fn blosc_end(source: &dyn Source, start: u64, end: u64) -> io::Result<Option<u64>> {
    let header = read_up_to(source, start, BLOSC_HEADER_BYTES)?;
    let Some(header) = header.first_chunk::<BLOSC_HEADER_BYTES>() else { return Ok(None) };
    // The version of the format and that of its compressor; the size of an element.
    let [2, 1, _, 1..=255, ..] = *header else { return Ok(None) };
    let number =
        |at: usize| u64::from(u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]));
    let (bytes, block_bytes, packed_bytes) = (number(4), number(8), number(12));
    let least = BLOSC_HEADER_BYTES as u64;
    let plausible = (1..=i32::MAX as u64).contains(&bytes)
        && (1..=bytes).contains(&block_bytes)
        && (least..=bytes + least).contains(&packed_bytes);
    Ok(Some(start + packed_bytes).filter(|after| plausible && *after <= end))
}

/// Offset after the index of a shard that begins at `start` and ends before `end`: it names the chunks of the shard, which are
/// these, by their offset in it and their bytes, and ends with a checksum (CRC-32C). `None` when there is none.
///
/// # Errors
/// When the source can't be read.
pub fn index_end(source: &dyn Source, chunks: &[(u64, u64)], start: u64, end: u64) -> io::Result<Option<u64>> {
    const MISSING: (u64, u64) = (u64::MAX, u64::MAX);
    let Some((shard, _)) = chunks.first() else { return Ok(None) };
    let known = |entry: (u64, u64)| {
        let found =
            entry.0.checked_add(*shard).and_then(|at| chunks.binary_search_by_key(&at, |(start, _)| *start).ok());
        entry == MISSING || found.is_some_and(|number| chunks[number].1 == entry.1)
    };
    whole(index(&mut Cursor::within(source, start, end), known))
}

/// True when the bytes begin with a shard, and end with the index of one.
///
/// # Errors
/// When the source can't be read.
pub fn is_shard(source: &dyn Source) -> io::Result<bool> {
    if !ends_with_an_index(source)? {
        return Ok(false);
    }
    let (mut at, mut chunks) = (0, Vec::new());
    while let Some(after) = zstd_end(source, at, source.size())? {
        chunks.push((at, after - at));
        at = after;
        if index_end(source, &chunks, at, source.size())?.is_some() {
            return Ok(true);
        }
        if chunks.len() >= super::CHUNKS_MAX {
            break;
        }
    }
    Ok(false)
}

/// True when the last bytes may be an index: a quick look, so that not all of a long stream has to be gone through.
fn ends_with_an_index(source: &dyn Source) -> io::Result<bool> {
    // The checksum may end with zeros of its own.
    let padding = envelope::padding(source)?;
    for end in padding..=source.size().min(padding + 3) {
        let start = end.saturating_sub(ENTRY_BYTES as u64 * TAIL_ENTRIES_MAX + 4);
        let tail = read_up_to(source, start, (end - start) as usize)?;
        if tail.split_last_chunk().is_some_and(|(entries, sum)| is_index(entries, u32::from_le_bytes(*sum), end)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// True when the last of these bytes are entries that lie before `end` and have this checksum.
fn is_index(bytes: &[u8], sum: u32, end: u64) -> bool {
    let starts = (0..bytes.len()).rev().skip(ENTRY_BYTES - 1).step_by(ENTRY_BYTES);
    let entries = starts.take_while(|at| {
        let (offset, length) = (number(&bytes[*at..at + 8]), number(&bytes[at + 8..at + 16]));
        let inside = offset.checked_add(length).is_some_and(|after| after <= end);
        inside || (offset, length) == (u64::MAX, u64::MAX)
    });
    entries.into_iter().any(|at| crc32c::crc32c(&bytes[at..]) == sum)
}

fn number(bytes: &[u8]) -> u64 {
    bytes.try_into().map_or(0, u64::from_le_bytes)
}

fn index(cursor: &mut Cursor<'_>, known: impl Fn((u64, u64)) -> bool) -> Result<u64, Broken> {
    let (mut sum, mut entries) = (0, 0);
    loop {
        let entry: [u8; 4] = cursor.take()?;
        // An entry may begin like the checksum of those before it, but hardly goes on as one.
        let rest = cursor.position();
        let next: Option<[u8; 12]> = cursor.take().ok();
        let mut all = [0; ENTRY_BYTES];
        all[..4].copy_from_slice(&entry);
        all[4..].copy_from_slice(&next.unwrap_or_default());
        let (offset, bytes) = all.split_at(8);
        if next.is_some() && entries < INDEX_ENTRIES_MAX && known((number(offset), number(bytes))) {
            sum = crc32c::crc32c_append(sum, &all);
            entries += 1;
            continue;
        }
        cursor.back_to(rest);
        let right = entries > 0 && u32::from_le_bytes(entry) == sum;
        return if right { Ok(rest) } else { Err(cursor.wrong("a checksum that is not right")) };
    }
}

/// `None` for what is broken.
fn whole(end: Result<u64, Broken>) -> io::Result<Option<u64>> {
    match end {
        Ok(end) => Ok(Some(end)),
        Err(Broken::Io(e)) => Err(e),
        Err(_) => Ok(None),
    }
}
