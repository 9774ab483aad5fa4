//! Where in an observation a finding was made.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where in an observation a finding was made, exact enough for a person to go and look.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "at", rename_all = "lowercase", deny_unknown_fields)]
pub enum Place {
    /// The observation, or a member of it, as a whole.
    Whole {
        /// The path of the member inside the observation, steps joined by `!/`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        member: Option<String>,
    },
    /// A byte of the observation, or of a member of it.
    Byte {
        /// The path of the member inside the observation, steps joined by `!/`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        member: Option<String>,
        /// Offset in bytes from the start of the (decoded) member.
        offset: u64,
    },
    /// A field of a logged event.
    Event {
        /// The record number of the event, or its line number where the format has none.
        record: u64,
        /// The field, with dots between nested names.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        field: Option<String>,
    },
    /// A position in text.
    Text {
        /// Which text: a header (`header:From`) or a part (`part:1.2`), or a member's path.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        member: Option<String>,
        /// Line, counted from 1.
        line: u32,
        /// Column in characters, counted from 1.
        column: u32,
    },
}

impl Place {
    /// The whole observation.
    pub const WHOLE: Self = Self::Whole { member: None };

    /// The member's path, if the place lies in a member.
    #[must_use]
    pub fn member(&self) -> Option<&str> {
        match self {
            Self::Whole { member } | Self::Byte { member, .. } | Self::Text { member, .. } => member.as_deref(),
            Self::Event { .. } => None,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(member) = self.member() {
            f.write_str(member)?;
        }
        match self {
            Self::Whole { member: Some(_) } => Ok(()),
            Self::Whole { member: None } => f.write_str("-"),
            Self::Byte { offset, .. } => write!(f, "@{offset:#x}"),
            Self::Event { record, field: None } => write!(f, "#{record}"),
            Self::Event { record, field: Some(field) } => write!(f, "#{record}.{field}"),
            Self::Text { line, column, .. } => write!(f, ":{line}:{column}"),
        }
    }
}
