//! A running `sakimori serve`, and a client that sends exactly what it is told.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::Node;

/// Most bytes of an answer that is read.
const ANSWER_BYTES_MAX: u64 = 16 << 20;

/// A service on a node. It ends when this is dropped.
pub struct Service {
    pub process: Child,
    /// `127.0.0.1:port`.
    pub address: String,
    /// The code of the first sign-in, while there is no administrator.
    pub first: Option<String>,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Service {
    /// Starts it with this configuration, on a free port unless the configuration is told another.
    pub fn start(node: &Node, config: &str) -> Self {
        Self::start_at(node, config, "127.0.0.1:0")
    }

    /// Starts it at this address.
    pub fn start_at(node: &Node, config: &str, listen: &str) -> Self {
        let path = node.write("sakimori.toml", config.as_bytes());
        let mut command = node.command();
        command.arg("serve").arg("--listen").arg(listen).arg("--config").arg(path);
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("started");
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
        // The public address, when the configuration has one: then the test said where to listen.
        let rest = line.trim().split_once("://").unwrap_or_else(|| panic!("the service says {line:?}")).1;
        let (said, path) = rest.split_once('/').expect("a path");
        let first = path.strip_prefix("first#").map(str::to_owned);
        let address = if listen.ends_with(":0") { said } else { listen };
        Self { process, address: address.to_owned(), first }
    }

    /// Ends it as an administrator does, and waits.
    pub fn end(mut self) {
        let id = self.process.id().to_string();
        let sent = std::process::Command::new("kill").arg(&id).status().expect("kill");
        assert!(sent.success());
        assert!(self.process.wait().expect("ended").success(), "the service ends in order");
    }

    /// A request with these headers.
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&Value>) -> Answer {
        send(&self.address, method, path, headers, body.map(|body| ("application/json", body.to_string())))
    }

    /// A request as a browser of this service's own page sends it.
    pub fn browse(&self, cookie: &str, method: &str, path: &str, body: Option<&Value>) -> Answer {
        self.send(method, path, &[("cookie", cookie), ("sec-fetch-site", "same-origin")], body)
    }

    /// A request of a program with a token.
    pub fn call(&self, token: &str, method: &str, path: &str, body: Option<&Value>) -> Answer {
        self.send(method, path, &[("authorization", &format!("Bearer {token}"))], body)
    }

    /// Signs in; the cookie.
    pub fn sign_in(&self, name: &str, password: &str) -> String {
        let body = serde_json::json!({ "name": name, "password": password });
        let answer = self.send("POST", "/api/v1/session", &[], Some(&body));
        assert_eq!(answer.status, 200, "{name}: {}", answer.text());
        answer.cookie()
    }

    /// Makes the first administrator; the cookie.
    pub fn first(&self, name: &str, password: &str) -> String {
        let code = self.first.clone().expect("a new node");
        let body = serde_json::json!({ "code": code, "name": name, "password": password });
        let answer = self.send("POST", "/api/v1/session/first", &[], Some(&body));
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.cookie()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Sends a request and reads the answer.
pub fn send(address: &str, method: &str, path: &str, headers: &[(&str, &str)], body: Option<(&str, String)>) -> Answer {
    let mut stream = TcpStream::connect(address).expect("connected");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("set");
    let mut head = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n");
    if !headers.iter().any(|(name, _)| *name == "host") {
        head += &format!("host: {address}\r\n");
    }
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    let body = body.map(|(media_type, body)| {
        head += &format!("content-type: {media_type}\r\ncontent-length: {}\r\n", body.len());
        body
    });
    let request = format!("{head}\r\n{}", body.unwrap_or_default());
    stream.write_all(request.as_bytes()).expect("sent");
    read(stream, method)
}

/// Reads the answer to a request with this method; of one without a length, its head only.
pub fn read(stream: TcpStream, method: &str) -> Answer {
    let mut reader = BufReader::new(stream.take(ANSWER_BYTES_MAX));
    let mut line = String::new();
    reader.read_line(&mut line).expect("a status line");
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
    let mut answer =
        Answer { status: status.unwrap_or_else(|| panic!("{line:?}")), headers: Vec::new(), body: Vec::new() };
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).expect("a header");
        let Some((name, value)) = line.trim().split_once(':') else { break };
        answer.headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = answer.header("content-length").and_then(|length| length.parse::<u64>().ok());
    let chunked = answer.header("transfer-encoding").is_some();
    if method != "HEAD" && (length.is_some() || chunked && answer.header("content-type") != Some("text/event-stream")) {
        let mut bytes = Vec::new();
        reader.take(length.unwrap_or(ANSWER_BYTES_MAX)).read_to_end(&mut bytes).expect("a body");
        answer.body = if chunked { unchunked(&bytes) } else { bytes };
    }
    answer
}

/// RFC 9112, section 7.1.
fn unchunked(mut bytes: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(end) = bytes.windows(2).position(|pair| pair == b"\r\n") {
        let size = String::from_utf8_lossy(&bytes[..end]);
        let size = usize::from_str_radix(size.trim(), 16).expect("a size");
        if size == 0 {
            break;
        }
        whole.extend_from_slice(&bytes[end + 2..end + 2 + size]);
        bytes = &bytes[end + size + 4..];
    }
    whole
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    /// All values of a header.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(header, _)| header == name).map(|(_, value)| value.as_str()).collect()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.text()))
    }

    /// The code of a problem; empty when it is none.
    pub fn code(&self) -> String {
        let problem: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        problem["code"].as_str().unwrap_or_default().to_owned()
    }

    /// The session that it begins, as the browser sends it back.
    pub fn cookie(&self) -> String {
        let all = self.all("set-cookie");
        let set = all.iter().find(|value| value.starts_with("__Host-sakimori=")).expect("a session");
        set.split(';').next().expect("a pair").to_owned()
    }
}

/// What a browser keeps of one site.
#[derive(Default)]
pub struct Jar(BTreeMap<String, String>);

impl Jar {
    pub fn keep(&mut self, answer: &Answer) {
        for set in answer.all("set-cookie") {
            let pair = set.split(';').next().expect("a pair");
            let (name, value) = pair.split_once('=').expect("a pair");
            self.0.insert(name.to_owned(), value.to_owned());
        }
    }

    pub fn line(&self) -> String {
        self.0.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }
}
