//! Numbered migrations, applied in order, each in one transaction. `PRAGMA user_version` holds the last number.

use rusqlite::{Connection, TransactionBehavior};

use crate::{StoreError, derive};

/// The migrations; the number of one is its position, counted from 1. One that was released never changes.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001-records.sql"),
    include_str!("migrations/0002-service.sql"),
    include_str!("migrations/0003-models.sql"),
    include_str!("migrations/0004-erasure.sql"),
    include_str!("migrations/0005-sources.sql"),
    include_str!("migrations/0006-source-counts.sql"),
    include_str!("migrations/0007-vetted-places.sql"),
];

/// The migration after which rows that follow from older statements are filled in.
const DERIVED: u32 = 2;

/// Brings a database to the newest schema.
pub fn migrate(db: &mut Connection) -> Result<(), StoreError> {
    let known = MIGRATIONS.len() as u32;
    loop {
        // The version is read under the write lock: two processes that open a new database migrate it once.
        let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let found: u32 = tx.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if found > known {
            return Err(StoreError::TooNew { found, known });
        }
        let Some(migration) = MIGRATIONS.get(found as usize) else { return Ok(()) };
        tx.execute_batch(migration)?;
        if found + 1 == DERIVED {
            derive::fill_in(&tx)?;
        }
        tx.pragma_update(None, "user_version", found + 1)?;
        tx.commit()?;
    }
}
