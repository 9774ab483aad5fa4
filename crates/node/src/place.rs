//! Where a node's log and its anchor are: in its folder, or in a bucket. The folder remembers it, so that whoever opens the
//! node minds it.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sakimori_proof::{
    Anchor, BadResource, Bucket, BucketAccess, BucketAddress, BucketAnchor, FileAnchor, Key, Log, NoBucketAddress,
    VerifierKey,
};
use serde::{Deserialize, Serialize};

use crate::NodeError;
use crate::act::deliver;
use crate::node::{Node, folder, lock_in};

/// The file that names the anchor of the log.
const ANCHOR: &str = "anchor";
/// The file that names the bucket of the log.
const BUCKET: &str = "bucket";
/// Behind the address of a log: its anchor, unless another one is named.
const ANCHOR_SUFFIX: &str = ".anchor";

/// Where an anchor is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "PathBuf", into = "PathBuf")]
pub enum AnchorAt {
    /// A file on another volume.
    File(PathBuf),
    /// An object in a bucket.
    Bucket(BucketAddress),
}

impl TryFrom<PathBuf> for AnchorAt {
    type Error = NoBucketAddress;

    fn try_from(path: PathBuf) -> Result<Self, NoBucketAddress> {
        match path.to_str().filter(|text| BucketAddress::is_meant_by(text)) {
            Some(text) => text.parse().map(Self::Bucket),
            None => Ok(Self::File(path)),
        }
    }
}

impl From<AnchorAt> for PathBuf {
    fn from(at: AnchorAt) -> Self {
        match at {
            AnchorAt::File(path) => path,
            AnchorAt::Bucket(address) => address.to_string().into(),
        }
    }
}

/// The bucket of a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BucketOfLog {
    /// Where in it the log is.
    pub log: BucketAddress,
    /// How it is reached.
    #[serde(flatten)]
    pub access: BucketAccess,
}

/// How far [`Node::move_log`] has come: files, and how many there are.
pub type OnMove<'p> = &'p mut dyn FnMut(u64, u64);

/// The log of the node in this folder, wherever it is. Nothing is asked of it yet.
///
/// # Errors
/// When what the folder says about it can't be read.
pub(crate) fn log_of(home: &Path, keys: Vec<VerifierKey>) -> Result<Log, NodeError> {
    log_at(home, bucket_of(home)?, keys)
}

/// The same with its anchor, if it has one.
///
/// # Errors
/// As there.
pub(crate) fn anchored_log_of(home: &Path, keys: Vec<VerifierKey>) -> Result<Log, NodeError> {
    let log = log_of(home, keys)?;
    Ok(match anchor_of(home)? {
        Some(anchor) => log.anchored(anchor),
        None => log,
    })
}

/// Notes the anchor in the folder, durably.
///
/// # Errors
/// When it can't be written.
pub(crate) fn remember_anchor(home: &Path, at: &AnchorAt) -> Result<(), NodeError> {
    let at = match at {
        AnchorAt::File(path) => AnchorAt::File(std::path::absolute(path).map_err(folder(path))?),
        AnchorAt::Bucket(_) => at.clone(),
    };
    if remembered_anchor(home)?.as_ref() != Some(&at) {
        deliver(&home.join(ANCHOR), PathBuf::from(at).as_os_str().as_bytes())?;
    }
    Ok(())
}

/// The bucket of the log of the node in this folder. `None` when the log is in the folder.
///
/// # Errors
/// When it can't be read, or is none.
pub fn bucket_of(home: &Path) -> Result<Option<BucketOfLog>, NodeError> {
    let path = home.join(BUCKET);
    let Some(text) = read_if_there(&path)? else { return Ok(None) };
    serde_json::from_slice(&text).map(Some).map_err(|error| folder(&path)(error.into()))
}

fn log_at(home: &Path, bucket: Option<BucketOfLog>, keys: Vec<VerifierKey>) -> Result<Log, NodeError> {
    let path = home.join("log");
    Ok(match bucket {
        Some(at) => Log::in_bucket(&path, Bucket::new(at.log, &at.access)?, keys),
        None => Log::known(&path, keys),
    })
}

/// The anchor that this folder was opened with before, or the one that a log in a bucket always has.
fn anchor_of(home: &Path) -> Result<Option<Arc<dyn Anchor>>, NodeError> {
    let bucket = bucket_of(home)?;
    let beside = |bucket: &BucketOfLog| AnchorAt::Bucket(bucket.log.with_suffix(ANCHOR_SUFFIX));
    let at = remembered_anchor(home)?.or_else(|| bucket.as_ref().map(beside));
    Ok(match at {
        None => None,
        Some(AnchorAt::File(path)) => Some(Arc::new(FileAnchor::at(&path))),
        Some(AnchorAt::Bucket(address)) => {
            let access = bucket.map(|bucket| bucket.access).unwrap_or_default();
            Some(Arc::new(BucketAnchor::new(address, &access)?))
        }
    })
}

fn remembered_anchor(home: &Path) -> Result<Option<AnchorAt>, NodeError> {
    let path = home.join(ANCHOR);
    let Some(name) = read_if_there(&path)? else { return Ok(None) };
    let at = AnchorAt::try_from(PathBuf::from(OsString::from_vec(name)));
    at.map(Some).map_err(|error| folder(&path)(io::Error::new(io::ErrorKind::InvalidData, error)))
}

fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, NodeError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(folder(path)(error)),
    }
}

impl Node {
    /// Moves the log of the node in this folder into a bucket, or back into the folder. Everything is copied and read back
    /// before the folder says that the log is there; what is left in the old place is removed if it is the folder, and left to
    /// its owner if it is a bucket. A crash leaves the log where it was, or where it is to be; the same again completes it.
    /// Returns what is bad in the copy: then the log stays where it was.
    ///
    /// # Errors
    /// When another log is there, or something can't be read or written. Nothing must have the node open.
    pub fn move_log(home: &Path, to: Option<&BucketOfLog>, on: OnMove<'_>) -> Result<Vec<BadResource>, NodeError> {
        // A service would go on in the old place.
        let _lock = lock_in(home)?;
        if to.is_none() && bucket_of(home)?.is_none() {
            return Err(NodeError::NotMoved);
        }
        let key = Key::load(&home.join("key"))?;
        let from = anchored_log_of(home, key.verifiers())?.opened()?;
        let target = log_at(home, to.cloned(), key.verifiers())?;
        if bucket_of(home)?.as_ref() != to {
            let bad = from.copy_to(&target, on)?;
            if !bad.is_empty() {
                return Ok(bad);
            }
            match to {
                Some(to) => {
                    let text = serde_json::to_vec_pretty(to).map_err(|error| folder(home)(error.into()))?;
                    deliver(&home.join(BUCKET), &text)?;
                }
                // Crash before: the log is in the bucket still. After: in the folder.
                None => forget(&home.join(BUCKET))?,
            }
        }
        if to.is_some() {
            // What the folder still has of it nobody reads any more.
            Log::known(&home.join("log"), key.verifiers()).remove_files()?;
        }
        drop(from);
        anchored_log_of(home, key.verifiers())?.opened()?;
        Ok(Vec::new())
    }
}

fn forget(path: &Path) -> Result<(), NodeError> {
    fs::remove_file(path).map_err(folder(path))?;
    let above = path.parent().unwrap_or(path);
    fs::File::open(above).and_then(|above| above.sync_all()).map_err(folder(above))
}
