//! OpenVINO models (IR, an XML document beside a file of numbers): layers that are code of the application, and what the
//! model says of itself. Entities and libraries are looked for in every XML document.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use sakimori_model::FactName;

use crate::artefact::{codes, tensors};
use crate::catalogue::finding;
use crate::report::Report;

/// Kinds of layers that are reported.
const FINDINGS_MAX: usize = 50;

static TAG: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r#"<(?:[\w.-]+:)?(net|[Ll]ayer|data|MO_version|Runtime_version)\b((?:[^<>"']|"[^"]*"|'[^']*')*)>"#;
    Regex::new(pattern).expect("the pattern is a constant")
});
static ATTRIBUTE: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r#"([\w.:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')"#;
    Regex::new(pattern).expect("the pattern is a constant")
});
/// Sets of operations that come with OpenVINO.
static OWN_SET: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"^(?:opset\d+|experimental|ie_internal_opset|gpu_opset|util)$";
    Regex::new(pattern).expect("the pattern is a constant")
});

/// Examines the text of a model.
pub fn examine(text: &str, report: &mut Report<'_>) {
    let mut count = tensors::Count::default();
    let mut foreign = BTreeSet::new();
    for tag in TAG.captures_iter(text) {
        let (name, attributes) = (&tag[1], &tag[2]);
        match name {
            "net" => report.fact(FactName::Name, attribute(attributes, "name").unwrap_or_default()),
            "MO_version" | "Runtime_version" => {
                let version = attribute(attributes, "value").unwrap_or_default();
                report.fact(FactName::Producer, format_args!("openvino {version}"));
            }
            "layer" | "Layer" => {
                let set = attribute(attributes, "version").unwrap_or_default();
                let kind = attribute(attributes, "type").unwrap_or_default();
                let is_foreign = !set.is_empty() && !OWN_SET.is_match(set) || kind.eq_ignore_ascii_case("python");
                if is_foreign && foreign.len() < FINDINGS_MAX {
                    foreign.insert(if set.is_empty() { kind.to_owned() } else { format!("{set}::{kind}") });
                }
            }
            // Constants lie in the file beside it, at an offset.
            _ if attribute(attributes, "offset").is_some() => {
                let shape = attribute(attributes, "shape").unwrap_or_default();
                let sizes = shape.split(',').filter_map(|size| size.trim().parse::<u64>().ok());
                let elements = sizes.take(tensors::DIMENSIONS_MAX as usize).fold(1, u64::saturating_mul);
                count.add(&type_name(attribute(attributes, "element_type").unwrap_or("other")), elements);
            }
            _ => {}
        }
    }
    report.fact(FactName::Library, "openvino");
    count.report(report);
    for name in foreign {
        report.add(finding(&codes::APPLICATION_CODE, report.whole()).with("name", name));
    }
}

fn attribute<'t>(attributes: &'t str, name: &str) -> Option<&'t str> {
    let found = ATTRIBUTE.captures_iter(attributes).find(|found| &found[1] == name)?;
    found.get(2).or(found.get(3)).map(|value| value.as_str())
}

/// The name of a type as the other formats write it: `f32` is `F32`.
fn type_name(element_type: &str) -> String {
    match element_type {
        "boolean" => "BOOL".to_owned(),
        other => other.chars().take(16).collect::<String>().to_ascii_uppercase(),
    }
}
