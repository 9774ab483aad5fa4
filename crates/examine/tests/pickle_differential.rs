//! The pickle machine beside Python's own readers: both unpicklers of CPython, and its `pickletools`, over generated
//! streams. No import that one of them sees may be missed, and none may be made up. `SAKIMORI_STREAMS` sets the number
//! of streams, `SAKIMORI_SEED` the first of them.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use sakimori_examine::artefact::pickle::{Carrier, examine};
use sakimori_examine::limits::Limits;
use sakimori_examine::report::{Report, is_unexamined};
use sakimori_examine::{Settings, recognise};
use sakimori_model::{Finding, Severity};

const STREAMS: u64 = 10_000;
/// Disagreements that are shown.
const SHOWN_MAX: usize = 10;

#[test]
fn sees_every_import_that_python_sees_and_no_other() {
    let (streams, seed) = (number("SAKIMORI_STREAMS", STREAMS), number("SAKIMORI_SEED", 1));
    let mut python = reference(streams, seed);
    let mut pipe = BufReader::new(python.stdout.take().expect("a pipe"));
    let mut tally = Tally::default();
    while let Some((stream, said)) = next(&mut pipe) {
        tally.compare(&stream, &said);
    }
    assert!(python.wait().expect("it ended").success(), "the reference failed");
    println!("{} streams, {} imports, explained: {:?}", tally.streams, tally.imports, tally.explained);
    assert_eq!(tally.streams, streams);
    assert!(tally.imports > streams, "the streams import something");
    assert!(tally.wrong.is_empty(), "{} disagreements:\n{}", tally.wrong.len(), tally.shown());
}

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |text| text.parse().expect("a number"))
}

fn reference(streams: u64, seed: u64) -> Child {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pickle_reference.py");
    Command::new("python3")
        .arg(program)
        .args([streams.to_string(), seed.to_string()])
        .stdout(Stdio::piped())
        // CPython complains of some broken streams there.
        .stderr(Stdio::null())
        .spawn()
        .expect("python3 runs")
}

/// The lists of an answer by their names.
type Said = BTreeMap<String, BTreeSet<String>>;

/// A stream, and what Python said of it.
fn next(pipe: &mut impl Read) -> Option<(Vec<u8>, Said)> {
    let mut lengths = [0; 8];
    pipe.read_exact(&mut lengths).ok()?;
    let length = |at: usize| u32::from_le_bytes(lengths[at..at + 4].try_into().expect("four bytes")) as usize;
    let (mut stream, mut said) = (vec![0; length(0)], vec![0; length(4)]);
    pipe.read_exact(&mut stream).expect("a whole stream");
    pipe.read_exact(&mut said).expect("a whole answer");
    Some((stream, serde_json::from_slice(&said).expect("an answer in JSON")))
}

#[derive(Default)]
struct Tally {
    streams: u64,
    imports: u64,
    /// Disagreements with a reason that a finding states, by that reason.
    explained: BTreeMap<&'static str, u32>,
    wrong: Vec<String>,
}

impl Tally {
    fn compare(&mut self, stream: &[u8], said: &Said) {
        self.streams += 1;
        let findings = findings(stream);
        let ours: BTreeSet<String> = findings.iter().filter_map(import).map(|name| letters(&name)).collect();
        let (must, may) = (letters_of(&said["must"]), letters_of(&said["may"]));
        self.imports += must.len() as u64;
        let has = |code: &str| findings.iter().any(|f| f.code.as_str() == code);
        for missed in must.difference(&ours) {
            // What follows a pickle and does not look like another is named as not examined.
            if has("SKM-PKL-0010") {
                *self.explained.entry("unexamined data follows").or_default() += 1;
            } else if has("SKM-PKL-0011") {
                *self.explained.entry("a frame that loaders read differently").or_default() += 1;
            } else {
                self.wrong(stream, &format!("missed {missed}"), &findings);
            }
        }
        for extra in ours.difference(&may) {
            if has("SKM-OBS-0002") {
                // Some loader may go on where Python's stop.
                *self.explained.entry("went on after a defect that it reports").or_default() += 1;
            } else if said["why"].contains("text") {
                // The bytes of a text matter to the machine only where they are a name.
                *self.explained.entry("went on after text that can not be decoded").or_default() += 1;
            } else if has("SKM-PKL-0014") {
                *self.explained.entry("a pickle in data").or_default() += 1;
            } else {
                self.wrong(stream, &format!("made up {extra}"), &findings);
            }
        }
        // A few lines that import something unknown may as well be text, and no loader survives a name that is none.
        let loads = letters_of(&said["loads"]);
        let harmful = findings
            .iter()
            .any(|f| f.severity >= Severity::High && import(f).is_some_and(|n| loads.contains(&letters(&n))));
        if harmful && said["loads"].iter().all(|name| is_path(name)) && passes_silently(stream) {
            self.wrong(stream, "a file of it passes silently", &findings);
        }
    }

    fn wrong(&mut self, stream: &[u8], what: &str, findings: &[Finding]) {
        let codes: Vec<&str> = findings.iter().map(|f| f.code.as_str()).collect();
        self.wrong.push(format!("{what} in {stream:02x?} {}: {codes:?}", String::from_utf8_lossy(stream)));
    }

    fn shown(&self) -> String {
        let mut shown: Vec<&String> = self.wrong.iter().collect();
        shown.sort_by_key(|text| text.len());
        shown.iter().take(SHOWN_MAX).map(|text| format!("{text}\n")).collect()
    }
}

fn findings(stream: &[u8]) -> Vec<Finding> {
    let limits = Limits::default();
    let mut report = Report::new(&limits);
    examine(&stream.to_vec(), Carrier::Plain, &mut report);
    report.finish(recognise::UNKNOWN).findings
}

/// What a finding says that is imported, in the words of the reference.
fn import(finding: &Finding) -> Option<String> {
    match finding.code.as_str() {
        "SKM-PKL-0001" | "SKM-PKL-0002" | "SKM-PKL-0003" => finding.params.get("global").cloned(),
        "SKM-PKL-0007" => Some(format!("ext:{}", finding.params["number"])),
        "SKM-PKL-0008" => Some("persistent".to_owned()),
        _ => None,
    }
}

fn letters_of(names: &BTreeSet<String>) -> BTreeSet<String> {
    names.iter().map(|name| letters(name)).collect()
}

/// A name as far as findings show it as it is: without control characters, which they escape.
fn letters(name: &str) -> String {
    let shown = sakimori_model::shown(name, name.len());
    shown.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | ':')).collect()
}

/// A name that an import can find.
fn is_path(name: &str) -> bool {
    name.split(['.', ':']).all(|word| {
        !word.is_empty()
            && !word.starts_with(|c: char| c.is_ascii_digit())
            && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    })
}

/// Whether a file of these bytes, of which nobody says that they are a pickle, would be let through.
fn passes_silently(stream: &[u8]) -> bool {
    let examination = sakimori_examine::examine(&stream.to_vec(), &Settings::default());
    !examination.findings.iter().any(|f| f.severity >= Severity::Medium || is_unexamined(f))
}
