//! One member of a zip archive: its two headers compared, its bytes reached, and handed to their examiner.

use std::io::{BufReader, Read};
use std::ops::ControlFlow;

use super::about;
use super::directory::{self, Entry, FLAG_DESCRIPTOR, Local};
use super::shape::{Role, Shape};
use crate::artefact::unpack::{End, unpack};
use crate::artefact::{codes, config, names, pickle, streams, torchscript};
use crate::catalogue::finding;
use crate::codes::ENCRYPTED;
use crate::recognise::{kinds, program};
use crate::report::Report;
use crate::source::{Source, SourceReader, Window, read_up_to};
use crate::{HELD_BYTES_MAX, Settings, examine_member};

/// Flags with which readers refuse a member or ask for a password: encrypted, patched, strongly encrypted.
const FLAGS_REFUSED: u16 = 1 | 1 << 5 | 1 << 6;
/// Bytes of a marker such as `version`.
const MARKER_BYTES_MAX: u64 = 4096;
/// Bytes of a raw storage that are looked at.
const PEEK_BYTES: usize = 4096;
/// How often the bytes of an archive are read because members share them.
const READ_AGAIN_MAX: u64 = 8;
/// Bytes of the target of a symbolic link.
const LINK_BYTES_MAX: usize = 4096;

/// Goes through the members of one archive.
pub(super) struct Walk<'a, 'r> {
    source: &'a dyn Source,
    settings: &'a Settings,
    report: &'a mut Report<'r>,
    shape: Shape,
    spans: Vec<(u64, u64)>,
    packed_bytes: u64,
}

/// The bytes of a member.
enum Content<'a> {
    InPlace(Window<'a>),
    Unpacked(Vec<u8>),
}

impl<'a> Content<'a> {
    /// What is stored as it is: read once if it is small, as most members of large archives are.
    fn stored(packed: Window<'a>) -> Self {
        let is_small = packed.size() <= HELD_BYTES_MAX as u64;
        let held = is_small.then(|| read_up_to(&packed, 0, HELD_BYTES_MAX).ok()).flatten();
        held.map_or(Self::InPlace(packed), Self::Unpacked)
    }

    fn source(&self) -> &dyn Source {
        match self {
            Self::InPlace(window) => window,
            Self::Unpacked(bytes) => bytes,
        }
    }
}

impl<'a, 'r> Walk<'a, 'r> {
    pub(super) fn new(
        source: &'a dyn Source,
        settings: &'a Settings,
        report: &'a mut Report<'r>,
        shape: Shape,
    ) -> Self {
        Self { source, settings, report, shape, spans: Vec::new(), packed_bytes: 0 }
    }

    /// Where the members that were gone through lie, headers included.
    pub(super) fn into_spans(self) -> Vec<(u64, u64)> {
        self.spans
    }

    /// Examines a member. Breaks when a limit forbids to examine any further one.
    pub(super) fn member(&mut self, entry: &Entry) -> ControlFlow<()> {
        let entered = self.report.enter(&entry.name);
        let flow = if entered.is_ok() { self.inside(entry) } else { ControlFlow::Break(()) };
        self.report.leave();
        flow
    }

    fn inside(&mut self, entry: &Entry) -> ControlFlow<()> {
        if names::escapes(&entry.name) {
            self.report.add(finding(&codes::NAME_ESCAPES, self.report.whole()).with("name", &entry.name));
        }
        let local = match directory::local(self.source, entry.local) {
            Ok(local) => local,
            Err(e) => {
                self.report.unreadable(&e);
                return ControlFlow::Continue(());
            }
        };
        self.compare(entry, local.as_ref());
        let data = local.map_or(entry.local.saturating_add(30 + entry.name.len() as u64), |l| l.data);
        self.spans.push((entry.local, data.saturating_add(entry.packed)));
        let read = entry.packed.min(self.source.size()).saturating_add(data.saturating_sub(entry.local));
        self.packed_bytes = self.packed_bytes.saturating_add(read);
        // Bytes that are read again, for which members or their headers overlap, cost as much as unpacked ones: archives in archives
        // multiply them.
        if self.packed_bytes > self.source.size() && self.report.unpacked(read).is_err() {
            return ControlFlow::Break(());
        }
        if self.packed_bytes > self.source.size().saturating_mul(READ_AGAIN_MAX) {
            self.report.over("zip_read_again_max", READ_AGAIN_MAX);
            return ControlFlow::Break(());
        }
        if entry.name.ends_with('/') && entry.packed == 0 {
            return ControlFlow::Continue(());
        }
        if data.saturating_add(entry.packed) > self.source.size() {
            self.report.unreadable(&"the archive ends before this member does");
        }
        let packed = Window::new(self.source, data, entry.packed);
        if self.shape.role(&entry.name) == Role::RawStorage && entry.flags & FLAGS_REFUSED == 0 {
            self.raw_storage(entry, &packed);
            return ControlFlow::Continue(());
        }
        self.content(entry, packed)
    }

    /// Reports where the directory and the header in front of the member tell readers different things.
    fn compare(&mut self, entry: &Entry, local: Option<&Local>) {
        let what = match local {
            None => Some("no header in front of the member"),
            Some(l) if l.name != entry.name => Some("the name"),
            Some(l) if l.method != entry.method => Some("the compression method"),
            Some(l) if (l.flags ^ entry.flags) & FLAGS_REFUSED != 0 => Some("the encryption flags"),
            Some(l) if l.flags & FLAG_DESCRIPTOR == 0 && (l.packed, l.unpacked) != (entry.packed, entry.unpacked) => {
                Some("the size")
            }
            Some(l) if l.flags & FLAG_DESCRIPTOR == 0 && l.crc != entry.crc => Some("the checksum"),
            Some(_) if entry.name.contains('\0') => Some("the name, which ends early for some readers"),
            Some(_) => None,
        };
        if let Some(what) = what {
            self.report.add(finding(&codes::HEADERS_DIFFER, self.report.whole()).with("what", what));
        }
    }

    /// A storage is numbers to its loader. A program in it would be dead, but somebody put it there.
    fn raw_storage(&mut self, entry: &Entry, packed: &Window<'_>) {
        let mut head = Vec::new();
        let read = match decoder(entry, packed) {
            Some(mut reader) => reader.by_ref().take(PEEK_BYTES as u64).read_to_end(&mut head).map(|_| ()),
            None => read_up_to(packed, 0, PEEK_BYTES).map(|bytes| head = bytes),
        };
        let content: &dyn Source = if entry.method == 0 { packed } else { &head };
        if self.report.diverts(content) {
            return;
        }
        if let Err(e) = read {
            self.report.unreadable(&e);
        } else if let Some(kind) = program(&head) {
            self.report.add(finding(&codes::PROGRAM_INSIDE, self.report.byte(0)).with("kind", kind));
        } else if pickle::looks_like_pickle(&head) {
            // The loader copies it as numbers; whoever put a pickle there means to load it otherwise.
            self.report.add(finding(&pickle::codes::HIDDEN, self.report.byte(0)));
            if entry.method == 0 {
                pickle::examine(packed, pickle::Carrier::Embedded, self.report);
            }
        }
    }

    /// Reaches the bytes of the member and examines them.
    fn content(&mut self, entry: &Entry, packed: Window<'_>) -> ControlFlow<()> {
        if self.report.passes_by() {
            return ControlFlow::Continue(());
        }
        let refused = entry.flags & FLAGS_REFUSED != 0;
        let (content, whole, flow) = if entry.method == 0 {
            let whole = entry.packed == entry.unpacked;
            (Content::stored(packed), whole, ControlFlow::Continue(()))
        } else if let Some(mut reader) = decoder(entry, &packed) {
            let unpacked = unpack(reader.as_mut(), entry.packed, self.report);
            let whole = matches!(unpacked.end, End::Whole) && unpacked.bytes.len() as u64 == entry.unpacked;
            let flow = if matches!(unpacked.end, End::Exhausted(_)) {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            };
            if let (End::Damaged(e), false) = (&unpacked.end, refused) {
                self.report.unreadable(e);
            }
            (Content::Unpacked(unpacked.bytes), whole, flow)
        } else {
            self.report.no_examiner(&format!("zip method {}", entry.method));
            return ControlFlow::Continue(());
        };
        if refused && !whole {
            self.report.add(finding(&ENCRYPTED, self.report.whole()));
            return flow;
        }
        if refused {
            self.report.add(finding(&codes::FALSE_FLAGS, self.report.whole()));
        }
        if self.report.diverts(content.source()) {
            return flow;
        }
        self.check_sum(entry, content.source());
        self.hand_over(entry, content.source());
        flow
    }

    /// Compares the checksum of members small enough to be held; larger ones are read in place, and only in part.
    fn check_sum(&mut self, entry: &Entry, content: &dyn Source) {
        if entry.crc == 0 || content.size() != entry.unpacked || content.size() > self.report.limits().member_bytes_max
        {
            return;
        }
        let mut crc = flate2::CrcReader::new(buffered(content, 64 * 1024));
        let read = std::io::copy(&mut crc, &mut std::io::sink());
        if read.is_ok() && crc.crc().sum() != entry.crc {
            self.report.add(finding(&codes::WRONG_CHECKSUM, self.report.whole()));
        }
    }

    /// Gives the bytes to the examiner that the loader of the archive, or their content, calls for.
    fn hand_over(&mut self, entry: &Entry, content: &dyn Source) {
        if entry.mode & 0o170_000 == 0o120_000 {
            return self.symbolic_link(entry, content);
        }
        if self.shape.kind() == kinds::KERAS_V3 {
            about::of_keras(&entry.name, content, self.report);
        }
        match self.shape.role(&entry.name) {
            Role::Pickle => pickle::examine(content, pickle::Carrier::Embedded, self.report),
            Role::TorchCode => torchscript::examine_code(content, self.report),
            Role::KerasConfig => {
                config::examine(content, self.report);
            }
            Role::Marker if content.size() <= MARKER_BYTES_MAX => {}
            Role::RawStorage | Role::Marker | Role::Other => {
                let kind = examine_member(content, self.settings, self.report);
                let program = [kinds::ELF, kinds::PE, kinds::MACHO, kinds::SCRIPT].contains(&kind);
                if program && self.shape.is_model() {
                    self.report.add(finding(&codes::PROGRAM_INSIDE, self.report.byte(0)).with("kind", kind));
                }
            }
        }
    }

    fn symbolic_link(&mut self, entry: &Entry, content: &dyn Source) {
        let target = read_up_to(content, 0, LINK_BYTES_MAX).unwrap_or_default();
        let target = String::from_utf8_lossy(&target);
        if names::link_escapes(&entry.name, &target) {
            self.report.add(finding(&codes::LINK_ESCAPES, self.report.whole()).with("target", target));
        }
    }
}

/// A reader that reads so much ahead, and no more than there is: archives have thousands of small members.
fn buffered<'s>(source: &'s dyn Source, max: usize) -> BufReader<SourceReader<'s>> {
    let room = usize::try_from(source.size()).map_or(max, |size| size.min(max));
    BufReader::with_capacity(room, SourceReader::new(source))
}

/// A reader of the unpacked bytes; `None` for stored members and methods that are not known.
fn decoder<'s>(entry: &Entry, packed: &'s Window<'_>) -> Option<Box<dyn Read + 's>> {
    let input = buffered(packed, 32 * 1024);
    match entry.method {
        8 => Some(Box::new(flate2::bufread::DeflateDecoder::new(input))),
        12 => Some(Box::new(bzip2::bufread::BzDecoder::new(input))),
        14 => streams::zip_lzma(input, entry.unpacked),
        93 => streams::zstd(input),
        95 => Some(streams::xz(input)),
        _ => None,
    }
}
