//! Serialised R objects (RDS): the binary form of versions 2 and 3 (R Internals, "Serialization Formats").
//!
//! What matters is a promise: an expression that R evaluates as soon as the value is looked at. Objects that were
//! saved hold none, as saving evaluates them.

use crate::artefact::codes;
use crate::artefact::cursor::{Broken, Cursor};
use crate::catalogue::finding;
use crate::report::Report;
use crate::source::Source;

/// Items of one object.
const ITEMS_MAX: u64 = 50_000_000;
/// Bit of the flags: attributes follow.
const HAS_ATTRIBUTES: u32 = 1 << 9;
/// Bit of the flags: a tag follows.
const HAS_TAG: u32 = 1 << 10;

/// Examines a serialised object.
pub fn examine(source: &dyn Source, report: &mut Report<'_>) {
    report.ran("rds", 1);
    let mut cursor = Cursor::new(source);
    let walked = walk(&mut cursor, report);
    match walked {
        Ok(()) => {}
        Err(Broken::Wrong { what, at }) => {
            report.add(finding(&codes::STRUCTURE, report.byte(at)).with("format", "RDS").with("what", what));
        }
        Err(e) => report.unreadable(&e),
    }
}

fn walk(cursor: &mut Cursor<'_>, report: &mut Report<'_>) -> Result<(), Broken> {
    if cursor.take::<2>()? != *b"X\n" {
        report.unreadable(&"the text form of RDS is not read");
        return Ok(());
    }
    let version = u32::from_be_bytes(cursor.take()?);
    cursor.skip(8)?;
    if version == 3 {
        let encoding = u64::from(u32::from_be_bytes(cursor.take()?));
        cursor.skip(encoding)?;
    }
    let (mut pending, mut items, mut told) = (1_u64, 0_u64, false);
    while pending > 0 {
        let at = cursor.position();
        let flags = u32::from_be_bytes(cursor.take()?);
        if flags & 0xff == 5 && !told {
            report.add(finding(&codes::PROMISE, report.byte(at)));
            told = true;
        }
        let Some(inside) = children(flags, cursor)? else {
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
fn children(flags: u32, cursor: &mut Cursor<'_>) -> Result<Option<u64>, Broken> {
    let attributes = u64::from(flags & HAS_ATTRIBUTES != 0);
    let count = match flags & 0xff {
        // NULL, the global and other environments, missing arguments.
        241 | 242 | 247 | 251..=254 => 0,
        // A reference to a symbol or environment; its number stands in the flags or follows.
        255 => {
            if flags >> 8 == 0 {
                cursor.skip(4)?;
            }
            0
        }
        1 => 1,
        // Persistent names, packages, namespaces: texts.
        248..=250 => {
            cursor.skip(4)?;
            length(cursor)?
        }
        4 => {
            cursor.skip(4)?;
            4
        }
        // Pairs of all sorts: lists, closures, promises, calls.
        2 | 3 | 5 | 6 | 17 => attributes + u64::from(flags & HAS_TAG != 0) + 2,
        22 => 2 + attributes,
        23 => attributes,
        // Builtin functions, by name.
        7 | 8 => vector(cursor, 1, attributes)?,
        9 => {
            let size = u32::from_be_bytes(cursor.take()?);
            cursor.skip(if size == u32::MAX { 0 } else { u64::from(size) })?;
            attributes
        }
        10 | 13 => vector(cursor, 4, attributes)?,
        14 => vector(cursor, 8, attributes)?,
        15 => vector(cursor, 16, attributes)?,
        24 => vector(cursor, 1, attributes)?,
        16 | 19 | 20 => {
            let items = length(cursor)?;
            if items > cursor.left() / 4 {
                return Err(cursor.wrong("a list that the file cannot hold"));
            }
            items + attributes
        }
        25 => attributes,
        238 => 3,
        21 => return Ok(None),
        _ => return Err(cursor.wrong("a type of item that does not exist")),
    };
    Ok(Some(count))
}

/// Skips the elements of a vector; its attributes come after them.
fn vector(cursor: &mut Cursor<'_>, element_bytes: u64, attributes: u64) -> Result<u64, Broken> {
    let count = length(cursor)?;
    let bytes = count.checked_mul(element_bytes).ok_or_else(|| cursor.wrong("a vector of impossible size"))?;
    cursor.skip(bytes)?;
    Ok(attributes)
}

/// A length: 32 bits, or -1 and two times 32.
fn length(cursor: &mut Cursor<'_>) -> Result<u64, Broken> {
    let short = u32::from_be_bytes(cursor.take()?);
    if short != u32::MAX {
        return Ok(u64::from(short));
    }
    Ok(u64::from_be_bytes(cursor.take()?))
}
