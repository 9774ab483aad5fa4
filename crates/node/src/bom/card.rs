//! What is known of a model, put in order before it is written in one form or the other.

use std::collections::{BTreeMap, BTreeSet};

use sakimori_model::{FactName, Timestamp};
use url::Url;

use super::licence::Licence;
use super::parameters::{Counted, counted};
use super::{BomInput, Completeness, PROPERTIES, VALUES_MAX, id};

/// What is known of a model.
pub(super) struct Card<'a> {
    pub input: &'a BomInput<'a>,
    pub name: String,
    pub version: String,
    pub supplier: Option<String>,
    pub purl: Option<String>,
    pub licences: Vec<Licence>,
    pub counted: Counted,
    pub properties: Vec<(String, String)>,
    values: BTreeMap<FactName, Vec<&'a str>>,
}

impl<'a> Card<'a> {
    pub(super) fn new(input: &'a BomInput<'a>) -> Self {
        let (values, dropped) = values(input);
        let of = |name| values.get(&name).map(Vec::as_slice).unwrap_or_default();
        let version = of(FactName::Version).first().map(|version| (*version).to_owned());
        let hub_owner = input.hub.and_then(|hub| hub.repository.split_once('/')).map(|(owner, _)| owner.to_owned());
        let mut card = Self {
            input,
            name: input.hub.map_or(input.name, |hub| &hub.repository).to_owned(),
            version: input
                .hub
                .map(|hub| hub.revision.clone())
                .or(version)
                .unwrap_or_else(|| format!("sha256:{}", input.sha256)),
            supplier: hub_owner.or_else(|| of(FactName::Author).first().map(|author| (*author).to_owned())),
            purl: input.hub.map(|hub| {
                let path: Vec<String> = hub.repository.split('/').map(percent_encoded).collect();
                format!("pkg:huggingface/{}@{}", path.join("/"), hub.revision)
            }),
            licences: licences(of(FactName::Licence), of(FactName::LicenceLink)),
            counted: counted(input),
            properties: Vec::new(),
            values,
        };
        card.properties = card.properties(dropped);
        card
    }

    /// The different values of a name, in the order in which they were read.
    pub(super) fn all(&self, name: FactName) -> &[&'a str] {
        self.values.get(&name).map(Vec::as_slice).unwrap_or_default()
    }

    /// The values of a name as one text.
    pub(super) fn joined(&self, name: FactName, separator: &str) -> Option<String> {
        let values = self.all(name);
        (!values.is_empty()).then(|| values.join(separator))
    }

    /// Libraries and packages that it needs: name, version where one is pinned, and the words as they were read.
    pub(super) fn libraries(&self) -> Vec<(String, Option<String>, String)> {
        let words: BTreeSet<&str> =
            self.all(FactName::Library).iter().chain(self.all(FactName::Dependency)).copied().collect();
        words.into_iter().map(requirement).collect()
    }

    /// Addresses that are links to pages.
    pub(super) fn links(&self) -> Vec<String> {
        self.all(FactName::Link).iter().filter_map(|link| address(link)).collect()
    }

    pub(super) fn is_complete(&self) -> bool {
        self.input.whole == Completeness::Complete
    }

    /// The time to the second.
    pub(super) fn time(&self) -> Option<String> {
        self.input.time.map(|time: Timestamp| {
            let text = time.to_string();
            text.split_once('.').map_or(text.clone(), |(seconds, _)| format!("{seconds}Z"))
        })
    }

    pub(super) fn uuid(&self, part: &str) -> String {
        id(self.input.sha256, part).to_string()
    }

    /// What has no field of its own in the formats, by our own names.
    fn properties(&self, dropped: usize) -> Vec<(String, String)> {
        let mut all = Vec::new();
        let mut say = |name: &str, value: String| all.push((format!("{PROPERTIES}{name}"), value));
        let digest = match self.input.shape {
            crate::unit::Shape::File => "SHA-256 of the file",
            crate::unit::Shape::Folder => {
                "SHA-256 over the raw SHA-256 digests of the files in the order of their paths"
            }
        };
        say("digest", digest.to_owned());
        say("bytes", self.input.files.iter().map(|file| u128::from(file.size)).sum::<u128>().to_string());
        for (name, count) in [("parameters", self.counted.parameters), ("tensors", self.counted.tensors)] {
            if let Some(count) = count {
                say(name, count.to_string());
            }
        }
        if let Some(how) = &self.counted.how {
            say("counted-over", how.clone());
        }
        for (name, property) in PLAIN {
            for value in self.all(name) {
                say(property, (*value).to_owned());
            }
        }
        for link in self.all(FactName::Link).iter().chain(self.all(FactName::LicenceLink)) {
            if address(link).is_none() {
                say("link", (*link).to_owned());
            }
        }
        if dropped > 0 {
            say("facts-left-out", dropped.to_string());
        }
        if let Some(decision) = &self.input.decision {
            say("decision:effect", decision.effect.as_str().to_owned());
            say("decision:findings", decision.findings.to_string());
            say("decision:unexamined", decision.unexamined.to_string());
            if let Some(record) = decision.record {
                say("decision:record", record.to_string());
            }
            if let Some(origin) = decision.origin {
                say("decision:log", origin.to_owned());
            }
        }
        all.sort();
        all.dedup();
        all
    }
}

/// Facts that have no field of their own, and the properties that hold them.
const PLAIN: [(FactName, &str); 10] = [
    (FactName::Name, "name"),
    (FactName::DataType, "data-type"),
    (FactName::Quantization, "quantization"),
    (FactName::ContextLength, "context-length"),
    (FactName::VocabularySize, "vocabulary-size"),
    (FactName::Language, "language"),
    (FactName::Producer, "producer"),
    (FactName::BaseModelRelation, "base-model-relation"),
    (FactName::Tool, "tool"),
    (FactName::Version, "version"),
];

/// The different values of each name, in their order, and how many were left out.
fn values<'a>(input: &BomInput<'a>) -> (BTreeMap<FactName, Vec<&'a str>>, usize) {
    let mut seen = BTreeSet::new();
    let mut values: BTreeMap<FactName, Vec<&str>> = BTreeMap::new();
    let mut dropped = 0;
    for fact in input.facts {
        if fact.value.is_empty() || !seen.insert((fact.name, fact.value.as_str())) {
            continue;
        }
        let of_name = values.entry(fact.name).or_default();
        if of_name.len() < VALUES_MAX { of_name.push(&fact.value) } else { dropped += 1 }
    }
    (values, dropped)
}

/// The licences. The address of a text belongs to a licence only where there is one of each.
fn licences(words: &[&str], links: &[&str]) -> Vec<Licence> {
    let link = match (words, links) {
        ([_], [link]) => address(link),
        _ => None,
    };
    let mut licences: Vec<Licence> = words.iter().map(|words| Licence::of(words, link.clone())).collect();
    licences.sort();
    licences.dedup();
    licences
}

/// `name==version`, `name` or any other requirement: its name, the version where one is pinned, and all of it.
fn requirement(words: &str) -> (String, Option<String>, String) {
    let end = words.find(|c: char| !(c.is_alphanumeric() || "._-/@".contains(c))).unwrap_or(words.len());
    let (name, rest) = words.split_at(end);
    let name = if name.is_empty() { words } else { name };
    let pinned = rest.trim().strip_prefix("==").map(str::trim);
    let version =
        pinned.filter(|v| !v.is_empty() && v.chars().all(|c| c.is_ascii_alphanumeric() || ".+-_".contains(c)));
    (name.to_owned(), version.map(str::to_owned), words.to_owned())
}

/// A web address that every validator takes for one (RFC 3986): nothing but plain characters, and each percent sign with two
/// digits.
pub(super) fn address(text: &str) -> Option<String> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())?;
    let text = String::from(url);
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~:/?#@!$&'()*+,;=%".contains(&b);
    let percents = text.split('%').skip(1).all(|rest| rest.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2);
    let fits = text.bytes().all(plain) && percents && text.matches('#').count() <= 1;
    fits.then_some(text)
}

/// A segment of a package URL (purl specification, "character encoding").
fn percent_encoded(segment: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b".-_~".contains(&b);
    segment.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_requirement_is_taken_apart() {
        let parts = |words| {
            let (name, version, _) = requirement(words);
            (name, version)
        };
        assert_eq!(parts("torch==2.1.0"), ("torch".to_owned(), Some("2.1.0".to_owned())));
        assert_eq!(parts("transformers"), ("transformers".to_owned(), None));
        assert_eq!(parts("numpy>=1.20,<2"), ("numpy".to_owned(), None));
        assert_eq!(parts("x == 1.0; python_version<'3'"), ("x".to_owned(), None));
        assert_eq!(parts("==="), ("===".to_owned(), None));
    }

    #[test]
    fn only_plain_web_addresses_are_addresses() {
        assert_eq!(address("https://example.org/a?b=c#d").as_deref(), Some("https://example.org/a?b=c#d"));
        for bad in
            ["LICENSE", "javascript:alert(1)", "https://", "https://a/%zz", "https://a/b|c^`", "file:///etc/passwd"]
        {
            assert!(address(bad).is_none_or(|url| !url.contains(['|', '^', '`'])), "{bad}");
        }
        assert!(address("javascript:alert(1)").is_none() && address("https://a/%zz").is_none());
    }
}
