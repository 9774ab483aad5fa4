//! Generated documents: JSON Schemas, and one page a finding code in each language.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use sakimori_examine::catalogue::{self, Entry};
use sakimori_model::{Code, Lang};

/// What is done with documents that differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// They are written anew.
    Write,
    /// They are an error.
    Check,
}

/// Writes the generated documents, or checks them.
pub fn run(mode: Mode) -> Result<()> {
    let mut stale = Vec::new();
    for (path, text) in documents() {
        let path = crate::root().join(path);
        if fs::read_to_string(&path).unwrap_or_default() == text {
            continue;
        }
        if mode == Mode::Check {
            stale.push(path.display().to_string());
            continue;
        }
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).and_then(|()| fs::write(&path, text)).with_context(|| path.display().to_string())?;
    }
    if stale.is_empty() { Ok(()) } else { bail!("`cargo run -p xtask -- docs` writes anew: {}", stale.join(", ")) }
}

fn documents() -> Vec<(PathBuf, String)> {
    let mut all: Vec<(PathBuf, String)> = sakimori_model::schemas()
        .into_iter()
        .map(|schema| (Path::new("docs/schema").join(schema.file), schema.text))
        .collect();
    for lang in [Lang::Ja, Lang::En] {
        let folder = Path::new("docs/findings").join(if lang == Lang::Ja { "ja" } else { "en" });
        all.push((folder.join("README.md"), index(lang)));
        for (code, entry) in catalogue::entries() {
            all.push((folder.join(format!("{code}.md")), page(code, entry, lang)));
        }
    }
    all
}

fn index(lang: Lang) -> String {
    let head = match lang {
        Lang::Ja => "# 所見コードの一覧\n\n| コード | 重大度 | 点 | 意味 |\n|---|---|---|---|\n",
        Lang::En => "# Finding codes\n\n| code | severity | points | meaning |\n|---|---|---|---|\n",
    };
    let mut text = head.to_owned();
    for (code, entry) in catalogue::entries() {
        let title = entry.words(lang).title.replace('|', "\\|");
        let _ = writeln!(text, "| [{code}]({code}.md) | {} | {} | {title} |", entry.severity.as_str(), entry.points);
    }
    text
}

fn page(code: &Code, entry: &Entry, lang: Lang) -> String {
    let words = entry.words(lang);
    let (why, todo, facts) = match lang {
        Lang::Ja => ("なぜ問題か", "どうすればよいか", "分類"),
        Lang::En => ("Why it matters", "What to do", "Classification"),
    };
    let techniques = if entry.techniques.is_empty() { "-".to_owned() } else { entry.techniques.join(", ") };
    format!(
        "# {code}\n\n{}\n\n## {why}\n\n{}\n\n## {todo}\n\n{}\n\n## {facts}\n\n| feature | severity | confidence | points | techniques |\n|---|---|---|---|---|\n| `{}` | {} | {} | {} | {techniques} |\n",
        words.title,
        words.why,
        words.todo,
        entry.feature,
        entry.severity.as_str(),
        entry.confidence.as_str(),
        entry.points,
    )
}
