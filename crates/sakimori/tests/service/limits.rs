//! What is beyond the limits is told when to come back.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::json;

use crate::client::{NOBODY, PATIENCE, Serving, problem, until};
use crate::common::service::{self, Answer};

/// The seconds after which one may try again.
fn later(answer: &Answer) -> u64 {
    answer.header("retry-after").and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{:?}", answer.headers))
}

#[test]
fn requests_beyond_the_limit_are_told_to_come_back() {
    let (serving, token) = Serving::with_token("[limits]\nrequests_max = 2");
    let mut held = [(); 2].map(|()| serving.begin(&token, "POST", "/api/v1/observations?name=held", &[], 4));
    let refused = until("a refusal", || Some(serving.get(NOBODY, "/healthz")).filter(|answer| answer.status != 200));
    assert_eq!((refused.status, problem(&refused).as_str()), (503, "SKM-E-0113"));
    assert!(later(&refused) >= 1);
    for stream in &mut held {
        stream.write_all(b"1234").expect("sent");
    }
    for stream in held {
        assert_eq!(service::read(stream, "POST").status, 201);
    }
    assert_eq!(serving.get(NOBODY, "/healthz").status, 200, "and then there is room again");
}

#[test]
fn live_streams_beyond_the_limit_are_told_to_come_back() {
    let (serving, token) = Serving::with_token("[limits]\nstreams_max = 1");
    let mut first = serving.listen(&token, &[]);
    first.next(&["hello"]).expect("a hello");
    let refused = serving.get(&token, "/api/v1/events");
    assert_eq!((refused.status, problem(&refused).as_str()), (503, "SKM-E-0113"));
    assert!(later(&refused) >= 1);
    drop(first);
    // The service notices with the next thing that it wants to say.
    until("room", || {
        serving.decided(&token, "news", b"x");
        let answer = serving.begin(&token, "GET", "/api/v1/events", &[], 0);
        let mut line = [0; 12];
        (&answer).read_exact(&mut line).expect("a status");
        line.ends_with(b"200").then_some(())
    });
}

#[test]
fn checks_and_uploads_beyond_the_limit_are_told_to_come_back() {
    let (serving, token) = Serving::with_token("[limits]\nchecks_a_minute_max = 2\nuploads_open_max = 1");
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let check = || serving.ask(NOBODY, "POST", "/check", &form, b"text=hello");
    assert_eq!([check().status, check().status], [200, 200]);
    let refused = check();
    assert_eq!((refused.status, refused.header("content-type")), (429, Some("text/html; charset=utf-8")));
    assert!((1..=60).contains(&later(&refused)));
    assert_eq!(serving.get(NOBODY, "/check").status, 200, "the empty form is for everybody");
    let tus = [("tus-resumable", "1.0.0"), ("upload-length", "5")];
    let begin = || serving.ask(&token, "POST", "/api/v1/uploads", &tus, b"");
    assert_eq!(begin().status, 201);
    let refused = begin();
    assert_eq!((refused.status, problem(&refused).as_str()), (429, "SKM-E-0111"));
    assert!(later(&refused) >= 1);
    let settings = serving.get(&token, "/api/v1/settings").json();
    assert_eq!(settings["config"]["limits"]["uploads_open_max"], json!(1));
}

#[test]
fn connections_beyond_the_limit_are_closed_until_there_is_room() {
    let (serving, token) = Serving::with_token("[limits]\nconnections_max = 2");
    // Those of the sign-in before may still be about to close.
    let mut held = [(); 2].map(|()| {
        until("room", || {
            let mut stream = serving.begin(&token, "POST", "/api/v1/observations?name=held", &[], 4);
            stream.write_all(b"12").expect("sent");
            is_open(&mut stream).then_some(stream)
        })
    });
    let mut third = TcpStream::connect(&serving.service.address).expect("connected");
    assert!(!is_open(&mut third), "there is no room");
    let [first, second] = &mut held;
    first.write_all(b"34").expect("sent");
    assert_eq!(service::read(first.try_clone().expect("a handle"), "POST").status, 201);
    until("room", || {
        let mut next = TcpStream::connect(&serving.service.address).expect("connected");
        is_open(&mut next).then_some(())
    });
    second.write_all(b"34").expect("sent");
    assert_eq!(
        service::read(second.try_clone().expect("a handle"), "POST").status,
        201,
        "whoever has a place keeps it"
    );
}

/// True when the other side does not close within a moment.
fn is_open(stream: &mut TcpStream) -> bool {
    stream.set_read_timeout(Some(Duration::from_millis(300))).expect("a limit");
    let read = stream.read(&mut [0]);
    stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
    read.is_err_and(|error| matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut))
}
