//! The GGUF format (versions 1 to 3, both byte orders): metadata, descriptions of tensors, tensors.
//!
//! Readers in C have trusted its counts and lengths more than once, so each is checked against what the file can
//! hold. The chat template in the metadata is a program in Jinja, and is judged as one.

use crate::artefact::cursor::{Broken, Cursor};
use crate::artefact::gguf_about::{self, About};
use crate::artefact::{codes, codetext, template, tensors};
use crate::catalogue::finding;
use crate::disclosure;
use crate::report::Report;
use crate::source::{Source, read_up_to};

/// Bytes of metadata, vocabulary included, that are gone through.
const METADATA_BYTES_MAX: u64 = 512 * 1024 * 1024;
/// Bytes of a text in the metadata that is held.
const TEXT_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// Arrays in arrays.
const ARRAY_NESTING_MAX: usize = 4;
/// Zeros behind the last tensor: at most a page, which is the largest alignment that is in use.
const PADDING_BYTES_MAX: u64 = 4096;
/// Bytes of a key or of a tensor's name (specification: a key has at most 65,535).
const NAME_BYTES_MAX: u64 = 65_535;

/// Examines the metadata and the descriptions of the tensors. The tensors are numbers and are never read.
pub fn examine(source: &dyn Source, report: &mut Report<'_>) {
    report.ran("gguf", 2);
    match Reader::open(source).and_then(|mut reader| reader.walk(report)) {
        Ok(()) => {}
        Err(Broken::Wrong { what, at }) => {
            report.add(finding(&codes::STRUCTURE, report.byte(at)).with("format", "GGUF").with("what", what));
        }
        Err(e) => report.unreadable(&e),
    }
}

struct Reader<'a> {
    cursor: Cursor<'a>,
    big_endian: bool,
    version: u32,
    alignment: u64,
    /// A tensor has a type that is newer than this build, so that its end is not known.
    unknown_types: bool,
}

impl<'a> Reader<'a> {
    fn open(source: &'a dyn Source) -> Result<Self, Broken> {
        let mut cursor = Cursor::new(source);
        cursor.skip(4)?;
        let version: [u8; 4] = cursor.take()?;
        // The version is a small number in one of the two byte orders.
        let (little, big) = (u32::from_le_bytes(version), u32::from_be_bytes(version));
        let big_endian = little > big;
        let version = little.min(big);
        if !(1..=3).contains(&version) {
            return Err(cursor.wrong("a version that does not exist"));
        }
        Ok(Self { cursor, big_endian, version, alignment: 32, unknown_types: false })
    }

    fn walk(&mut self, report: &mut Report<'_>) -> Result<(), Broken> {
        let tensors = self.count()?;
        let pairs = self.count()?;
        // The smallest pair is a key's length, a type and a byte; the smallest tensor has its numbers only.
        if pairs > self.cursor.left() / 9 || tensors > self.cursor.left() / 20 {
            return Err(self.cursor.wrong("counts of metadata or tensors that the file cannot hold"));
        }
        let mut about = About::default();
        let mut count = tensors::Count::default();
        let described = self.described((pairs, tensors), &mut about, &mut count, report);
        about.report(report);
        count.report(report);
        let Some(end) = described? else { return Ok(()) };
        let data = self.cursor.position().next_multiple_of(self.alignment);
        if tensors > 0 && data.saturating_add(end) > self.cursor.source().size() {
            return Err(self.cursor.wrong("tensors that lie behind the end of the file"));
        }
        let end = if tensors > 0 { data.saturating_add(end) } else { self.cursor.position() };
        if self.unknown_types {
            // Where its tensors end is not known, nor what else may lie there.
            report.unreadable(&"a tensor of a type that is not known");
            return Ok(());
        }
        if self.is_padding(end)? {
            return Ok(());
        }
        if tensors == 0 {
            // Read as another version, metadata and tensors can look like none at all.
            return Err(Broken::Wrong { what: "bytes behind the metadata, and no tensor", at: end });
        }
        let left = self.cursor.source().size().saturating_sub(end);
        report.add(finding(&codes::STRAY_BYTES, report.byte(end)).with("count", left).with("format", "GGUF"));
        Ok(())
    }

    /// True when nothing is left from `end` on but the zeros with which a writer filled the file up.
    fn is_padding(&self, end: u64) -> Result<bool, Broken> {
        let source = self.cursor.source();
        let left = source.size().saturating_sub(end);
        let is_filled = read_up_to(source, end, PADDING_BYTES_MAX as usize)?.iter().all(|byte| *byte == 0);
        Ok(left <= PADDING_BYTES_MAX && is_filled)
    }

    /// Goes through metadata and descriptions, and returns where the last tensor ends; `None` when a limit is reached.
    fn described(
        &mut self,
        (pairs, tensors): (u64, u64),
        about: &mut About,
        count: &mut tensors::Count,
        report: &mut Report<'_>,
    ) -> Result<Option<u64>, Broken> {
        for _ in 0..pairs {
            self.pair(about, report)?;
            if self.cursor.position() > METADATA_BYTES_MAX {
                report.over("gguf_metadata_bytes_max", METADATA_BYTES_MAX);
                return Ok(None);
            }
        }
        let mut end = 0;
        for _ in 0..tensors {
            end = end.max(self.tensor(count)?);
            if self.cursor.position() > METADATA_BYTES_MAX {
                report.over("gguf_metadata_bytes_max", METADATA_BYTES_MAX);
                return Ok(None);
            }
        }
        Ok(Some(end))
    }

    fn pair(&mut self, about: &mut About, report: &mut Report<'_>) -> Result<(), Broken> {
        let at = self.cursor.position();
        let key = self.name()?;
        if key.contains("..") || key.contains(['/', '\\']) {
            return Err(self.cursor.wrong("a key that is a path"));
        }
        let kind = self.u32()?;
        if key == "general.alignment" {
            if kind != 4 {
                return Err(self.cursor.wrong("an alignment that is no 32-bit number"));
            }
            self.alignment = u64::from(self.u32()?);
            if !self.alignment.is_power_of_two() {
                return Err(self.cursor.wrong("an alignment that is no power of two"));
            }
            return Ok(());
        }
        if let (4 | 5 | 10 | 11, true) = (kind, gguf_about::wants_number(&key)) {
            let number = if kind < 10 { u64::from(self.u32()?) } else { self.u64()? };
            about.number(&key, number);
            return Ok(());
        }
        if kind == 9 {
            return self.array(&key, about);
        }
        if kind != 8 {
            return self.skip_value(kind, 0);
        }
        let length = self.length()?;
        if length > TEXT_BYTES_MAX {
            report.over("gguf_text_bytes_max", TEXT_BYTES_MAX);
            return self.cursor.skip(length);
        }
        let text = String::from_utf8_lossy(&self.cursor.bytes(length)?).into_owned();
        judge_text(&key, &text, at, report);
        about.text(&key, text);
        Ok(())
    }

    /// An array: texts that say something are read, the vocabulary is counted, everything else is gone over.
    fn array(&mut self, key: &str, about: &mut About) -> Result<(), Broken> {
        let start = self.cursor.position();
        let (kind, count) = (self.u32()?, self.count()?);
        about.array(key, count);
        if kind != 8 || count > gguf_about::LIST_MAX || !gguf_about::wants_list(key) {
            self.cursor.back_to(start);
            return self.skip_array(1);
        }
        for _ in 0..count {
            let length = self.length()?;
            let text = self.cursor.bytes(length.min(NAME_BYTES_MAX))?;
            self.cursor.skip(length.saturating_sub(NAME_BYTES_MAX))?;
            about.text(key, String::from_utf8_lossy(&text).into_owned());
        }
        Ok(())
    }

    /// Goes over a value of this type.
    fn skip_value(&mut self, kind: u32, nesting: usize) -> Result<(), Broken> {
        if let Some(bytes) = fixed_bytes(kind) {
            return self.cursor.skip(bytes);
        }
        match kind {
            8 => {
                let length = self.length()?;
                self.cursor.skip(length)
            }
            9 => self.skip_array(nesting + 1),
            _ => Err(self.cursor.wrong("a type of value that does not exist")),
        }
    }

    fn skip_array(&mut self, nesting: usize) -> Result<(), Broken> {
        if nesting > ARRAY_NESTING_MAX {
            return Err(self.cursor.wrong("arrays nested too deep"));
        }
        let kind = self.u32()?;
        let count = self.count()?;
        if let Some(bytes) = fixed_bytes(kind) {
            let all = count.checked_mul(bytes).filter(|all| *all <= self.cursor.left());
            return match all {
                Some(all) => self.cursor.skip(all),
                None => Err(self.cursor.wrong("an array that the file cannot hold")),
            };
        }
        if count > self.cursor.left() / 4 {
            return Err(self.cursor.wrong("an array that the file cannot hold"));
        }
        for _ in 0..count {
            self.skip_value(kind, nesting)?;
        }
        Ok(())
    }

    /// The end of a tensor, counted from the first byte of the data.
    fn tensor(&mut self, count: &mut tensors::Count) -> Result<u64, Broken> {
        self.name()?;
        let dimensions = self.u32()?;
        if dimensions > 4 {
            return Err(self.cursor.wrong("a tensor of more than four dimensions"));
        }
        let mut elements = 1_u64;
        for _ in 0..dimensions {
            let size = self.count()?;
            elements = elements.checked_mul(size).ok_or_else(|| self.cursor.wrong("a tensor of impossible size"))?;
        }
        let kind = self.u32()?;
        count.add(gguf_about::type_name(kind), elements);
        let offset = self.u64()?;
        if offset % self.alignment != 0 {
            return Err(self.cursor.wrong("a tensor that is not aligned"));
        }
        let bytes = match tensor_block(kind) {
            // The tensors of a type that is newer than this build are taken to have no size.
            None => {
                self.unknown_types = true;
                0
            }
            Some((block, bytes)) => elements
                .div_ceil(block)
                .checked_mul(bytes)
                .ok_or_else(|| self.cursor.wrong("a tensor of impossible size"))?,
        };
        offset.checked_add(bytes).ok_or_else(|| self.cursor.wrong("a tensor of impossible size"))
    }

    fn name(&mut self) -> Result<String, Broken> {
        let length = self.length()?;
        if length > NAME_BYTES_MAX {
            return Err(self.cursor.wrong("a name that is longer than the format allows"));
        }
        Ok(String::from_utf8_lossy(&self.cursor.bytes(length)?).into_owned())
    }

    /// The length of a text.
    fn length(&mut self) -> Result<u64, Broken> {
        let length = self.count()?;
        if length > self.cursor.left() {
            Err(self.cursor.wrong("a text that is longer than the file"))
        } else {
            Ok(length)
        }
    }

    /// A count: 32 bits in version 1, 64 bits since.
    fn count(&mut self) -> Result<u64, Broken> {
        if self.version == 1 { self.u32().map(u64::from) } else { self.u64() }
    }

    fn u32(&mut self) -> Result<u32, Broken> {
        let bytes = self.cursor.take()?;
        Ok(if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    fn u64(&mut self) -> Result<u64, Broken> {
        let bytes = self.cursor.take()?;
        Ok(if self.big_endian { u64::from_be_bytes(bytes) } else { u64::from_le_bytes(bytes) })
    }
}

/// Chat templates are programs; other texts only describe.
fn judge_text(key: &str, text: &str, at: u64, report: &mut Report<'_>) {
    if key.contains("template") {
        if let Some(hazard) = template::hazard(text) {
            template::report(&hazard, report.byte(at), report);
        }
        disclosure::search(text, Some(&report.byte(at)), report);
    } else {
        codetext::judge(key, text, &report.byte(at), report);
    }
}

/// Bytes of a value whose type has a fixed size.
fn fixed_bytes(kind: u32) -> Option<u64> {
    match kind {
        0 | 1 | 7 => Some(1),
        2 | 3 => Some(2),
        4..=6 => Some(4),
        10..=12 => Some(8),
        _ => None,
    }
}

/// Elements and bytes of one block of a tensor type (ggml); `None` for types that this build does not know.
fn tensor_block(kind: u32) -> Option<(u64, u64)> {
    Some(match kind {
        0 | 26 => (1, 4),
        1 | 25 | 30 => (1, 2),
        2 => (32, 18),
        3 => (32, 20),
        6 => (32, 22),
        7 => (32, 24),
        8 => (32, 34),
        9 => (32, 36),
        10 => (256, 84),
        11 => (256, 110),
        12 => (256, 144),
        13 => (256, 176),
        14 => (256, 210),
        15 => (256, 292),
        16 | 35 => (256, 66),
        17 => (256, 74),
        18 => (256, 98),
        19 => (256, 50),
        20 => (32, 18),
        21 => (256, 110),
        22 => (256, 82),
        23 => (256, 136),
        29 => (256, 56),
        34 => (256, 54),
        39 => (32, 17),
        24 => (1, 1),
        27 | 28 => (1, 8),
        _ => return None,
    })
}
