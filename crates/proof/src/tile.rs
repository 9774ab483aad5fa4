//! The files of a log: hash tiles and entry bundles, their names and their contents (C2SP tlog-tiles).

use crate::limits::ENTRY_BYTES_MAX;
use crate::merkle::Hash;

/// Hashes of a full tile, and entries of a full bundle.
pub const TILE_WIDTH: u16 = 256;

/// Levels of hash tiles that a tree of [`crate::limits::TREE_SIZE_MAX`] entries needs.
pub const LEVELS_MAX: u8 = 8;

/// What a file of the log holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TileKind {
    /// The entries themselves.
    Entries,
    /// Hashes of subtrees of 256 to the power of this level leaves.
    Hashes(u8),
}

/// One immutable file of the log, by its place in the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    /// What it holds.
    pub kind: TileKind,
    /// Position among the tiles of this kind, from 0.
    pub index: u64,
    /// Hashes or entries in it, 1 to 256. Below 256 it is a partial tile.
    pub width: u16,
}

impl TileKind {
    /// True for the kinds that grow with every entry.
    pub(crate) const fn is_lowest(self) -> bool {
        matches!(self, Self::Entries | Self::Hashes(0))
    }

    /// How many hashes or entries of this kind a tree of `size` entries has.
    #[must_use]
    pub const fn count_in(self, size: u64) -> u64 {
        match self {
            Self::Entries => size,
            Self::Hashes(level) => size >> (8 * level as u32),
        }
    }

    /// The partial tile at the right edge of a tree of `size` entries. `None` if all tiles of this kind are full.
    #[must_use]
    pub const fn edge_of(self, size: u64) -> Option<Tile> {
        let count = self.count_in(size);
        let width = (count % TILE_WIDTH as u64) as u16;
        if width == 0 { None } else { Some(Tile { kind: self, index: count / TILE_WIDTH as u64, width }) }
    }
}

impl Tile {
    /// The full tile at this place.
    #[must_use]
    pub const fn full(kind: TileKind, index: u64) -> Self {
        Self { kind, index, width: TILE_WIDTH }
    }

    /// The tile at this place as a tree of `size` entries has it, full or partial. `None` beyond the tree.
    #[must_use]
    pub fn in_tree(kind: TileKind, index: u64, size: u64) -> Option<Self> {
        let full = Self::full(kind, index);
        if full.is_covered_by(size) { Some(full) } else { kind.edge_of(size).filter(|edge| edge.index == index) }
    }

    /// Every file that a tree of `size` entries needs.
    pub fn all_in_tree(size: u64) -> impl Iterator<Item = Self> {
        let kinds = std::iter::once(TileKind::Entries).chain((0..LEVELS_MAX).map(TileKind::Hashes));
        kinds.flat_map(move |kind| {
            let full = (0..kind.count_in(size) / u64::from(TILE_WIDTH)).map(move |index| Self::full(kind, index));
            full.chain(kind.edge_of(size))
        })
    }

    /// True if all of it belongs to a tree of `size` entries.
    #[must_use]
    pub const fn is_covered_by(self, size: u64) -> bool {
        self.index * TILE_WIDTH as u64 + self.width as u64 <= self.kind.count_in(size)
    }

    /// True with fewer than 256 hashes or entries.
    #[must_use]
    pub const fn is_partial(self) -> bool {
        self.width < TILE_WIDTH
    }

    /// The name below the log's folder, such as `tile/0/x001/234.p/17`.
    #[must_use]
    pub fn path(self) -> String {
        let shelf = match self.kind {
            TileKind::Entries => "entries".to_owned(),
            TileKind::Hashes(level) => level.to_string(),
        };
        let mut number = format!("{:03}", self.index % 1000);
        let mut above = self.index / 1000;
        while above > 0 {
            number = format!("x{:03}/{number}", above % 1000);
            above /= 1000;
        }
        if self.is_partial() {
            format!("tile/{shelf}/{number}.p/{}", self.width)
        } else {
            format!("tile/{shelf}/{number}")
        }
    }

    /// The tile with this name. `None` unless it is exactly what [`Tile::path`] writes.
    #[must_use]
    pub fn parse(path: &str) -> Option<Self> {
        let (shelf, number) = path.strip_prefix("tile/")?.split_once('/')?;
        let kind = match shelf {
            "entries" => TileKind::Entries,
            level => TileKind::Hashes(level.parse().ok().filter(|level| *level < LEVELS_MAX)?),
        };
        let (number, width) = match number.split_once(".p/") {
            Some((number, width)) => (number, width.parse().ok().filter(|width| (1..TILE_WIDTH).contains(width))?),
            None => (number, TILE_WIDTH),
        };
        // 18 digits: below 2⁶⁰, so that index arithmetic cannot overflow.
        let digits: String = number.chars().filter(char::is_ascii_digit).collect();
        if digits.len() > 18 {
            return None;
        }
        let index = digits.parse::<u64>().ok().filter(|index| *index < 1 << 48)?;
        let tile = Self { kind, index, width };
        (tile.path() == path).then_some(tile)
    }

    /// The most bytes that its file can have.
    #[must_use]
    pub const fn bytes_max(self) -> usize {
        match self.kind {
            TileKind::Entries => self.width as usize * (2 + ENTRY_BYTES_MAX),
            TileKind::Hashes(_) => self.width as usize * 32,
        }
    }

    /// The folder of the partial tiles at this place, such as `tile/0/x001/234.p`.
    #[must_use]
    pub fn partials_path(self) -> String {
        format!("{}.p", Self::full(self.kind, self.index).path())
    }
}

/// Hashes as the bytes of a tile.
#[must_use]
pub fn tile_bytes(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| *hash.as_bytes()).collect()
}

/// The hashes of a tile of `width` hashes. `None` if the bytes are too many or too few.
#[must_use]
pub fn tile_hashes(bytes: &[u8], width: u16) -> Option<Vec<Hash>> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    (rest.is_empty() && hashes.len() == usize::from(width))
        .then(|| hashes.iter().map(|hash| Hash::from_bytes(*hash)).collect())
}

/// Puts an entry, which is within [`ENTRY_BYTES_MAX`], behind the others of a bundle.
pub fn push_entry(bundle: &mut Vec<u8>, entry: &[u8]) {
    debug_assert!(entry.len() <= ENTRY_BYTES_MAX, "checked when the batch was accepted");
    bundle.extend_from_slice(&(entry.len() as u16).to_be_bytes());
    bundle.extend_from_slice(entry);
}

/// The entries of a bundle of `width` entries. `None` if the bytes are not exactly that many entries.
#[must_use]
pub fn bundle_entries(mut bytes: &[u8], width: u16) -> Option<Vec<&[u8]>> {
    let mut entries = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<2>() {
        let (entry, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        entries.push(entry);
        bytes = rest;
    }
    (bytes.is_empty() && entries.len() == usize::from(width)).then_some(entries)
}
