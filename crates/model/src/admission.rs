//! Vetting and admission: what a model or an agent's package was when it was examined as one, and whether it may go live.

use std::collections::BTreeMap;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{Actor, Digest, Kind, RecordId, Timestamp};

/// A model or package as one: its files, its bill of materials, its signature. Part of the decision on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Vetting {
    /// The name of the model: what it calls itself, or that of its file or folder.
    pub name: String,
    /// Its files, by their paths.
    pub files: Vec<VettedFile>,
    /// The version of the program that vetted it.
    pub program: String,
    /// The digest of its bill of materials (CycloneDX, JSON), which lies beside the log.
    pub bom: Digest,
    /// Whether somebody who is trusted has signed it.
    pub signature: SignatureState,
}

/// A file of a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VettedFile {
    /// Its path below the folder, steps joined by `/`; the name alone for a single file.
    pub path: String,
    /// Its size in bytes.
    pub size: u64,
    /// SHA-256 of its bytes.
    pub sha256: Digest,
    /// What it is, judged by its content.
    pub kind: Kind,
}

/// What became of the signature of a model (OpenSSF Model Signing 1.0).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "state", rename_all = "kebab-case", deny_unknown_fields)]
pub enum SignatureState {
    /// There is none.
    None,
    /// There is one, and nothing to verify it with was given.
    NotVerified {
        /// Its file.
        file: String,
    },
    /// It holds for every file.
    Verified {
        /// Who signed, as the key or certificate tells.
        by: String,
        /// The identity, where Sigstore vouches for one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sigstore: Option<SigstoreSigner>,
    },
    /// It does not hold.
    Refused {
        /// Why.
        why: String,
    },
}

/// Who signed with a Sigstore identity, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SigstoreSigner {
    /// The e-mail address, URI or user name, as the certificate has it.
    pub identity: String,
    /// The URL of the OpenID provider that vouched for it, as the certificate has it.
    pub issuer: String,
    /// When, as a log or a timestamp authority has signed it.
    pub at: Timestamp,
}

/// Whether a model may go live, from this record on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdmissionPredicate {
    /// The id of this record.
    pub record: RecordId,
    /// When it was decided.
    pub at: Timestamp,
    /// Who decided, or had it vetted.
    pub by: Actor,
    /// What decided: the policy alone, or a person.
    pub basis: Basis,
    /// The record of the decision on its content.
    pub of: RecordId,
    /// What holds.
    pub state: AdmissionState,
    /// What the register says of it.
    pub entry: RegisterEntry,
    /// Why, in the person's words.
    pub note: String,
}

/// What decided on an admission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    /// The policy, by what was found.
    Policy,
    /// A person.
    Person,
}

/// What holds for a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AdmissionState {
    /// It may go live.
    Admitted,
    /// A person has to decide.
    Waiting,
    /// It must not go live.
    Refused,
    /// It was admitted, and may not run any more.
    Revoked,
}

/// What the register says of a model besides its bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterEntry {
    /// Who answers for it in the organisation.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub owner: String,
    /// What it is used for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub purpose: String,
    /// What the organisation is to it (AI Guidelines for Business, METI and MIC: developer, provider, user).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<ModelRole>,
    /// Answers to questions on its risk, by the name of the question.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub risk: BTreeMap<String, String>,
    /// Until when the admission holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
}

impl RegisterEntry {
    /// Characters of a text.
    pub const TEXT_CHARS_MAX: usize = 2_000;
    /// Questions on its risk that have an answer.
    pub const RISK_ANSWERS_MAX: usize = 50;

    /// True when every text is within its bounds.
    #[must_use]
    pub fn is_bounded(&self) -> bool {
        let fits = |text: &String| text.chars().count() <= Self::TEXT_CHARS_MAX;
        let risk = self.risk.iter().all(|(question, answer)| fits(question) && fits(answer));
        fits(&self.owner) && fits(&self.purpose) && risk && self.risk.len() <= Self::RISK_ANSWERS_MAX
    }
}

/// What an organisation is to a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ModelRole {
    /// It makes it.
    Developer,
    /// It offers it to others.
    Provider,
    /// It uses it.
    User,
}

/// A word that is none of those that are known here.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("unknown word {word:?}; one of {known}")]
pub struct UnknownWord {
    word: String,
    known: &'static str,
}

impl AdmissionState {
    /// The word as it stands in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admitted => "admitted",
            Self::Waiting => "waiting",
            Self::Refused => "refused",
            Self::Revoked => "revoked",
        }
    }
}

impl ModelRole {
    /// The word as it stands in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Developer => "developer",
            Self::Provider => "provider",
            Self::User => "user",
        }
    }
}

impl FromStr for AdmissionState {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        [Self::Admitted, Self::Waiting, Self::Refused, Self::Revoked]
            .into_iter()
            .find(|state| state.as_str() == word)
            .ok_or_else(|| UnknownWord { word: word.to_owned(), known: "admitted, waiting, refused, revoked" })
    }
}

impl FromStr for ModelRole {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        [Self::Developer, Self::Provider, Self::User]
            .into_iter()
            .find(|role| role.as_str() == word)
            .ok_or_else(|| UnknownWord { word: word.to_owned(), known: "developer, provider, user" })
    }
}
