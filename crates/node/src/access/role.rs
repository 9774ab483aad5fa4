//! Roles, scopes of tokens, and the one table of what each of them may do.
//!
//! Source: OWASP Authorization Cheat Sheet (deny by default, least privilege, check on every request, test the logic).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::ToSchema;

/// What a person may do. Each role may do all that the ones before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Reads everything that is no one's secret.
    Reader,
    /// Also submits observations and judges what waits for a person.
    Analyst,
    /// Also overrules a `block` and changes the policy.
    Approver,
    /// Also manages accounts and the tokens of others.
    Administrator,
}

/// What a token may be used for. Scopes do not contain each other: a mail gateway that submits needs no `read`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Read what a reader may read.
    Read,
    /// Submit observations.
    Observe,
    /// Judge decisions; overrule them, when the owner of the token may.
    Judge,
    /// Change the policy and manage accounts and tokens, as far as the owner of the token may.
    Administer,
}

/// What a route does: each route names exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Open to everybody: health, the public log, the check page, the state of the own session.
    Public,
    /// Read decisions, findings, records, proofs, policies, rules, codes, the overview, settings, events, content, own jobs.
    Read,
    /// Submit: observations, uploads, jobs; cancel own jobs.
    Observe,
    /// Judge a decision of `review`.
    Judge,
    /// Judge a decision of `block` as `allow`.
    Overrule,
    /// Test and activate a policy.
    ChangePolicy,
    /// Manage accounts and the tokens of others.
    Administer,
    /// The own session, language, password and tokens. Persons only: a stolen token can't make a longer-lived one.
    Own,
}

/// Who calls, as far as rights go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// Nobody has signed in.
    Nobody,
    /// A signed-in person with a session.
    Person(Role),
    /// A program with a token: it may do what its owner's role and the token's scopes both allow.
    Token(Role, Scopes),
}

const YES: bool = true;
const NO: bool = false;

/// One line of the table. Nobody may do only what is public.
struct Right {
    action: Action,
    /// Reader, analyst, approver, administrator.
    roles: [bool; 4],
    /// Read, observe, judge, administer.
    scopes: [bool; 4],
}

/// The table. A route asks [`may`] and nothing else.
#[rustfmt::skip]
const RIGHTS: [Right; 8] = [
    //                                     reader analyst approver admin          read observe judge administer
    Right { action: Action::Public,       roles: [YES, YES, YES, YES], scopes: [YES, YES, YES, YES] },
    Right { action: Action::Read,         roles: [YES, YES, YES, YES], scopes: [YES, NO,  NO,  NO ] },
    Right { action: Action::Observe,      roles: [NO,  YES, YES, YES], scopes: [NO,  YES, NO,  NO ] },
    Right { action: Action::Judge,        roles: [NO,  YES, YES, YES], scopes: [NO,  NO,  YES, NO ] },
    Right { action: Action::Overrule,     roles: [NO,  NO,  YES, YES], scopes: [NO,  NO,  YES, NO ] },
    Right { action: Action::ChangePolicy, roles: [NO,  NO,  YES, YES], scopes: [NO,  NO,  NO,  YES] },
    Right { action: Action::Administer,   roles: [NO,  NO,  NO,  YES], scopes: [NO,  NO,  NO,  YES] },
    Right { action: Action::Own,          roles: [YES, YES, YES, YES], scopes: [NO,  NO,  NO,  NO ] },
];

/// True when this caller may do this.
#[must_use]
pub fn may(who: &Caller, action: Action) -> bool {
    let Some(right) = RIGHTS.iter().find(|right| right.action == action) else { return false };
    match who {
        Caller::Nobody => action == Action::Public,
        Caller::Person(role) => right.roles[*role as usize],
        Caller::Token(role, scopes) => {
            right.roles[*role as usize] && scopes.iter().any(|scope| right.scopes[scope as usize])
        }
    }
}

impl Role {
    /// Every role, the least first.
    pub const ALL: [Self; 4] = [Self::Reader, Self::Analyst, Self::Approver, Self::Administrator];

    /// The name as the interface writes it.
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
    /// Every scope, in the order in which they are written.
    pub const ALL: [Self; 4] = [Self::Read, Self::Observe, Self::Judge, Self::Administer];

    /// The name as the interface writes it.
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

impl Action {
    /// Every action.
    pub const ALL: [Self; 8] = [
        Self::Public,
        Self::Read,
        Self::Observe,
        Self::Judge,
        Self::Overrule,
        Self::ChangePolicy,
        Self::Administer,
        Self::Own,
    ];
}

/// The scopes of a token: one at least, each once. JSON is a list of their names in the order of [`Scope::ALL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<Scope>", into = "Vec<Scope>")]
pub struct Scopes(u8);

/// A name that is no role and no scope, or a list without a scope.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum RoleError {
    /// No such role.
    #[error("unknown role {0:?}: reader, analyst, approver or administrator")]
    Role(String),
    /// No such scope.
    #[error("unknown scope {0:?}: read, observe, judge or administer")]
    Scope(String),
    /// A token without a scope could do nothing.
    #[error("a token needs at least one scope")]
    NoScope,
}

impl Scopes {
    /// These scopes; one that stands twice counts once.
    ///
    /// # Errors
    /// When there is none.
    pub fn new(scopes: impl IntoIterator<Item = Scope>) -> Result<Self, RoleError> {
        match scopes.into_iter().fold(0, |bits, scope| bits | 1 << scope as u8) {
            0 => Err(RoleError::NoScope),
            bits => Ok(Self(bits)),
        }
    }

    /// True when this scope is among them.
    #[must_use]
    pub const fn contains(self, scope: Scope) -> bool {
        self.0 & 1 << scope as u8 != 0
    }

    /// The scopes in the order of [`Scope::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.contains(*scope))
    }
}

impl TryFrom<Vec<Scope>> for Scopes {
    type Error = RoleError;

    fn try_from(scopes: Vec<Scope>) -> Result<Self, RoleError> {
        Self::new(scopes)
    }
}

impl From<Scopes> for Vec<Scope> {
    fn from(scopes: Scopes) -> Self {
        scopes.iter().collect()
    }
}

/// The names with single spaces between them, as in RFC 6749 section 3.3. One column of a table holds that.
impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.iter().map(Scope::as_str).collect();
        f.write_str(&names.join(" "))
    }
}

impl FromStr for Scopes {
    type Err = RoleError;

    fn from_str(text: &str) -> Result<Self, RoleError> {
        Self::new(text.split_ascii_whitespace().map(str::parse).collect::<Result<Vec<Scope>, _>>()?)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = RoleError;

    fn from_str(text: &str) -> Result<Self, RoleError> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or_else(|| RoleError::Role(text.to_owned()))
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Scope {
    type Err = RoleError;

    fn from_str(text: &str) -> Result<Self, RoleError> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text).ok_or_else(|| RoleError::Scope(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(who: &Caller) -> String {
        Action::ALL.iter().map(|action| if may(who, *action) { 'x' } else { '.' }).collect()
    }

    fn only(scope: Scope) -> Scopes {
        Scopes::new([scope]).expect("one scope")
    }

    /// The columns are Public, Read, Observe, Judge, Overrule, ChangePolicy, Administer, Own.
    #[test]
    fn the_whole_table() {
        use Role::{Administrator, Analyst, Approver, Reader};
        use Scope::{Administer, Judge, Observe, Read};
        let expected = [
            (Caller::Nobody, "x......."),
            (Caller::Person(Reader), "xx.....x"),
            (Caller::Person(Analyst), "xxxx...x"),
            (Caller::Person(Approver), "xxxxxx.x"),
            (Caller::Person(Administrator), "xxxxxxxx"),
            (Caller::Token(Reader, only(Read)), "xx......"),
            (Caller::Token(Reader, only(Observe)), "x......."),
            (Caller::Token(Reader, only(Judge)), "x......."),
            (Caller::Token(Reader, only(Administer)), "x......."),
            (Caller::Token(Analyst, only(Read)), "xx......"),
            (Caller::Token(Analyst, only(Observe)), "x.x....."),
            (Caller::Token(Analyst, only(Judge)), "x..x...."),
            (Caller::Token(Analyst, only(Administer)), "x......."),
            (Caller::Token(Approver, only(Read)), "xx......"),
            (Caller::Token(Approver, only(Observe)), "x.x....."),
            (Caller::Token(Approver, only(Judge)), "x..xx..."),
            (Caller::Token(Approver, only(Administer)), "x....x.."),
            (Caller::Token(Administrator, only(Read)), "xx......"),
            (Caller::Token(Administrator, only(Observe)), "x.x....."),
            (Caller::Token(Administrator, only(Judge)), "x..xx..."),
            (Caller::Token(Administrator, only(Administer)), "x....xx."),
        ];
        for (who, rights) in expected {
            assert_eq!(line(&who), rights, "{who:?}");
        }
    }

    #[test]
    fn every_action_has_one_line_and_every_index_fits() {
        for action in Action::ALL {
            assert_eq!(RIGHTS.iter().filter(|right| right.action == action).count(), 1, "{action:?}");
        }
        assert!(Role::ALL.iter().enumerate().all(|(n, role)| *role as usize == n));
        assert!(Scope::ALL.iter().enumerate().all(|(n, scope)| *scope as usize == n));
    }

    #[test]
    fn a_token_never_exceeds_its_owner_or_the_sum_of_its_scopes() {
        for role in Role::ALL {
            for bits in 1..16_u8 {
                let scopes = Scopes::new(Scope::ALL.into_iter().filter(|s| bits & 1 << *s as u8 != 0)).expect("some");
                for action in Action::ALL {
                    let by_token = may(&Caller::Token(role, scopes), action);
                    let by_owner = may(&Caller::Person(role), action);
                    let by_one = scopes.iter().any(|scope| may(&Caller::Token(role, only(scope)), action));
                    assert!(by_owner || !by_token, "{role} {scopes} {action:?}");
                    assert_eq!(by_token, by_one, "{role} {scopes} {action:?}");
                }
            }
        }
    }

    #[test]
    fn a_higher_role_may_all_that_a_lower_one_may() {
        for pair in Role::ALL.windows(2) {
            for action in Action::ALL {
                assert!(!may(&Caller::Person(pair[0]), action) || may(&Caller::Person(pair[1]), action));
            }
        }
    }

    #[test]
    fn names_are_those_of_the_interface() {
        for role in Role::ALL {
            assert_eq!(serde_json::to_string(&role).expect("json"), format!("\"{role}\""));
            assert_eq!(role.as_str().parse(), Ok(role));
        }
        let scopes: Scopes = serde_json::from_str(r#"["judge","read","read"]"#).expect("scopes");
        assert_eq!(scopes.to_string(), "read judge");
        assert_eq!("read judge".parse(), Ok(scopes));
        assert_eq!(serde_json::to_string(&scopes).expect("json"), r#"["read","judge"]"#);
        assert!(serde_json::from_str::<Scopes>("[]").is_err());
        assert_eq!("admin".parse::<Role>(), Err(RoleError::Role("admin".to_owned())));
        assert_eq!("write".parse::<Scopes>(), Err(RoleError::Scope("write".to_owned())));
    }
}
