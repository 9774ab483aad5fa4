//! Sharing: what others may learn, in the field's formats, with its marking and its redaction kept by construction.

mod stix;

use std::path::Path;

use sakimori_model::{Predicate, Receipt, RecordId, SharePredicate, Statement, Tlp};

use crate::NodeError;
use crate::act::try_to_deliver;
use crate::node::{Node, parsed};
use crate::observe::{new_record, now};
use crate::record::{Entry, Outgoing};

/// Something that may leave: it carries its marking, and what it must not carry was left out when it was made. There
/// is no other way to make one than the functions of this module, and the outbox takes nothing else.
#[derive(Clone, Debug)]
pub struct Shareable<T> {
    content: T,
    marking: Tlp,
    redactions: Vec<String>,
}

impl<T> Shareable<T> {
    /// What may leave.
    #[must_use]
    pub fn content(&self) -> &T {
        &self.content
    }

    /// Who may see it.
    #[must_use]
    pub fn marking(&self) -> Tlp {
        self.marking
    }

    /// What was left out, by name.
    #[must_use]
    pub fn redactions(&self) -> &[String] {
        &self.redactions
    }
}

/// What came of a share.
pub struct Shared {
    /// The receipt of the share's own record.
    pub receipt: Receipt,
    /// The bundle.
    pub text: String,
    /// What was left out, by name.
    pub redactions: Vec<String>,
}

/// Where a share goes.
#[derive(Clone, Copy, Debug)]
pub enum Target<'a> {
    /// Into a file, by the outbox.
    File(&'a Path),
    /// To the caller, who hands it on.
    Caller,
}

impl Node {
    /// Shares the findings of a decision as a STIX 2.1 bundle. The share is recorded before anything leaves.
    ///
    /// # Errors
    /// [`NodeError::Red`] for `TLP:RED`, which is for named persons and never for programs; otherwise when
    /// there is no such decision, or it can't be recorded or delivered.
    pub fn share_stix(&mut self, id: &str, marking: Tlp, target: Target<'_>) -> Result<Shared, NodeError> {
        if marking == Tlp::Red {
            return Err(NodeError::Red);
        }
        let record = self.find(id)?;
        let statement = parsed(&record)?;
        let Predicate::Decision(decision) = &statement.predicate else {
            return Err(NodeError::NotADecision(record.id.to_string()));
        };
        let shared = stix::shareable(&statement, decision, self.origin(), marking);
        let body = Shareable {
            content: stix::to_json(&shared),
            marking: shared.marking,
            redactions: shared.redactions.clone(),
        };
        let text = body.content.clone();
        let outbox = match target {
            Target::File(path) => Some(Outgoing { target: absolute(path)?, body }),
            Target::Caller => None,
        };
        let share = Entry { outbox, ..Entry::of(share_statement(&statement, record.id, &shared)) };
        // What can't be written or signed now is not recorded as shared: nobody would look for it any more when it can be.
        if let Target::File(path) = target {
            try_to_deliver(path)?;
        }
        self.try_to_record()?;
        let receipt = self.record(std::slice::from_ref(&share))?.remove(0);
        self.act()?;
        Ok(Shared { receipt, text, redactions: shared.redactions })
    }
}

fn share_statement(of: &Statement, id: RecordId, shared: &Shareable<sakimori_model::stix::Bundle>) -> Statement {
    let predicate = Predicate::Share(SharePredicate {
        record: new_record(),
        shared: now(),
        of: id,
        marking: shared.marking,
        format: "stix-2.1".to_owned(),
        redactions: shared.redactions.clone(),
    });
    Statement { kind: of.kind.clone(), subject: of.subject.clone(), predicate }
}

/// The outbox outlives the working directory of one command.
fn absolute(path: &Path) -> Result<String, NodeError> {
    let path = std::path::absolute(path).map_err(crate::node::folder(path))?;
    match path.to_str() {
        Some(text) => Ok(text.to_owned()),
        None => Err(NodeError::PathNotUtf8),
    }
}
