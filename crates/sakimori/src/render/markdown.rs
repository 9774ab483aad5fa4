//! Markdown (CommonMark with tables): a report for people, as a comment on a change or as a document to keep.

use std::io::{self, Write};

use sakimori_examine::catalogue;
use sakimori_model::{Finding, SignatureState};
use sakimori_node::outcome::{Decided, Outcome};
use sakimori_node::vet::Vetted;

use super::Renderer;
use crate::cli::Context;
use crate::words::{harmless, say};

/// Findings of one code that are shown one by one.
const SAME_CODE_MAX: usize = 10;

/// Writes a section an input.
pub struct Markdown<'a> {
    context: &'a Context,
}

impl<'a> Markdown<'a> {
    /// In the language of the context.
    pub fn new(context: &'a Context) -> Self {
        Self { context }
    }

    fn say(&self, id: &str) -> String {
        say(self.context.lang, id, &[])
    }

    fn decided(&self, out: &mut dyn Write, decided: &Decided) -> io::Result<()> {
        let effect = match &decided.vetted {
            Some(vetted) => self.say(&format!("admission.{}", vetted.admission.state.as_str())),
            None => self.say(&format!("effect.{}", decided.decision.effect.as_str())),
        };
        let name = decided.vetted.as_ref().map_or(&decided.path, |vetted| &vetted.vetting.name);
        writeln!(out, "## {}: {effect}\n", plain(name))?;
        writeln!(out, "| | |\n|---|---|")?;
        let mut rows = vec![
            ("model.path", plain(&decided.path)),
            ("model.sha256", format!("`{}`", decided.subject.sha256)),
            ("report.kind", plain(decided.subject.kind.as_str())),
            ("report.size", decided.subject.size.to_string()),
            ("report.score", decided.decision.score.to_string()),
            ("report.policy", format!("{} (`{}`)", plain(&decided.decision.policy.id), decided.decision.policy.sha256)),
        ];
        if let Some(vetted) = &decided.vetted {
            rows.extend(self.vetted(vetted));
        }
        rows.push(("check.record", format!("`{}`", decided.receipt.record)));
        for (id, value) in rows.iter().filter(|(_, value)| !value.is_empty()) {
            writeln!(out, "| {} | {value} |", self.say(id))?;
        }
        writeln!(out)?;
        if decided.findings.is_empty() {
            return writeln!(out, "{}\n", self.say("check.nothing"));
        }
        self.findings(out, &decided.findings)
    }

    fn vetted(&self, vetted: &Vetted) -> Vec<(&'static str, String)> {
        let entry = &vetted.admission.entry;
        let until = entry.expires.map(|end| end.to_string().chars().take(10).collect()).unwrap_or_default();
        vec![
            ("model.files", vetted.vetting.files.len().to_string()),
            ("report.signature", plain(&signature(self.context, &vetted.vetting.signature))),
            ("report.bom", format!("CycloneDX `{}`", vetted.vetting.bom)),
            ("model.owner", plain(&entry.owner)),
            ("model.purpose", plain(&entry.purpose)),
            ("report.until", until),
            ("model.record", format!("`{}`", vetted.admission.record)),
        ]
    }

    /// The findings, the worst first; those of one code together.
    fn findings(&self, out: &mut dyn Write, findings: &[Finding]) -> io::Result<()> {
        let mut sorted: Vec<&Finding> = findings.iter().collect();
        sorted.sort_by(|a, b| b.severity.cmp(&a.severity).then_with(|| a.code.cmp(&b.code)));
        for group in sorted.chunk_by(|a, b| a.code == b.code) {
            for finding in group.iter().take(SAME_CODE_MAX) {
                let severity = self.say(&format!("severity.{}", finding.severity.as_str()));
                let title = plain(&catalogue::title(finding, self.context.lang));
                let place = finding.place.to_string().replace('`', "'");
                let techniques: Vec<String> =
                    finding.techniques.iter().map(|t| format!("{} {}", t.framework.as_str(), t.id)).collect();
                let techniques =
                    if techniques.is_empty() { String::new() } else { format!(" · {}", techniques.join(", ")) };
                writeln!(out, "- **{severity}** {title} — `{}` · `{}`{techniques}", finding.code, harmless(&place))?;
            }
            if group.len() > SAME_CODE_MAX {
                let more = group.len() - SAME_CODE_MAX;
                writeln!(out, "- {}", say(self.context.lang, "check.more", &[("count", &more)]))?;
            }
            if let Some(entry) = catalogue::entry(&group[0].code) {
                let words = entry.words(self.context.lang);
                writeln!(out, "  {}\n  **{}**: {}", words.why, self.say("check.todo"), words.todo)?;
            }
        }
        writeln!(out)
    }
}

impl Renderer for Markdown<'_> {
    fn outcome(&mut self, out: &mut dyn Write, outcome: &Outcome) -> io::Result<()> {
        match outcome {
            Outcome::Decided(decided) => self.decided(out, decided),
            Outcome::Unobserved(unobserved) => {
                let why =
                    say(self.context.lang, "check.unobserved", &[("why", &unobserved.why.in_lang(self.context.lang))]);
                writeln!(out, "## {}\n\n{}\n", plain(&unobserved.path), plain(&why))
            }
        }
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{}", self.say("report.end"))
    }
}

/// What became of a signature, in words.
pub fn signature(context: &Context, state: &SignatureState) -> String {
    match state {
        SignatureState::None => say(context.lang, "signature.none", &[]),
        SignatureState::NotVerified { file } => say(context.lang, "signature.not-verified", &[("file", file)]),
        SignatureState::Verified { by, .. } => say(context.lang, "signature.verified", &[("by", by)]),
        SignatureState::Refused { why } => say(context.lang, "signature.refused", &[("why", why)]),
    }
}

/// Text from outside on one line, in which nothing is markup (CommonMark 0.31, section 2.4).
fn plain(text: &str) -> String {
    let mut out = String::new();
    for c in harmless(text).chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '<' | '>' | '#' | '|' | '!' | '~') {
            out.push('\\');
        }
        out.push(if c == '\n' { ' ' } else { c });
    }
    out
}
