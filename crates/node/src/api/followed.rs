//! The logs of others, followed as long as the service runs: does each checkpoint continue the one that was seen before?

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::State;
use sakimori_model::{RecordId, Timestamp};
use sakimori_proof::{Closeness, Found, LogError, Look, Monitor, VerifierKey, WitnessFolder};
use serde::Serialize;
use utoipa::ToSchema;

use super::app::App;
use super::dto::List;
use super::problem::{Problem, ProblemDocument};
use super::witness::raise;
use crate::config::MonitorConfig;
use crate::monitor::{self, HttpLog};
use crate::observe::now;
use crate::witness::WitnessError;

/// The logs that a node follows.
pub struct Followed {
    logs: Vec<Followee>,
    every: Duration,
}

struct Followee {
    url: String,
    origin: String,
    monitor: Arc<Monitor<Arc<WitnessFolder>>>,
    closeness: Closeness,
    last: Mutex<Option<Seen>>,
}

/// What the last look has shown.
#[derive(Clone)]
struct Seen {
    state: &'static str,
    size: Option<u64>,
    at: Timestamp,
    why: Option<String>,
    /// The record of the incident.
    incident: Option<RecordId>,
}

/// A log that is followed.
#[derive(Debug, Serialize, ToSchema)]
pub struct FollowedLog {
    /// Its name.
    origin: String,
    /// Where it is served.
    url: String,
    /// What the last look has shown: `first`, `same` or `grown` when all is well; `behind` for an older copy, `fork` for a second
    /// history, `damaged` for what does not hash to what was signed; `unreachable`; `waiting` before the first look.
    #[schema(pattern = "^(first|same|grown|behind|fork|damaged|unreachable|waiting)$")]
    state: &'static str,
    /// Entries of the log, by the checkpoint that was looked at.
    size: Option<u64>,
    /// When it was looked at.
    #[schema(value_type = Option<String>, format = "date-time")]
    at: Option<Timestamp>,
    /// What is wrong, in English.
    why: Option<String>,
    /// The record of the incident, of a log that has signed two histories.
    #[schema(value_type = Option<String>, format = "uuid")]
    incident: Option<RecordId>,
}

impl Followed {
    /// Those of the configuration; `None` when it has none.
    ///
    /// # Errors
    /// [`WitnessError`]: what is wrong with the configuration, or with the folder of what was seen.
    pub fn new(home: &std::path::Path, config: &MonitorConfig) -> Result<Option<Self>, WitnessError> {
        if config.log.is_empty() {
            return Ok(None);
        }
        let folder = monitor::folder(home);
        let failed = |error| WitnessError::State { path: folder.clone(), error };
        let store = Arc::new(WitnessFolder::open(&folder).map_err(failed)?);
        let followee = |log: &crate::config::FollowedConfig| {
            let wrong = |what: &dyn std::fmt::Display| WitnessError::Monitor(format!("{}: {what}", log.url));
            let keys = log.keys.iter().map(|key| key.trim().parse::<VerifierKey>());
            let keys = keys.collect::<Result<Vec<_>, _>>().map_err(|error| wrong(&error))?;
            let Some(origin) = keys.first().map(|key| key.name().to_owned()) else {
                return Err(wrong(&"it has no key"));
            };
            if keys.iter().any(|key| key.name() != origin) {
                return Err(wrong(&"its keys are of several logs"));
            }
            let http = HttpLog::new(&log.url, config.ca_file.as_deref()).map_err(|why| wrong(&why))?;
            let monitor = Arc::new(Monitor::new(Arc::new(http), keys, store.clone()));
            let closeness = log.closeness.into();
            Ok(Followee { url: log.url.clone(), origin, monitor, closeness, last: Mutex::new(None) })
        };
        let logs = config.log.iter().map(followee).collect::<Result<Vec<_>, _>>()?;
        Ok(Some(Self { logs, every: Duration::from_secs(config.every_seconds.max(1)) }))
    }
}

/// Looks at every log again and again, as long as the service runs.
pub async fn run(app: Arc<App>) {
    let Some(followed) = &app.followed else { return };
    loop {
        for log in &followed.logs {
            let (monitor, closeness) = (log.monitor.clone(), log.closeness);
            let looked = tokio::task::spawn_blocking(move || monitor.look(closeness, &mut |_| ())).await;
            let Ok(looked) = looked else { continue };
            let incident = match &looked {
                Ok(Look { found: Found::Fork(kept), .. }) => raise(&app, &kept.evidence).await,
                _ => None,
            };
            let seen = Seen { incident, ..seen(looked) };
            let (log_name, state, why) = (log.origin.as_str(), seen.state, seen.why.clone().unwrap_or_default());
            match state {
                "fork" => {
                    tracing::error!(code = "SKM-E-0182", log = log_name, evidence = %why, "a log has signed two histories")
                }
                "damaged" | "behind" => {
                    tracing::error!(code = "SKM-E-0185", log = log_name, state, why = %why, "a log is not what it signed");
                }
                "unreachable" => {
                    tracing::warn!(code = "SKM-E-0184", log = log_name, why = %why, "a log can't be looked at")
                }
                _ => {}
            }
            app.metrics.followed(log_name, &seen.is_bad().to_string(), state);
            *log.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(seen);
        }
        tokio::time::sleep(followed.every).await;
    }
}

impl Seen {
    fn is_bad(&self) -> bool {
        matches!(self.state, "fork" | "damaged" | "behind")
    }
}

fn seen(looked: Result<Look, LogError>) -> Seen {
    let at = now();
    match looked {
        Ok(look) => {
            let (state, why) = match look.found {
                Found::First => ("first", None),
                Found::Same => ("same", None),
                Found::Grown { .. } => ("grown", None),
                Found::Behind { seen } => ("behind", Some(format!("{seen} entries were seen before"))),
                Found::Fork(kept) => {
                    let place = match kept.place {
                        Ok(place) => place.map_or_else(String::new, |place| place.display().to_string()),
                        Err(error) => error.to_string(),
                    };
                    ("fork", Some(format!("{}: {place}", kept.evidence.kind.as_str())))
                }
            };
            Seen { state, size: Some(look.checkpoint.size), at, why, incident: None }
        }
        Err(error) => {
            let is_damage = matches!(error, LogError::Damaged { .. } | LogError::Missing { .. });
            let state = if is_damage { "damaged" } else { "unreachable" };
            Seen { state, size: None, at, why: Some(error.to_string()), incident: None }
        }
    }
}

/// The logs of others that this node follows, with what the last look at each has shown.
#[utoipa::path(get, path = "/api/v1/logs", tag = "log",
    responses((status = 200, body = List<FollowedLog>),
        (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn list(State(app): State<Arc<App>>) -> Result<axum::Json<List<FollowedLog>>, Problem> {
    let one = |log: &Followee| {
        let last = log.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        FollowedLog {
            origin: log.origin.clone(),
            url: log.url.clone(),
            state: last.as_ref().map_or("waiting", |seen| seen.state),
            size: last.as_ref().and_then(|seen| seen.size),
            at: last.as_ref().map(|seen| seen.at),
            incident: last.as_ref().and_then(|seen| seen.incident),
            why: last.and_then(|seen| seen.why),
        }
    };
    let items = app.followed.iter().flat_map(|followed| &followed.logs).map(one).collect();
    Ok(axum::Json(List { items, next: None }))
}
