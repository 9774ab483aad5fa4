//! Erasures against their records: nothing is erased without one, and of what is erased nothing is left.

use std::collections::BTreeMap;

use sakimori_model::{Digest, Predicate, RecordId, Statement};
use sakimori_store::{Record, Store};

use super::{Fault, Mismatch};
use crate::NodeError;

/// What an erasure says of a record: its own record, the commitment and the kind.
type Said = (RecordId, Digest, String);

/// What all records together say about erasures.
#[derive(Default)]
pub(super) struct Recorded {
    /// What erasures name, by the record that is erased.
    named: BTreeMap<RecordId, Said>,
    /// What the tables have of records that are erased: by whom, commitment and kind, and whether statement or salt are left.
    kept: BTreeMap<RecordId, (Said, bool)>,
}

impl Recorded {
    /// Takes in a record, whatever it is about.
    pub(super) fn note(&mut self, record: &Record) {
        if let Some(by) = record.erased_by {
            let is_left = !record.statement.is_empty() || record.salt != [0; 32];
            self.kept.insert(record.id, ((by, record.commitment, record.kind.clone()), is_left));
        } else if record.kind == "erasure"
            && let Ok(Statement { predicate: Predicate::Erasure(made), .. }) = Statement::from_bytes(&record.statement)
        {
            self.named.extend(made.of.into_iter().map(|one| (one.record, (made.record, one.commitment, one.kind))));
        }
    }

    /// Compares the tables with what was recorded.
    ///
    /// # Errors
    /// When a table can't be read.
    pub(super) fn faults(&self, store: &Store) -> Result<Vec<Mismatch>, NodeError> {
        let mut faults = Vec::new();
        let mut fault = |table, id: &RecordId, what: Fault| {
            faults.push(Mismatch { table, row: id.to_string(), what });
        };
        for row in store.erasures()? {
            match (self.named.get(&row.of), self.kept.get(&row.of)) {
                (None, _) => fault("erasures", &row.of, Fault::NoErasure),
                (_, None) => fault("erasures", &row.of, Fault::ErasedMissing),
                (Some(named), Some((kept, _))) if named != kept => {
                    fault("erasures", &row.of, Fault::OtherErasure);
                }
                (_, Some((_, is_left))) if !row.is_done || *is_left => {
                    fault("erasures", &row.of, Fault::NotErased);
                }
                _ => {}
            }
        }
        for id in self.named.keys().filter(|id| !self.kept.contains_key(id)) {
            fault("erasures", id, Fault::ErasureRowMissing);
        }
        for (table, row) in store.left_of_erased()? {
            faults.push(Mismatch { table, row, what: Fault::OfErased });
        }
        Ok(faults)
    }
}
