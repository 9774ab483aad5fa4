//! What all handlers share.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::Duration;

use sakimori_examine::Settings;
use sakimori_model::{Digest, Timestamp};
use sakimori_proof::VerifierKey;
use tokio::sync::{Notify, Semaphore};

use super::access::{FirstSignIn, SignIns};
use super::caller::Callers;
use super::feed::Feed;
use super::followed::Followed;
use super::jobs::Jobs;
use super::metrics::Metrics;
use super::readers::Readers;
use super::recorder::Recorder;
use super::uploads::Uploads;
use super::witnesses::Witnesses;
use crate::access::cookie::AllowedHosts;
use crate::access::oidc::OidcError;
use crate::access::throttle::{Rate, RateLimit};
use crate::config::Config;
use crate::decide::Policy;
use crate::flow::Rules;
use crate::observe::{Vault, now};
use crate::witness::{self, NodeWitness, WitnessError};
use crate::{Node, NodeError};

/// How long requests that are being worked on may take when the service ends.
pub const SHUTDOWN_SECONDS_MAX: u64 = 30;
/// Hours for which the name of a write is remembered.
const NAMED_WRITE_HOURS: i64 = 24;
/// Days for which a job is remembered after its end.
const JOB_DAYS: i64 = 30;
/// Microseconds of an hour.
const HOUR_MICROS: i64 = 3_600_000_000;
/// How often old things are dropped.
const SWEEP_EVERY: Duration = Duration::from_secs(600);

/// What all handlers share.
pub struct App {
    /// The configuration.
    pub config: Config,
    /// The node's folder.
    pub home: PathBuf,
    /// The key of the log.
    pub keys: Arc<[VerifierKey]>,
    /// The logs of others that are followed.
    pub followed: Option<Followed>,
    /// The one writer.
    pub recorder: Recorder,
    /// Readers of state and log.
    pub readers: Readers,
    /// What examines and decides.
    pub examining: Examining,
    /// The bytes of what was examined.
    pub vault: Vault,
    /// Uploads that come in pieces.
    pub uploads: Uploads,
    /// Work that takes longer than a request.
    pub jobs: Jobs,
    /// What happens, live.
    pub feed: Feed,
    /// Who calls.
    pub callers: Callers,
    /// What sign-in needs.
    pub sign_ins: SignIns,
    /// The names by which the service may be called.
    pub hosts: AllowedHosts,
    /// How often one address may use the check page.
    pub checks: RateLimit,
    /// Judgements and changes of the policy take turns: each reads what holds, and is recorded before the next one reads.
    pub turns: tokio::sync::Mutex<()>,
    /// What is counted.
    pub metrics: Metrics,
    /// The witnesses of this node's log.
    pub witnesses: Option<Witnesses>,
    /// This node as a witness of other logs.
    pub witness: Option<Arc<NodeWitness>>,
    /// Wakes everything that has to end when the service ends.
    pub ending: Arc<Notify>,
}

/// What examines and decides.
pub struct Examining {
    /// Limits and detection rules.
    pub settings: Settings,
    /// The digest of the detection rules.
    pub rules: Digest,
    /// The policy that decides now.
    policy: RwLock<Arc<Policy>>,
    /// Examinations at once: as many as there are processors.
    pub permits: Arc<Semaphore>,
}

impl Examining {
    /// The policy that decides now.
    #[must_use]
    pub fn policy(&self) -> Arc<Policy> {
        self.policy.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Lets another policy decide from now on.
    pub fn set_policy(&self, policy: Policy) {
        *self.policy.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(policy);
    }

    /// What the flow needs, with the policy that decides now.
    #[must_use]
    pub fn rules<'a>(&'a self, policy: &'a Policy) -> Rules<'a> {
        Rules { settings: &self.settings, rules: Some(self.rules), policy }
    }
}

/// Why the service can't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The node can't be used.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The system refuses something, such as a thread.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The OpenID provider of the configuration can't be used.
    #[error(transparent)]
    Oidc(#[from] OidcError),
    /// The witnesses of the configuration can't be used, or the node can't be one.
    #[error(transparent)]
    Witness(#[from] WitnessError),
    /// The public URL is none.
    #[error("public_url: {0}")]
    PublicUrl(String),
}

impl App {
    /// The name of the log.
    pub fn origin(&self) -> &str {
        self.keys.first().map_or("", VerifierKey::name)
    }

    /// Entries of the log that a quorum of witnesses has cosigned.
    pub fn witnessed(&self) -> u64 {
        self.witnesses.as_ref().map_or(0, Witnesses::cosigned)
    }

    /// Everything that the handlers share, for the node in this folder, and the thread of its writer.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn start(config: Config, home: &Path, settings: Settings) -> Result<(Arc<Self>, JoinHandle<()>), StartError> {
        let node = Node::open_anchored(home, config.anchor.as_ref())?;
        node.try_key()?;
        let keys: Arc<[VerifierKey]> = node.log.keys().into();
        let policy = node.active_policy()?;
        let sequenced = node.store().sequenced().map_err(NodeError::from)?;
        let administered = node.store().has_administrator().map_err(NodeError::from)?;
        let first = if administered { FirstSignIn::closed() } else { FirstSignIn::open()? };
        let sign_ins = SignIns::new(first, &config)?;
        let feed = Feed::new(sequenced);
        let metrics = Metrics::default();
        let witnesses = Witnesses::new(&config.witnesses)?;
        let witness =
            config.witness.is_wanted().then(|| witness::open(home, &config.witness)).transpose()?.map(Arc::new);
        let (wake, counted, sender) = (feed.waker(), metrics.clone(), witnesses.as_ref().map(Witnesses::waker));
        let (recorder, writer) = Recorder::start(node, move |records| {
            counted.group(records);
            wake.notify_one();
            sender.iter().for_each(|sender| sender.notify_one());
        })?;
        let followed = Followed::new(home, &config.monitor)?;
        let public = config.public_url.as_deref().map(url::Url::parse).transpose();
        let public = public.map_err(|error| StartError::PublicUrl(error.to_string()))?;
        let rules = settings.sigma.digest();
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let app = Arc::new(Self {
            home: home.to_owned(),
            readers: Readers::new(home, keys.clone())?,
            keys,
            followed,
            recorder,
            examining: Examining {
                settings,
                rules,
                policy: RwLock::new(Arc::new(policy)),
                permits: Arc::new(Semaphore::new(processors)),
            },
            vault: Vault::of_node(home),
            uploads: Uploads::new(home.join("uploads")),
            jobs: Jobs::default(),
            feed,
            callers: Callers::default(),
            sign_ins,
            hosts: AllowedHosts::new(public.as_ref(), &[]),
            checks: RateLimit::new(Rate { requests: config.limits.checks_a_minute_max, ..RateLimit::CHECK }),
            turns: tokio::sync::Mutex::new(()),
            metrics,
            witnesses,
            witness,
            ending: Arc::new(Notify::new()),
            config,
        });
        Ok((app, writer))
    }

    /// Drops what is older than it is kept, again and again.
    pub async fn sweep(self: Arc<Self>) {
        loop {
            if let Err(error) = self.sweep_once().await {
                tracing::warn!(%error, "old files and rows were not dropped");
            }
            tokio::time::sleep(SWEEP_EVERY).await;
        }
    }

    async fn sweep_once(&self) -> Result<(), super::recorder::RecordError> {
        let before = |hours: i64| {
            let micros = now().as_micros().saturating_sub(hours.saturating_mul(HOUR_MICROS)).max(0);
            Timestamp::from_micros(micros).unwrap_or_else(|_| now())
        };
        let (names, jobs) = (before(NAMED_WRITE_HOURS), before(JOB_DAYS * 24));
        let uploads = before(i64::from(self.config.limits.upload_hours_max));
        let kept = before(i64::from(self.config.content_days) * 24);
        let (made, seen) = super::session::bounds(now());
        let dropped = self
            .recorder
            .rows(move |store| {
                store.drop_named_writes(names)?;
                store.drop_sessions(made, seen)?;
                let uploads = store.drop_uploads(uploads)?;
                store.drop_jobs(jobs)?;
                store.drop_vault_keys(kept)?;
                Ok(uploads)
            })
            .await?;
        self.uploads.forget(&dropped);
        let longest = Duration::from_secs(u64::from(self.config.content_days) * 24 * 3600);
        let vault = self.vault.clone();
        let swept = tokio::task::spawn_blocking(move || vault.sweep(longest)).await;
        if let Ok(Err(error)) = swept {
            tracing::warn!(%error, "old contents were not dropped");
        }
        Ok(())
    }
}
