//! How records hang together: what was said of the same bytes, and what was said because of a record.

use rusqlite::params;
use sakimori_model::{Digest, RecordId};

use crate::rows::record_id;
use crate::{Store, StoreError};

impl Store {
    /// The newest decisions on the bytes with this digest, as a file of their own or as a model; `max` at most.
    ///
    /// # Errors
    /// The database's own error, or a damaged row.
    pub fn decisions_on(&self, sha256: &Digest, max: usize) -> Result<Vec<RecordId>, StoreError> {
        let sql = "SELECT record FROM decisions WHERE sha256 = ?1 ORDER BY record DESC LIMIT ?2";
        self.ids("decisions", sql, params![sha256.as_bytes().as_slice(), max as i64])
    }

    /// The newest decisions on models that have a file with this digest; `max` at most.
    ///
    /// # Errors
    /// The database's own error, or a damaged row.
    pub fn vettings_with_file(&self, sha256: &Digest, max: usize) -> Result<Vec<RecordId>, StoreError> {
        let sql = "SELECT DISTINCT record FROM vetted_files WHERE sha256 = ?1 ORDER BY record DESC LIMIT ?2";
        self.ids("vetted_files", sql, params![sha256.as_bytes().as_slice(), max as i64])
    }

    /// The records that were made because of this one: judgements, admissions, shares, erasures. Oldest first; `max` at most.
    ///
    /// # Errors
    /// The database's own error, or a damaged row.
    pub fn records_because_of(&self, record: RecordId, max: usize) -> Result<Vec<RecordId>, StoreError> {
        let sql = "SELECT record FROM judgements WHERE of_record = ?1 \
                   UNION SELECT record FROM admissions WHERE of_record = ?1 \
                   UNION SELECT record FROM shares WHERE of_record = ?1 \
                   UNION SELECT record FROM erasures WHERE of_record = ?1 ORDER BY record LIMIT ?2";
        self.ids("records", sql, params![record.to_string(), max as i64])
    }

    /// The records that put the policy with this digest into force, oldest first; `max` at most.
    ///
    /// # Errors
    /// The database's own error, or a damaged row.
    pub fn activations_of(&self, policy: &Digest, max: usize) -> Result<Vec<RecordId>, StoreError> {
        let sql = "SELECT record FROM policies WHERE sha256 = ?1 ORDER BY record LIMIT ?2";
        self.ids("policies", sql, params![policy.as_bytes().as_slice(), max as i64])
    }

    /// The text of the policy with this digest, if it was ever put into force here.
    ///
    /// # Errors
    /// The database's own error.
    pub fn policy_text(&self, sha256: &Digest) -> Result<Option<String>, StoreError> {
        let mut query = self.db.prepare_cached("SELECT text FROM policies WHERE sha256 = ?1 LIMIT 1")?;
        let mut rows = query.query([sha256.as_bytes().as_slice()])?;
        Ok(rows.next()?.map(|row| row.get(0)).transpose()?)
    }

    pub(crate) fn ids(
        &self,
        table: &'static str,
        sql: &str,
        given: impl rusqlite::Params,
    ) -> Result<Vec<RecordId>, StoreError> {
        let mut query = self.db.prepare_cached(sql)?;
        let mut rows = query.query(given)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(record_id(table, row.get(0)?)?);
        }
        Ok(found)
    }
}
