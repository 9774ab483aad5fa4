//! What bytes are, judged by their content and never by their name.

use std::io;

use sakimori_model::Kind;

use crate::source::{Source, read_up_to};

/// No bytes at all.
pub const EMPTY: Kind = Kind::new("empty");
/// Nothing that is known.
pub const UNKNOWN: Kind = Kind::new("unknown");

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
    if head.starts_with(b"From ") {
        return Ok(crate::mail::MBOX);
    }
    if looks_like_mail(&head) {
        return Ok(crate::mail::MAIL);
    }
    Ok(UNKNOWN)
}

/// Header fields from the first line on, among them one that only mails have.
fn looks_like_mail(head: &[u8]) -> bool {
    const FIELDS: &[&[u8]] = &[
        b"from",
        b"to",
        b"subject",
        b"date",
        b"received",
        b"return-path",
        b"message-id",
        b"mime-version",
        b"delivered-to",
    ];
    let mut known = 0;
    for line in head.split(|b| *b == b'\n').take(200) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            break;
        }
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            continue;
        }
        let Some(colon) = line.iter().position(|b| *b == b':') else { return false };
        let name = line[..colon].trim_ascii_end();
        if name.is_empty() || !name.iter().all(|b| b.is_ascii_graphic()) {
            return false;
        }
        known += usize::from(FIELDS.iter().any(|f| name.eq_ignore_ascii_case(f)));
    }
    known >= 2
}
