//! The catalogue of finding codes: declared once in a `codes.toml` beside each examiner, used for everything else.
//!
//! From an entry come the severity, confidence, points and techniques of a finding, its texts in both languages, its
//! page in `docs/findings/`, and the test that it has a positive and a negative corpus file.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use sakimori_model::{Code, Confidence, Contribution, Finding, Lang, Place, Severity, Technique};
use serde::Deserialize;

/// Every `codes.toml`, with the examiner's folder.
const SOURCES: &[(&str, &str)] = &[
    ("core", include_str!("codes.toml")),
    ("artefact", include_str!("artefact/codes.toml")),
    ("pickle", include_str!("artefact/pickle/codes.toml")),
    ("agent", include_str!("agent/codes.toml")),
    ("sigma", include_str!("sigma/codes.toml")),
    ("log", include_str!("log/codes.toml")),
    ("mail", include_str!("mail/codes.toml")),
    ("message", include_str!("message/codes.toml")),
    ("provenance", include_str!("provenance/codes.toml")),
    ("repository", include_str!("repository/codes.toml")),
    ("disclosure", include_str!("disclosure/codes.toml")),
];

/// What is declared of a code.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The feature that the points are given for, such as `pickle.call`.
    pub feature: String,
    /// How bad it is.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// Points to the score.
    pub points: i32,
    /// Ids of ATT&CK or ATLAS, in the release that [`sakimori_model::Framework::release`] names.
    #[serde(default)]
    pub techniques: Vec<String>,
    /// The finding says that something was not examined.
    #[serde(default)]
    pub unexamined: bool,
    /// The texts in Japanese.
    pub ja: Words,
    /// The texts in English.
    pub en: Words,
    /// The folder of the examiner that declares it.
    #[serde(skip)]
    pub examiner: &'static str,
}

/// The texts of a code in one language. `{name}` stands for the parameter `name` of the finding.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// One line: what was seen.
    pub title: String,
    /// Why that matters.
    pub why: String,
    /// What to do now.
    pub todo: String,
}

impl Entry {
    /// The texts in this language.
    #[must_use]
    pub fn words(&self, lang: Lang) -> &Words {
        match lang {
            Lang::Ja => &self.ja,
            Lang::En => &self.en,
        }
    }
}

/// All codes that this build knows.
pub fn entries() -> impl Iterator<Item = (&'static Code, &'static Entry)> {
    CATALOGUE.iter()
}

/// The entry of a code. `None` for a code that another version of the program has written.
#[must_use]
pub fn entry(code: &Code) -> Option<&'static Entry> {
    CATALOGUE.get(code)
}

/// A finding with what the catalogue declares of its code. Add values for the texts with [`Finding::with`].
///
/// # Panics
/// When the code is in no `codes.toml`; a test calls it for every code.
#[must_use]
pub fn finding(code: &Code, place: Place) -> Finding {
    let entry = entry(code).unwrap_or_else(|| panic!("{code} is declared in no codes.toml"));
    Finding {
        code: code.clone(),
        severity: entry.severity,
        confidence: entry.confidence,
        place,
        techniques: entry.techniques.iter().map(|id| Technique::known(id)).collect(),
        rule: None,
        line: None,
        because: vec![Contribution { feature: entry.feature.clone(), points: entry.points }],
        params: BTreeMap::new(),
    }
}

/// The title of a finding in this language, its parameters filled in.
#[must_use]
pub fn title(finding: &Finding, lang: Lang) -> String {
    title_of(&finding.code, &finding.params, lang)
}

/// The title of a code in this language with these parameters.
#[must_use]
pub fn title_of(code: &Code, params: &BTreeMap<String, String>, lang: Lang) -> String {
    match entry(code) {
        Some(entry) => fill(&entry.words(lang).title, params),
        None => code.to_string(),
    }
}

/// The title of a code in this language for no finding in particular: `…` stands for each parameter.
#[must_use]
pub fn general_title(entry: &Entry, lang: Lang) -> String {
    let mut parts = entry.words(lang).title.split('{');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |title, part| title + "…" + part.split_once('}').map_or("", |(_, rest)| rest))
}

/// Replaces each `{name}` by its parameter; a name without one stays as it is.
fn fill(template: &str, params: &BTreeMap<String, String>) -> String {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        match after.split_once('}') {
            Some((name, tail)) if params.contains_key(name) => {
                out.push_str(&params[name]);
                rest = tail;
            }
            _ => {
                out.push('{');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

static CATALOGUE: LazyLock<BTreeMap<Code, Entry>> = LazyLock::new(|| {
    let mut all = BTreeMap::new();
    for (examiner, source) in SOURCES {
        let entries: BTreeMap<Code, Entry> =
            toml::from_str(source).unwrap_or_else(|e| panic!("codes.toml of {examiner}: {e}"));
        for (code, mut entry) in entries {
            entry.examiner = examiner;
            assert!(all.insert(code.clone(), entry).is_none(), "{code} is declared twice");
        }
    }
    all
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_makes_a_finding_with_texts_in_both_languages() {
        for (code, entry) in entries() {
            let made = finding(code, Place::WHOLE);
            assert_eq!(made.points(), i64::from(entry.points));
            for lang in [Lang::Ja, Lang::En] {
                let words = entry.words(lang);
                assert!(
                    ![&words.title, &words.why, &words.todo].iter().any(|t| t.trim().is_empty()),
                    "{code} {lang:?}"
                );
            }
        }
    }

    #[test]
    fn both_languages_use_the_same_parameters() {
        let names = |text: &str| -> std::collections::BTreeSet<String> {
            text.split('{').skip(1).filter_map(|t| t.split_once('}')).map(|(name, _)| name.to_owned()).collect()
        };
        for (code, entry) in entries() {
            assert_eq!(names(&entry.ja.title), names(&entry.en.title), "{code}");
        }
    }

    #[test]
    fn a_general_title_shows_no_names_of_parameters() {
        for (code, entry) in entries() {
            assert!(!general_title(entry, Lang::En).contains(['{', '}']), "{code}");
        }
    }

    #[test]
    fn unknown_parameters_stay_visible() {
        let params = BTreeMap::from([("a".to_owned(), "{b}".to_owned())]);
        assert_eq!(fill("{a} {c} {", &params), "{b} {c} {");
    }
}
