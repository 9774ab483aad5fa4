//! Auditing: every row of the tables against the log, so that an edit behind the program's back shows.

mod access;
mod erasure;
mod sources;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use sakimori_model::{Digest, Effect, Predicate, RecordId, Statement, StatementError};
use sakimori_proof::{BadResource, Commitment, Log, Salt, VerifierKey, commitment, entry_of};
use sakimori_store::{AdmissionRow, DecisionRow, FindingRow, JudgementRow, Record, ShareRow, Store, StoreError};
use serde::{Serialize, Serializer};
use thiserror::Error;

use crate::NodeError;
use crate::node::{Node, public_keys_in};
use crate::place::log_of;

/// One thing that does not fit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Mismatch {
    /// The table, or `log`.
    pub table: &'static str,
    /// The key of the row, or the index in the log.
    pub row: String,
    /// What does not fit.
    pub what: Fault,
}

/// What does not fit. In JSON it is its English sentence.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Error)]
pub enum Fault {
    /// A row can't be read.
    #[error("the row is damaged: {0}")]
    Damaged(String),
    /// A place in the log has no record.
    #[error("no record has this place: its row was removed or changed")]
    NoRecordHere,
    /// Statement, salt and commitment of a record are not of one another.
    #[error("the statement, its salt and its commitment do not belong together")]
    Commitment,
    /// A record's place is beyond the log.
    #[error("the log ends before its place {0}")]
    LogEnds(u64),
    /// The log has something else at a record's place.
    #[error("the log holds another commitment at its place {0}")]
    OtherCommitment(u64),
    /// A record holds the statement of another one.
    #[error("its statement is that of record {0}")]
    OtherRecord(RecordId),
    /// A record's statement can't be read.
    #[error(transparent)]
    Statement(StatementError),
    /// There is a record, and not its row.
    #[error("the row is missing")]
    Missing,
    /// There is a row, and no record for it.
    #[error("no record justifies the row")]
    Unjustified,
    /// A row is not what its record says.
    #[error("the row says something else than its record")]
    Differs,
    /// A row goes back to another record than the newest one.
    #[error("the row names another record than its newest one")]
    NotNewest,
    /// The mark of decisions that wait.
    #[error("whether it waits for a person is not what the records say")]
    Waits,
    /// The mark of the newest admission.
    #[error("it says wrongly whether it is the newest of its model")]
    Newest,
    /// A count.
    #[error("it is not what the decisions come to")]
    Count,
    /// A session that no sign-in began.
    #[error("no sign-in justifies the session")]
    SessionUnjustified,
    /// A session of somebody else.
    #[error("it is the session of another account than its record says")]
    SessionOfOther,
    /// A session with another secret.
    #[error("the session has another secret than its record says")]
    SessionSecret,
    /// A session that was ended by its owner.
    #[error("the session goes on after signing out")]
    SessionSignedOut,
    /// A session that a change of the account ended.
    #[error("the session goes on after its account was deactivated or got another password")]
    SessionEnded,
    /// Something is marked as erased, and no record says so.
    #[error("no record of an erasure names it")]
    NoErasure,
    /// What was erased is not there at all.
    #[error("the record that it names is missing")]
    ErasedMissing,
    /// The row of an erasure is not what its record says.
    #[error("it is not what the record of the erasure says")]
    OtherErasure,
    /// What is to be erased is still there.
    #[error("it is to be erased, and something is left of it")]
    NotErased,
    /// The record of an erasure has no row.
    #[error("its erasure is recorded, and its row is missing")]
    ErasureRowMissing,
    /// Something is left of what was erased.
    #[error("it belongs to a record that was erased")]
    OfErased,
}

impl Serialize for Fault {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What an audit came to.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Audit {
    /// Records that were compared.
    pub records: u64,
    /// Entries that the log has.
    pub entries: u64,
    /// What does not fit. Empty means that every row is justified by the log and every entry has its row.
    pub mismatches: Vec<Mismatch>,
    /// Records that wait for their place in the log, since a crash or a failure came in between: the next record takes them along.
    pub waiting: Vec<RecordId>,
}

/// Hashes the whole log of the node in this folder again, with these keys or the node's own: its size, if its checkpoint can be read, and every bad file.
/// It does not open the node, so that a damaged log is examined to its end.
///
/// # Errors
/// When there is no node, or its key can't be read: without a key nothing can be verified.
pub fn verify_log(home: &Path, keys: Option<Vec<VerifierKey>>) -> Result<(Option<u64>, Vec<BadResource>), NodeError> {
    let keys = match keys {
        Some(keys) => keys,
        None => public_keys_in(home)?,
    };
    let log = log_of(home, keys)?;
    let bad = log.verify_all(&mut |_| ()).into_iter().filter(|bad| !bad.problem.is_harmless()).collect();
    Ok((log.tree().ok().map(|tree| tree.size()), bad))
}

impl Node {
    /// Compares every row with the log, and every entry of the log with the rows.
    ///
    /// # Errors
    /// When the tables or the log can't be read at all. A damaged row or entry is a mismatch, not an error.
    pub fn audit(&self) -> Result<Audit, NodeError> {
        Books { store: &self.store, log: &self.log }.audit()
    }
}

/// [`Node::audit`] for who may only read the node's folder: nothing is written. The keys are these, or the node's own.
///
/// # Errors
/// As there.
pub fn audit_untouched(home: &Path, keys: Option<Vec<VerifierKey>>) -> Result<Audit, NodeError> {
    let log = log_of(home, keys.map_or_else(|| public_keys_in(home), Ok)?)?;
    let store = Store::open_untouched(&home.join("state.db"))?;
    Books { store: &store, log: &log }.audit()
}

/// What is compared.
struct Books<'a> {
    store: &'a Store,
    log: &'a Log,
}

impl Books<'_> {
    fn audit(&self) -> Result<Audit, NodeError> {
        let entries = self.log.tree()?.entries(0).collect::<Result<Vec<_>, _>>()?;
        let mut audit = Audit { entries: entries.len() as u64, ..Audit::default() };
        let mut justified = BTreeSet::new();
        let mut waiting = BTreeSet::new();
        let known = self.store.sequenced()?;
        let mut access = access::Recorded::default();
        let mut policies = BTreeMap::new();
        let mut erasures = erasure::Recorded::default();
        let mut sources = sources::Recorded::default();
        self.store.each_record(|record| -> Result<(), NodeError> {
            audit.records += 1;
            match record {
                Ok(record) => {
                    justified.extend(record.log_index);
                    if record.log_index.is_none() {
                        audit.waiting.push(record.id);
                        waiting.insert(entry_of(&Commitment::from_bytes(*record.commitment.as_bytes())));
                    }
                    policies.extend(policy_of(&record));
                    erasures.note(&record);
                    for what in self.faults_of(&record, &entries, (&mut access, &mut sources))? {
                        audit.mismatches.push(Mismatch { table: what.0, row: record.id.to_string(), what: what.1 });
                    }
                }
                Err(StoreError::Damaged { table, row, what }) => audit.mismatches.push(damaged(table, row, what)),
                Err(error) => return Err(error.into()),
            }
            Ok(())
        })?;
        let unjustified = (0..).zip(&entries).filter(|(index, entry)| {
            // What a crash left behind the last known place belongs to what waits.
            !(justified.contains(index) || *index >= known && waiting.contains(*entry))
        });
        for (index, _) in unjustified {
            audit.mismatches.push(Mismatch { table: "log", row: index.to_string(), what: Fault::NoRecordHere });
        }
        audit.mismatches.extend(access.faults(self.store)?);
        for (table, row) in self.store.orphans()? {
            audit.mismatches.push(Mismatch { table, row, what: Fault::Unjustified });
        }
        for row in self.store.wrongly_current()? {
            audit.mismatches.push(Mismatch { table: "admissions", row, what: Fault::Newest });
        }
        audit.mismatches.extend(policy_faults(policies, self.store)?);
        audit.mismatches.extend(erasures.faults(self.store)?);
        audit.mismatches.extend(sources.faults(self.store)?);
        for what in self.store.miscounted()? {
            let (table, row) = what;
            audit.mismatches.push(Mismatch { table, row, what: Fault::Count });
        }
        audit.mismatches.sort();
        Ok(audit)
    }

    fn faults_of(
        &self,
        record: &Record,
        entries: &[Vec<u8>],
        (access, sources): (&mut access::Recorded, &mut sources::Recorded),
    ) -> Result<Vec<(&'static str, Fault)>, NodeError> {
        let mut faults = Vec::new();
        let expected = match record.erased_by {
            // `erasure::Recorded` compares it with the record of the erasure.
            Some(_) => Commitment::from_bytes(*record.commitment.as_bytes()),
            None => commitment(&Salt::from_bytes(record.salt), &record.statement),
        };
        if Digest::from_bytes(*expected.as_bytes()) != record.commitment {
            faults.push(("records", Fault::Commitment));
        }
        let logged = record.log_index.and_then(|index| entries.get(usize::try_from(index).ok()?));
        match (record.log_index, logged) {
            (Some(index), None) => faults.push(("records", Fault::LogEnds(index))),
            (Some(index), Some(entry)) if *entry != entry_of(&expected) => {
                faults.push(("records", Fault::OtherCommitment(index)));
            }
            _ => {}
        }
        if record.erased_by.is_some() {
            return Ok(faults);
        }
        match Statement::from_bytes(&record.statement) {
            Ok(statement) if statement.record() == record.id => {
                access.note(&statement, record.log_index);
                sources.note(&statement);
                faults.extend(self.row_faults(record.id, &statement)?);
            }
            Ok(statement) => faults.push(("records", Fault::OtherRecord(statement.record()))),
            Err(error) => faults.push(("records", Fault::Statement(error))),
        }
        Ok(faults)
    }

    fn row_faults(&self, id: RecordId, statement: &Statement) -> Result<Vec<(&'static str, Fault)>, NodeError> {
        let decision = compared("decisions", self.store.decision(id), DecisionRow::of(statement))?;
        let share = compared("shares", self.store.share(id), ShareRow::of(statement))?;
        let judgement = compared("judgements", self.store.judgement(id), JudgementRow::of(statement))?;
        let admission = compared("admissions", self.store.admission(id), AdmissionRow::of(statement))?;
        let vetting = self.vetting_faults(id, statement)?;
        let findings =
            (self.store.findings_of(id)? != FindingRow::all_of(statement)).then_some(("findings", Fault::Differs));
        let waiting = match self.store.is_waiting(id)? {
            Some(waiting) if waiting != (is_review(statement) && self.store.judgements(id)?.is_empty()) => {
                Some(("decisions", Fault::Waits))
            }
            _ => None,
        };
        let rows = [decision, share, judgement, admission, findings, waiting];
        Ok(rows.into_iter().flatten().chain(vetting).collect())
    }

    /// What the rows of a vetting say otherwise than its record.
    fn vetting_faults(&self, id: RecordId, statement: &Statement) -> Result<Vec<(&'static str, Fault)>, NodeError> {
        let Predicate::Decision(made) = &statement.predicate else { return Ok(Vec::new()) };
        let recorded = made.vetting.iter().flat_map(|vetting| &vetting.files);
        let recorded: Vec<(String, Digest)> = recorded.map(|file| (file.path.clone(), file.sha256)).collect();
        let files = compared("vetted_files", self.store.vetted_files(id).map(Some), Some(recorded))?;
        let bom = self.store.bom(id)?.map(|text| Digest::of(text.as_bytes()));
        let bom = compared("boms", Ok(bom), made.vetting.as_ref().map(|vetting| vetting.bom))?;
        Ok(files.into_iter().chain(bom).collect())
    }
}

/// A row that can't be read.
fn damaged(table: &'static str, row: String, what: String) -> Mismatch {
    Mismatch { table, row, what: Fault::Damaged(what) }
}

fn is_review(statement: &Statement) -> bool {
    matches!(&statement.predicate, Predicate::Decision(made) if made.decision.effect == Effect::Review)
}

/// The digest of the policy that a record is about, if it is about one.
fn policy_of(record: &Record) -> Option<(RecordId, Digest)> {
    let statement = (record.kind == "policy").then(|| Statement::from_bytes(&record.statement).ok()).flatten()?;
    match statement.predicate {
        Predicate::Policy(change) => Some((record.id, change.policy.sha256)),
        _ => None,
    }
}

/// Policies whose text is not the one that was recorded.
fn policy_faults(mut recorded: BTreeMap<RecordId, Digest>, store: &Store) -> Result<Vec<Mismatch>, NodeError> {
    let fault = |id: RecordId, what: Fault| Mismatch { table: "policies", row: id.to_string(), what };
    let mut faults = Vec::new();
    for row in store.policies(usize::MAX)? {
        match recorded.remove(&row.record) {
            Some(sha256) if sha256 == row.sha256 && sha256 == Digest::of(row.text.as_bytes()) => {}
            Some(_) => faults.push(fault(row.record, Fault::Differs)),
            None => faults.push(fault(row.record, Fault::Unjustified)),
        }
    }
    faults.extend(recorded.into_keys().map(|id| fault(id, Fault::Missing)));
    Ok(faults)
}

fn compared<T: PartialEq>(
    table: &'static str,
    row: Result<Option<T>, StoreError>,
    justified: Option<T>,
) -> Result<Option<(&'static str, Fault)>, NodeError> {
    let fault = match row {
        Ok(row) if row == justified => return Ok(None),
        Ok(None) => Fault::Missing,
        Ok(Some(_)) if justified.is_none() => Fault::Unjustified,
        Ok(Some(_)) => Fault::Differs,
        Err(StoreError::Damaged { what, .. }) => Fault::Damaged(what),
        Err(error) => return Err(error.into()),
    };
    Ok(Some((table, fault)))
}
