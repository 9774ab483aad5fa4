//! The model card: `README.md` with its front matter, as the Hugging Face Hub specifies its metadata
//! (<https://huggingface.co/docs/hub/model-cards#model-card-metadata>, data sets likewise).

use sakimori_model::FactName;

use crate::report::Report;
use crate::repository::RepositoryFile;
use crate::repository::folder::{Folder, note, tell, text};
use crate::repository::{codes, licence};
use crate::sigma::yaml::{Node, Yaml, documents};

/// Values of one key that are noted.
const VALUES_MAX: usize = 100;
/// Lines of a section that are read for its first words.
const SECTION_LINES_MAX: usize = 40;

/// Notes what the card says.
pub(super) fn note_card(folder: &Folder<'_>, report: &mut Report<'_>) {
    let Some((path, text)) = card(folder) else { return };
    let (front, body) = parts(&text);
    match front.map(|front| documents(front.as_bytes())) {
        Some(Ok(documents)) => {
            let facts = documents.first().map(of_front).unwrap_or_default();
            note(report, path, facts);
        }
        Some(Err(_)) => tell(report, path, &codes::CARD_UNREADABLE, &[]),
        None => {}
    }
    note(report, path, of_body(body));
}

/// The licences that the card claims.
pub(super) fn licences<'a>(folder: &Folder<'a>) -> Option<(&'a str, Vec<String>)> {
    let (path, text) = card(folder)?;
    let documents = documents(parts(&text).0?.as_bytes()).ok()?;
    let front = documents.first()?;
    Some((path, values(front, "license").collect()))
}

fn card<'a>(folder: &Folder<'a>) -> Option<(&'a str, String)> {
    let is_card = |file: &&RepositoryFile<'_>| file.path.eq_ignore_ascii_case("README.md");
    let file = folder.files().find(is_card)?;
    Some((file.path, text(file)?))
}

/// The front matter between two lines of hyphens, and the rest.
fn parts(text: &str) -> (Option<&str>, &str) {
    let Some(rest) =
        text.trim_start().strip_prefix("---").and_then(|rest| rest.trim_start_matches('\r').strip_prefix('\n'))
    else {
        return (None, text);
    };
    match rest
        .match_indices("\n---")
        .find(|(at, _)| rest[at + 4..].trim_start_matches('\r').starts_with(['\n']) || rest.len() == at + 4)
    {
        Some((at, _)) => (Some(&rest[..at]), &rest[at + 4..]),
        None => (None, text),
    }
}

/// The values of a key: one, or a list.
fn values<'n>(front: &'n Node, key: &str) -> impl Iterator<Item = String> + use<'n> {
    let items = front.member(key).map(Node::items).unwrap_or_default();
    items.iter().take(VALUES_MAX).filter_map(Node::scalar).map(str::to_owned)
}

fn of_front(front: &Node) -> Vec<(FactName, String)> {
    const KEYS: &[(&str, FactName)] = &[
        ("model_name", FactName::Name),
        ("pretty_name", FactName::Name),
        ("license_link", FactName::LicenceLink),
        ("datasets", FactName::Dataset),
        ("base_model", FactName::BaseModel),
        ("base_model_relation", FactName::BaseModelRelation),
        ("language", FactName::Language),
        ("pipeline_tag", FactName::Task),
        ("task_categories", FactName::Task),
        ("library_name", FactName::Library),
        ("tags", FactName::Tag),
        ("author", FactName::Author),
        ("authors", FactName::Author),
        ("model_creator", FactName::Author),
        ("quantized_by", FactName::Author),
    ];
    let mut facts: Vec<(FactName, String)> =
        KEYS.iter().flat_map(|(key, name)| values(front, key).map(|value| (*name, value))).collect();
    // `other` only says that the next key has the name.
    let named = values(front, "license_name");
    let licences = values(front, "license").filter(|licence| licence != "other").chain(named);
    facts.extend(licences.map(|licence| (FactName::Licence, licence::spdx(&licence).unwrap_or(licence))));
    facts.extend(metrics(front));
    facts
}

/// `model-index`: for each model its results, each with a data set and metrics.
fn metrics(front: &Node) -> Vec<(FactName, String)> {
    let mut facts = Vec::new();
    for model in list(front, "model-index") {
        facts.extend(model.member("name").and_then(Node::scalar).map(|name| (FactName::Name, name.to_owned())));
        for result in list(model, "results") {
            let about = |key: &str| result.member(key)?.member("name").or(result.member(key)?.member("type"))?.scalar();
            let set = about("dataset").map(|set| format!(" ({set})")).unwrap_or_default();
            for metric in list(result, "metrics") {
                let part = |key: &str| metric.member(key).and_then(Node::scalar);
                if let (Some(name), Some(value)) = (part("type").or(part("name")), part("value")) {
                    facts.push((FactName::Metric, format!("{name}={value}{set}")));
                }
            }
        }
    }
    facts.truncate(VALUES_MAX);
    facts
}

fn list<'n>(node: &'n Node, key: &str) -> impl Iterator<Item = &'n Node> + use<'n> {
    let items =
        node.member(key).filter(|list| matches!(list.value, Yaml::List(_))).map(Node::items).unwrap_or_default();
    items.iter().take(VALUES_MAX)
}

/// The title, who made it, and the first words of the sections on use and on limits.
fn of_body(body: &str) -> Vec<(FactName, String)> {
    const USES: &[&str] = &["intended use", "uses", "direct use", "use cases", "用途", "想定"];
    const LIMITS: &[&str] =
        &["limitation", "out-of-scope", "bias", "risks", "known issues", "制限", "制約", "限界", "注意"];
    const MAKERS: &[&str] = &["developed by", "created by", "開発元", "開発者"];
    let mut facts = Vec::new();
    let (mut fenced, mut lines) = (false, body.lines().peekable());
    while let Some(line) = lines.next() {
        fenced ^= line.trim_start().starts_with("```");
        if fenced {
            continue;
        }
        if let Some(maker) = labelled(line, MAKERS) {
            facts.push((FactName::Author, maker));
        }
        let Some(heading) = heading(line) else { continue };
        if line.starts_with("# ") && !facts.iter().any(|(name, _)| *name == FactName::Name) {
            facts.push((FactName::Name, heading.to_owned()));
        }
        let lower = heading.to_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        let name = if says(LIMITS) {
            FactName::Limitation
        } else if says(USES) {
            FactName::IntendedUse
        } else {
            continue;
        };
        let mut words = String::new();
        for _ in 0..SECTION_LINES_MAX {
            match lines.peek() {
                Some(next) if self::heading(next).is_none() && !next.trim_start().starts_with("```") => {
                    words.push_str(next);
                    words.push('\n');
                    lines.next();
                }
                _ => break,
            }
        }
        facts.extend(first_words(&words).map(|words| (name, words)));
    }
    facts.truncate(VALUES_MAX);
    facts
}

/// The text of a section without comments, on one line.
fn first_words(section: &str) -> Option<String> {
    let mut rest = section;
    let mut shown = String::new();
    while let Some((before, after)) = rest.split_once("<!--") {
        shown.push_str(before);
        rest = after.split_once("-->").map_or("", |(_, after)| after);
    }
    shown.push_str(rest);
    let words = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    // What the Hub's template leaves for authors to fill in.
    (!words.is_empty() && words != "[More Information Needed]").then_some(words)
}

fn heading(line: &str) -> Option<&str> {
    let rest = line.trim_start_matches('#');
    ((1..=6).contains(&(line.len() - rest.len())) && rest.starts_with(' ')).then(|| rest.trim())
}

/// The value of an item such as `- **Developed by:** name`.
fn labelled(line: &str, labels: &[&str]) -> Option<String> {
    let (label, value) = line.trim_start_matches(['-', '*', ' ']).split_once([':', '：'])?;
    let label = label.trim_matches(['*', ' ']).to_lowercase();
    let value = value.trim_matches(['*', ' ']);
    let filled = !value.is_empty() && value != "[More Information Needed]";
    (filled && labels.iter().any(|known| label.starts_with(known))).then(|| value.to_owned())
}
