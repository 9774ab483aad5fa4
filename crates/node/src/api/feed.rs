//! What happens, live: every new record, in the order of the log, to whoever listens.

use std::sync::Arc;
use std::time::Duration;

use sakimori_model::Lang;
use sakimori_store::{JobRow, JobState, Store};
use tokio::sync::{Notify, broadcast};

use super::app::App;
use super::dto;
use super::problem::Problem;

/// Events that one listener may be behind; one that is further behind is told to load the page again.
const BEHIND_MAX: usize = 1_024;
/// Records that are read at once.
const RECORDS_MAX: usize = 256;
/// How often another process's records are looked for.
const LOOK_EVERY: Duration = Duration::from_millis(1_000);
/// How long records gather before they are sent: nobody reads faster.
const GATHER: Duration = Duration::from_millis(100);

/// Something that happened.
#[derive(Clone, Debug)]
pub struct Event {
    /// The place in the log, for a listener that comes back; jobs have none.
    pub index: Option<u64>,
    /// `decision`, `judgement` or `job`.
    pub name: &'static str,
    /// Whose job it is. Only they hear of it.
    pub only: Option<String>,
    /// The JSON.
    pub data: String,
    /// The JSON for whoever speaks English, when it is another one.
    pub english: Option<String>,
}

impl Event {
    /// The JSON for whoever speaks this language.
    #[must_use]
    pub fn data_in(&self, lang: Lang) -> &str {
        self.english.as_deref().filter(|_| lang == Lang::En).unwrap_or(&self.data)
    }
}

/// Where events are handed out.
pub struct Feed {
    sender: broadcast::Sender<Arc<Event>>,
    wake: Arc<Notify>,
    start: u64,
}

impl Feed {
    /// A feed of the records from this place in the log on.
    #[must_use]
    pub fn new(start: u64) -> Self {
        Self { sender: broadcast::channel(BEHIND_MAX).0, wake: Arc::new(Notify::new()), start }
    }

    /// What tells the feed that there are new records.
    #[must_use]
    pub fn waker(&self) -> Arc<Notify> {
        self.wake.clone()
    }

    /// Listens from now on.
    #[must_use]
    pub fn listen(&self) -> broadcast::Receiver<Arc<Event>> {
        self.sender.subscribe()
    }

    /// Tells the owner of a job how far it is.
    pub fn job(&self, row: &JobRow) {
        let text = |lang| serde_json::to_string(&dto::Job::of(row, lang)).ok();
        // Only the problem of a failed job has words in it.
        let english = if row.state == JobState::Failed { text(Lang::En) } else { None };
        if let Some(data) = text(Lang::Ja) {
            let event = Event { index: None, name: "job", only: Some(row.caller.clone()), data, english };
            // Nobody may be listening.
            let _ = self.sender.send(Arc::new(event));
        }
    }
}

/// Reads new records and hands them out, until the service ends. Records of other processes on the same folder are
/// found too.
pub async fn run(app: Arc<App>) {
    let mut next = app.feed.start;
    loop {
        let _ = tokio::time::timeout(LOOK_EVERY, app.feed.wake.notified()).await;
        tokio::time::sleep(GATHER).await;
        let is_heard = app.feed.sender.receiver_count() > 0;
        let read = app.readers.read(move |reader| -> Result<_, Problem> {
            if !is_heard {
                return Ok((reader.store.sequenced()?, Vec::new()));
            }
            events(&reader.store, next)
        });
        match read.await {
            // Somebody began to listen while nobody seemed to: for them the next round begins where this one did.
            Ok(_) if !is_heard && app.feed.sender.receiver_count() > 0 => app.feed.wake.notify_one(),
            Ok((after, events)) => {
                if after >= next + RECORDS_MAX as u64 {
                    // There may be more.
                    app.feed.wake.notify_one();
                }
                next = after;
                for event in events {
                    let _ = app.feed.sender.send(Arc::new(event));
                }
            }
            Err(problem) => tracing::warn!(detail = problem.detail, "new records could not be read"),
        }
    }
}

/// The events of the records from this place on, and the place after the last of them.
///
/// # Errors
/// When the state can't be read.
pub fn events(store: &Store, from: u64) -> Result<(u64, Vec<Event>), Problem> {
    let mut next = from;
    let mut events = Vec::new();
    for (index, id, kind) in store.records_from(from, RECORDS_MAX)? {
        next = index + 1;
        let (name, data) = match kind.as_str() {
            "decision" => match store.judged_decision(id)? {
                Some(row) => ("decision", serde_json::to_string(&dto::DecisionRow::of(&row))),
                None => continue,
            },
            "judgement" => match dto::Judgement::read(store, id)? {
                Some(judgement) => ("judgement", serde_json::to_string(&judgement)),
                None => continue,
            },
            _ => continue,
        };
        if let Ok(data) = data {
            events.push(Event { index: Some(index), name, only: None, data, english: None });
        }
    }
    Ok((next, events))
}
