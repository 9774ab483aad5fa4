//! What speaks for a mail: address, links and origin of one organisation.

use super::Seen;
use crate::catalogue::finding;
use crate::mail::codes;
use crate::mail::letter::{Letter, Mailbox};
use crate::prose::domain::{is_free_mail, is_shared_hosting, same_organisation};

/// Points of a single sign from which on nothing is taken off any more.
const STRONG_POINTS: i64 = 20;

/// Looks at what the others have seen. Runs last.
///
/// A fraud with a domain of its own is consistent as well: so little is taken off, and nothing beside a strong sign.
pub fn look(letter: &Letter<'_>, seen: &mut Seen) {
    let from = letter.from.first().map(Mailbox::domain).unwrap_or_default();
    if is_free_mail(&from) || is_shared_hosting(&from) || !origin_fits(letter, &from) || !links_fit(letter, &from) {
        return;
    }
    let strong = seen.findings().iter().any(|f| f.points() >= STRONG_POINTS && !is_wording(f));
    if strong || [&codes::LINK_CHEAP_DOMAIN, &codes::RANDOM_SENDER].iter().any(|code| seen.has(code)) {
        return;
    }
    seen.add(finding(&codes::CONSISTENT_SENDER, letter.at_header("From")).with("from", from));
}

/// Wording adds up in long newsletters.
fn is_wording(finding: &sakimori_model::Finding) -> bool {
    finding.code == codes::PRESSURE || finding.code == codes::TOO_GOOD
}

/// The receiving host vouches for it; without results, a host of the same organisation stands on the way it came.
fn origin_fits(letter: &Letter<'_>, from: &str) -> bool {
    if letter.authentication.field.is_some() {
        return letter.authentication.is_aligned && letter.field("list-unsubscribe").is_some();
    }
    letter.came_from(from)
}

/// At least half of the links lead to the sender, and there is one.
fn links_fit(letter: &Letter<'_>, from: &str) -> bool {
    let hosts: Vec<&str> = letter.links.iter().map(|t| t.host.as_str()).filter(|h| !h.is_empty()).collect();
    let own = hosts.iter().filter(|host| same_organisation(host, from)).count();
    own > 0 && own * 2 >= hosts.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::signals::tests::codes as found;

    #[test]
    fn a_sender_whose_origin_and_links_agree() {
        let mail = |way: &str, link: &str| {
            format!(
                "Received: from mx.{way} (mx.{way} [192.0.2.1]) by mail.example.org; Mon, 1 Jan 2024 00:00:00 +0000\n\
                 From: news@example.com\nSubject: x\n\nSee https://{link}/"
            )
        };
        assert_eq!(found(look, &mail("example.com", "www.example.com")), [codes::CONSISTENT_SENDER]);
        assert!(found(look, &mail("example.net", "www.example.com")).is_empty());
        assert!(found(look, &mail("example.com", "www.example.net")).is_empty());
    }
}
