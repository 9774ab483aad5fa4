//! What the configuration says about witnesses.

use std::path::PathBuf;

use sakimori_proof::{KeyKind, Quorum, VerifierKey};
use serde::{Deserialize, Serialize};
use url::Url;

use super::WitnessError;
use crate::access::oidc::may_be_asked;

/// Logs that one node watches at most.
const LOGS_MAX: usize = 1_024;

/// The witnesses that are asked to cosign each checkpoint of this node's log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WitnessesConfig {
    /// How many of them must have cosigned for a checkpoint to count as witnessed. All of them, unless it is said.
    pub quorum: Option<usize>,
    /// PEM file with the only roots that are trusted for them.
    pub ca_file: Option<PathBuf>,
    /// The witnesses.
    pub witness: Vec<AskedWitness>,
}

/// A witness that is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskedWitness {
    /// Its submission prefix (C2SP tlog-witness): `/add-checkpoint` is put behind it. https, or http on this machine only.
    pub url: String,
    /// Its public keys, of one name (C2SP signed-note, types 4 and 6).
    pub keys: Vec<String>,
}

/// This node as a witness of others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WitnessConfig {
    /// The public keys of the logs that it watches. The name of a key is the origin of its log; a log may have several.
    pub logs: Vec<String>,
    /// The name of the witness, when its key is made.
    pub name: Option<String>,
}

impl WitnessesConfig {
    /// The address and the keys of each witness.
    ///
    /// # Errors
    /// [`WitnessError::Config`].
    pub fn asked(&self) -> Result<Vec<(Url, Vec<VerifierKey>)>, WitnessError> {
        self.witness.iter().map(AskedWitness::parse).collect()
    }

    /// The quorum of all of them, whose keys these are.
    ///
    /// # Errors
    /// [`WitnessError::Config`].
    pub fn quorum(&self, keys: Vec<VerifierKey>) -> Result<Quorum, WitnessError> {
        Quorum::new(keys, self.quorum).map_err(|error| WitnessError::Config(error.to_string()))
    }
}

impl AskedWitness {
    fn parse(&self) -> Result<(Url, Vec<VerifierKey>), WitnessError> {
        let wrong = |what: &dyn std::fmt::Display| WitnessError::Config(format!("{}: {what}", self.url));
        let mut url = Url::parse(&self.url).map_err(|error| wrong(&error))?;
        if !may_be_asked(&url) {
            return Err(wrong(&"https is needed, or http on this machine"));
        }
        if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
            return Err(wrong(&"it has no query, fragment or user"));
        }
        let path = format!("{}/add-checkpoint", url.path().trim_end_matches('/'));
        url.set_path(&path);
        let keys = keys(&self.keys)?;
        let [first, ..] = keys.as_slice() else { return Err(wrong(&"it has no key")) };
        if keys.iter().any(|key| key.name() != first.name()) {
            return Err(wrong(&"its keys are of different names"));
        }
        Ok((url, keys))
    }
}

impl WitnessConfig {
    /// True when there is something to watch.
    #[must_use]
    pub fn is_wanted(&self) -> bool {
        !self.logs.is_empty()
    }

    /// The keys of the logs.
    ///
    /// # Errors
    /// [`WitnessError::Config`].
    pub fn log_keys(&self) -> Result<Vec<VerifierKey>, WitnessError> {
        if self.logs.len() > LOGS_MAX {
            return Err(WitnessError::Config(format!("more than {LOGS_MAX} logs to watch")));
        }
        let keys = keys(&self.logs)?;
        match keys.iter().find(|key| key.kind() == KeyKind::Cosignature) {
            Some(key) => Err(WitnessError::Config(format!("{} is the key of a witness, not of a log", key.name()))),
            None => Ok(keys),
        }
    }
}

fn keys(texts: &[String]) -> Result<Vec<VerifierKey>, WitnessError> {
    let parsed =
        |text: &String| text.trim().parse().map_err(|error| WitnessError::Config(format!("{text:?}: {error}")));
    texts.iter().map(parsed).collect()
}
