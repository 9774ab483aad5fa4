//! What bytes are, judged by their content and never by their name.

use std::io;

use sakimori_model::Kind;

use crate::source::{Source, read_up_to};

/// No bytes at all.
pub const EMPTY: Kind = Kind::new("empty");
/// Nothing that is known.
pub const UNKNOWN: Kind = Kind::new("unknown");

/// A Windows event log file.
pub const EVTX: Kind = Kind::new("evtx");
/// Lines of JSON.
pub const JSON_LINES: Kind = Kind::new("jsonl");
/// A JSON document.
pub const JSON: Kind = Kind::new("json");

/// Bytes looked at from the start.
const HEAD_BYTES: usize = 64 * 1024;

/// What these bytes are.
///
/// # Errors
/// When the source can't be read.
pub fn recognise(source: &dyn Source) -> io::Result<Kind> {
    let head = read_up_to(source, 0, HEAD_BYTES)?;
    if head.is_empty() {
        return Ok(EMPTY);
    }
    if crate::artefact::pickle::looks_like_pickle(&head) {
        return Ok(crate::artefact::pickle::KIND);
    }
    if head.starts_with(b"ElfFile\0") {
        return Ok(EVTX);
    }
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&head);
    match text.iter().find(|b| !b.is_ascii_whitespace()) {
        Some(b'{') => {
            let first = text.split(|b| *b == b'\n').find(|line| !line.trim_ascii().is_empty()).unwrap_or_default();
            Ok(if first.trim_ascii_end().ends_with(b"}") { JSON_LINES } else { JSON })
        }
        Some(b'[') => Ok(JSON),
        _ => Ok(UNKNOWN),
    }
}
