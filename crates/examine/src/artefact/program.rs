//! Programs, and what runs like one: native code alone, programs that carry a model (llamafile), compiled engines
//! (TensorRT). What they do can't be told from here, and each says so in its own words.

use std::io;

use sakimori_model::Kind;

use crate::Settings;
use crate::artefact::{codes, zip};
use crate::catalogue::finding;
use crate::recognise::kinds;
use crate::report::Report;
use crate::source::{Source, read_up_to};

/// Bytes of the description that some tools put in front of an engine.
const DESCRIPTION_BYTES_MAX: u32 = 1024 * 1024;

/// True for what a system or a virtual machine runs.
#[must_use]
pub fn is_program(kind: &Kind) -> bool {
    use kinds::{DEX, ELF, JAVA_CLASS, MACHO, PE, WASM};
    [ELF, PE, MACHO, JAVA_CLASS, WASM, DEX].contains(kind)
}

/// Reports a program that is the observation itself. Returns whether it is: those in an archive are reported together.
pub fn examine(kind: &Kind, report: &mut Report<'_>) -> bool {
    let alone = report.path().is_none();
    if alone {
        report.ran("program", 1);
        report.add(finding(&codes::PROGRAM, report.whole()).with("kind", kind));
    }
    alone
}

/// True when the bytes begin as a program for several systems (Actually Portable Executable) and end as a zip archive.
///
/// # Errors
/// When the source can't be read.
pub fn is_llamafile(source: &dyn Source, head: &[u8]) -> io::Result<bool> {
    let portable = head.starts_with(b"MZqFpD='") || head.starts_with(b"jartsr='");
    Ok(portable && zip::tail(source)?.is_some_and(|tail| tail.entries > 0))
}

/// Examines what a llamafile carries, and reports the program around it.
pub fn examine_llamafile(source: &dyn Source, settings: &Settings, report: &mut Report<'_>) {
    report.ran("program", 1);
    report.add(finding(&codes::PROGRAM_WITH_MODEL, report.whole()).with("kind", "llamafile"));
    zip::examine_behind(source, zip::Front::Carrier, settings, report);
}

/// True when the bytes are an engine of TensorRT: its mark, alone or behind a description in JSON and its length.
///
/// # Errors
/// When the source can't be read.
pub fn is_engine(source: &dyn Source, head: &[u8]) -> io::Result<bool> {
    const MARK: &[u8] = b"ptrt";
    if head.starts_with(MARK) {
        return Ok(true);
    }
    let Some((length, rest)) = head.split_first_chunk() else { return Ok(false) };
    let length = u32::from_le_bytes(*length);
    let described = rest.first() == Some(&b'{') && length <= DESCRIPTION_BYTES_MAX;
    Ok(described && read_up_to(source, 4 + u64::from(length), MARK.len())? == MARK)
}

/// Reports an engine: code for one sort of processor, which its maker alone can read.
pub fn examine_engine(report: &mut Report<'_>) {
    report.ran("program", 1);
    report.add(finding(&codes::COMPILED_ENGINE, report.whole()).with("kind", "TensorRT"));
}
