//! YAML as rules use it: a tree that knows where in the file each part stands. [`read`] is the only place that reads YAML.

use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, DeserializeOwned, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Location, Spanned};

use super::error::{Position, Problem};

/// Bytes of one rule file.
pub const RULE_FILE_BYTES_MAX: usize = 1024 * 1024;
/// Parts of one file, with those that aliases repeat.
const EVENTS_MAX: usize = 200_000;
/// Nesting of one file.
const DEPTH_MAX: usize = 32;

/// A part of a document, and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub value: Yaml,
    pub position: Position,
}

/// What a part of a document is.
#[derive(Clone, Debug)]
pub(crate) enum Yaml {
    Null,
    Truth(bool),
    /// A number, as text.
    Number(String),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
}

/// The documents of a file.
pub(crate) fn documents(bytes: &[u8]) -> Result<Vec<Node>, Problem> {
    if bytes.len() > RULE_FILE_BYTES_MAX {
        return Err(Problem::new("sigma::too-large", Position::START)
            .message(format!("the file has {} bytes", bytes.len()))
            .help(format!("a rule file may have {RULE_FILE_BYTES_MAX} bytes")));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match read::<Spanned<Shape>>(bytes) {
        Ok(documents) => Ok(documents.into_iter().map(Node::from).collect()),
        Err(error) => Err(Problem::new("sigma::yaml", error.location().map_or(Position::START, position))
            .message(first_line(&error.to_string()))
            .help("the file must be YAML; look for indentation, quotes and colons at this place")),
    }
}

/// The documents of a file as `T`, within the limits on parts and nesting.
pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<Vec<T>, serde_saphyr::Error> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! { max_events: EVENTS_MAX, max_depth: DEPTH_MAX, max_aliases: 1_000 },
        with_snippet: false,
        strict_booleans: true,
    };
    serde_saphyr::from_slice_multiple_with_options(bytes, options)
}

impl Node {
    /// The member of a map.
    pub fn member(&self, name: &str) -> Option<&Node> {
        let Yaml::Map(members) = &self.value else { return None };
        members.iter().find(|(key, _)| matches!(&key.value, Yaml::Text(text) if text == name)).map(|(_, value)| value)
    }

    /// The text of a text, number or truth value.
    pub fn scalar(&self) -> Option<&str> {
        match &self.value {
            Yaml::Text(text) | Yaml::Number(text) => Some(text),
            Yaml::Truth(true) => Some("true"),
            Yaml::Truth(false) => Some("false"),
            Yaml::Null | Yaml::List(_) | Yaml::Map(_) => None,
        }
    }

    /// A list's items, or the one value that stands in place of a list.
    pub fn items(&self) -> &[Node] {
        match &self.value {
            Yaml::List(items) => items,
            _ => std::slice::from_ref(self),
        }
    }
}

impl From<Spanned<Shape>> for Node {
    fn from(spanned: Spanned<Shape>) -> Self {
        let value = match spanned.value {
            Shape::Null => Yaml::Null,
            Shape::Truth(truth) => Yaml::Truth(truth),
            Shape::Number(number) => Yaml::Number(number),
            Shape::Text(text) => Yaml::Text(text),
            Shape::List(items) => Yaml::List(items.into_iter().map(Self::from).collect()),
            Shape::Map(members) => Yaml::Map(members.into_iter().map(|(k, v)| (k.into(), v.into())).collect()),
        };
        Self { value, position: position(spanned.referenced) }
    }
}

fn position(location: Location) -> Position {
    let span = location.span();
    let bytes = match (span.byte_offset(), span.byte_len()) {
        (Some(start), Some(length)) => usize::try_from(start)
            .ok()
            .zip(usize::try_from(length).ok())
            .map(|(start, length)| Range { start, end: start.saturating_add(length) }),
        _ => None,
    };
    Position { line: location.line().max(1), column: location.column().max(1), bytes }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

/// What serde-saphyr fills; the recursion is bounded by the budget's depth.
enum Shape {
    Null,
    Truth(bool),
    Number(String),
    Text(String),
    List(Vec<Spanned<Shape>>),
    Map(Vec<(Spanned<Shape>, Spanned<Shape>)>),
}

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ShapeVisitor)
    }
}

struct ShapeVisitor;

impl<'de> Visitor<'de> for ShapeVisitor {
    type Value = Shape;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("YAML")
    }

    fn visit_unit<E>(self) -> Result<Shape, E> {
        Ok(Shape::Null)
    }

    fn visit_none<E>(self) -> Result<Shape, E> {
        Ok(Shape::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Shape, D::Error> {
        Shape::deserialize(deserializer)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Shape, E> {
        Ok(Shape::Truth(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Shape, E> {
        Ok(Shape::Number(number.to_string()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Shape, E> {
        Ok(Shape::Number(number.to_string()))
    }

    fn visit_i128<E>(self, number: i128) -> Result<Shape, E> {
        Ok(Shape::Number(number.to_string()))
    }

    fn visit_u128<E>(self, number: u128) -> Result<Shape, E> {
        Ok(Shape::Number(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Shape, E> {
        Ok(Shape::Number(number.to_string()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Shape, E> {
        Ok(Shape::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Shape, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Shape::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Shape, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Shape::Map(members))
    }
}
