//! The state as it was at one moment, copied while others go on writing.

use std::path::Path;
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use crate::{BUSY_MS_MAX, Store, StoreError};

/// Pages that are copied between two looks at the progress.
const PAGES_PER_STEP: i32 = 1_000;
/// The pause before a step is tried again that found the database locked.
const RETRY: Duration = Duration::from_millis(5);

/// How long a database is waited for that may be in use.
const IN_USE_MS_MAX: u64 = 200;

/// The state at one moment: a read transaction that is open. While it is, the write-ahead log of the database grows.
pub struct Snapshot {
    db: Connection,
}

impl Store {
    /// Holds on to the state in this database as it is now. Writers are not held up.
    ///
    /// # Errors
    /// The database's own error.
    pub fn snapshot(path: &Path) -> Result<Snapshot, StoreError> {
        let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        db.busy_timeout(Duration::from_millis(BUSY_MS_MAX))?;
        // The transaction begins to see one moment with its first read (SQLite documentation, Isolation).
        db.execute_batch("BEGIN")?;
        db.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
        Ok(Snapshot { db })
    }

    /// True when another connection, of this process or another, has this database open. False where there is none that
    /// could be opened.
    #[must_use]
    pub fn is_in_use(path: &Path) -> bool {
        let Ok(db) = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE) else { return false };
        // Only who is alone can leave the mode with a write-ahead log (SQLite documentation, WAL, section 3). The next
        // `open` goes back to it.
        let alone = db
            .busy_timeout(Duration::from_millis(IN_USE_MS_MAX))
            .and_then(|()| db.pragma_update(None, "journal_mode", "delete"));
        matches!(alone, Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy))
    }
}

impl Snapshot {
    /// Writes a database with this state, which is one file and durable on return. `progress` gets the pages that are
    /// left, and all of them.
    ///
    /// # Errors
    /// The database's own error. What was written then is worthless.
    pub fn write_to(&self, path: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<(), StoreError> {
        let mut copy = Connection::open(path)?;
        {
            // The backup reads inside the transaction that is open: of the state at its moment, however long it takes.
            let backup = Backup::new(&self.db, &mut copy)?;
            while let StepResult::More | StepResult::Busy | StepResult::Locked = step(&backup, progress)? {}
        }
        // What was examined is not in a backup, and the keys to it are in one place only, so that destroying them is final.
        copy.pragma_update(None, "secure_delete", true)?;
        copy.execute("DELETE FROM vault_keys", [])?;
        // Out of the mode with a write-ahead log, so that the state is this one file.
        copy.pragma_update(None, "journal_mode", "delete")?;
        copy.close().map_err(|(_, error)| error)?;
        Ok(())
    }
}

fn step(backup: &Backup<'_, '_>, progress: &mut dyn FnMut(u64, u64)) -> Result<StepResult, StoreError> {
    let result = backup.step(PAGES_PER_STEP)?;
    if let StepResult::Busy | StepResult::Locked = result {
        std::thread::sleep(RETRY);
    }
    let now = backup.progress();
    progress(u64::try_from(now.remaining).unwrap_or(0), u64::try_from(now.pagecount).unwrap_or(0));
    Ok(result)
}
