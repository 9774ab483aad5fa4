//! A node's folder, its key, its state and its log.

use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sakimori_model::{RecordId, Statement};
use sakimori_proof::{Key, KeyError, KeyPlace, Log, LogError, Step, VerifierKey};
use sakimori_store::{Record, Store};

use crate::NodeError;
use crate::act::deliver;
use crate::decide::{DEFAULT_POLICY, Policy};
use crate::erase::NotErased;
use crate::place::{AnchorAt, anchored_log_of, log_of, remember_anchor};

/// The file with the public half of the key.
const PUBLIC_KEY: &str = "key.pub";
/// How long a command waits for another one that writes.
const LOCK_SECONDS_MAX: u64 = 60;
/// Records that are named when an id is ambiguous.
const CANDIDATES_MAX: usize = 6;
/// The pause between two tries.
const LOCK_RETRY_MS: u64 = 5;

/// A node: one folder with everything in it.
pub struct Node {
    pub(crate) home: PathBuf,
    pub(crate) key: Key,
    pub(crate) store: Store,
    pub(crate) log: Log,
}

/// A place in the write path where a crash is tried. See the comments in `record.rs` for what it means there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrashPoint {
    /// The records are staged.
    Staged,
    /// Inside of the log's own write path.
    Log(Step),
    /// The log covers the records, the table does not know.
    Appended,
    /// All is durable, the receipt was not handed over.
    Sequenced,
    /// The action was done, the outbox does not know.
    Acted,
}

/// The node's lock; it ends with the value, and with the process.
pub(crate) struct Lock(#[expect(dead_code, reason = "the open file is the lock")] File);

impl Node {
    /// Opens the node in this folder. A folder that is missing or empty becomes a node with a new key and an empty
    /// log; records that a crash left without a place in the log get theirs now.
    ///
    /// # Errors
    /// When the folder can't be used, or what is in it does not fit together.
    pub fn open(home: &Path) -> Result<Self, NodeError> {
        Self::open_anchored(home, None)
    }

    /// As [`Node::open`], with this anchor, which should lie on another volume or in another store. The folder remembers it, so
    /// that every later [`Node::open`] minds it, whoever opens the node.
    ///
    /// # Errors
    /// As there; [`LogError::RolledBack`](sakimori_proof::LogError::RolledBack) when the anchor knows of more entries than
    /// the log has.
    pub fn open_anchored(home: &Path, anchor: Option<&AnchorAt>) -> Result<Self, NodeError> {
        let (mut node, lock) = Self::assemble(home, |key| {
            if let Some(anchor) = anchor {
                remember_anchor(home, anchor)?;
            }
            open_log(home, key)
        })?;
        node.refuse_rollback()?;
        node.sequence_staged()?;
        show_public_key(home, &node.key);
        drop(lock);
        Ok(node)
    }

    /// Opens the node for [`Node::audit`]: also one whose state and log do not fit, and one whose log does not fit its anchor,
    /// which is then left as it lies there.
    ///
    /// # Errors
    /// When the folder can't be used, or key, log or state can't be read at all.
    pub fn open_to_audit(home: &Path) -> Result<Self, NodeError> {
        let opened = Self::assemble(home, |key| {
            let log = anchored_log_of(home, key.verifiers())?;
            match log.clone().opened_or_created(key) {
                Err(LogError::RolledBack { .. } | LogError::Fork { .. }) => Ok(log),
                opened => Ok(opened?),
            }
        });
        opened.map(|(node, _lock)| node)
    }

    /// Opens the node to read its tables. Its log is left as it lies there, so that whoever appends to it is not disturbed.
    ///
    /// # Errors
    /// Those of [`Node::open`].
    pub fn open_to_read(home: &Path) -> Result<Self, NodeError> {
        {
            let (node, _lock) = Self::assemble(home, |key| log_of(home, key.verifiers()))?;
            if node.refuse_rollback().is_ok() {
                return Ok(node);
            }
        }
        // What a crash or a power cut left is not an older copy: that shows when it is completed.
        Self::open(home)
    }

    fn assemble(home: &Path, opened: impl FnOnce(&Key) -> Result<Log, NodeError>) -> Result<(Self, Lock), NodeError> {
        make_home(home)?;
        let lock = lock_in(home)?;
        let key = key_of(home)?;
        refuse_other_key(home, &key)?;
        let log = opened(&key)?;
        let store = Store::open(&home.join("state.db"))?;
        Ok((Self { home: home.to_owned(), key, store, log }, lock))
    }

    /// True when there is a node in this folder, or what is left of one.
    #[must_use]
    pub fn exists(home: &Path) -> bool {
        ["key", "log", "state.db"].iter().any(|name| home.join(name).exists())
    }

    /// True when another process has the node in this folder open, such as a service.
    #[must_use]
    pub fn is_in_use(home: &Path) -> bool {
        Store::is_in_use(&home.join("state.db"))
    }

    /// The folder.
    #[must_use]
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// The public key with which others verify what this node logged.
    #[must_use]
    pub fn public_key(&self) -> &VerifierKey {
        self.key.verifier()
    }

    /// All public keys with which others verify, one a line: the Ed25519 key, and the ML-DSA-44 key if there is one.
    #[must_use]
    pub fn public_keys(&self) -> String {
        self.key.public_text()
    }

    /// The same of the node in this folder, which is not opened. Who may not read the key itself has the file of its public half.
    ///
    /// # Errors
    /// When neither can be read.
    pub fn public_keys_of(home: &Path) -> Result<String, NodeError> {
        let path = home.join("key");
        let error = match Key::load(&path) {
            Ok(key) => return Ok(key.public_text()),
            Err(_) if !path.exists() => return Err(NodeError::NoKey { path }),
            Err(error) => NodeError::from(error),
        };
        match fs::read_to_string(home.join(PUBLIC_KEY)) {
            Ok(text) if error.is_read_only() => Ok(text),
            _ => Err(error),
        }
    }

    /// Puts a new ML-DSA-44 key beside the Ed25519 key. Checkpoints from now on bear both signatures; a service that runs
    /// has to start again for that.
    ///
    /// # Errors
    /// When there is one already, or the key file can't be written.
    pub fn add_ml_dsa_key(&mut self) -> Result<(), NodeError> {
        let _lock = self.lock()?;
        let path = self.home.join("key");
        let key = Key::load(&path)?.with_new_ml_dsa()?;
        key.replace(&path)?;
        self.key = key;
        Ok(())
    }

    /// The origin of the log: its name, which is also that of the key.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.key.name()
    }

    /// The policy that was activated last, or the default policy. One that can't be read any more is an error: deciding by
    /// another one would be a silent change.
    ///
    /// # Errors
    /// When the state can't be read, or the policy in it.
    pub fn active_policy(&self) -> Result<Policy, NodeError> {
        let newest = self.store.policies(1)?.pop();
        let text = newest.map_or_else(|| DEFAULT_POLICY.to_owned(), |row| row.text);
        Ok(Policy::parse(&text)?)
    }

    /// The newest checkpoint, as it was signed.
    ///
    /// # Errors
    /// When the log can't be read.
    pub fn signed_checkpoint(&self) -> Result<String, NodeError> {
        Ok(self.log.tree()?.signed_checkpoint().to_owned())
    }

    /// A record by its id, or by the beginning or the end of it if that is unambiguous.
    ///
    /// # Errors
    /// When there is no such record, or several.
    pub fn find(&self, id: &str) -> Result<Record, NodeError> {
        let id = match self.store.ids_with_part(id, CANDIDATES_MAX)?.as_slice() {
            [] => return Err(NodeError::NoRecord(id.to_owned())),
            [one] => *one,
            several => {
                let candidates = several.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
                return Err(NodeError::Ambiguous { part: id.to_owned(), candidates });
            }
        };
        self.store.record(id)?.ok_or_else(|| NodeError::NoRecord(id.to_string()))
    }

    /// Every decision, oldest first, as its statement.
    ///
    /// # Errors
    /// When the state can't be read, or `each` fails.
    pub fn each_decision<E: From<NodeError>>(
        &self,
        mut each: impl FnMut(RecordId, Statement) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut found = Ok(());
        self.store
            .each_record(|record| -> Result<(), NodeError> {
                let record = record?;
                if record.kind == "decision" && record.erased_by.is_none() && found.is_ok() {
                    let statement = parsed(&record)?;
                    found = each(record.id, statement);
                }
                Ok(())
            })
            .map_err(E::from)?;
        found
    }

    /// The tables, to read.
    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// The tables, for rows that no record justifies.
    pub(crate) fn store_mut(&mut self) -> &mut Store {
        &mut self.store
    }

    /// Takes the lock that serialises all writers of this folder, waiting for another one to finish.
    pub(crate) fn lock(&mut self) -> Result<Lock, NodeError> {
        let lock = lock_in(&self.home)?;
        self.refuse_rollback()?;
        Ok(lock)
    }

    /// A log that is shorter than the state remembers was put back to an older copy. Signing on would fork it.
    fn refuse_rollback(&self) -> Result<(), NodeError> {
        let (known, size) = (self.store.sequenced()?, self.log.tree()?.size());
        if size >= known {
            return Ok(());
        }
        Err(NodeError::RolledBack { log: self.home.join("log"), size, known })
    }

    pub(crate) fn crash(&self, point: CrashPoint) {
        crash_if_asked(point);
    }

    pub(crate) fn crash_hook(&self) -> fn(CrashPoint) {
        crash_if_asked
    }
}

/// Of what is erased there is nothing to hand out.
pub(crate) fn refuse_erased(record: &Record) -> Result<(), NotErased> {
    record.erased_by.map_or(Ok(()), |by| Err(NotErased::Before { of: record.id, by }))
}

/// The statement of a stored record.
///
/// # Errors
/// When it is erased, or not what we write.
pub fn parsed(record: &Record) -> Result<Statement, NodeError> {
    refuse_erased(record)?;
    Statement::from_bytes(&record.statement)
        .map_err(|error| NodeError::Inconsistent { id: record.id.to_string(), what: error.to_string() })
}

/// Ends the process as a crash would, where a test asks for it. Not in a released program.
#[cfg(debug_assertions)]
fn crash_if_asked(point: CrashPoint) {
    if std::env::var("SAKIMORI_CRASH_AT").is_ok_and(|wanted| wanted == format!("{point:?}")) {
        std::process::abort();
    }
}

#[cfg(not(debug_assertions))]
fn crash_if_asked(_: CrashPoint) {}

/// The key of the node in this folder. A folder with neither key nor records gets a new one; a crash after that leaves
/// a key without a log, and the next start begins the log.
fn key_of(home: &Path) -> Result<Key, NodeError> {
    let path = home.join("key");
    if path.exists() {
        return Ok(Key::load(&path)?);
    }
    if Node::exists(home) {
        return Err(NodeError::NoKey { path });
    }
    new_key(home, KeyPlace::File)
}

/// The public keys of the log of the node in this folder.
///
/// # Errors
/// As [`Node::public_keys_of`].
pub(crate) fn public_keys_in(home: &Path) -> Result<Vec<VerifierKey>, NodeError> {
    let keys: Result<Vec<VerifierKey>, _> = Node::public_keys_of(home)?.lines().map(str::parse).collect();
    Ok(keys.map_err(KeyError::Malformed)?)
}

/// Keeps the public half of the key beside it, for those who may read the folder and not the key.
fn show_public_key(home: &Path, key: &Key) {
    let (path, text) = (home.join(PUBLIC_KEY), key.public_text());
    if fs::read_to_string(&path).is_ok_and(|there| there == text) {
        return;
    }
    // Without it the node works as well, and whoever wants to read it is told that it is not there.
    let _ = deliver(&path, text.as_bytes())
        .and_then(|()| fs::set_permissions(&path, Permissions::from_mode(0o644)).map_err(folder(&path)));
}

/// A new key in the folder of a node that is begun.
pub(crate) fn new_key(home: &Path, place: KeyPlace<'_>) -> Result<Key, NodeError> {
    let mut suffix = [0; 8];
    getrandom::fill(&mut suffix).map_err(NodeError::Random)?;
    // A name that nobody else has, without asking the user for one (C2SP signed-note: key names are such paths).
    let key = Key::at(&format!("sakimori.invalid/log/{}", hex::encode(suffix)), place)?;
    key.save(&home.join("key"))?;
    Ok(key)
}

pub(crate) fn make_home(home: &Path) -> Result<(), NodeError> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(home).map_err(folder(home))
}

/// A key of another log is not a damaged log: the checkpoint names the key that signs it in its first line.
fn refuse_other_key(home: &Path, key: &Key) -> Result<(), NodeError> {
    let Ok(checkpoint) = fs::read_to_string(home.join("log/checkpoint")) else { return Ok(()) };
    match checkpoint.lines().next() {
        Some(origin) if origin != key.name() => {
            Err(NodeError::OtherKey { log: origin.to_owned(), key: key.name().to_owned() })
        }
        _ => Ok(()),
    }
}

/// The log of the node in this folder, opened, with the anchor that the folder remembers.
pub(crate) fn open_log(home: &Path, key: &Key) -> Result<Log, NodeError> {
    Ok(anchored_log_of(home, key.verifiers())?.opened_or_created(key)?)
}

pub(crate) fn lock_in(home: &Path) -> Result<Lock, NodeError> {
    let path = home.join("lock");
    let file =
        OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path).map_err(folder(&path))?;
    let start = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Lock(file)),
            Err(TryLockError::WouldBlock) if start.elapsed().as_secs() >= LOCK_SECONDS_MAX => {
                return Err(NodeError::Busy { path, seconds: LOCK_SECONDS_MAX });
            }
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(LOCK_RETRY_MS)),
            Err(TryLockError::Error(error)) => return Err(folder(&path)(error)),
        }
    }
}

/// Names the file or folder in an error of the system.
pub(crate) fn folder(path: &Path) -> impl FnOnce(io::Error) -> NodeError {
    let path = path.to_owned();
    move |error| NodeError::Folder { path, error }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copy(from: &Path, to: &Path) {
        let copied = std::process::Command::new("cp").arg("-a").arg(from).arg(to).status();
        assert!(copied.expect("cp").success());
    }

    #[test]
    fn a_whole_folder_that_was_put_back_is_found_out_by_its_anchor() {
        let outside = tempfile::tempdir().expect("a folder");
        let (home, old) = (outside.path().join("home"), outside.path().join("old"));
        let anchor = AnchorAt::File(outside.path().join("anchor"));
        drop(Node::open_anchored(&home, Some(&anchor)).expect("a new node"));
        copy(&home, &old);
        // Without a word about the anchor: the folder remembers it.
        let node = Node::open(&home).expect("opened");
        node.log.append(&node.key, &[b"entry".to_vec()], &|_| ()).expect("appended");
        drop(node);
        fs::remove_dir_all(&home).expect("removed");
        fs::rename(&old, &home).expect("put back");
        for opened in [Node::open(&home), Node::open_anchored(&home, Some(&anchor))] {
            let error = opened.map(drop).expect_err("refused");
            assert!(matches!(&error, NodeError::Log(LogError::RolledBack { size: 0, anchored: 1, .. })), "{error}");
            assert_eq!(error.code(), "SKM-E-0014");
        }
        Node::open_to_audit(&home).expect("it can be read");
    }
}
