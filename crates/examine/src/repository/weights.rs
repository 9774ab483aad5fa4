//! Weights in several files: lists of shards, and the same weights in two formats.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use crate::report::Report;
use crate::repository::codes;
use crate::repository::folder::{Folder, escapes, extension, name, parent, tell};

/// A shard by its name: what stands before the numbers, and the end.
static SHARD: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^(.{0,200})-\d{5}-of-\d{5}\.([a-z0-9]{1,20})$").expect("the pattern is a constant"));

/// Looks at the weights.
pub(super) fn examine(folder: &Folder<'_>, report: &mut Report<'_>) {
    for (path, index) in folder.json_named(|name| name.ends_with(".index.json")) {
        if let Some(map) = index.get("weight_map").and_then(Value::as_object) {
            let listed: BTreeSet<&str> = map.values().filter_map(Value::as_str).collect();
            shards(folder, path, &listed, report);
        }
    }
    paths_of_modules(folder, report);
    twice(folder, report);
}

/// Each listed shard is there and inside of the folder, and no shard is there that the list leaves out.
fn shards(folder: &Folder<'_>, index: &str, listed: &BTreeSet<&str>, report: &mut Report<'_>) {
    let (away, inside): (Vec<&str>, Vec<&str>) = listed.iter().partition(|shard| escapes(shard));
    if let Some(first) = away.first() {
        tell(report, index, &codes::PATH_ESCAPES, &[("name", first)]);
    }
    let here = parent(index);
    let missing: Vec<&&str> = inside.iter().filter(|shard| !folder.has(&format!("{here}{shard}"))).collect();
    if let Some(first) = missing.first() {
        let count = missing.len().to_string();
        tell(report, index, &codes::SHARD_MISSING, &[("name", first), ("count", &count)]);
    }
    let series: BTreeSet<(&str, &str)> = inside.iter().filter_map(|shard| series(shard)).collect();
    for file in folder.files().filter(|file| parent(file.path) == here) {
        let shard = name(file.path);
        if !listed.contains(shard) && self::series(shard).is_some_and(|of| series.contains(&of)) {
            tell(report, file.path, &codes::SHARD_EXTRA, &[("name", shard), ("index", name(index))]);
        }
    }
}

/// What the shards of one model have in common.
fn series(shard: &str) -> Option<(&str, &str)> {
    let parts = SHARD.captures(shard)?;
    Some((parts.get(1)?.as_str(), parts.get(2)?.as_str()))
}

/// Sentence Transformers lists its modules with the folders that they lie in.
fn paths_of_modules(folder: &Folder<'_>, report: &mut Report<'_>) {
    for (path, modules) in folder.json_named(|name| name == "modules.json") {
        let paths = modules.as_array().into_iter().flatten().filter_map(|module| module.get("path")?.as_str());
        if let Some(away) = paths.into_iter().find(|path| escapes(path)) {
            tell(report, path, &codes::PATH_ESCAPES, &[("name", away)]);
        }
    }
}

/// Weights as pickle beside weights as plain tensors.
fn twice(folder: &Folder<'_>, report: &mut Report<'_>) {
    const PICKLES: &[&str] = &["pickle", "pytorch-legacy", "pytorch-zip"];
    const ENDS: &[&str] = &["bin", "pt", "pth", "ckpt", "pkl"];
    // Of what is kept beside the weights while training, no plain form exists.
    const BESIDE: &[&str] = &["training_args", "optimizer", "scheduler", "rng_state", "scaler"];
    let mut safe: BTreeMap<&str, &str> = BTreeMap::new();
    for file in folder.files().filter(|file| file.kind.as_str() == "safetensors") {
        safe.entry(parent(file.path)).or_insert(file.path);
    }
    let mut told = BTreeSet::new();
    for file in folder.files() {
        let weights = PICKLES.contains(&file.kind.as_str())
            && ENDS.contains(&extension(file.path).as_str())
            && !BESIDE.iter().any(|start| name(file.path).starts_with(start));
        if let Some(safe) = safe.get(parent(file.path)).filter(|_| weights && told.insert(parent(file.path))) {
            tell(report, file.path, &codes::WEIGHTS_TWICE, &[("name", name(file.path)), ("safe", name(safe))]);
        }
    }
}
