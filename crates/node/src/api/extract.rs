//! Bodies, queries and paths of requests, read into types. What does not fit is a problem, never a panic.

use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sakimori_model::{Digest, RecordId};
use sakimori_store::Idempotency;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::caller::Who;
use super::dto::PageQuery;
use super::problem::{Problem, Trouble};
use crate::observe::now;

/// Items of a page when nobody says how many.
const PAGE_ITEMS: usize = 50;
/// Items of a page at most.
const PAGE_ITEMS_MAX: usize = 200;
/// Characters of the name of a write.
const KEY_CHARS_MAX: usize = 128;

/// A JSON body.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match axum::Json::<T>::from_request(request, state).await {
            Ok(axum::Json(value)) => Ok(Self(value)),
            Err(JsonRejection::JsonDataError(error)) => Err(Problem::with(Trouble::Impossible, error.body_text())),
            Err(JsonRejection::MissingJsonContentType(_)) => {
                Err(Problem::with(Trouble::MediaType, "application/json is needed"))
            }
            Err(error) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => Err(Problem::of(Trouble::TooLarge)),
            Err(error) => Err(Problem::with(Trouble::Malformed, error.body_text())),
        }
    }
}

/// The query of an address.
pub struct Asked<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = axum::extract::Query::<T>::from_request_parts(parts, state).await;
        let malformed = |error: QueryRejection| Problem::with(Trouble::Malformed, error.body_text());
        read.map(|axum::extract::Query(value)| Self(value)).map_err(malformed)
    }
}

/// The parts of an address. One that can't be read names nothing that there is.
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        let unknown = |error: PathRejection| Problem::with(Trouble::NotFound, error.body_text());
        read.map(|axum::extract::Path(value)| Self(value)).map_err(unknown)
    }
}

/// The name that a caller may give to a write.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "the form of the header for the OpenAPI document; `Named` reads it")]
pub struct NameOfWrite {
    /// 1 to 128 visible ASCII characters. The same name with the same request again gives the same answer, and nothing is done
    /// twice; with another request it is an error (422).
    #[param(rename = "Idempotency-Key", nullable = false, pattern = "^[!-~]{1,128}$")]
    name: Option<String>,
}

/// Bytes as they are.
#[derive(utoipa::ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "the form of bodies for the OpenAPI document")]
pub struct Bytes(Vec<u8>);

/// The name that a caller gave to a write.
#[derive(Clone, Debug)]
pub struct Named(Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get("idempotency-key") else { return Ok(Self(None)) };
        let text = value.to_str().ok().filter(|text| {
            (1..=KEY_CHARS_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
        });
        let bad = || Problem::with(Trouble::Malformed, "Idempotency-Key has 1 to 128 visible ASCII characters");
        text.map(|text| Self(Some(text.to_owned()))).ok_or_else(bad)
    }
}

impl Named {
    /// What is remembered of this write: its name and the digest of what makes it this request and no other.
    #[must_use]
    pub fn write(&self, who: &Who, route: &str, request: &[u8]) -> Option<Idempotency> {
        let key = self.0.clone()?;
        let fingerprint = Digest::of(&[route.as_bytes(), b"\0", request].concat());
        Some(Idempotency { caller: who.key(), key, fingerprint, made: now() })
    }
}

/// How many items a page has.
///
/// # Errors
/// [`Trouble::Malformed`] when it is not 1 to 200.
pub fn limit(query: &PageQuery) -> Result<usize, Problem> {
    match query.limit {
        None => Ok(PAGE_ITEMS),
        Some(limit) if (1..=PAGE_ITEMS_MAX).contains(&limit) => Ok(limit),
        Some(_) => Err(Problem::with(Trouble::Malformed, "limit is 1 to 200")),
    }
}

/// Where a page begins, when it begins after a record.
///
/// # Errors
/// [`Trouble::Malformed`] when it is no cursor of ours.
pub fn after_record(query: &PageQuery) -> Result<Option<RecordId>, Problem> {
    let bad = |_| Problem::with(Trouble::Malformed, "after is the next of another page");
    query.after.as_deref().map(str::parse).transpose().map_err(bad)
}

/// An answer with an entity tag (RFC 9110, section 8.8.3), or 304 when the caller has it already.
///
/// # Errors
/// [`Trouble::Defect`] when the value has no JSON form.
pub fn tagged<T: Serialize>(headers: &HeaderMap, value: &T) -> Result<Response, Problem> {
    let body = serde_json::to_vec(value).map_err(|error| Problem::with(Trouble::Defect, error))?;
    Ok(tagged_bytes(headers, body, "application/json"))
}

/// Like [`tagged`], for bytes that are there already.
#[must_use]
pub fn tagged_bytes(headers: &HeaderMap, body: Vec<u8>, media_type: &'static str) -> Response {
    let tag = format!("\"{}\"", &Digest::of(&body).to_string()[..32]);
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let is_known = known.flat_map(|value| value.split(',')).any(|known| {
        let known = known.trim();
        known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag
    });
    let etag = HeaderValue::from_str(&tag).unwrap_or(HeaderValue::from_static("\"\""));
    let cache = HeaderValue::from_static("private, no-cache");
    let both = [(header::ETAG, etag), (header::CACHE_CONTROL, cache)];
    if is_known {
        return (StatusCode::NOT_MODIFIED, both).into_response();
    }
    (both, [(header::CONTENT_TYPE, HeaderValue::from_static(media_type))], body).into_response()
}
