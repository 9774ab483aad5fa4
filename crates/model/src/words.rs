//! The catalogue of messages: every text that a person reads, by message id, in both languages. The files are `words/*.toml`.
//!
//! The console is built with the same files. Texts of finding codes stand beside their examiners instead.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::Lang;

const SOURCES: &[(&str, &str)] = &[
    ("common", include_str!("../../../words/common.toml")),
    ("cli", include_str!("../../../words/cli.toml")),
    ("errors", include_str!("../../../words/errors.toml")),
    ("api", include_str!("../../../words/api.toml")),
    ("check", include_str!("../../../words/check.toml")),
];

/// A message. Help of the command line and errors lack their English text here, which stands in the table of the command line
/// and at each error.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Message {
    ja: String,
    en: Option<String>,
}

static WORDS: LazyLock<BTreeMap<String, Message>> = LazyLock::new(|| read(SOURCES));

fn read(sources: &[(&str, &str)]) -> BTreeMap<String, Message> {
    let mut all = BTreeMap::new();
    for (name, source) in sources {
        let messages: BTreeMap<String, Message> =
            toml::from_str(source).unwrap_or_else(|e| panic!("words/{name}.toml: {e}"));
        for (id, message) in messages {
            assert!(all.insert(id.clone(), message).is_none(), "words/{name}.toml: {id} stands in two files");
        }
    }
    all
}

impl Message {
    fn in_lang<'a>(&'a self, lang: Lang, id: &'a str) -> &'a str {
        match lang {
            Lang::Ja => &self.ja,
            Lang::En => self.en.as_deref().unwrap_or(id),
        }
    }
}

/// The text of a message with its values filled in. An unknown id shows itself.
#[must_use]
pub fn say(lang: Lang, id: &str, values: &[(&str, &dyn Display)]) -> String {
    let mut text = WORDS.get(id).map_or(id, |message| message.in_lang(lang, id)).to_owned();
    for (name, value) in values {
        text = text.replace(&format!("{{{name}}}"), &value.to_string());
    }
    text
}

/// True when there is such a message.
#[must_use]
pub fn knows(id: &str) -> bool {
    WORDS.contains_key(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_uses_the_same_values_in_both_languages() {
        let names = |text: &str| -> std::collections::BTreeSet<String> {
            text.split('{').skip(1).filter_map(|t| t.split_once('}')).map(|(name, _)| name.to_owned()).collect()
        };
        // The console's messages are not read by the program, and stand in the same catalogue all the same.
        let console = ("console", include_str!("../../../words/console.toml"));
        let all = read(&[SOURCES, &[console]].concat());
        for (id, text) in &all {
            match &text.en {
                Some(en) => {
                    assert_eq!(names(&text.ja), names(en), "{id}");
                    assert!(!text.ja.trim().is_empty() && !en.trim().is_empty(), "{id}");
                }
                None => assert!(
                    id == "help" || id.starts_with("help.") || id.starts_with("error."),
                    "{id} has no English text"
                ),
            }
        }
    }
}
