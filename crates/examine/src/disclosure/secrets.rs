//! Secrets in text, by the forms of `data/secrets.toml`.
//!
//! One pass over the text finds the needles, which are the places that are looked at; a pattern is tried at such a place only,
//! over a bounded stretch of text, so that the time is linear.

use std::collections::BTreeSet;
use std::sync::{LazyLock, OnceLock};

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use regex::{Captures, Regex};
use sakimori_model::Code;
use serde::Deserialize;

use super::needles::{Head, Needles};
use super::{Found, codes, hint};

/// Bytes from a needle on within which a whole secret has to stand.
const STRETCH_BYTES_MAX: usize = 4096;
/// Different values of one form that are told apart; those beyond are still found, and not counted.
const VALUES_MAX: usize = 1_000;
/// Needles of one form in one word: a token has one, and a hidden one may follow others.
const ROW_NEEDLES_MAX: usize = 100;
/// Bits of information a character from which on a published form is no mere filler.
const BITS_MIN: f64 = 2.8;
/// The same for the value of a field that says it is for a secret.
const RANDOM_BITS_MIN: f64 = 3.6;
/// Hexadecimal digits have four bits at most.
const HEX_BITS_MIN: f64 = 3.0;
/// Hexadecimal digits from which on they are a key of 128 bits or more.
const HEX_CHARS_MIN: usize = 32;
/// The same character so often in a row is a filler.
const RUN_MIN: usize = 5;
/// Characters that follow each other as in the alphabet are a filler.
const ASCENT_MIN: usize = 7;

/// Finds secrets: each form once, at the place of the first.
pub(super) fn find(text: &str) -> Vec<Found> {
    let table = &*TABLE;
    let mut seen: Vec<Option<(usize, String, BTreeSet<&str>)>> = vec![None; table.forms.len()];
    let mut rows: Vec<Row> = vec![Row::default(); table.forms.len()];
    table.needles.each(text.as_bytes(), |needle, start| {
        let index = table.owners[needle];
        let form = &table.forms[index];
        if rows[index].goes_on_to(text, start) {
            return;
        }
        let Some(value) = form.value_at(text, start) else { return };
        let (_, _, values) = seen[index].get_or_insert_with(|| (start, hint(value), BTreeSet::new()));
        if values.len() < VALUES_MAX {
            values.insert(value);
        }
    });
    let found = table.forms.iter().zip(seen).filter_map(|(form, seen)| {
        let (offset, hint, values) = seen?;
        Some(Found { code: form.level.code(), offset, count: values.len(), name: form.name.clone(), hint })
    });
    found.collect()
}

/// Needles of one form that stand in one word, hyphens included.
#[derive(Clone, Copy, Default)]
struct Row {
    last: usize,
    needles: usize,
}

impl Row {
    /// True when the word has had so many needles before this one that it is no token: each would be read anew up to its end.
    fn goes_on_to(&mut self, text: &str, offset: usize) -> bool {
        let between = &text.as_bytes()[self.last..offset];
        let inside = between.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
        *self = Self { last: offset, needles: if inside { self.needles + 1 } else { 1 } };
        self.needles > ROW_NEEDLES_MAX
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Level {
    Certain,
    Key,
    Password,
    Possible,
}

impl Level {
    fn code(self) -> Code {
        match self {
            Self::Certain => codes::SECRET,
            Self::Key => codes::PRIVATE_KEY,
            Self::Password => codes::PASSWORD,
            Self::Possible => codes::POSSIBLE_SECRET,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Check {
    /// The last six characters are the CRC-32 of those before, in base 62.
    #[serde(rename = "crc32-base62")]
    Checksum,
    /// The first part is the header of a JSON Web Token (RFC 7515, section 4).
    Jwt,
    /// The value of a person's password beside the host that it is for.
    Password,
    /// The value looks random.
    Random,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Secret {
    id: String,
    name: String,
    level: Level,
    source: String,
    needles: Vec<String>,
    pattern: String,
    check: Option<Check>,
    examples: Vec<Vec<String>>,
    #[serde(default)]
    others: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    placeholder: Vec<String>,
    published: Vec<String>,
    harmless_fields: Vec<String>,
    hosts: Vec<String>,
    secret: Vec<Secret>,
}

struct Form {
    name: String,
    level: Level,
    pattern: &'static str,
    /// The pattern, made when its first needle is met: most texts hold none.
    regex: OnceLock<(Head, Regex)>,
    check: Option<Check>,
}

struct Table {
    forms: Vec<Form>,
    needles: Needles,
    /// The form of each needle.
    owners: Vec<usize>,
    placeholders: AhoCorasick,
    hosts: Vec<String>,
}

static DATA: LazyLock<Data> =
    LazyLock::new(|| toml::from_str(include_str!("data/secrets.toml")).unwrap_or_else(|e| panic!("secrets.toml: {e}")));

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let data = &*DATA;
    let forms = data.secret.iter().map(|secret| {
        assert!(!secret.source.is_empty() && !secret.examples.is_empty(), "{} lacks source or examples", secret.id);
        assert!(!secret.others.iter().any(String::is_empty), "{}: nothing is no example", secret.id);
        let (name, pattern) = (secret.name.clone(), secret.pattern.as_str());
        Form { name, level: secret.level, pattern, regex: OnceLock::new(), check: secret.check }
    });
    let needles: Vec<(usize, &str)> =
        data.secret.iter().enumerate().flat_map(|(i, s)| s.needles.iter().map(move |n| (i, n.as_str()))).collect();
    let placeholders: Vec<&str> = data.placeholder.iter().chain(&data.published).map(String::as_str).collect();
    Table {
        forms: forms.collect(),
        needles: Needles::new(needles.iter().map(|(_, needle)| *needle)),
        owners: needles.iter().map(|(owner, _)| *owner).collect(),
        placeholders: AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .kind(Some(AhoCorasickKind::DFA))
            .build(placeholders)
            .unwrap_or_else(|e| panic!("the placeholders of secrets.toml make an automaton: {e}")),
        hosts: data.hosts.clone(),
    }
});

impl Form {
    /// The value, if this form stands at the offset and nothing speaks against it.
    fn value_at<'t>(&self, text: &'t str, offset: usize) -> Option<&'t str> {
        // The name of a field may end a longer name; a token begins where it begins. As most are made of these characters,
        // this also keeps a long row of needles from being read anew from each of them.
        let before = text[..offset].chars().next_back();
        let inside = before.is_some_and(|c| joins(c) || c == '-' && self.level == Level::Possible);
        if !matches!(self.check, Some(Check::Random | Check::Password)) && inside {
            return None;
        }
        let mut end = text.len().min(offset + STRETCH_BYTES_MAX);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let stretch = &text[offset..end];
        let (head, regex) = self.compiled();
        // To tell whether there is something is much cheaper than to tell what.
        let found = head.may_begin(stretch.as_bytes()) && regex.is_match(stretch);
        let captures = found.then(|| regex.captures(stretch))??;
        let (whole, value) = (captures.get(0)?, captures.name("value")?);
        let value = &text[offset + value.start()..offset + value.end()];
        let after = text[offset + whole.end()..].chars().next();
        let goes_on = whole.end() == captures.name("value")?.end() && after.is_some_and(joins);
        (!goes_on && !is_filler(value) && self.holds(&captures, value, &text[..offset])).then_some(value)
    }

    fn compiled(&self) -> &(Head, Regex) {
        self.regex.get_or_init(|| {
            let pattern = format!("^(?:{})", self.pattern);
            let head = Head::new(&pattern).unwrap_or_else(|e| panic!("{}: {e}", self.name));
            (head, Regex::new(&pattern).unwrap_or_else(|e| panic!("{}: {e}", self.name)))
        })
    }

    fn holds(&self, captures: &Captures<'_>, value: &str, before: &str) -> bool {
        match self.check {
            None => bits(value) >= BITS_MIN,
            Some(Check::Checksum) => has_checksum(value),
            Some(Check::Jwt) => is_jwt(value),
            Some(Check::Random) => is_random(value) && !is_harmless_field(before),
            Some(Check::Password) => {
                let host = captures.name("host").map_or("", |m| m.as_str()).to_ascii_lowercase();
                let user = captures.name("user").map_or("", |m| m.as_str());
                let known = host.split('.').any(|step| TABLE.hosts.iter().any(|h| h == step))
                    || TABLE.hosts.iter().any(|h| h == &host);
                !known && host.contains('.') && user != value && is_password(value)
            }
        }
    }
}

/// A character with which a word goes on.
fn joins(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// True for what stands in place of a value that somebody has to fill in.
fn is_filler(value: &str) -> bool {
    let bytes = value.as_bytes();
    let longest = |follows: fn(u8, u8) -> bool| {
        bytes
            .windows(2)
            .fold((1, 1), |(run, best), w| {
                let run = if follows(w[0], w[1]) { run + 1 } else { 1 };
                (run, best.max(run))
            })
            .1
    };
    TABLE.placeholders.is_match(value)
        || longest(|a, b| a == b) >= RUN_MIN
        || longest(|a, b| a.is_ascii_alphanumeric() && a.checked_add(1) == Some(b)) >= ASCENT_MIN
}

/// Shannon's entropy, in bits a character.
fn bits(value: &str) -> f64 {
    let mut counts = [0_u32; 256];
    value.bytes().for_each(|b| counts[usize::from(b)] += 1);
    let all = value.len().max(1) as f64;
    counts.iter().filter(|n| **n > 0).map(|n| f64::from(*n) / all).map(|p| -p * p.log2()).sum()
}

/// Letters of both cases and digits well mixed, or a key in hexadecimal digits. Names, paths and addresses are not.
fn is_random(value: &str) -> bool {
    if value.contains("://") || value.contains("::") {
        return false;
    }
    if value.bytes().all(|b| b.is_ascii_hexdigit()) {
        return value.len() >= HEX_CHARS_MIN && bits(value) >= HEX_BITS_MIN;
    }
    let count = |is: fn(&u8) -> bool| value.as_bytes().iter().filter(|b| is(b)).count();
    let [lower, upper, digits] =
        [count(u8::is_ascii_lowercase), count(u8::is_ascii_uppercase), count(u8::is_ascii_digit)];
    lower >= 2 && upper >= 2 && digits >= 2 && bits(value) >= RANDOM_BITS_MIN
}

/// True when the name of a field begins with a word for something else than a secret, such as `nextToken`.
fn is_harmless_field(before: &str) -> bool {
    let before = before.trim_end_matches(['_', '-']).as_bytes();
    DATA.harmless_fields.iter().any(|word| {
        before.len().checked_sub(word.len()).is_some_and(|at| before[at..].eq_ignore_ascii_case(word.as_bytes()))
    })
}

/// Letters and digits, as in passwords that somebody has chosen; words alone are mostly stand-ins.
fn is_password(value: &str) -> bool {
    let distinct: BTreeSet<u8> = value.bytes().collect();
    value.bytes().any(|b| b.is_ascii_digit()) && value.bytes().any(|b| b.is_ascii_alphabetic()) && distinct.len() >= 5
}

/// The checksum that GitHub and npm put at the end of their tokens: digits, capitals, then small letters.
fn has_checksum(value: &str) -> bool {
    const CHECKSUM_CHARS: usize = 6;
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let Some((random, checksum)) = value.split_at_checked(value.len().saturating_sub(CHECKSUM_CHARS)) else {
        return false;
    };
    let mut crc = flate2::Crc::new();
    crc.update(random.as_bytes());
    let mut rest = crc.sum();
    let mut expected = [b'0'; CHECKSUM_CHARS];
    for digit in expected.iter_mut().rev() {
        *digit = DIGITS[(rest % 62) as usize];
        rest /= 62;
    }
    expected == checksum.as_bytes()
}

fn is_jwt(value: &str) -> bool {
    let header = value.split('.').next().unwrap_or_default();
    let Ok(header) = URL_SAFE_NO_PAD.decode(header) else { return false };
    serde_json::from_slice::<serde_json::Value>(&header).is_ok_and(|header| header.get("alg").is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_finds_its_examples_and_not_the_others() {
        for secret in &DATA.secret {
            for example in &secret.examples {
                let text = format!("first line\nx: {}", example.concat());
                let names: Vec<String> = find(&text).into_iter().map(|f| f.name).collect();
                assert!(names.contains(&secret.name), "{} is not found in {text}, only {names:?}", secret.id);
            }
            for other in &secret.others {
                let found = find(&format!("first line\nx: {other}\n"));
                assert!(found.is_empty(), "{} in {other}", found[0].name);
            }
        }
    }

    #[test]
    fn ids_differ_and_a_value_never_leaves() {
        let ids: BTreeSet<&str> = DATA.secret.iter().map(|s| s.id.as_str()).collect();
        assert_eq!(ids.len(), DATA.secret.len());
        for secret in &DATA.secret {
            let text = secret.examples[0].concat();
            for found in find(&text) {
                let shown = found.hint.split('…').next().unwrap_or_default().len();
                assert!(shown <= 4, "{}", found.hint);
            }
        }
    }

    #[test]
    fn text_of_nothing_but_needles_takes_linear_time() {
        for needles in ["password: \"token=sk-AKIA://machine -----BEGIN ", "-eyJ", "://a", "hvs.", "sk-ant-"] {
            assert!(find(&needles.repeat(20_000)).is_empty());
        }
    }
}
