//! Licences: which one a text is, and whether the parts of a folder claim the same.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use sakimori_model::FactName;
use serde::Deserialize;

use crate::report::Report;
use crate::repository::folder::{Folder, extension, name, note, tell, text};
use crate::repository::{card, codes};

/// Characters of a text that are compared with the known ones.
const TEXT_CHARS_MAX: usize = 100_000;

/// True for a file that holds a licence by its name.
pub(super) fn is_licence_file(path: &str) -> bool {
    const STEMS: &[&str] = &["license", "licence", "copying", "unlicense", "model_license", "use_policy"];
    let name = name(path).to_ascii_lowercase();
    let text = ["", "txt", "md", "rst"].contains(&extension(path).as_str()) || name.contains('-');
    text && STEMS.iter().any(|stem| name.starts_with(stem))
}

/// The identifier of SPDX, or of the Hugging Face Hub where SPDX has none, for a name in any of its usual spellings.
pub(super) fn spdx(claim: &str) -> Option<String> {
    let plain = claim.trim().to_ascii_lowercase().replace([' ', '_'], "-");
    let plain = plain.trim_end_matches("-license").trim_end_matches("-licence");
    let plain = plain.trim_end_matches("-only").trim_end_matches("-or-later");
    let known = LICENCES.iter().find(|l| l.id.to_ascii_lowercase() == plain || l.names.iter().any(|n| n == plain));
    known.map(|licence| licence.id.clone())
}

/// Notes the licence of texts, and says where the parts of the folder disagree.
pub(super) fn examine(folder: &Folder<'_>, report: &mut Report<'_>) {
    let mut claims: Vec<(&str, BTreeSet<String>)> = Vec::new();
    let mut is_said = false;
    if let Some((path, licences)) = card::licences(folder) {
        is_said |= !licences.is_empty();
        claims.push((path, licences.iter().filter_map(|licence| spdx(licence)).collect()));
    }
    for file in folder.files() {
        // What a part brings along under its own licence says nothing of the whole.
        if is_licence_file(file.path) && !file.path.contains('/') {
            is_said = true;
            if let Some(id) = text(file).and_then(|text| recognise(&text)) {
                note(report, file.path, [(FactName::Licence, id)]);
                claims.push((file.path, BTreeSet::from([id.to_owned()])));
            }
        }
        let said: Vec<&str> =
            file.facts.iter().filter(|f| f.name == FactName::Licence).map(|f| f.value.as_str()).collect();
        is_said |= !said.is_empty();
        claims.push((file.path, said.into_iter().filter_map(spdx).collect()));
    }
    claims.retain(|(_, ids)| !ids.is_empty());
    if let Some((first, ids)) = claims.first()
        && let Some((other, others)) = claims.iter().find(|(_, others)| others.is_disjoint(ids))
    {
        let words = |ids: &BTreeSet<String>| ids.iter().cloned().collect::<Vec<_>>().join(", ");
        let params = [("first", *first), ("licence", &words(ids)), ("other", name(other)), ("claim", &words(others))];
        tell(report, other, &codes::LICENCES_DIFFER, &params);
    }
    if !is_said && has_model(folder) {
        report.add(crate::catalogue::finding(&codes::NO_LICENCE, report.whole()));
    }
}

/// True when there is something that a licence would be for.
fn has_model(folder: &Folder<'_>) -> bool {
    const WEIGHTS: &[&str] = &[
        "safetensors",
        "gguf",
        "onnx",
        "hdf5",
        "keras-v3",
        "pytorch-zip",
        "pytorch-legacy",
        "pickle",
        "torchscript",
        "tf-savedmodel",
        "tflite",
    ];
    folder.files().any(|file| WEIGHTS.contains(&file.kind.as_str()) || file.path == "config.json")
}

/// The licence that a text is, by words that no other one has.
fn recognise(text: &str) -> Option<&'static str> {
    if let Some((_, rest)) = text.split_once("SPDX-License-Identifier:") {
        let claim = rest.lines().next().unwrap_or_default();
        if let Some(licence) = spdx(claim) {
            return LICENCES.iter().find(|l| l.id == licence).map(|l| l.id.as_str());
        }
    }
    let plain: String = text.chars().take(TEXT_CHARS_MAX).collect::<String>().to_lowercase();
    let plain = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    let fits = |l: &&Licence| !l.words.is_empty() && l.words.iter().all(|words| plain.contains(words));
    LICENCES.iter().find(fits).map(|l| l.id.as_str())
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Licence {
    id: String,
    source: String,
    #[serde(default)]
    names: Vec<String>,
    #[serde(default)]
    words: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    licence: Vec<Licence>,
}

static LICENCES: LazyLock<Vec<Licence>> = LazyLock::new(|| {
    let data: Data =
        toml::from_str(include_str!("data/licences.toml")).unwrap_or_else(|e| panic!("licences.toml: {e}"));
    assert!(data.licence.iter().all(|l| l.source.starts_with("https://")), "facts carry their source");
    data.licence
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_licence_is_known_by_its_own_words_and_names() {
        for licence in LICENCES.iter() {
            assert_eq!(spdx(&licence.id).as_deref(), Some(licence.id.as_str()));
            licence.names.iter().for_each(|n| assert_eq!(spdx(n).as_deref(), Some(licence.id.as_str()), "{n}"));
            if !licence.words.is_empty() {
                assert_eq!(recognise(&licence.words.join("\n  ").to_uppercase()), Some(licence.id.as_str()));
            }
        }
        assert_eq!(spdx("Apache 2.0").as_deref(), Some("Apache-2.0"));
        assert_eq!(spdx("other"), None);
        assert_eq!(recognise("all rights reserved"), None);
    }

    #[test]
    fn files_of_licences() {
        for path in ["LICENSE", "licence.md", "COPYING", "a/LICENSE.txt", "LICENSE-APACHE"] {
            assert!(is_licence_file(path), "{path}");
        }
        for path in ["README.md", "license.py", "licensing.json"] {
            assert!(!is_licence_file(path), "{path}");
        }
    }
}
