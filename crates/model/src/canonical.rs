//! Canonical JSON: the one byte sequence that is hashed, signed and logged (RFC 8785).

use serde::Serialize;
use thiserror::Error;

/// Why a value has no canonical form.
#[derive(Debug, Error)]
#[error("no canonical JSON: {0}")]
pub struct CanonicalError(#[from] serde_json::Error);

/// The canonical JSON of a value (RFC 8785, JSON Canonicalization Scheme), as UTF-8 bytes.
///
/// # Errors
/// When the value can't be written as JSON, such as a map whose keys are not text.
pub fn canonical_json<T: Serialize>(value: &T) -> Result<Vec<u8>, CanonicalError> {
    Ok(serde_json_canonicalizer::to_vec(value)?)
}
