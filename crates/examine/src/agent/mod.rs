//! Packages for agents, and what comes with them: settings that start servers, definitions of tools, skills, standing
//! instructions, notebooks, lists of what is to be installed, and programs.
//!
//! Each is recognised by what stands in it ([`kinds`]), read once into a tree ([`doc`]) and judged by tables in `data/`:
//! what is said to the model ([`texts`]), what is started ([`command`]) and what programs do ([`python`]).

pub mod codes;
mod command;
mod config;
mod doc;
mod framework;
mod judge;
pub mod kinds;
mod links;
mod markdown;
mod notebook;
mod python;
mod requirements;
mod script;
mod texts;
mod tools;
mod wording;

use sakimori_model::Kind;

use crate::Settings;
use crate::artefact::{self, decoded};
use crate::recognise::kinds as general;
use crate::report::Report;
use crate::source::{Source, read_up_to};

use doc::Doc;
use judge::Judge;
pub(crate) use texts::decoded as from_base64;

/// Goes up when the same bytes may give other findings.
const VERSION: u32 = 2;
/// Bytes of a document of this family; a larger one is not taken for one.
pub(crate) const SOURCE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Examines `source` if its kind is one of this family. Returns whether it is.
pub fn examine(kind: &Kind, source: &dyn Source, settings: &Settings, report: &mut Report<'_>) -> bool {
    if !kinds::ALL.contains(kind) {
        return false;
    }
    let max = usize::try_from(SOURCE_BYTES_MAX).unwrap_or(usize::MAX);
    let text = match read_up_to(source, 0, max) {
        Ok(bytes) => decoded(bytes),
        Err(error) => {
            report.unreadable(&error);
            return true;
        }
    };
    if source.size() > SOURCE_BYTES_MAX {
        report.over("agent_source_bytes_max", SOURCE_BYTES_MAX);
    }
    report.ran("agent", VERSION);
    let mut judge = Judge::new(report, &text);
    match kind.as_str() {
        "agent-skill" | "agent-rules" => markdown::judge(&mut judge, &text),
        "requirements" => requirements::judge_list(&mut judge, &text),
        "python-source" => {
            python::judge_text(&mut judge, &text);
            // Comments and strings of a program are read by agents too.
            texts::judge(&mut judge, "program", &text, texts::Audience::Program);
        }
        "shell-source" => script::judge_shell(&mut judge, &text),
        "javascript-source" => script::judge_javascript(&mut judge, &text),
        "program-source" => script::judge_other(&mut judge, &text),
        _ => match document(&text) {
            Some(doc) => judge_document(kind, &doc, &mut judge),
            None => report.unreadable(&"neither JSON nor YAML nor TOML"),
        },
    }
    // What else may lie in it: templates, tags and imports that loaders of configurations act on, an archive behind it.
    if [kinds::PYTHON, kinds::SHELL, kinds::JAVASCRIPT, kinds::SOURCE].contains(kind) {
        // Words of a program are no settings, whatever they look like.
        artefact::examine(&general::SCRIPT, source, settings, report);
        return true;
    }
    let json = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
    let general = if json { general::JSON } else { general::YAML };
    artefact::examine(&general, source, settings, report);
    true
}

/// Judges a text that lies beside a skill or standing instructions, as the agent may read it.
pub(crate) fn examine_beside(text: &str, report: &mut Report<'_>) {
    report.ran("agent", VERSION);
    markdown::judge_beside(&mut Judge::new(report, text), text);
}

fn document(text: &str) -> Option<Doc> {
    let by_form = |doc: &Doc| kinds::form(doc).is_some();
    Doc::from_json(text).or_else(|| Doc::from_toml(text).filter(by_form)).or_else(|| Doc::from_yaml(text))
}

fn judge_document(kind: &Kind, doc: &Doc, judge: &mut Judge<'_, '_>) {
    config::doubled(judge, doc);
    match kind.as_str() {
        "mcp-config" => config::judge(judge, doc),
        "mcp-manifest" => {
            config::manifest(judge, doc);
            tools::judge(judge, doc);
        }
        "tool-definitions" => tools::judge(judge, doc),
        "agent-card" | "plugin-manifest" => tools::describes(judge, doc),
        "agent-config" => framework::judge(judge, doc),
        "notebook" => notebook::judge(judge, doc),
        "python-project" => requirements::judge_project(judge, doc),
        "conda-environment" => requirements::judge_environment(judge, doc),
        "npm-package" => requirements::judge_npm(judge, doc),
        _ => judge.report.no_examiner(kind.as_str()),
    }
}

/// The signs of orders to a model in a text that describes, as words of `data/wording.toml`; for measuring the detector.
#[must_use]
pub fn orders_in(text: &str) -> Vec<String> {
    wording::orders(text).into_iter().map(|order| format!("{:?}", order.sign).to_lowercase()).collect()
}

/// Gives the bytes to every reader of the family as if they had been recognised as its kind; for fuzzing.
pub(crate) fn examine_as_all(source: &dyn Source, settings: &Settings, report: &mut Report<'_>) {
    for kind in kinds::ALL {
        examine(kind, source, settings, report);
    }
}
