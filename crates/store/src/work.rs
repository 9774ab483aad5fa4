//! Work that takes longer than a request: jobs, and uploads that come in pieces.

use rusqlite::{OptionalExtension as _, Row, params};
use sakimori_model::{SourceRef, Timestamp};

use crate::rows::{time, to_integer};
use crate::{Store, StoreError, sources};

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobState {
    /// It waits for its turn.
    Queued,
    /// It is being worked on.
    Running,
    /// It ended with a result.
    Done,
    /// It ended with an error.
    Failed,
    /// Somebody called it off.
    Cancelled,
}

/// A row of `jobs`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRow {
    /// Its id.
    pub id: String,
    /// What kind of work it is.
    pub kind: String,
    /// How far it is.
    pub state: JobState,
    /// Who asked for it.
    pub caller: String,
    /// What it is called.
    pub name: String,
    /// What it works on, as JSON.
    pub input: String,
    /// What came of it, or why it failed, as JSON.
    pub result: Option<String>,
    /// How much of it is done.
    pub done: u64,
    /// How much there is to do.
    pub total: u64,
    /// When it was asked for.
    pub made: Timestamp,
    /// When it changed last.
    pub changed: Timestamp,
}

/// A row of `uploads`. How much came in is the length of its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadRow {
    /// Its id.
    pub id: String,
    /// Who uploads.
    pub caller: String,
    /// What it is called.
    pub name: String,
    /// How many bytes there will be.
    pub size: u64,
    /// When it began.
    pub made: Timestamp,
    /// The job that it became when it was complete.
    pub job: Option<String>,
    /// The number that its source gave to it.
    pub source: Option<SourceRef>,
}

impl JobState {
    /// All states.
    pub const ALL: [Self; 5] = [Self::Queued, Self::Running, Self::Done, Self::Failed, Self::Cancelled];

    /// The word as it stands in tables and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// True when it changes no more.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }
}

const JOB: &str = "id, kind, state, caller, name, input, result, done, total, made, changed";
const UPLOAD: &str = "id, caller, name, size, made, job, source, number";

impl Store {
    /// Writes a job: a new one, or what became of it.
    ///
    /// # Errors
    /// The database's own error.
    pub fn put_job(&mut self, job: &JobRow) -> Result<(), StoreError> {
        let sql = format!(
            "INSERT INTO jobs ({JOB}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) \
             ON CONFLICT (id) DO UPDATE SET state = ?3, result = ?7, done = ?8, total = ?9, changed = ?11"
        );
        self.db.prepare_cached(&sql)?.execute(params![
            job.id,
            job.kind,
            job.state.as_str(),
            job.caller,
            job.name,
            job.input,
            job.result,
            to_integer(job.done),
            to_integer(job.total),
            job.made.as_micros(),
            job.changed.as_micros(),
        ])?;
        Ok(())
    }

    /// The job with this id.
    ///
    /// # Errors
    /// The database's own error, or a damaged row.
    pub fn job(&self, id: &str) -> Result<Option<JobRow>, StoreError> {
        let mut query = self.db.prepare_cached(&format!("SELECT {JOB} FROM jobs WHERE id = ?1"))?;
        query.query_row([id], |row| Ok(job(row))).optional()?.transpose()
    }

    /// Jobs that are not at their end, oldest first.
    ///
    /// # Errors
    /// The database's own error, or a damaged row.
    pub fn open_jobs(&self) -> Result<Vec<JobRow>, StoreError> {
        let sql = format!("SELECT {JOB} FROM jobs WHERE state IN ('queued', 'running') ORDER BY id");
        let mut query = self.db.prepare_cached(&sql)?;
        let mut rows = query.query([])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(job(row)?);
        }
        Ok(found)
    }

    /// Jobs of a caller, newest first, after this one: at most `limit` of them.
    ///
    /// # Errors
    /// The database's own error, or a damaged row.
    pub fn jobs(&self, caller: &str, after: Option<&str>, limit: usize) -> Result<Vec<JobRow>, StoreError> {
        let sql =
            format!("SELECT {JOB} FROM jobs WHERE caller = ?1 AND (?2 IS NULL OR id < ?2) ORDER BY id DESC LIMIT ?3");
        let mut query = self.db.prepare_cached(&sql)?;
        let mut rows = query.query(params![caller, after, limit as i64])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(job(row)?);
        }
        Ok(found)
    }

    /// Forgets jobs that ended before this time.
    ///
    /// # Errors
    /// The database's own error.
    pub fn drop_jobs(&mut self, before: Timestamp) -> Result<(), StoreError> {
        let sql = "DELETE FROM jobs WHERE state NOT IN ('queued', 'running') AND changed < ?1 \
                   AND NOT EXISTS (SELECT 1 FROM uploads WHERE job = jobs.id)";
        self.db.execute(sql, [before.as_micros()])?;
        Ok(())
    }

    /// Writes an upload: a new one, or the job that it became.
    ///
    /// # Errors
    /// The database's own error.
    pub fn put_upload(&mut self, upload: &UploadRow) -> Result<(), StoreError> {
        let sql = format!(
            "INSERT INTO uploads ({UPLOAD}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (id) DO UPDATE SET job = ?6"
        );
        self.db.prepare_cached(&sql)?.execute(params![
            upload.id,
            upload.caller,
            upload.name,
            to_integer(upload.size),
            upload.made.as_micros(),
            upload.job,
            upload.source.as_ref().map(|source| source.name.as_str()),
            upload.source.as_ref().map(|source| to_integer(source.number))
        ])?;
        Ok(())
    }

    /// The upload with this id.
    ///
    /// # Errors
    /// The database's own error, or a damaged row.
    pub fn upload(&self, id: &str) -> Result<Option<UploadRow>, StoreError> {
        let mut query = self.db.prepare_cached(&format!("SELECT {UPLOAD} FROM uploads WHERE id = ?1"))?;
        query.query_row([id], |row| Ok(upload(row))).optional()?.transpose()
    }

    /// Uploads of a caller that are not complete.
    ///
    /// # Errors
    /// The database's own error.
    pub fn open_uploads(&self, caller: &str) -> Result<u64, StoreError> {
        let sql = "SELECT count(*) FROM uploads WHERE caller = ?1 AND job IS NULL";
        let count: i64 = self.db.prepare_cached(sql)?.query_row([caller], |row| row.get(0))?;
        Ok(count.max(0) as u64)
    }

    /// Forgets an upload.
    ///
    /// # Errors
    /// The database's own error.
    pub fn drop_upload(&mut self, id: &str) -> Result<(), StoreError> {
        self.db.execute("DELETE FROM uploads WHERE id = ?1", [id])?;
        Ok(())
    }

    /// Forgets uploads that began before this time; returns their ids.
    ///
    /// # Errors
    /// The database's own error.
    pub fn drop_uploads(&mut self, before: Timestamp) -> Result<Vec<String>, StoreError> {
        let mut query = self.db.prepare_cached(
            "DELETE FROM uploads WHERE made < ?1 \
             AND NOT EXISTS (SELECT 1 FROM jobs WHERE id = uploads.job AND state IN ('queued', 'running')) RETURNING id",
        )?;
        let ids = query.query_map([before.as_micros()], |row| row.get(0))?;
        Ok(ids.collect::<Result<_, _>>()?)
    }
}

fn job(row: &Row<'_>) -> Result<JobRow, StoreError> {
    let id: String = row.get(0)?;
    let state: String = row.get(2)?;
    let state = JobState::ALL.into_iter().find(|known| known.as_str() == state);
    let damaged = StoreError::Damaged { table: "jobs", row: id.clone(), what: "state".to_owned() };
    Ok(JobRow {
        kind: row.get(1)?,
        state: state.ok_or(damaged)?,
        caller: row.get(3)?,
        name: row.get(4)?,
        input: row.get(5)?,
        result: row.get(6)?,
        done: row.get::<_, i64>(7)?.max(0) as u64,
        total: row.get::<_, i64>(8)?.max(0) as u64,
        made: time("jobs", &id, row.get(9)?)?,
        changed: time("jobs", &id, row.get(10)?)?,
        id,
    })
}

fn upload(row: &Row<'_>) -> Result<UploadRow, StoreError> {
    let id: String = row.get(0)?;
    let source = sources::numbered("uploads", &id, row.get(6)?, row.get(7)?)?;
    Ok(UploadRow {
        source,
        caller: row.get(1)?,
        name: row.get(2)?,
        size: row.get::<_, i64>(3)?.max(0) as u64,
        made: time("uploads", &id, row.get(4)?)?,
        job: row.get(5)?,
        id,
    })
}
