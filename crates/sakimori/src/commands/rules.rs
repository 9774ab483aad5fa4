//! Sigma rules from files and folders, with diagnostics for those that can't be used.

use std::fs;
use std::path::{Path, PathBuf};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use sakimori_examine::sigma::{RULE_FILE_BYTES_MAX, RuleError, RuleSet};
use sakimori_model::Lang;
use walkdir::WalkDir;

use crate::cli::{Chatter, Context};
use crate::failure::Failure;
use crate::words::{harmless, knows, say};

/// Diagnostics that are shown in full; of more, the number is shown.
const DIAGNOSTICS_MAX: usize = 5;

/// The built-in rules and those of these files and folders.
pub fn with_builtin(context: &Context, paths: &[PathBuf]) -> Result<RuleSet, Failure> {
    let builtin = RuleSet::builtin();
    if paths.is_empty() { Ok(builtin.clone()) } else { Ok(load(context, paths)?.merge(builtin)) }
}

/// The rules of these files and folders. Rules that can't be used are shown on standard error; the others work.
pub fn load(context: &Context, paths: &[PathBuf]) -> Result<RuleSet, Failure> {
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    for path in paths {
        let before = files.len();
        for file in rule_files(path)? {
            let bytes = read_bounded(&file).map_err(|error| Failure::file(&file, error))?;
            files.push((file.display().to_string(), bytes));
        }
        if files.len() == before {
            return Err(Failure::said("SKM-E-0018", "detect.no-rules", &[("path", &path.display())]));
        }
    }
    let named = files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()));
    let (rules, errors) = RuleSet::compile(named);
    if context.chatter == Chatter::Normal {
        show(context, &errors, &files);
    }
    if rules.is_empty() {
        let first = errors.first().map_or_else(String::new, |error| told(context.lang, error).0);
        return Err(Failure::said("SKM-E-0018", "detect.rules-useless", &[("why", &first)]));
    }
    Ok(rules)
}

fn rule_files(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    for entry in WalkDir::new(path).sort_by_file_name() {
        let entry = entry.map_err(|error| Failure::file(path, error.into()))?;
        let is_yaml = entry.path().extension().is_some_and(|e| e == "yml" || e == "yaml");
        if entry.file_type().is_file() && is_yaml {
            found.push(entry.into_path());
        }
    }
    Ok(found)
}

/// A file, cut one byte above the limit so that the compiler of rules sees that it is too large.
fn read_bounded(path: &Path) -> std::io::Result<Vec<u8>> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(RULE_FILE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn show(context: &Context, errors: &[RuleError], files: &[(String, Vec<u8>)]) {
    for error in errors.iter().take(DIAGNOSTICS_MAX) {
        let source = files.iter().find(|(name, _)| *name == error.file).map(|(_, bytes)| bytes.as_slice());
        eprintln!("{}", diagnostic(context.lang, error, &String::from_utf8_lossy(source.unwrap_or_default())));
    }
    if !errors.is_empty() {
        let warning = say(context.lang, "failure.warning", &[]);
        eprintln!("{warning}: {}", say(context.lang, "detect.rules-failed", &[("count", &errors.len())]));
    }
}

/// What is wrong with a rule, and what to do. In Japanese both are told by the code; the place is shown beside them.
fn told(lang: Lang, error: &RuleError) -> (String, String) {
    let id = format!("error.sigma.{}", error.code.trim_start_matches("sigma::"));
    match lang {
        Lang::Ja if knows(&id) => (say(lang, &id, &[]), say(lang, &format!("{id}.help"), &[])),
        _ => (harmless(&error.message), harmless(&error.help)),
    }
}

/// A rule's error as the compilers of programming languages show theirs.
fn diagnostic(lang: Lang, error: &RuleError, source: &str) -> String {
    let (message, help) = told(lang, error);
    let (warning, hint) = (say(lang, "failure.warning", &[]), say(lang, "failure.help", &[]));
    let span = error.position.bytes.clone().filter(|span| source.get(span.clone()).is_some());
    let title = Level::WARNING.with_name(warning.as_str()).primary_title(message.as_str()).id(error.code);
    let group = match span {
        Some(span) => {
            let snippet =
                Snippet::source(source).path(error.file.as_str()).annotation(AnnotationKind::Primary.span(span));
            title.element(snippet)
        }
        None => Group::with_title(title).element(
            Level::NOTE.no_name().message(format!("{}:{}:{}", error.file, error.position.line, error.position.column)),
        ),
    };
    let report = &[group.element(Level::HELP.with_name(hint.as_str()).message(help.as_str()))];
    Renderer::plain().render(report).to_string()
}
