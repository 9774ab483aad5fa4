//! What a model consists of: each resource with its digest.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use super::Sha256Digest;
use super::resource::{Resource, ResourceError, ResourcePath};

/// The resources of a model with their digests, sorted by the components of their paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    serialization: Serialization,
    entries: BTreeMap<Resource, Sha256Digest>,
    /// Over the digests in order; of what was signed, in the order in which the signer wrote them.
    root: Sha256Digest,
}

/// How resources were taken from the files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Serialization {
    /// Files, or ranges of them.
    pub granularity: Granularity,
    /// Whether links are read.
    pub symlinks: Symlinks,
    /// Files and folders that are no part of what is signed.
    pub ignored: Vec<ResourcePath>,
}

/// What has a digest of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Granularity {
    /// Each file.
    Files,
    /// Each range of so many bytes of each file; a file without bytes has none.
    Shards {
        /// Bytes of a range, but for the last of a file.
        bytes: u64,
    },
}

/// What to do with symbolic links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Symlinks {
    /// Refuse them.
    Refused,
    /// Read the file behind them.
    Followed,
}

/// How what is there differs from what was signed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Differences {
    /// Signed, and not there.
    pub missing: Vec<String>,
    /// There, and not signed.
    pub extra: Vec<String>,
    /// There with other bytes.
    pub changed: Vec<String>,
}

impl Differences {
    /// True when there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.missing.is_empty() && self.extra.is_empty() && self.changed.is_empty()
    }
}

impl Serialization {
    /// True for what is no part of the signed content.
    #[must_use]
    pub fn is_ignored(&self, path: &ResourcePath) -> bool {
        self.ignored.iter().any(|ignored| path.is_within(ignored))
    }
}

impl Manifest {
    /// A manifest of these resources, in any order.
    ///
    /// # Errors
    /// A resource that is named twice, or that is a range where files are wanted or the other way round.
    pub fn new(
        serialization: Serialization,
        resources: impl IntoIterator<Item = (Resource, Sha256Digest)>,
    ) -> Result<Self, (Resource, ResourceError)> {
        let mut entries = BTreeMap::new();
        for (resource, digest) in resources {
            if resource.range.is_some() == (serialization.granularity == Granularity::Files) {
                return Err((resource, ResourceError::Range));
            }
            if entries.insert(resource.clone(), digest).is_some() {
                return Err((resource, ResourceError::Twice));
            }
        }
        let root = root_over(entries.values());
        Ok(Self { serialization, entries, root })
    }

    /// How the resources were taken from the files.
    #[must_use]
    pub fn serialization(&self) -> &Serialization {
        &self.serialization
    }

    /// The resources in order.
    pub fn resources(&self) -> impl ExactSizeIterator<Item = (&Resource, &Sha256Digest)> {
        self.entries.iter()
    }

    /// True when there is no resource.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// SHA-256 over the raw digests of all resources in order.
    #[must_use]
    pub fn root_digest(&self) -> Sha256Digest {
        self.root
    }

    /// The same resources under the digest that their signer wrote, which may have sorted them in another way.
    pub(super) fn signed_as(mut self, root: Sha256Digest) -> Self {
        self.root = root;
        self
    }

    /// How `found` differs from this, which was signed.
    #[must_use]
    pub fn differences(&self, found: &Self) -> Differences {
        let names = |these: &Self, others: &Self| {
            these.entries.keys().filter(|r| !others.entries.contains_key(r)).map(Resource::to_string).collect()
        };
        let is_changed = |(resource, digest): &(&Resource, &Sha256Digest)| {
            found.entries.get(resource).is_some_and(|other| other != *digest)
        };
        Differences {
            missing: names(self, found),
            extra: names(found, self),
            changed: self.entries.iter().filter(is_changed).map(|(resource, _)| resource.to_string()).collect(),
        }
    }
}

/// SHA-256 over digests.
pub(super) fn root_over<'a>(digests: impl Iterator<Item = &'a Sha256Digest>) -> Sha256Digest {
    let mut hasher = Sha256::new();
    digests.for_each(|digest| hasher.update(digest));
    hasher.finalize().into()
}
