//! From a request to the page and back. Without the person's agreement nothing is stored, not even in the log of the service.

use std::sync::Arc;
use std::time::Instant;

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use sakimori_examine::message;
use sakimori_model::{Actor, Digest, Lang};

use super::{Agreement, Form, Kept, Outcome, STYLE, page, verdict};
use crate::NodeError;
use crate::api::app::App;
use crate::api::caller::Who;
use crate::api::language::{self, COOKIE};
use crate::api::problem::{Problem, ProblemDocument, Trouble};
use crate::config::CheckPage;
use crate::flow;
use crate::observe::{Observed, new_record, now};

/// Bytes of the form: 64 KiB of text, of which each byte may be written with three.
const FORM_BYTES_MAX: usize = 256 * 1024;
/// Seconds for which the choice of a language is remembered: a year.
const LANG_SECONDS: u32 = 31_536_000;

/// The check page. For everybody.
#[utoipa::path(get, path = "/check", tag = "check", security(()),
    params(LangQuery),
    responses((status = 200, content_type = "text/html", body = String),
        (status = "4XX", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn form(State(app): State<Arc<App>>, uri: Uri, headers: HeaderMap) -> Result<Response, Problem> {
    is_on(&app)?;
    let lang = language::of(&uri, &headers, None);
    let mut response = html(StatusCode::OK, page(Form::default(), None, lang));
    if language::asked(&uri).is_some() {
        remember(&mut response, lang);
    }
    Ok(response)
}

/// Judges a message. Nothing is stored unless `agree` is sent. For everybody.
#[utoipa::path(post, path = "/check", tag = "check", security(()),
    request_body(content = CheckForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, content_type = "text/html", body = String),
        (status = 413, content_type = "text/html", body = String), (status = 429, content_type = "text/html", body = String),
        (status = "4XX", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn judge(
    State(app): State<Arc<App>>,
    who: Who,
    uri: Uri,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Problem> {
    is_on(&app)?;
    let by_headers = language::of(&uri, &headers, None);
    let Ok(body) = axum::body::to_bytes(request.into_body(), FORM_BYTES_MAX).await else {
        return Ok(html(StatusCode::PAYLOAD_TOO_LARGE, page(Form::default(), Some(Outcome::TooLarge), by_headers)));
    };
    let fields = fields(&headers, &body)?;
    let lang = fields.lang.unwrap_or(by_headers);
    let form = Form { text: &fields.text, agree: fields.agree };
    if let Err(too_soon) = app.checks.take(who.address, Instant::now()) {
        let seconds = too_soon.0.as_secs().max(1);
        let mut response = html(StatusCode::TOO_MANY_REQUESTS, page(form, Some(Outcome::Busy { seconds }), lang));
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        return Ok(response);
    }
    let outcome = outcome(&app, &fields).await?;
    let mut response = html(StatusCode::OK, page(form, Some(outcome), lang));
    remember(&mut response, lang);
    Ok(response)
}

/// The style of the check page. For everybody.
#[utoipa::path(get, path = "/check.css", tag = "check", security(()),
    responses((status = 200, content_type = "text/css", body = String),
        (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn style() -> Response {
    let kind = HeaderValue::from_static("text/css; charset=utf-8");
    let cache = HeaderValue::from_static("no-cache");
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, cache)], STYLE).into_response()
}

/// The language of the page.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the form of the query for the OpenAPI document")]
pub struct LangQuery {
    /// `ja` or `en`; anything else counts as nothing.
    lang: Option<String>,
}

/// The fields of the form.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "the form for the OpenAPI document")]
pub struct CheckForm {
    /// The message; 64 KiB are examined.
    text: Option<String>,
    /// `yes` when the verdict may be recorded.
    agree: Option<String>,
    /// `ja` or `en`.
    lang: Option<String>,
}

pub(in crate::api) struct Fields {
    text: String,
    agree: Agreement,
    lang: Option<Lang>,
}

pub(in crate::api) fn fields(headers: &HeaderMap, body: &Bytes) -> Result<Fields, Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("application/x-www-form-urlencoded") {
        return Err(Problem::with(Trouble::MediaType, "application/x-www-form-urlencoded is needed"));
    }
    let mut fields = Fields { text: String::new(), agree: Agreement::No, lang: None };
    for (name, value) in url::form_urlencoded::parse(body) {
        match &*name {
            "text" => fields.text = value.into_owned(),
            "agree" => fields.agree = Agreement::Yes,
            "lang" => fields.lang = value.parse().ok(),
            _ => {}
        }
    }
    Ok(fields)
}

async fn outcome(app: &Arc<App>, fields: &Fields) -> Result<Outcome, Problem> {
    let permit = app.examining.permits.clone().acquire_owned().await;
    let (worker, text, agree) = (app.clone(), fields.text.clone(), fields.agree);
    let judged = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        let _going = worker.metrics.examining();
        let policy = worker.examining.policy();
        let examination = message::examine_text(&text, &worker.examining.settings);
        let decision = policy.decide(&examination.kind, &examination.findings);
        let verdict = verdict(&examination, &decision);
        let record = (agree == Agreement::Yes && !text.trim().is_empty()).then(|| {
            let sha256 = Digest::of(text.as_bytes());
            let seen = Observed {
                record: new_record(),
                path: "check".to_owned(),
                at: now(),
                sha256,
                by: Some(Actor::Public),
                source: None,
            };
            (
                seen.record,
                flow::decided(&seen, text.len() as u64, examination, decision, &worker.examining.rules(&policy)),
            )
        });
        (verdict, record)
    });
    let (verdict, record) = judged.await.map_err(|panic| NodeError::Stopped(panic.to_string()))?;
    let kept = match record {
        Some((id, entry)) => {
            app.recorder.record(vec![entry]).await?;
            Kept::Record(id.to_string())
        }
        None => Kept::Nothing,
    };
    Ok(Outcome::Judged { verdict, kept })
}

fn is_on(app: &App) -> Result<(), Problem> {
    match app.config.check {
        CheckPage::On => Ok(()),
        CheckPage::Off => Err(Problem::of(Trouble::NotFound)),
    }
}

fn html(status: StatusCode, page: String) -> Response {
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    let cache = HeaderValue::from_static("no-store");
    (status, [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, cache)], page).into_response()
}

fn remember(response: &mut Response, lang: Lang) {
    let cookie = format!("{COOKIE}={}; Path=/; Max-Age={LANG_SECONDS}; SameSite=Lax", lang.as_str());
    if let Ok(value) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, value);
    }
}
