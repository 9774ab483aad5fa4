//! Skills and standing instructions: Markdown that an agent follows.

use std::sync::LazyLock;

use regex::Regex;
use sakimori_model::{FactName, Kind};

use super::doc::Doc;
use super::judge::Judge;
use super::texts::{self, Audience};
use super::{codes, command, config, kinds, links, python};

/// Programs that one text shows.
const SHOWN_MAX: usize = 200;
/// Lines of a front matter.
const FRONT_LINES_MAX: usize = 400;

/// The kind of a text that is a skill or a set of standing instructions.
pub fn kind_of(text: &str) -> Option<Kind> {
    if let Some((front, body)) = front_matter(text) {
        let keys: Vec<&str> = front.lines().filter_map(|line| line.split_once(':')).map(|(key, _)| key).collect();
        let has = |key: &str| keys.contains(&key);
        let model_card =
            ["pipeline_tag", "library_name", "base_model", "datasets", "model-index", "task_categories", "widget"]
                .iter()
                .any(|k| has(k));
        let skill = has("name") && has("description") && !body.trim().is_empty()
            || has("allowed-tools")
            || has("allowed_tools");
        let rules =
            has("description") && (has("globs") || has("alwaysApply")) || has("applyTo") || has("argument-hint");
        if model_card {
            return None;
        }
        if skill {
            return Some(kinds::AGENT_SKILL);
        }
        if rules {
            return Some(kinds::AGENT_RULES);
        }
    }
    is_rules(text).then_some(kinds::AGENT_RULES)
}

/// Standing instructions say so: they speak of the agent, and to it.
fn is_rules(text: &str) -> bool {
    static SAYS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?im)^#{1,3} .{0,40}\b(?:AGENTS\.md|CLAUDE\.md|GEMINI\.md|agent (?:instructions|guidelines|rules)|instructions for (?:ai )?(?:agents|assistants)|cursor ?rules|copilot instructions|coding agents?)\b|this file (?:provides|gives|contains) (?:guidance|instructions|context|rules) (?:to|for) \S|^you are (?:an? )?(?:\S+ ){0,6}(?:engineer|developer|assistant|agent|programmer|expert)\b|^#{1,3} .{0,20}(?:エージェント|AI ?アシスタント)(?:への指示|の規則|向け)")
            .expect("the pattern is a constant")
    });
    let head = &text[..text.floor_char_boundary(8 * 1024)];
    let structured = head.lines().filter(|line| line.starts_with(['#', '-', '*'])).count() >= 2;
    structured && SAYS.is_match(head)
}

/// The front matter of a document, and what follows it.
fn front_matter(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let rest =
        text.strip_prefix("---").and_then(|rest| rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix('\n')))?;
    let mut at = 0;
    for line in rest.split_inclusive('\n').take(FRONT_LINES_MAX) {
        if line.trim_end() == "---" {
            return Some((&rest[..at], &rest[at + line.len()..]));
        }
        at += line.len();
    }
    None
}

/// Judges a skill or standing instructions.
pub fn judge(judge: &mut Judge<'_, '_>, text: &str) {
    let (front, body) = front_matter(text).unwrap_or(("", text));
    if !front.is_empty() {
        front_of(judge, front);
    }
    texts::judge(judge, "body", body, Audience::Instructions);
    commands(judge, body);
    for code in shown(body) {
        python::judge_shown(judge, code);
    }
    for word in body.split_whitespace() {
        let word = word.trim_matches(['"', '\'', '(', ')', '<', '>', '`', ',', '.', '[', ']']);
        if word.starts_with("git+") || word.starts_with("http://") {
            links::judge(judge, "body", word);
        }
    }
}

/// Judges a text that lies beside a skill: what it orders, and which of its commands do harm. How people install something by
/// it is their matter.
pub fn judge_beside(judge: &mut Judge<'_, '_>, text: &str) {
    texts::judge(judge, "body", text, Audience::Instructions);
    if let Some((_, harmful)) = command::harm(text).filter(|(kind, _)| *kind != "download-and-run") {
        judge.found(&codes::HARMFUL_COMMAND, "body", harmful);
    }
    for code in shown(text) {
        python::judge_shown(judge, code);
    }
}

/// The programs in Python that a text shows in fences.
fn shown(text: &str) -> Vec<&str> {
    let (mut found, mut rest) = (Vec::new(), text);
    while let Some(at) = rest.find("```py").filter(|_| found.len() < SHOWN_MAX) {
        let inner = &rest[at + 3..];
        let Some((_, code)) = inner.split_once('\n') else { break };
        let end = code.find("\n```").unwrap_or(code.len());
        found.push(&code[..end]);
        rest = &code[end..];
        rest = rest.strip_prefix("\n```").unwrap_or(rest);
    }
    found
}

/// Judges the front matter: what it says of the skill, and which rights the skill takes.
fn front_of(judge: &mut Judge<'_, '_>, front: &str) {
    // Front matter in practice is often not quite YAML, and its readers take it line by line.
    let doc = Doc::from_yaml(front).filter(|doc| !doc.entries().is_empty()).unwrap_or_else(|| by_lines(front));
    config::about(judge, &doc);
    if let Some(metadata) = doc.get("metadata") {
        config::about(judge, metadata);
    }
    config::walk(&doc, "", &mut |path, key, value| {
        if let Some(text) = value.text().filter(|_| key != "allowed-tools") {
            texts::judge(judge, path, text, Audience::Description);
        }
        if key == "command"
            && let Some(line) = value.text()
        {
            judge.found(&codes::HOOK, path, line);
            command::judge_script(judge, path, line);
        }
    });
    for key in ["allowed-tools", "allowed_tools", "tools", "allowedTools"] {
        for right in rights(doc.get(key)) {
            judge.report.fact(FactName::Tool, &right);
            if let Some(code) = config::right(&right) {
                judge.found(code, key, &right);
            }
        }
    }
}

/// The rights of a list, or of a text in which commas or spaces part them, except inside of brackets.
fn rights(value: Option<&Doc>) -> Vec<String> {
    let Some(Doc::Text(text)) = value else {
        return value.map(|v| v.words().iter().map(ToString::to_string).collect()).unwrap_or_default();
    };
    let (mut all, mut one, mut depth) = (Vec::new(), String::new(), 0_i32);
    for c in text.chars() {
        depth += i32::from(c == '(') - i32::from(c == ')');
        if depth <= 0 && (c == ',' || c.is_whitespace()) {
            all.push(std::mem::take(&mut one));
        } else {
            one.push(c);
        }
    }
    all.push(one);
    all.retain(|one| !one.is_empty());
    all
}

fn by_lines(front: &str) -> Doc {
    let entry = |line: &str| {
        let (key, value) = line.split_once(':')?;
        Some((key.trim().to_owned(), Doc::Text(value.trim().trim_matches(['"', '\'']).to_owned())))
    };
    Doc::Map(front.lines().filter_map(entry).collect())
}

/// Judges the commands that the agent is shown.
fn commands(judge: &mut Judge<'_, '_>, body: &str) {
    // A command may go on over several lines.
    let joined = body.replace("\\\r\n", " ").replace("\\\n", " ");
    command::harm_in_text(judge, "body", &joined);
    command::risk_in_text(judge, "body", &joined);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skills_and_rules_are_told_from_cards_and_manuals() {
        assert_eq!(
            kind_of("---\nname: pdf\ndescription: Fills in forms\n---\n# PDF\nUse it.\n"),
            Some(kinds::AGENT_SKILL)
        );
        assert_eq!(kind_of("---\ndescription: x\nglobs: '*.rs'\n---\nUse tabs.\n"), Some(kinds::AGENT_RULES));
        assert_eq!(
            kind_of("# CLAUDE.md\n\nThis file provides guidance to agents.\n\n- Run the tests.\n## Style\n"),
            Some(kinds::AGENT_RULES)
        );
        assert_eq!(
            kind_of("---\nlicense: mit\nname: m\ndescription: d\nlibrary_name: transformers\n---\n# Model\n"),
            None
        );
        assert_eq!(kind_of("# Model\nText.\n## Use\nMore.\n"), None);
        assert_eq!(kind_of("name: a\ndescription: b\n"), None);
    }

    #[test]
    fn rights_are_parted_outside_of_brackets() {
        let text = Doc::Text("Read, Bash(git status *) Grep".to_owned());
        assert_eq!(rights(Some(&text)), ["Read", "Bash(git status *)", "Grep"]);
    }
}
