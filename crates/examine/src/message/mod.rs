//! Messages: the text of an SMS, a chat or a mail as somebody pastes it who wonders whether it is a fraud.
//!
//! A message is read once into a [`note::Note`]; the [`signs`] look at it one by one, most of them by the [`rules`] in
//! `data/rules.toml`; [`verdict`] says what their points mean together. Wording is judged in Japanese and English;
//! links and numbers in any language. A mail with its header goes to the examiner of mails.

pub mod codes;
mod language;
mod links;
mod note;
mod numbers;
mod rules;
mod signs;
mod verdict;

use std::panic::{AssertUnwindSafe, catch_unwind};

use sakimori_model::Kind;

use crate::catalogue::finding;
use crate::recognise::kinds;
use crate::report::Report;
use crate::source::{Source, read_up_to};
use crate::{Examination, Settings, mail, recognise};

use language::Language;
use note::Note;

/// The text of a message.
pub const MESSAGE: Kind = Kind::new("message");

/// Goes up when the same message may give other findings.
const VERSION: u32 = 1;

/// Characters of a file up to which a text can be taken for a message.
const FILE_CHARS_MAX: usize = 3_000;

/// Examines what somebody pasted, whatever it is. Total, and bounded by `message_bytes_max`: what is longer is examined
/// up to there, and a finding says so.
#[must_use]
pub fn examine_text(text: &str, settings: &Settings) -> Examination {
    // As in `crate::examine`: a panic is a defect, and costs one message only.
    let result = catch_unwind(AssertUnwindSafe(|| {
        let mut report = Report::new(&settings.limits);
        let kind = examine_pasted(text, settings, &mut report);
        report.finish(kind)
    }));
    result.unwrap_or_else(|_| Examination::failed(MESSAGE))
}

fn examine_pasted(text: &str, settings: &Settings, report: &mut Report<'_>) -> Kind {
    let within = within(text, report);
    if within.trim().is_empty() {
        report.add(finding(&crate::codes::EMPTY, report.whole()));
        return recognise::EMPTY;
    }
    let bytes = within.as_bytes().to_vec();
    if recognise::recognise(&bytes).is_ok_and(|kind| kind == mail::MAIL) {
        mail::examine(&mail::MAIL, &bytes, settings, report);
        return mail::MAIL;
    }
    examine_message(within, report);
    MESSAGE
}

/// Examines a file that was recognised as a message.
pub fn examine(kind: &Kind, source: &dyn Source, report: &mut Report<'_>) -> bool {
    if *kind != MESSAGE {
        return false;
    }
    let max = usize::try_from(report.limits().message_bytes_max).unwrap_or(usize::MAX);
    match read_up_to(source, 0, max.saturating_add(4)) {
        Ok(bytes) => match std::str::from_utf8(&bytes) {
            Ok(text) => examine_message(within(text, report), report),
            Err(error) => report.unreadable(&error),
        },
        Err(error) => report.unreadable(&error),
    }
    true
}

/// True for a whole text that reads like a message: short prose in a language that is judged, which speaks to somebody. Other
/// texts (programs, tables, licences, settings) stay what they are, and stay unexamined: that a program has no
/// sign of a fraud says nothing about it.
pub fn reads_like_one(kind: &Kind, source: &dyn Source) -> bool {
    if *kind != kinds::TEXT || source.size() > 4 * FILE_CHARS_MAX as u64 {
        return false;
    }
    let Ok(bytes) = read_up_to(source, 0, 4 * FILE_CHARS_MAX) else { return false };
    let Ok(text) = std::str::from_utf8(&bytes) else { return false };
    text.chars().count() <= FILE_CHARS_MAX && language::is_speech(text)
}

fn examine_message(text: &str, report: &mut Report<'_>) {
    report.ran("message", VERSION);
    let targets_max = report.limits().message_links_max;
    let note = Note::read(text, report.path(), targets_max);
    if note.targets_cut {
        report.over("message_links_max", targets_max as u64);
    }
    let mut seen = signs::look(&note);
    verdict::sum_up(&note, &mut seen);
    seen.into_findings().into_iter().for_each(|found| report.add(found));
    let why = match note.language {
        Language::Japanese | Language::English => return,
        Language::Other => "language",
        Language::None => "no words",
    };
    report.add(finding(&codes::NOT_JUDGED, note.whole()).with("why", why));
}

/// The text up to the limit; what is cut is reported.
fn within<'a>(text: &'a str, report: &mut Report<'_>) -> &'a str {
    let max = report.limits().message_bytes_max;
    let end = text.floor_char_boundary(usize::try_from(max).unwrap_or(usize::MAX));
    if end < text.len() {
        report.over("message_bytes_max", max);
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use sakimori_model::Place;

    use super::*;

    fn found(text: &str) -> Vec<String> {
        let examination = examine_text(text, &Settings::default());
        examination.findings.iter().map(|f| f.code.to_string()).collect()
    }

    #[test]
    fn what_cannot_be_judged_is_said() {
        assert_eq!(found(" \n"), ["SKM-OBS-0005"]);
        assert_eq!(found("12345"), [codes::NOT_JUDGED.as_str()]);
        let picture = format!("data:image/png;base64,{}", "iVBORw0KGgo".repeat(100));
        assert_eq!(found(&picture), [codes::NOT_JUDGED.as_str()]);
        assert_eq!(found("Ваша посылка ожидает оплаты"), [codes::NOT_JUDGED.as_str()]);
        assert!(found(&"あ".repeat(64 * 1024)).contains(&"SKM-OBS-0003".to_owned()));
    }

    #[test]
    fn a_mail_with_its_header_is_a_mail() {
        let examination = examine_text("From: a@example.com\nSubject: x\n\nhello", &Settings::default());
        assert_eq!(examination.kind, mail::MAIL);
    }

    #[test]
    fn places_are_line_and_column_of_the_quoted_words() {
        let examination = examine_text("こんにちは\n写真 http://192.0.2.7/x", &Settings::default());
        let first = &examination.findings[0];
        assert_eq!(first.place, Place::Text { member: None, line: 2, column: 4 });
        assert_eq!(first.params["quote"], "http://192.0.2.7/x");
    }
}
