//! The section of `docs/coverage.md` about messages. They are lines of one file and not files, so the examiner is called here
//! and not through the program.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use sakimori_examine::message::{codes, examine_text};
use sakimori_examine::{Examination, Settings};
use sakimori_model::Digest;
use serde_json::Value;

/// Seeds of the held-out half of which one mail each was read while the format was looked at.
const PEST_SEEN: &[&str] = &["002363c", "003331k", "004344e", "007616c", "015836a", "017864e", "019364c", "026172"];

const WHAT: &str = "\n## Messages\n\n\
    SMS Spam Collection (half of it; CC BY 4.0) and PEST (simulated mails, safe and scam from the same seed; testing only), and\n\
    messages of our own, which prove little: who writes both messages and signs thinks of the same things twice. Halves were\n\
    cut before anything was built: SMS by the first bit of the SHA-256 of the folded text, PEST by that of the seed (eight\n\
    seeds of the held-out half were seen and are left out), our own by when they were written; the totals of the held-out halves were seen\n\
    three times while building, their messages never. PEST gives no address of sender\n\
    or link, so that text alone hardly tells its two kinds apart. Spam is not all fraud: advertisements for ringtones are most\n\
    of it, and *nothing* is right for some of them.\n\n\
    | set | label | messages | fraud likely | take care | not judged | nothing found |\n|---|---|---|---|---|---|---|\n";

#[derive(Default)]
struct Row {
    all: usize,
    likely: usize,
    care: usize,
    not_judged: usize,
}

/// The section; it says so when the data is not there.
pub fn section(data: &Path) -> Result<String> {
    let folder = data.join("message");
    if !folder.is_dir() {
        return Ok("\n## Messages\n\nNot measured: the data set `message` is not there.\n".to_owned());
    }
    let settings = Settings::default();
    let mut rows: BTreeMap<(String, &'static str), Row> = BTreeMap::new();
    let mut count = |set: String, label: &'static str, text: &str| {
        let examination = examine_text(text, &settings);
        rows.entry((set, label)).or_default().count(&examination);
    };
    own(&mut count)?;
    sms(&folder, &mut count)?;
    pest(&folder, &mut count)?;
    let mut text = WHAT.to_owned();
    for ((set, label), row) in rows {
        let share = |n: usize| format!("{n} ({:.1} %)", 100.0 * n as f64 / row.all.max(1) as f64);
        let nothing = row.all - row.likely - row.care - row.not_judged;
        let cells = [row.likely, row.care, row.not_judged, nothing].map(share).join(" | ");
        writeln!(text, "| {set} | {label} | {} | {cells} |", row.all)?;
    }
    Ok(text)
}

impl Row {
    fn count(&mut self, examination: &Examination) {
        let has = |code| examination.findings.iter().any(|f| f.code == code);
        self.all += 1;
        if has(codes::SCAM_LIKELY) {
            self.likely += 1;
        } else if has(codes::SUSPICIOUS) {
            self.care += 1;
        } else if examination.unexamined().next().is_some() {
            self.not_judged += 1;
        }
    }
}

fn half(key: &str) -> &'static str {
    if Digest::of(key.as_bytes()).as_bytes()[0] & 1 == 0 { "used to build" } else { "held out" }
}

fn own(count: &mut impl FnMut(String, &'static str, &str)) -> Result<()> {
    for (file, set) in [
        ("built-on.toml", "own, Japanese (used to build)"),
        ("built-on-en.toml", "own, English (used to build)"),
        ("second.toml", "own, second set (used to build; 10 of 16 frauds were found when it was first run)"),
        ("held-out.toml", "own, Japanese (held out)"),
    ] {
        let path = crate::root().join("crates/examine/tests/message").join(file);
        let table: toml::Table = toml::from_str(&fs::read_to_string(path)?)?;
        for message in table["message"].as_array().context("messages")? {
            let field = |name: &str| message.get(name).and_then(toml::Value::as_str).unwrap_or_default();
            count(set.to_owned(), if field("kind") == "scam" { "fraud" } else { "honest" }, field("text"));
        }
    }
    Ok(())
}

fn sms(folder: &Path, count: &mut impl FnMut(String, &'static str, &str)) -> Result<()> {
    let lines = fs::read_to_string(folder.join("sms-uci-half.tsv"))?;
    for (label, text) in lines.lines().skip(1).filter_map(|line| line.split_once('\t')) {
        let zeros: String = text.to_lowercase().chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        let key = zeros.split_whitespace().collect::<Vec<_>>().join(" ");
        count(format!("SMS ({})", half(&key)), if label == "spam" { "spam" } else { "honest" }, text);
    }
    Ok(())
}

fn pest(folder: &Path, count: &mut impl FnMut(String, &'static str, &str)) -> Result<()> {
    let mails: Vec<Value> = serde_json::from_str(&fs::read_to_string(folder.join("pest-combined.json"))?)?;
    for mail in &mails {
        let field = |name: &str| mail[name].as_str().unwrap_or_default();
        let seed = field("PEST_ID").trim_end_matches('S');
        if PEST_SEEN.contains(&seed) {
            continue;
        }
        let label = if field("Type") == "Phishing" { "fraud, simulated" } else { "honest, simulated" };
        count(format!("PEST ({})", half(seed)), label, &format!("{}\n\n{}", field("Subject"), field("Body")));
    }
    Ok(())
}
