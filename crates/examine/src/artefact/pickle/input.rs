//! The bytes of a pickle, read in chunks. Literals are skipped, never copied: a value remembers where it stands.

use std::borrow::Cow;

use crate::source::{Source, read_up_to};

use super::machine::Broken;

/// Bytes read from the source at once when all of it is to be read.
pub(super) const CHUNK_BYTES: usize = 256 * 1024;
/// Bytes read from the source at once to tell what it is.
pub(super) const LOOK_BYTES: usize = 16 * 1024;
/// Bytes read from the source at once for a short look.
pub(super) const GLANCE_BYTES: usize = 1024;

/// A position in a source, with the chunk around it in memory.
pub(super) struct Input<'s> {
    source: &'s dyn Source,
    size: u64,
    base: u64,
    chunk: Vec<u8>,
    chunk_bytes: usize,
    at: usize,
}

/// A literal in the source: the offset of its first byte and its length in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub offset: u64,
    pub len: u64,
}

impl<'s> Input<'s> {
    pub(super) fn new(source: &'s dyn Source, chunk_bytes: usize) -> Self {
        Self { source, size: source.size(), base: 0, chunk: Vec::new(), chunk_bytes, at: 0 }
    }

    pub(super) fn source(&self) -> &'s dyn Source {
        self.source
    }

    /// The offset of the next byte.
    pub(super) fn position(&self) -> u64 {
        self.base + self.at as u64
    }

    /// The bytes of the source.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// The bytes left.
    pub(super) fn left(&self) -> u64 {
        self.size.saturating_sub(self.position())
    }

    /// Goes to another offset.
    pub(super) fn seek(&mut self, offset: u64) {
        let inside = offset.checked_sub(self.base).and_then(|d| usize::try_from(d).ok());
        match inside.filter(|&at| at <= self.chunk.len()) {
            Some(at) => self.at = at,
            None => {
                self.base = offset;
                self.at = 0;
                self.chunk.clear();
            }
        }
    }

    /// The next byte.
    #[inline]
    pub(super) fn byte(&mut self) -> Result<u8, Broken> {
        if self.at == self.chunk.len() {
            self.refill()?;
        }
        let byte = self.chunk[self.at];
        self.at += 1;
        Ok(byte)
    }

    /// The next `N` bytes.
    #[inline]
    pub(super) fn fixed<const N: usize>(&mut self) -> Result<[u8; N], Broken> {
        if let Some(bytes) = self.chunk.get(self.at..self.at + N).and_then(|b| <[u8; N]>::try_from(b).ok()) {
            self.at += N;
            return Ok(bytes);
        }
        let mut bytes = [0; N];
        for byte in &mut bytes {
            *byte = self.byte()?;
        }
        Ok(bytes)
    }

    /// Skips a literal of this length.
    pub(super) fn literal(&mut self, len: u64) -> Result<Span, Broken> {
        let span = Span { offset: self.position(), len };
        if len > self.left() {
            return Err(Broken::Truncated);
        }
        self.seek(span.offset + len);
        Ok(span)
    }

    /// Skips a line with its line feed; the span is without it.
    pub(super) fn line(&mut self) -> Result<Span, Broken> {
        let offset = self.position();
        loop {
            if self.at == self.chunk.len() {
                self.refill()?;
            }
            match memchr::memchr(b'\n', &self.chunk[self.at..]) {
                Some(found) => {
                    self.at += found + 1;
                    return Ok(Span { offset, len: self.position() - 1 - offset });
                }
                None => self.at = self.chunk.len(),
            }
        }
    }

    /// A line, or what is left without a line feed: CPython's unpickler in Python takes the last byte for one.
    pub(super) fn line_or_rest(&mut self) -> Result<Span, Broken> {
        let offset = self.position();
        match self.line() {
            Err(Broken::Truncated) if self.size > offset => Ok(Span { offset, len: self.size - offset - 1 }),
            line => line,
        }
    }

    /// At most `max` bytes of a literal. Empty when they can't be read again.
    pub(super) fn bytes(&self, span: Span, max: usize) -> Cow<'_, [u8]> {
        let len = usize::try_from(span.len).unwrap_or(usize::MAX).min(max);
        let inside = span.offset.checked_sub(self.base).and_then(|d| usize::try_from(d).ok());
        match inside.and_then(|at| self.chunk.get(at..at.checked_add(len)?)) {
            Some(bytes) => Cow::Borrowed(bytes),
            None => Cow::Owned(read_up_to(self.source, span.offset, len).unwrap_or_default()),
        }
    }

    fn refill(&mut self) -> Result<(), Broken> {
        self.base += self.chunk.len() as u64;
        self.at = 0;
        self.chunk.clear();
        self.chunk = read_up_to(self.source, self.base, self.chunk_bytes).map_err(|e| Broken::Io(e.to_string()))?;
        if self.chunk.is_empty() { Err(Broken::Truncated) } else { Ok(()) }
    }
}
