//! Group commit: whatever many threads append while the disk is busy goes into one append.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, JoinHandle, Thread};
use std::time::Duration;

use crate::error::LogError;
use crate::key::Key;
use crate::limits::{ENTRY_BYTES_MAX, GROUP_BYTES_MAX, GROUP_ENTRIES_MAX};
use crate::log::{Ack, Log};

/// How often what was answered for is published. Answers that come meanwhile are slower: fewer than one in a hundred should be.
const PUBLISH_EVERY: Duration = Duration::from_secs(1);

/// Bytes of entries that are published before that time is over, so that no publication is long.
const PUBLISH_BYTES: usize = 2 * 1024 * 1024;

/// Appends single entries of many threads to a log, in groups. It has no thread of its own: the first who comes appends
/// for all who came with it, and hands over to one of those who came meanwhile. So one entry alone waits for nobody.
#[derive(Debug)]
pub struct Committer {
    log: Log,
    key: Key,
    queue: Mutex<Queue>,
    /// Publishes what was answered for before it was published.
    publisher: Option<Publisher>,
}

/// A thread that publishes again and again, until it is dropped.
#[derive(Debug)]
struct Publisher {
    thread: Option<JoinHandle<()>>,
    told: Arc<(Mutex<Told>, Condvar)>,
}

/// What the publisher is told.
#[derive(Debug, Default)]
struct Told {
    /// Bytes that it has not published yet, by and large.
    bytes: usize,
    ends: bool,
}

/// An entry that was appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// Its index in the log.
    pub index: u64,
    /// How far it has come.
    pub ack: Ack,
}

/// Groups that were not taken yet, the oldest first, and whether somebody appends.
#[derive(Debug, Default)]
struct Queue {
    groups: VecDeque<Open>,
    is_led: bool,
}

/// A group that is still open for entries.
#[derive(Debug, Default)]
struct Open {
    entries: Vec<Vec<u8>>,
    bytes: usize,
    /// Who waits. The first of them leads, when it is told to.
    members: Vec<Thread>,
    group: Arc<Group>,
}

/// What the members of a group wait for. Each is woken by name and looks without a lock, so that hundreds of them don't
/// queue up for one.
#[derive(Debug, Default)]
struct Group {
    /// The first index, or why there is none.
    fate: OnceLock<Result<u64, Arc<LogError>>>,
    may_lead: AtomicBool,
}

impl Committer {
    /// A committer for this log, which is signed by this key.
    #[must_use]
    pub fn new(log: Log, key: Key) -> Self {
        Self { log, key, queue: Mutex::default(), publisher: None }
    }

    /// A committer that answers at [`Ack::Durable`]. What it answered for is published within a second.
    ///
    /// # Errors
    /// When the thread that publishes can't be started.
    pub fn durable(log: Log, key: Key) -> io::Result<Self> {
        let publisher = Some(Publisher::start(log.clone())?);
        Ok(Self { log, key, queue: Mutex::default(), publisher })
    }

    /// How far an entry has come when [`Committer::append`] returns.
    #[must_use]
    pub const fn ack(&self) -> Ack {
        if self.publisher.is_some() { Ack::Durable } else { Ack::Checkpointed }
    }

    /// The log.
    #[must_use]
    pub const fn log(&self) -> &Log {
        &self.log
    }

    /// Appends an entry, and returns when it has come as far as [`Committer::ack`] says.
    ///
    /// # Errors
    /// Those of [`Log::append`], the same for the whole group; [`LogError::TooLarge`] for this entry alone.
    pub fn append(&self, entry: Vec<u8>) -> Result<Appended, Arc<LogError>> {
        if entry.len() > ENTRY_BYTES_MAX {
            return Err(Arc::new(LogError::TooLarge(format!("an entry of more than {ENTRY_BYTES_MAX} bytes"))));
        }
        let (group, place, is_leader) = self.join(entry);
        let first = if is_leader { self.lead() } else { self.follow(&group) }?;
        Ok(Appended { index: first + place, ack: self.ack() })
    }

    /// Puts an entry into the youngest group. Returns the group, the place in it, and whether the caller leads: then it is
    /// the oldest group, as there is no other one.
    fn join(&self, entry: Vec<u8>) -> (Arc<Group>, u64, bool) {
        let mut queue = locked(&self.queue);
        let has_room =
            |open: &Open| open.entries.len() < GROUP_ENTRIES_MAX && open.bytes + entry.len() <= GROUP_BYTES_MAX;
        if !queue.groups.back().is_some_and(has_room) {
            queue.groups.push_back(Open::default());
        }
        let is_leader = !std::mem::replace(&mut queue.is_led, true);
        let mut joined = (Arc::default(), 0, is_leader);
        if let Some(open) = queue.groups.back_mut() {
            joined = (open.group.clone(), open.entries.len() as u64, is_leader);
            open.bytes += entry.len();
            open.entries.push(entry);
            open.members.push(thread::current());
        }
        joined
    }

    /// Appends the oldest group, tells its members, and hands over to the next group if there is one.
    fn lead(&self) -> Result<u64, Arc<LogError>> {
        let taken = locked(&self.queue).groups.pop_front().unwrap_or_default();
        let panicked = io::Error::other("the thread that appended for others panicked");
        let unknown = LogError::from_io("append to", self.log.path(), panicked).undecided();
        let mut ending = Ending { committer: self, taken: &taken, fate: Err(Arc::new(unknown)) };
        let appended = match self.ack() {
            Ack::Durable => self.log.append_durable(&self.key, &taken.entries, &|_| ()),
            _ => self.log.append(&self.key, &taken.entries, &|_| ()),
        };
        ending.fate = appended.map(|range| range.start).map_err(Arc::new);
        self.publisher.iter().for_each(|publisher| publisher.count(taken.bytes));
        let fate = ending.fate.clone();
        drop(ending);
        fate
    }

    /// Waits for what becomes of the group, and leads it if it is told to.
    fn follow(&self, group: &Group) -> Result<u64, Arc<LogError>> {
        loop {
            if let Some(fate) = group.fate.get() {
                return fate.clone();
            }
            if group.may_lead.swap(false, Ordering::AcqRel) {
                return self.lead();
            }
            thread::park();
        }
    }
}

impl Publisher {
    fn start(log: Log) -> io::Result<Self> {
        let told = Arc::new((Mutex::new(Told::default()), Condvar::new()));
        let ours = told.clone();
        let publish = move || {
            let (state, bell) = &*ours;
            let mut now = locked(state);
            while !now.ends {
                let waits = |told: &mut Told| !told.ends && told.bytes < PUBLISH_BYTES;
                let woken = bell.wait_timeout_while(now, PUBLISH_EVERY, waits);
                now = woken.unwrap_or_else(PoisonError::into_inner).0;
                now.bytes = 0;
                drop(now);
                // What went wrong is told to the next append, which finds it, too.
                let _ = log.publish();
                now = locked(state);
            }
        };
        let thread = Some(thread::Builder::new().name("publisher".to_owned()).spawn(publish)?);
        Ok(Self { thread, told })
    }

    /// Counts what there is to publish, and wakes the thread when it is much.
    fn count(&self, bytes: usize) {
        let mut told = locked(&self.told.0);
        told.bytes += bytes;
        if told.bytes >= PUBLISH_BYTES {
            self.told.1.notify_one();
        }
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        locked(&self.told.0).ends = true;
        self.told.1.notify_all();
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// The end of a group, however it comes: nobody may wait for ever.
struct Ending<'c> {
    committer: &'c Committer,
    taken: &'c Open,
    fate: Result<u64, Arc<LogError>>,
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        // The next group begins before the members of this one are told: the disk need not wait for them.
        let mut queue = locked(&self.committer.queue);
        match queue.groups.front() {
            Some(next) => {
                next.group.may_lead.store(true, Ordering::Release);
                next.members.first().into_iter().for_each(Thread::unpark);
            }
            None => queue.is_led = false,
        }
        drop(queue);
        let _ = self.taken.group.fate.set(self.fate.clone());
        self.taken.members.iter().for_each(Thread::unpark);
    }
}

/// Nothing in here is left half done by a panic.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
