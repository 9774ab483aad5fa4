//! The behaviour of the store, whatever engine is behind it.

use sakimori_model::{
    Decision, DecisionPredicate, Digest, Effect, Kind, PolicyRef, Predicate, RecordId, Statement, Timestamp,
};
use sakimori_store::{Staged, Store, StoreError};
use tempfile::TempDir;

fn statement(number: u128) -> Statement {
    let policy = PolicyRef { id: "p".to_owned(), sha256: Digest::of(b"p") };
    let decision = Decision { effect: Effect::Allow, score: 0, reasons: Vec::new(), errors: Vec::new(), policy };
    let predicate = DecisionPredicate {
        source: None,
        vetting: None,
        record: RecordId::from_uuid(id_of(number)),
        observed: Timestamp::from_micros(1_700_000_000_000_000).expect("in range"),
        by: None,
        kind: Kind::new("pickle"),
        size: 3,
        examined: true,
        examiners: Vec::new(),
        rules: None,
        findings: Vec::new(),
        decision,
    };
    Statement::about("a.pkl", Digest::of(b"abc"), Predicate::Decision(Box::new(predicate)))
}

fn id_of(number: u128) -> uuid::Uuid {
    uuid::Uuid::from_u128((1 << 100) + number)
}

fn stage(store: &mut Store, statements: &[Statement]) -> Result<(), StoreError> {
    let bytes: Vec<Vec<u8>> = statements.iter().map(|s| s.to_bytes().expect("canonical")).collect();
    let staged: Vec<Staged<'_>> = statements
        .iter()
        .zip(&bytes)
        .map(|(statement, bytes)| Staged {
            statement,
            bytes,
            salt: &[7; 32],
            commitment: Digest::of(bytes),
            outbox: None,
            aside: None,
            idempotency: None,
            vault_key: None,
        })
        .collect();
    store.stage(&staged)
}

#[test]
fn staged_records_wait_for_their_place_and_survive_a_restart() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("state.db");
    let records = [statement(1), statement(2), statement(3)];
    let mut store = Store::open(&path).expect("opened");
    stage(&mut store, &records).expect("staged");
    store.sequence(&[(records[0].record(), 0)]).expect("sequenced");
    drop(store);
    let store = Store::open(&path).expect("opened again");
    let waiting: Vec<RecordId> = store.staged().expect("read").into_iter().map(|(id, _)| id).collect();
    assert_eq!(waiting, [records[1].record(), records[2].record()]);
    assert_eq!(store.sequenced().expect("read"), 1);
    let first = store.record(records[0].record()).expect("read").expect("there");
    assert_eq!((first.log_index, first.statement), (Some(0), records[0].to_bytes().expect("canonical")));
    assert_eq!(store.decision(records[0].record()).expect("read").expect("there").path, "a.pkl");
    assert!(store.orphans().expect("read").is_empty());
}

#[test]
fn a_group_is_staged_as_a_whole_or_not_at_all() {
    let folder = TempDir::new().expect("a folder");
    let mut store = Store::open(&folder.path().join("state.db")).expect("opened");
    stage(&mut store, &[statement(1)]).expect("staged");
    assert!(stage(&mut store, &[statement(2), statement(1)]).is_err(), "one id twice");
    assert_eq!(store.staged().expect("read").len(), 1);
}

#[test]
fn a_place_is_given_once() {
    let folder = TempDir::new().expect("a folder");
    let mut store = Store::open(&folder.path().join("state.db")).expect("opened");
    let record = statement(1);
    stage(&mut store, std::slice::from_ref(&record)).expect("staged");
    store.sequence(&[(record.record(), 5)]).expect("sequenced");
    store.sequence(&[(record.record(), 9)]).expect("no effect");
    assert_eq!(store.record(record.record()).expect("read").expect("there").log_index, Some(5));
}

#[test]
fn ids_are_found_by_their_beginning_and_wildcards_mean_nothing() {
    let folder = TempDir::new().expect("a folder");
    let mut store = Store::open(&folder.path().join("state.db")).expect("opened");
    stage(&mut store, &[statement(1), statement(2)]).expect("staged");
    let id = statement(1).record().to_string();
    assert_eq!(store.ids_with_part(&id, 2).expect("read").len(), 1);
    assert_eq!(store.ids_with_part(&id[28..], 2).expect("read").len(), 1);
    assert_eq!(store.ids_with_part(&id[..8], 2).expect("read").len(), 2);
    assert!(store.ids_with_part("%", 2).expect("read").is_empty());
}

#[test]
fn a_later_schema_and_a_file_that_is_no_database_are_refused() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("state.db");
    drop(Store::open(&path).expect("opened"));
    let db = rusqlite::Connection::open(&path).expect("opened");
    db.pragma_update(None, "user_version", 99).expect("set");
    drop(db);
    assert!(matches!(Store::open(&path), Err(StoreError::TooNew { found: 99, .. })));
    let junk = folder.path().join("junk.db");
    std::fs::write(&junk, vec![b'x'; 4096]).expect("written");
    assert!(Store::open(&junk).is_err_and(|error| error.is_damaged()));
}
