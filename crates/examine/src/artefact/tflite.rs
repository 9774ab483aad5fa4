//! TensorFlow Lite models (schema.fbs, identifier `TFL3`): operators, tensors, metadata.
//!
//! Builtin operators compute. A custom one is code that the application brings; one whose name begins with `Flex` is an
//! operator of TensorFlow, of which some touch files.

use std::collections::BTreeSet;

use sakimori_model::FactName;

use crate::Settings;
use crate::artefact::cursor::Broken;
use crate::artefact::flat::{Flat, Table};
use crate::artefact::{codes, codetext, savedmodel, tensors, zip};
use crate::catalogue::finding;
use crate::report::Report;
use crate::source::{Source, Window};

/// Bytes of a name.
const NAME_BYTES_MAX: u64 = 1024;
/// Bytes of a description or of a licence's text.
const TEXT_BYTES_MAX: u64 = 64 * 1024;
/// Operators, tensors and buffers of one model.
const PARTS_MAX: u64 = 500_000;
/// Different names of operators.
const OPERATORS_MAX: usize = 10_000;
/// The number that stands for "custom" among the builtin operators.
const CUSTOM: i32 = 32;

/// Custom operators that come with TensorFlow Lite, MediaPipe and the tools of makers of accelerators.
const KNOWN_CUSTOM: &[&str] = &[
    "TFLite_Detection_PostProcess",
    "edgetpu-custom-op",
    "ethos-u",
    "vx-delegate",
    "NumericVerify",
    "Convolution2DTransposeBias",
    "MaxPoolingWithArgmax2D",
    "MaxUnpooling2D",
    "TransformLandmarks",
    "TransformTensorBilinear",
    "Landmarks2TransformMatrix",
    "AudioSpectrogram",
    "Mfcc",
    "AvgPool3D",
    "MaxPool3D",
    "Irfft2d",
    "RFFT2D",
    "Multinomial",
    "RandomUniform",
    "RandomStandardNormal",
    "Roll",
    "ReverseV2",
    "HashtableV2",
    "LookupTableFindV2",
    "LookupTableImportV2",
    "LookupTableSizeV2",
    "TFSentencepieceTokenizeOp",
    "SentencepieceTokenizeOp",
    "TFSentencepieceDetokenizeOp",
    "RaggedTensorToTensor",
    "NGRAM_STRINGS",
    "Normalize",
    "Predict",
    "ExtractFeatures",
    "CircularBuffer",
    "SignalFramer",
];

/// Examines a model. Buffers are numbers and are never read.
pub fn examine(source: &dyn Source, settings: &Settings, report: &mut Report<'_>) {
    report.ran("tflite", 1);
    let mut walk = Walk { flat: Flat::new(source), source, parts: 0 };
    match walk.model(report) {
        Ok(()) => {}
        Err(Broken::Wrong { what, at }) => {
            report.add(finding(&codes::STRUCTURE, report.byte(at)).with("format", "TFLite").with("what", what));
        }
        Err(e) => report.unreadable(&e),
    }
    // Files that belong to a model, such as its labels, are appended to it as a zip archive.
    if matches!(zip::tail(source), Ok(Some(tail)) if tail.entries > 0) {
        zip::examine_behind(source, zip::Front::Carrier, settings, report);
    }
}

struct Walk<'a> {
    flat: Flat<'a>,
    source: &'a dyn Source,
    parts: u64,
}

impl Walk<'_> {
    fn model(&mut self, report: &mut Report<'_>) -> Result<(), Broken> {
        let model = self.flat.root()?;
        self.operators(model, report)?;
        let filled = self.buffers(model, report)?;
        self.tensors(model, &filled, report)?;
        let description = self.flat.text(model, 3, TEXT_BYTES_MAX)?;
        codetext::judge("description", &description, &report.whole(), report);
        report.fact(FactName::Producer, &description);
        self.metadata(model, report)
    }

    /// The operators that the model may use, each once.
    fn operators(&mut self, model: Table, report: &mut Report<'_>) -> Result<(), Broken> {
        let mut seen = BTreeSet::new();
        for code in self.flat.tables(model, 1)? {
            let code = code?;
            if over(&mut self.parts, report) {
                return Ok(());
            }
            let old = self.flat.number(code, 0)?.map_or(0, |[byte]: [u8; 1]| i32::from(byte));
            let new = self.flat.number(code, 3)?.map_or(0, i32::from_le_bytes);
            let name = self.flat.text(code, 1, NAME_BYTES_MAX)?;
            if old.max(new) != CUSTOM && name.is_empty() || !seen.insert(name.clone()) {
                continue;
            }
            if seen.len() > OPERATORS_MAX {
                report.over("tflite_operators_max", OPERATORS_MAX as u64);
                return Ok(());
            }
            let at = self.flat.field(code, 1)?.unwrap_or_default();
            match name.strip_prefix("Flex") {
                Some(inner) if savedmodel::acts(inner) => {
                    report.add(finding(&codes::TF_OPERATOR, report.byte(at)).with("name", inner));
                }
                Some(_) => {}
                None if KNOWN_CUSTOM.contains(&name.as_str()) => {}
                None => report.add(finding(&codes::CUSTOM_OPERATOR, report.byte(at)).with("name", name)),
            }
        }
        Ok(())
    }

    /// The numbers of the buffers that hold something.
    fn buffers(&mut self, model: Table, report: &mut Report<'_>) -> Result<BTreeSet<u32>, Broken> {
        let mut filled = BTreeSet::new();
        for (number, buffer) in (0..).zip(self.flat.tables(model, 4)?) {
            let buffer = buffer?;
            if over(&mut self.parts, report) {
                break;
            }
            let inside = self.flat.vector(buffer, 0, 1)?.map_or(0, |data| data.count);
            let offset = self.flat.number(buffer, 1)?.map_or(0, u64::from_le_bytes);
            let outside = self.flat.number(buffer, 2)?.map_or(0, u64::from_le_bytes);
            if offset > 1 && offset.saturating_add(outside) > self.source.size() {
                return Err(Broken::Wrong { what: "a buffer that lies behind the end of the file", at: 0 });
            }
            if inside + outside > 0 {
                filled.insert(number);
            }
        }
        Ok(filled)
    }

    /// What the tensors of all graphs are. Those with a buffer of their own are parameters.
    fn tensors(&mut self, model: Table, filled: &BTreeSet<u32>, report: &mut Report<'_>) -> Result<(), Broken> {
        let mut count = tensors::Count::default();
        for graph in self.flat.tables(model, 2)? {
            for tensor in self.flat.tables(graph?, 0)? {
                let tensor = tensor?;
                if over(&mut self.parts, report) {
                    return Ok(());
                }
                let buffer = self.flat.number(tensor, 2)?.map_or(0, u32::from_le_bytes);
                if buffer == 0 || !filled.contains(&buffer) {
                    continue;
                }
                let mut elements = 1_u64;
                if let Some(shape) = self.flat.vector(tensor, 0, 4)? {
                    for n in 0..shape.count.min(tensors::DIMENSIONS_MAX) {
                        elements =
                            elements.saturating_mul(u64::from(u32::from_le_bytes(self.flat.take(shape.at + 4 * n)?)));
                    }
                }
                let kind = self.flat.number(tensor, 1)?.map_or(0, |[byte]: [u8; 1]| byte);
                count.add(type_name(kind), elements);
            }
        }
        count.report(report);
        Ok(())
    }

    /// The metadata of TensorFlow Lite: another FlatBuffer in one of the buffers.
    fn metadata(&mut self, model: Table, report: &mut Report<'_>) -> Result<(), Broken> {
        for entry in self.flat.tables(model, 6)? {
            let entry = entry?;
            if over(&mut self.parts, report) {
                return Ok(());
            }
            let number = self.flat.number(entry, 1)?.map_or(0, u32::from_le_bytes);
            let buffers = self.flat.vector(model, 4, 4)?.filter(|all| u64::from(number) < all.count);
            if self.flat.text(entry, 0, NAME_BYTES_MAX)? != "TFLITE_METADATA" {
                continue;
            }
            let Some(buffers) = buffers else { continue };
            let buffer = self.flat.table(buffers.at + 4 * u64::from(number))?;
            if let Some(data) = self.flat.vector(buffer, 0, 1)? {
                describes(&Window::new(self.source, data.at, data.count), report)?;
            }
        }
        Ok(())
    }
}

/// Name, description, version, author and licence in the metadata (metadata_schema.fbs, `M001`).
fn describes(source: &dyn Source, report: &mut Report<'_>) -> Result<(), Broken> {
    let flat = Flat::new(source);
    let about = flat.root()?;
    for (index, name, fact) in [
        (0, "name", FactName::Name),
        (1, "description", FactName::Description),
        (2, "version", FactName::Version),
        (4, "author", FactName::Author),
        (5, "license", FactName::Licence),
    ] {
        let text = flat.text(about, index, TEXT_BYTES_MAX)?;
        codetext::judge(name, &text, &report.whole(), report);
        report.fact(fact, text);
    }
    Ok(())
}

/// Counts a part. True, and told once, when there are too many.
fn over(parts: &mut u64, report: &mut Report<'_>) -> bool {
    *parts += 1;
    if *parts == PARTS_MAX + 1 {
        report.over("tflite_parts_max", PARTS_MAX);
    }
    *parts > PARTS_MAX
}

/// The type of a tensor by its number in the schema.
fn type_name(number: u8) -> &'static str {
    const NAMES: [&str; 19] = [
        "F32", "F16", "I32", "U8", "I64", "string", "BOOL", "I16", "C64", "I8", "F64", "C128", "U64", "resource",
        "variant", "U32", "U16", "I4", "BF16",
    ];
    NAMES.get(usize::from(number)).copied().unwrap_or("other")
}
