//! Going through all nodes of a data file, and what they speak of.

use std::collections::BTreeMap;
use std::ops::Range;

use memchr::memmem;

use super::node::{
    Envelope, NODE_BYTES_MAX, Ref, SEARCH_BYTES, TREE_NODE, account, at_packed, body_of, envelope_in, is_sound,
    last_node, tree_node, version_node,
};
use super::{LONG_TAIL_BYTES, Seen, tell_paths};
use crate::Settings;
use crate::artefact::cursor::Broken;
use crate::report::Report;
use crate::source::{Source, read_up_to};

/// Nodes of one file.
const NODES_MAX: usize = 100_000;
/// Unpacked bytes of all nodes of one file.
const NODES_BYTES_MAX: u64 = 128 * 1024 * 1024;
/// Places that the nodes of one file name.
const PLACES_MAX: usize = 250_000;
/// How often more bytes than the file has are summed up in search of nodes.
const SUMMED_TIMES_MAX: u64 = 4;

/// The values of a file by their keys and places, and the parts of it that nothing speaks of.
pub(super) type Covered<'w> = (Vec<(&'w [u8], Range<u64>)>, Vec<Range<u64>>);

/// What was found in a data file.
pub(super) struct Walk<'a> {
    source: &'a dyn Source,
    /// The nodes: where they begin, and where they end.
    nodes: BTreeMap<u64, u64>,
    /// Paths of data files, by their numbers here.
    numbers: BTreeMap<Vec<u8>, usize>,
    /// What nodes say lies somewhere: the number of the path, and the place.
    nodes_said: Vec<Ref>,
    values: Vec<(Vec<u8>, Ref)>,
    unpacked: u64,
    summed: u64,
}

impl<'a> Walk<'a> {
    pub(super) fn new(source: &'a dyn Source) -> Self {
        let (nodes, numbers) = (BTreeMap::new(), BTreeMap::new());
        Self { source, nodes, numbers, nodes_said: Vec::new(), values: Vec::new(), unpacked: 0, summed: 0 }
    }

    /// Reads all nodes: the last one, those that nodes lead to, and those that lie in what is not told of by then.
    pub(super) fn collect(
        &mut self,
        seen: &mut Seen,
        settings: &Settings,
        report: &mut Report<'_>,
    ) -> Result<(), Broken> {
        let mut waiting: Vec<u64> = last_node(self.source, LONG_TAIL_BYTES)?.into_iter().collect();
        loop {
            while let Some(at) = waiting.pop() {
                let head = read_up_to(self.source, at, 14)?;
                let envelope = envelope_in(&head, at).filter(|envelope| envelope.end <= self.source.size());
                if let Some(envelope) = envelope
                    && !self.nodes.contains_key(&at)
                    && self.is_sound(&envelope, report)?
                {
                    waiting.extend(self.node(&envelope, seen, settings, report)?);
                }
            }
            for gap in self.covered(self.own_path()).1 {
                self.nodes_in(gap, &mut waiting, report)?;
            }
            if waiting.is_empty() {
                return Ok(());
            }
        }
    }

    /// As [`is_sound`], within what may be summed up.
    fn is_sound(&mut self, envelope: &Envelope, report: &mut Report<'_>) -> Result<bool, Broken> {
        self.summed += envelope.end - envelope.start;
        let max = self.source.size().saturating_mul(SUMMED_TIMES_MAX).saturating_add(NODE_BYTES_MAX);
        if self.summed > max {
            report.over("ocdbt_summed_times_max", SUMMED_TIMES_MAX);
            return Err(Broken::Short { at: envelope.start });
        }
        Ok(is_sound(self.source, envelope)?)
    }

    /// The nodes in a part of the file, one behind the other.
    fn nodes_in(&mut self, gap: Range<u64>, found: &mut Vec<u64>, report: &mut Report<'_>) -> Result<(), Broken> {
        let mut at = gap.start;
        while at < gap.end {
            let bytes = read_up_to(self.source, at, SEARCH_BYTES.min((gap.end - at) as usize))?;
            let is_last = at + bytes.len() as u64 >= gap.end;
            // A head may lie across the border: it is looked at with the next bytes.
            let mut next = if is_last { gap.end } else { at + bytes.len().saturating_sub(13).max(1) as u64 };
            for place in memmem::find_iter(&bytes, &TREE_NODE[..2]) {
                if let Some(envelope) = envelope_in(&bytes[place..], at + place as u64)
                    && envelope.end <= gap.end
                    && self.is_sound(&envelope, report)?
                {
                    found.push(envelope.start);
                    next = envelope.end;
                    break;
                }
            }
            at = next;
        }
        Ok(())
    }

    /// Reads a node; returns where others may begin.
    fn node(
        &mut self,
        envelope: &Envelope,
        seen: &mut Seen,
        settings: &Settings,
        report: &mut Report<'_>,
    ) -> Result<Vec<u64>, Broken> {
        let over = |limit, max, report: &mut Report<'_>| {
            report.over(limit, max);
            Err(Broken::Short { at: envelope.start })
        };
        let body = body_of(self.source, envelope)?;
        account(&body, report);
        self.unpacked += body.len() as u64;
        self.nodes.insert(envelope.start, envelope.end);
        if self.nodes.len() > NODES_MAX {
            return over("ocdbt_nodes_max", NODES_MAX as u64, report);
        }
        if self.unpacked > NODES_BYTES_MAX {
            return over("ocdbt_nodes_bytes_max", NODES_BYTES_MAX, report);
        }
        let is_tree = read_up_to(self.source, envelope.start, 4)? == TREE_NODE;
        let node = if is_tree { tree_node(&body) } else { version_node(&body) };
        let node = node.map_err(|error| at_packed(error, envelope))?;
        tell_paths(envelope.start, &node.files, report);
        let own: Vec<usize> = node.files.into_iter().map(|path| self.number(path)).collect();
        let own = |(file, range): Ref| (own.get(file).copied().unwrap_or(usize::MAX), range);
        let leads_to = node.nodes.iter().map(|(_, range)| range.start).collect();
        self.nodes_said.extend(node.nodes.into_iter().map(own));
        self.values.extend(node.values.into_iter().map(|(key, place)| (key, own(place))));
        if self.nodes_said.len() + self.values.len() > PLACES_MAX {
            return over("ocdbt_places_max", PLACES_MAX as u64, report);
        }
        for (key, value) in &node.inline {
            seen.value(key, value, settings, report);
        }
        Ok(leads_to)
    }

    fn number(&mut self, path: Vec<u8>) -> usize {
        let next = self.numbers.len();
        *self.numbers.entry(path).or_insert(next)
    }

    /// The path by which nodes name this file: the one all of whose places fit into it, and most of them. What is told under any
    /// other one lies elsewhere.
    pub(super) fn own_path(&self) -> Option<usize> {
        let size = self.source.size();
        let mut fits: Vec<Option<u64>> = vec![Some(0); self.numbers.len()];
        let mut note = |place: &Ref, does_fit: bool| {
            let (file, range) = place;
            if let Some(bytes) = fits.get_mut(*file) {
                let more = range.end - range.start;
                *bytes = bytes.filter(|_| does_fit).map(|bytes| bytes.saturating_add(more));
            }
        };
        for place in &self.nodes_said {
            note(place, self.nodes.get(&place.1.start) == Some(&place.1.end));
        }
        for (_, place) in &self.values {
            let before = self.nodes.range(..place.1.end).next_back().is_none_or(|(_, end)| *end <= place.1.start);
            note(place, before && place.1.end <= size);
        }
        let best = fits.into_iter().enumerate().filter_map(|(file, bytes)| Some((bytes?, file)));
        best.max().filter(|(bytes, _)| *bytes > 0).map(|(_, file)| file)
    }

    /// The values that lie in this file, and the parts of it that nothing speaks of.
    pub(super) fn covered(&self, own: Option<usize>) -> Covered<'_> {
        let values = self.values.iter().filter(|(_, (file, _))| own == Some(*file));
        let values: Vec<(&[u8], Range<u64>)> =
            values.map(|(key, (_, range))| (key.as_slice(), range.clone())).collect();
        let mut told: Vec<Range<u64>> = self.nodes.iter().map(|(start, end)| *start..*end).collect();
        told.extend(values.iter().map(|(_, range)| range.clone()));
        told.sort_by_key(|range| (range.start, range.end));
        let (mut gaps, mut end) = (Vec::new(), 0);
        for range in told {
            if range.start > end {
                gaps.push(end..range.start);
            }
            end = end.max(range.end);
        }
        if self.source.size() > end {
            gaps.push(end..self.source.size());
        }
        (values, gaps)
    }
}
