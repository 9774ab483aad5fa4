//! Hosts that are made to be taken for others: foreign letters, swapped letters, borrowed names.

use std::sync::LazyLock;

use unicode_security::MixedScript;

use super::brands::{labels, owner, owns};
use super::domain::{chosen_label, is_shared_hosting, organisation, unicode};
use super::fold::{fold, is_script_lookalike};
use super::tables::Brand;

/// How a host imitates another. `shown` is the host as a person reads it.
pub enum Imitation {
    /// Letters of other scripts that look like plain ones.
    Homograph {
        /// The host as it is read.
        shown: String,
    },
    /// A brand's name with swapped or changed letters.
    Lookalike {
        /// Whose.
        brand: &'static Brand,
        /// The host as it is read.
        shown: String,
    },
    /// A brand's name as a word of a host that is not the brand's.
    Carries {
        /// Whose.
        brand: &'static Brand,
        /// The host as it is read.
        shown: String,
    },
}

/// How a host (ASCII, lower case) imitates another; `None` for the hosts of brands themselves and for all others.
pub fn imitation(host: &str) -> Option<Imitation> {
    if owner(host).is_some() {
        return None;
    }
    let shown = unicode(host);
    if shown != host && is_homograph(&shown) {
        return Some(Imitation::Homograph { shown });
    }
    if let Some(brand) = imitated(host) {
        return Some(Imitation::Lookalike { brand, shown });
    }
    carried(host).map(|brand| Imitation::Carries { brand, shown })
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
pub fn is_one_edit(a: &str, b: &str) -> bool {
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
    use super::*;

    #[test]
    fn one_edit_is_one() {
        assert!(is_one_edit("paypla", "paypal") && is_one_edit("paypall", "paypal") && is_one_edit("pavpal", "paypal"));
        assert!(!is_one_edit("paypal", "paypal") && !is_one_edit("payful", "paypal"));
    }
}
