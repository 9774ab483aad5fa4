//! Recording: statements become durable, then they get their place in the log, then there are receipts.

use std::collections::HashMap;

use sakimori_model::{Digest, Receipt, RecordId, Statement};
use sakimori_proof::{Commitment, LogError, Salt, commitment, entry_of};
use sakimori_store::{Aside, Idempotency, Staged};

use crate::NodeError;
use crate::node::{CrashPoint, Node};
use crate::observe::VaultKey;
use crate::share::Shareable;

/// A statement to be recorded, and what leaves because of it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The statement.
    pub statement: Statement,
    /// What leaves because of it.
    pub outbox: Option<Outgoing>,
    /// What is kept beside the statement, because it must not stand in it.
    pub aside: Option<Aside>,
    /// The name that the caller gave to this write.
    pub idempotency: Option<Idempotency>,
    /// The key of the bytes that it is about, where they are kept.
    pub vault_key: Option<VaultKey>,
}

/// What leaves by the outbox, and where to. Nothing but what is [`Shareable`] can.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// The path of a file.
    pub target: String,
    /// What is put there.
    pub body: Shareable<String>,
}

impl Entry {
    /// A statement because of which nothing leaves.
    #[must_use]
    pub fn of(statement: Statement) -> Self {
        Self { statement, outbox: None, aside: None, idempotency: None, vault_key: None }
    }

    /// With what is kept beside the statement.
    #[must_use]
    pub fn beside(self, aside: Aside) -> Self {
        Self { aside: Some(aside), ..self }
    }

    /// With the name that the caller gave to this write.
    #[must_use]
    pub fn named(self, idempotency: Option<Idempotency>) -> Self {
        Self { idempotency, ..self }
    }
}

/// A statement with its canonical bytes, its salt and its commitment.
struct Prepared {
    bytes: Vec<u8>,
    salt: [u8; 32],
    commitment: Digest,
}

impl Node {
    /// Records statements as one group and returns a receipt for each, in order. On return they are durable and a
    /// signed checkpoint covers them.
    ///
    /// # Errors
    /// Then no receipt is given. Records that were already staged stay staged and get their place with the next group.
    pub fn record(&mut self, entries: &[Entry]) -> Result<Vec<Receipt>, NodeError> {
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        let prepared = entries.iter().map(|entry| prepare(&entry.statement)).collect::<Result<Vec<_>, _>>()?;
        let staged: Vec<Staged<'_>> = entries.iter().zip(&prepared).map(|(e, p)| staged(e, p)).collect();
        let _lock = self.lock()?;
        self.store.stage(&staged)?;
        // A crash here leaves durable records without a place in the log: `sequence_staged` of the next run gives
        // them one. Nobody holds a receipt for them yet.
        self.crash(CrashPoint::Staged);
        let places = self.sequence_staged()?;
        let origin = self.origin();
        let places: HashMap<RecordId, u64> = places.into_iter().collect();
        let receipt = |(entry, prepared): (&Entry, &Prepared)| {
            let record = entry.statement.record();
            let index = places.get(&record).copied();
            index.map(|index| Receipt { record, log: origin.to_owned(), index, commitment: prepared.commitment })
        };
        let receipts: Option<Vec<Receipt>> = entries.iter().zip(&prepared).map(receipt).collect();
        receipts.ok_or_else(|| NodeError::Inconsistent {
            id: entries[0].statement.record().to_string(),
            what: "it was staged and got no place in the log".to_owned(),
        })
    }

    /// Does what recording does, but for a record: what waits gets its place, the key signs if it lies elsewhere, and the log takes
    /// a file.
    ///
    /// # Errors
    /// Why nothing could be recorded now.
    pub(crate) fn try_to_record(&mut self) -> Result<(), NodeError> {
        let _lock = self.lock()?;
        self.sequence_staged()?;
        self.key.try_it().map_err(LogError::from)?;
        Ok(self.log.try_it()?)
    }

    /// Gives every staged record its place in the log: the second half of every recording, and the whole of recovery.
    /// The caller holds the node's lock.
    pub(crate) fn sequence_staged(&mut self) -> Result<Vec<(RecordId, u64)>, NodeError> {
        let staged = self.store.staged()?;
        let mut places = self.places_from_a_crash(&staged)?;
        if staged.is_empty() {
            return Ok(Vec::new());
        }
        let rest: Vec<&(RecordId, Digest)> =
            staged.iter().filter(|(id, _)| !places.iter().any(|(placed, _)| placed == id)).collect();
        let leaves: Vec<Vec<u8>> = rest.iter().map(|(_, commitment)| leaf(commitment)).collect();
        if !leaves.is_empty() {
            // A crash inside is the log's own matter: afterwards either all of these leaves are in it or none.
            let crash = self.crash_hook();
            let range = self.log.append(&self.key, &leaves, &|step| crash(CrashPoint::Log(step)))?;
            places.extend(rest.iter().map(|(id, _)| *id).zip(range));
        }
        // A crash here leaves leaves in the log that the table does not know: the next call finds them by their
        // commitments in `places_from_a_crash`, so that none is appended twice.
        self.crash(CrashPoint::Appended);
        self.store.sequence(&places)?;
        // A crash here loses nothing: record and place are durable, and only the receipt was not handed over.
        self.crash(CrashPoint::Sequenced);
        Ok(places)
    }

    /// Staged records that a crashed run already appended to the log.
    fn places_from_a_crash(&self, staged: &[(RecordId, Digest)]) -> Result<Vec<(RecordId, u64)>, NodeError> {
        let known = self.store.sequenced()?;
        let mut places = Vec::new();
        let tree = self.log.tree()?;
        for (index, entry) in (known..).zip(tree.entries(known)) {
            let entry = entry?;
            let id = staged.iter().find(|(_, commitment)| leaf(commitment) == entry).map(|(id, _)| *id);
            // Nothing comes into the log that was not staged before: the state must be older than the log.
            let id = id.ok_or(NodeError::StateRolledBack { known, size: tree.size() })?;
            places.push((id, index));
        }
        Ok(places)
    }
}

/// The log's entry for a commitment.
fn leaf(commitment: &Digest) -> Vec<u8> {
    entry_of(&Commitment::from_bytes(*commitment.as_bytes()))
}

fn staged<'a>(entry: &'a Entry, prepared: &'a Prepared) -> Staged<'a> {
    Staged {
        statement: &entry.statement,
        bytes: &prepared.bytes,
        salt: &prepared.salt,
        commitment: prepared.commitment,
        outbox: entry.outbox.as_ref().map(|out| (out.target.as_str(), out.body.content().as_bytes())),
        aside: entry.aside.as_ref(),
        idempotency: entry.idempotency.as_ref(),
        vault_key: entry.vault_key.as_ref().map(VaultKey::as_bytes),
    }
}

fn prepare(statement: &Statement) -> Result<Prepared, NodeError> {
    let bytes = statement
        .to_bytes()
        .map_err(|error| NodeError::Inconsistent { id: statement.record().to_string(), what: error.to_string() })?;
    let salt = Salt::random().map_err(NodeError::Random)?;
    let commitment = Digest::from_bytes(*commitment(&salt, &bytes).as_bytes());
    Ok(Prepared { bytes, salt: *salt.as_bytes(), commitment })
}
