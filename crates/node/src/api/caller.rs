//! Who calls: a person with a session, a program with a token, or nobody. Known before any handler runs.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::{ConnectInfo, FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use sakimori_model::{AccessId, Actor, Digest, Lang, Timestamp};
use sakimori_store::{AccountRow, Store, StoreError};

use super::app::App;
use super::problem::{Problem, Trouble};
use super::{language, routes, session};
use crate::access::cookie;
use crate::access::role::{Action, Caller, Scopes, may};
use crate::access::secret::ApiToken;
use crate::config::MetricsAccess;
use crate::observe::now;

/// Callers that are remembered for a moment, so that not every request reads their rows.
const REMEMBERED_MAX: usize = 1_024;
/// How long one is remembered. A change of access through the service forgets all of them at once.
const REMEMBERED_FOR: Duration = Duration::from_secs(5);
/// The use of a session or a token is written down when the last note is older than this.
const USE_NOTED_EVERY_MICROS: i64 = 60_000_000;

/// Who calls.
#[derive(Clone, Debug)]
pub struct Who {
    /// What counts for rights.
    pub caller: Caller,
    /// What records say.
    pub actor: Actor,
    /// The account.
    pub account: Option<AccountRow>,
    /// The hash of the session's secret.
    pub session: Option<Digest>,
    /// The address that the request came from.
    pub address: IpAddr,
}

impl Who {
    /// The word under which idempotency keys, jobs and uploads of this caller are kept.
    #[must_use]
    pub fn key(&self) -> String {
        self.actor.account().map_or_else(|| format!("address:{}", self.address), |account| account.to_string())
    }

    /// True when this caller may do this.
    #[must_use]
    pub fn may(&self, action: Action) -> bool {
        may(&self.caller, action)
    }

    /// The account, which handlers behind a sign-in always have.
    ///
    /// # Errors
    /// [`Trouble::NotSignedIn`].
    pub fn account(&self) -> Result<&AccountRow, Problem> {
        self.account.as_ref().ok_or_else(|| Problem::of(Trouble::NotSignedIn))
    }

    /// The language that the person chose.
    #[must_use]
    pub fn lang(&self) -> Option<Lang> {
        self.account.as_ref().and_then(|account| account.state.lang)
    }
}

impl<S: Sync> FromRequestParts<S> for Who {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| Problem::of(Trouble::NotSignedIn))
    }
}

/// What is known of callers.
#[derive(Default)]
pub struct Callers {
    remembered: Mutex<HashMap<Digest, (Instant, u64, Who)>>,
    generation: AtomicU64,
    changes: AtomicU64,
}

/// Access is changing: while it is, nobody is recalled. What a change wrote can be read before its writer hears of it, and
/// whoever has read it must not meet a caller as they were before.
pub struct AccessChange<'a>(&'a Callers);

impl Drop for AccessChange<'_> {
    fn drop(&mut self) {
        self.0.forget();
        self.0.changes.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Callers {
    /// Forgets everybody, until the end of the change and what was looked up in between.
    pub fn change(&self) -> AccessChange<'_> {
        self.changes.fetch_add(1, Ordering::SeqCst);
        self.forget();
        AccessChange(self)
    }

    fn forget(&self) {
        self.generation.fetch_add(1, Ordering::SeqCst);
    }

    fn recall(&self, hash: &Digest) -> Option<Who> {
        if self.changes.load(Ordering::SeqCst) > 0 {
            return None;
        }
        let generation = self.generation.load(Ordering::SeqCst);
        let remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, of, who) = remembered.get(hash)?;
        (*of == generation && at.elapsed() < REMEMBERED_FOR).then(|| who.clone())
    }

    fn remember(&self, hash: Digest, generation: u64, who: Who) {
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() >= REMEMBERED_MAX {
            remembered.clear();
        }
        remembered.insert(hash, (Instant::now(), generation, who));
    }
}

/// What a request shows of who it is from.
pub(super) enum Shown {
    Session(Digest),
    Token(Digest),
}

/// Finds out who calls and whether they may do what the route does. A route that is not in the table is for nobody.
pub async fn admit(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    match admitted(&app, &parts).await {
        Ok(who) => {
            let chosen = language::Chosen(who.lang());
            parts.extensions.insert(who);
            let mut response = next.run(Request::from_parts(parts, body)).await;
            response.extensions_mut().insert(chosen);
            response
        }
        Err(problem) => problem.into_response(),
    }
}

async fn admitted(app: &Arc<App>, request: &Parts) -> Result<Who, Problem> {
    let path = request.extensions.get::<MatchedPath>().map(MatchedPath::as_str);
    let action = path.and_then(|path| routes::action_of(&request.method, path).or_else(|| routes::other_method(path)));
    let action = action.ok_or_else(|| Problem::of(Trouble::NotAllowed))?;
    let is_for_all = path == Some("/metrics") && app.config.metrics == MetricsAccess::Public;
    let action = if is_for_all { Action::Public } else { action };
    let who = identify(app, request).await?;
    if who.session.is_some() && !request.method.is_safe() {
        same_origin(&request.method, &request.headers)?;
    }
    match who.may(action) {
        true => Ok(who),
        false if who.account.is_none() => Err(Problem::of(Trouble::NotSignedIn)),
        false => Err(Problem::with(Trouble::NotAllowed, format_args!("{action:?} is needed"))),
    }
}

/// Refuses what another site's page makes a browser send.
///
/// # Errors
/// [`Trouble::CrossSite`].
pub fn same_origin(method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
    cookie::same_origin(method, headers).map_err(|error| Problem::with(Trouble::CrossSite, error))
}

async fn identify(app: &Arc<App>, request: &Parts) -> Result<Who, Problem> {
    let peer = request.extensions.get::<ConnectInfo<SocketAddr>>();
    let connection = peer.map_or(IpAddr::from([127, 0, 0, 1]), |ConnectInfo(peer)| peer.ip());
    let address = app.config.trusted_proxies.client_of(connection, &request.headers);
    let nobody = Who { caller: Caller::Nobody, actor: Actor::Public, account: None, session: None, address };
    let Some(shown) = shown(&request.headers)? else { return Ok(nobody) };
    let hash = match shown {
        Shown::Session(hash) | Shown::Token(hash) => hash,
    };
    if let Some(who) = app.callers.recall(&hash) {
        return Ok(Who { address, ..who });
    }
    let generation = app.callers.generation.load(Ordering::SeqCst);
    let at = now();
    let found =
        app.readers.read(move |reader| -> Result<_, Problem> { Ok(lookup(&reader.store, &shown, at)?) }).await?;
    match found {
        Some(found) => {
            let who = Who {
                caller: found.caller,
                actor: found.actor,
                account: Some(found.account),
                session: found.session,
                address,
            };
            app.callers.remember(hash, generation, who.clone());
            if let Some(note) = found.note {
                note_use(app, note, at);
            }
            Ok(who)
        }
        // A token that is none is told so; a cookie that is none any more is as good as no cookie.
        None if request.headers.contains_key(header::AUTHORIZATION) => Err(Problem::of(Trouble::NotSignedIn)),
        None => Ok(nobody),
    }
}

pub(super) fn shown(headers: &HeaderMap) -> Result<Option<Shown>, Problem> {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return Ok(cookie::session_of(headers).map(|secret| Shown::Session(secret.digest())));
    };
    let token = value.to_str().ok().and_then(|text| {
        let (scheme, token) = text.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| ApiToken::parse(token.trim()).ok()).flatten()
    });
    let token = token.ok_or_else(|| Problem::with(Trouble::NotSignedIn, "Authorization is no Bearer token of ours"))?;
    Ok(Some(Shown::Token(token.digest())))
}

/// Who was found behind a session or a token.
struct Found {
    caller: Caller,
    actor: Actor,
    account: AccountRow,
    session: Option<Digest>,
    note: Option<Note>,
}

/// A use that should be written down.
enum Note {
    Session(Digest),
    Token(AccessId),
}

fn lookup(store: &Store, shown: &Shown, at: Timestamp) -> Result<Option<Found>, StoreError> {
    let is_due =
        |last: Option<Timestamp>| last.is_none_or(|t| at.as_micros() - t.as_micros() >= USE_NOTED_EVERY_MICROS);
    match shown {
        Shown::Session(hash) => {
            let Some(row) = store.session(hash)? else { return Ok(None) };
            let (made, seen) = session::bounds(at);
            if row.made < made || row.seen < seen || !row.account.state.active {
                return Ok(None);
            }
            Ok(Some(Found {
                caller: Caller::Person(row.account.state.role),
                actor: Actor::Account { account: row.account.state.account },
                session: Some(*hash),
                note: is_due(Some(row.seen)).then_some(Note::Session(*hash)),
                account: row.account,
            }))
        }
        Shown::Token(hash) => {
            let Some(row) = store.token_with(hash)? else { return Ok(None) };
            let Some(account) = store.account(row.state.account)? else { return Ok(None) };
            let Ok(scopes) = Scopes::new(row.state.scopes.clone()) else { return Ok(None) };
            if row.state.revoked.is_some() || row.state.until <= at || !account.state.active {
                return Ok(None);
            }
            Ok(Some(Found {
                caller: Caller::Token(account.state.role, scopes),
                actor: Actor::Token { account: row.state.account, token: row.state.token },
                session: None,
                note: is_due(row.used).then_some(Note::Token(row.state.token)),
                account,
            }))
        }
    }
}

fn note_use(app: &Arc<App>, note: Note, at: Timestamp) {
    let app = app.clone();
    tokio::spawn(async move {
        let noted = app.recorder.rows(move |store| match note {
            Note::Session(hash) => store.touch_session(&hash, at),
            Note::Token(id) => store.touch_token(id, at),
        });
        if let Err(error) = noted.await {
            tracing::warn!(%error, "the use of a session or token was not noted");
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn somebody() -> Who {
        let address = IpAddr::from([127, 0, 0, 1]);
        Who { caller: Caller::Nobody, actor: Actor::Public, account: None, session: None, address }
    }

    #[test]
    fn nobody_is_recalled_while_access_changes_nor_as_they_were_before_its_end() {
        let callers = Callers::default();
        let hash = Digest::of(b"a session");
        let remember = || callers.remember(hash, callers.generation.load(Ordering::SeqCst), somebody());
        remember();
        assert!(callers.recall(&hash).is_some());

        let (first, second) = (callers.change(), callers.change());
        assert!(callers.recall(&hash).is_none(), "remembered before the change");
        remember();
        assert!(callers.recall(&hash).is_none(), "looked up while it may not have been written yet");
        drop(first);
        assert!(callers.recall(&hash).is_none(), "another one is not over");
        drop(second);
        assert!(callers.recall(&hash).is_none());
        remember();
        assert!(callers.recall(&hash).is_some());
    }
}
