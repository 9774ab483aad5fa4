//! 7z archives (7zFormat.txt of the LZMA SDK): members packed alone or many in one block.
//!
//! The directory lies at the end, mostly packed itself, so its size is looked at before anything is unpacked. Every block
//! is bounded in the memory that its decoders take, every member in its size.

use std::io::{BufReader, Read};

use sevenz_rust2::{Archive, ArchiveEntry, Block, BlockDecoder, EncoderMethod, Error, Password};

use crate::artefact::cursor::{Broken, Cursor};
use crate::artefact::unpack::{End, unpack};
use crate::artefact::{codes, names, streams};
use crate::catalogue::finding;
use crate::codes::ENCRYPTED;
use crate::recognise::kinds;
use crate::report::Report;
use crate::source::{Source, SourceReader};
use crate::{Settings, examine_member};

/// Bytes of the header in front: signature, version, where the directory lies.
const START_BYTES: u64 = 32;
/// Bytes of the directory, unpacked. Each may stand for an entry of some 200 bytes in memory.
const DIRECTORY_BYTES_MAX: u64 = 256 * 1024;
/// Memory that the dictionaries of one block may take, in KiB: as for xz.
const DICTIONARY_KIB_MAX: usize = 80 * 1024;
/// Coders of one block: a filter for programs takes four.
const CODERS_MAX: usize = 5;
/// Bytes of the target of a symbolic link.
const LINK_BYTES_MAX: usize = 4096;

/// Examines an archive and all of its members.
pub fn examine(source: &dyn Source, settings: &Settings, report: &mut Report<'_>) {
    report.ran("7z", 1);
    let end = match directory_bytes(source) {
        Ok((bytes, _)) if bytes > DIRECTORY_BYTES_MAX => {
            report.over("7z_directory_bytes_max", DIRECTORY_BYTES_MAX);
            return;
        }
        Ok((_, end)) => end,
        Err(e) => return report.unreadable(&e),
    };
    members(source, settings, report);
    if end < source.size() {
        streams::behind(&kinds::SEVEN_ZIP, source, end, settings, report);
    }
}

fn members(source: &dyn Source, settings: &Settings, report: &mut Report<'_>) {
    let mut input = BufReader::with_capacity(32 * 1024, SourceReader::new(source));
    let archive = match Archive::read_with_memory_limit(&mut input, &Password::empty(), DICTIONARY_KIB_MAX) {
        Ok(archive) => archive,
        Err(e) => return told(&e, report),
    };
    let mut exhausted = false;
    for index in 0..archive.blocks.len() {
        if exhausted {
            return;
        }
        exhausted = block(source, settings, &archive, index, report);
    }
    for (file, block) in archive.files.iter().zip(&archive.stream_map.file_block_index) {
        if block.is_none() && !exhausted {
            exhausted = without_bytes(file, settings, report);
        }
    }
}

/// Bytes that the directory takes in memory, its own or those that it says it unpacks to; and where the archive ends.
fn directory_bytes(source: &dyn Source) -> Result<(u64, u64), Broken> {
    let mut start = Cursor::new(source);
    start.skip(12)?;
    let (offset, size) = (u64::from_le_bytes(start.take()?), u64::from_le_bytes(start.take()?));
    let at = START_BYTES.saturating_add(offset);
    let end = at.saturating_add(size);
    if size == 0 || end > source.size() {
        return Err(start.wrong("a directory that is not in the file"));
    }
    let mut directory = Cursor::within(source, at, end);
    let bytes = if directory.byte()? == 0x17 { unpacked_directory_bytes(&mut directory)? } else { size };
    Ok((bytes, end))
}

/// The size that a packed directory unpacks to: behind where it is packed, and how.
fn unpacked_directory_bytes(cursor: &mut Cursor<'_>) -> Result<u64, Broken> {
    const ONE: &str = "a packed directory that is not in one piece";
    let expect = |cursor: &mut Cursor<'_>, byte: u8| match cursor.byte()? {
        found if found == byte => Ok(()),
        _ => Err(cursor.wrong(ONE)),
    };
    expect(cursor, 0x06)?;
    number(cursor)?;
    expect(cursor, 1)?;
    let mut next = cursor.byte()?;
    if next == 0x09 {
        number(cursor)?;
        next = cursor.byte()?;
    }
    if next == 0x0a {
        expect(cursor, 1)?;
        cursor.skip(4)?;
        next = cursor.byte()?;
    }
    if next != 0 {
        return Err(cursor.wrong(ONE));
    }
    for byte in [0x07, 0x0b, 1, 0] {
        expect(cursor, byte)?;
    }
    let coders = number(cursor)?;
    if coders == 0 || coders > CODERS_MAX as u64 {
        return Err(cursor.wrong("a number of coders that no archive needs"));
    }
    for _ in 0..coders {
        let flags = cursor.byte()?;
        cursor.skip(u64::from(flags & 0x0f))?;
        if flags & 0x10 != 0 {
            return Err(cursor.wrong(ONE));
        }
        if flags & 0x20 != 0 {
            let properties = number(cursor)?;
            cursor.skip(properties)?;
        }
    }
    for _ in 1..coders {
        number(cursor)?;
        number(cursor)?;
    }
    expect(cursor, 0x0c)?;
    (0..coders).try_fold(0, |largest: u64, _| Ok(largest.max(number(cursor)?)))
}

/// A number of one to nine bytes: the leading ones of the first say how many follow.
fn number(cursor: &mut Cursor<'_>) -> Result<u64, Broken> {
    let first = cursor.byte()?;
    let more = first.leading_ones();
    let mut value = 0;
    for place in 0..more {
        value |= u64::from(cursor.byte()?) << (8 * place);
    }
    if more < 7 {
        value |= u64::from(first & (0x7f >> more)) << (8 * more);
    }
    Ok(value)
}

/// Examines the members of one block. True when a limit forbids to examine any further one.
fn block(source: &dyn Source, settings: &Settings, archive: &Archive, index: usize, report: &mut Report<'_>) -> bool {
    let block = &archive.blocks[index];
    if block.coders.iter().any(|coder| coder.encoder_method_id() == EncoderMethod::ID_AES256_SHA256) {
        report.add(finding(&ENCRYPTED, report.whole()));
        return false;
    }
    if block.coders.len() > CODERS_MAX {
        report.over("7z_coders_max", CODERS_MAX as u64);
        return false;
    }
    if dictionary_kib(block) > DICTIONARY_KIB_MAX {
        report.over("dictionary_kib_max", DICTIONARY_KIB_MAX as u64);
        return false;
    }
    let packed = packed_bytes(archive, index);
    let mut input = BufReader::with_capacity(32 * 1024, SourceReader::new(source));
    let password = Password::empty();
    let decoder = BlockDecoder::new_with_memory_limit(1, DICTIONARY_KIB_MAX, index, archive, &password, &mut input);
    let mut exhausted = false;
    let done = decoder.for_each_entries(&mut |entry, reader| {
        let next = member(entry, reader, packed, settings, report);
        exhausted = matches!(next, Next::Nothing);
        Ok(matches!(next, Next::Member))
    });
    if let Err(e) = done {
        told(&e, report);
    }
    exhausted
}

/// What can be examined after a member.
enum Next {
    Member,
    Block,
    Nothing,
}

fn member(
    entry: &ArchiveEntry,
    reader: &mut dyn Read,
    packed: u64,
    settings: &Settings,
    report: &mut Report<'_>,
) -> Next {
    let entered = report.enter(&entry.name);
    let next = match entered {
        Ok(()) if !entry.has_stream => Next::Member,
        Ok(()) if report.passes_by() => Next::Member,
        Ok(()) => inside(entry, reader, packed, settings, report),
        Err(_) => Next::Nothing,
    };
    if entered.is_ok() {
        name(entry, report);
    }
    report.leave();
    next
}

fn inside(
    entry: &ArchiveEntry,
    reader: &mut dyn Read,
    packed: u64,
    settings: &Settings,
    report: &mut Report<'_>,
) -> Next {
    let unpacked = unpack(reader, packed, report);
    if is_link(entry) && !report.diverts(&unpacked.bytes) {
        let target = String::from_utf8_lossy(&unpacked.bytes[..unpacked.bytes.len().min(LINK_BYTES_MAX)]).into_owned();
        if names::link_escapes(&entry.name, &target) {
            report.add(finding(&codes::LINK_ESCAPES, report.whole()).with("target", target));
        }
    } else {
        examine_member(&unpacked.bytes, settings, report);
    }
    match unpacked.end {
        End::Whole => Next::Member,
        End::Damaged(e) => {
            if e.to_string().contains("ChecksumVerificationFailed") {
                report.add(finding(&codes::WRONG_CHECKSUM, report.whole()));
            } else {
                report.unreadable(&e);
            }
            Next::Block
        }
        End::Cut => Next::Block,
        End::Exhausted(_) => Next::Nothing,
    }
}

/// An entry that no block holds: a folder or an empty file.
fn without_bytes(entry: &ArchiveEntry, settings: &Settings, report: &mut Report<'_>) -> bool {
    let entered = report.enter(&entry.name);
    if entered.is_ok() {
        name(entry, report);
        if !entry.is_directory {
            examine_member(&Vec::new(), settings, report);
        }
    }
    report.leave();
    entered.is_err()
}

fn name(entry: &ArchiveEntry, report: &mut Report<'_>) {
    if names::escapes(&entry.name) {
        report.add(finding(&codes::NAME_ESCAPES, report.whole()).with("name", &entry.name));
    }
}

/// True for a symbolic link: archivers of Unix keep the file's mode in the upper half of the attributes.
fn is_link(entry: &ArchiveEntry) -> bool {
    const HAS_UNIX_MODE: u32 = 0x8000;
    let attributes = entry.windows_attributes;
    entry.has_windows_attributes && attributes & HAS_UNIX_MODE != 0 && (attributes >> 16) & 0o170_000 == 0o120_000
}

/// Memory that the dictionaries of a block ask for, in KiB.
fn dictionary_kib(block: &Block) -> usize {
    let of = |properties: &[u8], id: &[u8]| match (id, properties) {
        (EncoderMethod::ID_LZMA | EncoderMethod::ID_PPMD, [_, size @ ..]) => {
            size.first_chunk().map_or(0, |size| u32::from_le_bytes(*size) as usize / 1024)
        }
        (EncoderMethod::ID_LZMA2, [bits, ..]) if *bits < 40 => ((2 | usize::from(bits & 1)) << (bits / 2 + 11)) / 1024,
        (EncoderMethod::ID_LZMA2, _) => usize::MAX,
        _ => 0,
    };
    block.coders.iter().map(|coder| of(coder.properties(), coder.encoder_method_id())).fold(0, usize::saturating_add)
}

/// Packed bytes of a block.
fn packed_bytes(archive: &Archive, index: usize) -> u64 {
    let first = |block: usize| archive.stream_map.block_first_pack_stream_index().get(block).copied();
    let sizes = archive.pack_sizes();
    let (start, end) = (first(index).unwrap_or(0), first(index + 1).unwrap_or(sizes.len()));
    sizes.get(start..end).unwrap_or_default().iter().fold(0, |sum: u64, size| sum.saturating_add(*size))
}

/// Reports why the library could not read on.
fn told(error: &Error, report: &mut Report<'_>) {
    match error {
        Error::PasswordRequired | Error::MaybeBadPassword(_) => report.add(finding(&ENCRYPTED, report.whole())),
        Error::UnsupportedCompressionMethod(name) if name.contains("AES") => {
            report.add(finding(&ENCRYPTED, report.whole()));
        }
        Error::UnsupportedCompressionMethod(name) => report.unreadable(&format!("7z method {name}")),
        Error::ChecksumVerificationFailed | Error::NextHeaderCrcMismatch => {
            report.add(finding(&codes::WRONG_CHECKSUM, report.whole()));
            report.unreadable(&"a checksum of the archive is wrong");
        }
        Error::MaxMemLimited { .. } => {
            report.over("dictionary_kib_max", DICTIONARY_KIB_MAX as u64);
        }
        Error::Io(e, _) => report.unreadable(e),
        Error::Other(what) | Error::Unsupported(what) => report.unreadable(what),
        _ => report.unreadable(&"no 7z archive that can be read"),
    }
}
