//! The objects of an HDF5 file: are all of them inside of it? (HDF5 File Format Specification 3.0, parts II to IV.)
//!
//! Groups, links and object headers are followed from the root. Numbers and attributes are not read.

use std::collections::HashSet;

use crate::artefact::cursor::{Broken, Cursor};
use crate::source::Source;

/// Objects, blocks and nodes of one file.
const BLOCKS_MAX: usize = 200_000;
/// Messages of one block of a header.
const MESSAGES_MAX: usize = 65_536;
/// Messages of one file: blocks may overlap.
const ALL_MESSAGES_MAX: usize = 1_000_000;
/// An address that stands for none, in eight bytes.
const UNDEFINED: u64 = u64::MAX;

/// Something that lies in another file, by the name that this one gives it.
pub type Outside = String;

/// Follows all objects from the root. `Ok(None)` when everything lies in the file.
///
/// # Errors
/// When the structure is damaged, or of a sort that is not followed.
pub fn outside(source: &dyn Source, superblock: u64) -> Result<Option<Outside>, Broken> {
    let mut walk = Walk {
        source,
        offset_bytes: 8,
        length_bytes: 8,
        base: 0,
        pending: Vec::new(),
        seen: HashSet::new(),
        messages: 0,
    };
    let root = walk.root(superblock)?;
    walk.pending.push(Block::Header(root));
    while let Some(block) = walk.pending.pop() {
        if !walk.seen.insert(block) {
            continue;
        }
        if walk.seen.len() > BLOCKS_MAX {
            return Err(walk.at(0).wrong("more objects than are followed"));
        }
        let found = match block {
            Block::Header(at) => walk.header(at)?,
            Block::Messages { start, length, version } => walk.messages(start, length, version)?,
            Block::Tree(at) => walk.tree(at).map(|()| None)?,
            Block::Symbols(at) => walk.symbols(at).map(|()| None)?,
        };
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// The form of an object header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Version {
    One,
    Two { creation_order: bool },
}

/// A part of the file that is to be followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Block {
    Header(u64),
    Messages { start: u64, length: u64, version: Version },
    Tree(u64),
    Symbols(u64),
}

struct Walk<'a> {
    source: &'a dyn Source,
    offset_bytes: u8,
    length_bytes: u8,
    base: u64,
    pending: Vec<Block>,
    seen: HashSet<Block>,
    messages: usize,
}

impl<'a> Walk<'a> {
    fn at(&self, offset: u64) -> Cursor<'a> {
        Cursor::within(self.source, offset, self.source.size())
    }

    /// The address of the root's header, from the superblock.
    fn root(&mut self, superblock: u64) -> Result<u64, Broken> {
        let mut cursor = self.at(superblock);
        cursor.skip(8)?;
        let version = cursor.byte()?;
        if version > 3 {
            return Err(cursor.wrong("a version of the superblock that is not known"));
        }
        if version < 2 {
            cursor.skip(4)?;
        }
        (self.offset_bytes, self.length_bytes) = (cursor.byte()?, cursor.byte()?);
        if ![4, 8].contains(&self.offset_bytes) || ![4, 8].contains(&self.length_bytes) {
            return Err(cursor.wrong("a size of addresses that is not known"));
        }
        cursor.skip(match version {
            0 => 9,
            1 => 13,
            _ => 1,
        })?;
        self.base = self.number(&mut cursor, self.offset_bytes)?;
        // Free space, or the extension of the superblock.
        cursor.skip(u64::from(self.offset_bytes))?;
        let end = self.address(&mut cursor)?;
        if end != UNDEFINED && end > self.source.size() {
            return Err(cursor.wrong("it is shorter than it says"));
        }
        // Before version 2, the driver and the name of the root.
        let between = if version < 2 { 2 } else { 0 };
        cursor.skip(between * u64::from(self.offset_bytes))?;
        self.address(&mut cursor)
    }

    fn number(&self, cursor: &mut Cursor<'_>, bytes: u8) -> Result<u64, Broken> {
        if bytes == 4 {
            let small = u32::from_le_bytes(cursor.take()?);
            return Ok(if small == u32::MAX { UNDEFINED } else { u64::from(small) });
        }
        Ok(u64::from_le_bytes(cursor.take()?))
    }

    /// An address, as an offset in the source.
    fn address(&self, cursor: &mut Cursor<'_>) -> Result<u64, Broken> {
        let address = self.number(cursor, self.offset_bytes)?;
        Ok(if address == UNDEFINED { UNDEFINED } else { address.saturating_add(self.base) })
    }

    fn header(&mut self, at: u64) -> Result<Option<Outside>, Broken> {
        let mut cursor = self.at(at);
        let first: [u8; 4] = cursor.take()?;
        if first[0] == 1 && first[1] == 0 {
            cursor.skip(4)?;
            let length = u64::from(u32::from_le_bytes(cursor.take()?));
            return self.messages(at + 16, length, Version::One);
        }
        if &first != b"OHDR" || cursor.byte()? != 2 {
            return Err(cursor.wrong("no object header"));
        }
        let flags = cursor.byte()?;
        cursor.skip(if flags & 0x20 != 0 { 16 } else { 0 } + if flags & 0x10 != 0 { 4 } else { 0 })?;
        let length = sized(&mut cursor, flags & 3)?;
        let version = Version::Two { creation_order: flags & 4 != 0 };
        self.messages(cursor.position(), length, version)
    }

    /// Goes through the messages of one block of a header.
    fn messages(&mut self, start: u64, length: u64, version: Version) -> Result<Option<Outside>, Broken> {
        let end = start.saturating_add(length);
        let head_bytes = match version {
            Version::One => 8,
            Version::Two { creation_order } => 4 + if creation_order { 2 } else { 0 },
        };
        let mut cursor = Cursor::within(self.source, start, end.min(self.source.size()));
        for _ in 0..MESSAGES_MAX {
            if cursor.left() < head_bytes {
                return Ok(None);
            }
            self.messages += 1;
            if self.messages > ALL_MESSAGES_MAX {
                return Err(cursor.wrong("more messages than are followed"));
            }
            let kind = match version {
                Version::One => u64::from(u16::from_le_bytes(cursor.take()?)),
                Version::Two { .. } => u64::from(cursor.byte()?),
            };
            let size = u64::from(u16::from_le_bytes(cursor.take()?));
            cursor.skip(head_bytes - if version == Version::One { 4 } else { 3 })?;
            let data = cursor.position();
            let found = self.message(kind, data, size, version)?;
            if found.is_some() {
                return Ok(found);
            }
            cursor.skip(size)?;
        }
        Err(cursor.wrong("too many messages in a header"))
    }

    fn message(&mut self, kind: u64, data: u64, size: u64, version: Version) -> Result<Option<Outside>, Broken> {
        let mut cursor = Cursor::within(self.source, data, data.saturating_add(size));
        match kind {
            0x02 => self.link_info(&mut cursor)?,
            0x06 => return self.link(&mut cursor),
            0x07 => return Ok(Some("external storage".to_owned())),
            // Data layout: the third class is a virtual data set, made of others.
            0x08 if size > 1 => {
                let (layout, class) = (cursor.byte()?, cursor.byte()?);
                if layout >= 3 && class == 3 {
                    return Ok(Some("virtual data set".to_owned()));
                }
            }
            0x10 => {
                let start = self.address(&mut cursor)?;
                let length = self.number(&mut cursor, self.length_bytes)?;
                let block = match version {
                    Version::One => Block::Messages { start, length, version },
                    // A signature in front and a checksum behind.
                    Version::Two { .. } => {
                        Block::Messages { start: start.saturating_add(4), length: length.saturating_sub(8), version }
                    }
                };
                self.pending.push(block);
            }
            0x11 => {
                let tree = self.address(&mut cursor)?;
                self.pending.push(Block::Tree(tree));
            }
            _ => {}
        }
        Ok(None)
    }

    /// Links of a large group lie in a heap that is not followed.
    fn link_info(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Broken> {
        cursor.skip(1)?;
        let flags = cursor.byte()?;
        cursor.skip(if flags & 1 != 0 { 8 } else { 0 })?;
        if self.address(cursor)? == UNDEFINED { Ok(()) } else { Err(cursor.wrong("links in a heap are not followed")) }
    }

    fn link(&mut self, cursor: &mut Cursor<'_>) -> Result<Option<Outside>, Broken> {
        cursor.skip(1)?;
        let flags = cursor.byte()?;
        let kind = if flags & 8 != 0 { cursor.byte()? } else { 0 };
        cursor.skip(if flags & 4 != 0 { 8 } else { 0 } + if flags & 16 != 0 { 1 } else { 0 })?;
        let name = sized(cursor, flags & 3)?;
        cursor.skip(name)?;
        match kind {
            0 => {
                let header = self.address(cursor)?;
                self.pending.push(Block::Header(header));
                Ok(None)
            }
            1 => Ok(None),
            64 => {
                let length = u64::from(u16::from_le_bytes(cursor.take()?));
                let value = cursor.bytes(length)?;
                let file = value.get(1..).unwrap_or_default().split(|b| *b == 0).next().unwrap_or_default();
                Ok(Some(String::from_utf8_lossy(file).into_owned()))
            }
            _ => Err(cursor.wrong("a link of a user's own sort")),
        }
    }

    /// A node of the tree over the members of a group.
    fn tree(&mut self, at: u64) -> Result<(), Broken> {
        let mut cursor = self.at(at);
        let head: [u8; 8] = cursor.take()?;
        if &head[..4] != b"TREE" || head[4] != 0 {
            return Err(cursor.wrong("no tree of a group"));
        }
        let entries = u16::from_le_bytes([head[6], head[7]]);
        cursor.skip(2 * u64::from(self.offset_bytes))?;
        for _ in 0..entries {
            cursor.skip(u64::from(self.length_bytes))?;
            let child = self.address(&mut cursor)?;
            self.pending.push(if head[5] == 0 { Block::Symbols(child) } else { Block::Tree(child) });
        }
        Ok(())
    }

    /// A leaf: members with their headers.
    fn symbols(&mut self, at: u64) -> Result<(), Broken> {
        let mut cursor = self.at(at);
        let head: [u8; 8] = cursor.take()?;
        if &head[..4] != b"SNOD" {
            return Err(cursor.wrong("no leaf of a group"));
        }
        for _ in 0..u16::from_le_bytes([head[6], head[7]]) {
            cursor.skip(u64::from(self.offset_bytes))?;
            let header = self.address(&mut cursor)?;
            let cached = u32::from_le_bytes(cursor.take()?);
            cursor.skip(20)?;
            // 2 is a symbolic link within the file, without a header.
            if cached != 2 {
                self.pending.push(Block::Header(header));
            }
        }
        Ok(())
    }
}

/// A number in 1, 2, 4 or 8 bytes.
fn sized(cursor: &mut Cursor<'_>, power: u8) -> Result<u64, Broken> {
    Ok(match power {
        0 => u64::from(cursor.byte()?),
        1 => u64::from(u16::from_le_bytes(cursor.take()?)),
        2 => u64::from(u32::from_le_bytes(cursor.take()?)),
        _ => u64::from_le_bytes(cursor.take()?),
    })
}
