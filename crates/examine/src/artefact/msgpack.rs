//! MessagePack (specification of 2017), in which Flax saves checkpoints: one value, whose arrays are extensions of type 1.
//! The structure is gone through; arrays are numbers and are never read. Names and texts are searched for programs, which
//! weights have no use for.

use std::io;

use sakimori_model::FactName;

use crate::Settings;
use crate::artefact::cursor::{Broken, Cursor};
use crate::artefact::texts::{TEXT_BYTES_MAX, Texts};
use crate::artefact::{codes, streams, tensors};
use crate::catalogue::finding;
use crate::recognise::kinds;
use crate::report::Report;
use crate::source::Source;

/// Values of one document.
const VALUES_MAX: u64 = 20_000_000;
/// Values that are looked at to recognise one.
const VALUES_LOOKED_AT: u64 = 100_000;
/// Containers in containers.
const NESTING_MAX: usize = 128;
/// Bytes of the head of an array: its shape and type.
const HEAD_BYTES_MAX: u64 = 1024;
/// Bytes of the name of a type of numbers.
const TYPE_BYTES_MAX: usize = 24;
/// Extensions of Flax: an array, a complex number, a number of NumPy.
const EXTENSIONS: std::ops::RangeInclusive<i8> = 1..=3;

/// True when the bytes are a map with a text as its first key, and nothing but MessagePack as far as is looked.
///
/// # Errors
/// When the source can't be read.
pub fn looks_like(source: &dyn Source, head: &[u8]) -> io::Result<bool> {
    let key = match head {
        [0x81..=0x8f, rest @ ..] | [0xde, _, _, rest @ ..] | [0xdf, _, _, _, _, rest @ ..] => rest,
        _ => return Ok(false),
    };
    let word = match key {
        [length @ 0xa1..=0xbf, rest @ ..] => rest.get(..usize::from(length & 0x1f)),
        [0xd9, length, rest @ ..] => rest.get(..usize::from(*length)),
        _ => None,
    };
    if !word.is_some_and(|word| !word.is_empty() && word.iter().all(|b| b.is_ascii_graphic() || *b == b' ')) {
        return Ok(false);
    }
    let mut walk = Walk::new(source, VALUES_LOOKED_AT);
    match walk.document() {
        Ok(()) => Ok(walk.values >= VALUES_LOOKED_AT || walk.values > 2),
        Err(Broken::Io(e)) => Err(e),
        // A checkpoint that is cut short is still one, once it has shown an array.
        Err(Broken::Short { .. }) => Ok(walk.arrays > 0),
        Err(Broken::Wrong { .. }) => Ok(false),
    }
}

/// Examines a document.
pub fn examine(source: &dyn Source, settings: &Settings, report: &mut Report<'_>) {
    report.ran("msgpack", 2);
    let mut walk = Walk::new(source, VALUES_MAX);
    walk.texts = Some(Texts::default());
    let done = walk.document();
    if let Some(texts) = walk.texts.take() {
        texts.report("MessagePack", report);
    }
    if walk.arrays > 0 {
        report.fact(FactName::Library, "flax");
    }
    walk.count.report(report);
    if walk.values >= VALUES_MAX {
        report.over("msgpack_values_max", VALUES_MAX);
    }
    if let Some(number) = walk.unknown {
        let what = format_args!("an extension of the unknown type {number}").to_string();
        report.add(finding(&codes::STRUCTURE, report.whole()).with("format", "MessagePack").with("what", what));
    }
    if let Some(at) = walk.strange {
        let what = "an array without a shape and a type of numbers";
        report.add(finding(&codes::STRUCTURE, report.byte(at)).with("format", "MessagePack").with("what", what));
    }
    let end = walk.cursor.position();
    match done {
        Ok(()) if end < source.size() && walk.values < VALUES_MAX => {
            streams::behind(&kinds::MSGPACK, source, end, settings, report);
        }
        Ok(()) => {}
        Err(Broken::Wrong { what, at }) => {
            report.add(finding(&codes::STRUCTURE, report.byte(at)).with("format", "MessagePack").with("what", what));
        }
        Err(e) => report.unreadable(&e),
    }
}

struct Walk<'a> {
    cursor: Cursor<'a>,
    values: u64,
    values_max: u64,
    arrays: u64,
    count: tensors::Count,
    unknown: Option<i8>,
    /// Where an array begins whose head is none.
    strange: Option<u64>,
    /// What is said in it; `None` while it is only recognised.
    texts: Option<Texts>,
}

impl<'a> Walk<'a> {
    fn new(source: &'a dyn Source, values_max: u64) -> Self {
        let count = tensors::Count::default();
        Self {
            cursor: Cursor::new(source),
            values: 0,
            values_max,
            arrays: 0,
            count,
            unknown: None,
            strange: None,
            texts: None,
        }
    }

    /// One value with all in it: `left` holds how many are still to come at each level.
    fn document(&mut self) -> Result<(), Broken> {
        let mut left = vec![1_u64];
        while let Some(last) = left.last_mut() {
            if *last == 0 {
                left.pop();
                continue;
            }
            *last -= 1;
            self.values += 1;
            if self.values >= self.values_max {
                return Ok(());
            }
            let inside = self.value()?;
            // Each value takes a byte at least.
            if inside > self.cursor.left() {
                return Err(self.cursor.wrong("a container that the file cannot hold"));
            }
            if inside > 0 {
                left.push(inside);
            }
            if left.len() > NESTING_MAX {
                return Err(self.cursor.wrong("containers nested too deep"));
            }
        }
        Ok(())
    }

    /// Goes over one value, and returns how many lie in it.
    fn value(&mut self) -> Result<u64, Broken> {
        let kind = self.cursor.byte()?;
        let skip = match kind {
            0x00..=0x7f | 0xe0..=0xff | 0xc0 | 0xc2 | 0xc3 => 0,
            0x80..=0x8f => return Ok(2 * u64::from(kind & 0x0f)),
            0x90..=0x9f => return Ok(u64::from(kind & 0x0f)),
            0xa0..=0xbf => return self.text(u64::from(kind & 0x1f)),
            0xd9..=0xdb => return self.length(1 << (kind - 0xd9)).and_then(|length| self.text(length)),
            0xc4..=0xc6 => return self.length(1 << (kind - 0xc4)).and_then(|length| self.raw(length)),
            0xc7..=0xc9 => return self.length(1 << (kind - 0xc7)).and_then(|length| self.extension(length)),
            0xd4..=0xd8 => return self.extension(1 << (kind - 0xd4)),
            0xcc | 0xd0 => 1,
            0xcd | 0xd1 => 2,
            0xca | 0xce | 0xd2 => 4,
            0xcb | 0xcf | 0xd3 => 8,
            0xdc => return self.length(2),
            0xdd => return self.length(4),
            0xde => return Ok(2 * self.length(2)?),
            0xdf => return Ok(2 * self.length(4)?),
            0xc1 => return Err(self.cursor.wrong("a type of value that does not exist")),
        };
        self.cursor.skip(skip)?;
        Ok(0)
    }

    fn text(&mut self, length: u64) -> Result<u64, Broken> {
        match &mut self.texts {
            Some(texts) => texts.add(&mut self.cursor, length)?,
            None => self.cursor.skip(length)?,
        }
        Ok(0)
    }

    /// Bytes without a type. Many of them are an array of some library's, and numbers.
    fn raw(&mut self, length: u64) -> Result<u64, Broken> {
        if length <= TEXT_BYTES_MAX {
            return self.text(length);
        }
        self.cursor.skip(length)?;
        Ok(0)
    }

    fn length(&mut self, bytes: usize) -> Result<u64, Broken> {
        Ok(self.cursor.bytes(bytes as u64)?.iter().fold(0, |n, b| n << 8 | u64::from(*b)))
    }

    fn extension(&mut self, length: u64) -> Result<u64, Broken> {
        let number = self.cursor.byte()?.cast_signed();
        let start = self.cursor.position();
        self.cursor.skip(length)?;
        // -1 is the time of the specification itself.
        if number == 1 {
            self.arrays += 1;
            let mut head = Cursor::within(self.cursor.source(), start, start + length.min(HEAD_BYTES_MAX));
            match array_head(&mut head) {
                Ok((name, elements)) if is_type(&name) => self.count.add(tensors::numpy_name(&name), elements),
                // What NumPy is asked to make of it is nobody's guess.
                _ => self.strange = self.strange.or(Some(start)),
            }
        } else if number != -1 && !EXTENSIONS.contains(&number) {
            self.unknown.get_or_insert(number);
        }
        Ok(0)
    }
}

/// True for the name of a type of numbers, such as `float32`, `<f4` or `bfloat16`.
fn is_type(name: &str) -> bool {
    let word = name.trim_start_matches(['<', '>', '=', '|']);
    let letters = word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    letters && word.starts_with(|c: char| c.is_ascii_lowercase()) && name.len() <= TYPE_BYTES_MAX && word != "object"
}

/// Type and number of elements of an array: a list of shape, type and bytes.
fn array_head(head: &mut Cursor<'_>) -> Result<(String, u64), Broken> {
    if head.byte()? != 0x93 {
        return Err(head.wrong("an array without shape and type"));
    }
    let dimensions = head.byte()?;
    if dimensions & 0xf0 != 0x90 {
        return Err(head.wrong("a shape that is no list"));
    }
    let mut elements = 1_u64;
    for _ in 0..dimensions & 0x0f {
        let size = match head.byte()? {
            small @ 0x00..=0x7f => u64::from(small),
            0xcc => u64::from(head.byte()?),
            0xcd => u64::from(u16::from_be_bytes(head.take()?)),
            0xce => u64::from(u32::from_be_bytes(head.take()?)),
            0xcf => u64::from_be_bytes(head.take()?),
            _ => return Err(head.wrong("a size that is no number")),
        };
        elements = elements.saturating_mul(size);
    }
    let length = match head.byte()? {
        short @ 0xa0..=0xbf => u64::from(short & 0x1f),
        0xd9 => u64::from(head.byte()?),
        _ => return Err(head.wrong("a type that is no text")),
    };
    let name = String::from_utf8_lossy(&head.bytes(length)?).into_owned();
    Ok((name, elements))
}
