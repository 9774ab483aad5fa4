//! One event of a log as rows of fields, for a person to look at.

use sakimori_model::Kind;
use serde_json::Value;

use super::event::{Event, FIELD_NAME_BYTES_MAX, FieldName};
use super::feed::{Documents, Lines, Piece};
use super::{EVTX, JSON, JSON_LINES, evtx, naming, origin};
use crate::excerpt::{Form, ROWS_MAX, Rows};
use crate::limits::Limits;
use crate::sigma::fold::fold;
use crate::source::Source;

/// Rows before the field that is pointed at, of an event with more fields than fit.
const ROWS_BEFORE: usize = 10;

/// The event with this number, with a mark on the field; `None` when the log has no such event.
pub fn show(source: &dyn Source, kind: &Kind, number: u64, field: Option<&str>, limits: &Limits) -> Option<Rows> {
    if number == 0 && kind.as_str() != EVTX {
        return None;
    }
    let rows = |json: &[u8]| fields(json, number, field, limits);
    match kind.as_str() {
        EVTX => rows(&evtx_record(source, number)?),
        // What was one event a line, or one document, is told as the examiner does: by what can be read.
        JSON_LINES => {
            let line = line(source, number, limits);
            line.as_deref()
                .and_then(rows)
                .or_else(|| rows(&document(source, number, limits)?))
                .or_else(|| Some(raw(&line?, number)))
        }
        JSON => {
            let document = document(source, number, limits)?;
            rows(&document).or_else(|| Some(raw(&document, number)))
        }
        _ => None,
    }
}

fn evtx_record(source: &dyn Source, number: u64) -> Option<Vec<u8>> {
    let mut found = None;
    let read = evtx::each_record(source, &mut |record| match record {
        evtx::Record::Event { number: at, json, .. } if at == number && found.is_none() => found = Some(json.to_vec()),
        evtx::Record::Event { .. } | evtx::Record::Broken(_) => {}
    });
    read.ok().and(found)
}

fn line(source: &dyn Source, number: u64, limits: &Limits) -> Option<Vec<u8>> {
    let mut lines = Lines::new(source, limits.line_bytes_max).ok()?;
    for _ in 1..number {
        lines.next_piece().ok()??;
    }
    text(lines.next_piece().ok()??)
}

fn document(source: &dyn Source, number: u64, limits: &Limits) -> Option<Vec<u8>> {
    let mut documents = Documents::new(source, limits.line_bytes_max).ok()?;
    for _ in 1..number {
        documents.next_piece().ok()??;
    }
    text(documents.next_piece().ok()??)
}

fn text(piece: Piece<'_>) -> Option<Vec<u8>> {
    match piece {
        Piece::Text(text) => Some(text.to_vec()),
        Piece::TooLong | Piece::CutShort => None,
    }
}

/// An event that can't be read, as it stands.
fn raw(text: &[u8], number: u64) -> Rows {
    let mut rows = Rows::new(Form::Lines);
    rows.push(number, String::from_utf8_lossy(text).trim_end(), None);
    rows
}

/// The fields of an event; `None` when the bytes are none.
fn fields(json: &[u8], number: u64, field: Option<&str>, limits: &Limits) -> Option<Rows> {
    let json = String::from_utf8_lossy(json);
    let mut event = Event::default();
    event.read_json(json.as_bytes(), limits.nesting_max).ok()?;
    let value: Value = serde_json::from_str(&json).ok()?;
    let pointed = field.and_then(|field| pointed_at(&value, &mut event, field));
    let first = pointed.filter(|at| *at >= ROWS_MAX).map_or(0, |at| at - ROWS_BEFORE);
    let mut rows = Rows::new(Form::Fields);
    let mut count = 0;
    walk(&value, &mut |path, value| {
        if count >= first && count < first + ROWS_MAX {
            let text = format!("{path}: {value}");
            let mark = (pointed == Some(count)).then(|| 0..text.chars().count());
            rows.push(number, &text, mark);
        }
        count += 1;
    });
    if first > 0 || count > ROWS_MAX {
        rows.cut();
    }
    Some(rows)
}

/// Which value of an event has this name: its own, the short one that rules use, or one that the event's source gives it.
fn pointed_at(value: &Value, event: &mut Event, field: &str) -> Option<usize> {
    let wanted = fold(field);
    let is_named = |path: &str| {
        let path = fold(path);
        path == wanted || naming::short_name(&path).is_some_and(|short| short == wanted)
    };
    if let Some(at) = position(value, &mut |path, _| is_named(path)) {
        return Some(at);
    }
    origin::rename_windows_fields(event);
    let text = event.text(&FieldName::new(field))?;
    position(value, &mut |_, value| value == text)
}

fn position(value: &Value, fits: &mut dyn FnMut(&str, &str) -> bool) -> Option<usize> {
    let (mut count, mut found) = (0, None);
    walk(value, &mut |path, value| {
        if found.is_none() && fits(path, value) {
            found = Some(count);
        }
        count += 1;
    });
    found
}

/// Hands over each value that holds no others, with its dotted name, in their order.
fn walk(value: &Value, each: &mut dyn FnMut(&str, &str)) {
    fn below(value: &Value, path: &mut String, each: &mut dyn FnMut(&str, &str)) {
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    let length = path.len();
                    // Names get no longer than those of events, so that a walk takes no more than the event is long.
                    let room = FIELD_NAME_BYTES_MAX.saturating_sub(length + 1);
                    if room > 0 {
                        path.push_str(if length == 0 { "" } else { "." });
                        path.push_str(&name[..name.floor_char_boundary(room)]);
                    }
                    below(value, path, each);
                    path.truncate(length);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| below(item, path, each)),
            Value::String(text) => each(path, text),
            other => each(path, &other.to_string()),
        }
    }
    below(value, &mut String::new(), each);
}
