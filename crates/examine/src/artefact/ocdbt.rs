//! OCDBT, the key-value store of TensorStore in which JAX (Orbax) keeps checkpoints: `manifest.ocdbt`, and data files `d/…` of values
//! and of the nodes of B+trees that lead to them, one behind the other (TensorStore documentation, "ocdbt Key-Value Store driver",
//! Storage format). Chunks of arrays are numbers, and are not read; what else is in there is examined as a member.
//!
//! A data file has no header. It is one because it ends with a node, or has one behind its values, and everything in it is told by
//! nodes: what no node of the file speaks of is named as not examined. An examiner knows no names, so which of the files that nodes
//! name is this one shows by what their places fit to.

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;

use memchr::memmem;
use sakimori_model::FactName;

use crate::artefact::cursor::{Broken, Cursor};
use crate::artefact::wire::varint;
use crate::artefact::{codes, streams, tensors};
use crate::catalogue::finding;
use crate::recognise::{UNKNOWN, kinds, recognise};
use crate::report::Report;
use crate::source::{Source, Window, read_up_to};
use crate::{Settings, examine_member};

/// How a manifest begins.
pub const MANIFEST: [u8; 4] = 0x0cdb_3a2a_u32.to_be_bytes();
const TREE_NODE: [u8; 4] = 0x0cdb_20de_u32.to_be_bytes();
const VERSION_NODE: [u8; 4] = 0x0cdb_1234_u32.to_be_bytes();

/// Bytes at the end of a file in which its last node is looked for.
const TAIL_BYTES: u64 = 64 * 1024;
/// The same, where the file is nothing else.
const LONG_TAIL_BYTES: u64 = 16 * 1024 * 1024;
/// Magic, length, version, compression, checksum.
const ENVELOPE_BYTES_MIN: u64 = 4 + 8 + 1 + 1 + 4;
/// Bytes of one node, as it lies there and unpacked. Writers keep to 8 MiB unless they are told otherwise.
const NODE_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Entries of one node.
const ENTRIES_MAX: u64 = 200_000;
/// Nodes of one file.
const NODES_MAX: usize = 100_000;
/// Unpacked bytes of all nodes of one file.
const NODES_BYTES_MAX: u64 = 128 * 1024 * 1024;
/// Places that the nodes of one file name.
const PLACES_MAX: usize = 250_000;
/// Values of one file that are looked at: the others are chunks of arrays by their first bytes.
const VALUES_EXAMINED_MAX: usize = 20_000;
/// How often more bytes than the file has are summed up in search of nodes.
const SUMMED_TIMES_MAX: u64 = 4;
/// Beginnings of a last node that fit its length and are tried.
const LAST_NODES_MAX: usize = 16;
/// Bytes of a description of an array.
const DESCRIPTION_BYTES_MAX: u64 = 1024 * 1024;
/// Bytes of a path of a data file, and of a key.
const PATH_BYTES_MAX: u64 = 65_535;
/// Bytes that are searched at once for the beginning of a node.
const SEARCH_BYTES: usize = 256 * 1024;

/// True when the file ends with a node.
///
/// # Errors
/// When the source can't be read.
pub fn ends_with_node(source: &dyn Source) -> io::Result<bool> {
    Ok(last_node(source, TAIL_BYTES)?.is_some())
}

/// True when the file ends with a node, which may be a large one.
///
/// # Errors
/// When the source can't be read.
pub fn ends_with_large_node(source: &dyn Source) -> io::Result<bool> {
    Ok(last_node(source, LONG_TAIL_BYTES)?.is_some())
}

/// The node that the last bytes are.
fn last_node(source: &dyn Source, tail_bytes: u64) -> io::Result<Option<u64>> {
    let start = source.size().saturating_sub(tail_bytes);
    let tail = read_up_to(source, start, tail_bytes as usize)?;
    let mut tries = 0;
    for at in memmem::rfind_iter(&tail, &TREE_NODE[..2]) {
        let Some(envelope) = envelope_in(&tail[at..], start + at as u64) else { continue };
        if envelope.end != source.size() {
            continue;
        }
        tries += 1;
        if is_sound(source, &envelope)? {
            return Ok(Some(envelope.start));
        }
        if tries == LAST_NODES_MAX {
            break;
        }
    }
    Ok(None)
}

/// Examines a manifest.
pub fn examine_manifest(source: &dyn Source, report: &mut Report<'_>) {
    report.ran("ocdbt", 1);
    report.fact(FactName::Library, "jax");
    let read = || -> Result<(Envelope, Vec<u8>), Broken> {
        let envelope = envelope_of(&read_up_to(source, 0, 14)?, 0, &MANIFEST)?;
        if envelope.end != source.size() {
            return Err(Broken::Wrong { what: "a manifest of another length", at: 4 });
        }
        if !is_sound(source, &envelope)? {
            return Err(Broken::Wrong { what: "a checksum that does not fit", at: envelope.end - 4 });
        }
        let body = body_of(source, &envelope)?;
        Ok((envelope, body))
    };
    let told = read().and_then(|(envelope, body)| {
        account(&body, report);
        let files = manifest_body(&body).map_err(|error| at_packed(error, &envelope))?;
        Ok((envelope.body.start, files))
    });
    match told {
        Ok((at, files)) => tell_paths(at, &files, report),
        Err(error) => tell(error, report),
    }
}

/// Examines a data file.
pub fn examine(source: &dyn Source, settings: &Settings, report: &mut Report<'_>) {
    report.ran("ocdbt", 1);
    report.fact(FactName::Library, "jax");
    let (mut walk, mut seen) = (Walk::new(source), Seen::default());
    if let Err(error) = walk.collect(&mut seen, settings, report) {
        return tell(error, report);
    }
    let (mut values, gaps) = walk.covered(walk.own_path());
    // Older versions of a tree lead to the same values.
    values.sort_by_key(|(_, range)| (range.start, range.end));
    values.dedup_by_key(|(_, range)| (range.start, range.end));
    for (key, range) in values {
        seen.value(key, &Window::new(source, range.start, range.end - range.start), settings, report);
    }
    seen.count.report(report);
    for gap in gaps {
        // Chunks may be told of by nodes in other files only.
        let gap = match chunks_until(source, gap.clone()) {
            Ok(end) if end == gap.end => continue,
            Ok(end) => end..gap.end,
            Err(error) => {
                report.unreadable(&error);
                gap
            }
        };
        let bytes = gap.end - gap.start;
        report.unreadable(&format_args!("{bytes} bytes from byte {} on that no node of the file speaks of", gap.start));
    }
}

/// Says what is wrong.
fn tell(error: Broken, report: &mut Report<'_>) {
    if let Broken::Wrong { what, at } = error {
        report.add(finding(&codes::STRUCTURE, report.byte(at)).with("format", "OCDBT").with("what", what));
    }
    report.unreadable(&error);
}

/// Paths that lead out of the checkpoint.
fn tell_paths(at: u64, files: &[Vec<u8>], report: &mut Report<'_>) {
    for path in files {
        let path = String::from_utf8_lossy(path);
        if path.starts_with('/')
            || path.contains('\\')
            || path.contains("://")
            || path.split('/').any(|step| step == "..")
        {
            report.add(finding(&codes::EXTERNAL_PATH, report.byte(at)).with("name", path));
        }
    }
}

/// What is around the body of a manifest or of a node.
struct Envelope {
    start: u64,
    /// The packed body.
    body: Range<u64>,
    is_packed: bool,
    end: u64,
}

/// The envelope of a node that begins with these bytes, at this place. Whether the file is long enough for it is for the caller.
fn envelope_in(bytes: &[u8], start: u64) -> Option<Envelope> {
    [TREE_NODE, VERSION_NODE].iter().find_map(|magic| envelope_of(bytes, start, magic).ok())
}

fn envelope_of(bytes: &[u8], start: u64, magic: &[u8; 4]) -> Result<Envelope, Broken> {
    let wrong = |what, at| Err(Broken::Wrong { what, at: start + at });
    let Some(head) = bytes.first_chunk::<14>() else { return Err(Broken::Short { at: start }) };
    let (found, rest) = head.split_first_chunk::<4>().unwrap_or((&[0; 4], &[]));
    let (length, flags) = rest.split_first_chunk::<8>().unwrap_or((&[0; 8], &[]));
    let length = u64::from_le_bytes(*length);
    if found != magic {
        return wrong("another kind of node", 0);
    }
    if !(ENVELOPE_BYTES_MIN..=NODE_BYTES_MAX).contains(&length) {
        return wrong("a node of no length, or one that is too large", 4);
    }
    let is_packed = match flags {
        [0, 0] => false,
        [0, 1] => true,
        [0, _] => return wrong("a compression that is not known", 13),
        _ => return wrong("a version that is not known", 12),
    };
    let end = start.saturating_add(length);
    Ok(Envelope { start, body: start + 14..end - 4, is_packed, end })
}

/// True when the checksum fits (CRC-32C, over everything before it).
fn is_sound(source: &dyn Source, envelope: &Envelope) -> io::Result<bool> {
    let (mut at, mut sum) = (envelope.start, 0);
    while at < envelope.body.end {
        let wanted = (envelope.body.end - at).min(SEARCH_BYTES as u64) as usize;
        let bytes = read_up_to(source, at, wanted)?;
        if bytes.is_empty() {
            return Ok(false);
        }
        sum = crc32c::crc32c_append(sum, &bytes);
        at += bytes.len() as u64;
    }
    Ok(read_up_to(source, at, 4)? == sum.to_le_bytes())
}

/// The body, unpacked.
fn body_of(source: &dyn Source, envelope: &Envelope) -> Result<Vec<u8>, Broken> {
    let packed = read_up_to(source, envelope.body.start, (envelope.body.end - envelope.body.start) as usize)?;
    if !envelope.is_packed {
        return Ok(packed);
    }
    let at = envelope.body.start;
    let Some(reader) = streams::zstd(packed.as_slice()) else {
        return Err(Broken::Wrong { what: "a body that is no Zstandard frame", at });
    };
    let mut body = Vec::new();
    io::Read::read_to_end(&mut io::Read::take(reader, NODE_BYTES_MAX + 1), &mut body)
        .map_err(|_| Broken::Wrong { what: "a body that can't be unpacked", at })?;
    if body.len() as u64 > NODE_BYTES_MAX {
        return Err(Broken::Wrong { what: "a body that is too large when it is unpacked", at });
    }
    Ok(body)
}

/// Counts what was unpacked. A limit that is reached is reported there.
fn account(body: &[u8], report: &mut Report<'_>) {
    // What is over the limit is a finding already; a body of 32 MiB at most does no harm.
    let _ = report.unpacked(body.len() as u64);
}

/// An error in an unpacked body, at the place where the packed one begins.
fn at_packed(error: Broken, envelope: &Envelope) -> Broken {
    match error {
        Broken::Wrong { what, .. } => Broken::Wrong { what, at: envelope.body.start },
        Broken::Short { .. } => Broken::Short { at: envelope.body.start },
        error => error,
    }
}

/// Goes through the body of a manifest: configuration, data files, versions. Returns the paths.
fn manifest_body(body: &[u8]) -> Result<Vec<Vec<u8>>, Broken> {
    let body = body.to_vec();
    let mut cursor = Cursor::new(&body);
    cursor.take::<16>()?;
    // The kind of manifest: 0 for one, 1 for numbered ones, of which this one has the configuration only.
    let kind = varint(&mut cursor)?;
    varint(&mut cursor)?;
    varint(&mut cursor)?;
    cursor.take::<1>()?;
    match varint(&mut cursor)? {
        0 => {}
        1 => drop(cursor.take::<4>()?),
        _ => return Err(cursor.wrong("a compression that is not known")),
    }
    if kind > 1 {
        return Err(cursor.wrong("a kind of manifest that is not known"));
    }
    if kind == 1 && cursor.left() == 0 {
        return Ok(Vec::new());
    }
    let files = file_table(&mut cursor)?;
    version_leaf(&mut cursor, files.len())?;
    version_children(&mut cursor, files.len(), Heights::Given)?;
    ended(&cursor)?;
    Ok(files)
}

/// A place in a data file, by the number of the file in the node's table.
type Ref = (usize, Range<u64>);

/// What a node says.
struct Node {
    files: Vec<Vec<u8>>,
    /// Nodes that it leads to.
    nodes: Vec<Ref>,
    /// Values that lie in data files, with their keys.
    values: Vec<(Vec<u8>, Ref)>,
    /// Values that lie in the node, with their keys.
    inline: Vec<(Vec<u8>, Vec<u8>)>,
}

fn tree_node(body: &[u8]) -> Result<Node, Broken> {
    let body = body.to_vec();
    let mut cursor = Cursor::new(&body);
    let [height] = cursor.take()?;
    let files = file_table(&mut cursor)?;
    let count = count(&mut cursor)?;
    let mut node = Node { files, nodes: Vec::new(), values: Vec::new(), inline: Vec::new() };
    let prefixes = numbers(&mut cursor, count.saturating_sub(1))?;
    let suffixes = numbers(&mut cursor, count)?;
    if height > 0 {
        numbers(&mut cursor, count)?;
        keys(&mut cursor, &prefixes, &suffixes)?;
        node.nodes = refs(&mut cursor, count, node.files.len())?;
        for _ in 0..3 {
            numbers(&mut cursor, count)?;
        }
    } else {
        let keys = keys(&mut cursor, &prefixes, &suffixes)?;
        let lengths = numbers(&mut cursor, count)?;
        let kinds = numbers(&mut cursor, count)?;
        if kinds.iter().any(|kind| *kind > 1) {
            return Err(cursor.wrong("a kind of value that is not known"));
        }
        let outside: Vec<usize> = (0..count).filter(|n| kinds[*n] == 1).collect();
        let ids = numbers(&mut cursor, outside.len())?;
        let offsets = numbers(&mut cursor, outside.len())?;
        for ((n, id), offset) in outside.into_iter().zip(ids).zip(offsets) {
            let place = place(&cursor, id, node.files.len(), offset, lengths[n])?;
            node.values.push((keys[n].clone(), place));
        }
        for n in (0..count).filter(|n| kinds[*n] == 0) {
            node.inline.push((keys[n].clone(), bytes(&mut cursor, lengths[n])?));
        }
    }
    ended(&cursor)?;
    Ok(node)
}

fn version_node(body: &[u8]) -> Result<Node, Broken> {
    let body = body.to_vec();
    let mut cursor = Cursor::new(&body);
    let [_, height] = cursor.take()?;
    let files = file_table(&mut cursor)?;
    let nodes = match height {
        0 => version_leaf(&mut cursor, files.len())?,
        _ => version_children(&mut cursor, files.len(), Heights::Known)?,
    };
    ended(&cursor)?;
    Ok(Node { files, nodes, values: Vec::new(), inline: Vec::new() })
}

/// Entries of a leaf of the version tree: the roots of B+trees.
fn version_leaf(cursor: &mut Cursor<'_>, files: usize) -> Result<Vec<Ref>, Broken> {
    let count = count(cursor)?;
    numbers(cursor, count)?;
    cursor.skip(count as u64)?;
    // A tree without keys has no root.
    let nodes = refs(cursor, count, files)?;
    for _ in 0..3 {
        numbers(cursor, count)?;
    }
    cursor.skip(8 * count as u64)?;
    Ok(nodes)
}

/// Whether entries of a version tree say how high what they lead to is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Heights {
    Given,
    Known,
}

fn version_children(cursor: &mut Cursor<'_>, files: usize, heights: Heights) -> Result<Vec<Ref>, Broken> {
    let count = count(cursor)?;
    numbers(cursor, count)?;
    let nodes = refs(cursor, count, files)?;
    numbers(cursor, count)?;
    cursor.skip(8 * count as u64)?;
    if heights == Heights::Given {
        cursor.skip(count as u64)?;
    }
    Ok(nodes)
}

/// The paths of data files.
fn file_table(cursor: &mut Cursor<'_>) -> Result<Vec<Vec<u8>>, Broken> {
    let count = count(cursor)?;
    let prefixes = numbers(cursor, count.saturating_sub(1))?;
    let suffixes = numbers(cursor, count)?;
    numbers(cursor, count)?;
    keys(cursor, &prefixes, &suffixes)
}

/// Texts of which each shares its beginning with the one before it.
fn keys(cursor: &mut Cursor<'_>, prefixes: &[u64], suffixes: &[u64]) -> Result<Vec<Vec<u8>>, Broken> {
    let mut all: Vec<Vec<u8>> = Vec::new();
    let mut total = 0;
    for (n, suffix) in suffixes.iter().enumerate() {
        let shared = if n == 0 { 0 } else { prefixes[n - 1] };
        total += shared.saturating_add(*suffix);
        if shared.saturating_add(*suffix) > PATH_BYTES_MAX || total > NODE_BYTES_MAX {
            return Err(cursor.wrong("a key or a path that is too long"));
        }
        let before = all.last().map_or(&[][..], Vec::as_slice);
        let Some(beginning) = before.get(..shared as usize) else {
            return Err(cursor.wrong("a key or a path that shares more than there is"));
        };
        let mut text = beginning.to_vec();
        text.extend(bytes(cursor, *suffix)?);
        all.push(text);
    }
    Ok(all)
}

fn refs(cursor: &mut Cursor<'_>, count: usize, files: usize) -> Result<Vec<Ref>, Broken> {
    let (ids, offsets, lengths) = (numbers(cursor, count)?, numbers(cursor, count)?, numbers(cursor, count)?);
    let all = ids.into_iter().zip(offsets).zip(lengths);
    let one = |((id, offset), length)| match (offset, length) {
        // What there is none of.
        (u64::MAX, _) | (_, 0) => Ok(None),
        _ => place(cursor, id, files, offset, length).map(Some),
    };
    Ok(all.map(one).collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

fn place(cursor: &Cursor<'_>, id: u64, files: usize, offset: u64, length: u64) -> Result<Ref, Broken> {
    let file = usize::try_from(id).ok().filter(|file| *file < files);
    match (file, offset.checked_add(length)) {
        (Some(file), Some(end)) => Ok((file, offset..end)),
        _ => Err(cursor.wrong("a place in a data file that is not named, or behind all bytes")),
    }
}

/// A number of things, each of which takes a byte at least.
fn count(cursor: &mut Cursor<'_>) -> Result<usize, Broken> {
    let count = varint(cursor)?;
    if count > cursor.left().min(ENTRIES_MAX) {
        return Err(cursor.wrong("more entries than the node has bytes, or too many"));
    }
    Ok(count as usize)
}

fn numbers(cursor: &mut Cursor<'_>, count: usize) -> Result<Vec<u64>, Broken> {
    (0..count).map(|_| varint(cursor)).collect()
}

fn bytes(cursor: &mut Cursor<'_>, length: u64) -> Result<Vec<u8>, Broken> {
    let at = cursor.position();
    cursor.skip(length)?;
    Ok(read_up_to(cursor.source(), at, length as usize)?)
}

fn ended(cursor: &Cursor<'_>) -> Result<(), Broken> {
    if cursor.left() == 0 { Ok(()) } else { Err(cursor.wrong("bytes behind the last entry of a node")) }
}

/// What was found in a data file.
struct Walk<'a> {
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
    fn new(source: &'a dyn Source) -> Self {
        let (nodes, numbers) = (BTreeMap::new(), BTreeMap::new());
        Self { source, nodes, numbers, nodes_said: Vec::new(), values: Vec::new(), unpacked: 0, summed: 0 }
    }

    /// Reads all nodes: the last one, those that nodes lead to, and those that lie in what is not told of by then.
    fn collect(&mut self, seen: &mut Seen, settings: &Settings, report: &mut Report<'_>) -> Result<(), Broken> {
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
    fn own_path(&self) -> Option<usize> {
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
    fn covered(&self, own: Option<usize>) -> (Vec<(&[u8], Range<u64>)>, Vec<Range<u64>>) {
        let values = self.values.iter().filter(|(_, (file, _))| own == Some(*file));
        let values: Vec<(&[u8], Range<u64>)> =
            values.map(|(key, (_, range))| (key.as_slice(), range.clone())).collect();
        let mut told: Vec<Range<u64>> = self.nodes.iter().map(|(start, end)| *start..*end).collect();
        told.extend(values.iter().map(|(_, range)| range.clone()));
        told.sort_by_key(|range| (range.start, range.end));
        let (mut gaps, mut end) = (Vec::new(), 0);
        for range in told.into_iter().chain([self.source.size()..self.source.size()]) {
            if range.start > end {
                gaps.push(end..range.start);
            }
            end = end.max(range.end);
        }
        (values, gaps)
    }
}

/// What the values add up to.
#[derive(Default)]
struct Seen {
    count: tensors::Count,
    examined: usize,
}

impl Seen {
    fn value(&mut self, key: &[u8], value: &dyn Source, settings: &Settings, report: &mut Report<'_>) {
        let head = match read_up_to(value, 0, 16) {
            Ok(head) => head,
            Err(error) => return report.unreadable(&error),
        };
        if is_packed_chunk(&head, value.size()) {
            return;
        }
        self.examined += 1;
        if self.examined > VALUES_EXAMINED_MAX {
            if self.examined == VALUES_EXAMINED_MAX + 1 {
                report.over("ocdbt_values_examined_max", VALUES_EXAMINED_MAX as u64);
            }
            return;
        }
        // A chunk that is not packed is numbers, and is nothing.
        let is_something = match recognise(value) {
            // Numbers may well begin as a pickle of the first two protocols, and nothing reads a value as one.
            Ok(kind) if kind == kinds::PICKLE => head.starts_with(b"\x80"),
            Ok(kind) => kind != UNKNOWN && kind != kinds::EMPTY && !streams::is_stream(&kind),
            Err(error) => return report.unreadable(&error),
        };
        if !is_something {
            return;
        }
        self.description(value);
        if report.enter(&String::from_utf8_lossy(key)).is_ok() {
            examine_member(value, settings, report);
        }
        report.leave();
    }

    /// Counts the array that zarr describes (`.zarray` of version 2, `zarr.json` of version 3).
    fn description(&mut self, value: &dyn Source) {
        let Ok(text) = read_up_to(value, 0, value.size().min(DESCRIPTION_BYTES_MAX) as usize) else { return };
        let Ok(array) = serde_json::from_slice::<serde_json::Value>(&text) else { return };
        let Some(shape) = array.get("shape").and_then(|shape| shape.as_array()) else { return };
        let Some(name) = array.get("dtype").or_else(|| array.get("data_type")).and_then(|name| name.as_str()) else {
            return;
        };
        let sizes = shape.iter().take(tensors::DIMENSIONS_MAX as usize).filter_map(serde_json::Value::as_u64);
        self.count.add(
            tensors::numpy_name(name.trim_start_matches(['<', '>', '|', '='])),
            sizes.fold(1, u64::saturating_mul),
        );
    }
}

/// True for the first bytes of a chunk that zarr has packed: Zstandard, or Blosc with its own length in it.
fn is_packed_chunk(head: &[u8], size: u64) -> bool {
    let length = || head.get(12..16).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes);
    head.starts_with(b"\x28\xb5\x2f\xfd")
        || (matches!(head.first(), Some(1..=5)) && length().is_some_and(|length| u64::from(length) == size))
}

/// Where the packed chunks of arrays end that follow one another from the beginning of this part on: frames of Zstandard, each
/// perhaps with the index of a shard of one chunk behind it (Zarr 3, sharding-indexed codec: its offset, its length, and the
/// CRC-32C of the two).
fn chunks_until(source: &dyn Source, part: Range<u64>) -> io::Result<u64> {
    let mut at = part.start;
    while let Some(end) = frame_end(source, at, part.end)? {
        let index = read_up_to(source, end, 20.min((part.end - end) as usize))?;
        let is_index = index.split_last_chunk::<4>().is_some_and(|(index, sum)| {
            index == [0_u64.to_le_bytes(), (end - at).to_le_bytes()].concat()
                && crc32c::crc32c(index).to_le_bytes() == *sum
        });
        at = if is_index { end + 20 } else { end };
    }
    Ok(at)
}

/// Where the Zstandard frame ends that begins there (RFC 8878, section 3.1.1), by the sizes of its blocks.
fn frame_end(source: &dyn Source, start: u64, limit: u64) -> io::Result<Option<u64>> {
    let head = read_up_to(source, start, 5)?;
    let [0x28, 0xb5, 0x2f, 0xfd, flags] = *head.as_slice() else { return Ok(None) };
    let is_single = flags >> 5 & 1 == 1;
    let dictionary = [0, 1, 2, 4][usize::from(flags & 3)];
    let size = [u64::from(is_single), 2, 4, 8][usize::from(flags >> 6)];
    let mut at = start + 5 + u64::from(!is_single) + dictionary + size;
    loop {
        let block = read_up_to(source, at, 3)?;
        let [a, b, c] = *block.as_slice() else { return Ok(None) };
        let block = u32::from_le_bytes([a, b, c, 0]);
        let bytes = match block >> 1 & 3 {
            0 | 2 => u64::from(block >> 3),
            1 => 1,
            _ => return Ok(None),
        };
        at += 3 + bytes;
        if at > limit {
            return Ok(None);
        }
        if block & 1 == 1 {
            let end = at + 4 * u64::from(flags >> 2 & 1);
            return Ok((end <= limit).then_some(end));
        }
    }
}
