//! What came of an input.

use sakimori_model::{Decision, Finding, Predicate, Receipt, Statement, Subject};

use crate::observe::Unobserved;
use crate::vet::Vetted;

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
    /// What came of it as a model, where it was vetted as one.
    pub vetted: Option<Box<Vetted>>,
}

impl Decided {
    /// From the record of a decision; `None` for any other record.
    #[must_use]
    pub fn of(statement: Statement, receipt: Receipt) -> Option<Self> {
        let (Predicate::Decision(made), Some(about)) = (statement.predicate, statement.subject.into_iter().next())
        else {
            return None;
        };
        let subject = Subject { sha256: about.digest.sha256, size: made.size, kind: made.kind };
        Some(Self {
            path: about.name,
            subject,
            findings: made.findings,
            decision: made.decision,
            receipt,
            vetted: None,
        })
    }
}
