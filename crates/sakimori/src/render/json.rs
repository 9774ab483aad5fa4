//! JSON: one object an input, alone on its line or inside one document.

use std::io::{self, Write};

use sakimori_examine::report::is_unexamined;
use sakimori_examine::{catalogue, codes};
use sakimori_model::{Finding, Lang, Place};
use sakimori_node::observe::Unobserved;
use sakimori_node::outcome::{Decided, Outcome};
use serde_json::{Value, json};

use super::Renderer;

/// Writes JSON.
pub struct Json {
    lang: Lang,
    shape: Shape,
    written: u64,
}

enum Shape {
    Lines,
    Document,
}

impl Json {
    /// One object a line.
    pub fn lines(lang: Lang) -> Self {
        Self { lang, shape: Shape::Lines, written: 0 }
    }

    /// One document with a list.
    pub fn document(lang: Lang) -> Self {
        Self { lang, shape: Shape::Document, written: 0 }
    }
}

impl Renderer for Json {
    fn outcome(&mut self, out: &mut dyn Write, outcome: &Outcome) -> io::Result<()> {
        let value = match outcome {
            Outcome::Decided(decided) => decided_json(decided, self.lang),
            Outcome::Unobserved(unobserved) => unobserved_json(unobserved, self.lang),
        };
        if let Shape::Document = self.shape {
            out.write_all(if self.written == 0 { b"{\"results\":[\n" } else { b",\n" })?;
        }
        self.written += 1;
        serde_json::to_writer(&mut *out, &value)?;
        if let Shape::Lines = self.shape {
            out.write_all(b"\n")?;
            out.flush()?;
        }
        Ok(())
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        match (&self.shape, self.written) {
            (Shape::Lines, _) => Ok(()),
            (Shape::Document, 0) => out.write_all(b"{\"results\":[]}\n"),
            (Shape::Document, _) => out.write_all(b"\n]}\n"),
        }
    }
}

fn decided_json(decided: &Decided, lang: Lang) -> Value {
    let mut value = json!({
        "path": decided.path,
        "sha256": decided.subject.sha256,
        "size": decided.subject.size,
        "kind": decided.subject.kind,
        "examined": examined(&decided.findings, lang),
        "decision": decided.decision.effect,
        "score": decided.decision.score,
        "reasons": decided.decision.reasons,
        "policy_errors": decided.decision.errors,
        "findings": decided.findings.iter().map(|finding| finding_json(finding, lang)).collect::<Vec<_>>(),
        "record": decided.receipt.record,
        "receipt": decided.receipt,
    });
    if let Some(vetted) = &decided.vetted {
        value["model"] = json!(vetted.vetting);
        value["admission"] = json!(vetted.admission);
        value["left_out"] = json!(vetted.left_out);
    }
    value
}

/// There are no bytes, so there is no digest and no record; the exit status says that it could not be done.
fn unobserved_json(unobserved: &Unobserved, lang: Lang) -> Value {
    let finding = catalogue::finding(&codes::UNREADABLE, Place::WHOLE).with("why", unobserved.why.in_lang(lang));
    json!({
        "path": unobserved.path,
        "sha256": null,
        "size": null,
        "kind": "unreadable",
        "examined": unobserved.why.in_lang(lang),
        "decision": "review",
        "score": finding.points(),
        "reasons": [],
        "policy_errors": [],
        "findings": [finding_json(&finding, lang)],
        "record": null,
        "receipt": null,
    })
}

/// `true`, or the reasons why not all of it was examined.
fn examined(findings: &[Finding], lang: Lang) -> Value {
    let mut reasons: Vec<String> = Vec::new();
    for finding in findings.iter().filter(|finding| is_unexamined(finding)) {
        let title = catalogue::title(finding, lang);
        if !reasons.contains(&title) {
            reasons.push(title);
        }
    }
    if reasons.is_empty() { true.into() } else { reasons.join("; ").into() }
}

pub fn finding_json(finding: &Finding, lang: Lang) -> Value {
    let mut value = json!({
        "code": finding.code,
        "severity": finding.severity,
        "confidence": finding.confidence,
        "title": catalogue::title(finding, lang),
        "where": finding.place,
        "techniques": finding.techniques,
        "points": finding.points(),
        "because": finding.because,
    });
    if let Some(rule) = &finding.rule {
        value["rule"] = json!(rule);
    }
    if let Some(line) = &finding.line {
        value["line"] = json!(line);
    }
    value
}
