//! Host names: the organisation behind one, its readable form, and what kind of host it is.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::tables;

/// The registrable domain of a host in ASCII and lower case (`www.shop.example.co.jp` → `example.co.jp`), by the
/// public suffix list. `None` for an address, a bare label, or a name under no known suffix.
pub fn organisation(host: &str) -> Option<String> {
    let host = ascii(host)?;
    if is_address(&host) {
        return None;
    }
    let domain = psl::domain(host.as_bytes())?;
    if !domain.suffix().is_known() {
        return None;
    }
    String::from_utf8(domain.as_bytes().to_vec()).ok()
}

/// True when both hosts belong to one organisation. Unknown is never the same.
pub fn same_organisation(a: &str, b: &str) -> bool {
    matches!((organisation(a), organisation(b)), (Some(a), Some(b)) if a == b)
}

/// The host in ASCII (punycode) and lower case without a final dot. `None` when it is no host name at all.
pub fn ascii(host: &str) -> Option<String> {
    let host = host.trim().trim_end_matches('.').trim_matches(|c| c == '[' || c == ']');
    if host.is_empty() || host.len() > 253 {
        return None;
    }
    if host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':')) {
        return Some(host.to_ascii_lowercase());
    }
    idna::domain_to_ascii(host).ok()
}

/// The host as a person would read it, punycode decoded.
pub fn unicode(host: &str) -> String {
    if host.to_ascii_lowercase().contains("xn--") { idna::domain_to_unicode(host).0 } else { host.to_lowercase() }
}

/// The label that the organisation chose: `example` of `www.example.co.jp`. Empty where there is none.
pub fn chosen_label(host: &str) -> String {
    organisation(host).and_then(|o| o.split('.').next().map(str::to_owned)).unwrap_or_default()
}

/// The public suffix of a host, such as `co.jp`.
pub fn suffix(host: &str) -> Option<String> {
    let org = organisation(host)?;
    org.split_once('.').map(|(_, suffix)| suffix.to_owned())
}

/// True for an IPv4 or IPv6 address in place of a name, also in the decimal and hexadecimal forms that browsers take.
pub fn is_address(host: &str) -> bool {
    let bare = host.trim_matches(|c| c == '[' || c == ']');
    let number = |t: &str| match t.strip_prefix("0x") {
        Some(hex) => !hex.is_empty() && hex.bytes().all(|b| b.is_ascii_hexdigit()),
        None => !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit()),
    };
    bare.parse::<Ipv4Addr>().is_ok() || bare.parse::<Ipv6Addr>().is_ok() || bare.split('.').all(number)
}

/// True when anyone can put pages under this host's suffix (free hosting, tunnels, storage buckets): the private
/// section of the public suffix list, and what our own table adds.
pub fn is_shared_hosting(host: &str) -> bool {
    let Some(host) = ascii(host) else { return false };
    let private = psl::suffix(host.as_bytes()).is_some_and(|s| s.typ() == Some(psl::Type::Private));
    private || tables::HOSTS.shared_hosting.iter().any(|suffix| is_under(&host, suffix))
}

/// True for the domains where anyone gets a mailbox for nothing.
pub fn is_free_mail(host: &str) -> bool {
    let host = host.to_lowercase();
    tables::HOSTS.free_mail.iter().any(|d| is_under(&host, d))
}

/// A host and all that it is under, the host first: `a.example.com`, `example.com`, `com`.
pub fn above(host: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(host), |host| host.split_once('.').map(|(_, above)| above))
}

/// True when `host` is `domain` or a name below it. Both in lower case.
pub fn is_under(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_organisation_is_below_the_public_suffix() {
        assert_eq!(organisation("www.shop.example.co.jp").as_deref(), Some("example.co.jp"));
        assert_eq!(organisation("a.pages.dev").as_deref(), Some("a.pages.dev"));
        for none in ["", "correios", "192.0.2.7", "[2001:db8::1]", "a.nosuchtld", "2130706433"] {
            assert_eq!(organisation(none), None, "{none}");
        }
    }

    #[test]
    fn addresses_in_every_spelling() {
        assert!(["192.0.2.7", "3221225985", "0xc0.0.2.1", "[::1]"].iter().all(|h| is_address(h)));
        assert!(!is_address("example.com"));
    }

    #[test]
    fn shared_hosting_is_told_from_own_domains() {
        assert!(is_shared_hosting("login.github.io"));
        assert!(!is_shared_hosting("www.example.com"));
    }
}
