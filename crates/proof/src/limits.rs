//! Limits on everything that is read or accepted from outside. Each names its unit.

use std::time::Duration;

/// Bytes of a signed note. Sixteen post-quantum signatures of nearly 5 kB fit, as the specification asks.
pub const NOTE_BYTES_MAX: usize = 256 * 1024;

/// Signature lines of a note (the specification asks for at least 16).
pub const NOTE_SIGNATURES_MAX: usize = 64;

/// Bytes of a key name, which is also the origin line of a log.
pub const KEY_NAME_BYTES_MAX: usize = 255;

/// Bytes of a key file or of a key's text form. A public ML-DSA-44 key has 1,312 bytes, 1,752 characters in Base64.
pub const KEY_TEXT_BYTES_MAX: usize = 4096;

/// Bytes of the URI of a key in a token.
pub const TOKEN_URI_BYTES_MAX: usize = 1024;

/// Bytes of a file with the PIN of a token.
pub const PIN_BYTES_MAX: u64 = 1024;

/// Hashes of the consistency proof of an add-checkpoint request (C2SP tlog-witness).
pub const WITNESS_PROOF_HASHES_MAX: usize = 63;

/// Bytes of an add-checkpoint request: the old size, the proof, and a note.
pub const ADD_CHECKPOINT_BYTES_MAX: usize = 64 * (WITNESS_PROOF_HASHES_MAX + 2) + NOTE_BYTES_MAX;

/// Bytes of a witness's answer: some signature lines.
pub const WITNESS_ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Checkpoints of one log that a witness keeps as evidence against it, of each kind; the first ones.
pub const EVIDENCE_FILES_MAX: usize = 16;

/// Witnesses of a quorum.
pub const WITNESSES_MAX: usize = 32;

/// Entries of a log. Far below 2⁶⁴, so that no index arithmetic overflows; seven levels of tiles.
pub const TREE_SIZE_MAX: u64 = 1 << 56;

/// Bytes of one log entry: what a 16-bit length prefix can say.
pub const ENTRY_BYTES_MAX: usize = u16::MAX as usize;

/// Bytes of a tile: a full bundle of the longest entries, each behind its length.
pub const TILE_BYTES_MAX: usize = 256 * (ENTRY_BYTES_MAX + 2);

/// Entries of one append.
pub const BATCH_ENTRIES_MAX: usize = 65_536;

/// Bytes of all entries of one append: it is held in memory.
pub const BATCH_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Entries of one group of a [`crate::Committer`].
pub const GROUP_ENTRIES_MAX: usize = 4_096;

/// Bytes of all entries of one group of a [`crate::Committer`].
pub const GROUP_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Bytes of a write-ahead log at which a new one is begun, once its tiles are durable. Recovery reads no more than this and
/// one append. The larger it is, the fewer appends wait for the tiles.
pub const WAL_BYTES_MAX: u64 = 32 * 1024 * 1024;

/// Records of a write-ahead log at which a new one is begun: recovery verifies a signature for each, some 50 µs.
pub const WAL_RECORDS_MAX: u64 = 1_024;

/// Bytes of a write-ahead log that is read: [`WAL_BYTES_MAX`], one append over it, and room.
pub const WAL_FILE_BYTES_MAX: usize = WAL_BYTES_MAX as usize + BATCH_BYTES_MAX + 2 * BATCH_ENTRIES_MAX + 1024 * 1024;

/// Hashes of an inclusion or consistency proof: more than any tree of [`TREE_SIZE_MAX`] entries can need.
pub const PROOF_HASHES_MAX: usize = 64;

/// Bytes of the opaque extra data of a proof, before Base64.
pub const PROOF_EXTRA_BYTES_MAX: usize = 64 * 1024;

/// Bytes of a whole proof in its text form.
pub const PROOF_BYTES_MAX: usize = NOTE_BYTES_MAX + PROOF_EXTRA_BYTES_MAX * 2;

/// Bytes of a COSE receipt: 64 hashes, and headers with names of the usual length.
pub const RECEIPT_BYTES_MAX: usize = 16 * 1024;

/// Bytes of a statement in an evidence bundle: a decision over a thousand findings stays below 2 MiB.
pub const STATEMENT_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Bytes of an evidence bundle: a statement in which every byte is escaped, and a proof.
pub const BUNDLE_BYTES_MAX: usize = 2 * STATEMENT_BYTES_MAX + 1024 * 1024;

/// How long an append waits for another process to finish its own.
pub const LOCK_WAIT_MAX: Duration = Duration::from_secs(30);

/// Folders inside folders that the audit of a log walks into. The deepest honest path has ten.
pub const WALK_DEPTH_MAX: usize = 16;

/// Bytes of a model's signature. A resource is about 200 bytes, a third more in Base64: some hundred thousand files.
pub const MODEL_BUNDLE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Files or ranges that a model's signature names.
pub const MODEL_RESOURCES_MAX: usize = 250_000;

/// Bytes of the path of a file inside of a model (`PATH_MAX` of Linux).
pub const MODEL_PATH_BYTES_MAX: usize = 4096;

/// Bytes of a file with keys or certificates in PEM form.
pub const PEM_BYTES_MAX: usize = 1024 * 1024;

/// Certificates that a model's signature brings along.
pub const CERTIFICATES_MAX: usize = 16;

/// Entries of a transparency log in a model's signature that are read; exactly one is verified.
pub const LOG_ENTRIES_MAX: usize = 16;

/// Timestamps in a model's signature.
pub const TIMESTAMPS_MAX: usize = 16;

/// Bytes of a trusted root of Sigstore.
pub const TRUSTED_ROOT_BYTES_MAX: usize = 1024 * 1024;

/// Logs, or authorities, that a trusted root of Sigstore names.
pub const TRUSTED_ROOT_ENTRIES_MAX: usize = 256;

/// Certificates of a path from the signer's own to a root, both counted.
pub const CHAIN_CERTIFICATES_MAX: usize = 8;

/// Signatures of certificates that are tried while a path to a root is looked for.
pub const CHAIN_SIGNATURES_MAX: usize = 64;
