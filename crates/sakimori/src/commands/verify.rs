//! `sakimori verify`: offline, by itself, with keys that the user brings.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::Path;

use sakimori_examine::catalogue;
use sakimori_model::{Lang, Predicate, SourceName, SourceRef, Statement, StatementError, Timestamp};
use sakimori_node::told::Told as _;
use sakimori_proof::{
    Bundle, Check, Quorum, RANGE_LINE_BYTES_MAX, RANGE_MEDIA_TYPE, RangeReader, RangeRecord, Verified, VerifiedRange,
    VerifierKey, VerifyError, commitment, entry_of, verify_receipt,
};
use serde_json::json;

use crate::cli::{Context, DocumentFormat, Verify};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::words::{harmless, say};

/// Findings that are shown; all of them are in the JSON form.
const FINDINGS_MAX: usize = 20;
/// The bytes of a bundle or a key file.
const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Verifies an evidence bundle and says what it proves.
pub fn run(context: &Context, options: &Verify) -> Result<Exit, Failure> {
    let keys = keys(&options.key)?;
    let mut source = opened(&options.bundle)?;
    let failed = |error| Failure::file(&options.bundle, error);
    let mark = format!("{{\"mediaType\":\"{RANGE_MEDIA_TYPE}\"");
    let mut head = Vec::new();
    source.by_ref().take(mark.len() as u64).read_to_end(&mut head).map_err(failed)?;
    let is_range = head == mark.as_bytes();
    let mut source = BufReader::new(head.as_slice().chain(source));
    if is_range {
        if options.receipt.is_some() {
            return Err(Failure::said("SKM-E-0020", "failure.receipt-of-stretch", &[]));
        }
        return range(context, options, &keys, &mut source);
    }
    let bytes = within_limit(&options.bundle, source)?;
    let bundle = Bundle::parse(&bytes).map_err(|error| Failure::new("SKM-E-0020", error))?;
    let quorum = quorum(options)?;
    let lang = lang_of_why(context, options);
    let verified = bundle.verify_witnessed(&keys, &quorum).map_err(|error| why(lang, &error)).and_then(|verified| {
        let statement = Statement::from_bytes(verified.statement.as_bytes()).map_err(|error| error.told(lang))?;
        Ok((verified, statement))
    });
    let receipt = options.receipt.as_deref().map(read).transpose()?;
    let verified = match &receipt {
        Some(receipt) => verified.and_then(|verified| receipted(lang, receipt, &bundle, &keys).map(|()| verified)),
        None => verified,
    };
    match (options.format, &verified) {
        (DocumentFormat::Json, Ok((verified, statement))) => outln!("{:#}", holds_json(verified, statement))?,
        (DocumentFormat::Json, Err(why)) => outln!("{:#}", json!({ "holds": false, "why": why }))?,
        (DocumentFormat::Text, Ok((verified, statement))) => print_holds(context, verified, statement)?,
        (DocumentFormat::Text, Err(why)) => {
            outln!("{}", say(context.lang, "verify.fails", &[("why", &harmless(why))]))?;
        }
    }
    Ok(if verified.is_ok() { Exit::Done } else { Exit::Findings })
}

/// Verifies a stretch of a log, one line at a time.
fn range(context: &Context, options: &Verify, keys: &[VerifierKey], source: &mut dyn BufRead) -> Result<Exit, Failure> {
    let quorum = quorum(options)?;
    let lang = lang_of_why(context, options);
    let verified = read_range(lang, options, keys, &quorum, source)?;
    match (options.format, &verified) {
        (DocumentFormat::Json, Ok((range, found))) => {
            let document = json!({
                "holds": true, "log": range.origin, "from": range.from, "to": range.to, "size": range.size,
                "records": found.kinds, "erased": found.erased, "erased_by_none_here": found.unexplained.len(),
                "sources": found.sources.iter().map(|(name, numbers)| json!({
                    "name": name, "first": numbers.first, "last": numbers.last, "count": numbers.count,
                    "missing": numbers.missing(),
                })).collect::<Vec<_>>(),
            });
            outln!("{document:#}")?;
        }
        (DocumentFormat::Json, Err(why)) => outln!("{:#}", json!({ "holds": false, "why": why }))?,
        (DocumentFormat::Text, Ok((range, found))) => {
            let count = range.to - range.from;
            let values: [(&str, &dyn Display); 5] = [
                ("count", &count),
                ("from", &range.from),
                ("last", &(range.to - 1)),
                ("log", &range.origin),
                ("size", &range.size),
            ];
            outln!("{}", harmless(&say(context.lang, "verify.range", &values)))?;
            for (kind, count) in &found.kinds {
                outln!("  {kind}: {count}")?;
            }
            if found.erased > 0 {
                outln!("  {}: {}", say(context.lang, "verify.range-erased", &[]), found.erased)?;
            }
            for (name, numbers) in &found.sources {
                let values: [(&str, &dyn Display); 4] = [
                    ("name", name),
                    ("first", &numbers.first),
                    ("last", &numbers.last),
                    ("missing", &numbers.missing()),
                ];
                outln!("  {}", say(context.lang, "verify.range-source", &values))?;
            }
            if !found.unexplained.is_empty() {
                let count = found.unexplained.len();
                outln!("  {}", say(context.lang, "verify.range-unexplained", &[("count", &count)]))?;
            }
        }
        (DocumentFormat::Text, Err(why)) => {
            outln!("{}", say(context.lang, "verify.fails", &[("why", &harmless(why))]))?;
        }
    }
    Ok(if verified.is_ok() { Exit::Done } else { Exit::Findings })
}

/// What is proven of a range, and what is in it; or why it does not hold.
type Ranged = Result<(VerifiedRange, Found), String>;

fn read_range(
    lang: Lang,
    options: &Verify,
    keys: &[VerifierKey],
    quorum: &Quorum,
    source: &mut dyn BufRead,
) -> Result<Ranged, Failure> {
    let mut line = Vec::new();
    let mut reader: Option<RangeReader> = None;
    let mut found = Found::default();
    loop {
        line.clear();
        let read = source.take(RANGE_LINE_BYTES_MAX as u64 + 1).read_until(b'\n', &mut line);
        if read.map_err(|error| Failure::file(&options.bundle, error))? == 0 {
            break;
        }
        if line.len() > RANGE_LINE_BYTES_MAX {
            return Ok(Err(say(lang, "verify.line-too-long", &[("bytes", &RANGE_LINE_BYTES_MAX)])));
        }
        let Ok(text) = std::str::from_utf8(&line) else { return Ok(Err(say(lang, "verify.no-text", &[]))) };
        let Some(begun) = &mut reader else {
            match RangeReader::new(text, keys, quorum) {
                Ok(begun) => reader = Some(begun),
                Err(error) => return Ok(Err(error.told(lang))),
            }
            continue;
        };
        let noted = begun.push(text).map_err(|error| error.told(lang));
        let noted = noted.and_then(|record| found.note(record).map_err(|error| error.told(lang)));
        if let Err(why) = noted {
            return Ok(Err(why));
        }
    }
    let Some(reader) = reader else { return Ok(Err(say(lang, "verify.empty", &[]))) };
    Ok(reader.finish().map(|range| (range, found)).map_err(|error| error.told(lang)))
}

/// What is in a range.
#[derive(Default)]
struct Found {
    /// How many records of which kind.
    kinds: BTreeMap<&'static str, u64>,
    /// How many are erased.
    erased: u64,
    /// Commitments of erased records that no record of an erasure in the range names yet.
    unexplained: BTreeSet<[u8; 32]>,
    /// What came from sources that number what they send.
    sources: BTreeMap<SourceName, Numbers>,
}

/// Numbers of a source.
#[derive(Default)]
struct Numbers {
    first: u64,
    last: u64,
    count: u64,
}

impl Numbers {
    fn note(&mut self, number: u64) {
        self.first = if self.count == 0 { number } else { self.first.min(number) };
        self.last = self.last.max(number);
        self.count += 1;
    }

    /// How many are missing between the first that is here and the last one that must have been given.
    fn missing(&self) -> u64 {
        if self.count == 0 {
            return 0;
        }
        (self.last - self.first + 1).saturating_sub(self.count)
    }
}

impl Found {
    fn number(&mut self, source: &SourceRef) {
        self.sources.entry(source.name.clone()).or_default().note(source.number);
    }

    fn note(&mut self, record: RangeRecord) -> Result<(), StatementError> {
        match record {
            RangeRecord::Erased(commitment) => {
                self.erased += 1;
                self.unexplained.insert(*commitment.as_bytes());
            }
            RangeRecord::Statement(statement, _) => {
                let statement = Statement::from_bytes(statement.as_bytes())?;
                *self.kinds.entry(statement.predicate.word()).or_default() += 1;
                match &statement.predicate {
                    Predicate::Decision(made) => made.source.iter().for_each(|source| self.number(source)),
                    // An erasure comes after what it erases.
                    Predicate::Erasure(erasure) => {
                        for one in &erasure.of {
                            if self.unexplained.remove(one.commitment.as_bytes()) {
                                one.source.iter().for_each(|source| self.number(source));
                            }
                        }
                    }
                    Predicate::Heartbeat(beat) => {
                        let numbers = self.sources.entry(beat.source.name.clone()).or_default();
                        numbers.last = numbers.last.max(beat.source.number);
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }
}

/// Checks that a COSE receipt is for the entry of this bundle, by one of these keys.
fn receipted(lang: Lang, receipt: &[u8], bundle: &Bundle, keys: &[VerifierKey]) -> Result<(), String> {
    let entry = entry_of(&commitment(&bundle.salt, bundle.statement.as_bytes()));
    let mut why = String::new();
    for key in keys {
        match verify_receipt(receipt, &entry, key) {
            Ok(()) => return Ok(()),
            Err(error) => why = error.told(lang),
        }
    }
    Err(why)
}

/// The witnesses that the user trusts, and how many of them are needed.
fn quorum(options: &Verify) -> Result<Quorum, Failure> {
    let mut witnesses = Vec::new();
    for path in &options.witness {
        witnesses.extend(keys(path)?);
    }
    Quorum::new(witnesses, options.quorum).map_err(|error| Failure::new("SKM-E-0180", error))
}

/// The keys of a key file, one a line.
pub fn keys(path: &Path) -> Result<Vec<VerifierKey>, Failure> {
    let text = String::from_utf8(read(path)?)
        .map_err(|_| Failure::said("SKM-E-0017", "failure.no-text", &[("path", &path.display())]))?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let keys: Result<Vec<VerifierKey>, _> = lines.map(str::parse).collect();
    let keys = keys.map_err(|error| Failure::about("SKM-E-0017", path, error))?;
    if keys.is_empty() {
        return Err(Failure::said("SKM-E-0017", "failure.no-key", &[("path", &path.display())]));
    }
    Ok(keys)
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    within_limit(path, opened(path)?)
}

/// A file, or standard input.
fn opened(path: &Path) -> Result<Box<dyn io::Read>, Failure> {
    Ok(match path.as_os_str().to_str() {
        Some("-") => Box::new(io::stdin().lock()),
        _ => Box::new(File::open(path).map_err(|error| Failure::file(path, error))?),
    })
}

fn within_limit(path: &Path, source: impl io::Read) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = source.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes);
    read.map_err(|error| Failure::file(path, error))?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(Failure::about("SKM-E-0020", path, VerifyError::TooLarge));
    }
    Ok(bytes)
}

fn holds_json(verified: &Verified, statement: &Statement) -> serde_json::Value {
    json!({
        "holds": true,
        "log": verified.origin,
        "index": verified.index,
        "tree_size": verified.tree_size,
        "checks": verified.checks.iter().map(|check| check_words(Lang::En, check)).collect::<Vec<_>>(),
        "statement": statement,
    })
}

fn print_holds(context: &Context, verified: &Verified, statement: &Statement) -> io::Result<()> {
    let lang = context.lang;
    for check in &verified.checks {
        outln!("  ✓ {}", harmless(&check_words(lang, check)))?;
    }
    outln!("{}", say(lang, "verify.holds", &[]))?;
    outln!("  {}", harmless(&what_it_says(context, statement)))?;
    if let Predicate::Key(change) = &statement.predicate {
        change.event.new_keys().iter().try_for_each(|key| outln!("  {}", harmless(key)))?;
    }
    // People count from 1; indexes in the log and in JSON count from 0.
    let number = verified.index + 1;
    let place: [(&str, &dyn Display); 3] =
        [("log", &verified.origin), ("number", &number), ("size", &verified.tree_size)];
    outln!("  {}", say(lang, "verify.place", &place))?;
    if let Predicate::Decision(decision) = &statement.predicate {
        for finding in decision.findings.iter().take(FINDINGS_MAX) {
            let severity = say(lang, &format!("severity.{}", finding.severity.as_str()), &[]);
            let title = harmless(&catalogue::title(finding, lang));
            outln!("  {severity} {title}  {} {}", finding.code, harmless(&finding.place.to_string()))?;
        }
        if decision.findings.len() > FINDINGS_MAX {
            let more = decision.findings.len() - FINDINGS_MAX;
            outln!("  {}", say(lang, "verify.more", &[("count", &more)]))?;
        }
        outln!("  {}", say(lang, "verify.compare", &[]))?;
    }
    Ok(())
}

/// The language in which it is said why something does not hold: programs read English.
fn lang_of_why(context: &Context, options: &Verify) -> Lang {
    match options.format {
        DocumentFormat::Json => Lang::En,
        DocumentFormat::Text => context.lang,
    }
}

/// Why it does not hold, and for a key what to do about it.
fn why(lang: Lang, error: &VerifyError) -> String {
    match error {
        VerifyError::UnknownKey(_) => say(lang, "verify.other-key", &[("why", &error.told(lang))]),
        _ => error.told(lang),
    }
}

fn check_words(lang: Lang, check: &Check) -> String {
    match check {
        Check::Signature { key } => say(lang, "verify.signature", &[("key", key)]),
        Check::Cosignature { key, time } => say(lang, "verify.cosignature", &[("key", key), ("at", &at(*time))]),
        Check::Commitment { entry } => say(lang, "verify.commitment", &[("entry", entry)]),
        Check::Inclusion { root } => say(lang, "verify.inclusion", &[("root", root)]),
    }
}

/// A time in seconds since 1970 for people; as it is, where no calendar has it.
fn at(seconds: u64) -> String {
    Timestamp::from_seconds(seconds).map_or_else(|| seconds.to_string(), |at| at.to_string())
}

fn what_it_says(context: &Context, statement: &Statement) -> String {
    let lang = context.lang;
    match (&statement.predicate, statement.subject.first()) {
        (Predicate::Decision(decision), Some(subject)) => {
            let effect = say(lang, &format!("effect.{}", decision.decision.effect.as_str()), &[]);
            let values: [(&str, &dyn Display); 4] = [
                ("observed", &decision.observed),
                ("path", &subject.name),
                ("sha256", &subject.digest.sha256),
                ("effect", &effect),
            ];
            say(lang, "verify.decided", &values)
        }
        (Predicate::Share(share), _) => {
            let marking = share.marking.as_str();
            say(lang, "verify.shared", &[("shared", &share.shared), ("of", &share.of), ("marking", &marking)])
        }
        (Predicate::Judgement(judgement), Some(subject)) => {
            let effect = say(lang, &format!("effect.{}", judgement.effect.as_str()), &[]);
            let values: [(&str, &dyn Display); 4] =
                [("judged", &judgement.judged), ("path", &subject.name), ("of", &judgement.of), ("effect", &effect)];
            say(lang, "verify.judged", &values)
        }
        (Predicate::Access(access), Some(subject)) => {
            say(lang, "verify.access", &[("at", &access.at), ("subject", &subject.name)])
        }
        (Predicate::Policy(change), _) => say(
            lang,
            "verify.policy",
            &[("at", &change.activated), ("id", &change.policy.id), ("sha256", &change.policy.sha256)],
        ),
        (Predicate::Admission(admission), Some(subject)) => {
            let state = say(lang, &format!("admission.{}", admission.state.as_str()), &[]);
            let values: [(&str, &dyn Display); 4] =
                [("at", &admission.at), ("name", &subject.name), ("sha256", &subject.digest.sha256), ("state", &state)];
            say(lang, "verify.admitted", &values)
        }
        (Predicate::Erasure(erasure), _) => {
            say(lang, "verify.erased", &[("at", &erasure.erased), ("count", &erasure.of.len())])
        }
        (Predicate::Heartbeat(beat), _) => {
            let values: [(&str, &dyn Display); 3] =
                [("at", &beat.heard), ("name", &beat.source.name), ("number", &beat.source.number)];
            say(lang, "verify.heartbeat", &values)
        }
        (Predicate::Incident(incident), Some(subject)) => {
            let values: [(&str, &dyn Display); 2] = [("at", &incident.raised), ("name", &subject.name)];
            say(lang, &format!("verify.{}", incident.event.as_str()), &values)
        }
        (Predicate::Key(change), Some(subject)) => {
            let values: [(&str, &dyn Display); 2] = [("at", &change.changed), ("log", &subject.name)];
            say(lang, &format!("verify.key-{}", change.event.as_str()), &values)
        }
        (_, None) => String::new(),
    }
}
