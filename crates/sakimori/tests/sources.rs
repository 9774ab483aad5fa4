//! Sources that number what they send: what is lost before it is logged shows, to the node and to an auditor.

mod common;

use std::fs;

use common::service::Service;
use common::{BAD_PICKLE, Node};
use serde_json::{Value, json};

const SAME_SITE: (&str, &str) = ("sec-fetch-site", "same-origin");

fn observe(service: &Service, cookie: &str, query: &str) -> common::service::Answer {
    let path = format!("/api/v1/observations?{query}");
    let body = Some(("application/octet-stream", format!("hello {query}")));
    common::service::send(&service.address, "POST", &path, &[("cookie", cookie), SAME_SITE], body)
}

fn beat(service: &Service, cookie: &str, source: &str, number: u64) {
    let body = json!({ "source": source, "number": number });
    let answer = service.browse(cookie, "POST", "/api/v1/heartbeats", Some(&body));
    assert_eq!(answer.status, 201, "{}", answer.text());
}

/// The name, how many came in, how many are missing, and which.
fn known(sources: &Value) -> Vec<(String, u64, u64, String)> {
    let one = |source: &Value| {
        let number = |name: &str| source[name].as_u64().expect("a number");
        (
            source["name"].as_str().expect("a name").to_owned(),
            number("count"),
            number("missing"),
            source["ranges"].to_string(),
        )
    };
    sources.as_array().expect("a list").iter().map(one).collect()
}

#[test]
fn a_gap_before_the_log_shows_to_the_node_and_to_an_auditor() {
    let node = Node::new();
    let service = Service::start(&node, "");
    let cookie = service.first("admin", "a long enough passphrase");
    let mut ids = Vec::new();
    for number in [1, 2, 5] {
        let answer = observe(&service, &cookie, &format!("source=mail-gw.1&number={number}"));
        assert_eq!(answer.status, 201, "{}", answer.text());
        ids.push(answer.json()["id"].as_str().expect("an id").to_owned());
    }
    observe(&service, &cookie, "name=not-numbered");
    beat(&service, &cookie, "mail-gw.1", 4);
    beat(&service, &cookie, "silent", 3);
    beat(&service, &cookie, "idle", 0);

    // Each number once, and only whole ones.
    let used = observe(&service, &cookie, "source=mail-gw.1&number=2");
    assert_eq!((used.status, used.code().as_str()), (409, "SKM-E-0132"));
    assert!(used.text().contains(&ids[1]), "it says which record bears it");
    // The largest whole number of canonical JSON is the last.
    for query in [
        "source=a",
        "number=1",
        "source=a&number=0",
        "source=a&number=9007199254740992",
        "source=a%20b&number=1",
        "source=&number=1",
    ] {
        let refused = observe(&service, &cookie, query);
        assert!((400..=422).contains(&refused.status) && refused.status != 409, "{query}: {}", refused.text());
    }

    let listed = service.browse(&cookie, "GET", "/api/v1/sources", None).json();
    let expected = [
        ("idle".to_owned(), 0, 0, "[]".to_owned()),
        ("mail-gw.1".to_owned(), 3, 2, r#"[{"from":3,"to":4}]"#.to_owned()),
        ("silent".to_owned(), 0, 3, r#"[{"from":1,"to":3}]"#.to_owned()),
    ];
    assert_eq!(known(&listed["items"]), expected);
    let erasure = json!({ "note": "request 114" });
    let path = format!("/api/v1/decisions/{}/erasure", ids[1]);
    assert_eq!(service.browse(&cookie, "POST", &path, Some(&erasure)).status, 201);
    service.end();

    let run = node.run(&["log", "sources", "--format", "json"]);
    assert_eq!((run.status, known(&run.json())), (Some(1), expected.to_vec()), "what was erased is no gap");
    let run = node.run(&["log", "sources"]);
    assert!(run.out.contains("2 missing: 3-4"), "{}", run.out);
    node.is_sound();

    let out = node.path("all.jsonl").display().to_string();
    assert_eq!(node.run(&["log", "export", "--out", &out]).status, Some(0));
    let key = node.key().display().to_string();
    let run = node.run(&["verify", &out, "--key", &key, "--format", "json"]);
    assert_eq!(run.status, Some(0), "{}", run.err);
    let of = |name: &str| {
        let sources = run.json()["sources"].as_array().expect("a list").clone();
        let source = sources.into_iter().find(|source| source["name"] == name).expect("it is there");
        (source["first"].clone(), source["last"].clone(), source["missing"].clone())
    };
    assert_eq!(of("mail-gw.1"), (json!(1), json!(5), json!(2)));
}

#[test]
fn nobody_closes_a_gap_behind_the_programs_back() {
    let node = Node::new();
    let service = Service::start(&node, "");
    let cookie = service.first("admin", "a long enough passphrase");
    for number in [1, 3] {
        assert_eq!(observe(&service, &cookie, &format!("source=a&number={number}")).status, 201);
    }
    beat(&service, &cookie, "a", 4);
    service.end();
    node.is_sound();
    let state = node.home().join("state.db");
    let backup = fs::read(&state).expect("read");
    for (sql, table) in [
        ("INSERT INTO source_numbers SELECT source, 2, record FROM source_numbers WHERE number = 1", "source_numbers"),
        ("UPDATE source_numbers SET number = 2 WHERE number = 3", "source_numbers"),
        ("UPDATE heartbeats SET number = 3", "heartbeats"),
        ("DELETE FROM heartbeats", "heartbeats"),
        ("UPDATE source_counts SET count = 3", "source_counts"),
        ("UPDATE source_counts SET whole = 3", "source_counts"),
        ("DELETE FROM source_counts", "source_counts"),
    ] {
        rusqlite::Connection::open(&state).expect("opened").execute_batch(sql).expect("edited");
        let run = node.run(&["audit", "--format", "json"]);
        let faults = run.json()["mismatches"].as_array().expect("a list").clone();
        assert!(run.status == Some(1) && faults.iter().any(|fault| fault["table"] == table), "{sql}: {}", run.out);
        for beside in ["state.db-wal", "state.db-shm"] {
            let _ = fs::remove_file(node.home().join(beside));
        }
        fs::write(&state, &backup).expect("put back");
    }
    node.is_sound();
}

#[test]
fn numbers_in_any_order_are_counted() {
    let node = Node::new();
    let service = Service::start(&node, "");
    let cookie = service.first("admin", "a long enough passphrase");
    for (number, missing, ranges) in [
        (3, 2, r#"[{"from":1,"to":2}]"#),
        (5, 3, r#"[{"from":1,"to":2},{"from":4,"to":4}]"#),
        (1, 2, r#"[{"from":2,"to":2},{"from":4,"to":4}]"#),
        (2, 1, r#"[{"from":4,"to":4}]"#),
        (6, 1, r#"[{"from":4,"to":4}]"#),
        (4, 0, "[]"),
        (7, 0, "[]"),
    ] {
        assert_eq!(observe(&service, &cookie, &format!("source=a&number={number}")).status, 201);
        let listed = service.browse(&cookie, "GET", "/api/v1/sources", None).json();
        assert_eq!(known(&listed["items"])[0].2, missing, "{number}");
        assert_eq!(known(&listed["items"])[0].3, ranges, "{number}");
    }
    service.end();
    node.is_sound();
}

#[test]
fn without_numbered_sources_there_is_nothing_to_miss() {
    let node = Node::new();
    node.check(&node.write("a.pkl", BAD_PICKLE));
    let run = node.run(&["log", "sources"]);
    assert_eq!(run.status, Some(0), "{}", run.err);
    assert!(run.out.contains("no source"), "{}", run.out);
}
