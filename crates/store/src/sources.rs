//! Sources that number what they send: what came in, and what is missing.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension as _, Transaction, params};
use sakimori_model::{HeartbeatPredicate, RecordId, SourceName, SourceRef, Timestamp};

use crate::rows::{record_id, time, to_integer};
use crate::{Store, StoreError};

/// The numbers of a source behind one.
const NUMBERS_BEHIND: &str = "SELECT number FROM source_numbers WHERE source = ?1 AND number > ?2 ORDER BY number";

/// What is known of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceRow {
    /// Its name.
    pub name: SourceName,
    /// How many of its numbers came in.
    pub count: u64,
    /// The highest of them; 0 when there is none.
    pub last: u64,
    /// All numbers up to this one came in.
    pub whole: u64,
    /// The last number that it said to have given, and when.
    pub heard: Option<(u64, Timestamp)>,
}

impl SourceRow {
    /// How many numbers are missing, of those that it must have given.
    #[must_use]
    pub fn missing(&self) -> u64 {
        self.given().saturating_sub(self.count)
    }

    /// The last number that it must have given.
    #[must_use]
    pub fn given(&self) -> u64 {
        self.heard.map_or(self.last, |(number, _)| number.max(self.last))
    }
}

pub(crate) fn insert(tx: &Transaction<'_>, source: &SourceRef, record: RecordId) -> Result<(), StoreError> {
    tx.prepare_cached("INSERT INTO source_numbers (source, number, record) VALUES (?1, ?2, ?3)")?.execute(params![
        source.name.as_str(),
        to_integer(source.number),
        record.to_string()
    ])?;
    count(tx, source)
}

/// Counts a number that came in.
fn count(tx: &Transaction<'_>, source: &SourceRef) -> Result<(), StoreError> {
    let (name, number) = (source.name.as_str(), to_integer(source.number));
    tx.prepare_cached(
        "INSERT INTO source_counts (source, count, last, whole) VALUES (?1, 1, ?2, 0) ON CONFLICT (source) DO UPDATE \
         SET count = count + 1, last = max(last, ?2)",
    )?
    .execute(params![name, number])?;
    let mut whole: i64 =
        tx.prepare_cached("SELECT whole FROM source_counts WHERE source = ?1")?.query_row([name], |row| row.get(0))?;
    if number != whole + 1 {
        return Ok(());
    }
    // Each number is gone over once, when the last one that was missing before it comes in.
    let mut query = tx.prepare_cached(NUMBERS_BEHIND)?;
    let mut rows = query.query(params![name, whole])?;
    while let Some(row) = rows.next()?
        && row.get::<_, i64>(0)? == whole + 1
    {
        whole += 1;
    }
    tx.prepare_cached("UPDATE source_counts SET whole = ?2 WHERE source = ?1")?.execute(params![name, whole])?;
    Ok(())
}

pub(crate) fn insert_heartbeat(tx: &Transaction<'_>, beat: &HeartbeatPredicate) -> Result<(), StoreError> {
    // Records of one millisecond may come in another order than that of their ids, by which `audit` goes.
    tx.prepare_cached(
        "INSERT INTO heartbeats (source, number, heard, record) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (source) DO UPDATE \
         SET number = ?2, heard = ?3, record = ?4 WHERE excluded.record > heartbeats.record",
    )?
    .execute(params![
        beat.source.name.as_str(),
        to_integer(beat.source.number),
        beat.heard.as_micros(),
        beat.record.to_string()
    ])?;
    Ok(())
}

impl Store {
    /// All sources, by name.
    ///
    /// # Errors
    /// The database's own error, or a damaged row.
    pub fn sources(&self) -> Result<Vec<SourceRow>, StoreError> {
        let mut found: BTreeMap<SourceName, SourceRow> = BTreeMap::new();
        let sql = "SELECT source, count, last, whole FROM source_counts";
        let mut query = self.db.prepare_cached(sql)?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let (name, count, last) = (name(row.get(0)?)?, number(row.get(1)?), number(row.get(2)?));
            let whole = number(row.get(3)?);
            found.insert(name.clone(), SourceRow { name, count, last, whole, heard: None });
        }
        let mut query = self.db.prepare_cached("SELECT source, number, heard FROM heartbeats")?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let text: String = row.get(0)?;
            let heard = (number(row.get(1)?), time("heartbeats", &text, row.get(2)?)?);
            let name = name(text)?;
            let fresh = SourceRow { name: name.clone(), count: 0, last: 0, whole: 0, heard: None };
            found.entry(name).or_insert(fresh).heard = Some(heard);
        }
        Ok(found.into_values().collect())
    }

    /// The first ranges of numbers of a source that are missing, up to the last one that it must have given; `max` at most.
    ///
    /// # Errors
    /// The database's own error.
    pub fn missing_numbers(&self, source: &SourceRow, max: usize) -> Result<Vec<(u64, u64)>, StoreError> {
        let mut query = self.db.prepare_cached(NUMBERS_BEHIND)?;
        let mut rows = query.query(params![source.name.as_str(), to_integer(source.whole)])?;
        let (mut gaps, mut next) = (Vec::new(), source.whole + 1);
        while gaps.len() < max
            && let Some(row) = rows.next()?
        {
            let here = number(row.get(0)?);
            if here > next {
                gaps.push((next, here - 1));
            }
            next = here + 1;
        }
        if gaps.len() < max && source.given() >= next {
            gaps.push((next, source.given()));
        }
        Ok(gaps)
    }

    /// The record of what bears this number.
    ///
    /// # Errors
    /// The database's own error, or a damaged row.
    pub fn with_number(&self, source: &SourceRef) -> Result<Option<RecordId>, StoreError> {
        let sql = "SELECT record FROM source_numbers WHERE source = ?1 AND number = ?2";
        let mut query = self.db.prepare_cached(sql)?;
        let id =
            query.query_row(params![source.name.as_str(), to_integer(source.number)], |row| row.get(0)).optional()?;
        id.map(|id| record_id("source_numbers", id)).transpose()
    }

    /// Every number that came in, with its record.
    ///
    /// # Errors
    /// The database's own error, or a damaged row.
    pub fn numbers(&self) -> Result<BTreeMap<SourceRef, RecordId>, StoreError> {
        let mut query = self.db.prepare("SELECT source, number, record FROM source_numbers")?;
        let mut rows = query.query([])?;
        let mut found = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let source = SourceRef { name: name(row.get(0)?)?, number: number(row.get(1)?) };
            found.insert(source, record_id("source_numbers", row.get(2)?)?);
        }
        Ok(found)
    }

    /// The newest word of each source, with its record.
    ///
    /// # Errors
    /// The database's own error, or a damaged row.
    pub fn heartbeats(&self) -> Result<BTreeMap<SourceName, (RecordId, u64, Timestamp)>, StoreError> {
        let mut query = self.db.prepare("SELECT source, record, number, heard FROM heartbeats")?;
        let mut rows = query.query([])?;
        let mut found = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let text: String = row.get(0)?;
            let record = record_id("heartbeats", row.get(1)?)?;
            let said = (record, number(row.get(2)?), time("heartbeats", &text, row.get(3)?)?);
            found.insert(name(text)?, said);
        }
        Ok(found)
    }
}

/// The source and its number in two columns of a row, both there or none.
pub(crate) fn numbered(
    table: &'static str,
    row: &str,
    source: Option<String>,
    given: Option<i64>,
) -> Result<Option<SourceRef>, StoreError> {
    let damaged = |_| StoreError::Damaged { table, row: row.to_owned(), what: "source".to_owned() };
    let Some((source, given)) = source.zip(given) else { return Ok(None) };
    Ok(Some(SourceRef { name: SourceName::try_from(source).map_err(damaged)?, number: number(given) }))
}

fn number(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

fn name(text: String) -> Result<SourceName, StoreError> {
    let damaged =
        |what: &str| StoreError::Damaged { table: "source_numbers", row: text.clone(), what: what.to_owned() };
    SourceName::try_from(text.clone()).map_err(|_| damaged("source"))
}
