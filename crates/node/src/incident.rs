//! Incidents that a node raises by itself: a log that it follows or witnesses has signed two histories.

use sakimori_model::{Actor, Digest, ForkShown, IncidentEvent, IncidentPredicate, Predicate, RecordId, Statement};
use sakimori_proof::{Evidence, EvidenceKind};
use sakimori_store::Store;

use crate::NodeError;
use crate::node::{Node, parsed};
use crate::observe::{new_record, now};
use crate::record::Entry;

/// Incidents that are looked through for one of the same evidence.
const INCIDENTS_MAX: usize = 1_000;

/// The statement of a fork. `None` for evidence that proves nothing by itself: anybody may have made it.
#[must_use]
pub fn forked(evidence: &Evidence) -> Option<Statement> {
    let shows = match evidence.kind {
        EvidenceKind::TwoRoots => ForkShown::TwoRoots,
        EvidenceKind::OtherBeginning => ForkShown::OtherBeginning,
        EvidenceKind::Unproven => return None,
    };
    let (seen, other) = (evidence.seen.note.clone(), evidence.submitted.note.clone());
    let digest = Digest::of(format!("{seen}{other}").as_bytes());
    let name = format!("log:{}", evidence.seen.checkpoint.origin);
    let proof = evidence.proof.iter().map(ToString::to_string).collect();
    let beginning = evidence.beginning.as_ref().map(ToString::to_string);
    let event = IncidentEvent::LogForked { shows, seen, other, proof, beginning };
    let incident = IncidentPredicate { record: new_record(), raised: now(), by: Actor::Local, event };
    Some(Statement::about(&name, digest, Predicate::Incident(incident)))
}

/// The record of an incident of the same evidence, if there is one.
///
/// # Errors
/// When the state can't be read.
pub fn known(store: &Store, statement: &Statement) -> Result<Option<RecordId>, NodeError> {
    for row in store.records(Some("incident"), None, INCIDENTS_MAX)?.items {
        let Some(record) = store.record(row.id)? else { continue };
        if parsed(&record)?.subject == statement.subject {
            return Ok(Some(row.id));
        }
    }
    Ok(None)
}

impl Node {
    /// Raises an incident for evidence that proves a fork, unless there is one for it. Returns its record.
    ///
    /// # Errors
    /// When it can't be recorded.
    pub fn raise(&mut self, evidence: &Evidence) -> Result<Option<RecordId>, NodeError> {
        let Some(statement) = forked(evidence) else { return Ok(None) };
        if let Some(record) = known(self.store(), &statement)? {
            return Ok(Some(record));
        }
        let record = statement.record();
        self.record(&[Entry::of(statement)])?;
        Ok(Some(record))
    }
}
