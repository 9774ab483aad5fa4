//! Observing: from paths to bytes with a digest.

mod file;
mod model;
mod vault;
mod walk;

use std::io;

use sakimori_model::words::say;
use sakimori_model::{Actor, Digest, Lang, RecordId, SourceRef, Text, Timestamp};

use crate::told::Told as _;

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
    pub why: Text,
}

impl Unobserved {
    /// What the system says of an input that can't be read.
    #[must_use]
    pub fn unread(path: &str, error: &io::Error) -> Self {
        Self { path: path.to_owned(), why: Text { ja: error.in_japanese(), en: error.to_string() } }
    }

    /// A symbolic link that leads nowhere.
    pub(crate) fn broken_link(path: &str, error: &io::Error) -> Self {
        let why = |lang| say(lang, "unread.link", &[("error", &error.told(lang))]);
        Self { path: path.to_owned(), why: Text { ja: why(Lang::Ja), en: why(Lang::En) } }
    }

    /// An input that is not read: the end of the id of a message, after `unread.`.
    pub(crate) fn unfit(path: &str, why: &str) -> Self {
        let in_lang = |lang| say(lang, &format!("unread.{why}"), &[]);
        Self { path: path.to_owned(), why: Text { ja: in_lang(Lang::Ja), en: in_lang(Lang::En) } }
    }
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
