//! What came, what was blocked, what waits; and what this node works with: rules, codes, settings.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use sakimori_examine::catalogue;
use sakimori_examine::sigma::Rule;
use sakimori_model::{Code, Confidence, Lang, Severity, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::app::App;
use super::dto::{BothTexts, List, PageQuery};
use super::extract::{Asked, limit, tagged};
use super::problem::{Problem, ProblemDocument, Trouble};
use crate::config::Config;
use crate::observe::now;

/// Codes that the overview names.
const CODES_MAX: usize = 10;
/// Microseconds of an hour.
const HOUR_MICROS: i64 = 3_600_000_000;
/// Days of an overview at most.
const DAYS_MAX: i64 = 90;

/// How far back.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OverviewQuery {
    /// Days, 1 to 90; 7 otherwise.
    #[param(minimum = 1, maximum = 90)]
    days: Option<i64>,
}

/// How many decisions of each effect.
#[derive(Clone, Copy, Debug, Default, Serialize, ToSchema)]
pub struct Counts {
    /// Nothing spoke against these.
    allow: u64,
    /// A person had to decide these.
    review: u64,
    /// These must not be used.
    block: u64,
}

impl Counts {
    fn add(&mut self, effect: &str, count: u64) {
        match effect {
            "allow" => self.allow += count,
            "review" => self.review += count,
            _ => self.block += count,
        }
    }
}

/// What an hour brought.
#[derive(Debug, Serialize, ToSchema)]
pub struct Hour {
    /// When it began.
    #[schema(value_type = String, format = "date-time")]
    hour: Timestamp,
    /// How many decisions.
    #[serde(flatten)]
    counts: Counts,
}

/// What came of a kind.
#[derive(Debug, Serialize, ToSchema)]
pub struct KindCounts {
    /// The kind.
    kind: String,
    /// How many decisions.
    #[serde(flatten)]
    counts: Counts,
}

/// How many decisions have a finding of a code.
#[derive(Debug, Serialize, ToSchema)]
pub struct CodeCount {
    /// The code.
    code: String,
    /// What it says.
    title: BothTexts,
    /// How bad it is; `null` for a code that this version does not know.
    #[schema(value_type = Option<super::dto::SeverityWord>)]
    severity: Option<Severity>,
    /// The decisions.
    count: u64,
}

/// What came, what was blocked, what waits.
#[derive(Debug, Serialize, ToSchema)]
pub struct Overview {
    /// From this time on.
    #[schema(value_type = String, format = "date-time")]
    since: Timestamp,
    /// Up to this time.
    #[schema(value_type = String, format = "date-time")]
    until: Timestamp,
    /// All of it.
    totals: Counts,
    /// What waits for a person, whenever it came; counted up to 10,000.
    waiting: u64,
    /// Since when the oldest of it waits.
    #[schema(value_type = Option<String>, format = "date-time")]
    oldest_waiting: Option<Timestamp>,
    /// Hours that brought something.
    hours: Vec<Hour>,
    /// Kinds, the most blocked first.
    kinds: Vec<KindCounts>,
    /// The codes that most decisions have.
    codes: Vec<CodeCount>,
}

/// What came, what was blocked, what waits for a person.
#[utoipa::path(get, path = "/api/v1/overview", tag = "overview", params(OverviewQuery),
    responses((status = 200, body = Overview),
        (status = "4XX", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn overview(
    State(app): State<Arc<App>>,
    query: Asked<OverviewQuery>,
) -> Result<axum::Json<Overview>, Problem> {
    let days = query.0.days.unwrap_or(7);
    if !(1..=DAYS_MAX).contains(&days) {
        return Err(Problem::with(Trouble::Malformed, "days is 1 to 90"));
    }
    let until = now();
    let since_hour = until.as_micros().div_euclid(HOUR_MICROS) - days * 24 + 1;
    let at = |hour: i64| Timestamp::from_micros(hour * HOUR_MICROS).unwrap_or(until);
    let (tallies, codes, (waiting, oldest_waiting)) = app
        .readers
        .read(move |reader| -> Result<_, Problem> {
            let store = &reader.store;
            Ok((store.tallies(since_hour)?, store.code_tallies(since_hour, CODES_MAX)?, store.waiting_count()?))
        })
        .await?;
    let (mut totals, mut hours, mut kinds) = (Counts::default(), BTreeMap::new(), BTreeMap::new());
    for tally in &tallies {
        totals.add(&tally.effect, tally.count);
        hours.entry(tally.hour).or_insert_with(Counts::default).add(&tally.effect, tally.count);
        kinds.entry(tally.kind.clone()).or_insert_with(Counts::default).add(&tally.effect, tally.count);
    }
    let mut kinds: Vec<_> = kinds.into_iter().map(|(kind, counts)| KindCounts { kind, counts }).collect();
    kinds.sort_by_key(|k| std::cmp::Reverse((k.counts.block, k.counts.review, k.counts.allow)));
    Ok(axum::Json(Overview {
        since: at(since_hour),
        until,
        totals,
        waiting,
        oldest_waiting,
        hours: hours.into_iter().map(|(hour, counts)| Hour { hour: at(hour), counts }).collect(),
        kinds,
        codes: codes.into_iter().map(|(code, count)| code_count(code, count)).collect(),
    }))
}

fn code_count(text: String, count: u64) -> CodeCount {
    let code = Code::try_from(text.clone()).ok();
    let entry = code.as_ref().and_then(catalogue::entry);
    let title = |lang| entry.map_or_else(|| text.clone(), |entry| catalogue::general_title(entry, lang));
    let both = BothTexts { ja: title(Lang::Ja), en: title(Lang::En) };
    CodeCount { title: both, severity: entry.map(|entry| entry.severity), code: text, count }
}

/// A detection rule.
#[derive(Debug, Serialize, ToSchema)]
pub struct RuleItem {
    /// The rule's own id.
    id: String,
    /// Its title, in the language of its author.
    title: String,
    /// How bad a match is.
    #[schema(value_type = super::dto::SeverityWord)]
    level: Severity,
    /// How mature it is, such as `stable`; empty if the rule does not say.
    status: String,
    /// Techniques of ATT&CK that it names.
    techniques: Vec<String>,
    /// The digest of the rule.
    sha256: String,
}

/// The detection rules for logs that are in use, by their ids.
#[utoipa::path(get, path = "/api/v1/rules", tag = "settings", params(PageQuery),
    responses((status = 200, body = List<RuleItem>),
        (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn rules(
    State(app): State<Arc<App>>,
    query: Asked<PageQuery>,
) -> Result<axum::Json<List<RuleItem>>, Problem> {
    let limit = limit(&query.0)?;
    let mut items: Vec<RuleItem> = app.examining.settings.sigma.rules().map(RuleItem::of).collect();
    items.sort_by(|a, b| (&a.id, &a.sha256).cmp(&(&b.id, &b.sha256)));
    let from = query.0.after.map_or(0, |after| items.partition_point(|rule| cursor(rule) <= after));
    let mut items = items.split_off(from);
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(cursor);
    Ok(axum::Json(List { items, next }))
}

impl RuleItem {
    fn of(rule: &Rule) -> Self {
        Self {
            id: rule.id.clone(),
            title: rule.title.clone(),
            level: rule.level,
            status: rule.status.clone(),
            techniques: rule.techniques.iter().map(|technique| technique.id.clone()).collect(),
            sha256: rule.sha256.to_string(),
        }
    }
}

fn cursor(rule: &RuleItem) -> String {
    format!("{}.{}", rule.id, rule.sha256)
}

/// A finding code with its texts.
#[derive(Debug, Serialize, ToSchema)]
pub struct CodeItem {
    /// The code.
    code: String,
    /// How bad it is.
    #[schema(value_type = super::dto::SeverityWord)]
    severity: Severity,
    /// How sure it is.
    #[schema(value_type = super::dto::ConfidenceWord)]
    confidence: Confidence,
    /// Its points.
    points: i32,
    /// Techniques of ATT&CK or ATLAS.
    techniques: Vec<String>,
    /// It says that something was not examined.
    unexamined: bool,
    /// The texts in Japanese.
    ja: CodeTexts,
    /// The texts in English.
    en: CodeTexts,
}

/// The texts of a finding code in one language.
#[derive(Debug, Serialize, ToSchema)]
pub struct CodeTexts {
    /// What was seen.
    title: String,
    /// Why it matters.
    why: String,
    /// What to do.
    todo: String,
}

impl From<&catalogue::Words> for CodeTexts {
    fn from(words: &catalogue::Words) -> Self {
        Self { title: words.title.clone(), why: words.why.clone(), todo: words.todo.clone() }
    }
}

/// Every finding code that this version knows.
#[utoipa::path(get, path = "/api/v1/codes", tag = "settings",
    responses((status = 200, body = List<CodeItem>), (status = 304, description = "the caller has it already"),
        (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn codes(headers: HeaderMap) -> Result<Response, Problem> {
    let items = catalogue::entries().map(|(code, entry)| CodeItem {
        code: code.to_string(),
        severity: entry.severity,
        confidence: entry.confidence,
        points: entry.points,
        techniques: entry.techniques.clone(),
        unexamined: entry.unexamined,
        ja: entry.words(Lang::Ja).into(),
        en: entry.words(Lang::En).into(),
    });
    tagged(&headers, &List { items: items.collect(), next: None })
}

/// What the service works with, without secrets.
#[derive(Debug, Serialize, ToSchema)]
pub struct Settings {
    /// The version of the program.
    version: String,
    /// The name of the log.
    log: String,
    /// The configuration.
    #[schema(value_type = Object)]
    config: Config,
    /// Detection rules in use.
    rules: usize,
    /// The digest of all of them.
    rules_sha256: String,
}

/// What the service works with, without secrets.
#[utoipa::path(get, path = "/api/v1/settings", tag = "settings",
    responses((status = 200, body = Settings), (status = 304, description = "the caller has it already"),
        (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn settings(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, Problem> {
    // Paths of the machine are nobody's business.
    let config = Config { home: None, tls: None, oidc: None, rules: Vec::new(), ..app.config.clone() };
    tagged(
        &headers,
        &Settings {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            log: app.origin().to_owned(),
            config,
            rules: app.examining.settings.sigma.len(),
            rules_sha256: app.examining.rules.to_string(),
        },
    )
}
