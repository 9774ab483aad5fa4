//! Rows of the tables, and how they follow from the statement that justifies them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use rusqlite::Row;
use sakimori_model::{Code, Digest, Finding, Predicate, RecordId, Severity, Statement, Timestamp};
use serde::{Deserialize, Serialize};

use crate::StoreError;

/// A record to be staged.
pub struct Staged<'a> {
    /// What is recorded.
    pub statement: &'a Statement,
    /// Its canonical JSON.
    pub bytes: &'a [u8],
    /// 32 random bytes.
    pub salt: &'a [u8; 32],
    /// What the log will hold: the salted digest of the statement.
    pub commitment: Digest,
    /// What leaves because of it: a target and a body.
    pub outbox: Option<(&'a str, &'a [u8])>,
    /// What is kept beside the statement, because it must not stand in it.
    pub aside: Option<&'a Aside>,
    /// The name that the caller gave to this write.
    pub idempotency: Option<&'a Idempotency>,
    /// The key of the bytes that it is about, where they are kept.
    pub vault_key: Option<&'a [u8; 32]>,
}

/// What is kept beside a statement, because it must not stand in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Aside {
    /// The password's hash of an account (PHC string). The statement has the digest of it.
    Credential(String),
    /// The text of a policy. The statement has the digest of it.
    PolicyText(String),
    /// What is kept of what was vetted.
    Vetted {
        /// Its bill of materials. The statement has the digest of it.
        bom: String,
        /// Its path, as the system finds it from any folder. The statement has the path as the user gave it.
        place: PathBuf,
    },
}

/// A write that a caller named, so that its repetition is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idempotency {
    /// Who wrote.
    pub caller: String,
    /// The name.
    pub key: String,
    /// The digest of the request: the same name for another request is an error.
    pub fingerprint: Digest,
    /// When.
    pub made: Timestamp,
}

/// A record as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its id.
    pub id: RecordId,
    /// What it records, such as `decision`.
    pub kind: String,
    /// The canonical JSON of its statement.
    pub statement: Vec<u8>,
    /// The salt of its commitment.
    pub salt: [u8; 32],
    /// What the log holds.
    pub commitment: Digest,
    /// Its place in the log; `None` between staging and sequencing only.
    pub log_index: Option<u64>,
    /// The record of its erasure: then statement and salt are gone, or about to be.
    pub erased_by: Option<RecordId>,
}

/// A row of `decisions`. All of it follows from the statement: see [`DecisionRow::of`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionRow {
    /// The record.
    pub record: RecordId,
    /// Where the observation came from.
    pub path: String,
    /// SHA-256 of its bytes.
    pub sha256: Digest,
    /// Their number.
    pub size: u64,
    /// What they are.
    pub kind: String,
    /// All of it was examined.
    pub examined: bool,
    /// allow, review or block.
    pub effect: String,
    /// The sum of all points.
    pub score: i64,
    /// When it was observed.
    pub observed: Timestamp,
    /// The worst finding.
    pub top: Option<TopFinding>,
}

/// The worst finding of a decision, as lists show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TopFinding {
    /// Its code.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// The values for the texts of the code.
    pub params: BTreeMap<String, String>,
}

/// A row of `judgements`. All of it follows from the statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JudgementRow {
    /// The record.
    pub record: RecordId,
    /// The record of the decision that was judged.
    pub of: RecordId,
    /// allow or block.
    pub effect: String,
    /// When.
    pub judged: Timestamp,
}

/// A row of `policies`. Its text has the digest that the statement names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyRow {
    /// The record.
    pub record: RecordId,
    /// The policy's id.
    pub id: String,
    /// The digest of its text.
    pub sha256: Digest,
    /// Its text.
    pub text: String,
    /// From when on it decides.
    pub activated: Timestamp,
}

/// A row of `shares`. All of it follows from the statement: see [`ShareRow::of`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShareRow {
    /// The record.
    pub record: RecordId,
    /// The record whose content was shared.
    pub of: RecordId,
    /// The TLP label.
    pub marking: String,
    /// The format.
    pub format: String,
    /// When it was shared.
    pub shared: Timestamp,
}

/// Something that waits to leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxItem {
    /// The record that justifies it.
    pub record: RecordId,
    /// Where it goes.
    pub target: String,
    /// What goes there.
    pub body: Vec<u8>,
}

impl DecisionRow {
    /// The row that a statement justifies, if it is a decision.
    #[must_use]
    pub fn of(statement: &Statement) -> Option<Self> {
        let (Predicate::Decision(decision), Some(subject)) = (&statement.predicate, statement.subject.first()) else {
            return None;
        };
        Some(Self {
            record: decision.record,
            path: subject.name.clone(),
            sha256: subject.digest.sha256,
            size: decision.size,
            kind: decision.kind.as_str().to_owned(),
            examined: decision.examined,
            effect: decision.decision.effect.as_str().to_owned(),
            score: decision.decision.score,
            observed: decision.observed,
            top: TopFinding::of(&decision.findings),
        })
    }
}

impl TopFinding {
    /// The first of the worst findings, by severity and then by points.
    #[must_use]
    pub fn of(findings: &[Finding]) -> Option<Self> {
        // `max_by_key` gives the last of equals, and the first in the content is wanted.
        let worst = findings.iter().rev().max_by_key(|finding| (finding.severity, finding.points()))?;
        Some(Self { code: worst.code.clone(), severity: worst.severity, params: worst.params.clone() })
    }
}

impl JudgementRow {
    /// The row that a statement justifies, if it is a judgement.
    #[must_use]
    pub fn of(statement: &Statement) -> Option<Self> {
        let Predicate::Judgement(judgement) = &statement.predicate else { return None };
        Some(Self {
            record: judgement.record,
            of: judgement.of,
            effect: judgement.effect.as_str().to_owned(),
            judged: judgement.judged,
        })
    }
}

impl ShareRow {
    /// The row that a statement justifies, if it is a share.
    #[must_use]
    pub fn of(statement: &Statement) -> Option<Self> {
        let Predicate::Share(share) = &statement.predicate else { return None };
        Some(Self {
            record: share.record,
            of: share.of,
            marking: share.marking.as_str().to_owned(),
            format: share.format.clone(),
            shared: share.shared,
        })
    }
}

/// A count as SQLite's signed integer. Nothing that we count comes near the bound.
pub fn to_integer(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The columns of a record, in the order in which [`record`] reads them.
pub const RECORD_COLUMNS: &str = "id, kind, statement, salt, commitment, log_index, \
                                  (SELECT e.record FROM erasures e WHERE e.of_record = id)";

pub fn record(row: &Row<'_>) -> Result<Record, StoreError> {
    let id = record_id("records", row.get(0)?)?;
    let damaged = |what: &str| StoreError::Damaged { table: "records", row: id.to_string(), what: what.to_owned() };
    let salt: Vec<u8> = row.get(3)?;
    let log_index: Option<i64> = row.get(5)?;
    Ok(Record {
        id,
        kind: row.get(1)?,
        statement: row.get(2)?,
        salt: salt.try_into().map_err(|_| damaged("salt"))?,
        commitment: digest("records", &id.to_string(), row.get(4)?)?,
        log_index: log_index.map(|i| u64::try_from(i).map_err(|_| damaged("log_index"))).transpose()?,
        erased_by: row.get::<_, Option<String>>(6)?.map(|by| record_id("erasures", by)).transpose()?,
    })
}

/// The columns of a decision, in the order in which [`decision`] reads them.
pub const DECISION_COLUMNS: &str = "record, path, sha256, size, kind, examined, effect, score, observed, top";

pub fn decision(row: &Row<'_>) -> Result<DecisionRow, StoreError> {
    let record = record_id("decisions", row.get(0)?)?;
    let damaged =
        |what: &str| StoreError::Damaged { table: "decisions", row: record.to_string(), what: what.to_owned() };
    Ok(DecisionRow {
        record,
        path: row.get(1)?,
        sha256: digest("decisions", &record.to_string(), row.get(2)?)?,
        size: u64::try_from(row.get::<_, i64>(3)?).map_err(|_| damaged("size"))?,
        kind: row.get(4)?,
        examined: row.get(5)?,
        effect: row.get(6)?,
        score: row.get(7)?,
        observed: Timestamp::from_micros(row.get(8)?).map_err(|_| damaged("observed"))?,
        top: row
            .get::<_, Option<String>>(9)?
            .map(|text| serde_json::from_str(&text).map_err(|_| damaged("top")))
            .transpose()?,
    })
}

pub fn share(row: &Row<'_>) -> Result<ShareRow, StoreError> {
    let record = record_id("shares", row.get(0)?)?;
    let shared = Timestamp::from_micros(row.get(4)?).map_err(|_| StoreError::Damaged {
        table: "shares",
        row: record.to_string(),
        what: "shared".to_owned(),
    })?;
    Ok(ShareRow { record, of: record_id("shares", row.get(1)?)?, marking: row.get(2)?, format: row.get(3)?, shared })
}

pub fn time(table: &'static str, row: &str, micros: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_micros(micros).map_err(|_| StoreError::Damaged {
        table,
        row: row.to_owned(),
        what: "time".to_owned(),
    })
}

pub fn record_id(table: &'static str, text: String) -> Result<RecordId, StoreError> {
    text.parse().map_err(|_| StoreError::Damaged { table, row: text, what: "record id".to_owned() })
}

pub fn digest(table: &'static str, row: &str, bytes: Vec<u8>) -> Result<Digest, StoreError> {
    let bytes: [u8; 32] =
        bytes.try_into().map_err(|_| StoreError::Damaged { table, row: row.to_owned(), what: "digest".to_owned() })?;
    Ok(Digest::from_bytes(bytes))
}
