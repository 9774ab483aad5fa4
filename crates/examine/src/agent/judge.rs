//! Takes what the readers of this family see, and reports each thing once, with its place in the text.

use std::collections::BTreeSet;

use sakimori_model::{Code, Place};

use crate::artefact::place_in;
use crate::catalogue::finding;
use crate::report::Report;

/// Findings of one document whose places are looked for; of others the place is the document.
const PLACED_MAX: usize = 100;
/// Characters of a quote.
const QUOTE_CHARS_MAX: usize = 120;
/// Characters of a quote by which its place is found.
const KEY_CHARS: usize = 24;

/// One document under examination.
pub struct Judge<'a, 'r> {
    /// Where findings and facts go.
    pub report: &'a mut Report<'r>,
    text: &'a str,
    seen: BTreeSet<(String, String)>,
}

impl<'a, 'r> Judge<'a, 'r> {
    /// A judge of a document with this text.
    pub fn new(report: &'a mut Report<'r>, text: &'a str) -> Self {
        Self { report, text, seen: BTreeSet::new() }
    }

    /// Reports something at a path of the document, with the words that show it.
    pub fn found(&mut self, code: &Code, path: &str, quote: &str) {
        if self.report.only_counts(code) {
            return;
        }
        let place = if self.seen.len() < PLACED_MAX { self.place_of(quote) } else { self.report.whole() };
        self.at(code, place, path, quote);
    }

    /// Reports something in a line of the text, counted from 1.
    pub fn in_line(&mut self, code: &Code, line: u32, quote: &str) {
        if self.report.only_counts(code) {
            return;
        }
        let place = Place::Text { member: self.report.path(), line, column: 1 };
        self.at(code, place, &format!("line {line}"), quote);
    }

    fn at(&mut self, code: &Code, place: Place, path: &str, quote: &str) {
        let quote = shown(quote);
        if self.seen.insert((code.to_string(), format!("{path}\n{quote}"))) {
            let path = if path.is_empty() { "text" } else { path };
            self.report.add(finding(code, place).with("where", path).with("what", quote));
        }
    }

    /// Where the text has these words, as they are or as JSON writes them.
    fn place_of(&self, quote: &str) -> Place {
        let key: String = quote.trim().chars().take(KEY_CHARS).collect();
        if key.is_empty() {
            return self.report.whole();
        }
        let escaped = serde_json::to_string(&key).unwrap_or_default();
        let at = self.text.find(&key).or_else(|| self.text.find(escaped.trim_matches('"')));
        at.map_or_else(|| self.report.whole(), |at| place_in(self.text, at, self.report))
    }
}

/// A quote in one bounded line, in which what can't be seen is written out.
fn shown(quote: &str) -> String {
    let visible = |c: char| {
        if crate::prose::fold::is_invisible(c) || c == '\u{1b}' {
            c.escape_unicode().collect::<String>()
        } else if c.is_whitespace() {
            " ".to_owned()
        } else {
            c.to_string()
        }
    };
    let mut out = String::new();
    for c in quote.trim().chars().take(QUOTE_CHARS_MAX) {
        let next = visible(c);
        if next != " " || !out.ends_with(' ') {
            out.push_str(&next);
        }
    }
    out
}
