//! How well the mail examiner tells phishing from honest mail, on data that is not part of the project.
//!
//! `SAKIMORI_DATA=… cargo test -p sakimori-examine --test mail_measure -- --nocapture` prints the table. Points and
//! thresholds are chosen on the rows marked `tune` only. With `SAKIMORI_MISSES=ROW` it also names what was missed, and
//! with `SAKIMORI_ROWS=tune` the other rows are not even read.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use sakimori_examine::{Examination, Settings, catalogue, examine};
use sakimori_model::{Confidence, Digest, Finding, Severity};

/// A set of mails: its name, its folder, and which half of it.
const ROWS: &[(&str, &str, Half)] = &[
    ("tune: phishing to 2024", "phishing-to-2024", Half::Both),
    ("tune: easy ham, half", "sa-easy-ham-1", Half::Even),
    ("report: phishing 2025", "phishing-2025", Half::Both),
    ("report: easy ham, half", "sa-easy-ham-1", Half::Odd),
    ("report: hard ham", "sa-hard-ham-1", Half::Both),
    ("report: spam", "sa-spam-1", Half::Both),
];

#[derive(Clone, Copy, PartialEq)]
enum Half {
    Both,
    Even,
    Odd,
}

#[derive(Default)]
struct Row {
    mails: usize,
    review: usize,
    block: usize,
    without_results: usize,
    codes: BTreeMap<String, usize>,
    missed: Vec<(i64, PathBuf, String)>,
}

#[test]
fn table() {
    let Some(data) = std::env::var_os("SAKIMORI_DATA") else {
        println!("skipped: SAKIMORI_DATA is not set");
        return;
    };
    let wanted = std::env::var("SAKIMORI_MISSES").unwrap_or_default();
    let settings = Settings::default();
    let start = Instant::now();
    let only = std::env::var("SAKIMORI_ROWS").unwrap_or_default();
    let chosen: Vec<_> = ROWS.iter().filter(|(name, ..)| name.starts_with(&only)).collect();
    let rows: Vec<Row> = chosen
        .iter()
        .map(|(_, folder, half)| row(&Path::new(&data).join("mail").join(folder), *half, &settings))
        .collect();
    let seconds = start.elapsed().as_secs_f64();
    let mails: usize = rows.iter().map(|r| r.mails).sum();
    println!("{:<26} {:>6} {:>14} {:>14} {:>22}", "", "mails", "review+", "block", "review+ without auth");
    for ((name, ..), row) in chosen.iter().zip(&rows) {
        let share = |n: usize| format!("{n} {:>5.1} %", 100.0 * n as f64 / row.mails.max(1) as f64);
        println!(
            "{name:<26} {:>6} {:>14} {:>14} {:>22}",
            row.mails,
            share(row.review + row.block),
            share(row.block),
            share(row.without_results)
        );
    }
    println!("\n{mails} mails in {seconds:.1} s, {:.0} a second on one thread\n", mails as f64 / seconds);
    for (code, entry) in catalogue::entries().filter(|(_, e)| e.examiner == "mail" || e.unexamined) {
        let shares = rows.iter().map(|r| {
            format!("{:>6.1}", 100.0 * *r.codes.get(code.as_str()).unwrap_or(&0) as f64 / r.mails.max(1) as f64)
        });
        println!("{code} {:<28}{}", entry.feature, shares.collect::<String>());
    }
    for ((name, ..), row) in
        chosen.iter().zip(&rows).filter(|((name, ..), _)| !wanted.is_empty() && name.starts_with(&wanted))
    {
        println!("\n{name}:");
        row.missed.iter().for_each(|(points, path, codes)| println!("{points:>4} {} {codes}", path.display()));
    }
}

fn row(folder: &Path, half: Half, settings: &Settings) -> Row {
    let mut row = Row::default();
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).expect("the pack is unpacked").map(|f| f.expect("readable").path()).collect();
    files.sort();
    for path in files {
        let bytes = fs::read(&path).expect("readable");
        let is_even = Digest::of(&bytes).as_bytes()[0] >> 4 & 1 == 0;
        if half != Half::Both && is_even != (half == Half::Even) {
            continue;
        }
        let examination = examine(&bytes, settings);
        row.mails += 1;
        let is_ham = folder.ends_with("sa-easy-ham-1") || folder.ends_with("sa-hard-ham-1");
        let level = level(&examination.findings);
        row.review += usize::from(level == 1);
        row.block += usize::from(level == 2);
        row.without_results += usize::from(is_review_without_results(&examination));
        if (level == 0) != is_ham {
            let codes = examination.findings.iter().map(|f| format!("{}:{}", f.code, f.points())).collect::<Vec<_>>();
            row.missed.push((examination.findings.iter().map(Finding::points).sum(), path, codes.join(" ")));
        }
        for code in examination.findings.iter().map(|f| f.code.to_string()).collect::<std::collections::BTreeSet<_>>() {
            *row.codes.entry(code).or_default() += 1;
        }
    }
    row
}

/// What the default policy makes of findings: 0 allow, 1 review, 2 block.
fn level(findings: &[Finding]) -> u8 {
    let score: i64 = findings.iter().map(Finding::points).sum();
    let block = findings
        .iter()
        .any(|f| f.severity == Severity::Critical || f.severity == Severity::High && f.confidence == Confidence::High);
    let review = findings
        .iter()
        .any(|f| f.severity >= Severity::Medium || catalogue::entry(&f.code).is_some_and(|e| e.unexamined));
    if block { 2 } else { u8::from(review || score >= 40) }
}

/// The same without what the receiving host found: the ham of 2002 has no such fields, so they tell the era here.
fn is_review_without_results(examination: &Examination) -> bool {
    const RESULTS: &[&str] = &["mail.dmarc-fail", "mail.spf-fail", "mail.dkim-fail", "mail.unauthenticated"];
    const SUMMARIES: &[&str] = &["mail.suspicious", "mail.phishing"];
    let feature = |f: &Finding| catalogue::entry(&f.code).map_or("", |e| e.feature.as_str());
    let kept: Vec<Finding> = examination
        .findings
        .iter()
        .filter(|f| !RESULTS.contains(&feature(f)) && !SUMMARIES.contains(&feature(f)))
        .cloned()
        .collect();
    level(&kept) > 0
}
