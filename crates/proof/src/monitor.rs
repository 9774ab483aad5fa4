//! The log of somebody else, followed from outside: each checkpoint that it publishes must continue the one that was seen
//! before it (C2SP tlog-tiles; RFC 9162, sections 8.2 and 8.3, calls this a monitor). Unlike a witness, a monitor is told
//! nothing by the log: it makes the proofs itself, of the tiles that the log serves.

use std::fmt::{self, Debug};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::audit::Progress;
use crate::backend::{Bulk, Listed};
use crate::checkpoint::Checkpoint;
use crate::edge::edge_root;
use crate::error::LogError;
use crate::limits::NOTE_BYTES_MAX;
use crate::log::CHECKPOINT;
use crate::merkle::{Hash, consistency_proof, leaf_hash, root_of, verify_consistency};
use crate::note::{Note, VerifierKey};
use crate::tile::{LEVELS_MAX, TILE_WIDTH, Tile, TileKind};
use crate::tree::Tree;
use crate::witness::{Evidence, EvidenceKind, Kept, Seen, WitnessStore};

/// Reads the files of a log that is served (C2SP tlog-tiles), over whatever serves it.
pub trait Fetch: Debug + Send + Sync {
    /// The bytes of a file; `None` if it is not there.
    ///
    /// # Errors
    /// When nobody answers, or with more than `bytes_max` bytes.
    fn fetch(&self, name: &str, bytes_max: usize) -> io::Result<Option<Vec<u8>>>;

    /// Where a file is, as errors name it: its address.
    fn place(&self, name: &str) -> String;
}

/// Follows one log. What it has seen is in a store, as a witness keeps it; both never share one.
pub struct Monitor<S> {
    bulk: Arc<dyn Bulk>,
    keys: Vec<VerifierKey>,
    store: S,
}

/// How closely a log is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closeness {
    /// Checkpoint and proofs.
    Checkpoint,
    /// All entries that are new since the last look are hashed again, too: so it shows that the log serves what it vouches for.
    Entries,
}

/// What one look at a log has shown.
#[derive(Debug)]
pub struct Look {
    /// What the log has published.
    pub checkpoint: Checkpoint,
    /// How that fits what was seen before.
    pub found: Found,
    /// Entries that were hashed again, and are what the checkpoint vouches for.
    pub entries: u64,
}

/// How a checkpoint fits the one that was seen before it.
#[derive(Debug)]
pub enum Found {
    /// None was seen before.
    First,
    /// It is the same.
    Same,
    /// It continues the one of this size.
    Grown {
        /// Entries that were seen before.
        from: u64,
    },
    /// It is a beginning of the one of this size: somebody serves an older copy. The newer one stays remembered.
    Behind {
        /// Entries that were seen before.
        seen: u64,
    },
    /// Both can't be of one history, or are not shown to be. The older one stays remembered.
    Fork(Kept),
}

impl Found {
    /// True for what no honest log shows.
    #[must_use]
    pub const fn is_bad(&self) -> bool {
        matches!(self, Self::Behind { .. } | Self::Fork(_))
    }
}

impl<S: WitnessStore> Monitor<S> {
    /// A monitor of the log with these keys, which all have its origin for a name.
    pub fn new(fetch: Arc<dyn Fetch>, keys: Vec<VerifierKey>, store: S) -> Self {
        Self { bulk: Arc::new(Served(fetch)), keys, store }
    }

    /// Looks at the log once. `progress` is called after each bundle of entries that was hashed again.
    ///
    /// # Errors
    /// [`LogError::Damaged`] for what is not signed by a key, or does not hash to what was signed; [`LogError::Missing`];
    /// [`LogError::Io`] when nobody answers, or what was seen can't be read or kept. Then nothing is remembered.
    pub fn look(&self, closeness: Closeness, progress: &mut dyn FnMut(Progress)) -> Result<Look, LogError> {
        let tree = self.published()?;
        let new = Seen { checkpoint: tree.checkpoint().clone(), note: tree.signed_checkpoint().to_owned() };
        let stored = |source| LogError::Io { action: "keep what was seen of", path: self.bulk.place(""), source };
        let seen = self.store.latest(&new.checkpoint.origin).map_err(stored)?;
        let found = match &seen {
            None => Found::First,
            Some(seen) => self.compare(seen, &new)?,
        };
        let mut look = Look { checkpoint: new.checkpoint.clone(), found, entries: 0 };
        if look.found.is_bad() {
            return Ok(look);
        }
        let edges = authentic_edges(&tree)?;
        if closeness == Closeness::Entries {
            let from = seen.as_ref().map_or(0, |seen| seen.checkpoint.size);
            look.entries = hash_entries(&tree, &edges, from, progress)?;
        }
        if !self.store.swap(seen.as_ref(), &new).map_err(stored)? {
            return Err(stored(io::Error::new(io::ErrorKind::WouldBlock, "another process follows the same log")));
        }
        Ok(look)
    }

    /// The tree that the log has published, if one of its keys signed it.
    fn published(&self) -> Result<Tree, LogError> {
        let damaged = |problem: &dyn fmt::Display| LogError::Damaged {
            path: self.bulk.place(CHECKPOINT),
            problem: problem.to_string(),
        };
        let text = self.bulk.get(CHECKPOINT, NOTE_BYTES_MAX)?;
        let text = String::from_utf8(text).map_err(|_| damaged(&"it is not text"))?;
        let note = Note::parse(&text).map_err(|error| damaged(&error))?;
        let checkpoint = Checkpoint::from_text(note.text()).map_err(|error| damaged(&error))?;
        let own: Vec<VerifierKey> = self.keys.iter().filter(|key| key.name() == checkpoint.origin).cloned().collect();
        let signers = note.verify(&own).map_err(|error| damaged(&error))?;
        Ok(Tree { bulk: self.bulk.clone(), checkpoint, note: note.only(&signers).to_string() })
    }

    fn compare(&self, seen: &Seen, new: &Seen) -> Result<Found, LogError> {
        let fork = |(kind, beginning), proof| {
            let evidence = Evidence { kind, seen: seen.clone(), submitted: new.clone(), proof, beginning };
            let place = self.store.keep(&evidence);
            Found::Fork(Kept { evidence: Box::new(evidence), place })
        };
        let (old_size, new_size) = (seen.checkpoint.size, new.checkpoint.size);
        if old_size == new_size {
            let is_same = seen.checkpoint.root == new.checkpoint.root;
            return Ok(if is_same { Found::Same } else { fork((EvidenceKind::TwoRoots, None), Vec::new()) });
        }
        let (earlier, later) = if old_size < new_size { (seen, new) } else { (new, seen) };
        let tree = Tree { bulk: self.bulk.clone(), checkpoint: later.checkpoint.clone(), note: later.note.clone() };
        let (small, large) = (&earlier.checkpoint, &later.checkpoint);
        let proof = match consistency_proof(small.size, large.size, &mut tree.reader()) {
            // A log that has become smaller need not have the tiles that would show it.
            Err(LogError::Missing { .. }) if new_size < old_size => Vec::new(),
            proof => proof?,
        };
        if verify_consistency(small.size, small.root, large.size, large.root, &proof).is_ok() {
            let (grown, behind) = (Found::Grown { from: old_size }, Found::Behind { seen: old_size });
            return Ok(if old_size < new_size { grown } else { behind });
        }
        // A proof from a size that is a power of two has the earlier root left out: the tiles have it.
        let shown = match tree.root_at(small.size) {
            Ok(root)
                if root != small.root
                    && verify_consistency(small.size, root, large.size, large.root, &proof).is_ok() =>
            {
                (EvidenceKind::OtherBeginning, Some(root))
            }
            _ => EvidenceKind::of_broken(small, large, &proof),
        };
        Ok(fork(shown, proof))
    }
}

/// For each level, the hashes of one tile and its index.
type Tiles = Vec<Option<(u64, Vec<Hash>)>>;

/// The hash tiles at the right edge of each level, after a check that they lead to the root that was signed.
fn authentic_edges(tree: &Tree) -> Result<Tiles, LogError> {
    let edge = |level| match TileKind::Hashes(level).edge_of(tree.size()) {
        Some(tile) => Ok(Some((tile.index, tree.hashes(level, tile.index)?))),
        None => Ok(None),
    };
    let edges = (0..LEVELS_MAX).map(edge).collect::<Result<Tiles, LogError>>()?;
    let levels: Vec<Vec<Hash>> =
        edges.iter().map(|edge| edge.as_ref().map_or_else(Vec::new, |(_, hashes)| hashes.clone())).collect();
    if edge_root(&levels) == tree.checkpoint().root {
        return Ok(edges);
    }
    let problem = "the tiles at the right edge do not hash to its root".to_owned();
    Err(LogError::Damaged { path: tree.bulk.place(CHECKPOINT), problem })
}

/// Hashes the entries from the bundle with `from` on, each against a hash tile that leads to the root. Returns how many.
fn hash_entries(tree: &Tree, edges: &Tiles, from: u64, progress: &mut dyn FnMut(Progress)) -> Result<u64, LogError> {
    let width = u64::from(TILE_WIDTH);
    let (first, bundles) = (from / width, tree.size().div_ceil(width));
    let mut known = edges.clone();
    for index in first..bundles {
        let hashes: Vec<Hash> = tree.bundle(index)?.iter().map(|entry| leaf_hash(entry)).collect();
        if hashes != authentic_hashes(tree, edges, &mut known, 0, index)? {
            let tile = Tile::in_tree(TileKind::Entries, index, tree.size());
            let beyond = LogError::OutOfRange { wanted: index, size: tree.size() };
            return Err(tile.map_or(beyond, |tile| tree.damaged(tile, "its entries are not those of the tree")));
        }
        progress(Progress { bundles_done: index - first + 1, bundles: bundles - first });
    }
    Ok(tree.size().saturating_sub(first * width))
}

/// A hash tile that leads to the root: one of the edge, or one whose own root is in the tile above it. `known` holds the one
/// of each level that was read last.
fn authentic_hashes(
    tree: &Tree,
    edges: &Tiles,
    known: &mut Tiles,
    level: u8,
    index: u64,
) -> Result<Vec<Hash>, LogError> {
    let at = usize::from(level);
    for tiles in [edges, known] {
        if let Some((_, hashes)) = tiles.get(at).and_then(Option::as_ref).filter(|(of, _)| *of == index) {
            return Ok(hashes.clone());
        }
    }
    let above = authentic_hashes(tree, edges, known, level + 1, index / u64::from(TILE_WIDTH))?;
    let hashes = tree.hashes(level, index)?;
    if above.get((index % u64::from(TILE_WIDTH)) as usize) != Some(&root_of(&hashes)) {
        return Err(tree.damaged(Tile::full(TileKind::Hashes(level), index), "it does not hash to the tile above it"));
    }
    if let Some(slot) = known.get_mut(at) {
        *slot = Some((index, hashes.clone()));
    }
    Ok(hashes)
}

/// A log that is served, to read only.
#[derive(Debug)]
struct Served(Arc<dyn Fetch>);

impl Served {
    fn refused(&self, name: &str) -> LogError {
        LogError::Io { action: "write", path: self.place(name), source: io::ErrorKind::Unsupported.into() }
    }
}

impl Bulk for Served {
    fn get(&self, name: &str, bytes_max: usize) -> Result<Vec<u8>, LogError> {
        let found = self.0.fetch(name, bytes_max);
        let found = found.map_err(|source| LogError::Io { action: "read", path: self.place(name), source })?;
        let bytes = found.ok_or_else(|| LogError::Missing { path: self.place(name) })?;
        if bytes.len() > bytes_max {
            return Err(LogError::Damaged { path: self.place(name), problem: "it is too large".to_owned() });
        }
        Ok(bytes)
    }

    fn put(&self, name: &str, _: &[u8]) -> Result<(), LogError> {
        Err(self.refused(name))
    }

    fn sync(&self, _: &[String]) -> Result<(), LogError> {
        Err(self.refused(""))
    }

    fn remove(&self, name: &str) -> Result<(), LogError> {
        Err(self.refused(name))
    }

    fn remove_folder(&self, folder: &str) -> Result<(), LogError> {
        Err(self.refused(folder))
    }

    fn list(&self, _: &str) -> Result<Vec<Listed>, LogError> {
        Ok(Vec::new())
    }

    fn place(&self, name: &str) -> PathBuf {
        PathBuf::from(self.0.place(name))
    }
}
