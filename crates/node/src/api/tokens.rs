//! API tokens: everybody's own, and for administrators those of all.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use sakimori_model::{AccessEvent, AccessId, RecordId, Scope, Timestamp, TokenState};
use sakimori_store::TokenRow;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::access::{entry, new_access, record};
use super::app::App;
use super::caller::Who;
use super::decisions::repeated;
use super::dto::{List, ScopeWord, Token};
use super::extract::{Json, Named, Path};
use super::problem::{Problem, ProblemDocument, Trouble};
use crate::access::role::{Action, Caller, Role, Scopes, may};
use crate::access::secret::ApiToken;
use crate::node::parsed;
use crate::observe::now;

/// Characters of what a token is called.
const NAME_CHARS_MAX: usize = 64;
/// Tokens of one account that are neither revoked nor over.
const TOKENS_MAX: usize = 100;
/// Days that a token may live.
const DAYS_MAX: u32 = 366;
/// Microseconds of a day.
const DAY_MICROS: i64 = 24 * 3_600_000_000;

/// A token to be made.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// What it is called.
    #[schema(min_length = 1, max_length = 64)]
    name: String,
    /// What it may do at most. A scope that gives nothing to the own role is refused.
    #[schema(value_type = Vec<ScopeWord>, min_items = 1)]
    scopes: Vec<Scope>,
    /// Days until it is worth nothing.
    #[schema(minimum = 1, maximum = 366)]
    days: u32,
}

/// A token that was made.
#[derive(Debug, Serialize, ToSchema)]
pub struct MadeToken {
    /// The token.
    token: Token,
    /// Its secret, shown this once; `null` when the request was repeated.
    secret: Option<String>,
}

/// The own tokens; for administrators those of all.
#[utoipa::path(get, path = "/api/v1/tokens", tag = "access",
    responses((status = 200, body = List<Token>),
        (status = "4XX", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn list(State(app): State<Arc<App>>, who: Who) -> Result<axum::Json<List<Token>>, Problem> {
    let own = who.account()?.state.account;
    let whose = (!who.may(Action::Administer)).then_some(own);
    let rows = app.readers.read(move |reader| -> Result<_, Problem> { Ok(reader.store.tokens(whose)?) }).await?;
    Ok(axum::Json(List { items: rows.iter().map(Token::from).collect(), next: None }))
}

/// Makes a token for the own account.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "access", params(super::extract::NameOfWrite),
    request_body = NewToken,
    responses((status = 201, body = MadeToken),
        (status = "4XX", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn create(
    State(app): State<Arc<App>>,
    who: Who,
    named: Named,
    body: Json<NewToken>,
) -> Result<Response, Problem> {
    let wanted = body.0;
    let own = who.account()?.state.clone();
    let (name, scopes) = (name_of(&wanted.name)?, scopes_of(&wanted.scopes, own.role)?);
    if !(1..=DAYS_MAX).contains(&wanted.days) {
        return Err(Problem::with(Trouble::Impossible, "days is 1 to 366"));
    }
    let named = named.write(&who, "token", &serde_json::to_vec(&wanted).unwrap_or_default());
    let _turn = app.sign_ins.changes.lock().await;
    if let Some(made) = repeated(&app, named.as_ref()).await? {
        let row = row_of(&app, made).await?;
        return Ok(answer(MadeToken { token: Token::from(&row), secret: None }));
    }
    let (account, made) = (own.account, now());
    let rows =
        app.readers.read(move |reader| -> Result<_, Problem> { Ok(reader.store.tokens(Some(account))?) }).await?;
    if rows.iter().filter(|row| row.state.revoked.is_none() && row.state.until > made).count() >= TOKENS_MAX {
        return Err(Problem::with(Trouble::TooManyTokens, format_args!("{TOKENS_MAX} tokens at most")));
    }
    let secret = ApiToken::random().map_err(crate::NodeError::Random)?;
    let until = made.as_micros().saturating_add(i64::from(wanted.days) * DAY_MICROS);
    let until = Timestamp::from_micros(until).map_err(|error| Problem::with(Trouble::Impossible, error))?;
    let state = TokenState {
        token: new_access(),
        account,
        name,
        hash: secret.digest(),
        scopes: scopes.iter().collect(),
        made,
        until,
        revoked: None,
    };
    let id = state.token;
    record(&app, vec![entry(&who, AccessEvent::Token { state }).named(named)]).await?;
    let row = app.readers.read(move |reader| found(reader.store.token(id)?)).await?;
    Ok(answer(MadeToken { token: Token::from(&row), secret: Some(secret.reveal()) }))
}

/// Revokes a token.
#[utoipa::path(delete, path = "/api/v1/tokens/{id}", tag = "access", params(("id" = String, Path, format = "uuid")),
    responses((status = 204),
        (status = "4XX", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn revoke(State(app): State<Arc<App>>, who: Who, id: Path<String>) -> Result<StatusCode, Problem> {
    let id: AccessId = id.0.parse().map_err(|_| Problem::of(Trouble::NotFound))?;
    let _turn = app.sign_ins.changes.lock().await;
    let row = app.readers.read(move |reader| found(reader.store.token(id)?)).await?;
    // What belongs to others is not there, for whoever may not see it.
    if row.state.account != who.account()?.state.account && !who.may(Action::Administer) {
        return Err(Problem::of(Trouble::NotFound));
    }
    if row.state.revoked.is_none() {
        let state = TokenState { revoked: Some(now()), ..row.state };
        record(&app, vec![entry(&who, AccessEvent::Token { state })]).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

fn name_of(text: &str) -> Result<String, Problem> {
    let name = text.trim();
    let fits = (1..=NAME_CHARS_MAX).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    if fits { Ok(name.to_owned()) } else { Err(Problem::with(Trouble::Impossible, "name has 1 to 64 characters")) }
}

/// A scope that gives nothing now would give something after a promotion, when nobody thinks of it any more.
fn scopes_of(wanted: &[Scope], role: Role) -> Result<Scopes, Problem> {
    let scopes = Scopes::new(wanted.iter().copied()).map_err(|error| Problem::with(Trouble::Impossible, error))?;
    for scope in scopes.iter() {
        let alone = Caller::Token(role, Scopes::new([scope]).map_err(|e| Problem::with(Trouble::Defect, e))?);
        if !Action::ALL.into_iter().any(|action| action != Action::Public && may(&alone, action)) {
            let detail = format!("scope {} gives nothing to the role {}", scope.as_str(), role.as_str());
            return Err(Problem::with(Trouble::NotAllowed, detail));
        }
    }
    Ok(scopes)
}

fn found(row: Option<TokenRow>) -> Result<TokenRow, Problem> {
    row.ok_or_else(|| Problem::of(Trouble::NotFound))
}

async fn row_of(app: &App, made: RecordId) -> Result<TokenRow, Problem> {
    app.readers
        .read(move |reader| -> Result<_, Problem> {
            let record = reader.store.record(made)?.ok_or_else(|| Problem::of(Trouble::NotFound))?;
            let sakimori_model::Predicate::Access(change) = parsed(&record)?.predicate else {
                return Err(Problem::of(Trouble::NotFound));
            };
            let AccessEvent::Token { state } = change.event else { return Err(Problem::of(Trouble::NotFound)) };
            found(reader.store.token(state.token)?)
        })
        .await
}

fn answer(made: MadeToken) -> Response {
    (StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], axum::Json(made)).into_response()
}
