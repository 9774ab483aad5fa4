//! Reading a log as one published checkpoint has it.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use crate::backend::Bulk;
use crate::checkpoint::Checkpoint;
use crate::error::LogError;
use crate::merkle::{
    Hash, Subtree, consistency_proof, inclusion_proof, leaf_hash, root_at, root_from_inclusion, root_of,
    verify_consistency,
};
use crate::proof::Proof;
use crate::tile::{TILE_WIDTH, Tile, TileKind, bundle_entries, tile_hashes};

/// The log under one published checkpoint. It stays readable while others append.
#[derive(Clone, Debug)]
pub struct Tree {
    pub(crate) bulk: Arc<dyn Bulk>,
    pub(crate) checkpoint: Checkpoint,
    pub(crate) note: String,
}

/// The entries of a [`Tree`] in order: see [`Tree::entries`].
pub struct Entries<'t> {
    tree: &'t Tree,
    next: u64,
    /// The rest of the bundle that is being read, last entry first.
    bundle: Vec<Vec<u8>>,
}

impl Tree {
    /// How many entries there are.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.checkpoint.size
    }

    /// The checkpoint.
    #[must_use]
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The checkpoint as it was signed: the whole note.
    #[must_use]
    pub fn signed_checkpoint(&self) -> &str {
        &self.note
    }

    /// The tree under an earlier checkpoint of the same log, such as one that witnesses have cosigned.
    ///
    /// # Errors
    /// [`LogError::Fork`] if this tree is no continuation of that one; those of [`Tree::root_at`].
    pub fn under(&self, checkpoint: &Checkpoint, note: &str) -> Result<Self, LogError> {
        if self.root_at(checkpoint.size)? != checkpoint.root {
            let problem = "the log is no continuation of that checkpoint".to_owned();
            return Err(LogError::Fork { path: self.bulk.place(""), problem });
        }
        Ok(Self { bulk: self.bulk.clone(), checkpoint: checkpoint.clone(), note: note.to_owned() })
    }

    /// The entry at this index, checked against its leaf hash.
    ///
    /// # Errors
    /// [`LogError::OutOfRange`]; [`LogError::Damaged`] or [`LogError::Missing`] for the file that is bad.
    pub fn entry(&self, index: u64) -> Result<Vec<u8>, LogError> {
        self.check_below(index, self.size())?;
        self.entries(index).next().unwrap_or(Err(LogError::OutOfRange { wanted: index, size: self.size() }))
    }

    /// The entries from this index on, each checked against its leaf hash. Ends after the first error.
    #[must_use]
    pub const fn entries(&self, from: u64) -> Entries<'_> {
        Entries { tree: self, next: from, bundle: Vec::new() }
    }

    /// The index of the first entry with these bytes, at `from` or after it. Reads leaf hashes only (32 bytes an
    /// entry): this is how a caller finds out after a crash whether its entry was sequenced.
    ///
    /// # Errors
    /// Those of reading a tile.
    pub fn find(&self, entry: &[u8], from: u64) -> Result<Option<u64>, LogError> {
        let wanted = leaf_hash(entry);
        let mut index = from;
        while index < self.size() {
            let start = index - index % u64::from(TILE_WIDTH);
            let hashes = self.hashes(0, start / u64::from(TILE_WIDTH))?;
            let skipped = (index - start) as usize;
            if let Some(at) = hashes.iter().skip(skipped).position(|hash| *hash == wanted) {
                return Ok(Some(index + at as u64));
            }
            index = start + u64::from(TILE_WIDTH);
        }
        Ok(None)
    }

    /// The root of the first `size` entries, proven to be the beginning of this tree.
    ///
    /// # Errors
    /// [`LogError::OutOfRange`], those of reading a tile, [`LogError::Damaged`] if tiles don't hash to the root.
    pub fn root_at(&self, size: u64) -> Result<Hash, LogError> {
        self.check_below(size, self.size() + 1)?;
        let mut read = self.reader();
        let root = root_at(size, &mut read)?;
        let proof = consistency_proof(size, self.size(), &mut read)?;
        verify_consistency(size, root, self.size(), self.checkpoint.root, &proof).map_err(|_| self.locate_damage())?;
        Ok(root)
    }

    /// The hashes that prove that the entry at `index` is in the tree of the first `size` entries. Verified before it
    /// is returned.
    ///
    /// # Errors
    /// As [`Tree::root_at`].
    pub fn inclusion_proof(&self, index: u64, size: u64) -> Result<Vec<Hash>, LogError> {
        self.check_below(size, self.size() + 1)?;
        self.check_below(index, size)?;
        let mut read = self.reader();
        let leaf = read(Subtree { height: 0, index })?;
        let proof = inclusion_proof(index, size, &mut read)?;
        let root = if size == self.size() { self.checkpoint.root } else { self.root_at(size)? };
        if root_from_inclusion(index, size, leaf, &proof) == Some(root) { Ok(proof) } else { Err(self.locate_damage()) }
    }

    /// The hashes that prove that the tree of the first `old` entries is the beginning of that of the first `new`.
    /// Verified before it is returned.
    ///
    /// # Errors
    /// As [`Tree::root_at`].
    pub fn consistency_proof(&self, old: u64, new: u64) -> Result<Vec<Hash>, LogError> {
        self.check_below(new, self.size() + 1)?;
        self.check_below(old, new + 1)?;
        let (old_root, new_root) = (self.root_at(old)?, self.root_at(new)?);
        let proof = consistency_proof(old, new, &mut self.reader())?;
        verify_consistency(old, old_root, new, new_root, &proof).map_err(|_| self.locate_damage())?;
        Ok(proof)
    }

    /// All that a stranger needs to see that the entry at `index` is in the log, under this checkpoint.
    ///
    /// # Errors
    /// As [`Tree::root_at`].
    pub fn prove(&self, index: u64) -> Result<Proof, LogError> {
        let hashes = self.inclusion_proof(index, self.size())?;
        Ok(Proof { extra: None, index, hashes, checkpoint: self.note.clone() })
    }

    /// INVARIANT: every published checkpoint is consistent with every earlier one. Checks this tree, whose tiles are
    /// in place, against an earlier checkpoint.
    pub(crate) fn check_follows(&self, earlier: &Checkpoint) -> Result<(), LogError> {
        let fork = |problem: &str| LogError::Fork { path: self.bulk.place(""), problem: problem.to_owned() };
        if earlier.size > self.size() {
            return Err(fork("the newer checkpoint has fewer entries than the one before it"));
        }
        let proof = consistency_proof(earlier.size, self.size(), &mut self.reader())?;
        verify_consistency(earlier.size, earlier.root, self.size(), self.checkpoint.root, &proof)
            .map_err(|_| fork("the newer checkpoint is not a continuation of the one before it"))
    }

    /// The hashes of a tile, as wide as this tree has it.
    pub(crate) fn hashes(&self, level: u8, index: u64) -> Result<Vec<Hash>, LogError> {
        let tile = self.tile(TileKind::Hashes(level), index)?;
        let bytes = self.read_tile(tile)?;
        // A full tile in place of a partial one begins with the same hashes.
        let bytes = bytes.get(..tile.bytes_max()).unwrap_or(&bytes);
        tile_hashes(bytes, tile.width).ok_or_else(|| self.damaged(tile, "it has the wrong length"))
    }

    /// The entries of a bundle, as wide as this tree has it. Not checked against the hashes.
    pub(crate) fn bundle(&self, index: u64) -> Result<Vec<Vec<u8>>, LogError> {
        let tile = self.tile(TileKind::Entries, index)?;
        let bytes = self.read_tile(tile)?;
        let entries = bundle_entries(&bytes, tile.width).or_else(|| bundle_entries(&bytes, TILE_WIDTH));
        let entries = entries.ok_or_else(|| self.damaged(tile, "it is not the entries that it should hold"))?;
        Ok(entries.into_iter().take(usize::from(tile.width)).map(<[u8]>::to_vec).collect())
    }

    pub(crate) fn damaged(&self, tile: Tile, problem: &str) -> LogError {
        LogError::Damaged { path: self.bulk.place(&tile.path()), problem: problem.to_owned() }
    }

    /// Reads hashes of subtrees, each tile once.
    pub(crate) fn reader(&self) -> impl FnMut(Subtree) -> Result<Hash, LogError> {
        let mut tiles: BTreeMap<(u8, u64), Vec<Hash>> = BTreeMap::new();
        move |subtree| {
            let (level, height) = ((subtree.height / 8) as u8, subtree.height % 8);
            let first = subtree.index << height;
            let place = (level, first / u64::from(TILE_WIDTH));
            let hashes = match tiles.entry(place) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(unread) => unread.insert(self.hashes(place.0, place.1)?),
            };
            let start = (first % u64::from(TILE_WIDTH)) as usize;
            let nodes = hashes.get(start..start + (1 << height));
            let beyond = LogError::OutOfRange { wanted: subtree.index << subtree.height, size: self.size() };
            nodes.map(root_of).ok_or(beyond)
        }
    }

    fn tile(&self, kind: TileKind, index: u64) -> Result<Tile, LogError> {
        let beyond = LogError::OutOfRange { wanted: index, size: self.size() };
        Tile::in_tree(kind, index, self.size()).ok_or(beyond)
    }

    /// The bytes of a tile. A partial tile may have been removed since, once the full one was there.
    /// The bytes of a tile, or of the full one in its place.
    pub(crate) fn read_tile(&self, tile: Tile) -> Result<Vec<u8>, LogError> {
        let full = Tile::full(tile.kind, tile.index);
        match self.bulk.get(&tile.path(), tile.bytes_max()) {
            Err(LogError::Missing { path }) if tile.is_partial() => {
                self.bulk.get(&full.path(), full.bytes_max()).map_err(|error| {
                    if matches!(error, LogError::Missing { .. }) { LogError::Missing { path } } else { error }
                })
            }
            read => read,
        }
    }

    /// The tiles don't hash to the root: names the first bad file, by the audit of the whole log.
    pub(crate) fn locate_damage(&self) -> LogError {
        let bad = crate::audit::audit_tree(self);
        let (path, problem) = match bad.into_iter().find(|bad| !bad.problem.is_harmless()) {
            Some(bad) => (self.bulk.place(&bad.name), bad.problem.to_string()),
            None => (self.bulk.place(crate::log::CHECKPOINT), "the tiles do not hash to its root".to_owned()),
        };
        LogError::Damaged { path, problem }
    }

    fn check_below(&self, wanted: u64, end: u64) -> Result<(), LogError> {
        if wanted < end { Ok(()) } else { Err(LogError::OutOfRange { wanted, size: self.size() }) }
    }
}

impl Entries<'_> {
    /// Reads the bundle of the next entry, and checks it against the leaf hashes.
    fn read_bundle(&mut self) -> Result<(), LogError> {
        let index = self.next / u64::from(TILE_WIDTH);
        let mut entries = self.tree.bundle(index)?;
        let hashes = self.tree.hashes(0, index)?;
        if !entries.iter().map(|entry| leaf_hash(entry)).eq(hashes) {
            let tile = self.tree.tile(TileKind::Entries, index)?;
            return Err(self.tree.damaged(tile, "its entries are not those of its hash tile, or that tile is damaged"));
        }
        entries.drain(..(self.next % u64::from(TILE_WIDTH)) as usize);
        entries.reverse();
        self.bundle = entries;
        Ok(())
    }
}

impl Iterator for Entries<'_> {
    type Item = Result<Vec<u8>, LogError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.next >= self.tree.size() {
            return None;
        }
        if self.bundle.is_empty()
            && let Err(error) = self.read_bundle()
        {
            self.next = u64::MAX;
            return Some(Err(error));
        }
        self.next += 1;
        self.bundle.pop().map(Ok)
    }
}
