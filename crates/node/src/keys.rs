//! Changing the key that signs the log, so that nobody who relies on it has to take anything on trust.
//!
//! 1. [`Node::succeed_key`]: a new key signs, and the old one beside it. That is a record, and the checkpoint over it bears both
//!    signatures: whoever knows the old key verifies the record with it, and learns the new one.
//! 2. The overlap: as long as it takes to hand the new key to auditors, peers and witnesses. Everything verifies with either key.
//! 3. [`Node::retire_key`]: a record again, under both; then the old key is destroyed.
//!
//! A crash in between leaves a node that signs with both, and the same command completes it.

use std::path::Path;

use sakimori_model::{Actor, Digest, KeyEvent, KeyPredicate, Predicate, Receipt, Statement};
use sakimori_proof::{Key, KeyError, KeyPlace};

use crate::NodeError;
use crate::node::{Node, lock_in, make_home, new_key, open_log, parsed};
use crate::observe::{new_record, now};
use crate::record::Entry;

impl Node {
    /// Puts a key into the folder of a node that there is not yet: the node is begun with it when it is opened.
    ///
    /// # Errors
    /// [`KeyError::Exists`] when there is a node or its key; when the key can't be made, or the file not be written.
    pub fn begin_key(home: &Path, place: KeyPlace<'_>) -> Result<(), NodeError> {
        if Self::exists(home) {
            return Err(KeyError::Exists { path: home.join("key") }.into());
        }
        make_home(home)?;
        let _lock = lock_in(home)?;
        new_key(home, place).map(drop)
    }

    /// True when the key of the node in this folder lies in a token.
    ///
    /// # Errors
    /// When the key file can't be read.
    pub fn key_is_in_token(home: &Path) -> Result<bool, NodeError> {
        Ok(Key::load(&home.join("key"))?.uri().is_some())
    }

    /// Signs a text, if the key lies in a token, to show whether it can be used.
    ///
    /// # Errors
    /// Why it can't.
    pub fn try_key(&self) -> Result<(), NodeError> {
        Ok(self.key.try_it().map_err(KeyError::from)?)
    }

    /// Lets a new key take the place of the one that signs. Both sign from now on.
    ///
    /// # Errors
    /// [`KeyError::HasPrevious`] while an earlier one still signs; when it can't be made, written or recorded.
    pub fn succeed_key(&mut self, place: KeyPlace<'_>, by: Actor) -> Result<Receipt, NodeError> {
        let path = self.home().join("key");
        let mut key = Key::load(&path)?;
        // Otherwise a crash came after the new key and before its record: only the record is missing.
        if key.previous().is_none() || self.last_key_event()?.is_some_and(|event| event == succeeded(&key)) {
            // Before a key is made in a token that nobody would use.
            if key.previous().is_some() {
                return Err(KeyError::HasPrevious.into());
            }
            let new = Key::at(key.name(), place)?;
            key = key.succeeded_by(new)?;
            let _lock = self.lock()?;
            key.replace(&path)?;
        }
        self.use_key(key)?;
        let event = succeeded(&self.key);
        self.record_key_event(event, by)
    }

    /// Ends the overlap: the earlier key signs no more, and is destroyed.
    ///
    /// # Errors
    /// [`KeyError::NoPrevious`] when there is none; when it can't be recorded, or the key file can't be written.
    pub fn retire_key(&mut self, by: Actor) -> Result<Receipt, NodeError> {
        let path = self.home().join("key");
        let key = Key::load(&path)?;
        let Some(previous) = key.previous() else { return Err(KeyError::NoPrevious.into()) };
        let event = KeyEvent::Retired { old: lines(previous), new: lines(&key) };
        let receipt = self.record_key_event(event, by)?;
        let _lock = self.lock()?;
        // The folder of the log then holds nothing that the earlier key signed: put back, it can't go on.
        let key = key.alone()?;
        self.log.renew(&key)?;
        key.replace(&path)?;
        self.use_key(key)?;
        Ok(receipt)
    }

    fn use_key(&mut self, key: Key) -> Result<(), NodeError> {
        self.log = open_log(self.home(), &key)?;
        self.key = key;
        Ok(())
    }

    fn record_key_event(&mut self, event: KeyEvent, by: Actor) -> Result<Receipt, NodeError> {
        let text: String = event.new_keys().iter().map(|line| format!("{line}\n")).collect();
        let change = KeyPredicate { record: new_record(), changed: now(), by, event };
        let statement = Statement::about(self.origin(), Digest::of(text.as_bytes()), Predicate::Key(change));
        let id = statement.record();
        let receipt = self.record(&[Entry::of(statement)])?.pop();
        receipt.ok_or_else(|| NodeError::Inconsistent { id: id.to_string(), what: "it got no receipt".to_owned() })
    }

    fn last_key_event(&self) -> Result<Option<KeyEvent>, NodeError> {
        let Some(row) = self.store().records(Some("key"), None, 1)?.items.pop() else { return Ok(None) };
        let record = self.store().record(row.id)?.ok_or_else(|| NodeError::NoRecord(row.id.to_string()))?;
        match parsed(&record)?.predicate {
            Predicate::Key(change) => Ok(Some(change.event)),
            _ => Ok(None),
        }
    }
}

fn succeeded(key: &Key) -> KeyEvent {
    KeyEvent::Succeeded { old: key.previous().map(lines).unwrap_or_default(), new: lines(key) }
}

/// The public halves of one key.
fn lines(key: &Key) -> Vec<String> {
    key.own_public_text().lines().map(str::to_owned).collect()
}
