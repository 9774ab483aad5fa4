//! What was seen of one mail or message.

use sakimori_model::{Code, Finding};

/// Findings, each code once: a sign shows where it shows first.
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

    /// Adds a finding in place of one with its code.
    pub fn replace(&mut self, finding: Finding) {
        self.findings.retain(|f| f.code != finding.code);
        self.findings.push(finding);
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

/// The first characters of a text from outside, for a finding's parameter.
pub fn quote(text: &str) -> String {
    const QUOTE_CHARS_MAX: usize = 80;
    let mut out: String = text.chars().take(QUOTE_CHARS_MAX).collect();
    if text.chars().nth(QUOTE_CHARS_MAX).is_some() {
        out.push('…');
    }
    out
}
