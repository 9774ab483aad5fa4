//! Incidents: what a node has seen that somebody must look into.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Actor, RecordId, Timestamp};

/// Something happened that somebody must look into. The subject is what it is about: for a log, `log:` and its origin as name, and
/// as digest that of the two checkpoints, the earlier one first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IncidentPredicate {
    /// The id of this record.
    pub record: RecordId,
    /// When it was raised.
    pub raised: Timestamp,
    /// On whose behalf the node looked.
    pub by: Actor,
    /// What happened.
    pub event: IncidentEvent,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "kind", deny_unknown_fields)]
pub enum IncidentEvent {
    /// The key of a log has signed two histories. Whoever has its public key can verify that from what is in here.
    LogForked {
        /// What the two checkpoints show.
        shows: ForkShown,
        /// The checkpoint that was seen first, as the log signed it (C2SP tlog-checkpoint).
        seen: String,
        /// The one that does not continue it, as the log signed it.
        other: String,
        /// The consistency proof that came with it, in Base64 (RFC 9162, section 2.1.4).
        proof: Vec<String>,
        /// The root that the later tree has at the size of the earlier one, in Base64: the proof leads from it to the later root.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        beginning: Option<String>,
    },
}

/// How a fork shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ForkShown {
    /// Two roots for one size.
    TwoRoots,
    /// The proof leads to the root of the later checkpoint, and the tree in it begins otherwise than the earlier one.
    OtherBeginning,
}

impl IncidentEvent {
    /// The word as it stands in interfaces.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::LogForked { .. } => "log-forked",
        }
    }
}
