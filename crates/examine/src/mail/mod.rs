//! Mail: single mails (RFC 5322, MIME) and mailboxes (mbox).
//!
//! A mail is parsed once into a [`letter::Letter`]; the [`signals`] look at it one by one; [`verdict`] says what their
//! points mean together. Attachments are members: what they are is decided by their content, as everywhere.

mod authentication;
pub mod codes;
mod html;
mod letter;
mod mbox;
mod page;
mod part;
mod phrases;
mod sheet;
mod signals;
mod sniff;
mod verdict;

use sakimori_model::{Kind, Severity};

use crate::Settings;
use crate::report::Report;
use crate::source::{Source, read_up_to};

use letter::{Attachment, Bounds, Letter};
use sniff::{Sniffed, sniff};

/// A single mail.
pub const MAIL: Kind = Kind::new("mail");
/// A mailbox.
pub const MBOX: Kind = Kind::new("mbox");

/// Goes up when the same mail may give other findings.
const VERSION: u32 = 2;

/// Bytes of the header of a mail: the parser keeps several times as much of it.
const HEADER_BYTES_MAX: usize = 1024 * 1024;
/// Lines of a mail that may begin a part; the parser keeps each that does.
const BOUNDARIES_MAX: usize = 5_000;
/// Declarations that make the parser open a level or search for a boundary. Each costs it up to the whole mail, and
/// levels cost stack when they are dropped; honest mails hold a few dozen.
const LEVELS_MAX: usize = 256;

/// Examines `source` if its kind is one of this family. Returns whether it is.
pub fn examine(kind: &Kind, source: &dyn Source, settings: &Settings, report: &mut Report<'_>) -> bool {
    if *kind == MAIL {
        report.ran("mail", VERSION);
        match read_up_to(source, 0, usize::try_from(report.limits().mail_bytes_max).unwrap_or(usize::MAX)) {
            Ok(bytes) => {
                if source.size() > bytes.len() as u64 {
                    report.over("mail_bytes_max", report.limits().mail_bytes_max);
                }
                examine_mail(&bytes, Reporting::Everything, settings, report);
            }
            Err(error) => report.unreadable(&error),
        }
    } else if *kind == MBOX {
        report.ran("mail", VERSION);
        examine_mailbox(source, settings, report);
    } else {
        return false;
    }
    true
}

/// Which findings of a mail are reported.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reporting {
    /// All of them.
    Everything,
    /// Of mails that a person should look at, those at medium or above: of a thousand mails, each keeps its verdict.
    Worthwhile,
}

fn examine_mailbox(source: &dyn Source, settings: &Settings, report: &mut Report<'_>) {
    let limits = report.limits();
    let mut mails = mbox::Mails::new(source, limits.mail_bytes_max);
    let mut number: u64 = 0;
    loop {
        let mail = match mails.next_mail() {
            Ok(Some(mail)) => mail,
            Ok(None) => return,
            Err(error) => return report.unreadable(&error),
        };
        number += 1;
        if number > limits.mailbox_mails_max {
            report.over("mailbox_mails_max", limits.mailbox_mails_max);
            return;
        }
        let entered = report.enter(&format!("mail:{number}"));
        if entered.is_ok() {
            if mail.is_cut {
                report.over("mail_bytes_max", limits.mail_bytes_max);
            }
            examine_mail(&mail.bytes, Reporting::Worthwhile, settings, report);
        }
        report.leave();
        if entered.is_err() {
            return;
        }
    }
}

fn examine_mail(bytes: &[u8], reporting: Reporting, settings: &Settings, report: &mut Report<'_>) {
    if report.diverts(&bytes) {
        return;
    }
    let limits = report.limits();
    let header = header_bytes(bytes);
    if header > HEADER_BYTES_MAX {
        report.over("mail_header_bytes_max", HEADER_BYTES_MAX as u64);
        return;
    }
    let bytes = within_levels(bytes, limits.mail_parts_max, report);
    let bytes = within_boundaries(bytes, report);
    let bounds = Bounds {
        parts_max: limits.mail_parts_max,
        links_max: limits.mail_links_max,
        text_bytes_max: limits.mail_text_bytes_max,
    };
    let Some(letter) = Letter::read(bytes, report.path(), bounds) else {
        report.unreadable(&"no mail header");
        return;
    };
    if letter.fields.is_empty() {
        report.unreadable(&"no mail header");
        return;
    }
    match report.search() {
        Some(search) => part::show(&letter, search),
        None => judge(&letter, reporting, report),
    }
    for attachment in &letter.attachments {
        examine_attachment(attachment, settings, report);
    }
}

/// Bytes in front of the first empty line.
fn header_bytes(bytes: &[u8]) -> usize {
    let ends = |end: &usize| matches!(bytes.get(end + 1..), Some([b'\n', ..] | [b'\r', b'\n', ..]));
    memchr::memchr_iter(b'\n', bytes).find(ends).unwrap_or(bytes.len())
}

/// The mail up to where there are more lines that may begin a part than a mail has.
fn within_boundaries<'b>(bytes: &'b [u8], report: &mut Report<'_>) -> &'b [u8] {
    let Some(last) = memchr::memmem::find_iter(bytes, b"\n--").nth(BOUNDARIES_MAX) else { return bytes };
    report.over("mail_boundaries_max", BOUNDARIES_MAX as u64);
    &bytes[..last]
}

/// Reports what the signals see in a mail, and what of it could not be read.
fn judge(letter: &Letter<'_>, reporting: Reporting, report: &mut Report<'_>) {
    let limits = report.limits();
    if letter.parts_cut {
        report.over("mail_parts_max", limits.mail_parts_max as u64);
    }
    if letter.links_cut {
        report.over("mail_links_max", limits.mail_links_max as u64);
    }
    if letter.text_cut {
        report.over("mail_text_bytes_max", limits.mail_text_bytes_max as u64);
    }
    for part in &letter.damaged {
        report.unreadable(&format_args!("broken transfer encoding of part {part}"));
    }
    let mut seen = signals::look(letter);
    verdict::sum_up(letter, &mut seen);
    let worth_it = verdict::is_worth_reporting(&seen);
    let findings = seen.into_findings();
    let has_verdict = findings.iter().any(|finding| finding.severity >= Severity::Medium);
    for finding in findings {
        let fits = match reporting {
            Reporting::Everything => true,
            Reporting::Worthwhile => worth_it && (!has_verdict || finding.severity >= Severity::Medium),
        };
        if fits {
            report.add(finding);
        }
    }
}

/// The mail up to the declaration that is one level too many, which is reported.
fn within_levels<'a>(bytes: &'a [u8], parts_max: usize, report: &mut Report<'_>) -> &'a [u8] {
    let mut levels = 0;
    for at in memchr::memchr_iter(b'/', bytes) {
        let follows =
            |word: &[u8]| bytes.get(at + 1..at + 1 + word.len()).is_some_and(|b| b.eq_ignore_ascii_case(word));
        let before = |word: &[u8]| at >= word.len() && bytes[at - word.len()..at].eq_ignore_ascii_case(word);
        if before(b"multipart") || before(b"message") || follows(b"rfc822") || follows(b"global") || follows(b"digest")
        {
            levels += 1;
            if levels > LEVELS_MAX.min(parts_max) {
                report.over("mail_parts_max", parts_max as u64);
                return &bytes[..at];
            }
        }
    }
    bytes
}

/// Hands an attachment to the examiner for its content. Pictures and readable text have none of their own and need
/// none: the mail signals have looked at the text, and a picture does nothing when it is shown.
fn examine_attachment(attachment: &Attachment<'_>, settings: &Settings, report: &mut Report<'_>) {
    let what = sniff(&attachment.bytes);
    let text_needs_none = matches!(what, Sniffed::Text | Sniffed::Script | Sniffed::Html | Sniffed::Svg)
        && !attachment.is_mail
        && !is_data(attachment);
    if attachment.bytes.is_empty() && !attachment.is_damaged {
        return;
    }
    let is_looked_for = report.search().is_some();
    if !is_looked_for
        && !attachment.is_damaged
        && (what == Sniffed::Image || text_needs_none || is_signature(attachment))
    {
        return;
    }
    if report.enter(&attachment.member()).is_ok() && report.unpacked(attachment.bytes.len() as u64).is_ok() {
        if attachment.is_damaged && !attachment.is_mail {
            report.unreadable(&"broken transfer encoding");
        }
        if attachment.is_mail {
            examine_mail(&attachment.bytes, Reporting::Everything, settings, report);
        } else {
            crate::examine_member(attachment, settings, report);
        }
    }
    report.leave();
}

/// Text that may be a format with an examiner of its own, such as JSON lines or a pickle of protocol 0.
fn is_data(attachment: &Attachment<'_>) -> bool {
    use crate::recognise::kinds::{HTML, SCRIPT, TEXT, UNKNOWN, XML, YAML};
    let for_reading = [UNKNOWN, TEXT, HTML, XML, YAML, SCRIPT];
    // A program as text of a mail is something to read, or what the codes of attachments speak of.
    let is_program = |kind: &Kind| kind.as_str().ends_with("-source");
    crate::recognise::recognise(attachment).is_ok_and(|kind| !for_reading.contains(&kind) && !is_program(&kind))
}

/// Signatures of people's mail programs, which nothing opens.
fn is_signature(attachment: &Attachment<'_>) -> bool {
    ["application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"]
        .iter()
        .any(|t| attachment.declared.eq_ignore_ascii_case(t))
        && attachment.bytes.len() < 64 * 1024
}
