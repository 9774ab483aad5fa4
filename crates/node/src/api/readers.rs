//! Readers of the state and the log, beside the one writer.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use sakimori_proof::{Log, VerifierKey};
use sakimori_store::Store;
use tokio::sync::Semaphore;

use crate::NodeError;
use crate::place::log_of;

/// Connections that read at once; one more waits.
const READERS_MAX: usize = 8;

/// What a reader reads.
pub struct Reader {
    /// The tables.
    pub store: Store,
    /// The log.
    pub log: Log,
    /// The keys of the log: the one that signs, and the one before it while both do.
    pub keys: Arc<[VerifierKey]>,
}

/// Readers, opened as they are needed and used again.
pub struct Readers {
    home: PathBuf,
    log: Log,
    keys: Arc<[VerifierKey]>,
    idle: Arc<Mutex<Vec<Reader>>>,
    permits: Arc<Semaphore>,
}

impl Readers {
    /// Readers of the node in this folder, whose log has these keys.
    ///
    /// # Errors
    /// When what the folder says about its log can't be read.
    pub fn new(home: &Path, keys: Arc<[VerifierKey]>) -> Result<Self, NodeError> {
        Ok(Self {
            home: home.to_owned(),
            log: log_of(home, keys.to_vec())?,
            keys,
            idle: Arc::new(Mutex::new(Vec::new())),
            permits: Arc::new(Semaphore::new(READERS_MAX)),
        })
    }

    /// Reads, on a thread where waiting for the disk keeps nobody else waiting.
    ///
    /// # Errors
    /// What `read` returns, or why no reader could be opened.
    pub async fn read<T, E>(&self, read: impl FnOnce(&Reader) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<NodeError> + Send + 'static,
    {
        let (idle, home, log, keys) = (self.idle.clone(), self.home.clone(), self.log.clone(), self.keys.clone());
        let permit = self.permits.clone().acquire_owned().await;
        let done = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let waiting = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let reader = match waiting {
                Some(reader) => reader,
                None => Reader::open(&home, log, keys)?,
            };
            let result = read(&reader);
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(reader);
            result
        });
        match done.await {
            Ok(result) => result,
            Err(panic) => Err(NodeError::Stopped(panic.to_string()).into()),
        }
    }
}

impl Reader {
    /// A reader of the node in this folder, and of this log of it.
    ///
    /// # Errors
    /// When the state can't be opened.
    pub fn open(home: &Path, log: Log, keys: Arc<[VerifierKey]>) -> Result<Self, NodeError> {
        let store = Store::open_reader(&home.join("state.db"))?;
        Ok(Self { store, log, keys })
    }

    /// The name of the log.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.keys.first().map_or("", VerifierKey::name)
    }
}
