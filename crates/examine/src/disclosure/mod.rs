//! Secrets and personal data in text: what would be disclosed by passing a file on.
//!
//! The value of what is found goes into no finding: only what it is, where it stands, how many there are, and a hint of
//! its form ([`hint`]). Logs, mails and messages are left out: they are about people and systems by their nature, so that
//! numbers and addresses are their content, and who may see them is settled where they are kept.

pub mod codes;
mod needles;
mod personal;
mod secrets;

use sakimori_model::{Code, Kind, Place};

use crate::artefact::{place_in, text_up_to};
use crate::catalogue::finding;
use crate::recognise::kinds;
use crate::report::Report;
use crate::source::Source;

/// The version of this examiner's judgement.
const VERSION: u32 = 1;
/// Characters of a long value that its owner knows it by.
const HINT_CHARS: usize = 4;
/// From so many characters on, a value keeps its secret when the first few are shown.
const HINT_FROM_CHARS: usize = 20;

/// Searches a text for secrets and personal data. Text over the limit on one member is what whoever examines it as
/// its kind reports.
pub fn examine(kind: &Kind, source: &dyn Source, report: &mut Report<'_>) {
    const KINDS: &[Kind] =
        &[kinds::TEXT, kinds::JSON, kinds::YAML, kinds::XML, kinds::HTML, kinds::JINJA, kinds::SCRIPT];
    if !KINDS.contains(kind) && !crate::agent::kinds::ALL.contains(kind) {
        return;
    }
    let max = usize::try_from(report.limits().member_bytes_max).unwrap_or(usize::MAX);
    // What can't be read has been reported by the examiner of the kind, or is no one's.
    if let Ok((text, _)) = text_up_to(source, max) {
        search(&text, None, report);
    }
}

/// Searches the current member, which is this text, or a text at this place in it, such as the metadata of a model.
pub fn search(text: &str, place: Option<&Place>, report: &mut Report<'_>) {
    report.ran("disclosure", VERSION);
    for found in secrets::find(text).into_iter().chain(personal::find(text)) {
        let mut told = finding(&found.code, place.cloned().unwrap_or_else(|| place_in(text, found.offset, report)))
            .with("count", found.count);
        if !found.name.is_empty() {
            told = told.with("name", found.name);
        }
        if !found.hint.is_empty() {
            told = told.with("hint", found.hint);
        }
        report.add(told);
    }
}

/// Something that should not be passed on.
struct Found {
    code: Code,
    /// Where the first one stands, in bytes.
    offset: usize,
    /// How many there are in this text.
    count: usize,
    /// What it is, as its maker calls it. May be empty.
    name: String,
    /// What may be shown of the first one. May be empty.
    hint: String,
}

/// What may be shown of a value: its length, and of a long one the first characters.
fn hint(value: &str) -> String {
    let count = value.chars().count();
    if count < HINT_FROM_CHARS {
        return format!("… {count}");
    }
    let start: String = value.chars().take(HINT_CHARS).collect();
    format!("{start}… {count}")
}

#[cfg(test)]
mod tests {
    use super::hint;

    #[test]
    fn a_hint_never_shows_a_fifth_character_nor_any_of_a_short_value() {
        assert_eq!(hint("q7Zp2Vx9Lm4Tn8Rw3Kc6"), "q7Zp… 20");
        assert_eq!(hint("tr0ub4dor7"), "… 10");
    }
}
