//! Reading: lists, filters, entity tags, errors, headers, the public log.

use std::collections::BTreeSet;

use serde_json::json;

use crate::client::{Caller, NOBODY, Serving, all, problem};
use crate::common::{BAD_PICKLE, GOOD_SAFETENSORS};

#[test]
fn pages_show_every_row_once_while_new_ones_arrive() {
    let (serving, token) = Serving::with_token("");
    let old: BTreeSet<String> = (0..17).map(|n| serving.decided(&token, &format!("old-{n}"), BAD_PICKLE)).collect();
    for path in [
        "/api/v1/decisions?limit=3",
        "/api/v1/decisions?limit=3&effect=block&name=old",
        "/api/v1/records?limit=4&kind=decision",
    ] {
        let seen = serving.pages(&token, path, || drop(serving.decided(&token, "new", GOOD_SAFETENSORS)));
        let ids = all(&seen, "id");
        let different: BTreeSet<String> = ids.iter().map(|id| (*id).to_owned()).collect();
        assert_eq!(ids.len(), different.len(), "{path}: a row comes twice");
        assert!(old.is_subset(&different), "{path}: a row is missing");
        assert!(ids.is_sorted_by(|a, b| a > b), "{path}: newest first");
    }
    let seen = serving.pages(&token, "/api/v1/findings?limit=2", || drop(serving.decided(&token, "new", BAD_PICKLE)));
    let places: Vec<String> = seen.iter().map(|row| format!("{} {}", row["decision"], row["n"])).collect();
    assert_eq!(places.len(), places.iter().collect::<BTreeSet<_>>().len(), "a finding comes twice");
    assert!(old.iter().all(|id| places.iter().any(|place| place.contains(id))), "a finding is missing");
    let rules = serving.pages(&token, "/api/v1/rules?limit=7", || ());
    let ids: BTreeSet<String> = rules.iter().map(|rule| format!("{}{}", rule["id"], rule["sha256"])).collect();
    assert_eq!((ids.len(), rules.is_empty()), (rules.len(), false));
}

#[test]
fn filters_hold_together() {
    let (serving, token) = Serving::with_token("");
    let bad = serving.decided(&token, "mail/Bad.pkl", BAD_PICKLE);
    let good = serving.decided(&token, "good_1%25.safetensors", GOOD_SAFETENSORS);
    let empty = serving.decided(&token, "empty", b"");
    let middle = serving.get(&token, &format!("/api/v1/decisions/{good}")).json();
    let (sha256, observed) =
        (middle["sha256"].as_str().expect("a digest"), middle["observed"].as_str().expect("a time"));
    let observed = observed.replace('+', "%2B");
    for (filter, expected) in [
        ("", vec![&empty, &good, &bad]),
        ("effect=block", vec![&bad]),
        ("effect=allow", vec![&good]),
        ("waiting=true", vec![&empty]),
        ("waiting=false", vec![&good, &bad]),
        ("kind=pickle", vec![&bad]),
        ("kind=pickle&effect=allow", vec![]),
        ("name=bad", vec![&bad]),
        ("name=1%25.s", vec![&good]),
        ("name=_", vec![&good]),
        ("name=%25", vec![&good]),
        (&format!("sha256={sha256}"), vec![&good]),
        (&format!("since={observed}"), vec![&empty, &good]),
        (&format!("until={observed}"), vec![&bad]),
    ] {
        let found = serving.pages(&token, &format!("/api/v1/decisions?limit=50&{filter}"), || ());
        assert_eq!(all(&found, "id"), expected, "{filter}");
    }
    for bad in
        ["effect=no", "limit=0", "limit=201", "after=x", "since=yesterday", "sha256=00", "waiting=maybe", "unknown=1"]
    {
        assert_eq!(problem(&serving.get(&token, &format!("/api/v1/decisions?{bad}"))), "SKM-E-0105", "{bad}");
    }
    assert_eq!(
        serving.get(&token, "/api/v1/overview").json()["totals"],
        json!({ "allow": 1, "review": 1, "block": 1 })
    );
}

#[test]
fn what_is_known_already_is_not_sent_again() {
    let (serving, token) = Serving::with_token("");
    let id = serving.decided(&token, "empty", b"");
    let decision = format!("/api/v1/decisions/{id}");
    let paths = [
        decision.clone(),
        format!("/api/v1/records/{id}"),
        format!("/api/v1/records/{id}/proof"),
        "/api/v1/policies/active".to_owned(),
        "/api/v1/codes".to_owned(),
        "/api/v1/settings".to_owned(),
    ];
    for path in &paths {
        let first = serving.get(&token, path);
        let tag = first.header("etag").unwrap_or_else(|| panic!("{path} has no tag")).to_owned();
        for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()] {
            let again = serving.ask(&token, "GET", path, &[("if-none-match", &known)], b"");
            assert_eq!(
                (again.status, again.body.len(), again.header("etag")),
                (304, 0, Some(tag.as_str())),
                "{path} {known}"
            );
        }
        assert_eq!(serving.ask(&token, "GET", path, &[("if-none-match", "\"other\"")], b"").body, first.body, "{path}");
    }
    let before = serving.get(&token, &decision);
    let judged = serving.post(&token, &format!("{decision}/judgements"), &json!({ "effect": "allow" }));
    assert_eq!(judged.status, 201, "{}", judged.text());
    let known = [("if-none-match", before.header("etag").expect("a tag"))];
    assert_eq!(serving.ask(&token, "GET", &decision, &known, b"").status, 200, "what changed is sent again");
}

#[test]
fn errors_are_problems_in_the_language_of_the_caller() {
    let serving = Serving::start("");
    let person = serving.administrator();
    let title = |caller: &Caller, path: &str, headers: &[(&str, &str)]| {
        let answer = serving.ask(caller, "GET", path, headers, b"");
        assert_eq!(problem(&answer), "SKM-E-0103", "the code is the same in every language");
        (
            answer.header("content-language").map(str::to_owned),
            answer.json()["title"].as_str().expect("a title").to_owned(),
        )
    };
    let path = "/api/v1/decisions/00000000-0000-7000-8000-000000000000";
    let ja = title(&person, path, &[]);
    let en = title(&person, path, &[("accept-language", "en-US,en;q=0.9,ja;q=0.1")]);
    assert_eq!((ja.0.as_deref(), en.0.as_deref()), (Some("ja"), Some("en")));
    assert!(!ja.1.is_ascii() && en.1.is_ascii());
    let chosen = [("content-type", "application/json")];
    assert_eq!(serving.ask(&person, "PUT", "/api/v1/session/language", &chosen, br#"{"lang":"en"}"#).status, 204);
    assert_eq!(title(&person, path, &[("accept-language", "ja")]), en, "what the person chose wins over the browser");
    assert_eq!(title(&person, &format!("{path}?lang=ja"), &[]), ja);
    assert_eq!(title(NOBODY, "/api/v1/nothing", &[("cookie", "sakimori-lang=en")]).0, en.0);
}

#[test]
fn every_kind_of_mistake_has_its_code() {
    let (serving, token) = Serving::with_token("");
    let json = ("content-type", "application/json");
    let id = "00000000-0000-7000-8000-000000000000";
    let judge = format!("/api/v1/decisions/{id}/judgements");
    for (caller, method, path, header, body, status, code) in [
        (NOBODY, "GET", "/api/v1/decisions", json, "", 401, "SKM-E-0101"),
        (
            &Caller(vec![("authorization".into(), "Bearer skm_no".into())]),
            "GET",
            "/api/v1/decisions",
            json,
            "",
            401,
            "SKM-E-0101",
        ),
        (&token, "PUT", "/api/v1/session/language", json, "{}", 403, "SKM-E-0102"),
        (&token, "GET", "/api/v1/decisions/no-id", json, "", 404, "SKM-E-0103"),
        (&token, "GET", "/api/v1/nothing", json, "", 404, "SKM-E-0103"),
        (&token, "GET", "/missing.js", json, "", 404, "SKM-E-0103"),
        (&token, "POST", judge.as_str(), json, "{\"effect\":\"allow\"}", 404, "SKM-E-0103"),
        (&token, "POST", judge.as_str(), json, "{", 400, "SKM-E-0105"),
        (&token, "POST", judge.as_str(), json, "{\"effect\":\"no\"}", 422, "SKM-E-0108"),
        (&token, "POST", judge.as_str(), json, "{\"effect\":\"allow\",\"more\":1}", 422, "SKM-E-0108"),
        (&token, "POST", judge.as_str(), ("content-type", "text/plain"), "{}", 415, "SKM-E-0107"),
        (&token, "GET", "/api/v1/overview?days=91", json, "", 400, "SKM-E-0105"),
    ] {
        let answer = serving.ask(caller, method, path, &[header], body.as_bytes());
        assert_eq!((answer.status, problem(&answer).as_str()), (status, code), "{method} {path} {body}");
        assert_eq!(answer.header("www-authenticate").is_some(), status == 401, "{method} {path}");
    }
    for (method, path, allowed) in [
        ("PUT", "/api/v1/decisions", "GET"),
        ("POST", "/healthz", "GET"),
        ("DELETE", "/check", "POST"),
        ("PATCH", "/api/v1/session", "DELETE"),
        ("GET", "/api/v1/observations", "POST"),
    ] {
        let answer = serving.ask(NOBODY, method, path, &[], b"");
        assert_eq!((answer.status, problem(&answer).as_str()), (405, "SKM-E-0104"), "{method} {path}");
        assert!(
            answer.header("allow").is_some_and(|allow| allow.contains(allowed)),
            "{method} {path}: {:?}",
            answer.headers
        );
    }
    for host in ["evil.example", "evil.example:80", "localhost.evil.example", "127.0.0.1.evil.example"] {
        let answer = serving.ask(&token, "GET", "/api/v1/decisions", &[("host", host)], b"");
        assert_eq!((answer.status, problem(&answer).as_str()), (421, "SKM-E-0116"), "{host}");
    }
}

#[test]
fn every_answer_has_the_protective_headers() {
    let (serving, token) = Serving::with_token("");
    let elsewhere: &[(&str, &str)] = &[("host", "evil.example")];
    for (caller, method, path, headers) in [
        (NOBODY, "GET", "/", &[][..]),
        (NOBODY, "GET", "/check", &[]),
        (NOBODY, "GET", "/check.css", &[]),
        (NOBODY, "GET", "/healthz", &[]),
        (NOBODY, "GET", "/log/checkpoint", &[]),
        (NOBODY, "GET", "/api/openapi.json", &[]),
        (NOBODY, "GET", "/missing.js", &[]),
        (NOBODY, "GET", "/api/v1/decisions", &[]),
        (&token, "GET", "/api/v1/decisions", &[]),
        (&token, "GET", "/metrics", &[]),
        (&token, "PUT", "/api/v1/decisions", &[]),
        (&token, "GET", "/api/v1/decisions", elsewhere),
        (NOBODY, "POST", "/check", &[]),
    ] {
        let answer = serving.ask(caller, method, path, headers, b"");
        let policy =
            answer.header("content-security-policy").unwrap_or_else(|| panic!("{method} {path} has no policy"));
        for part in ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"] {
            assert!(policy.contains(part), "{method} {path}: {policy}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains("http"), "{method} {path}: {policy}");
        assert_eq!(policy.contains("script-src"), !path.starts_with("/check"), "{method} {path}: {policy}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("x-frame-options", "DENY"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{method} {path}");
        }
        assert!(answer.header("permissions-policy").is_some() && answer.header("server").is_none(), "{method} {path}");
        if path.starts_with("/api/v1") {
            assert!(answer.header("cache-control").is_some_and(|cache| cache.contains("no-")), "{method} {path}");
        }
    }
}

#[test]
fn the_public_log_and_nothing_else_of_the_folder_is_handed_out() {
    let (serving, token) = Serving::with_token("");
    serving.decided(&token, "a", BAD_PICKLE);
    let head = serving.get(NOBODY, "/api/v1/log").json();
    assert_eq!(serving.get(NOBODY, "/log/checkpoint").text(), head["checkpoint"].as_str().expect("a checkpoint"));
    let size = head["size"].as_u64().expect("a size");
    let folder = serving.node.home().join("log");
    for tile in [format!("tile/0/000.p/{size}"), format!("tile/entries/000.p/{size}")] {
        let served = serving.get(NOBODY, &format!("/log/{tile}"));
        assert_eq!((served.status, served.body), (200, std::fs::read(folder.join(&tile)).expect("a tile")), "{tile}");
        assert!(served.headers.iter().any(|(_, value)| value.contains("immutable")));
    }
    assert!(serving.node.home().join("key").is_file() && serving.node.home().join("state.db").is_file());
    for path in [
        "../key",
        "..%2fkey",
        "%2e%2e/key",
        "tile/../../key",
        "tile/0/..%2f..%2f..%2fkey",
        "./../key",
        "lock",
        "tile",
        "tile/",
        "",
        "tile/0/../../../key",
        "%2fetc%2fpasswd",
        "//etc/passwd",
        "checkpoint/../../key",
        "checkpoint%00",
        "tile/0/000.p/0001",
        "..",
    ] {
        let refused = serving.get(NOBODY, &format!("/log/{path}"));
        assert_eq!(refused.status, 404, "{path}: {}", refused.text());
        problem(&refused);
    }
}

#[test]
fn what_is_counted_is_for_readers_or_for_everybody_when_it_is_said() {
    let (serving, token) = Serving::with_token("");
    assert_eq!(serving.get(NOBODY, "/metrics").status, 401);
    serving.decided(&token, "a", BAD_PICKLE);
    let text = serving.get(&token, "/metrics").text();
    assert!(text.contains("sakimori_decisions_total{effect=\"block\"} 1\n"), "{text}");
    assert!(text.ends_with("# EOF\n"), "{text}");
    assert!(!text.contains("route=\"/nothing"));
    let open = Serving::start("metrics = \"public\"");
    assert_eq!(open.get(NOBODY, "/metrics").status, 200);
}
