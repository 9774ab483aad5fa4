//! How well the examiner of messages tells frauds from honest messages.
//!
//! `cargo test -p sakimori-examine --test message_measure -- --nocapture` prints the figures of our own messages, and with
//! `SAKIMORI_DATA=…` those of data that is not part of the project. Points and words are chosen on the build halves only;
//! the halves were cut before anything was built:
//!
//! - SMS: by the SHA-256 of the text in lower case, digits as `0`, white space as one space; first byte even: build.
//! - PEST: by the SHA-256 of the seed (`PEST_ID` without the final `S`, so that a safe mail stays with the scam that it was
//!   made from); first byte even: build. Eight seeds of the other half were seen while the format was looked at:
//!   they are left out.
//! - Our own: `held-out.toml` was written before the examiner.
//!
//! Of the held-out halves the totals were seen three times while building, their messages never.
//!
//! `SAKIMORI_MISSES=ROW` names what was missed in a row; `SAKIMORI_ROWS=build` leaves the held-out halves unread.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use sakimori_examine::message::{codes, examine_text};
use sakimori_examine::{Examination, Settings};
use sakimori_model::Digest;
use serde::Deserialize;

/// Seeds of the held-out half of which one mail each was read while the format was looked at.
const PEST_SEEN: &[&str] = &["002363c", "003331k", "004344e", "007616c", "015836a", "017864e", "019364c", "026172"];

/// A message with its label.
struct Labelled {
    name: String,
    is_bad: bool,
    text: String,
}

#[derive(Default)]
struct Row {
    bad: Counts,
    good: Counts,
    wrong: Vec<String>,
}

#[derive(Default)]
struct Counts {
    all: usize,
    likely: usize,
    care: usize,
    not_judged: usize,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Nothing,
    NotJudged,
    Care,
    Likely,
}

#[test]
fn own_messages() {
    let built = measured("build: own, Japanese", &own("built-on.toml"));
    assert_eq!(built.bad.all, 35);
    assert_eq!(built.bad.likely + built.bad.care, built.bad.all, "missed: {:#?}", built.wrong);
    assert_eq!(built.good.likely + built.good.care + built.good.not_judged, 0, "false alarms: {:#?}", built.wrong);
    let english = measured("build: own, English", &own("built-on-en.toml"));
    assert_eq!(english.bad.likely + english.bad.care, english.bad.all, "missed: {:#?}", english.wrong);
    assert_eq!(english.good.likely + english.good.care + english.good.not_judged, 0, "alarms: {:#?}", english.wrong);
    measured("build: own, second set", &own("second.toml"));
    if is_wanted("held out") {
        measured("held out: own, Japanese", &own("held-out.toml"));
    }
}

#[test]
fn public_data() {
    let Some(data) = std::env::var_os("SAKIMORI_DATA") else {
        println!("skipped: SAKIMORI_DATA is not set");
        return;
    };
    let folder = Path::new(&data).join("message");
    for (half, even) in [("build", true), ("held out", false)] {
        if !is_wanted(half) {
            continue;
        }
        measured(&format!("{half}: SMS, English"), &sms(&folder, even));
        measured(&format!("{half}: PEST, English"), &pest(&folder, even));
        measured(&format!("{half}: mail without header"), &mails(&Path::new(&data).join("mail"), even));
    }
}

fn is_wanted(half: &str) -> bool {
    half.starts_with(&std::env::var("SAKIMORI_ROWS").unwrap_or_default())
}

fn own(file: &str) -> Vec<Labelled> {
    #[derive(Deserialize)]
    struct File {
        message: Vec<Message>,
    }
    #[derive(Deserialize)]
    struct Message {
        name: String,
        kind: String,
        text: String,
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/message").join(file);
    let file: File = toml::from_str(&fs::read_to_string(path).expect("readable")).expect("messages");
    let labelled = |m: Message| Labelled { is_bad: m.kind == "scam", name: m.name, text: m.text };
    file.message.into_iter().map(labelled).collect()
}

fn is_even(key: &str) -> bool {
    Digest::of(key.as_bytes()).as_bytes()[0] & 1 == 0
}

fn sms(folder: &Path, even: bool) -> Vec<Labelled> {
    let text = fs::read_to_string(folder.join("sms-uci-half.tsv")).expect("the pack is unpacked");
    let zeros = |text: &str| text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect::<String>();
    let key = |text: &str| zeros(&text.to_lowercase()).split_whitespace().collect::<Vec<_>>().join(" ");
    text.lines()
        .skip(1)
        .enumerate()
        .filter_map(|(number, line)| line.split_once('\t').map(|(label, text)| (number + 2, label, text)))
        .filter(|(_, _, text)| is_even(&key(text)) == even)
        .map(|(line, label, text)| Labelled {
            name: format!("line {line}"),
            is_bad: label == "spam",
            text: text.to_owned(),
        })
        .collect()
}

fn pest(folder: &Path, even: bool) -> Vec<Labelled> {
    let text = fs::read_to_string(folder.join("pest-combined.json")).expect("the pack is unpacked");
    let mails: Vec<serde_json::Value> = serde_json::from_str(&text).expect("JSON");
    let labelled = |mail: &serde_json::Value| {
        let field = |name: &str| mail[name].as_str().unwrap_or_default().to_owned();
        let seed = field("PEST_ID").trim_end_matches('S').to_owned();
        let fits = is_even(&seed) == even && !PEST_SEEN.contains(&seed.as_str());
        let text = format!("{}\n\n{}", field("Subject"), field("Body"));
        let name = format!("{} {} {}", field("PEST_ID"), field("Group"), field("PEST_Presentation"));
        fits.then(|| Labelled { name, is_bad: field("Type") == "Phishing", text })
    };
    mails.iter().filter_map(labelled).collect()
}

/// The text of mails as somebody pastes it, without the header. The halves are those of `mail_measure`.
fn mails(folder: &Path, build: bool) -> Vec<Labelled> {
    let phishing = if build { "phishing-to-2024" } else { "phishing-2025" };
    let files = |name: &str| -> Vec<_> {
        let entries = fs::read_dir(folder.join(name)).expect("the pack is unpacked");
        let mut files: Vec<_> = entries.map(|entry| entry.expect("readable").path()).collect();
        files.sort();
        files
    };
    let parser = mail_parser::MessageParser::default();
    let labelled = |path: &Path, is_bad: bool| {
        let bytes = fs::read(path).expect("readable");
        let is_build = Digest::of(&bytes).as_bytes()[0] >> 4 & 1 == 0;
        let mail = parser.parse(&bytes).filter(|_| is_bad || is_build == build)?;
        let text = mail.body_text(0).filter(|text| !text.trim().is_empty())?;
        Some(Labelled { name: path.display().to_string(), is_bad, text: text.into_owned() })
    };
    let bad = files(phishing);
    let good = files("sa-easy-ham-1");
    bad.iter()
        .map(|path| (path, true))
        .chain(good.iter().map(|path| (path, false)))
        .filter_map(|(p, b)| labelled(p, b))
        .collect()
}

fn measured(name: &str, messages: &[Labelled]) -> Row {
    let settings = Settings::default();
    let mut row = Row::default();
    let mut signs: BTreeMap<String, [usize; 2]> = BTreeMap::new();
    for message in messages {
        let examination = examine_text(&message.text, &settings);
        let level = level(&examination);
        let counts = if message.is_bad { &mut row.bad } else { &mut row.good };
        counts.all += 1;
        counts.likely += usize::from(level == Level::Likely);
        counts.care += usize::from(level == Level::Care);
        counts.not_judged += usize::from(level == Level::NotJudged);
        for finding in &examination.findings {
            signs.entry(finding.code.to_string()).or_default()[usize::from(message.is_bad)] += 1;
        }
        if std::env::var_os("SAKIMORI_ALL").is_some() {
            let found: Vec<String> = examination
                .findings
                .iter()
                .map(|f| format!("{}:{}:{}", f.code, f.points(), f.params.get("quote").map_or("", String::as_str)))
                .collect();
            println!("  {} {}", message.name, found.join(" | "));
        }
        if (level >= Level::Care) != message.is_bad || level == Level::NotJudged {
            let found: Vec<String> = examination
                .findings
                .iter()
                .map(|f| format!("{}:{}:{}", f.code, f.points(), f.params.get("quote").map_or("", String::as_str)))
                .collect();
            row.wrong.push(format!(
                "{} [{}] {}",
                message.name,
                found.join(" "),
                message.text.chars().take(300).collect::<String>()
            ));
        }
    }
    for (label, counts) in [("bad", &row.bad), ("good", &row.good)] {
        println!(
            "{name:<26} {label:<5} {:>5}  likely {:>4}  care {:>4}  not judged {:>4}  nothing {:>5}",
            counts.all,
            counts.likely,
            counts.care,
            counts.not_judged,
            counts.all - counts.likely - counts.care - counts.not_judged
        );
    }
    if std::env::var("SAKIMORI_MISSES").is_ok_and(|wanted| !wanted.is_empty() && name.starts_with(&wanted)) {
        signs.iter().for_each(|(code, [good, bad])| println!("  {code} good {good} bad {bad}"));
        row.wrong.iter().for_each(|wrong| println!("  {wrong}"));
    }
    row
}

fn level(examination: &Examination) -> Level {
    let has = |code| examination.findings.iter().any(|f| f.code == code);
    if has(codes::SCAM_LIKELY) {
        Level::Likely
    } else if has(codes::SUSPICIOUS) {
        Level::Care
    } else if examination.unexamined().next().is_some() {
        Level::NotJudged
    } else {
        Level::Nothing
    }
}
