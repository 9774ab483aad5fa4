//! Everything that reads heads and small bodies of requests, over arbitrary bytes: what the fuzz target `request` runs.

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};

use super::{caller, check, language, records, uploads};
use crate::access::cookie::{self, AllowedHosts};
use crate::access::listen::TrustedProxies;

/// Reads a request as a server would have split it: a line with method and target, header lines, an empty line, a body.
///
/// # Panics
/// When an invariant does not hold.
pub fn read(bytes: &[u8]) {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let first = String::from_utf8_lossy(lines.next().unwrap_or_default());
    let (method, target) = first.split_once(' ').unwrap_or(("GET", "/"));
    let mut headers = HeaderMap::new();
    let mut read = first.len() + 1;
    for line in lines.by_ref().take(64) {
        read += line.len() + 1;
        let Some(at) = line.iter().position(|byte| *byte == b':') else { break };
        let (name, value) = (HeaderName::from_bytes(&line[..at]), HeaderValue::from_bytes(line[at + 1..].trim_ascii()));
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    let method = Method::from_bytes(method.as_bytes()).unwrap_or(Method::GET);
    let uri: Uri = target.trim().parse().unwrap_or_default();
    let loopback = std::net::IpAddr::from([127, 0, 0, 1]);
    let proxies = TrustedProxies::new(vec![loopback]);

    let _ = cookie::session_of(&headers);
    let _ = cookie::oidc_of(&headers);
    let _ = caller::same_origin(&method, &headers);
    let _ = caller::shown(&headers);
    let _ = proxies.client_of(loopback, &headers);
    assert_eq!(
        TrustedProxies::default().client_of(loopback, &headers),
        loopback,
        "nobody but a known proxy is believed"
    );
    let _ = language::of(&uri, &headers, None);
    let _ = uploads::metadata(&headers);
    let body = Bytes::copy_from_slice(bytes.get(read.min(bytes.len())..).unwrap_or_default());
    let _ = check::handler::fields(&headers, &body);
    let hosts = AllowedHosts::new(None, &[]);
    let named = headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or_default();
    if hosts.allows(&headers, None) {
        let name = cookie::Host::parse(named).map(|host| host.name).unwrap_or_default();
        assert!(cookie::is_loopback_name(&name), "{named:?} is none of our names");
    }
    let resource = uri.path().trim_start_matches("/log/");
    assert!(!records::is_tile(resource) || !resource.contains(".."), "{resource:?} leads out of the log");
}
