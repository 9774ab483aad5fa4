//! Where a thing came from and what came of it.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use sakimori_model::{Digest, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::app::App;
use super::decisions::record_id;
use super::dto::By;
use super::extract::{Asked, Path, tagged};
use super::problem::{Problem, ProblemDocument};
use crate::trace::{How, Item, Kind, Way, trace};

/// Which way is wanted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TraceQuery {
    /// Only one way; both otherwise.
    #[serde(default)]
    #[param(inline)]
    way: Option<OneWay>,
}

/// One way through a graph.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum OneWay {
    /// To what it came from.
    Up,
    /// To what came of it.
    Down,
}

/// A graph in the shape of W3C PROV.
#[derive(Debug, Serialize, ToSchema)]
pub struct Trace {
    /// The id of the thing that was asked for.
    start: String,
    /// All things, the nearest first.
    items: Vec<TraceItem>,
    /// What rests on what.
    links: Vec<TraceLink>,
    /// True when there is more.
    cut: bool,
}

/// A thing in the graph.
#[derive(Debug, Serialize, ToSchema)]
pub struct TraceItem {
    /// `record:` with an id, or `bytes:`, `policy:`, `rules:`, `bom:` with a digest.
    id: String,
    /// What it is.
    #[schema(value_type = String, pattern = "^(file|model|policy|rules|bom|decision|judgement|admission|share|activation|access)$")]
    kind: Kind,
    /// What people call it.
    name: String,
    /// What it says: of a decision its effect, of an admission its state.
    says: String,
    /// When it was recorded.
    #[schema(value_type = Option<String>, format = "date-time")]
    at: Option<Timestamp>,
    /// Who acted, where it is a record.
    by: Option<By>,
}

/// One thing rests on another.
#[derive(Debug, Serialize, ToSchema)]
pub struct TraceLink {
    /// What rests.
    from: String,
    /// What it rests on.
    to: String,
    /// How.
    #[schema(value_type = String, pattern = "^(used|derived-from|has-part|influenced-by)$")]
    how: How,
}

/// Where a record, or bytes with this SHA-256, came from, and what came of them: 500 things at most.
#[utoipa::path(get, path = "/api/v1/trace/{id}", tag = "records",
    params(("id" = String, Path, pattern = "^([0-9a-f]{64}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$"), TraceQuery),
    responses((status = 200, body = Trace), (status = 304, description = "the caller has it already"),
        (status = "4XX", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn around(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    id: Path<String>,
    query: Asked<TraceQuery>,
) -> Result<Response, Problem> {
    let start = match id.0.parse::<Digest>() {
        Ok(sha256) => format!("bytes:{sha256}"),
        Err(_) => format!("record:{}", record_id(&id.0)?),
    };
    let way = match query.0.way {
        Some(OneWay::Up) => Way::Upstream,
        Some(OneWay::Down) => Way::Downstream,
        None => Way::Both,
    };
    let found = app
        .readers
        .read(move |reader| -> Result<_, Problem> {
            let graph = trace(&reader.store, start, way)?;
            let item = |item: Item| -> Result<TraceItem, Problem> {
                let by = item.by.as_ref().map(|by| By::read(&reader.store, by)).transpose()?;
                Ok(TraceItem { id: item.id, kind: item.kind, name: item.name, says: item.says, at: item.at, by })
            };
            let items = graph.items.into_iter().map(item).collect::<Result<_, _>>()?;
            let link = |link: crate::trace::Link| TraceLink { from: link.from, to: link.to, how: link.how };
            let links = graph.links.into_iter().map(link).collect();
            Ok(Trace { start: graph.start, items, links, cut: graph.cut })
        })
        .await?;
    tagged(&headers, &found)
}
