//! `sakimori erase`.

use std::collections::BTreeSet;
use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use sakimori_model::{Actor, RecordId};
use sakimori_node::Node;
use sakimori_node::erase::{Erased, ground};

use crate::cli::{Chatter, Context, DocumentFormat, Erase};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::words::{harmless, say};

/// Destroys what is kept of decisions, after asking.
pub fn run(context: &Context, options: &Erase) -> Result<Exit, Failure> {
    let note = ground(&options.note).ok_or_else(|| Failure::said("SKM-E-0075", "failure.note", &[]))?;
    let mut node = super::node(context)?;
    let wanted = wanted(&node, options)?;
    if !options.yes {
        ask(context, &node, &wanted)?;
    }
    let mut done = Vec::new();
    for id in wanted {
        done.push(node.erase(&id.to_string(), Actor::Local, note)?);
    }
    print(context, options, &done)
}

/// The decisions to be erased, each of which can be.
fn wanted(node: &Node, options: &Erase) -> Result<BTreeSet<RecordId>, Failure> {
    let mut wanted = BTreeSet::new();
    for id in &options.ids {
        let id = node.find(id)?.id;
        let erased = node.would_erase(id)?;
        wanted.insert(id);
        if options.same_bytes {
            for other in erased.same_bytes {
                node.would_erase(other)?;
                wanted.insert(other);
            }
        }
    }
    Ok(wanted)
}

fn ask(context: &Context, node: &Node, wanted: &BTreeSet<RecordId>) -> Result<(), Failure> {
    let refused = || Failure::said("SKM-E-0074", "failure.not-confirmed", &[("count", &wanted.len())]);
    if !io::stdin().is_terminal() {
        return Err(refused());
    }
    for id in wanted {
        eprintln!("  {id}  {}", harmless(&node.name_of(*id)?));
    }
    eprint!("{} ", say(context.lang, "erased.ask", &[("count", &wanted.len())]));
    io::stderr().flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    if ["yes", "はい"].contains(&answer.trim()) { Ok(()) } else { Err(refused()) }
}

fn print(context: &Context, options: &Erase, done: &[Erased]) -> Result<Exit, Failure> {
    if options.format == DocumentFormat::Json {
        let text = serde_json::to_string_pretty(done).map_err(|error| Failure::new("SKM-E-0012", error))?;
        outln!("{text}")?;
        return Ok(Exit::Done);
    }
    for erased in done {
        for id in &erased.erased {
            outln!("{}", say(context.lang, "erased.done", &[("id", id), ("record", &erased.record)]))?;
        }
        if context.chatter == Chatter::Normal {
            if erased.shares > 0 {
                eprintln!("{}", say(context.lang, "erased.shares", &[("count", &erased.shares)]));
            }
            let left = erased.same_bytes.iter().filter(|id| !done.iter().any(|other| other.erased.contains(id)));
            let left: Vec<String> = left.map(ToString::to_string).collect();
            if !left.is_empty() {
                eprintln!("{}", say(context.lang, "erased.same-bytes", &[("ids", &left.join(", "))]));
            }
        }
    }
    Ok(Exit::Done)
}
