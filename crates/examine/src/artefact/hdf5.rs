//! HDF5 files, as Keras 2 wrote them: the configuration of the model, which lies in them as plain JSON, is searched for
//! and examined, and the objects are followed to see whether they lie in the file.

use std::io::{self, BufReader};

use crate::artefact::config::Judge;
use crate::artefact::{codes, hdf5_objects, json};
use crate::catalogue::finding;
use crate::report::Report;
use crate::source::{Source, SourceReader, Window, read_up_to};

/// The signature of the superblock (HDF5 specification, II.A).
const SIGNATURE: &[u8] = b"\x89HDF\r\n\x1a\n";
/// Bytes that are searched at a time.
const CHUNK_BYTES: usize = 64 * 1024;
/// Bytes of JSON that are read from one file.
const JSON_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Places at which JSON may begin and that are looked at.
const OPENINGS_MAX: u64 = 50_000;
/// Bytes between the brace of a configuration and its first key.
const INDENT_BYTES_MAX: usize = 64;

/// Where the superblock lies: at 0, or at 512 and its doublings after something else.
///
/// # Errors
/// When the source can't be read.
pub fn superblock(source: &dyn Source) -> io::Result<Option<u64>> {
    let mut at = 0;
    while at + (SIGNATURE.len() as u64) <= source.size() {
        if read_up_to(source, at, SIGNATURE.len())? == SIGNATURE {
            return Ok(Some(at));
        }
        at = if at == 0 { 512 } else { at * 2 };
    }
    Ok(None)
}

/// Searches for the configuration of a model and examines it; says that the rest was not.
pub fn examine(source: &dyn Source, report: &mut Report<'_>) {
    report.ran("hdf5", 1);
    if let Err(e) = search(source, report) {
        report.unreadable(&e);
    }
    // Loaders read the configuration from one attribute, whose text lies in the file in one piece, so that the search
    // has met it. What is left is whether all that is read lies in the file.
    let objects = superblock(source).ok().flatten().map(|at| hdf5_objects::outside(source, at));
    match objects {
        Some(Ok(None)) => {}
        Some(Ok(Some(name))) => report.add(finding(&codes::EXTERNAL_PATH, report.whole()).with("name", name)),
        Some(Err(_)) | None => report.add(finding(&codes::HDF5_SEARCHED_ONLY, report.whole())),
    }
}

fn search(source: &dyn Source, report: &mut Report<'_>) -> io::Result<()> {
    let (mut at, mut read, mut tried) = (0, 0, 0);
    while at < source.size() {
        let chunk = read_up_to(source, at, CHUNK_BYTES)?;
        let Some(found) = opening(&chunk) else {
            if chunk.len() < CHUNK_BYTES {
                break;
            }
            at += (chunk.len() - INDENT_BYTES_MAX) as u64;
            continue;
        };
        let start = at + found as u64;
        let (length, gone_through) = configuration(source, start, report);
        // What is broken is gone through again from the next opening.
        read += gone_through;
        tried += 1;
        if tried == OPENINGS_MAX {
            report.over("hdf5_json_openings_max", OPENINGS_MAX);
            break;
        }
        if read > JSON_BYTES_MAX {
            report.over("hdf5_json_bytes_max", JSON_BYTES_MAX);
            break;
        }
        at = start + length.max(1);
    }
    Ok(())
}

/// Where a JSON object begins: a brace, and a key that begins as words do. Keys stand in any order.
fn opening(chunk: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'{', chunk).find(|at| {
        let inner = &chunk[at + 1..];
        let blank = inner.iter().take(INDENT_BYTES_MAX).take_while(|b| b.is_ascii_whitespace()).count();
        matches!(inner.get(blank..blank + 3), Some([b'"', a, b]) if is_word(*a) && (is_word(*b) || *b == b'"'))
    })
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Examines the JSON value at this offset and returns its length. What is broken off is taken as far as it goes: a
/// text that only looks like a beginning is no damage.
fn configuration(source: &dyn Source, start: u64, report: &mut Report<'_>) -> (u64, u64) {
    let limits = report.limits();
    let window = Window::new(source, start, limits.header_bytes_max);
    let mut reader = BufReader::with_capacity(16 * 1024, SourceReader::new(&window));
    let mut json = serde_json::Deserializer::from_reader(&mut reader);
    let mut judge = Judge::new(report);
    let mut counted = Counted { judge: &mut judge, bytes: 0 };
    let done = json::step(&mut json, limits.nesting_max, &mut counted);
    let length = match done {
        Ok(()) => json.into_iter::<serde::de::IgnoredAny>().byte_offset() as u64,
        Err(_) => counted.bytes,
    };
    if judge.is_model() {
        judge.finish();
    }
    (length, reader.get_ref().position())
}

/// Counts what a broken value held at least, so that it isn't gone through again and again.
struct Counted<'c, 'a, 'r> {
    judge: &'c mut Judge<'a, 'r>,
    bytes: u64,
}

impl json::Sink for Counted<'_, '_, '_> {
    fn string(&mut self, key: &str, value: &str) {
        self.bytes += value.len() as u64;
        self.judge.string(key, value);
    }

    fn object(&mut self, object: &json::Object) {
        self.judge.object(object);
    }

    fn asks_for(&self, key: &str) -> Option<&'static str> {
        self.judge.asks_for(key)
    }
}
