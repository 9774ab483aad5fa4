//! Addresses and secrets that stand literally in agents' settings.

use std::net::IpAddr;
use std::sync::LazyLock;

use regex::Regex;
use url::{Host, Url};

use super::codes;
use super::judge::Judge;

/// Judges the addresses in an argument, which may be a whole line of a shell.
pub fn judge(judge: &mut Judge<'_, '_>, path: &str, argument: &str) {
    let between = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '|' | ';' | '<' | '>');
    argument.split(between).for_each(|word| judge_word(judge, path, word));
}

fn judge_word(judge: &mut Judge<'_, '_>, path: &str, word: &str) {
    let word = word.split_once('=').filter(|(_, v)| v.contains("://")).map_or(word, |(_, value)| value);
    let Some(start) = ["git+", "http://", "https://"].iter().find_map(|scheme| word.find(scheme)) else {
        return;
    };
    let address = &word[start..];
    if (address.starts_with("git+") || has_ending(address, ".git")) && !is_commit(address) {
        judge.found(&codes::NO_COMMIT, path, address);
    }
    let Ok(url) = Url::parse(address.trim_start_matches("git+")) else { return };
    let ip = match url.host() {
        Some(Host::Ipv4(ip)) => Some(IpAddr::V4(ip)),
        Some(Host::Ipv6(ip)) => Some(IpAddr::V6(ip)),
        _ => None,
    };
    let local =
        ip.is_some_and(is_local) || matches!(url.host_str(), Some("localhost" | "host.docker.internal" | "0.0.0.0"));
    if url.scheme() == "http"
        && !local
        && !is_name(&url)
        && !url.host_str().is_some_and(|h| !h.contains('.') && ip.is_none())
    {
        judge.found(&codes::PLAIN_HTTP, path, address);
    }
    if ip.is_some() && !local {
        judge.found(&codes::RAW_ADDRESS, path, address);
    }
    if url.password().is_some() {
        judge.found(&codes::LITERAL_SECRET, path, url.host_str().unwrap_or_default());
    }
}

/// True for addresses that are the names of vocabularies, and that nobody fetches (Namespaces in XML 1.0, section 2).
fn is_name(url: &Url) -> bool {
    const HOSTS: &[&str] = &[
        "www.w3.org",
        "schemas.openxmlformats.org",
        "schemas.microsoft.com",
        "schemas.android.com",
        "schemas.xmlsoap.org",
        "purl.org",
        "purl.oclc.org",
        "xmlns.com",
        "ns.adobe.com",
        "json-schema.org",
        "www.omg.org",
        "docs.oasis-open.org",
    ];
    url.host_str().is_some_and(|host| HOSTS.contains(&host))
}

fn has_ending(address: &str, ending: &str) -> bool {
    address.split(['@', '#', '?']).next().is_some_and(|a| a.ends_with(ending))
}

fn is_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_private() || ip.is_link_local() || ip.is_unspecified(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unspecified() || ip.is_unique_local(),
    }
}

/// True for an address that names a commit in full.
pub fn is_commit(address: &str) -> bool {
    static COMMIT: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"[@#/](?:[0-9a-f]{40}|[0-9a-f]{64})\b").expect("the pattern is a constant"));
    COMMIT.is_match(address)
}

/// Forms of tokens that their issuers document, and what stands under a key that names a secret.
static TOKEN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"\b(?:sk-[A-Za-z0-9_-]{20,}|gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,}|xox[abprs]-[A-Za-z0-9-]{10,}|AKIA[0-9A-Z]{16}|AIza[0-9A-Za-z_-]{30,}|hf_[A-Za-z0-9]{20,}|glpat-[A-Za-z0-9_-]{18,}|npm_[A-Za-z0-9]{30,}|pypi-[A-Za-z0-9_-]{30,}|eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.)",
    )
    .expect("the pattern is a constant")
});
static SECRET_KEY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)(?:api[_-]?key|token|secret|passw(?:or)?d|credential|authorization|private[_-]?key|access[_-]?key)s?$",
    )
    .expect("the pattern is a constant")
});

/// True for a value that is a secret itself, and not where one is kept.
pub fn is_secret(key: &str, value: &str) -> bool {
    if TOKEN.is_match(value) {
        return !is_placeholder(value);
    }
    let word = value.strip_prefix("Bearer ").or_else(|| value.strip_prefix("Basic ")).unwrap_or(value);
    let dense = word.len() >= 16
        && !word.contains(char::is_whitespace)
        && word.chars().any(|c| c.is_ascii_digit())
        && word.chars().any(|c| c.is_ascii_alphabetic())
        && !word.contains("://")
        && !word.starts_with(['/', '.', '~']);
    SECRET_KEY.is_match(key) && dense && !is_placeholder(value)
}

fn is_placeholder(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    value.contains(['$', '<', '{', '%', '*'])
        || ["your", "xxxx", "example", "placeholder", "changeme", "replace", "insert", "dummy", "...", "here", "todo"]
            .iter()
            .any(|word| lower.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_told_from_where_they_are_kept() {
        assert!(is_secret("OPENAI_API_KEY", "k3yk3yk3yk3yk3yk3yk3y"));
        assert!(is_secret("X", &format!("ghp_{}", "a1B2".repeat(9))));
        assert!(!is_secret("OPENAI_API_KEY", "${OPENAI_API_KEY}"));
        assert!(!is_secret("API_KEY", "your-api-key-0123456789"));
        assert!(!is_secret("TOKEN_FILE", "/run/secrets/token01"));
        assert!(!is_secret("MAX_TOKENS", "4096"));
    }
}
