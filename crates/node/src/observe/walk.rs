//! From the paths that a user names to the inputs behind them.

use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::Unobserved;

/// Something to observe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A file.
    File(PathBuf),
    /// Standard input.
    Stdin,
    /// Something that can't be read as bytes, and why. It is reported, never passed over.
    Unreadable(Unobserved),
}

/// Walks the paths in the order given; the files of a folder come in the order of their names. `-` is standard input.
/// The node's own folder is left out. Symbolic links to files are read, as caches of models consist of them; links to
/// folders are reported and not followed, because they may lead in a circle.
#[must_use]
pub fn walk(paths: &[PathBuf], own_folder: &Path) -> Vec<Input> {
    let own = own_folder.canonicalize().ok();
    let mut inputs = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            inputs.push(Input::Stdin);
        } else if path.is_dir() {
            walk_folder(path, own.as_deref(), &mut inputs);
        } else {
            inputs.push(Input::File(path.clone()));
        }
    }
    inputs
}

/// A path as text. Bytes that are not UTF-8, as names from other systems have them, are shown as `\xNN`, so that
/// different names stay different.
#[must_use]
pub fn path_text(path: &Path) -> String {
    let mut text = String::new();
    for chunk in path.as_os_str().as_encoded_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        chunk.invalid().iter().for_each(|byte| text.push_str(&format!("\\x{byte:02x}")));
    }
    text
}

fn walk_folder(root: &Path, own: Option<&Path>, inputs: &mut Vec<Input>) {
    let is_own = |path: &Path| own.is_some_and(|own| path.canonicalize().is_ok_and(|path| path == own));
    let entries = WalkDir::new(root).sort_by_file_name().into_iter();
    for entry in entries.filter_entry(|entry| !(entry.file_type().is_dir() && is_own(entry.path()))) {
        match entry {
            Ok(entry) if entry.file_type().is_dir() => {}
            Ok(entry) if entry.path_is_symlink() && entry.path().is_dir() => {
                inputs.push(unreadable(entry.path(), "a symbolic link to a folder is not followed"));
            }
            Ok(entry) => inputs.push(Input::File(entry.into_path())),
            Err(error) => {
                let path = error.path().unwrap_or(root).to_owned();
                inputs.push(unreadable(&path, &error.to_string()));
            }
        }
    }
}

fn unreadable(path: &Path, why: &str) -> Input {
    Input::Unreadable(Unobserved { path: path_text(path), why: why.to_owned() })
}
