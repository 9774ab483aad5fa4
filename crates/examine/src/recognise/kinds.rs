//! The kinds that are recognised and have a meaning to an examiner. Other names stand in the table of signatures.

use sakimori_model::Kind;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $word:literal;)*) => { $($(#[$doc])* pub const $name: Kind = Kind::new($word);)* };
}

kinds! {
    /// No bytes at all.
    EMPTY = "empty";
    /// Nothing that is known.
    UNKNOWN = "unknown";
    /// A Python pickle.
    PICKLE = "pickle";
    /// A PyTorch checkpoint of before 1.6: several pickles, then raw storages.
    PYTORCH_LEGACY = "pytorch-legacy";
    /// A zip archive without a more exact kind.
    ZIP = "zip";
    /// A PyTorch checkpoint: a zip archive with `*/data.pkl`.
    PYTORCH_ZIP = "pytorch-zip";
    /// A TorchScript module: a PyTorch zip archive with code.
    TORCHSCRIPT = "torchscript";
    /// A Keras 3 model: a zip archive with `config.json`.
    KERAS_V3 = "keras-v3";
    /// NumPy arrays in a zip archive.
    NPZ = "npz";
    /// A TorchServe model archive (MAR).
    MAR = "torch-mar";
    /// An Office Open XML document.
    OOXML = "ooxml";
    /// A Java archive.
    JAR = "jar";
    /// An Android package.
    APK = "apk";
    /// A NumPy array.
    NPY = "npy";
    /// A tar archive.
    TAR = "tar";
    /// A 7z archive.
    SEVEN_ZIP = "7z";
    /// A gzip stream (RFC 1952).
    GZIP = "gzip";
    /// A bzip2 stream.
    BZIP2 = "bzip2";
    /// An xz stream.
    XZ = "xz";
    /// A stream in the older LZMA format (`.lzma`).
    LZMA = "lzma";
    /// A zlib stream (RFC 1950).
    ZLIB = "zlib";
    /// A zlib stream with the header of early joblib (`ZF`).
    ZFILE = "joblib-zfile";
    /// A Zstandard stream (RFC 8878).
    ZSTD = "zstd";
    /// An LZ4 frame.
    LZ4 = "lz4";
    /// Tensors in the safetensors format.
    SAFETENSORS = "safetensors";
    /// A model for llama.cpp and relatives.
    GGUF = "gguf";
    /// An ONNX model.
    ONNX = "onnx";
    /// A TensorFlow SavedModel graph.
    SAVED_MODEL = "tf-savedmodel";
    /// A TensorFlow graph alone, such as a frozen one.
    TF_GRAPH = "tf-graph";
    /// What Keras keeps beside a SavedModel.
    TF_KERAS = "tf-keras-metadata";
    /// The fingerprint of a SavedModel.
    TF_FINGERPRINT = "tf-fingerprint";
    /// A Core ML model.
    COREML = "coreml";
    /// Weights of a Core ML model.
    COREML_WEIGHTS = "coreml-weights";
    /// A program of PaddlePaddle.
    PADDLE = "paddle";
    /// Parameters of PaddlePaddle.
    PADDLE_PARAMETERS = "paddle-parameters";
    /// The index of a TensorFlow checkpoint.
    TF_CHECKPOINT = "tf-checkpoint-index";
    /// A model of XGBoost in Universal Binary JSON.
    XGBOOST_UBJSON = "xgboost-ubjson";
    /// A model of XGBoost in its older binary form.
    XGBOOST_BINARY = "xgboost-binary";
    /// A model of CatBoost.
    CATBOOST = "catboost";
    /// A model of LightGBM.
    LIGHTGBM = "lightgbm";
    /// A network of ncnn.
    NCNN = "ncnn";
    /// MessagePack, such as a checkpoint of Flax.
    MSGPACK = "msgpack";
    /// A database of TensorStore (OCDBT), such as a checkpoint of Orbax: its manifest, or a file of its data.
    OCDBT = "ocdbt";
    /// Chunks of an array with their index (Zarr 3, `sharding_indexed`).
    ZARR_SHARD = "zarr-shard";
    /// Parameters of MXNet.
    MXNET = "mxnet";
    /// A TensorFlow Lite model.
    TFLITE = "tflite";
    /// A compiled engine of TensorRT.
    TENSORRT = "tensorrt";
    /// A program with a model at its end.
    LLAMAFILE = "llamafile";
    /// A vocabulary of SentencePiece.
    SENTENCEPIECE = "sentencepiece";
    /// An HDF5 file, such as a Keras 2 model.
    HDF5 = "hdf5";
    /// A Windows event log.
    EVTX = "evtx";
    /// JSON objects, one a line.
    JSONL = "jsonl";
    /// One JSON document.
    JSON = "json";
    /// A mail (RFC 5322).
    MAIL = "mail";
    /// Several mails in one file.
    MBOX = "mbox";
    /// An XML document.
    XML = "xml";
    /// What Git LFS keeps in place of a file's content.
    LFS_POINTER = "git-lfs-pointer";
    /// An HTML document.
    HTML = "html";
    /// A YAML document.
    YAML = "yaml";
    /// A Jinja template.
    JINJA = "jinja";
    /// Text without a more exact kind.
    TEXT = "text";
    /// A serialised R object.
    RDS = "rds";
    /// An executable of Linux and other systems.
    ELF = "elf";
    /// An executable of Windows.
    PE = "pe";
    /// An executable of macOS.
    MACHO = "mach-o";
    /// A class of Java, or a Mach-O program for several processors.
    JAVA_CLASS = "java-class";
    /// A WebAssembly module.
    WASM = "wasm";
    /// Code of Android.
    DEX = "dex";
    /// A script that names its interpreter.
    SCRIPT = "script";
}
