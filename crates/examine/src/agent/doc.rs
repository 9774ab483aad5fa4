//! JSON, YAML and TOML as one tree. Keys that stand twice are both kept: which one counts depends on the reader, so all
//! are judged.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::sigma::yaml;

/// Parts of one document, by the commas and lines that part them. One of more is read as no document of this family.
const PARTS_MAX: usize = 200_000;

/// A part of a document.
#[derive(Clone, Debug, PartialEq)]
pub enum Doc {
    /// Nothing.
    Null,
    /// A truth value.
    Truth(bool),
    /// A number or a date, as text.
    Number(String),
    /// Text.
    Text(String),
    /// Parts in order.
    List(Vec<Doc>),
    /// Parts by name, in order, with those that stand twice.
    Map(Vec<(String, Doc)>),
}

impl Doc {
    /// Reads JSON; comments and trailing commas, as editors accept them in their settings, are passed over.
    pub fn from_json(text: &str) -> Option<Self> {
        let text = bounded(text)?.trim_start_matches('\u{feff}');
        serde_json::from_str(text).ok().or_else(|| serde_json::from_str(&without_comments(text)).ok())
    }

    /// Reads the first document of YAML. JSON and TOML have their readers' own limits on nesting (128 and 80).
    pub fn from_yaml(text: &str) -> Option<Self> {
        yaml::read(bounded(text)?.as_bytes()).ok()?.into_iter().next()
    }

    /// Reads TOML.
    pub fn from_toml(text: &str) -> Option<Self> {
        toml::from_str(bounded(text).filter(|text| begins_as_toml(text))?).ok()
    }

    /// The part with this name; the last one where it stands twice, as most readers do.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().rev().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// True when there is a part with one of these names.
    pub fn has_any(&self, keys: &[&str]) -> bool {
        self.entries().iter().any(|(name, _)| keys.contains(&name.as_str()))
    }

    /// The text of a part with this name.
    pub fn text_of(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(Self::text)
    }

    /// The text.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The parts of a list; none for anything else.
    pub fn items(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    /// The parts of a map; none for anything else.
    pub fn entries(&self) -> &[(String, Self)] {
        match self {
            Self::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The text of a text or of a list of texts, joined, as notebooks have it.
    pub fn joined(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::List(items) => items.iter().filter_map(Self::text).collect(),
            _ => String::new(),
        }
    }

    /// The texts of a list, or the one text, separated by white space, in its place.
    pub fn words(&self) -> Vec<&str> {
        match self {
            Self::Text(text) => text.split_whitespace().collect(),
            _ => self.items().iter().filter_map(Self::text).collect(),
        }
    }
}

/// The text, if it has no more parts than a tree may have.
fn bounded(text: &str) -> Option<&str> {
    (memchr::memchr2_iter(b',', b'\n', text.as_bytes()).count() <= PARTS_MAX).then_some(text)
}

/// True for a text whose first line besides comments may be one of TOML: a table, or a key with its value (TOML 1.0, "Spec"). The
/// parser reads all of what is none, to tell of every error.
fn begins_as_toml(text: &str) -> bool {
    let mut lines = text.trim_start_matches('\u{feff}').lines().map(str::trim_start);
    let first = lines.find(|line| !line.is_empty() && !line.starts_with('#'));
    let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ' ' | '\t');
    first.is_none_or(|line| match line.split_once('=') {
        Some((key, _)) if !line.starts_with('[') => key.contains(['"', '\'']) || key.chars().all(bare),
        _ => line.starts_with('['),
    })
}

/// The document with spaces in place of comments, and without commas before a closing bracket.
fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut chars, mut quoted) = (text.chars().peekable(), false);
    while let Some(c) = chars.next() {
        match (quoted, c, chars.peek()) {
            (true, '\\', Some(_)) => {
                out.push(c);
                out.extend(chars.next());
                continue;
            }
            (_, '"', _) => quoted = !quoted,
            (false, '/', Some('/')) => {
                while chars.next_if(|c| *c != '\n').is_some() {}
                continue;
            }
            (false, '/', Some('*')) => {
                let mut before = ' ';
                for c in chars.by_ref().skip(1) {
                    if before == '*' && c == '/' {
                        break;
                    }
                    before = c;
                }
                continue;
            }
            (false, '}' | ']', _) => {
                let end = out.trim_end().len();
                if out[..end].ends_with(',') {
                    out.truncate(end - 1);
                }
            }
            _ => {}
        }
        out.push(c);
    }
    out
}

impl<'de> Deserialize<'de> for Doc {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Tree)
    }
}

struct Tree;

impl<'de> Visitor<'de> for Tree {
    type Value = Doc;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a document")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Doc, E> {
        Ok(Doc::Truth(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Doc, E> {
        Ok(Doc::Number(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Doc, E> {
        Ok(Doc::Number(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Doc, E> {
        Ok(Doc::Number(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Doc, E> {
        Ok(Doc::Text(value.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Doc, E> {
        Ok(Doc::Null)
    }

    fn visit_none<E>(self) -> Result<Doc, E> {
        Ok(Doc::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Doc, D::Error> {
        Doc::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Doc, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Doc::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Doc, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Doc::Map(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_trailing_commas_are_passed_over() {
        let doc = Doc::from_json("{ // one\n \"a\": [\"//x\", /* two */ 1,],\n}").expect("read");
        assert_eq!(doc.get("a").map(Doc::words), Some(vec!["//x"]));
        assert_eq!(Doc::from_json("{\"a\": /"), None);
    }

    #[test]
    fn what_is_no_toml_is_told_by_its_first_line() {
        for text in ["", "# one\n\n [a]\n", "a.b-c = 1", "\"a b\" = 1", "a.\"b=c\".d = 1", "\u{feff}a=1"] {
            assert!(begins_as_toml(text), "{text}");
        }
        for text in ["# one\nimport os\nx = 1\n", "def f(x=1):", "- a", "{}"] {
            assert!(!begins_as_toml(text), "{text}");
        }
    }

    #[test]
    fn a_key_that_stands_twice_is_kept_twice() {
        let doc = Doc::from_json(r#"{"a": 1, "a": 2}"#).expect("read");
        assert_eq!(doc.entries().len(), 2);
        assert_eq!(doc.get("a"), Some(&Doc::Number("2".to_owned())));
    }

    #[test]
    fn three_notations_give_one_tree() {
        let json = Doc::from_json(r#"{"a": {"b": ["x"]}}"#);
        assert!(json.is_some());
        assert_eq!(json, Doc::from_yaml("a:\n  b: [x]\n"));
        assert_eq!(json, Doc::from_toml("[a]\nb = ['x']\n"));
    }
}
