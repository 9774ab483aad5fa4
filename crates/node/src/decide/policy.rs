//! A policy is a small typed table (docs/adr/0003-policy-is-a-table.md): rules with conditions on findings.

use std::collections::BTreeSet;

use sakimori_examine::report::is_unexamined;
use sakimori_model::{
    Code, Confidence, Decision, Digest, Effect, Finding, Kind, PolicyError, PolicyRef, Reason, Severity, Text,
};
use serde::Deserialize;
use thiserror::Error;

/// The bytes of a policy file.
const BYTES_MAX: usize = 1024 * 1024;
/// Rules of a policy.
const RULES_MAX: usize = 1_000;

/// The policy that is used when none is given.
pub const DEFAULT: &str = include_str!("policy.toml");

/// How what was vetted comes into the register.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Admission {
    /// Who admits what the policy allows.
    pub by: Admitting,
    /// Days for which an admission holds when nobody says otherwise, 1 to 3,650.
    pub days: u32,
}

/// Who admits what the policy allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Admitting {
    /// The policy itself.
    Policy,
    /// A person, always.
    Person,
}

impl Default for Admission {
    /// A policy that says nothing of it leaves it to a person.
    fn default() -> Self {
        Self { by: Admitting::Person, days: 180 }
    }
}

/// A policy that was read. Rules that can't be applied are kept as errors and reported in every decision.
#[derive(Clone, Debug)]
pub struct Policy {
    id: String,
    sha256: Digest,
    admission: Admission,
    rules: Vec<Rule>,
    errors: Vec<PolicyError>,
}

/// A rule of a policy: it speaks when all of its conditions hold.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its id, unique in the policy.
    pub id: String,
    /// What it asks for.
    pub effect: Effect,
    /// Why, in words.
    pub text: Text,
    codes: Option<Vec<String>>,
    severity: Option<Severity>,
    confidence: Option<Confidence>,
    unexamined: Option<bool>,
    kinds: Option<Vec<String>>,
    score: Option<i64>,
}

/// A policy file that is no policy at all. A single wrong rule is no such error: see [`Policy::errors`].
#[derive(Debug, Error)]
pub enum PolicyFileError {
    /// Larger than any policy.
    #[error("the policy is larger than {BYTES_MAX} bytes")]
    TooLarge,
    /// Not TOML, or not the shape of a policy.
    #[error("the policy can't be read: {0}")]
    Form(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    id: String,
    #[serde(default)]
    admission: Admission,
    #[serde(default)]
    rule: Vec<toml::Value>,
}

impl Policy {
    /// Reads a policy. A rule that can't be applied is kept as an error, the others work.
    ///
    /// # Errors
    /// [`PolicyFileError`] when the file as a whole is no policy.
    pub fn parse(text: &str) -> Result<Self, PolicyFileError> {
        if text.len() > BYTES_MAX {
            return Err(PolicyFileError::TooLarge);
        }
        let file: File = toml::from_str(text).map_err(|e| PolicyFileError::Form(e.to_string()))?;
        if file.rule.is_empty() || file.rule.len() > RULES_MAX {
            return Err(PolicyFileError::Form(format!("a policy has 1 to {RULES_MAX} rules")));
        }
        if !(1..=3_650).contains(&file.admission.days) {
            return Err(PolicyFileError::Form("admission.days is 1 to 3650".to_owned()));
        }
        let mut policy = Self {
            id: file.id,
            sha256: Digest::of(text.as_bytes()),
            admission: file.admission,
            rules: Vec::new(),
            errors: Vec::new(),
        };
        let mut ids = BTreeSet::new();
        for (number, value) in file.rule.into_iter().enumerate() {
            let name =
                value.get("id").and_then(|id| id.as_str()).map_or_else(|| (number + 1).to_string(), str::to_owned);
            match rule(value, &mut ids) {
                Ok(rule) => policy.rules.push(rule),
                Err(error) => policy.errors.push(PolicyError { rule: name, error }),
            }
        }
        Ok(policy)
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The digest of its text.
    #[must_use]
    pub fn sha256(&self) -> Digest {
        self.sha256
    }

    /// How what was vetted comes into the register.
    #[must_use]
    pub fn admission(&self) -> &Admission {
        &self.admission
    }

    /// The rule with this id.
    #[must_use]
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.id == id)
    }

    /// The rules that can't be applied.
    #[must_use]
    pub fn errors(&self) -> &[PolicyError] {
        &self.errors
    }

    /// Decides. Total: there is a decision for any findings, and an erring rule makes it at least `review`.
    #[must_use]
    pub fn decide(&self, kind: &Kind, findings: &[Finding]) -> Decision {
        let score = findings.iter().fold(0i64, |sum, finding| sum.saturating_add(finding.points()));
        let reasons: Vec<Reason> = self.rules.iter().filter_map(|rule| rule.speaks(kind, findings, score)).collect();
        let floor = if self.errors.is_empty() { Effect::Allow } else { Effect::Review };
        let effect = reasons.iter().map(|reason| reason.effect).max().unwrap_or(Effect::Allow).max(floor);
        let policy = PolicyRef { id: self.id.clone(), sha256: self.sha256 };
        Decision { effect, score, reasons, errors: self.errors.clone(), policy }
    }
}

fn rule(value: toml::Value, ids: &mut BTreeSet<String>) -> Result<Rule, String> {
    let rule: Rule = value.try_into().map_err(|e: toml::de::Error| e.message().to_owned())?;
    if !rule.has_finding_condition() && rule.kinds.is_none() && rule.score.is_none() {
        return Err("it has no condition, so it would speak always".to_owned());
    }
    if let Some(wrong) = rule.codes.iter().flatten().find(|code| !is_code_or_family(code)) {
        return Err(format!("{wrong:?} is no finding code (SKM-ART-0001) and no family (SKM-ART-*)"));
    }
    if !ids.insert(rule.id.clone()) {
        return Err("its id is used by an earlier rule".to_owned());
    }
    Ok(rule)
}

fn is_code_or_family(text: &str) -> bool {
    Code::try_from(text.replace("-*", "-0000")).is_ok()
}

impl Rule {
    fn has_finding_condition(&self) -> bool {
        self.codes.is_some() || self.severity.is_some() || self.confidence.is_some() || self.unexamined.is_some()
    }

    fn speaks(&self, kind: &Kind, findings: &[Finding], score: i64) -> Option<Reason> {
        if self.kinds.as_ref().is_some_and(|kinds| !kinds.iter().any(|k| k == kind.as_str())) {
            return None;
        }
        if self.score.is_some_and(|least| score < least) {
            return None;
        }
        let matched: BTreeSet<Code> =
            findings.iter().filter(|finding| self.matches(finding)).map(|finding| finding.code.clone()).collect();
        if self.has_finding_condition() && matched.is_empty() {
            return None;
        }
        Some(Reason { rule: self.id.clone(), effect: self.effect, codes: matched.into_iter().collect() })
    }

    fn matches(&self, finding: &Finding) -> bool {
        self.codes.as_ref().is_none_or(|codes| codes.iter().any(|code| names(code, &finding.code)))
            && self.severity.is_none_or(|least| finding.severity >= least)
            && self.confidence.is_none_or(|least| finding.confidence >= least)
            && self.unexamined.is_none_or(|wanted| is_unexamined(finding) == wanted)
    }
}

fn names(pattern: &str, code: &Code) -> bool {
    match pattern.strip_suffix('*') {
        Some(family) => code.as_str().starts_with(family),
        None => code.as_str() == pattern,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sakimori_examine::{catalogue, codes};
    use sakimori_model::Place;

    use super::*;

    fn default_policy() -> Policy {
        Policy::parse(DEFAULT).expect("the default policy is one")
    }

    fn found(severity: Severity, confidence: Confidence) -> Finding {
        let empty = catalogue::finding(&codes::MORE_FINDINGS, Place::WHOLE);
        Finding { severity, confidence, ..empty }
    }

    #[test]
    fn the_default_policy_has_no_wrong_rule() {
        assert!(default_policy().errors().is_empty());
    }

    #[test]
    fn nothing_found_is_allowed_and_not_examined_is_not() {
        let policy = default_policy();
        let kind = Kind::new("pickle");
        assert_eq!(policy.decide(&kind, &[]).effect, Effect::Allow);
        let empty = catalogue::finding(&codes::NO_EXAMINER, Place::WHOLE);
        let decision = policy.decide(&kind, std::slice::from_ref(&empty));
        assert_eq!(decision.effect, Effect::Review);
        assert_eq!(decision.reasons[0].rule, "not-all-examined");
    }

    #[test]
    fn levels_lead_to_effects() {
        let policy = default_policy();
        let kind = Kind::new("pickle");
        for (severity, confidence, effect) in [
            (Severity::Critical, Confidence::Low, Effect::Block),
            (Severity::High, Confidence::High, Effect::Block),
            (Severity::High, Confidence::Medium, Effect::Review),
            (Severity::Medium, Confidence::Low, Effect::Review),
            (Severity::Low, Confidence::High, Effect::Allow),
        ] {
            assert_eq!(policy.decide(&kind, &[found(severity, confidence)]).effect, effect, "{severity:?}");
        }
    }

    #[test]
    fn a_wrong_rule_is_skipped_and_reported_and_never_lets_through() {
        let text = "id = 'p'\n[[rule]]\nid = 'a'\neffect = 'review'\ntext = {ja='x',en='x'}\nseverity = 'hihg'\n\
                    [[rule]]\nid = 'b'\neffect = 'block'\ntext = {ja='x',en='x'}\n\
                    [[rule]]\nid = 'c'\neffect = 'block'\ntext = {ja='x',en='x'}\ncodes = ['SKM-OBS-*']\n";
        let policy = Policy::parse(text).expect("a policy");
        assert_eq!(policy.errors().iter().map(|e| e.rule.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        let kind = Kind::new("pickle");
        assert_eq!(policy.decide(&kind, &[]).effect, Effect::Review);
        let empty = catalogue::finding(&codes::EMPTY, Place::WHOLE);
        assert_eq!(policy.decide(&kind, &[empty]).effect, Effect::Block);
    }

    proptest! {
        #[test]
        fn any_text_is_a_policy_or_an_error(text in ".{0,400}") {
            let _ = Policy::parse(&text);
        }

        #[test]
        fn more_findings_never_soften_a_decision(count in 0usize..6, more in 0usize..6) {
            let policy = default_policy();
            let kind = Kind::new("pickle");
            let all: Vec<Finding> = (0..count + more)
                .map(|i| found([Severity::Low, Severity::Medium, Severity::High][i % 3], Confidence::High))
                .collect();
            prop_assert!(policy.decide(&kind, &all[..count]).effect <= policy.decide(&kind, &all).effect);
        }
    }
}
