//! The codes of logs: what of them could not be examined.

use sakimori_model::Code;

/// Some lines or records of a log could not be read.
pub const BROKEN_EVENTS: Code = Code::new("SKM-LOG-0001");
/// Some events are of a source that can't be told, so that hardly any rule was held against them.
pub const UNKNOWN_SOURCE: Code = Code::new("SKM-LOG-0002");
/// There is no rule for the source of any of the events.
pub const NO_RULES: Code = Code::new("SKM-LOG-0003");
