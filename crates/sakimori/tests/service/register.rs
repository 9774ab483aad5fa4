//! The register of models over HTTP: may this run, with the proof, and a person's word.

use serde_json::json;

use crate::client::{Serving, problem};
use crate::common::{BAD_PICKLE, GOOD_SAFETENSORS};

#[test]
fn a_pipeline_asks_by_digest_and_gets_the_answer_with_its_proof() {
    let serving = Serving::start("");
    let administrator = serving.administrator();
    let pipeline = serving.token(&administrator, &["read"]);
    let node = &serving.node;
    node.write("llm/model.safetensors", GOOD_SAFETENSORS);
    node.write("llm/config.json", br#"{"model_type":"llama"}"#);
    let folder = node.path("llm").display().to_string();
    // The command line and the service work on one node.
    let run = node.run(&["vet", "--format", "jsonl", &folder]);
    assert_eq!(run.status, Some(0), "{}", run.err);
    let line = run.lines().pop().expect("an outcome");
    let model = line["sha256"].as_str().expect("a digest");
    let file = line["model"]["files"][1]["sha256"].as_str().expect("a digest");

    let answer = serving.get(&pipeline, &format!("/api/v1/admissions/{model}"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let told = answer.json();
    assert_eq!((&told["admitted"], &told["matched"]), (&true.into(), &"model".into()));
    assert_eq!((&told["models"][0]["standing"], &told["models"][0]["files_count"]), (&"admitted".into(), &2.into()));
    assert_eq!(told["models"][0]["outdated"], json!([]), "the service decides by the same rules and policy");
    let evidence = node.write("evidence.json", told["evidence"].to_string().as_bytes()).display().to_string();
    let verified = node.run(&["verify", &evidence, "--key", &node.key().display().to_string()]);
    assert_eq!(verified.status, Some(0), "{}{}", verified.out, verified.err);

    let of_file = serving.get(&pipeline, &format!("/api/v1/admissions/{file}")).json();
    assert_eq!((&of_file["admitted"], &of_file["matched"]), (&true.into(), &"file".into()));
    let unknown = serving.get(&pipeline, &format!("/api/v1/admissions/{}", "0".repeat(64)));
    assert_eq!((unknown.status, problem(&unknown)), (404, "SKM-E-0103".to_owned()), "unknown is not admitted");
    let bom = serving.get(&pipeline, &format!("/api/v1/admissions/{model}/bom"));
    assert_eq!((bom.status, &bom.json()["bomFormat"]), (200, &"CycloneDX".into()));
    assert_eq!(serving.get(&crate::client::Caller::default(), &format!("/api/v1/admissions/{model}")).status, 401);
    serving.ends_sound();
}

#[test]
fn approvers_admit_refuse_and_revoke_and_nobody_else() {
    let serving = Serving::start("");
    let administrator = serving.administrator();
    let [analyst, approver] = ["analyst", "approver"].map(|role| serving.person(&administrator, role));
    let decision = serving.decided(&analyst, "models/weights.safetensors", GOOD_SAFETENSORS);
    let wish = |state: &str| json!({ "decision": decision, "state": state, "owner": "the team", "note": "looked at" });
    assert_eq!(serving.post(&analyst, "/api/v1/admissions", &wish("admitted")).status, 403);
    let made = serving.post(&approver, "/api/v1/admissions", &wish("admitted"));
    assert_eq!(made.status, 201, "{}", made.text());
    let made = made.json();
    assert_eq!(
        (&made["standing"], &made["basis"], &made["name"]),
        (&"admitted".into(), &"person".into(), &"weights.safetensors".into())
    );
    assert!(made["expires"].is_string(), "no admission is for ever");
    let sha256 = made["sha256"].as_str().expect("a digest").to_owned();
    assert_eq!(serving.post(&approver, "/api/v1/admissions", &wish("revoked")).status, 201);
    let told = serving.get(&analyst, &format!("/api/v1/admissions/{sha256}")).json();
    assert_eq!((&told["admitted"], &told["models"][0]["owner"]), (&false.into(), &"the team".into()));
    for wrong in [
        json!({ "decision": decision, "state": "waiting" }),
        json!({ "decision": decision, "state": "revoked" }),
        json!({ "decision": decision, "state": "admitted", "expires": "2001-01-01T00:00:00Z" }),
        json!({ "decision": decision, "state": "admitted", "note": "x".repeat(2001) }),
    ] {
        let refused = serving.post(&approver, "/api/v1/admissions", &wrong);
        assert_eq!((refused.status, problem(&refused)), (422, "SKM-E-0108".to_owned()), "{wrong}");
    }
    let listed = serving.get(&analyst, "/api/v1/admissions?state=revoked").json();
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(1));
    serving.ends_sound();
}

#[test]
fn what_was_blocked_is_admitted_with_a_note_only() {
    let serving = Serving::start("");
    let administrator = serving.administrator();
    let decision = serving.decided(&administrator, "bad.pkl", BAD_PICKLE);
    let wish = |note: &str| json!({ "decision": decision, "state": "admitted", "note": note });
    let refused = serving.post(&administrator, "/api/v1/admissions", &wish(" "));
    assert_eq!((refused.status, problem(&refused)), (422, "SKM-E-0108".to_owned()));
    assert!(refused.json()["detail"].as_str().is_some_and(|why| why.contains("note")), "{}", refused.text());
    assert_eq!(serving.post(&administrator, "/api/v1/admissions", &wish("for the laboratory")).status, 201);
    serving.ends_sound();
}

#[test]
fn a_file_of_a_refused_model_is_not_admitted_by_another_one() {
    let serving = Serving::start("");
    let pipeline = serving.token(&serving.administrator(), &["read"]);
    let node = &serving.node;
    for (model, extra) in [("good", None), ("bad", Some(BAD_PICKLE))] {
        node.write(&format!("{model}/model.safetensors"), GOOD_SAFETENSORS);
        if let Some(bytes) = extra {
            node.write(&format!("{model}/extra.pkl"), bytes);
        } else {
            node.write(&format!("{model}/config.json"), b"{\"model_type\":\"llama\"}");
        }
        node.run(&["vet", &node.path(model).display().to_string()]);
    }
    let sha256 = sakimori_model::Digest::of(GOOD_SAFETENSORS);
    let told = serving.get(&pipeline, &format!("/api/v1/admissions/{sha256}")).json();
    assert_eq!((&told["admitted"], told["models"].as_array().map(Vec::len)), (&false.into(), Some(2)), "{told}");
    serving.ends_sound();
}
