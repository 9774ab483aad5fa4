//! The part of a mail in which a finding was made, as rows for a person to look at.

use std::borrow::Cow;

use mail_parser::HeaderValue;
use mail_parser::parsers::MessageStream;
use sakimori_model::Place;

use super::letter::{Field, Letter};
use crate::excerpt::{Form, ROWS_MAX, Rows, Search, first_lines, lines};

/// Shows the place if it lies in a header field or a body of this mail.
pub fn show(letter: &Letter<'_>, search: &mut Search<'_>) {
    let Some(step) = search.step_below(letter.member()) else { return };
    let Place::Text { line, column, .. } = search.place() else { return };
    if let Some(name) = step.strip_prefix("header:") {
        search.found(header(letter, name, *line));
    } else if let Some(part) = step.strip_prefix("part:") {
        search.found(body(letter, part, *line, *column));
    }
}

/// The field of this name on this line, decoded. Where the finding is that there is none, the whole header.
fn header(letter: &Letter<'_>, name: &str, line: u32) -> Option<Rows> {
    let lower = name.to_ascii_lowercase();
    let named = || letter.fields.iter().filter(|field| field.name == lower);
    let mut rows = Rows::new(Form::Lines);
    if let Some(field) = named().find(|field| field.line == line).or_else(|| named().next()) {
        let text = format!("{name}: {}", decoded(field));
        let (start, end) = (name.chars().count() + 2, text.chars().count());
        rows.push(u64::from(field.line), &text, Some(start..end));
    } else {
        for field in &letter.fields {
            rows.push(u64::from(field.line), &format!("{}: {}", field.title, decoded(field)), None);
        }
    }
    Some(rows)
}

/// Lines of a body around the position, which counts in its decoded source. The first position stands for the body as
/// a whole, of which a reader sees the text, unless something that findings point at begins there.
fn body(letter: &Letter<'_>, part: &str, line: u32, column: u32) -> Option<Rows> {
    const POINTED_AT: [&str; 4] = ["<a ", "<form", "<img", "<script"];
    let body = letter.bodies.iter().find(|body| body.part == part)?;
    let start = body.source.chars().take(8).collect::<String>().to_ascii_lowercase();
    let is_whole = (line, column) == (1, 1) && !POINTED_AT.iter().any(|tag| start.starts_with(tag));
    let shows_nothing = body.visible().trim().is_empty();
    if is_whole && !shows_nothing {
        Some(first_lines(body.visible(), ROWS_MAX))
    } else {
        lines(&body.source, line, column)
    }
}

/// A field's value without its transfer encoding (RFC 2047).
fn decoded(field: &Field) -> Cow<'_, str> {
    if !field.value.contains("=?") {
        return Cow::Borrowed(&field.value);
    }
    let line = format!("{}\n", field.value);
    match MessageStream::new(line.as_bytes()).parse_unstructured() {
        HeaderValue::Text(text) => Cow::Owned(text.into_owned()),
        _ => Cow::Borrowed(&field.value),
    }
}
