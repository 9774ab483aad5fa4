//! Chat templates: where a model has several, a reader should not see another one than the loader.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::report::Report;
use crate::repository::codes;
use crate::repository::folder::{Folder, name, parent, tell, text};

/// The files in which the template of a model stands, in the order in which Transformers prefers them.
const FILES: &[&str] = &["chat_template.jinja", "chat_template.json", "processor_config.json", "tokenizer_config.json"];

/// Reports templates for the same use that differ.
pub(super) fn examine(folder: &Folder<'_>, report: &mut Report<'_>) {
    let mut found: BTreeMap<&str, Vec<(usize, &str, String)>> = BTreeMap::new();
    for file in folder.files() {
        let Some(rank) = FILES.iter().position(|known| *known == name(file.path)) else { continue };
        let template = match name(file.path) {
            "chat_template.jinja" => text(file),
            _ => text(file).and_then(|text| default_template(&serde_json::from_str(&text).ok()?)),
        };
        if let Some(template) = template {
            found.entry(parent(file.path)).or_default().push((rank, file.path, template));
        }
    }
    for mut templates in found.into_values() {
        templates.sort();
        let Some((_, used, first)) = templates.first() else { continue };
        if let Some((_, other, _)) = templates.iter().find(|(_, _, template)| template.trim() != first.trim()) {
            tell(report, other, &codes::TEMPLATES_DIFFER, &[("name", name(other)), ("used", name(used))]);
        }
    }
}

/// The template that is used unless a caller asks for another one: the only one, or that of the name `default`.
fn default_template(config: &Value) -> Option<String> {
    match config.get("chat_template")? {
        Value::String(template) => Some(template.clone()),
        Value::Array(several) => several
            .iter()
            .find(|one| one.get("name").and_then(Value::as_str) == Some("default"))
            .and_then(|one| one.get("template")?.as_str().map(str::to_owned)),
        _ => None,
    }
}
