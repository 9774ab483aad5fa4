//! Accounts, for administrators.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use sakimori_model::{AccessEvent, AccessId, AccountState, OidcSubject, Predicate, RecordId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::access::{entry, fresh, hashed, is_last_administrator, is_taken, new_access, record};
use super::app::App;
use super::caller::Who;
use super::decisions::repeated;
use super::dto::{Account, List, PageQuery, RoleWord};
use super::extract::{Asked, Json, Named, Path, limit};
use super::problem::{Problem, ProblemDocument, Trouble};
use super::session::with_password;
use crate::access::name::AccountName;
use crate::access::role::Role;
use crate::node::parsed;
use crate::observe::now;

/// Most characters of a subject at a provider (OpenID Connect Core 1.0, section 2).
const SUBJECT_CHARS_MAX: usize = 255;

/// An account to be made. Either a password or a subject at the provider is needed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAccount {
    /// The name with which one signs in. Capital letters become small ones.
    #[schema(min_length = 1, max_length = 64)]
    name: String,
    /// What it may do.
    #[schema(value_type = RoleWord)]
    role: Role,
    /// Its first password.
    #[schema(min_length = 12, max_length = 256)]
    password: Option<String>,
    /// The person at the configured OpenID provider (`sub`).
    #[schema(min_length = 1, max_length = 255)]
    oidc_subject: Option<String>,
}

/// What is to be changed of an account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountChange {
    /// What it may do.
    #[schema(value_type = Option<RoleWord>)]
    role: Option<Role>,
    /// False: nobody may sign in with it any more, and its sessions and tokens are worth nothing.
    active: Option<bool>,
    /// Another password; its sessions end.
    #[schema(min_length = 12, max_length = 256)]
    password: Option<String>,
}

/// All accounts, by name.
#[utoipa::path(get, path = "/api/v1/users", tag = "access", params(PageQuery),
    responses((status = 200, body = List<Account>),
        (status = "4XX", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn list(State(app): State<Arc<App>>, page: Asked<PageQuery>) -> Result<axum::Json<List<Account>>, Problem> {
    let limit = limit(&page.0)?;
    let after = page.0.after.unwrap_or_default();
    let rows = app.readers.read(|reader| -> Result<_, Problem> { Ok(reader.store.accounts()?) }).await?;
    let mut rest = rows.iter().filter(|row| row.state.name > after);
    let items: Vec<Account> = rest.by_ref().take(limit).map(|row| Account::from(&row.state)).collect();
    let next = rest.next().and(items.last()).map(|last| last.name.clone());
    Ok(axum::Json(List { items, next }))
}

/// What makes this request the same as another one. Not the password: its plain digest must not be stored.
#[derive(Serialize)]
struct Fingerprint<'a> {
    name: &'a str,
    role: Role,
    oidc_subject: Option<&'a str>,
}

/// Makes an account.
#[utoipa::path(post, path = "/api/v1/users", tag = "access", params(super::extract::NameOfWrite),
    request_body = NewAccount,
    responses((status = 201, body = Account),
        (status = "4XX", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn create(
    State(app): State<Arc<App>>,
    who: Who,
    named: Named,
    body: Json<NewAccount>,
) -> Result<Response, Problem> {
    let wanted = body.0;
    let name = AccountName::new(&wanted.name)?;
    let subject = wanted.oidc_subject.as_deref();
    let fingerprint = Fingerprint { name: name.as_str(), role: wanted.role, oidc_subject: subject };
    let named = named.write(&who, "account", &serde_json::to_vec(&fingerprint).unwrap_or_default());
    let _turn = app.sign_ins.changes.lock().await;
    if let Some(made) = repeated(&app, named.as_ref()).await? {
        return again(&app, made).await;
    }
    let oidc = subject.map(|subject| person(&app, subject)).transpose()?;
    if is_taken(&app, &name).await? {
        return Err(Problem::of(Trouble::NameTaken));
    }
    let state = AccountState {
        account: new_access(),
        name: name.to_string(),
        role: wanted.role,
        active: true,
        lang: None,
        credential: None,
        oidc,
        made: now(),
    };
    let made = match (&wanted.password, &state.oidc) {
        (Some(password), None) => with_password(&who, state.clone(), &hashed(&app, password, &state.name).await?),
        (None, Some(_)) => entry(&who, AccessEvent::Account { state: state.clone() }),
        _ => return Err(Problem::with(Trouble::Impossible, "either password or oidc_subject is needed")),
    };
    record(&app, vec![made.named(named)]).await?;
    Ok((StatusCode::CREATED, axum::Json(Account::from(&state))).into_response())
}

/// Changes an account. The last active administrator stays one.
#[utoipa::path(patch, path = "/api/v1/users/{id}", tag = "access", params(("id" = String, Path, format = "uuid")),
    request_body = AccountChange,
    responses((status = 200, body = Account),
        (status = "4XX", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn change(
    State(app): State<Arc<App>>,
    who: Who,
    id: Path<String>,
    body: Json<AccountChange>,
) -> Result<axum::Json<Account>, Problem> {
    let id: AccessId = id.0.parse().map_err(|_| Problem::of(Trouble::NotFound))?;
    let wanted = body.0;
    if wanted.role.is_none() && wanted.active.is_none() && wanted.password.is_none() {
        return Err(Problem::with(Trouble::Impossible, "role, active or password is needed"));
    }
    let _turn = app.sign_ins.changes.lock().await;
    let row = fresh(&app, id).await?;
    let state = AccountState {
        role: wanted.role.unwrap_or(row.state.role),
        active: wanted.active.unwrap_or(row.state.active),
        ..row.state.clone()
    };
    let loses = !state.active || state.role != Role::Administrator;
    if loses && is_last_administrator(&app, &row.state).await? {
        return Err(Problem::of(Trouble::LastAdministrator));
    }
    let changed = match &wanted.password {
        Some(password) => with_password(&who, state.clone(), &hashed(&app, password, &state.name).await?),
        None if state == row.state => return Ok(axum::Json(Account::from(&state))),
        None => entry(&who, AccessEvent::Account { state: state.clone() }),
    };
    record(&app, vec![changed]).await?;
    if wanted.password.is_some() {
        app.sign_ins.throttle.forget(&state.name);
    }
    Ok(axum::Json(Account::from(&state)))
}

fn person(app: &App, subject: &str) -> Result<OidcSubject, Problem> {
    let config = app.config.oidc.as_ref();
    let config = config.ok_or_else(|| Problem::with(Trouble::Impossible, "no OpenID provider is configured"))?;
    if !(1..=SUBJECT_CHARS_MAX).contains(&subject.chars().count()) || subject.chars().any(char::is_control) {
        return Err(Problem::with(Trouble::Impossible, "oidc_subject has 1 to 255 characters"));
    }
    Ok(OidcSubject { issuer: config.issuer.clone(), subject: subject.to_owned() })
}

/// The account that was made when this write came for the first time.
async fn again(app: &App, made: RecordId) -> Result<Response, Problem> {
    let account = app
        .readers
        .read(move |reader| -> Result<_, Problem> {
            let record = reader.store.record(made)?.ok_or_else(|| Problem::of(Trouble::NotFound))?;
            match parsed(&record)?.predicate {
                Predicate::Access(change) => match change.event {
                    AccessEvent::Account { state } => Ok(Account::from(&state)),
                    _ => Err(Problem::of(Trouble::NotFound)),
                },
                _ => Err(Problem::of(Trouble::NotFound)),
            }
        })
        .await?;
    Ok((StatusCode::CREATED, axum::Json(account)).into_response())
}
