//! A message as the signs look at it: folded once, with its links, numbers and language.

use std::ops::Range;

use sakimori_model::{Code, Finding, Place};

use crate::catalogue::finding;
use crate::prose::brands::{named_in, owner};
use crate::prose::domain::is_under;
use crate::prose::fold::Folded;
use crate::prose::tables::Brand;

use super::language::{Language, language};
use super::links::{self, Target, What};
use super::numbers::{self, Number};

/// Characters of a quote.
const QUOTE_CHARS_MAX: usize = 60;
/// Characters of a quote on each side of the words that were found.
const AROUND_CHARS_MAX: usize = 14;

/// One message.
pub struct Note<'a> {
    /// The text as it was pasted.
    pub source: &'a str,
    /// The path of the text inside the observation.
    member: Option<String>,
    /// The text as a person reads it.
    pub folded: Folded,
    /// Its links and mail addresses.
    pub targets: Vec<Target>,
    /// More links than the limit lets through.
    pub targets_cut: bool,
    /// Its telephone numbers.
    pub numbers: Vec<Number>,
    /// Its language.
    pub language: Language,
    /// The brands that it names outside of links.
    pub brands: Vec<&'static Brand>,
}

impl<'a> Note<'a> {
    /// Reads a text of bounded length.
    pub fn read(source: &'a str, member: Option<String>, targets_max: usize) -> Self {
        let folded = Folded::of(source);
        let mut targets = links::find(source, &folded, targets_max);
        let targets_cut = targets.len() > targets_max;
        targets.truncate(targets_max);
        let words = without(&folded.text, &targets);
        let language = language(&spoken(&words));
        let numbers = numbers::find(&words, language);
        let brands = named_in(&words);
        Self { source, member, folded, targets, targets_cut, numbers, language, brands }
    }

    /// The links to open, without mail addresses.
    pub fn links(&self) -> impl Iterator<Item = &Target> {
        self.targets.iter().filter(|t| t.what == What::Link)
    }

    /// A finding at a range of the folded text, which it quotes.
    pub fn finding(&self, code: &Code, range: &Range<usize>) -> Finding {
        self.quoting(code, self.folded.source(range))
    }

    /// A finding at words, which it quotes with the rest of what is said there.
    pub fn finding_of_words(&self, code: &Code, range: &Range<usize>) -> Finding {
        let found = self.folded.source(range);
        let before = self.source.get(..found.start).unwrap_or_default();
        let after = self.source.get(found.end..).unwrap_or_default();
        let from = found.start - around(before.chars().rev());
        let to = found.end + around(after.chars());
        self.quoting(code, from..to)
    }

    fn quoting(&self, code: &Code, range: Range<usize>) -> Finding {
        let words = self.source.get(range.clone()).unwrap_or_default();
        let mut quote = words.split_whitespace().collect::<Vec<_>>().join(" ");
        if let Some((cut, _)) = quote.char_indices().nth(QUOTE_CHARS_MAX) {
            quote.truncate(cut);
            quote.push('…');
        }
        let start = range.start + words.len() - words.trim_start().len();
        finding(code, self.place_of_source(start)).with("quote", quote)
    }

    /// The message as a whole.
    pub fn whole(&self) -> Place {
        Place::Whole { member: self.member.clone() }
    }

    /// The line and column of a byte of the source.
    pub fn place_of_source(&self, at: usize) -> Place {
        let before = self.source.get(..at).unwrap_or_default();
        let line = before.bytes().filter(|b| *b == b'\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Place::Text { member: self.member.clone(), line: number(line), column: number(column) }
    }
}

/// Bytes up to where a reader would begin or end the quote: at a mark, or at the last gap between words before
/// [`AROUND_CHARS_MAX`].
fn around(chars: impl Iterator<Item = char>) -> usize {
    const MARKS: &[char] = &[
        '。', '、', '！', '？', '!', '?', '.', ',', '\n', '「', '」', '【', '】', '（', '）', '：', ':', ';', '・', '→',
    ];
    let (mut bytes, mut gap) = (0, None);
    for (count, c) in chars.enumerate() {
        if MARKS.contains(&c) {
            return bytes;
        }
        if c.is_whitespace() {
            gap = Some(bytes);
        }
        if count == AROUND_CHARS_MAX {
            return gap.unwrap_or(bytes);
        }
        bytes += c.len_utf8();
    }
    bytes
}

/// The text with spaces in place of links, so that no word is found inside of one. Offsets stay as they are.
fn without(folded: &str, targets: &[Target]) -> String {
    let mut out = folded.to_owned();
    for target in targets {
        out.replace_range(target.range.clone(), &" ".repeat(target.range.len()));
    }
    out
}

/// The text without what is no word of any language, such as a picture that was pasted as text.
fn spoken(words: &str) -> String {
    const WORD_BYTES_MAX: usize = 80;
    let is_word = |word: &&str| word.len() <= WORD_BYTES_MAX || !word.is_ascii();
    words.split(' ').filter(is_word).collect::<Vec<_>>().join(" ")
}

/// True for the host of a known brand, or of a domain that only authorities, schools and registered companies get in Japan
/// (JPRS: one domain an organisation, held by proof), and their like elsewhere.
pub fn is_known(host: &str) -> bool {
    const REGISTERED: &[&str] = &[
        "go.jp", "lg.jp", "ac.jp", "ed.jp", "co.jp", "or.jp", "gov", "gov.uk", "gov.au", "mil", "edu", "ac.uk",
        "nhs.uk",
    ];
    owner(host).is_some() || REGISTERED.iter().any(|suffix| is_under(host, suffix))
}
