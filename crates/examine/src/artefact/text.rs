//! Text that is data or a document: tables, word lists, requirements, model cards, licences.
//!
//! It is searched for tags and templates that act when something reads it as such. Programs, and at the top level
//! prose such as a message, are left alone: nobody has judged what they want.

use crate::artefact::codes;
use crate::artefact::codetext::program_in;
use crate::artefact::markup::{place_in, python_tags, read_text};
use crate::artefact::template::{self, Level};
use crate::catalogue::finding;
use crate::prose::hidden;
use crate::prose::seen::quote;
use crate::report::Report;
use crate::repository;
use crate::source::Source;

/// Lines looked at to tell what a text is.
const LINES_MAX: usize = 2_000;
/// Words of a line in a list.
const LIST_WORDS_MAX: usize = 3;
/// Bytes of a line in a list.
const LIST_LINE_BYTES_MAX: usize = 200;
/// Words of a cell in a table of data.
const CELL_WORDS_MAX: usize = 12;
/// Lines from which on a list is one.
const LIST_LINES_MIN: usize = 3;

/// Examines text. Returns whether it is of a sort that is examined.
pub fn examine(source: &dyn Source, report: &mut Report<'_>) -> bool {
    let text = match read_text(source, report) {
        Ok(text) => text,
        Err(e) => {
            report.unreadable(&e);
            return true;
        }
    };
    // What stands in a reader's archive is a part of it; alone, prose may be a message to a person.
    let inside = report.path().is_some();
    let examined = match sort_of(&text) {
        Sort::Program => {
            if inside && let Some(program) = program_in(&text) {
                report.add(finding(&codes::PROGRAM_INSIDE, report.whole()).with("kind", program));
            }
            false
        }
        Sort::Prose => {
            // What is indented, or is a piece of one, reads as no program, and can be run as one.
            if inside
                && !is_manual(report.path().as_deref())
                && let Some(program) = program_in(&text)
            {
                report.add(finding(&codes::PROGRAM_INSIDE, report.whole()).with("kind", program));
            }
            inside
        }
        Sort::Table | Sort::List | Sort::Document => true,
    };
    if examined {
        report.ran("text", 2);
        python_tags(&text, report);
        if let Some((offset, order)) = hidden::order(&text) {
            let place = place_in(&text, offset, report);
            report.add(finding(&repository::codes::HIDDEN_ORDER, place).with("quote", quote(&order)));
        }
        if text.contains("{{")
            && let Some(hazard) = template::hazard(&text).filter(|h| h.level == Level::Escape)
        {
            template::report(&hazard, place_in(&text, hazard.offset, report), report);
        }
    }
    examined
}

/// True for the name of a text that is written for people, who are shown programs.
fn is_manual(path: Option<&str>) -> bool {
    const ENDS: &[&str] = &[".md", ".mdx", ".txt", ".rst", ".html", ".tex"];
    path.is_some_and(|path| ENDS.iter().any(|end| path.to_ascii_lowercase().ends_with(end)))
}

/// What a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    /// Source code of some language.
    Program,
    /// Lines of equally many fields.
    Table,
    /// A word or a few on each line: vocabularies, merges, requirements.
    List,
    /// Text with headings or front matter: a model card, a manual.
    Document,
    /// Anything else that is written.
    Prose,
}

fn sort_of(text: &str) -> Sort {
    let lines: Vec<&str> = outside_of_fences(text).filter(|line| !line.trim().is_empty()).take(LINES_MAX).collect();
    // What is nearly a pickle of text opcodes is nothing to call a list.
    let opcodes = lines.iter().any(|line| line.starts_with("tR") || line.starts_with("(S'") || line.starts_with("(V"));
    if opcodes || lines.iter().any(|line| is_code(line)) {
        Sort::Program
    } else if is_table(&lines) || is_lightgbm(&lines) {
        Sort::Table
    } else if is_licence(&lines)
        || text.trim_start().starts_with("---\n")
        || lines.iter().filter(|line| is_heading(line)).count() >= 2
    {
        Sort::Document
    } else if is_list(&lines) {
        Sort::List
    } else {
        Sort::Prose
    }
}

/// The lines that are not inside of fenced blocks, where documents show code.
fn outside_of_fences(text: &str) -> impl Iterator<Item = &str> {
    let mut fenced = false;
    text.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        !fence && !fenced
    })
}

/// A line at the margin that begins as statements of programming languages do.
fn is_code(line: &str) -> bool {
    const STARTS: &[&str] = &[
        "import ",
        "def ",
        "class ",
        "async def ",
        "@echo",
        "#include",
        "#!",
        "<?php",
        "function ",
        "function(",
        "const ",
        "var ",
        "let ",
        "use strict",
        "package ",
        "public ",
        "private ",
        "Sub ",
        "Dim ",
        "Set-",
        "Get-",
        "Invoke-",
        "param(",
        "Import-Module",
        "exec ",
        "eval ",
        "exec(",
        "eval(",
        "print(",
        "library(",
        "require(",
        "sudo ",
        "curl ",
        "wget ",
        "powershell",
        "cmd ",
        "rem ",
        "REM ",
        "Option Explicit",
    ];
    let assigns = line.starts_with('$') && line.contains('=');
    let from = line.starts_with("from ") && line.contains(" import ");
    let call = line.trim_end().ends_with(')')
        && line.split_once('(').is_some_and(|(name, _)| {
            name.contains('.') && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_'))
        });
    from || assigns || call || STARTS.iter().any(|start| line.starts_with(start))
}

/// A model as LightGBM writes it: sections of keys and numbers.
fn is_lightgbm(lines: &[&str]) -> bool {
    lines.first() == Some(&"tree") && lines.get(1).is_some_and(|line| line.starts_with("version="))
}

/// A title that says so, and the words by which a licence grants something.
fn is_licence(lines: &[&str]) -> bool {
    let says = |line: &&str| line.len() < 100 && line.to_ascii_lowercase().contains("license");
    let grants = |line: &&str| {
        ["Permission is hereby", "Redistribution", "TERMS AND CONDITIONS"].iter().any(|w| line.contains(w))
    };
    lines.iter().take(3).any(says) && lines.iter().any(grants)
}

fn is_heading(line: &str) -> bool {
    let rest = line.trim_start_matches('#');
    let marks = line.len() - rest.len();
    (1..=6).contains(&marks) && rest.starts_with(' ')
        || line.len() >= 3 && line.bytes().all(|b| matches!(b, b'=' | b'-'))
}

/// Lines that nearly all have as many separators as the first one, and at least one.
fn is_table(lines: &[&str]) -> bool {
    lines.len() >= 2
        && [',', '\t', ';', '|'].iter().any(|separator| {
            let count = lines[0].matches(*separator).count();
            let same = lines.iter().filter(|line| line.matches(*separator).count() == count).count();
            count > 0 && same * 10 >= lines.len() * 9 && !lines.iter().any(|line| has_message(line, *separator))
        })
}

/// True for a row whose cells hold addresses or sentences: these have dangers of their own, which nobody looked for.
fn has_message(line: &str, separator: char) -> bool {
    line.contains("://")
        || line.split(separator).any(|cell| cell.split_ascii_whitespace().nth(CELL_WORDS_MAX).is_some())
}

fn is_list(lines: &[&str]) -> bool {
    let short = |line: &&&str| {
        line.len() <= LIST_LINE_BYTES_MAX && line.split_whitespace().count() <= LIST_WORDS_MAX && !line.contains("://")
    };
    lines.len() >= LIST_LINES_MIN && lines.iter().filter(short).count() == lines.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_of_text() {
        assert_eq!(sort_of("a,b\n1,2\n3,4\n"), Sort::Table);
        assert_eq!(sort_of("ham,1\nhttps://example.com/,2\nspam,3\n"), Sort::Prose);
        assert_eq!(sort_of("#version: 0.2\nĠ t\nh e\ni n\n"), Sort::List);
        assert_eq!(sort_of("# Model\nText, of a sort.\n## Use\n```python\nimport os\n```\n"), Sort::Document);
        assert_eq!(sort_of("# comment\n# comment\nimport os\nos.system('x')\n"), Sort::Program);
        assert_eq!(sort_of("x = 1\nos.system('x')\n"), Sort::Program);
        assert_eq!(sort_of("Your parcel is waiting.\nPay at http://example.com now\n"), Sort::Prose);
        assert_eq!(sort_of("torch==2.1\nnumpy>=1.26\nscipy\n"), Sort::List);
    }
}
