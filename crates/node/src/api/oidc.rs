//! Sign-in at an OpenID provider: these two answer browsers that go somewhere, so that even their errors lead to a page.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use sakimori_model::{AccessEvent, AccountState, OidcSubject, SignInMethod};
use sakimori_store::AccountRow;
use serde::Deserialize;
use utoipa::IntoParams;

use super::access::{entry, fresh, is_last_administrator, is_taken, new_access, record};
use super::app::App;
use super::caller::Who;
use super::extract::Asked;
use super::problem::{Problem, ProblemDocument, Trouble};
use super::session::session_of;
use crate::access::cookie;
use crate::access::name::AccountName;
use crate::access::oidc::{Oidc, OidcAnswer, OidcError, OidcIdentity, SIGN_IN_LASTS};
use crate::access::role::Role;
use crate::observe::now;
use crate::record::Entry;

/// People of one name that get a number.
const SAME_NAME_MAX: u32 = 100;

/// What the provider sends back with the browser (RFC 6749, section 4.1.2; RFC 9207). Whatever else it sends is left alone.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ReturnQuery {
    /// The code.
    code: Option<String>,
    /// The state that was sent along.
    state: Option<String>,
    /// Who answers.
    iss: Option<String>,
    /// Why there is no code.
    error: Option<String>,
}

/// Sends the browser to the provider.
#[utoipa::path(get, path = "/api/v1/session/oidc", tag = "session",
    responses((status = 303, description = "to the provider, or to the sign-in page with a problem", headers(("Location" = String))),
        (status = "4XX", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn begin(State(app): State<Arc<App>>, who: Who) -> Result<Response, Problem> {
    let oidc = provider(&app)?;
    app.sign_ins.oidc_starts.take(who.address, Instant::now())?;
    match oidc.begin(Instant::now()).await {
        Ok(begun) => Ok(to(begun.to.as_str(), &[cookie::set_oidc(&begun.cookie, SIGN_IN_LASTS)])),
        Err(error) => Ok(to_the_problem(&error)),
    }
}

/// Where the provider sends the browser back to.
#[utoipa::path(get, path = "/api/v1/session/oidc/return", tag = "session", params(ReturnQuery),
    responses((status = 303, description = "to the console, or to the sign-in page with a problem",
            headers(("Location" = String), ("Set-Cookie" = String))),
        (status = "4XX", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn finish(
    State(app): State<Arc<App>>,
    who: Who,
    headers: HeaderMap,
    query: Asked<ReturnQuery>,
) -> Result<Response, Problem> {
    let oidc = provider(&app)?;
    let ReturnQuery { code, state, iss, error } = query.0;
    let answer = OidcAnswer { code, state, iss, error };
    let person = oidc.finish(&answer, cookie::oidc_of(&headers).as_ref(), Instant::now(), now()).await;
    match person {
        Ok(person) => admit(&app, &who, person).await,
        // Only what a sign-in of this browser came to is recorded: anybody can send nonsense.
        Err(error @ (OidcError::Refused(_) | OidcError::Invalid(_))) => refuse(&app, &who, None, &error).await,
        Err(error) => Ok(to_the_problem(&error)),
    }
}

fn provider(app: &App) -> Result<&Oidc, Problem> {
    app.sign_ins.oidc.as_ref().ok_or_else(|| Problem::with(Trouble::NotFound, "no OpenID provider is configured"))
}

async fn admit(app: &Arc<App>, who: &Who, person: OidcIdentity) -> Result<Response, Problem> {
    let _turn = app.sign_ins.changes.lock().await;
    let subject = OidcSubject { issuer: person.issuer.clone(), subject: person.subject.clone() };
    let looked_up = subject.clone();
    let row =
        app.readers.read(move |reader| -> Result<_, Problem> { Ok(reader.store.account_of(&looked_up)?) }).await?;
    let (state, mut entries) = match row {
        Some(row) if !row.state.active => {
            return refuse(app, who, Some(&row), &OidcError::NotAllowed).await;
        }
        Some(row) => with_role(app, who, row, person.role).await?,
        None => match person.role_for_new {
            Some(role) => new_account(app, who, &person, subject, role).await?,
            None => return refuse(app, who, None, &OidcError::NotAllowed).await,
        },
    };
    let (begin, session) = session_of(who, &state, SignInMethod::Oidc)?;
    entries.push(begin);
    record(app, entries).await?;
    let mut response = to("/", &[cookie::clear_oidc()]);
    response.headers_mut().append(header::SET_COOKIE, session);
    Ok(response)
}

/// The provider's word on the role holds at each sign-in, but for the last administrator.
async fn with_role(
    app: &App,
    who: &Who,
    row: AccountRow,
    role: Option<Role>,
) -> Result<(AccountState, Vec<Entry>), Problem> {
    let row = fresh(app, row.state.account).await?;
    let Some(role) = role.filter(|role| *role != row.state.role) else { return Ok((row.state, Vec::new())) };
    if is_last_administrator(app, &row.state).await? {
        tracing::warn!(account = %row.state.account, "the provider's role was not taken: it is the last administrator");
        return Ok((row.state, Vec::new()));
    }
    let state = AccountState { role, ..row.state };
    Ok((state.clone(), vec![entry(who, AccessEvent::Account { state })]))
}

async fn new_account(
    app: &App,
    who: &Who,
    person: &OidcIdentity,
    oidc: OidcSubject,
    role: Role,
) -> Result<(AccountState, Vec<Entry>), Problem> {
    let texts = [person.email.as_deref(), person.name.as_deref(), Some(person.subject.as_str())];
    let wanted = texts.into_iter().flatten().find_map(AccountName::nearest);
    let wanted = wanted.map_or_else(|| AccountName::new("oidc"), Ok)?;
    let mut name = wanted.clone();
    for n in 2..=SAME_NAME_MAX {
        if !is_taken(app, &name).await? {
            break;
        }
        name = wanted.numbered(n);
    }
    let state = AccountState {
        account: new_access(),
        name: name.to_string(),
        role,
        active: true,
        lang: None,
        credential: None,
        oidc: Some(oidc),
        made: now(),
    };
    Ok((state.clone(), vec![entry(who, AccessEvent::Account { state })]))
}

async fn refuse(app: &App, who: &Who, row: Option<&AccountRow>, error: &OidcError) -> Result<Response, Problem> {
    let account = row.map(|row| row.state.account);
    record(app, vec![entry(who, AccessEvent::SignInRefused { account, method: SignInMethod::Oidc })]).await?;
    Ok(to_the_problem(error))
}

fn to_the_problem(error: &OidcError) -> Response {
    tracing::warn!(code = error.code(), %error, "a sign-in at the provider did not succeed");
    to(&format!("/sign-in?problem={}", error.code()), &[cookie::clear_oidc()])
}

fn to(place: &str, cookies: &[String]) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(place) = HeaderValue::from_str(place) {
        headers.insert(header::LOCATION, place);
    }
    for cookie in cookies {
        if let Ok(mut cookie) = HeaderValue::from_str(cookie) {
            cookie.set_sensitive(true);
            headers.append(header::SET_COOKIE, cookie);
        }
    }
    response
}
