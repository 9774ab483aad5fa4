//! `sakimori model bom`.

use std::fs;
use std::io::Write as _;

use sakimori_examine::Settings;
use sakimori_node::bom::{BomInput, build};
use sakimori_node::unit::{self, Unit};

use crate::cli::{BomFormat, Chatter, Context, ModelBom};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::progress::Bar;
use crate::words::{harmless, say};

/// Prints the bill of materials of a model.
pub fn run(context: &Context, options: &ModelBom) -> Result<Exit, Failure> {
    let bar = Bar::new(context);
    // The node's own folder is no part of a model. Where there is none, nothing has to be left out.
    let own = context.home().ok();
    let seen = unit::examine(&options.path, own.as_deref(), &Settings::default(), &bar);
    bar.finish();
    let unit = seen.map_err(|unobserved| {
        Failure::said(
            "SKM-E-0016",
            "failure.unread",
            &[("path", &unobserved.path), ("why", &unobserved.why.in_lang(context.lang))],
        )
    })?;
    let bom = build(&BomInput::of(&unit));
    let text = match options.format {
        BomFormat::Cyclonedx => bom.cyclonedx_json(),
        BomFormat::Spdx => bom.spdx_json(),
    };
    if options.out.as_os_str() == "-" {
        std::io::stdout().write_all(text.as_bytes())?;
    } else {
        fs::write(&options.out, text).map_err(|error| Failure::output(&options.out, error))?;
    }
    Ok(tell(context, &unit))
}

/// Says what is not in the bill.
fn tell(context: &Context, unit: &Unit) -> Exit {
    let warning = say(context.lang, "failure.warning", &[]);
    for unread in &unit.unread {
        let values: [(&str, &dyn std::fmt::Display); 2] =
            [("path", &harmless(&unread.path)), ("why", &harmless(unread.why.in_lang(context.lang)))];
        eprintln!("{warning}: {}", say(context.lang, "bom.unread", &values));
    }
    if !unit.left_out.is_empty() && context.chatter == Chatter::Normal {
        let paths: Vec<String> = unit.left_out.iter().map(|path| harmless(path)).collect();
        eprintln!("{}", say(context.lang, "bom.left-out", &[("paths", &paths.join(", "))]));
    }
    if unit.unread.is_empty() { Exit::Done } else { Exit::CouldNot }
}
