//! Encodings of a rule's values: UTF-16 and Base64, also at an unknown place within a longer text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// UTF-16, little end first.
pub(crate) fn utf16le(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// UTF-16, big end first.
pub(crate) fn utf16be(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

/// UTF-16 with its byte order mark, little end first.
pub(crate) fn utf16(text: &str) -> Vec<u8> {
    let mut bytes = vec![0xff, 0xfe];
    bytes.extend(utf16le(text));
    bytes
}

/// Base64.
pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// What of the Base64 is the same wherever the bytes stand in a longer text: one text for each of the three places
/// within a group of three bytes.
pub(crate) fn base64_offsets(bytes: &[u8]) -> [String; 3] {
    // A character holds six bits. The first ones also hold bits of what stands before, the last ones of what follows.
    [0, 1, 2].map(|before| {
        let mut padded = vec![0; before];
        padded.extend_from_slice(bytes);
        let encoded = STANDARD.encode(&padded);
        let start = (before * 8).div_ceil(6);
        let end = padded.len() * 8 / 6;
        encoded.get(start..end).unwrap_or_default().to_owned()
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn offsets_are_those_of_the_specification() {
        assert_eq!(base64_offsets(b"http://"), ["aHR0cDovL", "h0dHA6Ly", "odHRwOi8v"]);
        assert_eq!(base64_offsets(b""), ["", "", ""]);
    }

    #[test]
    fn encodings() {
        assert_eq!(utf16le("cmd"), b"c\0m\0d\0");
        assert_eq!(utf16be("cmd"), b"\0c\0m\0d");
        assert_eq!(utf16("c"), b"\xff\xfec\0");
        assert_eq!(base64(b"foo"), "Zm9v");
    }

    proptest! {
        #[test]
        fn one_of_the_offsets_is_found_in_any_longer_text(
            before in proptest::collection::vec(any::<u8>(), 0..7),
            bytes in proptest::collection::vec(any::<u8>(), 3..20),
            after in proptest::collection::vec(any::<u8>(), 0..7),
        ) {
            let offset = &base64_offsets(&bytes)[before.len() % 3];
            let whole = base64(&[before, bytes, after].concat());
            prop_assert!(whole.contains(offset.as_str()));
        }
    }
}
