//! Techniques of ATT&CK and ATLAS. An id means something only together with the release that defines it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A catalogue of techniques, with the release that this build speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Framework {
    /// MITRE ATT&CK for Enterprise.
    #[serde(rename = "ATT&CK")]
    Attack,
    /// MITRE ATLAS.
    #[serde(rename = "ATLAS")]
    Atlas,
}

impl Framework {
    /// What it calls itself.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Attack => "ATT&CK",
            Self::Atlas => "ATLAS",
        }
    }

    /// The release to which the ids in this build belong.
    #[must_use]
    pub const fn release(self) -> &'static str {
        match self {
            Self::Attack => "18.1",
            Self::Atlas => "5.6",
        }
    }
}

/// One technique, and the release in which its id has this meaning.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Technique {
    /// The catalogue.
    pub framework: Framework,
    /// The id in that catalogue, such as `T1566.001` or `AML.T0011.000`.
    pub id: String,
    /// The release of the catalogue, or `unstated` where a foreign rule gives an id without one.
    pub release: String,
}

impl Technique {
    /// A technique in the release that this build speaks; the catalogue follows from the form of the id.
    #[must_use]
    pub fn known(id: &str) -> Self {
        let framework = Self::framework_of(id);
        Self { framework, id: id.to_owned(), release: framework.release().to_owned() }
    }

    /// A technique as a foreign rule names it, without the release.
    #[must_use]
    pub fn unstated(id: &str) -> Self {
        Self { framework: Self::framework_of(id), id: id.to_owned(), release: "unstated".to_owned() }
    }

    fn framework_of(id: &str) -> Framework {
        if id.starts_with("AML.") { Framework::Atlas } else { Framework::Attack }
    }
}
