//! Compressed streams: gzip, zlib, bzip2, xz, LZMA, Zstandard, LZ4. joblib writes all but Zstandard.

use std::io::{self, BufRead, BufReader, Read};

use sakimori_model::Kind;

use crate::artefact::codes;
use crate::artefact::unpack::{End, Unpacked, unpack};
use crate::catalogue::finding;
use crate::recognise::{UNKNOWN, kinds, recognise};
use crate::report::Report;
use crate::source::{Source, SourceReader, Window};
use crate::{Settings, examine_member};

/// Memory that a dictionary of LZMA may take, in KiB: as much as the strongest preset of `xz` uses, and a little more.
const DICTIONARY_KIB_MAX: u32 = 80 * 1024;
/// The window of Zstandard, in bytes.
const WINDOW_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Streams one after the other in one file. Those of parallel packers hold 64 KiB or more, of which there are fewer in one member.
const STREAMS_MAX: usize = 1_000;
/// Bytes in front of the zlib stream in a file of early joblib: `ZF` and the size in hexadecimal.
const ZFILE_HEADER_BYTES: u64 = 2 + 19;

/// True when this is a compressed stream.
#[must_use]
pub fn is_stream(kind: &Kind) -> bool {
    [kinds::GZIP, kinds::ZLIB, kinds::ZFILE, kinds::BZIP2, kinds::XZ, kinds::LZMA, kinds::ZSTD, kinds::LZ4]
        .contains(kind)
}

/// Unpacks a stream and examines what is in it.
pub fn examine(kind: &Kind, source: &dyn Source, settings: &Settings, report: &mut Report<'_>) {
    report.ran("stream", 1);
    let start = if *kind == kinds::ZFILE { zfile_header(source) } else { 0 };
    let packed = Window::new(source, start, source.size());
    let mut input = BufReader::with_capacity(32 * 1024, SourceReader::new(&packed));
    let mut bytes = Vec::new();
    let (mut exhausted, mut whole, mut cut) = (false, false, false);
    for number in 1.. {
        if number > STREAMS_MAX {
            report.over("streams_max", STREAMS_MAX as u64);
            break;
        }
        let part = one(kind, &mut input, source.size(), report);
        exhausted |= matches!(part.end, End::Exhausted(_));
        cut |= matches!(part.end, End::Cut);
        if !append(&mut bytes, part.bytes, report) {
            // What is over the limit need not be unpacked to be thrown away.
            cut = true;
            break;
        }
        match part.end {
            End::Whole if follows(kind, &mut input) => {}
            End::Damaged(e) => {
                report.unreadable(&e);
                break;
            }
            end => {
                whole = matches!(end, End::Whole);
                break;
            }
        }
    }
    let after = start + input.get_ref().position() - input.buffer().len() as u64;
    drop(input);
    if whole && *kind == kinds::LZ4 && !has_end_mark(source, after) {
        report.unreadable(&"the LZ4 frame ends before its end mark");
    }
    if report.enter(kind.as_str()).is_ok() && !exhausted {
        if cut {
            report.of_cut(|report| inner(kind, &bytes, settings, report));
        } else {
            inner(kind, &bytes, settings, report);
        }
    }
    report.leave();
    if whole && knows_its_end(kind) {
        behind(kind, source, after, settings, report);
    }
}

/// Examines what was in the stream. Early joblib wrote the raw numbers of an array as a file of its own, `NAME_01.npy.z`,
/// which its loader copies as they are: those are nothing to examine.
fn inner(kind: &Kind, bytes: &dyn Source, settings: &Settings, report: &mut Report<'_>) {
    let numbers = *kind == kinds::ZFILE && recognise(bytes).is_ok_and(|inner| inner == UNKNOWN);
    if !numbers {
        examine_member(bytes, settings, report);
    }
}

/// Unpacks one stream from where the input stands.
fn one<R: BufRead>(kind: &Kind, input: &mut R, packed_bytes: u64, report: &mut Report<'_>) -> Unpacked {
    match reader(kind, input) {
        Ok(mut reader) => unpack(reader.as_mut(), packed_bytes, report),
        Err(e) => broken(e),
    }
}

/// A reader of one stream from where the input stands.
fn reader<'a, R: BufRead>(kind: &Kind, input: &'a mut R) -> io::Result<Box<dyn Read + 'a>> {
    Ok(match kind.as_str() {
        "gzip" => Box::new(flate2::bufread::GzDecoder::new(input)),
        "zlib" | "joblib-zfile" => Box::new(flate2::bufread::ZlibDecoder::new(input)),
        "bzip2" => Box::new(bzip2::bufread::BzDecoder::new(input)),
        "lz4" => Box::new(lz4_flex::frame::FrameDecoder::new(input)),
        "xz" => xz(input),
        "lzma" => Box::new(lzma_rust2::LzmaReader::new_mem_limit(input, DICTIONARY_KIB_MAX, None)?),
        _ => zstd(input).ok_or_else(|| io::Error::other("no Zstandard frame, or one with too large a window"))?,
    })
}

/// The first bytes in a stream, at most `max`. `None` when it breaks before.
pub fn first_bytes(kind: &Kind, source: &dyn Source, max: u64) -> Option<Vec<u8>> {
    let mut input = BufReader::with_capacity(32 * 1024, SourceReader::new(source));
    let mut bytes = Vec::new();
    reader(kind, &mut input).ok()?.take(max).read_to_end(&mut bytes).ok().map(|_| bytes)
}

fn broken(error: io::Error) -> Unpacked {
    Unpacked { bytes: Vec::new(), end: End::Damaged(error) }
}

/// Puts the parts together within the limit on one member.
/// Adds a part, if it fits.
fn append(bytes: &mut Vec<u8>, part: Vec<u8>, report: &mut Report<'_>) -> bool {
    let max = report.limits().member_bytes_max;
    if bytes.is_empty() {
        *bytes = part;
    } else if bytes.len() as u64 + part.len() as u64 <= max {
        bytes.extend_from_slice(&part);
    } else {
        report.over("member_bytes_max", max);
        return false;
    }
    true
}

/// True when another stream of the kind follows, as gzip and others allow.
fn follows<R: BufRead>(kind: &Kind, input: &mut R) -> bool {
    let next = input.fill_buf().unwrap_or_default();
    match kind.as_str() {
        "gzip" => next.starts_with(b"\x1f\x8b"),
        "bzip2" => next.starts_with(b"BZh"),
        "lz4" => next.starts_with(b"\x04\x22\x4d\x18"),
        "zstd" => next.starts_with(b"\x28\xb5\x2f\xfd") || next.get(1..4) == Some(b"\x2a\x4d\x18".as_slice()),
        _ => false,
    }
}

/// The decoders of the LZMA family read ahead, so where their stream ended is not known.
fn knows_its_end(kind: &Kind) -> bool {
    *kind != kinds::XZ && *kind != kinds::LZMA
}

/// True when an LZ4 frame that was read up to here ends as it must: with a block of size 0, and a checksum if it has one.
/// The decoder takes the end of the input between two blocks for the end of the frame.
fn has_end_mark(source: &dyn Source, after: u64) -> bool {
    let end = crate::source::read_up_to(source, after.saturating_sub(8), 8).unwrap_or_default();
    end.len() == 8 && (end[4..] == [0; 4] || end[..4] == [0; 4])
}

/// Bytes behind the stream are left alone by most readers; they are reported, and examined if they are anything.
pub fn behind(kind: &Kind, source: &dyn Source, after: u64, settings: &Settings, report: &mut Report<'_>) {
    let rest = Window::new(source, after, source.size());
    let head = crate::source::read_up_to(&rest, 0, 64 * 1024).unwrap_or_default();
    if head.iter().all(|b| *b == 0) {
        return;
    }
    report.add(finding(&codes::STRAY_BYTES, report.byte(after)).with("count", rest.size()).with("format", kind));
    let known = recognise(&rest).is_ok_and(|kind| kind != UNKNOWN && kind != kinds::TEXT);
    if known {
        if report.enter("behind").is_ok() {
            examine_member(&rest, settings, report);
        }
        report.leave();
    }
}

/// Bytes of the header of a `ZF` file; some versions of joblib padded it to one more.
fn zfile_header(source: &dyn Source) -> u64 {
    let head = crate::source::read_up_to(source, 0, 32).unwrap_or_default();
    let first = head.iter().skip(4).position(|b| *b == 0x78).map(|at| at as u64 + 4);
    first.unwrap_or(ZFILE_HEADER_BYTES)
}

/// A reader of all xz streams of the input.
pub fn xz<'a, R: Read + 'a>(input: R) -> Box<dyn Read + 'a> {
    Box::new(lzma_rust2::XzReader::new_mem_limit(input, true, DICTIONARY_KIB_MAX))
}

/// A reader of one Zstandard frame; `None` when there is none, or its window is too large.
pub fn zstd<'a, R: Read + 'a>(input: R) -> Option<Box<dyn Read + 'a>> {
    let decoder = ruzstd::decoding::StreamingDecoder::new_with_max_window_size(input, WINDOW_BYTES_MAX);
    decoder.ok().map(|d| Box::new(d) as Box<dyn Read + 'a>)
}

/// A reader of LZMA data as zip archives hold it (APPNOTE 5.8.8): version, length of properties, properties, data.
pub fn zip_lzma<'a, R: Read + 'a>(mut input: R, unpacked: u64) -> Option<Box<dyn Read + 'a>> {
    let mut header = [0; 9];
    input.read_exact(&mut header).ok()?;
    let dictionary = u32::from_le_bytes([header[5], header[6], header[7], header[8]]);
    let needed = lzma_rust2::lzma_get_memory_usage_by_props(dictionary, header[4]).ok()?;
    if needed > DICTIONARY_KIB_MAX {
        return None;
    }
    let reader = lzma_rust2::LzmaReader::new_with_props(input, unpacked, header[4], dictionary, None);
    reader.ok().map(|r| Box::new(r) as Box<dyn Read + 'a>)
}

/// Recognising a stream in the older LZMA format, which has no signature.
pub mod lzma_alone {
    /// True when the first bytes are plausible properties, dictionary and size, by the rules of `xz`.
    #[must_use]
    pub fn looks_like(head: &[u8]) -> bool {
        let Some(header) = head.first_chunk::<14>() else { return false };
        let dictionary = u32::from_le_bytes([header[1], header[2], header[3], header[4]]);
        let size = u64::from_le_bytes([
            header[5], header[6], header[7], header[8], header[9], header[10], header[11], header[12],
        ]);
        let power = dictionary.is_power_of_two() || (dictionary % 3 == 0 && (dictionary / 3).is_power_of_two());
        let fits = dictionary >= 4096 && (power || dictionary == u32::MAX);
        // The range coder begins with a zero byte.
        header[0] < 225 && fits && (size == u64::MAX || size < 1 << 38) && header[13] == 0
    }
}

/// Recognising a zlib stream, whose signature is weak.
pub mod zlib {
    use std::io::Read;

    /// True when the header is right (RFC 1950, 2.2) and the first bytes unpack.
    #[must_use]
    pub fn looks_like(head: &[u8]) -> bool {
        let [cmf, flags, ..] = head else { return false };
        if cmf & 0x0f != 8 || cmf >> 4 > 7 || (u16::from(*cmf) << 8 | u16::from(*flags)) % 31 != 0 || flags & 0x20 != 0
        {
            return false;
        }
        let mut first = [0; 16];
        flate2::bufread::ZlibDecoder::new(head).read(&mut first).is_ok_and(|count| count > 0)
    }
}
