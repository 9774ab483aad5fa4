//! Errors as sentences for people. The English stands at each error (its `Display`) and is repeated nowhere else; the Japanese
//! stands in `words/errors.toml`. What the operating system or a library says comes last, in its own words.

mod models;
mod node;
mod proof;
mod service;

use std::fmt::{Debug, Display};
use std::io;
use std::path::Path;

use sakimori_model::{Lang, TimestampError};

/// An error that can be told in both languages.
pub trait Told: Debug + Display {
    /// The sentence in Japanese.
    fn in_japanese(&self) -> String;

    /// The sentence in this language.
    fn told(&self, lang: Lang) -> String {
        match lang {
            Lang::Ja => self.in_japanese(),
            Lang::En => self.to_string(),
        }
    }
}

/// The Japanese text of an error: its id below `error.`, and the values in it.
macro_rules! ja {
    ($id:literal $(, $name:ident = $value:expr)* $(,)?) => {
        sakimori_model::words::say(
            sakimori_model::Lang::Ja,
            concat!("error.", $id),
            &[$((stringify!($name), &$value as &dyn std::fmt::Display)),*],
        )
    };
}
use ja;

/// A path and what is wrong with it.
fn at(path: &Path, what: &dyn Told) -> String {
    format!("{}: {}", path.display(), what.in_japanese())
}

impl Told for io::Error {
    fn in_japanese(&self) -> String {
        match self.kind() {
            io::ErrorKind::NotFound => ja!("io.not-found"),
            io::ErrorKind::PermissionDenied => ja!("io.permission"),
            io::ErrorKind::AlreadyExists => ja!("io.exists"),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => ja!("io.full"),
            io::ErrorKind::ReadOnlyFilesystem => ja!("io.read-only"),
            io::ErrorKind::IsADirectory => ja!("io.folder"),
            io::ErrorKind::NotADirectory => ja!("io.no-folder"),
            io::ErrorKind::AddrInUse => ja!("io.address-in-use"),
            io::ErrorKind::InvalidInput if self.raw_os_error().is_none() => ja!("io.special"),
            io::ErrorKind::InvalidData => ja!("io.form", error = self),
            _ => ja!("io.other", error = self),
        }
    }
}

impl Told for serde_json::Error {
    fn in_japanese(&self) -> String {
        ja!("form", what = self)
    }
}

impl Told for TimestampError {
    fn in_japanese(&self) -> String {
        ja!("time")
    }
}

#[cfg(test)]
mod tests {
    use sakimori_model::words::{knows, say};

    use super::*;

    const SOURCES: [&str; 5] = [
        include_str!("told.rs"),
        include_str!("told/node.rs"),
        include_str!("told/proof.rs"),
        include_str!("told/models.rs"),
        include_str!("told/service.rs"),
    ];

    /// What stands between the parentheses of a call.
    fn whole(rest: &str) -> &str {
        let mut open = 1;
        let end = rest.find(|c| {
            open += i32::from(c == '(') - i32::from(c == ')');
            open == 0
        });
        end.map_or("", |end| &rest[..end])
    }

    #[test]
    fn every_error_has_a_japanese_text_with_its_values() {
        let calls = SOURCES.iter().flat_map(|source| source.split("ja!(\"").skip(1));
        let mut seen = 0;
        for call in calls.map(whole) {
            let mut parts = call.split("\"");
            let Some(id) = parts.next().filter(|id| !id.contains(['{', '$'])) else { continue };
            let id = format!("error.{id}");
            assert!(knows(&id), "words/errors.toml lacks {id}");
            for name in say(Lang::Ja, &id, &[]).split('{').skip(1).filter_map(|text| text.split('}').next()) {
                assert!(call.contains(&format!("{name} = ")), "{id} has no {name}");
            }
            seen += 1;
        }
        assert!(seen > 100, "the scan of the sources found {seen} texts only");
    }
}
