//! A walk over a JSON document that holds no more of it than one string and the path to it.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::de::Read;

/// Characters of a kept value.
const KEPT_CHARS_MAX: usize = 256;
/// Keys whose values are kept for [`Sink::object`].
const KEPT: &[&str] = &[
    "module",
    "class_name",
    "registered_name",
    "config",
    "vocabulary",
    "function_type",
    "__module__",
    "__class__",
    "__loader__",
    "func",
    "type",
    "_target_",
    "loader_module",
    "py/object",
    "py/type",
    "py/function",
    "py/class",
    "trust_remote_code",
    "_attn_implementation_internal",
    "_attn_implementation",
    "attn_implementation",
    "fn",
    "function",
];

/// Takes what the walk meets.
pub trait Sink {
    /// A string, with the key of the nearest object around it.
    fn string(&mut self, key: &str, value: &str);
    /// An object, after everything in it.
    fn object(&mut self, object: &Object);
    /// The key, if the sink wants to know whether an object has it.
    fn asks_for(&self, _key: &str) -> Option<&'static str> {
        None
    }
}

/// What is kept of an object.
#[derive(Default)]
pub struct Object {
    /// Objects and arrays around it.
    pub depth: usize,
    /// True when it has no key.
    pub is_empty: bool,
    keys: Vec<&'static str>,
    strings: Vec<(&'static str, String)>,
}

impl Object {
    /// The value of a key, if it is text and one of those that are kept. Of several, the last counts, as for most readers.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        self.strings.iter().find(|(k, _)| *k == key).map(|(_, value)| value.as_str())
    }

    /// True when the object has the key, which must be one that the sink asks for.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.keys.contains(&key)
    }

    fn note_key(&mut self, asked_for: Option<&'static str>) {
        self.is_empty = false;
        if let Some(key) = asked_for
            && !self.keys.contains(&key)
        {
            self.keys.push(key);
        }
    }

    fn note_text(&mut self, key: &'static str, value: String) {
        match self.strings.iter_mut().find(|(k, _)| *k == key) {
            Some((_, earlier)) => *earlier = value,
            None => self.strings.push((key, value)),
        }
    }
}

/// Walks over one document in UTF-8 bytes. What Python writes and JSON lacks (`NaN`, `Infinity`) is read as a number.
///
/// # Errors
/// When the bytes are no JSON, or are nested deeper than `nesting_max`; the sink has then seen what came before.
pub fn walk(bytes: &[u8], nesting_max: usize, sink: &mut dyn Sink) -> serde_json::Result<()> {
    let bytes = without_python_numbers(bytes);
    let mut deserializer = serde_json::Deserializer::from_slice(&bytes);
    step(&mut deserializer, nesting_max, sink)?;
    deserializer.end()
}

/// Walks over all documents in UTF-8 bytes, of which there is at least one.
///
/// # Errors
/// As [`walk`].
pub fn walk_all(bytes: &[u8], nesting_max: usize, sink: &mut dyn Sink) -> serde_json::Result<()> {
    let bytes = without_python_numbers(bytes);
    let mut rest = &*bytes;
    loop {
        // Where the document ends is found first: asking a deserializer whether more follows counts all lines before it.
        let mut documents = serde_json::Deserializer::from_slice(rest).into_iter::<IgnoredAny>();
        let end = match documents.next() {
            Some(Ok(IgnoredAny)) => documents.byte_offset(),
            // The walk says what is wrong, and the sink sees what comes before it.
            Some(Err(_)) | None => rest.len(),
        };
        let (document, behind) = rest.split_at(end);
        let mut deserializer = serde_json::Deserializer::from_slice(document);
        step(&mut deserializer, nesting_max, sink)?;
        if behind.trim_ascii_start().is_empty() {
            return deserializer.end();
        }
        rest = behind;
    }
}

/// Walks over one value and leaves the deserializer after it.
///
/// # Errors
/// As [`walk`].
pub fn step<'de, R: Read<'de>>(
    from: &mut serde_json::Deserializer<R>,
    nesting_max: usize,
    sink: &mut dyn Sink,
) -> serde_json::Result<()> {
    Node { sink, key: "", depth: 0, nesting_max }.deserialize(from).map(|_| ())
}

/// Replaces the numbers that Python's `json` writes against the standard, outside of strings.
fn without_python_numbers(bytes: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memmem::find(bytes, b"NaN").is_none() && memchr::memmem::find(bytes, b"Infinity").is_none() {
        return Cow::Borrowed(bytes);
    }
    let mut out = bytes.to_vec();
    let (mut quoted, mut at) = (false, 0);
    while at < out.len() {
        let rest = &out[at..];
        let word = if rest.starts_with(b"NaN") {
            3
        } else if rest.starts_with(b"Infinity") {
            8
        } else {
            0
        };
        match out[at] {
            b'"' => quoted = !quoted,
            b'\\' if quoted => at += 1,
            _ if !quoted && word > 0 => {
                out[at..at + word].fill(b' ');
                out[at] = b'0';
            }
            _ => {}
        }
        at += 1;
    }
    Cow::Owned(out)
}

/// The key of a member, borrowed where nothing in it is escaped.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(key))
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(key.to_owned()))
    }
}

/// One value. What comes out is its text, if it is text under a key that is kept.
struct Node<'s> {
    sink: &'s mut dyn Sink,
    key: &'s str,
    depth: usize,
    nesting_max: usize,
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Option<String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Node<'_> {
    fn check_depth<E: serde::de::Error>(&self) -> Result<(), E> {
        if self.depth < self.nesting_max {
            Ok(())
        } else {
            Err(E::custom(format!("nested deeper than {}", self.nesting_max)))
        }
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(KEPT.contains(&self.key).then(|| value.to_string()))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        self.sink.string(self.key, value);
        Ok(KEPT.contains(&self.key).then(|| value.chars().take(KEPT_CHARS_MAX).collect()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        self.check_depth()?;
        let (depth, nesting_max) = (self.depth + 1, self.nesting_max);
        while seq.next_element_seed(Node { sink: &mut *self.sink, key: self.key, depth, nesting_max })?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        self.check_depth()?;
        let (depth, nesting_max) = (self.depth + 1, self.nesting_max);
        let mut object = Object { depth: self.depth, is_empty: true, ..Object::default() };
        while let Some(key) = map.next_key_seed(Key)? {
            object.note_key(self.sink.asks_for(&key));
            let value = map.next_value_seed(Node { sink: &mut *self.sink, key: &key, depth, nesting_max })?;
            if let Some(value) = value
                && let Some(kept) = KEPT.iter().find(|k| **k == key)
            {
                object.note_text(kept, value);
            }
        }
        self.sink.object(&object);
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Seen(Vec<String>);

    impl Sink for Seen {
        fn string(&mut self, key: &str, value: &str) {
            self.0.push(format!("{key}={value}"));
        }
        fn object(&mut self, object: &Object) {
            self.0.push(format!("{:?} {:?}", object.keys, object.text("module")));
        }
        fn asks_for(&self, key: &str) -> Option<&'static str> {
            ["a", "i", "module"].into_iter().find(|asked| *asked == key)
        }
    }

    #[test]
    fn strings_come_with_their_key_and_objects_after_their_content() {
        let mut seen = Seen::default();
        walk(br#"{"a": ["x", {"module": "m"}], "n": NaN, "i": -Infinity, "s": "NaN"}"#, 8, &mut seen).expect("JSON");
        assert_eq!(seen.0, ["a=x", "module=m", r#"["module"] Some("m")"#, "s=NaN", r#"["a", "i"] None"#]);
    }

    #[test]
    fn many_keys_hide_none_and_of_equal_ones_the_last_counts() {
        let padding: String = (0..5_000).map(|n| format!("\"k{n}\": 0, \"module\": \"m{n}\", ")).collect();
        let mut seen = Seen::default();
        walk(format!("{{{padding}\"module\": \"os\", \"a\": 1}}").as_bytes(), 8, &mut seen).expect("JSON");
        assert_eq!(seen.0.last().map(String::as_str), Some(r#"["module", "a"] Some("os")"#));
    }

    #[test]
    fn documents_follow_one_another_with_and_without_space() {
        for (text, count) in [("{}", 1), ("{}{} [1]\n{} ", 3), ("{\"a\": \"b\"}{\"a\": NaN}", 3)] {
            let mut seen = Seen::default();
            walk_all(text.as_bytes(), 8, &mut seen).expect("JSON");
            assert_eq!(seen.0.len(), count, "{text}: {:?}", seen.0);
        }
        for text in ["", "{}{", "{}x", "{} {\"a\": \"b\""] {
            assert!(walk_all(text.as_bytes(), 8, &mut Seen::default()).is_err(), "{text}");
        }
        let mut seen = Seen::default();
        assert!(walk_all(b"{\"a\": \"b\"} {\"c\": \"d\", x", 8, &mut seen).is_err());
        assert_eq!(seen.0, ["a=b", r#"["a"] None"#, "c=d"], "what comes before the fault is seen");
    }

    #[test]
    fn many_small_documents_take_time_that_grows_with_them_only() {
        let bytes = b"{}".repeat(500_000);
        let mut seen = Count(0);
        walk_all(&bytes, 8, &mut seen).expect("JSON");
        assert_eq!(seen.0, 500_000);
    }

    struct Count(usize);

    impl Sink for Count {
        fn string(&mut self, _: &str, _: &str) {}

        fn object(&mut self, _: &Object) {
            self.0 += 1;
        }
    }

    #[test]
    fn deep_nesting_is_an_error() {
        assert!(walk(b"[[[[]]]]", 3, &mut Seen::default()).is_err());
        assert!(walk(b"[[[]]]", 3, &mut Seen::default()).is_ok());
    }
}
