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
        let language = language(&words);
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
        finding(code, self.place(range)).with("quote", self.quote(range))
    }

    /// The words of the source behind a range of the folded text, on one line and bounded.
    pub fn quote(&self, range: &Range<usize>) -> String {
        let words = self.source.get(self.folded.source(range)).unwrap_or_default();
        let mut quote = words.split_whitespace().collect::<Vec<_>>().join(" ");
        if let Some((cut, _)) = quote.char_indices().nth(QUOTE_CHARS_MAX) {
            quote.truncate(cut);
            quote.push('…');
        }
        quote
    }

    /// The message as a whole.
    pub fn whole(&self) -> Place {
        Place::Whole { member: self.member.clone() }
    }

    fn place(&self, range: &Range<usize>) -> Place {
        self.place_of_source(self.folded.source(range).start)
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

/// The text with spaces in place of links, so that no word is found inside of one. Offsets stay as they are.
fn without(folded: &str, targets: &[Target]) -> String {
    let mut out = folded.to_owned();
    for target in targets {
        out.replace_range(target.range.clone(), &" ".repeat(target.range.len()));
    }
    out
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
