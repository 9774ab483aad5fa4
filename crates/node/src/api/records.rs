//! Records, their proofs, and the public log.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use sakimori_model::RecordId;
use sakimori_proof::LogError;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::app::App;
use super::decisions::record_id;
use super::dto::{Ack, List, PageQuery};
use super::extract::{Asked, Path, after_record, limit, tagged_bytes};
use super::problem::{Problem, ProblemDocument, Trouble};
use crate::NodeError;
use crate::node::refuse_erased;
use crate::prove::prove;

/// The media type of an evidence bundle (docs/log.md).
const EVIDENCE: &str = "application/vnd.sakimori.evidence.v1+json";

/// Which records are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RecordQuery {
    /// `decision`, `share`, `judgement`, `access`, `policy`, `admission`, `erasure`, `key`, `heartbeat` or `incident`.
    kind: Option<String>,
    /// Items of the page, 1 to 200; 50 otherwise.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
    /// The `next` of the page before.
    #[param(format = "uuid")]
    after: Option<String>,
}

/// A record as lists show it.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecordRow {
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    id: RecordId,
    /// What it records.
    kind: String,
    /// Its place in the log; `null` for the moment until it has one.
    log_index: Option<u64>,
    /// How far it has come in the log.
    ack: Ack,
}

/// Records, newest first.
#[utoipa::path(get, path = "/api/v1/records", tag = "records", params(RecordQuery),
    responses((status = 200, body = List<RecordRow>),
        (status = "4XX", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn list(
    State(app): State<Arc<App>>,
    query: Asked<RecordQuery>,
) -> Result<axum::Json<List<RecordRow>>, Problem> {
    let kind = query.0.kind;
    let page = PageQuery { limit: query.0.limit, after: query.0.after };
    let (after, limit, witnessed) = (after_record(&page)?, limit(&page)?, app.witnessed());
    app.readers
        .read(move |reader| {
            let page = reader.store.records(kind.as_deref(), after, limit)?;
            let items = page.items.into_iter().map(|row| RecordRow {
                id: row.id,
                kind: row.kind,
                log_index: row.log_index,
                ack: Ack::of(row.log_index, witnessed),
            });
            Ok(axum::Json(List { items: items.collect(), next: page.next.map(|id| id.to_string()) }))
        })
        .await
}

/// The statement of a record (in-toto Statement v1), byte for byte as it was committed to.
#[utoipa::path(get, path = "/api/v1/records/{id}", tag = "records", params(("id" = String, Path, format = "uuid")),
    responses((status = 200, body = Object), (status = 304, description = "the caller has it already"),
        (status = "4XX", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn one(State(app): State<Arc<App>>, headers: HeaderMap, id: Path<String>) -> Result<Response, Problem> {
    let id = record_id(&id.0)?;
    let record = app.readers.read(move |reader| -> Result<_, Problem> { Ok(reader.store.record(id)?) }).await?;
    let record = record.ok_or_else(|| Problem::of(Trouble::NotFound))?;
    refuse_erased(&record).map_err(NodeError::from)?;
    Ok(tagged_bytes(&headers, record.statement, "application/json"))
}

/// The evidence bundle of a record, which a stranger verifies offline.
#[utoipa::path(get, path = "/api/v1/records/{id}/proof", tag = "records", params(("id" = String, Path, format = "uuid")),
    responses((status = 200, content_type = "application/vnd.sakimori.evidence.v1+json", body = Object),
        (status = 304, description = "the caller has it already"),
        (status = "4XX", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn proof(State(app): State<Arc<App>>, headers: HeaderMap, id: Path<String>) -> Result<Response, Problem> {
    let id = record_id(&id.0)?;
    let bundle = app
        .readers
        .read(move |reader| -> Result<_, Problem> {
            let record = reader.store.record(id)?.ok_or_else(|| Problem::of(Trouble::NotFound))?;
            if record.log_index.is_none() {
                return Err(Problem::with(Trouble::NotFound, "it has no place in the log yet"));
            }
            Ok(prove(&record, &reader.log)?)
        })
        .await?;
    Ok(tagged_bytes(&headers, bundle.into_bytes(), EVIDENCE))
}

/// The head of the public log.
#[derive(Debug, Serialize, ToSchema)]
pub struct LogHead {
    /// The name of the log.
    origin: String,
    /// Its public key, as `verify` needs it (C2SP signed-note).
    key: String,
    /// The number of its entries.
    size: u64,
    /// The root hash in hexadecimal digits.
    root: String,
    /// The newest checkpoint, as it was signed (C2SP tlog-checkpoint).
    checkpoint: String,
}

/// The head of the public log. For everybody.
#[utoipa::path(get, path = "/api/v1/log", tag = "log", security(()),
    responses((status = 200, body = LogHead),
        (status = "4XX", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn log_head(State(app): State<Arc<App>>) -> Result<axum::Json<LogHead>, Problem> {
    app.readers
        .read(|reader| -> Result<_, Problem> {
            let tree = reader.log.tree().map_err(NodeError::from)?;
            let root = tree.root_at(tree.size()).map_err(NodeError::from)?;
            Ok(axum::Json(LogHead {
                origin: reader.origin().to_owned(),
                key: reader.keys.first().map(ToString::to_string).unwrap_or_default(),
                size: tree.size(),
                root: hex::encode(root.as_bytes()),
                checkpoint: tree.signed_checkpoint().to_owned(),
            }))
        })
        .await
}

/// The public log as static resources (C2SP tlog-tiles): `checkpoint`, `key`, and what lies below `tile/`. For everybody.
#[utoipa::path(get, path = "/log/{*resource}", tag = "log", security(()), params(("resource" = String, Path)),
    responses((status = 200, description = "The resource"),
        (status = "4XX", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn log_resource(State(app): State<Arc<App>>, resource: Path<String>) -> Result<Response, Problem> {
    let resource = resource.0;
    if resource == "key" {
        return Ok(text(app.keys.iter().map(|key| format!("{key}\n")).collect()));
    }
    if resource != "checkpoint" && !is_tile(&resource) {
        return Err(Problem::of(Trouble::NotFound));
    }
    let is_checkpoint = resource == "checkpoint";
    let read = app.readers.read(move |reader| match reader.log.resource(&resource) {
        Err(LogError::Missing { .. }) => Err(Problem::of(Trouble::NotFound)),
        read => Ok(read.map_err(NodeError::from)?),
    });
    let bytes = read.await?;
    if is_checkpoint {
        return Ok(text(String::from_utf8_lossy(&bytes).into_owned()));
    }
    let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
    let kind = HeaderValue::from_static("application/octet-stream");
    Ok(([(header::CACHE_CONTROL, forever), (header::CONTENT_TYPE, kind)], bytes).into_response())
}

fn text(text: String) -> Response {
    let headers = [(header::CACHE_CONTROL, "no-cache"), (header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    (headers, text).into_response()
}

/// True for the path of a tile (C2SP tlog-tiles, "Merkle Tree"): `tile/<level>/<N>`, `tile/entries/<N>`, and partial ones. Nothing
/// else below the folder of the log is handed out.
pub(super) fn is_tile(resource: &str) -> bool {
    let mut steps = resource.split('/');
    let digits = |text: &str, max: usize| (1..=max).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if steps.next() != Some("tile") || !steps.next().is_some_and(|level| level == "entries" || digits(level, 2)) {
        return false;
    }
    let rest: Vec<&str> = steps.collect();
    let (numbers, partial) = match rest.as_slice() {
        [numbers @ .., width] if numbers.last().is_some_and(|last| last.ends_with(".p")) => (numbers, Some(*width)),
        numbers => (numbers, None),
    };
    let Some((last, higher)) = numbers.split_last() else { return false };
    let last = if partial.is_some() { last.strip_suffix(".p").unwrap_or_default() } else { last };
    let three = |text: &str| text.len() == 3 && digits(text, 3);
    three(last)
        && higher.len() < 8
        && higher.iter().all(|step| step.strip_prefix('x').is_some_and(three))
        && partial.is_none_or(|width| digits(width, 3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tiles_are_handed_out() {
        for tile in ["tile/0/000", "tile/entries/x001/x234/067", "tile/1/000.p/5", "tile/entries/x001/067.p/255"] {
            assert!(is_tile(tile), "{tile}");
        }
        for other in [
            "tile",
            "tile/0",
            "tile/0/",
            "tile/0/../../key",
            "tile/0/00",
            "tile/entries/001/067",
            "tile/0/000.p",
            "lock",
            "tile/0/000.p/..",
            "pending/x",
            "tile/0/000/",
            "tile/0//000",
            "tile/abc/000",
            "tile/0/x000",
            "",
        ] {
            assert!(!is_tile(other), "{other}");
        }
    }
}
