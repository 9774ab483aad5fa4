//! Sign-in, sign-out and what a person may set for themselves.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use sakimori_model::{AccessEvent, AccountState, Actor, Digest, Lang, SignInMethod, Timestamp};
use sakimori_store::{AccountRow, Aside};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::access::{entry, entry_by, fresh, hashed, is_taken, new_access, not_cross_site, record};
use super::app::App;
use super::caller::Who;
use super::dto::{Account, BothTexts, LangWord};
use super::extract::Json;
use super::problem::{Problem, ProblemDocument, Trouble};
use crate::access::cookie;
use crate::access::name::AccountName;
use crate::access::password::{Attempt, PasswordHash, Verdict};
use crate::access::role::Role;
use crate::access::secret::SessionSecret;
use crate::observe::now;
use crate::record::Entry;

/// A session that was not used for so long has ended, in microseconds: 8 hours.
const IDLE_MICROS: i64 = 8 * 3_600_000_000;
/// A session that began so long ago has ended, in microseconds: 24 hours.
const LONGEST_MICROS: i64 = 24 * 3_600_000_000;
/// How long a browser keeps the cookie: as long as the session may live.
const COOKIE_LASTS: Duration = Duration::from_micros(LONGEST_MICROS.unsigned_abs());

/// A session lives when it began after the first of these times and was used after the second.
#[must_use]
pub fn bounds(now: Timestamp) -> (Timestamp, Timestamp) {
    let before = |micros: i64| Timestamp::from_micros(now.as_micros() - micros).unwrap_or(now);
    (before(LONGEST_MICROS), before(IDLE_MICROS))
}

/// Who is signed in, and how one can sign in.
#[derive(Debug, Serialize, ToSchema)]
pub struct Session {
    /// The account; `null` when nobody is signed in.
    account: Option<Account>,
    /// True while there is no administrator yet.
    first_sign_in: bool,
    /// The provider with which one can sign in, if there is one.
    oidc: Option<ProviderButton>,
}

/// A provider with which one can sign in.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProviderButton {
    /// What its button says.
    label: BothTexts,
}

/// Whoever has signed in.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignedIn {
    /// The account.
    account: Account,
}

/// Name and password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// The name of the account.
    #[schema(max_length = 64)]
    name: String,
    /// Its password.
    #[schema(max_length = 256)]
    password: String,
}

/// The first administrator of a new node.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct First {
    /// The one-time code that the service showed when it started.
    #[schema(max_length = 64)]
    code: String,
    /// The name of the account that is made.
    #[schema(min_length = 1, max_length = 64)]
    name: String,
    /// Its password.
    #[schema(min_length = 12, max_length = 256)]
    password: String,
}

/// Another password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPassword {
    /// The password until now.
    #[schema(max_length = 256)]
    current: String,
    /// The password from now on.
    #[schema(min_length = 12, max_length = 256)]
    new: String,
}

/// Another language.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLanguage {
    /// `ja` or `en`.
    #[schema(value_type = LangWord)]
    lang: Lang,
}

/// Who is signed in. Answers everybody.
#[utoipa::path(get, path = "/api/v1/session", tag = "session", security(()),
    responses((status = 200, body = Session),
        (status = "4XX", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn get(State(app): State<Arc<App>>, who: Who) -> Result<Response, Problem> {
    let administered =
        app.readers.read(|reader| -> Result<_, Problem> { Ok(reader.store.has_administrator()?) }).await?;
    let session = Session {
        account: who.account.as_ref().map(|row| Account::from(&row.state)),
        first_sign_in: !administered,
        oidc: app.sign_ins.oidc.as_ref().map(|oidc| ProviderButton { label: BothTexts::from(oidc.label()) }),
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], axum::Json(session)).into_response())
}

/// Signs in with name and password.
#[utoipa::path(post, path = "/api/v1/session", tag = "session", request_body = SignIn,
    responses((status = 200, body = SignedIn, headers(("Set-Cookie" = String))),
        (status = "4XX", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn sign_in(
    State(app): State<Arc<App>>,
    who: Who,
    headers: HeaderMap,
    body: Json<SignIn>,
) -> Result<Response, Problem> {
    not_cross_site(&headers)?;
    let SignIn { name, password } = body.0;
    // A name that can't be one is tried all the same: it must cost as much time as any other.
    let name = AccountName::new(&name).map(|name| name.to_string()).unwrap_or_default();
    app.sign_ins.throttle.attempt(&name, who.address, Instant::now())?;
    let looked_up = name.clone();
    let row =
        app.readers.read(move |reader| -> Result<_, Problem> { Ok(reader.store.account_named(&looked_up)?) }).await?;
    let stored = row.as_ref().filter(|row| row.state.active).and_then(|row| row.credential.as_deref());
    let stored = stored.map(PasswordHash::new).transpose()?;
    let verdict = app.sign_ins.passwords.check(Attempt::new(&password), stored).await?;
    let (Some(row), Verdict::Right | Verdict::RightAndRehashed(_)) = (&row, &verdict) else {
        let account = row.map(|row| row.state.account);
        let refused = AccessEvent::SignInRefused { account, method: SignInMethod::Password };
        record(&app, vec![entry(&who, refused)]).await?;
        return Err(Problem::of(Trouble::WrongPassword));
    };
    let _turn = app.sign_ins.changes.lock().await;
    let row = still_the_same(&app, row).await?;
    let mut entries = Vec::new();
    if let Verdict::RightAndRehashed(hash) = verdict {
        entries.push(with_password(&who, row.state.clone(), &hash));
    }
    let (begin, cookie) = session_of(&who, &row.state, SignInMethod::Password)?;
    entries.push(begin);
    record(&app, entries).await?;
    app.sign_ins.throttle.succeeded(&name, who.address, Instant::now());
    answer(StatusCode::OK, &row.state, &cookie)
}

/// The account may have changed while the password was checked.
async fn still_the_same(app: &App, row: &AccountRow) -> Result<AccountRow, Problem> {
    let fresh = fresh(app, row.state.account).await?;
    if fresh.state.active && fresh.credential == row.credential {
        Ok(fresh)
    } else {
        Err(Problem::of(Trouble::WrongPassword))
    }
}

/// Makes the first administrator of a new node.
#[utoipa::path(post, path = "/api/v1/session/first", tag = "session", request_body = First,
    responses((status = 201, body = SignedIn, headers(("Set-Cookie" = String))),
        (status = "4XX", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn first(
    State(app): State<Arc<App>>,
    who: Who,
    headers: HeaderMap,
    body: Json<First>,
) -> Result<Response, Problem> {
    not_cross_site(&headers)?;
    let First { code, name, password } = body.0;
    // Two at once: the second one comes too late.
    let _turn = app.sign_ins.changes.lock().await;
    if app.readers.read(|reader| -> Result<_, Problem> { Ok(reader.store.has_administrator()?) }).await? {
        return Err(Problem::of(Trouble::FirstIsOver));
    }
    if !app.sign_ins.first.fits(&code) {
        let refused = AccessEvent::SignInRefused { account: None, method: SignInMethod::OneTime };
        record(&app, vec![entry(&who, refused)]).await?;
        return Err(Problem::of(Trouble::WrongCode));
    }
    let name = AccountName::new(&name)?;
    if is_taken(&app, &name).await? {
        return Err(Problem::of(Trouble::NameTaken));
    }
    let hash = hashed(&app, &password, name.as_str()).await?;
    let state = AccountState {
        account: new_access(),
        name: name.to_string(),
        role: Role::Administrator,
        active: true,
        lang: None,
        credential: None,
        oidc: None,
        made: now(),
    };
    let made = with_password(&who, state, &hash);
    let state = state_in(&made).ok_or_else(|| Problem::of(Trouble::Defect))?;
    let (begin, cookie) = session_of(&who, &state, SignInMethod::OneTime)?;
    record(&app, vec![made, begin]).await?;
    app.sign_ins.first.close();
    answer(StatusCode::CREATED, &state, &cookie)
}

/// Signs out.
#[utoipa::path(delete, path = "/api/v1/session", tag = "session",
    responses((status = 204, headers(("Set-Cookie" = String))),
        (status = "4XX", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn sign_out(State(app): State<Arc<App>>, who: Who) -> Result<Response, Problem> {
    let account = who.account()?.state.account;
    let session = who.session.ok_or_else(|| Problem::of(Trouble::NotSignedIn))?;
    let ended = entry(&who, AccessEvent::SignedOut { account, session });
    record(&app, vec![ended]).await?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie::clear_session())]).into_response())
}

/// Changes the own password. Every other session of the account ends.
#[utoipa::path(put, path = "/api/v1/session/password", tag = "session", request_body = NewPassword,
    responses((status = 204, headers(("Set-Cookie" = String))),
        (status = "4XX", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn password(State(app): State<Arc<App>>, who: Who, body: Json<NewPassword>) -> Result<Response, Problem> {
    let NewPassword { current, new } = body.0;
    let row = fresh(&app, who.account()?.state.account).await?;
    let stored = row.credential.as_deref().ok_or_else(|| Problem::of(Trouble::NoPassword))?;
    let stored = PasswordHash::new(stored)?;
    // Whoever sits at somebody else's open browser may not guess for ever.
    app.sign_ins.throttle.attempt(&row.state.name, who.address, Instant::now())?;
    if app.sign_ins.passwords.check(Attempt::new(&current), Some(stored)).await? == Verdict::Wrong {
        let refused = AccessEvent::SignInRefused { account: Some(row.state.account), method: SignInMethod::Password };
        record(&app, vec![entry(&who, refused)]).await?;
        return Err(Problem::of(Trouble::WrongPassword));
    }
    app.sign_ins.throttle.succeeded(&row.state.name, who.address, Instant::now());
    let hash = hashed(&app, &new, &row.state.name).await?;
    let _turn = app.sign_ins.changes.lock().await;
    let row = still_the_same(&app, &row).await?;
    let changed = with_password(&who, row.state.clone(), &hash);
    let (begin, cookie) = session_of(&who, &row.state, SignInMethod::Password)?;
    record(&app, vec![changed, begin]).await?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}

/// Chooses the own language.
#[utoipa::path(put, path = "/api/v1/session/language", tag = "session", request_body = NewLanguage,
    responses((status = 204),
        (status = "4XX", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn language(State(app): State<Arc<App>>, who: Who, body: Json<NewLanguage>) -> Result<StatusCode, Problem> {
    let _turn = app.sign_ins.changes.lock().await;
    let row = fresh(&app, who.account()?.state.account).await?;
    if row.state.lang != Some(body.0.lang) {
        let state = AccountState { lang: Some(body.0.lang), ..row.state };
        record(&app, vec![entry(&who, AccessEvent::Account { state })]).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// The record of an account with a new password, which ends its sessions.
pub fn with_password(who: &Who, state: AccountState, hash: &PasswordHash) -> Entry {
    let credential = Some(Digest::of(hash.as_str().as_bytes()));
    let state = AccountState { credential, ..state };
    entry(who, AccessEvent::Account { state }).beside(Aside::Credential(hash.as_str().to_owned()))
}

/// The record of a sign-in that begins a session, and its cookie.
///
/// # Errors
/// When the system has no random numbers.
pub fn session_of(who: &Who, state: &AccountState, method: SignInMethod) -> Result<(Entry, HeaderValue), Problem> {
    let secret = SessionSecret::random().map_err(crate::NodeError::Random)?;
    let account = state.account;
    let event = AccessEvent::SignedIn { account, method, session: secret.digest() };
    let signed_in = entry_by(Actor::Account { account }, who, event);
    let mut cookie = HeaderValue::from_str(&cookie::set_session(&secret, COOKIE_LASTS))
        .map_err(|error| Problem::with(Trouble::Defect, error))?;
    cookie.set_sensitive(true);
    Ok((signed_in, cookie))
}

fn state_in(entry: &Entry) -> Option<AccountState> {
    match &entry.statement.predicate {
        sakimori_model::Predicate::Access(change) => match &change.event {
            AccessEvent::Account { state } => Some(state.clone()),
            _ => None,
        },
        _ => None,
    }
}

fn answer(status: StatusCode, state: &AccountState, cookie: &HeaderValue) -> Result<Response, Problem> {
    let body = axum::Json(SignedIn { account: Account::from(state) });
    let headers = [(header::SET_COOKIE, cookie.clone()), (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((status, headers, body).into_response())
}
