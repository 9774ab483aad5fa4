//! The write path on a simulated disk, which fails at every call in turn: errors, short writes, crashes, power cuts that
//! drop or tear whatever was not synced, and syncs that fail once and never say so again.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use crate::anchor::{Anchor, MemoryAnchor, Swap};
use crate::backend::{Bulk, Listed, ListedKind};
use crate::checkpoint::Checkpoint;
use crate::disk::folders_above;
use crate::error::LogError;
use crate::key::Key;
use crate::log::{Ack, CHECKPOINT, Log};
use crate::recover::checkpoint_in;
use crate::wal::{Desk, WAL, WalFile, WriterLock};

/// What goes wrong at one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// An error, and nothing was done.
    Error,
    /// No room: a part was done.
    Full,
    /// An error, although all was done.
    LateError,
    /// A sync that fails, after which the system holds for clean what it could not write.
    LostSync,
    /// The process ends before the call.
    CrashBefore,
    /// The process ends in the middle of the call.
    CrashWithin,
    /// The process ends after the call.
    CrashAfter,
}

/// Appends beside one publication.
const APPENDED_BESIDE: usize = 3;

const FAULTS: [Fault; 7] = [
    Fault::Error,
    Fault::Full,
    Fault::LateError,
    Fault::LostSync,
    Fault::CrashBefore,
    Fault::CrashWithin,
    Fault::CrashAfter,
];

/// A file, as it is read and as it is on the disk.
#[derive(Clone, Debug, Default)]
struct Inode {
    cached: Vec<u8>,
    durable: Vec<u8>,
    /// What was done to `cached` since the last sync.
    unsynced: Vec<Change>,
}

#[derive(Clone, Debug)]
enum Change {
    Write(usize, Vec<u8>),
    Cut(usize),
}

#[derive(Clone, Debug)]
struct State {
    inodes: Vec<Inode>,
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    /// What was done to `names` since the last sync of their folders; no file means that it was removed.
    unsynced_names: Vec<(String, Option<usize>)>,
    calls: u64,
    fault: Option<(u64, Fault)>,
    is_dead: bool,
    random: u64,
}

#[derive(Clone, Debug)]
struct Disk(Arc<Mutex<State>>);

#[derive(Debug)]
struct DiskWal {
    disk: Disk,
    inode: usize,
}

#[derive(Debug)]
struct DiskAnchor {
    disk: Disk,
    memory: Arc<MemoryAnchor>,
}

fn signer() -> Key {
    Key::from_seed("sim.example/log", &[3; 32]).expect("a key")
}

fn failed(kind: io::ErrorKind) -> LogError {
    LogError::from_io("write", Path::new("simulated"), kind.into())
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Write(at, new) => {
                bytes.resize(bytes.len().max(at + new.len()), 0);
                bytes[*at..at + new.len()].copy_from_slice(new);
            }
            Self::Cut(length) => bytes.resize(*length, 0),
        }
    }
}

impl Inode {
    fn change(&mut self, change: Change) {
        change.apply(&mut self.cached);
        self.unsynced.push(change);
    }

    fn sync(&mut self) {
        for change in std::mem::take(&mut self.unsynced) {
            change.apply(&mut self.durable);
        }
    }
}

impl State {
    fn random(&mut self, below: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % below
    }

    fn name(&mut self, name: &str, inode: Option<usize>) {
        match inode {
            Some(inode) => drop(self.names.insert(name.to_owned(), inode)),
            None => drop(self.names.remove(name)),
        }
        self.unsynced_names.push((name.to_owned(), inode));
    }

    fn make_name_durable(&mut self, name: &str, inode: Option<usize>) {
        match inode {
            Some(inode) => drop(self.durable_names.insert(name.to_owned(), inode)),
            None => drop(self.durable_names.remove(name)),
        }
    }

    fn has_folder(&self, folder: &str) -> bool {
        let first = self.names.range(format!("{folder}/")..).next();
        first.is_some_and(|(name, _)| name.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/')))
    }

    fn sync_folder(&mut self, folder: &str) {
        for (name, inode) in std::mem::take(&mut self.unsynced_names) {
            let above: Vec<&str> = folders_above(&name).take_while(|above| *above != folder).collect();
            let is_below = folders_above(&name).any(|above| above == folder);
            // A folder that is gone takes all that was in it along, as soon as the folder above is synced.
            let went = above.last().is_some_and(|above| !self.has_folder(above));
            if is_below && went {
                self.make_name_durable(&name, None);
            } else if is_below && above.is_empty() {
                self.make_name_durable(&name, inode);
            } else {
                self.unsynced_names.push((name, inode));
            }
        }
    }

    fn new_file(&mut self, bytes: &[u8]) -> usize {
        let mut inode = Inode::default();
        inode.change(Change::Write(0, bytes.to_vec()));
        self.inodes.push(inode);
        self.inodes.len() - 1
    }

    /// Of everything that was not synced, any part may be on the disk.
    fn cut_power(&mut self) {
        for at in 0..self.inodes.len() {
            let mut inode = std::mem::take(&mut self.inodes[at]);
            for change in std::mem::take(&mut inode.unsynced) {
                match (change, self.random(3)) {
                    (_, 0) => {}
                    (Change::Write(from, bytes), 1) => {
                        let piece = 1 + self.random(200) as usize;
                        for (n, part) in bytes.chunks(piece).enumerate() {
                            if self.random(2) == 0 {
                                Change::Write(from + n * piece, part.to_vec()).apply(&mut inode.durable);
                            }
                        }
                    }
                    (change, _) => change.apply(&mut inode.durable),
                }
            }
            inode.cached.clone_from(&inode.durable);
            self.inodes[at] = inode;
        }
        // What was done to one name reaches the disk in order; between names there is none.
        let mut stopped = BTreeSet::new();
        for (name, inode) in std::mem::take(&mut self.unsynced_names) {
            if self.random(2) == 0 || stopped.contains(&name) {
                stopped.insert(name);
            } else {
                self.make_name_durable(&name, inode);
            }
        }
        self.names.clone_from(&self.durable_names);
    }
}

impl Disk {
    fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State {
            inodes: Vec::new(),
            names: BTreeMap::new(),
            durable_names: BTreeMap::new(),
            unsynced_names: Vec::new(),
            calls: 0,
            fault: None,
            is_dead: false,
            random: seed | 1,
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no panics while it is held")
    }

    /// One call: `work` is told how much of it to do, from 0 to 2 halves, and whether a sync is lost.
    fn call<T>(&self, mut work: impl FnMut(&mut State, usize, bool) -> T) -> Result<T, LogError> {
        let mut state = self.state();
        if state.is_dead {
            return Err(failed(io::ErrorKind::Other));
        }
        state.calls += 1;
        let calls = state.calls;
        let fault = state.fault.take_if(|(at, _)| *at == calls).map(|(_, fault)| fault);
        let (halves, error) = match fault {
            None => return Ok(work(&mut state, 2, false)),
            Some(Fault::Error) => (0, io::ErrorKind::Other),
            Some(Fault::Full) => (1, io::ErrorKind::StorageFull),
            Some(Fault::LateError | Fault::LostSync | Fault::CrashAfter) => (2, io::ErrorKind::Other),
            Some(Fault::CrashBefore) => (0, io::ErrorKind::Other),
            Some(Fault::CrashWithin) => (1, io::ErrorKind::Other),
        };
        work(&mut state, halves, fault == Some(Fault::LostSync));
        state.is_dead = matches!(fault, Some(Fault::CrashBefore | Fault::CrashWithin | Fault::CrashAfter));
        Err(failed(error))
    }

    fn missing(&self, name: &str) -> LogError {
        LogError::Missing { path: self.place(name) }
    }

    /// What anybody could read under this name.
    fn peek(&self, name: &str) -> Option<Vec<u8>> {
        let state = self.state();
        state.names.get(name).map(|inode| state.inodes[*inode].cached.clone())
    }
}

/// The first half of them, all of them, or none.
fn part<T>(items: &[T], halves: usize) -> &[T] {
    &items[..items.len() * halves / 2]
}

impl Bulk for Disk {
    fn get(&self, name: &str, bytes_max: usize) -> Result<Vec<u8>, LogError> {
        if self.state().is_dead {
            return Err(failed(io::ErrorKind::Other));
        }
        let bytes = self.peek(name).ok_or_else(|| self.missing(name))?;
        if bytes.len() > bytes_max {
            return Err(LogError::Damaged { path: self.place(name), problem: "too large".to_owned() });
        }
        Ok(bytes)
    }

    fn put(&self, name: &str, bytes: &[u8]) -> Result<(), LogError> {
        // In half of it, only a draft that nobody looks at was written.
        self.call(|state, halves, _| {
            if halves == 2 {
                let inode = state.new_file(bytes);
                state.name(name, Some(inode));
            }
        })
    }

    fn sync(&self, names: &[String]) -> Result<(), LogError> {
        self.call(|state, halves, is_lost| {
            for name in part(names, halves) {
                let Some(inode) = state.names.get(name).copied() else { return Err(self.missing(name)) };
                if is_lost {
                    state.inodes[inode].unsynced.clear();
                    continue;
                }
                state.inodes[inode].sync();
                folders_above(name).for_each(|folder| state.sync_folder(folder));
            }
            Ok(())
        })?
    }

    fn remove(&self, name: &str) -> Result<(), LogError> {
        self.call(|state, halves, _| {
            if halves == 2 {
                state.name(name, None)
            }
        })
    }

    fn remove_folder(&self, folder: &str) -> Result<(), LogError> {
        self.list(folder)?.into_iter().try_for_each(|file| self.remove(&format!("{folder}/{}", file.name)))
    }

    fn list(&self, folder: &str) -> Result<Vec<Listed>, LogError> {
        let state = self.state();
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let inside = state.names.keys().filter_map(|name| name.strip_prefix(&prefix));
        let listed: BTreeSet<(&str, bool)> =
            inside.map(|rest| rest.split_once('/').map_or((rest, false), |(first, _)| (first, true))).collect();
        let kind = |is_folder| if is_folder { ListedKind::Folder } else { ListedKind::File };
        Ok(listed.into_iter().map(|(name, is)| Listed { name: name.to_owned(), kind: kind(is) }).collect())
    }

    fn place(&self, name: &str) -> PathBuf {
        Path::new("/simulated").join(name)
    }
}

impl Desk for Disk {
    fn lock(&self, _: Duration) -> Result<WriterLock, LogError> {
        if self.state().is_dead { Err(failed(io::ErrorKind::Other)) } else { Ok(WriterLock::free()) }
    }

    fn open_wal(&self) -> Result<Option<Box<dyn WalFile>>, LogError> {
        let inode = self.call(|state, halves, is_lost| {
            if halves == 2 && !is_lost {
                state.sync_folder("");
            }
            state.names.get(WAL).copied()
        })?;
        Ok(inode.map(|inode| Box::new(DiskWal { disk: self.clone(), inode }) as Box<dyn WalFile>))
    }

    fn read_wal(&self, bytes_max: usize) -> Result<Vec<u8>, LogError> {
        self.get(WAL, bytes_max)
    }

    fn try_it(&self) -> Result<(), LogError> {
        if self.state().is_dead { Err(failed(io::ErrorKind::Other)) } else { Ok(()) }
    }

    fn begin_wal(&self, bytes: &[u8]) -> Result<Box<dyn WalFile>, LogError> {
        let inode = self.call(|state, halves, is_lost| {
            let inode = state.new_file(bytes);
            match (halves, is_lost) {
                (0, _) => {}
                // The first of its syncs fails, and it stops.
                (_, true) => state.inodes[inode].unsynced.clear(),
                // It has its name, which is not durable.
                (1, _) => {
                    state.inodes[inode].sync();
                    state.name(WAL, Some(inode));
                }
                _ => {
                    state.inodes[inode].sync();
                    state.name(WAL, Some(inode));
                    state.sync_folder("");
                }
            }
            inode
        })?;
        Ok(Box::new(DiskWal { disk: self.clone(), inode }))
    }
}

impl WalFile for DiskWal {
    fn is_current(&self) -> bool {
        self.disk.state().names.get(WAL) == Some(&self.inode)
    }

    fn read_at(&self, offset: u64, length: usize) -> Result<Vec<u8>, LogError> {
        let state = self.disk.state();
        let bytes = &state.inodes[self.inode].cached;
        let from = bytes.len().min(offset as usize);
        Ok(bytes[from..bytes.len().min(from + length)].to_vec())
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<(), LogError> {
        self.disk.call(|state, halves, _| {
            // Half of a write may be all of the record, and none of the zeros behind it.
            let short = part(bytes, halves).to_vec();
            state.inodes[self.inode].change(Change::Write(offset as usize, short));
        })
    }

    fn sync(&self) -> Result<(), LogError> {
        self.disk.call(|state, halves, is_lost| match (halves, is_lost) {
            (_, true) => state.inodes[self.inode].unsynced.clear(),
            (2, _) => state.inodes[self.inode].sync(),
            _ => {}
        })
    }

    fn cut(&self, length: u64) -> Result<(), LogError> {
        self.disk.call(|state, halves, _| {
            if halves == 2 {
                state.inodes[self.inode].change(Change::Cut(length as usize));
            }
        })
    }
}

impl Anchor for DiskAnchor {
    fn load(&self) -> Result<Option<String>, LogError> {
        self.memory.load()
    }

    fn swap(&self, expected: Option<&str>, new: &str) -> Result<Swap, LogError> {
        self.disk
            .call(|_, halves, _| if halves == 2 { self.memory.swap(expected, new) } else { Ok(Swap::Found(None)) })?
    }

    fn place(&self) -> PathBuf {
        PathBuf::from("/anchor")
    }
}

/// A log on a simulated disk, and what must hold of it.
struct World {
    disk: Disk,
    anchor: Option<Arc<MemoryAnchor>>,
    key: Key,
    log: Option<Log>,
    acknowledged: BTreeMap<u64, Vec<u8>>,
    /// Entries of appends that were refused: they may never appear.
    refused: BTreeSet<Vec<u8>>,
    /// Checkpoints that somebody could have read.
    seen: Vec<Checkpoint>,
    made: u64,
}

impl World {
    fn new(seed: u64) -> Self {
        Self {
            disk: Disk::new(seed),
            anchor: seed.is_multiple_of(2).then(Arc::default),
            key: signer(),
            log: None,
            acknowledged: BTreeMap::new(),
            refused: BTreeSet::new(),
            seen: Vec::new(),
            made: 0,
        }
    }

    fn at(&self) -> Log {
        let disk = Arc::new(self.disk.clone());
        let log = Log::on(Path::new("/dev/shm"), disk.clone(), disk, self.key.verifiers()).rotating_at(1_500);
        match &self.anchor {
            Some(memory) => log.anchored(Arc::new(DiskAnchor { disk: self.disk.clone(), memory: memory.clone() })),
            None => log,
        }
    }

    fn look(&mut self) {
        let Some(note) = self.disk.peek(CHECKPOINT) else { return };
        let seen = checkpoint_in(&String::from_utf8_lossy(&note), std::slice::from_ref(self.key.verifier()));
        self.seen.extend(seen.ok().filter(|seen| self.seen.last() != Some(seen)));
    }

    /// Starts the process again, with or without a power cut, until the log is open.
    fn restart(&mut self, power_cut: bool) {
        self.look();
        self.disk.state().is_dead = true;
        self.log = None;
        if power_cut {
            self.disk.state().cut_power();
        }
        self.disk.state().is_dead = false;
        for attempt in 0.. {
            match self.at().opened_or_created(&self.key) {
                Ok(log) => return self.log = Some(log),
                Err(error) => assert!(attempt == 0, "the log can't be opened: {error}"),
            }
            // The one fault was in here.
            self.look();
            let mut state = self.disk.state();
            if state.is_dead && power_cut {
                state.cut_power();
            }
            state.is_dead = false;
        }
    }

    fn append(&mut self, count: u64) -> bool {
        self.append_until(Ack::Checkpointed, count)
    }

    /// Publishes what is only durable, while others append at its first steps, and starts anew after a crash.
    fn publish(&mut self) {
        let log = self.log.clone().expect("open");
        let beside = RefCell::new(Vec::new());
        let append = |_| {
            let mut beside = beside.borrow_mut();
            // Another one would wait for the end of the publication, which waits for it here.
            if beside.len() < APPENDED_BESIDE && log.may_go_on(&log.slot(), Ack::Durable) {
                let entries = vec![format!("entry {}", self.made + beside.len() as u64).into_bytes()];
                let appended = log.append_durable(&self.key, &entries, &|_| ());
                beside.push((entries, appended));
            }
        };
        let published = log.publish_beside(&append);
        drop(log);
        self.look();
        for (entries, appended) in beside.into_inner() {
            self.made += 1;
            self.note(entries, appended);
        }
        if published.is_err() && self.disk.state().is_dead {
            let power_cut = self.disk.state().random(4) > 0;
            self.restart(power_cut);
        }
    }

    /// Appends, and starts anew after a crash. Returns whether it went well.
    fn append_until(&mut self, ack: Ack, count: u64) -> bool {
        let entries: Vec<Vec<u8>> = (self.made..self.made + count).map(|n| format!("entry {n}").into_bytes()).collect();
        self.made += count;
        let log = self.log.as_ref().expect("open");
        let appended = match ack {
            Ack::Durable => log.append_durable(&self.key, &entries, &|_| ()),
            _ => log.append(&self.key, &entries, &|_| ()),
        };
        self.look();
        let is_ok = self.note(entries, appended);
        if !is_ok && self.disk.state().is_dead {
            let power_cut = self.disk.state().random(4) > 0;
            self.restart(power_cut);
        }
        is_ok
    }

    /// Remembers what came of an append.
    fn note(&mut self, entries: Vec<Vec<u8>>, appended: Result<Range<u64>, LogError>) -> bool {
        match appended {
            Ok(range) => {
                assert_eq!(range.end - range.start, entries.len() as u64);
                for (index, entry) in range.zip(entries) {
                    assert_eq!(self.acknowledged.insert(index, entry), None, "an index was given twice");
                }
                return true;
            }
            Err(LogError::Undecided { .. }) => {}
            Err(_) if self.disk.state().is_dead => {}
            Err(_) => self.refused.extend(entries),
        }
        false
    }

    fn check(&mut self) {
        self.look();
        let log = self.log.as_ref().expect("open");
        let bad: Vec<_> = log.verify_all(&mut |_| ()).into_iter().filter(|bad| !bad.problem.is_harmless()).collect();
        assert_eq!(bad, []);
        let tree = log.tree().expect("a tree");
        let entries: Vec<Vec<u8>> = tree.entries(0).collect::<Result<_, _>>().expect("readable");
        for (index, entry) in &self.acknowledged {
            assert_eq!(entries.get(*index as usize), Some(entry), "entry {index} was acknowledged");
        }
        assert_eq!(entries.iter().collect::<BTreeSet<_>>().len(), entries.len(), "none is there twice");
        assert!(entries.iter().all(|entry| !self.refused.contains(entry)), "what was refused is not there");
        for seen in &self.seen {
            assert!(seen.size <= tree.size(), "a head of {} entries was seen, and is gone", seen.size);
            assert_eq!(tree.root_at(seen.size).expect("a root"), seen.root, "the head of {} entries", seen.size);
        }
    }

    /// A log of 250 entries on a disk without faults, to begin with.
    fn begun(seed: u64) -> Self {
        let mut world = Self::new(seed);
        world.restart(false);
        assert!(world.append(250));
        world
    }

    /// The same on a disk of its own, with other random numbers.
    fn copied(&self, seed: u64) -> Self {
        let disk = Disk::new(seed);
        let random = disk.state().random;
        *disk.state() = State { random, ..self.disk.state().clone() };
        let anchor = self.anchor.as_ref().map(|anchor| {
            let copy = MemoryAnchor::default();
            copy.swap(None, &anchor.load().expect("in memory").expect("used")).expect("in memory");
            Arc::new(copy)
        });
        Self {
            disk,
            anchor,
            key: signer(),
            log: None,
            acknowledged: self.acknowledged.clone(),
            refused: BTreeSet::new(),
            seen: self.seen.clone(),
            made: self.made,
        }
    }

    /// The rest of its life, with one fault. Returns the calls that it took.
    fn live(mut self, ack: Ack, fault: Option<(u64, Fault)>, power_cut: bool) -> u64 {
        self.disk.state().fault = fault;
        self.restart(power_cut);
        for (step, count) in (0..).zip([3, 6, 1, 2, 1, 1]) {
            // One of them is published at once, so that both ways meet.
            let ack = if ack == Ack::Durable && step != 3 { Ack::Durable } else { Ack::Checkpointed };
            if !self.append_until(ack, count) {
                assert!(self.append(1), "the next append works");
            }
            if step == 4 {
                self.publish();
            }
        }
        // A clean end, then others.
        self.log = None;
        self.restart(power_cut);
        assert!(self.append(2) || self.append(1));
        self.restart(true);
        self.check();
        assert!(self.append(1) || self.append(1));
        self.disk.state().calls
    }
}

#[test]
fn a_log_can_be_begun_whatever_fails() {
    for fault in FAULTS {
        for call in 1..12 {
            let mut world = World::new(call);
            world.disk.state().fault = Some((call, fault));
            world.restart(true);
            assert!(world.append(2) || world.append(1), "{fault:?} at call {call}");
            world.restart(true);
            world.check();
        }
    }
}

#[test]
fn a_fault_at_any_call_loses_and_forks_nothing() {
    let mut points = 0;
    for (seed, ack) in [(2, Ack::Checkpointed), (3, Ack::Checkpointed), (2, Ack::Durable), (3, Ack::Durable)] {
        let begun = World::begun(seed);
        let first = begun.disk.state().calls + 1;
        for call in first..=begun.copied(seed).live(ack, None, true) {
            for fault in FAULTS {
                let world = begun.copied(seed * 1_000_003 + call * 6);
                let live = || world.live(ack, Some((call, fault)), call % 2 == 0);
                let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(live));
                assert!(ended.is_ok(), "seed {seed}, {ack:?}, {fault:?} at call {call}");
                points += 1;
            }
        }
    }
    assert!(points >= 1_000, "{points} points");
    println!("{points} points");
}
