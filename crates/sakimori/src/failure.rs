//! Errors for people: what, a stable code, and what to do next.

use std::path::Path;

use sakimori_node::NodeError;
use sakimori_node::backup::BackupError;

use crate::cli::Context;
use crate::exit::Exit;
use crate::words::{harmless, knows, say};

/// Why a command could not do its work.
#[derive(Debug)]
pub struct Failure {
    code: &'static str,
    message: String,
}

impl Failure {
    /// A failure with the code under which its hint is found.
    pub fn new(code: &'static str, message: impl std::fmt::Display) -> Self {
        Self { code, message: message.to_string() }
    }

    /// A file that can't be read or written.
    pub fn file(path: &Path, error: &std::io::Error) -> Self {
        Self::new("SKM-E-0016", format!("{}: {error}", path.display()))
    }
}

impl From<NodeError> for Failure {
    fn from(error: NodeError) -> Self {
        Self::new(error.code(), error)
    }
}

impl From<BackupError> for Failure {
    fn from(error: BackupError) -> Self {
        Self::new(error.code(), error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::BrokenPipe => Self::new(BROKEN_PIPE, error),
            _ => Self::new("SKM-E-0016", error),
        }
    }
}

/// The code of "nobody reads our output any more", which is no fault: `sakimori check … | head` ends quietly.
const BROKEN_PIPE: &str = "SKM-E-PIPE";

/// Tells the user on standard error, and returns how the command ended.
pub fn report(context: &Context, failure: &Failure) -> Exit {
    if failure.code == BROKEN_PIPE {
        return Exit::Done;
    }
    let error = say(context.lang, "failure.error", &[]);
    let message: Vec<String> = failure.message.trim_end().lines().map(harmless).collect();
    eprintln!("{error}[{}]: {}", failure.code, message.join("\n"));
    let hint = format!("{}.hint", failure.code);
    if knows(&hint) {
        eprintln!("{}: {}", say(context.lang, "failure.hint", &[]), say(context.lang, &hint, &[]));
    }
    Exit::CouldNot
}
