//! A log's files as others read them, and their way to another place.

use crate::audit::{Audit, BadResource};
use crate::backend::{Bulk, ListedKind};
use crate::disk::PENDING;
use crate::error::LogError;
use crate::limits::{NOTE_BYTES_MAX, TILE_BYTES_MAX};
use crate::log::{CHECKPOINT, Log};
use crate::tile::Tile;

/// Steps of a tile's path: `tile`, the level, seven of three digits, and the width of a partial one.
const TILE_PATH_STEPS_MAX: usize = 10;
/// Files after which they are made durable.
const SYNC_EVERY: usize = 256;

impl Log {
    /// The bytes of one of the log's public files: `checkpoint`, or a tile (C2SP tlog-tiles).
    ///
    /// # Errors
    /// [`LogError::Missing`]; those of the place where they are.
    pub fn resource(&self, name: &str) -> Result<Vec<u8>, LogError> {
        let bytes_max = if name == CHECKPOINT { NOTE_BYTES_MAX } else { TILE_BYTES_MAX };
        self.shared.bulk.get(name, bytes_max)
    }

    /// Copies the log to where `target` is, reads everything there again, and returns what is bad in it. `on` is called with
    /// the number of files that are copied, and that of all. Nobody can append meanwhile.
    ///
    /// What is there already must be an earlier state of this log, or parts of one without a checkpoint.
    ///
    /// # Errors
    /// [`LogError::Fork`] if another log is there; those of either place.
    pub fn copy_to(&self, target: &Self, on: &mut dyn FnMut(u64, u64)) -> Result<Vec<BadResource>, LogError> {
        let _lock = self.lock()?;
        let tree = self.tree()?;
        match target.tree() {
            Ok(there) => tree.check_follows(there.checkpoint())?,
            Err(LogError::NotALog { .. }) => {}
            Err(error) => return Err(error),
        }
        let count = Tile::all_in_tree(tree.size()).count() as u64;
        let bulk = &*target.shared.bulk;
        let mut put = Vec::new();
        for (tile, done) in Tile::all_in_tree(tree.size()).zip(1..) {
            bulk.put(&tile.path(), &tree.read_tile(tile)?)?;
            put.push(tile.path());
            if put.len() == SYNC_EVERY {
                bulk.sync(&std::mem::take(&mut put))?;
            }
            on(done, count);
        }
        bulk.sync(&put)?;
        // Whoever reads there finds an earlier state, or none, until all of this one is there.
        bulk.put(CHECKPOINT, tree.signed_checkpoint().as_bytes())?;
        bulk.sync(&[CHECKPOINT.to_owned()])?;
        let target = &*target.shared;
        let mut bad = Audit::of_log(target.bulk.clone(), &*target.desk, &target.keys, &mut |_| ());
        bad.retain(|bad| !bad.problem.is_harmless());
        Ok(bad)
    }

    /// Removes tiles and checkpoint from where they are: for a log that has been copied to another place.
    ///
    /// # Errors
    /// Those of the place. Then some of them are left.
    pub fn remove_files(&self) -> Result<(), LogError> {
        let _lock = self.lock()?;
        match self.shared.bulk.remove(CHECKPOINT) {
            Ok(()) | Err(LogError::Missing { .. }) => {}
            Err(error) => return Err(error),
        }
        remove_below(&*self.shared.bulk, "tile")?;
        remove_below(&*self.shared.bulk, PENDING)
    }
}

/// Removes a folder with the folders in it. The depth is that of the names of tiles: what else is in there is left.
fn remove_below(bulk: &dyn Bulk, folder: &str) -> Result<(), LogError> {
    if folder.split('/').count() > TILE_PATH_STEPS_MAX {
        return Ok(());
    }
    for found in bulk.list(folder)? {
        let name = format!("{folder}/{}", found.name);
        match found.kind {
            ListedKind::Folder => remove_below(bulk, &name)?,
            ListedKind::File => bulk.remove(&name)?,
        }
    }
    bulk.remove_folder(folder)
}
