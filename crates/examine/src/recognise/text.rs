//! Kinds of text: mail, mailboxes, JSON, XML, HTML, YAML, templates.

use std::borrow::Cow;
use std::io;

use sakimori_model::Kind;
use serde::de::IgnoredAny;

use super::{HEAD_BYTES, kinds};
use crate::artefact::ncnn;
use crate::source::{Source, read_up_to};

/// Bytes looked at for the end of a first JSON line, or for a second mail in a mailbox.
const FAR_BYTES: usize = 1024 * 1024;
/// In a template, there is at least one tag for so many bytes.
const CHARS_FOR_A_TAG: usize = 200;
/// Lines of a mail header that are looked at.
const HEADER_LINES_MAX: usize = 400;

/// The kind of text that these bytes are; `None` when they are no text.
pub(super) fn kind_of(source: &dyn Source, head: &[u8]) -> io::Result<Option<Kind>> {
    let Some(text) = decode(head) else { return mail_with_control_characters(source, head) };
    let start = text.trim_start();
    if start.is_empty() {
        return Ok(Some(kinds::TEXT));
    }
    // Git LFS specification, "The Pointer": the version comes first, and the whole has less than 1024 bytes.
    if start.starts_with("version https://git-lfs.github.com/spec/")
        && start.contains("\noid sha256:")
        && head.len() < 1024
    {
        return Ok(Some(kinds::LFS_POINTER));
    }
    if let Some(kind) = mail_kind(source, &text)? {
        return Ok(Some(kind));
    }
    if start.starts_with("tree\nversion=") {
        return Ok(Some(kinds::LIGHTGBM));
    }
    if start.starts_with(ncnn::MARK) {
        return Ok(Some(kinds::NCNN));
    }
    if let Some(kind) = json_kind(source, start)? {
        return Ok(Some(kind));
    }
    Ok(Some(markup_kind(start)))
}

/// The text of these first bytes: UTF-8 or UTF-16 with a byte order mark, UTF-8 without one, or bytes of an older
/// encoding without control characters. `None` for anything else.
fn decode(head: &[u8]) -> Option<Cow<'_, str>> {
    if let Some((encoding, skip)) = encoding_rs::Encoding::for_bom(head) {
        return Some(encoding.decode_without_bom_handling(&head[skip..]).0);
    }
    if head.iter().any(is_control) {
        return None;
    }
    let text = match std::str::from_utf8(head) {
        Ok(text) => Cow::Borrowed(text),
        // Only the last character may be cut, and only by the end of what was read.
        Err(e) if e.error_len().is_none() && head.len() == HEAD_BYTES => {
            Cow::Borrowed(std::str::from_utf8(&head[..e.valid_up_to()]).unwrap_or_default())
        }
        Err(_) => {
            // Older encodings: mostly ASCII, or many bytes of one upper range with ASCII line structure.
            let ascii = head.iter().filter(|b| b.is_ascii()).count();
            if ascii * 4 < head.len() || head.len() < 32 {
                return None;
            }
            encoding_rs::WINDOWS_1252.decode_without_bom_handling(head).0
        }
    };
    Some(text)
}

/// A byte that stands in no text of any encoding of bytes. Escape does, in Japanese ones.
pub(crate) const fn is_control(byte: &u8) -> bool {
    matches!(*byte, 0..=8 | 14..=26 | 28..=31)
}

/// Mail and mailboxes.
fn mail_kind(source: &dyn Source, text: &str) -> io::Result<Option<Kind>> {
    let body = text.trim_start_matches(['\r', '\n', ' ', '\t', '\u{feff}']);
    let from_line = body.starts_with("From ") || body.starts_with(">From ");
    let rest = if from_line { body.split_once('\n').map_or("", |(_, rest)| rest) } else { body };
    if !has_mail_header(rest) {
        return Ok(None);
    }
    Ok(Some(if from_line && has_second_mail(source)? { kinds::MBOX } else { kinds::MAIL }))
}

/// Bodies of mails hold any byte in practice; their headers do not.
fn mail_with_control_characters(source: &dyn Source, head: &[u8]) -> io::Result<Option<Kind>> {
    let start = head.iter().position(|b| !b.is_ascii_whitespace()).unwrap_or_default();
    let ends = [&b"\n\n"[..], b"\n\r\n"].iter().filter_map(|blank| memchr::memmem::find(&head[start..], blank)).min();
    let Some(end) = ends else { return Ok(None) };
    // One stray byte in a header is no reason to take a mail for anything else; many are.
    let mut header = head[start..start + end].to_vec();
    let strange = header.iter_mut().filter(|b| matches!(b, 0..=8 | 14..=31)).map(|b| *b = b'?').count();
    match decode(&header) {
        Some(header) if strange * 100 <= header.len() => mail_kind(source, &header),
        _ => Ok(None),
    }
}

/// Header fields that mails carry and other text hardly does (RFC 5322, RFC 2045 and practice).
const MAIL_FIELDS: &[&str] = &[
    "received",
    "from",
    "to",
    "cc",
    "subject",
    "date",
    "message-id",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "return-path",
    "delivered-to",
    "reply-to",
    "sender",
    "references",
    "in-reply-to",
    "dkim-signature",
    "authentication-results",
    "received-spf",
    "list-id",
    "list-unsubscribe",
    "user-agent",
    "x-mailer",
    "x-originating-ip",
    "x-received",
    "arc-seal",
    "arc-message-signature",
    "arc-authentication-results",
    "errors-to",
    "precedence",
    "envelope-to",
    "x-sender",
    "importance",
    "x-priority",
    "status",
    "bcc",
    "organization",
    "thread-topic",
];
/// Of these, a mail has at least one.
const MAIL_CORE: &[&str] = &["received", "from", "message-id", "return-path", "delivered-to", "subject"];

/// True when the text begins with a block of header fields of which several are those of a mail.
fn has_mail_header(text: &str) -> bool {
    let (mut known, mut fields, mut strange, mut core) = (Vec::new(), 0_usize, 0_usize, false);
    for line in text.lines().take(HEADER_LINES_MAX) {
        if line.trim_end().is_empty() {
            break;
        }
        if line.starts_with([' ', '\t']) {
            continue;
        }
        let name = line.split_once(':').map(|(name, _)| name.trim_end()).filter(|n| is_field_name(n));
        let Some(name) = name.map(str::to_ascii_lowercase) else {
            strange += 1;
            if strange > 2 || fields == 0 {
                break;
            }
            continue;
        };
        fields += 1;
        core |= MAIL_CORE.contains(&name.as_str());
        if MAIL_FIELDS.contains(&name.as_str()) && !known.contains(&name) {
            known.push(name);
        }
    }
    core && known.len() >= 3 && known.len() * 6 >= fields.min(60) || core && known.len() == 2 && fields <= 4
}

/// A field name: printable ASCII without colon or blank (RFC 5322, 3.6.8).
fn is_field_name(name: &str) -> bool {
    !name.is_empty() && name.len() < 80 && name.bytes().all(|b| b.is_ascii_graphic())
}

/// True when a second `From ` line with a header field after it follows, or might follow beyond what is looked at.
fn has_second_mail(source: &dyn Source) -> io::Result<bool> {
    let bytes = read_up_to(source, 0, FAR_BYTES)?;
    let second = memchr::memmem::find_iter(&bytes, b"\nFrom ").any(|at| {
        let rest = &bytes[at + 1..];
        let next = memchr::memchr(b'\n', rest).map_or(&[][..], |end| &rest[end + 1..]);
        let line = next.split(|b| *b == b'\n').next().unwrap_or_default();
        let name = line.split(|b| *b == b':').next().unwrap_or_default();
        name.len() < line.len() && std::str::from_utf8(name).is_ok_and(is_field_name)
    });
    Ok(second || source.size() > bytes.len() as u64)
}

/// JSON in one document, or in one a line.
fn json_kind(source: &dyn Source, start: &str) -> io::Result<Option<Kind>> {
    let inner =
        start.get(1..).unwrap_or_default().trim_start_matches([' ', '\t', '\r', '\n']).as_bytes().first().copied();
    match (start.as_bytes()[0], inner) {
        (b'{', Some(b'"' | b'}')) => {}
        (b'[', Some(b'"' | b'{' | b'[' | b']' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n')) => {
            return Ok(is_json_array(start).then_some(kinds::JSON));
        }
        _ => return Ok(None),
    }
    if let Some((line, rest)) = start.split_once('\n') {
        return Ok(Some(if is_object(line) && rest.trim_start().starts_with('{') {
            kinds::JSONL
        } else {
            kinds::JSON
        }));
    }
    let far = read_up_to(source, 0, FAR_BYTES)?;
    let Some(text) = decode(&far) else { return Ok(Some(kinds::JSON)) };
    let lines = text.trim_start().split_once('\n');
    let many = lines.is_some_and(|(line, rest)| is_object(line) && rest.trim_start().starts_with('{'));
    Ok(Some(if many { kinds::JSONL } else { kinds::JSON }))
}

fn is_object(line: &str) -> bool {
    line.trim_end().ends_with('}') && serde_json::from_str::<IgnoredAny>(line).is_ok()
}

/// `[section]` and `[note]` are not JSON: the text has to parse, or to fail only by ending too early.
fn is_json_array(start: &str) -> bool {
    match serde_json::from_str::<IgnoredAny>(start) {
        Ok(_) => true,
        Err(e) => {
            e.is_eof() || matches!(start.get(1..).unwrap_or_default().trim_start().as_bytes().first(), Some(b'{'))
        }
    }
}

/// XML, HTML, templates, YAML, and text that is none of these.
fn markup_kind(start: &str) -> Kind {
    let opening: String = start.chars().take(256).collect::<String>().to_ascii_lowercase();
    if opening.starts_with("<!doctype html") || opening.starts_with("<html") {
        return kinds::HTML;
    }
    if opening.starts_with("<?xml") || opening.starts_with("<!doctype") {
        return if opening.contains("<html") { kinds::HTML } else { kinds::XML };
    }
    if let Some(name) = first_tag(&opening) {
        let html =
            ["p", "div", "body", "head", "table", "a", "br", "center", "font", "script", "span", "title", "meta"];
        return if html.contains(&name) { kinds::HTML } else { kinds::XML };
    }
    if is_jinja(start) {
        kinds::JINJA
    } else if is_yaml(start) {
        kinds::YAML
    } else if is_dense_jinja(start) {
        kinds::JINJA
    } else {
        kinds::TEXT
    }
}

/// A template by its first bytes, which have their counterpart somewhere.
fn is_jinja(start: &str) -> bool {
    [("{%", "%}"), ("{{", "}}"), ("{#", "#}")]
        .iter()
        .any(|(open, close)| start.starts_with(open) && start.contains(close))
}

/// A template by how much of it is code: programs and manuals hold a brace here and there, templates everywhere.
fn is_dense_jinja(start: &str) -> bool {
    let count = |mark: &str| memchr::memmem::find_iter(start.as_bytes(), mark).count();
    let statements = count("{%").min(count("%}"));
    let values = count("{{").min(count("}}"));
    statements + values > 0 && (statements + values) * CHARS_FOR_A_TAG >= start.len()
}

/// The name of the tag with which a document without a declaration begins.
fn first_tag(opening: &str) -> Option<&str> {
    let inner = opening.strip_prefix('<')?;
    let end = inner.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, ':' | '_' | '-' | '.')))?;
    let closed = inner.contains('>') || inner.len() > 200;
    (end > 0 && inner[end..].starts_with([' ', '>', '/', '\n', '\r', '\t']) && closed).then(|| &inner[..end])
}

/// YAML by its habit: lines at the margin are keys, items, comments or markers.
fn is_yaml(start: &str) -> bool {
    let (mut keys, mut other) = (0, 0);
    for line in start.lines().take(60).filter(|l| !l.trim().is_empty() && !l.starts_with([' ', '\t', '#'])) {
        let key = line
            .split_once(':')
            .is_some_and(|(name, value)| is_yaml_key(name) && (value.is_empty() || value.starts_with([' ', '\r'])));
        let marker =
            line.starts_with("---") || line.starts_with("%YAML") || line.starts_with("...") || line.starts_with("- ");
        if key || (line.starts_with("---") || line.starts_with("%YAML")) && keys == 0 {
            keys += 1;
        } else if !marker && !line.starts_with(['"', '\'', ']', '}']) {
            other += 1;
        }
    }
    let first = start.lines().next().unwrap_or_default();
    keys > 0 && other == 0 && (keys > 1 || first.ends_with(':') || first.starts_with("---") || first.contains(": "))
}

fn is_yaml_key(name: &str) -> bool {
    let name = name.trim_start_matches("- ").trim_matches(['"', '\'']);
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/'))
}
