//! Work that takes longer than a request. A job is a row: it survives a restart, and is begun anew then. The record
//! that it will make has its id from the beginning, so that doing it twice records it once.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use sakimori_examine::source::Source;
use sakimori_model::{Actor, Effect, Predicate, RecordId, SourceRef, Statement};
use sakimori_store::{JobRow, JobState, UploadRow};
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, Semaphore};

use super::app::App;
use super::caller::Who;
use super::dto::{self, List, PageQuery};
use super::extract::{Asked, Path, limit, tagged};
use super::language;
use super::problem::{Problem, ProblemDocument, Trouble};
use super::readers::Reader;
use crate::NodeError;
use crate::decide::Policy;
use crate::flow;
use crate::observe::{Held, Observed, Opened, VaultKey, new_record, now, sha256_of};

/// Jobs that are worked on at once.
const RUNNING_MAX: usize = 2;
/// Jobs of one caller that are not at their end.
const OPEN_MAX: usize = 200;
/// When one may try again who has too many jobs.
const TRY_AGAIN: Duration = Duration::from_secs(10);
/// How often a job says how far it is.
const TELL_EVERY: Duration = Duration::from_millis(500);
/// What reading a file says when its job was stopped.
const STOPPED: &str = "the job was stopped";
/// Decisions that a policy test names as examples.
const EXAMPLES_MAX: usize = 20;

/// The jobs that wait or run.
#[derive(Default)]
pub struct Jobs {
    waiting: Mutex<VecDeque<JobRow>>,
    running: Mutex<HashMap<String, Arc<Running>>>,
    wake: Notify,
    ending: Arc<AtomicBool>,
}

/// How far a job is that runs.
#[derive(Default)]
struct Running {
    done: AtomicU64,
    total: AtomicU64,
    cancelled: AtomicBool,
    ending: Arc<AtomicBool>,
}

impl Running {
    fn is_stopped(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed) || self.ending.load(Ordering::Relaxed)
    }

    /// How it ended when it was stopped. What its caller called off is over; what the end of the service stopped is begun anew.
    fn stopped(&self) -> End {
        if self.cancelled.load(Ordering::Relaxed) { End::Cancelled } else { End::Interrupted }
    }
}

/// What a job works on.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
enum Input {
    /// An upload that is complete.
    Examine {
        upload: String,
        record: RecordId,
        by: Actor,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source: Option<SourceRef>,
    },
    /// A policy to try on everything that was recorded.
    PolicyTest { text: String },
}

/// How a job ended.
enum End {
    Done(serde_json::Value),
    Cancelled,
    /// The service ends. The job stays open, and the next start takes it up.
    Interrupted,
}

impl Jobs {
    /// Stops what runs and begins nothing more: the service ends.
    pub fn end(&self) {
        self.ending.store(true, Ordering::Relaxed);
    }

    fn running(&self, id: &str) -> Option<Arc<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    fn queue(&self, row: JobRow) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push_back(row);
        self.wake.notify_one();
    }

    /// The job to work on next. It counts as running from the same moment: a job can always be called off.
    fn next(&self) -> Option<(JobRow, Arc<Running>)> {
        if self.ending.load(Ordering::Relaxed) {
            return None;
        }
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let row = waiting.pop_front()?;
        let running = Arc::new(Running { ending: self.ending.clone(), ..Running::default() });
        let mut all = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(row.id.clone(), running.clone());
        Some((row, running))
    }

    fn ended(&self, id: &str) {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }

    /// The row of a job that waited, which nobody will work on any more.
    fn unqueue(&self, id: &str) -> Option<JobRow> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let at = waiting.iter().position(|row| row.id == id)?;
        waiting.remove(at)
    }
}

/// Works on jobs until the service ends: first on those that an earlier run did not end.
pub async fn run(app: Arc<App>) {
    match app.readers.read(|reader| -> Result<_, Problem> { Ok(reader.store.open_jobs()?) }).await {
        Ok(rows) => rows.into_iter().for_each(|row| app.jobs.queue(row)),
        Err(problem) => tracing::error!(detail = problem.detail, "earlier jobs could not be read"),
    }
    let permits = Arc::new(Semaphore::new(RUNNING_MAX));
    loop {
        let Ok(permit) = permits.clone().acquire_owned().await else { return };
        let (row, running) = loop {
            match app.jobs.next() {
                Some(next) => break next,
                None => app.jobs.wake.notified().await,
            }
        };
        let app = app.clone();
        tokio::spawn(async move {
            let _permit = permit;
            work(&app, row, running).await;
        });
    }
}

async fn work(app: &Arc<App>, mut row: JobRow, running: Arc<Running>) {
    row.state = JobState::Running;
    put(app, &mut row).await;
    let input: Result<Input, _> = serde_json::from_str(&row.input);
    let worker = async {
        match input {
            Ok(Input::Examine { upload, record, by, source }) => {
                examine(app, &row, running.clone(), &upload, (record, by, source)).await
            }
            Ok(Input::PolicyTest { text }) => test_policy(app, running.clone(), text).await,
            Err(error) => Err(Problem::with(Trouble::Defect, error)),
        }
    };
    let mut told = row.clone();
    let teller = async {
        loop {
            tokio::time::sleep(TELL_EVERY).await;
            told.done = running.done.load(Ordering::Relaxed);
            told.total = running.total.load(Ordering::Relaxed);
            told.changed = now();
            app.feed.job(&told);
        }
    };
    let end = tokio::select! {
        end = worker => end,
        () = teller => Ok(End::Cancelled),
    };
    row.done = running.done.load(Ordering::Relaxed);
    row.total = running.total.load(Ordering::Relaxed);
    match end {
        Ok(End::Done(result)) => {
            row.state = JobState::Done;
            row.done = row.total;
            row.result = Some(result.to_string());
        }
        Ok(End::Cancelled) => row.state = JobState::Cancelled,
        Ok(End::Interrupted) => return app.jobs.ended(&row.id),
        Err(problem) => {
            row.state = JobState::Failed;
            row.result =
                Some(serde_json::json!({ "problem": problem.detail, "code": problem.trouble.code() }).to_string());
        }
    }
    put(app, &mut row).await;
    app.jobs.ended(&row.id);
}

async fn put(app: &Arc<App>, row: &mut JobRow) {
    row.changed = now();
    let written = row.clone();
    if let Err(error) = app.recorder.rows(move |store| store.put_job(&written)).await {
        tracing::error!(%error, id = row.id, "a job could not be written down");
    }
    app.feed.job(row);
}

/// Begins the examination of a complete upload; returns the id of the job.
///
/// # Errors
/// When too many are open already, or it can't be written down.
pub async fn begin_examination(app: &Arc<App>, who: &Who, upload: &UploadRow) -> Result<String, Problem> {
    let input = Input::Examine {
        upload: upload.id.clone(),
        record: new_record(),
        by: who.actor.clone(),
        source: upload.source.clone(),
    };
    let row = new(app, who, &upload.name, &input).await?;
    let (job, mut upload) = (row.clone(), upload.clone());
    upload.job = Some(row.id.clone());
    // One transaction would be nicer; a crash between the two leaves a job whose upload can still be continued, and
    // which makes its record once.
    app.recorder
        .rows(move |store| {
            store.put_job(&job)?;
            store.put_upload(&upload)
        })
        .await?;
    let id = row.id.clone();
    app.jobs.queue(row);
    Ok(id)
}

/// Begins a test of a policy on everything that was recorded; returns the job.
///
/// # Errors
/// When too many are open already, or it can't be written down.
pub async fn begin_policy_test(app: &Arc<App>, who: &Who, name: &str, text: String) -> Result<JobRow, Problem> {
    let row = new(app, who, name, &Input::PolicyTest { text }).await?;
    let job = row.clone();
    app.recorder.rows(move |store| store.put_job(&job)).await?;
    app.jobs.queue(row.clone());
    Ok(row)
}

async fn new(app: &App, who: &Who, name: &str, input: &Input) -> Result<JobRow, Problem> {
    let caller = who.key();
    let rows = app
        .readers
        .read(move |reader| -> Result<_, Problem> { Ok(reader.store.jobs(&caller, None, OPEN_MAX)?) })
        .await?;
    if rows.iter().filter(|row| !row.state.is_final()).count() >= OPEN_MAX {
        return Err(Problem::with(Trouble::TooMany, "too many jobs are not at their end").later(TRY_AGAIN));
    }
    let at = now();
    let kind = match input {
        Input::Examine { .. } => "examine",
        Input::PolicyTest { .. } => "policy-test",
    };
    Ok(JobRow {
        id: uuid::Uuid::now_v7().to_string(),
        kind: kind.to_owned(),
        state: JobState::Queued,
        caller: who.key(),
        name: name.to_owned(),
        input: serde_json::to_string(input).map_err(|error| Problem::with(Trouble::Defect, error))?,
        result: None,
        done: 0,
        total: 0,
        made: at,
        changed: at,
    })
}

/// A file that says how far it was read, and can't be read any more when the job was stopped.
struct Watched<'a> {
    held: &'a Held,
    running: &'a Running,
    furthest: AtomicU64,
}

impl Source for Watched<'_> {
    fn size(&self) -> u64 {
        self.held.size()
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        if self.running.is_stopped() {
            return Err(io::Error::other(STOPPED));
        }
        let count = self.held.read_at(offset, buf)?;
        let end = offset + count as u64;
        let before = self.furthest.fetch_max(end, Ordering::Relaxed);
        self.running.done.fetch_add(end.saturating_sub(before), Ordering::Relaxed);
        Ok(count)
    }
}

async fn examine(
    app: &Arc<App>,
    row: &JobRow,
    running: Arc<Running>,
    upload: &str,
    (record, by, source): (RecordId, Actor, Option<SourceRef>),
) -> Result<End, Problem> {
    let done = app.readers.read(move |reader| -> Result<_, Problem> { Ok(reader.store.decision(record)?) }).await?;
    if let Some(done) = done {
        return Ok(End::Done(serde_json::json!({ "record": record, "effect": done.effect })));
    }
    // Another one may have come with its number meanwhile.
    super::observations::refuse_used(app, source.clone()).await?;
    let path = app.uploads.file(upload);
    let permit = app.examining.permits.clone().acquire_owned().await;
    let (worker, file, name, watched) = (app.clone(), path.clone(), row.name.clone(), running.clone());
    let examined = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        let _going = worker.metrics.examining();
        let opened = Opened::file(&file)?;
        // Each byte is read for its digest, and looked at: two times the size is all there is to do.
        running.total.store(opened.source.size() * 2, Ordering::Relaxed);
        let watch = |held| Watched { held, running: &running, furthest: AtomicU64::new(0) };
        let sha256 = sha256_of(&watch(&opened.source), &|_| ())?;
        let seen = Observed { record, path: name, at: now(), sha256, by: Some(by), source };
        let policy = worker.examining.policy();
        let entry =
            flow::judge_source(&seen, &watch(&opened.source), &|| opened.changed(), &worker.examining.rules(&policy));
        Ok::<_, io::Error>((!running.is_stopped()).then_some(entry))
    });
    let examined = examined.await.map_err(|panic| NodeError::Stopped(panic.to_string()))?;
    let mut entry = match examined {
        Ok(Some(examined)) => examined,
        Ok(None) => return Ok(stopped(app, upload, &watched)),
        Err(error) if error.to_string() == STOPPED => return Ok(stopped(app, upload, &watched)),
        Err(error) => return Err(NodeError::Folder { path, error }.into()),
    };
    let statement = entry.statement.clone();
    entry.vault_key = super::observations::new_key(app)?;
    let key = entry.vault_key.clone();
    app.recorder.record(vec![entry]).await?;
    keep(app, path, record, key).await;
    let Predicate::Decision(made) = &statement.predicate else { return Err(Problem::of(Trouble::Defect)) };
    app.metrics.decided(made.decision.effect, made.size);
    Ok(End::Done(serde_json::json!({ "record": record, "effect": made.decision.effect })))
}

fn stopped(app: &App, upload: &str, running: &Running) -> End {
    let end = running.stopped();
    if matches!(end, End::Cancelled) {
        app.uploads.forget(&[upload.to_owned()]);
    }
    end
}

/// The bytes of an upload become a kept content, or go.
async fn keep(app: &App, path: std::path::PathBuf, record: RecordId, key: Option<VaultKey>) {
    let vault = app.vault.clone();
    let kept = tokio::task::spawn_blocking(move || -> io::Result<()> {
        if let Some(key) = key {
            vault.keep(record, &key, &Opened::file(&path)?.source)?;
        }
        std::fs::remove_file(path)
    });
    if let Ok(Err(error)) = kept.await {
        tracing::warn!(%error, "the bytes of an upload were not kept");
    }
}

/// What a policy would change.
#[derive(Default, Serialize)]
struct Changes {
    decisions: u64,
    changed: u64,
    changes: Vec<Change>,
    examples: Vec<Example>,
}

#[derive(Serialize)]
struct Change {
    from: Effect,
    to: Effect,
    count: u64,
}

#[derive(Serialize)]
struct Example {
    id: RecordId,
    name: String,
    from: Effect,
    to: Effect,
}

async fn test_policy(app: &Arc<App>, running: Arc<Running>, text: String) -> Result<End, Problem> {
    let policy = Policy::parse(&text).map_err(|error| Problem::with(Trouble::Policy, error))?;
    let watched = running.clone();
    let tested = app.readers.read(move |reader| tested(reader, &policy, &running)).await?;
    match tested {
        Some(changes) => {
            let result = serde_json::to_value(changes).map_err(|error| Problem::with(Trouble::Defect, error))?;
            Ok(End::Done(result))
        }
        None => Ok(watched.stopped()),
    }
}

/// `None` when it was stopped.
fn tested(reader: &Reader, policy: &Policy, running: &Running) -> Result<Option<Changes>, Problem> {
    running.total.store(reader.store.sequenced()?, Ordering::Relaxed);
    let mut changes = Changes::default();
    let mut is_stopped = false;
    reader.store.each_record(|record| -> Result<(), NodeError> {
        let record = record?;
        running.done.fetch_add(1, Ordering::Relaxed);
        is_stopped |= running.is_stopped();
        if is_stopped || record.kind != "decision" || record.erased_by.is_some() {
            return Ok(());
        }
        let statement = crate::node::parsed(&record)?;
        changes.compare(statement, policy);
        Ok(())
    })?;
    Ok((!is_stopped).then_some(changes))
}

impl Changes {
    fn compare(&mut self, statement: Statement, policy: &Policy) {
        let Ok((name, _, made)) = dto::decision_of(statement) else { return };
        self.decisions += 1;
        let (from, to) = (made.decision.effect, policy.decide(&made.kind, &made.findings).effect);
        if from == to {
            return;
        }
        self.changed += 1;
        match self.changes.iter_mut().find(|change| (change.from, change.to) == (from, to)) {
            Some(change) => change.count += 1,
            None => self.changes.push(Change { from, to, count: 1 }),
        }
        if self.examples.len() < EXAMPLES_MAX {
            self.examples.push(Example { id: made.record, name, from, to });
        }
    }
}

/// One's own jobs, newest first.
#[utoipa::path(get, path = "/api/v1/jobs", tag = "jobs", params(PageQuery),
    responses((status = 200, body = List<dto::Job>),
        (status = "4XX", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn list(
    State(app): State<Arc<App>>,
    who: Who,
    query: Asked<PageQuery>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<axum::Json<List<dto::Job>>, Problem> {
    let limit = limit(&query.0)?;
    let lang = language::of(&uri, &headers, who.lang());
    let (caller, after) = (who.key(), query.0.after);
    let rows = app
        .readers
        .read(move |reader| -> Result<_, Problem> { Ok(reader.store.jobs(&caller, after.as_deref(), limit)?) });
    let rows = rows.await?;
    let next = rows.last().filter(|_| rows.len() == limit).map(|row| row.id.clone());
    let items = rows.into_iter().map(|row| dto::Job::of(&now_of(&app, row), lang)).collect();
    Ok(axum::Json(List { items, next }))
}

/// A job.
#[utoipa::path(get, path = "/api/v1/jobs/{id}", tag = "jobs", params(("id" = String, Path, format = "uuid")),
    responses((status = 200, body = dto::Job), (status = 304, description = "the caller has it already"),
        (status = "4XX", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn one(
    State(app): State<Arc<App>>,
    who: Who,
    id: Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let row = own(&app, &who, id.0).await?;
    tagged(&headers, &dto::Job::of(&now_of(&app, row), language::of(&uri, &headers, who.lang())))
}

/// Calls a job off. What it has recorded already stays.
#[utoipa::path(post, path = "/api/v1/jobs/{id}/cancel", tag = "jobs", params(("id" = String, Path, format = "uuid")),
    responses((status = 202, body = dto::Job),
        (status = "4XX", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn cancel(
    State(app): State<Arc<App>>,
    who: Who,
    id: Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut row = own(&app, &who, id.0).await?;
    // First out of the queue: what is not in it any more runs, or is at its end.
    if let Some(waited) = app.jobs.unqueue(&row.id) {
        if let Ok(Input::Examine { upload, .. }) = serde_json::from_str(&waited.input) {
            app.uploads.forget(&[upload]);
        }
        row.state = JobState::Cancelled;
        put(&app, &mut row).await;
    } else if let Some(running) = app.jobs.running(&row.id) {
        running.cancelled.store(true, Ordering::Relaxed);
    }
    let job = dto::Job::of(&now_of(&app, row), language::of(&uri, &headers, who.lang()));
    Ok((StatusCode::ACCEPTED, axum::Json(job)).into_response())
}

async fn own(app: &App, who: &Who, id: String) -> Result<JobRow, Problem> {
    let row = app.readers.read(move |reader| -> Result<_, Problem> { Ok(reader.store.job(&id)?) }).await?;
    // Somebody else's job is not there.
    row.filter(|row| row.caller == who.key()).ok_or_else(|| Problem::of(Trouble::NotFound))
}

/// The row, with how far the job is this moment.
fn now_of(app: &App, mut row: JobRow) -> JobRow {
    if let Some(running) = app.jobs.running(&row.id).filter(|_| !row.state.is_final()) {
        row.done = running.done.load(Ordering::Relaxed);
        row.total = running.total.load(Ordering::Relaxed);
    }
    row
}
