//! What the metadata of a GGUF file says of the model (the keys of the specification), as facts.

use std::collections::BTreeMap;

use sakimori_model::FactName;

use crate::report::Report;

/// Texts of one list that are read.
pub const LIST_MAX: u64 = 1_000;
/// Base models and data sets of one file.
const SOURCES_MAX: usize = 64;
/// Facts that are kept of one file.
const FACTS_MAX: usize = 256;

/// Keys with a text, or a list of texts, and what they say.
const TEXTS: &[(&str, FactName)] = &[
    ("general.architecture", FactName::Architecture),
    ("general.name", FactName::Name),
    ("general.author", FactName::Author),
    ("general.organization", FactName::Author),
    ("general.version", FactName::Version),
    ("general.description", FactName::Description),
    ("general.license", FactName::Licence),
    ("general.license.name", FactName::Licence),
    ("general.license.link", FactName::LicenceLink),
    ("general.url", FactName::Link),
    ("general.repo_url", FactName::Link),
    ("general.source.url", FactName::Link),
    ("general.source.repo_url", FactName::Link),
    ("general.source.huggingface.repository", FactName::Link),
    ("general.tags", FactName::Tag),
    ("general.languages", FactName::Language),
    ("general.datasets", FactName::Dataset),
];

/// What was read so far.
#[derive(Default)]
pub struct About {
    facts: Vec<(FactName, String)>,
    /// What is said of each base model and data set: by its number, then by the last part of the key.
    bases: BTreeMap<String, BTreeMap<String, String>>,
    datasets: BTreeMap<String, BTreeMap<String, String>>,
}

/// True for keys whose number says something.
#[must_use]
pub fn wants_number(key: &str) -> bool {
    key == "general.file_type" || key.ends_with(".context_length") || key.ends_with(".vocab_size")
}

/// True for keys whose texts say something.
#[must_use]
pub fn wants_list(key: &str) -> bool {
    TEXTS.iter().any(|(known, _)| *known == key)
}

impl About {
    /// Takes a text.
    pub fn text(&mut self, key: &str, text: String) {
        if let Some((_, name)) = TEXTS.iter().find(|(known, _)| *known == key) {
            return self.add(*name, text);
        }
        for (start, sources) in [("general.base_model.", &mut self.bases), ("general.dataset.", &mut self.datasets)] {
            if let Some((number, part)) = key.strip_prefix(start).and_then(|rest| rest.split_once('.'))
                && (sources.len() < SOURCES_MAX || sources.contains_key(number))
                && ["name", "organization", "repo_url"].contains(&part)
            {
                sources.entry(number.to_owned()).or_default().insert(part.to_owned(), text);
                return;
            }
        }
    }

    /// Takes a number for which [`wants_number`] holds.
    pub fn number(&mut self, key: &str, number: u64) {
        if key == "general.file_type" {
            if let Some(name) = file_type(number) {
                self.add(FactName::Quantization, name.to_owned());
            }
        } else if key.ends_with(".context_length") {
            self.add(FactName::ContextLength, number.to_string());
        } else {
            self.add(FactName::VocabularySize, number.to_string());
        }
    }

    /// Takes the length of an array.
    pub fn array(&mut self, key: &str, count: u64) {
        if key == "tokenizer.ggml.tokens" && !self.facts.iter().any(|(name, _)| *name == FactName::VocabularySize) {
            self.add(FactName::VocabularySize, count.to_string());
        }
    }

    /// Notes the facts.
    pub fn report(&mut self, report: &mut Report<'_>) {
        for (name, value) in self.facts.drain(..) {
            report.fact(name, value);
        }
        for (name, sources) in [(FactName::BaseModel, &self.bases), (FactName::Dataset, &self.datasets)] {
            for source in sources.values() {
                report.fact(name, source_name(source));
            }
        }
    }

    fn add(&mut self, name: FactName, value: String) {
        if self.facts.len() < FACTS_MAX {
            self.facts.push((name, value));
        }
    }
}

/// `org/name` where it is known.
fn source_name(source: &BTreeMap<String, String>) -> String {
    let part = |name: &str| source.get(name).map_or("", String::as_str);
    if let Some(repository) = part("repo_url").strip_prefix("https://huggingface.co/") {
        return repository.trim_end_matches('/').to_owned();
    }
    match (part("organization"), part("name")) {
        ("", "") => part("repo_url").to_owned(),
        ("", name) => name.to_owned(),
        (organization, name) => format!("{organization}/{name}"),
    }
}

/// The scheme of `general.file_type` (`llama_ftype`); `None` for files whose numbers were not made smaller.
fn file_type(number: u64) -> Option<&'static str> {
    const NAMES: &[(u64, &str)] = &[
        (2, "Q4_0"),
        (3, "Q4_1"),
        (7, "Q8_0"),
        (8, "Q5_0"),
        (9, "Q5_1"),
        (10, "Q2_K"),
        (11, "Q3_K_S"),
        (12, "Q3_K_M"),
        (13, "Q3_K_L"),
        (14, "Q4_K_S"),
        (15, "Q4_K_M"),
        (16, "Q5_K_S"),
        (17, "Q5_K_M"),
        (18, "Q6_K"),
        (19, "IQ2_XXS"),
        (20, "IQ2_XS"),
        (21, "Q2_K_S"),
        (22, "IQ3_XS"),
        (23, "IQ3_XXS"),
        (24, "IQ1_S"),
        (25, "IQ4_NL"),
        (26, "IQ3_S"),
        (27, "IQ3_M"),
        (28, "IQ2_S"),
        (29, "IQ2_M"),
        (30, "IQ4_XS"),
        (31, "IQ1_M"),
        (36, "TQ1_0"),
        (37, "TQ2_0"),
        (38, "MXFP4_MOE"),
    ];
    NAMES.iter().find(|(known, _)| *known == number).map(|(_, name)| *name)
}

/// The name of a type of tensor (`ggml_type`).
#[must_use]
pub fn type_name(number: u32) -> &'static str {
    match number {
        0 => "F32",
        1 => "F16",
        2 => "Q4_0",
        3 => "Q4_1",
        6 => "Q5_0",
        7 => "Q5_1",
        8 => "Q8_0",
        9 => "Q8_1",
        10 => "Q2_K",
        11 => "Q3_K",
        12 => "Q4_K",
        13 => "Q5_K",
        14 => "Q6_K",
        15 => "Q8_K",
        16 => "IQ2_XXS",
        17 => "IQ2_XS",
        18 => "IQ3_XXS",
        19 => "IQ1_S",
        20 => "IQ4_NL",
        21 => "IQ3_S",
        22 => "IQ2_S",
        23 => "IQ4_XS",
        24 => "I8",
        25 => "I16",
        26 => "I32",
        27 => "I64",
        28 => "F64",
        29 => "IQ1_M",
        30 => "BF16",
        34 => "TQ1_0",
        35 => "TQ2_0",
        39 => "MXFP4",
        _ => "other",
    }
}
