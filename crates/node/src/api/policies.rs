//! The policy that decides: reading it, trying another one, and letting that one decide.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use sakimori_model::{Digest, PolicyPredicate, PolicyRef, Predicate, RecordId, Statement, Timestamp};
use sakimori_store::{Aside, PolicyRow, Store};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::app::App;
use super::caller::Who;
use super::decisions::repeated;
use super::dto::{By, Job, List};
use super::extract::{Json, Named, tagged};
use super::problem::{Problem, ProblemDocument, Trouble};
use super::{jobs, language};
use crate::decide::{DEFAULT_POLICY, Policy};
use crate::node::parsed;
use crate::observe::{new_record, now};
use crate::record::Entry;

/// Policies that are listed.
const POLICIES_MAX: usize = 200;

/// A policy that decides or has decided.
#[derive(Debug, Serialize, ToSchema)]
pub struct PolicyItem {
    /// The record of the change; `null` for the policy that the program comes with.
    #[schema(value_type = Option<String>, format = "uuid")]
    record: Option<RecordId>,
    /// Its id.
    id: String,
    /// The digest of its text.
    #[schema(value_type = String)]
    sha256: Digest,
    /// From when on it decided.
    #[schema(value_type = Option<String>, format = "date-time")]
    activated: Option<Timestamp>,
    /// Who changed it.
    by: Option<By>,
    /// It decides now.
    active: bool,
}

/// A policy with its text.
#[derive(Debug, Serialize, ToSchema)]
pub struct PolicyText {
    /// Its id.
    id: String,
    /// The digest of its text.
    sha256: String,
    /// The text (TOML).
    text: String,
}

/// The text of a policy.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPolicy {
    /// TOML, as `sakimori policy show` prints it.
    text: String,
}

/// The policies that decide or have decided, newest first.
#[utoipa::path(get, path = "/api/v1/policies", tag = "policies",
    responses((status = 200, body = List<PolicyItem>),
        (status = "4XX", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn list(State(app): State<Arc<App>>) -> Result<axum::Json<List<PolicyItem>>, Problem> {
    app.readers
        .read(|reader| -> Result<_, Problem> {
            let rows = reader.store.policies(POLICIES_MAX)?;
            let mut items = Vec::new();
            for (n, row) in rows.into_iter().enumerate() {
                items.push(item(&reader.store, row, n == 0)?);
            }
            if items.len() < POLICIES_MAX {
                let first = Policy::parse(DEFAULT_POLICY).map_err(crate::NodeError::from)?;
                let (record, activated, by, active) = (None, None, None, items.is_empty());
                let sha256 = Digest::of(DEFAULT_POLICY.as_bytes());
                items.push(PolicyItem { record, id: first.id().to_owned(), sha256, activated, by, active });
            }
            Ok(axum::Json(List { items, next: None }))
        })
        .await
}

fn item(store: &Store, row: PolicyRow, active: bool) -> Result<PolicyItem, Problem> {
    let record = store.record(row.record)?.map(|record| parsed(&record)).transpose()?;
    let by = match record.map(|statement| statement.predicate) {
        Some(Predicate::Policy(change)) => Some(By::read(store, &change.by)?),
        _ => None,
    };
    let (record, activated) = (Some(row.record), Some(row.activated));
    Ok(PolicyItem { record, id: row.id, sha256: row.sha256, activated, by, active })
}

/// The policy that decides now.
#[utoipa::path(get, path = "/api/v1/policies/active", tag = "policies",
    responses((status = 200, body = PolicyText), (status = 304, description = "the caller has it already"),
        (status = "4XX", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn active(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, Problem> {
    let newest = app.readers.read(|reader| -> Result<_, Problem> { Ok(reader.store.policies(1)?.pop()) }).await?;
    let text = newest.map_or_else(|| DEFAULT_POLICY.to_owned(), |row| row.text);
    let policy = Policy::parse(&text).map_err(crate::NodeError::from)?;
    let sha256 = Digest::of(text.as_bytes()).to_string();
    tagged(&headers, &PolicyText { id: policy.id().to_owned(), sha256, text })
}

/// Tries a policy on everything that was recorded, as a job. Nothing is recorded.
#[utoipa::path(post, path = "/api/v1/policies/test", tag = "policies", request_body = NewPolicy,
    responses((status = 202, body = Job),
        (status = "4XX", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn test(
    State(app): State<Arc<App>>,
    who: Who,
    uri: Uri,
    headers: HeaderMap,
    body: Json<NewPolicy>,
) -> Result<Response, Problem> {
    let policy = usable(&body.0.text)?;
    let row = jobs::begin_policy_test(&app, &who, policy.id(), body.0.text).await?;
    let job = Job::of(&row, language::of(&uri, &headers, who.lang()));
    Ok((StatusCode::ACCEPTED, axum::Json(job)).into_response())
}

/// Lets a policy decide from now on.
#[utoipa::path(post, path = "/api/v1/policies", tag = "policies", params(super::extract::NameOfWrite),
    request_body = NewPolicy,
    responses((status = 201, body = PolicyItem),
        (status = "4XX", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn activate(
    State(app): State<Arc<App>>,
    who: Who,
    named: Named,
    body: Json<NewPolicy>,
) -> Result<Response, Problem> {
    let text = body.0.text;
    let policy = usable(&text)?;
    let sha256 = Digest::of(text.as_bytes());
    let named = named.write(&who, "policy", sha256.as_bytes());
    let _turn = app.turns.lock().await;
    if let Some(record) = repeated(&app, named.as_ref()).await? {
        return created(&app, record).await;
    }
    let (id, record) = (policy.id().to_owned(), new_record());
    let change = PolicyPredicate {
        record,
        activated: now(),
        by: who.actor.clone(),
        policy: PolicyRef { id: id.clone(), sha256 },
    };
    let statement = Statement::about(&format!("policy:{id}"), sha256, Predicate::Policy(change));
    app.recorder.record(vec![Entry::of(statement).beside(Aside::PolicyText(text)).named(named)]).await?;
    app.examining.set_policy(policy);
    created(&app, record).await
}

async fn created(app: &App, record: RecordId) -> Result<Response, Problem> {
    let item = app.readers.read(move |reader| -> Result<_, Problem> {
        let rows = reader.store.policies(POLICIES_MAX)?;
        let newest = rows.first().map(|row| row.record);
        let row = rows.into_iter().find(|row| row.record == record);
        row.map(|row| item(&reader.store, row, newest == Some(record))).transpose()
    });
    let item = item.await?.ok_or_else(|| Problem::of(Trouble::NotFound))?;
    Ok((StatusCode::CREATED, axum::Json(item)).into_response())
}

/// A policy of which every rule can be applied. One that came in by another way may have others: see [`Policy::errors`].
fn usable(text: &str) -> Result<Policy, Problem> {
    let policy = Policy::parse(text).map_err(|error| Problem::with(Trouble::Policy, error))?;
    match policy.errors().first() {
        Some(first) => Err(Problem::with(Trouble::Policy, format_args!("rule {}: {}", first.rule, first.error))),
        None => Ok(policy),
    }
}
