//! Code that a model brings or calls for, resolved to the file or the repository that it lies in.

use serde_json::{Map, Value};

use crate::artefact::{self, Standing, in_targets};
use crate::report::Report;
use crate::repository::codes;
use crate::repository::folder::{Folder, escapes, name, parent, tell, yaml};

/// References of one file that are resolved.
const REFERENCES_MAX: usize = 200;

/// Looks for code.
pub(super) fn examine(folder: &Folder<'_>, report: &mut Report<'_>) {
    for (path, config) in folder.json_named(|name| name.ends_with(".json")) {
        let Some(config) = config.as_object() else { continue };
        for class in classes(config).into_iter().take(REFERENCES_MAX) {
            resolve(folder, path, class, report);
        }
        match name(path) {
            "model_index.json" => pipeline(folder, path, config, report),
            "adapter_config.json" => adapter(path, config, report),
            _ => {}
        }
    }
    for file in folder.files().filter(|file| name(file.path) == "MLmodel") {
        let model = yaml(file);
        let flavor = model.as_ref().and_then(|m| m.member("flavors")).and_then(|f| f.member("python_function"));
        if let Some(code) = flavor.and_then(|f| f.member("code")).and_then(|code| code.scalar()) {
            let told = if escapes(code) { &codes::PATH_ESCAPES } else { &codes::OWN_CODE };
            tell(report, file.path, told, &[("name", code)]);
        }
    }
}

/// The classes that a configuration of the Hugging Face form loads from code: `auto_map` names one or several for each
/// part, `custom_pipelines` one for each task as `impl`.
fn classes(config: &Map<String, Value>) -> Vec<&str> {
    let maps = config.get("auto_map").and_then(Value::as_object);
    let parts = maps.into_iter().flat_map(Map::values).flat_map(|value| match value {
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect::<Vec<_>>(),
    });
    let tasks = config.get("custom_pipelines").and_then(Value::as_object);
    parts.chain(tasks.into_iter().flat_map(Map::values).filter_map(|task| task.get("impl")?.as_str())).collect()
}

/// `module.Class` is code of this folder, `owner/name--module.Class` of another one.
fn resolve(folder: &Folder<'_>, path: &str, class: &str, report: &mut Report<'_>) {
    if let Some((repository, class)) = class.split_once("--") {
        tell(report, path, &codes::CODE_ELSEWHERE, &[("name", class), ("repository", repository)]);
        return;
    }
    let module = class.rsplit_once('.').map_or(class, |(module, _)| module);
    let file = format!("{}{}.py", parent(path), module.replace('.', "/"));
    let code = if escapes(module) || module.contains("..") {
        &codes::PATH_ESCAPES
    } else if folder.has(&file) {
        &codes::CODE_HERE
    } else {
        &codes::CODE_MISSING
    };
    tell(report, path, code, &[("name", class), ("file", &file)]);
}

/// The parts of a diffusers pipeline are pairs of a library and a class. A library may be a file beside the part, and the
/// pipeline itself a pair of a file and a class.
fn pipeline(folder: &Folder<'_>, path: &str, config: &Map<String, Value>, report: &mut Report<'_>) {
    for (part, value) in config.iter().take(REFERENCES_MAX) {
        let Some([Value::String(library), Value::String(class)]) = value.as_array().map(Vec::as_slice) else {
            continue;
        };
        let here = parent(path);
        let local = [format!("{here}{part}/{library}.py"), format!("{here}{library}.py")];
        let full = format!("{library}.{class}");
        if part == "_class_name" || local.iter().any(|file| folder.has(file)) {
            tell(report, path, &codes::OWN_CODE, &[("name", &full)]);
        } else if in_targets(&full) == Standing::Harmful {
            tell(report, path, &artefact::codes::HARMFUL_OBJECT, &[("name", &full)]);
        }
    }
}

/// An adapter may name the library from which the class of its base model is imported.
fn adapter(path: &str, config: &Map<String, Value>, report: &mut Report<'_>) {
    const LIBRARIES: &[&str] =
        &["transformers", "diffusers", "peft", "torch", "torchvision", "timm", "sentence_transformers", "open_clip"];
    if let Some(library) = config.get("auto_mapping").and_then(|m| m.get("parent_library")).and_then(Value::as_str) {
        let root = library.split('.').next().unwrap_or_default();
        match in_targets(library) {
            Standing::Harmful => tell(report, path, &artefact::codes::HARMFUL_OBJECT, &[("name", library)]),
            _ if !LIBRARIES.contains(&root) => tell(report, path, &codes::OWN_CODE, &[("name", library)]),
            _ => {}
        }
    }
    let base = config.get("base_model_name_or_path").and_then(Value::as_str);
    if let Some(base) = base.filter(|_| config.get("revision").is_none_or(|r| !is_commit(r))) {
        tell(report, path, &codes::BASE_NOT_PINNED, &[("name", base)]);
    }
}

/// A revision that names one state for good; a branch or a tag can be moved.
fn is_commit(revision: &Value) -> bool {
    revision.as_str().is_some_and(|r| r.len() == 40 && r.bytes().all(|b| b.is_ascii_hexdigit()))
}
