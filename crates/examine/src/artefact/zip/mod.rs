//! Zip archives, and the model formats that are one: PyTorch, TorchScript, Keras 3, NumPy.
//!
//! Readers disagree about damaged or crafted archives: some trust the directory, some the header in front of a
//! member, some check neither flags nor checksums. So everything that any of them would read is examined, and where
//! the two records differ is a finding.

mod about;
mod directory;
mod member;
mod shape;

use std::collections::HashSet;
use std::io;

use sakimori_model::Kind;

pub use directory::tail;
use directory::{Entry, Tail};
use member::Walk;
use shape::Shape;

use crate::Settings;
use crate::artefact::codes;
use crate::artefact::cursor::Cursor;
use crate::catalogue::finding;
use crate::recognise::kinds;
use crate::report::Report;
use crate::source::{Source, read_up_to};

/// Members whose names are looked at to tell the kind of an archive.
const KIND_MEMBERS_MAX: usize = 20_000;
/// Members that no directory lists and that are still examined, in each archive.
const HIDDEN_MEMBERS_MAX: usize = 1_000;
/// The longest data descriptor (Zip64, with signature).
const DESCRIPTOR_BYTES_MAX: u64 = 24;

/// The kind of an archive, refined by what its members are called.
///
/// # Errors
/// When the source can't be read.
pub fn kind_of(source: &dyn Source) -> io::Result<Kind> {
    let mut shape = Shape::default();
    let Some(tail) = tail(source)? else { return Ok(kinds::ZIP) };
    for tail in tail.readings() {
        let mut cursor = Cursor::within(source, tail.directory, source.size());
        for _ in 0..KIND_MEMBERS_MAX {
            match directory::next_entry(&mut cursor, tail.prefix) {
                Ok(Some(entry)) => shape.note(&entry.name),
                _ => break,
            }
        }
    }
    Ok(shape.kind())
}

/// True for the kinds that [`kind_of`] gives.
#[must_use]
pub fn is_zip(kind: &Kind) -> bool {
    use kinds::{APK, JAR, KERAS_V3, MAR, NPZ, OOXML, PYTORCH_ZIP, TORCHSCRIPT, ZIP};
    [ZIP, PYTORCH_ZIP, TORCHSCRIPT, KERAS_V3, NPZ, MAR, OOXML, JAR, APK].contains(kind)
}

/// What the bytes in front of an archive's first member are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Front {
    /// Nothing that belongs there.
    Stray,
    /// The file that carries the archive at its end, by its format.
    Carrier,
}

/// Examines an archive and all of its members.
pub fn examine(source: &dyn Source, settings: &Settings, report: &mut Report<'_>) {
    examine_behind(source, Front::Stray, settings, report);
}

/// Examines an archive that stands behind something, and all of its members.
pub fn examine_behind(source: &dyn Source, front: Front, settings: &Settings, report: &mut Report<'_>) {
    report.ran("zip", 1);
    let tail = match tail(source) {
        Ok(Some(tail)) => tail,
        Ok(None) => return without_directory(source, settings, report),
        Err(e) => return report.unreadable(&e),
    };
    if tail.other.is_some() {
        let what = "where the directory lies";
        report.add(finding(&codes::HEADERS_DIFFER, report.byte(tail.end_record)).with("what", what));
    }
    let readings: Vec<Vec<Entry>> = tail.readings().map(|t| list(source, t, report)).collect();
    let mut shape = Shape::default();
    readings.iter().flatten().for_each(|e| shape.note(&e.name));
    report_outside(tail, front, report);
    about::of_members(readings.iter().take(1).flatten(), &shape, report);
    readings.iter().for_each(|entries| report_duplicates(entries, report));
    let mut walk = Walk::new(source, settings, report, shape);
    let flow = readings.iter().flatten().try_for_each(|entry| walk.member(entry));
    let mut spans = walk.into_spans();
    spans.sort_unstable();
    // A member may lie past the end by what the directory says.
    if let Some(pair) = spans.windows(2).find(|p| p[1].0 < p[0].1) {
        report.add(finding(&codes::OVERLAPPING_MEMBERS, report.byte(pair[1].0.min(source.size()))));
    }
    if flow.is_continue() {
        let carried = spans.first().map_or(0, |(start, _)| *start);
        let covered = if front == Front::Carrier { carried } else { tail.prefix };
        between_members(source, settings, (covered, tail.directory), spans, report);
    }
}

/// The entries of the directory, within the limits on their number and on the size of their names.
fn list(source: &dyn Source, tail: Tail, report: &mut Report<'_>) -> Vec<Entry> {
    let limits = report.limits();
    let mut cursor = Cursor::within(source, tail.directory, tail.end_record);
    let (mut entries, mut name_bytes) = (Vec::new(), 0);
    loop {
        match directory::next_entry(&mut cursor, tail.prefix) {
            Ok(Some(entry)) => {
                name_bytes += entry.name.len() as u64;
                entries.push(entry);
            }
            Ok(None) => break,
            Err(e) => {
                report.unreadable(&e);
                break;
            }
        }
        if entries.len() as u64 > limits.members_max {
            report.over("members_max", limits.members_max);
            return entries;
        }
        if name_bytes > limits.header_bytes_max {
            report.over("header_bytes_max", limits.header_bytes_max);
            return entries;
        }
    }
    if entries.len() as u64 != tail.entries {
        let what = format!("the end record counts {} members, the directory has {}", tail.entries, entries.len());
        report.add(finding(&codes::HEADERS_DIFFER, report.whole()).with("what", what));
    }
    entries
}

/// Bytes in front of the archive and after it.
fn report_outside(tail: Tail, front: Front, report: &mut Report<'_>) {
    if tail.prefix > 0 && front == Front::Stray {
        report.add(finding(&codes::STRAY_BYTES, report.byte(0)).with("count", tail.prefix).with("format", "zip"));
    }
    if tail.after > 0 {
        report.add(
            finding(&codes::STRAY_BYTES, report.byte(tail.end_record)).with("count", tail.after).with("format", "zip"),
        );
    }
}

/// Names that occur more than once: which of the members counts depends on the reader.
fn report_duplicates(entries: &[Entry], report: &mut Report<'_>) {
    let mut seen = HashSet::new();
    let twice: Vec<&str> = entries.iter().map(|e| e.name.as_str()).filter(|name| !seen.insert(*name)).collect();
    if let Some(first) = twice.first() {
        report.add(finding(&codes::DUPLICATE_MEMBER, report.whole()).with("name", first).with("count", twice.len()));
    }
}

/// What lies between the members, given where those lie, in order, and where the first may start and the directory does:
/// bytes of none, and members that the directory leaves out.
fn between_members(
    source: &dyn Source,
    settings: &Settings,
    (mut covered, directory): (u64, u64),
    mut spans: Vec<(u64, u64)>,
    report: &mut Report<'_>,
) {
    spans.push((directory, directory));
    let mut stray = None;
    for (start, end) in spans {
        let gap = start.saturating_sub(covered);
        if gap > DESCRIPTOR_BYTES_MAX {
            let left = hidden_members(source, settings, covered, start, report);
            if left > DESCRIPTOR_BYTES_MAX && !is_zero(source, start - left, left) {
                stray.get_or_insert((start - left, left));
            }
        }
        covered = covered.max(end);
    }
    if let Some((at, count)) = stray {
        report.add(finding(&codes::STRAY_BYTES, report.byte(at)).with("count", count).with("format", "zip"));
    }
}

/// Examines members in `[start, end)` that no directory lists; returns the bytes at the end that are no member.
fn hidden_members(source: &dyn Source, settings: &Settings, start: u64, end: u64, report: &mut Report<'_>) -> u64 {
    let mut at = start;
    for _ in 0..HIDDEN_MEMBERS_MAX {
        let Some((entry, next)) = unlisted(source, at, end) else { break };
        report.add(finding(&codes::HIDDEN_MEMBER, report.byte(at)).with("name", &entry.name));
        let mut walk = Walk::new(source, settings, report, Shape::default());
        if walk.member(&entry).is_break() {
            break;
        }
        at = next;
    }
    end.saturating_sub(at)
}

/// The member whose local header stands at `at` or, after a data descriptor, a few bytes on; and where it ends.
fn unlisted(source: &dyn Source, at: u64, end: u64) -> Option<(Entry, u64)> {
    let head = read_up_to(source, at, DESCRIPTOR_BYTES_MAX as usize + 4).ok()?;
    let at = at + memchr::memmem::find(&head, b"PK\x03\x04")? as u64;
    let local = directory::local(source, at).ok().flatten().filter(|l| l.data <= end)?;
    let open_end = local.flags & directory::FLAG_DESCRIPTOR != 0 && local.packed == 0;
    let packed = if open_end { end - local.data } else { local.packed.min(end - local.data) };
    let entry = Entry {
        name: local.name,
        flags: local.flags,
        method: local.method,
        crc: local.crc,
        packed,
        unpacked: local.unpacked,
        local: at,
        mode: 0,
    };
    Some((entry, local.data + packed))
}

/// An archive whose end is missing: its members are found by the headers in front of them.
fn without_directory(source: &dyn Source, settings: &Settings, report: &mut Report<'_>) {
    report.unreadable(&"the zip archive has no directory at its end");
    hidden_members(source, settings, 0, source.size(), report);
}

/// True when the first bytes of a gap are zero: padding.
fn is_zero(source: &dyn Source, at: u64, count: u64) -> bool {
    read_up_to(source, at, count.min(64 * 1024) as usize).is_ok_and(|bytes| bytes.iter().all(|b| *b == 0))
}
