//! The codes of containers and model formats. Those of pickles stand beside their examiner.

use sakimori_model::Code;

/// The bytes are two things at once.
pub const POLYGLOT: Code = Code::new("SKM-ART-0101");
/// A member's name leads out of the folder.
pub const NAME_ESCAPES: Code = Code::new("SKM-ART-0102");
/// A link leads out of the folder.
pub const LINK_ESCAPES: Code = Code::new("SKM-ART-0103");
/// A member is a device or a pipe.
pub const DEVICE_NODE: Code = Code::new("SKM-ART-0104");
/// A name occurs more than once in a container.
pub const DUPLICATE_MEMBER: Code = Code::new("SKM-ART-0105");
/// Two records of one member contradict each other.
pub const HEADERS_DIFFER: Code = Code::new("SKM-ART-0106");
/// A member's checksum is wrong.
pub const WRONG_CHECKSUM: Code = Code::new("SKM-ART-0107");
/// A member pretends to be encrypted.
pub const FALSE_FLAGS: Code = Code::new("SKM-ART-0108");
/// A member that the directory leaves out.
pub const HIDDEN_MEMBER: Code = Code::new("SKM-ART-0109");
/// Bytes that belong to nothing.
pub const STRAY_BYTES: Code = Code::new("SKM-ART-0110");
/// Members share their bytes.
pub const OVERLAPPING_MEMBERS: Code = Code::new("SKM-ART-0111");
/// A program in the archive of a model.
pub const PROGRAM_INSIDE: Code = Code::new("SKM-ART-0112");
/// The structure of a format contradicts itself.
pub const STRUCTURE: Code = Code::new("SKM-ART-0120");
/// Program text in metadata.
pub const METADATA_PROGRAM: Code = Code::new("SKM-ART-0121");
/// A template walks out of its engine.
pub const TEMPLATE_ESCAPE: Code = Code::new("SKM-ART-0130");
/// A template does what templates have no need for.
pub const TEMPLATE_UNUSUAL: Code = Code::new("SKM-ART-0131");
/// A template that gives the model orders of its own.
pub const TEMPLATE_ORDERS: Code = Code::new("SKM-ART-0138");
/// The configuration fetches code from elsewhere.
pub const REMOTE_CODE: Code = Code::new("SKM-ART-0132");
/// A YAML tag makes Python objects.
pub const YAML_PYTHON_TAG: Code = Code::new("SKM-ART-0133");
/// A model names a library to load.
pub const MODEL_LIBRARY: Code = Code::new("SKM-ART-0134");
/// XML pulls in something from outside.
pub const XML_ENTITY: Code = Code::new("SKM-ART-0135");
/// A Lambda layer: code in the configuration.
pub const KERAS_LAMBDA: Code = Code::new("SKM-ART-0140");
/// The configuration names something that acts on the system.
pub const HARMFUL_OBJECT: Code = Code::new("SKM-ART-0141");
/// The configuration names code outside of the framework.
pub const FOREIGN_OBJECT: Code = Code::new("SKM-ART-0142");
/// The configuration reads a file by its path.
pub const FILE_REFERENCE: Code = Code::new("SKM-ART-0143");
/// Only the configuration was searched for in an HDF5 file.
pub const HDF5_SEARCHED_ONLY: Code = Code::new("SKM-ART-0144");
/// Tensors are read from a path outside of the model's folder.
pub const EXTERNAL_PATH: Code = Code::new("SKM-ART-0150");
/// An operator from a library that is not known.
pub const CUSTOM_OPERATOR: Code = Code::new("SKM-ART-0151");
/// An operator that runs Python.
pub const PYTHON_OPERATOR: Code = Code::new("SKM-ART-0152");
/// A TensorFlow operator that leaves the arithmetic.
pub const TF_OPERATOR: Code = Code::new("SKM-ART-0153");
/// TorchScript code that reads or writes files.
pub const TORCHSCRIPT_FILES: Code = Code::new("SKM-ART-0154");
/// A program where a model is expected.
pub const PROGRAM: Code = Code::new("SKM-ART-0170");
/// A program that carries a model.
pub const PROGRAM_WITH_MODEL: Code = Code::new("SKM-ART-0171");
/// An engine compiled for one sort of processor.
pub const COMPILED_ENGINE: Code = Code::new("SKM-ART-0172");
/// A layer or model that is code of the application.
pub const APPLICATION_CODE: Code = Code::new("SKM-ART-0173");
/// The graph of a model reads or writes files.
pub const FILE_OPERATOR: Code = Code::new("SKM-ART-0174");
/// An R object with an expression that runs when it is looked at.
pub const PROMISE: Code = Code::new("SKM-ART-0160");
