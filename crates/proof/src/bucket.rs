//! A log's files, and its anchor, in a bucket of an object store that speaks S3.
//!
//! What is put there is durable when the store answers, and whole or not there at all. The write-ahead log and the lock of
//! the one writer stay on the writer's own disk. That lock keeps nobody on another machine out: the anchor does, which is
//! replaced only where it is still what its writer has seen (`If-None-Match` and `If-Match`, RFC 9110, 13.1), so a log in a
//! bucket always has one.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use futures_util::TryStreamExt as _;
use object_store::aws::{AmazonS3, AmazonS3Builder, S3ConditionalPut};
use object_store::path::Path as Name;
use object_store::{
    BackoffConfig, ClientOptions, GetOptions, ObjectStore as _, ObjectStoreExt as _, PutMode, PutOptions, PutPayload,
    RetryConfig, UpdateVersion,
};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tokio::runtime::{Builder, Runtime};

use crate::anchor::{Anchor, Swap};
use crate::backend::{Bulk, Listed, ListedKind};
use crate::disk::Folder;
use crate::error::LogError;
use crate::limits::NOTE_BYTES_MAX;
use crate::log::Log;
use crate::note::VerifierKey;

/// How long one request may take.
const REQUEST_MAX: Duration = Duration::from_secs(30);
/// How long a request is tried again, with growing pauses.
const RETRY_MAX: Duration = Duration::from_secs(30);
/// How often a request is tried again.
const RETRIES_MAX: usize = 5;
/// Characters of what a store says that are shown.
const PROBLEM_CHARS_MAX: usize = 500;
/// Where the environment names another store than Amazon's, the most exact first.
const ENDPOINT_VARIABLES: [&str; 3] = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"];
/// The scheme of addresses.
const SCHEME: &str = "s3://";

/// Where in an object store something is: `s3://bucket/name/of/it`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BucketAddress {
    bucket: String,
    name: Name,
}

/// A text that is no [`BucketAddress`].
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0} is no address of the form s3://bucket/name, where the bucket has 3 to 63 of the characters a-z 0-9 . -")]
pub struct NoBucketAddress(String);

impl BucketAddress {
    /// True for a text that is meant to be one.
    #[must_use]
    pub fn is_meant_by(text: &str) -> bool {
        text.starts_with(SCHEME)
    }

    /// The address of what has this name behind it, such as the anchor beside a log.
    #[must_use]
    pub fn with_suffix(&self, suffix: &str) -> Self {
        Self { bucket: self.bucket.clone(), name: Name::from(format!("{}{suffix}", self.name)) }
    }
}

impl FromStr for BucketAddress {
    type Err = NoBucketAddress;

    fn from_str(text: &str) -> Result<Self, NoBucketAddress> {
        let no = || NoBucketAddress(text.to_owned());
        let (bucket, name) = text.strip_prefix(SCHEME).and_then(|rest| rest.split_once('/')).ok_or_else(no)?;
        // Names of buckets: lower-case letters, digits, dots, hyphens (Amazon S3 user guide, "General purpose bucket naming rules").
        let is_plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, b'.' | b'-');
        let name = Name::parse(name.trim_end_matches('/')).map_err(|_| no())?;
        if !(3..=63).contains(&bucket.len()) || !bucket.bytes().all(is_plain) || name.as_ref().is_empty() {
            return Err(no());
        }
        Ok(Self { bucket: bucket.to_owned(), name })
    }
}

impl TryFrom<String> for BucketAddress {
    type Error = NoBucketAddress;

    fn try_from(text: String) -> Result<Self, NoBucketAddress> {
        text.parse()
    }
}

impl From<BucketAddress> for String {
    fn from(address: BucketAddress) -> Self {
        address.to_string()
    }
}

impl fmt::Display for BucketAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}/{}", self.bucket, self.name)
    }
}

/// How an object store is reached. Credentials are never in here: they are what the environment says, as it does for every
/// other program of that store (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, web identity, or
/// the machine's own role).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BucketAccess {
    /// The address of a store other than Amazon's, such as `https://s3.example.jp`. Without it, what the environment says
    /// (`AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`).
    pub endpoint: Option<String>,
    /// The region.
    pub region: Option<String>,
}

/// A log's files below an address.
#[derive(Clone, Debug)]
pub struct Bucket {
    store: Arc<Store>,
    address: BucketAddress,
}

/// An anchor in one object.
#[derive(Debug)]
pub struct BucketAnchor {
    store: Arc<Store>,
    address: BucketAddress,
    /// What was last seen there, and its version.
    seen: Mutex<Option<(String, UpdateVersion)>>,
}

/// A store, with the threads that speak to it.
#[derive(Debug)]
struct Store {
    objects: Arc<AmazonS3>,
    runtime: Option<Runtime>,
}

impl Store {
    /// # Errors
    /// When the access makes no sense, such as an endpoint that is no address.
    fn new(address: &BucketAddress, access: &BucketAccess) -> Result<Self, LogError> {
        let failed = |error: &dyn std::error::Error| LogError::Store {
            action: "reach",
            place: address.to_string().into(),
            problem: in_short(error),
        };
        // The process may have chosen one already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let retry =
            RetryConfig { backoff: BackoffConfig::default(), max_retries: RETRIES_MAX, retry_timeout: RETRY_MAX };
        let named = || ENDPOINT_VARIABLES.iter().find_map(|name| std::env::var(name).ok());
        let endpoint = access.endpoint.clone().or_else(named);
        // Tiles and checkpoints are public and signed, and requests carry no secret: who asks for plain HTTP gets it.
        let is_plain = endpoint.as_deref().is_some_and(|endpoint| endpoint.starts_with("http://"));
        let mut builder = AmazonS3Builder::from_env()
            .with_bucket_name(&address.bucket)
            .with_retry(retry)
            .with_client_options(ClientOptions::new().with_timeout(REQUEST_MAX).with_allow_http(is_plain))
            .with_conditional_put(S3ConditionalPut::ETagMatch);
        if let Some(endpoint) = endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        if let Some(region) = &access.region {
            builder = builder.with_region(region);
        }
        let objects = builder.build().map_err(|error| failed(&error))?;
        let runtime = Builder::new_multi_thread().worker_threads(1).thread_name("bucket").enable_all().build();
        Ok(Self { objects: Arc::new(objects), runtime: Some(runtime.map_err(|error| failed(&error))?) })
    }

    /// Waits for what the store says. The caller may be anywhere, in another runtime, too.
    fn wait<T: Send + 'static>(
        &self,
        action: &'static str,
        place: PathBuf,
        work: impl Future<Output = object_store::Result<T>> + Send + 'static,
    ) -> Result<T, Refused> {
        let (tell, told) = mpsc::sync_channel(1);
        let stopped = |place| {
            let problem = "the threads that speak to the object store have stopped".to_owned();
            Refused::Other(LogError::Store { action, place, problem })
        };
        match &self.runtime {
            Some(runtime) => runtime.spawn(async move { tell.send(work.await) }),
            None => return Err(stopped(place)),
        };
        match told.recv() {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => Err(Refused::new(action, place, &error)),
            Err(_) => Err(stopped(place)),
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // A runtime that is dropped waits for its threads, which another runtime does not allow.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Why the store did not do something.
#[derive(Debug)]
enum Refused {
    /// Something else was there than what was expected.
    Condition,
    Other(LogError),
}

impl Refused {
    fn new(action: &'static str, place: PathBuf, error: &object_store::Error) -> Self {
        use object_store::Error;
        match error {
            Error::Precondition { .. } | Error::AlreadyExists { .. } => Self::Condition,
            Error::NotFound { .. } => Self::Other(LogError::Missing { path: place }),
            error => Self::Other(LogError::Store { action, place, problem: in_short(error) }),
        }
    }
}

/// What went wrong at the bottom of it, in a line of bounded length.
fn in_short(error: &dyn std::error::Error) -> String {
    let text = error.to_string();
    let mut line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(PROBLEM_CHARS_MAX).collect();
    if line.len() < text.len() {
        line.push('…');
    }
    line
}

impl From<Refused> for LogError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Other(error) => error,
            // Nothing that is put without a condition is refused for one.
            Refused::Condition => Self::Store {
                action: "write",
                place: PathBuf::from(SCHEME),
                problem: "refused for a condition that was not made".to_owned(),
            },
        }
    }
}

impl Bucket {
    /// What lies below this address. Nothing is asked of the store yet.
    ///
    /// # Errors
    /// When the access makes no sense.
    pub fn new(address: BucketAddress, access: &BucketAccess) -> Result<Self, LogError> {
        Ok(Self { store: Arc::new(Store::new(&address, access)?), address })
    }

    fn name(&self, name: &str) -> Name {
        if name.is_empty() { self.address.name.clone() } else { Name::from(format!("{}/{name}", self.address.name)) }
    }
}

impl Log {
    /// The log whose files are in this bucket, and whose write-ahead log is in this folder: without a look at either.
    /// [`Log::anchored`] must follow.
    #[must_use]
    pub fn in_bucket(path: &Path, bucket: Bucket, keys: Vec<VerifierKey>) -> Self {
        Self::on(path, Arc::new(bucket), Arc::new(Folder::new(path)), keys)
    }
}

impl Bulk for Bucket {
    fn get(&self, name: &str, bytes_max: usize) -> Result<Vec<u8>, LogError> {
        let (objects, object, place) = (self.store.objects.clone(), self.name(name), self.place(name));
        let read = async move {
            let found = objects.get_opts(&object, GetOptions::default()).await?;
            if found.meta.size > bytes_max as u64 { Ok(None) } else { found.bytes().await.map(Some) }
        };
        match self.store.wait("read", place.clone(), read)? {
            Some(bytes) if bytes.len() <= bytes_max => Ok(bytes.into()),
            _ => Err(LogError::Damaged { path: place, problem: "it is too large".to_owned() }),
        }
    }

    fn put(&self, name: &str, bytes: &[u8]) -> Result<(), LogError> {
        let (objects, object) = (self.store.objects.clone(), self.name(name));
        let payload = PutPayload::from(bytes.to_vec());
        self.store.wait("write", self.place(name), async move { objects.put(&object, payload).await })?;
        Ok(())
    }

    fn sync(&self, _: &[String]) -> Result<(), LogError> {
        // What is put is durable.
        Ok(())
    }

    fn remove(&self, name: &str) -> Result<(), LogError> {
        let (objects, object) = (self.store.objects.clone(), self.name(name));
        Ok(self.store.wait("remove", self.place(name), async move { objects.delete(&object).await })?)
    }

    fn remove_folder(&self, folder: &str) -> Result<(), LogError> {
        let (objects, below) = (self.store.objects.clone(), self.name(folder));
        let remove = async move {
            let found: Vec<_> = objects.list(Some(&below)).map_ok(|object| object.location).try_collect().await?;
            for object in found {
                objects.delete(&object).await?;
            }
            Ok(())
        };
        Ok(self.store.wait("remove", self.place(folder), remove)?)
    }

    fn list(&self, folder: &str) -> Result<Vec<Listed>, LogError> {
        let (objects, below) = (self.store.objects.clone(), self.name(folder));
        let prefix = below.clone();
        let list = async move { objects.list_with_delimiter(Some(&prefix)).await };
        let found = self.store.wait("list", self.place(folder), list)?;
        let listed = |name: &Name, kind| Some(Listed { name: name.filename()?.to_owned(), kind });
        let folders = found.common_prefixes.iter().filter_map(|name| listed(name, ListedKind::Folder));
        // Stores with folders of their own list the folder itself as an empty object.
        let objects = found.objects.iter().filter(|object| object.location != below);
        let files = objects.filter_map(|object| listed(&object.location, ListedKind::File));
        Ok(folders.chain(files).collect())
    }

    fn place(&self, name: &str) -> PathBuf {
        let below = if name.is_empty() { String::new() } else { format!("/{name}") };
        PathBuf::from(format!("{}{below}", self.address))
    }
}

impl BucketAnchor {
    /// The anchor at this address, which need not be there yet. Nothing is asked of the store yet.
    ///
    /// # Errors
    /// When the access makes no sense.
    pub fn new(address: BucketAddress, access: &BucketAccess) -> Result<Self, LogError> {
        Ok(Self { store: Arc::new(Store::new(&address, access)?), address, seen: Mutex::new(None) })
    }

    fn seen(&self) -> Option<(String, UpdateVersion)> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn see(&self, seen: Option<(String, UpdateVersion)>) {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = seen;
    }
}

impl Anchor for BucketAnchor {
    fn load(&self) -> Result<Option<String>, LogError> {
        let (objects, object) = (self.store.objects.clone(), self.address.name.clone());
        let read = async move {
            let found = objects.get_opts(&object, GetOptions::default()).await?;
            let version = UpdateVersion { e_tag: found.meta.e_tag.clone(), version: found.meta.version.clone() };
            if found.meta.size > NOTE_BYTES_MAX as u64 {
                return Ok(None);
            }
            Ok(Some((found.bytes().await?, version)))
        };
        let damaged = |problem: &str| LogError::Damaged { path: self.place(), problem: problem.to_owned() };
        match self.store.wait("read", self.place(), read).map_err(LogError::from) {
            Ok(Some((bytes, version))) => {
                let note = String::from_utf8(bytes.into()).map_err(|_| damaged("it is not text"))?;
                self.see(Some((note.clone(), version)));
                Ok(Some(note))
            }
            Ok(None) => Err(damaged("it is too large")),
            Err(LogError::Missing { .. }) => {
                self.see(None);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn swap(&self, expected: Option<&str>, new: &str) -> Result<Swap, LogError> {
        if expected.is_some() && self.seen().as_ref().map(|(note, _)| note.as_str()) != expected {
            let found = self.load()?;
            if found.as_deref() != expected {
                return Ok(Swap::Found(found));
            }
        }
        let mode = match expected.and_then(|_| self.seen()) {
            Some((_, version)) => PutMode::Update(version),
            None => PutMode::Create,
        };
        let (objects, object) = (self.store.objects.clone(), self.address.name.clone());
        let payload = PutPayload::from(new.as_bytes().to_vec());
        let options = PutOptions::from(mode);
        let put = async move { objects.put_opts(&object, payload, options).await };
        match self.store.wait("write", self.place(), put) {
            Ok(done) => {
                self.see(Some((new.to_owned(), UpdateVersion { e_tag: done.e_tag, version: done.version })));
                Ok(Swap::Done)
            }
            Err(Refused::Condition) => {
                let found = self.load()?;
                // It was put, and the answer was lost: the store refused only to put it once more.
                if found.as_deref() == Some(new) { Ok(Swap::Done) } else { Ok(Swap::Found(found)) }
            }
            Err(Refused::Other(error)) => Err(error),
        }
    }

    fn place(&self) -> PathBuf {
        PathBuf::from(self.address.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_written() {
        for address in ["s3://log/a", "s3://my-log.1/city/log"] {
            assert_eq!(address.parse::<BucketAddress>().expect("an address").to_string(), address);
        }
        let address: BucketAddress = "s3://log/city/log/".parse().expect("an address");
        assert_eq!(address.with_suffix(".anchor").to_string(), "s3://log/city/log.anchor");
        for other in
            ["s3://log", "s3://log/", "s3://Log/a", "s3:///a", "https://log/a", "s3://lo/a", "s3://log/a//b", "/log/a"]
        {
            assert!(other.parse::<BucketAddress>().is_err(), "{other}");
        }
    }
}
