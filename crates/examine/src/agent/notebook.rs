//! Jupyter notebooks (nbformat 3 and 4): cells of code are judged as programs, the rest as text.

use std::sync::LazyLock;

use regex::Regex;
use sakimori_model::FactName;

use super::doc::Doc;
use super::judge::Judge;
use super::texts::{self, Audience};
use super::{codes, command, python, requirements};

/// Output that acts in the reader's browser beyond showing itself.
static ACTIVE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?i)<script\b[^>]*\bsrc\s*=\s*["']?(?:https?:)?//|\bon(?:error|load|click|mouseover)\s*=\s*["']?\s*\w+[.(]|\b(?:fetch|eval|importScripts)\s*\(|XMLHttpRequest|document\.cookie|\.kernel\.execute\s*\(|<iframe\b[^>]*\bsrc\s*=\s*["']?(?:https?:|javascript:)|javascript:|navigator\.sendBeacon"#)
        .expect("the pattern is a constant")
});
static SCRIPT: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?i)<script\b").expect("the pattern is a constant"));

/// Judges a notebook.
pub fn judge(judge: &mut Judge<'_, '_>, doc: &Doc) {
    let language = doc.get("metadata").and_then(|m| m.get("kernelspec").or_else(|| m.get("language_info")));
    let language = language.and_then(|l| l.text_of("language").or_else(|| l.text_of("name"))).unwrap_or("python");
    judge.report.fact(FactName::Language, language);
    let is_python = ["python", "python3", "ipython", "python2"].contains(&language.to_ascii_lowercase().as_str())
        || language.to_ascii_lowercase().contains("python");
    let worksheets = doc.get("worksheets").map(Doc::items).unwrap_or_default().iter().filter_map(|w| w.get("cells"));
    let mut program = String::new();
    for cells in doc.get("cells").into_iter().chain(worksheets) {
        for (number, cell) in cells.items().iter().enumerate() {
            let path = format!("cells[{number}]");
            let source = cell.get("source").or_else(|| cell.get("input")).map(Doc::joined).unwrap_or_default();
            match cell.text_of("cell_type") {
                Some("code") => code(judge, &path, &source, &mut program),
                _ => texts::judge(judge, &path, &source, Audience::Instructions),
            }
            outputs(judge, &path, cell);
            trusted(judge, &path, cell);
        }
    }
    trusted(judge, "", doc);
    if is_python && !program.trim().is_empty() {
        python::judge_text(judge, &program);
    } else if !program.trim().is_empty() {
        judge.found(&codes::NOT_JUDGED, "cells", language);
    }
}

/// A cell of code: its commands for a shell are judged here, and the rest goes into the program.
fn code(judge: &mut Judge<'_, '_>, path: &str, source: &str, program: &mut String) {
    let first = source.lines().next().unwrap_or_default().trim();
    if let Some(magic) = first.strip_prefix("%%") {
        let word = magic.split_whitespace().next().unwrap_or_default();
        let rest = source.split_once('\n').map_or("", |(_, rest)| rest);
        match word {
            "bash" | "sh" | "script" | "cmd" | "system" | "sx" | "!" => return shell(judge, path, rest),
            "html" | "javascript" | "js" | "svg" => return judge.found(&codes::ACTIVE_OUTPUT, path, first),
            "writefile" | "file" | "markdown" | "latex" => {
                return texts::judge(judge, path, rest, Audience::Instructions);
            }
            "time" | "timeit" | "capture" | "prun" | "python" | "python3" | "pypy" => {
                return code(judge, path, rest, program);
            }
            _ => return judge.found(&codes::NOT_JUDGED, path, first),
        }
    }
    for line in source.lines() {
        let bare = line.trim_start();
        let command = bare.strip_prefix('!').or_else(|| bare.split_once("= !").map(|(_, command)| command));
        if let Some(command) = command {
            shell(judge, path, command.trim_start_matches('!'));
        } else if let Some(magic) = bare.strip_prefix('%').filter(|m| m.starts_with(|c: char| c.is_ascii_alphabetic()))
        {
            line_magic(judge, path, magic);
        } else {
            program.push_str(line.trim_end_matches('?').trim_end());
            program.push('\n');
            continue;
        }
        // The line keeps its place, so that a block is not left without a body.
        program.push_str(&line[..line.len() - bare.len()]);
        program.push_str("pass\n");
    }
}

fn line_magic(judge: &mut Judge<'_, '_>, path: &str, magic: &str) {
    let (word, rest) = magic.split_once(char::is_whitespace).unwrap_or((magic, ""));
    match word {
        "pip" | "conda" | "mamba" | "uv" => shell(judge, path, magic),
        "system" | "sx" | "sc" | "run" | "load" | "loadpy" | "load_ext" | "macro" | "alias" | "rehashx" | "store"
            if !(word == "load_ext" && ["autoreload", "tensorboard", "dotenv"].contains(&rest.trim())) =>
        {
            judge.found(&codes::SHELL_CELL, path, magic);
        }
        _ => {}
    }
}

/// Commands of a cell. To install from the ordinary index is what notebooks do; anything else is to be looked at.
fn shell(judge: &mut Judge<'_, '_>, path: &str, text: &str) {
    command::harm_in_text(judge, path, text);
    for line in text.split(['\n', ';', '|', '&']).map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')) {
        let words: Vec<&str> = line.split_whitespace().map(|w| w.trim_matches(['"', '\''])).collect();
        let install = words
            .iter()
            .position(|w| *w == "install")
            .filter(|at| *at <= 4 && words[..*at].iter().any(|w| ["pip", "pip3", "conda", "mamba", "uv"].contains(w)));
        match install {
            Some(at) => installs(judge, path, &words[at + 1..]),
            None if ["ls", "pwd", "nvidia-smi", "echo", "date", "head", "wc", "python", "python3", "cat", "which"]
                .contains(&words[0])
                && words.len() <= 3
                && !line.contains(['$', '>', '<', '`', '/']) => {}
            None => judge.found(&codes::SHELL_CELL, path, line),
        }
    }
}

fn installs(judge: &mut Judge<'_, '_>, path: &str, words: &[&str]) {
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        match *word {
            "-i" | "--index-url" | "--extra-index-url" | "-f" | "--find-links" | "--trusted-host" | "-e"
            | "--editable" => {
                requirements::requirement(judge, path, &format!("{word} {}", rest.next().copied().unwrap_or_default()));
            }
            "-r" | "-c" | "--requirement" | "--target" | "-t" | "--upgrade-strategy" | "--python" => drop(rest.next()),
            word if word.starts_with("--") && word.contains("://") => requirements::requirement(judge, path, word),
            word if word.starts_with('-') => {}
            word => requirements::requirement(judge, path, word),
        }
    }
}

/// What a cell has shown: markup and programs that run again when the notebook is trusted.
fn outputs(judge: &mut Judge<'_, '_>, path: &str, cell: &Doc) {
    for output in cell.get("outputs").map(Doc::items).unwrap_or_default() {
        for (kind, data) in output.get("data").map(Doc::entries).unwrap_or_default().iter().chain(output.entries()) {
            let text = data.joined();
            if matches!(kind.as_str(), "application/javascript" | "javascript") {
                let active = ACTIVE.find(&text).map(|m| m.as_str());
                judge.found(
                    if active.is_some() { &codes::ACTIVE_OUTPUT } else { &codes::SCRIPT_OUTPUT },
                    path,
                    active.unwrap_or(kind),
                );
            } else if matches!(kind.as_str(), "text/html" | "image/svg+xml" | "html" | "svg" | "text/markdown") {
                if let Some(found) = ACTIVE.find(&text) {
                    judge.found(&codes::ACTIVE_OUTPUT, path, found.as_str());
                } else if SCRIPT.is_match(&text) {
                    judge.found(&codes::SCRIPT_OUTPUT, path, kind);
                }
                texts::judge(judge, path, &text, Audience::Instructions);
            } else if matches!(kind.as_str(), "text/plain" | "text") {
                texts::judge(judge, path, &text, Audience::Instructions);
            }
        }
    }
    for (_, attachment) in cell.get("attachments").map(Doc::entries).unwrap_or_default() {
        if attachment.has_any(&["text/html", "image/svg+xml", "application/javascript"]) {
            judge.found(&codes::ACTIVE_OUTPUT, path, "attachment");
        }
    }
}

/// A notebook that calls itself trusted: trust is given by the reader's program, and not by the file.
fn trusted(judge: &mut Judge<'_, '_>, path: &str, part: &Doc) {
    let metadata = part.get("metadata");
    if metadata.and_then(|m| m.get("trusted")) == Some(&Doc::Truth(true))
        || metadata.is_some_and(|m| m.has_any(&["signature"]))
    {
        judge.found(&codes::SAYS_TRUSTED, path, "trusted");
    }
}
