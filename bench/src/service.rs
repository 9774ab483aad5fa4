//! The service under load, on loopback, with a client on the same machine: submissions, reading, and the end by `kill -9`.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sakimori_model::Digest;
use sakimori_node::Node;
use sakimori_node::decide::{DEFAULT_POLICY, Policy};
use sakimori_node::flow::{Rules, judge};
use sakimori_node::observe::{Observed, Opened, new_record, now};
use serde_json::{Value, json};

use crate::client::Client;
use crate::process::{Cpu, cpu, memory_kib};

/// Connections that submit.
const CONNECTIONS: usize = 32;
/// Submissions a second.
const RATE: u64 = 1_000;
/// Decisions that are stored before pages of them are read.
const STORED: usize = 1_000_000;

/// Submits, reads, and kills.
pub fn run(program: &Path) {
    let seconds = std::env::var("SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(60);
    load(program, seconds);
    killed(program);
    let stored = std::env::var("STORED").ok().and_then(|text| text.parse().ok()).unwrap_or(STORED);
    pages(program, stored);
}

/// A service that runs, and a token for it.
struct Service {
    child: Child,
    address: SocketAddr,
    token: String,
}

impl Service {
    fn start(program: &Path, home: &Path, token: Option<String>) -> Self {
        let mut child = Command::new(program)
            .args(["--quiet", "--home"])
            .arg(home)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("an address");
        let rest = line.trim().strip_prefix("http://").expect("an address");
        let (address, rest) = rest.split_once('/').expect("an address and a path");
        let address: SocketAddr = address.parse().expect("an address");
        let token = token.unwrap_or_else(|| sign_in(address, rest.trim_start_matches("first#")));
        Self { child, address, token }
    }

    fn client(&self) -> Client {
        Client::connect(self.address, &format!("Authorization: Bearer {}\r\n", self.token)).expect("connected")
    }

    /// Resident memory in MiB, now and at the peak.
    fn memory(&self) -> (u64, u64) {
        let of = |name: &str| memory_kib(self.child.id(), name) / 1024;
        (of("VmRSS"), of("VmHWM"))
    }

    /// Processor time so far, in seconds.
    fn processor_seconds(&self) -> f64 {
        let Cpu { program, system } = cpu(self.child.id());
        (program + system).as_secs_f64()
    }

    fn kill(mut self) -> String {
        let _ = self.child.kill();
        let _ = self.child.wait();
        std::mem::take(&mut self.token)
    }
}

fn sign_in(address: SocketAddr, code: &str) -> String {
    let mut client = Client::connect(address, &format!("Origin: http://{address}\r\n")).expect("connected");
    let json_type = "Content-Type: application/json\r\n";
    let body = json!({ "code": code, "name": "bench", "password": "ten pelicans over a frozen lake" }).to_string();
    let answer = client.ask("POST", "/api/v1/session/first", json_type, body.as_bytes()).expect("an answer");
    assert_eq!(answer.status, 201, "{}", String::from_utf8_lossy(&answer.body));
    let cookie = answer
        .head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().starts_with("set-cookie:").then(|| line[11..].trim().to_owned()));
    let cookie = cookie.expect("a cookie").split(';').next().unwrap_or_default().to_owned();
    let head = format!("{json_type}Cookie: {cookie}\r\n");
    let body = json!({ "name": "bench", "scopes": ["read", "observe"], "days": 1 }).to_string();
    let answer = client.ask("POST", "/api/v1/tokens", &head, body.as_bytes()).expect("an answer");
    let made: Value = serde_json::from_slice(&answer.body).expect("JSON");
    made["secret"].as_str().expect("a secret").to_owned()
}

/// A small mail; each number makes another one.
fn mail(number: u64) -> Vec<u8> {
    format!(
        "From: Office {number} <office{number}@example.com>\r\nTo: you@example.org\r\nSubject: Minutes of meeting {number}\r\n\
         Date: Mon, 23 Nov 2026 09:00:00 +0900\r\nMessage-ID: <{number}@example.com>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\
         Hello,\r\n\r\nhere are the minutes of our meeting number {number}. Please read them before Friday.\r\n\r\nKind regards\r\n"
    )
    .into_bytes()
}

/// What many requests took.
#[derive(Default)]
struct Times(Vec<Duration>);

impl Times {
    fn at(&mut self, per_mille: usize) -> Duration {
        self.0.sort();
        let last = self.0.len().saturating_sub(1);
        self.0.get(last * per_mille / 1000).copied().unwrap_or_default()
    }
}

fn load(program: &Path, seconds: u64) {
    let home = tempfile::tempdir().expect("a folder");
    let service = Service::start(program, home.path(), None);
    let start = Instant::now() + Duration::from_millis(200);
    let (next, errors) = (AtomicU64::new(0), AtomicU64::new(0));
    let (times, reads) = (Mutex::new(Times::default()), Mutex::new(Times::default()));
    let over = AtomicBool::new(false);
    let ended = Mutex::new(Duration::ZERO);
    let mut memory = Vec::new();
    std::thread::scope(|scope| {
        let submitters: Vec<_> = (0..CONNECTIONS)
            .map(|_| {
                scope.spawn(|| {
                    let mut client = service.client();
                    let mut mine = Times::default();
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= RATE * seconds {
                            break;
                        }
                        // Times count from when the request was due: one that waits behind others is late (open loop).
                        let due = start + Duration::from_micros(number * 1_000_000 / RATE);
                        std::thread::sleep(due.saturating_duration_since(Instant::now()));
                        let answer = client.ask("POST", "/api/v1/observations?name=load.eml", "", &mail(number));
                        if !answer.is_ok_and(|answer| answer.status == 201) {
                            errors.fetch_add(1, Ordering::Relaxed);
                            client = service.client();
                        }
                        mine.0.push(due.elapsed());
                    }
                    times.lock().expect("times").0.append(&mut mine.0);
                    let mut ended = ended.lock().expect("the end");
                    *ended = (*ended).max(start.elapsed());
                })
            })
            .collect();
        scope.spawn(|| {
            let mut client = service.client();
            while !over.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(100));
                let begun = Instant::now();
                let answer = client.ask("GET", "/api/v1/decisions", "", b"").expect("an answer");
                assert_eq!(answer.status, 200);
                reads.lock().expect("times").0.push(begun.elapsed());
            }
        });
        while submitters.iter().any(|thread| !thread.is_finished()) {
            memory.push(service.memory().0);
            std::thread::sleep(Duration::from_secs(1));
        }
        over.store(true, Ordering::Relaxed);
    });
    let took = ended.into_inner().expect("the end");
    let mut times = times.into_inner().expect("times");
    let mut reads = reads.into_inner().expect("times");
    let done = times.0.len() as f64 / took.as_secs_f64();
    println!(
        "submissions: {} in {:.1} s ({done:.0}/s), {} errors; p50 {:.1?} p99 {:.1?} max {:.1?}",
        times.0.len(),
        took.as_secs_f64(),
        errors.load(Ordering::Relaxed),
        times.at(500),
        times.at(990),
        times.at(1000)
    );
    println!(
        "a page of decisions meanwhile: {} reads, p50 {:.1?} p99 {:.1?}",
        reads.0.len(),
        reads.at(500),
        reads.at(990)
    );
    let each = service.processor_seconds() / (times.0.len() + reads.0.len()) as f64;
    println!("processor time of the service: {:.0} µs a request", each * 1e6);
    let third = memory.len() / 3;
    println!(
        "memory (MiB): {} at the start, {} after a third, {} at the end, peak {}",
        memory.first().unwrap_or(&0),
        memory.get(third).unwrap_or(&0),
        memory.last().unwrap_or(&0),
        service.memory().1
    );
    service.kill();
}

/// Ends the process in the middle of the load, and looks for everything that was acknowledged.
fn killed(program: &Path) {
    let home = tempfile::tempdir().expect("a folder");
    let mut token = None;
    let mut acknowledged: Vec<String> = Vec::new();
    for round in 0..5u64 {
        let service = Service::start(program, home.path(), token.take());
        let ids = Mutex::new(Vec::new());
        let (address, secret) = (service.address, service.token.clone());
        let head = format!("Authorization: Bearer {secret}\r\n");
        std::thread::scope(|scope| {
            for thread in 0..CONNECTIONS as u64 {
                let (ids, head) = (&ids, &head);
                scope.spawn(move || {
                    let Ok(mut client) = Client::connect(address, head) else { return };
                    for number in 0.. {
                        let bytes = mail((round << 40) | (thread << 32) | number);
                        match client.ask("POST", "/api/v1/observations?name=killed.eml", "", &bytes) {
                            Ok(answer) if answer.status == 201 => {
                                let made: Value = serde_json::from_slice(&answer.body).expect("JSON");
                                ids.lock().expect("ids").push(made["id"].as_str().expect("an id").to_owned());
                            }
                            _ => break,
                        }
                    }
                });
            }
            std::thread::sleep(Duration::from_millis(900 + 137 * round));
            token = Some(service.kill());
        });
        acknowledged.append(&mut ids.into_inner().expect("ids"));
    }
    let service = Service::start(program, home.path(), token);
    let mut client = service.client();
    let mut lost = 0;
    for id in &acknowledged {
        let answer = client.ask("GET", &format!("/api/v1/decisions/{id}"), "", b"").expect("an answer");
        lost += u64::from(answer.status != 200);
    }
    service.kill();
    let audit = Command::new(program).arg("--home").arg(home.path()).arg("audit").output().expect("it runs");
    println!(
        "kill -9 under load, 5 times: {} acknowledged, {lost} lost; audit {}",
        acknowledged.len(),
        if audit.status.success() { "finds nothing" } else { "FINDS FAULTS" }
    );
    assert!(lost == 0 && audit.status.success());
}

/// Pages of very many decisions.
fn pages(program: &Path, stored: usize) {
    let home = tempfile::tempdir().expect("a folder");
    let begun = Instant::now();
    store(home.path(), stored);
    println!("stored {stored} decisions in {:.0} s", begun.elapsed().as_secs_f64());
    let begun = Instant::now();
    let service = Service::start(program, home.path(), None);
    println!("start with them: {:.2?}", begun.elapsed());
    for (what, query) in [
        ("newest first", ""),
        ("200 of them", "limit=200"),
        ("one effect", "effect=block"),
        ("one kind and effect", "kind=mail&effect=review"),
        ("waiting", "waiting=true"),
        ("a name that few have", "name=rare"),
        ("a name that none has", "name=nowhere"),
        ("of an hour", "since=2026-01-01T00:00:00Z&limit=50"),
    ] {
        let mut client = service.client();
        let (mut times, mut after) = (Times::default(), String::new());
        for _ in 0..200 {
            let begun = Instant::now();
            let answer = client.ask("GET", &format!("/api/v1/decisions?{query}{after}"), "", b"").expect("an answer");
            assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
            times.0.push(begun.elapsed());
            let page: Value = serde_json::from_slice(&answer.body).expect("JSON");
            after = page["next"].as_str().map_or(String::new(), |next| format!("&after={next}"));
        }
        println!("page of decisions, {what}: p50 {:.1?} p99 {:.1?}", times.at(500), times.at(990));
    }
    let mut client = service.client();
    let mut times = Times::default();
    for _ in 0..50 {
        let begun = Instant::now();
        let answer = client.ask("GET", "/api/v1/overview?days=30", "", b"").expect("an answer");
        assert_eq!(answer.status, 200);
        times.0.push(begun.elapsed());
    }
    println!("overview: p50 {:.1?} p99 {:.1?}; memory {} MiB", times.at(500), times.at(990), service.memory().0);
    service.kill();
}

fn store(home: &Path, stored: usize) {
    let mut node = Node::open(home).expect("a node");
    let policy = Policy::parse(DEFAULT_POLICY).expect("a policy");
    let settings = sakimori_examine::Settings::default();
    let rules = Rules { settings: &settings, rules: None, policy: &policy };
    let bad: &[u8] = b"cos\nsystem\n(S'true'\ntR.";
    let unknown: &[u8] = b"7z\xbc\xaf\x27\x1c\0\x04 not examined";
    for group in 0..stored.div_ceil(2_000) {
        let entries: Vec<_> = (0..2_000.min(stored - group * 2_000))
            .map(|n| {
                let number = group * 2_000 + n;
                let bytes = match number % 20 {
                    0 => bad.to_vec(),
                    1 => unknown.to_vec(),
                    _ => mail(number as u64),
                };
                let path =
                    if number % 100_000 == 7 { format!("rare-{number}.eml") } else { format!("mail-{number}.eml") };
                let sha256 = Digest::of(&bytes);
                let seen = Observed { record: new_record(), path, at: now(), sha256, by: None, source: None };
                judge(&seen, &Opened::memory(bytes), &rules)
            })
            .collect();
        node.record(&entries).expect("recorded");
    }
}
