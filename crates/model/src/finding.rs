//! Findings: what an examiner saw, where, how bad, how sure, and for which points.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{Digest, Place, Technique, shown};

/// What an examiner saw. The words for people are found by the code and filled with [`Finding::params`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// The stable code, such as `SKM-ART-0001`.
    pub code: Code,
    /// How bad it is if it is what it looks like.
    pub severity: Severity,
    /// How sure it is that it is what it looks like.
    pub confidence: Confidence,
    /// Where it was seen.
    pub place: Place,
    /// Techniques of ATT&CK or ATLAS, with their release.
    pub techniques: Vec<Technique>,
    /// The detection rule that matched, where a rule did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleRef>,
    /// SHA-256 of the logged event that matched, by which its line is found in any copy of the log: of a line or JSON object in
    /// UTF-8 without the line's end, or of a whole record of an EVTX file ([MS-EVEN6], section 2.2.17).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<Digest>,
    /// Which features led to the finding, each with its points. Their sum is the finding's share of the score.
    pub because: Vec<Contribution>,
    /// Values for the texts of the code. Cleaned of control characters and bounded in length.
    pub params: BTreeMap<String, String>,
}

impl Finding {
    /// The longest value of a parameter, in characters.
    pub const PARAM_CHARS_MAX: usize = 240;

    /// The points of the finding: the sum over what it rests on.
    #[must_use]
    pub fn points(&self) -> i64 {
        self.because.iter().map(|c| i64::from(c.points)).sum()
    }

    /// With a value for the texts. Control and direction-changing characters are shown as escapes, and what is longer
    /// than [`Self::PARAM_CHARS_MAX`] is cut and marked with `…`.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.params.insert(name.to_owned(), shown(&value.to_string(), Self::PARAM_CHARS_MAX));
        self
    }
}

/// One feature that speaks for a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Contribution {
    /// The feature's id, such as `pickle.call` or `mail.reply-to-differs`.
    pub feature: String,
    /// Its points.
    pub points: i32,
}

/// A detection rule that matched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleRef {
    /// The rule's own id, such as a Sigma rule's UUID.
    pub id: String,
    /// The rule's title, in the language of its author.
    pub title: String,
    /// The digest of the rule as it was loaded.
    pub sha256: Digest,
}

/// How bad a finding is; the words are OCSF's `severity_id` 1 to 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know; nothing is wrong.
    Informational,
    /// Weak on its own.
    Low,
    /// A person should look.
    Medium,
    /// Harm is likely.
    High,
    /// Harm follows when it is used.
    Critical,
}

/// How sure a finding is; the words are OCSF's `confidence_id` 1 to 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// A hint.
    Low,
    /// More likely than not.
    Medium,
    /// A fact read from the bytes.
    High,
}

/// A word that is no level.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("unknown level {word:?}; one of {known}")]
pub struct UnknownLevel {
    word: String,
    known: &'static str,
}

impl Severity {
    /// The word as it stands in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Informational => "informational",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl Confidence {
    /// The word as it stands in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

impl FromStr for Severity {
    type Err = UnknownLevel;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        [Self::Informational, Self::Low, Self::Medium, Self::High, Self::Critical]
            .into_iter()
            .find(|level| level.as_str() == word)
            .ok_or_else(|| UnknownLevel { word: word.to_owned(), known: "informational, low, medium, high, critical" })
    }
}

impl FromStr for Confidence {
    type Err = UnknownLevel;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        [Self::Low, Self::Medium, Self::High]
            .into_iter()
            .find(|level| level.as_str() == word)
            .ok_or_else(|| UnknownLevel { word: word.to_owned(), known: "low, medium, high" })
    }
}

/// The stable code of a kind of finding: `SKM-`, a family of two to four capitals, four digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Code(Cow<'static, str>);

/// A text that is no finding code.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("not a finding code: {0:?} (the form is SKM-ART-0001)")]
pub struct CodeError(String);

impl Code {
    /// A code written in the program; a wrong form stops the build.
    #[must_use]
    pub const fn new(text: &'static str) -> Self {
        assert!(well_formed(text.as_bytes()), "the form of a code is SKM-ART-0001");
        Self(Cow::Borrowed(text))
    }

    /// The code as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The family, such as `ART`.
    #[must_use]
    pub fn family(&self) -> &str {
        self.0.split('-').nth(1).unwrap_or_default()
    }
}

const fn well_formed(text: &[u8]) -> bool {
    let family = text.len().wrapping_sub(9);
    if family < 2 || family > 4 || !matches!(text, [b'S', b'K', b'M', b'-', ..]) || text[4 + family] != b'-' {
        return false;
    }
    let mut i = 4;
    while i < text.len() {
        let fits = if i < 4 + family { text[i].is_ascii_uppercase() } else { text[i].is_ascii_digit() };
        if i != 4 + family && !fits {
            return false;
        }
        i += 1;
    }
    true
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Code {
    type Error = CodeError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if well_formed(text.as_bytes()) { Ok(Self(Cow::Owned(text))) } else { Err(CodeError(text)) }
    }
}

impl From<Code> for String {
    fn from(code: Code) -> Self {
        code.0.into_owned()
    }
}

impl JsonSchema for Code {
    fn schema_name() -> Cow<'static, str> {
        "Code".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^SKM-[A-Z]{2,4}-[0-9]{4}$" })
    }
}
