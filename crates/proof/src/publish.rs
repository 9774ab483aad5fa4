//! The second half of an append: what is decided is brought to where readers find it.

use std::collections::BTreeSet;

use crate::error::LogError;
use crate::log::{CHECKPOINT, Log, Published, Shared, Step, Writer, kinds};
use crate::tile::{TILE_WIDTH, Tile};
use crate::tree::Tree;

/// What is decided and is to be published, taken from a writer.
struct Publication {
    head: Tree,
    files: Vec<(Tile, Vec<u8>)>,
    published: Published,
}

impl Writer {
    /// All that is decided and not published. The writer has nothing that is published until it gets it back.
    fn taken(&mut self) -> Option<Publication> {
        if self.pending.is_empty() {
            return None;
        }
        let published = std::mem::take(&mut self.published);
        let full = std::mem::take(&mut self.pending).files.into_iter();
        // Of heads that nobody can have seen, no partial tiles are put.
        let files = full.chain(self.edge.partials(published.size)).collect();
        Some(Publication { head: self.head.clone(), files, published })
    }
}

impl Log {
    /// Publishes what was appended by [`Log::append_durable`]; returns how many entries are published. Such appends of other threads
    /// go on meanwhile.
    ///
    /// # Errors
    /// Those of the store. What is decided stays so; the next writer publishes it.
    pub fn publish(&self) -> Result<u64, LogError> {
        self.publish_beside(&|_| ())
    }

    /// The same, for tests that do something else at each step.
    pub(crate) fn publish_beside(&self, beside: &dyn Fn(Step)) -> Result<u64, LogError> {
        let mut slot = self.idle_slot();
        if slot.writer.as_ref().is_some_and(|writer| !writer.pending.is_empty()) {
            // Held to the end: of other processes nobody must write what is written here.
            let _lock = self.lock()?;
            let mut writer = self.writer(&mut slot.writer, &|_| ())?;
            let taken = writer.taken();
            slot.writer = Some(writer);
            if let Some(mut taken) = taken {
                slot.is_publishing = true;
                drop(slot);
                let mut ends = Ends { log: self, published: None };
                self.shared.carry_out_all(&mut taken, beside)?;
                let size = taken.head.size();
                // What goes wrong behind the checkpoint is not the caller's: the next append reads everything anew.
                if self.settle(&mut taken.published, size, beside).is_ok() {
                    ends.published = Some(taken.published);
                }
            }
        }
        Ok(self.tree()?.size())
    }

    /// Publishes the decided head with all that leads to it. Returns false if what comes behind that went wrong, which is not the
    /// caller's: the entries are published, and the next append reads everything anew. Nobody else must be publishing.
    pub(crate) fn publish_now(&self, writer: &mut Writer, crash: &dyn Fn(Step)) -> Result<bool, LogError> {
        if !self.shared.publish_decided(writer, crash)? {
            return Ok(true);
        }
        let size = writer.head.size();
        Ok(self.settle(&mut writer.published, size, crash).is_ok())
    }

    /// Makes tiles durable that the next appends leave alone, so that little is left to do when the write-ahead log ends,
    /// and removes the partial tiles that they replace: a full tile serves as well. What stays unsynced are the partial
    /// tiles at the right edge, at most one of entries and one of hashes for each append since the last full tile.
    /// `size` is that of the tree that all of them belong to.
    ///
    /// # Errors
    /// Those of the store. Then nobody knows what is durable, and the writer must be given up: recovery puts everything again.
    pub(crate) fn settle(&self, published: &mut Published, size: u64, crash: &dyn Fn(Step)) -> Result<(), LogError> {
        let is_edge = |tile: &Tile| tile.is_partial() && tile.kind.is_lowest();
        let ready: BTreeSet<Tile> = published.unsynced.iter().filter(|tile| !is_edge(tile)).copied().collect();
        if !ready.is_empty() {
            self.shared.bulk.sync(&ready.iter().map(|tile| tile.path()).collect::<Vec<_>>())?;
            published.unsynced.retain(is_edge);
            // Crash here: full tiles and what they replace are both there. Such partial tiles are good prefixes of the full
            // ones, and harm nobody.
            self.remove_replaced_partials(published, size);
        }
        published.size = size;
        crash(Step::Tidied);
        Ok(())
    }

    /// Removes the partial tiles of tiles that have become full, and durable.
    fn remove_replaced_partials(&self, published: &mut Published, size: u64) {
        let width = u64::from(TILE_WIDTH);
        for kind in kinds() {
            for index in kind.count_in(published.size) / width..kind.count_in(size) / width {
                let folder = Tile::full(kind, index).partials_path();
                // What stays is in nobody's way, but must not be torn by a power cut.
                let left = match self.shared.bulk.remove_folder(&folder) {
                    Ok(()) => Vec::new(),
                    Err(_) => self.shared.bulk.list(&folder).unwrap_or_default(),
                };
                let is_left = |tile: &Tile| left.iter().any(|file| tile.path() == format!("{folder}/{}", file.name));
                published.unsynced.retain(|tile| (tile.kind, tile.index) != (kind, index) || is_left(tile));
            }
        }
    }
}

/// The end of a publication beside which others append: gives back what is published, or nothing when it went wrong. Then
/// the writer is given up, as nobody knows any more what is where.
struct Ends<'l> {
    log: &'l Log,
    published: Option<Published>,
}

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        let mut slot = self.log.slot();
        slot.is_publishing = false;
        match (self.published.take(), &mut slot.writer) {
            (Some(published), Some(writer)) => writer.published = published,
            _ => slot.writer = None,
        }
        self.log.shared.ended.notify_all();
    }
}

impl Shared {
    /// Publishes the decided head. False if there was nothing to publish.
    pub(crate) fn publish_decided(&self, writer: &mut Writer, crash: &dyn Fn(Step)) -> Result<bool, LogError> {
        let Some(mut taken) = writer.taken() else { return Ok(false) };
        self.carry_out_all(&mut taken, crash)?;
        writer.published = taken.published;
        Ok(true)
    }

    fn carry_out_all(&self, taken: &mut Publication, crash: &dyn Fn(Step)) -> Result<(), LogError> {
        let files = std::mem::take(&mut taken.files).into_iter();
        self.carry_out(&taken.head, &mut taken.published.unsynced, files, crash)
    }

    /// The second half of every append, and of every recovery, which has the tiles of several: brings the tiles and the
    /// checkpoint of a decided head to where readers find them. It may be done any number of times.
    pub(crate) fn carry_out(
        &self,
        head: &Tree,
        unsynced: &mut BTreeSet<Tile>,
        files: impl Iterator<Item = (Tile, Vec<u8>)>,
        crash: &dyn Fn(Step),
    ) -> Result<(), LogError> {
        let bulk = &*self.bulk;
        for (tile, bytes) in files {
            // A partial tile whose full one comes right behind it is of no use to anybody.
            if tile.is_partial() && Tile::full(tile.kind, tile.index).is_covered_by(head.size()) {
                continue;
            }
            bulk.put(&tile.path(), &bytes)?;
            unsynced.insert(tile);
            // Crash here: some tiles are in place, whole, but no published checkpoint covers them. Recovery puts all of
            // them again. Where a published one is put again, it is the same, or a power cut has torn it.
            crash(Step::Placed);
        }
        crash(Step::TilesPlaced);

        bulk.put(CHECKPOINT, head.signed_checkpoint().as_bytes())?;
        // Crash here: all is done. A power cut may take tiles and checkpoint back, until they are synced; recovery brings
        // them back from the write-ahead log.
        crash(Step::Published);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::time::Duration;

    use super::*;
    use crate::key::Key;

    /// Whoever shares nothing but the folder waits until a publication is over: its checkpoint would be replaced by an older one.
    #[test]
    fn nobody_else_writes_while_somebody_publishes() {
        let folder = tempfile::tempdir().expect("a folder");
        let key = Key::from_seed("publish.example/log", &[7; 32]).expect("a key");
        let log = Log::create(folder.path(), &key).expect("a log");
        let stranger = Log::open(folder.path(), key.verifier().clone()).expect("a log");
        let stranger = stranger.waiting_at_most(Duration::from_millis(20));
        log.append_durable(&key, &[b"first".to_vec()], &|_| ()).expect("appended");
        let steps = Cell::new(0);
        let beside = |step: Step| {
            steps.set(steps.get() + 1);
            let refused = stranger.append(&key, &[b"stranger".to_vec()], &|_| ());
            assert!(matches!(refused, Err(LogError::Busy { .. })), "{step:?}: {refused:?}");
            assert_eq!(log.append_durable(&key, &[b"own".to_vec()], &|_| ()).expect("appended").start, steps.get());
        };
        assert_eq!(log.publish_beside(&beside).expect("published"), 1);
        assert!(steps.get() >= 4, "tiles, the last of them, checkpoint, tidied");
        assert_eq!(stranger.append(&key, &[b"stranger".to_vec()], &|_| ()).expect("its turn").start, steps.get() + 1);
        assert_eq!(log.append(&key, &[b"last".to_vec()], &|_| ()).expect("appended").start, steps.get() + 2);
        assert_eq!(log.verify_all(&mut |_| ()), []);
    }
}
