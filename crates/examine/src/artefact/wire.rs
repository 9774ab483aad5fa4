//! The wire format of Protocol Buffers, field by field, without holding what is skipped.

use crate::artefact::cursor::{Broken, Cursor};
use crate::source::Source;

/// One field of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// The number.
    pub number: u64,
    /// The value.
    pub value: Value,
}

/// The value of a field, by its wire type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// A number of variable length.
    Varint(u64),
    /// Four or eight bytes.
    Fixed,
    /// Bytes, text or a message.
    Bytes(Span),
}

/// A part of the source, in offsets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first byte.
    pub start: u64,
    /// The byte after the last.
    pub end: u64,
}

impl Field {
    /// The bytes, if the field has some.
    #[must_use]
    pub fn bytes(&self) -> Option<Span> {
        match self.value {
            Value::Bytes(span) => Some(span),
            Value::Varint(_) | Value::Fixed => None,
        }
    }
}

/// The fields of one message.
pub struct Fields<'a> {
    cursor: Cursor<'a>,
    failed: bool,
}

impl<'a> Fields<'a> {
    /// The fields of the message that the whole source is.
    #[must_use]
    pub fn of(source: &'a dyn Source) -> Self {
        Self { cursor: Cursor::new(source), failed: false }
    }

    /// The fields of an embedded message.
    #[must_use]
    pub fn within(source: &'a dyn Source, span: Span) -> Self {
        Self { cursor: Cursor::within(source, span.start, span.end), failed: false }
    }

    fn read(&mut self) -> Result<Field, Broken> {
        let tag = varint(&mut self.cursor)?;
        let number = tag >> 3;
        if number == 0 || number > 536_870_911 {
            return Err(self.cursor.wrong("a field number that does not exist"));
        }
        let value = match tag & 7 {
            0 => Value::Varint(varint(&mut self.cursor)?),
            1 => self.cursor.skip(8).map(|()| Value::Fixed)?,
            5 => self.cursor.skip(4).map(|()| Value::Fixed)?,
            2 => {
                let length = varint(&mut self.cursor)?;
                let start = self.cursor.position();
                self.cursor.skip(length)?;
                Value::Bytes(Span { start, end: start + length })
            }
            _ => return Err(self.cursor.wrong("a wire type that does not exist")),
        };
        Ok(Field { number, value })
    }
}

impl Iterator for Fields<'_> {
    type Item = Result<Field, Broken>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed || self.cursor.left() == 0 {
            return None;
        }
        let field = self.read();
        self.failed = field.is_err();
        Some(field)
    }
}

/// A number of variable length.
///
/// # Errors
/// [`Broken`] when it does not end.
pub fn varint(cursor: &mut Cursor<'_>) -> Result<u64, Broken> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = cursor.byte()?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(cursor.wrong("a number that does not end"))
}

/// The numbers of a packed field.
pub fn varints(source: &dyn Source, span: Span) -> impl Iterator<Item = Result<u64, Broken>> + '_ {
    let mut cursor = Cursor::within(source, span.start, span.end);
    std::iter::from_fn(move || (cursor.left() > 0).then(|| varint(&mut cursor)))
}

/// The text of a field, cut at `bytes_max`.
///
/// # Errors
/// When the source can't be read.
pub fn text(source: &dyn Source, span: Span, bytes_max: u64) -> Result<String, Broken> {
    let length = (span.end - span.start).min(bytes_max);
    let bytes = Cursor::within(source, span.start, span.end).bytes(length)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
