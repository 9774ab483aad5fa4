//! The texts of the command line, by message id, in both languages: `words.toml`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use sakimori_model::Lang;
use serde::Deserialize;

/// A message. Only help may lack its English text here, which stands in the table of the command line.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Message {
    ja: String,
    en: Option<String>,
}

static WORDS: LazyLock<BTreeMap<String, Message>> =
    LazyLock::new(|| toml::from_str(include_str!("words.toml")).unwrap_or_else(|e| panic!("words.toml: {e}")));

impl Message {
    fn in_lang<'a>(&'a self, lang: Lang, id: &'a str) -> &'a str {
        match lang {
            Lang::Ja => &self.ja,
            Lang::En => self.en.as_deref().unwrap_or(id),
        }
    }
}

/// The text of a message with its values filled in. An unknown id shows itself.
pub fn say(lang: Lang, id: &str, values: &[(&str, &dyn std::fmt::Display)]) -> String {
    let mut text = WORDS.get(id).map_or(id, |message| message.in_lang(lang, id)).to_owned();
    for (name, value) in values {
        text = text.replace(&format!("{{{name}}}"), &value.to_string());
    }
    text
}

/// True when there is such a message.
pub fn knows(id: &str) -> bool {
    WORDS.contains_key(id)
}

/// A text from outside as one line that can't steer a terminal.
pub fn harmless(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_control() { c.escape_unicode().collect() } else { vec![c] }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_uses_the_same_values_in_both_languages() {
        let names = |text: &str| -> std::collections::BTreeSet<String> {
            text.split('{').skip(1).filter_map(|t| t.split_once('}')).map(|(name, _)| name.to_owned()).collect()
        };
        for (id, text) in WORDS.iter() {
            match &text.en {
                Some(en) => assert_eq!(names(&text.ja), names(en), "{id}"),
                None => assert!(id == "help" || id.starts_with("help."), "{id} has no English text"),
            }
        }
    }

    #[test]
    fn every_message_that_the_code_says_exists() {
        let sources = [
            include_str!("commands/check.rs"),
            include_str!("commands/detect.rs"),
            include_str!("commands/verify.rs"),
            include_str!("commands/log.rs"),
            include_str!("commands/audit.rs"),
            include_str!("commands/policy.rs"),
            include_str!("commands/share.rs"),
            include_str!("commands/explain.rs"),
            include_str!("render/text.rs"),
            include_str!("failure.rs"),
        ];
        let mut seen = 0;
        for id in sources.iter().flat_map(|s| s.split("say(").skip(1)).filter_map(|s| s.split('"').nth(1)) {
            if id.contains('.') && !id.contains('{') {
                assert!(knows(id), "{id}");
                seen += 1;
            }
        }
        assert!(seen > 10, "the scan of the sources found {seen} messages only");
    }
}
