//! The register of models: admissions, the files of what was vetted, bills of materials.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::PathBuf;

use rusqlite::{OptionalExtension as _, Row, Transaction, params, params_from_iter};
use sakimori_model::{AdmissionState, Basis, DecisionPredicate, Digest, Predicate, RecordId, Statement, Timestamp};

use crate::decisions::Page;
use crate::rows::{Aside, digest, record_id, time};
use crate::{Store, StoreError};

/// Models that are named when a file is a part of several.
pub const MODELS_WITH_FILE_MAX: usize = 100;

const COLUMNS: &str = "record, sha256, of_record, name, state, basis, owner, expires, at";

/// A row of `admissions`. All of it follows from the statement: see [`AdmissionRow::of`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdmissionRow {
    /// The record.
    pub record: RecordId,
    /// SHA-256 of the file, or over the digests of all files.
    pub sha256: Digest,
    /// The record of the decision on its content.
    pub of: RecordId,
    /// The name of the model.
    pub name: String,
    /// What was decided.
    pub state: AdmissionState,
    /// What decided.
    pub basis: Basis,
    /// Who answers for it.
    pub owner: String,
    /// Until when it holds.
    pub expires: Option<Timestamp>,
    /// When it was decided.
    pub at: Timestamp,
}

impl AdmissionRow {
    /// The row that a statement justifies, if it is an admission.
    #[must_use]
    pub fn of(statement: &Statement) -> Option<Self> {
        let Predicate::Admission(made) = &statement.predicate else { return None };
        let subject = statement.subject.first()?;
        Some(Self {
            record: made.record,
            sha256: subject.digest.sha256,
            of: made.of,
            name: subject.name.clone(),
            state: made.state,
            basis: made.basis,
            owner: made.entry.owner.clone(),
            expires: made.entry.expires,
            at: made.at,
        })
    }
}

/// Writes the row of an admission, which is the current one of its model from now on.
pub(crate) fn insert(tx: &Transaction<'_>, statement: &Statement) -> Result<(), StoreError> {
    let Some(row) = AdmissionRow::of(statement) else { return Ok(()) };
    tx.prepare_cached("UPDATE admissions SET is_current = 0 WHERE sha256 = ?1 AND is_current = 1")?
        .execute([row.sha256.as_bytes()])?;
    tx.prepare_cached(&format!(
        "INSERT INTO admissions ({COLUMNS}, is_current) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 1)"
    ))?
    .execute(params![
        row.record.to_string(),
        row.sha256.as_bytes(),
        row.of.to_string(),
        row.name,
        row.state.as_str(),
        basis_word(row.basis),
        row.owner,
        row.expires.map(Timestamp::as_micros),
        row.at.as_micros(),
    ])?;
    Ok(())
}

/// Writes the rows of what was vetted as one: its files and its bill of materials.
pub(crate) fn insert_vetting(
    tx: &Transaction<'_>,
    made: &DecisionPredicate,
    aside: Option<&Aside>,
) -> Result<(), StoreError> {
    let Some(vetting) = &made.vetting else { return Ok(()) };
    let record = made.record.to_string();
    let mut insert = tx.prepare_cached("INSERT INTO vetted_files (record, n, path, sha256) VALUES (?1, ?2, ?3, ?4)")?;
    for (n, file) in (0i64..).zip(&vetting.files) {
        insert.execute(params![record, n, file.path, file.sha256.as_bytes()])?;
    }
    if let Some(Aside::Vetted { bom, place }) = aside {
        tx.prepare_cached("INSERT INTO boms (record, text) VALUES (?1, ?2)")?.execute(params![record, bom])?;
        tx.prepare_cached("INSERT INTO vetted_places (record, path) VALUES (?1, ?2)")?
            .execute(params![record, place.as_os_str().as_bytes()])?;
    }
    Ok(())
}

impl Store {
    /// The row of an admission, by its record.
    ///
    /// # Errors
    /// The database's own error, or a damaged row.
    pub fn admission(&self, record: RecordId) -> Result<Option<AdmissionRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM admissions WHERE record = ?1");
        let mut query = self.db.prepare_cached(&sql)?;
        query.query_row([record.to_string()], |row| Ok(admission(row))).optional()?.transpose()
    }

    /// What holds for the model with this digest.
    ///
    /// # Errors
    /// The database's own error, or a damaged row.
    pub fn current_admission(&self, sha256: &Digest) -> Result<Option<AdmissionRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM admissions WHERE sha256 = ?1 AND is_current = 1");
        let mut query = self.db.prepare_cached(&sql)?;
        query.query_row([sha256.as_bytes()], |row| Ok(admission(row))).optional()?.transpose()
    }

    /// What holds for the models that have a file with this digest, newest first, at most [`MODELS_WITH_FILE_MAX`].
    ///
    /// # Errors
    /// The database's own error, or a damaged row.
    pub fn admissions_with_file(&self, sha256: &Digest) -> Result<Vec<AdmissionRow>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM admissions WHERE is_current = 1 AND of_record IN \
             (SELECT record FROM vetted_files WHERE sha256 = ?1) ORDER BY record DESC LIMIT {MODELS_WITH_FILE_MAX}"
        );
        let mut query = self.db.prepare_cached(&sql)?;
        let mut rows = query.query([sha256.as_bytes()])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(admission(row)?);
        }
        Ok(found)
    }

    /// What holds for each model, newest first, after this record: at most `limit` of them.
    ///
    /// # Errors
    /// The database's own error, or a damaged row.
    pub fn admissions(
        &self,
        state: Option<AdmissionState>,
        after: Option<RecordId>,
        limit: usize,
    ) -> Result<Page<AdmissionRow, RecordId>, StoreError> {
        let mut sql = format!("SELECT {COLUMNS} FROM admissions WHERE is_current = 1");
        let mut values = Vec::new();
        if let Some(state) = state {
            sql += " AND state = ?";
            values.push(state.as_str().to_owned());
        }
        if let Some(after) = after {
            sql += " AND record < ?";
            values.push(after.to_string());
        }
        sql += &format!(" ORDER BY record DESC LIMIT {}", limit.saturating_add(1));
        let mut query = self.db.prepare_cached(&sql)?;
        let mut rows = query.query(params_from_iter(values))?;
        let mut items = Vec::new();
        while let Some(row) = rows.next()? {
            items.push(admission(row)?);
        }
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(|last| last.record);
        Ok(Page { items, next })
    }

    /// Everything that was decided on the model with this digest, newest first.
    ///
    /// # Errors
    /// The database's own error, or a damaged row.
    pub fn admissions_of(&self, sha256: &Digest) -> Result<Vec<AdmissionRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM admissions WHERE sha256 = ?1 ORDER BY record DESC");
        let mut query = self.db.prepare_cached(&sql)?;
        let mut rows = query.query([sha256.as_bytes()])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(admission(row)?);
        }
        Ok(found)
    }

    /// The files of what was vetted under this record: path and digest, in their order.
    ///
    /// # Errors
    /// The database's own error, or a damaged row.
    pub fn vetted_files(&self, record: RecordId) -> Result<Vec<(String, Digest)>, StoreError> {
        let mut query = self.db.prepare_cached("SELECT path, sha256 FROM vetted_files WHERE record = ?1 ORDER BY n")?;
        let mut rows = query.query([record.to_string()])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push((row.get(0)?, digest("vetted_files", &record.to_string(), row.get(1)?)?));
        }
        Ok(found)
    }

    /// The bill of materials of what was vetted under this record.
    ///
    /// # Errors
    /// The database's own error.
    pub fn bom(&self, record: RecordId) -> Result<Option<String>, StoreError> {
        let mut query = self.db.prepare_cached("SELECT text FROM boms WHERE record = ?1")?;
        Ok(query.query_row([record.to_string()], |row| row.get(0)).optional()?)
    }

    /// Where that was vetted which this record is about, as the system finds it. `None` for records of earlier versions.
    ///
    /// # Errors
    /// The database's own error.
    pub fn vetted_place(&self, record: RecordId) -> Result<Option<PathBuf>, StoreError> {
        let mut query = self.db.prepare_cached("SELECT path FROM vetted_places WHERE record = ?1")?;
        let path: Option<Vec<u8>> = query.query_row([record.to_string()], |row| row.get(0)).optional()?;
        Ok(path.map(|path| PathBuf::from(OsString::from_vec(path))))
    }

    /// Rows of `admissions` that say of themselves wrongly whether they are the newest of their model.
    ///
    /// # Errors
    /// The database's own error.
    pub fn wrongly_current(&self) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT record FROM admissions AS a WHERE is_current <> \
                   (record = (SELECT max(record) FROM admissions AS b WHERE b.sha256 = a.sha256))";
        let mut query = self.db.prepare(sql)?;
        let found = query.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(found)
    }
}

fn admission(row: &Row<'_>) -> Result<AdmissionRow, StoreError> {
    const TABLE: &str = "admissions";
    let record = record_id(TABLE, row.get(0)?)?;
    let damaged = |what: String| StoreError::Damaged { table: TABLE, row: record.to_string(), what };
    let (state, basis): (String, String) = (row.get(4)?, row.get(5)?);
    let expires: Option<i64> = row.get(7)?;
    Ok(AdmissionRow {
        record,
        sha256: digest(TABLE, &record.to_string(), row.get(1)?)?,
        of: record_id(TABLE, row.get(2)?)?,
        name: row.get(3)?,
        state: state.parse().map_err(|error: sakimori_model::UnknownWord| damaged(error.to_string()))?,
        basis: if basis == "policy" { Basis::Policy } else { Basis::Person },
        owner: row.get(6)?,
        expires: expires.map(|at| time(TABLE, &record.to_string(), at)).transpose()?,
        at: time(TABLE, &record.to_string(), row.get(8)?)?,
    })
}

const fn basis_word(basis: Basis) -> &'static str {
    match basis {
        Basis::Policy => "policy",
        Basis::Person => "person",
    }
}
