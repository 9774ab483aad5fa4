//! What is in manifests and nodes (OCDBT specification, "Storage format"): columns of numbers and keys, one after the other.

use crate::artefact::cursor::{Broken, Cursor};
use crate::artefact::wire;
use crate::source::Source;

/// Entries of one node (`kMaxNodeArity`).
const ENTRIES_MAX: u64 = 1024 * 1024;
/// Bytes of a key, or of a path (`kMaxKeyLength`, `kMaxPathLength`).
const NAME_BYTES_MAX: usize = u16::MAX as usize;
/// Bytes of a value that lies in its node (`kMaxInlineValueLength`).
const INLINE_BYTES_MAX: u64 = 1024 * 1024;
/// Files that one node refers to.
const FILES_MAX: u64 = 65_536;
/// Bytes of all paths of one node, written out.
pub const PATHS_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Versions of one node, as a power of two (`kMaxVersionTreeArityLog2`).
const ARITY_LOG2_MAX: u8 = 16;
/// Nodes of older versions that a manifest refers to: one a height (`GetMaxVersionTreeHeight`).
const HEIGHTS_MAX: u64 = 64;

/// Where a value lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct There {
    /// The number of the file in the node's list.
    pub file: u32,
    /// Offset in that file.
    pub offset: u64,
    /// Bytes.
    pub length: u64,
}

/// A value, or where it is.
pub enum Value {
    /// The bytes themselves.
    Inline(Vec<u8>),
    /// In a file of data.
    There(There),
}

/// The paths of a node's list of files, and then its keys with their values.
pub trait Sink {
    /// The list, before any value.
    fn files(&mut self, paths: Vec<Vec<u8>>);
    /// A key and its value.
    fn value(&mut self, key: &[u8], value: Value);
}

/// Reads a manifest.
///
/// # Errors
/// [`Broken`] when it is none.
pub fn manifest(content: &dyn Source) -> Result<(), Broken> {
    let mut cursor = Cursor::new(content);
    // A number of the database.
    cursor.skip(16)?;
    let sort = cursor.byte()?;
    // The largest sizes of values in nodes, and of nodes.
    wire::varint(&mut cursor)?;
    wire::varint(&mut cursor)?;
    let arity_log2 = arity_log2(&mut cursor)?;
    match wire::varint(&mut cursor)? {
        0 => {}
        1 => cursor.skip(4)?,
        _ => return Err(cursor.wrong("a compression that does not exist")),
    }
    match sort {
        0 => {
            let files = files(&mut cursor)?.len();
            roots(&mut cursor, 1 << arity_log2, files)?;
            let count = older(&mut cursor, HEIGHTS_MAX, files)?;
            cursor.skip(count)?;
        }
        // The configuration alone: the versions stand in manifests with numbers.
        1 => {}
        _ => return Err(cursor.wrong("a manifest of a sort that does not exist")),
    }
    at_end(&cursor)
}

/// Reads a node of versions.
///
/// # Errors
/// [`Broken`] when it is none.
pub fn versions(content: &dyn Source) -> Result<(), Broken> {
    let mut cursor = Cursor::new(content);
    let arity_log2 = arity_log2(&mut cursor)?;
    let height = cursor.byte()?;
    let files = files(&mut cursor)?.len();
    if height == 0 {
        roots(&mut cursor, 1 << arity_log2, files)?;
    } else {
        older(&mut cursor, 1 << arity_log2, files)?;
    }
    at_end(&cursor)
}

/// Reads a node of keys.
///
/// # Errors
/// [`Broken`] when it is none.
pub fn tree(content: &dyn Source, sink: &mut dyn Sink) -> Result<(), Broken> {
    let mut cursor = Cursor::new(content);
    let height = cursor.byte()?;
    let paths = files(&mut cursor)?;
    let files = paths.len();
    sink.files(paths);
    let count = wire::varint(&mut cursor)?;
    if count == 0 || count > ENTRIES_MAX || count > cursor.left() {
        return Err(cursor.wrong("a number of keys that no node has"));
    }
    let mut shared = vec![0];
    shared.extend(lengths(&mut cursor, count - 1)?);
    let own = lengths(&mut cursor, count)?;
    if height > 0 {
        // How much of each key is left out below it.
        lengths(&mut cursor, count)?;
        keys(&mut cursor, &shared, &own, |_, _| {})?;
        references(&mut cursor, count, files)?;
        statistics(&mut cursor, count)?;
    } else {
        let at = cursor.position();
        // The values stand behind all keys, so that the keys are gone through twice.
        keys(&mut cursor, &shared, &own, |_, _| {})?;
        let mut values = Values::read(&mut cursor, count, files)?;
        let end = values.end;
        let mut again = Cursor::within(content, at, content.size());
        let mut broken = None;
        keys(&mut again, &shared, &own, |key, number| match values.next(number) {
            Ok(value) => sink.value(key, value),
            Err(e) => broken = broken.take().or(Some(e)),
        })?;
        if let Some(e) = broken {
            return Err(e);
        }
        cursor = Cursor::within(content, end, content.size());
    }
    at_end(&cursor)
}

/// The values of a node: the length of each, the file and the offset of those that lie elsewhere, and where in the content
/// the others follow each other.
struct Values<'a> {
    inline: Cursor<'a>,
    lengths: Vec<u64>,
    there: Vec<Option<(u32, u64)>>,
    end: u64,
}

impl<'a> Values<'a> {
    fn read(cursor: &mut Cursor<'a>, count: u64, files: usize) -> Result<Self, Broken> {
        let lengths = (0..count).map(|_| wire::varint(cursor)).collect::<Result<Vec<_>, _>>()?;
        let mut there = vec![None; lengths.len()];
        for (place, length) in there.iter_mut().zip(&lengths) {
            *place = match cursor.byte()? {
                0 if *length > INLINE_BYTES_MAX => return Err(cursor.wrong("a value too long for a node")),
                0 => None,
                1 => Some((0, 0)),
                _ => return Err(cursor.wrong("a value of a sort that does not exist")),
            };
        }
        for (number, _) in there.iter_mut().flatten() {
            *number = file(cursor, files)?;
        }
        for (place, length) in there.iter_mut().zip(&lengths) {
            let Some((_, offset)) = place else { continue };
            *offset = wire::varint(cursor)?;
            if offset.checked_add(*length).is_none() {
                return Err(cursor.wrong("a value that lies nowhere"));
            }
        }
        let inline = Cursor::within(cursor.source(), cursor.position(), cursor.source().size());
        let inside: u64 = lengths.iter().zip(&there).filter(|(_, there)| there.is_none()).map(|(n, _)| *n).sum();
        cursor.skip(inside)?;
        Ok(Self { inline, lengths, there, end: cursor.position() })
    }

    fn next(&mut self, number: usize) -> Result<Value, Broken> {
        let length = self.lengths[number];
        Ok(match self.there[number] {
            Some((file, offset)) => Value::There(There { file, offset, length }),
            None => Value::Inline(self.inline.bytes(length)?),
        })
    }
}

/// Puts each key together from what it shares with the one before, and the rest. `each` gets the key and its number.
fn keys(
    cursor: &mut Cursor<'_>,
    shared: &[u16],
    own: &[u16],
    mut each: impl FnMut(&[u8], usize),
) -> Result<(), Broken> {
    let mut key = Vec::new();
    for (number, (shared, own)) in shared.iter().zip(own).enumerate() {
        let shared = usize::from(*shared);
        if shared > key.len() || shared + usize::from(*own) > NAME_BYTES_MAX {
            return Err(cursor.wrong("a key that shares more than there is"));
        }
        let rest = cursor.bytes(u64::from(*own))?;
        if number > 0 && key[shared..] >= rest[..] {
            return Err(cursor.wrong("keys that are not in their order"));
        }
        key.truncate(shared);
        key.extend_from_slice(&rest);
        each(&key, number);
    }
    Ok(())
}

/// The list of files: what each path shares with the one before, the length of the rest, the length of its folder, the rest.
fn files(cursor: &mut Cursor<'_>) -> Result<Vec<Vec<u8>>, Broken> {
    let count = wire::varint(cursor)?;
    if count > FILES_MAX || count > cursor.left() {
        return Err(cursor.wrong("more files than a node refers to"));
    }
    if count == 0 {
        return Ok(Vec::new());
    }
    let mut shared = vec![0];
    shared.extend(lengths(cursor, count - 1)?);
    let own = lengths(cursor, count)?;
    let folders = lengths(cursor, count)?;
    let (mut paths, mut bytes) = (Vec::<Vec<u8>>::new(), 0);
    for ((shared, own), folder) in shared.iter().zip(&own).zip(&folders) {
        let before = paths.last().map_or(&[][..], Vec::as_slice);
        let (shared, length) = (usize::from(*shared), usize::from(*shared) + usize::from(*own));
        bytes += length;
        let wrong = shared > before.len() || usize::from(*folder) > length;
        if wrong || length > NAME_BYTES_MAX || bytes > PATHS_BYTES_MAX {
            return Err(cursor.wrong("a path that shares more than there is, or is too long"));
        }
        let path = [&before[..shared], &cursor.bytes(u64::from(*own))?].concat();
        paths.push(path);
    }
    Ok(paths)
}

/// A column of lengths of names.
fn lengths(cursor: &mut Cursor<'_>, count: u64) -> Result<Vec<u16>, Broken> {
    let read = (0..count)
        .map(|_| wire::varint(cursor).and_then(|n| n.try_into().map_err(|_| cursor.wrong("a name that is too long"))));
    read.collect()
}

/// The newest versions: a number, the height of the tree, its root, the time.
fn roots(cursor: &mut Cursor<'_>, count_max: u64, files: usize) -> Result<(), Broken> {
    let count = entries(cursor, count_max)?;
    if count == 0 {
        return Err(cursor.wrong("no version"));
    }
    numbers(cursor, count)?;
    cursor.skip(count)?;
    // The root of an empty tree lies nowhere.
    for _ in 0..count {
        file(cursor, files)?;
    }
    numbers(cursor, 2 * count)?;
    statistics(cursor, count)?;
    cursor.skip(8 * count)
}

/// Nodes of older versions: a number, where it is, how many there are in it, the time. Returns how many.
fn older(cursor: &mut Cursor<'_>, count_max: u64, files: usize) -> Result<u64, Broken> {
    let count = entries(cursor, count_max)?;
    numbers(cursor, count)?;
    references(cursor, count, files)?;
    numbers(cursor, count)?;
    cursor.skip(8 * count)?;
    Ok(count)
}

fn entries(cursor: &mut Cursor<'_>, count_max: u64) -> Result<u64, Broken> {
    match wire::varint(cursor)? {
        count if count > count_max => Err(cursor.wrong("more versions than a node has")),
        count => Ok(count),
    }
}

/// Where nodes lie: a column of files, of offsets, of lengths.
fn references(cursor: &mut Cursor<'_>, count: u64, files: usize) -> Result<(), Broken> {
    for _ in 0..count {
        file(cursor, files)?;
    }
    let offsets = (0..count).map(|_| wire::varint(cursor)).collect::<Result<Vec<_>, _>>()?;
    for offset in offsets {
        if offset.checked_add(wire::varint(cursor)?).is_none() {
            return Err(cursor.wrong("a node that lies nowhere"));
        }
    }
    Ok(())
}

/// Numbers of keys, bytes of nodes, bytes of values.
fn statistics(cursor: &mut Cursor<'_>, count: u64) -> Result<(), Broken> {
    numbers(cursor, 3 * count)
}

fn numbers(cursor: &mut Cursor<'_>, count: u64) -> Result<(), Broken> {
    (0..count).try_for_each(|_| wire::varint(cursor).map(drop))
}

fn file(cursor: &mut Cursor<'_>, files: usize) -> Result<u32, Broken> {
    let number = wire::varint(cursor)?;
    let listed = u32::try_from(number).ok().filter(|_| number < files as u64);
    listed.ok_or_else(|| cursor.wrong("a file that is not in the list"))
}

fn arity_log2(cursor: &mut Cursor<'_>) -> Result<u8, Broken> {
    match cursor.byte()? {
        log2 @ 1..=ARITY_LOG2_MAX => Ok(log2),
        _ => Err(cursor.wrong("a number of versions that no node has")),
    }
}

fn at_end(cursor: &Cursor<'_>) -> Result<(), Broken> {
    if cursor.left() == 0 { Ok(()) } else { Err(cursor.wrong("bytes behind the content")) }
}
