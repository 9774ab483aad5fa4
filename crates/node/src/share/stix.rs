//! A decision as STIX 2.1: the file, what the examination came to, the techniques, and an indicator when it was blocked.

use std::collections::{BTreeMap, BTreeSet};

use sakimori_examine::catalogue;
use sakimori_model::stix::{
    AttackPattern, Bundle, Common, File, Identity, Indicator, MalwareAnalysis, Marking, Note, Object, Relationship,
    millis,
};
use sakimori_model::{
    Confidence, DecisionPredicate, Effect, Finding, Lang, Statement, Technique, Timestamp, Tlp, canonical_json,
};

use super::Shareable;

/// Parameters of findings that speak of the attack and never of the victim, by family of codes. All others are left
/// out; of mail, whose every value may name a person, all.
const PARAMS_SHARED: &[(&str, &[&str])] = &[
    ("PKL", &["global", "call"]),
    ("ART", &["operator", "kind"]),
    ("SIG", &["rule"]),
    ("OBS", &["kind", "limit", "value"]),
];

/// The bundle for a decision. Paths, places, quotes, addresses and names stay here; they are named as redactions.
pub fn shareable(statement: &Statement, decision: &DecisionPredicate, origin: &str, marking: Tlp) -> Shareable<Bundle> {
    let at = decision.observed;
    let seed = decision.record.to_string();
    let identity = Identity {
        common: Common::new("identity", origin, at, marking),
        name: format!("Sakimori node {origin}"),
        identity_class: "system".to_owned(),
    };
    let by = identity.common.id.clone();
    let mut objects = vec![Object::MarkingDefinition(Marking::from(marking)), Object::Identity(identity)];
    let sha256 = statement.subject.first().map(|subject| subject.digest.sha256);
    if let Some(sha256) = sha256 {
        let file = File::new(sha256, decision.size, marking);
        let common = |kind: &str| Common::new(kind, &seed, at, marking).by(&by);
        objects.push(Object::MalwareAnalysis(analysis(decision, &file, common("malware-analysis"))));
        objects.push(Object::Note(note(decision, &file, common("note"))));
        let patterns: Vec<AttackPattern> =
            techniques(decision).iter().map(|technique| AttackPattern::new(technique, at, marking)).collect();
        if decision.decision.effect == Effect::Block {
            let indicator = indicator(decision, &file, common("indicator"));
            objects.extend(indicates(&indicator, &patterns, at, marking));
            objects.push(Object::Indicator(indicator));
        }
        objects.extend(patterns.into_iter().map(Object::AttackPattern));
        objects.push(Object::File(file));
    }
    let bundle = Bundle::new(objects);
    debug_assert!(keeps_marking(&bundle, marking));
    Shareable { content: bundle, marking, redactions: redactions(decision) }
}

/// INVARIANT: every object that can carry a marking carries this one, and the marking itself travels along.
pub fn keeps_marking(bundle: &Bundle, marking: Tlp) -> bool {
    let id = Marking::id_of(marking);
    bundle.objects.iter().all(|object| match object {
        Object::MarkingDefinition(_) => object.id() == id,
        other => other.markings() == [id],
    }) && bundle.objects.iter().any(|object| object.id() == id)
}

/// The bundle as text.
pub fn to_json(shared: &Shareable<Bundle>) -> String {
    // INVARIANT: a bundle holds only text, numbers and lists.
    String::from_utf8(canonical_json(&shared.content).unwrap_or_default()).unwrap_or_default() + "\n"
}

fn analysis(decision: &DecisionPredicate, file: &File, common: Common) -> MalwareAnalysis {
    let result = match decision.decision.effect {
        Effect::Block => "malicious",
        Effect::Review if decision.examined => "suspicious",
        Effect::Review | Effect::Allow if !decision.examined => "unknown",
        Effect::Review | Effect::Allow => "benign",
    };
    MalwareAnalysis {
        common,
        product: "sakimori".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        analysis_ended: millis(decision.observed),
        result: result.to_owned(),
        sample_ref: file.id().to_owned(),
    }
}

fn note(decision: &DecisionPredicate, file: &File, common: Common) -> Note {
    let lines: Vec<String> = decision
        .findings
        .iter()
        .map(|finding| {
            let shown = redacted(finding);
            let (ja, en) = (catalogue::title(&shown, Lang::Ja), catalogue::title(&shown, Lang::En));
            format!("{} ({}): {ja} / {en}", finding.code, finding.severity.as_str())
        })
        .collect();
    let none = "所見はありません / no findings".to_owned();
    Note {
        common,
        summary: format!("{}: {}, score {}", decision.kind, decision.decision.effect.as_str(), decision.decision.score),
        content: if lines.is_empty() { none } else { lines.join("\n") },
        object_refs: vec![file.id().to_owned()],
    }
}

fn indicator(decision: &DecisionPredicate, file: &File, common: Common) -> Indicator {
    let surest = decision.findings.iter().map(|finding| finding.confidence).max();
    Indicator {
        common,
        name: format!("blocked {}", decision.kind),
        indicator_types: vec!["malicious-activity".to_owned()],
        pattern: file.pattern(),
        pattern_type: "stix".to_owned(),
        valid_from: millis(decision.observed),
        // STIX 2.1, appendix A, "none / low / med / high".
        confidence: match surest {
            Some(Confidence::High) => 85,
            Some(Confidence::Medium) => 50,
            Some(Confidence::Low) | None => 15,
        },
    }
}

fn indicates(indicator: &Indicator, patterns: &[AttackPattern], at: Timestamp, marking: Tlp) -> Vec<Object> {
    patterns
        .iter()
        .map(|pattern| Relationship::new("indicates", &indicator.common.id, &pattern.common.id, at, marking))
        .map(Object::Relationship)
        .collect()
}

fn techniques(decision: &DecisionPredicate) -> BTreeSet<Technique> {
    decision.findings.iter().flat_map(|finding| finding.techniques.iter().cloned()).collect()
}

fn is_shared(finding: &Finding, name: &str) -> bool {
    PARAMS_SHARED.iter().any(|(family, names)| *family == finding.code.family() && names.contains(&name))
}

/// The finding with `…` for every parameter that must stay here, and without the digest of a line, which could be guessed.
fn redacted(finding: &Finding) -> Finding {
    let hide = |(name, value): (&String, &String)| {
        let shown = if is_shared(finding, name) { value.clone() } else { "…".to_owned() };
        (name.clone(), shown)
    };
    let params = finding.params.iter().map(hide).collect::<BTreeMap<_, _>>();
    Finding { params, line: None, ..finding.clone() }
}

fn redactions(decision: &DecisionPredicate) -> Vec<String> {
    let hidden = |finding: &Finding| -> Vec<String> {
        finding.params.keys().filter(|name| !is_shared(finding, name)).cloned().collect()
    };
    let hidden: BTreeSet<String> = decision.findings.iter().flat_map(hidden).collect();
    let mut names = vec!["subject.name".to_owned(), "findings.place".to_owned()];
    names.extend(hidden.into_iter().map(|name| format!("findings.params.{name}")));
    names
}
