//! Live lists: server-sent events (HTML Standard, section 9.2).

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::IntoResponse as _;
use axum::response::Response;
use axum::response::sse::{Event as SseEvent, KeepAlive, Sse};
use futures_util::{Stream, StreamExt as _, stream};
use sakimori_model::Lang;
use tokio_stream::wrappers::BroadcastStream;

use super::app::App;
use super::caller::Who;
use super::feed::{self, Event};
use super::language;
use super::metrics::Going;
use super::problem::{Problem, ProblemDocument, Trouble};
use crate::access::role::Action;

/// How often a stream says that it lives.
const PING_EVERY: Duration = Duration::from_secs(15);
/// A stream ends after so long, and the browser comes back with its rights looked at again.
const STREAM_SECONDS_MAX: u64 = 600;
/// Places in the log that one can be behind and still be given what came in between.
const BEHIND_MAX: u64 = 250;

/// Where a listener was.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "the form of the header for the OpenAPI document")]
pub struct LastEvent {
    /// The place in the log after which to go on.
    #[param(rename = "Last-Event-ID", nullable = false)]
    last: Option<u64>,
}

/// What happens, live: `decision` and `judgement` for everybody who may read, `job` for the caller's own jobs. `hello` says where the
/// log is; `gap` says that something was left out and the page should be loaded again.
#[utoipa::path(get, path = "/api/v1/events", tag = "events",
    params(LastEvent),
    responses((status = 200, content_type = "text/event-stream", body = String),
        (status = "4XX", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn events(State(app): State<Arc<App>>, who: Who, uri: Uri, headers: HeaderMap) -> Result<Response, Problem> {
    if app.metrics.streams() >= app.config.limits.streams_max {
        return Err(Problem::after(Trouble::Overloaded, PING_EVERY));
    }
    let going = app.metrics.stream();
    let lang = language::of(&uri, &headers, who.lang());
    let last: Option<u64> = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    // Listening begins before the past is read, so that nothing falls between them.
    let live = BroadcastStream::new(app.feed.listen());
    let past = app.readers.read(move |reader| -> Result<_, Problem> {
        let size = reader.store.sequenced()?;
        match last {
            Some(last) if last < size && size - last - 1 <= BEHIND_MAX => {
                let (next, events) = feed::events(&reader.store, last + 1)?;
                Ok((next, events, false))
            }
            // Further behind, or ahead of the log: it was put back to an older copy since.
            Some(last) if last.checked_add(1) != Some(size) => Ok((size, Vec::new(), true)),
            _ => Ok((size, Vec::new(), false)),
        }
    });
    // All before this place is told already, or was before the caller came.
    let (next, past, has_gap) = past.await?;
    let hello = SseEvent::default().event("hello").data(format!("{{\"index\":{next}}}"));
    let gap = has_gap.then(|| SseEvent::default().event("gap").data("{}"));
    let first = [Some(hello), gap].into_iter().flatten().chain(past.iter().map(|event| sse(event, lang)));
    let key = who.key();
    let can_read = who.may(Action::Read);
    let live = live.filter_map(move |event| {
        let event = match event {
            Ok(event) if event.index.is_some_and(|index| index < next) => None,
            Ok(event) if event.only.as_ref().is_none_or(|only| *only == key) && (can_read || event.only.is_some()) => {
                Some(sse(&event, lang))
            }
            Ok(_) => None,
            Err(_) => Some(SseEvent::default().event("gap").data("{}")),
        };
        std::future::ready(event)
    });
    let ending = app.ending.clone();
    let stop = async move {
        tokio::select! {
            () = ending.notified() => {}
            () = tokio::time::sleep(Duration::from_secs(STREAM_SECONDS_MAX)) => {}
        }
    };
    let all = stream::iter(first.collect::<Vec<_>>()).chain(live).take_until(Box::pin(stop));
    Ok(Sse::new(held(all, going)).keep_alive(KeepAlive::new().interval(PING_EVERY).text("ping")).into_response())
}

/// The stream counts as going on until it is dropped.
fn held(events: impl Stream<Item = SseEvent>, going: Going) -> impl Stream<Item = Result<SseEvent, Infallible>> {
    events.map(move |event| {
        let _ = &going;
        Ok(event)
    })
}

fn sse(event: &Event, lang: Lang) -> SseEvent {
    let sse = SseEvent::default().event(event.name).data(event.data_in(lang));
    match event.index {
        Some(index) => sse.id(index.to_string()),
        None => sse,
    }
}
