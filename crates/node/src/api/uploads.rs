//! Uploads in pieces: tus 1.0.0 (core protocol, extensions `creation` and `termination`). A complete upload becomes a job.

use std::collections::HashMap;
use std::io::Write as _;
use std::path::{Path as FilePath, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sakimori_model::SourceRef;
use sakimori_store::UploadRow;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::app::App;
use super::caller::Who;
use super::extract::Path;
use super::jobs;
use super::observations::{name_of, refuse_used, source_of};
use super::problem::{Problem, ProblemDocument, Trouble};
use super::shield::next_piece;
use crate::NodeError;
use crate::observe::{now, private_file};

/// The version of the protocol.
const VERSION: &str = "1.0.0";
/// The media type of a piece (tus 1.0.0, PATCH).
const PIECE: &str = "application/offset+octet-stream";
/// When one may try again who has too many uploads.
const TRY_AGAIN: Duration = Duration::from_secs(60);
/// Uploads of one caller that are written to at once: slow senders must not take all places of the service.
const WRITING_MAX: usize = 16;
/// Bytes of `Upload-Metadata`.
const METADATA_BYTES_MAX: usize = 8 * 1024;

/// The files of uploads.
pub struct Uploads {
    folder: PathBuf,
    busy: Arc<Mutex<HashMap<String, String>>>,
}

/// An upload that is being written to; nobody else may until it is dropped.
struct Busy {
    all: Arc<Mutex<HashMap<String, String>>>,
    id: String,
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
    }
}

impl Uploads {
    /// Uploads in this folder, which is made when it is needed.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, busy: Arc::default() }
    }

    /// The file of an upload.
    #[must_use]
    pub fn file(&self, id: &str) -> PathBuf {
        self.folder.join(id)
    }

    /// Removes the files of uploads that nobody continues.
    pub fn forget(&self, ids: &[String]) {
        for id in ids {
            if let Err(error) = std::fs::remove_file(self.file(id))
                && error.kind() != std::io::ErrorKind::NotFound
            {
                tracing::warn!(%error, id, "the file of an upload was not removed");
            }
        }
    }

    fn offset(&self, id: &str) -> Result<u64, Problem> {
        let path = self.file(id);
        std::fs::metadata(&path).map(|m| m.len()).map_err(|error| folder(&path, error))
    }

    fn take(&self, row: &UploadRow) -> Result<Busy, Problem> {
        let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        if busy.contains_key(&row.id) {
            return Err(Problem::with(Trouble::Conflict, "this upload is being written to"));
        }
        if busy.values().filter(|caller| **caller == row.caller).count() >= WRITING_MAX {
            return Err(Problem::after(Trouble::TooMany, Duration::from_secs(1)));
        }
        busy.insert(row.id.clone(), row.caller.clone());
        Ok(Busy { all: self.busy.clone(), id: row.id.clone() })
    }
}

/// An upload.
#[derive(Debug, Serialize, ToSchema)]
pub struct Upload {
    /// Its id.
    id: String,
    /// What it is called.
    name: String,
    /// How many bytes there will be.
    size: u64,
    /// How many of them are here.
    offset: u64,
    /// The job that it became when it was complete.
    job: Option<String>,
}

/// What every request of an upload says (tus 1.0.0, "Headers").
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "the form of the headers for the OpenAPI document")]
pub struct TusHeader {
    /// The version of the protocol.
    #[param(rename = "Tus-Resumable", pattern = "^1\\.0\\.0$", example = "1.0.0")]
    version: String,
}

/// What a new upload says (tus 1.0.0, extension `creation`).
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "the form of the headers for the OpenAPI document")]
pub struct NewUploadHeaders {
    /// The number of bytes. How many are allowed at most is in `Tus-Max-Size` of OPTIONS.
    #[param(rename = "Upload-Length")]
    length: u64,
    /// Pairs of a key and base64, separated by commas: `name` or `filename` is what it is called; `source` and `number`, which go together, the number that its source gave to it.
    #[param(rename = "Upload-Metadata", nullable = false, max_length = 8192)]
    metadata: Option<String>,
}

/// What a piece says (tus 1.0.0, PATCH).
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "the form of the headers for the OpenAPI document")]
pub struct PieceHeaders {
    /// Where the piece begins.
    #[param(rename = "Upload-Offset")]
    offset: u64,
}

/// What the server can do (tus 1.0.0, OPTIONS).
#[utoipa::path(options, path = "/api/v1/uploads", tag = "uploads", security(()),
    responses((status = 204, description = "Tus-Version, Tus-Extension, Tus-Max-Size"),
        (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn options(State(app): State<Arc<App>>) -> Response {
    let size = HeaderValue::from(app.config.limits.upload_bytes_max);
    let extensions = [("tus-version", HeaderValue::from_static(VERSION)), ("tus-max-size", size)];
    let mut response = (StatusCode::NO_CONTENT, extensions).into_response();
    response.headers_mut().insert("tus-extension", HeaderValue::from_static("creation,termination"));
    spoken(response)
}

/// Begins an upload (tus 1.0.0, extension `creation`).
#[utoipa::path(post, path = "/api/v1/uploads", tag = "uploads",
    params(TusHeader, NewUploadHeaders),
    responses((status = 201, description = "Location names the upload", headers(("Location" = String))),
        (status = "4XX", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn create(State(app): State<Arc<App>>, who: Who, headers: HeaderMap) -> Result<Response, Problem> {
    speaks_tus(&headers)?;
    let size = number(&headers, "upload-length")?;
    if size > app.config.limits.upload_bytes_max {
        return Err(Problem::with(
            Trouble::TooLarge,
            format_args!("{} bytes at most", app.config.limits.upload_bytes_max),
        ));
    }
    let said = metadata(&headers)?;
    let source = said.source()?;
    let name = name_of(&said.name.unwrap_or_else(|| "upload".to_owned()))?;
    refuse_used(&app, source.clone()).await?;
    let caller = who.key();
    let open =
        app.readers.read(move |reader| -> Result<_, Problem> { Ok(reader.store.open_uploads(&caller)?) }).await?;
    if open >= app.config.limits.uploads_open_max {
        return Err(Problem::with(Trouble::TooMany, "too many uploads are not complete").later(TRY_AGAIN));
    }
    let id = uuid::Uuid::now_v7().to_string();
    let path = app.uploads.file(&id);
    make_folder(&app.uploads.folder)?;
    private_file(&path).map_err(|error| folder(&path, error))?;
    let row = UploadRow { id: id.clone(), caller: who.key(), name, size, made: now(), job: None, source };
    let put = row.clone();
    app.recorder.rows(move |store| store.put_upload(&put)).await?;
    let location = [(header::LOCATION, format!("/api/v1/uploads/{id}"))];
    let mut response = (StatusCode::CREATED, location).into_response();
    if size == 0 {
        begin_job(&app, &who, row, &mut response).await?;
    }
    Ok(spoken(response))
}

/// How far an upload is, for a program.
#[utoipa::path(get, path = "/api/v1/uploads/{id}", tag = "uploads", params(("id" = String, Path, format = "uuid")),
    responses((status = 200, body = Upload),
        (status = "4XX", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn one(State(app): State<Arc<App>>, who: Who, id: Path<String>) -> Result<axum::Json<Upload>, Problem> {
    let row = own(&app, &who, &id.0).await?;
    let offset = if row.job.is_some() { row.size } else { app.uploads.offset(&row.id)? };
    Ok(axum::Json(Upload { id: row.id, name: row.name, size: row.size, offset, job: row.job }))
}

/// How far an upload is (tus 1.0.0, HEAD).
#[utoipa::path(head, path = "/api/v1/uploads/{id}", tag = "uploads",
    params(("id" = String, Path, format = "uuid"), TusHeader),
    responses((status = 200, description = "Upload-Offset, Upload-Length"),
        (status = "4XX", description = "a problem"), (status = 503, description = "a problem")))]
pub async fn head(
    State(app): State<Arc<App>>,
    who: Who,
    id: Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    speaks_tus(&headers)?;
    let row = own(&app, &who, &id.0).await?;
    let offset = if row.job.is_some() { row.size } else { app.uploads.offset(&row.id)? };
    let at = [("upload-offset", HeaderValue::from(offset)), ("upload-length", HeaderValue::from(row.size))];
    let mut response = (StatusCode::OK, at).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(job) = &row.job {
        name_job(&mut response, job);
    }
    Ok(spoken(response))
}

/// A piece of an upload (tus 1.0.0, PATCH). What was written before a break stays, and HEAD says how much that is.
#[utoipa::path(patch, path = "/api/v1/uploads/{id}", tag = "uploads",
    params(("id" = String, Path, format = "uuid"), TusHeader, PieceHeaders),
    request_body(content = inline(super::extract::Bytes), content_type = "application/offset+octet-stream"),
    responses((status = 204, description = "Upload-Offset; Sakimori-Job when it is complete"),
        (status = "4XX", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn patch(
    State(app): State<Arc<App>>,
    who: Who,
    id: Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    speaks_tus(&headers)?;
    if headers.get(header::CONTENT_TYPE).is_none_or(|value| value != PIECE) {
        return Err(Problem::with(Trouble::MediaType, format_args!("{PIECE} is needed")));
    }
    let from = number(&headers, "upload-offset")?;
    let row = own(&app, &who, &id.0).await?;
    let _busy = app.uploads.take(&row)?;
    let mut offset = if row.job.is_some() { row.size } else { app.uploads.offset(&row.id)? };
    if from != offset {
        return Err(Problem::with(Trouble::Offset, format_args!("the next byte is {offset}")));
    }
    if row.job.is_none() {
        offset = append(&app, &row, offset, body).await?;
    }
    let mut response = (StatusCode::NO_CONTENT, [("upload-offset", HeaderValue::from(offset))]).into_response();
    match &row.job {
        Some(job) => name_job(&mut response, job),
        None if offset == row.size => begin_job(&app, &who, row, &mut response).await?,
        None => {}
    }
    Ok(spoken(response))
}

/// Gives up an upload (tus 1.0.0, extension `termination`).
#[utoipa::path(delete, path = "/api/v1/uploads/{id}", tag = "uploads",
    params(("id" = String, Path, format = "uuid"), TusHeader),
    responses((status = 204, description = "it is gone"),
        (status = "4XX", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn terminate(
    State(app): State<Arc<App>>,
    who: Who,
    id: Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    speaks_tus(&headers)?;
    let row = own(&app, &who, &id.0).await?;
    let _busy = app.uploads.take(&row)?;
    if row.job.is_some() {
        return Err(Problem::with(Trouble::Conflict, "it is complete; cancel its job instead"));
    }
    let gone = row.id.clone();
    app.recorder.rows(move |store| store.drop_upload(&gone)).await?;
    app.uploads.forget(&[row.id]);
    Ok(spoken(StatusCode::NO_CONTENT.into_response()))
}

async fn append(app: &App, row: &UploadRow, from: u64, body: Body) -> Result<u64, Problem> {
    let path = app.uploads.file(&row.id);
    let full = |error| folder(&path, error);
    let mut file = private_file(&path).map_err(full)?;
    let mut offset = from;
    let mut stream = body.into_data_stream();
    let broken = loop {
        match next_piece(&mut stream).await {
            Ok(Some(chunk)) if offset + chunk.len() as u64 > row.size => {
                break Some(Problem::with(Trouble::TooLarge, format_args!("{} bytes were announced", row.size)));
            }
            Ok(Some(chunk)) => {
                file = write(file, chunk).await.map_err(full)?;
                offset = app.uploads.offset(&row.id)?;
            }
            Ok(None) => break None,
            Err(problem) => break Some(problem),
        }
    };
    // Durable before the caller hears of it.
    let synced = tokio::task::spawn_blocking(move || file.sync_data()).await;
    synced.map_err(|panic| NodeError::Stopped(panic.to_string()))?.map_err(full)?;
    broken.map_or(Ok(offset), Err)
}

async fn write(mut file: std::fs::File, chunk: axum::body::Bytes) -> std::io::Result<std::fs::File> {
    let written = tokio::task::spawn_blocking(move || file.write_all(&chunk).map(|()| file)).await;
    written.unwrap_or_else(|panic| Err(std::io::Error::other(panic)))
}

async fn begin_job(app: &Arc<App>, who: &Who, row: UploadRow, response: &mut Response) -> Result<(), Problem> {
    let job = jobs::begin_examination(app, who, &row).await?;
    name_job(response, &job);
    Ok(())
}

async fn own(app: &App, who: &Who, id: &str) -> Result<UploadRow, Problem> {
    let wanted = id.to_owned();
    let row = app.readers.read(move |reader| -> Result<_, Problem> { Ok(reader.store.upload(&wanted)?) }).await?;
    // Somebody else's upload is not there.
    row.filter(|row| row.caller == who.key()).ok_or_else(|| Problem::of(Trouble::NotFound))
}

fn make_folder(path: &FilePath) -> Result<(), Problem> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|error| folder(path, error))
}

fn folder(path: &FilePath, error: std::io::Error) -> Problem {
    NodeError::Folder { path: path.to_owned(), error }.into()
}

fn speaks_tus(headers: &HeaderMap) -> Result<(), Problem> {
    let is_known = headers.get("tus-resumable").is_some_and(|version| version == VERSION);
    let other = || Problem::with(Trouble::Precondition, "Tus-Resumable: 1.0.0 is needed");
    if is_known { Ok(()) } else { Err(other()) }
}

fn number(headers: &HeaderMap, name: &str) -> Result<u64, Problem> {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    let value = value.filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()));
    let bad = || Problem::with(Trouble::Malformed, format_args!("{name} is a number of bytes"));
    value.and_then(|text| text.parse().ok()).ok_or_else(bad)
}

/// What `Upload-Metadata` says of an upload.
#[derive(Default)]
pub(super) struct Metadata {
    name: Option<String>,
    source: Option<String>,
    number: Option<String>,
}

pub(super) fn metadata(headers: &HeaderMap) -> Result<Metadata, Problem> {
    let mut said = Metadata::default();
    let Some(value) = headers.get("upload-metadata") else { return Ok(said) };
    let bad = || Problem::with(Trouble::Malformed, "Upload-Metadata holds pairs of a key and base64");
    let text = value.to_str().ok().filter(|text| text.len() <= METADATA_BYTES_MAX).ok_or_else(bad)?;
    for pair in text.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once(' ').unwrap_or((pair, ""));
        let wanted = match key {
            "name" | "filename" => &mut said.name,
            "source" => &mut said.source,
            "number" => &mut said.number,
            _ => continue,
        };
        let bytes = STANDARD.decode(value).map_err(|_| bad())?;
        *wanted = Some(String::from_utf8(bytes).map_err(|_| bad())?);
    }
    Ok(said)
}

impl Metadata {
    /// The number that the source gave to it.
    fn source(&self) -> Result<Option<SourceRef>, Problem> {
        let bad = |_| Problem::with(Trouble::Impossible, "number is one from 1 on");
        let number = self.number.as_deref().map(str::parse).transpose().map_err(bad)?;
        source_of(self.source.as_deref(), number)
    }
}

fn name_job(response: &mut Response, job: &str) {
    if let Ok(value) = HeaderValue::from_str(job) {
        response.headers_mut().insert("sakimori-job", value);
    }
}

fn spoken(mut response: Response) -> Response {
    response.headers_mut().insert("tus-resumable", HeaderValue::from_static(VERSION));
    response
}
