//! Reading in pages: decisions, findings, records, and what the overview counts.

use rusqlite::types::Value;
use rusqlite::{OptionalExtension as _, params, params_from_iter};
use sakimori_model::{Code, Digest, Effect, Finding, Predicate, RecordId, Severity, Statement, Timestamp};

use crate::rows::{self, DECISION_COLUMNS, DecisionRow, JudgementRow, PolicyRow, digest, record_id, time};
use crate::{Store, StoreError};

/// Rows that one page looks at when a filter has no index of its own. A page may then hold fewer rows than were asked
/// for, and still have a next one.
const SCANNED_ROWS_MAX: usize = 20_000;
/// What waits is counted up to here.
pub const WAITING_COUNT_MAX: u64 = 10_000;

/// Which decisions are wanted. All conditions hold together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DecisionFilter {
    /// With this effect.
    pub effect: Option<Effect>,
    /// Of this kind.
    pub kind: Option<String>,
    /// That wait for a person.
    pub waiting: Option<Waiting>,
    /// Of exactly these bytes.
    pub sha256: Option<Digest>,
    /// With this text in their name, small and capital letters alike.
    pub name: Option<String>,
    /// Recorded at this time or later.
    pub since: Option<Timestamp>,
    /// Recorded before this time.
    pub until: Option<Timestamp>,
}

/// Whether a decision waits for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// It does.
    Yes,
    /// It does not.
    No,
}

/// One page of a list, and where the next one begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T, C> {
    /// The rows.
    pub items: Vec<T>,
    /// The last row that was looked at; `None` when there are no more.
    pub next: Option<C>,
}

/// A decision with what people made of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JudgedDecision {
    /// The decision.
    pub decision: DecisionRow,
    /// A person has to judge it.
    pub waiting: bool,
    /// The newest judgement.
    pub judgement: Option<JudgementRow>,
    /// Its place in the log.
    pub log_index: Option<u64>,
}

/// A row of `findings`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindingRow {
    /// The record of the decision.
    pub record: RecordId,
    /// Its number in the decision, counted from 0.
    pub n: u32,
    /// The code.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// Its points.
    pub points: i64,
}

/// A record as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordRow {
    /// Its id.
    pub id: RecordId,
    /// The word for its predicate.
    pub kind: String,
    /// Its place in the log.
    pub log_index: Option<u64>,
}

/// How many decisions: a row of `tallies`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// Hours since 1970-01-01T00:00:00Z.
    pub hour: i64,
    /// allow, review or block.
    pub effect: String,
    /// What they were.
    pub kind: String,
    /// Their number.
    pub count: u64,
}

/// A condition of a query with its value.
struct Conditions {
    sql: String,
    values: Vec<Value>,
}

impl Conditions {
    fn new() -> Self {
        Self { sql: String::from("1"), values: Vec::new() }
    }

    fn and(&mut self, condition: &str, value: impl Into<Value>) {
        self.values.push(value.into());
        self.sql.push_str(" AND ");
        self.sql.push_str(&condition.replace('?', &format!("?{}", self.values.len())));
    }
}

impl Store {
    /// Decisions, newest first, after this record: at most `limit` of them.
    ///
    /// # Errors
    /// The database's own error, or a damaged row.
    pub fn decisions(
        &self,
        filter: &DecisionFilter,
        after: Option<RecordId>,
        limit: usize,
    ) -> Result<Page<JudgedDecision, RecordId>, StoreError> {
        let conditions = filter.conditions(after);
        let sql = format!(
            "SELECT {DECISION_COLUMNS}, waiting FROM decisions WHERE {} ORDER BY record DESC LIMIT {}",
            conditions.sql,
            if filter.name.is_some() { SCANNED_ROWS_MAX } else { limit + 1 }
        );
        let mut query = self.db.prepare_cached(&sql)?;
        let mut rows = query.query(params_from_iter(conditions.values))?;
        let wanted = filter.name.as_ref().map(|name| name.to_lowercase());
        let (mut items, mut last, mut scanned) = (Vec::new(), None, 0);
        while let Some(row) = rows.next()? {
            if items.len() == limit {
                return self.judged(items, last);
            }
            let decision = rows::decision(row)?;
            scanned += 1;
            last = Some(decision.record);
            if wanted.as_ref().is_none_or(|name| decision.path.to_lowercase().contains(name)) {
                items.push((decision, row.get(10)?));
            }
        }
        self.judged(items, last.filter(|_| scanned == SCANNED_ROWS_MAX))
    }

    fn judged(
        &self,
        rows: Vec<(DecisionRow, bool)>,
        next: Option<RecordId>,
    ) -> Result<Page<JudgedDecision, RecordId>, StoreError> {
        let items = rows.into_iter().map(|(decision, waiting)| self.with_judgement(decision, waiting));
        Ok(Page { items: items.collect::<Result<_, _>>()?, next })
    }

    fn with_judgement(&self, decision: DecisionRow, waiting: bool) -> Result<JudgedDecision, StoreError> {
        let judgement = self.judgements(decision.record)?.pop();
        let sql = "SELECT log_index FROM records WHERE id = ?1";
        let index: Option<Option<i64>> =
            self.db.prepare_cached(sql)?.query_row([decision.record.to_string()], |row| row.get(0)).optional()?;
        let log_index = index.flatten().and_then(|index| u64::try_from(index).ok());
        Ok(JudgedDecision { decision, waiting, judgement, log_index })
    }

    /// One decision with what people made of it.
    ///
    /// # Errors
    /// The database's own error, or a damaged row.
    pub fn judged_decision(&self, record: RecordId) -> Result<Option<JudgedDecision>, StoreError> {
        let sql = "SELECT waiting FROM decisions WHERE record = ?1";
        let waiting = self.db.prepare_cached(sql)?.query_row([record.to_string()], |row| row.get(0)).optional()?;
        match (waiting, self.decision(record)?) {
            (Some(waiting), Some(decision)) => self.with_judgement(decision, waiting).map(Some),
            _ => Ok(None),
        }
    }

    /// The records with places in the log from `first` on, at most `max`: place, id and kind, in their order.
    ///
    /// # Errors
    /// The database's own error, or a damaged row.
    pub fn records_from(&self, first: u64, max: usize) -> Result<Vec<(u64, RecordId, String)>, StoreError> {
        let sql = "SELECT log_index, id, kind FROM records WHERE log_index >= ?1 ORDER BY log_index LIMIT ?2";
        let mut query = self.db.prepare_cached(sql)?;
        let mut rows = query.query(params![rows::to_integer(first), max as i64])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let index: i64 = row.get(0)?;
            found.push((u64::try_from(index).unwrap_or(0), record_id("records", row.get(1)?)?, row.get(2)?));
        }
        Ok(found)
    }

    /// The judgements of a decision, oldest first.
    ///
    /// # Errors
    /// The database's own error, or a damaged row.
    pub fn judgements(&self, of: RecordId) -> Result<Vec<JudgementRow>, StoreError> {
        let sql = "SELECT record, of_record, effect, judged FROM judgements WHERE of_record = ?1 ORDER BY record";
        let mut query = self.db.prepare_cached(sql)?;
        let mut rows = query.query([of.to_string()])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(JudgementRow {
                record: record_id("judgements", row.get(0)?)?,
                of: record_id("judgements", row.get(1)?)?,
                effect: row.get(2)?,
                judged: time("judgements", "", row.get(3)?)?,
            });
        }
        Ok(found)
    }

    /// The row of a judgement, by its record.
    ///
    /// # Errors
    /// The database's own error, or a damaged row.
    pub fn judgement(&self, record: RecordId) -> Result<Option<JudgementRow>, StoreError> {
        let sql = "SELECT of_record FROM judgements WHERE record = ?1";
        let of: Option<String> =
            self.db.prepare_cached(sql)?.query_row([record.to_string()], |row| row.get(0)).optional()?;
        let Some(of) = of else { return Ok(None) };
        let all = self.judgements(record_id("judgements", of)?)?;
        Ok(all.into_iter().find(|judgement| judgement.record == record))
    }

    /// Whether the row of a decision says that it waits for a person; `None` when there is no such row.
    ///
    /// # Errors
    /// The database's own error.
    pub fn is_waiting(&self, record: RecordId) -> Result<Option<bool>, StoreError> {
        let sql = "SELECT waiting FROM decisions WHERE record = ?1";
        Ok(self.db.prepare_cached(sql)?.query_row([record.to_string()], |row| row.get(0)).optional()?)
    }

    /// The findings of one decision, in their order.
    ///
    /// # Errors
    /// The database's own error, or a damaged row.
    pub fn findings_of(&self, record: RecordId) -> Result<Vec<FindingRow>, StoreError> {
        let sql = "SELECT record, n, code, severity, points FROM findings WHERE record = ?1 ORDER BY n";
        let mut query = self.db.prepare_cached(sql)?;
        let mut rows = query.query([record.to_string()])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(finding(row)?);
        }
        Ok(found)
    }

    /// Rows of `tallies` and `code_tallies` that are not what the decisions and their findings come to.
    ///
    /// # Errors
    /// The database's own error.
    pub fn miscounted(&self) -> Result<Vec<(&'static str, String)>, StoreError> {
        const HOUR: &str = "(observed - (observed % 3600000000 + 3600000000) % 3600000000) / 3600000000";
        let counted = format!("SELECT {HOUR} AS hour, effect, kind, count(*) FROM decisions GROUP BY 1, 2, 3");
        let codes = format!(
            "SELECT {HOUR} AS hour, code, count(DISTINCT findings.record) FROM findings \
             JOIN decisions ON decisions.record = findings.record GROUP BY 1, 2"
        );
        let sides = [
            ("tallies", counted, "hour || ' ' || effect || ' ' || kind", "hour, effect, kind, count"),
            ("code_tallies", codes, "hour || ' ' || code", "hour, code, count"),
        ];
        let mut found = std::collections::BTreeSet::new();
        for (table, counted, name, columns) in sides {
            let kept = format!("SELECT {columns} FROM {table}");
            for (one, other) in [(&counted, &kept), (&kept, &counted)] {
                // Both sides have the columns of `one`, which the first SELECT of a compound names.
                let named = format!(
                    "WITH one ({columns}) AS ({one}), other AS ({other}) SELECT {name} FROM (SELECT * FROM one EXCEPT SELECT * FROM other)"
                );
                let mut query = self.db.prepare(&named)?;
                for row in query.query_map([], |row| row.get::<_, String>(0))? {
                    found.insert((table, row?));
                }
            }
        }
        Ok(found.into_iter().collect())
    }

    /// Findings of all decisions, newest first, after this one: at most `limit` of them.
    ///
    /// # Errors
    /// The database's own error, or a damaged row.
    pub fn findings(
        &self,
        code: Option<&Code>,
        severity: Option<Severity>,
        after: Option<(RecordId, u32)>,
        limit: usize,
    ) -> Result<Page<FindingRow, (RecordId, u32)>, StoreError> {
        let mut conditions = Conditions::new();
        if let Some(code) = code {
            conditions.and("code = ?", code.as_str().to_owned());
        }
        if let Some(severity) = severity {
            conditions.and("severity = ?", severity.as_str().to_owned());
        }
        if let Some((record, n)) = after {
            conditions.and("record <= ?", record.to_string());
            let at = conditions.values.len();
            conditions.values.push(Value::from(i64::from(n)));
            conditions.sql.push_str(&format!(" AND (record < ?{at} OR n > ?{})", at + 1));
        }
        let sql = format!(
            "SELECT record, n, code, severity, points FROM findings WHERE {} ORDER BY record DESC, n LIMIT {}",
            conditions.sql,
            limit + 1
        );
        let mut query = self.db.prepare_cached(&sql)?;
        let mut rows = query.query(params_from_iter(conditions.values))?;
        let mut items: Vec<FindingRow> = Vec::new();
        while let Some(row) = rows.next()? {
            items.push(finding(row)?);
        }
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(|last| (last.record, last.n));
        Ok(Page { items, next })
    }

    /// Records, newest first, after this one: at most `limit` of them.
    ///
    /// # Errors
    /// The database's own error, or a damaged row.
    pub fn records(
        &self,
        kind: Option<&str>,
        after: Option<RecordId>,
        limit: usize,
    ) -> Result<Page<RecordRow, RecordId>, StoreError> {
        let mut conditions = Conditions::new();
        if let Some(kind) = kind {
            conditions.and("kind = ?", kind.to_owned());
        }
        if let Some(after) = after {
            conditions.and("id < ?", after.to_string());
        }
        let sql = format!(
            "SELECT id, kind, log_index FROM records WHERE {} ORDER BY id DESC LIMIT {}",
            conditions.sql,
            limit + 1
        );
        let mut query = self.db.prepare_cached(&sql)?;
        let mut rows = query.query(params_from_iter(conditions.values))?;
        let mut items: Vec<RecordRow> = Vec::new();
        while let Some(row) = rows.next()? {
            let index: Option<i64> = row.get(2)?;
            items.push(RecordRow {
                id: record_id("records", row.get(0)?)?,
                kind: row.get(1)?,
                log_index: index.and_then(|index| u64::try_from(index).ok()),
            });
        }
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(|last| last.id);
        Ok(Page { items, next })
    }

    /// How many decisions each hour brought, from this hour on.
    ///
    /// # Errors
    /// The database's own error.
    pub fn tallies(&self, since_hour: i64) -> Result<Vec<Tally>, StoreError> {
        let sql = "SELECT hour, effect, kind, count FROM tallies WHERE hour >= ?1 ORDER BY hour, effect, kind";
        let mut query = self.db.prepare_cached(sql)?;
        let rows = query.query_map([since_hour], |row| {
            let count: i64 = row.get(3)?;
            Ok(Tally { hour: row.get(0)?, effect: row.get(1)?, kind: row.get(2)?, count: count.max(0) as u64 })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The codes that most decisions have, from this hour on, with the number of these decisions.
    ///
    /// # Errors
    /// The database's own error.
    pub fn code_tallies(&self, since_hour: i64, max: usize) -> Result<Vec<(String, u64)>, StoreError> {
        let sql = "SELECT code, sum(count) AS total FROM code_tallies WHERE hour >= ?1 \
                   GROUP BY code ORDER BY total DESC, code LIMIT ?2";
        let mut query = self.db.prepare_cached(sql)?;
        let rows = query
            .query_map(params![since_hour, max as i64], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.max(0) as u64)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How many decisions wait for a person, up to [`WAITING_COUNT_MAX`], and since when the oldest does.
    ///
    /// # Errors
    /// The database's own error, or a damaged row.
    pub fn waiting_count(&self) -> Result<(u64, Option<Timestamp>), StoreError> {
        let sql = "SELECT count(*) FROM (SELECT 1 FROM decisions WHERE waiting = 1 LIMIT ?1)";
        let count: i64 = self.db.prepare_cached(sql)?.query_row([WAITING_COUNT_MAX as i64], |row| row.get(0))?;
        let sql = "SELECT observed FROM decisions WHERE waiting = 1 ORDER BY record LIMIT 1";
        let oldest: Option<i64> = self.db.prepare_cached(sql)?.query_row([], |row| row.get(0)).optional()?;
        Ok((count.max(0) as u64, oldest.map(|at| time("decisions", "", at)).transpose()?))
    }

    /// The policies that decided, newest first.
    ///
    /// # Errors
    /// The database's own error, or a damaged row.
    pub fn policies(&self, max: usize) -> Result<Vec<PolicyRow>, StoreError> {
        let sql = "SELECT record, id, sha256, text, activated FROM policies ORDER BY record DESC LIMIT ?1";
        let mut query = self.db.prepare_cached(sql)?;
        let mut rows = query.query([max as i64])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(PolicyRow {
                record: record_id("policies", row.get(0)?)?,
                id: row.get(1)?,
                sha256: digest("policies", "", row.get(2)?)?,
                text: row.get(3)?,
                activated: time("policies", "", row.get(4)?)?,
            });
        }
        Ok(found)
    }

    /// The record and the fingerprint of a write that a caller named.
    ///
    /// # Errors
    /// The database's own error, or a damaged row.
    pub fn named_write(&self, caller: &str, key: &str) -> Result<Option<(RecordId, Digest)>, StoreError> {
        let mut query =
            self.db.prepare_cached("SELECT record, fingerprint FROM idempotency WHERE caller = ?1 AND key = ?2")?;
        let mut rows = query.query([caller, key])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        Ok(Some((record_id("idempotency", row.get(0)?)?, digest("idempotency", key, row.get(1)?)?)))
    }

    /// Forgets the names of writes that are older than this.
    ///
    /// # Errors
    /// The database's own error.
    pub fn drop_named_writes(&mut self, before: Timestamp) -> Result<(), StoreError> {
        self.db.execute("DELETE FROM idempotency WHERE made < ?1", [before.as_micros()])?;
        Ok(())
    }
}

impl FindingRow {
    /// The rows that a statement justifies: none unless it is a decision.
    #[must_use]
    pub fn all_of(statement: &Statement) -> Vec<Self> {
        let Predicate::Decision(made) = &statement.predicate else { return Vec::new() };
        let row = |(n, finding): (u32, &Finding)| Self {
            record: made.record,
            n,
            code: finding.code.clone(),
            severity: finding.severity,
            points: finding.points(),
        };
        (0..).zip(&made.findings).map(row).collect()
    }
}

impl DecisionFilter {
    fn conditions(&self, after: Option<RecordId>) -> Conditions {
        let mut conditions = Conditions::new();
        match self.waiting {
            Some(Waiting::Yes) => conditions.sql.push_str(" AND waiting = 1"),
            Some(Waiting::No) => conditions.sql.push_str(" AND waiting = 0"),
            None => {}
        }
        if let Some(effect) = self.effect {
            conditions.and("effect = ?", effect.as_str().to_owned());
        }
        if let Some(kind) = &self.kind {
            conditions.and("kind = ?", kind.clone());
        }
        if let Some(sha256) = &self.sha256 {
            conditions.and("sha256 = ?", sha256.as_bytes().to_vec());
        }
        // The id of a record begins with the time when it was made (RFC 9562, section 5.7), which is shortly before the bytes
        // are observed: it bounds what is gone through, and the time itself decides.
        if let Some(since) = self.since {
            conditions.and("record >= ?", first_id(since.as_micros().saturating_sub(MADE_BEFORE_MICROS_MAX)));
            conditions.and("observed >= ?", since.as_micros());
        }
        if let Some(until) = self.until {
            // Of the same millisecond, too.
            conditions.and("record < ?", first_id(until.as_micros().saturating_add(1_000)));
            conditions.and("observed < ?", until.as_micros());
        }
        if let Some(after) = after {
            conditions.and("record < ?", after.to_string());
        }
        conditions
    }
}

/// Microseconds before an observation from which on the id of its record may have been made: an upload waits for its turn.
const MADE_BEFORE_MICROS_MAX: i64 = 3_600_000_000;

/// The least text that an id of a record made at this time, to the millisecond, can have.
pub(crate) fn first_id(micros: i64) -> String {
    let hex = format!("{:012x}", micros.div_euclid(1_000).max(0));
    format!("{}-{}", &hex[..8], &hex[8..12])
}

fn finding(row: &rusqlite::Row<'_>) -> Result<FindingRow, StoreError> {
    let record = record_id("findings", row.get(0)?)?;
    let damaged =
        |what: &str| StoreError::Damaged { table: "findings", row: record.to_string(), what: what.to_owned() };
    Ok(FindingRow {
        record,
        n: u32::try_from(row.get::<_, i64>(1)?).map_err(|_| damaged("n"))?,
        code: row.get::<_, String>(2)?.try_into().map_err(|_| damaged("code"))?,
        severity: row.get::<_, String>(3)?.parse().map_err(|_| damaged("severity"))?,
        points: row.get(4)?,
    })
}
