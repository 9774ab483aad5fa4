//! Domains that are made to be taken for others: foreign letters, swapped letters, borrowed names.

use std::collections::HashSet;

use sakimori_model::Place;

use super::Seen;
use crate::catalogue::finding;
use crate::mail::codes;
use crate::mail::letter::Letter;
use crate::prose::lookalike::{Imitation, imitation};

/// Looks at the sender's domain and the hosts of links.
pub fn look(letter: &Letter<'_>, seen: &mut Seen) {
    let from = letter.sender_domain();
    if !from.is_empty() {
        examine(&from, || letter.at_header("From"), seen);
    }
    let mut hosts = HashSet::new();
    for target in letter.links.iter().filter(|t| !t.host.is_empty()) {
        if hosts.insert(target.host.as_str()) {
            examine(&target.host, || letter.at_body(target.body, target.link.offset), seen);
        }
    }
}

fn examine(host: &str, place: impl Fn() -> Place, seen: &mut Seen) {
    let found = match imitation(host) {
        None => return,
        Some(Imitation::Homograph { shown }) => {
            finding(&codes::HOMOGRAPH, place()).with("shown", &shown).with("host", host)
        }
        Some(Imitation::Lookalike { brand, shown }) => {
            finding(&codes::LOOKALIKE, place()).with("brand", &brand.name).with("host", &shown)
        }
        Some(Imitation::Carries { brand, shown }) => {
            finding(&codes::LINK_BRAND, place()).with("brand", &brand.name).with("host", &shown)
        }
    };
    seen.add(found);
}

#[cfg(test)]
mod tests {
    use super::super::tests::codes as found;
    use super::*;

    fn link(host: &str) -> Vec<sakimori_model::Code> {
        found(look, &format!("From: a@example.com\nContent-Type: text/html\n\n<a href='https://{host}/'>x</a>"))
    }

    #[test]
    fn real_domains_raise_nothing() {
        for host in [
            "www.amazon.co.jp",
            "amazon.de",
            "example.com",
            "docs.rs",
            "日本語.jp",
            "xn--bcher-kva.example.com",
            "click.e.netflix.com",
        ] {
            assert_eq!(link(host), [], "{host}");
        }
    }

    #[test]
    fn imitations_are_found() {
        for (host, code) in [
            ("pаypal.com", codes::HOMOGRAPH),
            ("paypa1.com", codes::LOOKALIKE),
            ("arnazon.com", codes::LOOKALIKE),
            ("netfllix.com", codes::LOOKALIKE),
            ("amazon.co.jp.example.com", codes::LINK_BRAND),
            ("secure-paypal.example.org", codes::LINK_BRAND),
        ] {
            assert_eq!(link(host), [code], "{host}");
        }
    }
}
