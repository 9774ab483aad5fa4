//! Merkle trees as in RFC 6962, section 2.1: hashes, inclusion proofs and consistency proofs. Pure: proofs are made
//! from a function that returns the hashes of complete subtrees, wherever these are kept.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use thiserror::Error;

/// A node of the tree: 32 bytes of SHA-256. Shown as Base64, as checkpoints and proofs do.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash([u8; 32]);

/// The proof and the roots do not belong together.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the proof does not lead to the expected root")]
pub struct Mismatch;

/// A complete subtree: the leaves from `index << height` on, `1 << height` of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subtree {
    /// Levels above the leaves.
    pub height: u32,
    /// Position among the subtrees of this height, from 0.
    pub index: u64,
}

impl Hash {
    /// A hash that was computed elsewhere.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 raw bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The hash that [`fmt::Display`] showed. `None` unless it is the one standard Base64 form of 32 bytes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 44 {
            return None;
        }
        STANDARD.decode(text).ok()?.try_into().ok().map(Self)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

/// The root of the tree without leaves: SHA-256 of nothing.
#[must_use]
pub fn empty_root() -> Hash {
    Hash(Sha256::digest([]).into())
}

/// The hash of a leaf: SHA-256 of `0x00` and the entry.
#[must_use]
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Hash(Sha256::new().chain_update([0]).chain_update(entry).finalize().into())
}

/// The hash of an inner node: SHA-256 of `0x01` and both children.
#[must_use]
pub fn node_hash(left: Hash, right: Hash) -> Hash {
    Hash(Sha256::new().chain_update([1]).chain_update(left.0).chain_update(right.0).finalize().into())
}

/// The root over these nodes, taken as leaves that are hashed already. All but the last must be complete subtrees of
/// one height; the last may be a smaller, incomplete one.
#[must_use]
pub fn root_of(nodes: &[Hash]) -> Hash {
    match nodes {
        [] => empty_root(),
        [node] => *node,
        _ => {
            let (left, right) = nodes.split_at(split(nodes.len() as u64) as usize);
            node_hash(root_of(left), root_of(right))
        }
    }
}

/// The root of the first `size` leaves.
///
/// # Errors
/// Those of `read`.
pub fn root_at<E>(size: u64, read: &mut impl FnMut(Subtree) -> Result<Hash, E>) -> Result<Hash, E> {
    if size == 0 { Ok(empty_root()) } else { range_root(0, size, read) }
}

/// The hashes from the sibling of leaf `index` up to the root's child, in the tree of `size` leaves.
/// Requires `index < size`; otherwise the proof verifies nothing.
///
/// # Errors
/// Those of `read`.
pub fn inclusion_proof<E>(
    index: u64,
    size: u64,
    read: &mut impl FnMut(Subtree) -> Result<Hash, E>,
) -> Result<Vec<Hash>, E> {
    let (mut from, mut to) = (0, size);
    let mut siblings = Vec::new();
    while to - from > 1 {
        let middle = from + split(to - from);
        if index < middle {
            siblings.push((middle, to));
            to = middle;
        } else {
            siblings.push((from, middle));
            from = middle;
        }
    }
    siblings.into_iter().rev().map(|(from, to)| range_root(from, to, read)).collect()
}

/// The hashes that prove the tree of `old` leaves to be the beginning of the tree of `new` leaves.
/// Empty when `old` is 0 or equals `new`. Requires `old <= new`; otherwise the proof verifies nothing.
///
/// # Errors
/// Those of `read`.
pub fn consistency_proof<E>(
    old: u64,
    new: u64,
    read: &mut impl FnMut(Subtree) -> Result<Hash, E>,
) -> Result<Vec<Hash>, E> {
    if old == 0 || old >= new {
        return Ok(Vec::new());
    }
    let (mut from, mut to) = (0, new);
    let mut ranges = Vec::new();
    while to > old {
        let middle = from + split(to - from);
        if old <= middle {
            ranges.push((middle, to));
            to = middle;
        } else {
            ranges.push((from, middle));
            from = middle;
        }
    }
    // The verifier knows the old root: only a part of it needs to be told.
    if from > 0 {
        ranges.push((from, to));
    }
    ranges.into_iter().rev().map(|(from, to)| range_root(from, to, read)).collect()
}

/// The root that follows if `leaf` stands at `index` in a tree of `size` leaves with this proof. `None` when the proof
/// is too long or too short for that place. (RFC 9162, section 2.1.3.2.)
#[must_use]
pub fn root_from_inclusion(index: u64, size: u64, leaf: Hash, proof: &[Hash]) -> Option<Hash> {
    if index >= size {
        return None;
    }
    let (mut node, mut last) = (index, size - 1);
    let mut root = leaf;
    for sibling in proof {
        if last == 0 {
            return None;
        }
        if node & 1 == 1 || node == last {
            root = node_hash(*sibling, root);
            while node & 1 == 0 && node != 0 {
                (node, last) = (node >> 1, last >> 1);
            }
        } else {
            root = node_hash(root, *sibling);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    (last == 0).then_some(root)
}

/// Checks that the tree of `old` leaves is the beginning of the tree of `new` leaves. (RFC 9162, section 2.1.4.2.)
///
/// # Errors
/// [`Mismatch`] when it is not, or when the proof has hashes too many or too few.
pub fn verify_consistency(old: u64, old_root: Hash, new: u64, new_root: Hash, proof: &[Hash]) -> Result<(), Mismatch> {
    if old == 0 || old == new {
        let same = if old == 0 { old_root == empty_root() } else { old_root == new_root };
        let both_empty = old != new || old != 0 || new_root == empty_root();
        return if same && both_empty && proof.is_empty() { Ok(()) } else { Err(Mismatch) };
    }
    let (old_found, new_found) = roots_from_consistency(old, old_root, new, proof).ok_or(Mismatch)?;
    if old_found == old_root && new_found == new_root { Ok(()) } else { Err(Mismatch) }
}

/// The roots of the first `old` and of all `new` leaves that follow from this proof. `None` when the proof is too long or
/// too short, or unless `0 < old < new`. When the second one is the root of the new tree, then the first one is that of its
/// beginning, whatever `old_root` is; only where `old` is a power of two, `old_root` itself is what the proof begins with.
#[must_use]
pub fn roots_from_consistency(old: u64, old_root: Hash, new: u64, proof: &[Hash]) -> Option<(Hash, Hash)> {
    if old == 0 || old >= new {
        return None;
    }
    // A complete old tree is a node of the new one, and is left out of the proof.
    let (start, rest) = if old.is_power_of_two() {
        (old_root, proof)
    } else {
        let (first, rest) = proof.split_first()?;
        (*first, rest)
    };
    let shared = (old - 1).trailing_ones();
    let (mut node, mut last) = ((old - 1) >> shared, (new - 1) >> shared);
    let (mut old_found, mut new_found) = (start, start);
    for hash in rest {
        if last == 0 {
            return None;
        }
        if node & 1 == 1 || node == last {
            old_found = node_hash(*hash, old_found);
            new_found = node_hash(*hash, new_found);
            while node & 1 == 0 && node != 0 {
                (node, last) = (node >> 1, last >> 1);
            }
        } else {
            new_found = node_hash(new_found, *hash);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    (last == 0).then_some((old_found, new_found))
}

/// The root of the leaves `from..to`, which is a range that RFC 6962 splits a tree into: complete subtrees, ever
/// smaller from left to right.
fn range_root<E>(from: u64, to: u64, read: &mut impl FnMut(Subtree) -> Result<Hash, E>) -> Result<Hash, E> {
    let mut peaks = Vec::new();
    let mut at = from;
    while at < to {
        let height = (to - at).ilog2();
        peaks.push(read(Subtree { height, index: at >> height })?);
        at += 1 << height;
    }
    Ok(peaks.into_iter().rev().reduce(|right, left| node_hash(left, right)).unwrap_or_else(empty_root))
}

/// The largest power of two below `size`, which is at least 2.
fn split(size: u64) -> u64 {
    1 << (size - 1).ilog2()
}
