//! Serialised R objects (RDS), alone or as a saved workspace (RDA): versions 2 and 3 in the big-endian, the native and the
//! text form (R Internals, "Serialization Formats").
//!
//! What matters is a promise: an expression that R evaluates as soon as the value is looked at. Objects that were
//! saved hold none, as saving evaluates them.

use crate::artefact::codes;
use crate::artefact::cursor::{Broken, Cursor};
use crate::catalogue::finding;
use crate::report::Report;
use crate::source::Source;

/// Bytes of a number in the text form.
const NUMBER_BYTES_MAX: usize = 16;
/// Items of one object.
const ITEMS_MAX: u64 = 50_000_000;
/// Bit of the flags: attributes follow.
const HAS_ATTRIBUTES: u32 = 1 << 9;
/// Bit of the flags: a tag follows.
const HAS_TAG: u32 = 1 << 10;

/// Examines a serialised object.
pub fn examine(source: &dyn Source, report: &mut Report<'_>) {
    report.ran("rds", 2);
    let walked = Reader::open(source).and_then(|mut reader| walk(&mut reader, report));
    match walked {
        Ok(()) => {}
        Err(Broken::Wrong { what, at }) => {
            report.add(finding(&codes::STRUCTURE, report.byte(at)).with("format", "RDS").with("what", what));
        }
        Err(e) => report.unreadable(&e),
    }
}

/// How numbers are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    BigEndian,
    Native,
    Text,
}

struct Reader<'a> {
    cursor: Cursor<'a>,
    form: Form,
}

impl<'a> Reader<'a> {
    /// A reader behind the head of the file.
    fn open(source: &'a dyn Source) -> Result<Self, Broken> {
        let mut cursor = Cursor::new(source);
        if cursor.take::<2>()? == *b"RD" {
            // A saved workspace has a line of its own in front.
            cursor.skip(3)?;
        } else {
            cursor = Cursor::new(source);
        }
        let form = match &cursor.take::<2>()? {
            b"X\n" => Form::BigEndian,
            b"B\n" => Form::Native,
            b"A\n" => Form::Text,
            _ => return Err(cursor.wrong("a form that does not exist")),
        };
        let mut reader = Self { cursor, form };
        let version = reader.int()?;
        reader.int()?;
        reader.int()?;
        match version {
            2 => {}
            3 => {
                let encoding = reader.int()?;
                reader.text(u64::from(encoding))?;
            }
            _ => return Err(reader.cursor.wrong("a version that does not exist")),
        }
        Ok(reader)
    }

    fn int(&mut self) -> Result<u32, Broken> {
        match self.form {
            Form::BigEndian => Ok(u32::from_be_bytes(self.cursor.take()?)),
            Form::Native => Ok(u32::from_le_bytes(self.cursor.take()?)),
            Form::Text => {
                let word = self.word()?;
                let number = std::str::from_utf8(&word).ok().and_then(|word| word.parse::<i32>().ok());
                // NA is the smallest number.
                Ok(number.unwrap_or(i32::MIN).cast_unsigned())
            }
        }
    }

    /// Goes over so many numbers of so many bytes; in text, each is a word, and a complex one is two.
    fn numbers(&mut self, count: u64, bytes: u64) -> Result<(), Broken> {
        if self.form == Form::Text {
            let words = if bytes == 16 { count.saturating_mul(2) } else { count };
            if words > self.cursor.left() {
                return Err(self.cursor.wrong("a vector that the file cannot hold"));
            }
            return (0..words).try_for_each(|_| self.word().map(|_| ()));
        }
        let all = count.checked_mul(bytes).ok_or_else(|| self.cursor.wrong("a vector of impossible size"))?;
        self.cursor.skip(all)
    }

    /// Goes over a text of so many bytes; in the text form it is a word with its blanks escaped.
    fn text(&mut self, bytes: u64) -> Result<(), Broken> {
        match self.form {
            Form::Text if bytes == 0 => Ok(()),
            Form::Text => self.word().map(|_| ()),
            Form::BigEndian | Form::Native => self.cursor.skip(bytes),
        }
    }

    /// The start of the next word: what stands between blanks.
    fn word(&mut self) -> Result<Vec<u8>, Broken> {
        let mut byte = self.cursor.byte()?;
        while byte.is_ascii_whitespace() {
            byte = self.cursor.byte()?;
        }
        let mut word = Vec::new();
        while !byte.is_ascii_whitespace() {
            if word.len() < NUMBER_BYTES_MAX {
                word.push(byte);
            }
            if self.cursor.left() == 0 {
                break;
            }
            byte = self.cursor.byte()?;
        }
        Ok(word)
    }

    /// A length: one number, or -1 and two more.
    fn length(&mut self) -> Result<u64, Broken> {
        let short = self.int()?;
        if short != u32::MAX {
            return Ok(u64::from(short));
        }
        let (high, low) = (self.int()?, self.int()?);
        Ok(u64::from(high) << 32 | u64::from(low))
    }
}

fn walk(reader: &mut Reader<'_>, report: &mut Report<'_>) -> Result<(), Broken> {
    let (mut pending, mut items, mut told) = (1_u64, 0_u64, false);
    while pending > 0 {
        let at = reader.cursor.position();
        let flags = reader.int()?;
        if flags & 0xff == 5 && !told {
            report.add(finding(&codes::PROMISE, report.byte(at)));
            told = true;
        }
        let Some(inside) = children(flags, reader)? else {
            report.unreadable(&"compiled R code is not read");
            return Ok(());
        };
        pending = (pending - 1).saturating_add(inside);
        items += 1;
        if items > ITEMS_MAX {
            report.over("rds_items_max", ITEMS_MAX);
            return Ok(());
        }
    }
    Ok(())
}

/// Skips an item's own bytes and returns how many items lie in it. `None` for compiled code.
fn children(flags: u32, reader: &mut Reader<'_>) -> Result<Option<u64>, Broken> {
    let attributes = u64::from(flags & HAS_ATTRIBUTES != 0);
    let count = match flags & 0xff {
        // NULL, the global and other environments, missing arguments.
        241 | 242 | 247 | 251..=254 => 0,
        // A reference to a symbol or environment; its number stands in the flags or follows.
        255 => {
            if flags >> 8 == 0 {
                reader.int()?;
            }
            0
        }
        1 => 1,
        // Persistent names, packages, namespaces: texts.
        248..=250 => {
            reader.int()?;
            reader.length()?
        }
        4 => {
            reader.int()?;
            4
        }
        // Pairs of all sorts: lists, closures, promises, calls.
        2 | 3 | 5 | 6 | 17 => attributes + u64::from(flags & HAS_TAG != 0) + 2,
        22 => 2 + attributes,
        23 => attributes,
        // Builtin functions, by name.
        7 | 8 => {
            let size = reader.length()?;
            reader.text(size)?;
            attributes
        }
        9 => {
            let size = reader.int()?;
            reader.text(if size == u32::MAX { 0 } else { u64::from(size) })?;
            attributes
        }
        10 | 13 => vector(reader, 4, attributes)?,
        14 => vector(reader, 8, attributes)?,
        15 => vector(reader, 16, attributes)?,
        24 => vector(reader, 1, attributes)?,
        16 | 19 | 20 => {
            let items = reader.length()?;
            if items > reader.cursor.left() {
                return Err(reader.cursor.wrong("a list that the file cannot hold"));
            }
            items + attributes
        }
        25 => attributes,
        238 => 3,
        21 => return Ok(None),
        _ => return Err(reader.cursor.wrong("a type of item that does not exist")),
    };
    Ok(Some(count))
}

/// Skips the elements of a vector; its attributes come after them.
fn vector(reader: &mut Reader<'_>, element_bytes: u64, attributes: u64) -> Result<u64, Broken> {
    let count = reader.length()?;
    reader.numbers(count, element_bytes)?;
    Ok(attributes)
}
