//! What is wrong with a rule, where it stands, and what to do about it.

use std::fmt;
use std::ops::Range;

/// Where in a rule file something stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// Line, counted from 1.
    pub line: u64,
    /// Column in characters, counted from 1.
    pub column: u64,
    /// The bytes in the file, where they are known.
    pub bytes: Option<Range<usize>>,
}

impl Position {
    /// The start of a file.
    pub const START: Self = Self { line: 1, column: 1, bytes: None };
}

/// Why a rule can't be used, ready to be shown as a diagnostic. The other rules of a set are not affected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{}:{}: {message} [{code}]", position.line, position.column)]
pub struct RuleError {
    /// The stable code, such as `sigma::unknown-modifier`.
    pub code: &'static str,
    /// The name of the file as it was given.
    pub file: String,
    /// Where in the file.
    pub position: Position,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

/// A [`RuleError`] before the file's name is known.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    code: &'static str,
    position: Position,
    message: String,
    help: String,
}

impl Problem {
    pub fn new(code: &'static str, position: Position) -> Self {
        Self { code, position, message: String::new(), help: String::new() }
    }

    pub fn message(mut self, message: impl fmt::Display) -> Self {
        self.message = message.to_string();
        self
    }

    pub fn help(mut self, help: impl fmt::Display) -> Self {
        self.help = help.to_string();
        self
    }

    pub fn in_file(self, file: &str) -> RuleError {
        let Self { code, position, message, help } = self;
        RuleError { code, file: file.to_owned(), position, message, help }
    }
}
