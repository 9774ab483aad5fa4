//! Where links lead, and whether they say so.

use std::collections::{HashMap, HashSet};

use sakimori_model::Contribution;
use url::Url;

use super::{Seen, scored};
use crate::catalogue::finding;
use crate::mail::codes;
use crate::mail::letter::{Letter, Target};
use crate::prose::domain::{self, is_address, is_shared_hosting, is_under, organisation, same_organisation};
use crate::prose::fold::fold;
use crate::prose::redirect::redirects;
use crate::prose::tables::HOSTS;

/// Hosts of forms of one body that are told; more of them say nothing new.
const FORMS_TOLD_MAX: usize = 100;
/// Organisations that a counter of clicks stands for at least.
const COUNTED_MIN: usize = 3;

/// Looks at links, forms and redirects.
pub fn look(letter: &Letter<'_>, seen: &mut Seen) {
    let counters = counters(letter);
    let digest = if letter.is_digest() { Digest::Yes } else { Digest::No };
    for target in &letter.links {
        scheme(letter, target, seen);
        if !target.host.is_empty() {
            if !counters.contains(&target.host) {
                shown_text(letter, target, seen);
            }
            // Lists of technicians talk about addresses and ports, in plain text.
            let is_plain = letter.bodies.get(target.body).is_some_and(|b| b.page.is_none());
            if !(letter.is_from_list() && is_plain) {
                host(letter, target, digest, seen);
                disguise(letter, target, seen);
            }
            recipient(letter, target, seen);
        }
    }
    cheap(letter, seen);
    elsewhere(letter, seen);
    forms(letter, seen);
}

// The place of a link costs a walk through its body, so nothing is worked out for a code that is there already:
// otherwise ten thousand links would cost ten thousand walks.

fn scheme(letter: &Letter<'_>, target: &Target, seen: &mut Seen) {
    if seen.has(&codes::LINK_SCHEME) {
        return;
    }
    let written = fold(&target.link.href);
    let scheme = written.split(':').next().unwrap_or_default();
    if written.contains(':') && matches!(scheme, "data" | "javascript" | "vbscript" | "file" | "ms-msdt" | "search-ms")
    {
        // `javascript:void(0)` and the like do nothing; editors leave them behind.
        if scheme == "javascript" && written.len() < 40 {
            return;
        }
        let place = letter.at_body(target.body, target.link.offset);
        seen.add(finding(&codes::LINK_SCHEME, place).with("scheme", scheme));
    }
}

/// Hosts whose links show several other organisations: they count clicks on links to anywhere. Who disguises a target
/// shows one name.
fn counters(letter: &Letter<'_>) -> HashSet<String> {
    let mut shown: HashMap<&str, HashSet<String>> = HashMap::new();
    for target in letter.links.iter().filter(|t| !t.host.is_empty()) {
        let named = shown_host(&target.link.text).and_then(|host| organisation(&host));
        if let Some(named) = named.filter(|named| organisation(&target.host).as_ref() != Some(named)) {
            shown.entry(&target.host).or_default().insert(named);
        }
    }
    shown.into_iter().filter(|(_, named)| named.len() >= COUNTED_MIN).map(|(host, _)| host.to_owned()).collect()
}

fn shown_text(letter: &Letter<'_>, target: &Target, seen: &mut Seen) {
    if seen.has(&codes::LINK_TEXT_DIFFERS) {
        return;
    }
    let Some(shown) = shown_host(&target.link.text) else { return };
    if same_organisation(&shown, &target.host) || shown == target.host {
        return;
    }
    // A sender that is known to be real may count clicks on links to itself through a mailing service.
    let from = letter.sender_domain();
    let is_real = || match letter.authentication.field {
        Some(_) => letter.authentication.vouches_for(&from),
        None => letter.came_from(&from),
    };
    if letter.is_from_list() || same_organisation(&shown, &from) && is_real() {
        return;
    }
    let place = letter.at_body(target.body, target.link.offset);
    seen.add(
        finding(&codes::LINK_TEXT_DIFFERS, place).with("shown", shown).with("host", domain::unicode(&target.host)),
    );
}

/// The host that the visible text of a link claims, if it is an address and nothing else.
fn shown_host(text: &str) -> Option<String> {
    let text = fold(text);
    let text = text.trim().trim_end_matches(['.', ',']);
    if text.contains([' ', '@']) || text.len() > 300 {
        return None;
    }
    let bare = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or(text);
    let host = bare.split(['/', '?', '#', ':']).next().unwrap_or_default();
    let has_scheme = bare.len() < text.len();
    let looks_like_host =
        has_scheme || host.starts_with("www.") || host.len() < text.len() || host.matches('.').count() >= 1;
    (looks_like_host && organisation(host).is_some()).then(|| host.to_owned())
}

/// Whether the mail links to many places, among which pages of private persons are nothing special.
#[derive(Clone, Copy, PartialEq)]
enum Digest {
    Yes,
    No,
}

fn host(letter: &Letter<'_>, target: &Target, digest: Digest, seen: &mut Seen) {
    let place = || letter.at_body(target.body, target.link.offset);
    let host = &target.host;
    let code = if is_address(host) {
        &codes::LINK_ADDRESS
    } else if HOSTS.shorteners.iter().any(|s| is_under(host, s)) {
        &codes::LINK_SHORTENER
    } else if is_shared_hosting(host) && digest == Digest::No && !same_organisation(host, &letter.sender_domain()) {
        &codes::LINK_SHARED_HOSTING
    } else {
        return;
    };
    if !seen.has(code) {
        seen.add(finding(code, place()).with("host", host));
    }
}

fn disguise(letter: &Letter<'_>, target: &Target, seen: &mut Seen) {
    let Some(url) = target.url.as_ref().filter(|_| !seen.has(&codes::LINK_DISGUISED)) else { return };
    let how = if !url.username().is_empty() && url.scheme().starts_with("http") {
        "user@host"
    } else if url.port().is_some_and(|p| !matches!(p, 80 | 443 | 8080 | 8443)) {
        "port"
    } else if redirects(url) {
        "redirect"
    } else {
        return;
    };
    let place = letter.at_body(target.body, target.link.offset);
    seen.add(finding(&codes::LINK_DISGUISED, place).with("how", how).with("host", &target.host));
}

fn recipient(letter: &Letter<'_>, target: &Target, seen: &mut Seen) {
    if seen.has(&codes::LINK_CARRIES_RECIPIENT) {
        return;
    }
    let Some(address) = letter.to.first().map(|m| m.address.to_lowercase()).filter(|a| a.contains('@')) else { return };
    let Some(url) = &target.url else { return };
    let href = &target.link.href;
    let tail = href.split_once(url.host_str().unwrap_or_default()).map_or("", |(_, tail)| tail);
    let lower = tail.to_lowercase();
    // In the clear it is mostly a link to unsubscribe; after the `#` no server sees it, only a script on the page.
    let in_fragment = url.fragment().is_some_and(|f| f.to_lowercase().contains(&address));
    let encoded = base64_of(&address).iter().any(|e| tail.contains(e.as_str()));
    let plain = lower.contains(&address) || lower.contains(&address.replace('@', "%40"));
    let unsubscribes = ["unsub", "optout", "opt-out", "preferences", "abmeld", "desinscri", "mailto"]
        .iter()
        .any(|w| lower.contains(w));
    if !in_fragment && !encoded && !plain {
        return;
    }
    let place = letter.at_body(target.body, target.link.offset);
    let made = finding(&codes::LINK_CARRIES_RECIPIENT, place).with("host", &target.host);
    if in_fragment || encoded {
        let feature = "mail.link-prefills-recipient".to_owned();
        seen.add(scored(made, vec![Contribution { feature, points: 14 }]));
    } else if plain && !unsubscribes {
        seen.add(made);
    }
}

/// What base64 makes of the address, without the padding.
fn base64_of(address: &str) -> [String; 2] {
    use base64::Engine as _;
    let plain = base64::engine::general_purpose::STANDARD_NO_PAD.encode(address);
    let in_url = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(address);
    [plain, in_url]
}

fn cheap(letter: &Letter<'_>, seen: &mut Seen) {
    let is_cheap = |host: &str| HOSTS.cheap_suffixes.iter().any(|s| host.len() > s.len() && is_under(host, s));
    let from = letter.sender_domain();
    if is_cheap(&from) {
        seen.add(finding(&codes::LINK_CHEAP_DOMAIN, letter.at_header("From")).with("host", from));
    } else if let Some(target) = letter.links.iter().find(|t| is_cheap(&t.host)).filter(|_| !letter.is_digest()) {
        let place = letter.at_body(target.body, target.link.offset);
        seen.add(finding(&codes::LINK_CHEAP_DOMAIN, place).with("host", &target.host));
    }
}

fn elsewhere(letter: &Letter<'_>, seen: &mut Seen) {
    let from = letter.sender_domain();
    let hosts: Vec<&Target> = letter.links.iter().filter(|t| !t.host.is_empty()).collect();
    if let Some(first) = hosts.first()
        && !letter.is_from_list()
        && !letter.is_declared_bulk()
        && organisation(&from).is_some()
        && !hosts.iter().any(|t| same_organisation(&t.host, &from))
    {
        let place = letter.at_body(first.body, first.link.offset);
        seen.add(finding(&codes::LINK_ELSEWHERE, place).with("host", &first.host));
    }
}

fn forms(letter: &Letter<'_>, seen: &mut Seen) {
    let from = letter.sender_domain();
    for (number, body) in letter.bodies.iter().enumerate() {
        let Some(page) = &body.page else { continue };
        let host_of = |(action, offset): &'_ (String, usize)| {
            let host = Url::parse(action).ok().and_then(|u| u.host_str().map(str::to_owned)).unwrap_or_default();
            (host, *offset)
        };
        let mut hosts = HashSet::new();
        let told = page.forms.iter().map(host_of).filter(|(host, _)| {
            let foreign = || !host.is_empty() && !same_organisation(host, &from) && !letter.is_from_list();
            hosts.insert(host.clone()) && (page.has_password_field || foreign())
        });
        for (host, offset) in told.take(FORMS_TOLD_MAX) {
            let made = finding(&codes::FORM, letter.at_body(number, offset)).with("host", host);
            if page.has_password_field {
                let feature = "mail.form-password".to_owned();
                seen.add(scored(made, vec![Contribution { feature, points: 45 }]));
            } else {
                seen.add(made);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::codes as found;
    use super::*;

    fn html(body: &str) -> Vec<sakimori_model::Code> {
        let mail = format!(
            "From: a@example.com\nTo: taro@example.jp\nContent-Type: text/html\n\n<a href=https://example.com/>home</a>{body}"
        );
        found(look, &mail)
    }

    #[test]
    fn links_that_say_where_they_lead_raise_nothing() {
        for body in [
            "<a href='https://www.example.com/x'>https://example.com/</a>",
            "<a href='https://example.org/'>Read more at example</a>",
            "<a href='https://example.org/unsubscribe?m=taro@example.jp'>stop</a>",
            "<a href='javascript:void(0)'>x</a>",
        ] {
            assert_eq!(html(body), [], "{body}");
        }
    }

    #[test]
    fn each_trick_is_found() {
        for (body, code) in [
            ("<a href='https://a.example.org/'>www.example.com</a>", codes::LINK_TEXT_DIFFERS),
            ("<a href='http://192.0.2.7/x'>x</a>", codes::LINK_ADDRESS),
            ("<a href='https://example.com@a.example.org/'>x</a>", codes::LINK_DISGUISED),
            ("<a href='https://example.org:8081/'>x</a>", codes::LINK_DISGUISED),
            ("<a href='https://example.org/r?url=https%3A%2F%2Fexample.net'>x</a>", codes::LINK_DISGUISED),
            ("<a href='https://bit.ly/x'>x</a>", codes::LINK_SHORTENER),
            ("<a href='https://x.pages.dev/'>x</a>", codes::LINK_SHARED_HOSTING),
            ("<a href='data:text/html;base64,AAAA'>x</a>", codes::LINK_SCHEME),
            ("<a href='https://example.org/#taro@example.jp'>x</a>", codes::LINK_CARRIES_RECIPIENT),
            ("<a href='https://example.org/?q=dGFyb0BleGFtcGxlLmpw'>x</a>", codes::LINK_CARRIES_RECIPIENT),
            ("<a href='https://example.top/'>x</a>", codes::LINK_CHEAP_DOMAIN),
            ("<form action='https://example.org/'><input></form>", codes::FORM),
        ] {
            assert_eq!(html(body), [code], "{body}");
        }
        assert_eq!(found(look, "From: a@example.com\n\nhttps://example.org/"), [codes::LINK_ELSEWHERE]);
    }

    #[test]
    fn a_real_sender_may_count_clicks_on_links_to_itself() {
        let mail = "Authentication-Results: mx; dkim=pass header.d=example.com\nReceived: x\nFrom: a@example.com\nContent-Type: text/html\n\n<a href='https://click.example.net/'>www.example.com</a><a href=https://example.com>x</a>";
        assert_eq!(found(look, mail), []);
    }
}
