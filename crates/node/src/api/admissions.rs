//! The register of models: whether one may go live, with the proof of it, and a person's word on it.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use sakimori_model::{
    AdmissionState, Digest, Effect, ModelRole, Reason, RecordId, RegisterEntry, SignatureState, Statement, Timestamp,
    VettedFile,
};
use sakimori_store::AdmissionRow;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::app::App;
use super::caller::Who;
use super::decisions::repeated;
use super::dto::{By, EffectWord, List, PageQuery};
use super::extract::{Asked, Json, Named, Path, after_record, limit, tagged, tagged_bytes};
use super::problem::{Problem, ProblemDocument, Trouble};
use super::readers::Reader;
use crate::bom::PROGRAM_VERSION;
use crate::node::parsed;
use crate::observe::now;
use crate::prove::prove;
use crate::record::Entry;
use crate::register::{About, Outdated, Present, Registered, Standing, Wanted, judged};

/// What holds for a model, in a word.
#[derive(ToSchema)]
#[schema(as = Standing, rename_all = "lowercase")]
pub enum StandingWord {
    /// It may go live.
    Admitted,
    /// A person has to decide.
    Waiting,
    /// It must not go live.
    Refused,
    /// It was admitted, and may not run any more.
    Revoked,
    /// It was admitted, and the time is over.
    Expired,
}

/// What an organisation is to a model.
#[derive(ToSchema)]
#[schema(as = ModelRole, rename_all = "lowercase")]
pub enum ModelRoleWord {
    /// It makes it.
    Developer,
    /// It offers it to others.
    Provider,
    /// It uses it.
    User,
}

/// A model in a list of the register.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Admission)]
pub struct AdmissionBrief {
    /// The newest record on it.
    #[schema(value_type = String, format = "uuid")]
    record: RecordId,
    /// SHA-256 of its file, or over the digests of its files.
    #[schema(value_type = String, pattern = "^[0-9a-f]{64}$")]
    sha256: Digest,
    /// Its name.
    name: String,
    /// What holds now.
    #[schema(value_type = StandingWord)]
    standing: &'static str,
    /// `policy` or `person`: what decided.
    #[schema(pattern = "^(policy|person)$")]
    basis: String,
    /// Who answers for it.
    owner: String,
    /// Until when the admission holds.
    #[schema(value_type = Option<String>, format = "date-time")]
    expires: Option<Timestamp>,
    /// When it was decided.
    #[schema(value_type = String, format = "date-time")]
    at: Timestamp,
    /// The decision on its content.
    #[schema(value_type = String, format = "uuid")]
    decision: RecordId,
}

/// A model of the register.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdmissionFull {
    /// What lists show.
    #[serde(flatten)]
    brief: AdmissionBrief,
    /// Where it was examined.
    path: String,
    /// What it is used for.
    purpose: String,
    /// What the organisation is to it.
    #[schema(value_type = Option<ModelRoleWord>)]
    role: Option<ModelRole>,
    /// Answers to questions on its risk.
    risk: BTreeMap<String, String>,
    /// Why, in the person's words.
    note: String,
    /// Who decided, or had it vetted.
    by: By,
    /// What the policy made of its content.
    #[schema(value_type = EffectWord)]
    effect: Effect,
    /// Which rules of the policy spoke, and by which findings.
    #[schema(value_type = Vec<Object>)]
    reasons: Vec<Reason>,
    /// What became of its signature.
    #[schema(value_type = Option<Object>)]
    signature: Option<SignatureState>,
    /// Its files, at most 200 of them.
    #[schema(value_type = Vec<Object>)]
    files: Vec<VettedFile>,
    /// The number of its files.
    files_count: usize,
    /// What has changed since it was vetted: `policy`, `rules`, `program`.
    #[schema(value_type = Vec<String>)]
    outdated: Vec<Outdated>,
}

/// The answer to "may this run?".
#[derive(Debug, Serialize, ToSchema)]
pub struct AdmissionAnswer {
    /// The digest that was asked for.
    #[schema(value_type = String, pattern = "^[0-9a-f]{64}$")]
    sha256: Digest,
    /// True when it may go live: a model that is admitted, or a file of one, while no model that has it is refused or revoked.
    admitted: bool,
    /// `model` when the digest is that of a model, `file` when it is that of a file of one.
    #[schema(pattern = "^(model|file)$")]
    matched: &'static str,
    /// The models, newest first: one when the digest is that of a model.
    models: Vec<AdmissionFull>,
    /// The evidence bundle of the newest record, which a stranger verifies offline with `sakimori verify`.
    #[schema(value_type = Object)]
    evidence: serde_json::Value,
}

/// Which models are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AdmissionQuery {
    /// What was decided on them.
    #[param(value_type = Option<String>, pattern = "^(admitted|waiting|refused|revoked)$")]
    state: Option<AdmissionState>,
    /// Only the model with this digest, or the models that have a file with it. There is one page of them.
    #[param(value_type = Option<String>, pattern = "^[0-9a-f]{64}$")]
    sha256: Option<Digest>,
    /// Items of the page, 1 to 200; 50 otherwise.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
    /// The `next` of the page before.
    #[param(format = "uuid")]
    after: Option<String>,
}

/// Files that are told of one model.
const FILES_TOLD_MAX: usize = 200;

/// The register, newest first.
#[utoipa::path(get, path = "/api/v1/admissions", tag = "models", params(AdmissionQuery),
    responses((status = 200, body = List<AdmissionBrief>),
        (status = "4XX", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn list(
    State(app): State<Arc<App>>,
    query: Asked<AdmissionQuery>,
) -> Result<axum::Json<List<AdmissionBrief>>, Problem> {
    let AdmissionQuery { state, sha256, limit: items, after } = query.0;
    let page = PageQuery { limit: items, after };
    let (after, limit) = (after_record(&page)?, limit(&page)?);
    app.readers
        .read(move |reader| {
            if let Some(sha256) = sha256 {
                let (mut rows, _) = with_digest(reader, &sha256)?;
                rows.retain(|row| state.is_none_or(|state| row.state == state));
                let items = rows.iter().map(|row| AdmissionBrief::of(row, now())).collect();
                return Ok(axum::Json(List { items, next: None }));
            }
            let page = reader.store.admissions(state, after, limit)?;
            let items = page.items.iter().map(|row| AdmissionBrief::of(row, now())).collect();
            Ok(axum::Json(List { items, next: page.next.map(|id| id.to_string()) }))
        })
        .await
}

/// May this run? Asked with the digest of a model or of one of its files.
#[utoipa::path(get, path = "/api/v1/admissions/{sha256}", tag = "models",
    params(("sha256" = String, Path, pattern = "^[0-9a-f]{64}$")),
    responses((status = 200, body = AdmissionAnswer), (status = 304, description = "the caller has it already"),
        (status = "4XX", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn one(State(app): State<Arc<App>>, headers: HeaderMap, sha256: Path<String>) -> Result<Response, Problem> {
    let sha256 = digest(&sha256.0)?;
    let policy = app.examining.policy();
    let rules = app.examining.rules(&policy).rules;
    let digest_of_policy = policy.sha256();
    let answer = app
        .readers
        .read(move |reader| {
            let present = Present { policy: digest_of_policy, rules, program: PROGRAM_VERSION };
            answer(reader, sha256, &present)
        })
        .await?;
    tagged(&headers, &answer)
}

/// The bill of materials of a model (CycloneDX 1.7, JSON), byte for byte as its digest was recorded.
#[utoipa::path(get, path = "/api/v1/admissions/{sha256}/bom", tag = "models",
    params(("sha256" = String, Path, pattern = "^[0-9a-f]{64}$")),
    responses((status = 200, body = Object, content_type = "application/vnd.cyclonedx+json"),
        (status = 304, description = "the caller has it already"),
        (status = "4XX", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn bom(State(app): State<Arc<App>>, headers: HeaderMap, sha256: Path<String>) -> Result<Response, Problem> {
    let sha256 = digest(&sha256.0)?;
    let text = app
        .readers
        .read(move |reader| -> Result<_, Problem> {
            let row = reader.store.current_admission(&sha256)?.ok_or_else(|| Problem::of(Trouble::NotFound))?;
            reader.store.bom(row.of)?.ok_or_else(|| Problem::of(Trouble::NotFound))
        })
        .await?;
    Ok(tagged_bytes(&headers, text.into_bytes(), "application/vnd.cyclonedx+json"))
}

/// A person's word on a model.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAdmission {
    /// The decision on its content: that of `sakimori vet`, or that on an uploaded file.
    #[schema(value_type = String, format = "uuid")]
    decision: RecordId,
    /// What holds from now on: `admitted`, `refused` or `revoked`.
    #[schema(value_type = String, pattern = "^(admitted|refused|revoked)$")]
    state: AdmissionState,
    /// Who answers for it. What is left out stays as it is; 2,000 characters at most, as every text here.
    #[serde(default)]
    #[schema(max_length = 2000)]
    owner: String,
    /// What it is used for.
    #[serde(default)]
    #[schema(max_length = 2000)]
    purpose: String,
    /// What the organisation is to it.
    #[serde(default)]
    #[schema(value_type = Option<ModelRoleWord>)]
    role: Option<ModelRole>,
    /// Answers to questions on its risk; 50 at most.
    #[serde(default)]
    risk: BTreeMap<String, String>,
    /// Until when the admission holds; the policy's number of days otherwise.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "date-time")]
    expires: Option<Timestamp>,
    /// Why, in one's own words.
    #[serde(default)]
    #[schema(max_length = 2000)]
    note: String,
}

/// Admits, refuses or revokes a model.
#[utoipa::path(post, path = "/api/v1/admissions", tag = "models", params(super::extract::NameOfWrite),
    request_body = NewAdmission,
    responses((status = 201, body = AdmissionFull, headers(("Location" = String))),
        (status = "4XX", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn judge(
    State(app): State<Arc<App>>,
    who: Who,
    named: Named,
    body: Json<NewAdmission>,
) -> Result<Response, Problem> {
    let wanted = body.0;
    let fingerprint = serde_json::to_vec(&wanted).unwrap_or_default();
    let named = named.write(&who, "admission", &fingerprint);
    let of = wanted.decision;
    let _turn = app.turns.lock().await;
    if let Some(record) = repeated(&app, named.as_ref()).await? {
        return made(&app, record).await;
    }
    let days = app.examining.policy().admission().days;
    let statement = app
        .readers
        .read(move |reader| -> Result<Statement, Problem> {
            let record = reader.store.record(of)?.ok_or_else(|| Problem::of(Trouble::NotFound))?;
            let about = About::of(&reader.store, &parsed(&record)?).map_err(|_| Problem::of(Trouble::NotFound))?;
            let entry = RegisterEntry {
                owner: wanted.owner,
                purpose: wanted.purpose,
                role: wanted.role,
                risk: wanted.risk,
                expires: wanted.expires,
            };
            let wanted = Wanted { state: wanted.state, entry, note: wanted.note, by: who.actor };
            judged(&about, wanted, days, now()).map_err(|error| Problem::with(Trouble::Impossible, error))
        })
        .await?;
    let record = statement.record();
    app.recorder.record(vec![Entry::of(statement).named(named)]).await?;
    made(&app, record).await
}

async fn made(app: &Arc<App>, record: RecordId) -> Result<Response, Problem> {
    let policy = app.examining.policy();
    let rules = app.examining.rules(&policy).rules;
    let digest_of_policy = policy.sha256();
    let full = app
        .readers
        .read(move |reader| -> Result<_, Problem> {
            let row = reader.store.admission(record)?.ok_or_else(|| Problem::of(Trouble::NotFound))?;
            full(reader, &row, &Present { policy: digest_of_policy, rules, program: PROGRAM_VERSION })
        })
        .await?;
    let location = format!("/api/v1/admissions/{}", full.brief.sha256);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], axum::Json(full)).into_response())
}

/// A digest in an address. One that can't be read names nothing that there is.
fn digest(text: &str) -> Result<Digest, Problem> {
    text.parse().map_err(|_| Problem::of(Trouble::NotFound))
}

fn answer(reader: &Reader, sha256: Digest, present: &Present<'_>) -> Result<AdmissionAnswer, Problem> {
    let (rows, matched) = with_digest(reader, &sha256)?;
    let newest = rows.first().ok_or_else(|| Problem::of(Trouble::NotFound))?;
    let record = reader.store.record(newest.record)?.ok_or_else(|| Problem::of(Trouble::NotFound))?;
    let evidence =
        serde_json::from_str(&prove(&record, &reader.log)?).map_err(|error| Problem::with(Trouble::Defect, error))?;
    let standing = |row: &AdmissionRow| Standing::at(row.state, row.expires, now());
    let is_stopped = |row: &AdmissionRow| matches!(row.state, AdmissionState::Refused | AdmissionState::Revoked);
    let admitted = rows.iter().any(|row| standing(row).is_admitted()) && !rows.iter().any(is_stopped);
    let models = rows.iter().map(|row| full(reader, row, present)).collect::<Result<_, _>>()?;
    Ok(AdmissionAnswer { sha256, admitted, matched, models, evidence })
}

/// What holds for the model with this digest (`model`), or else for those that have a file with it (`file`), newest first.
fn with_digest(reader: &Reader, sha256: &Digest) -> Result<(Vec<AdmissionRow>, &'static str), Problem> {
    Ok(match reader.store.current_admission(sha256)? {
        Some(row) => (vec![row], "model"),
        None => (reader.store.admissions_with_file(sha256)?, "file"),
    })
}

fn full(reader: &Reader, row: &AdmissionRow, present: &Present<'_>) -> Result<AdmissionFull, Problem> {
    let model = Registered::of(&reader.store, row)?;
    let outdated = model.outdated(present);
    let Registered { made, path, decision, .. } = model;
    let (signature, mut files) = match decision.vetting {
        Some(vetting) => (Some(vetting.signature), vetting.files),
        None => (None, Vec::new()),
    };
    let files_count = files.len();
    files.truncate(FILES_TOLD_MAX);
    Ok(AdmissionFull {
        brief: AdmissionBrief::of(row, now()),
        path,
        purpose: made.entry.purpose,
        role: made.entry.role,
        risk: made.entry.risk,
        note: made.note,
        by: By::read(&reader.store, &made.by)?,
        effect: decision.decision.effect,
        reasons: decision.decision.reasons,
        signature,
        files,
        files_count,
        outdated,
    })
}

impl AdmissionBrief {
    fn of(row: &AdmissionRow, now: Timestamp) -> Self {
        Self {
            record: row.record,
            sha256: row.sha256,
            name: row.name.clone(),
            standing: Standing::at(row.state, row.expires, now).as_str(),
            basis: if row.basis == sakimori_model::Basis::Policy { "policy" } else { "person" }.to_owned(),
            owner: row.owner.clone(),
            expires: row.expires,
            at: row.at,
            decision: row.of,
        }
    }
}
