//! Accounts, sessions and tokens.

use rusqlite::{OptionalExtension as _, Row, params};
use sakimori_model::{AccessId, AccountState, Digest, OidcSubject, RecordId, Scope, Timestamp, TokenState};

use crate::rows::{digest, record_id, time};
use crate::{Store, StoreError};

/// A row of `accounts`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountRow {
    /// What its newest record says of it.
    pub state: AccountState,
    /// The password's hash (PHC string).
    pub credential: Option<String>,
    /// The record that justifies it.
    pub record: RecordId,
}

/// A row of `sessions`, with the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    /// The account.
    pub account: AccountRow,
    /// When it began.
    pub made: Timestamp,
    /// When it was used last, to the minute.
    pub seen: Timestamp,
}

/// A row of `tokens`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRow {
    /// What its newest record says of it.
    pub state: TokenState,
    /// When it was used last, to the minute. No record says so.
    pub used: Option<Timestamp>,
    /// The record that justifies it.
    pub record: RecordId,
}

/// What a row of `sessions` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionKey {
    /// SHA-256 of its secret.
    pub hash: Digest,
    /// Whose session it is.
    pub account: AccessId,
    /// The record of the sign-in that began it.
    pub record: RecordId,
}

const ACCOUNT: &str = "a.id, a.name, a.role, a.active, a.lang, a.credential, a.issuer, a.subject, a.made, a.record";
const TOKEN: &str = "id, account, name, hash, scopes, made, until, revoked, used, record";

impl Store {
    /// All accounts, by name.
    ///
    /// # Errors
    /// The database's own error, or a damaged row.
    pub fn accounts(&self) -> Result<Vec<AccountRow>, StoreError> {
        let mut query = self.db.prepare_cached(&format!("SELECT {ACCOUNT} FROM accounts a ORDER BY a.name"))?;
        let mut rows = query.query([])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(account(row)?);
        }
        Ok(found)
    }

    /// The account with this id.
    ///
    /// # Errors
    /// The database's own error, or a damaged row.
    pub fn account(&self, id: AccessId) -> Result<Option<AccountRow>, StoreError> {
        self.account_where("a.id = ?1", &[&id.to_string()])
    }

    /// The account with this name.
    ///
    /// # Errors
    /// The database's own error, or a damaged row.
    pub fn account_named(&self, name: &str) -> Result<Option<AccountRow>, StoreError> {
        self.account_where("a.name = ?1", &[name])
    }

    /// The account of a person at an OpenID provider.
    ///
    /// # Errors
    /// The database's own error, or a damaged row.
    pub fn account_of(&self, person: &OidcSubject) -> Result<Option<AccountRow>, StoreError> {
        self.account_where("a.issuer = ?1 AND a.subject = ?2", &[&person.issuer, &person.subject])
    }

    /// True when there is an active administrator.
    ///
    /// # Errors
    /// The database's own error.
    pub fn has_administrator(&self) -> Result<bool, StoreError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM accounts WHERE role = 'administrator' AND active = 1)";
        Ok(self.db.query_row(sql, [], |row| row.get(0))?)
    }

    /// The session with this hash of its secret.
    ///
    /// # Errors
    /// The database's own error, or a damaged row.
    pub fn session(&self, hash: &Digest) -> Result<Option<SessionRow>, StoreError> {
        let sql = format!(
            "SELECT {ACCOUNT}, s.made, s.seen FROM sessions s JOIN accounts a ON a.id = s.account WHERE s.hash = ?1"
        );
        let mut query = self.db.prepare_cached(&sql)?;
        let mut rows = query.query([hash.as_bytes()])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let account = account(row)?;
        let at = |column| -> Result<Timestamp, StoreError> { time("sessions", "", row.get(column)?) };
        Ok(Some(SessionRow { account, made: at(10)?, seen: at(11)? }))
    }

    /// All sessions.
    ///
    /// # Errors
    /// The database's own error, or a damaged row.
    pub fn sessions(&self) -> Result<Vec<SessionKey>, StoreError> {
        let mut query = self.db.prepare_cached("SELECT account, record, hash FROM sessions ORDER BY record")?;
        let mut rows = query.query([])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let (account, record): (String, String) = (row.get(0)?, row.get(1)?);
            let damaged =
                |_| StoreError::Damaged { table: "sessions", row: record.clone(), what: "account".to_owned() };
            let account = account.parse().map_err(damaged)?;
            let hash = digest("sessions", &record, row.get(2)?)?;
            found.push(SessionKey { hash, account, record: record_id("sessions", record)? });
        }
        Ok(found)
    }

    /// Notes that a session was used, and drops those that ended.
    ///
    /// # Errors
    /// The database's own error.
    pub fn touch_session(&mut self, hash: &Digest, now: Timestamp) -> Result<(), StoreError> {
        self.db
            .prepare_cached("UPDATE sessions SET seen = ?2 WHERE hash = ?1")?
            .execute(params![hash.as_bytes(), now.as_micros()])?;
        Ok(())
    }

    /// Drops sessions that began before one time or were used last before another one.
    ///
    /// # Errors
    /// The database's own error.
    pub fn drop_sessions(&mut self, made: Timestamp, seen: Timestamp) -> Result<(), StoreError> {
        self.db.execute("DELETE FROM sessions WHERE made < ?1 OR seen < ?2", [made.as_micros(), seen.as_micros()])?;
        Ok(())
    }

    /// All tokens, or those of one account, newest first.
    ///
    /// # Errors
    /// The database's own error, or a damaged row.
    pub fn tokens(&self, account: Option<AccessId>) -> Result<Vec<TokenRow>, StoreError> {
        let sql = format!("SELECT {TOKEN} FROM tokens WHERE ?1 IS NULL OR account = ?1 ORDER BY made DESC, id DESC");
        let mut query = self.db.prepare_cached(&sql)?;
        let mut rows = query.query([account.map(|id| id.to_string())])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(token(row)?);
        }
        Ok(found)
    }

    /// The token with this id.
    ///
    /// # Errors
    /// The database's own error, or a damaged row.
    pub fn token(&self, id: AccessId) -> Result<Option<TokenRow>, StoreError> {
        let mut query = self.db.prepare_cached(&format!("SELECT {TOKEN} FROM tokens WHERE id = ?1"))?;
        query.query_row([id.to_string()], |row| Ok(token(row))).optional()?.transpose()
    }

    /// The token with this hash of its secret.
    ///
    /// # Errors
    /// The database's own error, or a damaged row.
    pub fn token_with(&self, hash: &Digest) -> Result<Option<TokenRow>, StoreError> {
        let mut query = self.db.prepare_cached(&format!("SELECT {TOKEN} FROM tokens WHERE hash = ?1"))?;
        query.query_row([hash.as_bytes()], |row| Ok(token(row))).optional()?.transpose()
    }

    /// Notes that a token was used.
    ///
    /// # Errors
    /// The database's own error.
    pub fn touch_token(&mut self, id: AccessId, now: Timestamp) -> Result<(), StoreError> {
        self.db
            .prepare_cached("UPDATE tokens SET used = ?2 WHERE id = ?1")?
            .execute(params![id.to_string(), now.as_micros()])?;
        Ok(())
    }

    fn account_where(&self, condition: &str, values: &[&str]) -> Result<Option<AccountRow>, StoreError> {
        let mut query = self.db.prepare_cached(&format!("SELECT {ACCOUNT} FROM accounts a WHERE {condition}"))?;
        query.query_row(rusqlite::params_from_iter(values), |row| Ok(account(row))).optional()?.transpose()
    }
}

/// Scopes as they stand in a table.
pub fn scope_words(scopes: &[Scope]) -> String {
    scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ")
}

fn account(row: &Row<'_>) -> Result<AccountRow, StoreError> {
    let id: String = row.get(0)?;
    let damaged = |what: &str| StoreError::Damaged { table: "accounts", row: id.clone(), what: what.to_owned() };
    let credential: Option<String> = row.get(5)?;
    let issuer: Option<String> = row.get(6)?;
    let subject: Option<String> = row.get(7)?;
    let state = AccountState {
        account: id.parse().map_err(|_| damaged("id"))?,
        name: row.get(1)?,
        role: row.get::<_, String>(2)?.parse().map_err(|_| damaged("role"))?,
        active: row.get(3)?,
        lang: row.get::<_, Option<String>>(4)?.map(|l| l.parse().map_err(|_| damaged("lang"))).transpose()?,
        credential: credential.as_ref().map(|phc| Digest::of(phc.as_bytes())),
        oidc: issuer.zip(subject).map(|(issuer, subject)| OidcSubject { issuer, subject }),
        made: time("accounts", &id, row.get(8)?)?,
    };
    Ok(AccountRow { state, credential, record: record_id("accounts", row.get(9)?)? })
}

fn token(row: &Row<'_>) -> Result<TokenRow, StoreError> {
    let id: String = row.get(0)?;
    let damaged = |what: &str| StoreError::Damaged { table: "tokens", row: id.clone(), what: what.to_owned() };
    let at = |column| -> Result<Option<Timestamp>, StoreError> {
        row.get::<_, Option<i64>>(column)?.map(|micros| time("tokens", &id, micros)).transpose()
    };
    let scopes: String = row.get(4)?;
    let state = TokenState {
        token: id.parse().map_err(|_| damaged("id"))?,
        account: row.get::<_, String>(1)?.parse().map_err(|_| damaged("account"))?,
        name: row.get(2)?,
        hash: digest("tokens", &id, row.get(3)?)?,
        scopes: scopes
            .split_whitespace()
            .map(|s| s.parse().map_err(|_| damaged("scopes")))
            .collect::<Result<_, _>>()?,
        made: at(5)?.ok_or_else(|| damaged("made"))?,
        until: at(6)?.ok_or_else(|| damaged("until"))?,
        revoked: at(7)?,
    };
    Ok(TokenRow { state, used: at(8)?, record: record_id("tokens", row.get(9)?)? })
}
