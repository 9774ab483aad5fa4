//! Patterns whose matches begin with one of a few words: one pass over a text tells where these stand, and a pattern is tried
//! there alone. It is made when a text first has one of its words, as most texts have none of most.

use std::ops::Range;
use std::sync::OnceLock;

use aho_corasick::AhoCorasick;
use regex_automata::meta::{self, Regex};
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input};
use regex_syntax::hir::literal::{ExtractKind, Extractor, Literal};

/// Bytes that the states of one pattern may take. With less, there is no quick automaton for the largest.
const DFA_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Whether upper and lower case of ASCII letters are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    /// They are.
    Ignored,
    /// They are not.
    Kept,
}

/// The words with which the matches of each pattern of a table begin.
pub struct Begins {
    words: AhoCorasick,
    /// The pattern of each of these words.
    owners: Vec<usize>,
}

impl Begins {
    /// Those of these patterns (syntax of the crate `regex`).
    ///
    /// # Panics
    /// When one is no pattern, or may begin with anything. The tables are part of the program, and tests read them.
    pub fn new<'p>(texts: impl Iterator<Item = &'p str>, case: Case) -> Self {
        let words: Vec<(usize, Literal)> = texts
            .enumerate()
            .flat_map(|(owner, text)| begins(text).into_iter().map(move |word| (owner, word)))
            .collect();
        let automaton = AhoCorasick::builder()
            .ascii_case_insensitive(case == Case::Ignored)
            .build(words.iter().map(|(_, word)| word.as_bytes()))
            .unwrap_or_else(|e| panic!("the words make an automaton: {e}"));
        Self { words: automaton, owners: words.into_iter().map(|(owner, _)| owner).collect() }
    }

    /// Each place where a pattern may match: its number, and the first byte. A place may come twice.
    pub fn places<'s>(&'s self, text: &'s str) -> impl Iterator<Item = (usize, usize)> + 's {
        self.words.find_overlapping_iter(text).map(|word| (self.owners[word.pattern().as_usize()], word.start()))
    }
}

/// The words that the matches of a pattern begin with.
fn begins(text: &str) -> Vec<Literal> {
    let parsed = regex_syntax::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"));
    let begins = Extractor::new().kind(ExtractKind::Prefix).extract(&parsed);
    let literals = begins.literals().filter(|literals| literals.iter().all(|literal| !literal.is_empty()));
    literals.unwrap_or_else(|| panic!("it may begin with anything: {text}")).to_vec()
}

/// A table of patterns.
pub struct Begun {
    patterns: Vec<Pattern>,
    case: Case,
    begins: Begins,
}

struct Pattern {
    text: String,
    regex: OnceLock<Regex>,
}

impl Begun {
    /// A table of these patterns. Where all words of one are ASCII, it goes by bytes ([`by_characters`]): gaps and the ends of words
    /// are small then, and a word that stands between Japanese ones is one.
    ///
    /// # Panics
    /// As [`Begins::new`].
    pub fn new<'p>(texts: impl IntoIterator<Item = &'p str>, case: Case) -> Self {
        let patterns: Vec<Pattern> =
            texts.into_iter().map(|text| Pattern { text: text.to_owned(), regex: OnceLock::new() }).collect();
        let begins = Begins::new(patterns.iter().map(|pattern| pattern.text.as_str()), case);
        Self { patterns, case, begins }
    }

    /// The first match of each pattern.
    pub fn first_matches(&self, text: &str) -> Vec<Option<Range<usize>>> {
        let mut first: Vec<Option<Range<usize>>> = vec![None; self.patterns.len()];
        let mut tried = vec![None; first.len()];
        for (owner, start) in self.begins.places(text) {
            let later = first[owner].as_ref().is_some_and(|first| first.start <= start);
            if !later && tried[owner].replace(start) != Some(start) {
                // A search from a given place on ends where no match can go on, and meets few states.
                let here = Input::new(text).range(start..).anchored(Anchored::Yes);
                let end = self.patterns[owner].regex(self.case).search_half(&here);
                first[owner] = end.map(|end| start..end.offset()).or_else(|| first[owner].take());
            }
        }
        first
    }

    /// The number of the first pattern of the table that matches, and its first match.
    pub fn first(&self, text: &str) -> Option<(usize, Range<usize>)> {
        self.first_matches(text).into_iter().enumerate().find_map(|(number, found)| Some((number, found?)))
    }
}

impl Pattern {
    fn regex(&self, case: Case) -> &Regex {
        self.regex.get_or_init(|| {
            let by_bytes = self.text.is_ascii();
            let syntax = syntax::Config::new().utf8(false).unicode(!by_bytes).case_insensitive(case == Case::Ignored);
            let config = meta::Config::new().utf8_empty(false).hybrid_cache_capacity(DFA_BYTES_MAX);
            let text = if by_bytes { by_characters(&self.text) } else { self.text.clone() };
            let made = Regex::builder().syntax(syntax).configure(config).build(&text);
            made.unwrap_or_else(|e| panic!("{}: {e}", self.text))
        })
    }
}

/// The same pattern for an automaton of bytes, in which what is not among some characters (`[^…]`), and a character of a word
/// (`\w`), is still one character of UTF-8: a first byte with those that belong to it. Beyond ASCII, all count as characters of words.
fn by_characters(text: &str) -> String {
    const MORE: &str = r"[\x80-\xbf]*";
    let (mut out, mut rest) = (String::new(), text);
    while let Some(at) = rest.find(['\\', '[']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let length = if rest.starts_with('[') { class_length(rest) } else { 2 };
        let (one, behind) = rest.split_at(length.min(rest.len()));
        match one.strip_prefix("[^").and_then(|class| class.strip_suffix(']')) {
            Some(class) => out.push_str(&format!(r"(?:[^{class}\x80-\xbf]{MORE})")),
            None if one == r"\w" => out.push_str(&format!(r"(?:\w|[\xc2-\xf4]{MORE})")),
            None => out.push_str(one),
        }
        rest = behind;
    }
    out + rest
}

/// Bytes of the class of characters that a pattern begins with, to its bracket.
fn class_length(text: &str) -> usize {
    let mut escaped = false;
    let end = text.find(|c| {
        let ends = c == ']' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |end| end + 1)
}

#[cfg(test)]
impl Begun {
    /// Tells the first match of each pattern by a search through the whole text.
    pub fn searched(&self, text: &str) -> Vec<Option<Range<usize>>> {
        self.patterns.iter().map(|pattern| Some(pattern.regex(self.case).find(text)?.range())).collect()
    }

    /// The patterns as texts that have all of their words, and stretches that match here and there.
    pub fn samples(&self) -> Vec<String> {
        let marks = ['(', ')', '?', ':', '|', '\\', '[', ']'];
        self.patterns.iter().map(|pattern| pattern.text.replace(marks, " ")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_count_characters() {
        let table = Begun::new([r"from[^\]\n]{0,3}to", r"the \w{1,2} tool"], Case::Ignored);
        for (text, matches) in [
            ("fromとうとto", [true, false]),
            ("fromとうとうto", [false, false]),
            ("from]to", [false, false]),
            ("FROM\u{1f600}abTO", [true, false]),
            ("the 検索 tool", [false, true]),
            ("the 検索器 tool", [false, false]),
        ] {
            assert_eq!(table.first_matches(text).iter().map(Option::is_some).collect::<Vec<_>>(), matches, "{text}");
            assert_eq!(table.first_matches(text), table.searched(text), "{text}");
        }
    }
}
