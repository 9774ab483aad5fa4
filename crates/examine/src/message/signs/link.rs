//! Where links lead.

use std::collections::HashSet;

use super::{OFFICIAL_STORIES, has_any, worth};
use crate::message::codes;
use crate::message::links::{Target, What};
use crate::message::note::{Note, is_known};
use crate::prose::brands::owns;
use crate::prose::domain::{is_address, is_shared_hosting, is_under};
use crate::prose::lookalike::{Imitation, imitation};
use crate::prose::redirect::redirects;
use crate::prose::seen::Seen;
use crate::prose::tables::{Brand, HOSTS};

/// Looks at the links, and at the hosts of mail addresses. Runs after the wording.
pub fn look(note: &Note<'_>, seen: &mut Seen) {
    for target in &note.targets {
        imitates(note, target, seen);
        if target.what == What::Link {
            host(note, target, seen);
            disguise(note, target, seen);
        }
    }
    official(note, seen);
}

fn imitates(note: &Note<'_>, target: &Target, seen: &mut Seen) {
    if seen.has(&codes::LINK_IMITATES) {
        return;
    }
    let brand = match imitation(&target.host) {
        None => return,
        Some(Imitation::Homograph { shown }) => shown,
        Some(Imitation::Lookalike { brand, .. } | Imitation::Carries { brand, .. }) => brand.name.clone(),
    };
    seen.add(note.finding(&codes::LINK_IMITATES, &target.range).with("brand", brand));
}

/// Places where people do share forms and documents with each other.
const SHARED_BY_PEOPLE: &[&str] = &[
    "docs.google.com",
    "drive.google.com",
    "forms.gle",
    "sites.google.com",
    "forms.office.com",
    "notion.so",
    "notion.site",
];

fn host(note: &Note<'_>, target: &Target, seen: &mut Seen) {
    let host = target.host.as_str();
    let any = |table: &[String]| table.iter().any(|d| is_under(host, d));
    let code = if is_address(host) {
        &codes::LINK_ADDRESS
    } else if any(&HOSTS.shorteners) {
        &codes::LINK_SHORTENED
    } else if is_shared_hosting(host) || any(&HOSTS.cheap_suffixes) {
        &codes::LINK_RENTED
    } else {
        return;
    };
    let made = note.finding(code, &target.range);
    let among_people = SHARED_BY_PEOPLE.iter().any(|d| is_under(host, d));
    seen.add(if among_people { worth(made, 8) } else { made });
}

fn disguise(note: &Note<'_>, target: &Target, seen: &mut Seen) {
    let Some(url) = &target.url else { return };
    let odd_port = url.port().is_some_and(|p| !matches!(p, 80 | 443 | 8080 | 8443));
    if !url.username().is_empty() || odd_port || redirects(url) {
        seen.add(note.finding(&codes::LINK_DISGUISED, &target.range));
    }
}

/// Brands that a message names as the place to talk or to look at, rather than as who is speaking.
const PLACES: &[&str] = &["LINE", "Telegram", "WhatsApp", "Facebook", "Instagram", "YouTube", "Google", "PayPay"];
/// Who names more brands speaks for none of them.
const BRANDS_MAX: usize = 2;

/// Points of a link that does not lead to who is named, in a story that asks to go there.
const BESIDE_STORY_POINTS: i32 = 42;
/// Hosts from which on a message is a magazine or a discussion. Who wants one click does not bury it.
const HOSTS_MAX: usize = 2;

fn official(note: &Note<'_>, seen: &mut Seen) {
    let unknown: Vec<&Target> = note.links().filter(|t| !is_known(&t.host)).collect();
    let Some(first) = unknown.first().filter(|_| note.links().all(|t| !is_known(&t.host))) else { return };
    let foreign = |b: &&&'static Brand| !note.links().any(|t| owns(b, &t.host));
    let hosts: HashSet<&str> = unknown.iter().map(|t| t.host.as_str()).collect();
    if hosts.len() > HOSTS_MAX {
        return;
    }
    let story = has_any(seen, OFFICIAL_STORIES);
    let speaks = note.brands.iter().filter(foreign).find(|b| story || !PLACES.contains(&b.name.as_str()));
    match speaks {
        Some(brand) if note.brands.len() <= BRANDS_MAX => {
            let made = note.finding(&codes::LINK_NOT_OFFICIAL, &first.range).with("brand", &brand.name);
            let is_asked_for = OFFICIAL_STORIES.iter().any(|code| **code != codes::STORY_PRIZE && seen.has(code));
            seen.add(if is_asked_for { worth(made, BESIDE_STORY_POINTS) } else { made });
        }
        _ if story => seen.add(note.finding(&codes::LINK_UNKNOWN, &first.range)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::codes_of;
    use super::*;

    #[test]
    fn each_trick_is_found() {
        for (text, code) in [
            ("see https://amazon.co.jp.example.com/", codes::LINK_IMITATES),
            ("写真 http://192.0.2.7/x", codes::LINK_ADDRESS),
            ("写真 https://bit.ly/x", codes::LINK_SHORTENED),
            ("写真 https://a.duckdns.org/", codes::LINK_RENTED),
            ("写真 https://example.com@example.net/", codes::LINK_DISGUISED),
            ("楽天カードより https://a.example.com/", codes::LINK_NOT_OFFICIAL),
        ] {
            assert_eq!(codes_of(text), [code], "{text}");
        }
        let story = "口座が凍結されました https://a.example.com/";
        assert_eq!(codes_of(story), [codes::STORY_ACCOUNT, codes::LINK_UNKNOWN]);
    }

    #[test]
    fn links_to_who_is_named_raise_nothing() {
        for text in [
            "Amazonのセール https://www.amazon.co.jp/x",
            "旅行の写真 https://photos.example.com/a",
            "市役所 https://www.city.example.lg.jp/",
        ] {
            assert!(codes_of(text).is_empty(), "{text}");
        }
    }
}
