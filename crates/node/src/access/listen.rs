//! Where the node listens, and the rule about it: plain HTTP on this machine only, TLS beyond it, and plain beyond it only by
//! an explicit word. Also: whose word about a client's address is taken.
//!
//! Source: OWASP Transport Layer Security Cheat Sheet; RFC 7239 section 8.1 (whoever sends a forwarding header may lie).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;

use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The port of a node.
pub const DEFAULT_PORT: u16 = 8710;
/// Most addresses in `X-Forwarded-For` that are looked at.
const FORWARDED_MAX: usize = 16;

/// An address and a port to listen at, as `127.0.0.1:8710`, `[::1]:8710`, `localhost:8710`, `0.0.0.0` or `:8443`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ListenAddress(SocketAddr);

/// The words under which plain HTTP is spoken beyond this machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlainBeyondLoopback {
    /// It is refused.
    #[default]
    Refused,
    /// Something in front of the node speaks TLS, and nobody else can reach the port.
    BehindATlsProxy,
}

/// How the port speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// HTTP.
    Plain,
    /// HTTP over TLS.
    Tls,
}

/// Why the node does not listen there.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ListenError {
    /// Not an address.
    #[error("{0:?} is no address to listen at: write 127.0.0.1:8710, [::1]:8710, 0.0.0.0:8443 or localhost")]
    Address(String),
    /// It would speak plain HTTP to other machines.
    #[error("{0} is reachable from other machines, and there is no TLS certificate")]
    PlainBeyondLoopback(ListenAddress),
}

impl ListenError {
    /// The stable code, under which title and hint are found.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Address(_) => "SKM-E-0160",
            Self::PlainBeyondLoopback(_) => "SKM-E-0161",
        }
    }
}

impl Default for ListenAddress {
    fn default() -> Self {
        Self(SocketAddr::from((Ipv4Addr::LOCALHOST, DEFAULT_PORT)))
    }
}

impl ListenAddress {
    /// The address for the system.
    #[must_use]
    pub const fn socket(self) -> SocketAddr {
        self.0
    }

    /// True when only this machine can connect.
    #[must_use]
    pub const fn is_loopback(self) -> bool {
        self.0.ip().to_canonical().is_loopback()
    }

    /// Applies the rule.
    ///
    /// # Errors
    /// When it would be plain HTTP beyond this machine, and nobody said the word.
    pub fn permit(self, transport: Transport, word: PlainBeyondLoopback) -> Result<(), ListenError> {
        match (transport, word) {
            (Transport::Tls, _) | (Transport::Plain, PlainBeyondLoopback::BehindATlsProxy) => Ok(()),
            (Transport::Plain, PlainBeyondLoopback::Refused) if self.is_loopback() => Ok(()),
            (Transport::Plain, PlainBeyondLoopback::Refused) => Err(ListenError::PlainBeyondLoopback(self)),
        }
    }
}

impl FromStr for ListenAddress {
    type Err = ListenError;

    /// A name other than `localhost` is refused: what it leads to may change between this check and listening.
    fn from_str(text: &str) -> Result<Self, ListenError> {
        let error = || ListenError::Address(text.to_owned());
        if let Ok(socket) = text.parse() {
            return Ok(Self(socket));
        }
        if let Ok(ip) = text.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
            return Ok(Self(SocketAddr::from((ip, DEFAULT_PORT))));
        }
        let (host, port) = text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port)));
        let ip = match host {
            "localhost" | "" => Ipv4Addr::LOCALHOST,
            _ => return Err(error()),
        };
        let port = port.map_or(Ok(DEFAULT_PORT), str::parse).map_err(|_| error())?;
        if text.is_empty() { Err(error()) } else { Ok(Self(SocketAddr::from((ip, port)))) }
    }
}

impl TryFrom<String> for ListenAddress {
    type Error = ListenError;

    fn try_from(text: String) -> Result<Self, ListenError> {
        text.parse()
    }
}

impl From<ListenAddress> for String {
    fn from(address: ListenAddress) -> Self {
        address.to_string()
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The proxies whose `X-Forwarded-For` is believed. None by default: then the address of the connection is the client.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TrustedProxies(Vec<IpAddr>);

impl TrustedProxies {
    /// These addresses.
    #[must_use]
    pub fn new(addresses: Vec<IpAddr>) -> Self {
        Self(addresses.into_iter().map(|address| address.to_canonical()).collect())
    }

    /// Whose request this is: the last address in `X-Forwarded-For` that no proxy of ours has, as far as proxies of ours wrote
    /// the list; the connection's own without a proxy, or when the list can't be read.
    #[must_use]
    pub fn client_of(&self, connection: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = connection.to_canonical();
        let lines: Vec<_> = headers.get_all("x-forwarded-for").iter().collect();
        let hops = lines.iter().rev().flat_map(|line| line.to_str().unwrap_or_default().rsplit(','));
        for hop in hops.take(FORWARDED_MAX) {
            if !self.0.iter().any(|proxy| proxy.to_canonical() == client) {
                break;
            }
            match hop.trim().parse::<IpAddr>() {
                Ok(address) => client = address.to_canonical(),
                Err(_) => break,
            }
        }
        client
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn listen(text: &str) -> ListenAddress {
        text.parse().expect(text)
    }

    #[test]
    fn addresses_that_people_write() {
        for (text, expected) in [
            ("127.0.0.1:8710", "127.0.0.1:8710"),
            ("127.0.0.1", "127.0.0.1:8710"),
            ("localhost", "127.0.0.1:8710"),
            ("localhost:1", "127.0.0.1:1"),
            (":8443", "127.0.0.1:8443"),
            ("0.0.0.0:0", "0.0.0.0:0"),
            ("::1", "[::1]:8710"),
            ("[::]", "[::]:8710"),
            ("[2001:db8::1]:443", "[2001:db8::1]:443"),
        ] {
            assert_eq!(listen(text).to_string(), expected, "{text}");
        }
        for text in [
            "",
            ":",
            "node.example:8710",
            "localhost:99999",
            "localhost:x",
            "1.2.3:80",
            "http://127.0.0.1",
            "127.0.0.1:",
        ] {
            assert_eq!(text.parse::<ListenAddress>(), Err(ListenError::Address(text.to_owned())));
        }
        assert_eq!(ListenAddress::default(), listen("127.0.0.1:8710"));
    }

    #[test]
    fn plain_http_stays_on_this_machine() {
        use PlainBeyondLoopback::{BehindATlsProxy, Refused};
        for here in ["127.0.0.1", "127.8.8.8:1", "[::1]", "[::ffff:127.0.0.1]:1"] {
            assert_eq!(listen(here).permit(Transport::Plain, Refused), Ok(()), "{here}");
        }
        for beyond in ["0.0.0.0", "[::]", "192.0.2.1", "[::ffff:192.0.2.1]:1", "[fe80::1]", "[::ffff:0.0.0.0]:1"] {
            let address = listen(beyond);
            assert_eq!(
                address.permit(Transport::Plain, Refused),
                Err(ListenError::PlainBeyondLoopback(address)),
                "{beyond}"
            );
            assert_eq!(address.permit(Transport::Tls, Refused), Ok(()));
            assert_eq!(address.permit(Transport::Plain, BehindATlsProxy), Ok(()));
        }
        let word: PlainBeyondLoopback = serde_json::from_str("\"behind-a-tls-proxy\"").expect("the word");
        assert_eq!(word, BehindATlsProxy);
    }

    #[test]
    fn only_proxies_of_ours_say_who_the_client_is() {
        let ip = |text: &str| text.parse::<IpAddr>().expect(text);
        let ours = TrustedProxies::new(vec![ip("10.0.0.1"), ip("10.0.0.2")]);
        let client = |proxies: &TrustedProxies, from: &str, lines: &[&str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append("x-forwarded-for", HeaderValue::from_str(line).expect("a header"));
            }
            proxies.client_of(ip(from), &headers).to_string()
        };
        assert_eq!(client(&TrustedProxies::default(), "10.0.0.1", &["1.1.1.1"]), "10.0.0.1");
        assert_eq!(client(&ours, "9.9.9.9", &["1.1.1.1"]), "9.9.9.9");
        assert_eq!(client(&ours, "10.0.0.1", &["1.1.1.1"]), "1.1.1.1");
        assert_eq!(client(&ours, "::ffff:10.0.0.1", &["6.6.6.6, 1.1.1.1, 10.0.0.2"]), "1.1.1.1");
        assert_eq!(client(&ours, "10.0.0.1", &["6.6.6.6", "1.1.1.1"]), "1.1.1.1");
        assert_eq!(client(&ours, "10.0.0.1", &["6.6.6.6, nonsense"]), "10.0.0.1");
        assert_eq!(client(&ours, "10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(client(&ours, "10.0.0.1", &["2001:db8::1"]), "2001:db8::1");
    }
}
