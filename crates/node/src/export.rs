//! Writing a stretch of the log for an auditor, with the proof that it is complete (docs/log.md, "A range of records").

use std::io::Write;
use std::path::Path;

use sakimori_model::{RecordId, Timestamp};
use sakimori_proof::{Commitment, Quorum, RangeReader, Salt, erased_range_line, range_line};

use crate::NodeError;
use crate::node::Node;
use crate::witness::Witnessed;

/// Records that are read from the tables at a time.
const CHUNK: usize = 1_000;

/// Which records are wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stretch {
    /// From this place in the log on.
    pub from: Option<u64>,
    /// Up to the place before this one.
    pub to: Option<u64>,
    /// From the first record on that was made then or later.
    pub since: Option<Timestamp>,
    /// Up to the last record that was made before then.
    pub until: Option<Timestamp>,
}

/// What was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exported {
    /// The place of the first record.
    pub from: u64,
    /// The place behind the last one.
    pub to: u64,
}

impl Node {
    /// Writes the records of a stretch of the log, complete, with the proof of it. `progress` is told how many of how many are
    /// written.
    ///
    /// # Errors
    /// When there are none, when the tables don't have what the log has, or nothing can be written.
    pub fn export(
        &self,
        stretch: Stretch,
        (path, out): (&Path, &mut dyn Write),
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Exported, NodeError> {
        let failed = |error| NodeError::Output { path: path.to_owned(), error };
        // Before the tree, which is then at least as large.
        let witnessed = Witnessed::read(self.home(), self.log.keys());
        let tree = self.log.tree()?;
        let Exported { from, to } = self.places(stretch, tree.size())?;
        let head = match witnessed.filter(|witnessed| to <= witnessed.checkpoint.size) {
            Some(witnessed) => tree.under(&witnessed.checkpoint, &witnessed.note.to_string())?.range_head(from, to)?,
            None => tree.range_head(from, to)?,
        };
        // What is handed out is verified while it is written: a damaged table shows here and not at the auditor's.
        let none = Quorum::new(Vec::new(), None).map_err(|error| self.unsound(&error))?;
        let mut check = RangeReader::new(&head, self.log.keys(), &none).map_err(|error| self.unsound(&error))?;
        writeln!(out, "{head}").map_err(failed)?;
        let mut next = from;
        while next < to {
            let missing = |entry: u64| self.unsound(&format_args!("there is no record for entry {entry}"));
            let rows = self.store().records_from(next, CHUNK)?;
            if rows.is_empty() {
                return Err(missing(next));
            }
            for (place, id, _) in rows {
                if next == to {
                    break;
                }
                if place != next {
                    return Err(missing(next));
                }
                let record = self.store().record(id)?.ok_or_else(|| NodeError::NoRecord(id.to_string()))?;
                let line = match record.erased_by {
                    Some(_) => Ok(erased_range_line(&Commitment::from_bytes(*record.commitment.as_bytes()))),
                    None => range_line(&Salt::from_bytes(record.salt), &record.statement),
                };
                let line = line.map_err(|error| self.unsound(&error))?;
                check.push(&line).map_err(|error| self.unsound(&error))?;
                writeln!(out, "{line}").map_err(failed)?;
                next += 1;
            }
            progress(next - from, to - from);
        }
        out.flush().map_err(failed)?;
        check.finish().map_err(|error| self.unsound(&error))?;
        Ok(Exported { from, to })
    }

    fn unsound(&self, what: &dyn std::fmt::Display) -> NodeError {
        NodeError::Inconsistent { id: self.origin().to_owned(), what: what.to_string() }
    }

    /// The places of a stretch. Records have their places nearly in the order of their times, as several may be made at once: so
    /// it goes from the first to the last that is wanted.
    fn places(&self, stretch: Stretch, size: u64) -> Result<Exported, NodeError> {
        let (mut from, mut to) = (stretch.from.unwrap_or(0), stretch.to.unwrap_or(size).min(size));
        if stretch.since.is_some() || stretch.until.is_some() {
            let wanted = |id: RecordId| {
                let made = i64::try_from(id.millis()).unwrap_or(i64::MAX);
                let millis = |time: Timestamp| time.as_micros().div_euclid(1_000);
                stretch.since.is_none_or(|since| made >= millis(since))
                    && stretch.until.is_none_or(|until| made < millis(until))
            };
            let (mut first, mut last, mut next) = (None, None, from);
            loop {
                let rows = self.store().records_from(next, CHUNK)?;
                let Some((place, ..)) = rows.last() else { break };
                next = place + 1;
                for (place, ..) in rows.into_iter().filter(|(place, id, _)| *place < to && wanted(*id)) {
                    first = first.or(Some(place));
                    last = Some(place);
                }
                if next >= to {
                    break;
                }
            }
            let (Some(first), Some(last)) = (first, last) else {
                return Err(NodeError::NothingThen);
            };
            (from, to) = (first, last + 1);
        }
        if from >= to {
            return Err(NodeError::EmptyStretch { from, to, size });
        }
        Ok(Exported { from, to })
    }
}
