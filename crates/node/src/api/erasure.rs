//! Erasing a decision.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use sakimori_model::RecordId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::app::App;
use super::caller::Who;
use super::decisions::record_id;
use super::extract::{Json, Path};
use super::problem::{Problem, ProblemDocument, Trouble};
use crate::erase;

/// On what ground something is erased.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewErasure {
    /// In one's own words, 1 to 2,000 characters. It stays, so it should name nobody.
    #[schema(min_length = 1, max_length = 2000)]
    note: String,
}

/// What was erased.
#[derive(Debug, Serialize, ToSchema)]
pub struct Erasure {
    /// The record of the erasure.
    #[schema(value_type = String, format = "uuid")]
    record: RecordId,
    /// The records of which nothing is left but their places in the log: the decision, and what rested on it.
    #[schema(value_type = Vec<String>)]
    erased: Vec<RecordId>,
    /// How many of them were shares: what left the organisation can't be called back.
    shares: usize,
    /// Other decisions on the same bytes, which stay.
    #[schema(value_type = Vec<String>)]
    same_bytes: Vec<RecordId>,
}

/// Destroys what is kept of a decision and of the judgements and shares that rest on it, for good. Their places in the log stay.
#[utoipa::path(post, path = "/api/v1/decisions/{id}/erasure", tag = "decisions",
    params(("id" = String, Path, format = "uuid")), request_body = NewErasure,
    responses((status = 201, body = Erasure),
        (status = "4XX", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn erase(
    State(app): State<Arc<App>>,
    who: Who,
    id: Path<String>,
    body: Json<NewErasure>,
) -> Result<Response, Problem> {
    let of = record_id(&id.0)?;
    let note = erase::ground(&body.0.note).map(str::to_owned);
    let note = note.ok_or_else(|| Problem::with(Trouble::Impossible, "note has 1 to 2000 characters"))?;
    let by = who.actor.clone();
    let _turn = app.turns.lock().await;
    let read = move |reader: &super::readers::Reader| -> Result<_, Problem> {
        Ok(erase::erasure(&reader.store, of, by, &note)?)
    };
    let (entry, erased) = app.readers.read(read).await?;
    // The writer destroys it when the record has its place in the log.
    app.recorder.record(vec![entry]).await?;
    let erase::Erased { record, erased, shares, same_bytes } = erased;
    Ok((StatusCode::CREATED, axum::Json(Erasure { record, erased, shares, same_bytes })).into_response())
}
