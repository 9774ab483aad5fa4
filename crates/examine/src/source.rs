//! Where examiners read from: bytes at an offset, whether they lie in memory, in a file or inside another source.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Mutex, PoisonError};

/// Bytes that can be read at any offset. Implemented for byte slices here and for files by the caller.
///
/// Contract: the bytes do not change while they are examined; `read_at` reads at least one byte unless `buf` is
/// empty or `offset` is at or past the end; it may be called from several threads.
pub trait Source: Sync {
    /// The number of bytes.
    fn size(&self) -> u64;

    /// Reads bytes from `offset` on into `buf` and returns how many. 0 means that there are none.
    ///
    /// # Errors
    /// When the bytes can't be read. Examiners report it as "not examined".
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize>;
}

impl Source for [u8] {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(offset).ok().and_then(|start| self.get(start..)).unwrap_or_default();
        let count = rest.len().min(buf.len());
        buf[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }
}

impl Source for Vec<u8> {
    fn size(&self) -> u64 {
        self.as_slice().size()
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        self.as_slice().read_at(offset, buf)
    }
}

impl<S: Source + ?Sized> Source for &S {
    fn size(&self) -> u64 {
        (**self).size()
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        (**self).read_at(offset, buf)
    }
}

/// A part of another source, such as an uncompressed member of an archive.
pub struct Window<'a> {
    source: &'a dyn Source,
    start: u64,
    size: u64,
}

impl<'a> Window<'a> {
    /// The part of `source` from `start`, at most `size` bytes long and cut at the end of `source`.
    #[must_use]
    pub fn new(source: &'a dyn Source, start: u64, size: u64) -> Self {
        let start = start.min(source.size());
        Self { source, start, size: size.min(source.size() - start) }
    }
}

impl Source for Window<'_> {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let left = self.size.saturating_sub(offset);
        let count = buf.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        if count == 0 { Ok(0) } else { self.source.read_at(self.start + offset, &mut buf[..count]) }
    }
}

/// A source of which the bytes around the last small read are held: for formats of very many small parts, each with a reader of its
/// own.
pub struct Paged<'a> {
    source: &'a dyn Source,
    /// Where the held bytes begin, and they.
    page: Mutex<(u64, Vec<u8>)>,
}

/// Bytes that are held.
const PAGE_BYTES: usize = 16 * 1024;

impl<'a> Paged<'a> {
    /// The same bytes as `source`.
    #[must_use]
    pub fn new(source: &'a dyn Source) -> Self {
        Self { source, page: Mutex::new((0, Vec::new())) }
    }
}

impl Source for Paged<'_> {
    fn size(&self) -> u64 {
        self.source.size()
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        if buf.len() >= PAGE_BYTES {
            return self.source.read_at(offset, buf);
        }
        let mut page = self.page.lock().unwrap_or_else(PoisonError::into_inner);
        let (start, held) = &mut *page;
        if offset < *start || offset - *start >= held.len() as u64 {
            held.resize(PAGE_BYTES, 0);
            let read = self.source.read_at(offset, held);
            held.truncate(*read.as_ref().unwrap_or(&0));
            *start = offset;
            read?;
        }
        held[usize::try_from(offset - *start).unwrap_or(held.len())..].read_at(0, buf)
    }
}

/// A source as a stream, for parsers that want [`Read`] and [`Seek`]. Wrap it in a `BufReader` for small reads.
pub struct SourceReader<'a> {
    source: &'a dyn Source,
    position: u64,
}

impl<'a> SourceReader<'a> {
    /// A stream from the first byte on.
    #[must_use]
    pub fn new(source: &'a dyn Source) -> Self {
        Self { source, position: 0 }
    }

    /// The offset of the next byte.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position
    }
}

impl Read for SourceReader<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read_at(self.position, buf)?;
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for SourceReader<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::End(delta) => self.source.size().checked_add_signed(delta),
            SeekFrom::Current(delta) => self.position.checked_add_signed(delta),
        };
        self.position = target.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.position)
    }
}

/// Up to `max` bytes from `offset` on, fewer only at the end of the source.
///
/// # Errors
/// When the source can't be read.
pub fn read_up_to(source: &dyn Source, offset: u64, max: usize) -> io::Result<Vec<u8>> {
    let left = usize::try_from(source.size().saturating_sub(offset)).unwrap_or(usize::MAX);
    let mut bytes = vec![0; max.min(left)];
    let mut filled = 0;
    while filled < bytes.len() {
        match source.read_at(offset + filled as u64, &mut bytes[filled..])? {
            0 => break,
            count => filled += count,
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paged_source_has_the_same_bytes() {
        let bytes: Vec<u8> =
            (0..3 * PAGE_BYTES as u32 + 7).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let paged = Paged::new(&bytes);
        let mut offset = 0;
        for step in 0..2_000_usize {
            offset = (offset + step * 7_919) % (bytes.len() + 10);
            let length = [1, 3, 100, PAGE_BYTES - 1, PAGE_BYTES, 2 * PAGE_BYTES][step % 6];
            let expected = &bytes[offset.min(bytes.len())..(offset + length).min(bytes.len())];
            assert_eq!(read_up_to(&paged, offset as u64, length).expect("memory"), expected, "{offset} {length}");
        }
        assert_eq!(
            (paged.size(), Paged::new(&Vec::new()).read_at(0, &mut [0]).expect("memory")),
            (bytes.len() as u64, 0)
        );
    }
}
