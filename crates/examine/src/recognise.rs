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
    if crate::artefact::pickle::looks_like_pickle(&head) {
        return Ok(crate::artefact::pickle::KIND);
    }
    Ok(UNKNOWN)
}
