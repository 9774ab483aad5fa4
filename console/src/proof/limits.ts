// Limits on everything that is read from a bundle. The same numbers as in crates/proof/src/limits.rs.

/** Bytes of a signed note. */
export const NOTE_BYTES_MAX = 256 * 1024;
/** Signature lines of a note. */
export const NOTE_SIGNATURES_MAX = 64;
/** Bytes of a key name, which is also the origin line of a log. */
export const KEY_NAME_BYTES_MAX = 255;
/** Bytes of a key in its text form. */
export const KEY_TEXT_BYTES_MAX = 1024;
/** Entries of a log. */
export const TREE_SIZE_MAX = 1n << 56n;
/** Hashes of an inclusion proof. */
export const PROOF_HASHES_MAX = 64;
/** Bytes of a whole proof in its text form. */
export const PROOF_BYTES_MAX = NOTE_BYTES_MAX + 2 * 64 * 1024;
/** Bytes of a statement. */
export const STATEMENT_BYTES_MAX = 8 * 1024 * 1024;
/** Bytes of a bundle. */
export const BUNDLE_BYTES_MAX = 2 * STATEMENT_BYTES_MAX + 1024 * 1024;
