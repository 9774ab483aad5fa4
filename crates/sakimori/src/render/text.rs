//! Text for people.

use std::io::{self, Write};

use indicatif::HumanBytes;
use sakimori_examine::catalogue;
use sakimori_model::{Basis, Effect, Finding};
use sakimori_node::decide::Policy;
use sakimori_node::outcome::{Decided, Outcome};
use sakimori_node::register::Standing;
use sakimori_node::vet::Vetted;

use super::Renderer;
use crate::cli::Context;
use crate::words::{harmless, say};

/// Findings of one code that are shown one by one; of more, the number is shown.
const SAME_CODE_MAX: usize = 3;

/// Writes text.
pub struct Text<'a> {
    context: &'a Context,
    policy: &'a Policy,
}

impl<'a> Text<'a> {
    /// Text in the language and the colours of the context.
    pub fn new(context: &'a Context, policy: &'a Policy) -> Self {
        Self { context, policy }
    }

    fn decided(&self, out: &mut dyn Write, decided: &Decided) -> io::Result<()> {
        let Context { lang, paint, .. } = *self.context;
        let effect = decided.decision.effect;
        let word = say(lang, &format!("effect.{}", effect.as_str()), &[]);
        let score = say(lang, "check.score", &[("score", &decided.decision.score)]);
        let about = paint.dim(&format!("({}, {score})", decided.subject.kind));
        writeln!(out, "{} {} {about}", paint.effect(effect, &format!("[{word}]")), harmless(&decided.path))?;
        // Milder rules speak as well; they add nothing to what a person has to know.
        for reason in decided.decision.reasons.iter().filter(|reason| reason.effect == effect) {
            if let Some(rule) = self.policy.rule(&reason.rule) {
                writeln!(out, "  {} {}", rule.text.in_lang(lang), paint.dim(&format!("<{}>", reason.rule)))?;
            }
        }
        for error in &decided.decision.errors {
            let values: [(&str, &dyn std::fmt::Display); 2] = [("rule", &error.rule), ("error", &error.error)];
            writeln!(out, "  {}", say(lang, "check.policy-error", &values))?;
        }
        self.findings(out, &decided.findings)?;
        if decided.findings.is_empty() && effect == Effect::Allow {
            writeln!(out, "  {}", say(lang, "check.nothing", &[]))?;
        }
        if let Some(vetted) = &decided.vetted {
            self.vetted(out, vetted)?;
        }
        let record = format!("{} {}", say(lang, "check.record", &[]), decided.receipt.record);
        writeln!(out, "  {}", paint.dim(&record))
    }

    /// What it is as a model, and what the register says of it from now on.
    fn vetted(&self, out: &mut dyn Write, vetted: &Vetted) -> io::Result<()> {
        let Context { lang, paint, .. } = *self.context;
        let Vetted { vetting, admission, left_out, .. } = vetted;
        let size: u64 = vetting.files.iter().map(|file| file.size).sum();
        let files: [(&str, &dyn std::fmt::Display); 2] =
            [("count", &vetting.files.len()), ("bytes", &HumanBytes(size))];
        writeln!(out, "  {}", say(lang, "vet.files", &files))?;
        if !left_out.is_empty() {
            writeln!(out, "  {}", say(lang, "vet.left-out", &[("paths", &harmless(&left_out.join(", ")))]))?;
        }
        writeln!(out, "  {}", harmless(&super::signature(self.context, &vetting.signature)))?;
        let state = say(lang, &format!("admission.{}", admission.state.as_str()), &[]);
        let standing = Standing::Holds(admission.state);
        let until = match admission.entry.expires {
            Some(end) => say(lang, "model.until", &[("until", &end.to_string().chars().take(10).collect::<String>())]),
            None => String::new(),
        };
        let basis = match admission.basis {
            Basis::Policy => "vet.by-policy",
            Basis::Person => "vet.by-person",
        };
        let values: [(&str, &dyn std::fmt::Display); 3] =
            [("state", &paint.standing(standing, &state)), ("until", &until), ("basis", &say(lang, basis, &[]))];
        writeln!(out, "  {}", say(lang, "vet.register", &values))
    }

    /// The findings, the worst first; those of one code together, with what to do once.
    fn findings(&self, out: &mut dyn Write, findings: &[Finding]) -> io::Result<()> {
        let mut sorted: Vec<&Finding> = findings.iter().collect();
        sorted.sort_by(|a, b| b.severity.cmp(&a.severity).then_with(|| a.code.cmp(&b.code)));
        for group in sorted.chunk_by(|a, b| a.code == b.code) {
            for finding in group.iter().take(SAME_CODE_MAX) {
                self.finding(out, finding)?;
            }
            let lang = self.context.lang;
            if group.len() > SAME_CODE_MAX {
                let more = group.len() - SAME_CODE_MAX;
                writeln!(out, "    {}", say(lang, "check.more", &[("count", &more)]))?;
            }
            if let Some(entry) = catalogue::entry(&group[0].code) {
                let todo = say(lang, "check.todo", &[]);
                writeln!(out, "    → {todo}: {}", entry.words(lang).todo)?;
            }
        }
        Ok(())
    }

    fn finding(&self, out: &mut dyn Write, finding: &Finding) -> io::Result<()> {
        let Context { lang, paint, .. } = *self.context;
        let severity = say(lang, &format!("severity.{}", finding.severity.as_str()), &[]);
        let severity = paint.severity(finding.severity, &severity);
        let title = harmless(&catalogue::title(finding, lang));
        let place =
            paint.dim(&format!("{} +{} {}", finding.code, finding.points(), harmless(&finding.place.to_string())));
        writeln!(out, "  {severity} {title}  {place}")
    }
}

impl Renderer for Text<'_> {
    fn outcome(&mut self, out: &mut dyn Write, outcome: &Outcome) -> io::Result<()> {
        match outcome {
            Outcome::Decided(decided) => self.decided(out, decided),
            Outcome::Unobserved(unobserved) => {
                let why =
                    say(self.context.lang, "check.unobserved", &[("why", &unobserved.why.in_lang(self.context.lang))]);
                writeln!(out, "[?] {}\n  {}", harmless(&unobserved.path), harmless(&why))
            }
        }
    }

    fn end(&mut self, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}
