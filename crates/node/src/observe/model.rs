//! The files of a model, walked and hashed as its signature wants them.

use std::io;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use sakimori_proof::limits::MODEL_RESOURCES_MAX;
use sakimori_proof::model_signing::{
    Granularity, Manifest, Resource, ResourceError, ResourcePath, Serialization, Sha256Digest, Symlinks,
};
use sha2::{Digest as _, Sha256};
use walkdir::{DirEntry, WalkDir};

use super::{Opened, path_text};
use crate::flow::Progress;
use sakimori_examine::source::Source as _;

/// Bytes read at once by each thread.
const CHUNK_BYTES: usize = 256 * 1024;

/// What a folder or a file holds, as a signature sees it.
#[derive(Debug, Default)]
pub struct ModelTree {
    /// The files that a signature covers, sorted by the components of their paths.
    pub files: Vec<ModelFile>,
    /// What is ignored and so is no part of what is signed: files, and folders with all that is in them.
    pub ignored: Vec<ResourcePath>,
    /// What can't be part of a model.
    pub refused: Vec<Refused>,
}

/// A file of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelFile {
    /// Its name in the model.
    pub name: ResourcePath,
    /// Where it lies.
    pub path: PathBuf,
}

/// Something that can't be part of a model.
#[derive(Debug)]
pub struct Refused {
    /// Where it lies.
    pub path: PathBuf,
    /// Why.
    pub why: RefusedWhy,
}

/// Why something can't be part of a model.
#[derive(Debug)]
pub enum RefusedWhy {
    /// A symbolic link, where they are not followed, or one to a folder.
    Symlink,
    /// A device, a pipe or a socket.
    Special,
    /// A name that is not UTF-8, or that a signature can't hold.
    Name(ResourceError),
    /// It can't be read.
    Unreadable(io::Error),
    /// It changed while it was hashed.
    Changed,
    /// More files or ranges than [`MODEL_RESOURCES_MAX`].
    TooMany,
}

/// Walks a model, which is a folder or one file. What is ignored is listed, and not looked into.
#[must_use]
pub fn walk_model(root: &Path, serialization: &Serialization) -> ModelTree {
    let mut tree = ModelTree::default();
    let mut entries = WalkDir::new(root).sort_by_file_name().into_iter();
    while let Some(entry) = entries.next() {
        if tree.files.len() + tree.refused.len() + tree.ignored.len() >= MODEL_RESOURCES_MAX {
            tree.refused.push(Refused { path: root.to_owned(), why: RefusedWhy::TooMany });
            break;
        }
        match entry {
            Ok(entry) => {
                if let Some(Skip) = tree.take(root, &entry, serialization) {
                    entries.skip_current_dir();
                }
            }
            Err(error) => {
                let path = error.path().unwrap_or(root).to_owned();
                let why = RefusedWhy::Unreadable(error.into_io_error().unwrap_or_else(|| io::Error::other("a loop")));
                tree.refused.push(Refused { path, why });
            }
        }
    }
    tree.files.sort_by(|a, b| a.name.cmp(&b.name));
    tree.ignored.sort();
    tree
}

/// Hashes the files of a model in parallel, each read once, a chunk at a time. `progress` is told of bytes and files.
///
/// # Errors
/// The first file that can't be read, that changed meanwhile, or whose name doesn't fit the kind of signature.
pub fn hash_model(
    files: &[ModelFile],
    serialization: &Serialization,
    progress: &dyn Progress,
) -> Result<Manifest, Refused> {
    progress.inputs(files.len());
    let hashed: Result<Vec<Vec<(Resource, Sha256Digest)>>, Refused> = files
        .par_iter()
        .map(|file| {
            let refused = |why| Refused { path: file.path.clone(), why };
            let opened = Opened::file(&file.path).map_err(|error| refused(RefusedWhy::Unreadable(error)))?;
            let shards = shards(file, opened.source.size(), serialization.granularity).map_err(refused)?;
            let digests = shards.into_iter().map(|(resource, start, end)| {
                sha256_of_range(&opened, start, end, progress).map(|digest| (resource, digest))
            });
            let digests: io::Result<Vec<_>> = digests.collect();
            let digests = digests.map_err(|error| refused(RefusedWhy::Unreadable(error)))?;
            if opened.changed() {
                return Err(refused(RefusedWhy::Changed));
            }
            progress.examined(file.name.as_str());
            Ok(digests)
        })
        .collect();
    let resources = hashed?.into_iter().flatten();
    Manifest::new(serialization.clone(), resources)
        .map_err(|(resource, why)| Refused { path: PathBuf::from(resource.to_string()), why: RefusedWhy::Name(why) })
}

/// A folder is not looked into.
struct Skip;

impl ModelTree {
    fn take(&mut self, root: &Path, entry: &DirEntry, serialization: &Serialization) -> Option<Skip> {
        let mut refuse = |why| self.refused.push(Refused { path: entry.path().to_owned(), why });
        let name = match name_in(root, entry.path()) {
            Ok(name) => name,
            Err(why) => {
                refuse(RefusedWhy::Name(why));
                return entry.file_type().is_dir().then_some(Skip);
            }
        };
        if serialization.is_ignored(&name) {
            self.ignored.push(name);
            return entry.file_type().is_dir().then_some(Skip);
        }
        // A link to the model itself is how its user names it; what is signed lies behind it.
        let is_inner_link = entry.depth() > 0 && entry.path_is_symlink();
        if is_inner_link && (serialization.symlinks == Symlinks::Refused || entry.path().is_dir()) {
            refuse(RefusedWhy::Symlink);
            return None;
        }
        match std::fs::metadata(entry.path()) {
            Ok(metadata) if metadata.is_dir() => {}
            Ok(metadata) if metadata.is_file() => self.files.push(ModelFile { name, path: entry.path().to_owned() }),
            Ok(_) => refuse(RefusedWhy::Special),
            Err(error) => refuse(RefusedWhy::Unreadable(error)),
        }
        None
    }
}

fn name_in(root: &Path, path: &Path) -> Result<ResourcePath, ResourceError> {
    let relative = path.strip_prefix(root).unwrap_or(path);
    if relative.as_os_str().is_empty() {
        return Ok(ResourcePath::whole());
    }
    relative.to_str().ok_or(ResourceError::NotPlain)?.parse()
}

fn shards(file: &ModelFile, size: u64, granularity: Granularity) -> Result<Vec<(Resource, u64, u64)>, RefusedWhy> {
    let Granularity::Shards { bytes } = granularity else {
        return Ok(vec![(Resource::file(file.name.clone()), 0, size)]);
    };
    if file.name.as_str().contains(':') {
        return Err(RefusedWhy::Name(ResourceError::Range));
    }
    if size.div_ceil(bytes.max(1)) > MODEL_RESOURCES_MAX as u64 {
        return Err(RefusedWhy::TooMany);
    }
    let step = usize::try_from(bytes.max(1)).unwrap_or(usize::MAX);
    let ranges = (0..size).step_by(step).map(|start| (start, start.saturating_add(bytes).min(size)));
    let of = |(start, end)| (Resource { path: file.name.clone(), range: Some((start, end)) }, start, end);
    Ok(ranges.map(of).collect())
}

fn sha256_of_range(opened: &Opened, start: u64, end: u64, progress: &dyn Progress) -> io::Result<Sha256Digest> {
    let mut hasher = Sha256::new();
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut offset = start;
    while offset < end {
        let most = usize::try_from(end - offset).map_or(CHUNK_BYTES, |left| left.min(CHUNK_BYTES));
        let count = opened.source.read_at(offset, &mut chunk[..most])?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        hasher.update(&chunk[..count]);
        offset += count as u64;
        progress.bytes(count as u64);
    }
    Ok(hasher.finalize().into())
}

/// For people: what and why.
impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let path = path_text(&self.path);
        match &self.why {
            RefusedWhy::Symlink => write!(f, "{path}: a symbolic link, which this signature does not cover"),
            RefusedWhy::Special => write!(f, "{path}: neither a file nor a folder"),
            RefusedWhy::Name(why) => write!(f, "{path}: {why}"),
            RefusedWhy::Unreadable(error) => write!(f, "{path}: {error}"),
            RefusedWhy::TooMany => write!(f, "{path}: more than {MODEL_RESOURCES_MAX} files or ranges"),
            RefusedWhy::Changed => write!(f, "{path}: it changed while it was read"),
        }
    }
}
