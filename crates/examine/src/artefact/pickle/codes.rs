//! The codes of pickles.

use sakimori_model::Code;

/// A global that does harm is called.
pub const DANGEROUS_CALL: Code = Code::new("SKM-PKL-0001");
/// A global that does harm is imported.
pub const DANGEROUS_IMPORT: Code = Code::new("SKM-PKL-0002");
/// A global that nobody has judged is imported.
pub const UNKNOWN_GLOBAL: Code = Code::new("SKM-PKL-0003");
/// The name of a global is computed while loading.
pub const COMPUTED_NAME: Code = Code::new("SKM-PKL-0004");
/// Something is called that was computed while loading.
pub const COMPUTED_CALL: Code = Code::new("SKM-PKL-0005");
/// An imported module, class or function is changed.
pub const CHANGES_GLOBAL: Code = Code::new("SKM-PKL-0006");
/// A code of the extension registry stands for a global.
pub const EXTENSION: Code = Code::new("SKM-PKL-0007");
/// A persistent id outside of PyTorch's.
pub const PERSISTENT: Code = Code::new("SKM-PKL-0008");
/// Small in the file, endless when written out.
pub const EXPANSION: Code = Code::new("SKM-PKL-0009");
/// Data after the pickle.
pub const TRAILING: Code = Code::new("SKM-PKL-0010");
/// The loader reads something here that could not be followed.
pub const NOT_FOLLOWED: Code = Code::new("SKM-PKL-0011");
/// A frame that does not say the truth about its length.
pub const FRAME: Code = Code::new("SKM-PKL-0012");
/// The array lies in a file outside of the folder.
pub const OUTSIDE_FILE: Code = Code::new("SKM-PKL-0013");
/// A literal that is itself a pickle.
pub const HIDDEN: Code = Code::new("SKM-PKL-0014");
/// A constructor or function runs that models only name.
pub const CONSTRUCTS: Code = Code::new("SKM-PKL-0015");
