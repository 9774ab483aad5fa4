//! `sakimori explain`.

use std::fmt::Display;
use std::fs::File;
use std::io::{self, BufWriter, Write};

use sakimori_examine::Settings;
use sakimori_examine::catalogue::{self, Entry};
use sakimori_model::{Code, Predicate};
use sakimori_node::explain::{Again, Ask, Explanation, Missing};

use crate::cli::{Context, DocumentFormat, Explain};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::words::{harmless, knows, say};

/// Says what a code means or why a decision came out as it did, or lists all finding codes.
pub fn run(context: &Context, options: &Explain) -> Result<Exit, Failure> {
    let Some(code) = &options.what else {
        for (code, entry) in catalogue::entries() {
            let severity = say(context.lang, &format!("severity.{}", entry.severity.as_str()), &[]);
            outln!("{code}  {severity}  {}", entry.words(context.lang).title)?;
        }
        return Ok(Exit::Done);
    };
    let code = code.to_ascii_uppercase();
    if !code.starts_with("SKM-") {
        return record(context, options, &code.to_ascii_lowercase());
    }
    let hint = format!("{code}.hint");
    if knows(&hint) {
        outln!("{code}: {}", say(context.lang, &hint, &[]))?;
        return Ok(Exit::Done);
    }
    let known = Code::try_from(code.clone()).ok().and_then(|code| catalogue::entry(&code));
    match known {
        Some(entry) => print(context, &code, entry)?,
        None => return Err(Failure::said("SKM-E-0019", "failure.no-code", &[("code", &code)])),
    }
    Ok(Exit::Done)
}

fn print(context: &Context, code: &str, entry: &Entry) -> io::Result<()> {
    let lang = context.lang;
    let words = entry.words(lang);
    let severity = say(lang, &format!("severity.{}", entry.severity.as_str()), &[]);
    outln!("{code}  {severity}  {}", words.title)?;
    outln!("\n{}:\n  {}", say(lang, "explain.why", &[]), words.why)?;
    outln!("\n{}:\n  {}", say(lang, "explain.todo", &[]), words.todo)?;
    if !entry.techniques.is_empty() {
        outln!("\n{}: {}", say(lang, "explain.techniques", &[]), entry.techniques.join(", "))?;
    }
    Ok(())
}

/// Why the decision under a record came out as it did.
fn record(context: &Context, options: &Explain, id: &str) -> Result<Exit, Failure> {
    if let Some(path) = &options.file {
        File::open(path).map_err(|error| Failure::file(path, error))?;
    }
    let sigma = super::rules::with_builtin(context, &options.rules)?;
    let settings = Settings { sigma, ..Settings::default() };
    let ask = Ask { file: options.file.as_deref(), without: &options.without };
    let explained = super::node_to_read(context)?.explain(id, &ask, &settings)?;
    let mut out = BufWriter::new(io::stdout().lock());
    match options.format {
        DocumentFormat::Json => writeln!(out, "{}", json(&explained)?)?,
        DocumentFormat::Text => text(context, &mut out, &explained)?,
    }
    out.flush()?;
    let differs = |again: &Again| matches!(again, Again::Differs { .. });
    let holds =
        explained.sum == explained.score && !differs(&explained.decided_again) && !differs(&explained.examined_again);
    Ok(if holds { Exit::Done } else { Exit::Findings })
}

fn json(explained: &Explanation) -> Result<serde_json::Value, Failure> {
    let mut value = serde_json::to_value(explained).map_err(|error| Failure::new("SKM-E-0012", error))?;
    if let (Some(object), Predicate::Decision(made)) = (value.as_object_mut(), &explained.statement.predicate) {
        object.insert("record".to_owned(), made.record.to_string().into());
        object.insert("path".to_owned(), path(explained).into());
        object.insert("policy".to_owned(), serde_json::json!(made.decision.policy));
        object.insert("decision".to_owned(), made.decision.effect.as_str().into());
    }
    Ok(value)
}

fn path(explained: &Explanation) -> &str {
    explained.statement.subject.first().map_or("", |subject| subject.name.as_str())
}

fn text(context: &Context, out: &mut dyn Write, explained: &Explanation) -> io::Result<()> {
    let Context { lang, paint, .. } = *context;
    let Predicate::Decision(made) = &explained.statement.predicate else { return Ok(()) };
    let word =
        |effect: sakimori_model::Effect| paint.effect(effect, &say(lang, &format!("effect.{}", effect.as_str()), &[]));
    writeln!(out, "[{}] {}", word(made.decision.effect), harmless(path(explained)))?;
    writeln!(out, "  {} {}", say(lang, "check.record", &[]), made.record)?;
    writeln!(
        out,
        "  {} {}  {}",
        say(lang, "report.policy", &[]),
        made.decision.policy.id,
        made.decision.policy.sha256
    )?;
    for finding in &made.findings {
        writeln!(out, "\n  {}  {}  {}", finding.code, harmless(&catalogue::title(finding, lang)), finding.place)?;
        for because in &finding.because {
            writeln!(out, "    {:>+5}  {}", because.points, because.feature)?;
        }
        if let Some(rule) = &finding.rule {
            writeln!(out, "           {}", paint.dim(&format!("{}  {}", harmless(&rule.id), rule.sha256)))?;
        }
        if let Some(line) = &finding.line {
            let line = say(lang, "explain.line", &[("sha256", line)]);
            writeln!(out, "           {}", paint.dim(&line))?;
        }
    }
    let sum: [(&str, &dyn Display); 2] = [("sum", &explained.sum), ("score", &explained.score)];
    let key = if explained.sum == explained.score { "explain.sum" } else { "explain.sum-wrong" };
    writeln!(out, "\n  {}", say(lang, key, &sum))?;
    for reason in &made.decision.reasons {
        let codes: Vec<&str> = reason.codes.iter().map(Code::as_str).collect();
        writeln!(out, "  {}  <{}>  {}", word(reason.effect), reason.rule, codes.join(", "))?;
    }
    for (key, again) in
        [("explain.decided-again", &explained.decided_again), ("explain.examined-again", &explained.examined_again)]
    {
        writeln!(out, "  {}: {}", say(lang, key, &[]), harmless(&again_text(context, again)))?;
    }
    if let Some(without) = &explained.without {
        let values: [(&str, &dyn Display); 3] = [
            ("count", &without.left_out),
            ("effect", &word(without.decision.effect)),
            ("score", &without.decision.score),
        ];
        writeln!(out, "  {}", say(lang, "explain.without", &values))?;
    }
    Ok(())
}

fn again_text(context: &Context, again: &Again) -> String {
    let lang = context.lang;
    match again {
        Again::Same => say(lang, "explain.same", &[]),
        Again::Differs { what } => say(lang, "explain.differs", &[("what", what)]),
        Again::NotDone { why } => {
            let key = match why {
                Missing::Policy => "explain.no-policy",
                Missing::Content => "explain.no-content",
                Missing::File => "explain.other-file",
                Missing::Rules => "explain.no-rules",
                Missing::Folder => "explain.no-folder",
            };
            say(lang, key, &[])
        }
    }
}
