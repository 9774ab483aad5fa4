//! Templates and configuration as text: Jinja, YAML, XML.

use std::sync::LazyLock;

use regex::Regex;
use sakimori_model::{Kind, Place};

use crate::artefact::{codes, template};
use crate::catalogue::finding;
use crate::recognise::kinds;
use crate::report::Report;
use crate::source::{Source, read_up_to};

/// Tags of YAML with which PyYAML makes Python objects.
static PYTHON_TAG: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?:!!|tag:yaml\.org,2002:)python/(?:object|name|module|apply)[\w/]*(?::[\w.]+)?")
        .expect("the pattern is a constant")
});
/// A key of YAML under which a template stands.
static TEMPLATE_KEY: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"(?m)^[\s-]*["']?\w*template\w*["']?\s*:"#).expect("the pattern is a constant"));
/// Layers of OpenVINO models that name a library of their own.
static LIBRARY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"<(?:layer|extension|library)\b[^>]*?\b(?:library|path|lib)\s*=\s*["']([^"']{1,1000})["']"#)
        .expect("the pattern is a constant")
});

/// Examines text of these kinds. Returns whether it is one.
pub fn examine(kind: &Kind, source: &dyn Source, report: &mut Report<'_>) -> bool {
    let model_xml = |text: &str| text.contains("<net ") && text.contains("<layers");
    if ![kinds::JINJA, kinds::YAML, kinds::XML].contains(kind) {
        return false;
    }
    let text = match read_text(source, report) {
        Ok(text) => text,
        Err(e) => {
            report.unreadable(&e);
            return true;
        }
    };
    if *kind == kinds::XML {
        let model = model_xml(&text);
        if model {
            report.ran("openvino", 1);
            libraries(&text, report);
            if !text.contains("</net>") {
                report.unreadable(&"the model description ends before </net>");
            }
        }
        return model;
    }
    // Workflows and playbooks are full of braces: in YAML a key has to say that there is a template.
    if (*kind == kinds::JINJA || TEMPLATE_KEY.is_match(&text))
        && let Some(hazard) = template::hazard(&text)
    {
        template::report(&hazard, place_in(&text, hazard.offset, report), report);
    }
    if *kind == kinds::YAML {
        python_tags(&text, report);
    }
    report.ran("template", 1);
    true
}

fn read_text(source: &dyn Source, report: &mut Report<'_>) -> std::io::Result<String> {
    let max = report.limits().member_bytes_max;
    let bytes = read_up_to(source, 0, usize::try_from(max).unwrap_or(usize::MAX))?;
    if source.size() > max {
        report.over("member_bytes_max", max);
    }
    Ok(match encoding_rs::Encoding::for_bom(&bytes) {
        Some((encoding, skip)) => encoding.decode_without_bom_handling(&bytes[skip..]).0.into_owned(),
        None => String::from_utf8_lossy(&bytes).into_owned(),
    })
}

fn python_tags(text: &str, report: &mut Report<'_>) {
    if let Some(found) = PYTHON_TAG.find(text) {
        let place = place_in(text, found.start(), report);
        report.add(finding(&codes::YAML_PYTHON_TAG, place).with("name", found.as_str()));
    }
}

fn libraries(text: &str, report: &mut Report<'_>) {
    if let Some(found) = LIBRARY.captures(text) {
        let place = place_in(text, found.get(0).map_or(0, |m| m.start()), report);
        report.add(finding(&codes::MODEL_LIBRARY, place).with("name", &found[1]));
    }
}

/// Line and column of an offset.
fn place_in(text: &str, offset: usize, report: &Report<'_>) -> Place {
    let before = text.get(..offset).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Place::Text { member: report.path(), line: number(line), column: number(column) }
}
