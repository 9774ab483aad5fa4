//! Who may do what, and the records of every change of it.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::Uuid;

use crate::{Digest, Lang, RecordId, Timestamp};

/// What a person may do, from the least to the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Reads.
    Reader,
    /// Submits observations and judges what waits for a person.
    Analyst,
    /// Also lifts blocks and changes the policy.
    Approver,
    /// Also administers accounts and tokens.
    Administrator,
}

/// What a token may do at most; its owner's role limits it further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Reads.
    Read,
    /// Submits observations.
    Observe,
    /// Judges decisions, and lifts blocks when its owner may.
    Judge,
    /// Changes the policy, and administers accounts and tokens when its owner may.
    Administer,
}

/// A word that is no role or scope.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("unknown {what} {word:?}")]
pub struct UnknownRight {
    what: &'static str,
    word: String,
}

impl Role {
    /// All roles, from the least to the most.
    pub const ALL: [Self; 4] = [Self::Reader, Self::Analyst, Self::Approver, Self::Administrator];

    /// The word as it stands in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Analyst => "analyst",
            Self::Approver => "approver",
            Self::Administrator => "administrator",
        }
    }
}

impl Scope {
    /// All scopes.
    pub const ALL: [Self; 4] = [Self::Read, Self::Observe, Self::Judge, Self::Administer];

    /// The word as it stands in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Observe => "observe",
            Self::Judge => "judge",
            Self::Administer => "administer",
        }
    }
}

impl FromStr for Role {
    type Err = UnknownRight;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|role| role.as_str() == word);
        found.ok_or_else(|| UnknownRight { what: "role", word: word.to_owned() })
    }
}

impl FromStr for Scope {
    type Err = UnknownRight;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|scope| scope.as_str() == word);
        found.ok_or_else(|| UnknownRight { what: "scope", word: word.to_owned() })
    }
}

/// The id of an account or a token: a UUID.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AccessId(Uuid);

/// A text that is no id of an account or a token.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("not an id: a UUID such as 019a8b4e-7c1d-7def-8a2b-3c4d5e6f7081 is needed")]
pub struct AccessIdError;

impl AccessId {
    /// From a UUID that the caller made.
    #[must_use]
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid)
    }
}

impl fmt::Display for AccessId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl fmt::Debug for AccessId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for AccessId {
    type Err = AccessIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let uuid = Uuid::try_parse(text).map_err(|_| AccessIdError)?;
        // One id has one spelling: it is a key in tables.
        if uuid.hyphenated().to_string() == text { Ok(Self(uuid)) } else { Err(AccessIdError) }
    }
}

impl TryFrom<String> for AccessId {
    type Error = AccessIdError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<AccessId> for String {
    fn from(id: AccessId) -> Self {
        id.to_string()
    }
}

impl JsonSchema for AccessId {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "AccessId".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "uuid" })
    }
}

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "as", rename_all = "lowercase", deny_unknown_fields)]
pub enum Actor {
    /// A person who is signed in.
    Account {
        /// The account.
        account: AccessId,
    },
    /// A program with a token.
    Token {
        /// The account that the token belongs to.
        account: AccessId,
        /// The token.
        token: AccessId,
    },
    /// Somebody without an account, on a page for everybody.
    Public,
    /// Whoever runs the program on the machine itself.
    Local,
}

impl Actor {
    /// The account behind it, if there is one.
    #[must_use]
    pub const fn account(&self) -> Option<AccessId> {
        match self {
            Self::Account { account } | Self::Token { account, .. } => Some(*account),
            Self::Public | Self::Local => None,
        }
    }
}

/// An account as it is after a change. Its row says the same, so that an edit behind the program's back shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountState {
    /// The account.
    pub account: AccessId,
    /// The name with which one signs in; unique.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// False when nobody may sign in with it.
    pub active: bool,
    /// The language that the person chose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lang: Option<Lang>,
    /// SHA-256 of the password's hash (a PHC string with its own random salt), if there is a password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<Digest>,
    /// The person at an OpenID provider, if that is who signs in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oidc: Option<OidcSubject>,
    /// When it was made.
    pub made: Timestamp,
}

/// A person at an OpenID provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OidcSubject {
    /// The provider (`iss`).
    pub issuer: String,
    /// The person there (`sub`).
    pub subject: String,
}

/// A token as it is after a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenState {
    /// The token.
    pub token: AccessId,
    /// Whose it is.
    pub account: AccessId,
    /// What it is called.
    pub name: String,
    /// SHA-256 of the secret, which has 256 random bits of its own.
    pub hash: Digest,
    /// What it may do at most.
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub made: Timestamp,
    /// From when on it is worth nothing.
    pub until: Timestamp,
    /// When it was revoked, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Timestamp>,
}

/// Somebody signed in or was refused, or access changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccessPredicate {
    /// The id of this record.
    pub record: RecordId,
    /// When.
    pub at: Timestamp,
    /// Who did it.
    pub by: Actor,
    /// The network address that it came from, if it came over a network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// What happened.
    pub event: AccessEvent,
}

/// What happened to access.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum AccessEvent {
    /// A person signed in.
    SignedIn {
        /// As whom.
        account: AccessId,
        /// How.
        method: SignInMethod,
        /// SHA-256 of the secret of the session that began. The secret has 256 random bits.
        session: Digest,
    },
    /// A sign-in was refused.
    SignInRefused {
        /// As whom, if there is such an account. The name that was typed is not kept: it may be a password.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        account: Option<AccessId>,
        /// How.
        method: SignInMethod,
    },
    /// A person signed out.
    SignedOut {
        /// Who.
        account: AccessId,
        /// SHA-256 of the secret of the session that ended.
        session: Digest,
    },
    /// An account was made or changed.
    Account {
        /// The account as it is now.
        state: AccountState,
    },
    /// A token was made or revoked.
    Token {
        /// The token as it is now.
        state: TokenState,
    },
}

/// How somebody signs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SignInMethod {
    /// With the one-time code of a new node.
    OneTime,
    /// With a password.
    Password,
    /// By an OpenID provider.
    Oidc,
}

impl AccessEvent {
    /// What the statement is about, as its subject's name.
    #[must_use]
    pub fn subject(&self) -> String {
        match self {
            Self::SignedIn { account, .. }
            | Self::SignedOut { account, .. }
            | Self::SignInRefused { account: Some(account), .. } => format!("account:{account}"),
            Self::SignInRefused { account: None, .. } => "account:unknown".to_owned(),
            Self::Account { state } => format!("account:{}", state.account),
            Self::Token { state } => format!("token:{}", state.token),
        }
    }
}
