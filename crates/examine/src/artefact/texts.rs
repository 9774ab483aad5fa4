//! Names and texts in the data of a model, which has no use for programs: they are searched for some.

use crate::artefact::cursor::{Broken, Cursor};
use crate::artefact::{codes, codetext, pickle};
use crate::catalogue::finding;
use crate::report::Report;

/// Bytes of texts that are searched together.
const TEXTS_BYTES: usize = 64 * 1024;
/// Bytes of one text that are searched.
pub const TEXT_BYTES_MAX: u64 = 1024 * 1024;
/// Bytes of all texts that are searched.
const ALL_TEXT_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Names and texts, which are searched together, as there may be millions.
#[derive(Default)]
pub struct Texts {
    waiting: String,
    bytes: u64,
    /// Where the first piece of program was found: the texts that were searched with it begin here.
    program_at: Option<u64>,
    begins: u64,
    is_over: bool,
}

impl Texts {
    /// Adds a text that begins at this offset.
    pub fn add(&mut self, cursor: &mut Cursor<'_>, length: u64) -> Result<(), Broken> {
        let (at, looked_at) = (cursor.position(), length.min(TEXT_BYTES_MAX));
        self.is_over |= looked_at < length || self.bytes > ALL_TEXT_BYTES_MAX;
        if self.program_at.is_some() || self.bytes > ALL_TEXT_BYTES_MAX {
            return cursor.skip(length);
        }
        let bytes = cursor.bytes(looked_at)?;
        cursor.skip(length - looked_at)?;
        self.note(&String::from_utf8_lossy(&bytes), at);
        Ok(())
    }

    /// The same of a text that was read.
    pub fn note(&mut self, text: &str, at: u64) {
        self.is_over |= self.bytes > ALL_TEXT_BYTES_MAX;
        if self.program_at.is_some() || self.bytes > ALL_TEXT_BYTES_MAX {
            return;
        }
        self.bytes += text.len() as u64;
        if pickle::is_hazardous_name(text) {
            self.program_at = Some(at);
            return;
        }
        if self.waiting.is_empty() {
            self.begins = at;
        }
        self.waiting.push_str(text);
        self.waiting.push('\n');
        if self.waiting.len() >= TEXTS_BYTES {
            self.search();
        }
    }

    fn search(&mut self) {
        if self.program_at.is_none() && codetext::has_program(&self.waiting) {
            self.program_at = Some(self.begins);
        }
        self.waiting.clear();
    }

    /// Reports the first piece of program in what was added.
    pub fn report(mut self, format: &str, report: &mut Report<'_>) {
        self.search();
        if let Some(at) = self.program_at {
            report.add(finding(&codes::METADATA_PROGRAM, report.byte(at)).with("name", format));
        } else if self.is_over {
            report.over("model_text_bytes_max", ALL_TEXT_BYTES_MAX);
        }
    }
}
