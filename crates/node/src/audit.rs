//! Auditing: every row of the tables against the log, so that an edit behind the program's back shows.

mod access;
mod erasure;
mod sources;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use sakimori_model::{Digest, Effect, Predicate, RecordId, Statement};
use sakimori_proof::{BadResource, Commitment, Key, Salt, VerifierKey, commitment, entry_of};
use sakimori_store::{AdmissionRow, DecisionRow, FindingRow, JudgementRow, Record, ShareRow, Store, StoreError};
use serde::Serialize;

use crate::NodeError;
use crate::node::Node;
use crate::place::log_of;

/// One thing that does not fit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Mismatch {
    /// The table, or `log`.
    pub table: &'static str,
    /// The key of the row, or the index in the log.
    pub row: String,
    /// What does not fit.
    pub what: String,
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
        None => Key::load(&home.join("key"))?.verifiers(),
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
                Err(StoreError::Damaged { table, row, what }) => audit.mismatches.push(Mismatch { table, row, what }),
                Err(error) => return Err(error.into()),
            }
            Ok(())
        })?;
        let unjustified = (0..).zip(&entries).filter(|(index, entry)| {
            // What a crash left behind the last known place belongs to what waits.
            !(justified.contains(index) || *index >= known && waiting.contains(*entry))
        });
        for (index, _) in unjustified {
            let what = "no record has this place: its row was removed or changed".to_owned();
            audit.mismatches.push(Mismatch { table: "log", row: index.to_string(), what });
        }
        audit.mismatches.extend(access.faults(&self.store)?);
        for (table, row) in self.store.orphans()? {
            audit.mismatches.push(Mismatch { table, row, what: "no record justifies it".to_owned() });
        }
        for row in self.store.wrongly_current()? {
            let what = "it says wrongly whether it is the newest of its model".to_owned();
            audit.mismatches.push(Mismatch { table: "admissions", row, what });
        }
        audit.mismatches.extend(policy_faults(policies, &self.store)?);
        audit.mismatches.extend(erasures.faults(&self.store)?);
        audit.mismatches.extend(sources.faults(&self.store)?);
        for what in self.store.miscounted()? {
            let (table, row) = what;
            audit.mismatches.push(Mismatch { table, row, what: "it is not what the decisions come to".to_owned() });
        }
        audit.mismatches.sort();
        Ok(audit)
    }

    fn faults_of(
        &self,
        record: &Record,
        entries: &[Vec<u8>],
        (access, sources): (&mut access::Recorded, &mut sources::Recorded),
    ) -> Result<Vec<(&'static str, String)>, NodeError> {
        let mut faults = Vec::new();
        let expected = match record.erased_by {
            // `erasure::Recorded` compares it with the record of the erasure.
            Some(_) => Commitment::from_bytes(*record.commitment.as_bytes()),
            None => commitment(&Salt::from_bytes(record.salt), &record.statement),
        };
        if Digest::from_bytes(*expected.as_bytes()) != record.commitment {
            faults.push(("records", "the statement, its salt and its commitment do not belong together".to_owned()));
        }
        let logged = record.log_index.and_then(|index| entries.get(usize::try_from(index).ok()?));
        match (record.log_index, logged) {
            (Some(index), None) => faults.push(("records", format!("the log ends before its place {index}"))),
            (Some(index), Some(entry)) if *entry != entry_of(&expected) => {
                faults.push(("records", format!("the log holds another commitment at its place {index}")));
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
            Ok(statement) => {
                faults.push(("records", format!("its statement is that of record {}", statement.record())))
            }
            Err(error) => faults.push(("records", error.to_string())),
        }
        Ok(faults)
    }

    fn row_faults(&self, id: RecordId, statement: &Statement) -> Result<Vec<(&'static str, String)>, NodeError> {
        let decision = compared("decisions", self.store.decision(id), DecisionRow::of(statement))?;
        let share = compared("shares", self.store.share(id), ShareRow::of(statement))?;
        let judgement = compared("judgements", self.store.judgement(id), JudgementRow::of(statement))?;
        let admission = compared("admissions", self.store.admission(id), AdmissionRow::of(statement))?;
        let vetting = self.vetting_faults(id, statement)?;
        let findings = (self.store.findings_of(id)? != FindingRow::all_of(statement))
            .then(|| ("findings", "the rows say something else than their record".to_owned()));
        let waiting = match self.store.is_waiting(id)? {
            Some(waiting) if waiting != (is_review(statement) && self.store.judgements(id)?.is_empty()) => {
                Some(("decisions", "whether it waits for a person is not what the records say".to_owned()))
            }
            _ => None,
        };
        let rows = [decision, share, judgement, admission, findings, waiting];
        Ok(rows.into_iter().flatten().chain(vetting).collect())
    }

    /// What the rows of a vetting say otherwise than its record.
    fn vetting_faults(&self, id: RecordId, statement: &Statement) -> Result<Vec<(&'static str, String)>, NodeError> {
        let Predicate::Decision(made) = &statement.predicate else { return Ok(Vec::new()) };
        let recorded = made.vetting.iter().flat_map(|vetting| &vetting.files);
        let recorded: Vec<(String, Digest)> = recorded.map(|file| (file.path.clone(), file.sha256)).collect();
        let files = compared("vetted_files", self.store.vetted_files(id).map(Some), Some(recorded))?;
        let bom = self.store.bom(id)?.map(|text| Digest::of(text.as_bytes()));
        let bom = compared("boms", Ok(bom), made.vetting.as_ref().map(|vetting| vetting.bom))?;
        Ok(files.into_iter().chain(bom).collect())
    }
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
    let fault = |id: RecordId, what: &str| Mismatch { table: "policies", row: id.to_string(), what: what.to_owned() };
    let mut faults = Vec::new();
    for row in store.policies(usize::MAX)? {
        match recorded.remove(&row.record) {
            Some(sha256) if sha256 == row.sha256 && sha256 == Digest::of(row.text.as_bytes()) => {}
            Some(_) => faults.push(fault(row.record, "the row says something else than its record")),
            None => faults.push(fault(row.record, "no record justifies the row")),
        }
    }
    faults.extend(recorded.into_keys().map(|id| fault(id, "the row is missing")));
    Ok(faults)
}

fn compared<T: PartialEq>(
    table: &'static str,
    row: Result<Option<T>, StoreError>,
    justified: Option<T>,
) -> Result<Option<(&'static str, String)>, NodeError> {
    let fault = match row {
        Ok(row) if row == justified => return Ok(None),
        Ok(None) => "the row is missing".to_owned(),
        Ok(Some(_)) if justified.is_none() => "the record does not justify the row".to_owned(),
        Ok(Some(_)) => "the row says something else than its record".to_owned(),
        Err(StoreError::Damaged { what, .. }) => format!("the row is damaged: {what}"),
        Err(error) => return Err(error.into()),
    };
    Ok(Some((table, fault)))
}
