//! The checkpoint of this node's log that witnesses have cosigned: the file `witnessed` beside the log. Proofs of the records
//! that it covers are made under it, so that they carry the cosignatures. When the file is lost, it comes again.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use sakimori_proof::{Checkpoint, Note, Quorum, VerifierKey, limits};

use crate::NodeError;
use crate::act::deliver;

/// The name of the file in the node's folder.
pub const WITNESSED: &str = "witnessed";

/// A checkpoint of this node's log with cosignatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witnessed {
    /// The checkpoint.
    pub checkpoint: Checkpoint,
    /// The note with all its signatures.
    pub note: Note,
}

impl Witnessed {
    /// The one in the folder of this node, if there is one that a key of the log signed. What can't be read counts as none: it is
    /// no record, and is asked for again.
    #[must_use]
    pub fn read(home: &Path, log: &[VerifierKey]) -> Option<Self> {
        let mut text = String::new();
        let file = File::open(home.join(WITNESSED)).ok()?;
        file.take(limits::NOTE_BYTES_MAX as u64 + 1).read_to_string(&mut text).ok()?;
        Self::parse(&text, log)
    }

    /// The checkpoint in this note, if a key of the log signed it.
    #[must_use]
    pub fn parse(text: &str, log: &[VerifierKey]) -> Option<Self> {
        let note = Note::parse(text).ok()?;
        let (checkpoint, _) = Checkpoint::of_note(&note, log).ok()?;
        Some(Self { checkpoint, note })
    }

    /// True when this one is to be kept rather than the other: it is the same checkpoint with more on it, or a newer one that
    /// the quorum has cosigned, or there is nothing that the quorum has cosigned.
    #[must_use]
    pub fn is_better_than(&self, kept: Option<&Self>, quorum: &Quorum) -> bool {
        let count = |one: &Self| quorum.cosigners(&one.note).map_or(0, |cosigners| cosigners.len());
        let Some(kept) = kept else { return count(self) > 0 };
        let is_enough = |one: &Self| quorum.check(&one.note).is_ok();
        match self.checkpoint.size.cmp(&kept.checkpoint.size) {
            std::cmp::Ordering::Less => !is_enough(kept) && is_enough(self),
            std::cmp::Ordering::Equal => count(self) >= count(kept),
            std::cmp::Ordering::Greater => count(self) > 0 && (is_enough(self) || !is_enough(kept)),
        }
    }

    /// Keeps it in the folder of this node, durably.
    ///
    /// # Errors
    /// Those of the file system. What was kept before stays.
    pub fn keep(&self, home: &Path) -> Result<(), NodeError> {
        deliver(&home.join(WITNESSED), self.note.to_string().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use sakimori_proof::{Key, WitnessKey, merkle};

    use super::*;

    #[test]
    fn what_a_quorum_has_cosigned_is_kept_until_something_better_comes() {
        let log = Key::from_seed("log.example", &[7; 32]).expect("a key");
        let witness = |number: u8| WitnessKey::from_seed(&format!("w{number}"), &[number; 32]).expect("a key");
        let keys = [1, 2].map(|number| witness(number).verifier().clone());
        let quorum = Quorum::new(keys.to_vec(), None).expect("a quorum");
        let one = |size: u64, witnesses: &[u8]| {
            let checkpoint = Checkpoint { origin: "log.example".to_owned(), size, root: merkle::empty_root() };
            let note = checkpoint.sign(&log).expect("signed");
            let lines = witnesses
                .iter()
                .flat_map(|number| witness(*number).cosign(note.text(), &checkpoint, 1).expect("signed"));
            let note = lines.fold(note.clone(), Note::with).to_string();
            Witnessed::parse(&note, &log.verifiers()).expect("a checkpoint")
        };
        for (new, kept, better) in [
            (one(1, &[]), None, false),
            (one(1, &[9]), None, false),
            (one(1, &[1]), None, true),
            (one(2, &[1]), Some(one(1, &[1])), true),
            (one(2, &[1]), Some(one(1, &[1, 2])), false),
            (one(2, &[2, 1]), Some(one(1, &[1, 2])), true),
            (one(2, &[1, 2]), Some(one(2, &[1])), true),
            (one(2, &[]), Some(one(1, &[1])), false),
            (one(1, &[1, 2]), Some(one(2, &[1])), true),
            (one(1, &[1, 2]), Some(one(2, &[1, 2])), false),
        ] {
            assert_eq!(new.is_better_than(kept.as_ref(), &quorum), better, "{new:?} and {kept:?}");
        }
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(Witnessed::read(folder.path(), &log.verifiers()), None);
        one(2, &[1]).keep(folder.path()).expect("kept");
        assert_eq!(Witnessed::read(folder.path(), &log.verifiers()), Some(one(2, &[1])));
        let other = Key::from_seed("log.example", &[8; 32]).expect("a key");
        assert_eq!(Witnessed::read(folder.path(), &other.verifiers()), None, "what our key did not sign is none");
    }
}
