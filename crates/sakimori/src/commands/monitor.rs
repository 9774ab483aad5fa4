//! `sakimori log monitor`.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sakimori_model::RecordId;
use sakimori_node::Node;
use sakimori_node::monitor::{self, HttpLog};
use sakimori_proof::{Closeness, Found, LogError, Look, Monitor, WitnessFolder};
use serde_json::json;

use crate::cli::{Context, DocumentFormat, FollowedLog};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::progress::Bar;
use crate::words::{harmless, say};

/// Looks at the log of somebody else, once or again and again.
pub fn run(context: &Context, options: &FollowedLog) -> Result<Exit, Failure> {
    let mut keys = options.log.clone();
    for path in &options.key {
        keys.extend(super::verify::keys(path)?);
    }
    let origins: Vec<&str> = keys.iter().map(|key| key.name()).collect();
    if origins.windows(2).any(|pair| pair[0] != pair[1]) {
        return Err(Failure::said("SKM-E-0017", "failure.several-logs", &[("names", &origins.join(", "))]));
    }
    let home = context.home()?;
    let folder = monitor::folder(&home);
    let state = |error| Failure::about("SKM-E-0184", &folder, error);
    let http = HttpLog::new(&options.url, options.ca_file.as_deref());
    let http = http
        .map_err(|why| Failure::said("SKM-E-0025", "failure.address", &[("address", &options.url), ("why", &why)]))?;
    let log = Monitor::new(Arc::new(http), keys, WitnessFolder::open(&folder).map_err(state)?);
    loop {
        let ended = once(context, options, &log);
        let Some(pause) = options.every else { return ended };
        // What may be better the next time does not end the watch; what the log has done stays told, as its evidence stays.
        if let Err(failure) = ended {
            crate::failure::report(context, &failure);
        }
        std::thread::sleep(Duration::from_secs(pause.get()));
    }
}

fn once(context: &Context, options: &FollowedLog, log: &Monitor<WitnessFolder>) -> Result<Exit, Failure> {
    let closeness = if options.entries { Closeness::Entries } else { Closeness::Checkpoint };
    let bar = Bar::new(context);
    let looked = log.look(closeness, &mut |progress| bar.of(progress.bundles_done, progress.bundles));
    bar.finish();
    let look = looked.map_err(failure)?;
    // What the log has done is told, whether it can be recorded or not.
    let raised = raise(context, &look);
    let incident = raised.as_ref().ok().copied().flatten();
    match options.format {
        DocumentFormat::Json => outln!("{:#}", document(&look, incident))?,
        DocumentFormat::Text => {
            outln!("{}", harmless(&line(context, &look)))?;
            if let Some(record) = &incident {
                outln!("{}", say(context.lang, "monitor.incident", &[("record", record)]))?;
            }
        }
    }
    raised?;
    Ok(if look.found.is_bad() { Exit::Findings } else { Exit::Done })
}

/// Where there is a node, a fork is an incident in its log.
fn raise(context: &Context, look: &Look) -> Result<Option<RecordId>, Failure> {
    let Found::Fork(kept) = &look.found else { return Ok(None) };
    if !Node::exists(&context.home()?) {
        return Ok(None);
    }
    Ok(super::node_or_new(context)?.raise(&kept.evidence)?)
}

/// What is served and does not hold is the log's doing; everything else is ours, or of the network.
fn failure(error: LogError) -> Failure {
    let code = match error {
        LogError::Damaged { .. } | LogError::Missing { .. } => "SKM-E-0185",
        _ => "SKM-E-0184",
    };
    Failure::new(code, error)
}

fn line(context: &Context, look: &Look) -> String {
    let (origin, size) = (&look.checkpoint.origin, look.checkpoint.size);
    let told = |id, values: &[(&str, &dyn std::fmt::Display)]| {
        say(context.lang, id, &[&[("log", origin as &dyn std::fmt::Display), ("size", &size)], values].concat())
    };
    let mut line = match &look.found {
        Found::First => told("monitor.first", &[]),
        Found::Same => told("monitor.same", &[]),
        Found::Grown { from } => told("monitor.grown", &[("from", from)]),
        Found::Behind { seen } => told("monitor.behind", &[("seen", seen)]),
        Found::Fork(kept) => {
            let place = match &kept.place {
                Ok(place) => place.as_deref().unwrap_or(Path::new("-")).display().to_string(),
                Err(error) => error.to_string(),
            };
            let id = if kept.evidence.kind.is_proof() { "monitor.fork" } else { "monitor.unproven" };
            told(id, &[("seen", &kept.evidence.seen.checkpoint.size), ("place", &place)])
        }
    };
    if look.entries > 0 {
        line += &format!(" {}", told("monitor.hashed", &[("count", &look.entries)]));
    }
    line
}

fn document(look: &Look, incident: Option<RecordId>) -> serde_json::Value {
    let (found, before) = match &look.found {
        Found::First => ("first", None),
        Found::Same => ("same", None),
        Found::Grown { from } => ("grown", Some(*from)),
        Found::Behind { seen } => ("behind", Some(*seen)),
        Found::Fork(kept) => ("fork", Some(kept.evidence.seen.checkpoint.size)),
    };
    let evidence = match &look.found {
        Found::Fork(kept) => json!({
            "kind": kept.evidence.kind.as_str(),
            "proves_a_fork": kept.evidence.kind.is_proof(),
            "path": kept.place.as_ref().ok().and_then(Option::as_ref).map(|path| path.display().to_string()),
            "error": kept.place.as_ref().err().map(ToString::to_string),
        }),
        _ => serde_json::Value::Null,
    };
    json!({
        "origin": look.checkpoint.origin,
        "size": look.checkpoint.size,
        "root": look.checkpoint.root.to_string(),
        "found": found,
        "size_before": before,
        "entries_hashed": look.entries,
        "evidence": evidence,
        "incident": incident,
    })
}
