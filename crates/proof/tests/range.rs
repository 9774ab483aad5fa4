//! Stretches of the log: complete and unchanged, or refused.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

mod common;

use common::{ORIGIN, key, temp, verifier};
use proptest::prelude::*;
use sakimori_proof::{Log, Quorum, RangeError, RangeReader, Salt, VerifiedRange, commitment, entry_of, range_line};

fn statement(index: u64) -> String {
    format!("{{\"n\":{index},\"text\":\"記録\"}}")
}

fn salt(index: u64) -> Salt {
    Salt::from_bytes([index as u8; 32])
}

fn log_of(folder: &std::path::Path, size: u64) -> Log {
    let log = Log::create(folder, &key()).unwrap();
    let entries: Vec<Vec<u8>> =
        (0..size).map(|index| entry_of(&commitment(&salt(index), statement(index).as_bytes()))).collect();
    log.append(&key(), &entries, &|_| ()).unwrap();
    log
}

fn lines(log: &Log, from: u64, to: u64) -> Vec<String> {
    let head = log.tree().unwrap().range_head(from, to).unwrap();
    let records = (from..to).map(|index| range_line(&salt(index), statement(index).as_bytes()).unwrap());
    std::iter::once(head).chain(records).collect()
}

fn verify(lines: &[String]) -> Result<VerifiedRange, RangeError> {
    let mut reader = RangeReader::new(&lines[0], &[verifier()], &Quorum::new(Vec::new(), None).unwrap())?;
    for line in &lines[1..] {
        reader.push(line)?;
    }
    reader.finish()
}

#[test]
fn every_range_of_small_logs_holds() {
    for size in 1..=18 {
        let folder = temp();
        let log = log_of(folder.path(), size);
        for from in 0..size {
            for to in from + 1..=size {
                let expected = VerifiedRange { origin: ORIGIN.to_owned(), from, to, size };
                assert_eq!(verify(&lines(&log, from, to)), Ok(expected), "{from}..{to} of {size}");
            }
        }
        let tree = log.tree().unwrap();
        for (from, to) in [(0, 0), (1, 1), (0, size + 1), (size, size), (2, 1)] {
            assert!(tree.range_head(from, to).is_err(), "{from}..{to} of {size}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn nothing_can_be_left_out_added_moved_or_changed(size in 2_u64..700, cut in any::<(u16, u16)>(), at in any::<prop::sample::Index>()) {
        let folder = temp();
        let log = log_of(folder.path(), size);
        let from = u64::from(cut.0) % size;
        let to = from + 1 + u64::from(cut.1) % (size - from);
        let good = lines(&log, from, to);
        prop_assert!(verify(&good).is_ok());
        let place = 1 + at.index(good.len() - 1);
        let changed = |change: &dyn Fn(&mut Vec<String>)| {
            let mut lines = good.clone();
            change(&mut lines);
            verify(&lines)
        };
        prop_assert!(changed(&|lines| drop(lines.remove(place))).is_err());
        prop_assert!(changed(&|lines| lines.insert(place, lines[place].clone())).is_err());
        prop_assert!(changed(&|lines| lines[place] = lines[place].replace("記録", "改竄")).is_err());
        prop_assert!(changed(&|lines| lines[place] = range_line(&salt(1_000 + size), statement(from).as_bytes()).unwrap()).is_err());
        if good.len() > 2 && place > 1 {
            prop_assert!(changed(&|lines| lines.swap(place, 1)).is_err());
        }
        // Another stretch of the same length, under this head.
        if from > 0 {
            let other = lines(&log, from - 1, to - 1);
            prop_assert!(verify(&[&good[..1], &other[1..]].concat()).is_err());
            prop_assert!(verify(&[&other[..1], &good[1..]].concat()).is_err());
        }
        // No byte of the head can be changed. (Spaces could be added; a changed byte never is one.)
        for byte in (0..good[0].len()).step_by(1 + good.len() / 4) {
            let mut head = good[0].clone().into_bytes();
            head[byte] ^= 1;
            if let Ok(head) = String::from_utf8(head) {
                prop_assert!(changed(&|lines| lines[0].clone_from(&head)).is_err(), "{head}");
            }
        }
    }
}
