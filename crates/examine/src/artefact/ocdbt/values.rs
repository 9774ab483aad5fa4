//! The values: which of them are chunks of arrays, and which are to be examined.

use std::io;

use sakimori_model::{Kind, Severity};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{ARRAYS_MAX, Reference, STRETCHES_MAX, Walk, chunk};
use crate::artefact::pickle::{self, Carrier};
use crate::artefact::{codes, streams, tensors};
use crate::catalogue::finding;
use crate::examine_member;
use crate::recognise::{UNKNOWN, kinds, program, recognise};
use crate::report::{Report, is_unexamined};
use crate::source::{Source, Window, read_up_to};

/// Bytes of a description of an array.
const DESCRIPTION_BYTES_MAX: usize = 16 * 1024;
/// Bytes of a chunk that are unpacked.
const FIRST_BYTES: u64 = 4096;
/// Bytes of a value that are looked at where another file's value may be meant.
const GLANCE_BYTES: usize = 256;
/// Bytes of the header of a Blosc frame, and the bit of it that says that what follows is not compressed.
const BLOSC_HEADER_BYTES: u64 = 16;
const BLOSC_COPIED: u8 = 0x02;
/// Kinds that numbers are taken for by accident, as little of them is fixed.
const NUMBERS_MAY_BE: &[&str] = &["unknown", "empty", "lzma", "ttf", "mp4", "compress"];

/// A description of an array: `.zarray` of Zarr 2, `zarr.json` of Zarr 3.
#[derive(Deserialize)]
struct Description {
    #[serde(rename = "zarr_format")]
    _format: u64,
    shape: Vec<u64>,
    #[serde(alias = "data_type")]
    dtype: String,
}

impl Walk<'_, '_> {
    /// Judges a value: what is something is examined under its key; numbers are passed over.
    pub(super) fn judge(&mut self, key: &str, value: &dyn Source) {
        let kind = match recognise(value) {
            Ok(kind) => kind,
            Err(e) => return self.report.unreadable(&e),
        };
        if kind == kinds::JSON {
            self.describe(key, value);
        }
        let numbers = if streams::is_stream(&kind) {
            !self.acts_inside(&kind, value)
        } else {
            NUMBERS_MAY_BE.contains(&kind.as_str())
        };
        if !numbers {
            self.member(key, value);
        }
    }

    /// Examines a value, and returns its kind.
    fn member(&mut self, key: &str, value: &dyn Source) -> Kind {
        let entered = self.report.enter(key).is_ok();
        let kind = if entered { examine_member(value, self.settings, self.report) } else { UNKNOWN };
        self.report.leave();
        kind
    }

    /// Counts the array that a value describes, if it does and its key is new.
    fn describe(&mut self, key: &str, value: &dyn Source) {
        let text = read_up_to(value, 0, DESCRIPTION_BYTES_MAX).unwrap_or_default();
        let Ok(array) = serde_json::from_slice::<Description>(&text) else { return };
        if self.arrays.len() < ARRAYS_MAX && self.arrays.insert(key.to_owned()) {
            let elements = array.shape.iter().fold(1_u64, |product, size| product.saturating_mul(*size));
            let name = array.dtype.trim_start_matches(['<', '>', '|', '=']);
            self.count.add(tensors::numpy_name(name), elements);
        }
    }

    /// True when what is compressed here begins as something that runs.
    fn acts_inside(&self, kind: &Kind, value: &dyn Source) -> bool {
        streams::first_bytes(kind, value, FIRST_BYTES).is_some_and(|first| acts(&first, self.report))
    }

    /// A chunk in a frame of its own. Returns where it ends.
    pub(super) fn frame(&mut self, at: u64, end: u64) -> io::Result<Option<u64>> {
        self.chunks += 1;
        if let Some(after) = chunk::zstd_end(self.source, at, end)? {
            let value = Window::new(self.source, at, after - at);
            let Some(first) = streams::first_bytes(&kinds::ZSTD, &value, FIRST_BYTES) else { return Ok(None) };
            if acts(&first, self.report) {
                self.member(&self.key_of(at, after), &value);
            }
            self.judged.insert((at, after));
            return Ok(Some(after));
        }
        let Some(after) = chunk::blosc_end(self.source, at, end)? else { return Ok(None) };
        let copied = read_up_to(self.source, at + 2, 1)?.first().is_some_and(|flags| flags & BLOSC_COPIED != 0);
        let inner = Window::new(self.source, at + BLOSC_HEADER_BYTES, after - at - BLOSC_HEADER_BYTES);
        if copied && acts(&read_up_to(&inner, 0, FIRST_BYTES as usize)?, self.report) {
            self.member(&self.key_of(at, after), &inner);
        }
        self.judged.insert((at, after));
        Ok(Some(after))
    }

    /// A description in JSON. Returns where it ends.
    pub(super) fn description(&mut self, at: u64, end: u64) -> io::Result<Option<u64>> {
        let room = usize::try_from(end - at).unwrap_or(DESCRIPTION_BYTES_MAX).min(DESCRIPTION_BYTES_MAX);
        if read_up_to(self.source, at, 1)? != b"{" {
            return Ok(None);
        }
        let text = read_up_to(self.source, at, room)?;
        let mut documents = serde_json::Deserializer::from_slice(&text).into_iter::<IgnoredAny>();
        if !matches!(documents.next(), Some(Ok(_))) {
            return Ok(None);
        }
        let after = at + documents.byte_offset() as u64;
        let value = Window::new(self.source, at, after - at);
        let key = self.key_of(at, after);
        self.describe(&key, &value);
        self.member(&key, &value);
        self.judged.insert((at, after));
        Ok(Some(after))
    }

    /// The key of the value that lies exactly here, whichever file is meant, or words for the place.
    fn key_of(&self, start: u64, end: u64) -> String {
        let named = self.by_place.get(&(start, end)).map(|number| self.references[*number].key.clone());
        named.unwrap_or_else(|| format!("byte {start}"))
    }

    /// What does not tell where it ends: values of this file that nodes account for to the last byte, or nothing that is known.
    pub(super) fn rest(&mut self, at: u64, end: u64) -> io::Result<()> {
        self.stretches += 1;
        if self.stretches > STRETCHES_MAX {
            self.over = Some(("ocdbt_stretches_max", STRETCHES_MAX));
            return Ok(());
        }
        let Some(values) = self.accounted(at, end) else {
            // What is unknown is told as not examined; the rest may be harmless, and belongs to nothing all the same.
            if self.member(&format!("byte {at}"), &Window::new(self.source, at, end - at)) != UNKNOWN {
                let place = self.report.byte(at);
                self.report.add(finding(&codes::STRAY_BYTES, place).with("count", end - at).with("format", "OCDBT"));
            }
            return Ok(());
        };
        let mut covered = at;
        for value in &values {
            if value.start < covered {
                self.report.add(finding(&codes::OVERLAPPING_MEMBERS, self.report.byte(value.start)));
            }
            covered = covered.max(value.end);
            self.judge(&value.key, &Window::new(self.source, value.start, value.end - value.start));
            self.judged.insert((value.start, value.end));
        }
        Ok(())
    }

    /// The values of one of the files that together leave no gap from `at` to `end`, and end there: that file is taken for this
    /// one. One with a value past the end of this one is another.
    fn accounted(&self, at: u64, end: u64) -> Option<Vec<Reference>> {
        let all = &self.references;
        let mut from = 0;
        while let Some(first) = all.get(from) {
            let file = first.file;
            let next = from + all[from..].partition_point(|reference| reference.file <= file);
            let begin = from + all[from..next].partition_point(|reference| reference.start < at);
            let mut covered = at;
            let mut values: Vec<Reference> = Vec::new();
            for value in &all[begin..next] {
                if value.start > covered || value.start >= end {
                    break;
                }
                if values.last().is_none_or(|last| (last.start, last.end) != (value.start, value.end)) {
                    values.push(value.clone());
                }
                covered = covered.max(value.end);
            }
            if covered == end && !self.beyond.contains(&file) {
                return Some(values);
            }
            from = next;
        }
        None
    }

    /// Values that nodes place elsewhere than the chunks that were found: most lie in other files, but the inside of a chunk
    /// may be meant as well. What runs there is examined.
    pub(super) fn elsewhere(&mut self) -> io::Result<()> {
        let inside = |value: &&Reference| !self.judged.contains(&(value.start, value.end));
        let mut places: Vec<Reference> = self.references.iter().filter(inside).cloned().collect();
        places.sort_unstable_by_key(|value| (value.start, value.end));
        places.dedup_by_key(|value| (value.start, value.end));
        for place in places {
            let window = Window::new(self.source, place.start, place.end - place.start);
            if acts(&read_up_to(&window, 0, GLANCE_BYTES)?, self.report) {
                self.member(&place.key, &window);
            }
        }
        Ok(())
    }
}

/// True when these first bytes are a program, an archive, or a pickle that does harm: of numbers, a few begin like a harmless one.
fn acts(first: &[u8], report: &Report<'_>) -> bool {
    if program(first).is_some() || first.starts_with(b"PK\x03\x04") {
        return true;
    }
    if !pickle::looks_like_pickle(first) {
        return false;
    }
    let mut aside = Report::new(report.limits());
    pickle::examine(&first.to_vec(), Carrier::Plain, &mut aside);
    let found = aside.finish(kinds::PICKLE).findings;
    found.iter().any(|finding| !is_unexamined(finding) && finding.severity >= Severity::High)
}
