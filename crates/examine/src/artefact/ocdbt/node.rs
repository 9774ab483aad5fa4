//! Nodes and manifests: the envelope, and what is in it.

use std::io;
use std::ops::Range;

use memchr::memmem;

use crate::artefact::cursor::{Broken, Cursor};
use crate::artefact::streams;
use crate::artefact::wire::varint;
use crate::report::Report;
use crate::source::{Source, read_up_to};

/// How a manifest begins.
pub const MANIFEST: [u8; 4] = 0x0cdb_3a2a_u32.to_be_bytes();
pub(super) const TREE_NODE: [u8; 4] = 0x0cdb_20de_u32.to_be_bytes();
pub(super) const VERSION_NODE: [u8; 4] = 0x0cdb_1234_u32.to_be_bytes();
/// Magic, length, version, compression, checksum.
pub(super) const ENVELOPE_BYTES_MIN: u64 = 4 + 8 + 1 + 1 + 4;
/// Bytes of one node, as it lies there and unpacked. Writers keep to 8 MiB unless they are told otherwise.
pub(super) const NODE_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Entries of one node.
pub(super) const ENTRIES_MAX: u64 = 200_000;
/// Beginnings of a last node that fit its length and are tried.
pub(super) const LAST_NODES_MAX: usize = 16;
/// Bytes of a path of a data file, and of a key.
pub(super) const PATH_BYTES_MAX: u64 = 65_535;
/// Bytes that are searched at once for the beginning of a node.
pub(super) const SEARCH_BYTES: usize = 256 * 1024;

/// The node that the last bytes are.
pub(super) fn last_node(source: &dyn Source, tail_bytes: u64) -> io::Result<Option<u64>> {
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

/// What is around the body of a manifest or of a node.
pub(super) struct Envelope {
    pub(super) start: u64,
    /// The packed body.
    pub(super) body: Range<u64>,
    pub(super) is_packed: bool,
    pub(super) end: u64,
}

/// The envelope of a node that begins with these bytes, at this place. Whether the file is long enough for it is for the caller.
pub(super) fn envelope_in(bytes: &[u8], start: u64) -> Option<Envelope> {
    [TREE_NODE, VERSION_NODE].iter().find_map(|magic| envelope_of(bytes, start, magic).ok())
}

pub(super) fn envelope_of(bytes: &[u8], start: u64, magic: &[u8; 4]) -> Result<Envelope, Broken> {
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
pub(super) fn is_sound(source: &dyn Source, envelope: &Envelope) -> io::Result<bool> {
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
pub(super) fn body_of(source: &dyn Source, envelope: &Envelope) -> Result<Vec<u8>, Broken> {
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
pub(super) fn account(body: &[u8], report: &mut Report<'_>) {
    // What is over the limit is a finding already; a body of 32 MiB at most does no harm.
    let _ = report.unpacked(body.len() as u64);
}

/// An error in an unpacked body, at the place where the packed one begins.
pub(super) fn at_packed(error: Broken, envelope: &Envelope) -> Broken {
    match error {
        Broken::Wrong { what, .. } => Broken::Wrong { what, at: envelope.body.start },
        Broken::Short { .. } => Broken::Short { at: envelope.body.start },
        error => error,
    }
}

/// Goes through the body of a manifest: configuration, data files, versions. Returns the paths.
pub(super) fn manifest_body(body: &[u8]) -> Result<Vec<Vec<u8>>, Broken> {
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
pub(super) type Ref = (usize, Range<u64>);

/// What a node says.
pub(super) struct Node {
    pub(super) files: Vec<Vec<u8>>,
    /// Nodes that it leads to.
    pub(super) nodes: Vec<Ref>,
    /// Values that lie in data files, with their keys.
    pub(super) values: Vec<(Vec<u8>, Ref)>,
    /// Values that lie in the node, with their keys.
    pub(super) inline: Vec<(Vec<u8>, Vec<u8>)>,
}

pub(super) fn tree_node(body: &[u8]) -> Result<Node, Broken> {
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

pub(super) fn version_node(body: &[u8]) -> Result<Node, Broken> {
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
pub(super) fn version_leaf(cursor: &mut Cursor<'_>, files: usize) -> Result<Vec<Ref>, Broken> {
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
pub(super) enum Heights {
    Given,
    Known,
}

pub(super) fn version_children(cursor: &mut Cursor<'_>, files: usize, heights: Heights) -> Result<Vec<Ref>, Broken> {
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
pub(super) fn file_table(cursor: &mut Cursor<'_>) -> Result<Vec<Vec<u8>>, Broken> {
    let count = count(cursor)?;
    let prefixes = numbers(cursor, count.saturating_sub(1))?;
    let suffixes = numbers(cursor, count)?;
    numbers(cursor, count)?;
    keys(cursor, &prefixes, &suffixes)
}

/// Texts of which each shares its beginning with the one before it.
pub(super) fn keys(cursor: &mut Cursor<'_>, prefixes: &[u64], suffixes: &[u64]) -> Result<Vec<Vec<u8>>, Broken> {
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

pub(super) fn refs(cursor: &mut Cursor<'_>, count: usize, files: usize) -> Result<Vec<Ref>, Broken> {
    let (ids, offsets, lengths) = (numbers(cursor, count)?, numbers(cursor, count)?, numbers(cursor, count)?);
    let all = ids.into_iter().zip(offsets).zip(lengths);
    let one = |((id, offset), length)| match (offset, length) {
        // What there is none of.
        (u64::MAX, _) | (_, 0) => Ok(None),
        _ => place(cursor, id, files, offset, length).map(Some),
    };
    Ok(all.map(one).collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

pub(super) fn place(cursor: &Cursor<'_>, id: u64, files: usize, offset: u64, length: u64) -> Result<Ref, Broken> {
    let file = usize::try_from(id).ok().filter(|file| *file < files);
    match (file, offset.checked_add(length)) {
        (Some(file), Some(end)) => Ok((file, offset..end)),
        _ => Err(cursor.wrong("a place in a data file that is not named, or behind all bytes")),
    }
}

/// A number of things, each of which takes a byte at least.
pub(super) fn count(cursor: &mut Cursor<'_>) -> Result<usize, Broken> {
    let count = varint(cursor)?;
    if count > cursor.left().min(ENTRIES_MAX) {
        return Err(cursor.wrong("more entries than the node has bytes, or too many"));
    }
    Ok(count as usize)
}

pub(super) fn numbers(cursor: &mut Cursor<'_>, count: usize) -> Result<Vec<u64>, Broken> {
    (0..count).map(|_| varint(cursor)).collect()
}

pub(super) fn bytes(cursor: &mut Cursor<'_>, length: u64) -> Result<Vec<u8>, Broken> {
    let at = cursor.position();
    cursor.skip(length)?;
    Ok(read_up_to(cursor.source(), at, length as usize)?)
}

pub(super) fn ended(cursor: &Cursor<'_>) -> Result<(), Broken> {
    if cursor.left() == 0 { Ok(()) } else { Err(cursor.wrong("bytes behind the last entry of a node")) }
}
