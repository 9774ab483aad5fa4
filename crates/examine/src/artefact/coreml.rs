//! Core ML models (Model.proto and its neighbours): layers and models that are code of the application, models in other
//! files, and what the model says of itself.

use std::io;

use sakimori_model::FactName;

use crate::artefact::cursor::{Broken, Cursor};
use crate::artefact::wire::{Field, Fields, Span, Value, text};
use crate::artefact::{codes, codetext, names, tensors};
use crate::catalogue::finding;
use crate::report::Report;
use crate::source::{Paged, Source};

/// Fields of a model: a version, a description, whether it can be trained, and what it is.
const FIELDS_MAX: usize = 16;
/// Bytes of a name or a path.
const NAME_BYTES_MAX: u64 = 1024;
/// Bytes of a description or a licence.
const TEXT_BYTES_MAX: u64 = 64 * 1024;
/// Messages of one model that are gone through.
const MESSAGES_MAX: u64 = 5_000_000;
/// Findings of one kind.
const FINDINGS_MAX: usize = 50;
/// Versions of the specification that may come to be.
const VERSION_MAX: u64 = 50;
/// In front of each blob of weights.
const BLOB_MARK: [u8; 4] = [0xef, 0xbe, 0xad, 0xde];
/// Where blobs and their descriptions may begin, in bytes.
const BLOB_ALIGNMENT: u64 = 64;

/// What a model can be, by the number of its field.
const FAMILIES: &[(u64, &str)] = &[
    (200, "pipeline"),
    (201, "pipeline"),
    (202, "pipeline"),
    (300, "generalized-linear-model"),
    (301, "support-vector-machine"),
    (302, "tree-ensemble"),
    (303, "neural-network"),
    (304, "bayesian-probit-regressor"),
    (400, "generalized-linear-model"),
    (401, "support-vector-machine"),
    (402, "tree-ensemble"),
    (403, "neural-network"),
    (404, "nearest-neighbors"),
    (500, "neural-network"),
    (501, "item-similarity-recommender"),
    (502, "ml-program"),
    (555, "custom-model"),
    (556, "linked-model"),
    (560, "class-confidence-thresholding"),
    (600, "one-hot-encoder"),
    (601, "imputer"),
    (602, "feature-vectorizer"),
    (603, "dict-vectorizer"),
    (604, "scaler"),
    (606, "categorical-mapping"),
    (607, "normalizer"),
    (609, "array-feature-extractor"),
    (610, "non-maximum-suppression"),
    (900, "identity"),
    (2000, "text-classifier"),
    (2001, "word-tagger"),
    (2002, "vision-feature-print"),
    (2003, "sound-analysis-preprocessing"),
    (2004, "gazetteer"),
    (2005, "word-embedding"),
    (2006, "audio-feature-print"),
    (3000, "serialized-model"),
];

/// True when the bytes are a model: a version, a description, and one thing that it is.
///
/// # Errors
/// When the source can't be read.
pub fn looks_like(source: &dyn Source) -> io::Result<bool> {
    let (mut version, mut kinds) = (false, 0);
    for field in Fields::of(source).take(FIELDS_MAX) {
        match field {
            Ok(Field { number: 1, value: Value::Varint(number) }) => version = (1..=VERSION_MAX).contains(&number),
            Ok(Field { number: 2, value: Value::Bytes(_) }) | Ok(Field { number: 10, value: Value::Varint(_) }) => {}
            Ok(Field { number, value: Value::Bytes(_) }) if family(number).is_some() => kinds += 1,
            Err(Broken::Io(e)) => return Err(e),
            _ => return Ok(false),
        }
    }
    Ok(version && kinds == 1)
}

/// Examines a model. Weights are numbers and are never read.
pub fn examine(source: &dyn Source, report: &mut Report<'_>) {
    report.ran("coreml", 1);
    let whole = Span { start: 0, end: source.size() };
    let paged = Paged::new(source);
    let mut walk = Walk { source: &paged, report, messages: 0, told: 0 };
    if let Err(e) = walk.message(Message::Model, whole, 0) {
        walk.report.unreadable(&e);
    }
}

/// True when these first bytes are those of a file of weights: a count, version 2, and the mark of the first blob.
#[must_use]
pub fn looks_like_weights(head: &[u8]) -> bool {
    let version = head.get(4..8) == Some(&[2, 0, 0, 0]);
    version && head.get(8..64).is_some_and(|b| b.iter().all(|b| *b == 0)) && head.get(64..68) == Some(&BLOB_MARK)
}

/// Examines a file of weights (MIL storage format, version 2): blobs, each behind its description.
pub fn examine_weights(source: &dyn Source, report: &mut Report<'_>) {
    report.ran("coreml-weights", 1);
    let mut count = tensors::Count::default();
    let done = weights(source, &mut count, report);
    count.report(report);
    match done {
        Ok(()) => {}
        Err(Broken::Wrong { what, at }) => {
            report.add(finding(&codes::STRUCTURE, report.byte(at)).with("format", "Core ML").with("what", what));
        }
        Err(e) => report.unreadable(&e),
    }
}

fn weights(source: &dyn Source, count: &mut tensors::Count, report: &mut Report<'_>) -> Result<(), Broken> {
    let mut cursor = Cursor::new(source);
    let blobs = u32::from_le_bytes(cursor.take()?);
    let mut end = BLOB_ALIGNMENT;
    for _ in 0..blobs {
        let start = end.next_multiple_of(BLOB_ALIGNMENT);
        cursor = Cursor::within(source, start, source.size());
        if cursor.take()? != BLOB_MARK {
            return Err(cursor.wrong("a blob without its mark"));
        }
        let kind = u32::from_le_bytes(cursor.take()?);
        let (bytes, at) = (u64::from_le_bytes(cursor.take()?), u64::from_le_bytes(cursor.take()?));
        end = at.saturating_add(bytes);
        if at < cursor.position() || end > source.size() {
            return Err(cursor.wrong("a blob that lies outside of the file"));
        }
        let (name, bits) = match kind {
            1 => ("F16", 16),
            2 => ("F32", 32),
            3 => ("U8", 8),
            4 => ("I8", 8),
            5 => ("BF16", 16),
            6 => ("I16", 16),
            7 => ("U16", 16),
            8 => ("I4", 4),
            _ => ("other", 8),
        };
        count.add(name, bytes.saturating_mul(8) / bits);
    }
    // The last blob is padded with zeros to the alignment.
    let padded = end.next_multiple_of(BLOB_ALIGNMENT).min(source.size());
    let mut padding = Cursor::within(source, end.min(padded), padded);
    let mut stray = padded;
    while padding.position() < padded {
        let at = padding.position();
        if padding.take::<1>()? != [0] {
            stray = at;
            break;
        }
    }
    if stray < source.size() {
        let left = source.size() - stray;
        report.add(finding(&codes::STRAY_BYTES, report.byte(stray)).with("count", left).with("format", "Core ML"));
    }
    Ok(())
}

fn family(number: u64) -> Option<&'static str> {
    FAMILIES.iter().find(|(known, _)| *known == number).map(|(_, name)| *name)
}

/// The messages that are gone into.
#[derive(Clone, Copy)]
enum Message {
    Model,
    Description,
    Metadata,
    UserDefined,
    PipelineOf,
    Pipeline,
    Network,
    Layer,
    Branch,
    Loop,
    CustomLayer,
    CustomModel,
    LinkedModel,
    LinkedFile,
    FileName,
    Program,
    Functions,
    Function,
    Blocks,
    Block,
    Operation,
    Attribute,
    Value,
    Blob,
}

impl Message {
    /// The message that this field holds.
    fn inner(self, number: u64) -> Option<Self> {
        Some(match (self, number) {
            (Self::Model, 2) => Self::Description,
            (Self::Description, 100) => Self::Metadata,
            (Self::Metadata, 100) => Self::UserDefined,
            (Self::Model, 200 | 201) => Self::PipelineOf,
            (Self::Model, 202) | (Self::PipelineOf, 1) => Self::Pipeline,
            (Self::Pipeline, 1) => Self::Model,
            (Self::Model, 303 | 403 | 500) | (Self::Branch, 1 | 2) | (Self::Loop, 3 | 4) => Self::Network,
            (Self::Network, 1) => Self::Layer,
            (Self::Layer, 500) => Self::CustomLayer,
            (Self::Layer, 600) => Self::Branch,
            (Self::Layer, 615) => Self::Loop,
            (Self::Model, 555) => Self::CustomModel,
            (Self::Model, 556) => Self::LinkedModel,
            (Self::LinkedModel, 1) => Self::LinkedFile,
            (Self::LinkedFile, 1 | 2) => Self::FileName,
            (Self::Model, 502) => Self::Program,
            (Self::Program, 2) => Self::Functions,
            (Self::Functions, 2) => Self::Function,
            (Self::Function, 3) => Self::Blocks,
            (Self::Blocks, 2) | (Self::Operation, 4) => Self::Block,
            (Self::Block, 3) => Self::Operation,
            (Self::Operation, 5) => Self::Attribute,
            (Self::Attribute, 2) => Self::Value,
            (Self::Value, 5) => Self::Blob,
            _ => return None,
        })
    }
}

struct Walk<'a, 'r> {
    source: &'a dyn Source,
    report: &'a mut Report<'r>,
    messages: u64,
    told: usize,
}

impl Walk<'_, '_> {
    fn message(&mut self, message: Message, span: Span, depth: usize) -> Result<(), Broken> {
        self.messages += 1;
        if depth > self.report.limits().nesting_max {
            self.report.over("nesting_max", self.report.limits().nesting_max as u64);
            return Ok(());
        }
        if self.messages > MESSAGES_MAX {
            if self.messages == MESSAGES_MAX + 1 {
                self.report.over("coreml_messages_max", MESSAGES_MAX);
            }
            return Ok(());
        }
        if matches!(message, Message::UserDefined) {
            return self.user_defined(span);
        }
        for field in Fields::within(self.source, span) {
            let field = field?;
            let Some(bytes) = field.bytes() else { continue };
            if let (Message::Model, Some(name)) = (message, family(field.number)) {
                self.report.fact(FactName::ArchitectureFamily, name);
            }
            match message.inner(field.number) {
                Some(inner) => self.message(inner, bytes, depth + 1)?,
                None => self.leaf(message, field.number, bytes)?,
            }
        }
        Ok(())
    }

    fn leaf(&mut self, message: Message, number: u64, span: Span) -> Result<(), Broken> {
        match (message, number) {
            (Message::CustomLayer, 10) => self.tell(&codes::APPLICATION_CODE, span, |name| Some(name.to_owned())),
            (Message::CustomModel, 10) => self.tell(&codes::APPLICATION_CODE, span, |name| Some(name.to_owned())),
            (Message::FileName, 1) => self.tell(&codes::EXTERNAL_PATH, span, outside),
            (Message::Blob, 1) => self.tell(&codes::EXTERNAL_PATH, span, outside),
            (Message::Metadata, 1) => self.says("description", FactName::Description, span),
            (Message::Metadata, 2) => self.says("version", FactName::Version, span),
            (Message::Metadata, 3) => self.says("author", FactName::Author, span),
            (Message::Metadata, 4) => self.says("license", FactName::Licence, span),
            _ => Ok(()),
        }
    }

    /// Reports what `of` makes of a text, if anything.
    fn tell(
        &mut self,
        code: &sakimori_model::Code,
        span: Span,
        of: impl Fn(&str) -> Option<String>,
    ) -> Result<(), Broken> {
        let name = text(self.source, span, NAME_BYTES_MAX)?;
        if let Some(name) = of(&name).filter(|_| self.told < FINDINGS_MAX) {
            self.told += 1;
            self.report.add(finding(code, self.report.byte(span.start)).with("name", name));
        }
        Ok(())
    }

    fn says(&mut self, name: &str, fact: FactName, span: Span) -> Result<(), Broken> {
        let value = text(self.source, span, TEXT_BYTES_MAX)?;
        codetext::judge(name, &value, &self.report.byte(span.start), self.report);
        self.report.fact(fact, value);
        Ok(())
    }

    /// A pair of texts that the author chose; the converter notes itself and its source there.
    fn user_defined(&mut self, span: Span) -> Result<(), Broken> {
        let (mut key, mut value) = (String::new(), None);
        for field in Fields::within(self.source, span) {
            let field = field?;
            match (field.number, field.bytes()) {
                (1, Some(span)) => key = text(self.source, span, NAME_BYTES_MAX)?,
                (2, Some(span)) => value = Some(span),
                _ => {}
            }
        }
        let Some(value) = value else { return Ok(()) };
        match key.as_str() {
            "com.github.apple.coremltools.version" => {
                let version = text(self.source, value, NAME_BYTES_MAX)?;
                self.report.fact(FactName::Producer, format_args!("coremltools {version}"));
                Ok(())
            }
            "com.github.apple.coremltools.source" => self.says(&key, FactName::Producer, value),
            _ => {
                let text = text(self.source, value, TEXT_BYTES_MAX)?;
                codetext::judge(&key, &text, &self.report.byte(value.start), self.report);
                Ok(())
            }
        }
    }
}

/// A path that leads out of the model's package.
fn outside(path: &str) -> Option<String> {
    let inside = path.strip_prefix("@model_path/").unwrap_or(path);
    (names::escapes(inside) || inside.contains("://")).then(|| path.to_owned())
}
