//! The tables of facts about hosts and brands. Data, written by us, checked by tests.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};
use serde::Deserialize;

use super::fold::fold;

/// Hosts of certain kinds.
pub static HOSTS: LazyLock<Hosts> = LazyLock::new(|| read("hosts.toml", include_str!("data/hosts.toml")));

/// Brands that are imitated, with their real domains.
pub static BRANDS: LazyLock<Vec<Brand>> =
    LazyLock::new(|| read::<Brands>("brands.toml", include_str!("data/brands.toml")).brand);

/// The words of all brands, to be found in one pass.
pub static BRAND_WORDS: LazyLock<Finder> = LazyLock::new(|| {
    let words = BRANDS.iter().enumerate().flat_map(|(i, b)| b.words.iter().map(move |w| (i, w.clone())));
    Finder::new(words.collect())
});

/// Hosts of certain kinds, each as domains in lower case.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hosts {
    /// Anyone gets a mailbox.
    pub free_mail: Vec<String>,
    /// Names below these are what a rented service is called before it gets a domain of its own.
    pub default_domains: Vec<String>,
    /// Anyone puts pictures there.
    pub image_hosts: Vec<String>,
    /// Short links.
    pub shorteners: Vec<String>,
    /// Anyone puts pages or forms there, and the public suffix list doesn't say so.
    pub shared_hosting: Vec<String>,
    /// Top-level domains that cost next to nothing and are mostly seen in abuse.
    pub cheap_suffixes: Vec<String>,
}

/// One brand.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Brand {
    /// As people write it.
    pub name: String,
    /// Words that mean this brand and hardly anything else; folded when loaded.
    pub words: Vec<String>,
    /// Ordinary words that mean the brand when a sender calls itself so, as the first of at most three words.
    #[serde(default)]
    pub names: Vec<String>,
    /// Its own domains.
    pub domains: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Brands {
    brand: Vec<Brand>,
}

/// Finds words with an owner in folded text; words in Latin letters only at word boundaries.
pub struct Finder {
    automaton: AhoCorasick,
    owners: Vec<usize>,
}

impl Finder {
    /// A finder of these words, each with its owner. They are folded here.
    ///
    /// # Panics
    /// When the words make no automaton, which is a defect of the data.
    pub fn new(words: Vec<(usize, String)>) -> Self {
        let (owners, words): (Vec<usize>, Vec<String>) =
            words.into_iter().map(|(owner, word)| (owner, fold(&word).trim().to_owned())).unzip();
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .build(words)
            .unwrap_or_else(|e| panic!("the phrases of this build make an automaton: {e}"));
        Self { automaton, owners }
    }

    /// Each occurrence: the owner and the byte range.
    pub fn find<'a>(&'a self, folded: &'a str) -> impl Iterator<Item = (usize, std::ops::Range<usize>)> + 'a {
        self.automaton
            .find_overlapping_iter(folded)
            .filter(|m| is_word(folded, m.start(), m.end()))
            .map(|m| (self.owners[m.pattern().as_usize()], m.range()))
    }
}

fn is_word(text: &str, start: usize, end: usize) -> bool {
    let bytes = text.as_bytes();
    let joins = |a: u8, b: u8| a.is_ascii_alphanumeric() && b.is_ascii_alphanumeric();
    let left = start > 0 && joins(bytes[start - 1], bytes[start]);
    let right = end < bytes.len() && joins(bytes[end - 1], bytes[end]);
    !left && !right
}

/// Reads a table of this build.
///
/// # Panics
/// When it is not of the form, which is a defect of the data.
pub fn read<T: serde::de::DeserializeOwned>(name: &str, text: &str) -> T {
    toml::from_str(text).unwrap_or_else(|e| panic!("{name}: {e}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_load_and_are_in_lower_case() {
        let all =
            [&HOSTS.free_mail, &HOSTS.shorteners, &HOSTS.image_hosts, &HOSTS.shared_hosting, &HOSTS.cheap_suffixes];
        for host in all.into_iter().flatten().chain(BRANDS.iter().flat_map(|b| &b.domains)) {
            assert_eq!(*host, host.to_lowercase());
        }
        assert!(BRANDS.iter().all(|b| !b.name.is_empty() && !b.words.is_empty() && !b.domains.is_empty()));
    }

    #[test]
    fn latin_words_are_found_at_word_boundaries_only() {
        let brands =
            |text: &str| BRAND_WORDS.find(&fold(text)).map(|(i, _)| BRANDS[i].name.clone()).collect::<Vec<_>>();
        assert_eq!(brands("Your PayPal account"), ["PayPal"]);
        assert!(brands("netflixing").is_empty());
        assert_eq!(brands("ヤマト運輸からのお知らせ"), ["ヤマト運輸"]);
    }
}
