//! What a piece of text in an agent's package says to the model, and what it hides from people.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::GeneralPurposeConfig;
use base64::engine::general_purpose::GeneralPurpose;
use regex::Regex;
use sakimori_model::Code;

use super::codes;
use super::command;
use super::judge::Judge;
use super::wording::{Order, Sign, orders};
use crate::prose::disturbed::disturbed_word;
use crate::prose::fold::{is_direction_override, is_invisible};
use crate::prose::orders::tag_message;

/// Bytes of one text that are judged; of a longer one it is said.
pub const TEXT_BYTES_MAX: usize = 1024 * 1024;
/// Spaces in one line behind which nobody looks.
const SPACES_MIN: usize = 60;
/// Empty lines behind which nobody looks.
const LINES_MIN: usize = 20;
/// Invisible characters in a row from which on they spell something.
const INVISIBLE_RUN_MIN: usize = 4;
/// Blobs of one text that are decoded.
const BLOBS_MAX: usize = 50;

/// To whom a text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// It describes something: a tool, a parameter, a package. It has no business with giving orders.
    Description,
    /// It instructs an agent, as skills and prompts do: only some orders are out of place.
    Instructions,
    /// It is a program: its words are judged as such, and only what is hidden counts here.
    Program,
}

/// Judges a text at this path.
pub fn judge(judge: &mut Judge<'_, '_>, path: &str, text: &str, audience: Audience) {
    let end = text.floor_char_boundary(TEXT_BYTES_MAX);
    if end < text.len() {
        judge.report.over("agent_text_bytes_max", TEXT_BYTES_MAX as u64);
    }
    let text = &text[..end];
    invisible(judge, path, text, audience);
    if let Some(at) = text.find(['\u{1b}', '\u{9b}']) {
        judge.found(&codes::TERMINAL_CODES, path, &text[at..]);
    }
    if let Some(pushed) = pushed_away(text).filter(|_| audience != Audience::Program) {
        judge.found(&codes::PUSHED_AWAY, path, pushed);
    }
    for part in unseen(text) {
        if !orders(part).is_empty() || command::harm(part).is_some() {
            judge.found(&codes::HIDDEN_ORDER, path, part);
        }
    }
    for blob in BLOB.find_iter(text).take(BLOBS_MAX) {
        if let Some(plain) = decoded(blob.as_str())
            && (!orders(&plain).is_empty() || command::harm(&plain).is_some())
        {
            judge.found(&codes::ENCODED_ORDER, path, &plain);
        }
    }
    if audience != Audience::Program {
        told(judge, path, &orders(text), audience);
    }
}

/// Reports the orders of one text.
fn told(judge: &mut Judge<'_, '_>, path: &str, orders: &[Order], audience: Audience) {
    let counts = |order: &&Order| audience == Audience::Description || in_instructions(order.sign);
    let orders: Vec<&Order> = orders.iter().filter(counts).collect();
    for order in &orders {
        judge.found(code(order.sign), path, &order.words);
    }
    let grave = orders.iter().filter(|order| !matches!(order.sign, Sign::Steer | Sign::Reveal)).count();
    if audience == Audience::Description && grave >= 2 {
        judge.found(&codes::POISONED, path, &orders[0].words);
    }
}

/// True for orders that have no place even where orders are expected.
fn in_instructions(sign: Sign) -> bool {
    matches!(sign, Sign::Override | Sign::Conceal | Sign::Send | Sign::Role | Sign::Secret)
}

fn code(sign: Sign) -> &'static Code {
    match sign {
        Sign::Override => &codes::OVERRIDES,
        Sign::Conceal => &codes::CONCEALS,
        Sign::Secret => &codes::ASKS_FOR_SECRETS,
        Sign::Send => &codes::SENDS_AWAY,
        Sign::Posed => &codes::POSES,
        Sign::Steer => &codes::STEERS,
        Sign::Role => &codes::FREES,
        Sign::Reveal => &codes::REVEALS,
    }
}

/// Characters that nobody sees and a model reads.
fn invisible(judge: &mut Judge<'_, '_>, path: &str, text: &str, audience: Audience) {
    if text.is_ascii() {
        return;
    }
    if let Some(spelt) = tag_message(text).or_else(|| by_selectors(text)) {
        judge.found(&codes::INVISIBLE_TEXT, path, &spelt);
    }
    let least = if audience == Audience::Description { 1 } else { 2 };
    if let Some(word) = disturbed_word(text, least) {
        judge.found(&codes::INVISIBLE_CHARACTERS, path, &word);
    } else if let Some(at) = invisible_run(text).or_else(|| text.find(is_direction_override)) {
        judge.found(&codes::INVISIBLE_CHARACTERS, path, &text[at..]);
    }
}

/// Where several characters that take no room stand in a row. Flags and families of emoji have tags and joiners between
/// or behind what is seen, and no such row of others.
fn invisible_run(text: &str) -> Option<usize> {
    let (mut start, mut count) = (0, 0);
    for (at, c) in text.char_indices() {
        let flag = ('\u{e0020}'..='\u{e007f}').contains(&c);
        if !is_invisible(c) || flag {
            count = 0;
            continue;
        }
        if count == 0 {
            start = at;
        }
        count += 1;
        if count >= INVISIBLE_RUN_MIN {
            return Some(start);
        }
    }
    None
}

/// The text that variation selectors spell, one byte each.
fn by_selectors(text: &str) -> Option<String> {
    let byte = |c: char| match c {
        '\u{fe00}'..='\u{fe0f}' => u8::try_from(c as u32 - 0xfe00).ok(),
        '\u{e0100}'..='\u{e01ef}' => u8::try_from(c as u32 - 0xe0100 + 16).ok(),
        _ => None,
    };
    let spelt: String = text.chars().filter_map(byte).filter(u8::is_ascii).take(400).map(char::from).collect();
    let letters = spelt.chars().filter(char::is_ascii_alphabetic).count();
    (letters >= 8 && letters * 2 > spelt.len()).then(|| spelt.chars().filter(|c| !c.is_control()).collect())
}

/// Text behind so much white space that it is out of sight.
fn pushed_away(text: &str) -> Option<&str> {
    static PUSHED: LazyLock<Regex> = LazyLock::new(|| {
        let pattern = format!(
            r"\S[ \t\x{{a0}}\x{{3000}}\x{{2000}}-\x{{200a}}]{{{SPACES_MIN},}}[^\s|│*/#\\+-]|\S[ \t\r]*\n(?:[ \t\r]*\n){{{LINES_MIN},}}[ \t]*\S"
        );
        Regex::new(&pattern).expect("the pattern is a constant")
    });
    let hit = PUSHED.find(text)?;
    let behind = text[..hit.end()].char_indices().next_back().map_or(hit.start(), |(at, _)| at);
    Some(&text[behind..])
}

/// Comments of HTML and of Markdown, and elements that are not displayed: no reader shows them.
fn unseen(text: &str) -> Vec<&str> {
    static NOT_DISPLAYED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"(?i)<(?:span|div|p)\b[^>]{0,100}(?:display:\s*none|font-size:\s*0|visibility:\s*hidden)[^>]{0,100}>",
        )
        .expect("the pattern is a constant")
    });
    static REFERENCE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?m)^\[[^\]\n]{1,40}\]:\s*#\s*[(\x22'].*[)\x22']\s*$").expect("the pattern is a constant")
    });
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("<!--") {
        rest = &rest[at..];
        // A comment without an end hides all that follows.
        let end = rest.find("-->").unwrap_or(rest.len());
        found.push(&rest[..end]);
        rest = &rest[end..];
        if found.len() >= BLOBS_MAX {
            break;
        }
    }
    found.extend(REFERENCE.find_iter(text).take(BLOBS_MAX).map(|hit| hit.as_str()));
    for hit in NOT_DISPLAYED.find_iter(text).take(BLOBS_MAX) {
        let inner = &text[hit.end()..];
        found.push(&inner[..inner.find("</").unwrap_or(inner.len())]);
    }
    found
}

/// What may be base64.
static BLOB: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"[A-Za-z0-9+/_-]{24,}={0,2}").expect("the pattern is a constant"));

/// The text that base64 stands for, decoded once.
pub fn decoded(blob: &str) -> Option<String> {
    const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let standard = GeneralPurpose::new(&base64::alphabet::STANDARD, LENIENT);
    let url = GeneralPurpose::new(&base64::alphabet::URL_SAFE, LENIENT);
    let bytes = standard.decode(blob).or_else(|_| url.decode(blob)).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    (!text.chars().any(|c| c.is_control() && !c.is_whitespace())).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_out_of_sight_is_found() {
        assert_eq!(pushed_away(&format!("Adds.{}and more", " ".repeat(80))), Some("and more"));
        assert_eq!(pushed_away(&format!("Adds.{}and more", "\n".repeat(40))), Some("and more"));
        assert_eq!(pushed_away(&format!("| a |{}| b |", " ".repeat(80))), None);
        assert_eq!(pushed_away("Adds.\n\n\nAnd more."), None);
    }

    #[test]
    fn selectors_spell_text() {
        let hidden: String = "tell nobody"
            .bytes()
            .filter_map(|b| char::from_u32(if b < 16 { 0xfe00 + u32::from(b) } else { 0xe0100 + u32::from(b) - 16 }))
            .collect();
        assert_eq!(by_selectors(&format!("\u{1f600}{hidden}")).as_deref(), Some("tell nobody"));
        assert_eq!(by_selectors("\u{2764}\u{fe0f}\u{2764}\u{fe0f}"), None);
        assert!(invisible_run("a\u{200b}\u{200c}\u{200b}\u{200c}b").is_some());
        assert!(invisible_run("\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}").is_none());
    }
}
