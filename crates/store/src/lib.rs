//! The state of a node: SQLite tables with numbered migrations. It writes what it is given; ids, times and salts are
//! made by the caller.
//!
//! Every row of `decisions`, `shares` and `outbox` names the record that justifies it, and is written in the same
//! transaction as that record.

mod access;
mod admissions;
mod decisions;
mod derive;
mod erasure;
mod links;
mod migrate;
mod rows;
mod snapshot;
mod sources;
mod work;

use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension as _, TransactionBehavior, params};
use sakimori_model::{Digest, RecordId};
use thiserror::Error;

pub use access::{AccountRow, SessionKey, SessionRow, TokenRow};
pub use admissions::{AdmissionRow, MODELS_WITH_FILE_MAX};
pub use decisions::{DecisionFilter, FindingRow, JudgedDecision, Page, RecordRow, Tally, WAITING_COUNT_MAX, Waiting};
pub use erasure::ErasureRow;
pub use rows::{
    Aside, DecisionRow, Idempotency, JudgementRow, OutboxItem, PolicyRow, Record, ShareRow, Staged, TopFinding,
};
pub use snapshot::Snapshot;
pub use sources::SourceRow;
pub use work::{JobRow, JobState, UploadRow};

/// How long a statement waits for another connection to the same database.
const BUSY_MS_MAX: u64 = 30_000;

/// Why the state could not be read or written. All variants are fatal for the operation; nothing was changed.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The database is locked by another program, or its file can't be opened, written or trusted.
    #[error("state.db: {0}")]
    Database(#[from] rusqlite::Error),
    /// The database was written by a later version of the program.
    #[error("state.db has schema {found}, and this program knows up to {known}")]
    TooNew {
        /// The number of the last migration in the database.
        found: u32,
        /// The number of the last migration in the program.
        known: u32,
    },
    /// A row holds what the program never writes.
    #[error("state.db: row {row} of {table} is damaged: {what}")]
    Damaged {
        /// The table.
        table: &'static str,
        /// The key of the row.
        row: String,
        /// What is wrong with it.
        what: String,
    },
}

impl StoreError {
    /// True when there is no room left to write.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.has_code(rusqlite::ErrorCode::DiskFull)
    }

    /// True when the file or its folder may not be written.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.has_code(rusqlite::ErrorCode::ReadOnly) || self.has_code(rusqlite::ErrorCode::CannotOpen)
    }

    /// True when the file is no database, or a damaged one.
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        matches!(self, Self::Damaged { .. })
            || self.has_code(rusqlite::ErrorCode::NotADatabase)
            || self.has_code(rusqlite::ErrorCode::DatabaseCorrupt)
    }

    /// True when a row breaks a rule of its table, such as a name that is taken.
    #[must_use]
    pub fn is_constraint(&self) -> bool {
        self.has_code(rusqlite::ErrorCode::ConstraintViolation)
    }

    fn has_code(&self, code: rusqlite::ErrorCode) -> bool {
        matches!(self, Self::Database(error) if error.sqlite_error_code() == Some(code))
    }
}

/// The state of one node. One writer at a time: the caller holds the node's lock around [`Store::stage`] and
/// [`Store::sequence`].
pub struct Store {
    db: Connection,
}

impl Store {
    /// Opens the database, creates it when it is missing, and brings it to the newest schema.
    ///
    /// # Errors
    /// [`StoreError::TooNew`], or the database's own error.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let mut db = Connection::open(path)?;
        db.busy_timeout(Duration::from_millis(BUSY_MS_MAX))?;
        db.pragma_update(None, "journal_mode", "wal")?;
        // FULL: a transaction is on disk when `commit` returns (SQLite documentation, PRAGMA synchronous).
        db.pragma_update(None, "synchronous", "full")?;
        db.pragma_update(None, "trusted_schema", false)?;
        // Off while tables are rebuilt (SQLite documentation, ALTER TABLE, section 7).
        db.pragma_update(None, "foreign_keys", false)?;
        migrate::migrate(&mut db)?;
        db.pragma_update(None, "foreign_keys", true)?;
        Ok(Self { db })
    }

    /// Opens the database to read only, beside the one that writes. It must have been opened once before.
    ///
    /// # Errors
    /// The database's own error.
    pub fn open_reader(path: &Path) -> Result<Self, StoreError> {
        let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        db.busy_timeout(Duration::from_millis(BUSY_MS_MAX))?;
        db.pragma_update(None, "trusted_schema", false)?;
        Ok(Self { db })
    }

    /// Opens the database to read only, in a folder that can't be written, and writes nothing.
    ///
    /// # Errors
    /// The database's own error.
    pub fn open_untouched(path: &Path) -> Result<Self, StoreError> {
        let wal = path.with_extension("db-wal");
        if std::fs::metadata(wal).is_ok_and(|wal| wal.len() > 0) {
            return Self::open_reader(path);
        }
        // Without files beside it the database would want to make some, but for one that nobody changes (SQLite
        // documentation, "Uniform Resource Identifiers", `immutable`).
        let encoded: String = path.as_os_str().as_bytes().iter().map(|byte| format!("%{byte:02X}")).collect();
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
        let db = Connection::open_with_flags(format!("file:{encoded}?immutable=1"), flags)?;
        db.pragma_update(None, "trusted_schema", false)?;
        Ok(Self { db })
    }

    /// Writes records that have no place in the log yet, with the rows that they justify. Durable on return; all or
    /// none.
    ///
    /// # Errors
    /// The database's own error. Nothing was written.
    pub fn stage(&mut self, staged: &[Staged<'_>]) -> Result<(), StoreError> {
        let tx = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for record in staged {
            derive::insert(&tx, record)?;
        }
        Ok(tx.commit()?)
    }

    /// Notes the places in the log that staged records were given. Durable on return; all or none.
    ///
    /// # Errors
    /// The database's own error. Nothing was written.
    pub fn sequence(&mut self, places: &[(RecordId, u64)]) -> Result<(), StoreError> {
        let tx = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        {
            let mut update =
                tx.prepare_cached("UPDATE records SET log_index = ?2 WHERE id = ?1 AND log_index IS NULL")?;
            for (id, index) in places {
                update.execute(params![id.to_string(), rows::to_integer(*index)])?;
            }
        }
        Ok(tx.commit()?)
    }

    /// The records that have no place in the log yet, oldest first: id and commitment.
    ///
    /// # Errors
    /// The database's own error, or a damaged row.
    pub fn staged(&self) -> Result<Vec<(RecordId, Digest)>, StoreError> {
        let mut query =
            self.db.prepare_cached("SELECT id, commitment FROM records WHERE log_index IS NULL ORDER BY id")?;
        let mut found = Vec::new();
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let id = rows::record_id("records", row.get(0)?)?;
            found.push((id, rows::digest("records", &id.to_string(), row.get(1)?)?));
        }
        Ok(found)
    }

    /// The number of log entries that the records know of: one more than the highest index.
    ///
    /// # Errors
    /// The database's own error.
    pub fn sequenced(&self) -> Result<u64, StoreError> {
        let last: Option<i64> = self.db.query_row("SELECT max(log_index) FROM records", [], |row| row.get(0))?;
        Ok(last.map_or(0, |last| u64::try_from(last).unwrap_or(0) + 1))
    }

    /// A record by its id.
    ///
    /// # Errors
    /// The database's own error, or a damaged row.
    pub fn record(&self, id: RecordId) -> Result<Option<Record>, StoreError> {
        let mut query =
            self.db.prepare_cached(&format!("SELECT {} FROM records WHERE id = ?1", rows::RECORD_COLUMNS))?;
        query.query_row([id.to_string()], |row| Ok(rows::record(row))).optional()?.transpose()
    }

    /// The ids that begin or end with this text, at most `max` of them, oldest first.
    ///
    /// # Errors
    /// The database's own error, or a damaged row.
    pub fn ids_with_part(&self, part: &str, max: usize) -> Result<Vec<RecordId>, StoreError> {
        let mut query = self
            .db
            .prepare_cached("SELECT id FROM records WHERE substr(id, 1, length(?1)) = ?1 OR substr(id, -length(?1)) = ?1 ORDER BY id LIMIT ?2")?;
        let ids: Vec<String> =
            query.query_map(params![part, max as i64], |row| row.get(0))?.collect::<Result<_, _>>()?;
        ids.into_iter().map(|id| rows::record_id("records", id)).collect()
    }

    /// Hands over every record, oldest first.
    ///
    /// # Errors
    /// The database's own error, or what `each` returns. A damaged row is handed over as its error.
    pub fn each_record<E: From<StoreError>>(
        &self,
        mut each: impl FnMut(Result<Record, StoreError>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut query = self
            .db
            .prepare(&format!("SELECT {} FROM records ORDER BY id", rows::RECORD_COLUMNS))
            .map_err(StoreError::from)?;
        let mut rows = query.query([]).map_err(StoreError::from)?;
        while let Some(row) = rows.next().map_err(StoreError::from)? {
            each(rows::record(row))?;
        }
        Ok(())
    }

    /// The row of a decision, by its record.
    ///
    /// # Errors
    /// The database's own error, or a damaged row.
    pub fn decision(&self, record: RecordId) -> Result<Option<DecisionRow>, StoreError> {
        let mut query =
            self.db.prepare_cached(&format!("SELECT {} FROM decisions WHERE record = ?1", rows::DECISION_COLUMNS))?;
        query.query_row([record.to_string()], |row| Ok(rows::decision(row))).optional()?.transpose()
    }

    /// The row of a share, by its record.
    ///
    /// # Errors
    /// The database's own error, or a damaged row.
    pub fn share(&self, record: RecordId) -> Result<Option<ShareRow>, StoreError> {
        let mut query = self
            .db
            .prepare_cached("SELECT record, of_record, marking, format, shared FROM shares WHERE record = ?1")?;
        query.query_row([record.to_string()], |row| Ok(rows::share(row))).optional()?.transpose()
    }

    /// The number of rows of `decisions`, `shares` and `outbox` that no record of the right kind justifies.
    ///
    /// # Errors
    /// The database's own error.
    pub fn orphans(&self) -> Result<Vec<(&'static str, String)>, StoreError> {
        let mut found = Vec::new();
        for (table, kind) in [
            ("decisions", "decision"),
            ("shares", "share"),
            ("outbox", "share"),
            ("findings", "decision"),
            ("judgements", "judgement"),
            ("accounts", "access"),
            ("tokens", "access"),
            ("sessions", "access"),
            ("policies", "policy"),
            ("admissions", "admission"),
            ("vetted_files", "decision"),
            ("vetted_places", "decision"),
            ("boms", "decision"),
            ("erasures", "erasure"),
            ("vault_keys", "decision"),
            ("source_numbers", "decision"),
            ("heartbeats", "heartbeat"),
        ] {
            let sql = format!(
                "SELECT record FROM {table} WHERE NOT EXISTS (SELECT 1 FROM records WHERE id = record AND kind = ?1)"
            );
            let mut query = self.db.prepare(&sql)?;
            for id in query.query_map([kind], |row| row.get::<_, String>(0))? {
                found.push((table, id?));
            }
        }
        Ok(found)
    }

    /// What waits in the outbox and may leave: its record has a place in the log.
    ///
    /// # Errors
    /// The database's own error, or a damaged row.
    pub fn waiting(&self) -> Result<Vec<OutboxItem>, StoreError> {
        let mut query = self.db.prepare_cached(
            "SELECT record, target, body FROM outbox JOIN records ON id = record \
             WHERE delivered = 0 AND log_index IS NOT NULL ORDER BY record",
        )?;
        let mut found = Vec::new();
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let record = rows::record_id("outbox", row.get(0)?)?;
            found.push(OutboxItem { record, target: row.get(1)?, body: row.get(2)? });
        }
        Ok(found)
    }

    /// Notes that an item of the outbox was delivered.
    ///
    /// # Errors
    /// The database's own error.
    pub fn delivered(&mut self, record: RecordId) -> Result<(), StoreError> {
        self.db.execute("UPDATE outbox SET delivered = 1 WHERE record = ?1", [record.to_string()])?;
        Ok(())
    }
}
