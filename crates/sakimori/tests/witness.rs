//! Witnesses: a node whose log three of them cosign, and one that is shown a fork.

mod common;

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use common::service::{Answer, Service, send};
use common::{BAD_PICKLE, GOOD_SAFETENSORS, Node};
use sakimori_proof::{AddCheckpoint, Checkpoint, Key, Log, Note};

/// How long something that happens in the background may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running `sakimori witness`. It ends when this is dropped.
struct Witness {
    node: Node,
    process: Child,
    address: String,
    /// Its public key, and the file with it.
    key: String,
    file: PathBuf,
}

impl Witness {
    fn start(name: &str, logs: &str) -> Self {
        let node = Node::new();
        let run = node.run(&["witness", "key", "--public", "--name", name]);
        assert_eq!(run.status, Some(0), "{}", run.err);
        let (file, peers) = (node.write("w.pub", run.out.as_bytes()), node.write("peers.pub", logs.as_bytes()));
        let (process, address) = serve(&node, &["--logs", &peers.display().to_string()]);
        Self { key: run.out.trim().to_owned(), node, process, address, file }
    }

    fn ask(&self, request: &str) -> Answer {
        add(&self.address, request)
    }

    fn evidence(&self) -> Vec<serde_json::Value> {
        let files = fs::read_dir(self.node.home().join("witness/evidence")).expect("a folder");
        let read = |path: PathBuf| serde_json::from_slice(&fs::read(path).expect("readable")).expect("JSON");
        files.map(|file| read(file.expect("readable").path())).collect()
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn serve(node: &Node, arguments: &[&str]) -> (Child, String) {
    serve_at(node, "127.0.0.1:0", arguments)
}

fn serve_at(node: &Node, listen: &str, arguments: &[&str]) -> (Child, String) {
    let mut command = node.command();
    command.args(["witness", "--listen", listen]).args(arguments);
    let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("started");
    let mut line = String::new();
    BufReader::new(process.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
    let address = line.trim().trim_start_matches("http://").trim_end_matches('/').to_owned();
    assert!(address.starts_with("127.0.0.1:"), "{line:?}");
    (process, address)
}

fn add(address: &str, request: &str) -> Answer {
    send(address, "POST", "/add-checkpoint", &[], Some(("text/plain", request.to_owned())))
}

/// The request with which the keeper of this key would ask for a log of entries of its own: a fork.
fn fork_request(key: &Key, size: u64) -> AddCheckpoint {
    let folder = tempfile::tempdir().expect("a folder");
    let log = Log::create(folder.path(), key).expect("a log");
    let entries: Vec<Vec<u8>> = (0..size).map(|n| format!("other {n}").into_bytes()).collect();
    log.append(key, &entries, &|_| ()).expect("appended");
    let tree = log.tree().expect("a tree");
    let note = Note::parse(tree.signed_checkpoint()).expect("a note");
    AddCheckpoint { old: size, proof: Vec::new(), note, checkpoint: tree.checkpoint().clone() }
}

fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < PATIENCE, "waited for {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn config_of(witnesses: &[&Witness], quorum: usize) -> String {
    let asked = witnesses.iter().map(|witness| {
        format!("[[witnesses.witness]]\nurl = \"http://{}/\"\nkeys = [\"{}\"]\n", witness.address, witness.key)
    });
    format!("metrics = \"public\"\n[witnesses]\nquorum = {quorum}\n{}", asked.collect::<String>())
}

#[test]
fn a_record_is_proven_with_two_of_three_witnesses_and_a_fork_is_kept() {
    let node = Node::new();
    let key = node.key();
    let public = fs::read_to_string(&key).expect("a key");
    let witnesses = ["w1.example", "w2.example", "w3.example"].map(|name| Witness::start(name, &public));
    let [first, second, third] = &witnesses;
    // The third is away at first.
    let gone = third.address.clone();
    kill(&third.process);
    let service = Service::start(&node, &config_of(&[first, second, third], 2));
    let cookie = service.first("first", "a long enough password");
    let made = observe(&service, &cookie, "a");
    assert_eq!(made.status, 201, "{}", made.text());
    let id = made.json()["id"].as_str().expect("an id").to_owned();
    let witnessed = node.home().join("witnessed");
    let size = |text: &str| text.lines().nth(1).and_then(|line| line.parse::<u64>().ok());
    let log_size =
        size(&fs::read_to_string(node.home().join("log/checkpoint")).expect("a checkpoint")).expect("a size");
    let text = wait_for("two cosignatures", || {
        let text = fs::read_to_string(&witnessed).ok()?;
        (size(&text) >= Some(log_size) && text.contains("— w1.example ") && text.contains("— w2.example "))
            .then_some(text)
    });
    assert!(!text.contains("— w3.example "));
    let metrics = service.send("GET", "/metrics", &[], None).text();
    assert!(
        metrics.contains("sakimori_witness_answers_total{witness=\"w1.example\",outcome=\"cosigned\"}"),
        "{metrics}"
    );
    assert!(metrics.contains("witness=\"w3.example\",outcome=\"failed\""), "{metrics}");
    wait_for("the count of witnessed entries", || {
        let metrics = service.send("GET", "/metrics", &[], None).text();
        metrics.contains(&format!("sakimori_witnessed_entries {}", size(&text)?)).then_some(())
    });

    let proof = service.browse(&cookie, "GET", &format!("/api/v1/records/{id}/proof"), None);
    let printed = node.run(&["prove", &id]);
    assert_eq!(printed.out.as_bytes(), proof.body, "{}", printed.err);
    the_bundle_holds_with_two_of_three(&node, &key.display().to_string(), &proof.body, &witnesses);
    let seen = size(&text).expect("a size");
    a_fork_is_refused_and_kept(&node, seen, first);
    assert_eq!(second.evidence().len(), 0);

    // When the third is back, it cosigns the next checkpoint, whose proof begins where it is: at nothing.
    let peers = third.node.path("peers.pub").display().to_string();
    let (mut back, _) = serve_at(&third.node, &gone, &["--logs", &peers]);
    assert_eq!(observe(&service, &cookie, "b").status, 201);
    let found = wait_for("the third cosignature", || {
        fs::read_to_string(&witnessed).ok().filter(|text| text.contains("— w3.example "))
    });
    let _ = back.kill();
    let _ = back.wait();
    assert!(size(&found) > Some(seen));
    service.end();
    node.is_sound();
}

fn the_bundle_holds_with_two_of_three(node: &Node, key: &str, bundle: &[u8], witnesses: &[Witness; 3]) {
    let bundle = node.write("bundle.json", bundle).display().to_string();
    let [k1, k2, k3] = [0, 1, 2].map(|at: usize| witnesses[at].file.display().to_string());
    let verify = |arguments: &[&str]| {
        let all = [&["verify", bundle.as_str(), "--key", key], arguments].concat();
        node.run(&all)
    };
    let run = verify(&["--witness", &k1, "--witness", &k2, "--witness", &k3, "--quorum", "2"]);
    assert_eq!(run.status, Some(0), "{}{}", run.out, run.err);
    assert!(run.out.contains("the witness w1.example+"), "{}", run.out);
    let run = verify(&["--witness", &k1, "--witness", &k2, "--witness", &k3, "--format", "json"]);
    assert_eq!(
        (run.status, run.json()["holds"].as_bool()),
        (Some(1), Some(false)),
        "all three are needed unless it is said"
    );
    assert!(run.out.contains("missing: w3.example"), "{}", run.out);
    assert_eq!(verify(&[]).status, Some(0), "who knows no witnesses needs none");
    assert_eq!(verify(&["--witness", &k1, "--quorum", "2"]).status, Some(2), "two of one");
    assert_eq!(verify(&["--witness", key]).status, Some(2), "a log's key is no witness's");
    let tampered = fs::read_to_string(&bundle).expect("readable").replace("w2.example ", "w2.example A");
    fs::write(&bundle, tampered).expect("written");
    assert_eq!(verify(&["--witness", &k1, "--witness", &k2, "--quorum", "1"]).status, Some(1));
}

/// The witness is shown another history that the log's own key signed.
fn a_fork_is_refused_and_kept(node: &Node, seen: u64, witness: &Witness) {
    let own = Key::load(&node.home().join("key")).expect("the key");
    let fork = fork_request(&own, seen);
    let refused = witness.ask(&fork.to_string());
    assert_eq!((refused.status, refused.header("content-type")), (409, Some("text/plain; charset=utf-8")));
    let [kept] = witness.evidence().try_into().expect("one file");
    assert_eq!((&kept["kind"], &kept["proves_a_fork"]), (&"two-roots".into(), &true.into()));
    let log_key = [own.verifier().clone()];
    let both = ["seen", "submitted"]
        .map(|name| Checkpoint::open(kept[name].as_str().expect("a note"), &log_key).expect("signed by the log"));
    assert!(both[0].size == both[1].size && both[0].root != both[1].root);
}

/// Has the service decide about a pickle, so that its log grows.
fn observe(service: &Service, cookie: &str, name: &str) -> Answer {
    let headers = [("cookie", cookie), ("sec-fetch-site", "same-origin")];
    let body = String::from_utf8_lossy(BAD_PICKLE).into_owned();
    let path = format!("/api/v1/observations?name={name}");
    send(&service.address, "POST", &path, &headers, Some(("application/octet-stream", body)))
}

fn kill(process: &Child) {
    let killed = std::process::Command::new("kill").args(["-9", &process.id().to_string()]).status();
    assert!(killed.expect("kill").success());
}

#[test]
fn a_node_is_a_witness_for_its_peer_by_configuration() {
    let (node, peer) = (Node::new(), Node::new());
    let peer_key = fs::read_to_string(peer.key()).expect("a key");
    let none = Service::start(&node, "");
    assert_eq!(add(&none.address, "old 0\n\nx").status, 404, "without [witness] there is nothing");
    none.end();
    let config =
        format!("metrics = \"public\"\n[witness]\nname = \"peer.example/w\"\nlogs = [\"{}\"]\n", peer_key.trim());
    let service = Service::start(&node, &config);
    let checkpoint = fs::read_to_string(peer.home().join("log/checkpoint")).expect("a checkpoint");
    let answer = add(&service.address, &format!("old 0\n\n{checkpoint}"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.text().starts_with("— peer.example/w "));
    peer.check(&peer.write("a", BAD_PICKLE));
    let checkpoint = fs::read_to_string(peer.home().join("log/checkpoint")).expect("a checkpoint");
    let log = Log::open(&peer.home().join("log"), peer_key.trim().parse().expect("a key")).expect("a log");
    let size = log.tree().expect("a tree").size();
    assert_eq!(add(&service.address, &format!("old 0\n\n{checkpoint}")).status, 200, "from nothing to one");
    let again = add(&service.address, &format!("old 0\n\n{checkpoint}"));
    assert_eq!((again.status, again.header("content-type")), (409, Some("text/x.tlog.size")));
    assert_eq!(again.text(), format!("{size}\n"));
    assert_eq!(add(&service.address, "nonsense").status, 400);
    let large = add(&service.address, &"x".repeat(sakimori_proof::limits::ADD_CHECKPOINT_BYTES_MAX + 1));
    assert_eq!(large.status, 413);
    let metrics = service.send("GET", "/metrics", &[], None).text();
    assert!(metrics.contains("sakimori_witness_requests_total{status=\"409\"} 1"), "{metrics}");
    // Its own folder can't be used by two.
    let run = node.run(&["witness", "--listen", "127.0.0.1:0", "--log", peer_key.trim()]);
    assert_eq!(run.status, Some(2));
    assert!(run.err.contains("SKM-E-0181"), "{}", run.err);
    service.end();
}

#[test]
fn what_a_witness_refuses_to_start_with() {
    let node = Node::new();
    let key = fs::read_to_string(Node::new().key()).expect("a key");
    let log = key.trim();
    for (arguments, code) in [
        (&["witness"][..], "SKM-E-0180"),
        (&["witness", "--log", "nonsense"], "SKM-E-0180"),
        (&["witness", "--log", log, "--listen", "nowhere"], "SKM-E-0160"),
        (&["witness", "--log", log, "--name", "two words"], "SKM-E-0190"),
        (&["witness", "--log", log, "--listen", "0.0.0.0:0"], "SKM-E-0161"),
        (&["witness", "--log", log, "--config", "missing.toml"], "SKM-E-0025"),
    ] {
        let run = node.run(arguments);
        assert_eq!(run.status, Some(2), "{arguments:?}: {}", run.out);
        assert!(run.err.contains(code), "{arguments:?}: {}", run.err);
    }
    let own = node.run(&["witness", "key", "--public"]).out;
    assert!(own.starts_with("sakimori.invalid/witness/"), "{own}");
    let run = node.run(&["witness", "--log", own.trim()]);
    assert!(run.err.contains("not of a log"), "{}", run.err);
    assert_eq!(node.run(&["witness", "key", "--public"]).out, own, "the key is made once");
    let both = node.run(&["witness", "key", "--public", "--add-ml-dsa"]).out;
    assert!(both.lines().count() == 2 && both.starts_with(&own), "{both}");
    assert_eq!(node.run(&["witness", "key", "--public", "--add-ml-dsa"]).status, Some(2), "never twice");
    assert!(!node.home().join("key").exists() && !node.home().join("log").exists(), "a witness needs no node");
    for (text, what) in [
        ("[[witnesses.witness]]\nurl = \"http://w.example/\"\nkeys = [\"K\"]", "https is needed"),
        ("[[witnesses.witness]]\nurl = \"https://w.example/\"\nkeys = []", "no key"),
        (
            "[witnesses]\nquorum = 2\n[[witnesses.witness]]\nurl = \"https://w.example/\"\nkeys = [\"K\"]",
            "2 witnesses are needed",
        ),
    ] {
        let config = node.write("sakimori.toml", text.replace('K', own.trim()).as_bytes()).display().to_string();
        let run = node.run(&["serve", "--listen", "127.0.0.1:0", "--config", &config]);
        assert_eq!(run.status, Some(2), "{text}");
        assert!(run.err.contains("SKM-E-0180") && run.err.contains(what), "{text}: {}", run.err);
    }
}

#[test]
fn a_second_key_signs_too_and_can_be_asked_for() {
    let node = Node::new();
    node.check(&node.write("a", BAD_PICKLE));
    let first = node.run(&["log", "key", "--public"]).out;
    let both = node.run(&["log", "key", "--public", "--add-ml-dsa"]);
    assert_eq!(both.status, Some(0), "{}", both.err);
    let keys: Vec<&str> = both.out.lines().collect();
    assert_eq!((keys.len(), keys[0]), (2, first.trim()));
    let id = node.check(&node.write("b", GOOD_SAFETENSORS))[0]["record"].as_str().expect("an id").to_owned();
    let bundle = node.path("bundle.json").display().to_string();
    assert_eq!(node.run(&["prove", &id, "--out", &bundle]).status, Some(0));
    for (name, key) in [("ed25519.pub", keys[0]), ("ml-dsa.pub", keys[1]), ("both.pub", both.out.as_str())] {
        let file = node.write(name, key.as_bytes()).display().to_string();
        let run = node.run(&["verify", &bundle, "--key", &file]);
        assert_eq!(run.status, Some(0), "{name}: {}{}", run.out, run.err);
    }
    node.is_sound();
}
