//! Personal data in text: single numbers that are a person's alone, and lists of people.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use regex::Regex;
use serde::Deserialize;

use super::{Found, codes};

/// Bytes before a number within which a word for it counts as standing beside it.
const BESIDE_BYTES: usize = 120;
/// Numbers with a right check digit from which on a word anywhere in the text, such as the head of a column, is enough.
const COLUMN_NUMBERS_MIN: usize = 3;
/// Different phone numbers from which on they are a list.
const PHONES_MIN: usize = 20;
/// Different postal addresses from which on they are a list.
const ADDRESSES_MIN: usize = 10;
/// Different mail addresses from which on they are a list. Projects name their authors, some of them by the dozen.
const MAILS_MIN: usize = 200;
/// Different values of a sort that are told apart.
const VALUES_MAX: usize = 100_000;

/// Finds personal data: each sort once, at the place of the first.
pub(super) fn find(text: &str) -> Vec<Found> {
    let numbers = numbers(text);
    let mut found: Vec<Found> = my_numbers(text, &numbers).into_iter().collect();
    found.extend(cards(text, &numbers));
    found.extend(list(codes::PHONES, PHONES_MIN, phones(text, &numbers)));
    // Both begin with a character that most texts of models lack.
    if !text.is_ascii() && text.contains(['県', '都', '府', '道']) {
        found.extend(list(codes::ADDRESSES, ADDRESSES_MIN, ADDRESS.find_iter(text).map(|m| (m.start(), m.as_str()))));
    }
    if text.contains('@') {
        found.extend(list(codes::MAILS, MAILS_MIN, mails(text)));
    }
    found
}

/// A list of people, if there are enough different entries.
fn list<'t>(code: sakimori_model::Code, min: usize, entries: impl Iterator<Item = (usize, &'t str)>) -> Option<Found> {
    let (mut first, mut values) = (None, BTreeSet::new());
    for (offset, value) in entries.take(VALUES_MAX) {
        first.get_or_insert(offset);
        values.insert(value);
    }
    let offset = first.filter(|_| values.len() >= min)?;
    Some(Found { code, offset, count: values.len(), name: String::new(), hint: String::new() })
}

/// Digits in a row, with single blanks or hyphens between them.
struct Number {
    range: Range<usize>,
    digits: Vec<u8>,
    /// The lengths of the groups between blanks or hyphens.
    groups: Vec<usize>,
}

/// Digits of a number that is looked at.
const DIGITS: Range<usize> = 10..20;

/// The numbers of a text that stand alone: not in a word, and not a part of a decimal number.
fn numbers(text: &str) -> Vec<Number> {
    let bytes = text.as_bytes();
    let (mut found, mut at) = (Vec::new(), 0);
    let (mut digits, mut groups) = (Vec::new(), Vec::new());
    while let Some(next) = start_of_long(bytes, at)
        && found.len() < VALUES_MAX
    {
        let Some(first) = bytes[next..].iter().position(u8::is_ascii_digit) else { break };
        at = next + first;
        let start = at;
        digits.clear();
        groups.clear();
        let mut group = 0;
        while at < bytes.len() {
            let next_is_digit = bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
            match bytes[at] {
                digit if digit.is_ascii_digit() => {
                    if digits.len() < DIGITS.end {
                        digits.push(digit - b'0');
                    }
                    group += 1;
                }
                b' ' | b'-' if next_is_digit && digits.len() < DIGITS.end => {
                    groups.push(group);
                    group = 0;
                }
                _ => break,
            }
            at += 1;
        }
        groups.push(group);
        let joined =
            |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'+' | b'#'));
        let before = start.checked_sub(1).and_then(|i| bytes.get(i));
        // A full stop may end a sentence; followed by a digit it is a decimal point.
        let after = bytes.get(at).filter(|b| **b != b'.' || bytes.get(at + 1).is_some_and(u8::is_ascii_digit));
        if DIGITS.contains(&digits.len()) && !joined(before) && before != Some(&b'-') && !joined(after) {
            found.push(Number { range: start..at, digits: digits.clone(), groups: groups.clone() });
        }
    }
    found
}

/// Where, from a place on that is in no number, the next number of enough digits may begin. No byte of it is another one than
/// these, so most bytes of a text need not be read.
fn start_of_long(bytes: &[u8], mut at: usize) -> Option<usize> {
    let fits = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b' ' | b'-');
    loop {
        let last = at + DIGITS.start - 1;
        let whole = bytes.get(at..=last)?;
        match whole.iter().rposition(|byte| !fits(byte)) {
            Some(other) => at += other + 1,
            None => return Some(at),
        }
    }
}

/// The 12 digits of individual numbers whose last one checks the others.
fn my_numbers(text: &str, numbers: &[Number]) -> Option<Found> {
    let shaped: Vec<&Number> =
        numbers.iter().filter(|n| n.digits.len() == 12 && matches!(n.groups[..], [12] | [4, 4, 4])).collect();
    if shaped.is_empty() || !MY_NUMBER_WORDS.is_match(text) {
        return None;
    }
    let right: Vec<&&Number> = shaped.iter().filter(|n| has_check_digit(&n.digits)).collect();
    let column = right.len() >= COLUMN_NUMBERS_MIN && right.len() * 5 >= shaped.len() * 4;
    let meant: Vec<&&Number> =
        right.into_iter().filter(|n| column || MY_NUMBER_WORDS.is_match(before(text, n.range.start))).collect();
    let offset = meant.first()?.range.start;
    Some(Found { code: codes::MY_NUMBER, offset, count: meant.len(), name: String::new(), hint: String::new() })
}

/// The check digit of an individual number (order of the Ministry of Internal Affairs and Communications No. 85 of 2014,
/// article 5): weights 2 to 7, then 2 to 6, from the digit before it leftwards.
fn has_check_digit(digits: &[u8]) -> bool {
    let Some((check, rest)) = digits.split_last() else { return false };
    let weights = (2..=7).chain(2..=6);
    let sum: u32 = rest.iter().rev().zip(weights).map(|(digit, weight)| u32::from(*digit) * weight).sum();
    let expected = match sum % 11 {
        0 | 1 => 0,
        rest => 11 - rest,
    };
    u32::from(*check) == expected && rest.iter().any(|d| *d != rest[0])
}

/// Card numbers: written in groups as on a card, or beside a word for them.
fn cards(text: &str, numbers: &[Number]) -> Option<Found> {
    let mut found = numbers.iter().filter_map(|number| {
        let grouped = matches!(number.groups[..], [4, 4, 4, 4] | [4, 6, 5]);
        let plain = number.groups.len() == 1 && CARD_WORDS.is_match(before(text, number.range.start));
        let network = network(&number.digits).filter(|_| grouped || plain)?;
        Some((number.range.start, network))
    });
    let (offset, name) = found.next()?;
    let count = 1 + found.count();
    Some(Found { code: codes::CARD, offset, count, name: name.to_owned(), hint: String::new() })
}

/// The network of a card number whose check digit is right (ISO/IEC 7812-1, annex B: Luhn).
fn network(digits: &[u8]) -> Option<&'static str> {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(i, d)| match u32::from(*d) << (i % 2) {
            double if double > 9 => double - 9,
            value => value,
        })
        .sum();
    let written: String = digits.iter().map(|d| char::from(b'0' + d)).collect();
    let distinct: BTreeSet<&u8> = digits.iter().collect();
    if !sum.is_multiple_of(10) || distinct.len() < 4 || DATA.cards.published.contains(&written) {
        return None;
    }
    let fits = |n: &&Network| {
        let length = n.from.to_string().len();
        let start = written.get(..length).and_then(|start| start.parse::<u32>().ok());
        n.lengths.contains(&digits.len()) && start.is_some_and(|start| (n.from..=n.to).contains(&start))
    };
    DATA.cards.network.iter().find(fits).map(|n| n.name.as_str())
}

/// Japanese phone numbers in groups: 10 digits, or 11 of mobile and IP telephones.
fn phones<'t>(text: &'t str, numbers: &[Number]) -> impl Iterator<Item = (usize, &'t str)> {
    let found = numbers.iter().filter(|n| {
        let [area, _, last] = n.groups[..] else { return false };
        let length = match n.digits[..3] {
            [0, 5 | 7 | 8 | 9, 0] => 11,
            [0, 1..=9, _] => 10,
            _ => return false,
        };
        n.digits.len() == length && last == 4 && (2..=5).contains(&area)
    });
    found.map(|n| (n.range.start, &text[n.range.clone()])).collect::<Vec<_>>().into_iter()
}

/// Mail addresses of people, without those of examples and machines.
fn mails(text: &str) -> impl Iterator<Item = (usize, &str)> {
    const NOBODY: &[&str] = &["example.", "noreply", "no-reply", "localhost", ".invalid", ".test"];
    MAIL.find_iter(text)
        .map(|m| (m.start(), m.as_str()))
        .filter(|(_, address)| !NOBODY.iter().any(|word| address.contains(word)))
}

/// What stands in front of an offset.
fn before(text: &str, offset: usize) -> &str {
    let mut start = offset.saturating_sub(BESIDE_BYTES);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    &text[start..offset]
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    my_number: Words,
    cards: Cards,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    source: String,
    words: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cards {
    source: String,
    words: Vec<String>,
    published: Vec<String>,
    network: Vec<Network>,
}

/// Numbers that begin between `from` and `to`, which have equally many digits.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Network {
    name: String,
    from: u32,
    to: u32,
    lengths: Vec<usize>,
}

static DATA: LazyLock<Data> = LazyLock::new(|| {
    let data: Data =
        toml::from_str(include_str!("data/personal.toml")).unwrap_or_else(|e| panic!("personal.toml: {e}"));
    assert!(!data.my_number.source.is_empty() && !data.cards.source.is_empty(), "facts carry their source");
    data
});
static MY_NUMBER_WORDS: LazyLock<AhoCorasick> = LazyLock::new(|| words(&DATA.my_number.words));
static CARD_WORDS: LazyLock<AhoCorasick> = LazyLock::new(|| words(&DATA.cards.words));
/// A prefecture, a municipality, and a number of a block or house.
static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
    regex(concat!(
        r"(?:東京都|北海道|京都府|大阪府|\p{Han}{2,3}県)[\p{Han}\p{Hiragana}\p{Katakana}ー]{1,12}[市区町村]",
        r"[\p{Han}\p{Hiragana}\p{Katakana}ー]{0,15}[0-9０-９一二三四五六七八九十]{1,4}(?:丁目|番地?|[-－−‐ー])[0-9０-９]{0,4}",
    ))
});
/// A mail address as people write it.
static MAIL: LazyLock<Regex> =
    LazyLock::new(|| regex(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,4}\.[A-Za-z]{2,24}"));

fn words(words: &[String]) -> AhoCorasick {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build(words)
        .unwrap_or_else(|e| panic!("the words of personal.toml make an automaton: {e}"))
}

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the pattern is a constant")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(String, usize)> {
        find(text).iter().map(|f| (f.code.to_string(), f.count)).collect()
    }

    #[test]
    fn numbers_are_found_wherever_they_begin() {
        for before in 0..25 {
            let text = format!("{} 03-5555-0101x 1234567890, a1, 5 6 1234 5678 9018 .5-5", ".".repeat(before));
            let numbers: Vec<&str> = numbers(&text).iter().map(|n| &text[n.range.clone()]).collect();
            assert_eq!(numbers, ["1234567890", "5 6 1234 5678 9018"], "behind {before}");
        }
    }

    #[test]
    fn twelve_digits_need_a_word_and_a_check_digit() {
        assert_eq!(found("個人番号: 1234 5678 9018"), [("SKM-DIS-0101".to_owned(), 1)]);
        assert!(found("個人番号: 1234 5678 9012").is_empty(), "the check digit is wrong");
        assert!(found("order 123456789018").is_empty(), "no word for it");
        let column = "氏名,個人番号\nA,123456789018\nB,987654321093\nC,112233445560\n";
        let right = numbers(column).iter().filter(|n| has_check_digit(&n.digits)).count();
        assert_eq!(found(&format!("{column}{}", "x".repeat(500))), [("SKM-DIS-0101".to_owned(), right)]);
    }

    #[test]
    fn cards_need_a_network_a_check_digit_and_the_look_of_one() {
        assert_eq!(found("4539 1488 0343 6467"), [("SKM-DIS-0102".to_owned(), 1)]);
        assert_eq!(found("card: 4539148803436467"), [("SKM-DIS-0102".to_owned(), 1)]);
        for text in ["4539148803436467", "4539 1488 0343 6468", "0.4539148803436467", "4242 4242 4242 4242"] {
            assert!(found(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn one_entry_is_an_imprint_and_many_are_a_list() {
        let phones = |n: usize| (0..n).map(|i| format!("03-5555-{i:04}\n")).collect::<String>();
        assert!(found(&phones(PHONES_MIN - 1)).is_empty());
        assert_eq!(found(&phones(PHONES_MIN)), [("SKM-DIS-0103".to_owned(), PHONES_MIN)]);
        let homes = |n: usize| (1..=n).map(|i| format!("青森県架空市花園町{i}-2\n")).collect::<String>();
        assert!(found(&homes(ADDRESSES_MIN - 1)).is_empty());
        assert_eq!(found(&homes(ADDRESSES_MIN)), [("SKM-DIS-0104".to_owned(), ADDRESSES_MIN)]);
        let mails = |n: usize| (0..n).map(|i| format!("person{i}@city.jp\n")).collect::<String>();
        assert!(found(&mails(MAILS_MIN - 1)).is_empty());
        assert_eq!(found(&mails(MAILS_MIN)), [("SKM-DIS-0105".to_owned(), MAILS_MIN)]);
    }
}
