//! Values as Python would write them: for findings, bounded, nested values elided.

use super::input::Span;
use super::judge::NAME_BYTES_MAX;
use super::machine::Machine;
use super::value::{Node, TextForm, Value};

/// Bytes of a literal that are shown.
const LITERAL_BYTES_SHOWN: usize = 72;
/// Items of a container that are shown.
const ITEMS_SHOWN: usize = 4;
/// Containers inside containers that are shown.
const DEPTH_SHOWN: usize = 3;

impl Machine<'_, '_, '_> {
    /// The text that a value is, cut at the longest name that is looked at. `None` when it is no literal text.
    pub(super) fn text_of(&self, value: Value) -> Option<String> {
        self.text_up_to(value, NAME_BYTES_MAX)
    }

    fn text_up_to(&self, value: Value, max: usize) -> Option<String> {
        let Value::Text { form, len, offset, .. } = value else { return None };
        let bytes = self.input.bytes(Span { offset, len: u64::from(len) }, max);
        Some(match form {
            TextForm::Raw => String::from_utf8_lossy(&bytes).into_owned(),
            TextForm::Quoted => String::from_utf8_lossy(&unescape(&bytes)).into_owned(),
            TextForm::UnicodeEscape => unescape_unicode(&bytes),
        })
    }

    /// A value as Python would write it.
    pub(super) fn shown(&self, value: Value) -> String {
        self.shown_at(value, 0)
    }

    /// A call as Python would write it.
    pub(super) fn shown_call(&self, callee: Value, args: Value) -> String {
        self.call_at(callee, args, 0)
    }

    fn call_at(&self, callee: Value, args: Value, depth: usize) -> String {
        let args = match self.heap.node(args) {
            Some(Node::Tuple { items, len }) => self.items_at(items, *len, depth),
            _ => format!("*{}", self.shown_at(args, depth)),
        };
        format!("{}({args})", self.shown_at(callee, depth))
    }

    fn shown_at(&self, value: Value, depth: usize) -> String {
        match value {
            Value::None => "None".to_owned(),
            Value::Bool(true) => "True".to_owned(),
            Value::Bool(false) => "False".to_owned(),
            Value::Int(number) => number.to_string(),
            Value::Text { len, .. } => {
                let text = self.text_up_to(value, LITERAL_BYTES_SHOWN).unwrap_or_default();
                let more = if len as usize > LITERAL_BYTES_SHOWN { "…" } else { "" };
                format!("'{}{more}'", text.replace('\n', "\\n"))
            }
            Value::Bytes { len, .. } => format!("<{len} bytes>"),
            Value::Global(number) => match self.globals.at(number) {
                Some(global) => format!("{}.{}", global.module, global.name),
                None => "…".to_owned(),
            },
            Value::Node(_) if depth >= DEPTH_SHOWN => "…".to_owned(),
            Value::Node(_) => self.node_at(value, depth + 1),
            Value::Unset | Value::TorchMagic | Value::Data | Value::Computed => "…".to_owned(),
        }
    }

    fn node_at(&self, value: Value, depth: usize) -> String {
        match self.heap.node(value) {
            Some(Node::Tuple { items, len }) => format!("({})", self.items_at(items, *len, depth)),
            Some(Node::List { items, len }) => format!("[{}]", self.items_at(items, *len, depth)),
            Some(Node::Dict { entries, len, .. }) => {
                let shown: Vec<String> = entries
                    .iter()
                    .take(ITEMS_SHOWN)
                    .map(|(k, v)| format!("{}: {}", self.shown_at(*k, depth), self.shown_at(*v, depth)))
                    .collect();
                format!("{{{}{}}}", shown.join(", "), elided(*len))
            }
            Some(Node::Call(call)) => self.call_at(call.callee, call.args, depth),
            Some(Node::Set) | None => "…".to_owned(),
        }
    }

    fn items_at(&self, items: &[Value], len: u32, depth: usize) -> String {
        let shown: Vec<String> = items.iter().take(ITEMS_SHOWN).map(|v| self.shown_at(*v, depth)).collect();
        format!("{}{}", shown.join(", "), elided(len))
    }
}

fn elided(len: u32) -> &'static str {
    if len as usize > ITEMS_SHOWN { ", …" } else { "" }
}

/// Resolves the escapes of a bytes literal, as `codecs.escape_decode` does.
fn unescape(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        let Some((&escape, after)) = tail.split_first().filter(|_| first == b'\\') else {
            out.push(first);
            continue;
        };
        rest = after;
        match escape {
            b'\n' => {}
            b'n' => out.push(b'\n'),
            b't' => out.push(b'\t'),
            b'r' => out.push(b'\r'),
            b'a' => out.push(7),
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'v' => out.push(11),
            b'x' => {
                let (value, used) = digits(after, 16, 2);
                out.push(value as u8);
                rest = &after[used..];
            }
            b'0'..=b'7' => {
                let (value, used) = digits(tail, 8, 3);
                out.push(value as u8);
                rest = &tail[used..];
            }
            b'\\' | b'\'' | b'"' => out.push(escape),
            _ => out.extend([b'\\', escape]),
        }
    }
    out
}

/// Resolves `\uXXXX` and `\UXXXXXXXX`; all other bytes are Latin-1 (Python's `raw-unicode-escape`).
fn unescape_unicode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        let width = match (first, tail.first()) {
            (b'\\', Some(b'u')) => 4,
            (b'\\', Some(b'U')) => 8,
            _ => 0,
        };
        let (value, used) = tail.get(1..).map_or((0, 0), |after| digits(after, 16, width));
        if width > 0 && used == width {
            out.push(char::from_u32(value).unwrap_or(char::REPLACEMENT_CHARACTER));
            rest = &tail[1 + used..];
        } else {
            out.push(char::from(first));
            // What follows a backslash begins no escape, not even a second one.
            if let (b'\\', Some((&second, behind))) = (first, tail.split_first()) {
                out.push(char::from(second));
                rest = behind;
            }
        }
    }
    out
}

/// The value of up to `max` digits, and how many there were.
fn digits(bytes: &[u8], radix: u32, max: usize) -> (u32, usize) {
    let found = bytes.iter().take(max).map_while(|b| char::from(*b).to_digit(radix));
    found.fold((0, 0), |(value, used): (u32, usize), digit| (value.wrapping_mul(radix).wrapping_add(digit), used + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_can_not_hide_a_name() {
        assert_eq!(unescape(br"\x6f\163"), b"os");
        assert_eq!(unescape(br"o\q\\"), br"o\q\");
        assert_eq!(unescape_unicode(br"\u006f\U00000073"), "os");
        assert_eq!(unescape_unicode(br"\u00"), r"\u00");
        assert_eq!(unescape_unicode(br"\\u0073 \\\u0073 \q\u0073"), r"\\u0073 \\s \qs");
        assert_eq!(unescape_unicode(br"s\"), r"s\");
    }
}
