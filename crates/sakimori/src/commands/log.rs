//! `sakimori log`.

use std::path::Path;

use sakimori_node::Node;
use serde_json::json;

use crate::cli::{Context, DocumentFormat, Log, LogCommand};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::words::{harmless, say};

/// Shows or verifies the log of this node.
pub fn run(context: &Context, options: &Log) -> Result<Exit, Failure> {
    match options.command {
        LogCommand::Key { public: _, add_ml_dsa } => {
            let mut node = super::node_or_new(context)?;
            if add_ml_dsa {
                node.add_ml_dsa_key()?;
            }
            out!("{}", node.public_keys())?;
            Ok(Exit::Done)
        }
        LogCommand::Checkpoint => {
            out!("{}", super::node(context)?.signed_checkpoint()?)?;
            Ok(Exit::Done)
        }
        LogCommand::Monitor(ref options) => super::monitor::run(context, options),
        LogCommand::Verify { ref key, format } => verify(context, key.as_deref(), format),
    }
}

/// Does not open the node: a damaged log must still be examined to its end.
fn verify(context: &Context, key: Option<&Path>, format: DocumentFormat) -> Result<Exit, Failure> {
    let home = context.home()?;
    if !Node::exists(&home) {
        return Err(super::no_node(&home));
    }
    let key = key.map(super::verify::keys).transpose()?.and_then(|keys| keys.into_iter().next());
    let (size, bad) = sakimori_node::audit::verify_log(&home, key)?;
    match format {
        DocumentFormat::Json => {
            let bad: Vec<_> = bad.iter().map(|b| json!({ "path": b.name, "problem": b.problem.to_string() })).collect();
            outln!("{:#}", json!({ "size": size, "bad": bad }))?;
        }
        DocumentFormat::Text => {
            for resource in &bad {
                outln!("{}", harmless(&format!("{}: {}", resource.name, resource.problem)))?;
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
