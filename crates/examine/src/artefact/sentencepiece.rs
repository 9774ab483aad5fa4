//! SentencePiece models: a vocabulary with scores and settings in a Protocol Buffers message (sentencepiece_model.proto).
//! Its reader only copies texts and numbers, and compiles the normalizer's table into a lookup.

use std::io;

use crate::artefact::codes;
use crate::artefact::cursor::Broken;
use crate::artefact::wire::{Field, Fields, Value};
use crate::catalogue::finding;
use crate::report::Report;
use crate::source::Source;

/// Pieces that are looked at to recognise a model.
const PIECES_LOOKED_AT: usize = 16;
/// Pieces of one model.
const PIECES_MAX: usize = 10_000_000;
/// Fields of the message: pieces, settings of the trainer, of the normalizer, tests, and of the denormalizer.
const FIELDS: std::ops::RangeInclusive<u64> = 1..=5;

/// True when the first fields are pieces: a text and its score.
///
/// # Errors
/// When the source can't be read.
pub fn looks_like(source: &dyn Source) -> io::Result<bool> {
    let mut count = 0;
    for field in Fields::of(source).take(PIECES_LOOKED_AT) {
        match field {
            Ok(Field { number: 1, value: Value::Bytes(span) }) => {
                let mut inner = Fields::within(source, span);
                let text = matches!(inner.next(), Some(Ok(Field { number: 1, value: Value::Bytes(_) })));
                let score = matches!(inner.next(), Some(Ok(Field { number: 2, value: Value::Fixed })));
                let kind = inner.all(|f| matches!(f, Ok(Field { number: 3, value: Value::Varint(1..=6) })));
                if !(text && score && kind) {
                    return Ok(false);
                }
                count += 1;
            }
            Ok(Field { number: 2..=5, value: Value::Bytes(_) }) if count > 0 => break,
            Err(Broken::Io(e)) => return Err(io::Error::other(e)),
            _ => return Ok(false),
        }
    }
    Ok(count > 2)
}

/// Walks through the pieces and settings.
pub fn examine(source: &dyn Source, report: &mut Report<'_>) {
    report.ran("sentencepiece", 1);
    for (number, field) in Fields::of(source).enumerate() {
        if number == PIECES_MAX {
            report.over("sentencepiece_pieces_max", PIECES_MAX as u64);
            return;
        }
        match field {
            Ok(Field { number, value: Value::Bytes(_) }) if FIELDS.contains(&number) => {}
            Ok(_) => {
                let what = "a field that no such model has";
                let told = finding(&codes::STRUCTURE, report.whole());
                report.add(told.with("format", "SentencePiece").with("what", what));
                return;
            }
            Err(e) => return report.unreadable(&e),
        }
    }
}
