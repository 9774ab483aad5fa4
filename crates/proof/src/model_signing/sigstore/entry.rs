//! An entry of the transparency log Rekor, and what shows that the log has taken it in: the promise that it signs at once
//! (version 1), and the proof of inclusion under a signed checkpoint (versions 1 and 2).
//! (`sigstore_rekor.proto` of sigstore/protobuf-specs; the Sigstore client specification, "Transparency Service")

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::Deserialize;

use super::error::SigstoreError;
use super::json::{Bytes, Number, bounded};
use super::trusted_root::{LogId, LogInstance};
use crate::checkpoint::Checkpoint;
use crate::limits::PROOF_HASHES_MAX;
use crate::merkle::{Hash, leaf_hash, root_from_inclusion};
use crate::note::Note;

/// An entry, well-formed and not yet believed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(in crate::model_signing) struct LogEntry {
    #[serde(default)]
    log_index: Number,
    log_id: LogId,
    pub(super) kind_version: KindVersion,
    integrated_time: Option<Number>,
    inclusion_promise: Option<Promise>,
    inclusion_proof: Option<InclusionProof>,
    canonicalized_body: Bytes,
}

/// Of what kind the entry says to be.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KindVersion {
    pub kind: String,
    pub version: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Promise {
    signed_entry_timestamp: Bytes,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct InclusionProof {
    #[serde(default)]
    log_index: Number,
    root_hash: Bytes,
    tree_size: Number,
    #[serde(default, deserialize_with = "bounded::<_, _, PROOF_HASHES_MAX>")]
    hashes: Vec<Bytes>,
    checkpoint: Option<CheckpointMembers>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckpointMembers {
    envelope: String,
}

impl LogEntry {
    /// The body that the log hashed (JSON).
    pub(super) fn body(&self) -> &[u8] {
        &self.canonicalized_body.0
    }

    /// The logs of the trusted root with the id of this entry's.
    pub(super) fn logs<'r>(&self, known: &'r [LogInstance]) -> Result<Vec<&'r LogInstance>, SigstoreError> {
        let id = &self.log_id.key_id.0;
        let logs: Vec<_> = known.iter().filter(|log| log.id == *id).collect();
        if logs.is_empty() {
            return Err(SigstoreError::UnknownLog { id: hex::encode(id) });
        }
        Ok(logs)
    }

    /// True when the log promised to include the entry.
    pub(super) const fn has_promise(&self) -> bool {
        self.inclusion_promise.is_some()
    }

    /// When the log took the entry in, if it signed that. A time without that signature says nothing.
    pub(super) fn promised_at(&self, log: &LogInstance) -> Result<Option<Timestamp>, SigstoreError> {
        let Some(promise) = &self.inclusion_promise else { return Ok(None) };
        let at = self.integrated_time.filter(|at| at.0 > 0).ok_or(SigstoreError::PromiseWithoutTime)?.0;
        // RFC 8785 of these four members: none of the values has anything to escape.
        let signed = format!(
            r#"{{"body":"{}","integratedTime":{at},"logID":"{}","logIndex":{}}}"#,
            STANDARD.encode(self.body()),
            hex::encode(&self.log_id.key_id.0),
            self.log_index.0,
        );
        if !log.key.has_signed(signed.as_bytes(), &promise.signed_entry_timestamp.0)? {
            return Err(SigstoreError::PromiseWrong);
        }
        let at = i64::try_from(at).ok().and_then(|at| Timestamp::from_second(at).ok());
        at.map(Some).ok_or(SigstoreError::PromiseWithoutTime)
    }

    /// Shows that the entry is in the log.
    pub(super) fn verify_inclusion(&self, log: &LogInstance) -> Result<(), SigstoreError> {
        let proof = self.inclusion_proof.as_ref().ok_or(SigstoreError::NoProof)?;
        let checkpoint = proof.checkpoint.as_ref().ok_or(SigstoreError::NoCheckpoint)?;
        let hash = |bytes: &Bytes| bytes.0.as_slice().try_into().ok().map(Hash::from_bytes);
        let hashes = proof.hashes.iter().map(hash).collect::<Option<Vec<_>>>().ok_or(SigstoreError::Inclusion)?;
        let root = hash(&proof.root_hash).ok_or(SigstoreError::Inclusion)?;
        // With a promise the entry's index counts over all trees of the log, and the log has signed it.
        if !self.has_promise() && self.log_index != proof.log_index {
            return Err(SigstoreError::Index);
        }
        let head = open(&checkpoint.envelope, log)?;
        if head.size != proof.tree_size.0 || head.root != root {
            return Err(SigstoreError::CheckpointOther);
        }
        let found = root_from_inclusion(proof.log_index.0, head.size, leaf_hash(self.body()), &hashes);
        if found == Some(root) { Ok(()) } else { Err(SigstoreError::Inclusion) }
    }
}

/// The checkpoint in this note, if the log signed it. (C2SP signed-note and tlog-checkpoint; a log of version 1 signs with
/// ECDSA, and its key id is the beginning of the log's id.)
fn open(envelope: &str, log: &LogInstance) -> Result<Checkpoint, SigstoreError> {
    let unreadable = |error: &dyn std::fmt::Display| SigstoreError::Checkpoint(error.to_string());
    let note = Note::parse(envelope).map_err(|error| unreadable(&error))?;
    let by_log: Vec<_> =
        note.signatures().iter().filter(|line| log.checkpoint_id.starts_with(&line.id.to_be_bytes())).collect();
    if by_log.is_empty() {
        return Err(SigstoreError::CheckpointUnsigned);
    }
    for line in &by_log {
        if !log.key.has_signed(note.text().as_bytes(), &line.bytes)? {
            return Err(SigstoreError::CheckpointWrong);
        }
    }
    let head = Checkpoint::from_text(note.text()).map_err(|error| unreadable(&error))?;
    if by_log.iter().all(|line| is_origin(&head.origin, &line.name)) {
        Ok(head)
    } else {
        Err(SigstoreError::CheckpointUnsigned)
    }
}

/// True when the log of this name writes this as the first line: its name, and in version 1 the number of the tree behind it.
fn is_origin(origin: &str, name: &str) -> bool {
    let tree = |rest: &str| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit());
    origin.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.strip_prefix(" - ").is_some_and(tree))
}
