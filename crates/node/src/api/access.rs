//! What sign-in and the administration of access share: who may try how often, and that every change is a record first.

use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::http::{HeaderMap, Method, header};
use sakimori_model::{AccessEvent, AccessId, AccessPredicate, AccountState, Actor, Digest, Predicate, Statement};
use url::Url;

use super::app::App;
use super::caller::{Who, same_origin};
use super::problem::{Problem, Trouble};
use crate::NodeError;
use crate::access::name::{AccountName, NameError};
use crate::access::oidc::{Oidc, OidcConfig, OidcError};
use crate::access::password::{HashError, Password, PasswordError, PasswordHash, Passwords};
use crate::access::secret::{FirstCode, same};
use crate::access::throttle::{Rate, RateLimit, Throttle, TooSoon};
use crate::config::Config;
use crate::observe::{new_record, now};
use crate::record::Entry;

/// Where the provider sends a browser back to, below the public URL.
pub const OIDC_RETURN: &str = "/api/v1/session/oidc/return";
/// Wrong codes of the first sign-in; after them the service must be started again, which makes a new code.
const WRONG_CODES_MAX: u32 = 5;
/// Sign-ins at the provider that one address may begin.
const OIDC_STARTS: Rate = Rate { requests: 30, each: std::time::Duration::from_secs(60) };

/// What sign-in needs beside the tables.
pub struct SignIns {
    /// The first sign-in of a new node.
    pub first: FirstSignIn,
    /// Hashes and checks passwords.
    pub passwords: Passwords,
    /// Slows down whoever guesses.
    pub throttle: Throttle,
    /// The provider, when one is configured.
    pub oidc: Option<Oidc>,
    /// Sign-ins at the provider that an address begins.
    pub oidc_starts: RateLimit,
    /// Changes of accounts take turns: each reads the account, decides, and records it whole.
    pub changes: tokio::sync::Mutex<()>,
}

impl SignIns {
    /// For a service with this configuration.
    ///
    /// # Errors
    /// When the provider's configuration can't work.
    pub fn new(first: FirstSignIn, config: &Config) -> Result<Self, OidcError> {
        Ok(Self {
            first,
            passwords: Passwords::default(),
            throttle: Throttle::default(),
            oidc: config.oidc.as_ref().map(|oidc| provider(oidc, config)).transpose()?,
            oidc_starts: RateLimit::new(OIDC_STARTS),
            changes: tokio::sync::Mutex::new(()),
        })
    }
}

/// The provider sends browsers back to the public address, or to where the service listens when that is the same.
fn provider(oidc: &OidcConfig, config: &Config) -> Result<Oidc, OidcError> {
    let scheme = if config.tls.is_some() { "https" } else { "http" };
    let base = config.public_url.clone().unwrap_or_else(|| format!("{scheme}://{}", config.listen));
    let base = Url::parse(&base).map_err(|error| OidcError::Config(format!("public_url: {error}")))?;
    let back = base.join(OIDC_RETURN).map_err(|error| OidcError::Config(format!("public_url: {error}")))?;
    Oidc::new(oidc.clone(), &back)
}

/// The first sign-in of a new node: with a code that only whoever started the service has seen.
#[derive(Debug)]
pub struct FirstSignIn {
    open: Mutex<Option<Open>>,
}

#[derive(Debug)]
struct Open {
    code: FirstCode,
    wrong: u32,
}

impl FirstSignIn {
    /// Open for whoever has the new code.
    ///
    /// # Errors
    /// When the system has no random numbers.
    pub fn open() -> Result<Self, NodeError> {
        let code = FirstCode::random().map_err(NodeError::Random)?;
        Ok(Self { open: Mutex::new(Some(Open { code, wrong: 0 })) })
    }

    /// For a node that has an administrator.
    #[must_use]
    pub fn closed() -> Self {
        Self { open: Mutex::new(None) }
    }

    /// The code, for the terminal of whoever started the service.
    #[must_use]
    pub fn shown(&self) -> Option<String> {
        self.locked().as_ref().map(|open| open.code.reveal())
    }

    /// True when this is the code. A wrong one is counted.
    #[must_use]
    pub fn fits(&self, text: &str) -> bool {
        let mut open = self.locked();
        let Some(state) = open.as_mut() else { return false };
        let fits = FirstCode::parse(text).is_ok_and(|code| same(&code.digest(), &state.code.digest()));
        if !fits {
            state.wrong += 1;
            if state.wrong >= WRONG_CODES_MAX {
                tracing::warn!(
                    "the code of the first sign-in was wrong {WRONG_CODES_MAX} times: start the service again"
                );
                *open = None;
            }
        }
        fits
    }

    /// It is over.
    pub fn close(&self) {
        *self.locked() = None;
    }

    fn locked(&self) -> MutexGuard<'_, Option<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What happened, as something to record. The subject's digest is that of its name: there are no bytes.
#[must_use]
pub fn entry(who: &Who, event: AccessEvent) -> Entry {
    entry_by(who.actor.clone(), who, event)
}

/// Like [`entry`], when the caller has just become somebody.
#[must_use]
pub fn entry_by(by: Actor, who: &Who, event: AccessEvent) -> Entry {
    let subject = event.subject();
    let change = AccessPredicate { record: new_record(), at: now(), by, from: Some(who.address.to_string()), event };
    Entry::of(Statement::about(&subject, Digest::of(subject.as_bytes()), Predicate::Access(Box::new(change))))
}

/// Records changes of access, all or none. What is remembered of callers holds no longer.
///
/// # Errors
/// When they can't be recorded. Then nothing has changed.
pub async fn record(app: &App, entries: Vec<Entry>) -> Result<(), Problem> {
    let _change = app.callers.change();
    app.recorder.record(entries).await.map(|_| ()).map_err(Problem::from)
}

/// A new id of an account or a token.
#[must_use]
pub fn new_access() -> AccessId {
    AccessId::from_uuid(uuid::Uuid::now_v7())
}

/// An account as it is now, not as it was remembered.
///
/// # Errors
/// [`Trouble::NotFound`].
pub async fn fresh(app: &App, id: AccessId) -> Result<sakimori_store::AccountRow, Problem> {
    app.readers.read(move |reader| reader.store.account(id)?.ok_or_else(|| Problem::of(Trouble::NotFound))).await
}

/// True when nobody else could administer without this account.
///
/// # Errors
/// When the state can't be read.
pub async fn is_last_administrator(app: &App, state: &AccountState) -> Result<bool, Problem> {
    let id = state.account;
    let administers = |state: &AccountState| state.active && state.role == crate::access::role::Role::Administrator;
    if !administers(state) {
        return Ok(false);
    }
    app.readers
        .read(move |reader| -> Result<bool, Problem> {
            let accounts = reader.store.accounts()?;
            Ok(!accounts.iter().any(|other| other.state.account != id && administers(&other.state)))
        })
        .await
}

/// True when an account has this name already.
///
/// # Errors
/// When the state can't be read.
pub async fn is_taken(app: &App, name: &AccountName) -> Result<bool, Problem> {
    let name = name.to_string();
    app.readers.read(move |reader| -> Result<bool, Problem> { Ok(reader.store.account_named(&name)?.is_some()) }).await
}

/// Accepts and hashes a new password.
///
/// # Errors
/// When it is refused, or can't be hashed.
pub async fn hashed(app: &App, text: &str, account: &str) -> Result<PasswordHash, Problem> {
    let password = Password::new(text, account)?;
    Ok(app.sign_ins.passwords.hash(password).await?)
}

/// Refuses a sign-in that another site's page makes a browser send. Programs say nothing about where they come from.
///
/// # Errors
/// [`Trouble::CrossSite`].
pub fn not_cross_site(headers: &HeaderMap) -> Result<(), Problem> {
    let is_browser = headers.contains_key("sec-fetch-site") || headers.contains_key(header::ORIGIN);
    if is_browser { same_origin(&Method::POST, headers) } else { Ok(()) }
}

impl From<PasswordError> for Problem {
    fn from(error: PasswordError) -> Self {
        let trouble = match error {
            PasswordError::Short | PasswordError::Long => Trouble::PasswordLength,
            PasswordError::Control => Trouble::PasswordCharacter,
            PasswordError::Common => Trouble::PasswordCommon,
            PasswordError::Name => Trouble::PasswordIsName,
        };
        Self::with(trouble, error)
    }
}

impl From<HashError> for Problem {
    fn from(error: HashError) -> Self {
        match error {
            HashError::Busy => Self::after(Trouble::SignInBusy, std::time::Duration::from_secs(2)),
            HashError::NotAHash | HashError::Failed(_) => {
                tracing::error!(code = error.code(), %error, "a password was not checked");
                Self::of(Trouble::PasswordUnchecked)
            }
        }
    }
}

impl From<NameError> for Problem {
    fn from(error: NameError) -> Self {
        Self::with(Trouble::Name, error)
    }
}

impl From<TooSoon> for Problem {
    fn from(error: TooSoon) -> Self {
        Self::after(Trouble::TooManyAttempts, std::time::Duration::from_secs(error.retry_after_seconds()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_wrong_codes_close_the_first_sign_in() {
        let first = FirstSignIn::open().expect("random");
        let code = first.shown().expect("open");
        assert!(first.fits(&code) && first.fits(&code.to_lowercase()));
        for _ in 0..WRONG_CODES_MAX {
            assert!(!first.fits("00000-00000-00000-00000"));
        }
        assert!(!first.fits(&code));
        assert_eq!(first.shown(), None);
        assert!(!FirstSignIn::closed().fits(&code));
        let first = FirstSignIn::open().expect("random");
        let code = first.shown().expect("open");
        first.close();
        assert!(!first.fits(&code));
    }
}
