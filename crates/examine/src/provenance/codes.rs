//! The codes of signatures of models (OpenSSF Model Signing).

use sakimori_model::Code;

/// Nobody has signed the model.
pub const UNSIGNED: Code = Code::new("SKM-PRV-0001");
/// The signature does not hold for these files.
pub const SIGNATURE_BROKEN: Code = Code::new("SKM-PRV-0002");
/// There is a signature, and nothing to verify it with.
pub const SIGNATURE_NOT_VERIFIED: Code = Code::new("SKM-PRV-0003");
