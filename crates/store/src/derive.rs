//! From a statement to the rows that it justifies, in the transaction that writes the record.

use std::collections::BTreeSet;

use rusqlite::{Transaction, params};
use sakimori_model::{
    AccessEvent, AccountState, DecisionPredicate, Effect, Predicate, RecordId, Statement, TokenState,
};

use crate::rows::{Aside, DecisionRow, JudgementRow, ShareRow, Staged, TopFinding, to_integer};
use crate::{StoreError, access, admissions, erasure, sources};

/// Microseconds of an hour.
pub(crate) const HOUR_MICROS: i64 = 3_600_000_000;

/// Writes a record and the rows that it justifies.
pub fn insert(tx: &Transaction<'_>, staged: &Staged<'_>) -> Result<(), StoreError> {
    let statement = staged.statement;
    let id = statement.record().to_string();
    tx.prepare_cached("INSERT INTO records (id, kind, statement, salt, commitment) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![id, statement.predicate.word(), staged.bytes, staged.salt, staged.commitment.as_bytes()])?;
    insert_rows(tx, statement, staged.aside)?;
    if let Some(key) = staged.vault_key {
        tx.prepare_cached("INSERT INTO vault_keys (record, key) VALUES (?1, ?2)")?.execute(params![id, key])?;
    }
    if let Some((target, body)) = staged.outbox {
        tx.prepare_cached("INSERT INTO outbox (record, target, body) VALUES (?1, ?2, ?3)")?
            .execute(params![id, target, body])?;
    }
    if let Some(named) = staged.idempotency {
        tx.prepare_cached(
            "INSERT INTO idempotency (caller, key, fingerprint, record, made) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            named.caller,
            named.key,
            named.fingerprint.as_bytes(),
            id,
            named.made.as_micros()
        ])?;
    }
    Ok(())
}

/// Fills in the rows that this version derives from statements and an older one did not.
pub fn fill_in(tx: &Transaction<'_>) -> Result<(), StoreError> {
    let mut query = tx.prepare("SELECT id, statement FROM records WHERE kind = 'decision' ORDER BY id")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let (id, bytes): (String, Vec<u8>) = (row.get(0)?, row.get(1)?);
        // A statement that can't be read has no rows to fill in; `audit` names it.
        let Ok(statement) = Statement::from_bytes(&bytes) else { continue };
        if let Predicate::Decision(decision) = &statement.predicate {
            let top = top_of(decision);
            tx.prepare_cached("UPDATE decisions SET top = ?2 WHERE record = ?1")?.execute(params![id, top])?;
            insert_findings(tx, decision)?;
            tally(tx, decision)?;
        }
    }
    Ok(())
}

fn insert_rows(tx: &Transaction<'_>, statement: &Statement, aside: Option<&Aside>) -> Result<(), StoreError> {
    match &statement.predicate {
        Predicate::Decision(decision) => {
            insert_decision(tx, statement, decision)?;
            decision.source.as_ref().map_or(Ok(()), |source| sources::insert(tx, source, decision.record))?;
            admissions::insert_vetting(tx, decision, aside)
        }
        Predicate::Admission(_) => admissions::insert(tx, statement),
        Predicate::Erasure(made) => erasure::insert(tx, made),
        // The key itself lies in its file.
        Predicate::Key(_) => Ok(()),
        // All of it is in the statement.
        Predicate::Incident(_) => Ok(()),
        Predicate::Heartbeat(beat) => sources::insert_heartbeat(tx, beat),
        Predicate::Share(_) => insert_share(tx, &ShareRow::of(statement)),
        Predicate::Judgement(_) => insert_judgement(tx, &JudgementRow::of(statement)),
        Predicate::Access(change) => insert_access(tx, change.record, &change.event, change.at.as_micros(), aside),
        Predicate::Policy(change) => {
            if let Some(Aside::PolicyText(text)) = aside {
                tx.prepare_cached(
                    "INSERT INTO policies (record, id, sha256, text, activated) VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute(params![
                    change.record.to_string(),
                    change.policy.id,
                    change.policy.sha256.as_bytes(),
                    text,
                    change.activated.as_micros()
                ])?;
            }
            Ok(())
        }
    }
}

fn insert_decision(
    tx: &Transaction<'_>,
    statement: &Statement,
    decision: &DecisionPredicate,
) -> Result<(), StoreError> {
    let Some(row) = DecisionRow::of(statement) else { return Ok(()) };
    tx.prepare_cached(
        "INSERT INTO decisions (record, path, sha256, size, kind, examined, effect, score, observed, waiting, top) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?
    .execute(params![
        row.record.to_string(),
        row.path,
        row.sha256.as_bytes(),
        to_integer(row.size),
        row.kind,
        row.examined,
        row.effect,
        row.score,
        row.observed.as_micros(),
        decision.decision.effect == Effect::Review,
        top_of(decision),
    ])?;
    insert_findings(tx, decision)?;
    tally(tx, decision)
}

fn top_of(decision: &DecisionPredicate) -> Option<String> {
    let top = TopFinding::of(&decision.findings)?;
    // INVARIANT: strings and words always have a JSON form.
    serde_json::to_string(&top).ok()
}

fn insert_findings(tx: &Transaction<'_>, decision: &DecisionPredicate) -> Result<(), StoreError> {
    let mut insert =
        tx.prepare_cached("INSERT INTO findings (record, n, code, severity, points) VALUES (?1, ?2, ?3, ?4, ?5)")?;
    let record = decision.record.to_string();
    for (n, finding) in (0i64..).zip(&decision.findings) {
        insert.execute(params![record, n, finding.code.as_str(), finding.severity.as_str(), finding.points()])?;
    }
    Ok(())
}

fn tally(tx: &Transaction<'_>, decision: &DecisionPredicate) -> Result<(), StoreError> {
    let hour = decision.observed.as_micros().div_euclid(HOUR_MICROS);
    tx.prepare_cached(
        "INSERT INTO tallies (hour, effect, kind, count) VALUES (?1, ?2, ?3, 1) \
         ON CONFLICT (hour, effect, kind) DO UPDATE SET count = count + 1",
    )?
    .execute(params![hour, decision.decision.effect.as_str(), decision.kind.as_str()])?;
    let codes: BTreeSet<&str> = decision.findings.iter().map(|finding| finding.code.as_str()).collect();
    let mut count = tx.prepare_cached(
        "INSERT INTO code_tallies (hour, code, count) VALUES (?1, ?2, 1) \
         ON CONFLICT (hour, code) DO UPDATE SET count = count + 1",
    )?;
    for code in codes {
        count.execute(params![hour, code])?;
    }
    Ok(())
}

fn insert_share(tx: &Transaction<'_>, row: &Option<ShareRow>) -> Result<(), StoreError> {
    let Some(row) = row else { return Ok(()) };
    tx.prepare_cached("INSERT INTO shares (record, of_record, marking, format, shared) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![row.record.to_string(), row.of.to_string(), row.marking, row.format, row.shared.as_micros()])?;
    Ok(())
}

fn insert_judgement(tx: &Transaction<'_>, row: &Option<JudgementRow>) -> Result<(), StoreError> {
    let Some(row) = row else { return Ok(()) };
    tx.prepare_cached("INSERT INTO judgements (record, of_record, effect, judged) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![row.record.to_string(), row.of.to_string(), row.effect, row.judged.as_micros()])?;
    tx.prepare_cached("UPDATE decisions SET waiting = 0 WHERE record = ?1")?.execute([row.of.to_string()])?;
    Ok(())
}

fn insert_access(
    tx: &Transaction<'_>,
    record: RecordId,
    event: &AccessEvent,
    at: i64,
    aside: Option<&Aside>,
) -> Result<(), StoreError> {
    let record = record.to_string();
    match (event, aside) {
        (AccessEvent::Account { state }, aside) => upsert_account(tx, &record, state, aside),
        (AccessEvent::Token { state }, _) => upsert_token(tx, &record, state),
        (AccessEvent::SignedIn { account, session, .. }, _) => {
            tx.prepare_cached("INSERT INTO sessions (hash, account, made, seen, record) VALUES (?1, ?2, ?3, ?3, ?4)")?
                .execute(params![session.as_bytes(), account.to_string(), at, record])?;
            Ok(())
        }
        (AccessEvent::SignedOut { session, .. }, _) => {
            tx.prepare_cached("DELETE FROM sessions WHERE hash = ?1")?.execute([session.as_bytes()])?;
            Ok(())
        }
        (AccessEvent::SignInRefused { .. }, _) => Ok(()),
    }
}

fn upsert_account(
    tx: &Transaction<'_>,
    record: &str,
    state: &AccountState,
    aside: Option<&Aside>,
) -> Result<(), StoreError> {
    let credential = match aside {
        Some(Aside::Credential(phc)) => Some(phc.as_str()),
        _ => None,
    };
    tx.prepare_cached(
        "INSERT INTO accounts (id, name, role, active, lang, credential, issuer, subject, made, record) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) \
         ON CONFLICT (id) DO UPDATE SET name = ?2, role = ?3, active = ?4, lang = ?5, \
         credential = coalesce(?6, credential), issuer = ?7, subject = ?8, record = ?10",
    )?
    .execute(params![
        state.account.to_string(),
        state.name,
        state.role.as_str(),
        state.active,
        state.lang.map(sakimori_model::Lang::as_str),
        credential,
        state.oidc.as_ref().map(|oidc| oidc.issuer.as_str()),
        state.oidc.as_ref().map(|oidc| oidc.subject.as_str()),
        state.made.as_micros(),
        record,
    ])?;
    // Whoever is signed in with an old password, or may not sign in any more, is signed out.
    if credential.is_some() || !state.active {
        tx.prepare_cached("DELETE FROM sessions WHERE account = ?1")?.execute([state.account.to_string()])?;
    }
    Ok(())
}

fn upsert_token(tx: &Transaction<'_>, record: &str, state: &TokenState) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO tokens (id, account, name, hash, scopes, made, until, revoked, record) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (id) DO UPDATE SET revoked = ?8, record = ?9",
    )?
    .execute(params![
        state.token.to_string(),
        state.account.to_string(),
        state.name,
        state.hash.as_bytes(),
        access::scope_words(&state.scopes),
        state.made.as_micros(),
        state.until.as_micros(),
        state.revoked.map(|at| at.as_micros()),
        record,
    ])?;
    Ok(())
}
