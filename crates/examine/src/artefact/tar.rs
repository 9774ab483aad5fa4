//! Tar archives (POSIX ustar and pax, GNU), read as Python's `tarfile` and GNU tar would.

use std::io;
use std::ops::ControlFlow;

use crate::artefact::{codes, names};
use crate::catalogue::finding;
use crate::report::Report;
use crate::source::{Source, Window, read_up_to};
use crate::{Settings, examine_member};

const BLOCK: u64 = 512;
/// Bytes of a long name or of a pax header.
const EXTENSION_BYTES_MAX: u64 = 1024 * 1024;

/// True when these first bytes are a tar header with the right checksum.
#[must_use]
pub fn looks_like(head: &[u8]) -> bool {
    head.get(..BLOCK as usize).is_some_and(|block| block[0] != 0 && checksum_holds(block))
}

/// Examines an archive and all of its regular files, in place.
pub fn examine(source: &dyn Source, settings: &Settings, report: &mut Report<'_>) {
    report.ran("tar", 1);
    let mut at = 0;
    let mut cut_short = false;
    let mut pending = Pending::default();
    let mut links = names::Links::default();
    while at < source.size() {
        let next = match read_header(source, at) {
            Ok(Some(header)) => header,
            Ok(None) => return after_end(source, at, report),
            Err(e) => return report.unreadable(&e),
        };
        let data = at + BLOCK;
        if let Err(e) = pending.extend(source, &next, data) {
            return report.unreadable(&e);
        }
        let header = if next.is_extension() { next } else { std::mem::take(&mut pending).applied_to(next) };
        if header.size > source.size().saturating_sub(data) && header.has_data() {
            report.unreadable(&"the archive ends before its last member does");
            cut_short = true;
        }
        if !header.is_extension() {
            below_link(&header, &links, report);
            if member(source, settings, &header, data, report).is_break() {
                return;
            }
            if header.kind == b'2' {
                links.add(&header.name, &header.target);
            }
        }
        let blocks = if header.has_data() { header.size.div_ceil(BLOCK) } else { 0 };
        at = data.saturating_add(blocks.saturating_mul(BLOCK));
    }
    if !cut_short {
        report.unreadable(&"the archive has no end mark, so members may be missing");
    }
}

/// What a header block says.
struct Header {
    name: String,
    target: String,
    size: u64,
    kind: u8,
}

impl Header {
    /// Long names and pax records are for the next header.
    fn is_extension(&self) -> bool {
        matches!(self.kind, b'L' | b'K' | b'x' | b'g' | b'X')
    }

    /// Links, devices and folders have no bytes, whatever their size says.
    fn has_data(&self) -> bool {
        !matches!(self.kind, b'1'..=b'6')
    }
}

/// Values that extension headers set for the next member.
#[derive(Default)]
struct Pending {
    name: Option<String>,
    target: Option<String>,
    size: Option<u64>,
}

impl Pending {
    /// Reads an extension header's data. Does nothing for other members.
    fn extend(&mut self, source: &dyn Source, header: &Header, data: u64) -> io::Result<()> {
        if !header.is_extension() {
            return Ok(());
        }
        let bytes = read_up_to(source, data, header.size.min(EXTENSION_BYTES_MAX) as usize)?;
        match header.kind {
            b'L' => self.name = Some(text_of(&bytes)),
            b'K' => self.target = Some(text_of(&bytes)),
            _ => self.read_pax(&bytes),
        }
        Ok(())
    }

    /// Pax records: `LENGTH KEY=VALUE\n`.
    fn read_pax(&mut self, mut bytes: &[u8]) {
        while let Some(space) = bytes.iter().take(20).position(|b| *b == b' ') {
            let length = std::str::from_utf8(&bytes[..space]).ok().and_then(|n| n.parse::<usize>().ok());
            let Some(record) = length.and_then(|length| bytes.get(space + 1..length)) else { return };
            let record = String::from_utf8_lossy(record);
            if let Some((key, value)) = record.trim_end_matches('\n').split_once('=') {
                match key {
                    "path" => self.name = Some(value.to_owned()),
                    "linkpath" => self.target = Some(value.to_owned()),
                    "size" => self.size = value.parse().ok(),
                    _ => {}
                }
            }
            bytes = &bytes[length.unwrap_or(bytes.len())..];
        }
    }

    fn applied_to(self, header: Header) -> Header {
        Header {
            name: self.name.unwrap_or(header.name),
            target: self.target.unwrap_or(header.target),
            size: self.size.unwrap_or(header.size),
            kind: header.kind,
        }
    }
}

/// The header at this offset; `None` where the archive ends.
fn read_header(source: &dyn Source, at: u64) -> io::Result<Option<Header>> {
    let block = read_up_to(source, at, BLOCK as usize)?;
    if block.iter().all(|b| *b == 0) {
        return Ok(None);
    }
    if block.len() < BLOCK as usize || !checksum_holds(&block) {
        return Err(io::Error::other(format!("no tar header at byte {at}")));
    }
    let mut name = text_of(&block[..100]);
    let prefix = text_of(&block[345..500]);
    if &block[257..263] == b"ustar\0" && !prefix.is_empty() {
        name = format!("{prefix}/{name}");
    }
    let size =
        number(&block[124..136]).ok_or_else(|| io::Error::other(format!("no size in the tar header at byte {at}")))?;
    Ok(Some(Header { name, target: text_of(&block[157..257]), size, kind: block[156] }))
}

/// The sum over the header, with its own field as blanks; both signs of bytes have been in use.
fn checksum_holds(block: &[u8]) -> bool {
    let Some(stated) = number(&block[148..156]) else { return false };
    let blank = |i: usize, b: u8| if (148..156).contains(&i) { b' ' } else { b };
    let unsigned: u64 = block.iter().enumerate().map(|(i, b)| u64::from(blank(i, *b))).sum();
    let signed: i64 = block.iter().enumerate().map(|(i, b)| i64::from(blank(i, *b).cast_signed())).sum();
    stated == unsigned || i64::try_from(stated).is_ok_and(|s| s == signed)
}

/// Octal digits, or big-endian bytes after 0x80 (GNU).
fn number(field: &[u8]) -> Option<u64> {
    if field.first() == Some(&0x80) {
        let (high, low) = field.split_at(field.len().saturating_sub(8));
        return (high.iter().skip(1).all(|b| *b == 0)).then(|| low.iter().fold(0, |n, b| n << 8 | u64::from(*b)));
    }
    let text = std::str::from_utf8(field).ok()?.trim_matches(['\0', ' ']);
    let digits = text.split(['\0', ' ']).next().unwrap_or_default();
    u64::from_str_radix(digits, 8).ok()
}

fn text_of(field: &[u8]) -> String {
    let end = field.iter().position(|b| *b == 0).unwrap_or(field.len());
    String::from_utf8_lossy(&field[..end]).into_owned()
}

fn member(
    source: &dyn Source,
    settings: &Settings,
    header: &Header,
    data: u64,
    report: &mut Report<'_>,
) -> ControlFlow<()> {
    let entered = report.enter(&header.name);
    if entered.is_ok() {
        inside(source, settings, header, data, report);
    }
    report.leave();
    if entered.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
}

fn inside(source: &dyn Source, settings: &Settings, header: &Header, data: u64, report: &mut Report<'_>) {
    if names::escapes(&header.name) {
        report.add(finding(&codes::NAME_ESCAPES, report.whole()).with("name", &header.name));
    }
    match header.kind {
        // A hard link names its target from the root of the archive, a symbolic one from its own folder.
        b'1' if names::escapes(&header.target) => {
            report.add(finding(&codes::LINK_ESCAPES, report.whole()).with("target", &header.target));
        }
        b'2' if names::link_escapes(&header.name, &header.target) => {
            report.add(finding(&codes::LINK_ESCAPES, report.whole()).with("target", &header.target));
        }
        b'3' | b'4' | b'6' => report.add(finding(&codes::DEVICE_NODE, report.whole())),
        b'1' | b'2' | b'5' => {}
        _ if header.name.ends_with('/') && header.size == 0 => {}
        _ => {
            examine_member(&Window::new(source, data, header.size), settings, report);
        }
    }
}

/// Reports a member that leaves the folder only by way of links that were unpacked before it.
fn below_link(header: &Header, links: &names::Links, report: &mut Report<'_>) {
    let Some(led) = links.led(&header.name) else { return };
    let leaves = names::escapes(&led) || header.kind == b'2' && names::link_escapes(&led, &header.target);
    if leaves && !names::escapes(&header.name) {
        report
            .add(finding(&codes::LINK_ESCAPES, report.whole()).with("target", format_args!("{} → {led}", header.name)));
    }
}

/// Readers stop at the first empty block; something after the padding is for other readers.
fn after_end(source: &dyn Source, at: u64, report: &mut Report<'_>) {
    let rest = read_up_to(source, at, 64 * 1024).unwrap_or_default();
    if rest.iter().any(|b| *b != 0) {
        let count = source.size() - at;
        report.add(finding(&codes::STRAY_BYTES, report.byte(at)).with("count", count).with("format", "tar"));
    }
}
