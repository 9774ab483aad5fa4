//! Hosts that are made to be taken for others: foreign letters, swapped letters, borrowed names.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use unicode_security::MixedScript;

use super::brands::{labels, owner, owns};
use super::domain::{chosen_label, is_shared_hosting, organisation, unicode};
use super::fold::{fold, is_script_lookalike};
use super::near::{Near, is_one_edit};
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
    let imitates = |real: &str| {
        label != real
            && (plain == swap_lookalikes(real)
                || real.len() >= 7 && label.len().abs_diff(real.len()) <= 1 && is_one_edit(&label, real))
    };
    LABELS.near.of(&label).into_iter().map(|at| LABELS.all[at]).find(|(_, real)| imitates(real)).map(|(brand, _)| brand)
}

/// The brands' labels, in the order of [`labels`].
struct Labels {
    all: Vec<(&'static Brand, &'static str)>,
    near: Near,
    within: AhoCorasick,
}

static LABELS: LazyLock<Labels> = LazyLock::new(|| {
    let all: Vec<_> = labels().collect();
    let names = || all.iter().map(|(_, label)| *label);
    let within = AhoCorasick::new(names()).unwrap_or_else(|e| panic!("the labels make an automaton: {e}"));
    Labels { near: Near::new(names(), swap_lookalikes), within, all }
});

/// The brand whose name stands as a word in a host that isn't the brand's.
fn carried(host: &str) -> Option<&'static Brand> {
    let org = organisation(host)?;
    let words: Vec<&str> = host.split(['.', '-', '_']).collect();
    let in_host: BTreeSet<usize> =
        LABELS.within.find_overlapping_iter(host).map(|found| found.pattern().as_usize()).collect();
    in_host
        .into_iter()
        .map(|at| LABELS.all[at])
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
