//! The way back: a node from a backup, verified before it counts.

use std::fs;
use std::path::{Path, PathBuf};

use sakimori_proof::{Checkpoint, CheckpointError};
use sakimori_store::Store;

use super::{BackupError, Draft, Manifest, OnProgress, Progress, copy_file, is_free, sync_folder, sync_folders};
use crate::act::parent_of;
use crate::audit::verify_log;
use crate::node::Node;
use crate::observe::now;

/// What is done with a folder that is not empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Home {
    /// It is refused.
    MustBeFree,
    /// It is kept under another name.
    SetAside,
}

/// What is known of the log beside the backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// Nothing: an older backup than it should be can't be told.
    Nothing,
    /// A signed checkpoint, beyond which the backup must reach.
    Checkpoint(String),
    /// A signed checkpoint, and the word that the backup may be older.
    CheckpointOrOlder(String),
}

/// What was restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// What the backup says about itself.
    pub manifest: Manifest,
    /// Where the folder that was there is now.
    pub set_aside: Option<PathBuf>,
    /// The entries that the log had by the checkpoint, where the backup has fewer.
    pub missing_from: Option<u64>,
}

/// Makes a node in the folder `home` from a backup. Nothing is there before everything was verified.
///
/// # Errors
/// Then `home` is as it was.
pub fn restore(
    folder: &Path,
    home: &Path,
    if_occupied: Home,
    known: &Known,
    on: OnProgress<'_>,
) -> Result<Restored, BackupError> {
    let is_free = is_free(home)?;
    if !is_free && if_occupied == Home::MustBeFree {
        return Err(BackupError::HomeOccupied { path: home.to_owned() });
    }
    // A service that goes on in a folder that was renamed under it would write records that nobody looks for.
    if Store::is_in_use(&home.join("state.db")) {
        return Err(BackupError::HomeInUse { path: home.to_owned() });
    }
    let draft = Draft::beside(home)?;
    let manifest = unpack(folder, draft.path(), on)?;
    let missing_from = compare(draft.path(), &manifest, known)?;
    sync_folders(draft.path())?;
    let set_aside = if is_free { None } else { Some(set_aside(home)?) };
    // A crash here leaves the old folder under its other name and no node: nothing is lost, and nothing is half there.
    draft.become_folder(home)?;
    Ok(Restored { manifest, set_aside, missing_from })
}

/// Verifies a backup as [`restore`] does, in a folder that is removed again.
///
/// # Errors
/// What is wrong with it.
pub fn verify(folder: &Path, known: &Known, on: OnProgress<'_>) -> Result<Restored, BackupError> {
    let scratch = tempfile::tempdir().map_err(BackupError::io(&std::env::temp_dir()))?;
    let manifest = unpack(folder, scratch.path(), on)?;
    let missing_from = compare(scratch.path(), &manifest, known)?;
    Ok(Restored { manifest, set_aside: None, missing_from })
}

/// Copies a backup into an empty folder and verifies what is there then.
fn unpack(folder: &Path, into: &Path, on: OnProgress<'_>) -> Result<Manifest, BackupError> {
    let manifest = Manifest::read(folder)?;
    on(Progress::Files(manifest.files.len()));
    for file in &manifest.files {
        let path = folder.join(&file.path);
        // Also before the disk is filled with what can't be right.
        match fs::symlink_metadata(&path) {
            Ok(found) if found.is_file() && found.len() == file.bytes => {}
            Ok(_) => return Err(BackupError::Altered { path }),
            Err(error) => return Err(BackupError::torn(&path, &error)),
        }
        let copied = copy_file(&path, into, &file.path, file.bytes)?;
        if copied != *file {
            return Err(BackupError::Altered { path });
        }
        on(Progress::Copied(&file.path, file.bytes));
    }
    on(Progress::Checking);
    check(into, &manifest)?;
    Ok(manifest)
}

/// INVARIANT: the state of a backup knows every entry of its log, the log has every record of its state, and both are
/// what the key signed.
fn check(home: &Path, manifest: &Manifest) -> Result<(), BackupError> {
    let (_, bad) = verify_log(home, None)?;
    if let Some(bad) = bad.into_iter().next() {
        return Err(BackupError::UnsoundLog(bad));
    }
    let node = Node::open_to_audit(home)?;
    let tree = node.log.tree().map_err(crate::NodeError::from)?;
    let checkpoint = tree.checkpoint();
    let said = (manifest.origin.as_str(), manifest.size, manifest.root.as_str());
    if said != (checkpoint.origin.as_str(), checkpoint.size, checkpoint.root.to_string().as_str()) {
        return Err(BackupError::OtherMoment);
    }
    match node.audit()?.mismatches.into_iter().next() {
        Some(first) => Err(BackupError::UnsoundTables(first)),
        None => Ok(()),
    }
}

/// Compares the restored log with the checkpoint that somebody kept. Returns the size of the log by that checkpoint, if
/// the backup is older and may be.
fn compare(home: &Path, manifest: &Manifest, known: &Known) -> Result<Option<u64>, BackupError> {
    let (Known::Checkpoint(text) | Known::CheckpointOrOlder(text)) = known else { return Ok(None) };
    let node = Node::open_to_audit(home)?;
    let checkpoint = Checkpoint::open(text, node.log.keys()).map_err(|error| match error {
        CheckpointError::Malformed(_) => BackupError::NotACheckpoint(error),
        error => BackupError::NotByThisKey(error),
    })?;
    if checkpoint.size > manifest.size {
        let older = BackupError::Older { size: manifest.size, known: checkpoint.size };
        return if matches!(known, Known::CheckpointOrOlder(_)) { Ok(Some(checkpoint.size)) } else { Err(older) };
    }
    let tree = node.log.tree().map_err(crate::NodeError::from)?;
    let root = tree.root_at(checkpoint.size).map_err(crate::NodeError::from)?;
    if root != checkpoint.root {
        let (here, there) = (root.to_string(), checkpoint.root.to_string());
        return Err(BackupError::OtherHistory { size: checkpoint.size, here, there });
    }
    Ok(None)
}

/// Gives a folder that is in the way another name, beside its own.
fn set_aside(home: &Path) -> Result<PathBuf, BackupError> {
    let name = home.file_name().unwrap_or_default().to_string_lossy();
    let aside = home.with_file_name(format!("{name}.before-{}", now().as_micros()));
    fs::rename(home, &aside).map_err(BackupError::io(home))?;
    sync_folder(parent_of(home))?;
    Ok(aside)
}
