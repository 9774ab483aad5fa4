//! The cookie of a session, and the two checks that keep other sites from using it: where a request comes from, and by which
//! name the node was called.
//!
//! Source: RFC 6265 sections 4.1.1 and 5.2, with SameSite and the `__Host-` prefix of its successor draft; OWASP Cross-Site
//! Request Forgery Prevention Cheat Sheet (Fetch Metadata, then verifying the origin); Fetch and Fetch Metadata standards.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use axum::http::header::{COOKIE, HOST, HeaderMap, ORIGIN};
use axum::http::{HeaderName, Method};
use thiserror::Error;
use url::Url;

use super::secret::SessionSecret;

/// The cookie of a session. The prefix makes the browser insist on Secure, on the whole site, and on this host alone.
pub const SESSION_COOKIE: &str = "__Host-sakimori";
/// The short-lived cookie that binds a sign-in by OpenID Connect to the browser that began it.
pub const OIDC_COOKIE: &str = "__Host-sakimori-oidc";
/// Most bytes of all cookies of a request.
pub const COOKIES_BYTES_MAX: usize = 8 << 10;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Why a request that changes something was refused: it may come from another site.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum OriginError {
    /// The browser says so.
    #[error("Sec-Fetch-Site says that the request comes from another site")]
    OtherSite,
    /// The origin is another one.
    #[error("Origin is not the host that was called")]
    OtherOrigin,
    /// Neither header is there.
    #[error("the request has neither Sec-Fetch-Site nor Origin")]
    Unknown,
}

/// The value of `Set-Cookie` for a session that lasts this long, to whole seconds.
#[must_use]
pub fn set_session(secret: &SessionSecret, lasts: Duration) -> String {
    set(SESSION_COOKIE, &secret.reveal(), lasts, "Strict")
}

/// The value of `Set-Cookie` that removes the session's cookie.
#[must_use]
pub fn clear_session() -> String {
    set(SESSION_COOKIE, "", Duration::ZERO, "Strict")
}

/// The value of `Set-Cookie` for a sign-in by OpenID Connect. Lax, because the way back from the provider begins on its site,
/// and a Strict cookie would stay at home.
#[must_use]
pub fn set_oidc(secret: &SessionSecret, lasts: Duration) -> String {
    set(OIDC_COOKIE, &secret.reveal(), lasts, "Lax")
}

/// The value of `Set-Cookie` that removes the cookie of a sign-in by OpenID Connect.
#[must_use]
pub fn clear_oidc() -> String {
    set(OIDC_COOKIE, "", Duration::ZERO, "Lax")
}

fn set(name: &str, value: &str, lasts: Duration, same_site: &str) -> String {
    format!("{name}={value}; Path=/; Max-Age={}; Secure; HttpOnly; SameSite={same_site}", lasts.as_secs())
}

/// The session that a request carries. `None` also when the cookie stands there twice: then one is not ours.
#[must_use]
pub fn session_of(headers: &HeaderMap) -> Option<SessionSecret> {
    secret_in(headers, SESSION_COOKIE)
}

/// The sign-in by OpenID Connect that this browser began.
#[must_use]
pub fn oidc_of(headers: &HeaderMap) -> Option<SessionSecret> {
    secret_in(headers, OIDC_COOKIE)
}

fn secret_in(headers: &HeaderMap, name: &str) -> Option<SessionSecret> {
    let lines = headers.get_all(COOKIE);
    if lines.iter().map(|line| line.len()).sum::<usize>() > COOKIES_BYTES_MAX {
        return None;
    }
    // A line that is no text hides nothing: it is refused as a whole.
    let lines: Vec<&str> = lines.iter().map(|line| line.to_str().ok()).collect::<Option<_>>()?;
    let pairs = lines.iter().flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut values = pairs.filter(|(key, _)| *key == name).map(|(_, value)| value);
    match (values.next(), values.next()) {
        (Some(value), None) => SessionSecret::parse(value).ok(),
        _ => None,
    }
}

/// Refuses a request that changes something and may come from another site. For callers with the cookie only: a token is
/// nothing that a browser adds by itself.
///
/// # Errors
/// When the browser says that it comes from elsewhere, or nobody says where from.
pub fn same_origin(method: &Method, headers: &HeaderMap) -> Result<(), OriginError> {
    if method.is_safe() {
        return Ok(());
    }
    if let Some(site) = headers.get(SEC_FETCH_SITE) {
        // Twice is no browser's doing.
        let once = headers.get_all(SEC_FETCH_SITE).iter().count() == 1;
        let ours = once && matches!(site.as_bytes(), b"same-origin" | b"none");
        return if ours { Ok(()) } else { Err(OriginError::OtherSite) };
    }
    let origin = headers.get(ORIGIN).ok_or(OriginError::Unknown)?;
    let origin = origin.to_str().ok().and_then(|text| Url::parse(text).ok()).ok_or(OriginError::OtherOrigin)?;
    let default_port = origin.port_or_known_default();
    let called = headers.get(HOST).and_then(|host| host.to_str().ok()).and_then(Host::parse);
    let same = called.is_some_and(|called| {
        origin.host_str().is_some_and(|host| host == called.name)
            && called.port.or(default_port_of(&origin)) == default_port
    });
    if same { Ok(()) } else { Err(OriginError::OtherOrigin) }
}

fn default_port_of(origin: &Url) -> Option<u16> {
    match origin.scheme() {
        "https" => Some(443),
        "http" => Some(80),
        _ => None,
    }
}

/// What a `Host` header says. The name is in lower case, an IPv6 address in brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// The name or address, as the URL standard writes it.
    pub name: String,
    /// The port, when one is written.
    pub port: Option<u16>,
}

impl Host {
    /// Reads `name`, `name:port` and `[v6]:port`. `None` when it is anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.contains(['/', '@', '?', '#', '\\', '%']) || text.chars().any(char::is_whitespace) {
            return None;
        }
        // A scheme without a default port keeps a written port; http's parser makes the name canonical.
        let url = Url::parse(&format!("http://{text}/")).ok()?;
        let name = url.host_str()?.trim_end_matches('.').to_owned();
        // INVARIANT: the URL was read, so that what follows the last colon outside of brackets is a port.
        let written = text.rsplit_once(':').filter(|(_, port)| !port.contains(']')).map(|(_, port)| port);
        let port = written.and_then(|port| port.parse().ok());
        (!name.is_empty()).then_some(Self { name, port })
    }
}

/// The names by which this node may be called. A page elsewhere whose own name suddenly leads to this machine (DNS rebinding)
/// calls it by another.
#[derive(Clone, Debug, Default)]
pub struct AllowedHosts {
    names: Vec<String>,
}

impl AllowedHosts {
    /// Loopback names always; also the host of the public URL, and further names such as those that a health check uses.
    #[must_use]
    pub fn new(public_url: Option<&Url>, further: &[Host]) -> Self {
        let public = public_url.and_then(Url::host_str).map(|name| name.trim_end_matches('.').to_owned());
        Self { names: public.into_iter().chain(further.iter().map(|host| host.name.clone())).collect() }
    }

    /// True when a request with these headers called this node by one of its names. The port does not matter: another port is
    /// another origin already, and proxies change it. `authority` is that of the request line, when one stands there.
    #[must_use]
    pub fn allows(&self, headers: &HeaderMap, authority: Option<&str>) -> bool {
        let mut hosts = headers.get_all(HOST).iter();
        let host = match (hosts.next(), hosts.next()) {
            (Some(host), None) => host.to_str().ok(),
            (None, None) => authority,
            _ => None,
        };
        // RFC 9112 section 3.2.2: the request line wins; two that differ are nobody's honest request.
        let agree = authority.is_none() || authority == host;
        host.filter(|_| agree).and_then(Host::parse).is_some_and(|host| self.knows(&host.name))
    }

    fn knows(&self, name: &str) -> bool {
        is_loopback_name(name) || self.names.iter().any(|known| known == name)
    }
}

/// True for `localhost`, names below it (RFC 6761 section 6.3) and loopback addresses.
#[must_use]
pub fn is_loopback_name(name: &str) -> bool {
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => Ipv4Addr::is_loopback(&address),
        Ok(IpAddr::V6(address)) => address == Ipv6Addr::LOCALHOST,
        Err(_) => name == "localhost" || name.ends_with(".localhost"),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_bytes(value.as_bytes()).expect("a header"));
        }
        headers
    }

    fn secret() -> SessionSecret {
        SessionSecret::parse(&"A".repeat(43)).expect("a session id")
    }

    #[test]
    fn the_cookie_as_the_browser_gets_it() {
        let set = set_session(&secret(), Duration::from_secs(3600));
        let value = "A".repeat(43);
        assert_eq!(set, format!("__Host-sakimori={value}; Path=/; Max-Age=3600; Secure; HttpOnly; SameSite=Strict"));
        assert_eq!(clear_session(), "__Host-sakimori=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Strict");
        assert!(set_oidc(&secret(), Duration::from_secs(600)).ends_with("Max-Age=600; Secure; HttpOnly; SameSite=Lax"));
        assert!(!set.to_lowercase().contains("domain"));
    }

    #[test]
    fn the_cookie_as_it_comes_back() {
        let ours = format!("__Host-sakimori={}", "A".repeat(43));
        let read = |lines: &[&str]| {
            session_of(&headers(&lines.iter().map(|line| ("cookie", *line)).collect::<Vec<_>>())).map(|s| s.reveal())
        };
        let value = Some("A".repeat(43));
        assert_eq!(read(&[&ours]), value);
        assert_eq!(read(&[&format!("sakimori-lang=ja; {ours}; x=1")]), value);
        assert_eq!(read(&["x=1", &ours]), value);
        let long = format!("{ours}; x={}", "y".repeat(COOKIES_BYTES_MAX));
        for lines in [
            vec!["x=1"],
            vec![&format!("{ours}; {ours}")],
            vec![&ours, &ours],
            vec![&ours[..40]],
            vec![&long],
            vec![&ours.replace("__Host", "__host")],
            vec![&format!("x\u{00ff}=1; {ours}")],
        ] {
            assert_eq!(read(&lines), None, "{lines:?}");
        }
        assert!(oidc_of(&headers(&[("cookie", &ours)])).is_none());
    }

    #[test]
    fn where_a_request_comes_from() {
        let post = |pairs: &[(&'static str, &str)]| same_origin(&Method::POST, &headers(pairs));
        let host = ("host", "node.example:8710");
        assert_eq!(post(&[host, ("sec-fetch-site", "same-origin")]), Ok(()));
        assert_eq!(post(&[host, ("sec-fetch-site", "none")]), Ok(()));
        assert_eq!(post(&[host, ("origin", "https://node.example:8710")]), Ok(()));
        assert_eq!(post(&[("host", "node.example"), ("origin", "https://node.example")]), Ok(()));
        assert_eq!(post(&[("host", "NODE.example:443"), ("origin", "https://node.example")]), Ok(()));
        assert_eq!(post(&[("host", "[::1]:8710"), ("origin", "http://[::1]:8710")]), Ok(()));
        for site in ["cross-site", "same-site", "", "Same-Origin"] {
            let wrong = post(&[host, ("sec-fetch-site", site), ("origin", "https://node.example:8710")]);
            assert_eq!(wrong, Err(OriginError::OtherSite), "{site}");
        }
        let twice = post(&[host, ("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")]);
        assert_eq!(twice, Err(OriginError::OtherSite));
        for origin in [
            "null",
            "https://node.example",
            "https://node.example:8711",
            "https://evil.example:8710",
            "node.example:8710",
            "",
        ] {
            assert_eq!(post(&[host, ("origin", origin)]), Err(OriginError::OtherOrigin), "{origin}");
        }
        assert_eq!(post(&[("origin", "https://node.example")]), Err(OriginError::OtherOrigin));
        assert_eq!(post(&[host]), Err(OriginError::Unknown));
        for method in [Method::DELETE, Method::PUT, Method::PATCH, Method::from_bytes(b"PURGE").expect("a method")] {
            assert_eq!(same_origin(&method, &headers(&[host])), Err(OriginError::Unknown), "{method}");
        }
        for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
            assert_eq!(same_origin(&method, &headers(&[("sec-fetch-site", "cross-site")])), Ok(()), "{method}");
        }
    }

    #[test]
    fn names_of_the_node() {
        let public = Url::parse("https://Sakimori.example.jp:8443/").expect("a URL");
        let further = [Host::parse("10.0.0.7:8710").expect("a host")];
        let ours = AllowedHosts::new(Some(&public), &further);
        let allows = |hosts: &AllowedHosts, host: &str| hosts.allows(&headers(&[("host", host)]), None);
        for host in [
            "localhost",
            "LOCALHOST:8710",
            "node.localhost:1",
            "127.0.0.1:8710",
            "127.9.9.9",
            "[::1]:8710",
            "localhost.:8710",
        ] {
            assert!(allows(&AllowedHosts::default(), host), "{host}");
        }
        for host in ["sakimori.example.jp", "SAKIMORI.example.jp:8443", "sakimori.example.jp.:1", "10.0.0.7"] {
            assert!(allows(&ours, host), "{host}");
            assert!(!allows(&AllowedHosts::default(), host), "{host}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "evillocalhost",
            "",
            "localhost/x",
            "evil@localhost",
            "localhost:8710:1",
            "[::2]",
            "[::ffff:10.0.0.1]",
            "local host",
            "localhost:99999",
        ] {
            assert!(!allows(&ours, host), "{host}");
        }
        assert!(!ours.allows(&headers(&[]), None));
        assert!(!ours.allows(&headers(&[("host", "localhost"), ("host", "localhost")]), None));
        assert!(!ours.allows(&headers(&[("host", "localhost")]), Some("evil.example")));
        assert!(ours.allows(&headers(&[("host", "localhost")]), Some("localhost")));
    }

    proptest! {
        #[test]
        fn reading_a_host_never_panics(text in any::<String>()) {
            if let Some(host) = Host::parse(&text) {
                prop_assert!(!host.name.is_empty());
            }
        }

        #[test]
        fn no_name_outside_is_loopback(text in "[a-z0-9]{1,12}\\.[a-z]{2,8}") {
            prop_assume!(!text.ends_with(".localhost"));
            prop_assert!(!is_loopback_name(&text));
        }
    }
}
