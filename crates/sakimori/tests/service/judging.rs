//! Judgements, the policy, and the content around findings.

use serde_json::{Value, json};

use crate::client::{Caller, Serving, problem};
use crate::common::{BAD_PICKLE, GOOD_SAFETENSORS};

#[test]
fn analysts_judge_what_waits_and_approvers_lift_blocks() {
    let serving = Serving::start("");
    let administrator = serving.administrator();
    let [reader, analyst, approver] =
        ["reader", "analyst", "approver"].map(|role| serving.person(&administrator, role));
    let waiting = serving.decided(&analyst, "empty", b"");
    let blocked = serving.decided(&analyst, "bad", BAD_PICKLE);
    let judge = |caller: &Caller, of: &str, effect: &str| {
        serving.post(
            caller,
            &format!("/api/v1/decisions/{of}/judgements"),
            &json!({ "effect": effect, "note": "because" }),
        )
    };
    let refused = |answer: &crate::common::service::Answer| (answer.status, problem(answer));
    assert_eq!(refused(&judge(&reader, &waiting, "allow")), (403, "SKM-E-0102".to_owned()));
    assert_eq!(
        refused(&judge(&serving.token(&analyst, &["read", "observe"]), &waiting, "allow")),
        (403, "SKM-E-0102".to_owned())
    );
    assert_eq!(refused(&judge(&analyst, &waiting, "review")), (422, "SKM-E-0108".to_owned()));
    let judged = judge(&analyst, &waiting, "allow");
    assert_eq!(judged.status, 201, "{}", judged.text());
    let judged = judged.json();
    assert_eq!(
        (&judged["of"], &judged["note"], &judged["by"]["name"]),
        (&json!(waiting), &json!("because"), &json!("analyst"))
    );
    assert_eq!(refused(&judge(&analyst, &waiting, "allow")), (409, "SKM-E-0122".to_owned()));
    assert_eq!(refused(&judge(&analyst, &blocked, "block")), (409, "SKM-E-0122".to_owned()));
    assert_eq!(refused(&judge(&analyst, &blocked, "allow")), (403, "SKM-E-0102".to_owned()));
    assert_eq!(judge(&approver, &blocked, "allow").status, 201);
    assert_eq!(judge(&analyst, &blocked, "block").status, 201, "to be stricter again is for analysts");
    let long = json!({ "effect": "block", "note": "x".repeat(2001) });
    assert_eq!(
        problem(&serving.post(&analyst, &format!("/api/v1/decisions/{waiting}/judgements"), &long)),
        "SKM-E-0108"
    );
    let read = serving.get(&reader, &format!("/api/v1/decisions/{blocked}")).json();
    let effects: Vec<&Value> = read["judgements"].as_array().expect("a list").iter().map(|j| &j["effect"]).collect();
    assert_eq!(effects, ["allow", "block"]);
    assert_eq!(
        (&read["effect"], &read["judgement"]["effect"]),
        (&json!("block"), &json!("block")),
        "what was decided stays"
    );
    assert!(serving.pages(&reader, "/api/v1/decisions?waiting=true&limit=9", || ()).is_empty());
    let record = judged["record"].as_str().expect("an id");
    assert_eq!(
        serving.get(&reader, &format!("/api/v1/records/{record}/proof")).status,
        200,
        "a judgement is proven too"
    );
    serving.ends_sound();
}

#[test]
fn one_judgement_however_many_ask_at_once() {
    let (serving, token) = Serving::with_token("");
    let id = serving.decided(&token, "empty", b"");
    let path = format!("/api/v1/decisions/{id}/judgements");
    let body = json!({ "effect": "allow" });
    let at_once = |headers: &[(&str, &str)]| {
        std::thread::scope(|scope| {
            let ask = || serving.ask(&token, "POST", &path, headers, body.to_string().as_bytes());
            [(); 4].map(|()| scope.spawn(ask)).map(|thread| thread.join().expect("answered"))
        })
    };
    let json = ("content-type", "application/json");
    let statuses = at_once(&[json]).map(|answer| answer.status);
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [201, 409].contains(status)), "{statuses:?}");
    let id = serving.decided(&token, "empty-2", b"");
    let path = format!("/api/v1/decisions/{id}/judgements");
    let headers = [json, ("idempotency-key", "once")];
    let named = std::thread::scope(|scope| {
        let ask = || serving.ask(&token, "POST", &path, &headers, body.to_string().as_bytes());
        [(); 4].map(|()| scope.spawn(ask)).map(|thread| thread.join().expect("answered").json()["record"].to_string())
    });
    assert!(named.iter().all(|record| *record == named[0] && record.len() == 38), "{named:?}");
    serving.ends_sound();
}

const STRICT: &str =
    "id = 'strict'\n[[rule]]\nid = 'all'\neffect = 'block'\nscore = -1000\ntext = { ja = 'x', en = 'x' }\n";

#[test]
fn a_policy_is_tried_then_activated_and_decides_from_then_on() {
    let (mut serving, token) = Serving::with_token("");
    let before = serving.decided(&token, "good", GOOD_SAFETENSORS);
    serving.decided(&token, "bad", BAD_PICKLE);
    let job = serving.post(&token, "/api/v1/policies/test", &json!({ "text": STRICT }));
    assert_eq!(job.status, 202, "{}", job.text());
    let job = serving.job(&token, job.json()["id"].as_str().expect("an id"));
    assert_eq!(
        (&job["state"], &job["kind"], &job["unit"]),
        (&json!("done"), &json!("policy-test"), &json!("decisions")),
        "{job}"
    );
    assert_eq!(job["result"]["changes"], json!([{ "from": "allow", "to": "block", "count": 1 }]), "{job}");
    assert_eq!(
        (&job["result"]["decisions"], &job["result"]["examples"][0]["id"]),
        (&json!(2), &json!(before)),
        "{job}"
    );
    assert_eq!(
        serving.get(&token, "/api/v1/policies/active").json()["id"],
        "sakimori-default-1",
        "a test activates nothing"
    );
    for path in ["/api/v1/policies", "/api/v1/policies/test"] {
        for wrong in ["id = 'x'\n[[rule]]\nid = \n", "id = 'x'\nunknown = 1\n"] {
            let refused = serving.post(&token, path, &json!({ "text": wrong }));
            assert_eq!((refused.status, problem(&refused).as_str()), (422, "SKM-E-0120"));
            let detail = refused.json()["detail"].as_str().expect("a detail").to_owned();
            assert!(detail.contains("line ") && detail.contains("column "), "{detail}");
        }
        // A rule that can't be applied is named before anybody relies on it.
        let wrong = json!({ "text": "id = 'x'\n[[rule]]\nid = 'half'\neffect = 'block'\n" });
        let refused = serving.post(&token, path, &wrong);
        assert_eq!((refused.status, problem(&refused).as_str()), (422, "SKM-E-0120"));
        assert!(refused.text().contains("rule half"), "{}", refused.text());
    }
    let key = [("content-type", "application/json"), ("idempotency-key", "p")];
    let body = json!({ "text": STRICT }).to_string();
    let made = serving.ask(&token, "POST", "/api/v1/policies", &key, body.as_bytes());
    assert_eq!((made.status, &made.json()["active"], &made.json()["by"]["name"]), (201, &json!(true), &json!("admin")));
    let again = serving.ask(&token, "POST", "/api/v1/policies", &key, body.as_bytes());
    assert_eq!(made.json(), again.json());
    let decide = |serving: &Serving| serving.observe(&token, "good", GOOD_SAFETENSORS).json()["effect"].clone();
    assert_eq!(decide(&serving), "block");
    serving.restart();
    assert_eq!(decide(&serving), "block", "it survives a restart");
    let late = serving.decided(&token, "late", GOOD_SAFETENSORS);
    let trace = serving.get(&token, &format!("/api/v1/trace/{late}?way=up")).json();
    let activation = trace["items"].as_array().expect("items").iter().find(|item| item["kind"] == "activation");
    let activation = activation.expect("what put the policy into force");
    assert_eq!((&activation["says"], &activation["by"]["name"]), (&json!("strict"), &json!("admin")));
    let links = trace["links"].as_array().expect("links");
    assert!(links.iter().any(|link| link["to"] == activation["id"] && link["how"] == "influenced-by"), "{trace}");
    let listed = serving.get(&token, "/api/v1/policies").json();
    let listed: Vec<_> =
        listed["items"].as_array().expect("a list").iter().map(|p| (p["id"].clone(), p["active"].clone())).collect();
    assert_eq!(listed, [(json!("strict"), json!(true)), (json!("sakimori-default-1"), json!(false))]);
    assert_eq!(
        serving.get(&token, &format!("/api/v1/decisions/{before}")).json()["effect"],
        "allow",
        "what was decided stays"
    );
    serving.ends_sound();
}

#[test]
fn the_policy_that_was_recorded_last_decides_however_many_change_it() {
    let (serving, token) = Serving::with_token("");
    std::thread::scope(|scope| {
        for n in 0..6 {
            let (serving, token) = (&serving, &token);
            scope.spawn(move || {
                let text = STRICT.replace("'strict'", &format!("'strict-{n}'"));
                assert_eq!(serving.post(token, "/api/v1/policies", &json!({ "text": text })).status, 201);
            });
        }
    });
    let active = serving.get(&token, "/api/v1/policies/active").json()["id"].clone();
    assert_eq!(serving.observe(&token, "a", b"x").json()["decision"]["policy"]["id"], active);
    serving.ends_sound();
}

#[test]
fn content_is_shown_around_a_finding_while_it_is_kept() {
    let (serving, token) = Serving::with_token("");
    let id = serving.decided(&token, "bad", BAD_PICKLE);
    assert_eq!(serving.get(&token, &format!("/api/v1/decisions/{id}")).json()["content"], true);
    let shown = serving.get(&token, &format!("/api/v1/decisions/{id}/content?finding=0"));
    assert_eq!((shown.status, shown.header("content-type")), (200, Some("application/json")), "{}", shown.text());
    let shown = shown.json();
    assert_eq!(shown["form"], "hex");
    assert!(
        shown["rows"][0]["text"].as_str().is_some_and(|text| text.replace(' ', "").starts_with("636f730a")),
        "{shown}"
    );
    assert_eq!(problem(&serving.get(&token, &format!("/api/v1/decisions/{id}/content?finding=99"))), "SKM-E-0103");
    assert_eq!(problem(&serving.get(&token, &format!("/api/v1/decisions/{id}/content"))), "SKM-E-0105");

    let (forgetful, token) = Serving::with_token("content_days = 0");
    let id = forgetful.decided(&token, "bad", BAD_PICKLE);
    assert_eq!(forgetful.get(&token, &format!("/api/v1/decisions/{id}")).json()["content"], false);
    let gone = forgetful.get(&token, &format!("/api/v1/decisions/{id}/content?finding=0"));
    assert_eq!((gone.status, problem(&gone).as_str()), (404, "SKM-E-0119"));
    let folder = forgetful.node.home().join("content");
    assert!(!folder.exists() || std::fs::read_dir(folder).expect("a folder").next().is_none(), "no bytes are kept");
}
