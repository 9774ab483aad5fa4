//! Rows of content: bytes around an offset, lines around a position.

use std::fmt::Write as _;
use std::ops::Range;

use sakimori_model::{Place, push_shown};

use super::{Excerpt, Form, ROW_CHARS_MAX, ROWS_MAX, Row};
use crate::artefact::decoded;
use crate::limits::Limits;
use crate::source::{Source, read_up_to};

/// Bytes in a row of them.
const ROW_BYTES: u64 = 16;
/// Rows of bytes.
const HEX_ROWS: u64 = 8;
/// Rows of bytes before the one with the offset.
const HEX_ROWS_BEFORE: u64 = 3;
/// Lines before and after the one that is pointed at.
const LINES_AROUND: u64 = 3;
/// Lines of a text that is shown as a whole.
const HEAD_LINES: usize = 20;
/// Bytes that tell whether content is text.
const HEAD_BYTES: usize = 16 * 1024;
/// Characters that are shown before a mark in the middle of a long line.
const CHARS_BEFORE_MARK: usize = 100;
/// Characters that are marked from a position on, at most.
const MARK_CHARS_MAX: usize = 80;

/// Rows as they are gathered.
pub(crate) struct Rows {
    form: Form,
    rows: Vec<Row>,
    cut: bool,
}

impl Rows {
    /// No rows.
    pub fn new(form: Form) -> Self {
        Self { form, rows: Vec::new(), cut: false }
    }

    /// Notes that there is more content than is shown.
    pub fn cut(&mut self) {
        self.cut = true;
    }

    /// Adds a row, with a mark on these characters of `text`. What is over a limit is cut off.
    pub fn push(&mut self, at: u64, text: &str, mark: Option<Range<usize>>) {
        if self.rows.len() == ROWS_MAX {
            self.cut = true;
            return;
        }
        let first = mark.as_ref().map_or(0, |mark| mark.start);
        let skipped = if first < ROW_CHARS_MAX / 2 { 0 } else { first - CHARS_BEFORE_MARK };
        let mut row = Bounded::default();
        if skipped > 0 {
            row.add("…");
            self.cut = true;
        }
        let (mut from, mut to) = (None, None);
        let mut piece = String::new();
        for (number, c) in text.chars().enumerate().skip(skipped) {
            if mark.as_ref().is_some_and(|mark| mark.start == number) {
                from = Some(row.count);
            }
            if mark.as_ref().is_some_and(|mark| mark.end == number) {
                to = Some(row.count);
            }
            piece.clear();
            push_shown(&mut piece, c);
            if !row.add(&piece) {
                self.cut = true;
                break;
            }
        }
        let mark = from.map(|from| (from, to.unwrap_or(row.count))).filter(|(from, to)| from < to);
        self.rows.push(Row { at, text: row.text, mark });
    }

    /// The excerpt; `None` without a row.
    pub fn finish(self, member: Option<&str>) -> Option<Excerpt> {
        let start = self.rows.first()?.at;
        Some(Excerpt { form: self.form, member: member.map(str::to_owned), start, rows: self.rows, cut: self.cut })
    }
}

/// A text that does not get longer than a row.
#[derive(Default)]
struct Bounded {
    text: String,
    count: u32,
}

impl Bounded {
    /// Adds a piece as a whole; false when the row ends before it, with `…` in its place.
    fn add(&mut self, piece: &str) -> bool {
        let count = piece.chars().count() as u32;
        let fits = self.count + count < ROW_CHARS_MAX as u32;
        self.text.push_str(if fits { piece } else { "…" });
        self.count += if fits { count } else { 1 };
        fits
    }
}

/// What is around a place, in the bytes of its own member.
pub(super) fn around(source: &dyn Source, place: &Place, limits: &Limits) -> Option<Rows> {
    match place {
        Place::Byte { offset, .. } => bytes(source, *offset, Pointed::Byte),
        Place::Text { line, column, .. } => {
            let max = usize::try_from(limits.member_bytes_max).unwrap_or(usize::MAX);
            lines(&decoded(read_up_to(source, 0, max).ok()?), *line, *column)
        }
        Place::Whole { .. } => {
            let head = read_up_to(source, 0, HEAD_BYTES).ok()?;
            if is_text(&head) {
                let is_longer = source.size() > head.len() as u64;
                let mut rows = first_lines(&decoded(head), HEAD_LINES);
                rows.cut |= is_longer;
                Some(rows)
            } else {
                bytes(source, 0, Pointed::Nothing)
            }
        }
        Place::Event { .. } => None,
    }
}

/// What a place in bytes points at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pointed {
    Byte,
    Nothing,
}

fn bytes(source: &dyn Source, offset: u64, pointed: Pointed) -> Option<Rows> {
    // A finding may point at the end, where something is missing.
    if offset > source.size() {
        return None;
    }
    let first = (offset / ROW_BYTES).saturating_sub(HEX_ROWS_BEFORE) * ROW_BYTES;
    let content = read_up_to(source, first, (HEX_ROWS * ROW_BYTES) as usize).ok()?;
    let mut rows = Rows::new(Form::Hex);
    for (number, row) in (0..).zip(content.chunks(ROW_BYTES as usize)) {
        let at = first + number * ROW_BYTES;
        let mut text = String::new();
        for (column, byte) in row.iter().enumerate() {
            // Writing to a string can't fail.
            let _ = write!(text, "{}{byte:02x}", if column == 0 { "" } else { " " });
        }
        let column = offset.checked_sub(at).filter(|column| pointed == Pointed::Byte && *column < row.len() as u64);
        let mark = column.map(|column| column as usize * 3).map(|column| column..column + 2);
        rows.push(at, &text, mark);
    }
    rows.cut = first > 0 || first + (content.len() as u64) < source.size();
    Some(rows)
}

/// The lines around a position in a text, with a mark on the word that begins there. Both count from 1.
pub(crate) fn lines(text: &str, line: u32, column: u32) -> Option<Rows> {
    let wanted = u64::from(line);
    let (first, last) = (wanted.saturating_sub(LINES_AROUND).max(1), wanted + LINES_AROUND);
    let mut rows = Rows::new(Form::Lines);
    let mut is_there = false;
    for (number, content) in (1..).zip(text.split('\n')) {
        if number > last {
            rows.cut = true;
            break;
        }
        if number < first {
            rows.cut = true;
            continue;
        }
        let content = content.strip_suffix('\r').unwrap_or(content);
        is_there |= number == wanted;
        rows.push(number, content, (number == wanted).then(|| word(content, column)).flatten());
    }
    is_there.then_some(rows)
}

/// The first lines of a text.
pub(crate) fn first_lines(text: &str, count: usize) -> Rows {
    let mut rows = Rows::new(Form::Lines);
    for (number, content) in (1..).zip(text.split_terminator('\n')) {
        if number > count as u64 {
            rows.cut = true;
            break;
        }
        rows.push(number, content.strip_suffix('\r').unwrap_or(content), None);
    }
    rows
}

/// The characters from this column on up to the next blank; one at least.
fn word(line: &str, column: u32) -> Option<Range<usize>> {
    let start = usize::try_from(column).ok()?.checked_sub(1)?;
    let rest = line.chars().skip(start).take(MARK_CHARS_MAX);
    let count = rest.clone().take_while(|c| !c.is_whitespace()).count().max(usize::from(rest.count() > 0));
    (count > 0).then_some(start..start + count)
}

/// True for text in UTF-8, or in the encoding that its mark says, with next to no control characters.
fn is_text(head: &[u8]) -> bool {
    if encoding_rs::Encoding::for_bom(head).is_some() {
        return true;
    }
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        // A character may be cut at the end of what was read.
        Err(e) if e.error_len().is_none() => std::str::from_utf8(&head[..e.valid_up_to()]).unwrap_or_default(),
        Err(_) => return false,
    };
    !text.is_empty() && !text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{1b}' | '\u{c}'))
}
