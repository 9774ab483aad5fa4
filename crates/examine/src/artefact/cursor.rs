//! A bounded reader over a part of a source, for formats of numbers and length-prefixed fields.

use std::io;

use thiserror::Error;

use crate::source::Source;

/// Bytes that are read ahead.
const BUFFER_BYTES: usize = 16 * 1024;

/// Why a structure could not be read on.
#[derive(Debug, Error)]
pub enum Broken {
    /// The bytes end before the field does.
    #[error("it ends at byte {at} in the middle of a field")]
    Short {
        /// Offset of the field.
        at: u64,
    },
    /// A field holds a value that the format does not allow.
    #[error("{what} at byte {at}")]
    Wrong {
        /// What is wrong.
        what: &'static str,
        /// Offset after the field.
        at: u64,
    },
    /// The source failed.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// Reads forward through `[start, end)` of a source. Offsets are those of the source.
pub struct Cursor<'a> {
    source: &'a dyn Source,
    position: u64,
    end: u64,
    buffer: Vec<u8>,
    buffer_start: u64,
}

impl<'a> Cursor<'a> {
    /// A reader of the whole source.
    #[must_use]
    pub fn new(source: &'a dyn Source) -> Self {
        Self::within(source, 0, source.size())
    }

    /// A reader of a part of the source, cut at its end.
    #[must_use]
    pub fn within(source: &'a dyn Source, start: u64, end: u64) -> Self {
        let end = end.min(source.size());
        Self { source, position: start.min(end), end, buffer: Vec::new(), buffer_start: 0 }
    }

    /// Offset of the next byte.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Bytes that are left.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.end - self.position
    }

    /// The source below.
    #[must_use]
    pub fn source(&self) -> &'a dyn Source {
        self.source
    }

    /// The next `N` bytes.
    ///
    /// # Errors
    /// [`Broken`] when there are fewer, or the source fails.
    pub fn take<const N: usize>(&mut self) -> Result<[u8; N], Broken> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    /// The next byte.
    ///
    /// # Errors
    /// As [`Self::take`].
    pub fn byte(&mut self) -> Result<u8, Broken> {
        Ok(self.take::<1>()?[0])
    }

    /// The next `count` bytes. The caller bounds `count` by a limit.
    ///
    /// # Errors
    /// As [`Self::take`].
    pub fn bytes(&mut self, count: u64) -> Result<Vec<u8>, Broken> {
        if count > self.left() {
            return Err(Broken::Short { at: self.position });
        }
        let mut bytes = vec![0; usize::try_from(count).map_err(|_| Broken::Short { at: self.position })?];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    /// Goes over `count` bytes without reading them.
    ///
    /// # Errors
    /// [`Broken::Short`] when there are fewer.
    pub fn skip(&mut self, count: u64) -> Result<(), Broken> {
        if count > self.left() {
            return Err(Broken::Short { at: self.position });
        }
        self.position += count;
        Ok(())
    }

    /// Goes back to an earlier position.
    pub fn back_to(&mut self, position: u64) {
        self.position = position.min(self.position);
    }

    /// The error that something just read is wrong.
    #[must_use]
    pub fn wrong(&self, what: &'static str) -> Broken {
        Broken::Wrong { what, at: self.position }
    }

    fn fill(&mut self, out: &mut [u8]) -> Result<(), Broken> {
        if out.len() as u64 > self.left() {
            return Err(Broken::Short { at: self.position });
        }
        let mut filled = 0;
        while filled < out.len() {
            let ahead = self.ahead()?;
            let count = ahead.len().min(out.len() - filled);
            out[filled..filled + count].copy_from_slice(&ahead[..count]);
            filled += count;
            self.position += count as u64;
        }
        Ok(())
    }

    /// The buffered bytes from the current position on, at least one.
    fn ahead(&mut self) -> Result<&[u8], Broken> {
        let inside = self.position.checked_sub(self.buffer_start).filter(|o| *o < self.buffer.len() as u64);
        let start = match inside {
            Some(offset) => offset as usize,
            None => {
                let ahead = usize::try_from(self.left()).unwrap_or(BUFFER_BYTES).min(BUFFER_BYTES);
                self.buffer.resize(ahead, 0);
                let count = self.source.read_at(self.position, &mut self.buffer)?;
                self.buffer.truncate(count);
                self.buffer_start = self.position;
                if count == 0 {
                    return Err(Broken::Short { at: self.position });
                }
                0
            }
        };
        Ok(&self.buffer[start..])
    }
}
