//! `sakimori share`.

use std::io::Write as _;

use sakimori_model::Tlp;
use sakimori_node::share::Target;

use crate::cli::{Chatter, Context, Share, ShareCommand};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::words::say;

/// Hands the findings of a decision to others.
pub fn run(context: &Context, options: &Share) -> Result<Exit, Failure> {
    let ShareCommand::Export { id, tlp, out } = &options.command;
    let to_caller = out.as_os_str() == "-";
    let target = if to_caller { Target::Caller } else { Target::File(out) };
    let marking = Tlp::from(*tlp);
    let shared = super::node(context)?.share_stix(id, marking, target)?;
    if to_caller {
        std::io::stdout().write_all(shared.text.as_bytes())?;
    }
    if context.chatter == Chatter::Normal {
        let left_out = shared.redactions.join(", ");
        let values: [(&str, &dyn std::fmt::Display); 3] =
            [("marking", &marking.as_str()), ("record", &shared.receipt.record), ("redactions", &left_out)];
        eprintln!("{}", say(context.lang, "share.done", &values));
    }
    Ok(Exit::Done)
}
