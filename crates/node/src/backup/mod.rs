//! Backups: a copy of a node that is consistent although others go on writing, and the way back.
//!
//! A backup is a folder:
//!
//! ```text
//! backup.json        what is in it: written last, and only then the folder gets its name
//! key                the private key of the log
//! state.db           the state as one file
//! log/               the log of the same moment: its checkpoint and the tiles that this needs
//! sakimori.toml      the configuration, where one was given
//! ```
//!
//! State and log are of one moment because both are taken hold of under the node's lock, after everything staged got its
//! place: a read transaction on the state, and the checkpoint with the tiles at its right edge. Everything else that
//! the checkpoint covers never changes, and is copied after the lock was given back.
//!
//! The bytes that were examined and kept for a while are not in it.

mod error;
mod manifest;
mod restore;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use sakimori_model::Digest;
use sakimori_proof::{Tile, Tree};
use sakimori_store::{Snapshot, Store};
use sha2::{Digest as _, Sha256};

use crate::NodeError;
use crate::act::parent_of;
use crate::node::Node;
use crate::observe::now;

pub use error::BackupError;
pub use manifest::{FileEntry, Manifest};
pub use restore::{Home, Known, Restored, restore, verify};

/// The manifest of a backup.
const MANIFEST: &str = "backup.json";
/// The configuration in a backup.
pub const CONFIG: &str = "sakimori.toml";
/// Bytes of a configuration.
const CONFIG_BYTES_MAX: u64 = 1024 * 1024;

/// How far a backup or a restore has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress<'a> {
    /// So many files are to be copied.
    Files(usize),
    /// This file was copied, so many bytes.
    Copied(&'a str, u64),
    /// The copy is being checked.
    Checking,
}

/// Gets told how far a backup or a restore has come.
pub type OnProgress<'a> = &'a mut dyn FnMut(Progress<'_>);

/// What is taken hold of under the node's lock.
struct Moment {
    state: Snapshot,
    tree: Tree,
    /// The tiles that later ones replace, with their bytes.
    edge: Vec<(Tile, Vec<u8>)>,
}

/// Copies the node in this folder into a new folder, and the configuration with it. The node may be in use.
///
/// # Errors
/// Then there is no folder of that name, and nothing was changed.
pub fn back_up(home: &Path, folder: &Path, config: Option<&Path>, on: OnProgress<'_>) -> Result<Manifest, BackupError> {
    refuse_occupied(home, folder)?;
    // A disk that is not mounted, or a name that was mistyped, must not look like a backup.
    let parent = parent_of(folder);
    if !parent.is_dir() {
        return Err(BackupError::NoParent { path: parent.to_owned() });
    }
    let mut node = Node::open(home)?;
    let moment = moment(&mut node)?;
    let draft = Draft::beside(folder)?;
    let manifest = write(&node, &moment, config, draft.path(), on)?;
    // A crash before this leaves a folder with a name that begins with a dot and says `partial`: no backup.
    draft.become_folder(folder)?;
    Ok(manifest)
}

/// Takes hold of the state and of the log as they are at one moment.
fn moment(node: &mut Node) -> Result<Moment, NodeError> {
    let _lock = node.lock()?;
    // A writer that died may have left records without a place in the log, or places that the state does not know.
    node.sequence_staged()?;
    let state = Store::snapshot(&node.home().join("state.db"))?;
    let tree = node.log.tree()?;
    let read = |tile: Tile| Ok((tile, node.log.resource(&tile.path())?));
    let edge =
        Tile::all_in_tree(tree.size()).filter(|tile| tile.is_partial()).map(read).collect::<Result<_, NodeError>>()?;
    Ok(Moment { state, tree, edge })
}

/// Writes everything into the folder of the draft, the manifest last.
fn write(
    node: &Node,
    moment: &Moment,
    config: Option<&Path>,
    draft: &Path,
    on: OnProgress<'_>,
) -> Result<Manifest, BackupError> {
    let full: Vec<Tile> = Tile::all_in_tree(moment.tree.size()).filter(|tile| !tile.is_partial()).collect();
    on(Progress::Files(full.len() + moment.edge.len() + 3 + usize::from(config.is_some())));
    let mut copy = Copies { into: draft, files: Vec::new(), on };
    if let Some(config) = config {
        copy.file(config, CONFIG, CONFIG_BYTES_MAX)?;
    }
    copy.file(&node.home().join("key"), "key", u64::MAX)?;
    for tile in full {
        copy.bytes(&format!("log/{}", tile.path()), &node.log.resource(&tile.path()).map_err(NodeError::from)?)?;
    }
    for (tile, bytes) in &moment.edge {
        copy.bytes(&format!("log/{}", tile.path()), bytes)?;
    }
    copy.bytes("log/checkpoint", moment.tree.signed_checkpoint().as_bytes())?;
    copy.state(&moment.state)?;
    let Copies { mut files, .. } = copy;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    sync_folders(draft)?;
    let checkpoint = moment.tree.checkpoint();
    let manifest = Manifest::new(now(), checkpoint, files);
    let text = manifest.to_json().map_err(|error| BackupError::torn(draft, &error))?;
    write_new(&draft.join(MANIFEST), text.as_bytes())?;
    sync_folder(draft)?;
    Ok(manifest)
}

/// Copies files into a folder and notes what they are.
struct Copies<'a, 'p> {
    into: &'a Path,
    files: Vec<FileEntry>,
    on: OnProgress<'p>,
}

impl Copies<'_, '_> {
    fn file(&mut self, from: &Path, name: &str, bytes_max: u64) -> Result<(), BackupError> {
        let entry = copy_file(from, self.into, name, bytes_max)?;
        self.note(entry);
        Ok(())
    }

    fn bytes(&mut self, name: &str, bytes: &[u8]) -> Result<(), BackupError> {
        let path = self.into.join(name);
        make_parent(&path)?;
        write_new(&path, bytes)?;
        self.note(FileEntry { path: name.to_owned(), bytes: bytes.len() as u64, sha256: Digest::of(bytes) });
        Ok(())
    }

    fn state(&mut self, state: &Snapshot) -> Result<(), BackupError> {
        let path = self.into.join("state.db");
        // Before SQLite makes it, so that it is never readable by others.
        write_new(&path, b"")?;
        state.write_to(&path, &mut |_, _| ()).map_err(NodeError::from)?;
        let mut file = File::open(&path).map_err(BackupError::io(&path))?;
        file.sync_all().map_err(BackupError::io(&path))?;
        let (bytes, sha256) = digest(&mut file, &mut io::sink(), u64::MAX).map_err(BackupError::io(&path))?;
        self.note(FileEntry { path: "state.db".to_owned(), bytes, sha256 });
        Ok(())
    }

    fn note(&mut self, entry: FileEntry) {
        (self.on)(Progress::Copied(&entry.path, entry.bytes));
        self.files.push(entry);
    }
}

/// Copies a file to this name below `into`, readable by its owner only, durably.
fn copy_file(from: &Path, into: &Path, name: &str, bytes_max: u64) -> Result<FileEntry, BackupError> {
    let path = into.join(name);
    make_parent(&path)?;
    let read = File::open(from).and_then(|file| match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file")),
    });
    let mut source = read.map_err(BackupError::io(from))?;
    let mut target = create_new(&path).map_err(BackupError::io(&path))?;
    let copied = digest(&mut source, &mut target, bytes_max).and_then(|copied| target.sync_all().map(|()| copied));
    let (bytes, sha256) = copied.map_err(BackupError::io(&path))?;
    Ok(FileEntry { path: name.to_owned(), bytes, sha256 })
}

/// Copies, and returns how many bytes with which digest.
fn digest(from: &mut File, to: &mut dyn io::Write, bytes_max: u64) -> io::Result<(u64, Digest)> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 256 * 1024];
    let mut bytes = 0;
    loop {
        let count = match from.read(&mut buffer) {
            Ok(0) => return Ok((bytes, Digest::from_bytes(hash.finalize().into()))),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        bytes += count as u64;
        if bytes > bytes_max {
            return Err(io::Error::new(io::ErrorKind::InvalidData, format!("it has more than {bytes_max} bytes")));
        }
        hash.update(&buffer[..count]);
        to.write_all(&buffer[..count])?;
    }
}

/// A folder in the making, which is removed unless it becomes what it is for.
struct Draft(tempfile::TempDir);

impl Draft {
    /// Makes an empty folder beside the one that it is to become, on the same file system.
    fn beside(folder: &Path) -> Result<Self, BackupError> {
        make_parent(folder)?;
        let parent = parent_of(folder);
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let made = tempfile::Builder::new()
            .prefix(&format!(".{name}.partial-"))
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir_in(parent);
        Ok(Self(made.map_err(BackupError::io(parent))?))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Gives it its name, durably. What is there must be empty.
    fn become_folder(self, folder: &Path) -> Result<(), BackupError> {
        fs::rename(self.path(), folder).map_err(BackupError::io(folder))?;
        // It is no longer where its destructor would look for it.
        let _ = self.0.keep();
        sync_folder(parent_of(folder))
    }
}

/// A backup goes to a folder that is new or empty, and not to where it would be lost together with the node.
fn refuse_occupied(home: &Path, folder: &Path) -> Result<(), BackupError> {
    if !is_free(folder)? {
        return Err(BackupError::Occupied { path: folder.to_owned() });
    }
    let parent = parent_of(folder);
    let nearest = parent.ancestors().find_map(|path| fs::canonicalize(path).ok());
    match (nearest, fs::canonicalize(home)) {
        (Some(nearest), Ok(home)) if nearest.starts_with(&home) => Err(BackupError::Inside { path: folder.to_owned() }),
        _ => Ok(()),
    }
}

/// True when there is nothing, or an empty folder.
fn is_free(folder: &Path) -> Result<bool, BackupError> {
    match fs::read_dir(folder) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => Ok(false),
        Err(error) => Err(BackupError::io(folder)(error)),
    }
}

fn make_parent(path: &Path) -> Result<(), BackupError> {
    let parent = parent_of(path);
    fs::DirBuilder::new().recursive(true).mode(0o700).create(parent).map_err(BackupError::io(parent))
}

fn create_new(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

fn write_new(path: &Path, bytes: &[u8]) -> Result<(), BackupError> {
    let written = create_new(path).and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()));
    written.map_err(BackupError::io(path))
}

/// Makes the names in a folder and in all below it durable.
fn sync_folders(folder: &Path) -> Result<(), BackupError> {
    for entry in walkdir::WalkDir::new(folder).contents_first(true) {
        let entry = entry.map_err(|error| BackupError::io(folder)(error.into()))?;
        if entry.file_type().is_dir() {
            sync_folder(entry.path())?;
        }
    }
    Ok(())
}

fn sync_folder(folder: &Path) -> Result<(), BackupError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(BackupError::io(folder))
}
