//! Brands and the domains that are theirs.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::domain::{above, chosen_label, is_under, suffix};
use super::tables::{BRAND_WORDS, BRANDS, Brand};

/// The brands that a folded text names, each once.
pub fn named_in(folded: &str) -> Vec<&'static Brand> {
    let mut found: Vec<usize> = BRAND_WORDS.find(folded).map(|(owner, _)| owner).collect();
    found.sort_unstable();
    found.dedup();
    found.into_iter().map(|i| &BRANDS[i]).collect()
}

/// True when a host is the brand's own: below one of its domains, or its name under a country's or an old general
/// suffix (`amazon.pl`); who holds those is the brand in practice.
pub fn owns(brand: &Brand, host: &str) -> bool {
    Host::of(host).belongs_to(brand)
}

/// The brand that owns a host.
pub fn owner(host: &str) -> Option<&'static Brand> {
    let host = Host::of(host);
    let by_domain = above(&host.host).filter_map(|domain| OWNERS.by_domain.get(domain));
    let by_label = host.label.as_deref().and_then(|label| OWNERS.by_label.get(label));
    // In the order of the table, so that the first one is named.
    by_domain.chain(by_label).min().map(|brand| &BRANDS[*brand])
}

/// The first brand of each domain, and of each first label of one.
struct Owners {
    by_domain: HashMap<&'static str, usize>,
    by_label: HashMap<&'static str, usize>,
}

static OWNERS: LazyLock<Owners> = LazyLock::new(|| {
    let mut owners = Owners { by_domain: HashMap::new(), by_label: HashMap::new() };
    for (at, domain) in BRANDS.iter().enumerate().flat_map(|(at, brand)| brand.domains.iter().map(move |d| (at, d))) {
        owners.by_domain.entry(domain).or_insert(at);
        owners.by_label.entry(domain.split('.').next().unwrap_or_default()).or_insert(at);
    }
    owners
});

/// A host taken apart once, to be compared with many brands.
struct Host {
    host: String,
    /// The label that the organisation chose, where it stands under a country's or an old general suffix.
    label: Option<String>,
}

impl Host {
    fn of(host: &str) -> Self {
        let host = host.to_lowercase();
        let is_general = |s: String| {
            matches!(s.as_str(), "com" | "net" | "org") || s.rsplit('.').next().is_some_and(|t| t.len() == 2)
        };
        let label = suffix(&host).is_some_and(is_general).then(|| chosen_label(&host)).filter(|l| l.len() >= 3);
        Self { host, label }
    }

    fn belongs_to(&self, brand: &Brand) -> bool {
        brand
            .domains
            .iter()
            .any(|d| is_under(&self.host, d) || self.label.as_deref().is_some_and(|l| d.split('.').next() == Some(l)))
    }
}

/// Labels that stand for a brand in a host name: the first labels of its domains, long enough to mean it.
pub fn labels() -> impl Iterator<Item = (&'static Brand, &'static str)> {
    LABELS.iter().map(|(brand, label)| (&BRANDS[*brand], label.as_str()))
}

static LABELS: LazyLock<Vec<(usize, String)>> = LazyLock::new(|| {
    let of = |brand: &'static Brand| brand.domains.iter().filter_map(|d| d.split('.').next());
    BRANDS
        .iter()
        .enumerate()
        .flat_map(|(i, brand)| of(brand).map(move |label| (i, label)))
        .filter(|(_, label)| label.len() >= 5 && !GENERIC.contains(label))
        .map(|(i, label)| (i, label.to_owned()))
        .collect()
});

/// First labels of brands' domains that are ordinary words, names of places or of people.
const GENERIC: &[&str] = &[
    "action",
    "amazonaws",
    "boulanger",
    "chase",
    "daiwa",
    "digital",
    "europa",
    "exodus",
    "hilton",
    "kraken",
    "ledger",
    "matsui",
    "metro",
    "mobile",
    "monex",
    "nicos",
    "nomura",
    "norton",
    "office",
    "orange",
    "outlook",
    "phantom",
    "point",
    "promise",
    "receita",
    "resona",
    "saison",
    "smile",
    "square",
    "stake",
    "strato",
    "telegram",
    "tether",
    "tokyo",
    "visa",
    "windows",
    "coin",
    "ripple",
    "correos",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_owner_is_the_first_brand_that_owns() {
        let hosts = BRANDS.iter().flat_map(|brand| &brand.domains).flat_map(|domain| {
            let label = domain.split('.').next().unwrap_or_default();
            [domain.clone(), format!("a.{domain}"), format!("a{domain}"), format!("{label}.pl"), format!("{label}.top")]
        });
        for host in hosts {
            let by_search = BRANDS.iter().find(|brand| owns(brand, &host)).map(|brand| &brand.name);
            assert_eq!(owner(&host).map(|brand| &brand.name), by_search, "{host}");
        }
    }

    #[test]
    fn a_brand_owns_its_domains_and_its_name_in_other_countries() {
        let amazon = BRANDS.iter().find(|b| b.name == "Amazon").expect("listed");
        assert!(["amazon.co.jp", "bounces.amazon.com", "amazon.pl"].iter().all(|h| owns(amazon, h)));
        assert!(!["amazon.top", "amazon-co.jp", "notamazon.com", "amazon.example.com"].iter().any(|h| owns(amazon, h)));
    }
}
