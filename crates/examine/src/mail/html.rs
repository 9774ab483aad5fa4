//! HTML as tokens: start tags with attributes, end tags, text, comments. Linear in the input, without a tree.
//!
//! A tree is not built on purpose: the tree construction of the HTML standard costs time proportional to the depth for
//! each tag, so that a megabyte of `<div>` would cost minutes, and what the signals need is only "inside what".
//! The tokenisation follows the standard where that changes what a reader sees (raw text elements, quotes, references).

use std::borrow::Cow;

/// One token, with the byte offset of its start.
#[derive(Debug, PartialEq, Eq)]
pub enum Token<'a> {
    /// `<name attributes>`; the name in lower case.
    Start {
        /// The name in lower case.
        name: String,
        /// Names in lower case and decoded values, at most [`ATTRIBUTES_MAX`], the first of equal names.
        attributes: Vec<(String, Cow<'a, str>)>,
        /// Where the tag starts.
        offset: usize,
    },
    /// `</name>`; the name in lower case.
    End {
        /// The name in lower case.
        name: String,
    },
    /// Text with its references decoded.
    Text {
        /// The decoded text.
        text: Cow<'a, str>,
        /// Where the text starts.
        offset: usize,
    },
    /// The inside of `script`, `style`, `title`, `textarea` and the like, or of a comment; not decoded.
    Raw {
        /// The element, or `!--` for a comment.
        element: String,
        /// What stands in it.
        text: &'a str,
        /// Where the inside starts.
        offset: usize,
    },
}

/// Attributes kept of one tag; a reader's browser has no use for more.
pub const ATTRIBUTES_MAX: usize = 64;

/// Elements whose inside is text up to their own end tag.
const RAW_ELEMENTS: &[&str] = &["script", "style", "title", "textarea", "xmp", "noscript", "noembed", "noframes"];

/// The tokens of an HTML text.
pub struct Tokens<'a> {
    text: &'a str,
    at: usize,
    raw: Option<String>,
}

impl<'a> Tokens<'a> {
    /// From the first byte on.
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0, raw: None }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn raw_text(&mut self, element: String) -> Token<'a> {
        let offset = self.at;
        let inside = self.rest();
        let length = end_tag(inside, &element).unwrap_or(inside.len());
        self.at += length;
        Token::Raw { element, text: &inside[..length], offset }
    }

    fn comment(&mut self) -> Token<'a> {
        let offset = self.at + 4;
        let inside = &self.text[offset..];
        let length = memchr::memmem::find(inside.as_bytes(), b"-->").unwrap_or(inside.len());
        self.at = (offset + length + 3).min(self.text.len());
        Token::Raw { element: "!--".to_owned(), text: &inside[..length], offset }
    }

    /// `<!doctype …>`, `<?xml …>`: skipped to the next `>`.
    fn skip_declaration(&mut self) {
        self.at += memchr::memchr(b'>', self.rest().as_bytes()).map_or(self.rest().len(), |i| i + 1);
    }

    fn end(&mut self) -> Token<'a> {
        let inside = &self.rest()[2..];
        let name: String = inside.chars().take_while(|c| is_name(*c)).map(|c| c.to_ascii_lowercase()).collect();
        self.skip_declaration();
        Token::End { name }
    }

    fn start(&mut self) -> Token<'a> {
        let offset = self.at;
        let inside = &self.rest()[1..];
        let length = inside.find(|c| !is_name(c)).unwrap_or(inside.len());
        let name = inside[..length].to_ascii_lowercase();
        self.at += 1 + length;
        let attributes = self.attributes();
        if RAW_ELEMENTS.contains(&name.as_str()) && name != "noscript" {
            self.raw = Some(name.clone());
        }
        Token::Start { name, attributes, offset }
    }

    /// The attributes up to and including the closing `>`.
    fn attributes(&mut self) -> Vec<(String, Cow<'a, str>)> {
        let bytes = self.text.as_bytes();
        let mut kept: Vec<(String, Cow<'a, str>)> = Vec::new();
        loop {
            while self.at < bytes.len() && (bytes[self.at].is_ascii_whitespace() || bytes[self.at] == b'/') {
                self.at += 1;
            }
            match bytes.get(self.at) {
                None => return kept,
                Some(b'>') => {
                    self.at += 1;
                    return kept;
                }
                Some(_) => {}
            }
            let name = self.attribute_name();
            let value = self.attribute_value();
            if kept.len() < ATTRIBUTES_MAX && !kept.iter().any(|(n, _)| *n == name) {
                kept.push((name, decode(value)));
            }
        }
    }

    fn attribute_name(&mut self) -> String {
        let rest = self.rest();
        let length = rest
            .char_indices()
            .skip(1)
            .find(|(_, c)| c.is_ascii_whitespace() || matches!(c, '=' | '>' | '/'))
            .map_or(rest.len(), |(i, _)| i);
        self.at += length;
        rest[..length].to_ascii_lowercase()
    }

    fn attribute_value(&mut self) -> &'a str {
        let trimmed = self.rest().trim_start_matches(|c: char| c.is_ascii_whitespace());
        let Some(value) = trimmed.strip_prefix('=') else { return "" };
        let value = value.trim_start_matches(|c: char| c.is_ascii_whitespace());
        let start = self.text.len() - value.len();
        let (from, to, next) = match value.as_bytes().first() {
            Some(quote @ (b'"' | b'\'')) => {
                let end = memchr::memchr(*quote, &value.as_bytes()[1..]).map_or(value.len(), |i| i + 1);
                (1, end, end + 1)
            }
            _ => {
                let end = value.find(|c: char| c.is_ascii_whitespace() || c == '>').unwrap_or(value.len());
                (0, end, end)
            }
        };
        self.at = (start + next).min(self.text.len());
        &value[from..to]
    }

    fn text(&mut self) -> Token<'a> {
        let offset = self.at;
        let rest = self.rest();
        // A `<` that starts no tag is text.
        let length = memchr::memchr(b'<', &rest.as_bytes()[1..]).map_or(rest.len(), |i| i + 1);
        self.at += length;
        Token::Text { text: decode(&rest[..length]), offset }
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            if let Some(element) = self.raw.take() {
                return Some(self.raw_text(element));
            }
            let rest = self.rest();
            let mut chars = rest.chars();
            match (chars.next()?, chars.next()) {
                ('<', Some('!')) if rest.starts_with("<!--") => return Some(self.comment()),
                ('<', Some('!' | '?')) => self.skip_declaration(),
                ('<', Some('/')) => return Some(self.end()),
                ('<', Some(c)) if c.is_ascii_alphabetic() => return Some(self.start()),
                _ => return Some(self.text()),
            }
        }
    }
}

/// Where `</element` starts, whatever its case.
fn end_tag(text: &str, element: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    memchr::memmem::find_iter(bytes, b"</").find(|at| {
        bytes.get(at + 2..at + 2 + element.len()).is_some_and(|name| name.eq_ignore_ascii_case(element.as_bytes()))
    })
}

fn is_name(c: char) -> bool {
    !c.is_ascii_whitespace() && !matches!(c, '/' | '>' | '<')
}

/// Text with its character references decoded. Unknown references stay as they are.
pub fn decode(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        match reference(&rest[1..]) {
            Some((c, length)) => {
                out.push(c);
                rest = &rest[1 + length..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The character of a reference after its `&`, and the bytes that it takes.
fn reference(text: &str) -> Option<(char, usize)> {
    let body: &str = &text[..text.bytes().take(32).take_while(|b| b.is_ascii_alphanumeric() || *b == b'#').count()];
    let closed = usize::from(text[body.len()..].starts_with(';'));
    if let Some(number) = body.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16),
            None => number.parse(),
        };
        let c = char::from_u32(code.ok()?).filter(|c| *c != '\0').unwrap_or('\u{fffd}');
        return Some((c, body.len() + closed));
    }
    if closed == 1 {
        return NAMED.iter().find(|(name, _)| *name == body).map(|(_, c)| (*c, body.len() + 1));
    }
    // These five work without a semicolon too.
    ["amp", "lt", "gt", "quot", "nbsp"].iter().find(|name| body.starts_with(**name)).and_then(|name| {
        let (_, c) = NAMED.iter().find(|(n, _)| n == name)?;
        Some((*c, name.len()))
    })
}

/// The named references that mails use: punctuation, invisible characters and Latin letters.
const NAMED: &[(&str, char)] = &[
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("nbsp", '\u{a0}'),
    ("shy", '\u{ad}'),
    ("zwnj", '\u{200c}'),
    ("zwj", '\u{200d}'),
    ("lrm", '\u{200e}'),
    ("rlm", '\u{200f}'),
    ("ensp", '\u{2002}'),
    ("emsp", '\u{2003}'),
    ("thinsp", '\u{2009}'),
    ("ZeroWidthSpace", '\u{200b}'),
    ("NoBreak", '\u{2060}'),
    ("period", '.'),
    ("sol", '/'),
    ("colon", ':'),
    ("commat", '@'),
    ("num", '#'),
    ("Tab", '\t'),
    ("NewLine", '\n'),
    ("excl", '!'),
    ("quest", '?'),
    ("equals", '='),
    ("percnt", '%'),
    ("lowbar", '_'),
    ("hyphen", '-'),
    ("dollar", '$'),
    ("ndash", '–'),
    ("mdash", '—'),
    ("lsquo", '‘'),
    ("rsquo", '’'),
    ("ldquo", '“'),
    ("rdquo", '”'),
    ("bull", '•'),
    ("hellip", '…'),
    ("middot", '·'),
    ("copy", '©'),
    ("reg", '®'),
    ("trade", '™'),
    ("euro", '€'),
    ("pound", '£'),
    ("yen", '¥'),
    ("cent", '¢'),
    ("sect", '§'),
    ("para", '¶'),
    ("deg", '°'),
    ("laquo", '«'),
    ("raquo", '»'),
    ("times", '×'),
    ("rarr", '→'),
    ("larr", '←'),
    ("iexcl", '¡'),
    ("iquest", '¿'),
    ("ordf", 'ª'),
    ("ordm", 'º'),
    ("agrave", 'à'),
    ("aacute", 'á'),
    ("acirc", 'â'),
    ("atilde", 'ã'),
    ("auml", 'ä'),
    ("aring", 'å'),
    ("aelig", 'æ'),
    ("ccedil", 'ç'),
    ("egrave", 'è'),
    ("eacute", 'é'),
    ("ecirc", 'ê'),
    ("euml", 'ë'),
    ("igrave", 'ì'),
    ("iacute", 'í'),
    ("icirc", 'î'),
    ("iuml", 'ï'),
    ("ntilde", 'ñ'),
    ("ograve", 'ò'),
    ("oacute", 'ó'),
    ("ocirc", 'ô'),
    ("otilde", 'õ'),
    ("ouml", 'ö'),
    ("oslash", 'ø'),
    ("ugrave", 'ù'),
    ("uacute", 'ú'),
    ("ucirc", 'û'),
    ("uuml", 'ü'),
    ("yacute", 'ý'),
    ("szlig", 'ß'),
    ("Agrave", 'À'),
    ("Aacute", 'Á'),
    ("Acirc", 'Â'),
    ("Atilde", 'Ã'),
    ("Auml", 'Ä'),
    ("Aring", 'Å'),
    ("Ccedil", 'Ç'),
    ("Egrave", 'È'),
    ("Eacute", 'É'),
    ("Ecirc", 'Ê'),
    ("Iacute", 'Í'),
    ("Ntilde", 'Ñ'),
    ("Oacute", 'Ó'),
    ("Ocirc", 'Ô'),
    ("Otilde", 'Õ'),
    ("Ouml", 'Ö'),
    ("Oslash", 'Ø'),
    ("Uacute", 'Ú'),
    ("Ucirc", 'Û'),
    ("Uuml", 'Ü'),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_attributes_and_text() {
        let tokens: Vec<Token<'_>> = Tokens::new("<A HREF='x&amp;y' b=c d>t &lt; u</a >").collect();
        let attributes =
            vec![("href".to_owned(), "x&y".into()), ("b".to_owned(), "c".into()), ("d".to_owned(), "".into())];
        assert_eq!(tokens[0], Token::Start { name: "a".to_owned(), attributes, offset: 0 });
        assert_eq!(tokens[1], Token::Text { text: "t < u".into(), offset: 24 });
        assert_eq!(tokens[2], Token::End { name: "a".to_owned() });
    }

    #[test]
    fn the_inside_of_scripts_and_comments_is_not_markup() {
        let tokens: Vec<Token<'_>> = Tokens::new("<script>if (a<b) '<p>'</SCRIPT><!-- <p> -->x").collect();
        assert!(matches!(&tokens[1], Token::Raw { element, text, .. } if element == "script" && text.contains("<p>")));
        assert!(matches!(&tokens[3], Token::Raw { element, text: " <p> ", .. } if element == "!--"));
        assert!(matches!(&tokens[4], Token::Text { text, .. } if text == "x"));
    }

    #[test]
    fn hostile_shapes_stay_linear() {
        let start = std::time::Instant::now();
        let many_attributes: String = (0..150_000).map(|i| format!(" a{i}")).collect();
        for text in [
            "<div>".repeat(200_000),
            format!("<a{many_attributes}"),
            "<!--".repeat(200_000),
            "&".repeat(1_000_000),
            "<script>".repeat(100_000),
            "</".repeat(400_000),
            "<a b=\"".repeat(100_000),
        ] {
            assert!(Tokens::new(&text).count() > 0);
        }
        assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
    }

    proptest::proptest! {
        #[test]
        fn any_text_ends(text in "[<>/a-c='\"!& \\-é]{0,200}") {
            assert!(Tokens::new(&text).count() <= text.len() * 2 + 1);
        }
    }
}
