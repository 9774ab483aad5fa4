//! The words of a Python program (The Python Language Reference, chapter 2), without a tree of its grammar.
//!
//! A crate for the whole grammar was measured (the parser of ruff: 64 CPU seconds to build, and a recursive descent, which
//! a file of brackets brings to the end of the stack); for what is judged here, words are enough. What can't be read as
//! Python to the end is an error, and is never judged by half.

use std::borrow::Cow;

/// Words of one program.
const TOKENS_MAX: usize = 400_000;
/// Formatted strings inside of formatted strings.
const NESTING_MAX: usize = 4;
/// Brackets inside of brackets.
const BRACKETS_MAX: usize = 200;

/// One word, and the line in which it begins, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token<'t> {
    /// What it is.
    pub what: What<'t>,
    /// Its line.
    pub line: u32,
}

/// What a word is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What<'t> {
    /// A name or keyword.
    Name(&'t str),
    /// A number.
    Number,
    /// A string, its plain escapes read.
    Text(Cow<'t, str>),
    /// An operator or bracket; of several characters only the first counts here, except for `==` and its kind.
    Op(char),
    /// A comparison, or an assignment with an operation.
    Wide,
    /// The end of a logical line.
    End,
}

/// A program that was read to its end.
#[derive(Debug, Default)]
pub struct Program<'t> {
    /// Its words.
    pub tokens: Vec<Token<'t>>,
    /// The expressions in its formatted strings.
    pub inner: Vec<Vec<Token<'t>>>,
}

/// Why a text was not read as Python: a reason and a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotPython {
    /// What was met.
    pub why: &'static str,
    /// In which line.
    pub line: u32,
}

/// Reads a program.
///
/// # Errors
/// [`NotPython`] at the first place that is no Python, or where a limit is reached.
pub fn read(text: &str) -> Result<Program<'_>, NotPython> {
    let mut program = Program::default();
    let tokens = Reader::new(text.trim_start_matches('\u{feff}'), 1, 0, &mut program.inner).run()?;
    check(&tokens)?;
    for inner in &program.inner {
        check(inner)?;
    }
    program.tokens = tokens;
    Ok(program)
}

/// True for words after which an expression begins anew.
fn is_keyword(name: &str) -> bool {
    matches!(
        name,
        "False"
            | "None"
            | "True"
            | "and"
            | "as"
            | "assert"
            | "async"
            | "await"
            | "break"
            | "class"
            | "continue"
            | "def"
            | "del"
            | "elif"
            | "else"
            | "except"
            | "finally"
            | "for"
            | "from"
            | "global"
            | "if"
            | "import"
            | "in"
            | "is"
            | "lambda"
            | "nonlocal"
            | "not"
            | "or"
            | "pass"
            | "raise"
            | "return"
            | "try"
            | "while"
            | "with"
            | "yield"
            | "match"
            | "case"
            | "type"
    )
}

/// What of a word counts for its neighbours.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Operand,
    Text,
    Closed,
    Opens,
    Other,
}

/// Two operands never stand beside one another in Python. Where they do, this is another language.
fn check(tokens: &[Token<'_>]) -> Result<(), NotPython> {
    let mut before = Side::Other;
    for token in tokens {
        let side = match &token.what {
            What::Name(name) if is_keyword(name) => Side::Other,
            What::Name(_) | What::Number => Side::Operand,
            What::Text(_) => Side::Text,
            What::Op(')' | ']' | '}') => Side::Closed,
            What::Op('{') => Side::Opens,
            _ => Side::Other,
        };
        // Nor does one, or the beginning of a block, follow a closing bracket. Strings do stand beside strings.
        let ended = matches!(before, Side::Operand | Side::Text | Side::Closed);
        let begins = matches!(side, Side::Operand | Side::Text | Side::Opens);
        if ended && begins && (before, side) != (Side::Text, Side::Text) {
            return Err(NotPython { why: "two words beside one another", line: token.line });
        }
        before = side;
    }
    Ok(())
}

struct Reader<'t, 'p> {
    rest: &'t str,
    line: u32,
    depth: usize,
    brackets: Vec<char>,
    tokens: Vec<Token<'t>>,
    inner: &'p mut Vec<Vec<Token<'t>>>,
}

impl<'t, 'p> Reader<'t, 'p> {
    fn new(text: &'t str, line: u32, depth: usize, inner: &'p mut Vec<Vec<Token<'t>>>) -> Self {
        Self { rest: text, line, depth, brackets: Vec::new(), tokens: Vec::new(), inner }
    }

    /// Reads an expression as if it stood in parentheses: it may go on over several lines.
    fn run_bracketed(mut self) -> Result<Vec<Token<'t>>, NotPython> {
        self.push(What::Op('('));
        self.brackets.push('(');
        self.words()?;
        if self.brackets != ['('] {
            return Err(self.error("a bracket is open at the end"));
        }
        self.line += 1;
        self.push(What::Op(')'));
        self.push(What::End);
        Ok(self.tokens)
    }

    fn run(mut self) -> Result<Vec<Token<'t>>, NotPython> {
        self.words()?;
        if !self.brackets.is_empty() {
            return Err(self.error("a bracket is open at the end"));
        }
        self.push(What::End);
        Ok(self.tokens)
    }

    fn words(&mut self) -> Result<(), NotPython> {
        while let Some(c) = self.rest.chars().next() {
            if self.tokens.len() >= TOKENS_MAX {
                return Err(self.error("too many words"));
            }
            match c {
                '\r' | '\n' => self.line_end(),
                ' ' | '\t' | '\u{c}' => self.skip(1),
                '#' => {
                    let end = memchr::memchr2(b'\n', b'\r', self.rest.as_bytes()).unwrap_or(self.rest.len());
                    self.skip(end);
                }
                '\\' => self.continued()?,
                '"' | '\'' => self.string("")?,
                _ if c == '_' || c.is_alphabetic() => self.name()?,
                _ if c.is_ascii_digit() => self.number(),
                '.' if self.rest[1..].starts_with(|c: char| c.is_ascii_digit()) => self.number(),
                _ => self.operator(c)?,
            }
        }
        Ok(())
    }

    fn error(&self, why: &'static str) -> NotPython {
        NotPython { why, line: self.line }
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = &self.rest[bytes..];
    }

    fn push(&mut self, what: What<'t>) {
        self.tokens.push(Token { what, line: self.line });
    }

    /// A line ends with a line feed, a carriage return or both; inside of brackets it goes on.
    fn line_end(&mut self) {
        let width = if self.rest.starts_with("\r\n") { 2 } else { 1 };
        if self.brackets.is_empty() && self.tokens.last().is_some_and(|t| t.what != What::End) {
            self.push(What::End);
        }
        self.skip(width);
        self.line += 1;
    }

    fn continued(&mut self) -> Result<(), NotPython> {
        let width = ["\\\r\n", "\\\n", "\\\r"].iter().find(|end| self.rest.starts_with(**end)).map(|end| end.len());
        let Some(width) = width else { return Err(self.error("a stray backslash")) };
        self.skip(width);
        self.line += 1;
        Ok(())
    }

    fn name(&mut self) -> Result<(), NotPython> {
        let plain = self.rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
        let more = self.rest[plain..].find(|c: char| c != '_' && !c.is_alphanumeric());
        let end = more.map_or(self.rest.len(), |more| plain + more);
        let name = &self.rest[..end];
        let quoted = self.rest[end..].starts_with(['"', '\'']);
        if quoted
            && name.len() <= 3
            && name.bytes().all(|b| matches!(b.to_ascii_lowercase(), b'r' | b'b' | b'u' | b'f' | b't'))
        {
            let prefix = name.to_ascii_lowercase();
            self.skip(end);
            return self.string(&prefix);
        }
        self.push(What::Name(name));
        self.skip(end);
        Ok(())
    }

    fn number(&mut self) {
        let mut end = 0;
        let bytes = self.rest.as_bytes();
        while end < bytes.len()
            && (bytes[end].is_ascii_alphanumeric()
                || matches!(bytes[end], b'_' | b'.')
                || matches!(bytes[end], b'+' | b'-')
                    && matches!(bytes[end - 1], b'e' | b'E')
                    && !self.rest.starts_with("0x"))
        {
            end += 1;
        }
        self.push(What::Number);
        self.skip(end);
    }

    fn operator(&mut self, c: char) -> Result<(), NotPython> {
        let wide = match self.rest.as_bytes() {
            [b'*', b'*', b'=', ..] | [b'/', b'/', b'=', ..] | [b'>', b'>', b'=', ..] | [b'<', b'<', b'=', ..] => 3,
            [b'=' | b'!' | b'<' | b'>' | b'+' | b'-' | b'*' | b'/' | b'%' | b'&' | b'|' | b'^' | b'@', b'=', ..] => 2,
            [b'-', b'>', ..] => 2,
            _ => 0,
        };
        if wide > 0 {
            self.push(What::Wide);
            self.skip(wide);
            return Ok(());
        }
        match c {
            '(' | '[' | '{' => {
                if self.brackets.len() >= BRACKETS_MAX {
                    return Err(self.error("too many brackets inside of brackets"));
                }
                self.brackets.push(c);
            }
            ')' | ']' | '}' => {
                let open = self.brackets.pop();
                if !matches!((open, c), (Some('('), ')') | (Some('['), ']') | (Some('{'), '}')) {
                    return Err(self.error("a bracket that was not opened"));
                }
            }
            // `;` parts statements in one line.
            ';' if self.brackets.is_empty() => {
                self.push(What::End);
                self.skip(1);
                return Ok(());
            }
            '+' | '-' | '*' | '/' | '%' | '@' | '&' | '|' | '^' | '~' | '<' | '>' | ',' | ':' | '.' | '=' => {}
            _ => return Err(self.error("a sign that Python has no use for")),
        }
        self.push(What::Op(c));
        self.skip(c.len_utf8());
        Ok(())
    }

    /// A string, from its quotes on.
    fn string(&mut self, prefix: &str) -> Result<(), NotPython> {
        let quote = self.rest.as_bytes()[0];
        let quotes = if self.rest.as_bytes().starts_with(&[quote; 3]) { 3 } else { 1 };
        let body = &self.rest[quotes..];
        let end = end_of(body.as_bytes(), quote, quotes).ok_or_else(|| self.error("a string without an end"))?;
        let text = &body[..end];
        let line = self.line;
        let value = if prefix.contains('r') { Cow::Borrowed(text) } else { plain(text) };
        self.push(What::Text(value));
        if prefix.contains(['f', 't']) {
            self.fields(text, line)?;
        }
        self.line += u32::try_from(lines(text)).unwrap_or(u32::MAX);
        self.skip(2 * quotes + end);
        Ok(())
    }

    /// The expressions in a formatted string.
    fn fields(&mut self, text: &'t str, line: u32) -> Result<(), NotPython> {
        let (mut rest, mut line) = (text, line);
        while let Some(at) = rest.find('{') {
            line += u32::try_from(lines(&rest[..at])).unwrap_or(0);
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix('{') {
                rest = after;
                continue;
            }
            let (expression, format, after) =
                field(rest).ok_or_else(|| self.error("a formatted string without an end"))?;
            if self.depth >= NESTING_MAX {
                return Err(self.error("formatted strings inside of one another"));
            }
            // `{x=}` and `{x!r}` show a value, and are no operators.
            let bare = expression.trim_end().trim_end_matches('=');
            let bare = ["!r", "!s", "!a"].iter().find_map(|end| bare.strip_suffix(end)).unwrap_or(bare);
            // A backslash at the end goes on with a line that is empty.
            let bare = bare.trim_end_matches('=');
            let bare = bare.strip_suffix('\\').unwrap_or(bare);
            let tokens = Reader::new(bare, line, self.depth + 1, self.inner).run_bracketed()?;
            self.inner.push(tokens);
            if format.contains('{') {
                self.depth += 1;
                let nested = self.fields(format, line);
                self.depth -= 1;
                nested?;
            }
            rest = after;
        }
        Ok(())
    }
}

/// An expression up to its closing brace: the expression, its format, and what follows.
fn field(text: &str) -> Option<(&str, &str, &str)> {
    let (mut depth, mut quote, mut colon) = (0_usize, None, None);
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), _) if open == c && before != '\\' => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') if colon.is_none() => quote = Some(c),
            (None, '(' | '[' | '{') => depth += 1,
            (None, '}') if depth == 0 => {
                let end = colon.unwrap_or(at);
                return Some((&text[..end], text.get(end + 1..at).unwrap_or_default(), &text[at + 1..]));
            }
            (None, ')' | ']' | '}') => depth = depth.saturating_sub(1),
            (None, ':') if depth == 0 && colon.is_none() => colon = Some(at),
            _ => {}
        }
        before = c;
    }
    None
}

/// Where a string ends that begins here with so many quotes.
fn end_of(body: &[u8], quote: u8, quotes: usize) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr::memchr2(quote, b'\\', &body[at..])?;
        if body[at] == b'\\' {
            at = (at + 2).min(body.len());
        } else if quotes == 1 || body[at..].starts_with(&[quote; 3]) {
            break;
        } else {
            at += 1;
        }
    }
    // One that is in single quotes ends with its line, unless a backslash stands before the line's end.
    let ends_with_line = quotes == 1 && ends_before(&body[..at]);
    (!ends_with_line).then_some(at)
}

/// True when a line ends in a string, without a backslash before the end.
fn ends_before(string: &[u8]) -> bool {
    memchr::memchr2_iter(b'\n', b'\r', string).any(|end| {
        let of_both = string[end] == b'\n' && string[..end].ends_with(b"\r");
        let backslashes = string[..end].iter().rev().take_while(|b| **b == b'\\').count();
        !of_both && backslashes % 2 == 0
    })
}

fn lines(text: &str) -> usize {
    let bytes = text.as_bytes();
    memchr::memchr2_iter(b'\n', b'\r', bytes)
        .filter(|&at| bytes[at] == b'\r' || at == 0 || bytes[at - 1] != b'\r')
        .count()
}

/// A string with its escapes for single characters read.
fn plain(text: &str) -> Cow<'_, str> {
    if memchr::memchr(b'\\', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('\n') | None => {}
            Some('x') => out.extend(hex(&mut chars, 2)),
            Some('u') => out.extend(hex(&mut chars, 4)),
            Some('U') => out.extend(hex(&mut chars, 8)),
            Some(digit @ '0'..='7') => out.extend(octal(digit, &mut chars)),
            Some(other) => out.push(other),
        }
    }
    Cow::Owned(out)
}

fn hex(chars: &mut std::str::Chars<'_>, digits: usize) -> Option<char> {
    let text: String = chars.clone().take(digits).collect();
    let value = u32::from_str_radix(&text, 16).ok().filter(|_| text.chars().count() == digits)?;
    chars.nth(digits - 1);
    char::from_u32(value)
}

fn octal(first: char, chars: &mut std::str::Chars<'_>) -> Option<char> {
    let mut value = first.to_digit(8)?;
    for _ in 0..2 {
        let Some(digit) = chars.clone().next().and_then(|c| c.to_digit(8)) else { break };
        chars.next();
        value = value * 8 + digit;
    }
    char::from_u32(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let program = read(text).expect("Python");
        let word = |t: &Token<'_>| match &t.what {
            What::Name(name) => (*name).to_owned(),
            What::Text(text) => format!("{text:?}"),
            What::Number => "0".to_owned(),
            What::Op(c) => c.to_string(),
            What::Wide => "==".to_owned(),
            What::End => ";".to_owned(),
        };
        program.tokens.iter().map(word).collect()
    }

    #[test]
    fn words_of_a_program() {
        assert_eq!(words("x = 1e-5 # c\nf('a\\x41')\n").join(" "), "x = 0 ; f ( \"aA\" ) ; ;");
        assert_eq!(words("# hidden\rimport os").join(" "), "import os ;");
        assert_eq!(words("f(\n1,\n)").join(" "), "f ( 0 , ) ;");
        assert_eq!(words("r'''a'b''' \\\n+ x").join(" "), "\"a'b\" + x ;");
    }

    #[test]
    fn expressions_in_formatted_strings_are_read() {
        let program = read("f'{{}} {os.system(\"x\")!r:>{width}} {a=}'").expect("Python");
        let name = |t: &Token<'static>| if let What::Name(name) = &t.what { Some(*name) } else { None };
        let names: Vec<&str> = program.inner.iter().flatten().filter_map(name).collect();
        assert_eq!(names, ["os", "system", "width", "a"]);
    }

    #[test]
    fn other_languages_are_not_python() {
        for text in ["fun main() {}", "const x = 1;", "print 'x'", "x = (", "a $ b", "if (a) { return b }", "x = 'a"] {
            assert!(read(text).is_err(), "{text}");
        }
        let deep = "(".repeat(100_000);
        assert!(read(&deep).is_err());
    }
}
