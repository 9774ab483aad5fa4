//! Reading decisions and findings, and judging them.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use sakimori_examine::excerpt::{Excerpt, excerpt};
use sakimori_model::{
    Code, Digest, Effect, JudgementPredicate, Predicate, Receipt, RecordId, Severity, Statement, Timestamp,
};
use sakimori_store::{DecisionFilter, Waiting};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::app::App;
use super::caller::Who;
use super::dto::{Ack, By, DecisionFull, DecisionRow, Judgement, List, PageQuery, decision_of};
use super::extract::{Asked, Json, Named, Path, after_record, limit, tagged};
use super::problem::{Problem, ProblemDocument, Trouble};
use super::readers::Reader;
use crate::access::role::Action;
use crate::node::parsed;
use crate::observe::{new_record, now};
use crate::record::Entry;

/// Characters of a note.
const NOTE_CHARS_MAX: usize = 2_000;
/// Characters of a part of a name that is looked for.
const NAME_CHARS_MAX: usize = 200;

/// Which decisions are wanted. All conditions hold together.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct DecisionQuery {
    /// With this effect.
    #[param(value_type = Option<super::dto::EffectWord>)]
    effect: Option<Effect>,
    /// Of this kind.
    kind: Option<String>,
    /// That wait for a person, or that do not.
    waiting: Option<bool>,
    /// Recorded at this time or later (RFC 3339).
    #[param(value_type = Option<String>, format = "date-time")]
    since: Option<Timestamp>,
    /// Recorded before this time (RFC 3339).
    #[param(value_type = Option<String>, format = "date-time")]
    until: Option<Timestamp>,
    /// Of exactly these bytes.
    #[param(value_type = Option<String>, pattern = "^[0-9a-f]{64}$")]
    sha256: Option<Digest>,
    /// With this text in their name.
    #[param(max_length = 200)]
    name: Option<String>,
    /// Items of the page, 1 to 200; 50 otherwise.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
    /// The `next` of the page before.
    #[param(format = "uuid")]
    after: Option<String>,
    /// The language of problems.
    #[expect(dead_code, reason = "read by the layer of languages")]
    lang: Option<String>,
}

impl DecisionQuery {
    fn filter(self) -> Result<(DecisionFilter, PageQuery), Problem> {
        if self.name.as_ref().is_some_and(|name| name.chars().count() > NAME_CHARS_MAX) {
            return Err(Problem::with(Trouble::Malformed, "name has 200 characters at most"));
        }
        let filter = DecisionFilter {
            effect: self.effect,
            kind: self.kind,
            waiting: self.waiting.map(|waiting| if waiting { Waiting::Yes } else { Waiting::No }),
            sha256: self.sha256,
            name: self.name.filter(|name| !name.is_empty()),
            since: self.since,
            until: self.until,
        };
        Ok((filter, PageQuery { limit: self.limit, after: self.after }))
    }
}

/// Decisions, newest first.
#[utoipa::path(get, path = "/api/v1/decisions", tag = "decisions", params(DecisionQuery),
    responses((status = 200, body = List<DecisionRow>),
        (status = "4XX", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn list(
    State(app): State<Arc<App>>,
    query: Asked<DecisionQuery>,
) -> Result<axum::Json<List<DecisionRow>>, Problem> {
    let (filter, page) = query.0.filter()?;
    let (after, limit) = (after_record(&page)?, limit(&page)?);
    app.readers
        .read(move |reader| {
            let page = reader.store.decisions(&filter, after, limit)?;
            let items = page.items.iter().map(DecisionRow::of).collect();
            Ok(axum::Json(List { items, next: page.next.map(|id| id.to_string()) }))
        })
        .await
}

/// One decision with everything that led to it.
#[utoipa::path(get, path = "/api/v1/decisions/{id}", tag = "decisions", params(("id" = String, Path, format = "uuid")),
    responses((status = 200, body = DecisionFull), (status = 304, description = "the caller has it already"),
        (status = "4XX", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn one(State(app): State<Arc<App>>, headers: HeaderMap, id: Path<String>) -> Result<Response, Problem> {
    let id = record_id(&id.0)?;
    let vault = app.vault.clone();
    let mut full = app.readers.read(move |reader| read_full(reader, id)).await?;
    full.ack = Ack::of(full.receipt.as_ref().map(|receipt| receipt.index), app.witnessed());
    full.content = vault.has(id);
    tagged(&headers, &full)
}

/// An id in an address. One that can't be read names nothing that there is.
///
/// # Errors
/// [`Trouble::NotFound`].
pub fn record_id(text: &str) -> Result<RecordId, Problem> {
    text.parse().map_err(|_| Problem::of(Trouble::NotFound))
}

fn read_full(reader: &Reader, id: RecordId) -> Result<DecisionFull, Problem> {
    let missing = || Problem::of(Trouble::NotFound);
    let record = reader.store.record(id)?.ok_or_else(missing)?;
    let statement = parsed(&record)?;
    let row = reader.store.judged_decision(id)?.ok_or_else(missing)?;
    let receipt = record.log_index.map(|index| Receipt {
        record: id,
        log: reader.origin().to_owned(),
        index,
        commitment: record.commitment,
    });
    let (_, _, made) = decision_of(statement)?;
    let by = made.by.as_ref().map(|by| By::read(&reader.store, by)).transpose()?;
    let mut full = DecisionFull::of(DecisionRow::of(&row), made, by);
    full.receipt = receipt;
    for judgement in reader.store.judgements(id)? {
        full.judgements.extend(Judgement::read(&reader.store, judgement.record)?);
    }
    Ok(full)
}

/// Which finding.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ContentQuery {
    /// The number of the finding in the decision, counted from 0.
    finding: u32,
}

/// The content around the place of a finding. It comes as rows of text and never as the file itself.
#[utoipa::path(get, path = "/api/v1/decisions/{id}/content", tag = "decisions",
    params(("id" = String, Path, format = "uuid"), ContentQuery),
    responses((status = 200, body = ExcerptForm),
        (status = "4XX", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn content(
    State(app): State<Arc<App>>,
    id: Path<String>,
    query: Asked<ContentQuery>,
) -> Result<axum::Json<Excerpt>, Problem> {
    let id = record_id(&id.0)?;
    let vault = app.vault.clone();
    let limits = app.examining.settings.limits.clone();
    let n = usize::try_from(query.0.finding).unwrap_or(usize::MAX);
    app.readers
        .read(move |reader| {
            let record = reader.store.record(id)?.ok_or_else(|| Problem::of(Trouble::NotFound))?;
            let statement = parsed(&record)?;
            let (_, _, made) = decision_of(statement).map_err(|_| Problem::of(Trouble::NotFound))?;
            let finding = made.findings.get(n).ok_or_else(|| Problem::of(Trouble::NotFound))?;
            let opened = vault.open_kept(id, &reader.store)?.ok_or_else(|| Problem::of(Trouble::ContentGone))?;
            let shown = excerpt(&opened.source, &finding.place, &limits);
            shown.map(axum::Json).ok_or_else(|| Problem::with(Trouble::NotFound, "this place has no content to show"))
        })
        .await
}

/// The content around a place.
#[derive(ToSchema)]
#[schema(as = Excerpt)]
#[expect(dead_code, reason = "the form of the examiner's type for the OpenAPI document")]
pub struct ExcerptForm {
    /// `hex`, `lines` or `fields`.
    #[schema(pattern = "^(hex|lines|fields)$")]
    form: String,
    /// The member inside the observation.
    member: Option<String>,
    /// The rows.
    rows: Vec<ExcerptRow>,
    /// There is more than is shown.
    cut: bool,
}

/// One row of an excerpt.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the form of the examiner's type for the OpenAPI document")]
pub struct ExcerptRow {
    /// `hex`: the offset of the first byte. `lines`: the line. `fields`: the number of the record.
    at: u64,
    /// `hex`: pairs of digits. `lines`: the line. `fields`: `field: value`.
    text: String,
    /// The characters that the finding speaks of: from, to.
    mark: Option<(u32, u32)>,
}

/// A judgement.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewJudgement {
    /// `allow` or `block`.
    #[schema(value_type = String, pattern = "^(allow|block)$")]
    effect: Effect,
    /// Why, in one's own words; 2,000 characters at most.
    #[serde(default)]
    #[schema(max_length = 2000)]
    note: String,
}

/// Judges a decision: what was to be reviewed may be used or not, or an approver lifts a block.
#[utoipa::path(post, path = "/api/v1/decisions/{id}/judgements", tag = "decisions",
    params(("id" = String, Path, format = "uuid"), super::extract::NameOfWrite), request_body = NewJudgement,
    responses((status = 201, body = Judgement),
        (status = "4XX", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn judge(
    State(app): State<Arc<App>>,
    who: Who,
    named: Named,
    id: Path<String>,
    body: Json<NewJudgement>,
) -> Result<Response, Problem> {
    let of = record_id(&id.0)?;
    let wanted = body.0;
    if wanted.effect == Effect::Review {
        return Err(Problem::with(Trouble::Impossible, "effect is allow or block"));
    }
    if wanted.note.chars().count() > NOTE_CHARS_MAX {
        return Err(Problem::with(Trouble::Impossible, "note has 2000 characters at most"));
    }
    let fingerprint = serde_json::to_vec(&wanted).unwrap_or_default();
    let named = named.write(&who, &format!("judge {of}"), &fingerprint);
    let _turn = app.turns.lock().await;
    if let Some(record) = repeated(&app, named.as_ref()).await? {
        let judgement = app.readers.read(move |reader| Judgement::read(&reader.store, record)).await?;
        return judgement
            .map(|j| (StatusCode::CREATED, axum::Json(j)).into_response())
            .ok_or_else(|| Problem::of(Trouble::NotFound));
    }
    let (row, statement) = app
        .readers
        .read(move |reader| -> Result<_, Problem> {
            let missing = || Problem::of(Trouble::NotFound);
            let statement = parsed(&reader.store.record(of)?.ok_or_else(missing)?)?;
            let row = reader.store.judged_decision(of)?.ok_or_else(missing)?;
            Ok((DecisionRow::of(&row), statement))
        })
        .await?;
    allowed(&who, &row, wanted.effect)?;
    let made = JudgementPredicate {
        record: new_record(),
        judged: now(),
        by: who.actor.clone(),
        of,
        effect: wanted.effect,
        note: wanted.note,
    };
    let judgement = Statement { predicate: Predicate::Judgement(made), ..statement };
    app.recorder.record(vec![Entry::of(judgement.clone()).named(named)]).await?;
    let answer = app.readers.read(move |reader| Judgement::of(&reader.store, judgement)).await?;
    answer.map(|j| (StatusCode::CREATED, axum::Json(j)).into_response()).ok_or_else(|| Problem::of(Trouble::Defect))
}

/// What was to be reviewed is for analysts, a change of what holds already for approvers.
fn allowed(who: &Who, row: &DecisionRow, effect: Effect) -> Result<(), Problem> {
    let holds = match &row.judgement {
        Some(judgement) if judgement.effect == "allow" => Effect::Allow,
        Some(_) => Effect::Block,
        None => row.effect,
    };
    if holds == effect {
        return Err(Problem::with(Trouble::NothingToJudge, format_args!("it is {} already", effect.as_str())));
    }
    match holds == Effect::Block && !who.may(Action::Overrule) {
        true => Err(Problem::with(Trouble::NotAllowed, "Overrule is needed")),
        false => Ok(()),
    }
}

/// The record of a write that was done before under this name.
///
/// # Errors
/// [`Trouble::KeyReused`] when the name stands for another request.
pub async fn repeated(app: &App, named: Option<&sakimori_store::Idempotency>) -> Result<Option<RecordId>, Problem> {
    let Some(named) = named.cloned() else { return Ok(None) };
    let known = app
        .readers
        .read(move |reader| -> Result<_, Problem> {
            let known = reader.store.named_write(&named.caller, &named.key)?;
            Ok(known.map(|(record, fingerprint)| (record, fingerprint == named.fingerprint)))
        })
        .await?;
    match known {
        None => Ok(None),
        Some((record, true)) => Ok(Some(record)),
        Some((_, false)) => Err(Problem::of(Trouble::KeyReused)),
    }
}

/// Which findings are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FindingQuery {
    /// With this code.
    #[param(pattern = "^SKM-[A-Z]{3}-[0-9]{4}$")]
    code: Option<String>,
    /// Exactly this bad.
    #[param(value_type = Option<super::dto::SeverityWord>)]
    severity: Option<Severity>,
    /// Items of the page, 1 to 200; 50 otherwise.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
    /// The `next` of the page before.
    #[param(pattern = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\\.[0-9]{1,9}$")]
    after: Option<String>,
}

/// A finding as lists show it.
#[derive(Debug, Serialize, ToSchema)]
pub struct FindingRow {
    /// The record of the decision.
    #[schema(value_type = String, format = "uuid")]
    decision: RecordId,
    /// Its number in the decision, counted from 0.
    n: u32,
    /// The code.
    #[schema(value_type = String)]
    code: Code,
    /// How bad it is.
    #[schema(value_type = super::dto::SeverityWord)]
    severity: Severity,
    /// Its points.
    points: i64,
}

/// Findings of all decisions, newest first.
#[utoipa::path(get, path = "/api/v1/findings", tag = "decisions", params(FindingQuery),
    responses((status = 200, body = List<FindingRow>),
        (status = "4XX", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn findings(
    State(app): State<Arc<App>>,
    query: Asked<FindingQuery>,
) -> Result<axum::Json<List<FindingRow>>, Problem> {
    let query = query.0;
    let limit = limit(&PageQuery { limit: query.limit, after: None })?;
    let bad = || Problem::with(Trouble::Malformed, "after is the next of another page");
    let after = query.after.as_deref().map(|text| {
        let (record, n) = text.split_once('.')?;
        Some((record.parse().ok()?, n.parse().ok()?))
    });
    let after = after.map(|after| after.ok_or_else(bad)).transpose()?;
    let code: Option<Code> =
        query.code.map(Code::try_from).transpose().map_err(|e| Problem::with(Trouble::Malformed, e))?;
    app.readers
        .read(move |reader| {
            let page = reader.store.findings(code.as_ref(), query.severity, after, limit)?;
            let items = page.items.into_iter().map(|row| FindingRow {
                decision: row.record,
                n: row.n,
                code: row.code,
                severity: row.severity,
                points: row.points,
            });
            Ok(axum::Json(List { items: items.collect(), next: page.next.map(|(id, n)| format!("{id}.{n}")) }))
        })
        .await
}
