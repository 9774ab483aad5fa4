//! Programs in other languages than Python: they are searched for what does harm whoever runs it, and that they were not
//! judged beyond that is said of each.

use std::sync::LazyLock;

use regex::Regex;
use sakimori_model::Kind;

use super::judge::Judge;
use super::texts::{self, Audience};
use super::{codes, command, kinds, links, python};

/// The kind of a text that names its interpreter.
pub fn by_interpreter(text: &str) -> Option<Kind> {
    let first = text.lines().next()?.strip_prefix("#!")?;
    let program = first
        .split_whitespace()
        .flat_map(|w| w.rsplit('/').next())
        .find(|w| *w != "env" && !w.starts_with('-') && !w.contains('='))?;
    let program = program.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    match program {
        "python" | "pypy" if python::looks_like(text) => Some(kinds::PYTHON),
        "sh" | "bash" | "zsh" | "dash" | "ksh" | "ash" | "fish" => Some(kinds::SHELL),
        "node" | "deno" | "bun" | "tsx" | "ts-node" => Some(kinds::JAVASCRIPT),
        _ => None,
    }
}

/// The kind of a text that reads as a program of one of these languages.
pub fn kind_of(text: &str) -> Option<Kind> {
    static JAVASCRIPT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"(?m)^(?:import\s+(?:[\w*{},\s]+\s+from\s+)?["'][^"'\n]+["'];?\s*$|(?:const|let|var)\s+[\w{},\s]+=\s*(?:await\s+)?(?:require|import)\(|export\s+(?:default|const|function|class|async)\b|(?:async\s+)?function\s+\w+\s*\(|module\.exports\s*=|["']use strict["'];)"#)
            .expect("the pattern is a constant")
    });
    JAVASCRIPT.is_match(text).then_some(kinds::JAVASCRIPT)
}

/// What JavaScript does outside of itself, as far as it shows in its words.
static ACTS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"\bchild_process\b|\beval\s*\(|\bnew\s+Function\s*\(|\bexecSync\s*\(|\bspawn(?:Sync)?\s*\(|\bprocess\.binding\b|\bvm\.run\w+|\brequire\s*\(\s*[^"'`\s)]"#)
        .expect("the pattern is a constant")
});

/// How JavaScript sends something.
static SENDS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\bfetch\s*\(|\baxios\b|\bhttps?\.request\s*\(|\bnet\.connect\s*\(|\bdns\.(?:resolve|lookup)\w*\s*\(|\bWebSocket\s*\(|\bgot(?:\.post)?\s*\(")
        .expect("the pattern is a constant")
});

/// True for a program that names where keys are kept.
fn reads_secrets(text: &str) -> bool {
    static PLACES: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\bid_(?:rsa|ed25519)\b|['\x22/]\.ssh['\x22/]|['\x22/]\.aws['\x22/]|['\x22/]\.kube['\x22/]|['\x22/]\.gnupg['\x22/]|/etc/(?:passwd|shadow)\b|['\x22/]\.(?:netrc|npmrc|pypirc|git-credentials)\b|JSON\.stringify\(\s*process\.env\s*\)|/serviceaccount/token|169\.254\.169\.254")
            .expect("the pattern is a constant")
    });
    PLACES.is_match(text)
}

/// Judges a program for a shell.
pub fn judge_shell(judge: &mut Judge<'_, '_>, text: &str) {
    command::judge_script(judge, "program", text);
    command::risk_in_text(judge, "program", text);
    around(judge, text, "shell");
}

/// Judges a program in JavaScript or TypeScript.
pub fn judge_javascript(judge: &mut Judge<'_, '_>, text: &str) {
    if let Some((_, harmful)) = command::harm(text) {
        judge.found(&codes::HARMFUL_COMMAND, "program", harmful);
    }
    if reads_secrets(text) && SENDS.is_match(text) {
        judge.found(&codes::SECRETS_AND_NETWORK, "program", "reads secrets, and talks to others");
    }
    command::risk_in_text(judge, "program", text);
    if let Some(found) = ACTS.find(text) {
        judge.found(&codes::STARTS_PROGRAMS, "program", found.as_str());
    }
    around(judge, text, "JavaScript");
}

/// Judges a program in a language of which nothing is known here.
pub fn judge_other(judge: &mut Judge<'_, '_>, text: &str) {
    if let Some((_, harmful)) = command::harm(text) {
        judge.found(&codes::HARMFUL_COMMAND, "program", harmful);
    }
    command::risk_in_text(judge, "program", text);
    around(judge, text, "source");
}

fn around(judge: &mut Judge<'_, '_>, text: &str, language: &str) {
    texts::judge(judge, "program", text, Audience::Program);
    for word in text
        .split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '(' | ')' | ';'))
        .filter(|w| w.contains("://"))
    {
        links::judge(judge, "program", word);
    }
    judge.found(&codes::NOT_JUDGED, "program", language);
}
