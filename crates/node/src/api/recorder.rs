//! The one writer of the service: whatever arrives while it writes goes into its next group, so that the disk is
//! waited for once for all of them.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use sakimori_model::Receipt;
use sakimori_store::Store;
use tokio::sync::{mpsc, oneshot};

use crate::record::Entry;
use crate::{Node, NodeError};

/// Writes that wait for their turn; one more is told to come back later.
const WAITING_MAX: usize = 4_096;
/// How long an answer to whether something can be recorded holds.
const TRIED_LASTS: Duration = Duration::from_secs(1);
/// Records of one group.
const GROUP_RECORDS_MAX: usize = 512;

/// Why something was not written.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RecordError {
    /// Too much waits to be written.
    #[error("{WAITING_MAX} writes wait already")]
    Overloaded,
    /// The service ends.
    #[error("the service ends")]
    Ending,
    /// It could not be written. If it was staged, it is recorded with the next group all the same.
    #[error(transparent)]
    Node(#[from] Arc<NodeError>),
}

/// What is to be written.
enum Write {
    /// Records, as one: all or none.
    Records(Vec<Entry>, oneshot::Sender<Result<Vec<Receipt>, RecordError>>),
    /// Rows that no record justifies, such as those of jobs.
    Rows(Box<dyn FnOnce(&mut Store) + Send>),
    /// Nothing: whether something could be recorded.
    Try(oneshot::Sender<Result<(), RecordError>>),
}

/// How the last try went, and when. Anybody may ask, and a token takes its time.
#[derive(Default)]
struct Tried(Option<(Instant, Result<(), Arc<NodeError>>)>);

impl Tried {
    fn again(&mut self, node: &mut Node) -> Result<(), RecordError> {
        if self.0.as_ref().is_none_or(|(at, _)| at.elapsed() >= TRIED_LASTS) {
            let result = node.try_to_record().map_err(Arc::new);
            let was_well = self.0.as_ref().is_none_or(|(_, result)| result.is_ok());
            match &result {
                Err(error) if was_well => tracing::error!(code = error.code(), %error, "nothing can be recorded now"),
                Ok(()) if !was_well => tracing::info!("records can be written again"),
                _ => {}
            }
            self.0 = Some((Instant::now(), result));
        }
        self.0.as_ref().map_or(Ok(()), |(_, result)| Ok(result.clone()?))
    }
}

/// Hands writes to the writer.
#[derive(Clone)]
pub struct Recorder {
    writes: mpsc::Sender<Write>,
}

impl Recorder {
    /// Starts the writer. It ends when every [`Recorder`] is gone and all is written. `written` hears of each group.
    pub fn start(mut node: Node, written: impl Fn(usize) + Send + 'static) -> std::io::Result<(Self, JoinHandle<()>)> {
        let (writes, mut queue) = mpsc::channel(WAITING_MAX);
        let writer = std::thread::Builder::new().name("writer".to_owned()).spawn(move || {
            let mut group = Vec::new();
            let mut tried = Tried::default();
            while let Some(write) = queue.blocking_recv() {
                take(write, &mut node, &mut group, &mut tried);
                let mut records = group.iter().map(|(entries, _): &Waiting| entries.len()).sum::<usize>();
                while records < GROUP_RECORDS_MAX
                    && let Ok(write) = queue.try_recv()
                {
                    let before = group.len();
                    take(write, &mut node, &mut group, &mut tried);
                    records += group.get(before).map_or(0, |(entries, _)| entries.len());
                }
                let count = write_group(&mut node, std::mem::take(&mut group));
                if count > 0 {
                    written(count);
                }
            }
        })?;
        Ok((Self { writes }, writer))
    }

    /// Records these, as one, and returns their receipts when they are durable.
    ///
    /// # Errors
    /// [`RecordError`]. Then there is no receipt.
    pub async fn record(&self, entries: Vec<Entry>) -> Result<Vec<Receipt>, RecordError> {
        let (reply, answer) = oneshot::channel();
        self.writes.try_send(Write::Records(entries, reply)).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => RecordError::Overloaded,
            mpsc::error::TrySendError::Closed(_) => RecordError::Ending,
        })?;
        answer.await.map_err(|_| RecordError::Ending)?
    }

    /// Whether something could be recorded now: the key signs, and the log can be written.
    ///
    /// # Errors
    /// [`RecordError`]: why not.
    pub async fn try_it(&self) -> Result<(), RecordError> {
        let (reply, answer) = oneshot::channel();
        self.writes.send(Write::Try(reply)).await.map_err(|_| RecordError::Ending)?;
        answer.await.map_err(|_| RecordError::Ending)?
    }

    /// Writes rows that no record justifies.
    ///
    /// # Errors
    /// [`RecordError`], or what `write` returns.
    pub async fn rows<T: Send + 'static>(
        &self,
        write: impl FnOnce(&mut Store) -> Result<T, sakimori_store::StoreError> + Send + 'static,
    ) -> Result<T, RecordError> {
        let (reply, answer) = oneshot::channel();
        let write = Write::Rows(Box::new(move |store| {
            // Whoever asked may be gone.
            let _ = reply.send(write(store));
        }));
        self.writes.send(write).await.map_err(|_| RecordError::Ending)?;
        let result = answer.await.map_err(|_| RecordError::Ending)?;
        result.map_err(|error| RecordError::Node(Arc::new(error.into())))
    }
}

/// Records that wait for the end of their group.
type Waiting = (Vec<Entry>, oneshot::Sender<Result<Vec<Receipt>, RecordError>>);

fn take(write: Write, node: &mut Node, group: &mut Vec<Waiting>, tried: &mut Tried) {
    match write {
        Write::Records(entries, reply) => group.push((entries, reply)),
        Write::Rows(write) => write(node.store_mut()),
        Write::Try(reply) => {
            // Whoever asked may be gone.
            let _ = reply.send(tried.again(node));
        }
    }
}

/// Writes a group and answers everybody in it. Returns the number of records.
fn write_group(node: &mut Node, group: Vec<Waiting>) -> usize {
    let mut all = Vec::new();
    let mut waiting = Vec::new();
    for (entries, reply) in group {
        waiting.push((entries.len(), reply));
        all.extend(entries);
    }
    if all.is_empty() {
        return 0;
    }
    match node.record(&all) {
        Ok(receipts) => {
            // What can't leave now stays in the outbox; the records are durable all the same.
            if let Err(error) = node.act() {
                tracing::error!(code = error.code(), %error, "the outbox waits");
            }
            let count = receipts.len();
            let mut receipts = receipts.into_iter();
            for (len, reply) in waiting {
                let _ = reply.send(Ok(receipts.by_ref().take(len).collect()));
            }
            count
        }
        // One of them breaks a rule of the tables, such as a name that is taken, and nothing was staged: the others
        // must not suffer.
        Err(NodeError::Store(error)) if error.is_constraint() && waiting.len() > 1 => {
            let mut rest = all.into_iter();
            waiting
                .into_iter()
                .map(|(len, reply)| write_group(node, vec![(rest.by_ref().take(len).collect(), reply)]))
                .sum()
        }
        Err(error) => {
            tracing::error!(code = error.code(), %error, "records were not written");
            let error = Arc::new(error);
            for (_, reply) in waiting {
                let _ = reply.send(Err(RecordError::Node(error.clone())));
            }
            0
        }
    }
}
