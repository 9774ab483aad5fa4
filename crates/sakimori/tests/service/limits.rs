//! What is beyond the limits is told when to come back.

use std::io::Write as _;

use serde_json::json;

use crate::client::{NOBODY, Serving, problem, until};
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
        std::io::Read::read_exact(&mut &answer, &mut line).expect("a status");
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
