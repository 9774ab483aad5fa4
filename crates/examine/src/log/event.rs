//! One logged event as rules look at it: named values, each also in lower case.

use std::borrow::Cow;
use std::collections::hash_map::RandomState;
use std::fmt::{self, Write as _};
use std::hash::BuildHasher as _;
use std::sync::LazyLock;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use crate::sigma::fold::{fold, fold_into};

/// Values of one event; an event with more is not examined.
pub const VALUES_MAX: usize = 20_000;
/// Bytes of a field's dotted name. A value under a longer name can be found by keywords only.
pub const FIELD_NAME_BYTES_MAX: usize = 512;
/// Bytes of names and values of one event, each counted with its lower-case copy.
const TEXT_BYTES_MAX: usize = 256 * 1024 * 1024;
/// "There is none" in an index of values or names.
const NONE: u32 = u32::MAX;

/// Seeds the hashes of field names, so that nobody can write events whose names collide.
static SEED: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// The name of a field as a rule has it, ready for look-up. Upper and lower case are the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldName {
    shown: Box<str>,
    lower: Box<str>,
    hash: u64,
}

impl FieldName {
    /// A name, with dots between nested names.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let lower = fold(name).into_boxed_str();
        Self { shown: name.into(), hash: SEED.hash_one(&*lower), lower }
    }

    /// The name as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.shown
    }

    /// The name in lower case.
    #[must_use]
    pub fn lower(&self) -> &str {
        &self.lower
    }
}

/// Names of fields, as two bits each: names may share bits, so a set says surely only what is not in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FieldSet(u128);

impl FieldSet {
    const fn of(hash: u64) -> Self {
        Self(1 << (hash >> 57) | 1 << (hash >> 50 & 127))
    }

    const fn add(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// True for no names at all.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// False if all of these names are surely missing.
    #[must_use]
    pub const fn has_any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// False if a name is surely missing.
    #[must_use]
    pub const fn has_all(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl<'n> FromIterator<&'n FieldName> for FieldSet {
    fn from_iter<I: IntoIterator<Item = &'n FieldName>>(names: I) -> Self {
        let mut set = Self::default();
        names.into_iter().for_each(|name| set.add(Self::of(name.hash)));
        set
    }
}

/// A part of [`Event::text`].
#[derive(Clone, Copy, Debug, Default)]
struct Span {
    start: u32,
    end: u32,
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    /// A text.
    Text,
    /// A number; its text is how JSON would write it.
    Number,
    /// `true` or `false`.
    Truth,
    /// JSON's null: the field is there without a value.
    Null,
    /// An object: it has no text, what it holds follows.
    Branch,
}

#[derive(Clone, Copy, Debug)]
struct Leaf {
    name: Span,
    text: Span,
    lower: Span,
    kind: ValueKind,
    /// The leaf after the last one that a branch holds.
    end: u32,
}

#[derive(Clone, Copy, Debug)]
struct Name {
    lower: Span,
    hash: u64,
    leaf: u32,
    next: u32,
}

/// A value of an event.
#[derive(Clone, Copy, Debug)]
pub struct Value<'e> {
    /// As it was logged.
    pub text: &'e str,
    /// In lower case.
    pub lower: &'e str,
    /// What it is.
    pub kind: ValueKind,
}

/// One logged event. Made to be used again for the next one, so that examining a log allocates next to nothing.
#[derive(Debug, Default)]
pub struct Event {
    text: String,
    path: String,
    path_span: Option<Span>,
    leaves: Vec<Leaf>,
    names: Vec<Name>,
    /// Open addressing by hash: the first name of each distinct one.
    table: Vec<u32>,
    /// What is in the table: most questions are for names that an event does not have.
    there: FieldSet,
    nesting_max: usize,
}

/// Why bytes are no event.
#[derive(Debug)]
pub struct Broken(serde_json::Error);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Event {
    /// Reads an event from a JSON object in place of the one before.
    ///
    /// # Errors
    /// When the bytes are no JSON object, nested deeper than `nesting_max` or of too many values.
    pub fn read_json(&mut self, json: &[u8], nesting_max: usize) -> Result<(), Broken> {
        self.text.clear();
        self.path.clear();
        self.path_span = None;
        self.leaves.clear();
        self.names.clear();
        self.nesting_max = nesting_max;
        let mut deserializer = serde_json::Deserializer::from_slice(json);
        Root(self).deserialize(&mut deserializer).and_then(|()| deserializer.end()).map_err(Broken)?;
        self.name_leaves();
        self.index();
        Ok(())
    }

    /// All values of a field; those of an object are the values that it holds.
    pub fn values<'e>(&'e self, field: &FieldName) -> Values<'e> {
        Values { event: self, name: self.find(field), leaf: 0, end: 0 }
    }

    /// Every value of the event, whatever its name.
    pub fn all_values(&self) -> impl Iterator<Item = Value<'_>> {
        self.leaves.iter().filter(|l| l.kind != ValueKind::Branch).map(|l| self.value(l))
    }

    /// Whether the event has the field, with any value or none.
    #[must_use]
    pub fn has(&self, field: &FieldName) -> bool {
        self.find(field) != NONE
    }

    /// The names of its fields.
    #[must_use]
    pub const fn fields(&self) -> FieldSet {
        self.there
    }

    /// The first value of a field that has a text.
    #[must_use]
    pub fn text(&self, field: &FieldName) -> Option<&str> {
        self.values(field).find(|v| v.kind != ValueKind::Null).map(|v| v.text)
    }

    /// The first value of a field that has a text, in lower case.
    #[must_use]
    pub fn lower(&self, field: &FieldName) -> Option<&str> {
        self.values(field).find(|v| v.kind != ValueKind::Null).map(|v| v.lower)
    }

    /// Gives the values of one field a second name, unless the event has a field of that name.
    pub fn alias(&mut self, from: &FieldName, to: &FieldName) {
        if self.has(to) {
            return;
        }
        let mut at = self.find(from);
        let lower = self.push(to.lower());
        let first = self.names.len();
        while at != NONE {
            let Name { leaf, next, .. } = self.names[at as usize];
            self.names.push(Name { lower, hash: to.hash, leaf, next: NONE });
            at = next;
        }
        if self.names.len() * 2 > self.table.len() {
            self.index();
        } else {
            for name in (first..self.names.len()).rev() {
                self.insert_before(name);
            }
        }
    }

    fn value(&self, leaf: &Leaf) -> Value<'_> {
        Value { text: self.at(leaf.text), lower: self.at(leaf.lower), kind: leaf.kind }
    }

    fn at(&self, span: Span) -> &str {
        &self.text[span.start as usize..span.end as usize]
    }

    fn push(&mut self, text: &str) -> Span {
        let start = self.text.len();
        self.text.push_str(text);
        Span { start: start as u32, end: self.text.len() as u32 }
    }

    fn push_folded(&mut self, text: &str, as_logged: Span) -> Span {
        if text.bytes().all(|b| b.is_ascii() && !b.is_ascii_uppercase()) {
            return as_logged;
        }
        let start = self.text.len();
        fold_into(&mut self.text, text);
        Span { start: start as u32, end: self.text.len() as u32 }
    }

    fn find(&self, field: &FieldName) -> u32 {
        if !self.there.has_all(FieldSet::of(field.hash)) {
            return NONE;
        }
        let mask = self.table.len() - 1;
        let mut slot = field.hash as usize & mask;
        loop {
            let at = self.table[slot];
            if at == NONE {
                return NONE;
            }
            let name = &self.names[at as usize];
            if name.hash == field.hash && self.at(name.lower) == &*field.lower {
                return at;
            }
            slot = (slot + 1) & mask;
        }
    }

    /// Names each value by its path, and by the short name that rules use for it.
    fn name_leaves(&mut self) {
        let mut named = None;
        for leaf in 0..self.leaves.len() {
            let Leaf { name: path, lower: value, .. } = self.leaves[leaf];
            self.names.push(Name { lower: path, hash: SEED.hash_one(self.at(path)), leaf: leaf as u32, next: NONE });
            if super::naming::is_name_of_next(self.at(path)) {
                named = Some(value);
                continue;
            }
            let lower = if let Some(name) = named.take_if(|_| super::naming::is_named_value(self.at(path))) {
                name
            } else if let Some(short) = super::naming::short_name(self.at(path)).map(Cow::into_owned) {
                self.push(&short)
            } else {
                continue;
            };
            self.names.push(Name { lower, hash: SEED.hash_one(self.at(lower)), leaf: leaf as u32, next: NONE });
        }
    }

    fn index(&mut self) {
        let slots = (self.names.len() * 2 + 16).next_power_of_two();
        self.table.clear();
        self.table.resize(slots, NONE);
        self.there = FieldSet::default();
        for name in 0..self.names.len() {
            self.names[name].next = NONE;
        }
        // From the last to the first, each put before its namesakes: linear, and in the order of the event.
        for name in (0..self.names.len()).rev() {
            self.insert_before(name);
        }
    }

    /// Puts a name into the table, before its namesakes.
    fn insert_before(&mut self, name: usize) {
        let slot = self.slot_of(name);
        let found = self.table[slot];
        self.names[name].next = found;
        self.table[slot] = name as u32;
        self.there.add(FieldSet::of(self.names[name].hash));
    }

    fn slot_of(&self, name: usize) -> usize {
        let mask = self.table.len() - 1;
        let wanted = &self.names[name];
        let mut slot = wanted.hash as usize & mask;
        loop {
            let at = self.table[slot];
            if at == NONE {
                return slot;
            }
            let there = &self.names[at as usize];
            if there.hash == wanted.hash && self.at(there.lower) == self.at(wanted.lower) {
                return slot;
            }
            slot = (slot + 1) & mask;
        }
    }

    /// Adds a value under the current path.
    fn add(&mut self, kind: ValueKind, text: &str) -> Result<u32, &'static str> {
        if self.leaves.len() >= VALUES_MAX {
            return Err("too many values in one event");
        }
        if self.text.len() + 4 * text.len() > TEXT_BYTES_MAX {
            return Err("too much text in one event");
        }
        let name = match self.path_span {
            Some(span) => span,
            None => self.push_path(),
        };
        let text_span = self.push(text);
        let lower = self.push_folded(text, text_span);
        let end = self.leaves.len() as u32 + 1;
        self.leaves.push(Leaf { name, text: text_span, lower, kind, end });
        Ok(end - 1)
    }

    fn push_path(&mut self) -> Span {
        let start = self.text.len();
        if self.path.len() <= FIELD_NAME_BYTES_MAX {
            fold_into(&mut self.text, &self.path);
        }
        let span = Span { start: start as u32, end: self.text.len() as u32 };
        self.path_span = Some(span);
        span
    }
}

/// The values of a field.
pub struct Values<'e> {
    event: &'e Event,
    name: u32,
    leaf: u32,
    end: u32,
}

impl<'e> Iterator for Values<'e> {
    type Item = Value<'e>;

    fn next(&mut self) -> Option<Value<'e>> {
        loop {
            while self.leaf < self.end {
                let leaf = &self.event.leaves[self.leaf as usize];
                self.leaf += 1;
                if leaf.kind != ValueKind::Branch {
                    return Some(self.event.value(leaf));
                }
            }
            if self.name == NONE {
                return None;
            }
            let name = &self.event.names[self.name as usize];
            self.name = name.next;
            self.leaf = name.leaf;
            self.end = self.event.leaves[name.leaf as usize].end;
        }
    }
}

/// Reads the outermost object.
struct Root<'e>(&'e mut Event);

impl<'de> DeserializeSeed<'de> for Root<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Root<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        let depth_left = self.0.nesting_max;
        Node { event: self.0, depth_left }.members(map)
    }
}

/// Reads a value under the current path.
struct Node<'e> {
    event: &'e mut Event,
    depth_left: usize,
}

impl Node<'_> {
    fn add<E: serde::de::Error>(self, kind: ValueKind, text: &str) -> Result<(), E> {
        self.event.add(kind, text).map(drop).map_err(E::custom)
    }

    fn members<'de, A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Some(depth_left) = self.depth_left.checked_sub(1) else {
            return Err(A::Error::custom("nested too deep"));
        };
        let above = self.event.path.len();
        while map.next_key_seed(Key(&mut self.event.path))?.is_some() {
            self.event.path_span = None;
            map.next_value_seed(Node { event: &mut *self.event, depth_left })?;
            self.event.path.truncate(above);
            self.event.path_span = None;
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        self.add(ValueKind::Text, text)
    }

    fn visit_bool<E: serde::de::Error>(self, truth: bool) -> Result<(), E> {
        self.add(ValueKind::Truth, if truth { "true" } else { "false" })
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<(), E> {
        self.add(ValueKind::Number, itoa::Buffer::new().format(number))
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<(), E> {
        self.add(ValueKind::Number, itoa::Buffer::new().format(number))
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<(), E> {
        let mut text = String::new();
        // Writing to a string can't fail.
        let _ = write!(text, "{number}");
        self.add(ValueKind::Number, &text)
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        self.add(ValueKind::Null, "")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let Some(depth_left) = self.depth_left.checked_sub(1) else {
            return Err(A::Error::custom("nested too deep"));
        };
        while seq.next_element_seed(Node { event: &mut *self.event, depth_left })?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        let branch = self.event.add(ValueKind::Branch, "").map_err(A::Error::custom)?;
        let Node { event, depth_left } = self;
        Node { event: &mut *event, depth_left }.members(map)?;
        // Elements of an array share one path, and the members of the last one have moved on from it.
        event.path_span = None;
        event.leaves[branch as usize].end = event.leaves.len() as u32;
        Ok(())
    }
}

/// Appends a member's name to the path.
struct Key<'e>(&'e mut String);

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<(), E> {
        if !self.0.is_empty() {
            self.0.push('.');
        }
        self.0.push_str(name);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(json: &str) -> Event {
        let mut event = Event::default();
        event.read_json(json.as_bytes(), 64).expect(json);
        event
    }

    fn texts(event: &Event, field: &str) -> Vec<String> {
        event.values(&FieldName::new(field)).map(|v| v.text.to_owned()).collect()
    }

    #[test]
    fn values_are_found_by_their_names_in_the_order_of_the_event() {
        let event = event(r#"{"A":"X","n":{"b":[1,{"c":true},"two"],"e":{}},"a":-2.5,"z":null}"#);
        assert_eq!(texts(&event, "a"), ["X", "-2.5"]);
        assert_eq!(texts(&event, "n.b"), ["1", "true", "two"]);
        assert_eq!(texts(&event, "N.B.C"), ["true"]);
        assert_eq!(texts(&event, "n"), ["1", "true", "two"]);
        assert_eq!(texts(&event, "none"), Vec::<String>::new());
        assert!(event.has(&FieldName::new("n.e")) && event.has(&FieldName::new("z")));
        assert_eq!(event.lower(&FieldName::new("a")), Some("x"));
    }

    #[test]
    fn an_alias_stands_for_all_values_and_never_hides_a_field() {
        let mut event = event(r#"{"a":["1","2"],"b":"3"}"#);
        let [a, b, c] = ["a", "b", "c"].map(FieldName::new);
        event.alias(&a, &c);
        event.alias(&a, &b);
        assert_eq!((texts(&event, "c"), texts(&event, "b")), (vec!["1".into(), "2".into()], vec!["3".into()]));
    }

    #[test]
    fn an_event_is_read_in_place_of_the_one_before() {
        let mut event = event(r#"{"a":"1"}"#);
        assert!(event.read_json(b"{\"b\":", 64).is_err());
        event.read_json(br#"{"b":"2"}"#, 64).expect("an event");
        assert_eq!((texts(&event, "a").len(), texts(&event, "b").len()), (0, 1));
    }

    #[test]
    fn limits_hold() {
        let mut event = Event::default();
        let many = format!("{{\"a\":[{}0]}}", "0,".repeat(VALUES_MAX));
        assert!(event.read_json(many.as_bytes(), 64).is_err());
        let deep = format!("{}1{}", "{\"a\":".repeat(65), "}".repeat(65));
        assert!(event.read_json(deep.as_bytes(), 64).is_err());
        for no_object in ["", "1", "[]", "null", "{} {}", "\"a\""] {
            assert!(event.read_json(no_object.as_bytes(), 64).is_err(), "{no_object}");
        }
        let long = "n".repeat(FIELD_NAME_BYTES_MAX + 1);
        event.read_json(format!("{{\"{long}\":\"v\"}}").as_bytes(), 64).expect("an event");
        assert_eq!(event.all_values().count(), 1);
        assert!(!event.has(&FieldName::new(&long)));
    }
}
