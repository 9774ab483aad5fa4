//! A log's folder: each operation with what it promises after a power cut.

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
#[cfg(target_os = "linux")]
use std::os::fd::AsFd;
use std::os::unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

#[cfg(target_os = "linux")]
use rustix::fs::{AtFlags, CWD, RenameFlags, StatxFlags};

use crate::backend::{Bulk, Listed, ListedKind};
use crate::error::LogError;
use crate::log::CHECKPOINT;
use crate::wal::{Desk, WAL, WAL_DRAFT, WalFile, WriterLock};

/// Drafts of files, not yet under their names, and spare files. What is here is worthless after a crash.
pub(crate) const PENDING: &str = "pending";

/// The file that a writer locks. Always empty.
pub(crate) const LOCK: &str = "lock";

/// Files that are kept to be written anew. A log that grows by one entry at a time makes and removes two partial tiles an
/// append, and a new checkpoint. ext4 without a journal is slow at that: it leaves out inodes that were lately deleted.
const SPARES_MAX: usize = 4_096;

/// Bytes of a file that is kept for that.
const SPARE_BYTES_MAX: u64 = 64 * 1024;

/// How long a removed file stays as it is, for those who have just opened it to read: see [`read_resource`].
const SPARE_AGE_MIN: Duration = Duration::from_millis(500);

/// How often a file is read that takes so long.
const READ_TRIES_MAX: usize = 10;

/// Files that are synced at the same time.
const SYNC_THREADS_MAX: usize = 16;

const LOCK_POLL_MAX: Duration = Duration::from_millis(20);

/// The log's folder. Names are relative to it, with `/` between parts.
#[derive(Debug)]
pub(crate) struct Folder {
    root: PathBuf,
    spares: Mutex<Spares>,
}

/// Files in `pending/` that nobody needs any more, by their paths, the one that was removed first at the front. Only the
/// writer uses them. Of other processes: a name that is gone is passed over.
#[derive(Debug, Default)]
struct Spares {
    files: VecDeque<(PathBuf, Instant)>,
    /// Names that were given.
    made: u64,
    /// True once those are known that others have left.
    is_read: bool,
}

/// The write-ahead log in a folder, open.
#[derive(Debug)]
struct FolderWal {
    path: PathBuf,
    file: File,
    identity: Identity,
}

impl FolderWal {
    fn new(path: PathBuf, file: File) -> Result<Self, LogError> {
        let identity = Identity::of(&file).map_err(|source| LogError::from_io("read", &path, source))?;
        Ok(Self { path, file, identity })
    }
}

/// What tells a file from all others that there are: its device and its number on it. The number of an open file isn't given to
/// another one.
///
/// Nothing else is asked for, and that matters: Linux since 6.13 gives a file whose times were looked at a new time with its next
/// write (Documentation/filesystems/multigrain-ts.rst), and on ext4 without a journal `fdatasync` then writes the inode, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Identity {
    device: u64,
    number: u64,
}

#[cfg(target_os = "linux")]
impl Identity {
    /// That of whatever has this name.
    fn at(path: &Path) -> io::Result<Self> {
        Self::looked_up(CWD, path, AtFlags::SYMLINK_NOFOLLOW)
    }

    fn of(file: &File) -> io::Result<Self> {
        Self::looked_up(file, Path::new(""), AtFlags::EMPTY_PATH)
    }

    fn looked_up(folder: impl AsFd, path: &Path, flags: AtFlags) -> io::Result<Self> {
        let found = rustix::fs::statx(folder, path, flags, StatxFlags::INO)?;
        let device = rustix::fs::makedev(found.stx_dev_major, found.stx_dev_minor);
        Ok(Self { device, number: found.stx_ino })
    }
}

#[cfg(not(target_os = "linux"))]
impl Identity {
    /// That of whatever has this name.
    fn at(path: &Path) -> io::Result<Self> {
        fs::symlink_metadata(path).map(|found| Self { device: found.dev(), number: found.ino() })
    }

    fn of(file: &File) -> io::Result<Self> {
        file.metadata().map(|found| Self { device: found.dev(), number: found.ino() })
    }
}

impl Folder {
    pub(crate) fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), spares: Mutex::default() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    fn spares(&self) -> MutexGuard<'_, Spares> {
        let mut spares = self.spares.lock().unwrap_or_else(PoisonError::into_inner);
        if !std::mem::replace(&mut spares.is_read, true) {
            let (now, clock) = (Instant::now(), SystemTime::now());
            let since = |file: &fs::DirEntry| {
                let found = file.metadata().ok()?;
                let changed = Duration::new(found.ctime().try_into().ok()?, found.ctime_nsec().try_into().ok()?);
                clock.duration_since(UNIX_EPOCH + changed).ok()
            };
            let left = fs::read_dir(self.path(PENDING)).into_iter().flatten().flatten().take(SPARES_MAX);
            spares.files.extend(left.map(|file| {
                let removed = now.checked_sub(since(&file).unwrap_or_default()).unwrap_or(now);
                (file.path(), removed)
            }));
            spares.files.make_contiguous().sort_by_key(|(_, removed)| *removed);
        }
        spares
    }

    /// A name in `pending/` that this process has not given before.
    fn new_draft(&self, spares: &mut Spares) -> PathBuf {
        spares.made += 1;
        self.path(PENDING).join(format!("{}-{}", std::process::id(), spares.made))
    }

    /// Writes these bytes to a spare file, or to a new one, and returns its path and what became of it.
    fn draft(&self, bytes: &[u8]) -> (PathBuf, io::Result<()>) {
        let mut spares = self.spares();
        while spares.files.front().is_some_and(|(_, removed)| removed.elapsed() >= SPARE_AGE_MIN) {
            let Some((path, _)) = spares.files.pop_front() else { break };
            match overwrite(&path, bytes) {
                Ok(true) => return (path, Ok(())),
                // Somebody else has a name for it, such as a snapshot made of links: it is theirs.
                Ok(false) => drop(fs::remove_file(&path)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return (path, Err(error)),
            }
        }
        loop {
            let path = self.new_draft(&mut spares);
            // A file that is there already may be one that others have a name for.
            match Self::with_folder_above(&path, || File::create_new(&path)?.write_all(bytes)) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                written => return (path, written),
            }
        }
    }

    /// Keeps a file of `pending/` to be written anew, or removes it.
    fn keep_spare(spares: &mut Spares, path: PathBuf) {
        if spares.files.len() < SPARES_MAX {
            spares.files.push_back((path, Instant::now()));
        } else {
            let _ = fs::remove_file(path);
        }
    }

    /// Does it once more if a folder above the file was not there.
    fn with_folder_above(path: &Path, mut work: impl FnMut() -> io::Result<()>) -> io::Result<()> {
        match (work(), path.parent()) {
            (Err(error), Some(above)) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(above).and_then(|()| work())
            }
            (done, _) => done,
        }
    }
}

impl Bulk for Folder {
    fn get(&self, name: &str, bytes_max: usize) -> Result<Vec<u8>, LogError> {
        let path = self.path(name);
        let failed = |source| LogError::from_io("read", &path, source);
        if !fs::symlink_metadata(&path).map_err(failed)?.is_file() {
            return Err(not_regular(&path));
        }
        let bytes = read_resource(&path, bytes_max + 1).map_err(failed)?;
        let too_large = || LogError::Damaged { path: path.clone(), problem: "it is too large".to_owned() };
        if bytes.len() > bytes_max { Err(too_large()) } else { Ok(bytes) }
    }

    fn put(&self, name: &str, bytes: &[u8]) -> Result<(), LogError> {
        let path = self.path(name);
        let (draft, written) = self.draft(bytes);
        // A crash in here leaves a draft, or the whole file under its name.
        let put = written.and_then(|()| match name {
            CHECKPOINT => replace(&draft, &path),
            _ => Self::with_folder_above(&path, || fs::rename(&draft, &path)).map(|()| false),
        });
        match put {
            Ok(true) => Self::keep_spare(&mut self.spares(), draft),
            Ok(false) => {}
            Err(source) => {
                // On a full disk the drafts take room that others need.
                let spares = std::mem::take(&mut self.spares().files);
                for file in spares.into_iter().map(|(file, _)| file).chain([draft]) {
                    let _ = fs::remove_file(file);
                }
                return Err(LogError::from_io("write", &path, source));
            }
        }
        Ok(())
    }

    fn sync(&self, names: &[String]) -> Result<(), LogError> {
        let folders = names.iter().flat_map(|name| folders_above(name));
        let mut all: Vec<&str> = names.iter().map(String::as_str).chain(folders).collect();
        all.sort_unstable();
        all.dedup();
        at_once(&all, |name| {
            let path = self.path(name);
            File::open(&path).and_then(|file| file.sync_all()).map_err(|e| LogError::from_io("write", &path, e))
        })
    }

    fn remove(&self, name: &str) -> Result<(), LogError> {
        let path = self.path(name);
        fs::remove_file(&path).map_err(|source| LogError::from_io("remove", &path, source))
    }

    fn remove_folder(&self, folder: &str) -> Result<(), LogError> {
        let path = self.path(folder);
        let failed = |source| LogError::from_io("remove", &path, source);
        let found = match fs::read_dir(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            found => found.map_err(failed)?,
        };
        let mut spares = self.spares();
        for file in found {
            let file = file.map_err(failed)?;
            let is_small = file.metadata().map_err(failed)?.len() <= SPARE_BYTES_MAX;
            let spare = self.new_draft(&mut spares);
            // Where that can't be done, it is no spare file.
            if is_small && fs::rename(file.path(), &spare).is_ok() {
                Self::keep_spare(&mut spares, spare);
            } else {
                fs::remove_file(file.path()).map_err(failed)?;
            }
        }
        fs::remove_dir(&path).map_err(failed)
    }

    fn list(&self, folder: &str) -> Result<Vec<Listed>, LogError> {
        let path = self.path(folder);
        let failed = |source| LogError::from_io("list", &path, source);
        let found = match fs::read_dir(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            found => found.map_err(failed)?,
        };
        let listed = |file: fs::DirEntry| {
            let is_folder = file.file_type().is_ok_and(|kind| kind.is_dir());
            let kind = if is_folder { ListedKind::Folder } else { ListedKind::File };
            Listed { name: file.file_name().to_string_lossy().into_owned(), kind }
        };
        found.map(|file| file.map(listed).map_err(failed)).collect()
    }

    fn place(&self, name: &str) -> PathBuf {
        if name.is_empty() { self.root.clone() } else { self.path(name) }
    }
}

impl Desk for Folder {
    fn lock(&self, wait_max: Duration) -> Result<WriterLock, LogError> {
        match lock_file(&self.path(LOCK), wait_max)? {
            Some(file) => Ok(WriterLock::held(file)),
            None => Err(LogError::Busy { folder: self.root.clone(), waited: wait_max }),
        }
    }

    fn open_wal(&self) -> Result<Option<Box<dyn WalFile>>, LogError> {
        let path = self.path(WAL);
        match open_regular(&path, OpenOptions::new().read(true).write(true)) {
            Ok(file) => {
                let synced = File::open(&self.root).and_then(|folder| folder.sync_all());
                synced.map_err(|source| LogError::from_io("write", &self.root, source))?;
                Ok(Some(Box::new(FolderWal::new(path, file)?)))
            }
            Err(LogError::Missing { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn read_wal(&self, bytes_max: usize) -> Result<Vec<u8>, LogError> {
        self.get(WAL, bytes_max)
    }

    fn try_it(&self) -> Result<(), LogError> {
        self.open_wal()?;
        let path = self.new_draft(&mut self.spares());
        let written = Self::with_folder_above(&path, || {
            let mut file = File::create(&path)?;
            file.write_all(&[0])?;
            file.sync_all()
        });
        let removed = written.and_then(|()| fs::remove_file(&path));
        removed.map_err(|source| LogError::from_io("write", &path, source))
    }

    fn begin_wal(&self, bytes: &[u8]) -> Result<Box<dyn WalFile>, LogError> {
        let (draft, path) = (self.path(WAL_DRAFT), self.path(WAL));
        let begun = (|| {
            let mut file = File::options().read(true).write(true).create(true).truncate(true).open(&draft)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&draft, &path)?;
            File::open(&self.root)?.sync_all()?;
            Ok(file)
        })();
        match begun {
            Ok(file) => Ok(Box::new(FolderWal::new(path, file)?)),
            Err(source) => {
                let _ = fs::remove_file(&draft);
                Err(LogError::from_io("write", &path, source))
            }
        }
    }
}

impl WalFile for FolderWal {
    fn is_current(&self) -> bool {
        Identity::at(&self.path).is_ok_and(|at| at == self.identity)
    }

    fn read_at(&self, offset: u64, length: usize) -> Result<Vec<u8>, LogError> {
        let mut bytes = vec![0; length];
        let mut filled = 0;
        while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.file.read_at(rest, offset + filled as u64) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => return Err(LogError::from_io("read", &self.path, source)),
            }
        }
        bytes.truncate(filled);
        Ok(bytes)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<(), LogError> {
        self.file.write_all_at(bytes, offset).map_err(|source| LogError::from_io("write", &self.path, source))
    }

    fn sync(&self) -> Result<(), LogError> {
        self.file.sync_data().map_err(|source| LogError::from_io("write", &self.path, source))
    }

    fn cut(&self, length: u64) -> Result<(), LogError> {
        self.file.set_len(length).map_err(|source| LogError::from_io("write", &self.path, source))
    }
}

/// Writes a file in place of the one with its name, by way of a draft. Whoever finds it finds all of it, also after a power cut:
/// then either of the two is there. `mode` is that of a new file.
pub(crate) fn write_durably(path: &Path, draft: &Path, mode: u32, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(mode).open(draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(draft, path)?;
    File::open(folder_of(path))?.sync_all()
}

/// Writes these bytes to a file instead of what is in it. False, and nothing is written, if it has other names.
fn overwrite(path: &Path, bytes: &[u8]) -> io::Result<bool> {
    let found = fs::symlink_metadata(path)?;
    // To open a pipe would block for ever.
    if !found.is_file() || found.nlink() != 1 {
        return Ok(false);
    }
    let mut file = OpenOptions::new().write(true).open(path)?;
    file.write_all(bytes)?;
    if found.len() > bytes.len() as u64 {
        file.set_len(bytes.len() as u64)?;
    }
    Ok(true)
}

/// Puts a draft in place of a file, as a rename does, but by an exchange of the two names: a rename over a file makes ext4
/// write the draft out at once ("auto_da_alloc" in its documentation), and nobody has asked for that here. True when the
/// draft is now what the file was.
fn replace(draft: &Path, path: &Path) -> io::Result<bool> {
    #[cfg(target_os = "linux")]
    if rustix::fs::renameat_with(CWD, draft, CWD, path, RenameFlags::EXCHANGE).is_ok() {
        return Ok(true);
    }
    // There is none yet, or the file system can't exchange.
    fs::rename(draft, path).map(|()| false)
}

/// The folder that a file lies in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Waits for the lock on a file, which is made if need be. `None` if another one has kept it for so long. The operating
/// system drops it with the process.
pub(crate) fn lock_file(path: &Path, wait_max: Duration) -> Result<Option<File>, LogError> {
    let failed = |source| LogError::from_io("lock", path, source);
    let open = |create| OpenOptions::new().read(true).write(true).create(create).truncate(false).open(path);
    // It is there but for the first time, and to ask for a new one is slower.
    let file = open(false).or_else(|_| open(true)).map_err(failed)?;
    let began = Instant::now();
    let mut pause = Duration::from_millis(1);
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
            Err(TryLockError::WouldBlock) if began.elapsed() >= wait_max => return Ok(None),
            Err(TryLockError::WouldBlock) => thread::sleep(pause),
        }
        pause = (pause * 2).min(LOCK_POLL_MAX);
    }
}

/// Opens what must be a regular file: a pipe would block for ever.
fn open_regular(path: &Path, options: &OpenOptions) -> Result<File, LogError> {
    let failed = |source| LogError::from_io("read", path, source);
    if !fs::symlink_metadata(path).map_err(failed)?.is_file() {
        return Err(not_regular(path));
    }
    options.open(path).map_err(failed)
}

fn not_regular(path: &Path) -> LogError {
    LogError::Damaged { path: path.to_owned(), problem: "it is not a regular file".to_owned() }
}

/// The first bytes of a file of a log's folder, at most `bytes_max`, as they were when it had this name. The file may be removed
/// meanwhile, and be written anew under another name some time later: then it is read again.
///
/// # Errors
/// Those of the file system; [`io::ErrorKind::TimedOut`] on a machine that has no time to read a file.
pub(crate) fn read_resource(path: &Path, bytes_max: usize) -> io::Result<Vec<u8>> {
    for _ in 0..READ_TRIES_MAX {
        let began = Instant::now();
        let mut bytes = Vec::new();
        File::open(path)?.take(bytes_max as u64).read_to_end(&mut bytes)?;
        // It had its name after `began`, so it was removed after that, if at all.
        if began.elapsed() < SPARE_AGE_MIN {
            return Ok(bytes);
        }
    }
    Err(io::ErrorKind::TimedOut.into())
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
