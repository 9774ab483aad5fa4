//! NumPy arrays (`.npy`, versions 1 to 3). An array of objects is a pickle behind a header.

mod literal;

use literal::Literal;

use crate::artefact::{codes, pickle, tensors};
use crate::catalogue::finding;
use crate::report::Report;
use crate::source::{Source, Window, read_up_to};

const MAGIC: &[u8] = b"\x93NUMPY";
/// Arrays written one after the other into one file.
const ARRAYS_MAX: usize = 10_000;

/// Examines the array, and further ones behind it.
pub fn examine(source: &dyn Source, report: &mut Report<'_>) {
    report.ran("numpy", 2);
    let mut count = tensors::Count::default();
    arrays(source, &mut count, report);
    count.report(report);
}

fn arrays(source: &dyn Source, count: &mut tensors::Count, report: &mut Report<'_>) {
    let mut at = 0;
    for _ in 0..ARRAYS_MAX {
        match array(source, at, count, report) {
            Ok(Some(end)) if end < source.size() => at = end,
            Ok(_) => return,
            Err(e) => return report.unreadable(&e),
        }
        if read_up_to(source, at, MAGIC.len()).is_ok_and(|next| next != MAGIC) {
            let count = source.size() - at;
            report.add(finding(&codes::STRAY_BYTES, report.byte(at)).with("count", count).with("format", "npy"));
            return;
        }
    }
    report.over("npy_arrays_max", ARRAYS_MAX as u64);
}

/// Examines the array at this offset. Returns where it ends; `None` when that can't be told.
fn array(
    source: &dyn Source,
    at: u64,
    count: &mut tensors::Count,
    report: &mut Report<'_>,
) -> std::io::Result<Option<u64>> {
    let prefix = read_up_to(source, at, 12)?;
    let (length_bytes, length) = match prefix.get(6..) {
        Some([1, _, a, b, ..]) => (2, u64::from(u16::from_le_bytes([*a, *b]))),
        Some([2 | 3, _, a, b, c, d]) => (4, u64::from(u32::from_le_bytes([*a, *b, *c, *d]))),
        _ => {
            structure("a version that does not exist", at, report);
            return Ok(None);
        }
    };
    let start = at + 8 + length_bytes;
    if length > report.limits().header_bytes_max {
        report.over("header_bytes_max", report.limits().header_bytes_max);
        return Ok(None);
    }
    let header = read_up_to(source, start, length as usize)?;
    let data = start + length;
    let parsed = literal::parse(&String::from_utf8_lossy(&header));
    let Some((kind, shape)) = parsed.as_ref().and_then(fields) else {
        structure("a header that is no dictionary of type and shape", at, report);
        // What the header hides can still be there for a reader that trusts it.
        let rest = Window::new(source, data, source.size());
        if pickle::looks_like_pickle(&read_up_to(&rest, 0, 4096)?) {
            pickle::examine(&rest, pickle::Carrier::Embedded, report);
        }
        return Ok(None);
    };
    if !is_known(kind) {
        // NumPy understands more than is read here, and may find objects in it.
        report.unreadable(&"a type of items that is not read");
    }
    if holds_objects(kind) {
        let rest = Window::new(source, data, source.size());
        if is_known(kind) || pickle::looks_like_pickle(&read_up_to(&rest, 0, 4096)?) {
            pickle::examine(&rest, pickle::Carrier::Embedded, report);
        }
        return Ok(None);
    }
    count.add(type_name(kind), items(shape).unwrap_or_default());
    Ok(end_of(kind, shape, data, source.size(), report))
}

/// Where the numbers end, if they fit into the file.
fn end_of(kind: &Literal, shape: &[Literal], data: u64, size: u64, report: &mut Report<'_>) -> Option<u64> {
    let Some(item) = item_bytes(kind) else {
        report.unreadable(&"a type of items whose size is not known");
        return None;
    };
    match items(shape).and_then(|n| n.checked_mul(item)).and_then(|bytes| data.checked_add(bytes)) {
        Some(end) if end <= size => Some(end),
        Some(_) => {
            report.unreadable(&"the array is longer than the file");
            None
        }
        None => {
            // A header that is cut claims more than there is.
            structure("an impossible shape", data.min(size), report);
            None
        }
    }
}

/// Items of an array of this shape; `None` for an impossible one.
fn items(shape: &[Literal]) -> Option<u64> {
    shape.iter().try_fold(1_u64, |n, d| match d {
        Literal::Number(d) => n.checked_mul(u64::try_from(*d).ok()?),
        _ => None,
    })
}

/// The name of a type of numbers, for facts.
fn type_name(kind: &Literal) -> &str {
    match kind {
        Literal::Text(text) => tensors::numpy_name(text.trim_start_matches(['<', '>', '|', '=', '!'])),
        _ => "structured",
    }
}

fn structure(what: &str, at: u64, report: &mut Report<'_>) {
    report.add(finding(&codes::STRUCTURE, report.byte(at)).with("format", "npy").with("what", what));
}

/// The type and the shape of the header.
fn fields(header: &Literal) -> Option<(&Literal, &[Literal])> {
    let Literal::Dict(entries) = header else { return None };
    let of = |name: &str| {
        entries.iter().rev().find(|(key, _)| *key == Literal::Text(name.to_owned())).map(|(_, value)| value)
    };
    match (of("descr")?, of("shape")?) {
        (kind, Literal::List(shape)) => Some((kind, shape)),
        _ => None,
    }
}

/// True when the type holds Python objects anywhere. One that is written in a way that is not read here may.
fn holds_objects(kind: &Literal) -> bool {
    match kind {
        Literal::Text(text) => simple(text).is_none_or(|(class, _)| class == 'O'),
        // A field is a tuple of name, type and maybe shape; a type may be a tuple of type and shape.
        Literal::List(parts) => parts.iter().any(|part| match part {
            Literal::List(field) => field.iter().skip(usize::from(field.len() > 1)).any(holds_objects),
            other => parts.len() == 2 && holds_objects(other),
        }),
        Literal::Dict(entries) => entries.iter().any(|(_, value)| holds_objects(value)),
        Literal::Number(_) | Literal::Word(_) => false,
    }
}

/// True when all types in it are written so that they are read here.
fn is_known(kind: &Literal) -> bool {
    match kind {
        Literal::Text(text) => simple(text).is_some(),
        Literal::List(fields) => fields.iter().all(|field| match field {
            Literal::List(parts) => parts.get(1).is_some_and(is_known),
            _ => false,
        }),
        _ => false,
    }
}

/// The class and the bytes of a type such as `<f4`, `|S10`, `O` or `<M8[ns]` (NumPy, "Array-protocol type strings"). `None`
/// for what else NumPy understands: lists in text, repeats, names.
fn simple(text: &str) -> Option<(char, Option<u64>)> {
    let text = text.trim_start_matches(['<', '>', '|', '=', '!']);
    let class = text.chars().next().filter(|c| "?bBhHiIlLqQefdgFDGcSaUVmMO".contains(*c))?;
    let rest = &text[1..];
    let (digits, unit) = rest.split_at(rest.find('[').unwrap_or(rest.len()));
    let is_unit = unit.is_empty()
        || matches!(class, 'm' | 'M')
            && unit.ends_with(']')
            && unit[1..unit.len() - 1].chars().all(|c| c.is_ascii_alphanumeric());
    let size = if digits.is_empty() { None } else { Some(digits.parse().ok()?) };
    is_unit.then_some((class, size))
}

/// Bytes of one item; `None` for types whose size this does not compute.
fn item_bytes(kind: &Literal) -> Option<u64> {
    match kind {
        Literal::Text(text) => match simple(text)? {
            ('U', Some(size)) => size.checked_mul(4),
            (_, Some(size)) => Some(size),
            ('?' | 'b' | 'B', None) => Some(1),
            ('h' | 'H' | 'e', None) => Some(2),
            ('i' | 'I' | 'f', None) => Some(4),
            ('q' | 'Q' | 'd' | 'F' | 'm' | 'M', None) => Some(8),
            ('D', None) => Some(16),
            _ => None,
        },
        Literal::List(fields) => fields.iter().try_fold(0_u64, |sum, field| match field {
            Literal::List(parts) => match parts.as_slice() {
                [_, kind] => sum.checked_add(item_bytes(kind)?),
                [_, kind, Literal::List(shape)] => sum.checked_add(item_bytes(kind)?.checked_mul(items(shape)?)?),
                [_, kind, Literal::Number(count)] => {
                    sum.checked_add(item_bytes(kind)?.checked_mul(u64::try_from(*count).ok()?)?)
                }
                _ => None,
            },
            _ => None,
        }),
        _ => None,
    }
}
