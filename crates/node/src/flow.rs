//! The sentence that the product is: observation → findings → decision → record → action → share.
//!
//! [`check`] is that sentence for the inputs of one command. What a step does stands in the module of its name.

use std::path::{Path, PathBuf};

use rayon::prelude::*;
use sakimori_examine::{Examination, Settings, catalogue, codes, examine, source::Source};
use sakimori_model::{Decision, DecisionPredicate, Place, Predicate, Statement};

use crate::decide::Policy;
use crate::node::Node;
use crate::observe::{Input, Opened, Unobserved, new_record, now, path_text, sha256_of, walk};
use crate::outcome::{Decided, Outcome};
use crate::record::Entry;
use crate::{NodeError, observe::Observed};

/// Inputs that are examined side by side and recorded in one group, so that the disk is waited for once.
const GROUP_INPUTS: usize = 64;

/// What is done with every observation: how it is examined, and what decides.
pub struct Rules<'a> {
    /// Limits and detection rules.
    pub settings: &'a Settings,
    /// The digest of the detection rules.
    pub rules: Option<sakimori_model::Digest>,
    /// The policy.
    pub policy: &'a Policy,
}

/// Hears how far a run is.
pub trait Progress: Sync {
    /// There are so many inputs.
    fn inputs(&self, _count: usize) {}
    /// So many more bytes were read.
    fn bytes(&self, _count: u64) {}
    /// One more input was examined.
    fn examined(&self, _path: &str) {}
}

/// Observes, examines, decides and records every input, and hands over the outcomes in the order of the inputs, each
/// after its record is durable.
///
/// # Errors
/// When a record can't be written, or `each` fails. What was handed over until then is recorded.
pub fn check<E: From<NodeError>>(
    node: &mut Node,
    paths: &[PathBuf],
    rules: &Rules<'_>,
    progress: &dyn Progress,
    mut each: impl FnMut(Outcome) -> Result<(), E>,
) -> Result<(), E> {
    let inputs = walk(paths, node.home());
    progress.inputs(inputs.len());
    for group in inputs.chunks(GROUP_INPUTS) {
        let spool = node.home();
        let judged: Vec<_> = group.par_iter().map(|input| observe_and_judge(input, rules, spool, progress)).collect();
        let mut unobserved = Vec::new();
        let mut entries = Vec::new();
        for outcome in judged {
            unobserved.push(outcome.map(|entry| entries.push(entry)).err());
        }
        let receipts = node.record(&entries)?;
        node.act()?;
        let mut decided =
            entries.into_iter().zip(receipts).filter_map(|(e, receipt)| Decided::of(e.statement, receipt));
        for unobserved in unobserved {
            let outcome = match unobserved {
                Some(unobserved) => Some(Outcome::Unobserved(unobserved)),
                None => decided.next().map(|decided| Outcome::Decided(Box::new(decided))),
            };
            outcome.map(&mut each).transpose()?;
        }
    }
    Ok(())
}

/// From an observation to a decision, as it is to be recorded.
#[must_use]
pub fn judge(seen: &Observed, opened: &Opened, rules: &Rules<'_>) -> Entry {
    judge_source(seen, &opened.source, &|| opened.changed(), rules)
}

/// Like [`judge`], for bytes that are read in another way. `changed` is asked when they have been read.
#[must_use]
pub fn judge_source(seen: &Observed, source: &dyn Source, changed: &dyn Fn() -> bool, rules: &Rules<'_>) -> Entry {
    let mut examination = examine(source, rules.settings);
    if changed() {
        examination.findings.push(catalogue::finding(&codes::CHANGED, Place::WHOLE));
    }
    let decision = rules.policy.decide(&examination.kind, &examination.findings);
    decided(seen, source.size(), examination, decision, rules)
}

/// What is to be recorded of a decision.
#[must_use]
pub fn decided(seen: &Observed, size: u64, found: Examination, decision: Decision, rules: &Rules<'_>) -> Entry {
    Entry::of(statement(seen, size, found, decision, rules))
}

fn observe_and_judge(
    input: &Input,
    rules: &Rules<'_>,
    spool: &Path,
    progress: &dyn Progress,
) -> Result<Entry, Unobserved> {
    let (path, opened) = match input {
        Input::File(path) => (path_text(path), Opened::file(path)),
        Input::Stdin => ("-".to_owned(), Opened::spooled(&mut std::io::stdin().lock(), spool)),
        Input::Unreadable(unobserved) => return Err(unobserved.clone()),
    };
    let unobserved = |error: std::io::Error| Unobserved::unread(&path, &error);
    let opened = opened.map_err(unobserved)?;
    let sha256 = sha256_of(&opened.source, &|count| progress.bytes(count)).map_err(unobserved)?;
    let seen = Observed { record: new_record(), path, at: now(), sha256, by: None, source: None };
    let entry = judge(&seen, &opened, rules);
    progress.examined(&seen.path);
    Ok(entry)
}

fn statement(seen: &Observed, size: u64, found: Examination, decision: Decision, rules: &Rules<'_>) -> Statement {
    let examined = found.unexamined().next().is_none();
    let predicate = DecisionPredicate {
        record: seen.record,
        observed: seen.at,
        by: seen.by.clone(),
        source: seen.source.clone(),
        size,
        examined,
        kind: found.kind,
        examiners: found.examiners,
        rules: rules.rules,
        findings: found.findings,
        decision,
        vetting: None,
    };
    Statement::about(&seen.path, seen.sha256, Predicate::Decision(Box::new(predicate)))
}
