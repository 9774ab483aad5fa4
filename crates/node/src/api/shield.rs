//! What stands in front of every handler: names, headers, limits.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{BodyDataStream, Bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use futures_util::StreamExt as _;
use tokio::sync::Semaphore;

use super::app::App;
use super::problem::{Problem, Trouble};

/// How long a request may take. Uploads and live streams have limits of their own.
const REQUEST_SECONDS_MAX: u64 = 60;
/// How long the next piece of a body may take.
const PIECE_SECONDS_MAX: u64 = 30;

/// The next piece of a body; an error when it takes too long, or the sender is gone.
///
/// # Errors
/// [`Trouble::TimedOut`], [`Trouble::Incomplete`].
pub async fn next_piece(body: &mut BodyDataStream) -> Result<Option<Bytes>, Problem> {
    match tokio::time::timeout(Duration::from_secs(PIECE_SECONDS_MAX), body.next()).await {
        Ok(Some(Ok(piece))) => Ok(Some(piece)),
        Ok(Some(Err(error))) => Err(Problem::with(Trouble::Incomplete, error)),
        Ok(None) => Ok(None),
        Err(_) => Err(Problem::of(Trouble::TimedOut)),
    }
}

/// No inline code, nothing from elsewhere, no frames (Content Security Policy Level 3).
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
                      connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// The check page has no code at all.
const POLICY_WITHOUT_CODE: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; \
                                   frame-ancestors 'none'";

/// Headers of every answer, with their values.
const HEADERS: &[(&str, &str)] = &[
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("x-frame-options", "DENY"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=(), interest-cohort=()"),
];

/// Puts the protective headers on every answer.
pub async fn headers(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    let policy = if path.starts_with("/check") { POLICY_WITHOUT_CODE } else { POLICY };
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    if path.starts_with("/api/") && !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if app.config.tls.is_some() {
        // RFC 6797: from now on by TLS only.
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    response
}

/// Refuses requests that call the service by a name that it does not have: a page elsewhere whose name suddenly leads here (DNS
/// rebinding) is stopped by that.
pub async fn host(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let authority = request.uri().authority().map(|authority| authority.as_str());
    if app.hosts.allows(request.headers(), authority) {
        next.run(request).await
    } else {
        Problem::of(Trouble::Host).into_response()
    }
}

/// Works on so many requests at once and no more, each for so long and no longer.
pub async fn limits(State(permits): State<Arc<Semaphore>>, request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    if path == "/api/v1/events" {
        return next.run(request).await;
    }
    let is_upload = path == "/api/v1/uploads/{id}";
    let Ok(_permit) = permits.try_acquire() else {
        return Problem::after(Trouble::Overloaded, Duration::from_secs(1)).into_response();
    };
    if is_upload {
        return next.run(request).await;
    }
    match tokio::time::timeout(Duration::from_secs(REQUEST_SECONDS_MAX), next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::of(Trouble::TimedOut).into_response(),
    }
}
