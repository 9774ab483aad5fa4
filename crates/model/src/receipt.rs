//! Receipts: what the log gives back for a record.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Digest, RecordId};

/// What the log gives back once a record is durable and covered by a signed checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// The record.
    pub record: RecordId,
    /// The origin line of the log (C2SP tlog-checkpoint).
    pub log: String,
    /// The index of the record in the log, counted from 0.
    pub index: u64,
    /// The commitment that is the log's entry: SHA-256 over the salt and the canonical statement.
    pub commitment: Digest,
}
