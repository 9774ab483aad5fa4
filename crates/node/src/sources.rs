//! Sources that number what they send: the statement of a heartbeat, and what a node knows of its sources.

use sakimori_model::{Digest, HeartbeatPredicate, Predicate, Statement};
use sakimori_store::{SourceRow, Store};

use crate::NodeError;
use crate::node::Node;

/// Ranges of missing numbers that are named of each source.
const RANGES_MAX: usize = 20;

/// The statement of a heartbeat. The subject is the source, with the digest of its name and the number.
#[must_use]
pub fn heartbeat(beat: HeartbeatPredicate) -> Statement {
    let said = format!("{} {}", beat.source.name, beat.source.number);
    let name = format!("source:{}", beat.source.name);
    Statement::about(&name, Digest::of(said.as_bytes()), Predicate::Heartbeat(beat))
}

/// A source, and the first ranges of its numbers that are missing.
pub type WithRanges = (SourceRow, Vec<(u64, u64)>);

/// The sources of a node, by name.
///
/// # Errors
/// When the state can't be read.
pub fn sources(store: &Store) -> Result<Vec<WithRanges>, NodeError> {
    let with_ranges = |row: SourceRow| {
        let ranges = if row.missing() > 0 { store.missing_numbers(&row, RANGES_MAX)? } else { Vec::new() };
        Ok((row, ranges))
    };
    store.sources()?.into_iter().map(with_ranges).collect()
}

impl Node {
    /// The sources, by name.
    ///
    /// # Errors
    /// When the state can't be read.
    pub fn sources(&self) -> Result<Vec<WithRanges>, NodeError> {
        sources(&self.store)
    }
}
