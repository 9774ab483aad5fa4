//! Events that can't be of interest, told by the names of their fields alone.
//!
//! Logs repeat the names of their fields, so the names are compared with those of the event before, and the values are only
//! read to see that they are JSON. That is what makes logs of many small events cheap that no rule is for.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};

/// Names that are remembered; an event with more is read as any other.
const NAMES_MAX: usize = 64;

/// The names of the members of an event, in order, of which is known that no rule and no source goes by any of them.
#[derive(Debug, Default)]
pub(super) struct Dull {
    names: Vec<String>,
}

impl Dull {
    /// The names of this event, of which the caller knows that they are such. `None` if it has others inside than plain values.
    pub(super) fn of(json: &[u8]) -> Option<Self> {
        let mut dull = Self::default();
        read(json, |at, name| {
            debug_assert_eq!(at, dull.names.len(), "one after another");
            dull.names.push(name.to_owned());
            at < NAMES_MAX
        })?;
        Some(dull)
    }

    /// True for an event with just these names, and with plain values.
    pub(super) fn is_like(&self, json: &[u8]) -> bool {
        let count = read(json, |at, name| self.names.get(at).is_some_and(|known| known == name));
        count == Some(self.names.len())
    }
}

/// Reads an object of plain values; gives the number of its members. `None` where it is something else, or no name is wanted.
fn read(json: &[u8], wanted: impl FnMut(usize, &str) -> bool) -> Option<usize> {
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let count = deserializer.deserialize_map(Members(wanted)).ok()?;
    deserializer.end().ok().map(|()| count)
}

struct Members<F>(F);

impl<'de, F: FnMut(usize, &str) -> bool> Visitor<'de> for Members<F> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<usize, A::Error> {
        let mut count = 0;
        while map.next_key_seed(Name { at: count, wanted: &mut self.0 })?.is_some() {
            map.next_value_seed(Plain)?;
            count += 1;
        }
        Ok(count)
    }
}

struct Name<'f, F> {
    at: usize,
    wanted: &'f mut F,
}

impl<'de, F: FnMut(usize, &str) -> bool> DeserializeSeed<'de> for Name<'_, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<F: FnMut(usize, &str) -> bool> Visitor<'_> for Name<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<(), E> {
        if (self.wanted)(self.at, name) { Ok(()) } else { Err(E::custom("another name")) }
    }
}

/// Any value but an object or array. Numbers are read as they are for rules, so that what is broken for them is it here.
struct Plain;

impl<'de> DeserializeSeed<'de> for Plain {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for Plain {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a plain value")
    }

    fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_names_in_the_same_order_with_plain_values() {
        let dull = Dull::of(br#"{"a":1,"b":"x"}"#).expect("a test");
        for same in [r#"{"a":null,"b":true}"#, r#" { "a" : -1.5e3 , "\u0062" : "y" } "#] {
            assert!(dull.is_like(same.as_bytes()), "{same}");
        }
        for other in [
            r#"{"a":1}"#,
            r#"{"a":1,"b":2,"c":3}"#,
            r#"{"b":1,"a":2}"#,
            r#"{"A":1,"b":2}"#,
            r#"{"a":[],"b":2}"#,
            r#"{"a":1,"b":{}}"#,
            r#"{"a":1e999,"b":2}"#,
            r#"{"a":1,"b":2"#,
            r#"{"a":1,"b":2} x"#,
            r#"[]"#,
        ] {
            assert!(!dull.is_like(other.as_bytes()), "{other}");
        }
        assert!(Dull::of(br#"{"a":{}}"#).is_none());
        let many: Vec<String> = (0..100).map(|n| format!("\"{n}\":1")).collect();
        assert!(Dull::of(format!("{{{}}}", many.join(",")).as_bytes()).is_none());
    }
}
