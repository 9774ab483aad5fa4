//! The codes that the dispatcher and every examiner may use. Each family's own codes stand beside its examiner.

use sakimori_model::Code;

/// There is no examiner for this kind of content.
pub const NO_EXAMINER: Code = Code::new("SKM-OBS-0001");
/// The content is broken or could not be read to its end.
pub const UNREADABLE: Code = Code::new("SKM-OBS-0002");
/// A named limit was reached before the end.
pub const LIMIT: Code = Code::new("SKM-OBS-0003");
/// An examiner failed in a way that is a defect of the program.
pub const EXAMINER_FAILED: Code = Code::new("SKM-OBS-0004");
/// There is nothing in it.
pub const EMPTY: Code = Code::new("SKM-OBS-0005");
/// There are more findings than are listed.
pub const MORE_FINDINGS: Code = Code::new("SKM-OBS-0006");
/// The content is encrypted.
pub const ENCRYPTED: Code = Code::new("SKM-OBS-0007");
/// The file changed while it was examined.
pub const CHANGED: Code = Code::new("SKM-OBS-0008");
/// There is no examiner for members of this kind.
pub const MEMBERS_WITHOUT_EXAMINER: Code = Code::new("SKM-OBS-0009");
