//! The files of a folder, looked up by path and read as JSON, YAML or text.

use std::collections::BTreeMap;

use sakimori_model::{Code, FactName};
use serde_json::Value;

use crate::artefact::decoded;
use crate::catalogue::finding;
use crate::report::Report;
use crate::repository::RepositoryFile;
use crate::sigma::yaml::{Node, documents};

/// The files of a folder by their paths.
pub(crate) struct Folder<'a> {
    files: &'a [RepositoryFile<'a>],
    by_path: BTreeMap<&'a str, &'a RepositoryFile<'a>>,
}

impl<'a> Folder<'a> {
    /// A view of these files.
    pub fn new(files: &'a [RepositoryFile<'a>]) -> Self {
        Self { files, by_path: files.iter().map(|file| (file.path, file)).collect() }
    }

    /// All files, in the order of their paths.
    pub fn files(&self) -> impl Iterator<Item = &'a RepositoryFile<'a>> {
        self.files.iter()
    }

    /// True when there is a file with this path.
    pub fn has(&self, path: &str) -> bool {
        self.by_path.contains_key(path)
    }

    /// The files with this name in any part of the folder, read as JSON objects.
    pub fn json_named(&self, is: impl Fn(&str) -> bool) -> impl Iterator<Item = (&'a str, Value)> {
        self.files.iter().filter(move |file| is(name(file.path))).filter_map(|file| Some((file.path, json(file)?)))
    }
}

/// The text of a file, if it was handed over.
pub(crate) fn text(file: &RepositoryFile<'_>) -> Option<String> {
    file.bytes.map(|bytes| decoded(bytes.to_vec()))
}

/// A file as JSON. That it can't be read as such has been said where it was examined alone.
fn json(file: &RepositoryFile<'_>) -> Option<Value> {
    serde_json::from_str(&text(file)?).ok()
}

/// A file as YAML: its first document.
pub(crate) fn yaml(file: &RepositoryFile<'_>) -> Option<Node> {
    documents(file.bytes?).ok()?.into_iter().next()
}

/// The last step of a path.
pub(crate) fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

/// What stands before the last step of a path, with its slash: empty at the top.
pub(crate) fn parent(path: &str) -> &str {
    &path[..path.len() - name(path).len()]
}

/// The end of a name behind its last full stop, in small letters.
pub(crate) fn extension(path: &str) -> String {
    name(path).rsplit_once('.').map(|(_, end)| end.to_ascii_lowercase()).unwrap_or_default()
}

/// True for a path that leads out of the folder that it is relative to.
pub(crate) fn escapes(path: &str) -> bool {
    let drive = path.as_bytes().get(1) == Some(&b':');
    path.starts_with(['/', '\\', '~'])
        || drive
        || path.contains("://")
        || path.split(['/', '\\']).any(|step| step == "..")
}

/// Adds a finding about a file as a whole.
pub(crate) fn tell(report: &mut Report<'_>, path: &str, code: &Code, params: &[(&str, &str)]) {
    if report.enter(path).is_ok() {
        let told = finding(code, report.whole());
        report.add(params.iter().fold(told, |told, (name, value)| told.with(name, value)));
    }
    report.leave();
}

/// Notes what a file says.
pub(crate) fn note<V: std::fmt::Display>(
    report: &mut Report<'_>,
    path: &str,
    facts: impl IntoIterator<Item = (FactName, V)>,
) {
    if report.enter(path).is_ok() {
        facts.into_iter().for_each(|(name, value)| report.fact(name, value));
    }
    report.leave();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        assert_eq!((parent("a/b.c"), name("a/b.c"), extension("a/b.C").as_str()), ("a/", "b.c", "c"));
        assert_eq!((parent("b"), name("b"), extension("b").as_str()), ("", "b", ""));
        for path in ["../a", "a/../../b", "/etc/passwd", "C:\\a", "a\\..\\b", "https://a", "~/a"] {
            assert!(escapes(path), "{path}");
        }
        for path in ["a", "a/b.c", "..a", "a..b", "model-00001-of-00002.safetensors"] {
            assert!(!escapes(path), "{path}");
        }
    }
}
