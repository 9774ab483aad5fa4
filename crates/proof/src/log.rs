//! A transparency log and its write path. Read [`Log::append`] from top to bottom: a comment at each step says what a
//! crash exactly there leaves behind. What a crash leaves is completed by [`Log::recover`] (`recover.rs`), with the same
//! second half (`publish.rs`, [`Shared::carry_out`]).
//!
//! ```text
//! wal           the write-ahead log: entries and signed checkpoints, durable first
//! tile/…        hash tiles and entry bundles, C2SP tlog-tiles
//! checkpoint    the published head, signed
//! pending/      the draft of the file that is being put; worthless after a crash
//! lock          locked by the one writer
//! ```
//!
//! Three rules carry everything:
//! 1. An append is decided when its record in the write-ahead log is durable: one sync, for any number of entries.
//! 2. Nobody can read a checkpoint that is not decided, nor before the anchor has it. So no reader, witness or peer can
//!    have seen a head that a power cut or an older copy of the folder takes back.
//! 3. Tiles and `checkpoint` may be lost in a power cut as long as the write-ahead log repeats them; a new write-ahead log
//!    is begun only when they are durable.

use std::collections::BTreeSet;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use crate::anchor::{Anchor, Swap};
use crate::audit::{Audit, BadResource, Progress};
use crate::backend::Bulk;
use crate::checkpoint::Checkpoint;
use crate::disk::{Folder, LOCK, PENDING};
use crate::edge::{Edge, Growth};
use crate::error::LogError;
use crate::key::Key;
use crate::limits::{
    BATCH_BYTES_MAX, BATCH_ENTRIES_MAX, ENTRY_BYTES_MAX, LOCK_WAIT_MAX, NOTE_BYTES_MAX, TREE_SIZE_MAX, WAL_BYTES_MAX,
};
use crate::merkle::empty_root;
use crate::note::VerifierKey;
use crate::recover::checkpoint_in;
use crate::tile::{LEVELS_MAX, Tile, TileKind};
use crate::tree::Tree;
use crate::wal::{Desk, WAL, WAL_DRAFT, Wal, WriterLock};

pub(crate) const CHECKPOINT: &str = "checkpoint";
/// In folders of before there was a write-ahead log: a head that was decided but not yet published.
pub(crate) const DECIDED: &str = "checkpoint.next";

/// Tiles that are not durable yet, when little is to do to begin a new write-ahead log.
const UNSYNCED_FEW: usize = 16;

/// Appends that may be decided and not published.
const PENDING_MAX: usize = 1_024;
/// Bytes of the tiles of these.
const PENDING_BYTES_MAX: usize = 4 * 1024 * 1024;

/// How often an audit is repeated that found something bad while others appended.
const AUDIT_TRIES_MAX: usize = 3;

/// How long opening a log waits for a writer, as it can do without the lock.
const OPEN_WAIT_MAX: Duration = Duration::from_secs(1);

/// A transparency log. Any number of readers; one writer at a time, across threads and processes. Clones share what they
/// know of the log's right edge, so that an append reads nothing that it has written itself.
#[derive(Clone, Debug)]
pub struct Log {
    pub(crate) shared: Arc<Shared>,
    lock_wait_max: Duration,
}

/// What the clones of a log share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) bulk: Arc<dyn Bulk>,
    pub(crate) desk: Arc<dyn Desk>,
    pub(crate) anchor: Option<Arc<dyn Anchor>>,
    /// The log's own key, and the key before it while both sign.
    pub(crate) keys: Vec<VerifierKey>,
    pub(crate) path: PathBuf,
    pub(crate) wal_bytes_max: u64,
    slot: Mutex<Slot>,
    /// Wakes those who wait for a publication to end.
    pub(crate) ended: Condvar,
    /// The writer's lock, as long as anybody here needs it: an append may go on beside a publication.
    lock: Mutex<Weak<WriterLock>>,
}

/// What the threads of one process know of the log, one at a time.
#[derive(Debug, Default)]
pub(crate) struct Slot {
    /// What the last append left, if there was one and it went well.
    pub(crate) writer: Option<Writer>,
    /// True while another thread publishes what it has taken from the writer. Until it ends, nobody else publishes, recovers
    /// or begins a new write-ahead log.
    pub(crate) is_publishing: bool,
}

/// All that must be known to append. It is right as long as nobody else has written ([`Wal::is_unchanged`]).
#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) wal: Wal,
    pub(crate) edge: Edge,
    /// The decided head: but for the middle of an append, the published one.
    pub(crate) head: Tree,
    pub(crate) pending: Pending,
    pub(crate) published: Published,
}

/// What is decided and not published: at most [`PENDING_MAX`] appends, and [`PENDING_BYTES_MAX`].
#[derive(Debug, Default)]
pub(crate) struct Pending {
    appends: usize,
    bytes: usize,
    /// Full tiles.
    pub(crate) files: Vec<(Tile, Vec<u8>)>,
}

impl Pending {
    pub(crate) const fn is_empty(&self) -> bool {
        self.appends == 0
    }

    fn add(&mut self, growth: Growth) {
        self.appends += 1;
        self.bytes += growth.files.iter().map(|(_, bytes)| bytes.len()).sum::<usize>();
        self.files.extend(growth.files);
    }
}

/// What is published.
#[derive(Debug, Default)]
pub(crate) struct Published {
    /// Entries under the published head.
    pub(crate) size: u64,
    /// Tiles that may not be durable: the write-ahead log has all that is in them.
    pub(crate) unsynced: BTreeSet<Tile>,
}

impl Writer {
    /// One that has published all that is decided.
    pub(crate) fn new(wal: Wal, edge: Edge, head: Tree) -> Self {
        let published = Published { size: head.size(), unsynced: BTreeSet::new() };
        Self { wal, edge, head, pending: Pending::default(), published }
    }

    const fn may_wait(&self) -> bool {
        self.pending.appends < PENDING_MAX && self.pending.bytes < PENDING_BYTES_MAX
    }

    /// True if an append of this level needs nothing but the write-ahead log.
    fn may_go_on(&self, ack: Ack, wal_bytes_max: u64) -> bool {
        ack == Ack::Durable && self.may_wait() && !self.wal.may_end() && !self.wal.must_end(wal_bytes_max)
    }
}

/// How far an entry has come. Each level includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ack {
    /// It is in the write-ahead log, with its index, and survives a power cut. [`Log::append_durable`] returns at this level, and so
    /// does a [`crate::Committer::durable`].
    Durable,
    /// A signed checkpoint covers it that is durable, known to the anchor (where there is one), and published, so that
    /// its inclusion can be proven to a stranger. [`Log::append`] and [`crate::Committer::append`] return at this level.
    Checkpointed,
    /// Witnesses have cosigned a checkpoint that covers it, so that not even the holder of the key can show another
    /// history to somebody else. Nothing returns it yet.
    Witnessed,
}

/// The steps of an append, in order. The hook of [`Log::append`] is called after each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// The writer's lock is held.
    Locked,
    /// The right edge is known, and what another writer had decided is published.
    Recovered,
    /// Entries and signed checkpoint are written to the write-ahead log.
    Staged,
    /// They are durable.
    Decided,
    /// The anchor has the checkpoint. (Passed without an anchor, too.)
    Anchored,
    /// One more tile is in place. (The only step that is passed several times.)
    Placed,
    /// All tiles are in place.
    TilesPlaced,
    /// The checkpoint is published.
    Published,
    /// Tiles that the next appends leave alone are durable, and the partial tiles that they replace are gone.
    Tidied,
    /// The other tiles and the checkpoint are durable under their names, too. Passed only when a new write-ahead log is begun.
    Synced,
    /// A new write-ahead log is in place of the old one. Passed as [`Step::Synced`] is.
    Rotated,
}

impl Step {
    /// The steps that every append passes, in order.
    pub const ALL: [Self; 9] = [
        Self::Locked,
        Self::Recovered,
        Self::Staged,
        Self::Decided,
        Self::Anchored,
        Self::Placed,
        Self::TilesPlaced,
        Self::Published,
        Self::Tidied,
    ];
}

impl Log {
    /// Begins a log in this folder, which is made if need be. The key's name becomes the log's origin.
    ///
    /// # Errors
    /// [`LogError::Exists`] if there is a log or the tiles of one; those of the file system. After a crash in here,
    /// [`Log::open_or_create`] completes it.
    pub fn create(path: &Path, key: &Key) -> Result<Self, LogError> {
        Self::of(path, key).created(key)
    }

    /// As [`Log::at`], of a key that may be taking the place of another one.
    #[must_use]
    pub fn of(path: &Path, key: &Key) -> Self {
        Self::known(path, key.verifiers())
    }

    /// As [`Log::at`], with several keys: the first is the one that signs.
    #[must_use]
    pub fn known(path: &Path, keys: Vec<VerifierKey>) -> Self {
        let folder = Arc::new(Folder::new(path));
        Self::on(path, folder.clone(), folder, keys)
    }

    /// The log in this folder, without a look at it: for [`Log::verify_all`] on one that [`Log::open`] refuses, and to be
    /// followed by [`Log::anchored`].
    #[must_use]
    pub fn at(path: &Path, key: VerifierKey) -> Self {
        Self::known(path, vec![key])
    }

    pub(crate) fn on(path: &Path, bulk: Arc<dyn Bulk>, desk: Arc<dyn Desk>, keys: Vec<VerifierKey>) -> Self {
        let shared = Shared::new(bulk, desk, (None, keys), path.to_owned(), WAL_BYTES_MAX);
        Self { shared: Arc::new(shared), lock_wait_max: LOCK_WAIT_MAX }
    }

    /// Opens the log in this folder, or begins one if there is none. Several processes may call it at once.
    ///
    /// # Errors
    /// Those of [`Log::open`] and [`Log::create`].
    pub fn open_or_create(path: &Path, key: &Key) -> Result<Self, LogError> {
        Self::of(path, key).opened_or_created(key)
    }

    /// Opens a log: checks the checkpoint's signature and the right edge of the tree against it. Completes what a crash
    /// interrupted, if the folder can be written.
    ///
    /// # Errors
    /// [`LogError::NotALog`]; [`LogError::Damaged`] or [`LogError::Missing`] with the file that is bad;
    /// [`LogError::RolledBack`] and [`LogError::Fork`] if it does not fit its anchor; those of the file system.
    pub fn open(path: &Path, key: VerifierKey) -> Result<Self, LogError> {
        Self::at(path, key).opened()
    }

    /// The same log with an anchor, before it is opened by [`Log::opened`] or [`Log::opened_or_created`].
    #[must_use]
    pub fn anchored(self, anchor: Arc<dyn Anchor>) -> Self {
        let old = &*self.shared;
        let known = (Some(anchor), old.keys.clone());
        let shared = Shared::new(old.bulk.clone(), old.desk.clone(), known, old.path.clone(), old.wal_bytes_max);
        Self { shared: Arc::new(shared), lock_wait_max: self.lock_wait_max }
    }

    /// [`Log::open`], for a log that was made by [`Log::at`].
    ///
    /// # Errors
    /// As there.
    pub fn opened(self) -> Result<Self, LogError> {
        if self.needs_recovery() {
            let mut slot = self.idle_slot();
            let lock = self.lock_within(self.lock_wait_max.min(OPEN_WAIT_MAX));
            match lock.and_then(|_lock| self.recover(&|_| ())) {
                // It has read the right edge, or computed it.
                Ok(writer) => {
                    slot.writer = Some(writer);
                    drop(slot);
                    return Ok(self);
                }
                // An auditor may have a read-only copy: the last published checkpoint is as good for reading. And whoever
                // holds the lock is alive, and does the same before it appends.
                Err(LogError::Permission { .. } | LogError::Busy { .. }) => {}
                // A full disk should not keep anybody from reading, unless something decided would be hidden.
                Err(LogError::Full { .. }) if self.is_all_published() => {}
                Err(error) => return Err(error),
            }
        }
        Edge::read(&self.tree()?)?;
        Ok(self)
    }

    /// [`Log::open_or_create`], for a log that was made by [`Log::at`].
    ///
    /// # Errors
    /// As there.
    pub fn opened_or_created(self, key: &Key) -> Result<Self, LogError> {
        self.check_key(key)?;
        match self.clone().opened() {
            Err(LogError::NotALog { .. }) => {}
            opened => return opened,
        }
        match self.clone().created(key) {
            // Another process was faster; or tiles without a checkpoint are in the way, as the first error says.
            Err(exists @ LogError::Exists { .. }) => self.opened().map_err(|error| match error {
                LogError::NotALog { .. } => exists,
                error => error,
            }),
            created => created,
        }
    }

    fn created(self, key: &Key) -> Result<Self, LogError> {
        make_folder_durable(&self.shared.path)?;
        {
            let mut slot = self.idle_slot();
            let _lock = self.lock()?;
            // Tiles without a checkpoint are a log that lost its head: a new one over them would be a fork.
            let found = self.shared.bulk.list("")?;
            let has_wal = !matches!(self.shared.desk.read_wal(0), Err(LogError::Missing { .. }));
            if has_wal || found.iter().any(|file| [CHECKPOINT, DECIDED, "tile"].contains(&file.name.as_str())) {
                return Err(LogError::Exists { folder: self.shared.path.clone() });
            }
            // An anchor that has seen entries belongs to a log that was lost: a new one would sign the same sizes again.
            self.refuse_anchored_beyond(0)?;
            let empty = Checkpoint { origin: key.name().to_owned(), size: 0, root: empty_root() };
            Wal::begin(&*self.shared.desk, &empty.sign(key)?.to_string())?;
            // Crash here: the empty checkpoint is decided. Whoever opens the folder next publishes it, as here.
            slot.writer = Some(self.recover(&|_| ())?);
        }
        Ok(self)
    }

    /// The log as it is published now.
    ///
    /// # Errors
    /// [`LogError::NotALog`], [`LogError::Damaged`] if no good signature is on the checkpoint.
    pub fn tree(&self) -> Result<Tree, LogError> {
        match self.tree_under(CHECKPOINT) {
            Err(LogError::Missing { .. }) => Err(LogError::NotALog { folder: self.shared.path.clone() }),
            tree => tree,
        }
    }

    /// The keys that sign the checkpoints: the log's own, and the one before it while both sign.
    #[must_use]
    pub fn keys(&self) -> &[VerifierKey] {
        &self.shared.keys
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.shared.path
    }

    /// Re-hashes everything and names each file that is bad, missing or surplus. Never stops at the first; reads only,
    /// and may run while others append. `progress` is called after each bundle of entries.
    #[must_use]
    pub fn verify_all(&self, progress: &mut dyn FnMut(Progress)) -> Vec<BadResource> {
        let shared = &*self.shared;
        let head = || read_checkpoint(&*shared.bulk, CHECKPOINT, &shared.keys).ok();
        let mut found = Vec::new();
        for _ in 0..AUDIT_TRIES_MAX {
            let before = head();
            found = Audit::of_log(shared.bulk.clone(), &*shared.desk, &shared.keys, progress);
            // An append meanwhile may have replaced partial tiles that were about to be read.
            if found.iter().all(|bad| bad.problem.is_harmless()) || before == head() {
                break;
            }
        }
        found
    }

    /// Whether the folder takes what an append writes. A log in a bucket has its write-ahead log in the folder, too.
    ///
    /// # Errors
    /// [`LogError::Busy`], [`LogError::Full`], [`LogError::Permission`] and others of the file system.
    pub fn try_it(&self) -> Result<(), LogError> {
        let _slot = self.idle_slot();
        let _lock = self.lock()?;
        self.shared.desk.try_it()
    }

    /// Appends entries in this order and returns their indexes once they are [`Ack::Checkpointed`]. Waits for its turn if
    /// another process appends. `crash` is called after each step, for tests that end the process there.
    ///
    /// # Errors
    /// [`LogError::TooLarge`], [`LogError::WrongKey`], [`LogError::Busy`], [`LogError::Full`],
    /// [`LogError::Permission`], [`LogError::Damaged`], [`LogError::RolledBack`], [`LogError::Fork`]: nothing was
    /// sequenced. [`LogError::Undecided`]: it may have been.
    pub fn append(&self, key: &Key, entries: &[Vec<u8>], crash: &dyn Fn(Step)) -> Result<Range<u64>, LogError> {
        self.append_until(Ack::Checkpointed, key, entries, crash)
    }

    /// As [`Log::append`], but returns once the entries are [`Ack::Durable`]: nobody can see them before [`Log::publish`], the next
    /// [`Log::append`], the end of the log's last clone, or a recovery. After a thousand appends it publishes by itself.
    ///
    /// # Errors
    /// As there.
    pub fn append_durable(&self, key: &Key, entries: &[Vec<u8>], crash: &dyn Fn(Step)) -> Result<Range<u64>, LogError> {
        self.append_until(Ack::Durable, key, entries, crash)
    }

    fn append_until(
        &self,
        ack: Ack,
        key: &Key,
        entries: &[Vec<u8>],
        crash: &dyn Fn(Step),
    ) -> Result<Range<u64>, LogError> {
        self.check_key(key)?;
        check_batch(entries)?;

        // After any error the slot is empty, and the next append reads everything anew.
        let mut slot = self.slot_when(|slot| !slot.is_publishing || self.may_go_on(slot, ack));
        let _lock = self.lock()?;
        // Crash here: the operating system drops the lock with the process; nothing was written.
        crash(Step::Locked);

        let mut writer = self.writer(&mut slot.writer, crash)?;
        let anchored = self.fit_anchor(&writer.head, &[])?;
        let first = writer.head.size();
        if entries.is_empty() {
            slot.writer = Some(writer);
            return Ok(first..first);
        }
        if first + entries.len() as u64 > TREE_SIZE_MAX {
            return Err(LogError::TooLarge(format!("the log would exceed {TREE_SIZE_MAX} entries")));
        }
        // Right behind a full tile there is least to sync; that is not worth waiting long for.
        let is_settled = writer.published.unsynced.len() <= UNSYNCED_FEW;
        if writer.wal.may_end() && is_settled || writer.wal.must_end(self.shared.wal_bytes_max) {
            self.publish_now(&mut writer, crash)?;
            self.shared.rotate(&mut writer, crash)?;
        }
        crash(Step::Recovered);

        self.decide(&mut writer, (key, entries), &anchored, crash)?;
        let size = writer.head.size();
        // What is not published yet is as safe as what is: the write-ahead log has it, and recovery publishes it.
        let waits = ack == Ack::Durable && (writer.may_wait() || slot.is_publishing);
        if waits || self.publish_now(&mut writer, crash).map_err(LogError::undecided)? {
            slot.writer = Some(writer);
        }
        Ok(first..size)
    }

    /// All that must be known to append, out of the slot, which stays empty until all went well. The caller holds the lock.
    pub(crate) fn writer(&self, slot: &mut Option<Writer>, crash: &dyn Fn(Step)) -> Result<Writer, LogError> {
        match slot.take() {
            Some(writer) if writer.wal.is_unchanged()? => Ok(writer),
            // Another process has appended, or died while it did. Or this is the first append.
            _ => self.recover(crash),
        }
    }

    /// The first half of every append: makes the entries durable with the signed head over them, and moves the anchor.
    fn decide(
        &self,
        writer: &mut Writer,
        (key, entries): (&Key, &[Vec<u8>]),
        anchored: &Option<String>,
        crash: &dyn Fn(Step),
    ) -> Result<(), LogError> {
        let first = writer.head.size();
        let growth = writer.edge.grow_full(entries);
        let origin = writer.head.checkpoint().origin.clone();
        let head = Checkpoint { origin, size: growth.size, root: growth.root };
        let note = head.sign(key)?.to_string();
        writer.wal.write(first, entries, &note)?;
        // Crash here: after a mere crash of the process the record is there, and the append is decided: whoever locks the
        // log next carries it out. A power cut may undo it, or tear it: then it never happened. Either is right, as no
        // receipt was given and no reader has seen it; the caller looks for its entries before it appends them again.
        crash(Step::Staged);

        writer.wal.sync()?;
        // Crash from here on: the append happened. Nothing can take it back but a refusal of the anchor.
        crash(Step::Decided);

        writer.head = self.tree_of(head, note);
        match self.move_anchor(anchored, &writer.head) {
            Ok(()) => {}
            // Two copies of this log run at once, and the other one was faster. Nobody has seen our checkpoint, and the
            // record with it must go before anybody does.
            Err(error @ (LogError::RolledBack { .. } | LogError::Fork { .. })) => {
                return Err(writer.wal.take_back(None, error));
            }
            Err(error) => return Err(error.undecided()),
        }
        // Crash here: the anchor is ahead of what is published by this one append, which the next writer publishes.
        crash(Step::Anchored);
        writer.pending.add(growth);
        Ok(())
    }

    /// Signs the published head anew, by this key alone, and begins a new write-ahead log, so that nothing is left in the folder that
    /// an earlier key signed.
    ///
    /// # Errors
    /// Those of [`Log::append`]. The log goes on as it was, or as it should be.
    pub fn renew(&self, key: &Key) -> Result<(), LogError> {
        self.check_key(key)?;
        let mut slot = self.idle_slot();
        let _lock = self.lock()?;
        let mut writer = self.writer(&mut slot.writer, &|_| ())?;
        self.publish_now(&mut writer, &|_| ())?;
        let anchored = self.fit_anchor(&writer.head, &[])?;
        let head = writer.head.checkpoint().clone();
        let note = head.sign(key)?.to_string();
        writer.head = self.tree_of(head, note);
        // Crash anywhere in here: some have the head with the old signatures and some with the new ones. It is the same head.
        self.move_anchor(&anchored, &writer.head)?;
        self.shared.bulk.put(CHECKPOINT, writer.head.signed_checkpoint().as_bytes())?;
        self.shared.rotate(&mut writer, &|_| ())?;
        slot.writer = Some(writer);
        Ok(())
    }

    /// The same log, whose appends wait so long for another writer (instead of [`LOCK_WAIT_MAX`]).
    #[must_use]
    pub fn waiting_at_most(self, lock_wait_max: Duration) -> Self {
        Self { lock_wait_max, ..self }
    }

    /// Puts this head into the anchor, if there is one, in place of what is known to be there.
    pub(crate) fn move_anchor(&self, known: &Option<String>, head: &Tree) -> Result<(), LogError> {
        let Some(anchor) = &self.shared.anchor else { return Ok(()) };
        if known.as_deref() == Some(head.signed_checkpoint()) {
            return Ok(());
        }
        match anchor.swap(known.as_deref(), head.signed_checkpoint())? {
            Swap::Done => Ok(()),
            Swap::Found(_) => Err(LogError::Fork {
                path: anchor.place(),
                problem: "another copy of this log has moved the anchor at the same time".to_owned(),
            }),
        }
    }

    pub(crate) fn tree_of(&self, checkpoint: Checkpoint, note: String) -> Tree {
        Tree { bulk: self.shared.bulk.clone(), checkpoint, note }
    }

    /// The tree under the checkpoint in this file, if our key signed it.
    pub(crate) fn tree_under(&self, name: &str) -> Result<Tree, LogError> {
        let (checkpoint, note) = read_checkpoint(&*self.shared.bulk, name, &self.shared.keys)?;
        Ok(self.tree_of(checkpoint, note))
    }

    #[cfg(test)]
    pub(crate) fn rotating_at(mut self, wal_bytes_max: u64) -> Self {
        Arc::get_mut(&mut self.shared).expect("no clones yet").wal_bytes_max = wal_bytes_max;
        self
    }

    /// True if an append of this level may go on beside a publication.
    pub(crate) fn may_go_on(&self, slot: &Slot, ack: Ack) -> bool {
        slot.writer.as_ref().is_some_and(|writer| writer.may_go_on(ack, self.shared.wal_bytes_max))
    }

    /// The lock of the one writer, for all threads of this process together.
    pub(crate) fn lock(&self) -> Result<Arc<WriterLock>, LogError> {
        self.lock_within(self.lock_wait_max)
    }

    fn lock_within(&self, wait_max: Duration) -> Result<Arc<WriterLock>, LogError> {
        let mut held = self.shared.lock.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lock) = held.upgrade() {
            return Ok(lock);
        }
        let lock = Arc::new(self.shared.desk.lock(wait_max)?);
        *held = Arc::downgrade(&lock);
        Ok(lock)
    }

    /// What the threads of this process know, once nobody publishes.
    pub(crate) fn idle_slot(&self) -> MutexGuard<'_, Slot> {
        self.slot_when(|slot| !slot.is_publishing)
    }

    /// The same once it is so, which may become true when a publication ends.
    fn slot_when(&self, may: impl Fn(&Slot) -> bool) -> MutexGuard<'_, Slot> {
        let slot = self.shared.ended.wait_while(self.slot(), |slot| !may(slot));
        slot.unwrap_or_else(without_writer)
    }

    pub(crate) fn slot(&self) -> MutexGuard<'_, Slot> {
        self.shared.slot.lock().unwrap_or_else(without_writer)
    }

    fn check_key(&self, key: &Key) -> Result<(), LogError> {
        let expected = self.shared.keys.first();
        if expected == Some(key.verifier()) {
            return Ok(());
        }
        let expected = expected.map(ToString::to_string).unwrap_or_default();
        Err(LogError::WrongKey { expected, found: key.verifier().to_string() })
    }
}

impl Shared {
    fn new(
        bulk: Arc<dyn Bulk>,
        desk: Arc<dyn Desk>,
        (anchor, keys): (Option<Arc<dyn Anchor>>, Vec<VerifierKey>),
        path: PathBuf,
        wal_bytes_max: u64,
    ) -> Self {
        let (slot, ended, lock) = (Mutex::default(), Condvar::new(), Mutex::default());
        Self { bulk, desk, anchor, keys, path, wal_bytes_max, slot, ended, lock }
    }

    /// Makes all that is published durable under its own names, and begins a new write-ahead log.
    pub(crate) fn rotate(&self, writer: &mut Writer, crash: &dyn Fn(Step)) -> Result<(), LogError> {
        let tiles = writer.published.unsynced.iter().map(|tile| tile.path());
        let names: Vec<String> = tiles.chain([CHECKPOINT.to_owned()]).collect();
        self.bulk.sync(&names)?;
        // Crash here: what the old write-ahead log repeats is durable twice.
        crash(Step::Synced);
        // Crash inside: the old one is in place, or the new one. Its first checkpoint is the published one, so it makes no
        // difference.
        writer.wal = Wal::begin(&*self.desk, writer.head.signed_checkpoint())?;
        writer.published.unsynced.clear();
        crash(Step::Rotated);
        Ok(())
    }
}

/// A clean end: what the write-ahead log repeats becomes durable under its own names, so that the next one to open the log
/// has nothing to recover. If anything fails, that one does it.
impl Drop for Shared {
    fn drop(&mut self) {
        let slot = self.slot.get_mut().unwrap_or_else(PoisonError::into_inner).writer.take();
        let Some(mut writer) = slot.filter(|writer| !writer.wal.is_empty()) else { return };
        let Ok(_lock) = self.desk.lock(Duration::ZERO) else { return };
        if writer.wal.is_unchanged().unwrap_or(false) && self.publish_decided(&mut writer, &|_| ()).is_ok() {
            let _ = self.rotate(&mut writer, &|_| ());
        }
    }
}

/// The checkpoint in this file of a log, if the key signed it, and the whole note.
pub(crate) fn read_checkpoint(
    bulk: &dyn Bulk,
    name: &str,
    keys: &[VerifierKey],
) -> Result<(Checkpoint, String), LogError> {
    let damaged = |problem: String| LogError::Damaged { path: bulk.place(name), problem };
    let note = bulk.get(name, NOTE_BYTES_MAX)?;
    let note = String::from_utf8(note).map_err(|_| damaged("it is not text".to_owned()))?;
    let checkpoint = checkpoint_in(&note, keys).map_err(damaged)?;
    Ok((checkpoint, note))
}

/// True for the files of a log that are no tiles: also for drafts and spare files, whatever is in them.
pub(crate) fn is_own_name(name: &str) -> bool {
    let is_draft = |name: &str| name.strip_prefix(PENDING).is_some_and(|rest| rest.rfind('/') == Some(0));
    [CHECKPOINT, WAL, LOCK].contains(&name) || is_draft(name)
}

/// True for what an append that is under way, or was interrupted, keeps.
pub(crate) fn is_transient_name(name: &str) -> bool {
    [DECIDED, WAL_DRAFT].contains(&name)
}

/// All kinds of tiles that a log can have.
pub(crate) fn kinds() -> impl Iterator<Item = TileKind> {
    std::iter::once(TileKind::Entries).chain((0..LEVELS_MAX).map(TileKind::Hashes))
}

/// Somebody panicked in the middle of an append: what is known is given up.
fn without_writer(poisoned: PoisonError<MutexGuard<'_, Slot>>) -> MutexGuard<'_, Slot> {
    let mut slot = poisoned.into_inner();
    slot.writer = None;
    slot
}

fn check_batch(entries: &[Vec<u8>]) -> Result<(), LogError> {
    if entries.len() > BATCH_ENTRIES_MAX {
        return Err(LogError::TooLarge(format!("{} entries, {BATCH_ENTRIES_MAX} at most", entries.len())));
    }
    if let Some(at) = entries.iter().position(|entry| entry.len() > ENTRY_BYTES_MAX) {
        return Err(LogError::TooLarge(format!("entry {at} of the batch exceeds {ENTRY_BYTES_MAX} bytes")));
    }
    let bytes: usize = entries.iter().map(Vec::len).sum();
    if bytes > BATCH_BYTES_MAX {
        return Err(LogError::TooLarge(format!("{bytes} bytes, {BATCH_BYTES_MAX} at most")));
    }
    Ok(())
}

/// Makes a folder and those above it, and their names durable.
fn make_folder_durable(path: &Path) -> Result<(), LogError> {
    let missing: Vec<PathBuf> = path.ancestors().take_while(|above| !above.exists()).map(Path::to_owned).collect();
    fs::create_dir_all(path).map_err(|source| LogError::from_io("make the folder", path, source))?;
    for made in missing {
        let parent = made.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let synced = fs::File::open(parent).and_then(|parent| parent.sync_all());
        synced.map_err(|source| LogError::from_io("write", parent, source))?;
    }
    Ok(())
}
