//! Accounts, tokens and sessions against their records: each row must be what its newest record says, and each thing that was
//! recorded must have its row.

use std::collections::{BTreeMap, BTreeSet};

use sakimori_model::{AccessEvent, AccessId, AccountState, Digest, Predicate, RecordId, Statement, TokenState};
use sakimori_store::{SessionKey, Store, StoreError};

use super::{Fault, Mismatch, damaged};
use crate::NodeError;

/// What all records of access together say, each by its place in the log.
#[derive(Default)]
pub(super) struct Recorded {
    accounts: BTreeMap<AccessId, History<AccountState>>,
    tokens: BTreeMap<AccessId, History<TokenState>>,
    /// Sign-ins: the account, the session, and the place in the log.
    sign_ins: BTreeMap<RecordId, (AccessId, Digest, u64)>,
    /// Sessions that ended by signing out.
    signed_out: BTreeSet<Digest>,
}

/// The states of one thing and their records. Records are read by id, which is not quite the order of the log.
type History<T> = BTreeMap<u64, (T, RecordId)>;

impl Recorded {
    /// Takes in a record, whatever it is about.
    pub(super) fn note(&mut self, statement: &Statement, place: Option<u64>) {
        let (Predicate::Access(change), Some(place)) = (&statement.predicate, place) else { return };
        match &change.event {
            AccessEvent::Account { state } => {
                self.accounts.entry(state.account).or_default().insert(place, (state.clone(), change.record));
            }
            AccessEvent::Token { state } => {
                self.tokens.entry(state.token).or_default().insert(place, (state.clone(), change.record));
            }
            AccessEvent::SignedIn { account, session, .. } => {
                self.sign_ins.insert(change.record, (*account, *session, place));
            }
            AccessEvent::SignedOut { session, .. } => {
                self.signed_out.insert(*session);
            }
            AccessEvent::SignInRefused { .. } => {}
        }
    }

    /// Compares the tables with what was recorded.
    ///
    /// # Errors
    /// When a table can't be read at all.
    pub(super) fn faults(&self, store: &Store) -> Result<Vec<Mismatch>, NodeError> {
        let mut faults = Vec::new();
        if let Some(rows) = readable(store.accounts(), &mut faults)? {
            let rows = rows.into_iter().map(|row| (row.state.account, (row.state, row.record))).collect();
            compare("accounts", &self.accounts, &rows, &mut faults);
        }
        if let Some(rows) = readable(store.tokens(None), &mut faults)? {
            let rows = rows.into_iter().map(|row| (row.state.token, (row.state, row.record))).collect();
            compare("tokens", &self.tokens, &rows, &mut faults);
        }
        if let Some(rows) = readable(store.sessions(), &mut faults)? {
            faults.extend(rows.iter().filter_map(|row| self.session_fault(row)));
        }
        Ok(faults)
    }

    /// A session may be gone, and must not be anything but what a sign-in began.
    fn session_fault(&self, row: &SessionKey) -> Option<Mismatch> {
        let what = match self.sign_ins.get(&row.record) {
            None => Fault::SessionUnjustified,
            Some((account, ..)) if *account != row.account => Fault::SessionOfOther,
            Some((_, session, _)) if *session != row.hash => Fault::SessionSecret,
            Some(_) if self.signed_out.contains(&row.hash) => Fault::SessionSignedOut,
            Some((account, _, place)) if self.ended(*account).is_some_and(|ended| ended > *place) => {
                Fault::SessionEnded
            }
            Some(_) => return None,
        };
        Some(Mismatch { table: "sessions", row: row.record.to_string(), what })
    }

    /// The last place in the log at which all sessions of an account ended.
    fn ended(&self, account: AccessId) -> Option<u64> {
        let mut before = None;
        let mut ended = None;
        for (place, (state, _)) in self.accounts.get(&account)? {
            if !state.active || state.credential != before {
                ended = Some(*place);
            }
            before = state.credential;
        }
        ended
    }
}

/// A damaged row is a mismatch and ends the comparison of its table.
fn readable<T>(rows: Result<T, StoreError>, faults: &mut Vec<Mismatch>) -> Result<Option<T>, NodeError> {
    match rows {
        Ok(rows) => Ok(Some(rows)),
        Err(StoreError::Damaged { table, row, what }) => {
            faults.push(damaged(table, row, what));
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

fn compare<T: PartialEq>(
    table: &'static str,
    recorded: &BTreeMap<AccessId, History<T>>,
    rows: &BTreeMap<AccessId, (T, RecordId)>,
    faults: &mut Vec<Mismatch>,
) {
    let mut fault = |id: &AccessId, what: Fault| {
        faults.push(Mismatch { table, row: id.to_string(), what });
    };
    for (id, history) in recorded {
        let newest = history.last_key_value().map(|(_, newest)| newest);
        match (rows.get(id), newest) {
            (None, _) => fault(id, Fault::Missing),
            (Some(row), Some(newest)) if row.0 != newest.0 => fault(id, Fault::Differs),
            (Some(row), Some(newest)) if row.1 != newest.1 => fault(id, Fault::NotNewest),
            (Some(_), _) => {}
        }
    }
    for id in rows.keys().filter(|id| !recorded.contains_key(id)) {
        fault(id, Fault::Unjustified);
    }
}
