//! Numbers of sources and their heartbeats against the records.

use std::collections::BTreeMap;

use sakimori_model::{Predicate, RecordId, SourceName, SourceRef, Statement, Timestamp};
use sakimori_store::Store;

use super::{Fault, Mismatch};
use crate::NodeError;

/// What all records together say of sources.
#[derive(Default)]
pub(super) struct Recorded {
    numbers: BTreeMap<SourceRef, RecordId>,
    heartbeats: BTreeMap<SourceName, (RecordId, u64, Timestamp)>,
}

impl Recorded {
    /// Takes in a statement, whatever it is about.
    pub(super) fn note(&mut self, statement: &Statement) {
        match &statement.predicate {
            Predicate::Decision(made) => {
                self.numbers.extend(made.source.iter().map(|source| (source.clone(), made.record)));
            }
            // What was erased bore its number, too.
            Predicate::Erasure(made) => {
                let numbers = made.of.iter().filter_map(|one| Some((one.source.clone()?, one.record)));
                self.numbers.extend(numbers);
            }
            Predicate::Heartbeat(beat) => {
                let said = (beat.record, beat.source.number, beat.heard);
                let newest = self.heartbeats.entry(beat.source.name.clone()).or_insert(said);
                if said.0 > newest.0 {
                    *newest = said;
                }
            }
            _ => {}
        }
    }

    /// Compares the tables with what was recorded.
    ///
    /// # Errors
    /// When a table can't be read.
    pub(super) fn faults(&self, store: &Store) -> Result<Vec<Mismatch>, NodeError> {
        let mut faults = Vec::new();
        let mut fault = |table, row: String| {
            faults.push(Mismatch { table, row, what: Fault::Differs });
        };
        let (numbers, heartbeats) = (store.numbers()?, store.heartbeats()?);
        for name in miscounted(store, &numbers)? {
            fault("source_counts", name);
        }
        let keys = numbers.keys().chain(self.numbers.keys());
        for source in keys.filter(|source| numbers.get(source) != self.numbers.get(source)) {
            fault("source_numbers", format!("{} {}", source.name, source.number));
        }
        let keys = heartbeats.keys().chain(self.heartbeats.keys());
        for name in keys.filter(|name| heartbeats.get(name) != self.heartbeats.get(name)) {
            fault("heartbeats", name.to_string());
        }
        faults.sort();
        faults.dedup();
        Ok(faults)
    }
}

/// The sources whose counts are not those of their numbers.
fn miscounted(store: &Store, numbers: &BTreeMap<SourceRef, RecordId>) -> Result<Vec<String>, NodeError> {
    let mut counts: BTreeMap<SourceName, (u64, u64, u64)> = BTreeMap::new();
    // In the order of their numbers.
    for source in numbers.keys() {
        let (count, last, whole) = counts.entry(source.name.clone()).or_default();
        *count += 1;
        *last = source.number;
        *whole += u64::from(source.number == *whole + 1);
    }
    let rows = store.sources()?.into_iter().filter(|row| row.count > 0);
    let stored: BTreeMap<_, _> = rows.map(|row| (row.name, (row.count, row.last, row.whole))).collect();
    let names = counts.keys().chain(stored.keys()).filter(|name| counts.get(*name) != stored.get(*name));
    Ok(names.map(ToString::to_string).collect())
}
