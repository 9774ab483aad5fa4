//! What is counted, as OpenMetrics 1.0.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use super::app::App;
use super::problem::{Problem, Trouble};

/// The media type (OpenMetrics 1.0, section 5.1).
const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    method: String,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Decided {
    effect: &'static str,
}

/// What a witness of ours said.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Asked {
    witness: String,
    outcome: &'static str,
}

/// A look at the log of somebody else.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct LookedAt {
    log: String,
    bad: String,
    state: &'static str,
}

/// What this node said as a witness.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Said {
    status: u16,
}

/// What is counted.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    requests: Family<Answered, Counter>,
    seconds: Histogram,
    decisions: Family<Decided, Counter>,
    records: Counter,
    groups: Counter,
    examining: Gauge,
    streams: Gauge<i64, std::sync::atomic::AtomicI64>,
    bytes: Counter<u64, AtomicU64>,
    asked: Family<Asked, Counter>,
    witnessed: Gauge,
    said: Family<Said, Counter>,
    looks: Family<LookedAt, Counter>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("sakimori");
        let made = Self {
            registry: Arc::default(),
            requests: Family::default(),
            seconds: Histogram::new(exponential_buckets(0.0005, 2.0, 16)),
            decisions: Family::default(),
            records: Counter::default(),
            groups: Counter::default(),
            examining: Gauge::default(),
            streams: Gauge::default(),
            bytes: Counter::default(),
            asked: Family::default(),
            witnessed: Gauge::default(),
            said: Family::default(),
            looks: Family::default(),
        };
        registry.register("http_requests", "Requests by route and status", made.requests.clone());
        registry.register_with_unit(
            "http_request",
            "Time to the head of the answer",
            Unit::Seconds,
            made.seconds.clone(),
        );
        registry.register("decisions", "Decisions by effect", made.decisions.clone());
        registry.register("records", "Records written to the log", made.records.clone());
        registry.register("record_groups", "Groups in which they were written", made.groups.clone());
        registry.register("examinations_running", "Examinations going on", made.examining.clone());
        registry.register("streams_open", "Live streams going on", made.streams.clone());
        registry.register("observed_bytes", "Bytes that were observed", made.bytes.clone());
        registry.register("witness_answers", "Answers of the witnesses that were asked", made.asked.clone());
        registry.register(
            "witnessed_entries",
            "Entries that a quorum of witnesses has cosigned",
            made.witnessed.clone(),
        );
        registry.register("witness_requests", "Requests for a cosignature of this node, by status", made.said.clone());
        registry.register("monitor_looks", "Looks at the logs of others, by what they have shown", made.looks.clone());
        Self { registry: Arc::new(registry), ..made }
    }
}

/// Counts one up while it lives.
pub struct Going(Gauge);

impl Drop for Going {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Metrics {
    /// A group of records was written.
    pub fn group(&self, records: usize) {
        self.groups.inc();
        self.records.inc_by(records as u64);
    }

    /// Something was decided.
    pub fn decided(&self, effect: sakimori_model::Effect, bytes: u64) {
        self.decisions.get_or_create(&Decided { effect: effect.as_str() }).inc();
        self.bytes.inc_by(bytes);
    }

    /// An examination goes on until the value is dropped.
    #[must_use]
    pub fn examining(&self) -> Going {
        self.examining.inc();
        Going(self.examining.clone())
    }

    /// A live stream goes on until the value is dropped.
    #[must_use]
    pub fn stream(&self) -> Going {
        self.streams.inc();
        Going(self.streams.clone())
    }

    /// The live streams that go on.
    #[must_use]
    pub fn streams(&self) -> usize {
        usize::try_from(self.streams.get()).unwrap_or(0)
    }

    /// A witness of this node's log answered.
    pub fn witness_answered(&self, witness: &str, outcome: &'static str) {
        self.asked.get_or_create(&Asked { witness: witness.to_owned(), outcome }).inc();
    }

    /// A quorum of witnesses has cosigned so many entries of this node's log.
    pub fn witnessed_size(&self, size: u64) {
        self.witnessed.set(i64::try_from(size).unwrap_or(i64::MAX));
    }

    /// The log of somebody else was looked at.
    pub fn followed(&self, log: &str, bad: &str, state: &'static str) {
        self.looks.get_or_create(&LookedAt { log: log.to_owned(), bad: bad.to_owned(), state }).inc();
    }

    /// This node answered another log as a witness.
    pub fn witnessed_other(&self, status: u16) {
        self.said.get_or_create(&Said { status }).inc();
    }

    fn answered(&self, method: &str, route: &str, status: u16, took: Duration) {
        let labels = Answered { method: method.to_owned(), route: route.to_owned(), status };
        self.requests.get_or_create(&labels).inc();
        self.seconds.observe(took.as_secs_f64());
    }
}

/// Counts every request. What has no route is counted as one, so that callers can't make up labels.
pub async fn count(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let known = matches!(request.method().as_str(), "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS");
    let method = if known { request.method().as_str().to_owned() } else { "other".to_owned() };
    let start = std::time::Instant::now();
    let response = next.run(request).await;
    app.metrics.answered(&method, &route, response.status().as_u16(), start.elapsed());
    response
}

/// What is counted, as OpenMetrics text.
#[utoipa::path(get, path = "/metrics", tag = "service",
    responses((status = 200, content_type = "application/openmetrics-text", body = String),
        (status = "4XX", body = super::problem::ProblemDocument, content_type = "application/problem+json")))]
pub async fn metrics(State(app): State<Arc<App>>) -> Result<Response, Problem> {
    let mut text = String::new();
    encode(&mut text, &app.metrics.registry).map_err(|error| Problem::with(Trouble::Defect, error))?;
    Ok(([(header::CONTENT_TYPE, MEDIA_TYPE)], text).into_response())
}
