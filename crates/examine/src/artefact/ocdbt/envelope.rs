//! What manifests and nodes are wrapped in: a mark, the length of the whole, a version, perhaps compression, a checksum
//! (OCDBT specification, "Manifest format" and "B+tree node format").

use std::io::{self, BufReader};

use memchr::memmem;

use crate::artefact::cursor::{Broken, Cursor};
use crate::artefact::streams;
use crate::artefact::unpack::{End, unpack};
use crate::artefact::wire;
use crate::report::Report;
use crate::source::{Source, SourceReader, Window, read_up_to};

/// Bytes of one node as it is stored; its writers split it long before.
pub const NODE_BYTES_MAX: u64 = 32 * 1024 * 1024;
/// Bytes before the version: the mark and the length.
const HEADER_BYTES: u64 = 4 + 8;
/// Bytes of the checksum, which is that of all before it (CRC-32C).
const SUM_BYTES: u64 = 4;
/// The first bytes of all marks.
const MARK_START: [u8; 2] = [0x0c, 0xdb];
/// Bytes that are searched at a time.
const BLOCK_BYTES: usize = 1024 * 1024;
/// Bytes of a page, to which large files are filled up.
const PAGE_BYTES: u64 = 4096;
/// Ends of nodes without the right checksum that are tried at the end of a file.
const ENDS_TRIED_MAX: usize = 8;
/// Nodes of one file.
pub const NODES_MAX: usize = 100_000;

/// What is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// The configuration and the newest versions.
    Manifest,
    /// Keys and values, or other such nodes.
    Tree,
    /// Older versions.
    Versions,
}

/// Where a manifest or a node lies.
#[derive(Clone, Copy, Debug)]
pub struct Envelope {
    /// What it says to be.
    pub sort: Sort,
    /// Offset of its first byte.
    pub start: u64,
    /// Offset after its last byte, by the length that it states. It may lie past the end of the file.
    pub end: u64,
}

/// Why nothing came out of an envelope.
pub enum Fault {
    /// The structure is wrong.
    Broken(Broken),
    /// It is of a sort that this build does not know, or damaged, as these words say.
    Unread(String),
    /// A limit was reached, and is reported.
    Limit,
}

impl<E: Into<Broken>> From<E> for Fault {
    fn from(error: E) -> Self {
        Self::Broken(error.into())
    }
}

impl Envelope {
    /// The one that begins here, if its mark does.
    ///
    /// # Errors
    /// When the source can't be read.
    pub fn at(source: &dyn Source, start: u64) -> io::Result<Option<Self>> {
        let header = read_up_to(source, start, HEADER_BYTES as usize)?;
        let sort = match header.get(..4) {
            Some(b"\x0c\xdb\x3a\x2a") => Sort::Manifest,
            Some(b"\x0c\xdb\x20\xde") => Sort::Tree,
            Some(b"\x0c\xdb\x12\x34") => Sort::Versions,
            _ => return Ok(None),
        };
        let length = header.get(4..).and_then(|bytes| bytes.try_into().ok()).map_or(u64::MAX, u64::from_le_bytes);
        Ok(Some(Self { sort, start, end: start.saturating_add(length) }))
    }

    /// True when the length is one that the source can hold.
    #[must_use]
    pub fn fits(&self, source: &dyn Source) -> bool {
        self.end <= source.size() && self.end - self.start >= HEADER_BYTES + 2 + SUM_BYTES
    }

    /// True when the checksum is right.
    ///
    /// # Errors
    /// When the source can't be read.
    pub fn is_intact(&self, source: &dyn Source) -> io::Result<bool> {
        let (mut sum, mut at, end) = (0, self.start, self.end - SUM_BYTES);
        while at < end {
            let bytes = read_up_to(source, at, BLOCK_BYTES.min((end - at) as usize))?;
            if bytes.is_empty() {
                return Ok(false);
            }
            sum = crc32c::crc32c_append(sum, &bytes);
            at += bytes.len() as u64;
        }
        Ok(read_up_to(source, end, SUM_BYTES as usize)? == sum.to_le_bytes())
    }

    /// What is in it, unpacked.
    ///
    /// # Errors
    /// [`Fault`] when that is not to be had.
    pub fn content(&self, source: &dyn Source, report: &mut Report<'_>) -> Result<Vec<u8>, Fault> {
        let end = self.end - SUM_BYTES;
        let mut cursor = Cursor::within(source, self.start + HEADER_BYTES, end);
        let version = wire::varint(&mut cursor)?;
        if version != 0 {
            return Err(Fault::Unread(format!("version {version} of OCDBT is not known")));
        }
        let compression = wire::varint(&mut cursor)?;
        let (at, packed_bytes) = (cursor.position(), cursor.left());
        match compression {
            0 if packed_bytes > report.limits().member_bytes_max => {
                report.over("member_bytes_max", report.limits().member_bytes_max);
                Err(Fault::Limit)
            }
            0 => Ok(cursor.bytes(packed_bytes)?),
            1 => unzipped(&Window::new(source, at, packed_bytes), report),
            other => Err(Fault::Unread(format!("compression {other} of OCDBT is not known"))),
        }
    }
}

/// The content of the one Zstandard frame that the bytes are.
fn unzipped(packed: &dyn Source, report: &mut Report<'_>) -> Result<Vec<u8>, Fault> {
    let mut input = BufReader::new(SourceReader::new(packed));
    let Some(mut reader) = streams::zstd(&mut input) else {
        return Err(Fault::Unread("no Zstandard frame, or one with too large a window".to_owned()));
    };
    let unpacked = unpack(reader.as_mut(), packed.size(), report);
    drop(reader);
    match unpacked.end {
        End::Whole => {}
        End::Damaged(e) => return Err(Fault::Unread(e.to_string())),
        End::Cut | End::Exhausted(_) => return Err(Fault::Limit),
    }
    if input.get_ref().position() - (input.buffer().len() as u64) < packed.size() {
        return Err(Fault::Unread("bytes behind the compressed content of a node".to_owned()));
    }
    Ok(unpacked.bytes)
}

/// The intact nodes of a file, in their order. The other value is where the search ended early, for a limit.
///
/// # Errors
/// When the source can't be read.
pub fn nodes(source: &dyn Source) -> io::Result<(Vec<Envelope>, Option<u64>)> {
    let mut found = Vec::new();
    // Up to `after`, all is known to be nodes.
    let (mut at, mut after, mut summed_bytes) = (0, 0, 0_u64);
    while at < source.size() {
        let block = read_up_to(source, at, BLOCK_BYTES)?;
        for mark in memmem::find_iter(&block, &MARK_START) {
            let start = at + mark as u64;
            if start < after {
                continue;
            }
            let Some(node) = Envelope::at(source, start)?.filter(|node| node.fits(source)) else { continue };
            let bytes = node.end - node.start;
            if bytes > NODE_BYTES_MAX {
                continue;
            }
            // Marks without a node behind them could make the same bytes be read again and again.
            summed_bytes = summed_bytes.saturating_add(bytes);
            if found.len() >= NODES_MAX || summed_bytes > source.size().saturating_add(NODE_BYTES_MAX) {
                return Ok((found, Some(start)));
            }
            if node.is_intact(source)? {
                after = node.end;
                found.push(node);
            }
        }
        // The mark may go over the end of the block.
        at += (block.len() as u64).saturating_sub(MARK_START.len() as u64 - 1).max(1);
        at = at.max(after);
    }
    Ok((found, None))
}

/// Where the zeros begin with which TensorStore fills the last page of a large file that it writes past the cache of the
/// system; the size when there are none. What ends with zeros of its own may reach into them.
///
/// # Errors
/// When the source can't be read.
pub fn padding(source: &dyn Source) -> io::Result<u64> {
    let size = source.size();
    if size == 0 || !size.is_multiple_of(PAGE_BYTES) {
        return Ok(size);
    }
    let page = read_up_to(source, size - PAGE_BYTES, PAGE_BYTES as usize)?;
    let last = page.iter().rposition(|b| *b != 0);
    // A page of nothing but zeros would not have been written.
    Ok(last.map_or(size, |last| size - PAGE_BYTES + last as u64 + 1))
}

/// True when the last bytes before the padding are a node.
///
/// # Errors
/// When the source can't be read.
pub fn ends_with_one(source: &dyn Source) -> io::Result<bool> {
    let size = source.size();
    let ends = padding(source)?..=size;
    let (mut tried, mut end) = (0, size);
    while end > 0 && size - end < NODE_BYTES_MAX {
        let start = end.saturating_sub(BLOCK_BYTES as u64);
        // The mark may go over the end of the block.
        let block = read_up_to(source, start, (end - start) as usize + MARK_START.len() - 1)?;
        for mark in memmem::rfind_iter(&block, &MARK_START) {
            let Some(node) = Envelope::at(source, start + mark as u64)? else { continue };
            if !ends.contains(&node.end) || !node.fits(source) {
                continue;
            }
            if node.is_intact(source)? {
                return Ok(true);
            }
            tried += 1;
            if tried >= ENDS_TRIED_MAX {
                return Ok(false);
            }
        }
        end = start;
    }
    Ok(false)
}
