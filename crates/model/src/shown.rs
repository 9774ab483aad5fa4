//! Text from outside, made harmless and bounded for a person's screen.

/// Appends a character; control and direction-changing characters as escapes such as `\u{202e}`.
pub fn push_shown(out: &mut String, c: char) {
    let direction = matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}');
    if c.is_control() || direction {
        out.extend(c.escape_unicode());
    } else {
        out.push(c);
    }
}

/// The text with escapes as in [`push_shown`], cut after `chars_max` of its characters and then marked with `…`.
#[must_use]
pub fn shown(text: &str, chars_max: usize) -> String {
    let mut out = String::new();
    for (count, c) in text.chars().enumerate() {
        if count == chars_max {
            out.push('…');
            break;
        }
        push_shown(&mut out, c);
    }
    out
}
