//! The right edge of the tree: all that must be known of it to make it grow.

use crate::error::LogError;
use crate::merkle::{Hash, empty_root, leaf_hash, node_hash, root_of};
use crate::tile::{LEVELS_MAX, TILE_WIDTH, Tile, TileKind, push_entry, tile_bytes};
use crate::tree::Tree;

/// The partial tiles at the right edge of a tree, in memory.
#[derive(Clone, Debug)]
pub(crate) struct Edge {
    size: u64,
    /// The partial entry bundle, as its bytes.
    bundle: Vec<u8>,
    /// The partial hash tile of each level; fewer than 256 hashes each, often none.
    levels: Vec<Level>,
}

/// A partial hash tile.
#[derive(Clone, Debug, Default)]
struct Level {
    hashes: Vec<Hash>,
    /// The roots of the complete subtrees that the hashes make up, the largest first: one for each bit that is set in
    /// their number. So a new root costs a few hashes, and not one for each hash of the tile.
    peaks: Vec<Hash>,
}

/// What a tree becomes by growing: new files, and the head over them.
#[derive(Debug)]
pub(crate) struct Growth {
    pub(crate) files: Vec<(Tile, Vec<u8>)>,
    pub(crate) size: u64,
    pub(crate) root: Hash,
}

impl Edge {
    /// The edge of the tree without entries.
    pub(crate) fn empty() -> Self {
        Self { size: 0, bundle: Vec::new(), levels: vec![Level::default(); usize::from(LEVELS_MAX)] }
    }

    /// Reads the edge of a tree and checks it against the signed root, entries included: what is damaged must never be
    /// built upon.
    ///
    /// # Errors
    /// [`LogError::Damaged`] or [`LogError::Missing`] with the file that is bad.
    pub(crate) fn read(tree: &Tree) -> Result<Self, LogError> {
        let mut edge = Self { size: tree.size(), ..Self::empty() };
        for (number, level) in (0..LEVELS_MAX).zip(&mut edge.levels) {
            if let Some(tile) = TileKind::Hashes(number).edge_of(tree.size()) {
                tree.hashes(number, tile.index)?.into_iter().for_each(|hash| level.push(hash));
            }
        }
        let mut leaves = Vec::new();
        if let Some(tile) = TileKind::Entries.edge_of(tree.size()) {
            for entry in tree.bundle(tile.index)? {
                leaves.push(leaf_hash(&entry));
                push_entry(&mut edge.bundle, &entry);
            }
        }
        if edge.root() == tree.checkpoint().root && edge.levels.first().is_some_and(|level| level.hashes == leaves) {
            Ok(edge)
        } else {
            Err(tree.locate_damage())
        }
    }

    /// Entries of the tree.
    pub(crate) const fn size(&self) -> u64 {
        self.size
    }

    /// Puts these entries behind the others. Pure.
    pub(crate) fn grow<E: AsRef<[u8]>>(&mut self, entries: &[E]) -> Growth {
        let old_size = self.size;
        let mut growth = self.grow_full(entries);
        growth.files.extend(self.partials(old_size));
        growth
    }

    /// As [`Edge::grow`], without the partial tiles.
    pub(crate) fn grow_full<E: AsRef<[u8]>>(&mut self, entries: &[E]) -> Growth {
        let mut files = Vec::new();
        for entry in entries.iter().map(AsRef::as_ref) {
            push_entry(&mut self.bundle, entry);
            self.size += 1;
            if self.size.is_multiple_of(u64::from(TILE_WIDTH)) {
                let tile = Tile::full(TileKind::Entries, self.size / u64::from(TILE_WIDTH) - 1);
                files.push((tile, std::mem::take(&mut self.bundle)));
            }
            self.push_hash(leaf_hash(entry), &mut files);
        }
        Growth { files, size: self.size, root: self.root() }
    }

    /// Adds a leaf, and to each level above it the root of the tile that it completes.
    fn push_hash(&mut self, leaf: Hash, files: &mut Vec<(Tile, Vec<u8>)>) {
        let mut hash = leaf;
        for (number, level) in (0..LEVELS_MAX).zip(&mut self.levels) {
            level.push(hash);
            if level.hashes.len() < usize::from(TILE_WIDTH) {
                return;
            }
            let kind = TileKind::Hashes(number);
            let tile = Tile::full(kind, kind.count_in(self.size) / u64::from(TILE_WIDTH) - 1);
            files.push((tile, tile_bytes(&level.hashes)));
            // All 256 hashes are one complete subtree by now.
            hash = level.peaks.first().copied().unwrap_or_else(|| root_of(&level.hashes));
            *level = Level::default();
        }
    }

    /// The partial tiles that changed since the tree had `old_size` entries.
    pub(crate) fn partials(&self, old_size: u64) -> Vec<(Tile, Vec<u8>)> {
        let changed =
            |kind: TileKind| kind.edge_of(self.size).filter(|_| kind.count_in(old_size) < kind.count_in(self.size));
        let entries = changed(TileKind::Entries).map(|tile| (tile, self.bundle.clone()));
        let hashes = (0..LEVELS_MAX).zip(&self.levels).filter_map(|(number, level)| {
            changed(TileKind::Hashes(number)).map(|tile| (tile, tile_bytes(&level.hashes)))
        });
        entries.into_iter().chain(hashes).collect()
    }

    /// The root: what is incomplete at one level is the last node of the level above.
    fn root(&self) -> Hash {
        let peaks = self.levels.iter().flat_map(|level| level.peaks.iter().rev());
        peaks.copied().reduce(|right, left| node_hash(left, right)).unwrap_or_else(empty_root)
    }
}

impl Level {
    fn push(&mut self, hash: Hash) {
        self.hashes.push(hash);
        let mut node = hash;
        for _ in 0..self.hashes.len().trailing_zeros() {
            node = self.peaks.pop().map_or(node, |left| node_hash(left, node));
        }
        self.peaks.push(node);
    }
}

/// The root of the tree with these partial tiles at its right edge, level 0 first, computed from all their hashes.
pub(crate) fn edge_root(levels: &[Vec<Hash>]) -> Hash {
    let rest = levels.iter().fold(None, |rest: Option<Hash>, hashes| {
        let nodes: Vec<Hash> = hashes.iter().copied().chain(rest).collect();
        (!nodes.is_empty()).then(|| root_of(&nodes))
    });
    rest.unwrap_or_else(empty_root)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_of_the_peaks_is_that_of_all_hashes() {
        let mut edge = Edge::empty();
        for size in 0..70_000_u32 {
            if size < 1_100 || size % 509 < 2 || (65_530..65_800).contains(&size) {
                let levels: Vec<Vec<Hash>> = edge.levels.iter().map(|level| level.hashes.clone()).collect();
                assert_eq!(edge.root(), edge_root(&levels), "{size}");
            }
            edge.grow(&[size.to_be_bytes()]);
        }
        assert_eq!(edge.size(), 70_000);
    }
}
