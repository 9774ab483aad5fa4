//! The right edge of the tree: all that must be known of it to make it grow.

use crate::error::LogError;
use crate::merkle::{Hash, leaf_hash, root_of};
use crate::tile::{LEVELS_MAX, TILE_WIDTH, Tile, TileKind, push_entry, tile_bytes};
use crate::tree::Tree;

/// The partial tiles at the right edge of a tree, in memory.
pub(crate) struct Edge {
    size: u64,
    /// The partial entry bundle, as its bytes.
    bundle: Vec<u8>,
    /// The partial hash tile of each level; fewer than 256 hashes each, often none.
    levels: Vec<Vec<Hash>>,
}

/// What a tree becomes by growing: new files, and the head over them.
pub(crate) struct Growth {
    pub(crate) files: Vec<(Tile, Vec<u8>)>,
    pub(crate) size: u64,
    pub(crate) root: Hash,
}

impl Edge {
    /// Reads the edge of a published tree and checks it against the signed root, entries included: what is damaged
    /// must never be built upon.
    ///
    /// # Errors
    /// [`LogError::Damaged`] or [`LogError::Missing`] with the file that is bad.
    pub(crate) fn read(tree: &Tree) -> Result<Self, LogError> {
        let mut edge =
            Self { size: tree.size(), bundle: Vec::new(), levels: vec![Vec::new(); usize::from(LEVELS_MAX)] };
        for (level, hashes) in (0..LEVELS_MAX).zip(&mut edge.levels) {
            if let Some(tile) = TileKind::Hashes(level).edge_of(tree.size()) {
                *hashes = tree.hashes(level, tile.index)?;
            }
        }
        let mut leaves = Vec::new();
        if let Some(tile) = TileKind::Entries.edge_of(tree.size()) {
            for entry in tree.bundle(tile.index)? {
                leaves.push(leaf_hash(&entry));
                push_entry(&mut edge.bundle, &entry);
            }
        }
        if edge.root() == tree.checkpoint().root && edge.levels.first() == Some(&leaves) {
            Ok(edge)
        } else {
            Err(tree.locate_damage())
        }
    }

    /// The tree with these entries behind the others. Pure.
    pub(crate) fn grow(mut self, entries: &[Vec<u8>]) -> Growth {
        let old_size = self.size;
        let mut files = Vec::new();
        for entry in entries {
            push_entry(&mut self.bundle, entry);
            self.size += 1;
            if self.size.is_multiple_of(u64::from(TILE_WIDTH)) {
                let tile = Tile::full(TileKind::Entries, self.size / u64::from(TILE_WIDTH) - 1);
                files.push((tile, std::mem::take(&mut self.bundle)));
            }
            self.push_hash(leaf_hash(entry), &mut files);
        }
        self.push_partials(old_size, &mut files);
        Growth { files, size: self.size, root: self.root() }
    }

    /// Adds a leaf, and to each level above it the root of the tile that it completes.
    fn push_hash(&mut self, leaf: Hash, files: &mut Vec<(Tile, Vec<u8>)>) {
        let mut hash = leaf;
        for (level, hashes) in (0..LEVELS_MAX).zip(&mut self.levels) {
            hashes.push(hash);
            if hashes.len() < usize::from(TILE_WIDTH) {
                return;
            }
            let kind = TileKind::Hashes(level);
            files.push((Tile::full(kind, kind.count_in(self.size) / u64::from(TILE_WIDTH) - 1), tile_bytes(hashes)));
            hash = root_of(hashes);
            hashes.clear();
        }
    }

    /// The partial tiles that changed since the tree had `old_size` entries.
    fn push_partials(&self, old_size: u64, files: &mut Vec<(Tile, Vec<u8>)>) {
        let changed =
            |kind: TileKind| kind.edge_of(self.size).filter(|_| kind.count_in(old_size) < kind.count_in(self.size));
        if let Some(tile) = changed(TileKind::Entries) {
            files.push((tile, self.bundle.clone()));
        }
        for (level, hashes) in (0..LEVELS_MAX).zip(&self.levels) {
            if let Some(tile) = changed(TileKind::Hashes(level)) {
                files.push((tile, tile_bytes(hashes)));
            }
        }
    }

    fn root(&self) -> Hash {
        edge_root(&self.levels)
    }
}

/// The root of the tree with these partial tiles at its right edge, level 0 first. What is incomplete at one level is
/// the last node of the level above.
pub(crate) fn edge_root(levels: &[Vec<Hash>]) -> Hash {
    let rest = levels.iter().fold(None, |rest: Option<Hash>, hashes| {
        let nodes: Vec<Hash> = hashes.iter().copied().chain(rest).collect();
        (!nodes.is_empty()).then(|| root_of(&nodes))
    });
    rest.unwrap_or_else(crate::merkle::empty_root)
}
