//! The few operations on the log's folder, each with what it promises after a power cut.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::LogError;

/// Drafts of files, not yet under their names. What is left here by a crash is worthless.
pub(crate) const PENDING: &str = "pending";

/// The file that a writer locks. Always empty.
pub(crate) const LOCK: &str = "lock";

/// Files that are written or synced at the same time.
const SYNC_THREADS_MAX: usize = 16;

const LOCK_POLL_MAX: Duration = Duration::from_millis(20);

/// The log's folder. Names are relative to it, with `/` between parts.
#[derive(Clone, Debug)]
pub(crate) struct Folder {
    root: PathBuf,
}

/// Held by the one writer of a folder, across threads and processes; the operating system drops it with the process.
pub(crate) struct WriterLock {
    _file: File,
}

impl Folder {
    pub(crate) fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// True if there is something of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.path(name).symlink_metadata().is_ok()
    }

    /// The bytes of a regular file of at most `bytes_max` bytes.
    ///
    /// # Errors
    /// [`LogError::Missing`]; [`LogError::Damaged`] for what is larger or no file (a pipe would block for ever).
    pub(crate) fn read(&self, name: &str, bytes_max: usize) -> Result<Vec<u8>, LogError> {
        let path = self.path(name);
        let failed = |source| LogError::from_io("read", &path, source);
        let damaged = |problem: &str| LogError::Damaged { path: path.clone(), problem: problem.to_owned() };
        if !fs::symlink_metadata(&path).map_err(failed)?.is_file() {
            return Err(damaged("it is not a regular file"));
        }
        let mut bytes = Vec::new();
        let file = File::open(&path).map_err(failed)?;
        file.take(bytes_max as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() > bytes_max { Err(damaged("it is too large")) } else { Ok(bytes) }
    }

    /// Waits for the writer's lock, at most so long.
    ///
    /// # Errors
    /// [`LogError::Busy`], [`LogError::Permission`] and others of the file system.
    pub(crate) fn lock(&self, wait_max: Duration) -> Result<WriterLock, LogError> {
        let path = self.path(LOCK);
        let failed = |source| LogError::from_io("lock", &path, source);
        let file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
        let began = Instant::now();
        let mut pause = Duration::from_millis(1);
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(WriterLock { _file: file }),
                Err(TryLockError::Error(source)) => return Err(failed(source)),
                Err(TryLockError::WouldBlock) if began.elapsed() >= wait_max => {
                    return Err(LogError::Busy { folder: self.root.clone(), waited: wait_max });
                }
                Err(TryLockError::WouldBlock) => thread::sleep(pause),
            }
            pause = (pause * 2).min(LOCK_POLL_MAX);
        }
    }

    /// Writes drafts. Their bytes are durable after this; their names are not, and mean nothing.
    pub(crate) fn stage(&self, drafts: &[(String, &[u8])]) -> Result<(), LogError> {
        at_once(drafts, |(draft, bytes)| {
            let path = self.path(PENDING).join(draft);
            let written = File::create(&path).and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()));
            written.map_err(|source| LogError::from_io("write", &path, source))
        })
    }

    /// Gives a draft its name, at once and in place of what had it. Durable after [`Folder::sync`] of its folder.
    pub(crate) fn place(&self, draft: &str, name: &str) -> Result<(), LogError> {
        let path = self.path(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|source| LogError::from_io("make the folder", folder, source))?;
        }
        fs::rename(self.path(PENDING).join(draft), &path).map_err(|source| LogError::from_io("write", &path, source))
    }

    /// Moves a durable file to another name in the log's folder itself.
    pub(crate) fn rename(&self, from: &str, to: &str) -> Result<(), LogError> {
        let path = self.path(to);
        fs::rename(self.path(from), &path).map_err(|source| LogError::from_io("write", &path, source))
    }

    /// Makes the names in these folders durable.
    pub(crate) fn sync(&self, folders: &[String]) -> Result<(), LogError> {
        at_once(folders, |name| {
            let path = self.path(name);
            File::open(&path).and_then(|folder| folder.sync_all()).map_err(|e| LogError::from_io("write", &path, e))
        })
    }

    /// Makes the folder for drafts, empty.
    pub(crate) fn clear_pending(&self) -> Result<(), LogError> {
        let path = self.path(PENDING);
        match fs::create_dir(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => return made.map_err(|source| LogError::from_io("make the folder", &path, source)),
        }
        self.list(PENDING)?.iter().try_for_each(|draft| self.remove(&format!("{PENDING}/{draft}")))
    }

    /// Removes a file.
    pub(crate) fn remove(&self, name: &str) -> Result<(), LogError> {
        let path = self.path(name);
        fs::remove_file(&path).map_err(|source| LogError::from_io("remove", &path, source))
    }

    /// Removes a folder, which is empty.
    pub(crate) fn remove_folder(&self, name: &str) -> Result<(), LogError> {
        let path = self.path(name);
        fs::remove_dir(&path).map_err(|source| LogError::from_io("remove", &path, source))
    }

    /// The names in a folder; none if it isn't there.
    pub(crate) fn list(&self, name: &str) -> Result<Vec<String>, LogError> {
        let path = self.path(name);
        let failed = |source| LogError::from_io("list", &path, source);
        let found = match fs::read_dir(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            found => found.map_err(failed)?,
        };
        found.map(|file| Ok(file.map_err(failed)?.file_name().to_string_lossy().into_owned())).collect()
    }
}

/// Does this to all, several at once: a file system joins the syncs that wait at the same time into one write of its
/// journal, so a dozen of them cost hardly more than one.
fn at_once<T: Sync>(items: &[T], work: impl Fn(&T) -> Result<(), LogError> + Sync) -> Result<(), LogError> {
    let (mine, others) = items.split_at(items.len().div_ceil(SYNC_THREADS_MAX));
    let work_all = |items: &[T]| items.iter().try_for_each(&work);
    thread::scope(|scope| {
        let mut threads = Vec::new();
        for part in others.chunks(mine.len().max(1)) {
            match thread::Builder::new().spawn_scoped(scope, || work_all(part)) {
                Ok(thread) => threads.push(thread),
                // No more threads to be had: one after the other is as good, only slower.
                Err(_) => work_all(part)?,
            }
        }
        work_all(mine)?;
        threads.into_iter().try_for_each(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
    })
}

/// The folders above a name, the nearest first, down to `""` for the log's folder itself.
pub(crate) fn folders_above(name: &str) -> impl Iterator<Item = &str> {
    let mut rest = name;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        rest = rest.rsplit_once('/').map_or("", |(above, _)| above);
        Some(rest)
    })
}
