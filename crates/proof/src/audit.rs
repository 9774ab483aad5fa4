//! The audit of a whole log from outside: re-hashes everything, and names each file that is bad.
//!
//! The signed root vouches for the tiles at the right edge, each hash in a tile for the tile below it, and the leaf
//! hashes for the entries. Where a file and what stands above it disagree, what stands below (from which the file can
//! be rebuilt) decides which of the two is bad.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use crate::backend::{Bulk, ListedKind};
use crate::edge::{Edge, edge_root};
use crate::error::LogError;
use crate::limits::{WAL_FILE_BYTES_MAX, WALK_DEPTH_MAX};
use crate::log::{CHECKPOINT, DECIDED, is_own_name, is_transient_name, read_checkpoint};
use crate::merkle::{Hash, leaf_hash, root_of};
use crate::note::VerifierKey;
use crate::recover::{checkpoint_in, heads_of};
use crate::tile::{LEVELS_MAX, TILE_WIDTH, Tile, TileKind, bundle_entries, tile_hashes};
use crate::tree::Tree;
use crate::wal::{self, Desk, Tail, WAL};

/// A file of a log that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BadResource {
    /// Its name below the log's folder.
    pub name: String,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong with a file of a log.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Problem {
    /// The checkpoint needs it, and it isn't there.
    Missing,
    /// It does not hold what the checkpoint vouches for.
    Damaged(String),
    /// It could not be read; the operating system said why.
    Unreadable(String),
    /// No published checkpoint covers it: an append is under way or was interrupted. Harmless.
    Unpublished,
    /// No log has a file of this name.
    Foreign,
}

/// How far an audit has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Entry bundles that were checked.
    pub bundles_done: u64,
    /// Entry bundles in the log.
    pub bundles: u64,
}

impl Problem {
    /// True for what an interrupted append leaves behind, and the next one sweeps or completes.
    #[must_use]
    pub const fn is_harmless(&self) -> bool {
        matches!(self, Self::Unpublished)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("it is missing"),
            Self::Damaged(problem) => f.write_str(problem),
            Self::Unreadable(problem) => write!(f, "it could not be read: {problem}"),
            Self::Unpublished => f.write_str("it is beyond the published checkpoint"),
            Self::Foreign => f.write_str("it is not a file of a log"),
        }
    }
}

/// The first bad files under a published tree: those at its right edge, or if there are none, all.
pub(crate) fn audit_tree(tree: &Tree) -> Vec<BadResource> {
    let mut ignore = |_| ();
    let mut audit = Audit::new(tree.bulk.clone(), &mut ignore);
    audit.size = tree.size();
    audit.root = Some(tree.checkpoint().root);
    let edge = audit.check_edge();
    if audit.found.is_empty() {
        audit.check_full_tiles(&edge);
    }
    audit.found
}

/// An audit under way.
pub(crate) struct Audit<'p> {
    bulk: Arc<dyn Bulk>,
    size: u64,
    /// The signed root; none if the checkpoint itself is bad.
    root: Option<Hash>,
    found: Vec<BadResource>,
    /// Partial tiles of earlier checkpoints, by the level and index of the tile that they are the beginning of.
    earlier: BTreeMap<(u8, u64), Vec<Tile>>,
    progress: &'p mut dyn FnMut(Progress),
    bundles_done: u64,
}

/// What stands above a tile says that it hashes to this.
#[derive(Clone, Copy)]
enum Expected {
    /// And what stands above is itself proven by the signed root.
    Signed(Hash),
    /// But that is only what is stored there.
    Stored(Hash),
    /// Nothing is known.
    Unknown,
}

/// The partial hash tile of a level at the right edge.
struct EdgeTile {
    tile: Tile,
    stored: Result<Vec<Hash>, Problem>,
    rebuilt: Option<Vec<Hash>>,
}

/// The hashes at the right edge, level 0 first, and whether the signed root proves them.
struct CheckedEdge {
    levels: Vec<Vec<Hash>>,
    proven: bool,
}

impl Expected {
    fn hash(self) -> Option<Hash> {
        match self {
            Self::Signed(hash) | Self::Stored(hash) => Some(hash),
            Self::Unknown => None,
        }
    }

    /// The expectation for a child, by its hash in a tile that met this one.
    fn of_child(self, hash: Option<&Hash>) -> Self {
        match (self, hash) {
            (_, None) => Self::Unknown,
            (Self::Signed(_), Some(hash)) => Self::Signed(*hash),
            (_, Some(hash)) => Self::Stored(*hash),
        }
    }
}

impl<'p> Audit<'p> {
    /// The audit of everything in the folder.
    pub(crate) fn of_log(
        bulk: Arc<dyn Bulk>,
        desk: &dyn Desk,
        keys: &[VerifierKey],
        progress: &'p mut dyn FnMut(Progress),
    ) -> Vec<BadResource> {
        let mut audit = Self::new(bulk, progress);
        // The head after the list: whatever the list has missed was not published before.
        let tiles = audit.list_files();
        let head = read_checkpoint(&*audit.bulk, CHECKPOINT, keys);
        match head {
            Ok((checkpoint, _)) => (audit.size, audit.root) = (checkpoint.size, Some(checkpoint.root)),
            Err(error) => {
                audit.report(CHECKPOINT.to_owned(), Problem::from(error));
                audit.size = whole_bundles(&tiles);
            }
        }
        match read_checkpoint(&*audit.bulk, DECIDED, keys) {
            Ok(_) | Err(LogError::Missing { .. }) => {}
            Err(error) => audit.report(DECIDED.to_owned(), Problem::from(error)),
        }
        audit.sort_tiles(tiles);
        let edge = audit.check_edge();
        audit.check_full_tiles(&edge);
        audit.check_wal(desk, keys);
        audit.found.sort();
        audit.found
    }

    fn new(bulk: Arc<dyn Bulk>, progress: &'p mut dyn FnMut(Progress)) -> Self {
        let (found, earlier) = (Vec::new(), BTreeMap::new());
        Self { bulk, size: 0, root: None, found, earlier, progress, bundles_done: 0 }
    }

    fn report(&mut self, name: String, problem: Problem) {
        self.found.push(BadResource { name, problem });
    }

    fn report_tile(&mut self, tile: Tile, problem: Problem) {
        self.report(tile.path(), problem);
    }

    /// All tiles in the folder; reports what is no file of a log.
    fn list_files(&mut self) -> BTreeSet<Tile> {
        let mut tiles = BTreeSet::new();
        let mut folders = vec![(String::new(), 0)];
        while let Some((folder, depth)) = folders.pop() {
            let files = match self.bulk.list(&folder) {
                Ok(files) => files,
                Err(error) => {
                    self.report(folder, Problem::Unreadable(error.to_string()));
                    continue;
                }
            };
            for file in files {
                let name = if folder.is_empty() { file.name } else { format!("{folder}/{}", file.name) };
                match Tile::parse(&name) {
                    _ if file.kind == ListedKind::Folder && depth < WALK_DEPTH_MAX => folders.push((name, depth + 1)),
                    Some(tile) => drop(tiles.insert(tile)),
                    None if is_transient_name(&name) => self.report(name, Problem::Unpublished),
                    None if is_own_name(&name) => {}
                    None => self.report(name, Problem::Foreign),
                }
            }
        }
        tiles
    }

    /// Reports tiles beyond the checkpoint, and remembers the partial ones of earlier checkpoints.
    fn sort_tiles(&mut self, tiles: BTreeSet<Tile>) {
        for tile in tiles {
            if !tile.is_covered_by(self.size) {
                self.report_tile(tile, Problem::Unpublished);
            } else if tile.is_partial() && tile.kind.edge_of(self.size) != Some(tile) {
                let level = if let TileKind::Hashes(level) = tile.kind { level } else { 0 };
                self.earlier.entry((level, tile.index)).or_default().push(tile);
            }
        }
    }

    /// Checks the partial tiles at the right edge, which the signed root proves together.
    fn check_edge(&mut self) -> CheckedEdge {
        let edge_tile = |level| TileKind::Hashes(level).edge_of(self.size);
        let mut tiles: Vec<EdgeTile> = (0..LEVELS_MAX)
            .filter_map(edge_tile)
            .map(|tile| EdgeTile { tile, stored: self.read_hashes(tile), rebuilt: None })
            .collect();
        if self.root.is_none() || self.proven_choice(&tiles) != Some(0) {
            for edge in &mut tiles {
                edge.rebuilt = self.rebuild(edge.tile);
            }
        }
        let choice = self.proven_choice(&tiles);
        let before = self.found.len();
        let mut levels = vec![Vec::new(); usize::from(LEVELS_MAX)];
        for (at, edge) in tiles.into_iter().enumerate() {
            let use_rebuilt = choice.is_some_and(|mask| mask >> at & 1 == 1) || edge.stored.is_err();
            // Without proof, what agrees with all below it is held to be good, and what can't be compared is not.
            let bad = if choice.is_some() { use_rebuilt } else { edge.stored.as_ref().ok() != edge.rebuilt.as_ref() };
            let (stored, problem) = match edge.stored {
                Ok(hashes) => (
                    Some(hashes),
                    Problem::Damaged("it does not agree with the signed root or with what is below it".to_owned()),
                ),
                Err(problem) => (None, problem),
            };
            if bad || stored.is_none() {
                self.report_tile(edge.tile, problem);
            }
            let hashes = if use_rebuilt { edge.rebuilt } else { stored };
            if let (TileKind::Hashes(level), Some(hashes)) = (edge.tile.kind, hashes) {
                levels[usize::from(level)] = hashes;
            }
        }
        self.check_edge_entries(&levels[0]);
        if choice.is_none() && self.root.is_some() && self.found.len() == before {
            let problem = "the tiles agree with each other, but do not hash to its root".to_owned();
            self.report(CHECKPOINT.to_owned(), Problem::Damaged(problem));
        }
        for (level, hashes) in (0..LEVELS_MAX).zip(&levels) {
            if let Some(tile) = TileKind::Hashes(level).edge_of(self.size) {
                self.check_earlier(level, tile.index, hashes);
            }
        }
        CheckedEdge { levels, proven: choice.is_some() }
    }

    /// Which tiles must be taken as rebuilt rather than as stored (one bit each), so that together they hash to the
    /// signed root; the fewest. At most 2⁸ tries.
    fn proven_choice(&self, tiles: &[EdgeTile]) -> Option<u32> {
        let root = self.root?;
        let mut choices: Vec<u32> = (0..1 << tiles.len()).collect();
        choices.sort_by_key(|mask| mask.count_ones());
        choices.into_iter().find(|mask| {
            let chosen = tiles.iter().enumerate().map(|(at, edge)| {
                if mask >> at & 1 == 1 { edge.rebuilt.clone() } else { edge.stored.as_ref().ok().cloned() }
            });
            chosen.collect::<Option<Vec<_>>>().is_some_and(|levels| edge_root(&levels) == root)
        })
    }

    /// Checks the partial entry bundle at the right edge.
    fn check_edge_entries(&mut self, hashes: &[Hash]) {
        let Some(bundle) = TileKind::Entries.edge_of(self.size) else { return };
        match self.read_leaves(bundle) {
            Ok(leaves) if leaves == hashes => {}
            Ok(_) => {
                self.report_tile(bundle, Problem::Damaged("its entries do not hash to the leaf hashes".to_owned()))
            }
            Err(problem) => self.report_tile(bundle, problem),
        }
        self.count_bundle();
    }

    /// Checks every full tile and bundle: each stands below a hash at the right edge.
    fn check_full_tiles(&mut self, edge: &CheckedEdge) {
        for level in (1..LEVELS_MAX).rev() {
            let Some(tile) = TileKind::Hashes(level).edge_of(self.size) else { continue };
            let hashes = &edge.levels[usize::from(level)];
            for at in 0..u64::from(tile.width) {
                let expected = match hashes.get(at as usize) {
                    Some(hash) if edge.proven => Expected::Signed(*hash),
                    Some(hash) => Expected::Stored(*hash),
                    None => Expected::Unknown,
                };
                self.check_full(level - 1, tile.index * u64::from(TILE_WIDTH) + at, expected);
            }
        }
    }

    /// Checks a full tile and all below it. Recurses once a level.
    fn check_full(&mut self, level: u8, index: u64, expected: Expected) {
        if level == 0 {
            return self.check_leaves(index, expected);
        }
        let tile = Tile::full(TileKind::Hashes(level), index);
        let stored = self.read_hashes(tile);
        let is_met = |hashes: &Vec<Hash>| expected.hash() == Some(root_of(hashes));
        let met = stored.as_ref().is_ok_and(is_met);
        let rebuilt = if met { None } else { self.rebuild(tile) };
        let mended = rebuilt.as_ref().is_some_and(is_met);
        let chosen = match stored {
            Ok(hashes) if met => Some(hashes),
            Ok(hashes) => {
                // When it agrees with what is below, it is the hash above that is wrong, unless that one is proven.
                if mended || rebuilt.as_ref() != Some(&hashes) || matches!(expected, Expected::Signed(_)) {
                    let problem = "it does not hash to what the tile above has for it".to_owned();
                    self.report_tile(tile, Problem::Damaged(problem));
                }
                if mended { rebuilt } else { Some(hashes) }
            }
            Err(problem) => {
                self.report_tile(tile, problem);
                rebuilt
            }
        };
        self.check_earlier(level, index, chosen.as_deref().unwrap_or_default());
        let proven_so_far = if met || mended { expected } else { Expected::Unknown };
        for at in 0..u64::from(TILE_WIDTH) {
            let hash = chosen.as_ref().and_then(|hashes| hashes.get(at as usize));
            self.check_full(level - 1, index * u64::from(TILE_WIDTH) + at, proven_so_far.of_child(hash));
        }
    }

    /// Checks a full tile of leaf hashes and its bundle of entries.
    fn check_leaves(&mut self, index: u64, expected: Expected) {
        let (tile, bundle) = (Tile::full(TileKind::Hashes(0), index), Tile::full(TileKind::Entries, index));
        let (stored, leaves) = (self.read_hashes(tile), self.read_leaves(bundle));
        let is_met = |hashes: &Result<Vec<Hash>, Problem>| {
            hashes.as_ref().is_ok_and(|hashes| expected.hash() == Some(root_of(hashes)))
        };
        let (tile_met, bundle_met) = (is_met(&stored), is_met(&leaves));
        let agree = stored.is_ok() && stored == leaves;
        let fine = agree && !matches!(expected, Expected::Signed(_));
        if let Err(problem) = &stored {
            self.report_tile(tile, problem.clone());
        } else if !tile_met && !fine {
            let problem = "it does not hash to what the tile above has for it".to_owned();
            self.report_tile(tile, Problem::Damaged(problem));
        }
        if let Err(problem) = &leaves {
            self.report_tile(bundle, problem.clone());
        } else if !bundle_met && !fine {
            self.report_tile(bundle, Problem::Damaged("its entries do not hash to the leaf hashes".to_owned()));
        }
        let chosen = if bundle_met { leaves } else { stored.or(leaves) };
        self.check_earlier(0, index, chosen.as_deref().unwrap_or_default());
        self.count_bundle();
    }

    /// Checks that the partial tiles of earlier checkpoints are the beginning of these hashes.
    fn check_earlier(&mut self, level: u8, index: u64, hashes: &[Hash]) {
        for tile in self.earlier.remove(&(level, index)).unwrap_or_default() {
            let read = if tile.kind == TileKind::Entries { self.read_leaves(tile) } else { self.read_hashes(tile) };
            match read {
                Ok(own) if hashes.starts_with(&own) => {}
                Ok(_) => {
                    let problem = "it is not the beginning of the tile that it grew into".to_owned();
                    self.report_tile(tile, Problem::Damaged(problem));
                }
                // Removed since it was listed, as the full tile serves as well.
                Err(Problem::Missing) => {}
                Err(problem) => self.report_tile(tile, problem),
            }
        }
    }

    /// Checks the write-ahead log against its own hashes, signatures and roots, and against the published head. Read last:
    /// it is ahead of whatever was published before.
    fn check_wal(&mut self, desk: &dyn Desk, keys: &[VerifierKey]) {
        let problem = match desk.read_wal(WAL_FILE_BYTES_MAX) {
            Ok(bytes) => self.problem_of_wal(&bytes, keys),
            // A log that was copied without it is whole: all that it repeats is published.
            Err(LogError::Missing { .. }) => None,
            Err(error) => Some(error.into()),
        };
        problem.into_iter().for_each(|problem| self.report(WAL.to_owned(), problem));
    }

    fn problem_of_wal(&self, bytes: &[u8], keys: &[VerifierKey]) -> Option<Problem> {
        let damaged = |problem: &str| Some(Problem::Damaged(problem.to_owned()));
        let contents = match wal::parse(bytes) {
            Ok(contents) => contents,
            Err(problem) => return Some(Problem::Damaged(problem)),
        };
        let base = match checkpoint_in(contents.base, keys) {
            Ok(base) => Tree { bulk: self.bulk.clone(), checkpoint: base, note: contents.base.to_owned() },
            Err(problem) => return Some(Problem::Damaged(problem)),
        };
        let edge = match Edge::read(&base) {
            Ok(edge) => edge,
            // A tile that is bad has been reported already, and nothing can be said of what builds on it.
            Err(_) if self.found.iter().any(|bad| !bad.problem.is_harmless()) => return None,
            Err(error) => return damaged(&format!("it does not begin at a checkpoint of this log: {error}")),
        };
        let heads = match heads_of(&contents, edge, keys) {
            Ok(heads) => heads,
            Err(problem) => return Some(Problem::Damaged(problem)),
        };
        let last = heads.last().unwrap_or(base.checkpoint());
        match self.root {
            Some(_) if self.size > last.size => damaged("it ends before the published checkpoint"),
            Some(root) if self.size == last.size && root != last.root => {
                damaged("it leads to another root than the published one")
            }
            Some(_) if self.size < last.size => Some(Problem::Unpublished),
            _ => (contents.tail == Tail::Torn).then_some(Problem::Unpublished),
        }
    }

    /// A hash tile computed from the tiles or entries below it. `None` if one of these can't be read.
    fn rebuild(&self, tile: Tile) -> Option<Vec<Hash>> {
        match tile.kind {
            TileKind::Entries => None,
            TileKind::Hashes(0) => self.read_leaves(Tile { kind: TileKind::Entries, ..tile }).ok(),
            TileKind::Hashes(level) => {
                let first = tile.index * u64::from(TILE_WIDTH);
                let below =
                    (first..first + u64::from(tile.width)).map(|at| Tile::full(TileKind::Hashes(level - 1), at));
                below.map(|tile| self.read_hashes(tile).ok().map(|hashes| root_of(&hashes))).collect()
            }
        }
    }

    fn read_hashes(&self, tile: Tile) -> Result<Vec<Hash>, Problem> {
        let bytes = self.bulk.get(&tile.path(), tile.bytes_max())?;
        tile_hashes(&bytes, tile.width).ok_or_else(|| Problem::Damaged("it has the wrong length".to_owned()))
    }

    fn read_leaves(&self, bundle: Tile) -> Result<Vec<Hash>, Problem> {
        let bytes = self.bulk.get(&bundle.path(), bundle.bytes_max())?;
        let entries = bundle_entries(&bytes, bundle.width);
        let entries =
            entries.ok_or_else(|| Problem::Damaged("it is not the entries that it should hold".to_owned()))?;
        Ok(entries.into_iter().map(leaf_hash).collect())
    }

    fn count_bundle(&mut self) {
        self.bundles_done += 1;
        let bundles = self.size.div_ceil(u64::from(TILE_WIDTH));
        (self.progress)(Progress { bundles_done: self.bundles_done, bundles });
    }
}

impl From<LogError> for Problem {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Missing { .. } => Self::Missing,
            LogError::Damaged { problem, .. } => Self::Damaged(problem),
            error => Self::Unreadable(error.to_string()),
        }
    }
}

/// How many entries the log has, going by its bundles: when no checkpoint says it.
fn whole_bundles(tiles: &BTreeSet<Tile>) -> u64 {
    let full = (0..).take_while(|index| tiles.contains(&Tile::full(TileKind::Entries, *index))).count() as u64;
    let partial =
        (1..TILE_WIDTH).rev().find(|w| tiles.contains(&Tile { kind: TileKind::Entries, index: full, width: *w }));
    full * u64::from(TILE_WIDTH) + u64::from(partial.unwrap_or(0))
}
