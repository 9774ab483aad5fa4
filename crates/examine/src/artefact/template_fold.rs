//! Texts that a template puts together from constants: joined, repeated, turned round, filtered, by way of variables.

use std::collections::HashMap;

use super::template::{Token, Value};

/// Variables that are kept.
const VARIABLES_MAX: usize = 1_000;
/// Bytes of one text.
const TEXT_BYTES_MAX: usize = 512;
/// Tokens of one list of arguments that are looked at.
const ARGUMENTS_MAX: usize = 64;

/// The variables with known texts so far.
#[derive(Default)]
pub(super) struct Constants {
    texts: HashMap<String, String>,
}

impl Constants {
    /// Takes a stretch of code: keeps what it sets, and returns those of its texts that have two underscores.
    pub(super) fn take(&mut self, tokens: &[Token<'_>]) -> Vec<String> {
        let mut made = Vec::new();
        let mut at = 0;
        while at < tokens.len() {
            let start = at;
            let Some(text) = self.expression(tokens, &mut at) else {
                at = at.max(start + 1);
                continue;
            };
            if let Some(name) = set_before(tokens, start)
                && self.texts.len() < VARIABLES_MAX
            {
                self.texts.insert(name.to_owned(), text.clone());
            }
            if text.contains("__") {
                made.push(text);
            }
        }
        made
    }

    /// Operands with `~` or `+` between.
    fn expression(&self, tokens: &[Token<'_>], at: &mut usize) -> Option<String> {
        let mut text = self.operand(tokens, at)?;
        while let Some(b'~' | b'+') = mark(tokens, *at) {
            let mut next = *at + 1;
            let Some(more) = self.operand(tokens, &mut next) else { break };
            if text.len() + more.len() > TEXT_BYTES_MAX {
                break;
            }
            text += &more;
            *at = next;
        }
        Some(text)
    }

    /// A literal, a known variable, or the keys of `dict(…)`, with what is done to it.
    fn operand(&self, tokens: &[Token<'_>], at: &mut usize) -> Option<String> {
        let mut text = match &tokens.get(*at)?.value {
            Value::Text(text) if text.len() <= TEXT_BYTES_MAX => text.clone(),
            Value::Name("dict") if mark(tokens, *at + 1) == Some(b'(') => {
                let inner = &tokens[*at + 2..tokens.len().min(*at + 2 + ARGUMENTS_MAX)];
                let end = inner.iter().position(|t| matches!(t.value, Value::Mark(b')')))?;
                *at += 2 + end;
                let keys = inner[..end].windows(2).filter_map(|pair| match (&pair[0].value, &pair[1].value) {
                    (Value::Name(name), Value::Mark(b'=')) => Some(*name),
                    _ => None,
                });
                keys.collect()
            }
            Value::Name(name) => self.texts.get(*name)?.clone(),
            _ => return None,
        };
        *at += 1;
        while changed(&mut text, tokens, at) {}
        Some(text)
    }
}

/// Applies one filter, method, slice or factor that follows. False when none does.
fn changed(text: &mut String, tokens: &[Token<'_>], at: &mut usize) -> bool {
    match (mark(tokens, *at), tokens.get(*at + 1).map(|t| &t.value)) {
        (Some(b'|' | b'.'), Some(Value::Name(name))) => {
            let (arguments, end) = arguments(tokens, *at + 2);
            match (*name, arguments.as_slice()) {
                ("reverse", _) => *text = text.chars().rev().collect(),
                ("lower", _) => *text = text.to_lowercase(),
                ("upper", _) => *text = text.to_uppercase(),
                ("replace", [from, to, ..]) if !from.is_empty() && text.len() * (1 + to.len()) <= TEXT_BYTES_MAX => {
                    *text = text.replace(*from, to);
                }
                ("format", all) => {
                    for argument in all.iter().filter(|a| a.len() <= TEXT_BYTES_MAX) {
                        *text = text.replacen("%s", argument, 1).replacen("{}", argument, 1);
                    }
                }
                _ => {}
            }
            text.truncate(text.floor_char_boundary(TEXT_BYTES_MAX));
            *at = end;
            true
        }
        (Some(b'*'), Some(Value::Mark(digit @ b'2'..=b'9'))) => {
            if text.len() <= 16 {
                *text = text.repeat(usize::from(digit - b'0'));
            }
            *at += 2;
            true
        }
        (Some(b'['), Some(Value::Mark(b':'))) => {
            let marks: Vec<u8> = (2..5).filter_map(|ahead| mark(tokens, *at + ahead)).collect();
            if marks == *b":-1" {
                *text = text.chars().rev().collect();
                *at += if mark(tokens, *at + 5) == Some(b']') { 6 } else { 5 };
                return true;
            }
            false
        }
        _ => false,
    }
}

/// The literal arguments of a call whose bracket stands at `at`, and where it ends.
fn arguments<'t>(tokens: &'t [Token<'_>], at: usize) -> (Vec<&'t str>, usize) {
    if mark(tokens, at) != Some(b'(') {
        return (Vec::new(), at);
    }
    let inner = &tokens[at + 1..tokens.len().min(at + 1 + ARGUMENTS_MAX)];
    let end = inner.iter().position(|t| matches!(t.value, Value::Mark(b')'))).unwrap_or(inner.len());
    let texts =
        inner[..end].iter().filter_map(|t| if let Value::Text(text) = &t.value { Some(text.as_str()) } else { None });
    (texts.collect(), (at + 2 + end).min(tokens.len()))
}

/// The variable that `set name =` in front of `at` sets.
fn set_before<'t>(tokens: &[Token<'t>], at: usize) -> Option<&'t str> {
    match tokens.get(at.checked_sub(2)?..at)? {
        [Token { value: Value::Name(name), .. }, Token { value: Value::Mark(b'='), .. }] => Some(name),
        _ => None,
    }
}

fn mark(tokens: &[Token<'_>], at: usize) -> Option<u8> {
    match tokens.get(at)?.value {
        Value::Mark(mark) => Some(mark),
        _ => None,
    }
}
