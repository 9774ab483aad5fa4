//! Observations that fit into one request: examined, decided and recorded before the answer.

use std::io::Write as _;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use sakimori_model::{Predicate, Receipt, RecordId, SOURCE_NUMBER_MAX, SourceName, SourceRef, Statement};
use serde::Deserialize;
use utoipa::IntoParams;

use super::app::App;
use super::caller::Who;
use super::decisions::repeated;
use super::dto::{Ack, By, DecisionFull, DecisionRow, decision_of};
use super::extract::{Asked, Named};
use super::problem::{Problem, ProblemDocument, Trouble};
use super::shield::next_piece;
use crate::NodeError;
use crate::flow::judge;
use crate::node::parsed;
use crate::observe::{Observed, Opened, VaultKey, new_record, now, sha256_of};
use crate::record::Entry;

/// Bytes of an observation in one request.
pub const BODY_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Bytes of it that are held in memory; the rest goes to a file without a name.
const MEMORY_BYTES_MAX: usize = 256 * 1024;
/// Characters of a name.
pub const NAME_CHARS_MAX: usize = 1_024;

/// What an observation is called.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ObservationQuery {
    /// Its name, such as that of a file; 1,024 characters at most.
    #[param(min_length = 1, max_length = 1024, pattern = "\\S")]
    name: Option<String>,
    /// The source that sends it, where it numbers what it sends (docs/sources.md); with `number`.
    #[param(min_length = 1, max_length = 100, pattern = "^[A-Za-z0-9._-]+$")]
    source: Option<String>,
    /// The number that the source gave to it: from 1 on, each once; with `source`.
    #[param(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    number: Option<u64>,
}

/// Examines, decides and records the body.
#[utoipa::path(post, path = "/api/v1/observations", tag = "observations",
    params(ObservationQuery, super::extract::NameOfWrite),
    request_body(content = inline(super::extract::Bytes), content_type = "application/octet-stream", description = "The bytes, 8 MiB at most"),
    responses((status = 201, body = DecisionFull, headers(("Location" = String))),
        (status = "4XX", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn observe(
    State(app): State<Arc<App>>,
    who: Who,
    named: Named,
    query: Asked<ObservationQuery>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let name = name_of(query.0.name.as_deref().unwrap_or("observation"))?;
    let is_form =
        |value: &str| value.starts_with("multipart/") || value.starts_with("application/x-www-form-urlencoded");
    if headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).is_some_and(is_form) {
        return Err(Problem::with(Trouble::MediaType, "send the bytes themselves, not a form"));
    }
    let source = source_of(query.0.source.as_deref(), query.0.number)?;
    let opened = receive(&app, body).await?;
    let permit = app.examining.permits.clone().acquire_owned().await;
    let worker = app.clone();
    let by = who.actor.clone();
    let examined = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        let _going = worker.metrics.examining();
        let sha256 = sha256_of(&opened.source, &|_| ())?;
        let seen = Observed { record: new_record(), path: name, at: now(), sha256, by: Some(by), source };
        let policy = worker.examining.policy();
        let entry = judge(&seen, &opened, &worker.examining.rules(&policy));
        Ok::<_, std::io::Error>((seen, entry, opened))
    });
    let examined = examined.await.map_err(|panic| NodeError::Stopped(panic.to_string()))?;
    let (seen, entry, opened) = examined.map_err(|error| Problem::with(Trouble::Incomplete, error))?;
    let named = named.write(&who, &format!("observe {}", seen.path), seen.sha256.as_bytes());
    if let Some(record) = repeated(&app, named.as_ref()).await? {
        return again(&app, record).await;
    }
    refuse_used(&app, seen.source.clone()).await?;
    let again_named = named.clone();
    let recorded = record(&app, entry.named(named), opened).await;
    match recorded {
        Ok((statement, receipt)) => answer(&app, statement, Some(receipt)).await,
        // Two requests of one name at once: the other one was first.
        Err(problem) if problem.trouble == Trouble::Conflict => match repeated(&app, again_named.as_ref()).await? {
            Some(record) => again(&app, record).await,
            None => Err(problem),
        },
        Err(problem) => Err(problem),
    }
}

/// A name as it may stand in a record.
///
/// # Errors
/// [`Trouble::Impossible`] when it is empty or too long.
pub fn name_of(name: &str) -> Result<String, Problem> {
    let fits = !name.trim().is_empty() && name.chars().count() <= NAME_CHARS_MAX;
    let bad = || Problem::with(Trouble::Impossible, "name has 1 to 1024 characters");
    if fits { Ok(name.to_owned()) } else { Err(bad()) }
}

/// The number that a source gave to something. Both are there, or none.
///
/// # Errors
/// [`Trouble::Impossible`].
pub(super) fn source_of(name: Option<&str>, number: Option<u64>) -> Result<Option<SourceRef>, Problem> {
    match (name, number) {
        (None, None) => Ok(None),
        (Some(name), Some(number)) if (1..=SOURCE_NUMBER_MAX).contains(&number) => {
            let name = SourceName::try_from(name.to_owned());
            Ok(Some(SourceRef { name: name.map_err(|error| Problem::with(Trouble::Impossible, error))?, number }))
        }
        _ => Err(Problem::with(
            Trouble::Impossible,
            "source and number go together, and number is from 1 to 9007199254740991",
        )),
    }
}

/// A number is given once.
pub(super) async fn refuse_used(app: &App, source: Option<SourceRef>) -> Result<(), Problem> {
    let Some(source) = source else { return Ok(()) };
    let read = move |reader: &super::readers::Reader| -> Result<_, Problem> { Ok(reader.store.with_number(&source)?) };
    match app.readers.read(read).await? {
        Some(record) => Err(Problem::with(Trouble::NumberUsed, format_args!("record {record} bears it"))),
        None => Ok(()),
    }
}

/// Takes in a body: into memory while it is small, then into a file without a name.
async fn receive(app: &App, body: Body) -> Result<Opened, Problem> {
    let mut stream = body.into_data_stream();
    let mut memory = Vec::new();
    let mut spool: Option<std::fs::File> = None;
    let mut size = 0usize;
    while let Some(chunk) = next_piece(&mut stream).await? {
        size += chunk.len();
        if size > BODY_BYTES_MAX {
            return Err(Problem::with(Trouble::TooLarge, format_args!("{BODY_BYTES_MAX} bytes at most")));
        }
        let full = |error: std::io::Error| Problem::from(NodeError::Folder { path: app.home.clone(), error });
        match &mut spool {
            Some(file) => file.write_all(&chunk).map_err(full)?,
            None if memory.len() + chunk.len() <= MEMORY_BYTES_MAX => memory.extend_from_slice(&chunk),
            None => {
                let mut file = tempfile::tempfile_in(&app.home).map_err(full)?;
                file.write_all(&memory).and_then(|()| file.write_all(&chunk)).map_err(full)?;
                memory = Vec::new();
                spool = Some(file);
            }
        }
    }
    match spool {
        None => Ok(Opened::memory(memory)),
        Some(file) => Opened::unnamed(file).map_err(|error| NodeError::Folder { path: app.home.clone(), error }.into()),
    }
}

/// Records a decision and keeps the bytes that it is about.
///
/// # Errors
/// When it can't be recorded. That the bytes can't be kept is no error: they are a convenience.
pub async fn record(app: &Arc<App>, mut entry: Entry, opened: Opened) -> Result<(Statement, Receipt), Problem> {
    if let Some(key) = new_key(app)? {
        let (vault, record) = (app.vault.clone(), entry.statement.record());
        entry.vault_key = Some(key.clone());
        let kept = tokio::task::spawn_blocking(move || vault.keep(record, &key, &opened.source));
        if let Ok(Err(error)) = kept.await {
            tracing::warn!(%error, "the bytes of an observation were not kept");
        }
    }
    let statement = entry.statement.clone();
    let receipt = app.recorder.record(vec![entry]).await?.pop();
    let receipt = receipt.ok_or_else(|| Problem::of(Trouble::Defect))?;
    if let Predicate::Decision(made) = &statement.predicate {
        app.metrics.decided(made.decision.effect, made.size);
    }
    Ok((statement, receipt))
}

/// A key for the bytes of an observation, where they are kept.
///
/// # Errors
/// When the operating system has no random numbers.
pub fn new_key(app: &App) -> Result<Option<VaultKey>, Problem> {
    let key = (app.config.content_days > 0).then(VaultKey::random).transpose();
    key.map_err(|error| NodeError::Random(error).into())
}

async fn again(app: &Arc<App>, record: RecordId) -> Result<Response, Problem> {
    let missing = || Problem::of(Trouble::NotFound);
    let (statement, receipt) = app
        .readers
        .read(move |reader| -> Result<_, Problem> {
            let record = reader.store.record(record)?.ok_or_else(missing)?;
            let log = reader.origin().to_owned();
            let receipt =
                record.log_index.map(|index| Receipt { record: record.id, log, index, commitment: record.commitment });
            Ok((parsed(&record)?, receipt))
        })
        .await?;
    answer(app, statement, receipt).await
}

async fn answer(app: &Arc<App>, statement: Statement, receipt: Option<Receipt>) -> Result<Response, Problem> {
    let (name, sha256, made) = decision_of(statement)?;
    let by = match made.by.clone() {
        Some(by) => Some(app.readers.read(move |reader| By::read(&reader.store, &by)).await?),
        None => None,
    };
    let location = format!("/api/v1/decisions/{}", made.record);
    let mut full = DecisionFull::of(DecisionRow::new(&name, sha256, &made), made, by);
    full.ack = Ack::of(receipt.as_ref().map(|receipt| receipt.index), app.witnessed());
    full.receipt = receipt;
    full.content = app.config.content_days > 0;
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], axum::Json(full)).into_response())
}
