//! Brands and the domains that are theirs.

use super::domain::{chosen_label, is_under, suffix};
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
    let host = host.to_lowercase();
    if brand.domains.iter().any(|d| is_under(&host, d)) {
        return true;
    }
    let label = chosen_label(&host);
    let general = suffix(&host).is_some_and(|s| {
        matches!(s.as_str(), "com" | "net" | "org") || s.rsplit('.').next().is_some_and(|t| t.len() == 2)
    });
    general && label.len() >= 3 && brand.domains.iter().any(|d| d.split('.').next() == Some(label.as_str()))
}

/// The brand that owns a host.
pub fn owner(host: &str) -> Option<&'static Brand> {
    BRANDS.iter().find(|b| owns(b, host))
}

/// Labels that stand for a brand in a host name: the first labels of its domains, long enough to mean it.
pub fn labels() -> impl Iterator<Item = (&'static Brand, &'static str)> {
    BRANDS.iter().flat_map(|brand| {
        brand.domains.iter().filter_map(move |d| {
            d.split('.').next().filter(|l| l.len() >= 5 && !GENERIC.contains(l)).map(|l| (brand, l))
        })
    })
}

/// First labels of brands' domains that are ordinary words.
const GENERIC: &[&str] = &[
    "phantom",
    "promise",
    "action",
    "stake",
    "square",
    "windows",
    "office",
    "square",
    "orange",
    "chase",
    "target",
    "visa",
    "receita",
    "ledger",
    "exodus",
    "kraken",
    "bahn",
    "outlook",
    "telegram",
    "mobile",
    "nicos",
    "nicos",
    "world",
    "federal",
    "stanley1913",
    "daiwa",
    "matsui",
    "nomura",
    "monex",
    "saison",
    "point",
    "europa",
    "sephora1",
    "costa",
    "hilton",
    "phantom",
    "resona",
    "tokyo",
    "metro",
    "welcome",
    "strato",
    "boulanger",
    "norton",
    "google",
    "facebook",
    "youtube",
    "amazonaws",
    "linkedin",
    "instagram",
    "digital",
    "smile",
    "boots",
    "onedrive",
    "sharepoint",
    "microsoft",
    "bundes",
    "share",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_brand_owns_its_domains_and_its_name_in_other_countries() {
        let amazon = BRANDS.iter().find(|b| b.name == "Amazon").expect("listed");
        assert!(["amazon.co.jp", "bounces.amazon.com", "amazon.pl"].iter().all(|h| owns(amazon, h)));
        assert!(!["amazon.top", "amazon-co.jp", "notamazon.com", "amazon.example.com"].iter().any(|h| owns(amazon, h)));
    }
}
