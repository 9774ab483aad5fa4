//! Texts with wildcards: how Sigma writes them, and how they are matched.
//!
//! `*` stands for any characters, `?` for exactly one. A backslash takes the meaning from a wildcard or a backslash
//! that follows it, and stands for itself before anything else.

use memchr::memmem;

use super::fold::fold;

/// A part of a text with wildcards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// These characters.
    Text(String),
    /// Any characters, also none: `*`.
    Any,
    /// One character: `?`.
    One,
    /// One of the characters with which a command line flag may begin: made by `windash`.
    Dash,
}

/// The characters that Windows programs take for the start of a flag, or that are mistaken for it.
const DASHES: [char; 5] = ['-', '/', '\u{2013}', '\u{2014}', '\u{2015}'];

/// A text with wildcards, as it stands in a rule.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct WildText(pub Vec<Piece>);

impl WildText {
    /// Reads the text as the specification says, wildcards and escapes included.
    pub fn parse(source: &str) -> Self {
        let mut text = Self::default();
        let mut chars = source.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '*' => text.push_any(),
                '?' => text.0.push(Piece::One),
                '\\' => text.push_char(chars.next_if(|next| matches!(next, '*' | '?' | '\\')).unwrap_or('\\')),
                other => text.push_char(other),
            }
        }
        text
    }

    /// A text without wildcards.
    pub fn literal(text: impl Into<String>) -> Self {
        let text = text.into();
        Self(if text.is_empty() { Vec::new() } else { vec![Piece::Text(text)] })
    }

    /// The text, if it holds no wildcards.
    pub fn plain(&self) -> Option<&str> {
        match self.0.as_slice() {
            [] => Some(""),
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// With a `*` in front.
    pub fn after_anything(mut self) -> Self {
        if self.0.first() != Some(&Piece::Any) {
            self.0.insert(0, Piece::Any);
        }
        self
    }

    /// With a `*` behind.
    pub fn before_anything(mut self) -> Self {
        self.push_any();
        self
    }

    /// With every dash or slash that begins a word standing for all characters that begin a flag.
    pub fn with_any_dash(self) -> Self {
        let mut out = Self::default();
        let mut before = None;
        for piece in self.0 {
            let Piece::Text(text) = piece else {
                out.0.push(piece);
                before = None;
                continue;
            };
            let mut chars = text.chars().peekable();
            while let Some(c) = chars.next() {
                let begins_word = !before.is_some_and(is_word) && chars.peek().copied().is_some_and(is_word);
                if DASHES.contains(&c) && begins_word {
                    out.0.push(Piece::Dash);
                } else {
                    out.push_char(c);
                }
                before = Some(c);
            }
        }
        out
    }

    fn push_char(&mut self, c: char) {
        if let Some(Piece::Text(text)) = self.0.last_mut() {
            text.push(c);
        } else {
            self.0.push(Piece::Text(c.into()));
        }
    }

    fn push_any(&mut self) {
        if self.0.last() != Some(&Piece::Any) {
            self.0.push(Piece::Any);
        }
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether upper and lower case differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    /// They are the same; the text to match is folded already.
    Ignored,
    /// They differ.
    Matters,
}

/// A text with wildcards, made ready for matching.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    shape: Shape,
    case: Case,
    literal: String,
}

/// The common forms have a fast way each.
#[derive(Clone, Debug)]
enum Shape {
    Anything,
    Whole(String),
    Start(String),
    End(String),
    Inside(Box<memmem::Finder<'static>>),
    General(Vec<Vec<Piece>>),
}

impl Pattern {
    /// Makes a text ready for matching.
    pub fn new(text: WildText, case: Case) -> Self {
        let pieces: Vec<Piece> = text
            .0
            .into_iter()
            .map(|piece| match piece {
                Piece::Text(text) if case == Case::Ignored => Piece::Text(fold(&text)),
                other => other,
            })
            .collect();
        let texts = pieces.iter().filter_map(|p| if let Piece::Text(t) = p { Some(t) } else { None });
        let literal = texts.max_by_key(|t| t.len()).map(|t| fold(t)).unwrap_or_default();
        Self { shape: Shape::of(pieces), case, literal }
    }

    /// Whether upper and lower case differ for it.
    pub fn case(&self) -> Case {
        self.case
    }

    /// The longest run of characters that every match holds, in lower case. Empty if there is none.
    pub fn literal(&self) -> &str {
        &self.literal
    }

    /// The one text that it matches, in lower case, if it holds no wildcards.
    pub fn whole(&self) -> Option<&str> {
        matches!(self.shape, Shape::Whole(_)).then_some(&self.literal)
    }

    /// Whether it matches the whole of `text`, which is folded if the case is ignored.
    pub fn matches(&self, text: &str) -> bool {
        match &self.shape {
            Shape::Anything => true,
            Shape::Whole(whole) => text == whole,
            Shape::Start(start) => text.starts_with(start.as_str()),
            Shape::End(end) => text.ends_with(end.as_str()),
            Shape::Inside(inside) => inside.find(text.as_bytes()).is_some(),
            Shape::General(runs) => matches_runs(runs, text),
        }
    }
}

impl Shape {
    fn of(pieces: Vec<Piece>) -> Self {
        match pieces.as_slice() {
            [] => Self::Whole(String::new()),
            [Piece::Any] => Self::Anything,
            [Piece::Text(t)] => Self::Whole(t.clone()),
            [Piece::Text(t), Piece::Any] => Self::Start(t.clone()),
            [Piece::Any, Piece::Text(t)] => Self::End(t.clone()),
            [Piece::Any, Piece::Text(t), Piece::Any] => {
                Self::Inside(Box::new(memmem::Finder::new(t.as_bytes()).into_owned()))
            }
            _ => Self::General(pieces.split(|p| *p == Piece::Any).map(<[Piece]>::to_vec).collect()),
        }
    }
}

/// Whether `text` is the runs in their order with anything between them. The first run stands at the start and the
/// last one at the end; between them the leftmost place is always right, so nothing is tried twice.
fn matches_runs(runs: &[Vec<Piece>], text: &str) -> bool {
    let [first, middle @ .., last] = runs else {
        return runs.first().is_some_and(|only| run_at(only, text) == Some(text.len()));
    };
    let Some(mut at) = run_at(first, text) else { return false };
    for run in middle {
        let Some(end) = find_run(run, &text[at..]) else { return false };
        at += end;
    }
    ends_with_run(last, &text[at..])
}

/// The end of the run if it stands at the start of `text`.
fn run_at(run: &[Piece], text: &str) -> Option<usize> {
    let mut rest = text;
    for piece in run {
        rest = match piece {
            Piece::Text(t) => rest.strip_prefix(t.as_str())?,
            Piece::Dash => rest.strip_prefix(DASHES)?,
            Piece::One => {
                let mut chars = rest.chars();
                chars.next()?;
                chars.as_str()
            }
            Piece::Any => rest,
        };
    }
    Some(text.len() - rest.len())
}

/// The end of the leftmost place where the run stands in `text`.
fn find_run(run: &[Piece], text: &str) -> Option<usize> {
    if let [Piece::Text(t)] = run {
        return memmem::find(text.as_bytes(), t.as_bytes()).map(|start| start + t.len());
    }
    let starts = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    starts.into_iter().find_map(|at| run_at(run, &text[at..]).map(|length| at + length))
}

fn ends_with_run(run: &[Piece], text: &str) -> bool {
    let mut rest = text;
    for piece in run.iter().rev() {
        let shorter = match piece {
            Piece::Text(t) => rest.strip_suffix(t.as_str()),
            Piece::Dash => rest.strip_suffix(DASHES),
            Piece::One => {
                let mut chars = rest.chars();
                chars.next_back().map(|_| chars.as_str())
            }
            Piece::Any => Some(rest),
        };
        let Some(shorter) = shorter else { return false };
        rest = shorter;
    }
    true
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        Pattern::new(WildText::parse(pattern), Case::Ignored).matches(&fold(text))
    }

    #[test]
    fn escapes_are_read_as_the_specification_says() {
        let plain = |source: &str| WildText::parse(source).plain().map(str::to_owned);
        assert_eq!(plain(r"C:\Windows\x.exe").as_deref(), Some(r"C:\Windows\x.exe"));
        assert_eq!(plain(r"a\\b").as_deref(), Some(r"a\b"));
        assert_eq!(plain(r"a\*b").as_deref(), Some("a*b"));
        assert_eq!(plain(r"a\?b").as_deref(), Some("a?b"));
        assert_eq!(plain(r"a\\\*b").as_deref(), Some(r"a\*b"));
        assert_eq!(plain(r"a\\\b").as_deref(), Some(r"a\\b"));
        assert_eq!(plain(r"a\\\\b").as_deref(), Some(r"a\\b"));
        assert_eq!(plain(r"a\\*b"), None);
        assert!(matches(r"a\\*b", r"a\ and b"));
        assert!(!matches(r"a\\*b", "a and b"));
    }

    #[test]
    fn wildcards() {
        assert!(matches("prog?.exe", "progA.exe"));
        assert!(!matches("prog?.exe", "prog.exe"));
        assert!(matches("a*b*c", "a--b--c"));
        assert!(matches("*foo?bar*", "xx foo\u{3042}bar yy"));
        assert!(!matches("a*a", "a"));
        assert!(matches("*", ""));
        assert!(matches("", ""));
        assert!(!matches("", "a"));
        assert!(matches("STRASSE \u{c4}", "strasse \u{e4}"));
    }

    #[test]
    fn windash_takes_every_dash_that_begins_a_word() {
        let pattern = Pattern::new(WildText::parse("* -enc a-b*").with_any_dash(), Case::Ignored);
        for dash in DASHES {
            assert!(pattern.matches(&format!("x {dash}enc a-b")), "{dash}");
        }
        assert!(!pattern.matches("x -enc a/b"));
        assert!(!pattern.matches("x +enc a-b"));
    }

    /// The obvious recursive definition.
    fn naive(pattern: &[Piece], text: &[char]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some((Piece::Any, rest)) => (0..=text.len()).any(|skip| naive(rest, &text[skip..])),
            Some((Piece::One, rest)) => text.split_first().is_some_and(|(_, t)| naive(rest, t)),
            Some((Piece::Dash, rest)) => text.split_first().is_some_and(|(c, t)| DASHES.contains(c) && naive(rest, t)),
            Some((Piece::Text(lit), rest)) => {
                let lit: Vec<char> = lit.chars().collect();
                text.strip_prefix(lit.as_slice()).is_some_and(|t| naive(rest, t))
            }
        }
    }

    proptest! {
        #[test]
        fn matching_equals_the_naive_definition(pattern in "[ab*?\\\\\u{3042}-]{0,10}", text in "[ab\\\\*\u{3042}/-]{0,12}") {
            for wild in [WildText::parse(&pattern), WildText::parse(&pattern).with_any_dash()] {
                let chars: Vec<char> = text.chars().collect();
                let expected = naive(&wild.0, &chars);
                prop_assert_eq!(Pattern::new(wild, Case::Ignored).matches(&text), expected);
            }
        }

        #[test]
        fn a_match_holds_the_literal(pattern in "[abC*?]{0,8}", text in "[abcABC]{0,10}") {
            for case in [Case::Ignored, Case::Matters] {
                let made = Pattern::new(WildText::parse(&pattern), case);
                let folded = fold(&text);
                if made.matches(if case == Case::Ignored { &folded } else { &text }) {
                    prop_assert!(folded.contains(made.literal()));
                }
            }
        }
    }
}
