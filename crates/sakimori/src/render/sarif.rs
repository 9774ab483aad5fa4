//! SARIF 2.1.0 (OASIS Standard, 27 March 2020), for code hosting and CI.

use std::collections::BTreeSet;
use std::io::{self, Write};

use sakimori_examine::catalogue;
use sakimori_model::{Code, Finding, Lang, Place, Severity};
use sakimori_node::outcome::{Decided, Outcome};
use serde_json::{Value, json};

use super::Renderer;

/// Gathers results; SARIF names the rules before them, so all is written at the end.
pub struct Sarif {
    lang: Lang,
    codes: BTreeSet<Code>,
    results: Vec<Value>,
    artifacts: Vec<Value>,
    notifications: Vec<Value>,
}

impl Sarif {
    /// An empty run.
    pub fn new(lang: Lang) -> Self {
        Self { lang, codes: BTreeSet::new(), results: Vec::new(), artifacts: Vec::new(), notifications: Vec::new() }
    }

    fn decided(&mut self, decided: &Decided) {
        let uri = uri_of(&decided.path);
        self.artifacts.push(json!({
            "location": { "uri": uri },
            "length": decided.subject.size,
            "hashes": { "sha-256": decided.subject.sha256 },
            "properties": {
                "kind": decided.subject.kind,
                "decision": decided.decision.effect,
                "score": decided.decision.score,
                "record": decided.receipt.record,
            },
        }));
        for finding in &decided.findings {
            self.codes.insert(finding.code.clone());
            self.results.push(result(finding, &uri, decided, self.lang));
        }
    }
}

impl Renderer for Sarif {
    fn outcome(&mut self, _: &mut dyn Write, outcome: &Outcome) -> io::Result<()> {
        match outcome {
            Outcome::Decided(decided) => self.decided(decided),
            Outcome::Unobserved(unobserved) => self.notifications.push(json!({
                "level": "error",
                "message": { "text": unobserved.why.in_lang(self.lang) },
                "locations": [{ "physicalLocation": { "artifactLocation": { "uri": uri_of(&unobserved.path) } } }],
            })),
        }
        Ok(())
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let rules: Vec<Value> = self.codes.iter().filter_map(|code| rule(code, self.lang)).collect();
        let run = json!({
            "tool": { "driver": {
                "name": "Sakimori",
                "fullName": "Sakimori, AI cyberdefence",
                "organization": "Sakimori",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "invocations": [{
                "executionSuccessful": self.notifications.is_empty(),
                "toolExecutionNotifications": self.notifications,
            }],
            "artifacts": self.artifacts,
            "results": self.results,
            "columnKind": "unicodeCodePoints",
        });
        let document = json!({
            "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
            "version": "2.1.0",
            "runs": [run],
        });
        serde_json::to_writer_pretty(&mut *out, &document)?;
        out.write_all(b"\n")
    }
}

fn rule(code: &Code, lang: Lang) -> Option<Value> {
    let entry = catalogue::entry(code)?;
    let words = entry.words(lang);
    Some(json!({
        "id": code,
        "name": entry.feature,
        "shortDescription": { "text": words.title },
        "fullDescription": { "text": words.why },
        "help": { "text": words.todo },
        "defaultConfiguration": { "level": level(entry.severity) },
        "properties": { "tags": entry.techniques, "security-severity": security_severity(entry.severity) },
    }))
}

fn result(finding: &Finding, uri: &str, decided: &Decided, lang: Lang) -> Value {
    json!({
        "ruleId": finding.code,
        "level": level(finding.severity),
        "message": { "text": catalogue::title(finding, lang) },
        "locations": [location(&finding.place, uri, decided.subject.size)],
        "partialFingerprints": { "sakimori/v1": format!("{}:{}:{}", decided.subject.sha256, finding.code, finding.place) },
        "properties": {
            "severity": finding.severity,
            "confidence": finding.confidence,
            "points": finding.points(),
            "record": decided.receipt.record,
        },
    })
}

/// SARIF's regions are of the file on disk; a place inside a member or an event is a logical location (section 3.33),
/// and its region is the whole file.
fn location(place: &Place, uri: &str, size: u64) -> Value {
    let region = match place {
        Place::Byte { member: None, offset } => json!({ "byteOffset": offset, "byteLength": 1 }),
        Place::Text { member: None, line, column } => {
            json!({ "startLine": line, "startColumn": column, "endLine": line, "endColumn": column.saturating_add(1) })
        }
        _ => json!({ "byteOffset": 0, "byteLength": size }),
    };
    let mut location = json!({ "physicalLocation": { "artifactLocation": { "uri": uri }, "region": region } });
    let is_inside = place.member().is_some() || matches!(place, Place::Event { .. });
    if is_inside {
        location["logicalLocations"] = json!([{ "fullyQualifiedName": place.to_string() }]);
    }
    location
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Informational | Severity::Low => "note",
        Severity::Medium => "warning",
        Severity::High | Severity::Critical => "error",
    }
}

/// The scale of 0 to 10 that code hosts read from this property.
fn security_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Informational => "0.0",
        Severity::Low => "3.0",
        Severity::Medium => "5.5",
        Severity::High => "8.0",
        Severity::Critical => "9.5",
    }
}

/// A path as a URI reference (RFC 3986): what may not stand in one is percent-encoded. An absolute
/// path becomes an absolute URI (SARIF 2.1.0, section 3.4.3).
fn uri_of(path: &str) -> String {
    let mut uri = if path.starts_with('/') { "file://".to_owned() } else { String::new() };
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(char::from(byte)),
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    uri
}
