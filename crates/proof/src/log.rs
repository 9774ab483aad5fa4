//! The log's folder and its write path. Read [`Log::append`] from top to bottom: a comment at each step says what a
//! crash exactly there leaves behind.
//!
//! ```text
//! checkpoint         the published head, signed; only ever replaced by a rename
//! checkpoint.next    a head that is decided but not yet published; there between two steps, or after a crash
//! tile/…             hash tiles and entry bundles, C2SP tlog-tiles
//! pending/           drafts; worthless after a crash
//! lock               locked by the one writer
//! ```
//!
//! Two rules carry everything:
//! 1. Whatever a decided checkpoint covers was durable before, and is never written again.
//! 2. A checkpoint is durable (as `checkpoint.next`) before anybody can read it (as `checkpoint`). So no reader,
//!    witness or peer can have seen a head that a power cut takes back.

use std::collections::BTreeSet;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::audit::{Audit, BadResource, Progress};
use crate::checkpoint::Checkpoint;
use crate::disk::{Folder, LOCK, PENDING, folders_above};
use crate::edge::Edge;
use crate::error::LogError;
use crate::key::Key;
use crate::limits::{
    BATCH_BYTES_MAX, BATCH_ENTRIES_MAX, ENTRY_BYTES_MAX, LOCK_WAIT_MAX, NOTE_BYTES_MAX, TREE_SIZE_MAX,
};
use crate::merkle::empty_root;
use crate::note::VerifierKey;
use crate::tile::{LEVELS_MAX, TILE_WIDTH, Tile, TileKind};
use crate::tree::Tree;

pub(crate) const CHECKPOINT: &str = "checkpoint";
pub(crate) const DECIDED: &str = "checkpoint.next";

/// How often an audit is repeated that found something bad while others appended.
const AUDIT_TRIES_MAX: usize = 3;

/// A transparency log in a folder. Any number of readers; one writer at a time, across threads and processes.
#[derive(Clone, Debug)]
pub struct Log {
    folder: Folder,
    key: VerifierKey,
    lock_wait_max: Duration,
}

/// The steps of an append, in order. The hook of [`Log::append`] is called after each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// The writer's lock is held.
    Locked,
    /// What an interrupted append had decided is published, and what it had not is swept away.
    Recovered,
    /// All new files and the signed checkpoint are durable as drafts.
    DraftsDurable,
    /// One more file has its name. (The only step that is passed several times.)
    Placed,
    /// All new files are durable under their names.
    TilesDurable,
    /// The checkpoint is named `checkpoint.next`.
    Decided,
    /// That name is durable.
    DecisionDurable,
    /// The checkpoint is published.
    Published,
    /// Partial tiles that a full tile has replaced are gone.
    Tidied,
}

impl Step {
    /// All steps, in order.
    pub const ALL: [Self; 9] = [
        Self::Locked,
        Self::Recovered,
        Self::DraftsDurable,
        Self::Placed,
        Self::TilesDurable,
        Self::Decided,
        Self::DecisionDurable,
        Self::Published,
        Self::Tidied,
    ];
}

impl Log {
    /// Begins a log in this folder, which is made if need be. The key's name becomes the log's origin.
    ///
    /// # Errors
    /// [`LogError::Exists`] if there is a log or the tiles of one; those of the file system. After a crash in here,
    /// [`Log::open_or_create`] completes it.
    pub fn create(path: &Path, key: &Key) -> Result<Self, LogError> {
        make_folder_durable(path)?;
        let log = Self::at(path, key.verifier().clone());
        let _lock = log.folder.lock(log.lock_wait_max)?;
        // Tiles without a checkpoint are a log that lost its head: a new one over them would be a fork.
        if log.folder.has(CHECKPOINT) || log.folder.has(DECIDED) || log.folder.has("tile") {
            return Err(LogError::Exists { folder: path.to_owned() });
        }
        let empty = Checkpoint { origin: key.name().to_owned(), size: 0, root: empty_root() };
        log.stage(&[], &empty, key)?;
        log.folder.place(CHECKPOINT, DECIDED)?;
        log.settle(&|_| ())?;
        Ok(log)
    }

    /// The log in this folder, without a look at it: for [`Log::verify_all`] on one that [`Log::open`] refuses.
    #[must_use]
    pub fn at(path: &Path, key: VerifierKey) -> Self {
        Self { folder: Folder::new(path), key, lock_wait_max: LOCK_WAIT_MAX }
    }

    /// Opens the log in this folder, or begins one if there is none. Several processes may call it at once.
    ///
    /// # Errors
    /// Those of [`Log::open`] and [`Log::create`].
    pub fn open_or_create(path: &Path, key: &Key) -> Result<Self, LogError> {
        match Self::open(path, key.verifier().clone()) {
            Err(LogError::NotALog { .. }) => {}
            opened => return opened,
        }
        match Self::create(path, key) {
            // Another process was faster; or tiles without a checkpoint are in the way, as the first error says.
            Err(exists @ LogError::Exists { .. }) => {
                Self::open(path, key.verifier().clone()).map_err(|error| match error {
                    LogError::NotALog { .. } => exists,
                    error => error,
                })
            }
            created => created,
        }
    }

    /// Opens a log: checks the checkpoint's signature and the right edge of the tree against it. Completes an append
    /// that a crash interrupted after its decision, if the folder can be written.
    ///
    /// # Errors
    /// [`LogError::NotALog`]; [`LogError::Damaged`] or [`LogError::Missing`] with the file that is bad; those of the
    /// file system.
    pub fn open(path: &Path, key: VerifierKey) -> Result<Self, LogError> {
        let log = Self::at(path, key);
        if log.folder.has(DECIDED) {
            match log.folder.lock(log.lock_wait_max) {
                Ok(_lock) => log.settle(&|_| ()).map(drop)?,
                // An auditor may have a read-only copy: the last published checkpoint is as good for reading.
                Err(LogError::Permission { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Edge::read(&log.tree()?)?;
        Ok(log)
    }

    /// The log as it is published now.
    ///
    /// # Errors
    /// [`LogError::NotALog`], [`LogError::Damaged`] if no good signature is on the checkpoint.
    pub fn tree(&self) -> Result<Tree, LogError> {
        match self.tree_under(CHECKPOINT) {
            Err(LogError::Missing { .. }) => Err(LogError::NotALog { folder: self.folder.root().to_owned() }),
            tree => tree,
        }
    }

    /// The key that signs the checkpoints.
    #[must_use]
    pub const fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.root()
    }

    /// Re-hashes everything and names each file that is bad, missing or surplus. Never stops at the first; reads only,
    /// and may run while others append. `progress` is called after each bundle of entries.
    #[must_use]
    pub fn verify_all(&self, progress: &mut dyn FnMut(Progress)) -> Vec<BadResource> {
        let head = || read_checkpoint(&self.folder, CHECKPOINT, &self.key).ok();
        let mut found = Vec::new();
        for _ in 0..AUDIT_TRIES_MAX {
            let before = head();
            found = Audit::of_log(self.folder.clone(), &self.key, progress);
            // An append meanwhile may have replaced partial tiles that were about to be read.
            if found.iter().all(|bad| bad.problem.is_harmless()) || before == head() {
                break;
            }
        }
        found
    }

    /// Appends entries in this order and returns their indexes once all of it is durable and published. Waits for its
    /// turn if another process appends. `crash` is called after each step, for tests that end the process there.
    ///
    /// # Errors
    /// [`LogError::TooLarge`], [`LogError::WrongKey`], [`LogError::Busy`], [`LogError::Full`],
    /// [`LogError::Permission`], [`LogError::Damaged`], [`LogError::Fork`]: nothing was sequenced.
    /// [`LogError::Undecided`]: it may have been.
    pub fn append(&self, key: &Key, entries: &[Vec<u8>], crash: &dyn Fn(Step)) -> Result<Range<u64>, LogError> {
        self.check_key(key)?;
        check_batch(entries)?;

        let _lock = self.folder.lock(self.lock_wait_max)?;
        // Crash here: the operating system drops the lock with the process; nothing was written.
        crash(Step::Locked);

        // Recovery is the normal path's own last step: if the writer before us died between its decision and its
        // publication, `settle` publishes for it. It is idempotent, so a crash in it is like one before it.
        let published = self.settle(crash)?;
        let edge = Edge::read(&published)?;
        if entries.is_empty() {
            return Ok(published.size()..published.size());
        }
        let growth = edge.grow(entries);
        if growth.size > TREE_SIZE_MAX {
            return Err(LogError::TooLarge(format!("the log would exceed {TREE_SIZE_MAX} entries")));
        }
        // A writer that died before its decision left files that no checkpoint covers. Those that this append does
        // not write itself must go, or they would look published once the tree has grown past them.
        self.sweep_undecided(published.size(), growth.size)?;
        crash(Step::Recovered);

        let head = Checkpoint { origin: published.checkpoint().origin.clone(), size: growth.size, root: growth.root };
        let written = self.stage(&growth.files, &head, key).and_then(|()| {
            // Crash here: drafts in `pending/`, worthless, among them a signed head that nobody has seen or will see.
            // The next append empties the folder.
            crash(Step::DraftsDurable);
            self.place_tiles(published.size(), &growth.files, crash)?;
            // Crash here: the new tiles are durable, but no checkpoint covers them. The append never happened: the
            // caller has no receipt, and the next append sweeps them away or replaces them.
            crash(Step::TilesDurable);
            self.folder.place(CHECKPOINT, DECIDED)
        });
        if written.is_err() {
            // On a full disk the drafts take room that others need. If this fails too, the next append does it.
            let _ = self.folder.clear_pending();
        }
        written?;

        // Crash from here on: after a mere crash of the process the append is decided: whoever locks the folder next
        // publishes it. A power cut may still undo it, up to the sync in `settle`. Either is right, as no receipt was
        // given and no reader has seen it; the caller looks for its entries before it appends them again.
        crash(Step::Decided);

        self.settle(crash).map_err(LogError::undecided)?;
        crash(Step::Published);

        // Crash here: some replaced partial tiles stay. They are good prefixes of the full tiles, and harm nobody.
        // An error is no more than that either: the entries are published, so it must not be reported as a failure.
        let _ = self.remove_replaced_partials(published.size(), growth.size);
        crash(Step::Tidied);
        Ok(published.size()..growth.size)
    }

    /// The same log, whose appends wait so long for another writer (instead of [`LOCK_WAIT_MAX`]).
    #[must_use]
    pub fn waiting_at_most(self, lock_wait_max: Duration) -> Self {
        Self { lock_wait_max, ..self }
    }

    /// Makes all new files durable as drafts, and the signed head with them.
    fn stage(&self, files: &[(Tile, Vec<u8>)], head: &Checkpoint, key: &Key) -> Result<(), LogError> {
        self.folder.clear_pending()?;
        let note = head.sign(key).to_string();
        let tiles = files.iter().enumerate().map(|(number, (_, bytes))| (number.to_string(), bytes.as_slice()));
        let drafts: Vec<_> = tiles.chain([(CHECKPOINT.to_owned(), note.as_bytes())]).collect();
        self.folder.stage(&drafts)
    }

    /// Gives all new tiles their names, durably.
    fn place_tiles(&self, published: u64, files: &[(Tile, Vec<u8>)], crash: &dyn Fn(Step)) -> Result<(), LogError> {
        for (number, (tile, bytes)) in files.iter().enumerate() {
            self.check_not_published(*tile, bytes, published)?;
            self.folder.place(&number.to_string(), &tile.path())?;
            // Crash here: some tiles have their names, whole, but no checkpoint covers them.
            crash(Step::Placed);
        }
        self.folder.sync(&folders_to_sync(published, files))
    }

    /// Publishes the decided checkpoint, if there is one, and returns what is published then. The last step of every
    /// append and the first of every recovery; the caller holds the lock.
    fn settle(&self, crash: &dyn Fn(Step)) -> Result<Tree, LogError> {
        if !self.folder.has(DECIDED) {
            return self.tree();
        }
        // Rule 2: durable first, then readable. Also in a recovery, as the writer may have died before its sync.
        self.folder.sync(&[String::new()])?;
        crash(Step::DecisionDurable);
        let decided = self.tree_under(DECIDED)?;
        match self.tree_under(CHECKPOINT) {
            Ok(published) => decided.check_follows(published.checkpoint())?,
            // Only the first checkpoint has none before it.
            Err(LogError::Missing { .. }) if decided.size() == 0 => {}
            Err(error) => return Err(error),
        }
        // This needs no sync: a power cut that takes it back leaves `checkpoint.next` in place, and the next `settle`
        // comes to the same end.
        self.folder.rename(DECIDED, CHECKPOINT)?;
        Ok(decided)
    }

    /// The tree under the checkpoint in this file, if our key signed it.
    fn tree_under(&self, name: &str) -> Result<Tree, LogError> {
        let (checkpoint, note) = read_checkpoint(&self.folder, name, &self.key)?;
        Ok(Tree { folder: self.folder.clone(), checkpoint, note })
    }

    /// Removes partial tiles that no checkpoint covers, wherever the tree is about to grow past them.
    fn sweep_undecided(&self, old_size: u64, new_size: u64) -> Result<(), LogError> {
        for kind in kinds() {
            let places =
                kind.count_in(old_size) / u64::from(TILE_WIDTH)..=kind.count_in(new_size) / u64::from(TILE_WIDTH);
            for index in places.filter(|_| kind.count_in(new_size) > kind.count_in(old_size)) {
                let folder = Tile::full(kind, index).partials_path();
                for width in self.folder.list(&folder)? {
                    let name = format!("{folder}/{width}");
                    if Tile::parse(&name).is_some_and(|tile| !tile.is_covered_by(old_size)) {
                        self.folder.remove(&name)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Removes the partial tiles of tiles that have become full: a full tile serves as well.
    fn remove_replaced_partials(&self, old_size: u64, new_size: u64) -> Result<(), LogError> {
        for edge in kinds().filter_map(|kind| kind.edge_of(old_size)) {
            let folder = edge.partials_path();
            if Tile::full(edge.kind, edge.index).is_covered_by(new_size) {
                self.folder.list(&folder)?.iter().try_for_each(|w| self.folder.remove(&format!("{folder}/{w}")))?;
                self.folder.remove_folder(&folder)?;
            }
        }
        Ok(())
    }

    /// INVARIANT: what a published checkpoint covers never changes. [`Edge::grow`] plans no such file; if it did, this
    /// would stop it.
    fn check_not_published(&self, tile: Tile, bytes: &[u8], published: u64) -> Result<(), LogError> {
        if tile.is_covered_by(published) && self.folder.read(&tile.path(), tile.bytes_max())? != bytes {
            let problem = "a published file would change".to_owned();
            return Err(LogError::Fork { path: self.folder.path(&tile.path()), problem });
        }
        Ok(())
    }

    fn check_key(&self, key: &Key) -> Result<(), LogError> {
        if *key.verifier() == self.key {
            return Ok(());
        }
        Err(LogError::WrongKey { expected: self.key.to_string(), found: key.verifier().to_string() })
    }
}

/// The checkpoint in this file of a log, if the key signed it, and the whole note.
pub(crate) fn read_checkpoint(
    folder: &Folder,
    name: &str,
    key: &VerifierKey,
) -> Result<(Checkpoint, String), LogError> {
    let damaged = |problem: String| LogError::Damaged { path: folder.path(name), problem };
    let note = folder.read(name, NOTE_BYTES_MAX)?;
    let note = String::from_utf8(note).map_err(|_| damaged("it is not text".to_owned()))?;
    let checkpoint = Checkpoint::open(&note, std::slice::from_ref(key)).map_err(|error| damaged(error.to_string()))?;
    Ok((checkpoint, note))
}

/// True for the files of a log that are no tiles.
pub(crate) fn is_own_name(name: &str) -> bool {
    [CHECKPOINT, LOCK].contains(&name)
}

/// True for what an append that is under way, or was interrupted, keeps.
pub(crate) fn is_transient_name(name: &str) -> bool {
    name == DECIDED || name.strip_prefix(PENDING).is_some_and(|rest| rest.starts_with('/'))
}

/// All kinds of tiles that a log can have.
fn kinds() -> impl Iterator<Item = TileKind> {
    std::iter::once(TileKind::Entries).chain((0..LEVELS_MAX).map(TileKind::Hashes))
}

/// The folders whose names must be made durable for these new files: the folder of each, and every one above it that
/// is not known to be durable already because a published file at the right edge lives below it. (That a folder exists
/// proves nothing: a writer may have made it and died before its sync.)
fn folders_to_sync(published: u64, files: &[(Tile, Vec<u8>)]) -> Vec<String> {
    let edges: Vec<String> = kinds().filter_map(|kind| kind.edge_of(published)).map(Tile::path).collect();
    let durable: BTreeSet<&str> = edges.iter().flat_map(|name| folders_above(name)).collect();
    let mut folders = BTreeSet::new();
    for (tile, _) in files {
        let name = tile.path();
        for folder in folders_above(&name) {
            folders.insert(folder.to_owned());
            if durable.contains(folder) {
                break;
            }
        }
    }
    folders.into_iter().collect()
}

fn check_batch(entries: &[Vec<u8>]) -> Result<(), LogError> {
    if entries.len() > BATCH_ENTRIES_MAX {
        return Err(LogError::TooLarge(format!("{} entries, {BATCH_ENTRIES_MAX} at most", entries.len())));
    }
    if let Some(at) = entries.iter().position(|entry| entry.len() > ENTRY_BYTES_MAX) {
        return Err(LogError::TooLarge(format!("entry {at} of the batch exceeds {ENTRY_BYTES_MAX} bytes")));
    }
    let bytes: usize = entries.iter().map(Vec::len).sum();
    if bytes > BATCH_BYTES_MAX {
        return Err(LogError::TooLarge(format!("{bytes} bytes, {BATCH_BYTES_MAX} at most")));
    }
    Ok(())
}

/// Makes a folder and those above it, and their names durable.
fn make_folder_durable(path: &Path) -> Result<(), LogError> {
    let missing: Vec<PathBuf> = path.ancestors().take_while(|above| !above.exists()).map(Path::to_owned).collect();
    fs::create_dir_all(path).map_err(|source| LogError::from_io("make the folder", path, source))?;
    for made in missing {
        let parent = made.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let synced = fs::File::open(parent).and_then(|parent| parent.sync_all());
        synced.map_err(|source| LogError::from_io("write", parent, source))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names in a file system after a power cut: only those whose folder was synced since they came to be.
    #[derive(Default)]
    struct Names {
        made: BTreeSet<String>,
        durable: BTreeSet<String>,
    }

    impl Names {
        fn make(&mut self, name: &str) {
            self.made.insert(name.to_owned());
            self.made.extend(folders_above(name).map(str::to_owned));
        }

        fn sync(&mut self, folder: &str) {
            let inside = |name: &&String| folders_above(name).next() == Some(folder);
            self.durable.extend(self.made.iter().filter(inside).cloned());
        }
    }

    #[test]
    fn every_published_file_has_a_durable_path_whatever_a_dead_writer_made() {
        let sizes = [1, 2, 255, 256, 257, 300, 511, 512, 65_535, 65_536, 65_537, 255_999, 256_300, 256_301];
        let mut names = Names::default();
        let mut published = 0;
        for size in sizes {
            let below = |kind: TileKind| kind.count_in(published) / 256..=kind.count_in(size) / 256;
            let tiles: Vec<(Tile, Vec<u8>)> = kinds()
                .filter(|kind| kind.count_in(size) > kind.count_in(published))
                .flat_map(|kind| below(kind).filter_map(move |index| Tile::in_tree(kind, index, size)))
                .map(|tile| (tile, Vec::new()))
                .collect();
            // A writer that dies before its sync leaves the folders of its tiles, and partial tiles of its own.
            for (tile, _) in &tiles {
                names.make(&format!("{}/1", tile.partials_path()));
            }
            tiles.iter().for_each(|(tile, _)| names.make(&tile.path()));
            folders_to_sync(published, &tiles).iter().for_each(|folder| names.sync(folder));
            for (tile, _) in &tiles {
                let path = tile.path();
                let parts = std::iter::once(path.as_str()).chain(folders_above(&path)).filter(|name| !name.is_empty());
                assert!(parts.into_iter().all(|name| names.durable.contains(name)), "{path} of {size}");
            }
            published = size;
        }
    }

    #[test]
    fn one_more_entry_syncs_two_folders_only() {
        let file = |kind, width| (Tile { kind, index: 7, width }, Vec::new());
        let files = [file(TileKind::Entries, 9), file(TileKind::Hashes(0), 9)];
        assert_eq!(folders_to_sync(7 * 256 + 8, &files), ["tile/0/007.p", "tile/entries/007.p"]);
    }
}
