//! What the names and kinds of the files say: names that contradict their content, programs, names that differ in the
//! case of letters only.

use std::collections::BTreeMap;

use sakimori_model::Kind;

use crate::agent::kinds as agent;
use crate::recognise::kinds;
use crate::report::Report;
use crate::repository::folder::{Folder, extension, name, tell};
use crate::repository::{RepositoryFile, codes};

/// Ends of names that promise a format of data.
const PROMISES: &[(&str, &[&str])] = &[
    ("safetensors", &["safetensors"]),
    ("gguf", &["gguf"]),
    ("onnx", &["onnx"]),
    ("tflite", &["tflite"]),
    ("h5", &["hdf5"]),
    ("hdf5", &["hdf5"]),
    ("keras", &["keras-v3", "hdf5"]),
    ("npy", &["npy"]),
    ("npz", &["npz", "zip"]),
    ("parquet", &["parquet"]),
    ("arrow", &["arrow"]),
    ("png", &["png"]),
    ("jpg", &["jpeg"]),
    ("jpeg", &["jpeg"]),
    ("gif", &["gif"]),
    ("webp", &["webp"]),
    ("pdf", &["pdf"]),
];
/// Ends of names that promise text.
const TEXTS: &[&str] = &[
    "json",
    "jsonl",
    "md",
    "txt",
    "csv",
    "tsv",
    "yaml",
    "yml",
    "toml",
    "xml",
    "jinja",
    "cff",
    "gitattributes",
    "gitignore",
];
/// Ends of names of weights, which may be pickles, zip archives or bare numbers, but no programs.
const WEIGHTS: &[&str] = &["bin", "pt", "pth", "ckpt", "pkl", "pickle", "joblib", "model", "msgpack", "dat", "weights"];
/// Kinds of which a loader, or the system, runs something.
const ACTS: &[&str] = &[
    "pickle",
    "pytorch-legacy",
    "pytorch-zip",
    "torchscript",
    "torch-mar",
    "joblib-zfile",
    "zip",
    "keras-v3",
    "jar",
    "apk",
    "tar",
];
/// Ends of names that systems run.
const SCRIPTS: &[&str] = &["sh", "bash", "zsh", "bat", "cmd", "ps1", "vbs", "wsf", "hta", "command", "scr"];

/// Looks at the names.
pub(super) fn examine(folder: &Folder<'_>, report: &mut Report<'_>) {
    for file in folder.files() {
        let end = extension(file.path);
        let params = [("name", name(file.path)), ("kind", file.kind.as_str())];
        if contradicts(file, &end) {
            tell(report, file.path, &codes::NAME_CONTRADICTS, &params);
        } else if is_program(file.kind) {
            tell(report, file.path, &codes::PROGRAM, &params);
        } else if is_script(file.kind) || SCRIPTS.contains(&end.as_str()) {
            tell(report, file.path, &codes::SCRIPT, &params);
        } else if is_other(file, &end) {
            tell(report, file.path, &codes::NAME_MISLEADS, &params);
        }
    }
    same_names(folder, report);
}

/// A script by what stands in it.
fn is_script(kind: &Kind) -> bool {
    [kinds::SCRIPT, agent::SHELL, agent::JAVASCRIPT].contains(kind)
}

/// The name promises data, and the content is something that acts.
fn contradicts(file: &RepositoryFile<'_>, end: &str) -> bool {
    let acts = ACTS.contains(&file.kind.as_str()) || is_program(file.kind);
    match PROMISES.iter().find(|(promise, _)| *promise == end) {
        Some((_, kinds)) => (acts || is_script(file.kind)) && !kinds.contains(&file.kind.as_str()),
        None if TEXTS.contains(&end) => acts,
        None => WEIGHTS.contains(&end) && (is_program(file.kind) || ["jar", "apk"].contains(&file.kind.as_str())),
    }
}

/// The name promises one format of data, and the content is another one.
fn is_other(file: &RepositoryFile<'_>, end: &str) -> bool {
    // Of these it is said already that nobody could look inside.
    const SAID: &[Kind] = &[kinds::EMPTY, kinds::UNKNOWN, kinds::LFS_POINTER];
    let promised = PROMISES.iter().find(|(promise, _)| *promise == end);
    promised.is_some_and(|(_, kinds)| !kinds.contains(&file.kind.as_str())) && !SAID.contains(file.kind)
}

fn is_program(kind: &Kind) -> bool {
    [kinds::ELF, kinds::PE, kinds::MACHO].contains(kind)
        || ["java-class", "dex", "wasm", "windows-shortcut"].contains(&kind.as_str())
}

/// On many systems, of names that differ in the case of letters only one file is left.
fn same_names(folder: &Folder<'_>, report: &mut Report<'_>) {
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for file in folder.files() {
        if let Some(first) = seen.insert(file.path.to_lowercase(), file.path) {
            tell(report, file.path, &codes::SAME_NAME, &[("name", file.path), ("other", first)]);
        }
    }
}
