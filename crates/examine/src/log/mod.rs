//! Logs: Windows event logs, JSON lines and JSON documents of events, examined with Sigma rules.

pub mod codes;
mod dull;
pub mod event;
mod evtx;
mod feed;
pub mod naming;
pub mod origin;
mod show;

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::rc::Rc;
use std::sync::LazyLock;

use sakimori_model::{Digest, Kind, Place, Timestamp};

use self::dull::Dull;
use self::event::{Event, FieldName, FieldSet};
use self::feed::{Documents, Lines, Piece};
use self::origin::OriginKey;
pub(crate) use self::show::show;
use crate::Settings;
use crate::catalogue;
use crate::limits::Limits;
use crate::report::Report;
use crate::sigma::{Candidates, Rule, RuleSet, codes::of_level};
use crate::source::Source;

/// A Windows event log file.
pub const EVTX: &str = "evtx";
/// Lines of JSON.
pub const JSON_LINES: &str = "jsonl";
/// A JSON document.
pub const JSON: &str = "json";

/// The version of this examiner's judgement, beside that of the rules.
const VERSION: u32 = 1;
/// Origins whose rules are remembered; a log has a few hundred.
const REMEMBERED_ORIGINS_MAX: usize = 4_096;
/// Bytes of an event that the next one is compared with.
const REPEATED_BYTES_MAX: usize = 1_024;

/// A match of a rule.
#[derive(Clone, Debug)]
pub struct Match<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// The event: its record number in an EVTX file, its line in JSON lines, its number from 1 in a JSON document.
    pub record: u64,
    /// SHA-256 of the event: see [`Finding::line`](sakimori_model::Finding::line).
    pub line: Option<Digest>,
    /// When it was logged, RFC 3339 as it stands in the event.
    pub time: Option<String>,
    /// The fields and values that speak for the match, bounded in number and length. `*` stands for a value that was
    /// found by a keyword.
    pub matched: Vec<(String, String)>,
}

/// What became of a log's events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogSummary {
    /// Events that were read.
    pub events: u64,
    /// Matches of rules.
    pub matches: u64,
    /// Lines, records or chunks that could not be read.
    pub broken: u64,
    /// Events that were longer than the limit.
    pub too_long: u64,
    /// Events whose source could not be told.
    pub unknown: u64,
    /// Events for whose source there is a rule.
    pub covered: u64,
    first_broken: Option<(u64, String)>,
    first_unknown: Option<u64>,
    unreadable: Option<String>,
}

impl LogSummary {
    /// Events of a source that is known: those that were truly examined.
    #[must_use]
    pub fn examined(&self) -> u64 {
        self.events - self.unknown
    }

    /// Whether all of it was read.
    fn is_whole(&self) -> bool {
        self.broken == 0 && self.too_long == 0 && self.unreadable.is_none()
    }

    /// Whether nothing in it is an event of a known source, or one that a rule knows.
    fn holds_nothing(&self) -> bool {
        self.examined() == 0 && self.matches == 0
    }
}

/// Examines `source` if it is a log: one finding for each rule that matches. Returns whether it is. A JSON file
/// without a single event of a known source is none.
pub fn examine(kind: &Kind, source: &dyn Source, settings: &Settings, report: &mut Report<'_>) -> bool {
    if !is_log(kind) || settings.sigma.is_empty() {
        return false;
    }
    let mut seen: BTreeMap<*const Rule, usize> = BTreeMap::new();
    let mut findings = Vec::new();
    let summary = run(source, kind, &settings.sigma, report.limits(), &mut |found| {
        let at = *seen.entry(std::ptr::from_ref(found.rule)).or_insert_with(|| {
            let place = Place::Event { record: found.record, field: telling_field(&found.matched) };
            let mut finding = catalogue::finding(&of_level(found.rule.level), place);
            finding.rule = Some(found.rule.reference());
            finding.line = found.line;
            finding.techniques.clone_from(&found.rule.techniques);
            findings.push((finding.with("rule", &found.rule.title), 0_u64));
            findings.len() - 1
        });
        findings[at].1 += 1;
    });
    if kind.as_str() != EVTX && summary.holds_nothing() {
        return false;
    }
    report.ran("sigma", VERSION);
    for (finding, count) in findings {
        report.add(finding.with("count", count));
    }
    report_unexamined(&summary, report);
    true
}

/// The field that says the most of a match: the first that is not only about the kind of event.
fn telling_field(matched: &[(String, String)]) -> Option<String> {
    let general = |field: &str| matches!(field, "EventID" | "Provider_Name" | "Channel" | "eventSource");
    let fields = || matched.iter().map(|(field, _)| field).filter(|field| *field != "*");
    fields().find(|field| !general(field)).or_else(|| fields().next()).cloned()
}

/// Holds the rules against each event of a log, in order, in bounded memory. What can't be read or told is reported
/// into `report`.
pub fn detect(
    source: &dyn Source,
    kind: &Kind,
    rules: &RuleSet,
    report: &mut Report<'_>,
    on_match: &mut dyn FnMut(Match<'_>),
) -> LogSummary {
    if !is_log(kind) {
        report.no_examiner(kind.as_str());
        return LogSummary::default();
    }
    let summary = run(source, kind, rules, report.limits(), on_match);
    report_unexamined(&summary, report);
    summary
}

fn is_log(kind: &Kind) -> bool {
    matches!(kind.as_str(), EVTX | JSON_LINES | JSON)
}

fn run(
    source: &dyn Source,
    kind: &Kind,
    rules: &RuleSet,
    limits: &Limits,
    on_match: &mut dyn FnMut(Match<'_>),
) -> LogSummary {
    let summary = run_as(source, kind.as_str(), rules, limits, on_match);
    if kind.as_str() == JSON_LINES && summary.holds_nothing() && !summary.is_whole() {
        // An export written as one long line is a document, however much it looks like lines.
        let again = run_as(source, JSON, rules, limits, on_match);
        if !again.holds_nothing() {
            return again;
        }
    }
    summary
}

fn run_as(
    source: &dyn Source,
    kind: &str,
    rules: &RuleSet,
    limits: &Limits,
    on_match: &mut dyn FnMut(Match<'_>),
) -> LogSummary {
    let mut run = Run::new(rules, limits);
    let result = match kind {
        EVTX => evtx::each_record(source, &mut |record| match record {
            evtx::Record::Event { number, json, bytes } => run.event(number, (json, bytes), on_match),
            evtx::Record::Broken(why) => run.broken(0, why),
        }),
        JSON_LINES => run.lines(source, on_match).map_err(|e| e.to_string()),
        _ => run.documents(source, on_match).map_err(|e| e.to_string()),
    };
    run.summary.unreadable = result.err();
    run.summary
}

fn report_unexamined(summary: &LogSummary, report: &mut Report<'_>) {
    let whole = report.whole();
    let place = |record: u64| if record == 0 { whole.clone() } else { Place::Event { record, field: None } };
    if let Some(why) = &summary.unreadable {
        report.unreadable(why);
    }
    if let Some((record, why)) = &summary.first_broken {
        let finding = catalogue::finding(&codes::BROKEN_EVENTS, place(*record));
        report.add(finding.with("count", summary.broken).with("why", why));
    }
    if summary.too_long > 0 {
        report.over("line_bytes_max", report.limits().line_bytes_max as u64);
    }
    if let Some(record) = summary.first_unknown {
        let finding = catalogue::finding(&codes::UNKNOWN_SOURCE, place(record));
        report.add(finding.with("count", summary.unknown));
    }
    if summary.examined() > 0 && summary.covered == 0 {
        report.add(catalogue::finding(&codes::NO_RULES, place(0)).with("count", summary.examined()));
    }
}

/// A run over one log.
struct Run<'r> {
    rules: &'r RuleSet,
    limits: &'r Limits,
    event: Event,
    candidates: Candidates,
    /// The groups of rules for each origin, by its key as text.
    groups: HashMap<String, Rc<[u32]>>,
    key: String,
    /// The groups for events of which nothing is known.
    unknown: Option<Rc<[u32]>>,
    /// The last event that no rule matched: what is repeated need not be read again.
    quiet: Option<Quiet>,
    /// The same for events without a field, of which many fit into little.
    quiet_empty: Option<Covered>,
    /// Fields of an event before, and whether events with these can have a known source: events of one log are alike.
    alike: Option<(FieldSet, bool)>,
    /// The last event of which no rule and no source can be, by the names of its fields.
    dull: Option<Dull>,
    summary: LogSummary,
}

/// A short event that no rule matched.
struct Quiet {
    json: Vec<u8>,
    covered: Covered,
}

/// Whether there are rules for the source of an event.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Covered {
    ByRules,
    ByNone,
    /// It can't be told what the source is.
    Unknown,
}

impl<'r> Run<'r> {
    fn new(rules: &'r RuleSet, limits: &'r Limits) -> Self {
        Self {
            rules,
            limits,
            event: Event::default(),
            candidates: Candidates::default(),
            groups: HashMap::new(),
            key: String::new(),
            unknown: None,
            quiet: None,
            quiet_empty: None,
            alike: None,
            dull: None,
            summary: LogSummary::default(),
        }
    }

    fn lines(&mut self, source: &dyn Source, on_match: &mut dyn FnMut(Match<'_>)) -> std::io::Result<()> {
        let mut lines = Lines::new(source, self.limits.line_bytes_max)?;
        let mut number = 0;
        while let Some(piece) = lines.next_piece()? {
            number += 1;
            if piece != Piece::Text(b"") && piece != Piece::Text(b"\r") {
                self.piece(number, &piece, on_match);
            }
        }
        Ok(())
    }

    fn documents(&mut self, source: &dyn Source, on_match: &mut dyn FnMut(Match<'_>)) -> std::io::Result<()> {
        let mut documents = Documents::new(source, self.limits.line_bytes_max)?;
        let mut number = 0;
        while let Some(piece) = documents.next_piece()? {
            number += 1;
            self.piece(number, &piece, on_match);
            if let Piece::Text(json) = piece
                && let Some(covered) = self.known(json)
            {
                let again = documents.repeats();
                self.count(number + 1, covered, again);
                number += again;
            }
        }
        Ok(())
    }

    fn piece(&mut self, number: u64, piece: &Piece<'_>, on_match: &mut dyn FnMut(Match<'_>)) {
        match piece {
            Piece::Text(json) => self.event(number, (json, json.strip_suffix(b"\r").unwrap_or(json)), on_match),
            Piece::TooLong => self.summary.too_long += 1,
            Piece::CutShort => self.broken(number, "the document ends in the middle of an event".into()),
        }
    }

    fn broken(&mut self, number: u64, why: String) {
        self.summary.broken += 1;
        self.summary.first_broken.get_or_insert((number, why));
    }

    /// Holds the rules against an event: this JSON, and these bytes of the log.
    fn event(&mut self, number: u64, (json, bytes): (&[u8], &[u8]), on_match: &mut dyn FnMut(Match<'_>)) {
        if let Some(covered) = self.known(json) {
            self.count(number, covered, 1);
            return;
        }
        if self.dull.as_ref().is_some_and(|dull| dull.is_like(json)) {
            self.count(number, Covered::Unknown, 1);
            return;
        }
        if let Err(error) = self.read(json) {
            self.broken(number, error.to_string());
            return;
        }
        // Names are learned of events that come one after the other, and not anew of each of a mixture.
        let is_like_the_one_before = self.alike.is_some_and(|(before, _)| before == self.event.fields());
        let (groups, covered) = self.groups();
        self.count(number, covered, 1);
        origin::rename_windows_fields(&mut self.event);
        let matches_before = self.summary.matches;
        for candidate in self.rules.index().candidates(&groups, &self.event, &mut self.candidates) {
            let rule = self.rules.rule(*candidate);
            if rule.matches(&self.event) {
                self.summary.matches += 1;
                let matched = rule.detection.explain(&self.event);
                let line = (!bytes.is_empty()).then(|| Digest::of(bytes));
                let time = time(&self.event);
                on_match(Match { rule, record: number, line, time, matched });
            }
        }
        let is_dull = covered == Covered::Unknown && !self.candidates.touched() && !self.may_be_known();
        self.dull = if is_dull && is_like_the_one_before { Dull::of(json) } else { None };
        if self.summary.matches == matches_before && is_empty(json) {
            self.quiet_empty = Some(covered);
        } else if self.summary.matches == matches_before && json.len() <= REPEATED_BYTES_MAX {
            let quiet = self.quiet.get_or_insert(Quiet { json: Vec::new(), covered });
            quiet.json.clear();
            quiet.json.extend_from_slice(json);
            quiet.covered = covered;
        }
    }

    /// What is known of an event that no rule matched when it was last met.
    fn known(&self, json: &[u8]) -> Option<Covered> {
        if is_empty(json) {
            return self.quiet_empty;
        }
        self.quiet.as_ref().filter(|quiet| quiet.json == json).map(|quiet| quiet.covered)
    }

    /// Counts so many events, of which this is the number of the first.
    fn count(&mut self, number: u64, covered: Covered, events: u64) {
        self.summary.events += events;
        if covered == Covered::ByRules {
            self.summary.covered += events;
        }
        if covered == Covered::Unknown && events > 0 {
            self.summary.unknown += events;
            self.summary.first_unknown.get_or_insert(number);
        }
    }

    /// Reads an event. Bytes that are no UTF-8 are common in logs of programs that don't know better, and no reason to
    /// leave the event out.
    fn read(&mut self, json: &[u8]) -> Result<(), event::Broken> {
        let first = self.event.read_json(json, self.limits.nesting_max);
        if first.is_err() && std::str::from_utf8(json).is_err() {
            return self.event.read_json(String::from_utf8_lossy(json).as_bytes(), self.limits.nesting_max);
        }
        first
    }

    /// False if no event with the fields of this one has a known source.
    fn may_be_known(&mut self) -> bool {
        let fields = self.event.fields();
        match self.alike {
            Some((alike, known)) if alike == fields => known,
            _ => self.alike.insert((fields, origin::may_be_known(fields))).1,
        }
    }

    /// The groups of rules for the event, and whether they are for its source.
    fn groups(&mut self) -> (Rc<[u32]>, Covered) {
        let key = if self.may_be_known() { origin::key(&self.event) } else { OriginKey::Unknown };
        if key == OriginKey::Unknown {
            let groups = || self.rules.index().groups_for(&origin::origin(key)).into();
            return (Rc::clone(self.unknown.get_or_insert_with(groups)), Covered::Unknown);
        }
        self.key.clear();
        // Writing to a string can't fail.
        let _ = match key {
            OriginKey::Windows { channel, id } => write!(self.key, "windows\0{channel}\0{id}"),
            OriginKey::Process(system) => write!(self.key, "process\0{system}"),
            OriginKey::Journal(program) => write!(self.key, "journal\0{program}"),
            OriginKey::Marked(marker) => write!(self.key, "marked\0{marker}"),
            OriginKey::Unknown => Ok(()),
        };
        let covered = |groups: &[u32]| if groups.is_empty() { Covered::ByNone } else { Covered::ByRules };
        if let Some(groups) = self.groups.get(&self.key) {
            return (Rc::clone(groups), covered(groups));
        }
        let groups: Rc<[u32]> = self.rules.index().groups_for(&origin::origin(key)).into();
        if self.groups.len() < REMEMBERED_ORIGINS_MAX {
            self.groups.insert(self.key.clone(), Rc::clone(&groups));
        }
        let covered = covered(&groups);
        (groups, covered)
    }
}

/// True for an object without a member.
fn is_empty(json: &[u8]) -> bool {
    let inside = json.strip_prefix(b"{").and_then(|json| json.strip_suffix(b"}"));
    inside.is_some_and(|inside| inside.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')))
}

/// Fields that hold the time of an event, the most exact ones first.
static TIME_FIELDS: LazyLock<Vec<FieldName>> = LazyLock::new(|| {
    [
        "TimeCreated_SystemTime",
        "eventTime",
        "@timestamp",
        "timestamp",
        "time",
        "TimeCreated",
        "published",
        "requestReceivedTimestamp",
        "createdDateTime",
        "CreationTime",
        "UtcTime",
    ]
    .map(FieldName::new)
    .to_vec()
});

fn time(event: &Event) -> Option<String> {
    TIME_FIELDS
        .iter()
        .filter_map(|field| event.text(field))
        .find(|text| text.parse::<Timestamp>().is_ok())
        .map(str::to_owned)
}
