//! Observing: from paths to bytes with a digest.

mod file;
mod model;
mod vault;
mod walk;

use sakimori_model::{Actor, Digest, RecordId, SourceRef, Timestamp};

pub use file::{FileSource, Held, Opened, sha256_of};
pub use model::{ModelFile, ModelTree, Refused, RefusedWhy, hash_model, walk_model};
pub use vault::{Vault, VaultKey, private_file};
pub use walk::{Input, Walked, WalkedFile, path_text, walk, walk_as_one};

/// The time now. The only clock of the node.
#[must_use]
pub fn now() -> Timestamp {
    let micros = jiff::Timestamp::now().as_microsecond();
    // INVARIANT: jiff's clock gives what `Timestamp` can hold.
    Timestamp::from_micros(micros).unwrap_or_else(|_| unreachable!("the clock is out of range"))
}

/// The id of a new record.
#[must_use]
pub fn new_record() -> RecordId {
    RecordId::from_uuid(uuid::Uuid::now_v7())
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
    /// The id of the record to come.
    pub record: RecordId,
    /// The path as the user wrote it.
    pub path: String,
    /// When.
    pub at: Timestamp,
    /// SHA-256 of the bytes.
    pub sha256: Digest,
    /// Who submitted it, where it came in over the service.
    pub by: Option<Actor>,
    /// The source that sent it, with the number that it gave to it.
    pub source: Option<SourceRef>,
}
