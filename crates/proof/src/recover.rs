//! Opening a log to write: what an interrupted append has decided is found in the write-ahead log, checked, and carried
//! out by the function that every append ends with.

use crate::anchor::Anchor;
use crate::checkpoint::Checkpoint;
use crate::disk::PENDING;
use crate::edge::Edge;
use crate::error::LogError;
use crate::limits::{BATCH_ENTRIES_MAX, WAL_FILE_BYTES_MAX};
use crate::log::{CHECKPOINT, DECIDED, Log, Step, Writer, kinds};
use crate::note::VerifierKey;
use crate::tile::{TILE_WIDTH, Tile};
use crate::tree::Tree;
use crate::wal::{self, Contents, Tail, WAL, Wal, WalFile};

impl Log {
    /// False if everything is in its place, so that opening the log needs neither lock nor recovery.
    pub(crate) fn needs_recovery(&self) -> bool {
        let bulk = &*self.shared.bulk;
        let is_there = |name| !matches!(bulk.get(name, 0), Err(LogError::Missing { .. }));
        if self.shared.anchor.is_some() {
            // Whatever is there must fit the anchor.
            return [WAL, DECIDED, CHECKPOINT].into_iter().any(is_there);
        }
        let wal = match self.shared.desk.read_wal(WAL_FILE_BYTES_MAX) {
            Ok(wal) => wal,
            Err(LogError::Missing { .. }) => return is_there(DECIDED),
            Err(_) => return true,
        };
        let published = self.tree();
        let is_settled = |contents: Contents<'_>| {
            contents.records.is_empty()
                && contents.tail == Tail::Zeros
                && published.is_ok_and(|tree| tree.signed_checkpoint() == contents.base)
        };
        !wal::parse(&wal).is_ok_and(is_settled)
    }

    /// True if the published checkpoint is the last one that was decided.
    pub(crate) fn is_all_published(&self) -> bool {
        let Ok(wal) = self.shared.desk.read_wal(WAL_FILE_BYTES_MAX) else { return false };
        let decided = wal::parse(&wal).map(|contents| contents.records.last().map_or(contents.base, |last| last.note));
        self.tree().is_ok_and(|tree| decided.is_ok_and(|note| note == tree.signed_checkpoint()))
    }

    /// Finds out what is decided, carries it out, and begins a new write-ahead log if there is anything in the old one.
    /// Afterwards all is as after an append. The caller holds the lock. A crash in here is like one before it.
    ///
    /// # Errors
    /// [`LogError::NotALog`], [`LogError::Damaged`], [`LogError::Missing`]; [`LogError::RolledBack`] and
    /// [`LogError::Fork`] if the log does not fit its anchor; those of the file system.
    pub(crate) fn recover(&self, crash: &dyn Fn(Step)) -> Result<Writer, LogError> {
        match self.shared.desk.open_wal()? {
            Some(file) => self.replay(file, crash),
            None => self.begin_wal_on_published(),
        }
    }

    fn replay(&self, file: Box<dyn WalFile>, crash: &dyn Fn(Step)) -> Result<Writer, LogError> {
        let damaged = |problem| LogError::Damaged { path: self.shared.bulk.place(WAL), problem };
        let bytes = self.shared.desk.read_wal(WAL_FILE_BYTES_MAX)?;
        let contents = wal::parse(&bytes).map_err(damaged)?;
        let base = checkpoint_in(contents.base, &self.shared.keys).map_err(damaged)?;
        let base = self.tree_of(base, contents.base.to_owned());
        // What the first checkpoint covers was durable before this write-ahead log was begun: no power cut excuses damage
        // in it. Whatever came later is computed anew from here.
        let mut edge = Edge::read(&base)?;
        let heads = heads_of(&contents, edge.clone(), &self.shared.keys).map_err(damaged)?;
        let head = heads.last().unwrap_or(base.checkpoint()).clone();
        self.check_published(&base, &heads)?;
        let anchored = self.fit_anchor(&base, &heads)?;

        let note = contents.records.last().map_or(contents.base, |record| record.note);
        let is_idle = contents.records.is_empty() && contents.tail == Tail::Zeros;
        let (wal, head) = (Wal::opened(file, &contents, &bytes), self.tree_of(head, note.to_owned()));
        let mut writer = Writer::new(wal, edge.clone(), head);
        if is_idle && self.tree().is_ok_and(|tree| tree.signed_checkpoint() == contents.base) {
            self.move_anchor(&anchored, &writer.head)?;
            return Ok(writer);
        }
        // From here on it is the second half of an append, for all records at once. Tiles are put again even where they
        // look good: after a failed sync, what can be read is not what is on the disk.
        writer.wal.make_sure(&contents)?;
        crash(Step::Decided);
        self.move_anchor(&anchored, &writer.head)?;
        crash(Step::Anchored);
        let files = contents.records.iter().flat_map(|record| edge.grow(&record.entries).files);
        self.shared.carry_out(&writer.head, &mut writer.published.unsynced, files, crash)?;
        writer.published.size = base.size();
        let size = writer.head.size();
        self.settle(&mut writer.published, size, crash)?;
        writer.edge = edge;
        self.shared.rotate(&mut writer, crash)?;
        Ok(writer)
    }

    /// Begins the first write-ahead log of a folder: one of an earlier version, or one that was copied without it.
    fn begin_wal_on_published(&self) -> Result<Writer, LogError> {
        self.settle_decided()?;
        let head = self.tree()?;
        let edge = Edge::read(&head)?;
        let anchored = self.fit_anchor(&head, &[])?;
        self.sweep_undecided(head.size())?;
        let wal = Wal::begin(&*self.shared.desk, head.signed_checkpoint())?;
        self.move_anchor(&anchored, &head)?;
        Ok(Writer::new(wal, edge, head))
    }

    /// The published checkpoint must be one of those that lead to the decided head. After a power cut it may be an earlier
    /// one, torn, or gone.
    fn check_published(&self, base: &Tree, heads: &[Checkpoint]) -> Result<(), LogError> {
        let published = match self.tree_under(CHECKPOINT) {
            Ok(published) => published,
            Err(LogError::Missing { .. } | LogError::Damaged { .. }) => return Ok(()),
            Err(error) => return Err(error),
        };
        if published.size() <= base.size() {
            return base.check_follows(published.checkpoint());
        }
        if heads.contains(published.checkpoint()) {
            return Ok(());
        }
        if heads.last().unwrap_or(base.checkpoint()).size < published.size() {
            let problem = "it ends before the published checkpoint".to_owned();
            return Err(LogError::Damaged { path: self.shared.bulk.place(WAL), problem });
        }
        let problem = "the published checkpoint is not one that the write-ahead log leads to".to_owned();
        Err(LogError::Fork { path: self.shared.bulk.place(CHECKPOINT), problem })
    }

    /// What is in the anchor, if the log may be signed on beside it: `base` is the last durable tree, and these heads were
    /// decided after it.
    pub(crate) fn fit_anchor(&self, base: &Tree, heads: &[Checkpoint]) -> Result<Option<String>, LogError> {
        let Some(anchor) = &self.shared.anchor else { return Ok(None) };
        let Some(note) = anchor.load()? else { return Ok(None) };
        // As in every append: our own signature on the same bytes need not be verified again.
        if note == base.signed_checkpoint() {
            return Ok(Some(note));
        }
        let anchored = self.checkpoint_of(&**anchor, &note)?;
        if heads.contains(&anchored) {
            return Ok(Some(note));
        }
        let size = heads.last().unwrap_or(base.checkpoint()).size;
        if anchored.size > size {
            return Err(self.rolled_back(&anchored, size));
        }
        if anchored.size <= base.size() && base.root_at(anchored.size)? == anchored.root {
            return Ok(Some(note));
        }
        let problem = format!("after {} entries, the anchor has another root than the log", anchored.size);
        Err(LogError::Fork { path: self.shared.path.clone(), problem })
    }

    /// A log that is about to begin can't have an anchor that knows entries.
    pub(crate) fn refuse_anchored_beyond(&self, size: u64) -> Result<(), LogError> {
        let Some(anchor) = &self.shared.anchor else { return Ok(()) };
        let Some(note) = anchor.load()? else { return Ok(()) };
        let anchored = self.checkpoint_of(&**anchor, &note)?;
        if anchored.size > size { Err(self.rolled_back(&anchored, size)) } else { Ok(()) }
    }

    fn rolled_back(&self, anchored: &Checkpoint, size: u64) -> LogError {
        let anchor = self.shared.anchor.as_ref().map(|anchor| anchor.place()).unwrap_or_default();
        LogError::RolledBack { folder: self.shared.path.clone(), size, anchor, anchored: anchored.size }
    }

    fn checkpoint_of(&self, anchor: &dyn Anchor, note: &str) -> Result<Checkpoint, LogError> {
        checkpoint_in(note, &self.shared.keys).map_err(|problem| LogError::Damaged { path: anchor.place(), problem })
    }

    /// Publishes the head that an append of an earlier version decided on and did not publish.
    fn settle_decided(&self) -> Result<(), LogError> {
        let decided = match self.tree_under(DECIDED) {
            Err(LogError::Missing { .. }) => return Ok(()),
            decided => decided?,
        };
        match self.tree_under(CHECKPOINT) {
            Ok(published) => decided.check_follows(published.checkpoint())?,
            // Only the first checkpoint has none before it.
            Err(LogError::Missing { .. }) if decided.size() == 0 => {}
            Err(error) => return Err(error),
        }
        let bulk = &*self.shared.bulk;
        // Durable first, then readable. A crash before the removal repeats all of it.
        bulk.sync(&[DECIDED.to_owned()])?;
        bulk.put(CHECKPOINT, decided.signed_checkpoint().as_bytes())?;
        bulk.sync(&[CHECKPOINT.to_owned()])?;
        bulk.remove(DECIDED)
    }

    /// Removes what an append of an earlier version left that never was decided: its drafts, and partial tiles that no
    /// checkpoint covers, which would look published once the tree has grown past them.
    fn sweep_undecided(&self, size: u64) -> Result<(), LogError> {
        let bulk = &*self.shared.bulk;
        for draft in bulk.list(PENDING)? {
            bulk.remove(&format!("{PENDING}/{}", draft.name))?;
        }
        let width = u64::from(TILE_WIDTH);
        for kind in kinds() {
            for index in kind.count_in(size) / width..=kind.count_in(size + BATCH_ENTRIES_MAX as u64) / width {
                let folder = Tile::full(kind, index).partials_path();
                for partial in bulk.list(&folder)? {
                    let name = format!("{folder}/{}", partial.name);
                    if Tile::parse(&name).is_some_and(|tile| !tile.is_covered_by(size)) {
                        bulk.remove(&name)?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// The checkpoints that the records of a write-ahead log lead to, from the tree at its beginning on. Each must follow from
/// the one before it by the entries of its record, and be signed by the key.
///
/// # Errors
/// What is wrong with the write-ahead log.
pub(crate) fn heads_of(
    contents: &Contents<'_>,
    mut edge: Edge,
    keys: &[VerifierKey],
) -> Result<Vec<Checkpoint>, String> {
    let mut heads = Vec::new();
    for record in &contents.records {
        if record.first != edge.size() {
            return Err(format!("it has a record of entry {} where entry {} follows", record.first, edge.size()));
        }
        let growth = edge.grow(&record.entries);
        let head = checkpoint_in(record.note, keys)?;
        if (head.size, head.root) != (growth.size, growth.root) {
            return Err(format!("its record of entry {} does not lead to the checkpoint in it", record.first));
        }
        heads.push(head);
    }
    Ok(heads)
}

/// The checkpoint in this note, if one of the keys signed it.
pub(crate) fn checkpoint_in(note: &str, keys: &[VerifierKey]) -> Result<Checkpoint, String> {
    Checkpoint::open(note, keys).map_err(|error| error.to_string())
}
