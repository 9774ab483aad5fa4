//! Rules: from a YAML document to something that can be held against events.

use sakimori_model::{Digest, RuleRef, Severity, Technique};

use super::condition::Condition;
use super::error::{Position, Problem};
use super::logsource::LogSource;
use super::matcher::{Detection, Expr, Join};
use super::modifier;
use super::yaml::{Node, Yaml};
use crate::log::event::Event;

/// Searches of one rule.
const SEARCHES_MAX: usize = 1_000;

/// A detection rule, ready for use.
#[derive(Debug)]
pub struct Rule {
    /// Its id, a UUID as a rule. A rule without one is known by its digest.
    pub id: String,
    /// Its title, in the language of its author.
    pub title: String,
    /// How bad a match is; `medium` if the rule does not say.
    pub level: Severity,
    /// How mature it is, such as `stable` or `experimental`. Empty if the rule does not say.
    pub status: String,
    /// The events that it is for.
    pub log_source: LogSource,
    /// The techniques that its tags name.
    pub techniques: Vec<Technique>,
    /// The digest of the file from which it was loaded.
    pub sha256: Digest,
    pub(crate) detection: Detection,
}

impl Rule {
    /// Whether an event is what the rule looks for. Where the event comes from is not looked at.
    #[must_use]
    pub fn matches(&self, event: &Event) -> bool {
        self.detection.holds(event)
    }

    /// How findings and records name the rule.
    #[must_use]
    pub fn reference(&self) -> RuleRef {
        RuleRef { id: self.id.clone(), title: self.title.clone(), sha256: self.sha256 }
    }

    /// Reads a rule from a document of a file with this digest.
    pub(crate) fn read(document: &Node, sha256: Digest) -> Result<Self, Problem> {
        refuse_other_documents(document)?;
        let title = text(document, "title")?
            .ok_or_else(|| missing(document, "title", "a rule has a title of one line"))?
            .to_owned();
        let id = text(document, "id")?.map_or_else(|| format!("sha256:{sha256}"), str::to_owned);
        let log_source = document
            .member("logsource")
            .ok_or_else(|| missing(document, "logsource", "say with `product`, `category` or `service` what it is for"))
            .and_then(LogSource::read)?;
        let detection = document
            .member("detection")
            .ok_or_else(|| missing(document, "detection", "say what to look for"))
            .and_then(detection)?;
        Ok(Self {
            id,
            title,
            level: level(document)?,
            status: text(document, "status")?.unwrap_or_default().to_owned(),
            log_source,
            techniques: techniques(document),
            sha256,
            detection,
        })
    }
}

/// Documents that may stand in a rule file but are no rules of their own.
fn refuse_other_documents(document: &Node) -> Result<(), Problem> {
    let Yaml::Map(_) = document.value else {
        return Err(Problem::new("sigma::no-rule", document.position.clone())
            .message("the document is no map")
            .help("a rule is a map with `title`, `logsource` and `detection`"));
    };
    for (name, code, what) in [
        ("correlation", "sigma::correlation-unsupported", "correlation rules are"),
        ("filter", "sigma::filter-unsupported", "filters for other rules are"),
        ("action", "sigma::action-unsupported", "the collections of version 1 (`action`) are"),
    ] {
        if let Some(member) = document.member(name) {
            return Err(Problem::new(code, member.position.clone())
                .message(format!("{what} not supported yet"))
                .help("the other rules are used; write plain rules where you can"));
        }
    }
    Ok(())
}

fn missing(node: &Node, name: &str, help: &str) -> Problem {
    Problem::new("sigma::missing", node.position.clone()).message(format!("`{name}` is missing")).help(help)
}

fn text<'n>(document: &'n Node, name: &str) -> Result<Option<&'n str>, Problem> {
    let Some(node) = document.member(name) else { return Ok(None) };
    match node.scalar() {
        Some(text) => Ok(Some(text.trim())),
        None if matches!(node.value, Yaml::Null) => Ok(None),
        None => Err(Problem::new("sigma::bad-value", node.position.clone())
            .message(format!("`{name}` is no text"))
            .help("write one text in one line")),
    }
}

fn level(document: &Node) -> Result<Severity, Problem> {
    let Some(word) = text(document, "level")? else { return Ok(Severity::Medium) };
    word.parse().map_err(|error| {
        let position = document.member("level").map_or(Position::START, |n| n.position.clone());
        Problem::new("sigma::bad-level", position).message(error).help("write one of these words")
    })
}

/// Techniques of ATT&CK and ATLAS among the tags; tags for tactics, groups and anything else are left out.
fn techniques(document: &Node) -> Vec<Technique> {
    let mut found: Vec<Technique> = document
        .member("tags")
        .map_or(&[][..], Node::items)
        .iter()
        .filter_map(Node::scalar)
        .filter_map(technique)
        .map(|id| Technique::unstated(&id))
        .collect();
    found.sort();
    found.dedup();
    found
}

/// The id in a tag such as `attack.t1059.001` or `atlas.aml.t0011.000`.
fn technique(tag: &str) -> Option<String> {
    let tag = tag.to_ascii_lowercase();
    let (id, number) = match tag.strip_prefix("atlas.") {
        Some(id) => (id, id.strip_prefix("aml.t")?),
        None => {
            let id = tag.strip_prefix("attack.")?;
            (id, id.strip_prefix('t')?)
        }
    };
    let (technique, sub) = number.split_once('.').unwrap_or((number, "000"));
    let digits = |text: &str, count: usize| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    (digits(technique, 4) && digits(sub, 3)).then(|| id.to_ascii_uppercase())
}

/// Reads what to look for.
fn detection(node: &Node) -> Result<Detection, Problem> {
    const HELP: &str = "a detection has searches with names of their own, and a `condition` over them";
    let Yaml::Map(members) = &node.value else {
        return Err(Problem::new("sigma::bad-value", node.position.clone())
            .message("`detection` is no map")
            .help(HELP));
    };
    let mut names = Vec::new();
    let mut searches = Vec::new();
    for (key, value) in members {
        match key.scalar() {
            Some("condition" | "timeframe") => {}
            Some(name) => {
                names.push(name);
                searches.push(search(value)?);
            }
            None => return Err(bad_search(key)),
        }
    }
    if searches.len() > SEARCHES_MAX {
        return Err(Problem::new("sigma::too-large", node.position.clone())
            .message(format!("the rule has {} searches", searches.len()))
            .help(format!("a rule may have {SEARCHES_MAX} searches")));
    }
    let written = node.member("condition").ok_or_else(|| missing(node, "condition", HELP))?;
    let mut conditions = Vec::new();
    for item in written.items() {
        let source = item.scalar().ok_or_else(|| {
            Problem::new("sigma::bad-value", item.position.clone()).message("the condition is no text").help(HELP)
        })?;
        conditions.push(Condition::parse(source, &names).map_err(|error| {
            Problem::new(error.code, item.position.clone()).message(error.message).help(error.help)
        })?);
    }
    if conditions.is_empty() {
        return Err(missing(written, "condition", HELP));
    }
    Ok(Detection { searches, condition: Condition::Any(conditions) })
}

/// Reads one search: a map, whose items must all hold, or a list, of which any may hold.
fn search(node: &Node) -> Result<Expr, Problem> {
    match &node.value {
        Yaml::Map(members) => map(members),
        Yaml::List(items) => {
            let mut any = Vec::new();
            for item in items {
                any.push(match &item.value {
                    Yaml::Map(members) => map(members)?,
                    Yaml::Text(_) | Yaml::Number(_) | Yaml::Truth(_) => modifier::item("", item, item)?,
                    Yaml::Null | Yaml::List(_) => return Err(bad_search(item)),
                });
            }
            if any.is_empty() {
                return Err(bad_search(node));
            }
            Ok(merged(any))
        }
        Yaml::Text(_) | Yaml::Number(_) => modifier::item("", node, node),
        Yaml::Null | Yaml::Truth(_) => Err(bad_search(node)),
    }
}

fn map(members: &[(Node, Node)]) -> Result<Expr, Problem> {
    let mut all = Vec::with_capacity(members.len());
    for (key, value) in members {
        let name = key.scalar().ok_or_else(|| bad_search(key))?;
        all.push(modifier::item(name, key, value)?);
    }
    Ok(Expr::All(all))
}

/// Keywords of a list become one expression.
fn merged(parts: Vec<Expr>) -> Expr {
    let keywords = |part: &Expr| matches!(part, Expr::Field { field: None, join: Join::Any, .. });
    if parts.len() > 1 && parts.iter().all(keywords) {
        let tests =
            parts.into_iter().flat_map(|part| if let Expr::Field { tests, .. } = part { tests } else { Vec::new() });
        return Expr::Field { field: None, join: Join::Any, tests: tests.collect() };
    }
    Expr::Any(parts)
}

fn bad_search(node: &Node) -> Problem {
    Problem::new("sigma::bad-value", node.position.clone())
        .message("this can't be searched for")
        .help("a search is a map of fields and values, a list of such maps, or a list of keywords")
}
