//! Decisions: what the policy made of the findings, and why.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Code, Digest};

/// What the policy made of the findings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// Allow, review or block.
    pub effect: Effect,
    /// The sum of the points of all findings.
    pub score: i64,
    /// Which rules of the policy led to the effect, and by which findings. Empty when nothing spoke against it.
    pub reasons: Vec<Reason>,
    /// Rules of the policy that could not be applied. They were skipped; the effect is then at least `review`.
    pub errors: Vec<PolicyError>,
    /// The policy that decided.
    pub policy: PolicyRef,
}

/// What may happen with the observation, from the mildest to the strictest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// Nothing spoke against it.
    Allow,
    /// A person has to decide.
    Review,
    /// It must not be used.
    Block,
}

impl Effect {
    /// The word as it stands in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Review => "review",
            Self::Block => "block",
        }
    }
}

/// One rule of the policy that spoke, and the findings that made it speak.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// The rule's id in the policy.
    pub rule: String,
    /// What the rule asks for.
    pub effect: Effect,
    /// The codes of the findings that it matched, each once, in order.
    pub codes: Vec<Code>,
}

/// A rule of the policy that could not be applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyError {
    /// The rule's id, or its number counted from 1 where it has none.
    pub rule: String,
    /// What is wrong with it.
    pub error: String,
}

/// A policy, named so that a later reader can find exactly this one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyRef {
    /// Its id.
    pub id: String,
    /// The digest of its bytes.
    pub sha256: Digest,
}
