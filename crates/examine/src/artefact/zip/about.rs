//! What the members of an archive say of the model, as facts.

use sakimori_model::FactName;
use serde::Deserialize;

use super::directory::Entry;
use super::shape::{Role, Shape};
use crate::recognise::kinds;
use crate::report::Report;
use crate::source::{Source, read_up_to};

/// Bytes of a configuration that are read for it.
const CONFIGURATION_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Notes what the list of members says: the library, and for PyTorch how many storages there are.
pub(super) fn of_members<'e>(entries: impl Iterator<Item = &'e Entry>, shape: &Shape, report: &mut Report<'_>) {
    let kind = shape.kind();
    if kind == kinds::PYTORCH_ZIP || kind == kinds::TORCHSCRIPT {
        let storages = entries.filter(|entry| shape.role(&entry.name) == Role::RawStorage).count();
        report.fact(FactName::Library, "pytorch");
        report.fact(FactName::Tensors, storages);
    } else if kind == kinds::KERAS_V3 {
        report.fact(FactName::Library, "keras");
    }
}

/// Notes what the two descriptions in a Keras model say: which version wrote it, and what class it is.
pub(super) fn of_keras(name: &str, content: &dyn Source, report: &mut Report<'_>) {
    if !matches!(name, "metadata.json" | "config.json") {
        return;
    }
    // A description that can't be read is a finding of the examiner of configuration, and here just no fact.
    let bytes = read_up_to(content, 0, CONFIGURATION_BYTES_MAX).unwrap_or_default();
    let Ok(described) = serde_json::from_slice::<Described>(&bytes) else { return };
    if let (Some(version), "metadata.json") = (described.keras_version, name) {
        report.fact(FactName::Producer, format_args!("keras {version}"));
    }
    if let (Some(class), "config.json") = (described.class_name, name) {
        report.fact(FactName::Architecture, class);
    }
}

#[derive(Deserialize)]
struct Described {
    keras_version: Option<String>,
    class_name: Option<String>,
}
