//! The transparency log and everything that a stranger verifies offline. Knows bytes, not findings.
//!
//! Reading order: [`Log`] (the folder and its write path, `log.rs`) is the heart. Below it stand [`merkle`] (RFC 6962
//! hashing and proofs, pure), [`Tile`] (names and contents of the log's files), [`Checkpoint`] and [`Note`] (what is
//! signed, and how); above it [`Proof`] and [`Bundle`] (what leaves the log to convince somebody else). [`Witness`] watches
//! the logs of others, and [`Monitor`] follows them, and [`Quorum`] says which witnesses make a checkpoint believable.
//!
//! Formats: C2SP [tlog-tiles](https://c2sp.org/tlog-tiles), [tlog-checkpoint](https://c2sp.org/tlog-checkpoint),
//! [signed-note](https://c2sp.org/signed-note), [tlog-proof](https://c2sp.org/tlog-proof),
//! [tlog-cosignature](https://c2sp.org/tlog-cosignature), [tlog-witness](https://c2sp.org/tlog-witness), and `docs/log.md` for what
//! is our own (the salted commitment and the evidence bundle).
//!
//! Beside all that stands [`model_signing`]: signatures of models, in the format of OpenSSF Model Signing.

mod anchor;
mod audit;
mod backend;
#[cfg(feature = "bucket")]
mod bucket;
mod bundle;
mod checkpoint;
mod cose;
mod cosignature;
mod disk;
mod edge;
mod error;
#[cfg(test)]
mod faults;
pub mod fuzz;
mod group;
mod key;
pub mod limits;
mod log;
pub mod merkle;
pub mod model_signing;
mod monitor;
mod note;
mod proof;
mod publish;
mod quorum;
mod range;
mod recover;
mod relocate;
mod signer;
mod tile;
#[cfg(feature = "token")]
mod token;
mod tree;
mod wal;
mod witness;
mod witness_folder;

pub use anchor::{Anchor, FileAnchor, MemoryAnchor, Swap};
pub use audit::{BadResource, Problem, Progress};
#[cfg(feature = "bucket")]
pub use bucket::{Bucket, BucketAccess, BucketAddress, BucketAnchor, NoBucketAddress};
pub use bundle::{
    Bundle, Check, Commitment, ENTRY_PREFIX, MEDIA_TYPE, Salt, Verified, VerifyError, commitment, entry_of,
};
pub use checkpoint::{Checkpoint, CheckpointError};
pub use cose::{RECEIPT_MEDIA_TYPE, ReceiptError, receipt, verify_receipt};
pub use error::LogError;
pub use group::{Appended, Committer};
pub use key::{Key, KeyError, KeyPlace, WitnessKey};
pub use log::{Ack, Log, Step};
pub use monitor::{Closeness, Fetch, Found, Look, Monitor};
pub use note::{KeyKind, Note, NoteError, Signature, VerifierKey, VerifierKeyError};
pub use proof::{Proof, ProofError};
pub use quorum::{Cosigner, NotWitnessed, Quorum, QuorumError, WitnessAnswer};
pub use range::{
    RANGE_LINE_BYTES_MAX, RANGE_MEDIA_TYPE, RangeError, RangeReader, RangeRecord, VerifiedRange, erased_range_line,
    range_line,
};
pub use signer::{SignCause, SignError};
pub use tile::{Tile, TileKind};
pub use tree::{Entries, Tree};
pub use witness::{AddCheckpoint, Evidence, EvidenceKind, Kept, Refusal, SIZE_MEDIA_TYPE, Seen, Witness, WitnessStore};
pub use witness_folder::WitnessFolder;
