//! JUnit XML, as CI systems read it: one test case an input, failed when it may not be used as it is.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{self, Write};

use sakimori_examine::catalogue;
use sakimori_model::{AdmissionState, Effect, Lang};
use sakimori_node::outcome::{Decided, Outcome};

use super::Renderer;
use crate::words::say;

/// Gathers test cases; their counts stand before them, so all is written at the end.
pub struct Junit {
    lang: Lang,
    cases: String,
    tests: u64,
    failures: u64,
    errors: u64,
}

impl Junit {
    /// No test cases yet.
    pub fn new(lang: Lang) -> Self {
        Self { lang, cases: String::new(), tests: 0, failures: 0, errors: 0 }
    }

    fn decided(&mut self, decided: &Decided) {
        let (name, kind) = (escaped(&decided.path), escaped(decided.subject.kind.as_str()));
        let passes = match &decided.vetted {
            Some(vetted) => vetted.admission.state == AdmissionState::Admitted,
            None => decided.decision.effect == Effect::Allow,
        };
        // INVARIANT: writing into a string can't fail.
        let _ = write!(self.cases, "    <testcase name=\"{name}\" classname=\"{kind}\"");
        if passes {
            self.cases.push_str("/>\n");
            return;
        }
        self.failures += 1;
        let effect = decided.decision.effect.as_str();
        let word = escaped(&say(self.lang, &format!("effect.{effect}"), &[]));
        let _ = writeln!(
            self.cases,
            ">\n      <failure message=\"{word}\" type=\"{effect}\">{}</failure>",
            self.why(decided)
        );
        self.cases.push_str("    </testcase>\n");
    }

    /// The findings that the decision rests on, one a line.
    fn why(&self, decided: &Decided) -> String {
        let codes: BTreeSet<_> = decided.decision.reasons.iter().flat_map(|reason| &reason.codes).collect();
        let all = decided.findings.iter().filter(|finding| codes.is_empty() || codes.contains(&finding.code));
        let lines =
            all.map(|finding| format!("{} {} ({})", finding.code, catalogue::title(finding, self.lang), finding.place));
        escaped(&lines.collect::<Vec<_>>().join("\n"))
    }
}

impl Renderer for Junit {
    fn outcome(&mut self, _: &mut dyn Write, outcome: &Outcome) -> io::Result<()> {
        self.tests += 1;
        match outcome {
            Outcome::Decided(decided) => self.decided(decided),
            Outcome::Unobserved(unobserved) => {
                self.errors += 1;
                let (name, why) = (escaped(&unobserved.path), escaped(unobserved.why.in_lang(self.lang)));
                let _ = writeln!(
                    self.cases,
                    "    <testcase name=\"{name}\" classname=\"unreadable\">\n      <error message=\"{why}\"/>\n    </testcase>"
                );
            }
        }
        Ok(())
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let counts = format!("tests=\"{}\" failures=\"{}\" errors=\"{}\"", self.tests, self.failures, self.errors);
        write!(
            out,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {counts}>\n  <testsuite name=\"sakimori\" {counts}>\n{}  </testsuite>\n</testsuites>\n",
            self.cases
        )
    }
}

/// Text as it may stand in an attribute or an element (XML 1.0, sections 2.2 and 2.4). What is no character of XML is shown
/// as U+FFFD.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\t' | '\r' => out.push(' '),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_breaks_out_of_an_attribute() {
        assert_eq!(escaped("a\"><b&\u{1b}\u{ffff}\n"), "a&quot;&gt;&lt;b&amp;\u{fffd}\u{fffd}&#10;");
    }
}
