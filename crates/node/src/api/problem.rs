//! Errors of the interface as problem documents (RFC 9457), with stable codes and texts in both languages.
//!
//! What went wrong inside stays in the log of the service; the caller gets the code, the words for it, and what is
//! wrong with the request.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sakimori_model::{Lang, words};
use serde::Serialize;
use utoipa::ToSchema;

use super::recorder::RecordError;
use crate::NodeError;
use crate::erase::NotErased;

/// The media type of a problem (RFC 9457, section 3).
pub const MEDIA_TYPE: &str = "application/problem+json";

/// Declares the problems once: variant, status, code.
macro_rules! problems {
    ($($(#[$doc:meta])* $name:ident = $status:ident, $code:literal;)*) => {
        /// What can go wrong with a request.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Trouble { $($(#[$doc])* $name,)* }

        impl Trouble {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The status of the answer.
            #[must_use]
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)* }
            }

            /// The stable code, under which the words are found.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }
        }
    };
}

problems! {
    /// Nobody is signed in.
    NotSignedIn = UNAUTHORIZED, "SKM-E-0101";
    /// The role or the token's scopes do not allow it.
    NotAllowed = FORBIDDEN, "SKM-E-0102";
    /// There is no such thing.
    NotFound = NOT_FOUND, "SKM-E-0103";
    /// The method is not for this address.
    Method = METHOD_NOT_ALLOWED, "SKM-E-0104";
    /// The request can't be read.
    Malformed = BAD_REQUEST, "SKM-E-0105";
    /// The body is too large.
    TooLarge = PAYLOAD_TOO_LARGE, "SKM-E-0106";
    /// The body is of another type.
    MediaType = UNSUPPORTED_MEDIA_TYPE, "SKM-E-0107";
    /// A value is not possible.
    Impossible = UNPROCESSABLE_ENTITY, "SKM-E-0108";
    /// It does not fit to what is there.
    Conflict = CONFLICT, "SKM-E-0109";
    /// A condition of the request does not hold.
    Precondition = PRECONDITION_FAILED, "SKM-E-0110";
    /// Too many requests.
    TooMany = TOO_MANY_REQUESTS, "SKM-E-0111";
    /// It took too long.
    TimedOut = REQUEST_TIMEOUT, "SKM-E-0112";
    /// Too much is going on.
    Overloaded = SERVICE_UNAVAILABLE, "SKM-E-0113";
    /// A defect.
    Defect = INTERNAL_SERVER_ERROR, "SKM-E-0114";
    /// The request comes from another site's page.
    CrossSite = FORBIDDEN, "SKM-E-0115";
    /// The request names a host that this service is not.
    Host = MISDIRECTED_REQUEST, "SKM-E-0116";
    /// The idempotency key was used for another request.
    KeyReused = UNPROCESSABLE_ENTITY, "SKM-E-0117";
    /// The upload is at another place.
    Offset = CONFLICT, "SKM-E-0118";
    /// The content is not kept any more.
    ContentGone = NOT_FOUND, "SKM-E-0119";
    /// The policy can't be read.
    Policy = UNPROCESSABLE_ENTITY, "SKM-E-0120";
    /// The node can't write or read its folder now.
    Storage = SERVICE_UNAVAILABLE, "SKM-E-0121";
    /// The decision does not wait for anybody, or not for this.
    NothingToJudge = CONFLICT, "SKM-E-0122";
    /// The last administrator must stay.
    LastAdministrator = CONFLICT, "SKM-E-0123";
    /// The first sign-in is over.
    FirstIsOver = CONFLICT, "SKM-E-0124";
    /// The name is taken.
    NameTaken = CONFLICT, "SKM-E-0125";
    /// Name or password is wrong.
    WrongPassword = UNAUTHORIZED, "SKM-E-0126";
    /// The one-time code is wrong.
    WrongCode = UNAUTHORIZED, "SKM-E-0127";
    /// What was kept of the record was erased.
    Erased = GONE, "SKM-E-0130";
    /// The record can't be erased.
    NotErasable = CONFLICT, "SKM-E-0131";
    /// The number of a source was used before.
    NumberUsed = CONFLICT, "SKM-E-0132";
    /// The body is shorter than it said.
    Incomplete = BAD_REQUEST, "SKM-E-0129";
    /// The new password is too short or too long.
    PasswordLength = UNPROCESSABLE_ENTITY, "SKM-E-0150";
    /// The new password has a control character.
    PasswordCharacter = UNPROCESSABLE_ENTITY, "SKM-E-0151";
    /// The new password is one that is guessed first.
    PasswordCommon = UNPROCESSABLE_ENTITY, "SKM-E-0152";
    /// The new password is made of the account's name.
    PasswordIsName = UNPROCESSABLE_ENTITY, "SKM-E-0153";
    /// The password could not be checked.
    PasswordUnchecked = SERVICE_UNAVAILABLE, "SKM-E-0154";
    /// Too many passwords are being checked.
    SignInBusy = SERVICE_UNAVAILABLE, "SKM-E-0155";
    /// Too many attempts to sign in.
    TooManyAttempts = TOO_MANY_REQUESTS, "SKM-E-0159";
    /// The name can't be one of an account.
    Name = UNPROCESSABLE_ENTITY, "SKM-E-0176";
    /// The account has no password.
    NoPassword = CONFLICT, "SKM-E-0177";
    /// The account has too many tokens.
    TooManyTokens = CONFLICT, "SKM-E-0178";
}

/// A problem, as a handler returns it. The words are chosen when it leaves, in the language of the caller.
#[derive(Clone, Debug)]
pub struct Problem {
    /// What went wrong.
    pub trouble: Trouble,
    /// What is wrong with this request, in English; nothing of the inside.
    pub detail: String,
    /// When it may be tried again.
    pub retry_after: Option<Duration>,
}

/// A problem document (RFC 9457).
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProblemDocument {
    /// The kind of the problem: `urn:sakimori:error:` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// The stable code.
    #[schema(example = "SKM-E-0103", pattern = "^SKM-E-[0-9]{4}$")]
    pub code: String,
    /// The status of the answer.
    #[schema(example = 404)]
    pub status: u16,
    /// What went wrong, in the language of the caller.
    pub title: String,
    /// What is wrong with this request, in English.
    pub detail: String,
    /// What to do, in the language of the caller.
    pub hint: String,
}

impl Problem {
    /// A problem with nothing more to say than its title.
    #[must_use]
    pub fn of(trouble: Trouble) -> Self {
        Self { trouble, detail: String::new(), retry_after: None }
    }

    /// A problem, and what is wrong with this request.
    #[must_use]
    pub fn with(trouble: Trouble, detail: impl std::fmt::Display) -> Self {
        Self { trouble, detail: detail.to_string(), retry_after: None }
    }

    /// A problem that may be over after this time.
    #[must_use]
    pub fn after(trouble: Trouble, retry_after: Duration) -> Self {
        Self { trouble, detail: String::new(), retry_after: Some(retry_after) }
    }

    /// The same, with the time after which it may be over.
    #[must_use]
    pub fn later(self, retry_after: Duration) -> Self {
        Self { retry_after: Some(retry_after), ..self }
    }

    /// The document in this language.
    #[must_use]
    pub fn document(&self, lang: Lang) -> ProblemDocument {
        let code = self.trouble.code();
        ProblemDocument {
            kind: format!("urn:sakimori:error:{code}"),
            code: code.to_owned(),
            status: self.trouble.status().as_u16(),
            title: words::say(lang, &format!("{code}.title"), &[]),
            detail: self.detail.clone(),
            hint: words::say(lang, &format!("{code}.hint"), &[]),
        }
    }

    /// The answer in this language.
    #[must_use]
    pub fn answer(&self, lang: Lang) -> Response {
        let body = serde_json::to_vec(&self.document(lang)).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.trouble.status();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(lang.as_str()));
        if let Some(after) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(after.as_secs().max(1)));
        }
        if self.trouble == Trouble::NotSignedIn {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// The words are put in by `language::words`, which knows the caller's language.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.answer(Lang::Ja);
        response.extensions_mut().insert(self);
        response
    }
}

impl From<NodeError> for Problem {
    fn from(error: NodeError) -> Self {
        match error {
            NodeError::NotErased(error @ NotErased::Before { .. }) => return Self::with(Trouble::Erased, error),
            NodeError::NotErased(error) => return Self::with(Trouble::NotErasable, error),
            _ => {}
        }
        tracing::error!(code = error.code(), %error, "a request failed inside");
        match error {
            NodeError::NoRecord(_) | NodeError::Ambiguous { .. } => Self::of(Trouble::NotFound),
            NodeError::Stopped(_) | NodeError::Inconsistent { .. } => Self::with(Trouble::Defect, error.code()),
            _ => Self::with(Trouble::Storage, error.code()),
        }
    }
}

impl From<sakimori_store::StoreError> for Problem {
    fn from(error: sakimori_store::StoreError) -> Self {
        Self::from(NodeError::from(error))
    }
}

impl From<RecordError> for Problem {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::Overloaded | RecordError::Ending => Self::after(Trouble::Overloaded, Duration::from_secs(1)),
            RecordError::Node(error) => match &*error {
                NodeError::Store(store) if store.is_constraint() => Self::of(Trouble::Conflict),
                error => Self::with(Trouble::Storage, error.code()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_has_its_own_code_and_words_in_both_languages() {
        let codes: std::collections::BTreeSet<&str> = Trouble::ALL.iter().map(|trouble| trouble.code()).collect();
        assert_eq!(codes.len(), Trouble::ALL.len());
        for code in codes {
            for part in ["title", "hint"] {
                assert!(words::knows(&format!("{code}.{part}")), "words/api.toml lacks {code}.{part}");
            }
        }
    }
}
