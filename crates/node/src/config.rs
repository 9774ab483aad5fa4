//! The configuration of the service: one TOML file, every key in [`Config`]. Nothing is needed to start.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::access::listen::{ListenAddress, PlainBeyondLoopback, TrustedProxies};
use crate::access::oidc::OidcConfig;
use crate::access::tls::TlsFiles;
use crate::place::AnchorAt;
use crate::witness::{WitnessConfig, WitnessesConfig};

/// The configuration. A key that is not here is refused. Paths are read from the folder in which the program runs.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The node's folder. `--home` and `SAKIMORI_HOME` win over it.
    pub home: Option<PathBuf>,
    /// A file on another volume, or an object (`s3://bucket/name`), that holds the newest checkpoint of the log, so that an older
    /// copy of the node's folder is found out and not signed on. The folder of a file must be there. The node's folder remembers it.
    pub anchor: Option<AnchorAt>,
    /// Where the service listens. Beyond loopback it needs `[tls]` or `plain_beyond_loopback`.
    pub listen: ListenAddress,
    /// The address under which people reach it, such as `https://sakimori.example.jp`, when that is another one.
    pub public_url: Option<String>,
    /// `"behind-a-tls-proxy"` says that something in front of the service does TLS, and that nobody else reaches the port.
    pub plain_beyond_loopback: PlainBeyondLoopback,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: TrustedProxies,
    /// The certificate, for TLS.
    pub tls: Option<TlsFiles>,
    /// The OpenID provider by which people may sign in.
    pub oidc: Option<OidcConfig>,
    /// Sigma rules for logs, beside the built-in ones: files or folders.
    pub rules: Vec<PathBuf>,
    /// How long the bytes of what was examined are kept, in days, so that findings can be shown in their place. 0: not at all.
    pub content_days: u32,
    /// Limits.
    pub limits: ServiceLimits,
    /// Anybody may read `/metrics`. Otherwise a token with the scope `read` is needed.
    pub metrics: MetricsAccess,
    /// The check page for everybody.
    pub check: CheckPage,
    /// The witnesses that cosign the checkpoints of this node's log.
    pub witnesses: WitnessesConfig,
    /// This node as a witness of the logs of others.
    pub witness: WitnessConfig,
    /// The logs of others that this node follows.
    pub monitor: MonitorConfig,
}

/// Who may read `/metrics`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MetricsAccess {
    /// Who may read everything else.
    #[default]
    Read,
    /// Everybody.
    Public,
}

/// The logs of others that this node follows while it serves (docs/log.md, "Follow the log of somebody else").
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MonitorConfig {
    /// Seconds between two looks.
    pub every_seconds: u64,
    /// PEM file with the only roots that are trusted for them.
    pub ca_file: Option<PathBuf>,
    /// The logs.
    pub log: Vec<FollowedConfig>,
}

/// A log that is followed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FollowedConfig {
    /// Where its `checkpoint` lies, without that name.
    pub url: String,
    /// Its public keys, of one name (C2SP signed-note).
    pub keys: Vec<String>,
    /// How closely it is looked at.
    #[serde(default)]
    pub closeness: FollowedClosely,
}

/// How closely a log is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FollowedClosely {
    /// Its checkpoints and their proofs.
    #[default]
    Checkpoint,
    /// All new entries are hashed again, too.
    Entries,
}

impl From<FollowedClosely> for sakimori_proof::Closeness {
    fn from(closely: FollowedClosely) -> Self {
        match closely {
            FollowedClosely::Checkpoint => Self::Checkpoint,
            FollowedClosely::Entries => Self::Entries,
        }
    }
}

impl Default for MonitorConfig {
    fn default() -> Self {
        Self { every_seconds: 300, ca_file: None, log: Vec::new() }
    }
}

/// Whether there is a check page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckPage {
    /// For everybody.
    #[default]
    On,
    /// Not at all.
    Off,
}

/// Limits of the service, with their units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServiceLimits {
    /// Bytes of one upload.
    pub upload_bytes_max: u64,
    /// Uploads of one caller that are not complete.
    pub uploads_open_max: u64,
    /// Hours after which an upload that is not complete is dropped.
    pub upload_hours_max: u32,
    /// Requests that are worked on at once; one more gets 503.
    pub requests_max: usize,
    /// Connections at once; one more is closed.
    pub connections_max: usize,
    /// Live streams (server-sent events) at once.
    pub streams_max: usize,
    /// Checks of the check page in a minute from one address.
    pub checks_a_minute_max: u32,
}

impl Default for ServiceLimits {
    fn default() -> Self {
        Self {
            upload_bytes_max: 64 * 1024 * 1024 * 1024,
            uploads_open_max: 100,
            upload_hours_max: 24,
            requests_max: 512,
            connections_max: 1_024,
            streams_max: 256,
            checks_a_minute_max: 10,
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            home: None,
            anchor: None,
            listen: ListenAddress::default(),
            public_url: None,
            plain_beyond_loopback: PlainBeyondLoopback::default(),
            trusted_proxies: TrustedProxies::default(),
            tls: None,
            oidc: None,
            rules: Vec::new(),
            content_days: 7,
            limits: ServiceLimits::default(),
            metrics: MetricsAccess::default(),
            check: CheckPage::default(),
            witnesses: WitnessesConfig::default(),
            witness: WitnessConfig::default(),
            monitor: MonitorConfig::default(),
        }
    }
}

/// A configuration that can't be used.
#[derive(Debug, Error)]
#[error("{}: {message}", path.display())]
pub struct ConfigError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub message: String,
}

impl Config {
    /// Reads a configuration.
    ///
    /// # Errors
    /// When the file can't be read, is not TOML, or has a key that there is not.
    pub fn load(path: &std::path::Path) -> Result<Self, ConfigError> {
        let error = |message: String| ConfigError { path: path.to_owned(), message };
        let text = std::fs::read_to_string(path).map_err(|e| error(e.to_string()))?;
        toml::from_str(&text).map_err(|e| error(e.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_is_the_default() {
        let read: Config = toml::from_str("").expect("a configuration");
        assert_eq!(format!("{read:?}"), format!("{:?}", Config::default()));
    }

    #[test]
    fn unknown_keys_are_refused() {
        for text in [
            "listne = \"127.0.0.1:1\"",
            "[limits]\nuploads = 1",
            "[tls]\ncert = \"x\"",
            "[witness]\nlog = []",
            "[witnesses]\nn = 1",
            "[monitor]\nlogs = []",
        ] {
            assert!(toml::from_str::<Config>(text).is_err(), "{text}");
        }
    }
}
