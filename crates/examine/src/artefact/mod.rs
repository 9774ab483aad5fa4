//! Artefacts: models in their formats, and the containers that they come in.

mod boosted;
pub mod codes;
mod codetext;
mod config;
pub(crate) mod coreml;
mod cursor;
mod flat;
mod gguf;
mod gguf_about;
pub(crate) mod hdf5;
mod hdf5_objects;
mod json;
mod keras_names;
mod markup;
mod modules;
pub(crate) mod msgpack;
mod mxnet;
mod names;
pub(crate) mod ncnn;
mod numpy;
pub(crate) mod ocdbt;
pub(crate) mod onnx;
mod openvino;
pub(crate) mod paddle;
pub mod pickle;
pub(crate) mod program;
mod rds;
pub(crate) mod safetensors;
pub(crate) mod savedmodel;
pub(crate) mod sentencepiece;
mod sevenz;
mod streams;
pub(crate) mod tar;
mod template;
mod template_fold;
mod template_orders;
mod tensors;
mod text;
mod texts;
pub(crate) mod tf_checkpoint;
mod tflite;
mod torchscript;
pub(crate) mod ubjson;
mod unpack;
mod wire;
pub(crate) mod zip;

pub(crate) use markup::{decoded, place_in, text_up_to};
pub(crate) use modules::{Standing, in_targets};
use sakimori_model::Kind;
pub(crate) use streams::{is_stream, lzma_alone, zlib};

use crate::Settings;
use crate::catalogue::finding;
use crate::recognise::kinds;
use crate::report::Report;
use crate::source::{Source, read_up_to};

/// Examines `source` if its kind is one of this family. Returns whether it is.
///
/// JSON is looked at in any case, but counts as examined only when it configures a model: other JSON may be a log.
pub fn examine(kind: &Kind, source: &dyn Source, settings: &Settings, report: &mut Report<'_>) -> bool {
    let examined = as_what_it_is(kind, source, settings, report);
    as_what_it_also_is(kind, source, settings, report);
    examined
}

/// Examines what no examiner has taken: JSON of any sort, and text that is data or a document. Returns whether it was.
pub fn examine_text(kind: &Kind, source: &dyn Source, report: &mut Report<'_>) -> bool {
    match kind.as_str() {
        "json" => config::examine_any(source, report),
        "text" => text::examine(source, report),
        _ => false,
    }
}

fn as_what_it_is(kind: &Kind, source: &dyn Source, settings: &Settings, report: &mut Report<'_>) -> bool {
    match kind.as_str() {
        "pickle" => pickle::examine(source, pickle::Carrier::Plain, report),
        "pytorch-legacy" => pickle::examine(source, pickle::Carrier::TorchLegacy, report),
        "tar" => tar::examine(source, settings, report),
        "7z" => sevenz::examine(source, settings, report),
        "safetensors" => safetensors::examine(source, report),
        "gguf" => gguf::examine(source, report),
        "onnx" => onnx::examine(source, report),
        "tf-savedmodel" => savedmodel::examine(source, report),
        "tf-graph" => savedmodel::examine_graph(source, report),
        "tf-keras-metadata" => savedmodel::examine_keras(source, report),
        "tf-fingerprint" => savedmodel::examine_fingerprint(report),
        "tflite" => tflite::examine(source, settings, report),
        "coreml" => coreml::examine(source, report),
        "coreml-weights" => coreml::examine_weights(source, report),
        "paddle" => paddle::examine(source, report),
        "paddle-parameters" => paddle::examine_parameters(source, report),
        "tf-checkpoint-index" => tf_checkpoint::examine(source, report),
        "xgboost-ubjson" => ubjson::examine(source, settings, report),
        "xgboost-binary" => boosted::examine_xgboost(source, report),
        "catboost" => boosted::examine_catboost(source, report),
        "lightgbm" => boosted::examine_lightgbm(source, report),
        "ncnn" => ncnn::examine(source, report),
        "msgpack" => msgpack::examine(source, settings, report),
        "ocdbt" => ocdbt::examine(source, settings, report),
        "zarr-shard" => ocdbt::examine_shard(source, settings, report),
        "mxnet" => mxnet::examine(source, report),
        "tensorrt" => program::examine_engine(report),
        "llamafile" => program::examine_llamafile(source, settings, report),
        _ if program::is_program(kind) => return program::examine(kind, report),
        "hdf5" => hdf5::examine(source, report),
        "rds" => rds::examine(source, report),
        "sentencepiece" => sentencepiece::examine(source, report),
        "npy" => numpy::examine(source, report),
        "json" => return config::examine(source, report),
        _ if zip::is_zip(kind) => zip::examine(source, settings, report),
        _ if is_stream(kind) => streams::examine(kind, source, settings, report),
        _ => return markup::examine(kind, source, report),
    }
    true
}

/// True for what begins as a pickle that does something, whatever it is besides: loaders of pickles ask for nothing else.
fn is_pickle_too(source: &dyn Source) -> bool {
    read_up_to(source, 0, PICKLE_LOOK_BYTES).is_ok_and(|head| pickle::acts_as_pickle(source, &head))
}

/// Bytes in which something shows that it is a pickle, too.
const PICKLE_LOOK_BYTES: usize = 4096;

/// Readers of zip look for its end, and readers of HDF5 also behind other bytes: what begins as something else may
/// be one of these too, and is then examined as both.
fn as_what_it_also_is(kind: &Kind, source: &dyn Source, settings: &Settings, report: &mut Report<'_>) {
    let loads = [kinds::PICKLE, kinds::PYTORCH_LEGACY, kinds::EMPTY].contains(kind);
    if !loads && is_pickle_too(source) {
        report.add(finding(&codes::POLYGLOT, report.whole()).with("first", kind).with("second", "pickle"));
        pickle::examine(source, pickle::Carrier::Plain, report);
    }
    // In these, another file may lie in the open; it is examined as a member or in their own way.
    let carries = [kinds::TAR, kinds::SEVEN_ZIP, kinds::TFLITE, kinds::LLAMAFILE, kinds::EMPTY];
    if carries.contains(kind) || zip::is_zip(kind) {
        return;
    }
    if matches!(zip::tail(source), Ok(Some(tail)) if tail.entries > 0) {
        report.add(finding(&codes::POLYGLOT, report.whole()).with("first", kind).with("second", "zip"));
        zip::examine(source, settings, report);
    }
    if *kind != kinds::HDF5 && matches!(hdf5::superblock(source), Ok(Some(_))) {
        report.add(finding(&codes::POLYGLOT, report.whole()).with("first", kind).with("second", "hdf5"));
        hdf5::examine(source, report);
    }
}
