//! OCDBT, the key-value store of TensorStore in which JAX (Orbax) keeps checkpoints: `manifest.ocdbt`, and data files `d/…` of values
//! and of the nodes of B+trees that lead to them, one behind the other (TensorStore documentation, "ocdbt Key-Value Store driver",
//! Storage format). Chunks of arrays are numbers, and are not read; what else is in there is examined as a member.
//!
//! A data file has no header. It is one because it ends with a node, or has one behind its values, and everything in it is told by
//! nodes: what no node of the file speaks of is named as not examined. An examiner knows no names, so which of the files that nodes
//! name is this one shows by what their places fit to.

mod chunks;
mod node;
mod walk;

use std::io;

use sakimori_model::{FactName, Severity};

use crate::artefact::cursor::Broken;
use crate::artefact::{codes, pickle, streams, tensors};
use crate::catalogue::finding;
use crate::recognise::{UNKNOWN, kinds, recognise};
use crate::report::Report;
use crate::source::{Source, Window, read_up_to};
use crate::{Settings, examine_member};
use chunks::{chunks_until, is_packed_chunk};
pub use node::MANIFEST;
use node::{Envelope, account, at_packed, body_of, envelope_of, is_sound, last_node, manifest_body};
use walk::Walk;

/// Bytes at the end of a file in which its last node is looked for.
const TAIL_BYTES: u64 = 64 * 1024;
/// The same, where the file is nothing else.
const LONG_TAIL_BYTES: u64 = 16 * 1024 * 1024;
/// How a frame of Zstandard begins (RFC 8878, section 3.1.1).
const ZSTD: [u8; 4] = 0xfd2f_b528_u32.to_le_bytes();
/// Characters of a key that are shown.
const KEY_CHARS_MAX: usize = 100;
/// Values of one file that are looked at: the others are chunks of arrays by their first bytes.
const VALUES_EXAMINED_MAX: usize = 20_000;
/// Bytes of a description of an array.
const DESCRIPTION_BYTES_MAX: u64 = 1024 * 1024;

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
    let is_told = beginning(source, settings, report);
    if let Err(error) = walk.collect(&mut seen, settings, report) {
        return tell(error, report);
    }
    let (mut values, gaps) = walk.covered(walk.own_path());
    // Older versions of a tree lead to the same values.
    values.sort_by_key(|(_, range)| (range.start, range.end));
    values.dedup_by_key(|(_, range)| (range.start, range.end));
    for (key, range) in values.into_iter().filter(|(_, range)| !is_told || range.start > 0) {
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

/// Readers of other formats look at the first bytes only, and take the file for what these are. Returns whether they are anything:
/// then the file is examined as that, too.
fn beginning(source: &dyn Source, settings: &Settings, report: &mut Report<'_>) -> bool {
    // Without its last byte it ends with no node.
    let rest = Window::new(source, 0, source.size().saturating_sub(1));
    let kind = match recognise(&rest) {
        Ok(kind) => kind,
        Err(error) => {
            report.unreadable(&error);
            return false;
        }
    };
    let is_harmless = [UNKNOWN, kinds::ZSTD, kinds::JSON, kinds::TEXT, kinds::OCDBT_DATA];
    if is_harmless.contains(&kind) || read_up_to(source, 0, 2).is_ok_and(|head| head == MANIFEST[..2]) {
        return false;
    }
    examine_member(&rest, settings, report);
    true
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

/// True when a pickle would do something that is known to be dangerous.
fn does_harm(value: &dyn Source, report: &Report<'_>) -> bool {
    let mut trial = Report::new(report.limits());
    pickle::examine(value, pickle::Carrier::Plain, &mut trial);
    trial.finish(kinds::PICKLE).findings.iter().any(|finding| finding.severity >= Severity::High)
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
        match chunks_until(value, 0..value.size()) {
            Ok(0) if !head.starts_with(&ZSTD) => {}
            Ok(end) if end == value.size() => return,
            Ok(end) => {
                let key = sakimori_model::shown(&String::from_utf8_lossy(key), KEY_CHARS_MAX);
                return report.unreadable(&format_args!("{} bytes behind the chunk of {key}", value.size() - end));
            }
            Err(error) => return report.unreadable(&error),
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
            // Numbers may well read as a pickle of the first two protocols: only what one would do tells.
            Ok(kind) if kind == kinds::PICKLE => head.starts_with(b"\x80") || does_harm(value, report),
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
