//! Observing: from paths to bytes with a digest.

mod file;
mod walk;

use sakimori_model::{Actor, Digest, Timestamp};

pub use file::{FileSource, Opened, sha256_of};
pub use walk::{Input, path_text, walk};

/// The time now. The only clock of the node.
#[must_use]
pub fn now() -> Timestamp {
    let micros = jiff::Timestamp::now().as_microsecond();
    // INVARIANT: jiff's clock gives what `Timestamp` can hold.
    Timestamp::from_micros(micros).unwrap_or_else(|_| unreachable!("the clock is out of range"))
}

/// What could not be observed at all: there are no bytes to speak of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unobserved {
    /// The path as the user wrote it.
    pub path: String,
    /// Why.
    pub why: String,
}

/// What was observed of an input.
pub struct Observed {
    /// The path as the user wrote it.
    pub path: String,
    /// When.
    pub at: Timestamp,
    /// SHA-256 of the bytes.
    pub sha256: Digest,
    /// Who submitted it, where it came in over the service.
    pub by: Option<Actor>,
}
