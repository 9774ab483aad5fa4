//! The rules and logs of the field, where they are at hand: `SAKIMORI_DATA` names the folder with the unpacked data.
//!
//! The figures are printed (`--nocapture`), the expectations are those that the data itself states.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use sakimori_examine::limits::Limits;
use sakimori_examine::log::event::Event;
use sakimori_examine::log::{LogSummary, detect, origin};
use sakimori_examine::report::Report;
use sakimori_examine::sigma::{RuleError, RuleSet};
use sakimori_examine::source::Source;
use sakimori_examine::{Settings, examine, recognise};

fn data() -> Option<PathBuf> {
    let folder = std::env::var_os("SAKIMORI_DATA").map(PathBuf::from);
    if folder.is_none() {
        println!("skipped: SAKIMORI_DATA is not set");
    }
    folder
}

fn files(root: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| extensions.iter().any(|wanted| e == *wanted)) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn shared_rules(data: &Path) -> (RuleSet, Vec<RuleError>) {
    let files: Vec<(String, Vec<u8>)> = files(&data.join("rules/sigma"), &["yml"])
        .into_iter()
        .map(|path| (path.display().to_string(), fs::read(&path).expect("readable")))
        .collect();
    RuleSet::compile(files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())))
}

/// The ids of the rules that match, with their number of matches.
fn matches(bytes: &dyn Source, rules: &RuleSet) -> (BTreeMap<String, u64>, LogSummary) {
    let limits = Limits::default();
    let mut report = Report::new(&limits);
    let mut ids = BTreeMap::new();
    let kind = recognise::recognise(bytes).expect("readable");
    let summary = detect(bytes, &kind, rules, &mut report, &mut |found| {
        *ids.entry(found.rule.id.clone()).or_insert(0) += 1;
    });
    (ids, summary)
}

#[test]
fn the_shared_rules_compile() {
    let Some(data) = data() else { return };
    let start = Instant::now();
    let (rules, errors) = shared_rules(&data);
    println!("{} rules compiled in {:?}, {} did not:", rules.len(), start.elapsed(), errors.len());
    for error in &errors {
        println!("  {error}");
    }
    assert!(errors.iter().all(|e| matches!(e.code, "sigma::placeholder" | "sigma::regex-unsupported")));
    assert!(rules.len() > 3_700);
}

#[test]
fn the_digest_of_a_match_is_that_of_one_record_of_the_log() {
    let Some(data) = data() else { return };
    let (rules, _) = shared_rules(&data);
    let (limits, mut told) = (Limits::default(), 0);
    for path in files(&data.join("logs/sigma-regression"), &["evtx"]) {
        let bytes = fs::read(&path).expect("readable");
        // Every place where a record may begin, with its length and number: no reader of ours.
        let mut records = BTreeMap::new();
        for at in memchr::memmem::find_iter(&bytes, b"**\0\0") {
            let length = bytes[at + 4..].first_chunk().map_or(0, |length| u32::from_le_bytes(*length) as usize);
            let number = bytes[at + 8..].first_chunk().map_or(0, |number| u64::from_le_bytes(*number));
            if let Some(record) = bytes.get(at..at + length) {
                records.insert(sakimori_model::Digest::of(record), number);
            }
        }
        let mut report = Report::new(&limits);
        let kind = recognise::recognise(&bytes).expect("readable");
        detect(&bytes, &kind, &rules, &mut report, &mut |found| {
            let line = found.line.expect("a record");
            assert_eq!(records.get(&line), Some(&found.record), "{}", path.display());
            told += 1;
        });
    }
    assert!(told > 100, "{told}");
}

#[test]
fn regression_data_match_their_rules() {
    let Some(data) = data() else { return };
    let (rules, _) = shared_rules(&data);
    for (extensions, what) in [(&["evtx"][..], "EVTX"), (&["json", "jsoncls"], "JSON")] {
        let mut right = 0;
        let all = files(&data.join("logs/sigma-regression"), extensions);
        for path in &all {
            let info = fs::read_to_string(path.with_file_name("info.yml")).expect("readable");
            let rule = path.file_stem().and_then(|s| s.to_str()).expect("named after its rule").to_owned();
            let expected: u64 = info
                .lines()
                .find_map(|line| line.trim().strip_prefix("match_count:"))
                .and_then(|count| count.trim().parse().ok())
                .unwrap_or(1);
            let (ids, summary) = matches(&fs::read(path).expect("readable"), &rules);
            let count = ids.get(&rule).copied().unwrap_or(0);
            right += usize::from(count >= expected);
            if count != expected {
                println!("{what} {}: {count} matches, stated {expected} ({summary:?})", path.display());
            }
        }
        println!("{what}: {right} of {} files match their rule at least as often as stated", all.len());
        assert_eq!(right, all.len());
    }
}

#[test]
fn attack_samples_are_examined_without_a_panic() {
    let Some(data) = data() else { return };
    let (rules, _) = shared_rules(&data);
    let (mut with_match, mut broken, mut events) = (0, 0, 0);
    let start = Instant::now();
    let all = files(&data.join("logs/evtx-attack-samples"), &["evtx"]);
    for path in &all {
        let (ids, summary) = matches(&fs::read(path).expect("readable"), &rules);
        with_match += usize::from(!ids.is_empty());
        broken += summary.broken;
        events += summary.events;
    }
    println!("{with_match} of {} files match, {events} events, {broken} broken, {:?}", all.len(), start.elapsed());
}

#[test]
fn a_day_of_windows_events() {
    let Some(data) = data() else { return };
    let (rules, _) = shared_rules(&data);
    for name in ["windows-40k.jsonl", "aws.jsonl"] {
        let bytes = fs::read(data.join("logs/security-datasets").join(name)).expect("readable");
        for (set, what) in [(&RuleSet::default(), "no"), (&rules, "all")] {
            let start = Instant::now();
            let (ids, summary) = matches(&bytes, set);
            let rate = bytes.len() as f64 / 1e6 / start.elapsed().as_secs_f64();
            println!(
                "{name}, {what} rules: {:?}, {rate:.0} MB/s, {} rules matched, {summary:?}",
                start.elapsed(),
                ids.len()
            );
        }
        println!("{:?}", matches(&bytes, &rules).0);
    }
}

/// Broken event logs: no panic escapes, and every examination ends.
#[test]
fn mutated_event_logs_are_examined() {
    let Some(data) = data() else { return };
    let settings = Settings { sigma: RuleSet::builtin().clone(), ..Settings::default() };
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    let start = Instant::now();
    let (mut examined, mut slowest) = (0, std::time::Duration::ZERO);
    let mut all = files(&data.join("logs/sigma-regression"), &["evtx"]);
    all.extend(files(&data.join("logs/evtx-attack-samples"), &["evtx"]));
    for path in &all {
        let intact = fs::read(path).expect("readable");
        if intact.len() > 300_000 {
            continue;
        }
        // Most of a small log is empty; what is read are the other bytes.
        let used: Vec<usize> = (0..intact.len()).filter(|at| intact[*at] != 0).collect();
        for _ in 0..12 {
            let mut bytes = intact.clone();
            for _ in 0..1 + random() % 60 {
                let at = used[(random() % used.len() as u64) as usize];
                bytes[at] = if random().is_multiple_of(2) { random() as u8 } else { bytes[at] ^ (1 << (random() % 8)) };
            }
            if random().is_multiple_of(8) {
                bytes.truncate((random() % intact.len() as u64) as usize);
            }
            let one = Instant::now();
            let found = examine(&bytes, &settings);
            assert!(found.findings.iter().all(|f| f.code.as_str() != "SKM-OBS-0004"), "{}", path.display());
            slowest = slowest.max(one.elapsed());
            assert!(one.elapsed().as_secs() < 20, "{} took {:?}", path.display(), one.elapsed());
            examined += 1;
        }
    }
    println!("{examined} broken event logs in {:?}, the slowest {slowest:?}", start.elapsed());
}

/// The index and the prefilter leave no match out: every rule for the event's origin is held against it.
#[test]
fn the_index_finds_what_trying_every_rule_finds() {
    let Some(data) = data() else { return };
    let (rules, _) = shared_rules(&data);
    let mut events: Vec<Vec<u8>> = Vec::new();
    for name in ["windows-40k.jsonl", "aws.jsonl"] {
        let bytes = fs::read(data.join("logs/security-datasets").join(name)).expect("readable");
        events.extend(bytes.split(|b| *b == b'\n').step_by(37).filter(|l| !l.is_empty()).map(<[u8]>::to_vec));
    }
    for path in files(&data.join("logs/sigma-regression"), &["json"]) {
        let value: serde_json::Value = serde_json::from_slice(&fs::read(path).expect("readable")).unwrap_or_default();
        if value.is_object() {
            events.push(value.to_string().into_bytes());
        }
    }
    let mut matched = 0;
    for bytes in &events {
        let mut event = Event::default();
        event.read_json(bytes, 64).expect("an event");
        let origin = origin::origin(origin::key(&event));
        origin::rename_windows_fields(&mut event);
        let expected: Vec<&str> = rules
            .rules()
            .filter(|rule| rule.log_source.fits(&origin) && rule.matches(&event))
            .map(|rule| rule.id.as_str())
            .collect();
        matched += expected.len();
        let limits = Limits::default();
        let mut report = Report::new(&limits);
        let mut found = Vec::new();
        detect(bytes, &sakimori_model::Kind::new("jsonl"), &rules, &mut report, &mut |m| found.push(m.rule.id.clone()));
        assert_eq!(found, expected);
    }
    println!("{matched} matches on {} events, the same with and without the index", events.len());
}
