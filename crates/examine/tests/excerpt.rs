//! Each finding of the golden corpora can be looked at: the excerpt around its place holds what the finding names.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use sakimori_examine::excerpt::{Excerpt, Form, excerpt};
use sakimori_examine::sigma::RuleSet;
use sakimori_examine::{Settings, examine, fuzz};
use sakimori_model::{Finding, Place};

/// Places without bytes that can be shown, and why.
const NOT_SHOWN: &[(&str, &str)] = &[
    ("core/empty", "it has no bytes"),
    ("pickle/hidden-too-deep", "it lies deeper than anyone may look"),
    ("zip/nested-too-deep", "it lies deeper than anyone may look"),
    ("tar/device", "a device has no bytes"),
    ("tar/link-below-link", "a member that is cut off with its archive"),
    ("tar/links-escape", "a link has no bytes"),
    ("zip/encrypted", "the bytes are encrypted"),
    ("agent/python-behind-a-return", "a carriage return alone ends a line of Python, and none of a text"),
];

/// Texts that do not hold what the finding names, and why.
const NOT_NAMED: &[(&str, &str)] = &[
    ("disclosure/", "the value is in no parameter"),
    ("agent/python-decodes-and-runs.in SKM-AGT-015", "it says in words what the line does"),
    ("agent/python-decodes-then-runs.in SKM-AGT-0159", "it says in words what the line does"),
    ("agent/python-hands-over.in SKM-AGT-0160", "it says in words what the file does"),
    ("agent/python-hidden-program.in SKM-AGT-0164", "it names the text that is encoded there"),
    ("agent/python-system.in SKM-AGT-0151", "it names what the program imported under another name"),
    ("agent/skill-comment", "it names the text without its marks and its case"),
    ("agent/tool-terminal-codes", "it names the text as it stands between the escapes of JSON"),
    ("mail/benign-modern-survey-en.in SKM-MAIL-0061", "the words stand in the other alternative"),
    ("mail/hidden-text.in SKM-MAIL-0045", "it names a count of words"),
    ("mail/phishing-homograph.in SKM-MAIL-00", "it names the host as the network writes it"),
    ("template/escapes.in SKM-ART-0130", "it names what the template puts together"),
];

#[test]
fn every_finding_of_the_corpora_is_shown_in_its_place() {
    let mut wrong = Vec::new();
    let mut shown: BTreeMap<&str, usize> = BTreeMap::new();
    for (input, bytes) in inputs() {
        let settings = Settings { sigma: RuleSet::builtin().clone(), ..Settings::default() };
        for finding in examine(&bytes, &settings).findings {
            let excerpt = excerpt(&bytes, &finding.place, &settings.limits);
            if let Some(excerpt) = &excerpt {
                fuzz::check_excerpt(excerpt, &finding.place);
            }
            match fault(&finding, &bytes, excerpt.as_ref()) {
                Some(fault) => wrong.push(format!("{input} {} at {}: {fault}", finding.code, finding.place)),
                None => *shown.entry(kind(&finding.place)).or_default() += 1,
            }
        }
    }
    wrong.retain(|what| !NOT_SHOWN.iter().any(|(start, _)| what.starts_with(start) && what.ends_with(": not shown")));
    wrong.retain(|what| !NOT_NAMED.iter().any(|(start, _)| what.starts_with(start)));
    assert!(wrong.is_empty(), "{} wrong:\n{}\n{shown:?}", wrong.len(), wrong.join("\n"));
    assert!(shown["byte"] > 80 && shown["text"] > 100 && shown["event"] > 30, "{shown:?}");
}

fn kind(place: &Place) -> &'static str {
    match place {
        Place::Whole { .. } => "whole",
        Place::Byte { .. } => "byte",
        Place::Event { .. } => "event",
        Place::Text { .. } => "text",
    }
}

/// What is wrong with the excerpt of a finding.
fn fault(finding: &Finding, bytes: &[u8], excerpt: Option<&Excerpt>) -> Option<String> {
    let Some(excerpt) = excerpt else {
        return Some("not shown".to_owned());
    };
    let marked = excerpt.rows.iter().find_map(|row| {
        let (from, to) = row.mark?;
        Some(row.text.chars().skip(from as usize).take((to - from) as usize).collect::<String>())
    });
    let all = excerpt.rows.iter().map(|row| row.text.as_str()).collect::<Vec<_>>().join("\n");
    match &finding.place {
        Place::Byte { member, offset } => {
            let is_it =
                excerpt.form == Form::Hex && excerpt.rows.iter().any(|row| (row.at..=row.at + 16).contains(offset));
            let byte = bytes.get(*offset as usize).map(|byte| format!("{byte:02x}"));
            (!is_it || member.is_none() && byte != marked).then(|| format!("{byte:?} is not {marked:?} in\n{all}"))
        }
        Place::Event { field, .. } => {
            let named = field.as_ref().is_none_or(|_| marked.is_some());
            (!named).then(|| format!("no field is marked in\n{all}"))
        }
        Place::Text { member, .. } => {
            let header = member.as_deref().and_then(|member| member.rsplit_once("header:"));
            let holds = match header {
                // What the text of a finding names may come from another header.
                Some((_, name)) => {
                    let is_it = |text: &str| text.to_lowercase().starts_with(&format!("{}: ", name.to_lowercase()));
                    let is_missing = !excerpt.rows.iter().any(|row| is_it(&row.text));
                    is_missing || is_it(&excerpt.rows[0].text) && marked.is_some()
                }
                None => names(finding, &all.to_lowercase()),
            };
            (!holds).then(|| format!("nothing of {:?} is in\n{all}", finding.params))
        }
        Place::Whole { .. } => None,
    }
}

/// True when the text holds one of the values that the finding names, some of which are several words.
fn names(finding: &Finding, text: &str) -> bool {
    let mut values = finding.params.values().flat_map(|value| value.split(" / "));
    finding.params.is_empty()
        || values.any(|value| text.contains(value.trim_end_matches('…').trim().to_lowercase().as_str()))
}

fn inputs() -> Vec<(String, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut all: Vec<PathBuf> = fs::read_dir(root)
        .expect("the corpus is there")
        .flat_map(|folder| fs::read_dir(folder.expect("readable").path()).expect("a folder an examiner"))
        .map(|file| file.expect("readable").path())
        .filter(|path| path.extension().is_some_and(|e| e == "in"))
        .collect();
    all.sort();
    let name = |path: &Path| {
        path.components().rev().take(2).map(|c| c.as_os_str().to_string_lossy().into_owned()).collect::<Vec<_>>()
    };
    all.into_iter()
        .map(|path| (name(&path).into_iter().rev().collect::<Vec<_>>().join("/"), fs::read(path).expect("readable")))
        .collect()
}
