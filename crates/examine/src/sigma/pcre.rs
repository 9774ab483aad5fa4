//! Regular expressions: rules write PCRE, and what of it the engine can't do in linear time is refused.

use regex::{Regex, RegexBuilder};

/// Bytes of one compiled expression.
const COMPILED_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The sub-modifiers of `re`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flags {
    /// `i`: upper and lower case are the same.
    pub ignore_case: bool,
    /// `m`: `^` and `$` also stand for the ends of lines.
    pub lines: bool,
    /// `s`: a dot also stands for a line break.
    pub dot_all: bool,
}

/// Compiles a rule's expression. The error is a text for people.
pub(crate) fn compile(source: &str, flags: Flags) -> Result<Regex, String> {
    RegexBuilder::new(&translate(source))
        .case_insensitive(flags.ignore_case)
        .multi_line(flags.lines)
        .dot_matches_new_line(flags.dot_all)
        .size_limit(COMPILED_BYTES_MAX)
        .build()
        .map_err(|error| error.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned())
}

/// The same expression where the engine's grammar differs from PCRE's: `\<` is a plain sign there, and so are `[`,
/// `&` and `~` in a class.
fn translate(source: &str) -> String {
    let mut out = String::with_capacity(source.len() + 8);
    let mut chars = source.chars().peekable();
    let mut class = Class::Outside;
    while let Some(c) = chars.next() {
        match (c, class) {
            ('\\', _) => {
                match chars.next() {
                    Some('Z') => out.push_str(r"\z"),
                    Some(
                        plain @ ('<' | '>' | '"' | '\'' | '/' | ' ' | '=' | ',' | ':' | '`' | '@' | '!' | ';' | '%'
                        | '_'),
                    ) => {
                        out.push(plain);
                    }
                    Some(other) => out.extend(['\\', other]),
                    None => out.push('\\'),
                }
                class = class.after_member();
            }
            ('[', Class::Outside) => {
                out.push('[');
                if let Some(caret) = chars.next_if_eq(&'^') {
                    out.push(caret);
                }
                class = Class::Start;
            }
            (']', Class::Start) => {
                out.push_str(r"\]");
                class = Class::Inside;
            }
            (']', Class::Inside) => {
                out.push(']');
                class = Class::Outside;
            }
            ('[', _) if chars.peek() == Some(&':') => {
                out.push('[');
                // `[:alpha:]` is the same in both grammars.
                for c in chars.by_ref() {
                    out.push(c);
                    if c == ']' {
                        break;
                    }
                }
                class = Class::Inside;
            }
            ('[' | '&' | '~', Class::Start | Class::Inside) => {
                out.extend(['\\', c]);
                class = Class::Inside;
            }
            (other, _) => {
                out.push(other);
                class = class.after_member();
            }
        }
    }
    out
}

/// Where the translation stands: a `]` right after the start of a class is a member of it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Outside,
    Start,
    Inside,
}

impl Class {
    fn after_member(self) -> Self {
        if self == Self::Start { Self::Inside } else { self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(source: &str, text: &str) -> bool {
        compile(source, Flags::default()).expect(source).is_match(text)
    }

    #[test]
    fn differences_to_pcre_are_translated() {
        assert!(found(r"a\<b\>\/\-", "a<b>/-"));
        assert!(found(r"^[[&&~~a]+$", "[&~a"));
        assert!(found(r"^[]a]+$", "]a"));
        assert!(found(r"^[^]a]+$", "b"));
        assert!(found(r"^[[:digit:]x]+$", "1x2"));
        assert!(found(r"^\[a\]$", "[a]"));
        assert!(!found("abc", "ABC"));
        assert!(compile("abc", Flags { ignore_case: true, ..Flags::default() }).expect("compiles").is_match("ABC"));
    }

    #[test]
    fn what_needs_backtracking_is_refused() {
        for source in ["(?=a)b", "(?<!a)b", r"(a)\1", "(", "a{100000}{100000}"] {
            assert!(compile(source, Flags::default()).is_err(), "{source}");
        }
    }
}
