//! Observations: bytes or events with a digest, and what they turned out to be.

use std::borrow::Cow;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Digest, Timestamp};

/// Something that came in: where from, when, and what exactly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Observation {
    /// Where it came from: a path as the user wrote it, or `-` for standard input.
    pub path: String,
    /// When it was observed.
    pub observed: Timestamp,
    /// The bytes.
    pub subject: Subject,
}

/// The bytes of an observation, named by their digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// SHA-256 of the bytes.
    pub sha256: Digest,
    /// Their number.
    pub size: u64,
    /// What they are, judged by their content.
    pub kind: Kind,
}

/// What bytes are, judged by their content: a short English word such as `pickle`, `safetensors`, `evtx` or `mail`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Kind(Cow<'static, str>);

impl Kind {
    /// A kind that the program knows.
    #[must_use]
    pub const fn new(word: &'static str) -> Self {
        Self(Cow::Borrowed(word))
    }

    /// The word.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An examiner that took part, with the version of its judgement. The version goes up when the same bytes may give other findings.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExaminerRef {
    /// Its id, such as `pickle`.
    pub id: Cow<'static, str>,
    /// Its version.
    pub version: u32,
}
