//! Telephone numbers, and what it means to call them from Japan or from where English is written.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::language::Language;

/// A telephone number.
pub struct Number {
    /// Where it stands in the folded text.
    pub range: Range<usize>,
    /// What kind of number it is.
    pub what: What,
}

/// What kind of number it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Of Japan, or of a place that can't be told.
    Ordinary,
    /// Behind another country's code.
    Foreign,
    /// At a rate of its own: 09, 0870 to 0873, 070 (United Kingdom), 1-900 (North America), 0990 (Japan).
    Costly,
}

/// Numbers that are looked at.
const NUMBERS_MAX: usize = 50;

static CANDIDATES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"[+(]?[0-9](?:[ ().‐–ー-]{0,2}[0-9]){8,15}").unwrap_or_else(|e| panic!("the expression is one: {e}"))
});

/// The telephone numbers of a folded text in this language.
pub fn find(folded: &str, language: Language) -> Vec<Number> {
    let stands_alone = |range: &Range<usize>| {
        let before = folded[..range.start].chars().next_back();
        let after = folded[range.end..].chars().next();
        before.is_none_or(|c| !c.is_ascii_alphanumeric() && !matches!(c, '/' | '=' | '_' | '-' | '£' | '$' | '¥' | '.'))
            && after.is_none_or(|c| !c.is_ascii_digit() && !matches!(c, '円' | '/' | '_' | '@' | '%'))
    };
    CANDIDATES
        .find_iter(folded)
        .filter(|m| stands_alone(&m.range()))
        .filter_map(|m| Some(Number { range: m.range(), what: what(m.as_str(), language)? }))
        .take(NUMBERS_MAX)
        .collect()
}

/// What a written number is; `None` where it is more likely an order, an account or a date.
fn what(written: &str, language: Language) -> Option<What> {
    let digits: String = written.chars().filter(char::is_ascii_digit).collect();
    let in_japanese = language == Language::Japanese;
    // From Japan, 010 is dialled before the code of a country. Who reads English may live in any country.
    let is_abroad =
        written.starts_with('+') && !digits.starts_with("81") || digits.starts_with("010") && digits.len() >= 12;
    let is_costly = match language {
        Language::Japanese => digits.len() == 10 && digits.starts_with("0990"),
        _ => digits.len() == 11 && ["09", "087", "070", "1900"].iter().any(|start| digits.starts_with(start)),
    };
    let is_number =
        written.starts_with('+') || digits.starts_with('0') && (10..=11).contains(&digits.len()) || has_groups(written);
    if is_abroad && in_japanese {
        Some(What::Foreign)
    } else if is_costly {
        Some(What::Costly)
    } else {
        is_number.then_some(What::Ordinary)
    }
}

/// True for the groups of North America: 3, 3 and 4 digits, maybe after a 1.
fn has_groups(written: &str) -> bool {
    let bare = written.strip_prefix('1').unwrap_or(written);
    bare.split(|c: char| !c.is_ascii_digit()).map(str::len).filter(|len| *len > 0).eq([3, 3, 4])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_apart() {
        for (text, expected) in [
            ("電話 03-5555-0199", Some(What::Ordinary)),
            ("0120555019まで", Some(What::Ordinary)),
            ("+81 3 5555 0199", Some(What::Ordinary)),
            ("電話 +1 844 555 0123", Some(What::Foreign)),
            ("電話 010-1-844-555-0123", Some(What::Foreign)),
            ("call +1 844 555 0123", Some(What::Ordinary)),
            ("携帯 09055550199", Some(What::Ordinary)),
            ("call 09061701461 now", Some(What::Costly)),
            ("伝票番号 1234-5678-9012", None),
            ("合計 1234567890円", None),
            ("2026-08-01 12:00", None),
        ] {
            let language = if text.is_ascii() { Language::English } else { Language::Japanese };
            assert_eq!(find(text, language).first().map(|n| n.what), expected, "{text}");
        }
    }
}
