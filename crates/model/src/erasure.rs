//! Erasure: what was kept of records is destroyed, and that it was is recorded. Their places in the log stay, as the log holds
//! salted digests only.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Actor, Digest, DigestSet, Predicate, RecordId, ResourceDescriptor, STATEMENT_TYPE, Statement, Timestamp};

/// What was kept of records was destroyed: their statements and salts, the rows that followed from them, and the bytes that were
/// examined. The subjects are the records, each by its commitment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ErasurePredicate {
    /// The id of this record.
    pub record: RecordId,
    /// When it was asked for. It is done once this record is in the log.
    pub erased: Timestamp,
    /// Who asked for it.
    pub by: Actor,
    /// The records: a decision, and what was recorded because of it.
    pub of: Vec<ErasedRecord>,
    /// On what ground, in the person's words. It stays, so it should name nobody.
    pub note: String,
}

/// A record of which nothing is left but its place in the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ErasedRecord {
    /// Its id.
    pub record: RecordId,
    /// What it was, such as `decision`.
    pub kind: String,
    /// What the log holds at its place.
    pub commitment: Digest,
    /// The number that its source gave to it: else there would be a gap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<crate::SourceRef>,
}

impl Statement {
    /// The statement of an erasure.
    #[must_use]
    pub fn of_erasure(erasure: ErasurePredicate) -> Self {
        let subject = erasure.of.iter().map(|one| {
            let digest = DigestSet { sha256: one.commitment };
            ResourceDescriptor { name: format!("record:{}", one.record), digest }
        });
        let subject = subject.collect();
        Self { kind: STATEMENT_TYPE.to_owned(), subject, predicate: Predicate::Erasure(erasure) }
    }
}
