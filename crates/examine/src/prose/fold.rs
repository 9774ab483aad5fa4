//! Folding: text as a person reads it, so that lookalike letters and invisible characters hide no word.

use std::sync::LazyLock;

/// Lower case, lookalike letters as the ASCII letters they imitate, accents and invisible characters removed, runs of
/// white space as one space. Written by us: only letters that people take for one another at reading size.
pub fn fold(text: &str) -> String {
    let mut out = String::new();
    fold_onto(text, &mut out);
    out
}

/// Adds the folded text to `out`.
pub fn fold_onto(text: &str, out: &mut String) {
    out.reserve(text.len());
    let mut space = true;
    for c in text.chars() {
        space = fold_into(c, space, out);
    }
}

/// Adds one character to a folded text. `space` says that a space came last; returns whether one does now.
fn fold_into(c: char, space: bool, out: &mut String) -> bool {
    if c.is_ascii() && !c.is_whitespace() {
        out.push(c.to_ascii_lowercase());
        return false;
    }
    if is_plain_wide(c) {
        out.push(c);
        return false;
    }
    if is_invisible(c) || is_combining(c) {
        return space;
    }
    if c.is_whitespace() || c == '\u{3000}' {
        if !space {
            out.push(' ');
        }
        return true;
    }
    match PLAIN.get(c as usize) {
        Some(Some(plain)) => out.push(*plain),
        _ => out.extend(ascii_lookalike(c).to_lowercase()),
    }
    false
}

/// True for kana, Chinese characters and Hangul syllables: they have no case, and imitate no other letters.
const fn is_plain_wide(c: char) -> bool {
    matches!(c, '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30fe}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}')
}

/// Behind the last letter that imitates another one.
const PLAIN_END: char = '\u{2180}';

/// What each letter before [`PLAIN_END`] is read as in lower case, where that is one letter.
static PLAIN: LazyLock<Vec<Option<char>>> = LazyLock::new(|| {
    let single = |c: char| {
        let mut lower = ascii_lookalike(c).to_lowercase();
        lower.next().filter(|_| lower.next().is_none())
    };
    ('\0'..PLAIN_END).map(single).collect()
});

/// A folded text that knows where each of its bytes comes from.
pub struct Folded {
    /// The text, as [`fold`] makes it, but without the spaces between two letters that are not ASCII: Japanese is
    /// written without them, and lines end anywhere.
    pub text: String,
    /// For each byte of `text`, the offset of its character in the source; one more for the end.
    from: Vec<u32>,
}

impl Folded {
    /// Folds a text of at most 4 GiB.
    pub fn of(source: &str) -> Self {
        let mut text = String::with_capacity(source.len());
        let mut from = Vec::with_capacity(source.len() + 1);
        let mut space = true;
        for (at, c) in source.char_indices() {
            let before = text.len();
            space = fold_into(c, space, &mut text);
            let joins = before > 0
                && text.len() > before
                && text[..before].ends_with(' ')
                && !text[before..].is_ascii()
                && text[..before - 1].chars().next_back().is_some_and(|c| !c.is_ascii());
            if joins {
                text.remove(before - 1);
                from.pop();
            }
            from.resize(text.len(), u32::try_from(at).unwrap_or(u32::MAX));
        }
        from.push(u32::try_from(source.len()).unwrap_or(u32::MAX));
        Self { text, from }
    }

    /// The bytes of the source that a range of the folded text comes from.
    pub fn source(&self, range: &std::ops::Range<usize>) -> std::ops::Range<usize> {
        let at = |i: usize| self.from.get(i).copied().unwrap_or_default() as usize;
        at(range.start)..at(range.end).max(at(range.start))
    }
}

/// True for characters that take no room: joiners, direction marks, soft hyphens, variation selectors, tags.
pub fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{ffa0}' | '\u{e0000}'..='\u{e007f}' | '\u{e0100}'..='\u{e01ef}')
}

/// True for characters that reverse the direction of what follows.
pub fn is_direction_override(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// True when a word mixes Latin letters with Cyrillic, Greek or mathematical lookalikes of Latin letters.
pub fn is_mixed_script(word: &str) -> bool {
    let latin = word.chars().any(|c| c.is_ascii_alphabetic());
    let foreign = word.chars().any(|c| !c.is_ascii() && is_script_lookalike(c));
    latin && foreign
}

/// True for a letter of another script that looks like an ASCII letter.
pub fn is_script_lookalike(c: char) -> bool {
    matches!(c, '\u{370}'..='\u{52f}' | '\u{13a0}'..='\u{13ff}') && ascii_lookalike(c).is_ascii()
}

/// True for the mathematical, circled and squared alphabets that dress up plain letters.
pub fn is_fancy_letter(c: char) -> bool {
    matches!(c, '\u{1d400}'..='\u{1d7ff}' | '\u{24b6}'..='\u{24e9}' | '\u{1f130}'..='\u{1f189}')
}

fn is_combining(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}')
}

/// The ASCII letter or digit that a character is read as; the character itself where there is none.
pub fn ascii_lookalike(c: char) -> char {
    if c.is_ascii() {
        return c;
    }
    let at = |base: u32, first: u8| char::from(first + u8::try_from((c as u32 - base) % 26).unwrap_or(0));
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        '\u{1d400}'..='\u{1d6a3}' => at(0x1d400, b'a'),
        '\u{1d7ce}'..='\u{1d7ff}' => char::from(b'0' + u8::try_from((c as u32 - 0x1d7ce) % 10).unwrap_or(0)),
        '\u{24b6}'..='\u{24e9}' => at(0x24b6, b'a'),
        '\u{1f130}'..='\u{1f149}' => at(0x1f130, b'a'),
        '\u{1f150}'..='\u{1f169}' => at(0x1f150, b'a'),
        '\u{1f170}'..='\u{1f189}' => at(0x1f170, b'a'),
        _ => from_table(c),
    }
}

fn from_table(c: char) -> char {
    if !matches!(c, '\u{80}'..='\u{58f}' | '\u{1e00}'..='\u{1eff}' | '\u{2100}'..='\u{217f}') {
        return c;
    }
    const TABLE: &[(char, &str)] = &[
        ('a', "аαɑàáâãäåāăąǎạảấầẩẫậắằẳẵặΑАÀÁÂÃÄÅĀĂĄ"),
        ('b', "ЬВβΒƄ"),
        ('c', "сϲçćĉċčСϹÇĆĈĊČⅽ"),
        ('d', "ԁďđĎĐⅾ"),
        ('e', "еҽεèéêëēĕėęěẹẻẽếềểễệΕЕÈÉÊËĒĔĖĘĚ℮"),
        ('f', "ϝƒ"),
        ('g', "ɡğĝġģցĞĜĠĢ"),
        ('h', "һћĥħΗНĤĦհ"),
        ('i', "іιɩìíîïĩīĭįıỉịΙІÌÍÎÏĨĪĬĮİⅰӏ"),
        ('j', "јϳĵЈĴ"),
        ('k', "кκķΚКĶ"),
        ('l', "ⅼĺļľłĹĻĽŁ"),
        ('m', "мΜМⅿ"),
        ('n', "ոñńņňηΝÑŃŅŇ"),
        ('o', "оοօσòóôõöøōŏőơọỏốồổỗộớờởỡợΟОÒÓÔÕÖØŌŎŐƠ"),
        ('p', "рρΡР"),
        ('q', "ԛգ"),
        ('r', "гŕŗřŔŖŘ"),
        ('s', "ѕśŝşšșЅŚŜŞŠȘ"),
        ('t', "тτţťțΤТŢŤȚ"),
        ('u', "υùúûüũūŭůűųưụủứừửữựÙÚÛÜŨŪŬŮŰŲսƯ"),
        ('v', "νѵⅴ"),
        ('w', "ѡωŵԝŴ"),
        ('x', "хχΧХⅹ"),
        ('y', "уγýÿŷỳỵỷỹΥУÝŸŶү"),
        ('z', "źżžΖŹŻŽ"),
    ];
    static PLAIN: LazyLock<Vec<char>> = LazyLock::new(|| {
        let mut plain: Vec<char> = ('\0'..PLAIN_END).collect();
        // Of a character that stands in two rows, the first one counts.
        for (letter, alike) in TABLE.iter().rev() {
            for c in alike.chars() {
                if let Some(place) = plain.get_mut(c as usize) {
                    *place = *letter;
                }
            }
        }
        plain
    });
    PLAIN.get(c as usize).copied().unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lookalikes_and_invisible_characters_fold_to_plain_words() {
        assert_eq!(fold("Ηеar  Likе\u{200b} Nеvеr"), "hear like never");
        assert_eq!(fold("𝗪𝗲𝗹𝗰𝗼𝗺𝗲 ２０２４"), "welcome 2024");
        assert_eq!(fold("Co\u{337}rreio\u{337}s"), "correios");
        assert_eq!(fold("本人確認　のお願い"), "本人確認 のお願い");
    }

    #[test]
    fn wide_letters_are_folded_as_they_are() {
        for c in ('\u{3000}'..='\u{d7ff}').filter(|c| is_plain_wide(*c)) {
            let lower: String = ascii_lookalike(c).to_lowercase().collect();
            let is_plain = !is_invisible(c) && !is_combining(c) && !c.is_whitespace() && lower == c.to_string();
            assert!(is_plain, "{c}");
        }
    }

    #[test]
    fn a_folded_text_knows_where_it_comes_from() {
        let source = "Ａ\u{200b}b  お荷\n物のC";
        let folded = Folded::of(source);
        assert_eq!(folded.text, "ab お荷物のc");
        let at = folded.text.find("荷物").expect("there");
        assert_eq!(&source[folded.source(&(at..at + "荷物".len()))], "荷\n物");
        assert_eq!(folded.source(&(0..folded.text.len())), 0..source.len());
    }

    #[test]
    fn mixed_script_is_a_matter_of_one_word() {
        assert!(is_mixed_script("pаypal"));
        assert!(!is_mixed_script("привет"));
        assert!(!is_mixed_script("Amazonから"));
    }
}
