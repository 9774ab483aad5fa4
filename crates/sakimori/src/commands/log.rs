//! `sakimori log`.

use serde_json::json;

use crate::cli::{Context, DocumentFormat, Log, LogCommand};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::words::{harmless, say};

/// Shows or verifies the log of this node.
pub fn run(context: &Context, options: &Log) -> Result<Exit, Failure> {
    match options.command {
        LogCommand::Key { public: _ } => {
            println!("{}", super::node(context)?.public_key());
            Ok(Exit::Done)
        }
        LogCommand::Checkpoint => {
            print!("{}", super::node(context)?.signed_checkpoint()?);
            Ok(Exit::Done)
        }
        LogCommand::Verify { format } => verify(context, format),
    }
}

/// Does not open the node: a damaged log must still be examined to its end.
fn verify(context: &Context, format: DocumentFormat) -> Result<Exit, Failure> {
    let (size, bad) = sakimori_node::audit::verify_log(&context.home())?;
    match format {
        DocumentFormat::Json => {
            let bad: Vec<_> = bad.iter().map(|b| json!({ "path": b.name, "problem": b.problem.to_string() })).collect();
            println!("{:#}", json!({ "size": size, "bad": bad }));
        }
        DocumentFormat::Text => {
            for resource in &bad {
                println!("{}", harmless(&format!("{}: {}", resource.name, resource.problem)));
            }
            if bad.is_empty() {
                let size = size.unwrap_or_default();
                println!("{}", say(context.lang, "log.intact", &[("size", &size)]));
            } else {
                println!("{}", say(context.lang, "log.bad", &[("count", &bad.len())]));
            }
        }
    }
    Ok(if bad.is_empty() { Exit::Done } else { Exit::Findings })
}
