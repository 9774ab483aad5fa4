//! Parameters of MXNet (`.params`, ndarray.cc): arrays, then their names.

use sakimori_model::FactName;

use crate::artefact::cursor::{Broken, Cursor};
use crate::artefact::{codes, tensors};
use crate::catalogue::finding;
use crate::report::Report;
use crate::source::Source;

/// Arrays of one file.
const ARRAYS_MAX: u64 = 1_000_000;
/// Bytes of a name.
const NAME_BYTES_MAX: u64 = 4096;

/// Examines a file of parameters. The arrays are numbers and are never read.
pub fn examine(source: &dyn Source, report: &mut Report<'_>) {
    report.ran("mxnet", 1);
    report.fact(FactName::Library, "mxnet");
    let mut cursor = Cursor::new(source);
    let mut count = tensors::Count::default();
    let done = walk(&mut cursor, &mut count, report);
    count.report(report);
    match done {
        Ok(()) => {}
        Err(Broken::Wrong { what, at }) => {
            report.add(finding(&codes::STRUCTURE, report.byte(at)).with("format", "MXNet").with("what", what));
        }
        Err(e) => report.unreadable(&e),
    }
}

fn walk(cursor: &mut Cursor<'_>, count: &mut tensors::Count, report: &mut Report<'_>) -> Result<(), Broken> {
    cursor.skip(16)?;
    let arrays = u64::from_le_bytes(cursor.take()?);
    if arrays > ARRAYS_MAX {
        report.over("mxnet_arrays_max", ARRAYS_MAX);
        return Ok(());
    }
    for _ in 0..arrays {
        if !array(cursor, count)? {
            report.unreadable(&"sparse or older arrays are not read");
            return Ok(());
        }
    }
    let names = u64::from_le_bytes(cursor.take()?);
    if names != 0 && names != arrays {
        return Err(cursor.wrong("not as many names as arrays"));
    }
    for _ in 0..names {
        let length = u64::from_le_bytes(cursor.take()?);
        if length > NAME_BYTES_MAX {
            return Err(cursor.wrong("a name that is longer than any"));
        }
        cursor.skip(length)?;
    }
    if cursor.left() > 0 {
        let (at, left) = (cursor.position(), cursor.left());
        report.add(finding(&codes::STRAY_BYTES, report.byte(at)).with("count", left).with("format", "MXNet"));
    }
    Ok(())
}

/// One array. False when it is of a form that is not read.
fn array(cursor: &mut Cursor<'_>, count: &mut tensors::Count) -> Result<bool, Broken> {
    const DENSE: i32 = 0;
    let mark = u32::from_le_bytes(cursor.take()?);
    match mark {
        0xf993_fac8 => {}
        0xf993_fac9 | 0xf993_faca => {
            if i32::from_le_bytes(cursor.take()?) != DENSE {
                return Ok(false);
            }
        }
        _ => return Ok(false),
    }
    let dimensions = u64::from(u32::from_le_bytes(cursor.take()?));
    if dimensions > tensors::DIMENSIONS_MAX {
        return Err(cursor.wrong("an array of too many dimensions"));
    }
    if dimensions == 0 {
        return Ok(true);
    }
    let mut elements = 1_u64;
    for _ in 0..dimensions {
        let size = u64::try_from(i64::from_le_bytes(cursor.take()?)).ok();
        let all = size.and_then(|size| elements.checked_mul(size));
        elements = all.ok_or_else(|| cursor.wrong("an array of impossible size"))?;
    }
    cursor.skip(8)?;
    let number = u32::from_le_bytes(cursor.take()?);
    let (data_type, bytes) = match number {
        0 => ("F32", 4),
        1 => ("F64", 8),
        2 => ("F16", 2),
        3 => ("U8", 1),
        4 => ("I32", 4),
        5 => ("I8", 1),
        6 => ("I64", 8),
        7 => ("BOOL", 1),
        12 => ("BF16", 2),
        _ => return Err(cursor.wrong("a type of numbers that does not exist")),
    };
    count.add(data_type, elements);
    match elements.checked_mul(bytes).filter(|bytes| *bytes <= cursor.left()) {
        Some(bytes) => cursor.skip(bytes).map(|()| true),
        None => Err(cursor.wrong("an array that the file cannot hold")),
    }
}
