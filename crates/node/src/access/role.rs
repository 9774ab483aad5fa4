//! Roles, scopes of tokens, and the one table of what each of them may do.
//!
//! Source: OWASP Authorization Cheat Sheet (deny by default, least privilege, check on every request, test the logic).

pub use sakimori_model::{Role, Scope};
use serde::{Deserialize, Serialize};
use thiserror::Error;

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
    /// Erase what is kept of a decision.
    Erase,
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
const RIGHTS: [Right; 9] = [
    //                                     reader analyst approver admin          read observe judge administer
    Right { action: Action::Public,       roles: [YES, YES, YES, YES], scopes: [YES, YES, YES, YES] },
    Right { action: Action::Read,         roles: [YES, YES, YES, YES], scopes: [YES, NO,  NO,  NO ] },
    Right { action: Action::Observe,      roles: [NO,  YES, YES, YES], scopes: [NO,  YES, NO,  NO ] },
    Right { action: Action::Judge,        roles: [NO,  YES, YES, YES], scopes: [NO,  NO,  YES, NO ] },
    Right { action: Action::Overrule,     roles: [NO,  NO,  YES, YES], scopes: [NO,  NO,  YES, NO ] },
    Right { action: Action::ChangePolicy, roles: [NO,  NO,  YES, YES], scopes: [NO,  NO,  NO,  YES] },
    Right { action: Action::Erase,        roles: [NO,  NO,  NO,  YES], scopes: [NO,  NO,  NO,  YES] },
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

impl Action {
    /// Every action.
    pub const ALL: [Self; 9] = [
        Self::Public,
        Self::Read,
        Self::Observe,
        Self::Judge,
        Self::Overrule,
        Self::ChangePolicy,
        Self::Erase,
        Self::Administer,
        Self::Own,
    ];
}

/// The scopes of a token: one at least, each once. JSON is a list of their names in the order of [`Scope::ALL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<Scope>", into = "Vec<Scope>")]
pub struct Scopes(u8);

/// A list of scopes without any.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("a token needs at least one scope")]
pub struct NoScope;

impl Scopes {
    /// These scopes; one that stands twice counts once.
    ///
    /// # Errors
    /// When there is none.
    pub fn new(scopes: impl IntoIterator<Item = Scope>) -> Result<Self, NoScope> {
        match scopes.into_iter().fold(0, |bits, scope| bits | 1 << scope as u8) {
            0 => Err(NoScope),
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
    type Error = NoScope;

    fn try_from(scopes: Vec<Scope>) -> Result<Self, NoScope> {
        Self::new(scopes)
    }
}

impl From<Scopes> for Vec<Scope> {
    fn from(scopes: Scopes) -> Self {
        scopes.iter().collect()
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

    /// The columns are Public, Read, Observe, Judge, Overrule, ChangePolicy, Erase, Administer, Own.
    #[test]
    fn the_whole_table() {
        use Role::{Administrator, Analyst, Approver, Reader};
        use Scope::{Administer, Judge, Observe, Read};
        let expected = [
            (Caller::Nobody, "x........"),
            (Caller::Person(Reader), "xx......x"),
            (Caller::Person(Analyst), "xxxx....x"),
            (Caller::Person(Approver), "xxxxxx..x"),
            (Caller::Person(Administrator), "xxxxxxxxx"),
            (Caller::Token(Reader, only(Read)), "xx......."),
            (Caller::Token(Reader, only(Observe)), "x........"),
            (Caller::Token(Reader, only(Judge)), "x........"),
            (Caller::Token(Reader, only(Administer)), "x........"),
            (Caller::Token(Analyst, only(Read)), "xx......."),
            (Caller::Token(Analyst, only(Observe)), "x.x......"),
            (Caller::Token(Analyst, only(Judge)), "x..x....."),
            (Caller::Token(Analyst, only(Administer)), "x........"),
            (Caller::Token(Approver, only(Read)), "xx......."),
            (Caller::Token(Approver, only(Observe)), "x.x......"),
            (Caller::Token(Approver, only(Judge)), "x..xx...."),
            (Caller::Token(Approver, only(Administer)), "x....x..."),
            (Caller::Token(Administrator, only(Read)), "xx......."),
            (Caller::Token(Administrator, only(Observe)), "x.x......"),
            (Caller::Token(Administrator, only(Judge)), "x..xx...."),
            (Caller::Token(Administrator, only(Administer)), "x....xxx."),
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
                    assert!(by_owner || !by_token, "{role:?} {scopes:?} {action:?}");
                    assert_eq!(by_token, by_one, "{role:?} {scopes:?} {action:?}");
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
    fn scopes_are_a_list_of_names() {
        let scopes: Scopes = serde_json::from_str(r#"["judge","read","read"]"#).expect("scopes");
        assert_eq!(serde_json::to_string(&scopes).expect("json"), r#"["read","judge"]"#);
        assert!(serde_json::from_str::<Scopes>("[]").is_err());
        assert!(serde_json::from_str::<Scopes>(r#"["write"]"#).is_err());
    }
}
