//! Group commit: whatever many threads append while the disk is busy goes into one append.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::error::LogError;
use crate::key::Key;
use crate::limits::{ENTRY_BYTES_MAX, GROUP_BYTES_MAX, GROUP_ENTRIES_MAX};
use crate::log::{Ack, Log};

/// Appends single entries of many threads to a log, in groups. It has no thread of its own: the first who comes appends
/// for all who came with it, and hands over to one of those who came meanwhile. So one entry alone waits for nobody.
#[derive(Debug)]
pub struct Committer {
    log: Log,
    key: Key,
    queue: Mutex<Queue>,
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
    group: Arc<Group>,
}

/// What the members of a group wait for.
#[derive(Debug, Default)]
struct Group {
    fate: Mutex<Fate>,
    decided: Condvar,
}

#[derive(Clone, Debug, Default)]
enum Fate {
    #[default]
    Waiting,
    /// The first member to see this appends for all.
    Lead,
    /// It was appended, from this index on.
    Done(u64),
    Failed(Arc<LogError>),
}

impl Committer {
    /// A committer for this log, which is signed by this key.
    #[must_use]
    pub fn new(log: Log, key: Key) -> Self {
        Self { log, key, queue: Mutex::default() }
    }

    /// The log.
    #[must_use]
    pub const fn log(&self) -> &Log {
        &self.log
    }

    /// Appends an entry, and returns when it is [`Ack::Checkpointed`].
    ///
    /// # Errors
    /// Those of [`Log::append`], the same for the whole group; [`LogError::TooLarge`] for this entry alone.
    pub fn append(&self, entry: Vec<u8>) -> Result<Appended, Arc<LogError>> {
        if entry.len() > ENTRY_BYTES_MAX {
            return Err(Arc::new(LogError::TooLarge(format!("an entry of more than {ENTRY_BYTES_MAX} bytes"))));
        }
        let (group, place, is_leader) = self.join(entry);
        let first = if is_leader { self.lead() } else { self.follow(&group) }?;
        Ok(Appended { index: first + place, ack: Ack::Checkpointed })
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
        }
        joined
    }

    /// Appends the oldest group, tells its members, and hands over to the next group if there is one.
    fn lead(&self) -> Result<u64, Arc<LogError>> {
        let taken = locked(&self.queue).groups.pop_front().unwrap_or_default();
        let panicked = io::Error::other("the thread that appended for others panicked");
        let unknown = LogError::from_io("append to", self.log.path(), panicked).undecided();
        let mut ending = Ending { committer: self, group: &taken.group, fate: Fate::Failed(Arc::new(unknown)) };
        let appended = self.log.append(&self.key, &taken.entries, &|_| ()).map_err(Arc::new);
        ending.fate = match &appended {
            Ok(range) => Fate::Done(range.start),
            Err(error) => Fate::Failed(error.clone()),
        };
        drop(ending);
        appended.map(|range| range.start)
    }

    /// Waits for what becomes of the group, and leads it if it is told to.
    fn follow(&self, group: &Group) -> Result<u64, Arc<LogError>> {
        let mut fate = locked(&group.fate);
        loop {
            match std::mem::take(&mut *fate) {
                Fate::Waiting => fate = group.decided.wait(fate).unwrap_or_else(PoisonError::into_inner),
                Fate::Lead => {
                    drop(fate);
                    return self.lead();
                }
                Fate::Done(first) => {
                    *fate = Fate::Done(first);
                    return Ok(first);
                }
                Fate::Failed(error) => {
                    *fate = Fate::Failed(error.clone());
                    return Err(error);
                }
            }
        }
    }
}

/// The end of a group, however it comes: nobody may wait for ever.
struct Ending<'c> {
    committer: &'c Committer,
    group: &'c Group,
    fate: Fate,
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        // The next group begins before the members of this one are told: the disk need not wait for them.
        let mut queue = locked(&self.committer.queue);
        match queue.groups.front() {
            Some(next) => {
                *locked(&next.group.fate) = Fate::Lead;
                next.group.decided.notify_one();
            }
            None => queue.is_led = false,
        }
        drop(queue);
        *locked(&self.group.fate) = std::mem::take(&mut self.fate);
        self.group.decided.notify_all();
    }
}

/// Nothing in here is left half done by a panic.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
