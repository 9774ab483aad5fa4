//! Errors for people: what, a stable code, and what to do next.

use std::fmt::{self, Display};
use std::io;
use std::path::Path;

use sakimori_model::Lang;
use sakimori_node::NodeError;
use sakimori_node::backup::BackupError;
use sakimori_node::told::Told;

use crate::cli::Context;
use crate::exit::Exit;
use crate::words::{harmless, knows, say};

/// Why a command could not do its work.
#[derive(Debug)]
pub struct Failure {
    code: &'static str,
    what: Box<dyn Told>,
}

impl Failure {
    /// A failure with the code under which its hint is found.
    pub fn new(code: &'static str, what: impl Told + 'static) -> Self {
        Self { code, what: Box::new(what) }
    }

    /// A failure that only the command line knows: a message of the catalogue, and its values.
    pub fn said(code: &'static str, id: &'static str, values: &[(&'static str, &dyn Display)]) -> Self {
        let values = values.iter().map(|(name, value)| (*name, value.to_string())).collect();
        Self::new(code, Said { id, values })
    }

    /// A failure about a file.
    pub fn about(code: &'static str, path: &Path, what: impl Told + 'static) -> Self {
        Self::new(code, About { path: path.display().to_string(), what: Box::new(what) })
    }

    /// A file that can't be read.
    pub fn file(path: &Path, error: io::Error) -> Self {
        Self::about("SKM-E-0016", path, error)
    }

    /// A file that can't be written.
    pub fn output(path: &Path, error: io::Error) -> Self {
        NodeError::Output { path: path.to_owned(), error }.into()
    }
}

/// A message of the catalogue with its values.
#[derive(Debug)]
struct Said {
    id: &'static str,
    values: Vec<(&'static str, String)>,
}

impl Said {
    fn in_lang(&self, lang: Lang) -> String {
        let values: Vec<(&str, &dyn Display)> =
            self.values.iter().map(|(name, value)| (*name, value as &dyn Display)).collect();
        say(lang, self.id, &values)
    }
}

impl Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.in_lang(Lang::En))
    }
}

impl Told for Said {
    fn in_japanese(&self) -> String {
        self.in_lang(Lang::Ja)
    }
}

/// What is wrong with a file.
#[derive(Debug)]
struct About {
    path: String,
    what: Box<dyn Told>,
}

impl Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.what)
    }
}

impl Told for About {
    fn in_japanese(&self) -> String {
        format!("{}: {}", self.path, self.what.in_japanese())
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

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::new(BROKEN_PIPE, error),
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
    let message = failure.what.told(context.lang);
    let message: Vec<String> = message.trim_end().lines().map(harmless).collect();
    eprintln!("{error}[{}]: {}", failure.code, message.join("\n"));
    let hint = format!("{}.hint", failure.code);
    if knows(&hint) {
        eprintln!("{}: {}", say(context.lang, "failure.hint", &[]), say(context.lang, &hint, &[]));
    }
    Exit::CouldNot
}
