//! The nouns of Sakimori and their canonical JSON. No input or output, no clock, no async.
//!
//! The order of the modules is the order of the flow: an [`Observation`] is examined into [`Finding`]s, the policy
//! turns them into a [`Decision`], the decision becomes a [`Statement`] that is recorded under a [`Receipt`], and what
//! leaves the organisation carries a [`Tlp`] marking.

mod access;
mod admission;
pub mod bom;
mod canonical;
mod decision;
mod digest;
mod erasure;
mod fact;
mod finding;
pub mod fuzz;
mod incident;
mod key_change;
mod lang;
mod observation;
mod place;
mod receipt;
mod schema;
mod shown;
mod source;
mod statement;
pub mod stix;
mod technique;
mod time;
mod tlp;
pub mod words;

pub use access::{
    AccessEvent, AccessId, AccessIdError, AccessPredicate, AccountState, Actor, OidcSubject, Role, Scope, SignInMethod,
    TokenState, UnknownRight,
};
pub use admission::{
    AdmissionPredicate, AdmissionState, Basis, ModelRole, RegisterEntry, SignatureState, SigstoreSigner, UnknownWord,
    VettedFile, Vetting,
};
pub use canonical::{CanonicalError, canonical_json};
pub use decision::{Decision, Effect, PolicyError, PolicyRef, Reason};
pub use digest::{Digest, DigestError};
pub use erasure::{ErasedRecord, ErasurePredicate};
pub use fact::{Fact, FactName};
pub use finding::{Code, CodeError, Confidence, Contribution, Finding, RuleRef, Severity, UnknownLevel};
pub use incident::{ForkShown, IncidentEvent, IncidentPredicate};
pub use key_change::{KeyEvent, KeyPredicate};
pub use lang::{Lang, Text};
pub use observation::{ExaminerRef, Kind, Observation, Subject};
pub use place::Place;
pub use receipt::Receipt;
pub use schema::{Schema, schemas};
pub use shown::{push_shown, shown};
pub use source::{HeartbeatPredicate, SOURCE_CHARS_MAX, SOURCE_NUMBER_MAX, SourceName, SourceNameError, SourceRef};
pub use statement::{
    ACCESS_PREDICATE, ADMISSION_PREDICATE, DECISION_PREDICATE, DecisionPredicate, DigestSet, ERASURE_PREDICATE,
    HEARTBEAT_PREDICATE, JUDGEMENT_PREDICATE, JudgementPredicate, KEY_PREDICATE, POLICY_PREDICATE, PolicyPredicate,
    Predicate, RecordId, RecordIdError, ResourceDescriptor, SHARE_PREDICATE, STATEMENT_TYPE, SharePredicate, Statement,
    StatementError,
};
pub use technique::{Framework, Technique};
pub use time::{Timestamp, TimestampError};
pub use tlp::Tlp;
