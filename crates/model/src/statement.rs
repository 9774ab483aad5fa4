//! Records: in-toto Statements (v1) with the predicate types of `docs/predicates/`.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::Uuid;

use crate::{
    AccessPredicate, Actor, AdmissionPredicate, CanonicalError, Decision, Digest, ErasurePredicate, ExaminerRef,
    Finding, HeartbeatPredicate, IncidentPredicate, KeyPredicate, Timestamp, Tlp, Vetting, canonical_json,
};

/// The type of every statement (in-toto Attestation Framework v1, Statement layer).
pub const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
/// The predicate type of a decision (`docs/predicates/decision-v1.md`).
pub const DECISION_PREDICATE: &str = "urn:sakimori:predicate:decision:v1";
/// The predicate type of a share (`docs/predicates/share-v1.md`).
pub const SHARE_PREDICATE: &str = "urn:sakimori:predicate:share:v1";
/// The predicate type of a judgement (`docs/predicates/judgement-v1.md`).
pub const JUDGEMENT_PREDICATE: &str = "urn:sakimori:predicate:judgement:v1";
/// The predicate type of a change of access (`docs/predicates/access-v1.md`).
pub const ACCESS_PREDICATE: &str = "urn:sakimori:predicate:access:v1";
/// The predicate type of a change of policy (`docs/predicates/policy-v1.md`).
pub const POLICY_PREDICATE: &str = "urn:sakimori:predicate:policy:v1";

/// The predicate type of an admission (`docs/predicates/admission-v1.md`).
pub const ADMISSION_PREDICATE: &str = "urn:sakimori:predicate:admission:v1";
/// The predicate type of an erasure (`docs/predicates/erasure-v1.md`).
pub const ERASURE_PREDICATE: &str = "urn:sakimori:predicate:erasure:v1";

/// The predicate type of a heartbeat (`docs/predicates/heartbeat-v1.md`).
pub const HEARTBEAT_PREDICATE: &str = "urn:sakimori:predicate:heartbeat:v1";
/// The predicate type of a change of the log's key (`docs/predicates/key-v1.md`).
pub const KEY_PREDICATE: &str = "urn:sakimori:predicate:key:v1";

/// An in-toto Statement (v1): what is said (the predicate) about which bytes (the subject).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// [`STATEMENT_TYPE`].
    #[serde(rename = "_type")]
    pub kind: String,
    /// The bytes that the predicate speaks of.
    pub subject: Vec<ResourceDescriptor>,
    /// What is said of them.
    #[serde(flatten)]
    pub predicate: Predicate,
}

/// What a statement says, by its `predicateType`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "predicateType", content = "predicate")]
pub enum Predicate {
    /// An observation was examined and decided.
    #[serde(rename = "urn:sakimori:predicate:decision:v1")]
    Decision(Box<DecisionPredicate>),
    /// A record left the organisation.
    #[serde(rename = "urn:sakimori:predicate:share:v1")]
    Share(SharePredicate),
    /// A person judged a decision.
    #[serde(rename = "urn:sakimori:predicate:judgement:v1")]
    Judgement(JudgementPredicate),
    /// Somebody signed in, or access changed.
    #[serde(rename = "urn:sakimori:predicate:access:v1")]
    Access(Box<AccessPredicate>),
    /// Another policy decides from now on.
    #[serde(rename = "urn:sakimori:predicate:policy:v1")]
    Policy(PolicyPredicate),
    /// A model may go live, or not.
    #[serde(rename = "urn:sakimori:predicate:admission:v1")]
    Admission(Box<AdmissionPredicate>),
    /// What was kept of records was destroyed.
    #[serde(rename = "urn:sakimori:predicate:erasure:v1")]
    Erasure(ErasurePredicate),
    /// The key that signs the log changed.
    #[serde(rename = "urn:sakimori:predicate:key:v1")]
    Key(KeyPredicate),
    /// A source said how far it has counted.
    #[serde(rename = "urn:sakimori:predicate:heartbeat:v1")]
    Heartbeat(HeartbeatPredicate),
    /// Something happened that somebody must look into.
    #[serde(rename = "urn:sakimori:predicate:incident:v1")]
    Incident(IncidentPredicate),
}

impl Predicate {
    /// The word for it in tables and interfaces.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Decision(_) => "decision",
            Self::Share(_) => "share",
            Self::Judgement(_) => "judgement",
            Self::Access(_) => "access",
            Self::Policy(_) => "policy",
            Self::Admission(_) => "admission",
            Self::Erasure(_) => "erasure",
            Self::Key(_) => "key",
            Self::Heartbeat(_) => "heartbeat",
            Self::Incident(_) => "incident",
        }
    }
}

/// A subject of a statement (in-toto ResourceDescriptor, the two fields that we write).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResourceDescriptor {
    /// What the bytes are called.
    pub name: String,
    /// Their digests.
    pub digest: DigestSet,
}

/// The digests of a subject (in-toto DigestSet; we write SHA-256 only).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DigestSet {
    /// SHA-256.
    pub sha256: Digest,
}

/// An observation was examined and decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionPredicate {
    /// The id of this record.
    pub record: RecordId,
    /// When it was observed.
    pub observed: Timestamp,
    /// Who submitted it, where it came in over the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Actor>,
    /// The source that sent it, and the number that it gave to it, where it numbers what it sends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<crate::SourceRef>,
    /// What the bytes are, judged by their content.
    pub kind: crate::Kind,
    /// The number of bytes.
    pub size: u64,
    /// `true` when all of it was examined.
    pub examined: bool,
    /// The examiners that took part.
    pub examiners: Vec<ExaminerRef>,
    /// The digest over all detection rules that were applied, if any were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<Digest>,
    /// What they found.
    pub findings: Vec<Finding>,
    /// What the policy made of it.
    pub decision: Decision,
    /// Where a model or an agent's package was examined as one: its files. The subject is then the model, with the digest
    /// over its files where they are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vetting: Option<Vetting>,
}

/// A record left the organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SharePredicate {
    /// The id of this record.
    pub record: RecordId,
    /// When it was shared.
    pub shared: Timestamp,
    /// The record whose content was shared.
    pub of: RecordId,
    /// The marking that it carries.
    pub marking: Tlp,
    /// The format, such as `stix-2.1`.
    pub format: String,
    /// What was left out or replaced, by name.
    pub redactions: Vec<String>,
}

/// A person judged a decision: what was to be reviewed may be used or not, or a block is lifted. The subject is that
/// of the decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JudgementPredicate {
    /// The id of this record.
    pub record: RecordId,
    /// When it was judged.
    pub judged: Timestamp,
    /// Who judged.
    pub by: Actor,
    /// The record of the decision.
    pub of: RecordId,
    /// What holds from now on: `allow` or `block`.
    pub effect: crate::Effect,
    /// Why, in the person's words.
    pub note: String,
}

/// Another policy decides from now on. The subject is the policy file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyPredicate {
    /// The id of this record.
    pub record: RecordId,
    /// From when on.
    pub activated: Timestamp,
    /// Who changed it.
    pub by: Actor,
    /// The policy.
    pub policy: crate::PolicyRef,
}

/// A statement that is not what it says.
#[derive(Clone, Debug, Error, PartialEq, Eq, PartialOrd, Ord)]
pub enum StatementError {
    /// Not JSON of a statement that this build knows.
    #[error("not a statement: {0}")]
    Form(String),
    /// JSON, but not in its canonical form: its digest would not be stable.
    #[error("the statement is not canonical JSON (RFC 8785)")]
    NotCanonical,
    /// `_type` is not [`STATEMENT_TYPE`].
    #[error("the statement has the unknown type {0:?}")]
    Type(String),
}

impl Statement {
    /// A statement about bytes with this name and digest.
    #[must_use]
    pub fn about(name: &str, sha256: Digest, predicate: Predicate) -> Self {
        let subject = vec![ResourceDescriptor { name: name.to_owned(), digest: DigestSet { sha256 } }];
        Self { kind: STATEMENT_TYPE.to_owned(), subject, predicate }
    }

    /// The bytes that are committed to.
    ///
    /// # Errors
    /// When the statement has no canonical form; see [`canonical_json`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, CanonicalError> {
        canonical_json(self)
    }

    /// Reads a statement and refuses what we would not write: unknown fields, another type, another byte order.
    ///
    /// # Errors
    /// One variant of [`StatementError`] for each of these.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StatementError> {
        let statement: Self = serde_json::from_slice(bytes).map_err(|e| StatementError::Form(e.to_string()))?;
        if statement.kind != STATEMENT_TYPE {
            return Err(StatementError::Type(statement.kind));
        }
        match statement.to_bytes() {
            Ok(canonical) if canonical == bytes => Ok(statement),
            _ => Err(StatementError::NotCanonical),
        }
    }

    /// The id of the record.
    #[must_use]
    pub fn record(&self) -> RecordId {
        match &self.predicate {
            Predicate::Decision(decision) => decision.record,
            Predicate::Share(share) => share.record,
            Predicate::Judgement(judgement) => judgement.record,
            Predicate::Access(access) => access.record,
            Predicate::Policy(policy) => policy.record,
            Predicate::Admission(admission) => admission.record,
            Predicate::Erasure(erasure) => erasure.record,
            Predicate::Key(change) => change.record,
            Predicate::Heartbeat(beat) => beat.record,
            Predicate::Incident(incident) => incident.record,
        }
    }
}

/// The id of a record: a UUID of version 7, so that ids sort by time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RecordId(Uuid);

/// A text that is no record id.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("not a record id: a UUID such as 019a8b4e-7c1d-7def-8a2b-3c4d5e6f7081 is needed")]
pub struct RecordIdError;

impl RecordId {
    /// From a UUID that the caller made.
    #[must_use]
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid)
    }

    /// When it was made: milliseconds since 1970 (RFC 9562, section 5.7).
    #[must_use]
    pub const fn millis(self) -> u64 {
        (self.0.as_u128() >> 80) as u64
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl fmt::Debug for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for RecordId {
    type Err = RecordIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let uuid = Uuid::try_parse(text).map_err(|_| RecordIdError)?;
        // One id has one spelling: it is a key in tables and file names.
        if uuid.hyphenated().to_string() == text { Ok(Self(uuid)) } else { Err(RecordIdError) }
    }
}

impl TryFrom<String> for RecordId {
    type Error = RecordIdError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<RecordId> for String {
    fn from(id: RecordId) -> Self {
        id.to_string()
    }
}

impl JsonSchema for RecordId {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "RecordId".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "uuid", "description": "UUID version 7" })
    }
}
