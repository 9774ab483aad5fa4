//! Words whose letters were disturbed so that filters do not read what people read.

use super::fold::{is_fancy_letter, is_invisible, is_mixed_script};

/// The first of at least `min` words with invisible, imitated or dressed-up letters between or as Latin letters.
pub fn disturbed_word(text: &str, min: usize) -> Option<String> {
    if text.is_ascii() {
        return None;
    }
    let mut words = text.split_whitespace().filter(|word| !word.is_ascii() && is_disturbed(word));
    let first = words.next()?;
    (words.take(min).count() + 1 >= min).then(|| first.chars().take(60).collect())
}

fn is_disturbed(word: &str) -> bool {
    let mut before = false;
    let mut gap = false;
    let mut fancy = 0;
    for c in word.chars().take(200) {
        if c.is_ascii_alphabetic() {
            if before && gap {
                return true;
            }
            (before, gap) = (true, false);
        } else if is_invisible(c) && c != '\u{ad}'
            || matches!(c, '\u{300}'..='\u{36f}')
                && !matches!(c, '\u{300}'..='\u{304}' | '\u{306}'..='\u{30c}' | '\u{323}' | '\u{327}' | '\u{328}')
        {
            gap = true;
        } else {
            (before, gap) = (false, false);
            fancy += usize::from(is_fancy_letter(c));
        }
    }
    fancy >= 3 || is_mixed_script(word)
}
