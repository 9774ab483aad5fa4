//! The witnesses of this node's log: the newest checkpoint is sent to them in the background, and what they cosign is kept
//! (C2SP tlog-witness, "add-checkpoint"). Nothing waits for them: a record is durable without.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use reqwest::header::CONTENT_TYPE;
use sakimori_proof::{AddCheckpoint, Note, Quorum, Signature, Tree, VerifierKey, WitnessAnswer, limits};
use tokio::sync::Notify;
use url::Url;

use super::app::App;
use crate::NodeError;
use crate::access::oidc::{body_of, client_without_redirects, with_causes};
use crate::witness::{WitnessError, Witnessed, WitnessesConfig};

/// Checkpoints that come so soon after another are sent as one: the newest.
const GATHER: Duration = Duration::from_millis(200);
/// After so long witnesses that have not cosigned are asked again.
const RETRY_EVERY: Duration = Duration::from_secs(30);

/// The witnesses of a node.
pub struct Witnesses {
    asked: Vec<Asked>,
    quorum: Quorum,
    wake: Arc<Notify>,
    /// Entries that a quorum has cosigned, as far as is known here.
    cosigned: AtomicU64,
}

struct Asked {
    url: Url,
    keys: Vec<VerifierKey>,
    http: reqwest::Client,
    /// The size that it has seen last, as far as is known here.
    seen: AtomicU64,
}

impl Witnesses {
    /// Those of the configuration; `None` when it has none.
    ///
    /// # Errors
    /// [`WitnessError::Config`].
    pub fn new(config: &WitnessesConfig) -> Result<Option<Self>, WitnessError> {
        let asked = config.asked()?.into_iter().map(|(url, keys)| {
            let http = client_without_redirects(&url, config.ca_file.as_deref());
            let http = http.map_err(WitnessError::Config)?;
            Ok(Asked { url, keys, http, seen: AtomicU64::new(0) })
        });
        let asked = asked.collect::<Result<Vec<_>, WitnessError>>()?;
        let quorum = config.quorum(asked.iter().flat_map(|asked| asked.keys.iter().cloned()).collect())?;
        Ok((!asked.is_empty()).then(|| Self {
            asked,
            quorum,
            wake: Arc::new(Notify::new()),
            cosigned: AtomicU64::new(0),
        }))
    }

    /// Entries of the log that a quorum has cosigned.
    #[must_use]
    pub fn cosigned(&self) -> u64 {
        self.cosigned.load(Ordering::Relaxed)
    }

    /// Wakes the sender: there may be a new checkpoint.
    #[must_use]
    pub fn waker(&self) -> Arc<Notify> {
        self.wake.clone()
    }
}

/// Sends the newest checkpoint again and again, as long as the service runs.
pub async fn run(app: Arc<App>) {
    let Some(witnesses) = &app.witnesses else { return };
    loop {
        if let Err(error) = round(&app, witnesses).await {
            tracing::warn!(code = error.code(), %error, "the checkpoint could not be sent to witnesses");
        }
        tokio::select! {
            () = witnesses.wake.notified() => tokio::time::sleep(GATHER).await,
            () = tokio::time::sleep(RETRY_EVERY) => {}
        }
    }
}

/// Asks every witness that has not cosigned the newest checkpoint.
async fn round(app: &Arc<App>, witnesses: &Witnesses) -> Result<(), NodeError> {
    let home = app.home.clone();
    let (tree, mut kept) = app
        .readers
        .read(move |reader| Ok::<_, NodeError>((reader.log.tree()?, Witnessed::read(&home, &reader.keys))))
        .await?;
    let newest = kept.as_ref().filter(|kept| kept.checkpoint == *tree.checkpoint());
    let signed = Note::parse(tree.signed_checkpoint()).ok();
    let Some(signed) = newest.map(|kept| kept.note.clone()).or(signed) else { return Ok(()) };
    let cosigners = witnesses.quorum.cosigners(&signed).unwrap_or_default();
    let lacks = |asked: &&Asked| !asked.keys.iter().any(|key| cosigners.iter().any(|one| one.key == *key));
    let asked: Vec<&Asked> = witnesses.asked.iter().filter(lacks).collect();
    let mut answers: FuturesUnordered<_> = asked.into_iter().map(|asked| ask(app, asked, &tree)).collect();
    let mut best = signed;
    while let Some(lines) = answers.next().await {
        if lines.is_empty() {
            continue;
        }
        best = lines.into_iter().fold(best, Note::with);
        let found = Witnessed { checkpoint: tree.checkpoint().clone(), note: best.clone() };
        if found.is_better_than(kept.as_ref(), &witnesses.quorum) {
            let (home, file) = (app.home.clone(), found.clone());
            let written = tokio::task::spawn_blocking(move || file.keep(&home)).await;
            written.map_err(|panic| NodeError::Stopped(panic.to_string()))??;
            kept = Some(found);
        }
    }
    let enough = kept.as_ref().filter(|kept| witnesses.quorum.check(&kept.note).is_ok());
    let size = enough.map_or(0, |kept| kept.checkpoint.size);
    witnesses.cosigned.store(size, Ordering::Relaxed);
    app.metrics.witnessed_size(size);
    Ok(())
}

/// The cosignatures of one witness; none when it gives none, which is told.
async fn ask(app: &App, asked: &Asked, tree: &Tree) -> Vec<Signature> {
    let name = asked.keys.first().map_or("", VerifierKey::name);
    let mut answer = ask_once(asked, tree).await;
    if let WitnessAnswer::HasSeen(size) = answer
        && size <= tree.size()
    {
        // It knows another size than was thought. Once is enough: meanwhile nobody else tells it about this log.
        asked.seen.store(size, Ordering::Relaxed);
        answer = ask_once(asked, tree).await;
    }
    let outcome = match &answer {
        WitnessAnswer::Cosigned(_) => "cosigned",
        WitnessAnswer::HasSeen(_) => "other-size",
        WitnessAnswer::Conflict => "conflict",
        WitnessAnswer::Unknown => "unknown-log",
        WitnessAnswer::Useless(_) => "failed",
    };
    app.metrics.witness_answered(name, outcome);
    match answer {
        WitnessAnswer::Cosigned(lines) => {
            asked.seen.store(tree.size(), Ordering::Relaxed);
            return lines;
        }
        WitnessAnswer::HasSeen(size) if size > tree.size() => {
            let (log, code) = (tree.size(), "SKM-E-0183");
            tracing::error!(code, witness = name, size, log, "the witness has seen more entries than the log has");
        }
        WitnessAnswer::HasSeen(size) => tracing::warn!(witness = name, size, "the witness has seen another size again"),
        WitnessAnswer::Conflict => {
            let code = "SKM-E-0183";
            tracing::error!(
                code,
                witness = name,
                size = tree.size(),
                "the witness has seen another history of this log"
            );
        }
        WitnessAnswer::Unknown => tracing::warn!(witness = name, "the witness does not know this log or its key"),
        WitnessAnswer::Useless(why) => tracing::warn!(witness = name, %why, "the witness gave no cosignature"),
    }
    Vec::new()
}

async fn ask_once(asked: &Asked, tree: &Tree) -> WitnessAnswer {
    let old = asked.seen.load(Ordering::Relaxed).min(tree.size());
    let worker = tree.clone();
    let made = tokio::task::spawn_blocking(move || -> Result<_, NodeError> {
        let proof = worker.consistency_proof(old, worker.size())?;
        let note = Note::parse(worker.signed_checkpoint()).map_err(|error| NodeError::Stopped(error.to_string()))?;
        Ok(AddCheckpoint { old, proof, note, checkpoint: worker.checkpoint().clone() })
    });
    let request = match made.await {
        Ok(Ok(request)) => request,
        Ok(Err(error)) => return WitnessAnswer::Useless(error.to_string()),
        Err(panic) => return WitnessAnswer::Useless(panic.to_string()),
    };
    match send(asked, &request).await {
        Ok((status, kind, body)) => WitnessAnswer::read(status, &kind, &body, &request.note, &asked.keys),
        Err(error) => WitnessAnswer::Useless(with_causes(&error)),
    }
}

/// Status, media type and body of the answer. A body that is too large is cut off, and then no answer of the protocol.
async fn send(asked: &Asked, request: &AddCheckpoint) -> Result<(u16, String, Vec<u8>), reqwest::Error> {
    let post = asked.http.post(asked.url.clone()).header(CONTENT_TYPE, "text/plain; charset=utf-8");
    let mut answer = post.body(request.to_string()).send().await?;
    let kind = answer.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default().to_owned();
    let body = body_of(&mut answer, limits::WITNESS_ANSWER_BYTES_MAX).await?;
    Ok((answer.status().as_u16(), kind, body))
}
