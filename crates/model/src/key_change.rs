//! Changes of the key that signs the log.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Actor, RecordId, Timestamp};

/// The key that signs the log changed. The subject is the log: its origin as name, and as digest that of the text of the public keys that
/// sign from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyPredicate {
    /// The id of this record.
    pub record: RecordId,
    /// When.
    pub changed: Timestamp,
    /// Who changed it.
    pub by: Actor,
    /// What happened.
    pub event: KeyEvent,
}

/// What happened to the key of the log. Public keys are in the text form of signed notes (C2SP signed-note): the Ed25519 key, and the
/// ML-DSA-44 key if there is one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "kind", deny_unknown_fields)]
pub enum KeyEvent {
    /// Another key signs from now on, and the one before it beside it. The checkpoint over this record bears both signatures, so that
    /// whoever knows the old key only can believe the new one.
    Succeeded {
        /// The key that signed alone before.
        old: Vec<String>,
        /// The key that takes its place.
        new: Vec<String>,
    },
    /// The earlier key signs no more after the checkpoint over this record.
    Retired {
        /// The key that signs no more.
        old: Vec<String>,
        /// The key that signs alone.
        new: Vec<String>,
    },
}

impl KeyEvent {
    /// The word as it stands in interfaces.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Succeeded { .. } => "succeeded",
            Self::Retired { .. } => "retired",
        }
    }

    /// The keys that sign from now on.
    #[must_use]
    pub fn new_keys(&self) -> &[String] {
        let (Self::Succeeded { new, .. } | Self::Retired { new, .. }) = self;
        new
    }
}
