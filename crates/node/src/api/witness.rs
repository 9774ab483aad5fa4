//! This node as a witness of others' logs: `POST /add-checkpoint` (C2SP tlog-witness), as a route of the service or alone.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Router, middleware};
use sakimori_model::RecordId;
use sakimori_proof::{Evidence, Refusal, limits};
use tokio::sync::Semaphore;
use tower_http::catch_panic::CatchPanicLayer;

use super::app::{App, SHUTDOWN_SECONDS_MAX};
use super::language::AsItIs;
use super::problem::{Problem, ProblemDocument, Trouble};
use super::serve::{Door, ServeError, Signals};
use super::shield;
use crate::config::Config;
use crate::error::code_of_sign;
use crate::incident::{forked, known};
use crate::observe::now;
use crate::record::Entry;
use crate::witness::NodeWitness;

/// Answers an add-checkpoint request (C2SP tlog-witness): a log asks for a cosignature of its newest checkpoint. Answers are text, as
/// the protocol has them; without `[witness]` in the configuration there is nothing here.
#[utoipa::path(post, path = "/add-checkpoint", tag = "log", security(()),
    request_body(content = inline(super::extract::Bytes), content_type = "application/octet-stream",
        description = "The old size, the consistency proof, an empty line, the signed checkpoint"),
    responses((status = 200, description = "Lines of cosignatures", content_type = "text/plain", body = String),
        (status = 409, description = "The size of the newest checkpoint that was cosigned, or another root of the same size",
            content((String = "text/x.tlog.size"), (String = "text/plain"))),
        (status = "4XX", description = "Why it is refused, or why it is no request",
            content((String = "text/plain"), (ProblemDocument = "application/problem+json"))),
        (status = 503, body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn add_checkpoint(State(app): State<Arc<App>>, body: Body) -> Result<Response, Problem> {
    let witness = app.witness.clone().ok_or_else(|| Problem::of(Trouble::NotFound))?;
    let (response, evidence) = answer(witness, body).await?;
    if let Some(evidence) = evidence {
        raise(&app, &evidence).await;
    }
    app.metrics.witnessed_other(response.status().as_u16());
    Ok(response)
}

/// Raises an incident for evidence that a log has signed two histories, unless there is one. Returns its record. What goes wrong is told
/// and keeps nobody from the answer: the evidence itself is kept in a file.
pub(super) async fn raise(app: &App, evidence: &Evidence) -> Option<RecordId> {
    let (statement, log) = (forked(evidence)?, &evidence.seen.checkpoint.origin);
    let raised = async {
        let asked = statement.clone();
        if let Some(known) = app.readers.read(move |reader| known(&reader.store, &asked)).await? {
            return Ok(known);
        }
        let record = statement.record();
        app.recorder.record(vec![Entry::of(statement)]).await?;
        tracing::error!(code = "SKM-E-0182", %log, %record, "an incident is raised");
        Ok::<_, Problem>(record)
    };
    match raised.await {
        Ok(record) => Some(record),
        Err(problem) => {
            tracing::error!(code = "SKM-E-0182", %log, ?problem, "an incident could not be raised");
            None
        }
    }
}

/// Reads a request and answers it. With the evidence that was kept, if there was any.
async fn answer(witness: Arc<NodeWitness>, body: Body) -> Result<(Response, Option<Evidence>), Problem> {
    let body = read(body).await?;
    let worker = witness.clone();
    let answered = tokio::task::spawn_blocking(move || worker.add(&body, &seconds_now)).await;
    match answered {
        Ok(Ok(lines)) => Ok((([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], lines).into_response(), None)),
        Ok(Err(refusal)) => {
            tell(&refusal);
            let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let mut response = (status, [(header::CONTENT_TYPE, refusal.media_type())], refusal.body()).into_response();
            response.extensions_mut().insert(AsItIs);
            Ok((response, refusal.evidence().map(|kept| (*kept.evidence).clone())))
        }
        Err(panic) => Err(Problem::with(Trouble::Defect, panic)),
    }
}

async fn read(body: Body) -> Result<Bytes, Problem> {
    let mut pieces = body.into_data_stream();
    let mut bytes = Vec::new();
    while let Some(piece) = shield::next_piece(&mut pieces).await? {
        if bytes.len() + piece.len() > limits::ADD_CHECKPOINT_BYTES_MAX {
            return Err(Problem::of(Trouble::TooLarge));
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes.into())
}

/// Tells the keeper of the witness what matters.
fn tell(refusal: &Refusal) {
    match refusal {
        Refusal::Store(error) => {
            tracing::error!(code = "SKM-E-0181", %error, "the witness can't keep its state, and cosigns nothing");
        }
        Refusal::Sign(error) => tracing::error!(code = code_of_sign(error), %error, "the witness can't sign"),
        _ => {}
    }
    let Some(kept) = refusal.evidence() else { return };
    let (log, kind) = (&kept.evidence.seen.checkpoint.origin, kept.evidence.kind.as_str());
    let place = match &kept.place {
        Ok(Some(place)) => place.display().to_string(),
        Ok(None) => "enough is kept already".to_owned(),
        Err(error) => {
            tracing::error!(code = "SKM-E-0181", %log, kind, %error, "the evidence against a log could not be kept");
            String::new()
        }
    };
    if kept.evidence.kind.is_proof() {
        tracing::error!(code = "SKM-E-0182", %log, kind, evidence = %place, "a log has signed two histories");
    } else {
        tracing::warn!(%log, kind, evidence = %place, "a checkpoint came with a proof that does not hold");
    }
}

fn seconds_now() -> u64 {
    u64::try_from(now().as_micros() / 1_000_000).unwrap_or(0)
}

/// Serves a witness and nothing else, until SIGTERM or SIGINT. `listening` hears where.
///
/// # Errors
/// [`ServeError`].
pub async fn serve(
    config: &Config,
    witness: NodeWitness,
    listening: impl FnOnce(SocketAddr),
) -> Result<(), ServeError> {
    let door = Door::open(config)?;
    let handle = axum_server::Handle::new();
    let (mut signals, ending) = (Signals::listen()?, handle.clone());
    tokio::spawn(async move {
        signals.any().await;
        ending.graceful_shutdown(Some(Duration::from_secs(SHUTDOWN_SECONDS_MAX)));
    });
    listening(door.address);
    door.serve(alone(config, witness), handle, config.limits.connections_max).await
}

/// The router of a witness alone.
fn alone(config: &Config, witness: NodeWitness) -> Router {
    let permits = Arc::new(Semaphore::new(config.limits.requests_max));
    let state = Arc::new(witness);
    // The log of this witness is nobody's: evidence is kept in files.
    let add = async |State(witness): State<Arc<NodeWitness>>, body: Body| {
        answer(witness, body).await.map(|(response, _)| response)
    };
    Router::new()
        .route("/add-checkpoint", axum::routing::post(add))
        .layer(middleware::from_fn_with_state(permits, shield::limits))
        .layer(CatchPanicLayer::custom(|_: Box<dyn std::any::Any + Send>| Problem::of(Trouble::Defect).into_response()))
        .layer(middleware::map_response(|mut response: Response| async move {
            let name = HeaderName::from_static("x-content-type-options");
            response.headers_mut().insert(name, HeaderValue::from_static("nosniff"));
            response
        }))
        .with_state(state)
}
