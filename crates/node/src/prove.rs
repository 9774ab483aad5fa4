//! Proving: what a stranger gets to check a record offline.

use sakimori_proof::{Bundle, Commitment, Log, Proof, Salt, Tree, entry_of, receipt};
use sakimori_store::Record;

use crate::NodeError;
use crate::node::{Node, refuse_erased};
use crate::witness::Witnessed;

impl Node {
    /// The evidence bundle of a record: its statement and salt, and the proof that the log contains it, as JSON. It carries the
    /// cosignatures of witnesses, when they have cosigned a checkpoint that covers the record.
    ///
    /// # Errors
    /// When there is no such record, or the log can't prove it.
    pub fn prove(&self, id: &str) -> Result<String, NodeError> {
        let record = self.find(id)?;
        prove(&record, &self.log)
    }

    /// A COSE receipt (RFC 9942) that the entry of a record is in the log, under the newest checkpoint.
    ///
    /// # Errors
    /// As [`Node::prove`].
    pub fn receipt(&self, id: &str) -> Result<Vec<u8>, NodeError> {
        let record = self.find(id)?;
        let index = place_of(&record)?;
        let proof = self.log.tree()?.prove(index)?;
        // What the log has, also where statement and salt are erased.
        let entry = entry_of(&Commitment::from_bytes(*record.commitment.as_bytes()));
        receipt(&proof, &entry, &self.key).map_err(|error| inconsistent(&record, &error.to_string()))
    }
}

/// The evidence bundle of a record out of this log.
///
/// # Errors
/// When the log can't prove it, or what it proves would not verify with the keys of this log.
pub fn prove(record: &Record, log: &Log) -> Result<String, NodeError> {
    let inconsistent = |what: &str| inconsistent(record, what);
    refuse_erased(record)?;
    let index = place_of(record)?;
    let statement = std::str::from_utf8(&record.statement).map_err(|_| inconsistent("it is not UTF-8"))?;
    // Before the tree, which is then at least as large.
    let witnessed = log.path().parent().and_then(|home| Witnessed::read(home, log.keys()));
    let tree = log.tree()?;
    let proof = match witnessed.filter(|witnessed| index < witnessed.checkpoint.size) {
        Some(witnessed) => proof_under(&witnessed, &tree, index)?,
        None => tree.prove(index)?,
    };
    let bundle = Bundle { statement: statement.to_owned(), salt: Salt::from_bytes(record.salt), proof };
    // Nothing is handed out that would not verify: a damaged table or log shows here and not at the stranger's. So does a log
    // that is no continuation of what its witnesses saw.
    bundle.verify(log.keys()).map_err(|error| inconsistent(&error.to_string()))?;
    bundle.to_json().map(|json| json + "\n").map_err(|error| inconsistent(&error.to_string()))
}

fn place_of(record: &Record) -> Result<u64, NodeError> {
    record.log_index.ok_or_else(|| inconsistent(record, "it has no place in the log"))
}

fn inconsistent(record: &Record, what: &str) -> NodeError {
    NodeError::Inconsistent { id: record.id.to_string(), what: what.to_owned() }
}

fn proof_under(witnessed: &Witnessed, tree: &Tree, index: u64) -> Result<Proof, NodeError> {
    let hashes = tree.inclusion_proof(index, witnessed.checkpoint.size)?;
    Ok(Proof { extra: None, index, hashes, checkpoint: witnessed.note.to_string() })
}
