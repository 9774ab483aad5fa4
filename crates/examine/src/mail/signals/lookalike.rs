//! Domains that are made to be taken for others: foreign letters, swapped letters, borrowed names.

use std::collections::HashSet;
use std::sync::LazyLock;

use sakimori_model::Place;
use unicode_security::MixedScript;

use super::Seen;
use crate::catalogue::finding;
use crate::mail::brands::{labels, owner, owns};
use crate::mail::codes;
use crate::mail::domain::{chosen_label, is_shared_hosting, organisation, unicode};
use crate::mail::fold::{fold, is_script_lookalike};
use crate::mail::letter::Letter;
use crate::mail::tables::Brand;

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
    if owner(host).is_some() {
        return;
    }
    let shown = unicode(host);
    if shown != host && is_homograph(&shown) {
        seen.add(finding(&codes::HOMOGRAPH, place()).with("shown", &shown).with("host", host));
        return;
    }
    if let Some(brand) = imitated(host) {
        seen.add(finding(&codes::LOOKALIKE, place()).with("brand", &brand.name).with("host", &shown));
    } else if let Some(brand) = carried(host) {
        seen.add(finding(&codes::LINK_BRAND, place()).with("brand", &brand.name).with("host", &shown));
    }
}

/// True for a host with scripts mixed in one label, or with a label of lookalikes only that reads as plain letters.
fn is_homograph(shown: &str) -> bool {
    shown.split('.').any(|label| {
        let alike = label.chars().filter(|c| !c.is_ascii()).all(is_script_lookalike);
        !label.is_single_script() && label.chars().any(is_script_lookalike)
            || !label.is_ascii() && alike && labels().any(|(_, l)| l == fold(label))
    })
}

/// The brand that the chosen label imitates by swapped or changed letters.
fn imitated(host: &str) -> Option<&'static Brand> {
    let label = chosen_label(host);
    if label.len() < 5 || is_shared_hosting(host) {
        return None;
    }
    let plain = swap_lookalikes(&label);
    labels()
        .zip(SWAPPED_LABELS.iter())
        .find(|((_, real), swapped)| {
            label != *real
                && (plain == **swapped
                    || real.len() >= 7 && label.len().abs_diff(real.len()) <= 1 && is_one_edit(&label, real))
        })
        .map(|((brand, _), _)| brand)
}

/// The brands' labels as [`swap_lookalikes`] reads them, in the order of [`labels`].
static SWAPPED_LABELS: LazyLock<Vec<String>> =
    LazyLock::new(|| labels().map(|(_, label)| swap_lookalikes(label)).collect());

/// The brand whose name stands as a word in a host that isn't the brand's.
fn carried(host: &str) -> Option<&'static Brand> {
    let org = organisation(host)?;
    let words: Vec<&str> = host.split(['.', '-', '_']).collect();
    labels()
        .find(|(brand, real)| {
            let compact = real.len() >= 7
                && host.strip_suffix(org.split_once('.').map_or("", |(_, s)| s)).is_some_and(|h| h.contains(real));
            (words.contains(real) || compact) && !owns(brand, host)
        })
        .map(|(brand, _)| brand)
        .filter(|_| owner(host).is_none())
}

/// Digits and pairs of letters as the letter that they are read as.
fn swap_lookalikes(label: &str) -> String {
    label
        .replace("rn", "m")
        .replace("vv", "w")
        .replace("cl", "d")
        .replace('0', "o")
        .replace(['1', 'i', '!', '|'], "l")
        .replace('3', "e")
        .replace('5', "s")
        .replace('-', "")
}

/// True when one letter was changed, added, left out or swapped with its neighbour.
fn is_one_edit(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let front = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let (ra, rb) = (&a[front..], &b[front..]);
    let back = ra.iter().rev().zip(rb.iter().rev()).take_while(|(x, y)| x == y).count();
    let (ma, mb) = (&ra[..ra.len() - back], &rb[..rb.len() - back]);
    match (ma, mb) {
        ([x, y], [z, w]) => x == w && y == z,
        _ => ma.len() + mb.len() > 0 && ma.len() <= 1 && mb.len() <= 1,
    }
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

    #[test]
    fn one_edit_is_one() {
        assert!(is_one_edit("paypla", "paypal") && is_one_edit("paypall", "paypal") && is_one_edit("pavpal", "paypal"));
        assert!(!is_one_edit("paypal", "paypal") && !is_one_edit("payful", "paypal"));
    }
}
