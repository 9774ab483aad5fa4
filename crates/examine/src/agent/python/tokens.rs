//! The words of a Python program (The Python Language Reference, chapter 2), without a tree of its grammar.
//!
//! A crate for the whole grammar was measured (the parser of ruff: 64 CPU seconds to build, and a recursive descent, which
//! a file of brackets brings to the end of the stack); for what is judged here, words are enough. What can't be read as
//! Python to the end is an error, and is never judged by half.

/// Words of one program.
const TOKENS_MAX: usize = 400_000;
/// Formatted strings inside of formatted strings.
const NESTING_MAX: usize = 4;
/// Brackets inside of brackets.
const BRACKETS_MAX: usize = 200;

/// One word, and the line in which it begins, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub what: What,
    /// Its line.
    pub line: u32,
}

/// What a word is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A name or keyword.
    Name(String),
    /// A number.
    Number,
    /// A string, its plain escapes read.
    Text(String),
    /// An operator or bracket; of several characters only the first counts here, except for `==` and its kind.
    Op(char),
    /// A comparison, or an assignment with an operation.
    Wide,
    /// The end of a logical line.
    End,
}

/// A program that was read to its end.
#[derive(Debug, Default)]
pub struct Program {
    /// Its words.
    pub tokens: Vec<Token>,
    /// The expressions in its formatted strings.
    pub inner: Vec<Vec<Token>>,
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
pub fn read(text: &str) -> Result<Program, NotPython> {
    let mut program = Program::default();
    let tokens = Reader::new(text, 1, 0, &mut program.inner).run()?;
    check(&tokens)?;
    for inner in &program.inner {
        check(inner)?;
    }
    program.tokens = tokens;
    Ok(program)
}

/// Words after which an expression begins anew.
const KEYWORDS: &[&str] = &[
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del",
    "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal",
    "not", "or", "pass", "raise", "return", "try", "while", "with", "yield", "match", "case", "type",
];

/// Two operands never stand beside one another in Python. Where they do, this is another language.
fn check(tokens: &[Token]) -> Result<(), NotPython> {
    for pair in tokens.windows(2) {
        let [first, second] = pair else { continue };
        let operand = |token: &Token| match &token.what {
            What::Name(name) => !KEYWORDS.contains(&name.as_str()),
            What::Number | What::Text(_) => true,
            _ => false,
        };
        // Nor does one, or the beginning of a block, follow a closing bracket.
        let closed = matches!(first.what, What::Op(')' | ']' | '}'));
        let opens = second.what == What::Op('{');
        if closed && (operand(second) || opens) || operand(first) && opens {
            return Err(NotPython { why: "two words beside one another", line: second.line });
        }
        let texts = matches!((&first.what, &second.what), (What::Text(_), What::Text(_)));
        if operand(first) && operand(second) && !texts {
            return Err(NotPython { why: "two words beside one another", line: second.line });
        }
    }
    Ok(())
}

struct Reader<'t, 'p> {
    rest: &'t str,
    line: u32,
    depth: usize,
    brackets: Vec<char>,
    tokens: Vec<Token>,
    inner: &'p mut Vec<Vec<Token>>,
}

impl<'t, 'p> Reader<'t, 'p> {
    fn new(text: &'t str, line: u32, depth: usize, inner: &'p mut Vec<Vec<Token>>) -> Self {
        Self { rest: text.trim_start_matches('\u{feff}'), line, depth, brackets: Vec::new(), tokens: Vec::new(), inner }
    }

    fn run(mut self) -> Result<Vec<Token>, NotPython> {
        while let Some(c) = self.rest.chars().next() {
            if self.tokens.len() >= TOKENS_MAX {
                return Err(self.error("too many words"));
            }
            match c {
                '\r' | '\n' => self.line_end(),
                ' ' | '\t' | '\u{c}' => self.skip(1),
                '#' => {
                    let end = self.rest.find(['\n', '\r']).unwrap_or(self.rest.len());
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
        if !self.brackets.is_empty() {
            return Err(self.error("a bracket is open at the end"));
        }
        self.push(What::End);
        Ok(self.tokens)
    }

    fn error(&self, why: &'static str) -> NotPython {
        NotPython { why, line: self.line }
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = &self.rest[bytes..];
    }

    fn push(&mut self, what: What) {
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
        let end = self.rest.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(self.rest.len());
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
        self.push(What::Name(name.to_owned()));
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
        let wide = [
            "**=", "//=", ">>=", "<<=", "==", "!=", "<=", ">=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "@=",
            "->",
        ];
        if let Some(found) = wide.iter().find(|w| self.rest.starts_with(**w)) {
            self.push(What::Wide);
            self.skip(found.len());
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
        let quote = &self.rest[..1];
        let triple = quote.repeat(3);
        let quotes = if self.rest.starts_with(&triple) { triple.as_str() } else { quote };
        let body = &self.rest[quotes.len()..];
        let end = end_of(body, quotes).ok_or_else(|| self.error("a string without an end"))?;
        let text = &body[..end];
        let line = self.line;
        let value = if prefix.contains('r') { text.to_owned() } else { plain(text) };
        self.push(What::Text(value));
        if prefix.contains(['f', 't']) {
            self.fields(text, line)?;
        }
        self.line += u32::try_from(lines(text)).unwrap_or(u32::MAX);
        self.skip(2 * quotes.len() + end);
        Ok(())
    }

    /// The expressions in a formatted string.
    fn fields(&mut self, text: &str, line: u32) -> Result<(), NotPython> {
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
            let bare = bare.trim_end_matches('=');
            // An expression may go on over several lines, as inside of brackets.
            let bracketed = format!("({bare}\n)");
            let tokens = Reader::new(&bracketed, line, self.depth + 1, self.inner).run()?;
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

/// Where a string ends that begins here.
fn end_of(body: &str, quotes: &str) -> Option<usize> {
    let mut at = 0;
    let bytes = body.as_bytes();
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            b'\n' | b'\r' if quotes.len() == 1 => return None,
            _ if body.as_bytes()[at..].starts_with(quotes.as_bytes()) => return Some(at),
            _ => {}
        }
        at += 1;
    }
    None
}

fn lines(text: &str) -> usize {
    let crlf = text.matches("\r\n").count();
    text.matches(['\n', '\r']).count() - crlf
}

/// A string with its escapes for single characters read.
fn plain(text: &str) -> String {
    if !text.contains('\\') {
        return text.to_owned();
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
    out
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
        let word = |t: &Token| match &t.what {
            What::Name(name) => name.clone(),
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
        let name = |t: &Token| if let What::Name(name) = &t.what { Some(name.clone()) } else { None };
        let names: Vec<String> = program.inner.iter().flatten().filter_map(name).collect();
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
