//! Witnesses: this node as one for its peers, and what the witnesses of its own log have cosigned.
//!
//! The protocol is in `sakimori_proof` ([`Witness`], [`Quorum`]); HTTP is in `api/witness.rs` and `api/witnesses.rs`. Here are the
//! configuration, and the files: `witness/` with the state as a witness, `witnessed` with the checkpoint that others cosigned.

mod config;
mod kept;

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use sakimori_proof::{Key, KeyError, KeyPlace, Witness, WitnessFolder, WitnessKey};
use thiserror::Error;

use crate::error::code_of_sign;

pub use config::{AskedWitness, WitnessConfig, WitnessesConfig};
pub use kept::{WITNESSED, Witnessed};

/// The witness of a node, with its state in the node's folder.
pub type NodeWitness = Witness<WitnessFolder>;

/// Why witnesses can't be used, or the node can't be one.
#[derive(Debug, Error)]
pub enum WitnessError {
    /// The configuration can't work.
    #[error("witnesses: {0}")]
    Config(String),
    /// There is nothing to watch.
    #[error("witnesses: no log to watch: name one with --log or --logs")]
    NoLog,
    /// The configuration of the logs that are followed can't work.
    #[error("monitor: {0}")]
    Monitor(String),
    /// The key can't be made or read.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The state can't be used.
    #[error("{}: {error}", path.display())]
    State {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
}

impl WitnessError {
    /// The stable code, under which title and hint are found.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Config(_) | Self::NoLog => "SKM-E-0180",
            Self::Monitor(_) => "SKM-E-0025",
            Self::Key(KeyError::Elsewhere(error)) => code_of_sign(error),
            Self::Key(KeyError::Exists { .. } | KeyError::HasMlDsa) => "SKM-E-0191",
            Self::Key(_) => "SKM-E-0190",
            Self::State { .. } => "SKM-E-0181",
        }
    }
}

/// The folder of the witness's key and state in this folder of a node.
#[must_use]
pub fn folder(home: &Path) -> PathBuf {
    home.join("witness")
}

/// The key with which the node in this folder cosigns. It is made when there is none: its name is `name`, or one that nobody
/// else has.
///
/// # Errors
/// [`WitnessError::Key`]; [`WitnessError::Config`] when there is a key of another name.
pub fn key(home: &Path, name: Option<&str>) -> Result<WitnessKey, WitnessError> {
    let path = folder(home).join("key");
    if !path.exists() {
        match new_key(home, name, KeyPlace::File) {
            // Another process was faster: its key is the one.
            Ok(_) | Err(WitnessError::Key(KeyError::Exists { .. })) => {}
            Err(error) => return Err(error),
        }
    }
    let key = WitnessKey::load(&path)?;
    match name {
        Some(name) if name != key.name() => {
            let problem =
                format!("the witness is to be {name}, and its key in {} is that of {}", path.display(), key.name());
            Err(WitnessError::Config(problem))
        }
        _ => Ok(key),
    }
}

/// A new key with which the node in this folder will cosign.
///
/// # Errors
/// [`WitnessError::Key`], also when there is one.
pub fn new_key(home: &Path, name: Option<&str>, place: KeyPlace<'_>) -> Result<WitnessKey, WitnessError> {
    let folder = folder(home);
    let made = DirBuilder::new().recursive(true).mode(0o700).create(&folder);
    made.map_err(|error| WitnessError::State { path: folder.clone(), error })?;
    let path = folder.join("key");
    if path.exists() {
        return Err(KeyError::Exists { path }.into());
    }
    let mut suffix = [0; 8];
    getrandom::fill(&mut suffix).map_err(KeyError::Random)?;
    let own = format!("sakimori.invalid/witness/{}", hex::encode(suffix));
    let key = WitnessKey::at(name.unwrap_or(&own), place)?;
    // A key must have one use only (C2SP tlog-cosignature, "Ed25519 signed message").
    let of_log = Key::load(&home.join("key")).map(|log| log.verifiers()).unwrap_or_default();
    if of_log.iter().any(|log| log.is_same_key(key.verifier())) {
        return Err(WitnessError::Config("this key is that of the log: a witness needs one of its own".to_owned()));
    }
    key.save(&path)?;
    Ok(key)
}

/// Adds an ML-DSA-44 key to the one with which the node in this folder cosigns.
///
/// # Errors
/// [`WitnessError::Key`], also when there is one.
pub fn add_ml_dsa(home: &Path) -> Result<WitnessKey, WitnessError> {
    let key = key(home, None)?.with_new_ml_dsa()?;
    key.replace(&folder(home).join("key"))?;
    Ok(key)
}

/// The witness in this folder of a node, of the logs that the configuration names.
///
/// # Errors
/// [`WitnessError`]. Two processes can't be the same witness.
pub fn open(home: &Path, config: &WitnessConfig) -> Result<NodeWitness, WitnessError> {
    let logs = config.log_keys()?;
    let key = key(home, config.name.as_deref())?;
    key.try_it().map_err(KeyError::from)?;
    let path = folder(home);
    let store = WitnessFolder::open(&path).map_err(|error| WitnessError::State { path, error })?;
    Ok(Witness::new(key, logs, store))
}
