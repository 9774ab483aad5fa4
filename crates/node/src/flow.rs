//! The sentence that the product is: observation → findings → decision → record → action → share.
//!
//! [`check`] is that sentence for the inputs of one command. What a step does stands in the module of its name.

use std::path::PathBuf;

use rayon::prelude::*;
use sakimori_examine::{Examination, Settings, catalogue, codes, examine};
use sakimori_model::{Decision, DecisionPredicate, Finding, Place, Predicate, Receipt, RecordId, Statement, Subject};

use crate::decide::Policy;
use crate::node::Node;
use crate::observe::{Input, Opened, Unobserved, now, path_text, sha256_of, walk};
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

/// What came of one input.
pub enum Outcome {
    /// It was observed, decided and recorded.
    Decided(Box<Decided>),
    /// It could not be observed at all.
    Unobserved(Unobserved),
}

/// An observation with its decision and the receipt for it.
pub struct Decided {
    /// The path as the user wrote it.
    pub path: String,
    /// The bytes.
    pub subject: Subject,
    /// What was found.
    pub findings: Vec<Finding>,
    /// What the policy made of it.
    pub decision: Decision,
    /// The receipt of the record.
    pub receipt: Receipt,
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
        let examined: Vec<_> =
            group.par_iter().map(|input| observe_and_decide(input, rules, spool, progress)).collect();
        let entries: Vec<Entry> = examined.iter().flatten().map(|(_, entry)| entry.clone()).collect();
        let mut receipts = node.record(&entries)?.into_iter();
        node.act()?;
        for outcome in examined {
            each(match outcome {
                Ok((decided, _)) => match receipts.next() {
                    Some(receipt) => Outcome::Decided(Box::new(decided(receipt))),
                    None => unreachable!("there is a receipt for every record"),
                },
                Err(unobserved) => Outcome::Unobserved(unobserved),
            })?;
        }
    }
    Ok(())
}

/// What only lacks its receipt to be decided.
type Undecided = Box<dyn FnOnce(Receipt) -> Decided + Send>;

fn observe_and_decide(
    input: &Input,
    rules: &Rules<'_>,
    spool: &std::path::Path,
    progress: &dyn Progress,
) -> Result<(Undecided, Entry), Unobserved> {
    let (observed, opened) = observe(input, spool, progress)?;
    let mut examination = examine(&opened.source, rules.settings);
    if opened.changed() {
        examination.findings.push(catalogue::finding(&codes::CHANGED, Place::WHOLE));
    }
    let decision = rules.policy.decide(&examination.kind, &examination.findings);
    progress.examined(&observed.path);
    let size = sakimori_examine::source::Source::size(&opened.source);
    let entry = Entry::of(statement(&observed, size, &examination, &decision, rules));
    let subject = Subject { sha256: observed.sha256, size, kind: examination.kind };
    let (path, findings) = (observed.path, examination.findings);
    Ok((Box::new(move |receipt| Decided { path, subject, findings, decision, receipt }), entry))
}

fn observe(input: &Input, spool: &std::path::Path, progress: &dyn Progress) -> Result<(Observed, Opened), Unobserved> {
    let (path, opened) = match input {
        Input::File(path) => (path_text(path), Opened::file(path)),
        Input::Stdin => ("-".to_owned(), Opened::spooled(&mut std::io::stdin().lock(), spool)),
        Input::Unreadable(unobserved) => return Err(unobserved.clone()),
    };
    let unobserved = |error: std::io::Error| Unobserved { path: path.clone(), why: error.to_string() };
    let opened = opened.map_err(unobserved)?;
    let sha256 = sha256_of(&opened.source, &|count| progress.bytes(count)).map_err(unobserved)?;
    Ok((Observed { path, at: now(), sha256 }, opened))
}

fn statement(seen: &Observed, size: u64, found: &Examination, decision: &Decision, rules: &Rules<'_>) -> Statement {
    let predicate = DecisionPredicate {
        record: RecordId::from_uuid(uuid::Uuid::now_v7()),
        observed: seen.at,
        kind: found.kind.clone(),
        size,
        examined: found.unexamined().next().is_none(),
        examiners: found.examiners.clone(),
        rules: rules.rules,
        findings: found.findings.clone(),
        decision: decision.clone(),
    };
    Statement::about(&seen.path, seen.sha256, Predicate::Decision(Box::new(predicate)))
}
