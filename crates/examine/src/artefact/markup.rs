//! Templates and configuration as text: Jinja, YAML, XML.

use std::io;
use std::sync::LazyLock;

use regex::Regex;
use sakimori_model::{Kind, Place};

use crate::artefact::codetext::program_in;
use crate::artefact::modules::{Standing, in_targets};
use crate::artefact::{codes, openvino, template};
use crate::catalogue::finding;
use crate::recognise::{is_control, kinds};
use crate::report::Report;
use crate::sigma::yaml::{Node, Yaml, documents};
use crate::source::{Source, read_up_to};

/// Tags of YAML with which PyYAML makes Python objects.
static PYTHON_TAG: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?:!!|tag:yaml\.org,2002:)python/(?:object|name|module|apply)[\w/]*(?::[\w.]+)?|%TAG\s+\S+\s+tag:yaml\.org,2002:python\S*")
        .expect("the pattern is a constant")
});
/// A key of YAML under which a template stands.
static TEMPLATE_KEY: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"(?m)^[\s-]*["']?\w*template\w*["']?\s*:"#).expect("the pattern is a constant"));
/// A key of YAML under which a name stands that is imported, and mostly called: Hydra's and MLflow's.
static TARGET: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?m)^[\s-]*["']?(?:_target_|loader_module)["']?\s*:\s*["']?([\w.]{1,200})"#)
        .expect("the pattern is a constant")
});
/// An entity whose value lies elsewhere (XML 1.0, 4.2.2).
static ENTITY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"<!ENTITY\s+(?:%\s+)?[\w.:-]+\s+(?:SYSTEM|PUBLIC\s+["'][^"']{0,1000}["'])\s+["']([^"']{0,1000})["']"#)
        .expect("the pattern is a constant")
});
/// Bytes that are decoded at a time.
const PIECE_BYTES: usize = 64 * 1024;
/// Bytes that decoded text grows by.
const ROOM_BYTES: usize = 1024 * 1024;
/// In text, fewer than one in so many bytes is a control character. Of bytes of any value, every tenth is one.
const CHARS_FOR_A_CONTROL: usize = 25;
/// Bytes that are no text begin at a multiple of these.
const BINARY_BYTES: usize = 1024;
/// Names of one document that are judged.
const TARGETS_MAX: usize = 1_000;
/// Layers of OpenVINO models that name a library of their own.
static LIBRARY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#"(?i)<(?:[\w.-]+:)?(?:(?:layer|extension|library)\b[^>]*?\b(?:library|path|lib|plugin|implementation)|data\b[^>]*?\b(?:library|plugin|implementation))\s*=\s*["']([^"']{1,1000})["']"#,
    )
    .expect("the pattern is a constant")
});

/// Examines text of these kinds. Returns whether it is one.
pub fn examine(kind: &Kind, source: &dyn Source, report: &mut Report<'_>) -> bool {
    let model_xml = |text: &str| text.contains("<net ") && text.contains("<layers");
    if ![kinds::JINJA, kinds::YAML, kinds::XML].contains(kind) {
        return false;
    }
    let text = match read_text(source, report) {
        Ok(text) => text,
        Err(e) => {
            report.unreadable(&e);
            return true;
        }
    };
    if *kind == kinds::XML {
        entities(&text, report);
        let pmml = text.contains("<PMML");
        let model = model_xml(&text) || pmml;
        if pmml && let Some(program) = program_in(&text) {
            let told = finding(&codes::METADATA_PROGRAM, report.whole());
            report.add(told.with("name", program));
        }
        if model {
            report.ran(if pmml { "pmml" } else { "openvino" }, 1);
            libraries(&text, report);
            if !pmml {
                openvino::examine(&text, report);
            }
            if !text.contains("</net>") {
                report.unreadable(&"the model description ends before </net>");
            }
        }
        return model;
    }
    // Workflows and playbooks are full of braces: in YAML a key has to say that there is a template.
    if (*kind == kinds::JINJA || TEMPLATE_KEY.is_match(&text))
        && let Some(hazard) = template::hazard(&text)
    {
        template::report(&hazard, place_in(&text, hazard.offset, report), report);
    }
    if *kind == kinds::YAML {
        python_tags(&text, report);
        targets(&text, report);
    }
    report.ran("template", 1);
    true
}

/// The text of a source in UTF-8, within the limit on one member. What is left out is reported.
///
/// # Errors
/// When the source can't be read.
pub fn read_text(source: &dyn Source, report: &mut Report<'_>) -> io::Result<String> {
    let max = report.limits().member_bytes_max;
    let (text, end) = text_up_to(source, usize::try_from(max).unwrap_or(usize::MAX))?;
    match end {
        TextEnd::Whole => {}
        TextEnd::Limit => {
            report.over("member_bytes_max", max);
        }
        TextEnd::Binary(at) => report.unreadable(&format!("is no text from byte {at} on")),
    }
    Ok(text)
}

/// Where the text of a source ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextEnd {
    /// With the source.
    Whole,
    /// At the limit.
    Limit,
    /// Before bytes at this offset that are no text of any encoding.
    Binary(u64),
}

/// A source as text, in the encoding that its mark says, or else in UTF-8: its first `max` bytes in UTF-8, and where they
/// end. Decoded text can be three times as long as what it was decoded from, so only one of them is held.
///
/// # Errors
/// When the source can't be read.
pub fn text_up_to(source: &dyn Source, max: usize) -> io::Result<(String, TextEnd)> {
    let head = read_up_to(source, 0, 3)?;
    let (encoding, skip) = encoding_rs::Encoding::for_bom(&head).unwrap_or((encoding_rs::UTF_8, 0));
    let mut at = skip as u64;
    if encoding == encoding_rs::UTF_8
        && let Ok(text) = String::from_utf8(read_up_to(source, at, max)?)
    {
        let whole = at + text.len() as u64 >= source.size();
        return Ok((text, if whole { TextEnd::Whole } else { TextEnd::Limit }));
    }
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut text = String::new();
    loop {
        let mut piece = read_up_to(source, at, PIECE_BYTES)?;
        let last = piece.len() < PIECE_BYTES;
        let binary = encoding == encoding_rs::UTF_8 && at > 0 && is_binary(&piece);
        if binary {
            let lines = piece.chunks(BINARY_BYTES).take_while(|part| !is_binary(part));
            piece.truncate(lines.map(<[u8]>::len).sum());
        }
        at += piece.len() as u64;
        // Room for what these bytes can become at the most, so that the decoder takes them all.
        let room = decoder.max_utf8_buffer_length(piece.len()).unwrap_or(0);
        if text.capacity() - text.len() < room {
            text.reserve_exact(room.max(ROOM_BYTES));
        }
        let (_, read, _) = decoder.decode_to_string(&piece, &mut text, last || binary);
        debug_assert_eq!(read, piece.len(), "there was room");
        if text.len() > max {
            text.truncate(text.floor_char_boundary(max));
            return Ok((text, TextEnd::Limit));
        }
        if binary {
            return Ok((text, TextEnd::Binary(at)));
        }
        if last {
            return Ok((text, TextEnd::Whole));
        }
    }
}

/// True for bytes of which too many are control characters for a text of any encoding of bytes.
fn is_binary(piece: &[u8]) -> bool {
    let controls = piece.iter().filter(|byte| is_control(byte)).count();
    controls * CHARS_FOR_A_CONTROL > piece.len()
}

/// Bytes as text: in the encoding that their mark says, or else in UTF-8.
pub fn decoded(mut bytes: Vec<u8>) -> String {
    match encoding_rs::Encoding::for_bom(&bytes) {
        Some((encoding, skip)) if encoding == encoding_rs::UTF_8 => drop(bytes.drain(..skip)),
        Some((encoding, skip)) => return encoding.decode_without_bom_handling(&bytes[skip..]).0.into_owned(),
        None => {}
    }
    // Texts are long: what is UTF-8 already is not copied.
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// Reports the first tag with which PyYAML makes a Python object.
pub fn python_tags(text: &str, report: &mut Report<'_>) {
    if let Some(found) = PYTHON_TAG.find(text) {
        let place = place_in(text, found.start(), report);
        report.add(finding(&codes::YAML_PYTHON_TAG, place).with("name", found.as_str()));
    }
}

/// Reports what a configuration asks Hydra, or who reads its habit, to import and call. What is no YAML after all, or too
/// large a document, is searched by lines; a lenient reader may see more in it than the lines show.
fn targets(text: &str, report: &mut Report<'_>) {
    let mut found: Vec<(String, Place)> = Vec::new();
    if let Ok(documents) = documents(text.as_bytes()) {
        documents.iter().for_each(|document| named(document, report, &mut found));
    } else if text.contains("_target_") || text.contains("loader_module") {
        let matches = TARGET.captures_iter(text).take(TARGETS_MAX);
        let place = |m: &regex::Captures<'_>| place_in(text, m.get(0).map_or(0, |m| m.start()), report);
        found = matches.map(|m| (m[1].to_owned(), place(&m))).collect();
        report.unreadable(&"names what to import, and can't be read as YAML");
    }
    for (name, place) in found {
        let code = match in_targets(&name) {
            Standing::Framework => continue,
            Standing::Foreign => &codes::FOREIGN_OBJECT,
            Standing::Harmful => &codes::HARMFUL_OBJECT,
        };
        report.add(finding(code, place).with("name", &name));
    }
}

/// The names that stand under the keys of targets, at any depth. The depth is bounded by the reader of YAML.
fn named(node: &Node, report: &Report<'_>, found: &mut Vec<(String, Place)>) {
    match &node.value {
        Yaml::List(items) => items.iter().for_each(|item| named(item, report, found)),
        Yaml::Map(members) => {
            for (key, value) in members {
                let is_target = matches!(key.scalar(), Some("_target_" | "loader_module"));
                match value.scalar().filter(|_| is_target) {
                    // What belongs to the frameworks is not kept, so that it can't crowd out anything.
                    Some(name) if in_targets(name) == Standing::Framework || found.len() >= TARGETS_MAX => {}
                    Some(name) => {
                        let number = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
                        let (line, column) = (number(key.position.line), number(key.position.column));
                        found.push((name.to_owned(), Place::Text { member: report.path(), line, column }));
                    }
                    None => named(value, report, found),
                }
            }
        }
        _ => {}
    }
}

/// Reports the first entity that stands for a file or address.
fn entities(text: &str, report: &mut Report<'_>) {
    if let Some(found) = ENTITY.captures(text) {
        let place = place_in(text, found.get(0).map_or(0, |m| m.start()), report);
        report.add(finding(&codes::XML_ENTITY, place).with("name", &found[1]));
    }
}

fn libraries(text: &str, report: &mut Report<'_>) {
    if let Some(found) = LIBRARY.captures(text) {
        let place = place_in(text, found.get(0).map_or(0, |m| m.start()), report);
        report.add(finding(&codes::MODEL_LIBRARY, place).with("name", &found[1]));
    }
}

/// Line and column of an offset.
pub fn place_in(text: &str, offset: usize, report: &Report<'_>) -> Place {
    let before = text.get(..offset).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Place::Text { member: report.path(), line: number(line), column: number(column) }
}

#[cfg(test)]
mod tests {
    use super::{BINARY_BYTES, PIECE_BYTES, TextEnd, text_up_to};

    #[test]
    fn text_of_any_encoding_is_held_to_the_limit_after_decoding() {
        let wide: Vec<u8> = "\u{feff}守る人".repeat(40_000).encode_utf16().flat_map(u16::to_le_bytes).collect();
        let expected = "守る人".to_owned() + &"\u{feff}守る人".repeat(39_999);
        assert_eq!(text_up_to(&wide, expected.len()).expect("read"), (expected.clone(), TextEnd::Whole));
        let (cut, end) = text_up_to(&wide, expected.len() - 1).expect("read");
        assert!(end == TextEnd::Limit && cut.len() == expected.len() - 3 && expected.starts_with(&cut));
        assert_eq!(
            text_up_to(&b"\xef\xbb\xbfa\xffb".to_vec(), 10).expect("read"),
            ("a\u{fffd}b".to_owned(), TextEnd::Whole)
        );
        assert_eq!(text_up_to(&"あい".as_bytes().to_vec(), 4).expect("read"), ("あ".to_owned(), TextEnd::Limit));
        assert_eq!(text_up_to(&"あい".as_bytes().to_vec(), 6).expect("read"), ("あい".to_owned(), TextEnd::Whole));
    }

    #[test]
    fn text_ends_where_bytes_begin_that_are_no_text() {
        let text = "word\n".repeat(20_000);
        let numbers: Vec<u8> = (0..=255).cycle().take(PIECE_BYTES * 2).collect();
        let both = [text.as_bytes(), &numbers].concat();
        let (read, end) = text_up_to(&both, usize::MAX).expect("read");
        let TextEnd::Binary(at) = end else { panic!("{end:?}") };
        assert!(
            read.starts_with(&text[..text.len() - BINARY_BYTES])
                && (at as usize).abs_diff(text.len()) < 2 * BINARY_BYTES,
            "{at}"
        );
        // An older encoding, and a stray byte, are text.
        let old: Vec<u8> = b"\xe9t\xe9 \x01 caf\xe9 et th\xe9 au lait\r\n".repeat(20_000);
        assert_eq!(text_up_to(&old, usize::MAX).expect("read").1, TextEnd::Whole);
    }
}
