//! `sakimori policy`.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use sakimori_model::{Decision, DecisionPredicate, Effect, Predicate, RecordId, Statement};
use sakimori_node::decide::DEFAULT_POLICY;
use serde_json::{Value, json};

use crate::cli::{Chatter, Context, DataFormat, Policy, PolicyCommand};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::words::{harmless, say};

/// Shows the default policy, or tries a policy on what was recorded.
pub fn run(context: &Context, options: &Policy) -> Result<Exit, Failure> {
    match &options.command {
        PolicyCommand::Show => {
            io::stdout().write_all(DEFAULT_POLICY.as_bytes())?;
            Ok(Exit::Done)
        }
        PolicyCommand::Test { policy, format } => test(context, policy.as_deref(), *format),
    }
}

fn test(context: &Context, path: Option<&Path>, format: DataFormat) -> Result<Exit, Failure> {
    let policy = super::policy(path)?;
    for error in policy.errors() {
        let values: [(&str, &dyn Display); 2] = [("rule", &error.rule), ("error", &error.error)];
        let text = say(context.lang, "check.policy-error", &values);
        eprintln!("{}: {}", say(context.lang, "failure.warning", &[]), harmless(&text));
    }
    let mut out = BufWriter::new(io::stdout().lock());
    let (mut count, mut changes) = (0u64, 0u64);
    let mut transitions: BTreeMap<(Effect, Effect), u64> = BTreeMap::new();
    super::node(context)?.each_decision(|id, statement| -> Result<(), Failure> {
        let Predicate::Decision(recorded) = &statement.predicate else { return Ok(()) };
        count += 1;
        let now = policy.decide(&recorded.kind, &recorded.findings);
        if now.effect == recorded.decision.effect {
            return Ok(());
        }
        changes += 1;
        *transitions.entry((recorded.decision.effect, now.effect)).or_default() += 1;
        match format {
            DataFormat::Text => text(context, &mut out, &statement, recorded, &now)?,
            DataFormat::Jsonl => writeln!(out, "{}", change(id, &statement, recorded, &now))?,
            DataFormat::Json => {
                let separator = if changes == 1 { "{\"changes\":[\n" } else { ",\n" };
                write!(out, "{separator}{}", change(id, &statement, recorded, &now))?;
            }
        }
        Ok(())
    })?;
    if format == DataFormat::Json {
        let head = if changes == 0 { "{\"changes\":[" } else { "\n" };
        writeln!(out, "{head}],\"count\":{count}}}")?;
    }
    out.flush()?;
    summarise(context, count, changes, &transitions);
    Ok(Exit::Done)
}

fn summarise(context: &Context, count: u64, changes: u64, transitions: &BTreeMap<(Effect, Effect), u64>) {
    if context.chatter == Chatter::Quiet {
        return;
    }
    let text = match count {
        0 => say(context.lang, "policy.no-decisions", &[]),
        _ => say(context.lang, "policy.changes-all", &[("count", &count), ("changes", &changes)]),
    };
    eprintln!("{text}");
    let word = |effect: &Effect| say(context.lang, &format!("effect.{}", effect.as_str()), &[]);
    for ((from, to), count) in transitions {
        let values: [(&str, &dyn Display); 3] = [("from", &word(from)), ("to", &word(to)), ("count", count)];
        eprintln!("  {}", say(context.lang, "policy.change", &values));
    }
}

fn change(id: RecordId, statement: &Statement, recorded: &DecisionPredicate, now: &Decision) -> Value {
    json!({
        "record": id,
        "path": path_of(statement),
        "from": recorded.decision.effect,
        "to": now.effect,
        "reasons": now.reasons,
    })
}

fn text(
    context: &Context,
    out: &mut dyn Write,
    statement: &Statement,
    recorded: &DecisionPredicate,
    now: &Decision,
) -> io::Result<()> {
    let Context { lang, paint, .. } = *context;
    let word = |effect: Effect| paint.effect(effect, &say(lang, &format!("effect.{}", effect.as_str()), &[]));
    let rules: Vec<&str> = now.reasons.iter().map(|reason| reason.rule.as_str()).collect();
    let (from, to) = (word(recorded.decision.effect), word(now.effect));
    let about = paint.dim(&format!("{} {}", recorded.record, harmless(&rules.join(", "))));
    writeln!(out, "{from} → {to}  {}  {about}", harmless(path_of(statement)))
}

fn path_of(statement: &Statement) -> &str {
    statement.subject.first().map_or("", |subject| subject.name.as_str())
}
