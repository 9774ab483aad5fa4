//! What bytes are, judged by their content and never by their name.
//!
//! The order is from the surest sign to the weakest: signatures, formats with a checkable structure, text. A file
//! that begins as nothing known but ends as a zip archive is one: archives may have anything in front.

pub mod kinds;
mod magic;
mod text;

use std::io;

use sakimori_model::Kind;

use crate::agent;
use crate::artefact::{coreml, msgpack, ocdbt, onnx, paddle, safetensors, sentencepiece, tf_checkpoint, ubjson};
use crate::artefact::{hdf5, is_stream, lzma_alone, pickle, program as programs, savedmodel, tar, zip, zlib};
use crate::source::{Source, read_up_to};

pub use kinds::{EMPTY, UNKNOWN};
pub(crate) use magic::program;
pub(crate) use text::is_control;

/// Bytes looked at from the start.
const HEAD_BYTES: usize = 64 * 1024;

/// What these bytes are.
///
/// # Errors
/// When the source can't be read.
pub fn recognise(source: &dyn Source) -> io::Result<Kind> {
    let head = read_up_to(source, 0, HEAD_BYTES)?;
    if head.is_empty() {
        return Ok(EMPTY);
    }
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return zip::kind_of(source);
    }
    if programs::is_llamafile(source, &head)? {
        return Ok(kinds::LLAMAFILE);
    }
    if programs::is_engine(source, &head)? {
        return Ok(kinds::TENSORRT);
    }
    if let Some(kind) = magic::kind_of(&head) {
        // The values of a database come first, and most are compressed numbers.
        if is_stream(&kind) && ocdbt::ends_with_a_node(source)? {
            return Ok(kinds::OCDBT);
        }
        if kind == kinds::ZSTD && ocdbt::is_shard(source)? {
            return Ok(kinds::ZARR_SHARD);
        }
        return agent::kinds::refine(kind, source, &head);
    }
    if let Some(kind) = by_structure(source, &head)? {
        return Ok(kind);
    }
    if let Some(kind) = text::kind_of(source, &head)? {
        return agent::kinds::refine(kind, source, &head);
    }
    by_other_places(source)
}

/// Formats whose first bytes are weak, but whose structure can be checked.
fn by_structure(source: &dyn Source, head: &[u8]) -> io::Result<Option<Kind>> {
    let kind = if coreml::looks_like_weights(head) {
        Some(kinds::COREML_WEIGHTS)
    } else if safetensors::looks_like(head) {
        Some(kinds::SAFETENSORS)
    } else if tar::looks_like(head) {
        Some(kinds::TAR)
    } else if pickle::begins_as_pickle(source, head) {
        Some(if is_torch_legacy(head) { kinds::PYTORCH_LEGACY } else { kinds::PICKLE })
    } else if zlib::looks_like(head) {
        Some(kinds::ZLIB)
    } else if lzma_alone::looks_like(head) {
        Some(kinds::LZMA)
    } else if onnx::looks_like(source)? {
        Some(kinds::ONNX)
    } else if savedmodel::looks_like(source)? {
        Some(kinds::SAVED_MODEL)
    } else if ubjson::looks_like(head) {
        Some(kinds::XGBOOST_UBJSON)
    } else if msgpack::looks_like(source, head)? {
        Some(kinds::MSGPACK)
    } else if coreml::looks_like(source)? {
        Some(kinds::COREML)
    } else if paddle::looks_like(source)? {
        Some(kinds::PADDLE)
    } else if paddle::looks_like_parameters(head) {
        Some(kinds::PADDLE_PARAMETERS)
    } else if savedmodel::looks_like_graph(source)? {
        Some(kinds::TF_GRAPH)
    } else if savedmodel::looks_like_keras(source)? {
        Some(kinds::TF_KERAS)
    } else if savedmodel::looks_like_fingerprint(source)? {
        Some(kinds::TF_FINGERPRINT)
    } else if sentencepiece::looks_like(source)? {
        Some(kinds::SENTENCEPIECE)
    } else {
        None
    };
    Ok(kind)
}

/// The number with which `torch.save` began files before its zip format, as the argument of LONG1.
fn is_torch_legacy(head: &[u8]) -> bool {
    const LONG1_MAGIC: &[u8] = b"\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";
    memchr::memmem::find(&head[..head.len().min(32)], LONG1_MAGIC).is_some()
}

/// Formats that readers find elsewhere than at the start.
fn by_other_places(source: &dyn Source) -> io::Result<Kind> {
    if zip::tail(source)?.is_some() {
        return zip::kind_of(source);
    }
    if tf_checkpoint::looks_like(source)? {
        return Ok(kinds::TF_CHECKPOINT);
    }
    if ocdbt::ends_with_a_node(source)? {
        return Ok(kinds::OCDBT);
    }
    Ok(if hdf5::superblock(source)?.is_some() { kinds::HDF5 } else { UNKNOWN })
}

#[cfg(test)]
mod tests;
