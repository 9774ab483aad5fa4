//! The specification, rule by rule, and what must hold for any rule and any event.

use std::collections::BTreeSet;

use proptest::prelude::*;
use sakimori_model::{Digest, Severity};

use super::condition::Condition;
use super::matcher::{Detection, Expr, Join};
use super::*;
use crate::log::event::Event;
use crate::log::{JSON, JSON_LINES, Match};
use crate::report::Report;

const HEAD: &str = "title: t\nid: 5d2f8a3e-0000-4000-8000-000000000000\nlogsource:\n    product: windows\n";

fn compile(detection: &str) -> Result<RuleSet, Box<RuleError>> {
    let text = format!("{HEAD}detection:\n{detection}");
    let (rules, mut errors) = RuleSet::compile([("rule.yml", text.as_bytes())]);
    errors.pop().map_or(Ok(rules), |error| Err(Box::new(error)))
}

/// Whether a rule with one search of these lines matches the event.
fn matches(search: &str, event: &serde_json::Value) -> bool {
    let indented: String = search.lines().map(|line| format!("        {line}\n")).collect();
    let rules = compile(&format!("    s:\n{indented}    condition: s\n")).expect(search);
    let mut read = Event::default();
    read.read_json(event.to_string().as_bytes(), 64).expect("an event");
    let direct = rules.rule(0).matches(&read);
    assert_eq!(direct, detected(&rules, event), "the index leaves no match out: {search}");
    direct
}

fn detected(rules: &RuleSet, event: &serde_json::Value) -> bool {
    let mut event = event.clone();
    event["Channel"] = "Application".into();
    event["EventID"] = 1.into();
    let limits = crate::limits::Limits::default();
    let mut report = Report::new(&limits);
    let mut found = false;
    let bytes = event.to_string().into_bytes();
    let kind = sakimori_model::Kind::new(JSON_LINES);
    crate::log::detect(&bytes, &kind, rules, &mut report, &mut |_: Match<'_>| found = true);
    found
}

fn code(detection: &str) -> &'static str {
    compile(detection).expect_err(detection).code
}

#[test]
fn values_are_compared_without_case_and_with_wildcards() {
    let event = serde_json::json!({"Image": "C:\\Windows\\System32\\CMD.exe", "N": 10, "T": true, "E": "", "Z": null});
    for search in [
        "Image: 'c:\\windows\\system32\\cmd.exe'",
        "Image: '*\\cmd.exe'",
        "Image: 'C:\\\\*\\cmd.???'",
        "image|endswith: '\\CMD.EXE'",
        "Image|startswith: 'c:\\'",
        "Image|contains|all:\n    - 'windows'\n    - 'cmd'",
        "Image|cased|endswith: 'CMD.exe'",
        "N: 10",
        "N: '10'",
        "N|gte: 10",
        "N|lt: 10.5",
        "T: true",
        "E: ''",
        "Z: null",
        "Missing: null",
        "Z|exists: true",
        "Missing|exists: false",
        "N|neq: 11",
        "Image|re: 'CMD\\.exe$'",
        "Image|re|i: '^c:.*cmd'",
        "Image: '*'",
    ] {
        assert!(matches(search, &event), "{search}");
    }
    for search in [
        "Image: 'cmd.exe'",
        "Image|cased|endswith: 'cmd.exe'",
        "Image|contains|all:\n    - 'windows'\n    - 'powershell'",
        "N: 1",
        "N|gt: 10",
        "N|neq: 10",
        "Image|re: 'cmd'",
        "Image: null",
        "Missing|exists: true",
        "Missing: ''",
        "Missing: '*'",
        "Image|lt: 5",
    ] {
        assert!(!matches(search, &event), "{search}");
    }
}

#[test]
fn lists_of_maps_are_or_and_maps_are_and() {
    let event = serde_json::json!({"A": "1", "B": "2"});
    assert!(matches("- A: 1\n  B: 3\n- B: 2", &event));
    assert!(!matches("- A: 1\n  B: 3\n- B: 4", &event));
    assert!(matches("A:\n    - 7\n    - 1\nB: 2", &event));
}

#[test]
fn keywords_are_looked_for_in_every_value() {
    let event = serde_json::json!({"A": "an Evil word", "B": {"C": ["second"]}});
    assert!(matches("- 'evil'\n- 'none'", &event));
    assert!(matches("'|all':\n    - 'evil'\n    - 'SECOND'", &event));
    assert!(!matches("'|all':\n    - 'evil'\n    - 'third'", &event));
    assert!(matches("- 'ev?l*word'", &event));
    assert!(!matches("- 'evilword'", &event));
}

#[test]
fn encodings() {
    use base64::Engine as _;
    let encode = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
    let wide: Vec<u8> = "xxDownloadFile(1)".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let event = serde_json::json!({"C": format!("-e {}", encode(&wide)), "D": encode(b"secret"), "E": "c\0m\0d\0"});
    assert!(matches("C|wide|base64offset|contains: 'DownloadFile'", &event));
    assert!(!matches("C|base64offset|contains: 'DownloadFile'", &event));
    assert!(matches("D|base64: 'secret'", &event));
    assert!(matches("E|utf16le: 'cmd'", &event));
    assert_eq!(code("    s:\n        A|base64: 'a*'\n    condition: s\n"), "sigma::bad-value");
    assert_eq!(code("    s:\n        A|utf16: 'a'\n    condition: s\n"), "sigma::bad-value");
}

#[test]
fn windash_addresses_times_and_other_fields() {
    let event = serde_json::json!({
        "C": "cmd \u{2013}enc x", "Ip": "10.1.2.3", "Six": "fe80::1", "At": "2026-08-05T23:10:00Z",
        "User": "HOST\\Admin", "Who": "admin", "Same": "host\\admin",
    });
    assert!(matches("C|contains|windash: ' -enc '", &event));
    assert!(matches("C|windash|contains: ' /enc '", &event));
    assert!(matches("Ip|cidr:\n    - '192.168.0.0/16'\n    - '10.0.0.0/8'", &event));
    assert!(!matches("Ip|cidr: '10.2.0.0/16'", &event));
    assert!(matches("Ip|cidr: '0.0.0.0/0'", &event));
    assert!(matches("Six|cidr: 'fe80::/10'", &event));
    assert!(matches("At|hour|gte: 22", &event));
    assert!(matches("At|month: 8", &event));
    assert!(matches("User|fieldref: Same", &event));
    assert!(matches("User|fieldref|endswith: Who", &event));
    assert!(!matches("User|fieldref: Who", &event));
    assert!(matches("User|fieldref|neq: Who", &event));
}

#[test]
fn nested_fields_are_named_with_dots() {
    let event = serde_json::json!({"a": {"b": {"c": "x"}, "l": [{"n": "1"}, {"n": "2"}]}});
    assert!(matches("a.b.c: x", &event));
    assert!(matches("a.l.n: 2", &event));
    assert!(matches("a.b: x", &event));
    assert!(matches("a.b|exists: true", &event));
    assert!(!matches("a.b: null", &event));
}

#[test]
fn what_is_not_supported_is_an_error_with_its_place() {
    for (detection, expected) in [
        ("    s:\n        A|foo: 1\n    condition: s\n", "sigma::unknown-modifier"),
        ("    s:\n        A|re|contains: 1\n    condition: s\n", "sigma::modifier-combination"),
        ("    s:\n        A|i: 1\n    condition: s\n", "sigma::modifier-combination"),
        ("    s:\n        A|re: '(?<=a)b'\n    condition: s\n", "sigma::regex-unsupported"),
        ("    s:\n        A|expand: '%servers%'\n    condition: s\n", "sigma::placeholder"),
        ("    s:\n        A|cidr: '10.0.0.0/33'\n    condition: s\n", "sigma::bad-value"),
        ("    s:\n        A|exists: maybe\n    condition: s\n", "sigma::bad-value"),
        ("    s:\n        A: {b: 1}\n    condition: s\n", "sigma::bad-value"),
        ("    s:\n        A: 1\n    condition: s | count() > 5\n", "sigma::aggregation-unsupported"),
        ("    s:\n        A: 1\n    condition: s and t\n", "sigma::condition"),
        ("    s:\n        A: 1\n", "sigma::missing"),
        ("    s: [\n    condition: s\n", "sigma::yaml"),
        ("    s:\n        A: 1\n        A: 2\n    condition: s\n", "sigma::yaml"),
    ] {
        assert_eq!(code(detection), expected, "{detection}");
    }
    let error = compile("    s:\n        A: 1\n        Bcd|foo: 1\n    condition: s\n").expect_err("an error");
    assert_eq!((error.position.line, error.position.column), (8, 9));
    let bytes = error.position.bytes.expect("a range");
    let text = format!("{HEAD}detection:\n    s:\n        A: 1\n        Bcd|foo: 1\n    condition: s\n");
    assert_eq!(&text[bytes], "Bcd|foo");
}

#[test]
fn other_documents_are_named_and_the_rules_beside_them_work() {
    let rule =
        "title: t\nlogsource:\n    product: windows\ndetection:\n    s:\n        A: 1\n    condition: s\nunknown: x\n";
    let text = format!(
        "{rule}---\ntitle: c\ncorrelation:\n    type: event_count\n---\naction: global\n---\nfilter:\n    rules: any\n"
    );
    let (rules, errors) = RuleSet::compile([("many.yml", text.as_bytes())]);
    assert_eq!(rules.len(), 1);
    assert!(rules.rule(0).id.starts_with("sha256:"));
    let codes: Vec<&str> = errors.iter().map(|e| e.code).collect();
    assert_eq!(codes, ["sigma::correlation-unsupported", "sigma::action-unsupported", "sigma::filter-unsupported"]);
}

#[test]
fn a_bomb_of_aliases_is_refused() {
    let mut text = "a0: &a0 [x, x]\n".to_owned();
    for level in 1..40 {
        text += &format!("a{level}: &a{level} [*a{0}, *a{0}]\n", level - 1);
    }
    let (_, errors) = RuleSet::compile([("bomb.yml", text.as_bytes())]);
    assert_eq!(errors[0].code, "sigma::yaml");
    let deep = format!("a: {}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(RuleSet::compile([("deep.yml", deep.as_bytes())]).1[0].code, "sigma::yaml");
}

#[test]
fn several_conditions_are_or() {
    let rules = compile("    a:\n        A: 1\n    b:\n        B: 2\n    condition:\n        - a\n        - b\n")
        .expect("compiles");
    assert!(detected(&rules, &serde_json::json!({"B": 2})));
    assert!(!detected(&rules, &serde_json::json!({"B": 1})));
}

#[test]
fn rules_run_on_events_of_their_log_source_only() {
    let rule = |source: &str| {
        let text = format!("title: t\nlogsource:\n{source}detection:\n    s:\n        A: 1\n    condition: s\n");
        RuleSet::compile([("r.yml", text.as_bytes())]).0
    };
    let event = serde_json::json!({"A": 1});
    assert!(detected(&rule("    product: windows\n"), &event));
    assert!(detected(&rule("    product: windows\n    service: application\n"), &event));
    assert!(!detected(&rule("    product: windows\n    service: security\n"), &event));
    assert!(!detected(&rule("    product: windows\n    category: process_creation\n"), &event));
    assert!(!detected(&rule("    product: linux\n"), &event));
}

#[test]
fn the_built_in_rules_are_those_of_the_folder() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules");
    let on_disk: BTreeSet<String> = std::fs::read_dir(folder)
        .expect("the folder of rules")
        .map(|file| file.expect("readable").file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(".yml"))
        .collect();
    let listed: BTreeSet<String> = BUILTIN_FILES.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(on_disk, listed);
    let (rules, errors) = RuleSet::compile(BUILTIN_FILES.iter().map(|(name, text)| (*name, text.as_bytes())));
    assert_eq!(errors, []);
    assert_eq!(rules.len(), listed.len());
    let ids: BTreeSet<&str> = rules.rules().map(|rule| rule.id.as_str()).collect();
    assert_eq!(ids.len(), rules.len());
    for rule in rules.rules() {
        assert!(!rule.techniques.is_empty() && !rule.status.is_empty(), "{}", rule.title);
    }
}

#[test]
fn every_built_in_rule_has_an_event_that_it_matches_and_one_that_it_does_not() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/sigma");
    let limits = crate::limits::Limits::default();
    for (name, text) in BUILTIN_FILES {
        let stem = name.strip_suffix(".yml").expect("a rule file");
        let (rules, _) = RuleSet::compile([(*name, text.as_bytes())]);
        for (what, expected) in [("hit", true), ("miss", false)] {
            let bytes = std::fs::read(folder.join(format!("{stem}_{what}.in"))).expect(stem);
            let mut report = Report::new(&limits);
            let kind = sakimori_model::Kind::new(JSON_LINES);
            let summary = crate::log::detect(&bytes, &kind, &rules, &mut report, &mut |_| {});
            let (matched, events) = (summary.matches, summary.events);
            assert!(
                if expected { matched == events } else { matched == 0 && events > 0 },
                "{stem} {what}: {summary:?}"
            );
        }
    }
}

#[test]
fn sets_are_merged_and_their_digest_has_no_order() {
    let file = |title: &str| {
        format!("title: {title}\nlogsource: {{product: windows}}\ndetection: {{s: {{A: 1}}, condition: s}}\n")
    };
    let (a, b) = (file("a"), file("b"));
    let (first, _) = RuleSet::compile([("a", a.as_bytes()), ("b", b.as_bytes()), ("a2", a.as_bytes())]);
    let (second, _) = RuleSet::compile([("b", b.as_bytes())]);
    let merged = second.merge(&first);
    assert_eq!((first.len(), merged.len()), (2, 2));
    assert_eq!(first.digest(), merged.digest());
    assert_eq!(RuleSet::default().digest(), Digest::of(b""));
    assert_eq!(first.rule(0).level, Severity::Medium);
}

fn condition() -> impl Strategy<Value = Condition> {
    (0_usize..4).prop_map(Condition::Search).prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(|c| Condition::Not(Box::new(c))),
            proptest::collection::vec(inner.clone(), 2..4).prop_map(Condition::All),
            proptest::collection::vec(inner, 2..4).prop_map(Condition::Any),
        ]
    })
}

const NAMES: [&str; 4] = ["a", "b", "c", "d"];

/// The condition as a person would write it, with all parentheses.
fn written(condition: &Condition) -> String {
    let joined = |parts: &[Condition], word: &str| {
        format!("({})", parts.iter().map(written).collect::<Vec<_>>().join(&format!(" {word} ")))
    };
    match condition {
        Condition::Search(index) => NAMES[*index].to_owned(),
        Condition::Not(inner) => format!("not {}", written(inner)),
        Condition::All(parts) => joined(parts, "and"),
        Condition::Any(parts) => joined(parts, "OR"),
    }
}

fn naive(condition: &Condition, holds: [bool; 4]) -> bool {
    match condition {
        Condition::Search(index) => holds[*index],
        Condition::Not(inner) => !naive(inner, holds),
        Condition::All(parts) => parts.iter().fold(true, |all, part| all & naive(part, holds)),
        Condition::Any(parts) => parts.iter().fold(false, |any, part| any | naive(part, holds)),
    }
}

proptest! {
    #[test]
    fn conditions_hold_as_the_naive_evaluation_says(condition in condition(), holds in any::<[bool; 4]>()) {
        let parsed = Condition::parse(&written(&condition), &NAMES).expect("well formed");
        let always = |truth: bool| if truth { Expr::All(vec![]) } else { Expr::Any(vec![]) };
        let detection = Detection { searches: holds.map(always).to_vec(), condition: parsed };
        prop_assert_eq!(detection.holds(&Event::default()), naive(&condition, holds));
    }

    #[test]
    fn the_index_leaves_no_match_out(condition in condition(), values in proptest::collection::vec("[ab*]{0,3}", 4), text in "[abAB]{0,6}") {
        let searches: String = NAMES.iter().zip(&values).map(|(n, v)| format!("    {n}:\n        F|contains: '{v}'\n")).collect();
        let rules = compile(&format!("{searches}    condition: {}\n", written(&condition))).expect("compiles");
        let event = serde_json::json!({"F": text});
        let mut read = Event::default();
        read.read_json(event.to_string().as_bytes(), 64).expect("an event");
        prop_assert_eq!(rules.rule(0).matches(&read), detected(&rules, &event));
    }

    #[test]
    fn compiling_is_total(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = RuleSet::compile([("x", bytes.as_slice())]);
    }

    #[test]
    fn compiling_changed_rules_is_total(file in 0..BUILTIN_FILES.len(), changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12)) {
        let mut bytes = BUILTIN_FILES[file].1.as_bytes().to_vec();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let _ = RuleSet::compile([("x", bytes.as_slice())]);
    }

    #[test]
    fn a_log_is_no_more_and_no_less_than_its_events(picked in proptest::collection::vec(0_usize..14, 0..40)) {
        let pool = [
            r#"{}"#,
            r#"{"a":1}"#,
            r#"{"Channel":"Application","EventID":1,"F":"bad"}"#,
            r#"{"Channel":"Application","EventID":1,"F":"good"}"#,
            r#"{"Channel":"Application"}"#,
            r#"{"eventName":"x","eventSource":"s3.amazonaws.com"}"#,
            r#"{"F":"#,
            r#"{ }"#,
            r#"{"a":2}"#,
            r#"{"a":{}}"#,
            r#"{"a":1e999}"#,
            r#"{"f":"bad"}"#,
            r#"{"b":1}"#,
            r#"{"a":1,"F":"bad"}"#,
        ];
        let rules = compile("    s:\n        F: bad\n    condition: s\n").expect("compiles");
        let run_as = |log: &str, kind: &'static str| {
            let limits = crate::limits::Limits::default();
            let mut report = Report::new(&limits);
            let mut records = Vec::new();
            let (bytes, kind) = (log.as_bytes().to_vec(), sakimori_model::Kind::new(kind));
            let summary = crate::log::detect(&bytes, &kind, &rules, &mut report, &mut |found| records.push(found.record));
            (summary, records)
        };
        let run = |log: &str| run_as(log, JSON_LINES);
        let (whole, records) = run(&picked.iter().map(|at| format!("{}\n", pool[*at])).collect::<String>());
        // A line of its own is in front, so that no log is taken for a document.
        let one = |at: &usize| run(&format!("{}\n{}\n", pool[3], pool[*at])).0;
        let alone: Vec<_> = picked.iter().map(one).collect();
        let sum = |of: fn(&crate::log::LogSummary) -> u64| alone.iter().map(of).sum::<u64>();
        let count = picked.len() as u64;
        prop_assert_eq!(whole.matches, sum(|s| s.matches));
        prop_assert_eq!(records.len() as u64, whole.matches);
        prop_assert!(records.iter().all(|record| picked[*record as usize - 1] == 2));
        if whole.examined() > 0 {
            prop_assert_eq!(whole.events, sum(|s| s.events) - count);
            prop_assert_eq!(whole.covered, sum(|s| s.covered) - count);
            prop_assert_eq!(whole.unknown, sum(|s| s.unknown));
            prop_assert_eq!(whole.broken, sum(|s| s.broken));
            // The same events as the elements of an array, and as documents without anything between them.
            let good: Vec<&str> = picked.iter().filter(|at| **at != 6).map(|at| pool[*at]).collect();
            for documents in [format!("[{}]", good.join(",")), good.concat()] {
                let (other, again) = run_as(&documents, JSON);
                let counts = |s: &crate::log::LogSummary| (s.matches, s.covered, s.unknown, s.events);
                prop_assert_eq!(counts(&other), counts(&whole));
                prop_assert_eq!(again.len(), records.len());
            }
        }
    }

    #[test]
    fn examining_any_lines_is_total(text in "(\\{\"[AB]\":[\"\\[\\]0-9ab{}:,]{0,12}\\}?\n?){0,6}") {
        let bytes = text.into_bytes();
        for kind in ["jsonl", "json", "evtx"] {
            let limits = crate::limits::Limits::default();
            let mut report = Report::new(&limits);
            crate::log::detect(&bytes, &sakimori_model::Kind::new(kind), RuleSet::builtin(), &mut report, &mut |_| {});
        }
    }
}

#[test]
fn the_index_leaves_no_match_out_whatever_the_condition() {
    let searches = ["A: a*", "A: null", "A|exists: false", "A|fieldref: B", "A|contains: x\n        B: 1", "B|gt: 3"];
    let conditions = [
        "s",
        "not s",
        "s and t",
        "s or t",
        "s and not t",
        "not s and not t",
        "not (s and t)",
        "1 of them",
        "all of them",
    ];
    let events = [
        serde_json::json!({}),
        serde_json::json!({"C": "a"}),
        serde_json::json!({"A": "a"}),
        serde_json::json!({"A": null}),
        serde_json::json!({"B": 5}),
        serde_json::json!({"A": "5", "B": 5}),
        serde_json::json!({"A": "ax", "B": 1}),
    ];
    let (mut held, mut not) = (0, 0);
    let rules = (0..searches.len() * searches.len() * conditions.len()).map(|n| {
        let (pair, condition) = (n / conditions.len(), conditions[n % conditions.len()]);
        (searches[pair / searches.len()], searches[pair % searches.len()], condition)
    });
    for (s, t, condition) in rules {
        let text = format!("    s:\n        {s}\n    t:\n        {t}\n    condition: {condition}\n");
        let rules = compile(&text).expect("compiles");
        for event in &events {
            let mut read = Event::default();
            let whole = {
                let mut event = event.clone();
                event["Channel"] = "Application".into();
                event["EventID"] = 1.into();
                event
            };
            read.read_json(whole.to_string().as_bytes(), 64).expect("an event");
            let direct = rules.rule(0).matches(&read);
            assert_eq!(direct, detected(&rules, event), "{text}{event}");
            *(if direct { &mut held } else { &mut not }) += 1;
        }
    }
    assert!(held > 300 && not > 300, "{held} {not}");
}

#[test]
fn keywords_join_into_one_test() {
    let rules = compile("    s:\n        - a\n        - b\n    condition: s\n").expect("compiles");
    let Expr::Field { field: None, join: Join::Any, tests } = &rules.rule(0).detection.searches[0] else {
        panic!("one expression")
    };
    assert_eq!(tests.len(), 2);
}
