//! A node that serves, and a client for it that sends exactly what a test says.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::common::Node;
use crate::common::service::{self, Answer, Service};

/// How long anything may take before a test fails.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// The password of every account here.
pub const PASSWORD: &str = "correct-horse-7-battery";

/// A node, and the service on it.
pub struct Serving {
    pub node: Node,
    pub service: Service,
    config: &'static str,
}

/// Headers that say who calls.
#[derive(Clone, Default)]
pub struct Caller(pub Vec<(String, String)>);

/// Nobody in particular.
pub const NOBODY: &Caller = &Caller(Vec::new());

impl Serving {
    /// The service on a new node, with this configuration (TOML).
    pub fn start(config: &'static str) -> Self {
        let node = Node::new();
        let service = Service::start(&node, config);
        Self { node, service, config }
    }

    /// A service, and a program that may do everything that programs may.
    pub fn with_token(config: &'static str) -> (Self, Caller) {
        let serving = Self::start(config);
        let token = serving.token(&serving.administrator(), &["read", "observe", "judge", "administer"]);
        (serving, token)
    }

    /// Kills it without a warning, and starts it again.
    pub fn crash(&mut self) {
        self.service.process.kill().expect("killed");
        self.service.process.wait().expect("ended");
        self.service = Service::start(&self.node, self.config);
    }

    /// Ends it in an orderly way, and starts it again.
    pub fn restart(&mut self) {
        self.signal();
        self.has_ended();
        self.service = Service::start(&self.node, self.config);
    }

    /// Asks it to end.
    pub fn signal(&self) {
        let id = self.service.process.id().to_string();
        assert!(Command::new("kill").arg(id).status().expect("kill").success());
    }

    /// Waits for its end, which must be in order.
    pub fn has_ended(&mut self) {
        let status = until("the end", || self.service.process.try_wait().expect("a child"));
        assert!(status.success(), "{status}");
    }

    /// Ends it; then everything must hold.
    pub fn ends_sound(mut self) {
        self.signal();
        self.has_ended();
        self.node.is_sound();
    }

    /// The first administrator, signed in.
    pub fn administrator(&self) -> Caller {
        self.browser(self.service.first("admin", PASSWORD))
    }

    /// Makes an account with this role and signs it in.
    pub fn person(&self, administrator: &Caller, role: &str) -> Caller {
        let wanted = json!({ "name": role, "role": role, "password": PASSWORD });
        let made = self.post(administrator, "/api/v1/users", &wanted);
        assert_eq!(made.status, 201, "{}", made.text());
        self.browser(self.service.sign_in(role, PASSWORD))
    }

    fn browser(&self, cookie: String) -> Caller {
        Caller(vec![("cookie".to_owned(), cookie), ("sec-fetch-site".to_owned(), "same-origin".to_owned())])
    }

    /// A program with a token of this person.
    pub fn token(&self, person: &Caller, scopes: &[&str]) -> Caller {
        let made = self.post(person, "/api/v1/tokens", &json!({ "name": "test", "scopes": scopes, "days": 1 }));
        assert_eq!(made.status, 201, "{}", made.text());
        let secret = made.json()["secret"].as_str().expect("a secret").to_owned();
        Caller(vec![("authorization".to_owned(), format!("Bearer {secret}"))])
    }

    pub fn get(&self, caller: &Caller, path: &str) -> Answer {
        self.ask(caller, "GET", path, &[], b"")
    }

    pub fn post(&self, caller: &Caller, path: &str, body: &Value) -> Answer {
        self.ask(caller, "POST", path, &[("Content-Type", "application/json")], body.to_string().as_bytes())
    }

    /// Submits bytes under this name.
    pub fn observe(&self, caller: &Caller, name: &str, bytes: &[u8]) -> Answer {
        let path = format!("/api/v1/observations?name={name}");
        self.ask(caller, "POST", &path, &[("Content-Type", "application/octet-stream")], bytes)
    }

    /// The id of the decision on these bytes.
    pub fn decided(&self, caller: &Caller, name: &str, bytes: &[u8]) -> String {
        let answer = self.observe(caller, name, bytes);
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.json()["id"].as_str().expect("an id").to_owned()
    }

    /// Sends a request and reads the answer to its end.
    pub fn ask(&self, caller: &Caller, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut stream = self.begin(caller, method, path, headers, body.len());
        // Whoever refuses a body may close before all of it was sent.
        let _ = stream.write_all(body);
        service::read(stream, method)
    }

    /// Sends the head of a request; the body is up to the test.
    pub fn begin(&self, caller: &Caller, method: &str, path: &str, headers: &[(&str, &str)], len: usize) -> TcpStream {
        let mut head = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\nContent-Length: {len}\r\n");
        if !headers.iter().any(|(name, _)| *name == "host") {
            head += &format!("Host: {}\r\n", self.service.address);
        }
        let from_caller = caller.0.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in from_caller.chain(headers.iter().copied()) {
            head += &format!("{name}: {value}\r\n");
        }
        let mut stream = TcpStream::connect(&self.service.address).expect("connected");
        stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
        stream.write_all(format!("{head}\r\n").as_bytes()).expect("sent");
        stream
    }

    /// Listens to what happens.
    pub fn listen(&self, caller: &Caller, headers: &[(&str, &str)]) -> Stream {
        let mut lines = BufReader::new(self.begin(caller, "GET", "/api/v1/events", headers, 0)).lines();
        let status = lines.next().expect("a status").expect("read");
        assert!(status.contains(" 200 "), "{status}");
        Stream { lines }
    }

    /// All items of a list, page by page; `between` runs after each page.
    pub fn pages(&self, caller: &Caller, path: &str, mut between: impl FnMut()) -> Vec<Value> {
        let mut items = Vec::new();
        let mut after = String::new();
        loop {
            let page = self.get(caller, &format!("{path}{after}"));
            assert_eq!(page.status, 200, "{path}{after}: {}", page.text());
            let page = page.json();
            items.extend(page["items"].as_array().expect("items").iter().cloned());
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => return items,
            }
            between();
        }
    }

    /// The job, when it has come to its end.
    pub fn job(&self, caller: &Caller, id: &str) -> Value {
        until("the end of a job", || {
            let job = self.get(caller, &format!("/api/v1/jobs/{id}")).json();
            let is_open = ["queued", "running"].contains(&job["state"].as_str().expect("a state"));
            (!is_open).then_some(job)
        })
    }
}

/// What a live list says.
#[derive(Debug)]
pub struct Event {
    pub name: String,
    pub id: Option<u64>,
    pub data: Value,
}

/// A live list (server-sent events).
pub struct Stream {
    lines: std::io::Lines<BufReader<TcpStream>>,
}

impl Stream {
    /// The next event with one of these names; `None` at the end.
    pub fn next(&mut self, names: &[&str]) -> Option<Event> {
        let mut event = Event { name: String::new(), id: None, data: Value::Null };
        loop {
            let line = self.lines.next()?.expect("read in time");
            // The lengths of chunks stand between, and have no colon.
            match line.split_once(": ") {
                Some(("event", name)) => event.name = name.to_owned(),
                Some(("id", id)) => event.id = id.parse().ok(),
                Some(("data", data)) => event.data = serde_json::from_str(data).expect("JSON"),
                _ if line.is_empty() && names.contains(&event.name.as_str()) => return Some(event),
                _ if line.is_empty() && !event.data.is_null() => {
                    event = Event { name: String::new(), id: None, data: Value::Null };
                }
                _ => {}
            }
        }
    }
}

/// What comes when it is there, asked for again and again.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < PATIENCE, "{what} did not come");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The stable code of a problem, which must be a whole problem document (RFC 9457).
pub fn problem(answer: &Answer) -> String {
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{}: {}", answer.status, answer.text());
    let problem = answer.json();
    assert_eq!(problem["status"], answer.status, "{problem}");
    assert!(
        ["title", "hint"].iter().all(|name| problem[name].as_str().is_some_and(|text| !text.is_empty())),
        "{problem}"
    );
    let code = answer.code();
    assert_eq!(problem["type"], format!("urn:sakimori:error:{code}"));
    code
}

/// The texts of one field of all items.
pub fn all<'a>(items: &'a [Value], field: &str) -> Vec<&'a str> {
    items.iter().map(|item| item[field].as_str().expect("a text")).collect()
}
