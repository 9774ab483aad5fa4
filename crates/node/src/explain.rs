//! Why a decision came out as it did: its points, recomputed, and what it would have been without some of them.
//!
//! A decision is a pure function of findings and policy, and findings are one of bytes, limits and detection rules. So each
//! is done again here as far as what it needs is still at hand, and every difference is told.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use sakimori_examine::{Settings, examine};
use sakimori_model::{
    Code, Decision, DecisionPredicate, Digest, Finding, Place, Predicate, RecordId, RuleRef, Statement,
};
use serde::Serialize;

use crate::NodeError;
use crate::decide::{DEFAULT_POLICY, Policy};
use crate::node::{Node, parsed};
use crate::observe::{Opened, Vault, sha256_of};

/// One feature of a finding, and what it counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Part {
    /// The code of the finding.
    pub code: Code,
    /// The feature.
    pub feature: String,
    /// Its points.
    pub points: i32,
    /// Where it was seen.
    pub place: Place,
    /// The detection rule that matched, with its digest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleRef>,
    /// SHA-256 of the logged line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<Digest>,
}

/// What came of doing it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Again {
    /// It came out the same.
    Same,
    /// It came out differently.
    Differs {
        /// In what.
        what: String,
    },
    /// What it needs is not at hand.
    NotDone {
        /// What is missing.
        why: Missing,
    },
}

/// What is not at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Missing {
    /// The text of the policy: it was given for one run only.
    Policy,
    /// The bytes: they are gone, or others are in their place.
    Content,
    /// The bytes: the file that was named has others.
    File,
    /// The detection rules: the decision was made with others.
    Rules,
    /// A folder of several files, which `model revet` examines again.
    Folder,
}

/// Why a decision came out as it did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The statement that was recorded.
    #[serde(skip)]
    pub statement: Statement,
    /// What counts, in the order of the findings.
    pub parts: Vec<Part>,
    /// The sum over all parts.
    pub sum: i64,
    /// The score that was recorded. The same as the sum, or the record contradicts itself.
    pub score: i64,
    /// The policy applied to the recorded findings again.
    pub decided_again: Again,
    /// The bytes examined again.
    pub examined_again: Again,
    /// The decision without what was left out, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub without: Option<Without>,
}

/// What a decision would have been without some of its findings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Without {
    /// How many findings were left out.
    pub left_out: usize,
    /// What comes out.
    pub decision: Decision,
}

/// What an explanation may use.
#[derive(Debug, Default)]
pub struct Ask<'a> {
    /// Where the bytes lie, if not where they were.
    pub file: Option<&'a Path>,
    /// Codes of findings, or features, that are left out.
    pub without: &'a [String],
}

impl Node {
    /// Why the decision under this record came out as it did.
    ///
    /// # Errors
    /// When there is no such record, it is no decision, or nothing of it has a name that is to be left out.
    pub fn explain(&self, id: &str, ask: &Ask<'_>, settings: &Settings) -> Result<Explanation, NodeError> {
        let record = self.find(id)?;
        let statement = parsed(&record)?;
        let Predicate::Decision(made) = &statement.predicate else {
            return Err(NodeError::NotADecision(record.id.to_string()));
        };
        let parts = parts(&made.findings);
        let sum = parts.iter().map(|part| i64::from(part.points)).sum();
        let policy = self.policy_with(&made.decision.policy.sha256)?;
        let decided_again = match &policy {
            Some(policy) => compared(&policy.decide(&made.kind, &made.findings), &made.decision),
            None => Again::NotDone { why: Missing::Policy },
        };
        let without = match (ask.without, &policy) {
            ([], _) => None,
            (names, Some(policy)) => Some(without(made, names, policy)?),
            (_, None) => return Err(NodeError::NoPolicy(made.decision.policy.sha256)),
        };
        let opened = self.bytes_of(&statement, record.id, ask.file)?;
        let examined_again = examined_again(&statement, made, (opened, ask), settings);
        let score = made.decision.score;
        Ok(Explanation { parts, sum, score, decided_again, examined_again, without, statement })
    }

    /// The bytes that a record is about: in the file that is named, else in the vault, else where they were.
    fn bytes_of(
        &self,
        statement: &Statement,
        record: RecordId,
        file: Option<&Path>,
    ) -> Result<Option<Opened>, NodeError> {
        if let Some(file) = file {
            return Ok(Opened::file(file).ok());
        }
        let kept = Vault::of_node(self.home()).open_kept(record, self.store())?;
        let place = self.store().vetted_place(record)?;
        let place = place.or_else(|| statement.subject.first().map(|subject| PathBuf::from(&subject.name)));
        Ok(kept.or_else(|| Opened::file(&place?).ok()))
    }

    /// The policy with this digest: the one that is built in, or one that was in force here.
    fn policy_with(&self, sha256: &Digest) -> Result<Option<Policy>, NodeError> {
        let builtin = Policy::parse(DEFAULT_POLICY)?;
        if builtin.sha256() == *sha256 {
            return Ok(Some(builtin));
        }
        let text = self.store().policy_text(sha256)?;
        Ok(text.map(|text| Policy::parse(&text)).transpose()?.filter(|policy| policy.sha256() == *sha256))
    }
}

fn parts(findings: &[Finding]) -> Vec<Part> {
    let of = |finding: &Finding| {
        let part = |because: &sakimori_model::Contribution| Part {
            code: finding.code.clone(),
            feature: because.feature.clone(),
            points: because.points,
            place: finding.place.clone(),
            rule: finding.rule.clone(),
            line: finding.line,
        };
        finding.because.iter().map(part).collect::<Vec<_>>()
    };
    findings.iter().flat_map(of).collect()
}

fn compared(now: &Decision, then: &Decision) -> Again {
    let mut what = Vec::new();
    if now.effect != then.effect {
        what.push(format!("effect: {} → {}", then.effect.as_str(), now.effect.as_str()));
    }
    if now.score != then.score {
        what.push(format!("score: {} → {}", then.score, now.score));
    }
    if now.reasons != then.reasons || now.errors != then.errors {
        what.push("reasons".to_owned());
    }
    told(&what)
}

fn told(what: &[String]) -> Again {
    if what.is_empty() { Again::Same } else { Again::Differs { what: what.join(", ") } }
}

/// The decision without the findings of these codes, and without these features.
fn without(made: &DecisionPredicate, names: &[String], policy: &Policy) -> Result<Without, NodeError> {
    let is_named = |word: &str| names.iter().any(|name| name.eq_ignore_ascii_case(word));
    for name in names {
        let is_there = made.findings.iter().any(|finding| {
            finding.code.as_str().eq_ignore_ascii_case(name)
                || finding.because.iter().any(|because| because.feature.eq_ignore_ascii_case(name))
        });
        if !is_there {
            return Err(NodeError::NoFinding(name.clone()));
        }
    }
    let mut left_out = 0;
    let mut kept = Vec::new();
    for finding in &made.findings {
        let mut finding = finding.clone();
        let before = finding.because.len();
        finding.because.retain(|because| !is_named(&because.feature));
        // A finding that rests on nothing any more is none.
        if is_named(finding.code.as_str()) || (finding.because.is_empty() && before > 0) {
            left_out += 1;
        } else {
            left_out += usize::from(finding.because.len() < before);
            kept.push(finding);
        }
    }
    Ok(Without { left_out, decision: policy.decide(&made.kind, &kept) })
}

/// The findings whose line is another one now. Records of before there were digests of lines have none to compare.
fn other_lines(then: &[Finding], now: &[Finding]) -> Vec<String> {
    let place = |finding: &Finding| (finding.code.clone(), finding.place.clone(), finding.rule.clone());
    let is_other =
        |was: &&Finding| was.line.is_some() && now.iter().any(|is| place(is) == place(was) && is.line != was.line);
    then.iter().filter(is_other).map(|finding| format!("{} {}: line", finding.code, finding.place)).collect()
}

/// Examines the bytes again, if they are the same.
fn examined_again(
    statement: &Statement,
    made: &DecisionPredicate,
    (opened, ask): (Option<Opened>, &Ask<'_>),
    settings: &Settings,
) -> Again {
    let missing = |why: Missing| Again::NotDone { why };
    let Some(subject) = statement.subject.first() else { return missing(Missing::Content) };
    if made
        .vetting
        .as_ref()
        .is_some_and(|vetting| vetting.files.len() != 1 || vetting.files[0].sha256 != subject.digest.sha256)
    {
        return missing(Missing::Folder);
    }
    if made.rules.is_some_and(|rules| rules != settings.sigma.digest()) {
        return missing(Missing::Rules);
    }
    let elsewhere = if ask.file.is_some() { Missing::File } else { Missing::Content };
    let Some(opened) = opened else { return missing(elsewhere) };
    if !sha256_of(&opened.source, &|_| ()).is_ok_and(|sha256| sha256 == subject.digest.sha256) {
        return missing(elsewhere);
    }
    let found = examine(&opened.source, settings);
    let mut what = Vec::new();
    if found.kind != made.kind {
        what.push(format!("kind: {} → {}", made.kind, found.kind));
    }
    // What a model's signature and folder add is not of the bytes.
    let of_bytes = |finding: &&Finding| made.vetting.is_none() || !finding.code.as_str().starts_with("SKM-PRV");
    let codes = |findings: &[Finding]| {
        let named = findings.iter().filter(of_bytes).map(|f| (f.code.clone(), f.place.clone(), f.points()));
        named.map(|(code, place, points)| format!("{code} {place} {points:+}")).collect::<BTreeSet<_>>()
    };
    let (then, now) = (codes(&made.findings), codes(&found.findings));
    what.extend(then.difference(&now).map(|gone| format!("− {gone}")));
    what.extend(now.difference(&then).map(|new| format!("+ {new}")));
    what.extend(other_lines(&made.findings, &found.findings));
    if found.examiners != made.examiners && what.is_empty() && made.vetting.is_none() {
        what.push("examiners".to_owned());
    }
    told(&what)
}
