//! FlatBuffers: tables and vectors that are reached by offsets, each checked against the source before it is read.
//!
//! Its writers place things anywhere, so reading jumps; a small window keeps the jumps cheap. Offsets lead forward only
//! and who walks counts what it visits, so nothing is endless.

use std::cell::RefCell;

use crate::artefact::cursor::Broken;
use crate::source::{Source, read_up_to};

/// Bytes that are read at once.
const WINDOW_BYTES: usize = 512;

/// A source with the last bytes that were read from it.
pub struct Flat<'a> {
    source: &'a dyn Source,
    window: RefCell<(u64, Vec<u8>)>,
}

/// A table: the place of its fields.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    at: u64,
    fields_at: u64,
    field_count: u64,
}

/// A vector: its first element and how many there are.
#[derive(Clone, Copy, Debug)]
pub struct Vector {
    /// Offset of the first element.
    pub at: u64,
    /// The number of elements.
    pub count: u64,
}

impl<'a> Flat<'a> {
    /// A reader of `source`, whose offset 0 is the root.
    #[must_use]
    pub fn new(source: &'a dyn Source) -> Self {
        Self { source, window: RefCell::default() }
    }

    /// The root table.
    ///
    /// # Errors
    /// [`Broken`] when an offset leads out of the source.
    pub fn root(&self) -> Result<Table, Broken> {
        self.table(0)
    }

    /// The table that the offset at `at` leads to.
    ///
    /// # Errors
    /// As [`Self::root`].
    pub fn table(&self, at: u64) -> Result<Table, Broken> {
        let table = self.forward(at)?;
        let back = i64::from(i32::from_le_bytes(self.take(table)?));
        let fields = table.checked_add_signed(-back).ok_or(wrong("a table whose fields lie outside", table))?;
        let bytes = u64::from(u16::from_le_bytes(self.take(fields)?));
        if bytes < 4 || bytes % 2 != 0 {
            return Err(wrong("a table without a list of fields", fields));
        }
        Ok(Table { at: table, fields_at: fields + 4, field_count: (bytes - 4) / 2 })
    }

    /// Where a field's value stands; `None` when the table leaves it out.
    ///
    /// # Errors
    /// As [`Self::root`].
    pub fn field(&self, table: Table, index: u64) -> Result<Option<u64>, Broken> {
        if index >= table.field_count {
            return Ok(None);
        }
        let offset = u16::from_le_bytes(self.take(table.fields_at + 2 * index)?);
        Ok((offset != 0).then_some(table.at + u64::from(offset)))
    }

    /// A field that is a vector of elements of so many bytes.
    ///
    /// # Errors
    /// [`Broken`] when the source can't hold it.
    pub fn vector(&self, table: Table, index: u64, element_bytes: u64) -> Result<Option<Vector>, Broken> {
        let Some(at) = self.field(table, index)? else { return Ok(None) };
        let start = self.forward(at)?;
        let count = u64::from(u32::from_le_bytes(self.take(start)?));
        let at = start + 4;
        if count.saturating_mul(element_bytes) > self.source.size().saturating_sub(at) {
            return Err(wrong("a vector that the file cannot hold", start));
        }
        Ok(Some(Vector { at, count }))
    }

    /// The tables of a field that is a vector of them.
    ///
    /// # Errors
    /// As [`Self::vector`].
    pub fn tables(&self, table: Table, index: u64) -> Result<impl Iterator<Item = Result<Table, Broken>> + '_, Broken> {
        let vector = self.vector(table, index, 4)?.unwrap_or(Vector { at: 0, count: 0 });
        Ok((0..vector.count).map(move |n| self.table(vector.at + 4 * n)))
    }

    /// A field that is text, cut at `bytes_max`. Empty when the table leaves it out.
    ///
    /// # Errors
    /// As [`Self::vector`].
    pub fn text(&self, table: Table, index: u64, bytes_max: u64) -> Result<String, Broken> {
        let Some(text) = self.vector(table, index, 1)? else { return Ok(String::new()) };
        let bytes = read_up_to(self.source, text.at, text.count.min(bytes_max) as usize)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// A field that is a number of `N` bytes.
    ///
    /// # Errors
    /// As [`Self::root`].
    pub fn number<const N: usize>(&self, table: Table, index: u64) -> Result<Option<[u8; N]>, Broken> {
        self.field(table, index)?.map(|at| self.take(at)).transpose()
    }

    /// The bytes at an offset.
    ///
    /// # Errors
    /// [`Broken::Short`] when there are fewer.
    pub fn take<const N: usize>(&self, at: u64) -> Result<[u8; N], Broken> {
        let mut window = self.window.borrow_mut();
        let inside = |(start, bytes): &(u64, Vec<u8>)| {
            let from = usize::try_from(at.checked_sub(*start)?).ok()?;
            bytes.get(from..)?.first_chunk::<N>().copied()
        };
        if let Some(found) = inside(&window) {
            return Ok(found);
        }
        *window = (at, read_up_to(self.source, at, WINDOW_BYTES)?);
        inside(&window).ok_or(Broken::Short { at: at.min(self.source.size()) })
    }

    /// Where the unsigned offset at `at` leads.
    fn forward(&self, at: u64) -> Result<u64, Broken> {
        let offset = u64::from(u32::from_le_bytes(self.take(at)?));
        if offset == 0 || at + offset >= self.source.size() {
            return Err(wrong("an offset that leads out of the file", at));
        }
        Ok(at + offset)
    }
}

fn wrong(what: &'static str, at: u64) -> Broken {
    Broken::Wrong { what, at }
}
