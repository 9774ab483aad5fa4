//! The Python literals that a NumPy header may hold: a dictionary of texts, numbers, booleans, tuples and lists.

/// A literal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Literal {
    /// Text.
    Text(String),
    /// An integer.
    Number(i128),
    /// `True`, `False` or `None`.
    Word(&'static str),
    /// A list or a tuple.
    List(Vec<Literal>),
    /// A dictionary.
    Dict(Vec<(Literal, Literal)>),
}

/// Literals in literals.
const NESTING_MAX: usize = 16;

/// Reads one literal; `None` when the text is anything else, which readers refuse too.
#[must_use]
pub fn parse(text: &str) -> Option<Literal> {
    let mut parser = Parser { rest: text.trim_end_matches([' ', '\n', '\0']) };
    let value = parser.value(0)?;
    parser.blank();
    parser.rest.is_empty().then_some(value)
}

struct Parser<'t> {
    rest: &'t str,
}

impl<'t> Parser<'t> {
    fn value(&mut self, depth: usize) -> Option<Literal> {
        if depth > NESTING_MAX {
            return None;
        }
        self.blank();
        match self.rest.chars().next()? {
            '{' => self.dict(depth),
            '(' => self.list('(', ')', depth),
            '[' => self.list('[', ']', depth),
            '\'' | '"' => self.text(),
            'b' | 'u' if self.rest[1..].starts_with(['\'', '"']) => {
                self.rest = &self.rest[1..];
                self.text()
            }
            c if c == '-' || c.is_ascii_digit() => self.number(),
            _ => self.word(),
        }
    }

    fn dict(&mut self, depth: usize) -> Option<Literal> {
        self.eat('{');
        let mut entries = Vec::new();
        while !self.eat('}') {
            let key = self.value(depth + 1)?;
            if !self.eat(':') {
                return None;
            }
            entries.push((key, self.value(depth + 1)?));
            if !self.eat(',') && !self.rest.starts_with('}') {
                return None;
            }
        }
        Some(Literal::Dict(entries))
    }

    fn list(&mut self, open: char, close: char, depth: usize) -> Option<Literal> {
        self.eat(open);
        let mut items = Vec::new();
        while !self.eat(close) {
            items.push(self.value(depth + 1)?);
            if !self.eat(',') && !self.rest.starts_with(close) {
                return None;
            }
        }
        Some(Literal::List(items))
    }

    fn text(&mut self) -> Option<Literal> {
        let quote = self.rest.chars().next()?;
        let mut text = String::new();
        let mut chars = self.rest.char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            if c == quote {
                self.rest = &self.rest[at + 1..];
                self.blank();
                return Some(Literal::Text(text));
            }
            text.push(if c == '\\' { chars.next()?.1 } else { c });
        }
        None
    }

    fn number(&mut self) -> Option<Literal> {
        let end =
            self.rest.char_indices().skip(1).find(|(_, c)| !c.is_ascii_digit()).map_or(self.rest.len(), |(at, _)| at);
        let value = self.rest[..end].parse().ok()?;
        self.rest = &self.rest[end..];
        // Python 2 wrote long integers with a letter.
        self.rest = self.rest.strip_prefix('L').unwrap_or(self.rest);
        self.blank();
        Some(Literal::Number(value))
    }

    fn word(&mut self) -> Option<Literal> {
        let word = ["True", "False", "None"].into_iter().find(|w| self.rest.starts_with(w))?;
        self.rest = &self.rest[word.len()..];
        self.blank();
        Some(Literal::Word(word))
    }

    fn eat(&mut self, c: char) -> bool {
        self.blank();
        match self.rest.strip_prefix(c) {
            Some(rest) => {
                self.rest = rest;
                self.blank();
                true
            }
            None => false,
        }
    }

    fn blank(&mut self) {
        self.rest = self.rest.trim_start();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_and_code_is_not() {
        let header = parse("{'descr': '<f4', 'fortran_order': False, 'shape': (3L, 4,), }   \n").expect("a header");
        let Literal::Dict(entries) = header else { panic!("a dictionary") };
        assert_eq!(entries[2].1, Literal::List(vec![Literal::Number(3), Literal::Number(4)]));
        for text in
            ["", "{", "{'a'}", "__import__('os')", "[1 2]", "(((((((((((((((((((1)))))))))))))))))))", "{'a': f()}"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
