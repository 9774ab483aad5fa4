//! Names of accounts: one spelling each, so that two people can't have what looks like one name.
//!
//! Source: RFC 8265 section 3.3 (UsernameCaseMapped: width mapping, lower case, normalisation, no spaces that can't be seen).
//! NFKC is used instead of NFC, as for passwords.

use std::fmt;

use thiserror::Error;
use unicode_normalization::UnicodeNormalization;

/// Most characters of a name.
pub const NAME_CHARS_MAX: usize = 64;
/// Most bytes of a name as it comes in.
const NAME_BYTES_MAX: usize = 1_024;

/// The name of an account: 1 to [`NAME_CHARS_MAX`] characters, NFKC, in lower case, without control and invisible characters,
/// single spaces inside only. It is stored and shown in this form.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AccountName(String);

/// A text that can't be the name of an account.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum NameError {
    /// Nothing, or too much.
    #[error("name has 1 to {NAME_CHARS_MAX} characters")]
    Length,
    /// A character that can't be seen or typed.
    #[error("name has a control character or an invisible one")]
    Character,
}

impl AccountName {
    /// Reads a name as somebody typed it.
    ///
    /// # Errors
    /// When it is empty, too long, or has a character that can't be seen.
    pub fn new(text: &str) -> Result<Self, NameError> {
        if text.len() > NAME_BYTES_MAX {
            return Err(NameError::Length);
        }
        let folded: String = text.nfkc().collect::<String>().to_lowercase().nfkc().collect();
        let name = folded.trim().to_owned();
        if !(1..=NAME_CHARS_MAX).contains(&name.chars().count()) {
            return Err(NameError::Length);
        }
        let hidden = |c: char| c.is_control() || is_invisible(c) || (c.is_whitespace() && c != ' ');
        if name.chars().any(hidden) || name.contains("  ") { Err(NameError::Character) } else { Ok(Self(name)) }
    }

    /// The nearest name to a text from a provider: what can't stand in a name is left out. `None` when nothing is left.
    #[must_use]
    pub fn nearest(text: &str) -> Option<Self> {
        let shown = |c: &char| !is_invisible(*c) && (!c.is_control() || c.is_whitespace());
        let kept: String = text.chars().take(NAME_BYTES_MAX / 4).filter(shown).collect();
        let words: Vec<&str> = kept.split_whitespace().collect();
        let short: String = words.join(" ").nfkc().take(NAME_CHARS_MAX).collect();
        Self::new(&short).ok()
    }

    /// This name with a number behind it, for the second person of that name.
    #[must_use]
    pub fn numbered(&self, n: u32) -> Self {
        let end = format!(" {n}");
        let start: String = self.0.chars().take(NAME_CHARS_MAX - end.len()).collect();
        Self(format!("{}{end}", start.trim_end()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AccountName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Characters without a form of their own: soft hyphen, zero-width, writing direction, fillers, tags, byte order mark.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(text: &str) -> String {
        AccountName::new(text).expect(text).to_string()
    }

    #[test]
    fn one_spelling_for_what_looks_the_same() {
        for text in ["hanako", " Hanako ", "ＨＡＮＡＫＯ", "HANAKO"] {
            assert_eq!(name(text), "hanako", "{text}");
        }
        assert_eq!(name("防人　花子"), "防人 花子");
        assert_eq!(name("ﾊﾅｺ"), "ハナコ");
        assert_eq!(name(&"あ".repeat(64)).chars().count(), 64);
    }

    #[test]
    fn what_is_no_name() {
        for text in ["", " ", "\u{3000}", &"a".repeat(65), &"a".repeat(5000)] {
            assert_eq!(AccountName::new(text), Err(NameError::Length), "{text:?}");
        }
        for text in
            ["ha\nnako", "ha\u{200b}nako", "\u{202e}okanah", "ha  nako", "ha\tnako", "ha\u{2028}nako", "\u{feff}a"]
        {
            assert_eq!(AccountName::new(text), Err(NameError::Character), "{text:?}");
        }
    }

    #[test]
    fn names_from_a_provider() {
        let nearest = |text: &str| AccountName::nearest(text).map(|name| name.to_string());
        assert_eq!(nearest(" 防人\n花子\u{200b} ").as_deref(), Some("防人 花子"));
        assert_eq!(nearest(&"a".repeat(999)).map(|name| name.len()), Some(64));
        assert_eq!(nearest("\u{200b}\n"), None);
        let long = AccountName::new(&"a".repeat(64)).expect("a name");
        assert_eq!(
            AccountName::new(long.numbered(12).as_str()).expect("a name").as_str(),
            format!("{} 12", "a".repeat(61))
        );
    }

    proptest! {
        #[test]
        fn a_name_is_its_own_name(text in any::<String>()) {
            for name in [AccountName::new(&text).ok(), AccountName::nearest(&text)].into_iter().flatten() {
                prop_assert_eq!(AccountName::new(name.as_str()), Ok(name.clone()));
            }
        }
    }
}
