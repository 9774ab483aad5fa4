//! JSON as protobuf writes it: bytes as Base64, 64-bit numbers as texts, and lists that end at a limit before they fill
//! the memory. (<https://protobuf.dev/programming-guides/json/>)

use std::fmt;
use std::marker::PhantomData;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};

/// Bytes in Base64, in the one spelling that an encoder gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::model_signing) struct Bytes(pub Vec<u8>);

/// A number that is not negative, written as a text without sign and leading zeros.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::model_signing) struct Number(pub u64);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map(Self).map_err(|error| D::Error::custom(format!("not Base64: {error}")))
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
        let number = text.parse().ok().filter(|number| plain && i64::try_from(*number).is_ok());
        number.map(Self).ok_or_else(|| D::Error::custom("not a number in its plain form"))
    }
}

/// A list of at most `MAX` elements, for `deserialize_with`. `null` is an empty one, as in protobuf.
pub(in crate::model_signing) fn bounded<'de, D, T, const MAX: usize>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    struct Bounded<T, const MAX: usize>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>, const MAX: usize> Visitor<'de> for Bounded<T, MAX> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "a list of at most {MAX} elements")
        }

        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok(Vec::new())
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            let mut elements = Vec::new();
            while let Some(element) = list.next_element()? {
                if elements.len() == MAX {
                    return Err(A::Error::custom(format!("a list with more than {MAX} elements")));
                }
                elements.push(element);
            }
            Ok(elements)
        }
    }

    deserializer.deserialize_any(Bounded::<T, MAX>(PhantomData))
}
