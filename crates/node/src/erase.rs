//! Erasing: what was kept of a decision is destroyed, and that it was is a record of its own.
//!
//! Record before act, as everywhere: the erasure is recorded and has its place in the log before anything is destroyed, so that a
//! crash repeats the destruction and never hides one. What stays is the commitment in the log, a salted digest: proofs that were
//! handed out before go on holding, stretches of the log are proven complete as before, and nobody can learn from it what the record
//! said, as the salt is gone, too.

use sakimori_model::{Actor, ErasedRecord, ErasurePredicate, Predicate, RecordId, Statement};
use sakimori_store::{Record, Store};

use crate::NodeError;
use crate::node::{Node, folder, parsed};
use crate::observe::{Vault, new_record, now};
use crate::record::Entry;

/// Characters of the ground of an erasure.
const NOTE_CHARS_MAX: usize = 2_000;
/// Records that an erasure takes with one decision.
const WITH_ONE_MAX: usize = 10_000;

/// What was erased.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Erased {
    /// The record of the erasure.
    pub record: RecordId,
    /// The records that are erased: the decision, and the judgements and shares that rest on it.
    pub erased: Vec<RecordId>,
    /// How many of them are shares: what left the organisation can't be called back.
    pub shares: usize,
    /// Other decisions on the same bytes, which stay.
    pub same_bytes: Vec<RecordId>,
}

/// Why a record is not erased.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum NotErased {
    /// It is no decision.
    #[error("record {0} is no decision; the judgements and shares that rest on a decision are erased with it")]
    NotADecision(RecordId),
    /// It was erased before.
    #[error("record {of} was erased by record {by}")]
    Before {
        /// The record.
        of: RecordId,
        /// The record of the erasure.
        by: RecordId,
    },
    /// A model in the register rests on it.
    #[error("a model in the register rests on record {of} (record {admission})")]
    Admission {
        /// The record.
        of: RecordId,
        /// The record of the admission.
        admission: RecordId,
    },
    /// Too many records rest on it.
    #[error("more than {WITH_ONE_MAX} records rest on record {0}")]
    TooMany(RecordId),
}

/// The ground of an erasure as it is recorded, if there is one and it is not too long.
#[must_use]
pub fn ground(note: &str) -> Option<&str> {
    Some(note.trim()).filter(|note| (1..=NOTE_CHARS_MAX).contains(&note.chars().count()))
}

/// What is to be recorded to erase a decision, and what will be erased.
///
/// # Errors
/// [`NotErased`], when there is no such record, or the state can't be read.
pub fn erasure(store: &Store, of: RecordId, by: Actor, note: &str) -> Result<(Entry, Erased), NodeError> {
    let part = |id: RecordId| store.record(id)?.ok_or_else(|| NodeError::NoRecord(id.to_string()));
    let record = part(of)?;
    if let Some(by) = record.erased_by {
        return Err(NotErased::Before { of, by }.into());
    }
    if record.kind != "decision" {
        return Err(NotErased::NotADecision(of).into());
    }
    let same_bytes = match store.decision(of)? {
        Some(row) => store.decisions_on(&row.sha256, WITH_ONE_MAX)?.into_iter().filter(|id| *id != of).collect(),
        None => Vec::new(),
    };
    let resting = store.records_because_of(of, WITH_ONE_MAX)?;
    if resting.len() == WITH_ONE_MAX {
        return Err(NotErased::TooMany(of).into());
    }
    let mut records = vec![record];
    for id in resting {
        records.push(part(id)?);
    }
    if let Some(admission) = records.iter().find(|record| record.kind == "admission").map(|record| record.id) {
        return Err(NotErased::Admission { of, admission }.into());
    }
    let one = |record: &Record| -> Result<ErasedRecord, NodeError> {
        let source = match parsed(record)?.predicate {
            Predicate::Decision(made) => made.source,
            _ => None,
        };
        let (kind, commitment) = (record.kind.clone(), record.commitment);
        Ok(ErasedRecord { record: record.id, kind, commitment, source })
    };
    let of = records.iter().map(one).collect::<Result<_, _>>()?;
    let erasure = ErasurePredicate { record: new_record(), erased: now(), by, of, note: note.to_owned() };
    let erased = Erased {
        record: erasure.record,
        erased: records.iter().map(|record| record.id).collect(),
        shares: records.iter().filter(|record| record.kind == "share").count(),
        same_bytes,
    };
    Ok((Entry::of(Statement::of_erasure(erasure)), erased))
}

impl Node {
    /// Erases a decision, with the judgements and shares that rest on it.
    ///
    /// # Errors
    /// [`NotErased`], when there is no such record or several, or when it can't be recorded. If it was recorded and something can't
    /// be destroyed, the next run tries again.
    pub fn erase(&mut self, id: &str, by: Actor, note: &str) -> Result<Erased, NodeError> {
        let of = self.find(id)?.id;
        let (entry, erased) = erasure(&self.store, of, by, note)?;
        self.record(&[entry])?;
        self.act()?;
        Ok(erased)
    }

    /// What erasing this decision would erase.
    ///
    /// # Errors
    /// [`NotErased`], or when the state can't be read.
    pub fn would_erase(&self, of: RecordId) -> Result<Erased, NodeError> {
        erasure(&self.store, of, Actor::Local, "").map(|(_, erased)| erased)
    }

    /// What a decision is about, for people.
    ///
    /// # Errors
    /// When the state can't be read.
    pub fn name_of(&self, decision: RecordId) -> Result<String, NodeError> {
        Ok(self.store.decision(decision)?.map(|row| row.path).unwrap_or_default())
    }

    /// Destroys what recorded erasures name. Repeating it does no harm.
    pub(crate) fn carry_out_erasures(&mut self) -> Result<(), NodeError> {
        let waiting = self.store.erasures_waiting()?;
        if waiting.is_empty() {
            return Ok(());
        }
        let vault = Vault::of_node(&self.home);
        for record in waiting {
            let sha256 = self.store.decision(record)?.map(|row| row.sha256);
            vault.drop_one(record, sha256).map_err(folder(&self.home))?;
            self.store.erase(record)?;
        }
        Ok(self.store.forget_erased()?)
    }
}
