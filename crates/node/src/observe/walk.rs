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

/// The files of a folder that is looked at as one.
#[derive(Debug, Default)]
pub struct Walked {
    /// The files, in the order of the steps of their paths.
    pub files: Vec<WalkedFile>,
    /// What is there and can't be read as bytes, or must not be: its path is that below the folder.
    pub unread: Vec<Unobserved>,
    /// What was left out on purpose: paths below the folder.
    pub left_out: Vec<String>,
    /// There are more files than `files_max`: the rest is not listed.
    pub is_cut: bool,
}

/// A file of a folder that is looked at as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalkedFile {
    /// Its path below the folder as text, steps joined by `/`.
    pub path: String,
    /// Where its bytes are. For a symbolic link this is what it leads to, so that the link can't be turned meanwhile.
    pub bytes: PathBuf,
}

/// Walks a folder whose files belong together, such as a model's. At most `files_max` entries are listed. Left out are `own`
/// (the node's folder) and the `.git` of the folder itself, as signing leaves it out (OpenSSF Model Signing v1.0, "ignore
/// paths"). A symbolic link is read where it stays inside of the folder, or leads to the store of a Hugging Face cache, which
/// keeps all files that way (`models--org--name/snapshots/revision/file` → `../../blobs/digest`). Any other one is not:
/// whoever sends a folder must not choose which files of this machine are read.
#[must_use]
pub fn walk_as_one(root: &Path, own: Option<&Path>, files_max: usize) -> Walked {
    let canonical = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let roots = [Some(canonical.clone()), cache_store(&canonical)];
    let own = own.and_then(|own| own.canonicalize().ok());
    let mut walked = Walked::default();
    let mut entries = WalkDir::new(root).sort_by_file_name().into_iter();
    while let Some(entry) = entries.next() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let path = below(root, error.path().unwrap_or(root));
                walked.unread.push(unlisted(&path, &error));
                continue;
            }
        };
        let path = below(root, entry.path());
        if entry.file_type().is_dir() {
            let is_own = own.is_some() && entry.path().canonicalize().ok() == own;
            if is_own || path == ".git" {
                entries.skip_current_dir();
                walked.left_out.push(path);
            }
        } else if walked.files.len() + walked.unread.len() >= files_max {
            walked.is_cut = true;
            break;
        } else {
            match bytes_of(&entry, &path, &roots) {
                Ok(bytes) => walked.files.push(WalkedFile { path, bytes }),
                Err(unread) => walked.unread.push(unread),
            }
        }
    }
    walked.files.sort_by(|a, b| a.path.split('/').cmp(b.path.split('/')));
    walked
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
                inputs.push(Input::Unreadable(Unobserved::unfit(&path_text(entry.path()), "link-to-folder")));
            }
            Ok(entry) => inputs.push(Input::File(entry.into_path())),
            Err(error) => {
                let path = path_text(error.path().unwrap_or(root));
                inputs.push(Input::Unreadable(unlisted(&path, &error)));
            }
        }
    }
}

/// Where the bytes of an entry are, or why they are not read.
fn bytes_of(entry: &walkdir::DirEntry, path: &str, roots: &[Option<PathBuf>]) -> Result<PathBuf, Unobserved> {
    if !entry.path_is_symlink() {
        return Ok(entry.path().to_owned());
    }
    let target = entry.path().canonicalize().map_err(|error| Unobserved::broken_link(path, &error))?;
    if target.is_dir() {
        return Err(Unobserved::unfit(path, "link-to-folder"));
    }
    if !roots.iter().flatten().any(|root| target.starts_with(root)) {
        return Err(Unobserved::unfit(path, "link-out"));
    }
    Ok(target)
}

/// The store beside a snapshot of a Hugging Face cache.
fn cache_store(root: &Path) -> Option<PathBuf> {
    let snapshots = root.parent().filter(|parent| parent.file_name().is_some_and(|name| name == "snapshots"))?;
    let repository = snapshots.parent()?;
    let is_cache = repository.file_name()?.to_str()?.starts_with("models--");
    is_cache.then(|| repository.join("blobs"))
}

/// A path below the folder as text; the folder itself is `.`.
fn below(root: &Path, path: &Path) -> String {
    let steps: Vec<String> = path.strip_prefix(root).unwrap_or(path).iter().map(|s| path_text(Path::new(s))).collect();
    if steps.is_empty() { ".".to_owned() } else { steps.join("/") }
}

/// What the system said, without the path: that of this machine must not get into a report.
fn unlisted(path: &str, error: &walkdir::Error) -> Unobserved {
    match error.io_error() {
        Some(error) => Unobserved::unread(path, error),
        None => Unobserved::unfit(path, "loop"),
    }
}
