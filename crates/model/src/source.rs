//! Sources that number what they send, so that a gap before anything is logged shows.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{Actor, RecordId, Timestamp};

/// Characters of the name of a source.
pub const SOURCE_CHARS_MAX: usize = 100;

/// The largest number that a source can give: above it, JSON has no place for every whole number (RFC 7493, section 2.2), and records
/// are canonical JSON (RFC 8785).
pub const SOURCE_NUMBER_MAX: u64 = (1 << 53) - 1;

/// Something that was sent, by its source and the number that the source gave to it. The numbers of a source begin at 1 and go up by
/// one, each given once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceRef {
    /// The name of the source.
    pub name: SourceName,
    /// The number.
    pub number: u64,
}

/// The name of a source: 1 to 100 of the characters `A-Z a-z 0-9 . _ -`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct SourceName(String);

/// A text that is no name of a source.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("the name of a source has 1 to {SOURCE_CHARS_MAX} of the characters A-Z a-z 0-9 . _ -")]
pub struct SourceNameError;

/// A source says how far it has counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HeartbeatPredicate {
    /// The id of this record.
    pub record: RecordId,
    /// When it came in.
    pub heard: Timestamp,
    /// Who sent it.
    pub by: Actor,
    /// The source, with the last number that it has given; 0 before the first.
    pub source: SourceRef,
}

impl SourceName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for SourceName {
    type Error = SourceNameError;

    fn try_from(text: String) -> Result<Self, SourceNameError> {
        let fits = (1..=SOURCE_CHARS_MAX).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
        if fits { Ok(Self(text)) } else { Err(SourceNameError) }
    }
}

impl From<SourceName> for String {
    fn from(name: SourceName) -> Self {
        name.0
    }
}

impl std::fmt::Display for SourceName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
