//! Sources that number what they send: what came in, what is missing, and since when they are silent.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use sakimori_model::{HeartbeatPredicate, RecordId, SOURCE_NUMBER_MAX, SourceName, SourceRef, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::app::App;
use super::caller::Who;
use super::dto::List;
use super::extract::Json;
use super::problem::{Problem, ProblemDocument, Trouble};
use super::readers::Reader;
use crate::observe::{new_record, now};
use crate::record::Entry;
use crate::sources::{heartbeat, sources};

/// How far a source has counted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewHeartbeat {
    /// Its name.
    #[schema(value_type = String, min_length = 1, max_length = 100, pattern = "^[A-Za-z0-9._-]+$")]
    source: SourceName,
    /// The last number that it has given; 0 before the first.
    #[schema(maximum = 9_007_199_254_740_991_i64)]
    number: u64,
}

/// A heartbeat that was recorded.
#[derive(Debug, Serialize, ToSchema)]
pub struct Heartbeat {
    /// Its record.
    #[schema(value_type = String, format = "uuid")]
    record: RecordId,
    /// When it came in.
    #[schema(value_type = String, format = "date-time")]
    heard: Timestamp,
}

/// Numbers, from the first to the last of them.
#[derive(Debug, Serialize, ToSchema)]
pub struct Range {
    /// The first.
    from: u64,
    /// The last.
    to: u64,
}

/// What is known of a source.
#[derive(Debug, Serialize, ToSchema)]
pub struct Source {
    /// Its name.
    name: String,
    /// How many of its numbers came in.
    count: u64,
    /// The last number that it must have given.
    given: u64,
    /// How many numbers are missing.
    missing: u64,
    /// The first ranges that are missing, 20 at most.
    ranges: Vec<Range>,
    /// When it last said how far it has counted.
    #[schema(value_type = Option<String>, format = "date-time")]
    heard: Option<Timestamp>,
}

/// Records how far a source has counted, so that what is lost on the way to this node shows.
#[utoipa::path(post, path = "/api/v1/heartbeats", tag = "observations", request_body = NewHeartbeat,
    responses((status = 201, body = Heartbeat),
        (status = "4XX", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn beat(State(app): State<Arc<App>>, who: Who, body: Json<NewHeartbeat>) -> Result<Response, Problem> {
    let NewHeartbeat { source, number } = body.0;
    if number > SOURCE_NUMBER_MAX {
        return Err(Problem::with(Trouble::Impossible, "number is too large"));
    }
    let source = SourceRef { name: source, number };
    let beat = HeartbeatPredicate { record: new_record(), heard: now(), by: who.actor.clone(), source };
    let answer = Heartbeat { record: beat.record, heard: beat.heard };
    app.recorder.record(vec![Entry::of(heartbeat(beat))]).await?;
    Ok((StatusCode::CREATED, axum::Json(answer)).into_response())
}

/// Sources that number what they send, with what is missing.
#[utoipa::path(get, path = "/api/v1/sources", tag = "overview",
    responses((status = 200, body = List<Source>),
        (status = "4XX", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn list(State(app): State<Arc<App>>) -> Result<axum::Json<List<Source>>, Problem> {
    let read = |reader: &Reader| -> Result<_, Problem> {
        let items = sources(&reader.store)?.into_iter().map(|(row, ranges)| Source {
            name: row.name.to_string(),
            count: row.count,
            given: row.given(),
            missing: row.missing(),
            ranges: ranges.into_iter().map(|(from, to)| Range { from, to }).collect(),
            heard: row.heard.map(|(_, heard)| heard),
        });
        Ok(axum::Json(List { items: items.collect(), next: None }))
    };
    app.readers.read(read).await
}
