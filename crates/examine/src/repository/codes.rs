//! Finding codes of folders that are examined as one; the texts stand in `codes.toml`.

use sakimori_model::Code;

/// Code of another repository.
pub const CODE_ELSEWHERE: Code = Code::new("SKM-REP-0001");
/// Code in this folder that a configuration calls for.
pub const CODE_HERE: Code = Code::new("SKM-REP-0002");
/// Code that a configuration calls for and that is not there.
pub const CODE_MISSING: Code = Code::new("SKM-REP-0003");
/// Code of its own that a model loads by other ways.
pub const OWN_CODE: Code = Code::new("SKM-REP-0004");
/// A path that leads out of the folder.
pub const PATH_ESCAPES: Code = Code::new("SKM-REP-0005");
/// A listed part of the weights is not there.
pub const SHARD_MISSING: Code = Code::new("SKM-REP-0010");
/// A part of the weights that the list leaves out.
pub const SHARD_EXTRA: Code = Code::new("SKM-REP-0011");
/// Weights as pickle and as plain tensors.
pub const WEIGHTS_TWICE: Code = Code::new("SKM-REP-0012");
/// A pointer of Git LFS in place of the content.
pub const POINTER: Code = Code::new("SKM-REP-0013");
/// The name promises data and the content acts.
pub const NAME_CONTRADICTS: Code = Code::new("SKM-REP-0020");
/// The name promises another format.
pub const NAME_MISLEADS: Code = Code::new("SKM-REP-0021");
/// A program.
pub const PROGRAM: Code = Code::new("SKM-REP-0022");
/// A script.
pub const SCRIPT: Code = Code::new("SKM-REP-0023");
/// Names that differ in the case of letters only.
pub const SAME_NAME: Code = Code::new("SKM-REP-0024");
/// Chat templates that differ.
pub const TEMPLATES_DIFFER: Code = Code::new("SKM-REP-0030");
/// Orders to an assistant, hidden in a document.
pub const HIDDEN_ORDER: Code = Code::new("SKM-REP-0031");
/// The base model may change.
pub const BASE_NOT_PINNED: Code = Code::new("SKM-REP-0040");
/// A requirement from elsewhere than the registry.
pub const REQUIREMENT_ELSEWHERE: Code = Code::new("SKM-REP-0041");
/// A requirement that may change.
pub const REQUIREMENT_NOT_PINNED: Code = Code::new("SKM-REP-0042");
/// Claims of different licences.
pub const LICENCES_DIFFER: Code = Code::new("SKM-REP-0050");
/// No licence.
pub const NO_LICENCE: Code = Code::new("SKM-REP-0051");
/// Front matter that can't be read.
pub const CARD_UNREADABLE: Code = Code::new("SKM-REP-0052");
