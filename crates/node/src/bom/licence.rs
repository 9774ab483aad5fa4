//! Licences: as an SPDX expression where the words are one, and by their name where they are not.

use spdx::{Expression, ParseMode};

/// A licence as its author declares it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Licence {
    /// An expression over the SPDX licence list, as the list spells its ids.
    Expression(String),
    /// A name that is not on the list, and where its text is.
    Named(String, Option<String>),
}

/// Words of the Hugging Face hub (its documentation, "Licenses") and of others for licences of the list. Words that are not
/// exact, such as `gpl` or `bsd`, stay as they are: a version that nobody declared must not come into a bill.
const WORDS: [(&str, &str); 22] = [
    ("agpl-3.0", "AGPL-3.0-only"),
    ("apache 2.0", "Apache-2.0"),
    ("apache license 2.0", "Apache-2.0"),
    ("apache2", "Apache-2.0"),
    ("bsl-1.0", "BSL-1.0"),
    ("etalab-2.0", "etalab-2.0"),
    ("gfdl-1.3", "GFDL-1.3-only"),
    ("gpl-2.0", "GPL-2.0-only"),
    ("gpl-3.0", "GPL-3.0-only"),
    ("lgpl-2.1", "LGPL-2.1-only"),
    ("lgpl-3.0", "LGPL-3.0-only"),
    ("lppl-1.3c", "LPPL-1.3c"),
    ("mit license", "MIT"),
    ("mpl-2.0", "MPL-2.0"),
    ("ms-pl", "MS-PL"),
    ("odc-by", "ODC-By-1.0"),
    ("odbl", "ODbL-1.0"),
    ("osl-3.0", "OSL-3.0"),
    ("pddl", "PDDL-1.0"),
    ("cdla-permissive-1.0", "CDLA-Permissive-1.0"),
    ("cdla-permissive-2.0", "CDLA-Permissive-2.0"),
    ("cdla-sharing-1.0", "CDLA-Sharing-1.0"),
];

impl Licence {
    /// The licence that these words are.
    pub(super) fn of(words: &str, link: Option<String>) -> Self {
        let words = words.trim();
        let lower = words.to_ascii_lowercase();
        if let Some((_, id)) = WORDS.iter().find(|(word, _)| *word == lower) {
            return Self::Expression((*id).to_owned());
        }
        // The hub writes all ids in small letters, and the list's comparison does not look at that.
        if let Some(id) = spdx::identifiers::LICENSES.iter().find(|license| license.name.eq_ignore_ascii_case(words)) {
            return Self::Expression(id.name.to_owned());
        }
        match Expression::parse_mode(words, ParseMode::STRICT) {
            // A `LicenseRef-` says nothing without the text that it stands for.
            Ok(expression) if !words.contains("LicenseRef-") => Self::Expression(expression.to_string()),
            _ => Self::Named(words.to_owned(), link),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_hub_become_ids_of_the_list() {
        let cases = [
            ("apache-2.0", "Apache-2.0"),
            ("mit", "MIT"),
            ("MIT", "MIT"),
            ("cc-by-nc-4.0", "CC-BY-NC-4.0"),
            ("cc0-1.0", "CC0-1.0"),
            ("gpl-3.0", "GPL-3.0-only"),
            ("bsd-3-clause", "BSD-3-Clause"),
            ("unlicense", "Unlicense"),
            ("wtfpl", "WTFPL"),
            ("Apache-2.0 OR MIT", "Apache-2.0 OR MIT"),
        ];
        for (words, id) in cases {
            assert_eq!(Licence::of(words, None), Licence::Expression(id.to_owned()), "{words}");
        }
    }

    #[test]
    fn other_words_stay_as_they_are() {
        for words in ["llama3.1", "openrail", "other", "unknown", "gpl", "gemma", "LicenseRef-mine", "(MIT", "MIT AND"]
        {
            let link = Some("https://example.org/".to_owned());
            assert_eq!(Licence::of(words, link.clone()), Licence::Named(words.to_owned(), link), "{words}");
        }
    }
}
