//! Erasure: what was kept of a record goes, and its place in the log stays. And the keys of the bytes in the vault.

use rusqlite::{OptionalExtension as _, Transaction, TransactionBehavior, params};
use sakimori_model::{ErasurePredicate, RecordId, Timestamp};

use crate::derive::HOUR_MICROS;
use crate::rows::record_id;
use crate::{Store, StoreError};

/// A row of `erasures`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ErasureRow {
    /// The record that is erased.
    pub of: RecordId,
    /// The record of the erasure.
    pub record: RecordId,
    /// Nothing of it is left.
    pub is_done: bool,
}

/// The tables whose rows follow from a record and go with it.
pub(crate) const ERASED_WITH_RECORD: [&str; 10] = [
    "findings",
    "decisions",
    "judgements",
    "shares",
    "outbox",
    "vetted_files",
    "vetted_places",
    "boms",
    "idempotency",
    "vault_keys",
];

pub(crate) fn insert(tx: &Transaction<'_>, erasure: &ErasurePredicate) -> Result<(), StoreError> {
    let mut insert = tx.prepare_cached("INSERT INTO erasures (of_record, record) VALUES (?1, ?2)")?;
    for one in &erasure.of {
        insert.execute([one.record.to_string(), erasure.record.to_string()])?;
    }
    Ok(())
}

impl Store {
    /// The records that are to be erased now: the record of their erasure has a place in the log.
    ///
    /// # Errors
    /// The database's own error, or a damaged row.
    pub fn erasures_waiting(&self) -> Result<Vec<RecordId>, StoreError> {
        let sql = "SELECT of_record FROM erasures JOIN records ON id = record \
                   WHERE done = 0 AND log_index IS NOT NULL ORDER BY of_record";
        self.ids("erasures", sql, [])
    }

    /// All that was ever erased, or is to be.
    ///
    /// # Errors
    /// The database's own error, or a damaged row.
    pub fn erasures(&self) -> Result<Vec<ErasureRow>, StoreError> {
        let mut query = self.db.prepare("SELECT of_record, record, done FROM erasures ORDER BY of_record")?;
        let mut rows = query.query([])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let of = record_id("erasures", row.get(0)?)?;
            found.push(ErasureRow { of, record: record_id("erasures", row.get(1)?)?, is_done: row.get(2)? });
        }
        Ok(found)
    }

    /// Destroys what the tables have of a record: its statement, its salt, and the rows that followed from it. Its id, its kind, its
    /// commitment and its place in the log stay. Durable on return, and a second time does nothing.
    ///
    /// # Errors
    /// The database's own error. Nothing was changed.
    pub fn erase(&mut self, record: RecordId) -> Result<(), StoreError> {
        // Zeros are written over what is deleted (SQLite documentation, PRAGMA secure_delete).
        self.db.pragma_update(None, "secure_delete", true)?;
        let tx = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let id = record.to_string();
        uncount(&tx, &id)?;
        for table in ERASED_WITH_RECORD {
            tx.execute(&format!("DELETE FROM {table} WHERE record = ?1"), [&id])?;
        }
        // A job and its upload bear the name of what was examined, and the test of a policy names examples.
        let of_it = "SELECT id FROM jobs WHERE input LIKE '%' || ?1 || '%' OR result LIKE '%' || ?1 || '%'";
        tx.execute(&format!("UPDATE uploads SET name = '' WHERE job IN ({of_it})"), [&id])?;
        tx.execute(
            &format!(
                "UPDATE jobs SET name = '', result = CASE kind WHEN 'policy-test' THEN NULL ELSE result END \
                 WHERE id IN ({of_it})"
            ),
            [&id],
        )?;
        tx.execute("UPDATE records SET statement = x'', salt = zeroblob(32) WHERE id = ?1", [&id])?;
        tx.execute("UPDATE erasures SET done = 1 WHERE of_record = ?1", [&id])?;
        Ok(tx.commit()?)
    }

    /// Takes what was erased out of the database's write-ahead log, too, as far as nobody reads it just now; what a reader holds
    /// up goes with the next checkpoint of the database.
    ///
    /// # Errors
    /// The database's own error.
    pub fn forget_erased(&mut self) -> Result<(), StoreError> {
        self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(())
    }

    /// Rows that are left of records that were erased: table and key.
    ///
    /// # Errors
    /// The database's own error.
    pub fn left_of_erased(&self) -> Result<Vec<(&'static str, String)>, StoreError> {
        let mut found = Vec::new();
        for table in ERASED_WITH_RECORD {
            let sql = format!(
                "SELECT DISTINCT e.of_record FROM erasures e JOIN {table} t ON t.record = e.of_record WHERE e.done = 1"
            );
            let mut query = self.db.prepare(&sql)?;
            for id in query.query_map([], |row| row.get::<_, String>(0))? {
                found.push((table, id?));
            }
        }
        Ok(found)
    }

    /// The key of the bytes that a decision is about, while they are kept.
    ///
    /// # Errors
    /// The database's own error.
    pub fn vault_key(&self, record: RecordId) -> Result<Option<[u8; 32]>, StoreError> {
        let sql = "SELECT key FROM vault_keys WHERE record = ?1 \
                   AND NOT EXISTS (SELECT 1 FROM erasures WHERE of_record = ?1)";
        Ok(self.db.prepare_cached(sql)?.query_row([record.to_string()], |row| row.get(0)).optional()?)
    }

    /// Destroys the keys of bytes that records of before this time are about.
    ///
    /// # Errors
    /// The database's own error.
    pub fn drop_vault_keys(&mut self, before: Timestamp) -> Result<(), StoreError> {
        self.db.pragma_update(None, "secure_delete", true)?;
        let first = crate::decisions::first_id(before.as_micros());
        self.db.execute("DELETE FROM vault_keys WHERE record < ?1", params![first])?;
        Ok(())
    }
}

/// Takes a decision out of what is counted.
fn uncount(tx: &Transaction<'_>, id: &str) -> Result<(), StoreError> {
    let hour = format!("observed / {HOUR_MICROS} - (observed % {HOUR_MICROS} < 0)");
    for sql in [
        format!(
            "UPDATE code_tallies SET count = count - 1 WHERE (hour, code) IN \
             (SELECT DISTINCT {hour}, code FROM decisions d JOIN findings f ON f.record = d.record WHERE d.record = ?1)"
        ),
        format!(
            "UPDATE tallies SET count = count - 1 WHERE (hour, effect, kind) = \
             (SELECT {hour}, effect, kind FROM decisions WHERE record = ?1)"
        ),
    ] {
        tx.execute(&sql, [id])?;
    }
    tx.execute("DELETE FROM code_tallies WHERE count = 0", [])?;
    tx.execute("DELETE FROM tallies WHERE count = 0", [])?;
    Ok(())
}
