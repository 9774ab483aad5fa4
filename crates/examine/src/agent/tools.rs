//! Definitions of tools, prompts and resources as a model sees them: every text in them is read by the model.

use std::collections::BTreeMap;

use sakimori_model::FactName;

use super::config::{about, join, walk};
use super::doc::Doc;
use super::judge::Judge;
use super::texts::{self, Audience};
use super::{codes, command, kinds, links};
use crate::prose::fold::{fold, is_mixed_script};

/// Verbs of tools that change something.
const ACTS: &[&str] = &[
    "write",
    "delete",
    "remove",
    "exec",
    "execute",
    "run",
    "shell",
    "bash",
    "command",
    "terminal",
    "create",
    "update",
    "edit",
    "move",
    "rename",
    "send",
    "post",
    "push",
    "merge",
    "drop",
    "insert",
    "install",
    "kill",
    "deploy",
    "upload",
    "modify",
    "set",
    "put",
    "patch",
    "transfer",
    "pay",
    "approve",
    "eval",
    "grant",
    "publish",
    "destroy",
    "overwrite",
    "append",
    "commit",
    "fork",
    "submit",
];
/// Verbs of tools that destroy something or run what they are given.
const DESTROYS: &[&str] = &[
    "delete",
    "remove",
    "exec",
    "execute",
    "drop",
    "destroy",
    "kill",
    "overwrite",
    "wipe",
    "purge",
    "truncate",
    "erase",
    "shell",
    "bash",
    "uninstall",
    "terminate",
    "write",
    "send",
    "transfer",
    "pay",
    "deploy",
    "push",
];
/// Names of parameters for which a model has only one thing to fill in: what it was told, and by whom.
const ASKING: &[&str] = &[
    "system_prompt",
    "systemprompt",
    "conversation_history",
    "chat_history",
    "conversation",
    "full_conversation",
    "chain_of_thought",
    "reasoning_trace",
    "previous_messages",
    "message_history",
    "sidenote",
    "side_note",
    "tools_list",
    "tool_list",
    "available_tools",
    "api_key_of_user",
    "user_credentials",
    "ssh_key",
    "private_key_content",
    "contents_of_env",
    "env_contents",
    "all_instructions",
];

/// True for a tool whose name says that it changes something.
pub fn acts(name: &str) -> bool {
    words(name).any(|word| ACTS.contains(&word.as_str()))
}

/// The words of a name in `snake_case`, `kebab-case` or `camelCase`.
fn words(name: &str) -> impl Iterator<Item = String> {
    let mut parted = String::with_capacity(name.len() + 8);
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            parted.push(' ');
        }
        parted.push(if c.is_alphanumeric() { c.to_ascii_lowercase() } else { ' ' });
    }
    parted.split_whitespace().map(str::to_owned).collect::<Vec<_>>().into_iter()
}

/// Judges a document that defines tools, prompts or resources.
pub fn judge(judge: &mut Judge<'_, '_>, doc: &Doc) {
    let doc = doc.get("result").unwrap_or(doc);
    if kinds::is_answer(doc) && !doc.has_any(&["tools"]) {
        // What a server says is read by the model as it stands.
        walk(doc, "", &mut |path, _, value| {
            if let Some(text) = value.text() {
                texts::judge(judge, path, text, Audience::Instructions);
                command::harm_in_text(judge, path, text);
            }
        });
        return;
    }
    let lists = ["tools", "functions", "prompts", "resources", "resourceTemplates"];
    let listed = lists.iter().map(|list| (*list, doc.get(list).map(Doc::items).unwrap_or_default()));
    let mut all: Vec<(String, &Doc)> = std::iter::once(("", doc.items()))
        .chain(listed)
        .flat_map(|(path, items)| {
            items.iter().enumerate().map(move |(number, one)| (format!("{path}[{number}]"), inner(one)))
        })
        .collect();
    if all.is_empty() {
        all.push((String::new(), inner(doc)));
    }
    let names: Vec<&str> = all.iter().filter_map(|(_, one)| one.text_of("name")).collect();
    alike(judge, "", &names);
    for (path, one) in &all {
        tool(judge, path, one);
    }
    // Words beside the tools, such as a server's instructions, are read by the model too.
    walk(doc, "", &mut |path, key, value| {
        let defines = path.starts_with('[') || lists.iter().any(|list| path.starts_with(&format!("{list}[")));
        if let (false, Some(text)) = (defines || key == "name", value.text()) {
            texts::judge(judge, path, text, Audience::Description);
        }
    });
}

/// The definition itself, where it is wrapped as a function.
fn inner(doc: &Doc) -> &Doc {
    doc.get("function").filter(|f| !f.entries().is_empty()).unwrap_or(doc)
}

/// Judges one definition.
fn tool(judge: &mut Judge<'_, '_>, path: &str, tool: &Doc) {
    let name = tool.text_of("name").unwrap_or_default();
    judge.report.fact(FactName::Tool, name);
    texts::judge(judge, &join(path, "name"), &name.replace(['_', '-'], " "), Audience::Description);
    if let Some(annotations) = tool.get("annotations") {
        let says = |key: &str, value: bool| annotations.get(key) == Some(&Doc::Truth(value));
        let destroys = words(name).any(|word| DESTROYS.contains(&word.as_str()));
        if destroys
            && (says("readOnlyHint", true)
                || says("destructiveHint", false) && !words(name).any(|w| w == "write" || w == "send" || w == "push"))
        {
            judge.found(&codes::FALSE_HINT, &join(path, "annotations"), name);
        }
    }
    texts_below(judge, path, tool);
}

/// Judges every text of a definition: descriptions, names of parameters, choices, defaults, examples.
fn texts_below(judge: &mut Judge<'_, '_>, path: &str, doc: &Doc) {
    walk(doc, path, &mut |path, key, value| {
        if let Some(text) = value.text() {
            texts::judge(judge, path, text, Audience::Description);
            links_in(judge, path, key, text);
            command::harm_in_text(judge, path, text);
            let is_elsewhere = ["http:", "https:", "file:", "ftp:", "//"].iter().any(|start| text.starts_with(start));
            if matches!(key, "$ref" | "$dynamicRef" | "$recursiveRef") && is_elsewhere {
                judge.found(&codes::SCHEMA_ELSEWHERE, path, text);
            }
        }
        if key == "properties" {
            for (name, _) in value.entries() {
                if ASKING.contains(&name.to_ascii_lowercase().as_str()) {
                    judge.found(&codes::PARAMETER_ASKS, path, name);
                }
                texts::judge(judge, path, &name.replace(['_', '-'], " "), Audience::Description);
                texts::judge(judge, path, name, Audience::Description);
            }
        }
    });
}

fn links_in(judge: &mut Judge<'_, '_>, path: &str, key: &str, text: &str) {
    if matches!(key, "uri" | "url" | "default" | "uriTemplate") {
        links::judge(judge, path, text);
    }
}

/// Reports names that stand twice, that mix alphabets, or that only look alike.
pub fn alike(judge: &mut Judge<'_, '_>, path: &str, names: &[&str]) {
    let mut by_look: BTreeMap<String, &str> = BTreeMap::new();
    for name in names {
        if is_mixed_script(name) {
            judge.found(&codes::LOOKALIKE, path, name);
        }
        let look = fold(name).replace(['-', '_', ' '], "").replace('0', "o").replace(['1', 'i'], "l");
        match by_look.insert(look, name) {
            Some(other) if other == *name => judge.found(&codes::SAME_NAME, path, name),
            Some(other) if !other.eq_ignore_ascii_case(name) => {
                judge.found(&codes::LOOKALIKE, path, &format!("{other} / {name}"))
            }
            _ => {}
        }
    }
}

/// Judges a plug-in's manifest or an agent's card: all of its texts describe.
pub fn describes(judge: &mut Judge<'_, '_>, doc: &Doc) {
    about(judge, doc);
    walk(doc, "", &mut |path, key, value| {
        if let Some(text) = value.text() {
            texts::judge(judge, path, text, Audience::Description);
            if text.contains("://") && !text.contains(char::is_whitespace) {
                links::judge(judge, path, text);
            }
            if links::is_secret(key, text) {
                judge.found(&codes::LITERAL_SECRET, path, key);
            }
        }
    });
    let skills = doc.get("skills").map(Doc::items).unwrap_or_default();
    let names: Vec<&str> =
        skills.iter().filter_map(|skill| skill.text_of("id").or_else(|| skill.text_of("name"))).collect();
    alike(judge, "skills", &names);
    names.iter().for_each(|name| judge.report.fact(FactName::Tool, name));
}
