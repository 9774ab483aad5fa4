//! Pickles inside the literals of a pickle: what PyTorch loads from bytes, and what was put there to be loaded later.

use std::borrow::Cow;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::catalogue::finding;
use crate::report::Report;
use crate::source::{Source, Window, read_up_to};

use super::input::Span;
use super::machine::{Machine, Purpose};
use super::value::{Call, TextForm, Value};
use super::{Carrier, codes, examine, looks_like_pickle};

/// Literals shorter than this hold no pickle that imports anything.
const LITERAL_BYTES_MIN: u64 = 12;
/// Encoded literals are decoded up to this length.
const ENCODED_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// Bytes of a literal that tell whether it is a pickle.
const HEAD_BYTES: usize = 512;

/// Base64 as programs write it: with padding or without.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Literals that were looked into.
#[derive(Default)]
pub(super) struct Literals {
    tried: usize,
    found: usize,
}

/// The bytes of a literal.
enum Literal {
    /// As they stand in the source.
    Window(Span),
    /// Decoded.
    Owned(Vec<u8>),
}

impl Machine<'_, '_, '_> {
    /// `torch.storage._load_from_bytes` loads another file of PyTorch's from a literal: it is examined in its place.
    pub(super) fn load_bytes(&mut self, literal: Option<Value>) {
        if self.purpose != Purpose::Examine {
            return;
        }
        let bytes = literal.and_then(|l| self.literal_bytes(l));
        let source = self.input.source();
        if self.report.enter(&format!("storage@{:#x}", self.offset)).is_ok() {
            match bytes {
                Some(Literal::Window(span)) => {
                    examine_storage(&Window::new(source, span.offset, span.len), self.report);
                }
                Some(Literal::Owned(bytes)) => examine_storage(&bytes, self.report),
                None => {
                    let told = finding(&codes::NOT_FOLLOWED, self.report.whole());
                    self.report.add(told.with("what", "bytes that are known only when it is loaded"));
                }
            }
        }
        self.report.leave();
    }

    /// The bytes of a literal, or of `_codecs.encode(text, "latin1")`, which is how protocol 2 writes bytes.
    fn literal_bytes(&mut self, value: Value) -> Option<Literal> {
        if let Value::Bytes { len, offset } | Value::Text { form: TextForm::Raw, len, offset, .. } = value {
            return Some(Literal::Window(Span { offset, len: u64::from(len) }));
        }
        let Some(&Call { callee: Value::Global(callee), args, .. }) = self.heap.call(value) else { return None };
        let encode = self.globals.at(callee).is_some_and(|g| g.name == "encode" && g.module == "_codecs");
        let Some(&[Value::Text { form: TextForm::Raw, len, offset, .. }, encoding]) = self.heap.items(args) else {
            return None;
        };
        let latin1 = self.text_of(encoding).is_some_and(|e| e.starts_with("latin"));
        let len = u64::from(len);
        if !encode || !latin1 || len > self.report.limits().member_bytes_max || self.report.unpacked(len).is_err() {
            return None;
        }
        let text = self.input.bytes(Span { offset, len }, len as usize);
        let text = std::str::from_utf8(&text).ok()?;
        text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect::<Option<_>>().map(Literal::Owned)
    }

    /// A literal that is itself a pickle, as bytes, in base64 or in hexadecimal digits, is there to be loaded by
    /// another step. PyTorch's storages are left to [`Self::load_bytes`].
    #[inline]
    pub(super) fn look_into(&mut self, span: Span) {
        if span.len >= LITERAL_BYTES_MIN && self.purpose == Purpose::Examine {
            let start = self.input.bytes(span, 5);
            if matches!(
                &*start,
                [0x80, 2..=5, ..] | [b'g', b'A', b'I'..=b'X', ..] | [b'8', b'0', b'0', b'2'..=b'5', ..]
            ) && *start != [0x80, 0x02, 0x8a, 0x0a, 0x6c]
            {
                self.examine_literal(span);
            }
        }
    }

    /// Counts a literal that may be a pickle, and one that is. Past either limit, which is reported once, no more are
    /// looked into.
    fn may_look(&mut self) -> bool {
        let limits = self.report.limits();
        if self.literals.tried == usize::MAX {
            return false;
        }
        if self.literals.found == limits.pickle_literals_max || self.literals.tried == limits.pickle_literals_tried_max
        {
            self.literals.tried = usize::MAX;
            self.report.over("pickle_literals_max", limits.pickle_literals_max as u64);
            return false;
        }
        self.literals.tried += 1;
        true
    }

    fn examine_literal(&mut self, span: Span) {
        if !self.may_look() {
            return;
        }
        let source = self.input.source();
        let head = self.input.bytes(span, HEAD_BYTES);
        let literal = if head.first() == Some(&0x80) {
            if !looks_like_pickle(&head) {
                return;
            }
            Literal::Window(span)
        } else {
            if decoded(&head).is_none_or(|d| !looks_like_pickle(&d)) || span.len > ENCODED_BYTES_MAX {
                return;
            }
            let encoded = self.input.bytes(span, ENCODED_BYTES_MAX as usize);
            let Some(bytes) = decoded(&encoded) else { return };
            Literal::Owned(bytes)
        };
        self.literals.found += 1;
        self.tell(&codes::HIDDEN, |_, f| f);
        if self.report.enter(&format!("literal@{:#x}", span.offset)).is_ok() {
            match literal {
                Literal::Window(span) => {
                    examine(&Window::new(source, span.offset, span.len), Carrier::Plain, self.report);
                }
                Literal::Owned(bytes) => {
                    if self.report.unpacked(bytes.len() as u64).is_ok() {
                        examine(&bytes, Carrier::Plain, self.report);
                    }
                }
            }
        }
        self.report.leave();
    }
}

/// What PyTorch loads in the middle of a pickle.
fn examine_storage(source: &dyn Source, report: &mut Report<'_>) {
    if report.diverts(source) {
        return;
    }
    if looks_like_pickle(&read_up_to(source, 0, HEAD_BYTES).unwrap_or_default()) {
        examine(source, Carrier::TorchLegacy, report);
    } else {
        report.add(finding(&codes::NOT_FOLLOWED, report.whole()).with("what", "a storage in an unknown format"));
    }
}

/// What base64 (either alphabet, with line breaks) or hexadecimal digits stand for; a cut end is left out.
fn decoded(text: &[u8]) -> Option<Vec<u8>> {
    let text: Cow<'_, [u8]> = match text.iter().any(|b| matches!(b, b'-' | b'_') || b.is_ascii_whitespace()) {
        false => Cow::Borrowed(text),
        true => text
            .iter()
            .filter(|b| !b.is_ascii_whitespace())
            .map(|b| match b {
                b'-' => b'+',
                b'_' => b'/',
                other => *other,
            })
            .collect(),
    };
    if text.starts_with(b"80") {
        return hex::decode(&text[..text.len() - text.len() % 2]).ok();
    }
    let whole = text.len() - if text.ends_with(b"=") { 0 } else { text.len() % 4 };
    BASE64.decode(&text[..whole]).or_else(|_| BASE64.decode(&*text)).ok()
}
