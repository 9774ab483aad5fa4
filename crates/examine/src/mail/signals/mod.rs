//! The signals: each file looks for one kind of sign and knows nothing of the others.
//!
//! A signal is a plain function over the parsed mail. A code is found at most once in a mail, where it shows first.

mod attachments;
mod authentication;
mod brand;
mod consistent;
mod date;
mod hidden;
mod injection;
mod language;
mod links;
mod lookalike;
mod offer;
mod origin;
mod recipient;
mod sender;
mod structure;

use sakimori_model::{Code, Contribution, Finding};

use super::letter::Letter;

/// What the signals have seen of one mail.
#[derive(Default)]
pub struct Seen {
    findings: Vec<Finding>,
}

impl Seen {
    /// Adds a finding, unless its code is there already.
    pub fn add(&mut self, finding: Finding) {
        if !self.has(&finding.code) {
            self.findings.push(finding);
        }
    }

    /// True when the code is there.
    pub fn has(&self, code: &Code) -> bool {
        self.findings.iter().any(|f| f.code == *code)
    }

    /// The sum of the points.
    pub fn points(&self) -> i64 {
        self.findings.iter().map(Finding::points).sum()
    }

    /// The findings.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The findings, given away.
    pub fn into_findings(self) -> Vec<Finding> {
        self.findings
    }
}

/// Looks for every sign.
pub fn look(letter: &Letter<'_>) -> Seen {
    let mut seen = Seen::default();
    for signal in [
        sender::look,
        brand::look,
        authentication::look,
        recipient::look,
        date::look,
        origin::look,
        links::look,
        lookalike::look,
        hidden::look,
        injection::look,
        language::look,
        structure::look,
        offer::look,
        attachments::look,
        consistent::look,
    ] {
        signal(letter, &mut seen);
    }
    seen
}

/// A finding that rests on these features instead of the one that its code declares.
pub fn scored(mut finding: Finding, because: Vec<Contribution>) -> Finding {
    finding.because = because;
    finding
}

/// The first characters of a text from outside, for a finding's parameter.
pub fn quote(text: &str) -> String {
    const QUOTE_CHARS_MAX: usize = 80;
    let mut out: String = text.chars().take(QUOTE_CHARS_MAX).collect();
    if text.chars().nth(QUOTE_CHARS_MAX).is_some() {
        out.push('…');
    }
    out
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// The codes that one signal finds in a mail.
    pub fn codes(signal: fn(&Letter<'_>, &mut Seen), mail: &str) -> Vec<Code> {
        let letter = crate::mail::letter::tests::letter(mail);
        let mut seen = Seen::default();
        signal(&letter, &mut seen);
        seen.findings.into_iter().map(|f| f.code).collect()
    }

    #[test]
    fn a_code_is_found_once() {
        let mut seen = Seen::default();
        let finding = crate::catalogue::finding(&crate::mail::codes::FORM, sakimori_model::Place::WHOLE);
        seen.add(finding.clone());
        seen.add(finding);
        assert_eq!(seen.findings().len(), 1);
    }
}
