//! What a backup says about itself.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use sakimori_model::{Digest, Timestamp};
use sakimori_proof::{Checkpoint, Tile};
use serde::{Deserialize, Serialize};

use super::error::BackupError;
use super::{CONFIG, MANIFEST};

/// The form of a manifest; another version has another one.
const MEDIA_TYPE: &str = "application/vnd.sakimori.backup.v1+json";
/// Bytes of a manifest: enough for a log of 200 million entries.
const MANIFEST_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// What a backup says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Manifest {
    media_type: String,
    /// When it was made.
    pub made: Timestamp,
    /// The version of the program that made it.
    pub program: String,
    /// The log's origin.
    pub origin: String,
    /// Entries in the log.
    pub size: u64,
    /// The root over them, as a checkpoint has it.
    pub root: String,
    /// Every file but the manifest, by path.
    pub files: Vec<FileEntry>,
}

/// A file of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    /// Its path below the folder, with `/` between parts.
    pub path: String,
    /// Its length.
    pub bytes: u64,
    /// Its digest.
    pub sha256: Digest,
}

impl Manifest {
    pub(super) fn new(made: Timestamp, checkpoint: &Checkpoint, files: Vec<FileEntry>) -> Self {
        Self {
            media_type: MEDIA_TYPE.to_owned(),
            made,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            origin: checkpoint.origin.clone(),
            size: checkpoint.size,
            root: checkpoint.root.to_string(),
            files,
        }
    }

    /// Bytes of all files.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).fold(0, u64::saturating_add)
    }

    /// True when the configuration is in it.
    #[must_use]
    pub fn has_config(&self) -> bool {
        self.files.iter().any(|file| file.path == CONFIG)
    }

    pub(super) fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|json| json + "\n")
    }

    /// Reads the manifest of the backup in this folder.
    pub(super) fn read(folder: &Path) -> Result<Self, BackupError> {
        let path = folder.join(MANIFEST);
        let not = |what: String| BackupError::NotABackup { path: path.clone(), what };
        let mut text = String::new();
        let read = File::open(&path).and_then(|file| file.take(MANIFEST_BYTES_MAX).read_to_string(&mut text));
        read.map_err(|error| not(error.to_string()))?;
        let manifest: Self = serde_json::from_str(&text).map_err(|error| not(error.to_string()))?;
        if manifest.media_type != MEDIA_TYPE {
            return Err(not(format!("its form is {:?}, and this program knows {MEDIA_TYPE:?}", manifest.media_type)));
        }
        let has = |name: &str| manifest.files.iter().filter(|file| file.path == name).count() == 1;
        if let Some(name) = ["key", "state.db", "log/checkpoint"].into_iter().find(|name| !has(name)) {
            return Err(not(format!("it names no {name}")));
        }
        match manifest.files.iter().find(|file| !is_ours(&file.path)) {
            Some(file) => Err(not(format!("it names {:?}, which is no file of a backup", file.path))),
            None => Ok(manifest),
        }
    }
}

/// True for the files that a backup has: nothing else is ever written into a node's folder.
fn is_ours(path: &str) -> bool {
    let is_tile = || path.strip_prefix("log/").and_then(Tile::parse).is_some();
    ["key", "state.db", "log/checkpoint", CONFIG].contains(&path) || is_tile()
}
