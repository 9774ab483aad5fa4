//! A client of the service that is small enough to leave the processors to it: HTTP/1.1 over one kept connection.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// One connection.
pub struct Client {
    stream: BufReader<TcpStream>,
    head: String,
}

/// An answer.
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
    /// The header lines.
    pub head: String,
}

impl Client {
    /// Connects. `head` are header lines of every request, such as that of a token.
    pub fn connect(address: SocketAddr, head: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        Ok(Self { stream: BufReader::new(stream), head: format!("Host: {address}\r\n{head}") })
    }

    /// Asks and waits for the answer.
    pub fn ask(&mut self, method: &str, path: &str, head: &str, body: &[u8]) -> io::Result<Answer> {
        let mut request =
            format!("{method} {path} HTTP/1.1\r\n{}{head}Content-Length: {}\r\n\r\n", self.head, body.len())
                .into_bytes();
        request.extend_from_slice(body);
        self.stream.get_mut().write_all(&request)?;
        let mut line = String::new();
        self.line(&mut line)?;
        let bad = || io::Error::other("no HTTP answer");
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(bad)?;
        let (mut head, mut length) = (String::new(), 0);
        loop {
            self.line(&mut line)?;
            if line.trim().is_empty() {
                break;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().map_err(|_| bad())?;
            }
            head.push_str(&line);
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok(Answer { status, body, head })
    }

    fn line(&mut self, line: &mut String) -> io::Result<()> {
        line.clear();
        if self.stream.read_line(line)? == 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
    }
}
