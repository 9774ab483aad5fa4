//! Submitting bytes, and doing it once however often it is asked.

use serde_json::json;

use crate::client::{Caller, NOBODY, Serving, all, problem};
use crate::common::{BAD_PICKLE, GOOD_SAFETENSORS};

#[test]
fn what_is_submitted_is_decided_recorded_and_proven() {
    let (serving, token) = Serving::with_token("");
    let made = serving.observe(&token, "bad.pkl", BAD_PICKLE);
    assert_eq!(made.status, 201, "{}", made.text());
    let decision = made.json();
    let (id, effect) = (decision["id"].as_str().expect("an id"), decision["effect"].as_str());
    assert_eq!(
        (effect, decision["kind"].as_str(), decision["waiting"].as_bool()),
        (Some("block"), Some("pickle"), Some(false))
    );
    assert_eq!(made.header("location"), Some(format!("/api/v1/decisions/{id}").as_str()));
    let mut read = serving.get(&token, made.header("location").expect("a location")).json();
    assert_eq!(read["by"]["name"], "admin");
    assert_eq!(read["receipt"]["record"], id);
    read["content"] = decision["content"].clone();
    assert_eq!(read, decision, "the answer to the submission is what can be read later");
    let statement = serving.get(&token, &format!("/api/v1/records/{id}")).json();
    assert_eq!(statement["predicate"]["decision"]["effect"], "block");
    let proof = serving.get(&token, &format!("/api/v1/records/{id}/proof"));
    assert_eq!(proof.header("content-type"), Some("application/vnd.sakimori.evidence.v1+json"));
    let bundle = serving.node.write("proof.json", &proof.body).display().to_string();
    let key = serving.get(NOBODY, "/log/key");
    let key = serving.node.write("log.pub", &key.body).display().to_string();
    let run = serving.node.run(&["verify", &bundle, "--key", &key, "--format", "json"]);
    assert_eq!(run.status, Some(0), "{}{}", run.out, run.err);
    assert_eq!(run.json()["statement"], statement);
    serving.ends_sound();
}

fn named(serving: &Serving, caller: &Caller, key: &str, name: &str, bytes: &[u8]) -> crate::common::service::Answer {
    let path = format!("/api/v1/observations?name={name}");
    serving.ask(caller, "POST", &path, &[("idempotency-key", key)], bytes)
}

#[test]
fn a_named_submission_is_recorded_once() {
    let (serving, token) = Serving::with_token("");
    let first = named(&serving, &token, "k1", "a", GOOD_SAFETENSORS);
    let again = named(&serving, &token, "k1", "a", GOOD_SAFETENSORS);
    assert_eq!((first.status, again.status), (201, 201), "{}", again.text());
    assert_eq!(first.json(), again.json());
    for (name, bytes) in [("a", BAD_PICKLE), ("b", GOOD_SAFETENSORS)] {
        let other = named(&serving, &token, "k1", name, bytes);
        assert_eq!((other.status, problem(&other).as_str()), (422, "SKM-E-0117"));
    }
    for bad in ["", &"k".repeat(129), "with space", "ü"] {
        assert_eq!(problem(&named(&serving, &token, bad, "a", GOOD_SAFETENSORS)), "SKM-E-0105", "{bad}");
    }
    let all_at_once: Vec<String> = std::thread::scope(|scope| {
        let threads = [(); 6].map(|()| scope.spawn(|| named(&serving, &token, "k2", "c", BAD_PICKLE)));
        threads
            .map(|thread| thread.join().expect("answered"))
            .iter()
            .map(|answer| answer.json()["id"].to_string())
            .collect()
    });
    assert!(all_at_once.iter().all(|id| *id == all_at_once[0]), "{all_at_once:?}");
    assert_eq!(serving.pages(&token, "/api/v1/decisions?limit=50", || ()).len(), 2);
    serving.ends_sound();
}

#[test]
fn a_name_belongs_to_its_caller() {
    let serving = Serving::start("");
    let administrator = serving.administrator();
    let analyst = serving.person(&administrator, "analyst");
    let one = named(&serving, &administrator, "same", "a", BAD_PICKLE).json();
    let two = named(&serving, &analyst, "same", "a", BAD_PICKLE).json();
    assert_ne!(one["id"], two["id"]);
    assert_eq!((&one["by"]["name"], &two["by"]["name"]), (&json!("admin"), &json!("analyst")));
}

#[test]
fn a_body_that_is_too_large_or_a_form_is_refused() {
    let (serving, token) = Serving::with_token("");
    let large = vec![0; 8 * 1024 * 1024 + 1];
    let refused = serving.observe(&token, "large", &large);
    assert_eq!((refused.status, problem(&refused).as_str()), (413, "SKM-E-0106"));
    for kind in ["multipart/form-data; boundary=x", "application/x-www-form-urlencoded"] {
        let refused = serving.ask(&token, "POST", "/api/v1/observations", &[("content-type", kind)], b"a=b");
        assert_eq!((refused.status, problem(&refused).as_str()), (415, "SKM-E-0107"));
    }
    for name in ["", "%20", &"n".repeat(1025)] {
        assert_eq!(problem(&serving.observe(&token, name, b"x")), "SKM-E-0108", "{name}");
    }
    let text = format!("{{\"text\":\"{}\"}}", "x".repeat(8 * 1024 * 1024));
    let json = [("content-type", "application/json")];
    assert_eq!(problem(&serving.ask(&token, "POST", "/api/v1/policies/test", &json, text.as_bytes())), "SKM-E-0106");
    // More than is held in memory, and nothing at all.
    let middle = serving.observe(&token, "middle", &vec![b'x'; 700_000]).json();
    assert_eq!(middle["size"], 700_000);
    assert_eq!(serving.observe(&token, "nothing", b"").json()["size"], 0);
    let left: Vec<_> = serving.pages(&token, "/api/v1/decisions?limit=50", || ());
    assert_eq!(all(&left, "name"), ["nothing", "middle"], "what was refused is not recorded");
    serving.ends_sound();
}

#[test]
fn a_body_that_breaks_off_is_not_recorded() {
    let (serving, token) = Serving::with_token("");
    for len in [100, 600_000] {
        let mut stream = serving.begin(&token, "POST", "/api/v1/observations?name=broken", &[], len + 1);
        std::io::Write::write_all(&mut stream, &vec![b'x'; len]).expect("sent");
        stream.shutdown(std::net::Shutdown::Write).expect("closed");
        // Nobody may be told; if there is an answer, it is no success.
        let mut answer = Vec::new();
        let _ = std::io::Read::read_to_end(&mut stream, &mut answer);
        assert!(!answer.starts_with(b"HTTP/1.1 2"), "{}", String::from_utf8_lossy(&answer));
    }
    assert!(serving.pages(&token, "/api/v1/decisions?limit=50", || ()).is_empty());
    serving.ends_sound();
}
