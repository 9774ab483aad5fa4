//! Uploads in pieces (tus 1.0.0), and the jobs that they become.

use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::client::{Caller, Serving, all, problem, until};
use crate::common::BAD_PICKLE;
use crate::common::service::{self, Answer};

const TUS: (&str, &str) = ("tus-resumable", "1.0.0");
const PIECE: (&str, &str) = ("content-type", "application/offset+octet-stream");

/// Begins an upload of this size, called `piece`; its path.
fn begin(serving: &Serving, caller: &Caller, size: usize) -> String {
    let headers = [TUS, ("upload-length", &size.to_string()), ("upload-metadata", "name cGllY2U=")];
    let made = serving.ask(caller, "POST", "/api/v1/uploads", &headers, b"");
    assert_eq!((made.status, made.header("tus-resumable")), (201, Some("1.0.0")), "{}", made.text());
    made.header("location").expect("a location").to_owned()
}

fn piece(serving: &Serving, caller: &Caller, path: &str, offset: usize, bytes: &[u8]) -> Answer {
    serving.ask(caller, "PATCH", path, &[TUS, PIECE, ("upload-offset", &offset.to_string())], bytes)
}

fn offset(serving: &Serving, caller: &Caller, path: &str) -> usize {
    let head = serving.ask(caller, "HEAD", path, &[TUS], b"");
    assert_eq!(head.status, 200);
    head.header("upload-offset").and_then(|offset| offset.parse().ok()).expect("an offset")
}

fn job_of(answer: &Answer) -> String {
    assert!([201, 204].contains(&answer.status), "{}", answer.text());
    answer.header("sakimori-job").expect("a job").to_owned()
}

#[test]
fn an_upload_bears_the_number_of_its_source() {
    let (serving, token) = Serving::with_token("");
    let begun = |source: &str, number: &str| {
        let metadata = format!("name cGllY2U=,source {},number {}", STANDARD.encode(source), STANDARD.encode(number));
        let headers = [TUS, ("upload-length", "3"), ("upload-metadata", metadata.as_str())];
        serving.ask(&token, "POST", "/api/v1/uploads", &headers, b"")
    };
    let at = |answer: &Answer| answer.header("location").expect("a location").to_owned();
    let ended = |path: &str| serving.job(&token, &job_of(&piece(&serving, &token, path, 0, b"abc")));
    // Two begin before either has ended: the number is that of the first one that comes to its end.
    let (first, second) = (at(&begun("scanner", "2")), at(&begun("scanner", "2")));
    let record = ended(&second)["result"]["record"].as_str().expect("a record").to_owned();
    let late = ended(&first);
    assert!(late["state"] == "failed" && late["problem"]["detail"].to_string().contains(&record), "{late}");
    assert_eq!(late["problem"]["code"], "SKM-E-0132");
    let used = begun("scanner", "2");
    assert_eq!((used.status, problem(&used).as_str()), (409, "SKM-E-0132"));
    let sources = serving.ask(&token, "GET", "/api/v1/sources", &[], b"").json();
    assert_eq!(sources["items"][0]["ranges"], json!([{ "from": 1, "to": 1 }]), "{sources}");
    for (source, number) in [("scanner", "0"), ("scanner", "x"), ("a b", "1"), ("", "1")] {
        assert_eq!(begun(source, number).status, 422, "{source} {number}");
    }
    serving.node.is_sound();
}

#[test]
fn an_upload_is_continued_where_it_broke_off() {
    let (serving, token) = Serving::with_token("");
    let options = serving.ask(&token, "OPTIONS", "/api/v1/uploads", &[], b"");
    assert_eq!((options.status, options.header("tus-version")), (204, Some("1.0.0")));
    assert_eq!(options.header("tus-extension"), Some("creation,termination"));
    let bytes: Vec<u8> = BAD_PICKLE.iter().copied().chain((0..300_000u32).map(|n| n.to_le_bytes()[1])).collect();
    let path = begin(&serving, &token, bytes.len());
    assert_eq!(piece(&serving, &token, &path, 0, &bytes[..10]).header("upload-offset"), Some("10"));
    // The next piece breaks off in its middle.
    let mut broken = serving.begin(&token, "PATCH", &path, &[TUS, PIECE, ("upload-offset", "10")], bytes.len() - 10);
    broken.write_all(&bytes[10..100_010]).expect("sent");
    until("what was sent before the break", || (offset(&serving, &token, &path) == 100_010).then_some(()));
    let taken = piece(&serving, &token, &path, 100_010, b"x");
    assert_eq!((taken.status, problem(&taken).as_str()), (409, "SKM-E-0109"), "nobody else may write meanwhile");
    drop(broken);
    until("the end of the broken piece", || {
        let wrong = piece(&serving, &token, &path, 5, b"x");
        assert_eq!(wrong.status, 409);
        (problem(&wrong) == "SKM-E-0118").then_some(())
    });
    assert_eq!(offset(&serving, &token, &path), 100_010);
    let done = piece(&serving, &token, &path, 100_010, &bytes[100_010..]);
    let job = serving.job(&token, &job_of(&done));
    assert_eq!((&job["state"], &job["name"], &job["done"]), (&json!("done"), &json!("piece"), &job["total"]), "{job}");
    let record = job["record"].as_str().expect("a record");
    let decision = serving.get(&token, &format!("/api/v1/decisions/{record}")).json();
    let sha256 = <sha2::Sha256 as sha2::Digest>::digest(&bytes);
    assert_eq!((&decision["sha256"], &decision["size"]), (&json!(hex::encode(sha256)), &json!(bytes.len())));
    assert_eq!((&decision["effect"], &decision["by"]["name"]), (&json!("block"), &json!("admin")));
    assert_eq!(offset(&serving, &token, &path), bytes.len());
    assert_eq!(
        job_of(&piece(&serving, &token, &path, bytes.len(), b"")),
        job["id"],
        "the last piece again changes nothing"
    );
    let shown = serving.get(&token, &path).json();
    assert_eq!((&shown["offset"], &shown["job"]), (&json!(bytes.len()), &job["id"]));
    assert_eq!(
        problem(&serving.ask(&token, "DELETE", &path, &[TUS], b"")),
        "SKM-E-0109",
        "what is complete is not given up"
    );
    serving.ends_sound();
}

#[test]
fn an_upload_takes_what_was_announced_and_no_more() {
    let (serving, token) = Serving::with_token("");
    let path = begin(&serving, &token, 4);
    let long = piece(&serving, &token, &path, 0, b"12345");
    assert_eq!((long.status, problem(&long).as_str()), (413, "SKM-E-0106"));
    for (headers, code) in [
        (vec![TUS, ("upload-offset", "0")], "SKM-E-0107"),
        (vec![PIECE, ("upload-offset", "0")], "SKM-E-0110"),
        (vec![PIECE, ("tus-resumable", "0.2.2"), ("upload-offset", "0")], "SKM-E-0110"),
        (vec![TUS, PIECE], "SKM-E-0105"),
        (vec![TUS, PIECE, ("upload-offset", "-1")], "SKM-E-0105"),
    ] {
        assert_eq!(problem(&serving.ask(&token, "PATCH", &path, &headers, b"1")), code, "{headers:?}");
    }
    let begin_with = |length: &str, metadata: &str| {
        let headers = [TUS, ("upload-length", length), ("upload-metadata", metadata)];
        problem(&serving.ask(&token, "POST", "/api/v1/uploads", &headers, b""))
    };
    assert_eq!(begin_with("68719476737", "name eA=="), "SKM-E-0106");
    assert_eq!(begin_with("99999999999999999999", "name eA=="), "SKM-E-0105");
    assert_eq!(begin_with("1", "name ***"), "SKM-E-0105");
    assert_eq!(begin_with("1", "name IA=="), "SKM-E-0108");
    // Nothing at all is complete at once.
    let headers = [TUS, ("upload-length", "0")];
    let empty = serving.ask(&token, "POST", "/api/v1/uploads", &headers, b"");
    let job = serving.job(&token, &job_of(&empty));
    assert_eq!((&job["state"], &job["result"]["effect"]), (&json!("done"), &json!("review")), "{job}");
    // What was given up is gone, with its bytes.
    let file = serving.node.home().join("uploads").join(path.rsplit('/').next().expect("an id"));
    assert!(file.is_file());
    assert_eq!(serving.ask(&token, "DELETE", &path, &[TUS], b"").status, 204);
    assert!(!file.exists());
    assert_eq!(serving.ask(&token, "HEAD", &path, &[TUS], b"").status, 404);
    assert_eq!(problem(&piece(&serving, &token, &path, 0, b"1234")), "SKM-E-0103");
    serving.ends_sound();
}

#[test]
fn uploads_and_jobs_of_others_are_not_there() {
    let serving = Serving::start("");
    let administrator = serving.administrator();
    let analyst = serving.person(&administrator, "analyst");
    let path = begin(&serving, &analyst, 3);
    assert_eq!(serving.ask(&administrator, "HEAD", &path, &[TUS], b"").status, 404);
    assert_eq!(piece(&serving, &administrator, &path, 0, b"abc").status, 404);
    let job = job_of(&piece(&serving, &analyst, &path, 0, b"abc"));
    assert_eq!(serving.get(&administrator, &format!("/api/v1/jobs/{job}")).status, 404);
    assert_eq!(serving.post(&administrator, &format!("/api/v1/jobs/{job}/cancel"), &json!({})).status, 404);
    assert!(serving.pages(&administrator, "/api/v1/jobs?limit=9", || ()).is_empty());
    assert_eq!(all(&serving.pages(&analyst, "/api/v1/jobs?limit=9", || ()), "id"), [job.as_str()]);
}

/// A log that takes a second or more to examine.
fn slow() -> Vec<u8> {
    b"{\"EventID\":1,\"Channel\":\"Microsoft-Windows-Sysmon/Operational\",\"CommandLine\":\"cmd /c whoami\"}\n"
        .repeat(120_000)
}

#[test]
fn a_job_is_called_off_and_records_nothing() {
    let (serving, token) = Serving::with_token("");
    let bytes = slow();
    // More than are worked on at once: some run, some wait.
    let jobs: Vec<String> = (0..4)
        .map(|_| {
            let path = begin(&serving, &token, bytes.len());
            job_of(&piece(&serving, &token, &path, 0, &bytes))
        })
        .collect();
    let called_off: Vec<_> = jobs
        .iter()
        .rev()
        .map(|id| {
            let answer = serving.post(&token, &format!("/api/v1/jobs/{id}/cancel"), &json!({}));
            assert_eq!(answer.status, 202, "{}", answer.text());
            serving.job(&token, id)["state"].as_str().expect("a state").to_owned()
        })
        .collect();
    let done = called_off.iter().filter(|state| *state == "done").count();
    assert!(called_off.iter().all(|state| ["done", "cancelled"].contains(&state.as_str())), "{called_off:?}");
    assert!(done < jobs.len(), "at least the last one was called off in time");
    assert_eq!(serving.pages(&token, "/api/v1/decisions?limit=9", || ()).len(), done);
    let folder = serving.node.home().join("uploads");
    until("the end of the files", || (std::fs::read_dir(&folder).expect("a folder").count() == 0).then_some(()));
    serving.ends_sound();
}

#[test]
fn a_job_survives_a_crash_and_makes_its_record_once() {
    let (mut serving, token) = Serving::with_token("");
    let bytes = slow();
    let path = begin(&serving, &token, bytes.len());
    let half = bytes.len() / 2;
    assert_eq!(piece(&serving, &token, &path, 0, &bytes[..half]).status, 204);
    serving.crash();
    assert_eq!(offset(&serving, &token, &path), half, "what was acknowledged is there");
    let job = job_of(&piece(&serving, &token, &path, half, &bytes[half..]));
    serving.crash();
    let ended = serving.job(&token, &job);
    assert_eq!(ended["state"], "done", "{ended}");
    let decisions = serving.pages(&token, "/api/v1/decisions?limit=9", || ());
    assert_eq!(all(&decisions, "id"), [ended["record"].as_str().expect("a record")]);
    serving.crash();
    assert_eq!(serving.job(&token, &job), ended);
    assert_eq!(serving.pages(&token, "/api/v1/decisions?limit=9", || ()).len(), 1);
    serving.ends_sound();
}

#[test]
fn the_client_of_the_tus_project_uploads_a_large_file() {
    let Some(oracles) = std::env::var_os("SAKIMORI_TUS") else {
        println!("skipped: SAKIMORI_TUS is not set (make test sets it)");
        return;
    };
    let (serving, token) = Serving::with_token("");
    let bytes: Vec<u8> = (0..20 * 1024 * 1024u32).map(|n| (n >> 12) as u8).collect();
    let file = serving.node.write("large.bin", &bytes);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/oracles/tus.mjs");
    let mut node = std::process::Command::new("node");
    node.arg(script).arg(format!("http://{}/api/v1/uploads", serving.service.address)).arg(file).arg(&token.0[0].1);
    let run = node.env("SAKIMORI_TUS", oracles).output().expect("node");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let path = String::from_utf8_lossy(&run.stdout).trim().to_owned();
    let path = path.split_once("/api/").map(|(_, rest)| format!("/api/{rest}")).expect("an address");
    let job = serving.get(&token, &path).json()["job"].as_str().expect("a job").to_owned();
    let job = serving.job(&token, &job);
    let decision =
        serving.get(&token, &format!("/api/v1/decisions/{}", job["record"].as_str().expect("a record"))).json();
    let sha256 = <sha2::Sha256 as sha2::Digest>::digest(&bytes);
    assert_eq!((&decision["name"], &decision["sha256"]), (&json!("large.bin"), &json!(hex::encode(sha256))));
}

#[test]
fn a_slow_sender_keeps_nobody_from_anything_else() {
    let (serving, token) = Serving::with_token("");
    let path = begin(&serving, &token, 10);
    let mut slow = serving.begin(&token, "PATCH", &path, &[TUS, PIECE, ("upload-offset", "0")], 10);
    slow.write_all(b"12345").expect("sent");
    serving.decided(&token, "meanwhile", b"x");
    slow.write_all(b"67890").expect("sent");
    let job = job_of(&service::read(slow, "PATCH"));
    assert_eq!(serving.job(&token, &job)["state"], "done");
}

#[test]
fn a_job_is_done_once_when_the_service_ends_in_its_middle() {
    let (mut serving, token) = Serving::with_token("");
    let bytes = slow();
    let job = {
        let path = begin(&serving, &token, bytes.len());
        job_of(&piece(&serving, &token, &path, 0, &bytes))
    };
    let start = Instant::now();
    serving.restart();
    assert!(start.elapsed() < Duration::from_secs(10), "the end does not wait for a job");
    let ended = serving.job(&token, &job);
    assert_eq!(ended["state"], "done", "{ended}");
    assert_eq!(serving.pages(&token, "/api/v1/decisions?limit=9", || ()).len(), 1);
    serving.ends_sound();
}
