//! Appending and proving, for any sequence of batches.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

mod common;

use std::collections::BTreeSet;

use common::{check, check_continues, entries, entry, head, key, log_of, temp, verifier};
use proptest::prelude::*;
use sakimori_proof::{Key, Log, LogError, Tile, TileKind, merkle};

#[test]
fn a_new_log_is_empty_and_good() {
    let folder = temp();
    Log::create(&folder.path().join("a/b"), &key()).unwrap();
    assert_eq!(check(&folder.path().join("a/b")), Vec::<Vec<u8>>::new());
}

#[test]
fn indexes_follow_each_other() {
    let folder = temp();
    let log = Log::create(folder.path(), &key()).unwrap();
    assert_eq!(log.append(&key(), &entries(0, 3), &|_| ()).unwrap(), 0..3);
    assert_eq!(log.append(&key(), &[], &|_| ()).unwrap(), 3..3);
    assert_eq!(log.append(&key(), &entries(3, 1), &|_| ()).unwrap(), 3..4);
    assert_eq!(check(folder.path()), entries(0, 4));
}

#[test]
fn entries_of_every_length_come_back() {
    let folder = temp();
    let log = Log::create(folder.path(), &key()).unwrap();
    let batch = vec![vec![], vec![0], vec![255; 65_535], vec![1; 256]];
    log.append(&key(), &batch, &|_| ()).unwrap();
    assert_eq!(check(folder.path()), batch);
    assert_eq!(log.tree().unwrap().entries(1).collect::<Result<Vec<_>, _>>().unwrap(), batch[1..]);
}

#[test]
fn what_is_too_large_is_refused_whole() {
    let folder = temp();
    let log = log_of(folder.path(), 2);
    let too_long = vec![vec![0; 65_536]];
    let too_many = vec![vec![]; 65_537];
    let too_big = vec![vec![0; 65_535]; 1_025];
    for batch in [too_long, too_many, too_big] {
        assert!(matches!(log.append(&key(), &batch, &|_| ()), Err(LogError::TooLarge(_))));
    }
    assert_eq!(check(folder.path()).len(), 2);
}

#[test]
fn a_log_is_never_begun_twice() {
    let folder = temp();
    log_of(folder.path(), 2);
    assert!(matches!(Log::create(folder.path(), &key()), Err(LogError::Exists { .. })));
    std::fs::remove_file(folder.path().join("checkpoint")).unwrap();
    assert!(matches!(Log::create(folder.path(), &key()), Err(LogError::Exists { .. })), "the write-ahead log has it");
    std::fs::remove_file(folder.path().join("wal")).unwrap();
    assert!(matches!(Log::create(folder.path(), &key()), Err(LogError::Exists { .. })), "tiles without a head");
    assert!(matches!(Log::open(folder.path(), verifier()), Err(LogError::NotALog { .. })));
    assert!(matches!(Log::open_or_create(folder.path(), &key()), Err(LogError::Exists { .. })));
}

#[test]
fn several_may_begin_a_log_at_once() {
    let folder = temp();
    std::thread::scope(|scope| {
        for n in 0..8 {
            let path = folder.path().join("log");
            scope.spawn(move || {
                Log::open_or_create(&path, &key()).unwrap().append(&key(), &entries(n, 1), &|_| ()).unwrap()
            });
        }
    });
    assert_eq!(check(&folder.path().join("log")).len(), 8);
}

#[test]
fn another_key_neither_opens_nor_appends() {
    let folder = temp();
    let log = log_of(folder.path(), 2);
    let other = Key::generate(common::ORIGIN).unwrap();
    assert!(matches!(log.append(&other, &entries(2, 1), &|_| ()), Err(LogError::WrongKey { .. })));
    assert!(matches!(Log::open(folder.path(), other.verifier().clone()), Err(LogError::Damaged { .. })));
}

#[test]
fn an_entry_is_found_by_its_bytes() {
    let folder = temp();
    let log = log_of(folder.path(), 600);
    let tree = log.tree().unwrap();
    for (wanted, from, found) in
        [(0, 0, Some(0)), (0, 1, None), (599, 0, Some(599)), (300, 300, Some(300)), (600, 0, None)]
    {
        assert_eq!(tree.find(&entry(wanted), from).unwrap(), found);
    }
    assert!(matches!(tree.entry(600), Err(LogError::OutOfRange { .. })));
    assert!(matches!(tree.prove(600), Err(LogError::OutOfRange { .. })));
    assert!(matches!(tree.inclusion_proof(0, 0), Err(LogError::OutOfRange { .. })));
    assert!(matches!(tree.consistency_proof(5, 4), Err(LogError::OutOfRange { .. })));
}

#[test]
fn an_old_tree_stays_readable_while_the_log_grows() {
    let folder = temp();
    let log = log_of(folder.path(), 200);
    let old = log.tree().unwrap();
    log.append(&key(), &entries(200, 400), &|_| ()).unwrap();
    assert!(!folder.path().join("tile/0/000.p").exists(), "the full tile has replaced the partial one");
    old.prove(150).unwrap().verify(&entry(150), &[verifier()]).unwrap();
    assert_eq!(old.entries(0).collect::<Result<Vec<_>, _>>().unwrap(), entries(0, 200));
}

#[test]
fn tile_names_are_those_of_the_specification() {
    let tile = |kind, index, width| Tile { kind, index, width };
    assert_eq!(tile(TileKind::Hashes(0), 1_234_067, 256).path(), "tile/0/x001/x234/067");
    assert_eq!(tile(TileKind::Entries, 0, 7).path(), "tile/entries/000.p/7");
    for bad in
        ["tile/0/x000/001", "tile/0/001.p/256", "tile/0/001.p/0", "tile/00/001", "tile/9/001", "tile/0/1", "x", ""]
    {
        assert_eq!(Tile::parse(bad), None, "{bad}");
    }
}

#[test]
fn many_entries_in_one_append_and_over_the_second_level() {
    let folder = temp();
    let log = log_of(folder.path(), 65_536);
    let before = head(folder.path());
    log.append(&key(), &entries(65_536, 300), &|_| ()).unwrap();
    assert_eq!(check(folder.path()).len(), 65_836);
    check_continues(folder.path(), &before);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Every entry is provable at every size at which a checkpoint was published, and the checkpoints are consistent.
    #[test]
    fn any_batches_give_proofs(batches in prop::collection::vec(0_u64..150, 1..9), picks in prop::collection::vec(any::<prop::sample::Index>(), 7)) {
        let folder = temp();
        let log = Log::create(folder.path(), &key()).unwrap();
        let mut size = 0;
        let mut heads = vec![head(folder.path())];
        for count in batches {
            prop_assert_eq!(log.append(&key(), &entries(size, count), &|_| ()).unwrap(), size..size + count);
            size += count;
            prop_assert_eq!(check(folder.path()), entries(0, size));
            heads.push(head(folder.path()));
        }
        for earlier in &heads {
            check_continues(folder.path(), earlier);
        }
        let tree = log.tree().unwrap();
        let sizes: BTreeSet<u64> = picks.iter().map(|pick| pick.index(size as usize + 1) as u64).chain([size]).collect();
        for pick in &picks {
            for size in sizes.iter().copied().filter(|size| *size > 0) {
                let index = pick.index(size as usize) as u64;
                let proof = tree.inclusion_proof(index, size).unwrap();
                let root = tree.root_at(size).unwrap();
                prop_assert_eq!(merkle::root_from_inclusion(index, size, merkle::leaf_hash(&entry(index)), &proof), Some(root));
            }
        }
    }

    #[test]
    fn tile_names_are_read_back(level in 0_u8..8, entries in any::<bool>(), index in 0_u64..1 << 48, width in 1_u16..=256) {
        let tile = Tile { kind: if entries { TileKind::Entries } else { TileKind::Hashes(level) }, index, width };
        prop_assert_eq!(Tile::parse(&tile.path()), Some(tile));
    }

    #[test]
    fn any_name_is_a_tile_or_not(name in "(tile/)?[x0-9a-z/.]{0,40}") {
        if let Some(tile) = Tile::parse(&name) {
            prop_assert_eq!(tile.path(), name);
        }
    }
}

#[test]
fn all_small_trees_prove_all_that_they_hold_and_nothing_else() {
    let leaves: Vec<merkle::Hash> = (0..40).map(|index| merkle::leaf_hash(&entry(index))).collect();
    let roots: Vec<merkle::Hash> = (0..=40).map(|size| merkle::root_of(&leaves[..size])).collect();
    let mut read = |subtree: merkle::Subtree| {
        let from = (subtree.index << subtree.height) as usize;
        Ok::<_, ()>(merkle::root_of(&leaves[from..from + (1 << subtree.height)]))
    };
    for new in 1..=40_u64 {
        for at in 0..new {
            let proof = merkle::inclusion_proof(at, new, &mut read).unwrap();
            let leaf = leaves[at as usize];
            for index in 0..=new {
                let fits = merkle::root_from_inclusion(index, new, leaf, &proof) == Some(roots[new as usize]);
                assert_eq!(fits, index == at, "leaf {at} of {new} at {index}");
            }
            let longer: Vec<_> = proof.iter().copied().chain([leaf]).collect();
            assert_ne!(merkle::root_from_inclusion(at, new, leaf, &longer), Some(roots[new as usize]));
        }
        for old in 0..=new {
            let proof = merkle::consistency_proof(old, new, &mut read).unwrap();
            let verify =
                |old_root, new_root, proof: &[_]| merkle::verify_consistency(old, old_root, new, new_root, proof);
            let (old_root, new_root) = (roots[old as usize], roots[new as usize]);
            assert_eq!(verify(old_root, new_root, &proof), Ok(()), "{old} to {new}");
            assert!(verify(leaves[0], new_root, &proof).is_err() || old == 1 || (old == new && new == 1));
            if !proof.is_empty() {
                assert!(verify(old_root, leaves[1], &proof).is_err());
                assert!(verify(old_root, new_root, &proof[1..]).is_err());
            }
        }
    }
}
