//! Live lists (server-sent events), and the orderly end.

use std::fs;
use std::io::Write as _;
use std::net::TcpStream;

use serde_json::json;

use crate::client::{NOBODY, Serving, problem, until};
use crate::common::service;

#[test]
fn what_happens_is_told_at_once() {
    let serving = Serving::start("");
    let administrator = serving.administrator();
    let reader = serving.person(&administrator, "reader");
    let mut own = serving.listen(&administrator, &[]);
    let mut others = serving.listen(&reader, &[]);
    let hello = own.next(&["hello"]).expect("a hello");
    assert!(hello.data["index"].as_u64().is_some_and(|index| index > 0) && hello.id.is_none());
    let id = serving.decided(&administrator, "empty", b"");
    for stream in [&mut own, &mut others] {
        let told = stream.next(&["decision"]).expect("a decision");
        assert_eq!((&told.data["id"], &told.data["waiting"]), (&json!(id), &json!(true)));
        assert!(told.id >= hello.data["index"].as_u64());
    }
    let judged =
        serving.post(&administrator, &format!("/api/v1/decisions/{id}/judgements"), &json!({ "effect": "block" }));
    assert_eq!(judged.status, 201);
    assert_eq!(others.next(&["judgement"]).expect("a judgement").data, judged.json());
    let tus = [("tus-resumable", "1.0.0"), ("upload-length", "0")];
    assert_eq!(serving.ask(&administrator, "POST", "/api/v1/uploads", &tus, b"").status, 201);
    let job = own.next(&["job"]).expect("a job");
    assert_eq!((&job.data["kind"], job.id), (&json!("examine"), None));
    // The job's decision comes to everybody, the job itself to its owner only.
    assert_eq!(others.next(&["decision", "job"]).expect("an event").name, "decision");
    serving.ends_sound();
}

#[test]
fn it_is_ready_while_the_log_can_be_written() {
    let serving = Serving::start("");
    let administrator = serving.administrator();
    let ready = |status: u16| {
        until("readiness", || {
            let answer = serving.get(NOBODY, "/readyz");
            (answer.status == status).then(|| if status == 200 { answer.text() } else { problem(&answer) })
        })
    };
    assert_eq!(ready(200), "ready\n");
    let (pending, aside) = (serving.node.home().join("log/pending"), serving.node.home().join("log-pending"));
    fs::rename(&pending, &aside).expect("moved");
    fs::write(&pending, b"in the way of drafts").expect("written");
    assert_eq!(ready(503), "SKM-E-0121");
    fs::remove_file(&pending).expect("removed");
    fs::rename(&aside, &pending).expect("moved back");
    assert_eq!(ready(200), "ready\n");
    serving.decided(&administrator, "a", b"x");
    serving.ends_sound();
}

#[test]
fn a_listener_that_comes_back_misses_nothing_and_hears_nothing_twice() {
    let (serving, token) = Serving::with_token("");
    let mut last = None;
    let (mut told, mut made) = (Vec::new(), Vec::new());
    for round in 0..8 {
        let id = last.map(|last: u64| last.to_string()).unwrap_or_default();
        let headers = [("last-event-id", id.as_str())];
        let mut stream = serving.listen(&token, if id.is_empty() { &[] } else { &headers });
        stream.next(&["hello"]).expect("a hello");
        // Some arrive while it listens, and some while it is away.
        made.extend((0..3).map(|n| serving.decided(&token, &format!("{round}-{n}"), b"x")));
        let reads = if round == 7 { made.len() - told.len() } else { 1 + round % 3 };
        for _ in 0..reads.min(made.len() - told.len()) {
            let event = stream.next(&["decision", "gap"]).expect("an event");
            assert_eq!(event.name, "decision");
            told.push(event.data["id"].as_str().expect("an id").to_owned());
            last = event.id;
        }
    }
    assert_eq!(told, made);
}

#[test]
fn a_listener_that_is_far_behind_is_told_so() {
    let (serving, token) = Serving::with_token("");
    for n in 0..300 {
        serving.node.write(&format!("many/{n}"), b"x");
    }
    // Records of another process on the same folder count too.
    assert_eq!(serving.node.check(&serving.node.path("many")).len(), 300);
    let mut far = serving.listen(&token, &[("last-event-id", "1")]);
    assert_eq!(far.next(&["hello", "gap", "decision"]).expect("a hello").name, "hello");
    assert_eq!(far.next(&["gap", "decision"]).expect("an event").name, "gap");
    let size = serving.get(&token, "/api/v1/log").json()["size"].as_u64().expect("a size");
    let mut near = serving.listen(&token, &[("last-event-id", &(size - 3).to_string())]);
    let next = [(); 2].map(|()| near.next(&["gap", "decision"]).expect("an event"));
    assert_eq!(next.map(|event| event.id), [Some(size - 2), Some(size - 1)]);
    let id = serving.decided(&token, "new", b"y");
    for stream in [&mut far, &mut near] {
        assert_eq!(stream.next(&["decision"]).expect("a decision").data["id"], id, "both hear what comes now");
    }
}

#[test]
fn whoever_is_being_served_at_the_end_is_still_answered() {
    let (mut serving, token) = Serving::with_token("");
    let mut stream = serving.listen(&token, &[]);
    stream.next(&["hello"]).expect("a hello");
    let mut request = serving.begin(&token, "POST", "/api/v1/observations?name=last", &[], 10);
    request.write_all(b"12345").expect("sent");
    // The head was read when a request that came later was answered.
    serving.decided(&token, "before", b"x");
    serving.signal();
    until("the end of listening", || TcpStream::connect(&serving.service.address).is_err().then_some(()));
    while stream.next(&["decision", "job"]).is_some() {}
    request.write_all(b"67890").expect("sent");
    let answer = service::read(request, "POST");
    assert_eq!((answer.status, &answer.json()["size"]), (201, &json!(10)), "{}", answer.text());
    serving.has_ended();
    serving.node.is_sound();
    let proven = serving.node.run(&["prove", answer.json()["id"].as_str().expect("an id")]);
    assert_eq!(proven.status, Some(0), "{}", proven.err);
}
