//! `sakimori log`.

use std::fmt::Display;
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use sakimori_model::{Actor, Timestamp};
use sakimori_node::Node;
use sakimori_node::export::Stretch;
use sakimori_node::place::BucketOfLog;
use sakimori_node::told::Told as _;
use sakimori_proof::{BucketAccess, KeyPlace};
use serde_json::json;

use crate::cli::{Chatter, Context, DocumentFormat, ExportedLog, Log, LogCommand, LogKey, MovedLog};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::progress::Bar;
use crate::words::{harmless, say};

/// Shows or verifies the log of this node.
pub fn run(context: &Context, options: &Log) -> Result<Exit, Failure> {
    match options.command {
        LogCommand::Key(ref options) => key(context, options),
        LogCommand::Checkpoint => {
            out!("{}", super::node(context)?.signed_checkpoint()?)?;
            Ok(Exit::Done)
        }
        LogCommand::Export(ref options) => export(context, options),
        LogCommand::Sources { format } => sources(context, format),
        LogCommand::Monitor(ref options) => super::monitor::run(context, options),
        LogCommand::Move(ref options) => move_log(context, options),
        LogCommand::Verify { ref key, format } => verify(context, key.as_deref(), format),
    }
}

fn key(context: &Context, options: &LogKey) -> Result<Exit, Failure> {
    let home = context.home()?;
    let changes_hands = options.change.succeed || options.change.retire;
    if changes_hands && !Node::exists(&home) {
        return Err(super::no_node(&home));
    }
    // A service goes on signing with the keys that it began with.
    if changes_hands && Node::is_in_use(&home) {
        return Err(Failure::said("SKM-E-0077", "failure.in-use", &[("path", &home.display())]));
    }
    let place = options.token.place();
    if place != KeyPlace::File && !options.change.succeed {
        // A node that is begun with a key in a token has never had another one.
        Node::begin_key(&home, place)?;
        out!("{}", Node::open(&home)?.public_keys())?;
        super::node_is_made(context, "node.made-in-token", &home);
        return Ok(Exit::Done);
    }
    if Node::exists(&home) && !changes_hands && !options.add_ml_dsa {
        // Whoever asks for the public key signs nothing: the private one may be away.
        out!("{}", Node::public_keys_of(&home)?)?;
        return Ok(Exit::Done);
    }
    let mut node = super::node_or_new(context)?;
    let receipt = match () {
        () if options.add_ml_dsa => node.add_ml_dsa_key().map(|()| None)?,
        () if options.change.succeed => Some(("log.key-succeeded", node.succeed_key(place, Actor::Local)?)),
        () if options.change.retire => Some(("log.key-retired", node.retire_key(Actor::Local)?)),
        () => None,
    };
    if let Some((what, receipt)) = receipt.filter(|_| context.chatter == Chatter::Normal) {
        eprintln!("{}", say(context.lang, what, &[("record", &receipt.record)]));
    }
    out!("{}", node.public_keys())?;
    Ok(Exit::Done)
}

fn move_log(context: &Context, options: &MovedLog) -> Result<Exit, Failure> {
    let home = context.home()?;
    if !Node::exists(&home) {
        return Err(super::no_node(&home));
    }
    if Node::is_in_use(&home) {
        return Err(Failure::said("SKM-E-0077", "failure.in-use", &[("path", &home.display())]));
    }
    let access = BucketAccess { endpoint: options.endpoint.clone(), region: options.region.clone() };
    let to = options.to.clone().map(|log| BucketOfLog { log, access });
    let bar = Bar::new(context);
    let bad = Node::move_log(&home, to.as_ref(), &mut |done, all| bar.of(done, all))?;
    bar.finish();
    for resource in &bad {
        outln!("{}", harmless(&format!("{}: {}", resource.name, resource.problem.told(context.lang))))?;
    }
    if !bad.is_empty() {
        return Err(Failure::said("SKM-E-0078", "log.bad", &[("count", &bad.len())]));
    }
    let place = to.map_or_else(|| home.join("log").display().to_string(), |to| to.log.to_string());
    outln!("{}", say(context.lang, "log.moved", &[("place", &place)]))?;
    Ok(Exit::Done)
}

fn sources(context: &Context, format: DocumentFormat) -> Result<Exit, Failure> {
    let sources = super::node_to_read(context)?.sources()?;
    let missing: u64 = sources.iter().map(|(row, _)| row.missing()).sum();
    match format {
        DocumentFormat::Json => {
            let sources: Vec<_> = sources
                .iter()
                .map(|(row, ranges)| {
                    let ranges: Vec<_> = ranges.iter().map(|(from, to)| json!({ "from": from, "to": to })).collect();
                    let heard = row.heard.map(|(_, heard)| heard);
                    json!({
                        "name": row.name, "count": row.count, "given": row.given(), "missing": row.missing(),
                        "ranges": ranges, "heard": heard,
                    })
                })
                .collect();
            outln!("{:#}", json!(sources))?;
        }
        DocumentFormat::Text if sources.is_empty() => outln!("{}", say(context.lang, "log.no-sources", &[]))?,
        DocumentFormat::Text => {
            for (row, ranges) in &sources {
                let heard = row.heard.map_or_else(|| "-".to_owned(), |(_, heard)| heard.to_string());
                let values: [(&str, &dyn Display); 4] =
                    [("name", &row.name), ("count", &row.count), ("given", &row.given()), ("heard", &heard)];
                outln!("{}", say(context.lang, "log.source", &values))?;
                if row.missing() > 0 {
                    let one =
                        |(from, to): &(u64, u64)| if from == to { from.to_string() } else { format!("{from}-{to}") };
                    let ranges = ranges.iter().map(one).collect::<Vec<_>>().join(", ");
                    let values: [(&str, &dyn Display); 2] = [("count", &row.missing()), ("ranges", &ranges)];
                    outln!("  {}", say(context.lang, "log.source-missing", &values))?;
                }
            }
        }
    }
    Ok(if missing > 0 { Exit::Findings } else { Exit::Done })
}

fn export(context: &Context, options: &ExportedLog) -> Result<Exit, Failure> {
    let time = |text: &Option<String>| text.as_deref().map(time_of).transpose();
    let (since, until) = (time(&options.since)?, time(&options.until)?);
    let stretch = Stretch { from: options.from, to: options.to, since, until };
    let node = super::node_to_read(context)?;
    let bar = Bar::new(context);
    let mut progress = |done, all| bar.of(done, all);
    let exported = if options.out.as_os_str() == "-" {
        node.export(stretch, (&options.out, &mut std::io::stdout().lock()), &mut progress)
    } else {
        let failed = |error| Failure::output(&options.out, error);
        let mut file = BufWriter::new(File::create(&options.out).map_err(failed)?);
        node.export(stretch, (&options.out, &mut file), &mut progress)
    };
    bar.finish();
    let exported = exported?;
    if options.out.as_os_str() != "-" && context.chatter == Chatter::Normal {
        let count = exported.to - exported.from;
        let values: [(&str, &dyn Display); 3] =
            [("count", &count), ("from", &exported.from), ("out", &harmless(&options.out.display().to_string()))];
        outln!("{}", say(context.lang, "log.exported", &values))?;
    }
    Ok(Exit::Done)
}

/// A day in UTC, or a time.
fn time_of(text: &str) -> Result<Timestamp, Failure> {
    let day = format!("{text}T00:00:00Z");
    let time = if text.len() == 10 { day.parse() } else { text.parse() };
    time.map_err(|error| Failure::about("SKM-E-0186", Path::new(text), error))
}

/// Does not open the node: a damaged log must still be examined to its end.
fn verify(context: &Context, key: Option<&Path>, format: DocumentFormat) -> Result<Exit, Failure> {
    let home = context.home()?;
    if !Node::exists(&home) {
        return Err(super::no_node(&home));
    }
    let key = key.map(super::verify::keys).transpose()?;
    let (size, bad) = sakimori_node::audit::verify_log(&home, key)?;
    match format {
        DocumentFormat::Json => {
            let bad: Vec<_> = bad.iter().map(|b| json!({ "path": b.name, "problem": b.problem.to_string() })).collect();
            outln!("{:#}", json!({ "size": size, "bad": bad }))?;
        }
        DocumentFormat::Text => {
            for resource in &bad {
                outln!("{}", harmless(&format!("{}: {}", resource.name, resource.problem.told(context.lang))))?;
            }
            if bad.is_empty() {
                let size = size.unwrap_or_default();
                outln!("{}", say(context.lang, "log.intact", &[("size", &size)]))?;
            } else {
                outln!("{}", say(context.lang, "log.bad", &[("count", &bad.len())]))?;
            }
        }
    }
    Ok(if bad.is_empty() { Exit::Done } else { Exit::Findings })
}
