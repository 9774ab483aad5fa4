//! The state of a witness in a folder: one file a log, and the evidence against logs.
//!
//! ```text
//! lock                      locked by the one process that witnesses with this folder
//! logs/HEX.checkpoint       the newest checkpoint of a log that was cosigned; HEX is SHA-256 of its origin
//! evidence/HEX-KIND-N.json  two checkpoints of a log that don't fit together; HEX is cut to 16 digits
//! ```

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::checkpoint::Checkpoint;
use crate::disk::write_durably;
use crate::limits::{EVIDENCE_FILES_MAX, NOTE_BYTES_MAX};
use crate::note::Note;
use crate::witness::{Evidence, Seen, WitnessStore};

/// The state of a witness in a folder, which it has for itself as long as the value lives.
#[derive(Debug)]
pub struct WitnessFolder {
    root: PathBuf,
    writing: Mutex<()>,
    _lock: File,
}

impl WitnessFolder {
    /// Opens the state in this folder, which is made if need be, and only its owner can read.
    ///
    /// # Errors
    /// Those of the file system; [`io::ErrorKind::WouldBlock`] when another process witnesses with it.
    pub fn open(root: &Path) -> io::Result<Self> {
        for folder in [root.to_owned(), root.join("logs"), root.join("evidence")] {
            DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        }
        let lock = root.join("lock");
        let lock = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(lock)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(io::Error::new(io::ErrorKind::WouldBlock, "another process witnesses with this folder"));
            }
            Err(TryLockError::Error(error)) => return Err(error),
        }
        // The names of the folders themselves.
        File::open(root)?.sync_all()?;
        Ok(Self { root: root.to_owned(), writing: Mutex::new(()), _lock: lock })
    }

    fn evidence(&self) -> PathBuf {
        self.root.join("evidence")
    }

    fn file_of(&self, origin: &str) -> PathBuf {
        self.root.join("logs").join(format!("{}.checkpoint", digest_of(origin)))
    }

    fn read(&self, origin: &str) -> io::Result<Option<Seen>> {
        let path = self.file_of(origin);
        let mut text = String::new();
        match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?.take(NOTE_BYTES_MAX as u64 + 1).read_to_string(&mut text)?,
        };
        let damaged = |problem: String| {
            io::Error::new(io::ErrorKind::InvalidData, format!("{} is damaged: {problem}", path.display()))
        };
        let note = Note::parse(&text).map_err(|error| damaged(error.to_string()))?;
        let checkpoint = Checkpoint::from_text(note.text()).map_err(|error| damaged(error.to_string()))?;
        if checkpoint.origin != origin {
            return Err(damaged("it is of another log".to_owned()));
        }
        Ok(Some(Seen { checkpoint, note: text }))
    }
}

impl WitnessStore for WitnessFolder {
    fn latest(&self, origin: &str) -> io::Result<Option<Seen>> {
        self.read(origin)
    }

    fn swap(&self, expected: Option<&Seen>, new: &Seen) -> io::Result<bool> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let found = self.read(&new.checkpoint.origin)?;
        if found.as_ref().map(|seen| &seen.checkpoint) != expected.map(|seen| &seen.checkpoint) {
            return Ok(false);
        }
        // Nothing changes when the same checkpoint is cosigned again.
        if found.is_some_and(|found| found.checkpoint == new.checkpoint) {
            return Ok(true);
        }
        replace(&self.file_of(&new.checkpoint.origin), new.note.as_bytes())?;
        Ok(true)
    }

    fn keep(&self, evidence: &Evidence) -> io::Result<Option<PathBuf>> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let document = Document::of(evidence);
        let mut json = serde_json::to_vec_pretty(&document)?;
        json.push(b'\n');
        let name = format!("{}-{}", &digest_of(&evidence.seen.checkpoint.origin)[..16], evidence.kind.as_str());
        for number in 1..=EVIDENCE_FILES_MAX {
            let path = self.evidence().join(format!("{name}-{number}.json"));
            match fs::read(&path) {
                Ok(kept) if kept == json => return Ok(Some(path)),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    replace(&path, &json)?;
                    return Ok(Some(path));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }
}

/// What an evidence file holds.
#[derive(Serialize)]
struct Document<'e> {
    kind: &'static str,
    proves_a_fork: bool,
    origin: &'e str,
    /// The checkpoint that was cosigned.
    seen: &'e str,
    /// The checkpoint that was submitted afterwards.
    submitted: &'e str,
    /// The consistency proof that came with it.
    proof: Vec<String>,
    /// The root that the later tree has at the size of the earlier one.
    #[serde(skip_serializing_if = "Option::is_none")]
    beginning: Option<String>,
}

impl<'e> Document<'e> {
    fn of(evidence: &'e Evidence) -> Self {
        Self {
            kind: evidence.kind.as_str(),
            proves_a_fork: evidence.kind.is_proof(),
            origin: &evidence.seen.checkpoint.origin,
            seen: &evidence.seen.note,
            submitted: &evidence.submitted.note,
            proof: evidence.proof.iter().map(ToString::to_string).collect(),
            beginning: evidence.beginning.as_ref().map(ToString::to_string),
        }
    }
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_durably(path, &path.with_extension("draft"), 0o600, bytes)
}

fn digest_of(origin: &str) -> String {
    hex::encode(Sha256::digest(origin))
}
