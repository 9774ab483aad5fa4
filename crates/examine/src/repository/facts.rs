//! What the configurations of a model say of it.

use sakimori_model::FactName;
use serde_json::Value;

use crate::report::Report;
use crate::repository::folder::{Folder, name, note, yaml};
use crate::sigma::yaml::{Node, Yaml};

/// Values of a list that are noted.
const VALUES_MAX: usize = 50;

/// Notes facts.
pub(super) fn note_configured(folder: &Folder<'_>, report: &mut Report<'_>) {
    for (path, config) in
        folder.json_named(|name| ["config.json", "adapter_config.json", "model_index.json"].contains(&name))
    {
        let facts = match name(path) {
            "config.json" => of_model(&config),
            "adapter_config.json" => of_adapter(&config),
            _ => of_pipeline(&config),
        };
        note(report, path, facts);
    }
    for file in folder.files() {
        let read: fn(&Node) -> Vec<(FactName, String)> = match name(file.path) {
            "MLmodel" => of_mlflow,
            "CITATION.cff" => of_citation,
            _ => continue,
        };
        note(report, file.path, yaml(file).map(|document| read(&document)).unwrap_or_default());
    }
}

/// `config.json` of Transformers, with the keys that older and newer versions write.
fn of_model(config: &Value) -> Vec<(FactName, String)> {
    let mut facts = Vec::new();
    let architectures = config.get("architectures").and_then(Value::as_array);
    let names = architectures.into_iter().flatten().take(VALUES_MAX).filter_map(Value::as_str);
    facts.extend(names.map(|name| (FactName::Architecture, name.to_owned())));
    // Models of several kinds of input keep what concerns the text one step deeper.
    let text = config.get("text_config").unwrap_or(&Value::Null);
    let mut first = |name: FactName, keys: &[&str]| {
        let value = keys.iter().find_map(|key| plain(config.get(key)?).or_else(|| plain(text.get(key)?)));
        facts.extend(value.map(|value| (name, value)));
    };
    first(FactName::Architecture, &["model_type"]);
    first(FactName::ContextLength, &["max_position_embeddings", "n_positions", "max_seq_len", "seq_length"]);
    first(FactName::VocabularySize, &["vocab_size"]);
    first(FactName::DataType, &["dtype", "torch_dtype"]);
    if let Some(version) = config.get("transformers_version").and_then(Value::as_str) {
        facts.push((FactName::Producer, format!("transformers {version}")));
    }
    if let Some(quantization) = config.get("quantization_config").and_then(quantization) {
        facts.push((FactName::Quantization, quantization));
    }
    facts
}

/// The scheme, and the bits where they stand beside it.
fn quantization(config: &Value) -> Option<String> {
    let method = config.get("quant_method").and_then(Value::as_str)?;
    let by_flag = |key: &str| config.get(key).and_then(Value::as_bool) == Some(true);
    let bits = config.get("bits").and_then(Value::as_u64);
    let bits = bits.or(by_flag("load_in_4bit").then_some(4)).or(by_flag("load_in_8bit").then_some(8));
    Some(bits.map_or(method.to_owned(), |bits| format!("{method}-{bits}bit")))
}

/// `adapter_config.json` of PEFT.
fn of_adapter(config: &Value) -> Vec<(FactName, String)> {
    let mut facts = vec![(FactName::Library, "peft".to_owned())];
    if let Some(base) = config.get("base_model_name_or_path").and_then(Value::as_str) {
        facts.push((FactName::BaseModel, base.to_owned()));
        facts.push((FactName::BaseModelRelation, "adapter".to_owned()));
    }
    facts.extend(config.get("peft_type").and_then(plain).map(|sort| (FactName::Tag, sort)));
    facts.extend(config.get("task_type").and_then(plain).map(|task| (FactName::Task, task)));
    facts
}

/// `model_index.json` of diffusers.
fn of_pipeline(config: &Value) -> Vec<(FactName, String)> {
    let class = config.get("_class_name").and_then(plain).map(|class| (FactName::Architecture, class));
    let version = config.get("_diffusers_version").and_then(plain);
    let library = (FactName::Library, "diffusers".to_owned());
    class.into_iter().chain([library]).chain(version.map(|v| (FactName::Producer, format!("diffusers {v}")))).collect()
}

/// `MLmodel` of MLflow: the flavors are the libraries that can load it.
fn of_mlflow(model: &Node) -> Vec<(FactName, String)> {
    let mut facts = Vec::new();
    if let Some(Yaml::Map(flavors)) = model.member("flavors").map(|flavors| &flavors.value) {
        let names = flavors.iter().take(VALUES_MAX).filter_map(|(name, _)| name.scalar());
        facts.extend(names.map(|name| (FactName::Library, name.to_owned())));
    }
    if let Some(version) = model.member("mlflow_version").and_then(Node::scalar) {
        facts.push((FactName::Producer, format!("mlflow {version}")));
    }
    facts
}

/// `CITATION.cff` (Citation File Format 1.2.0).
fn of_citation(citation: &Node) -> Vec<(FactName, String)> {
    const KEYS: &[(&str, FactName)] = &[
        ("title", FactName::Name),
        ("version", FactName::Version),
        ("abstract", FactName::Description),
        ("license", FactName::Licence),
        ("license-url", FactName::LicenceLink),
        ("url", FactName::Link),
        ("repository-code", FactName::Link),
        ("doi", FactName::Link),
    ];
    let plain = KEYS.iter().filter_map(|(key, name)| Some((*name, citation.member(key)?.scalar()?.to_owned())));
    let authors = citation.member("authors").map(Node::items).unwrap_or_default().iter().take(VALUES_MAX);
    let names = authors.filter_map(|author| {
        let part = |key| author.member(key).and_then(Node::scalar);
        match (part("name"), part("given-names"), part("family-names")) {
            (Some(name), _, _) => Some(name.to_owned()),
            (None, Some(given), Some(family)) => Some(format!("{given} {family}")),
            (None, given, family) => given.or(family).map(str::to_owned),
        }
    });
    plain.chain(names.map(|name| (FactName::Author, name))).collect()
}

/// A text or a number.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
