//! `sakimori audit`.

use sakimori_node::Node;
use sakimori_node::audit::audit_untouched;
use sakimori_node::told::Told as _;

use crate::cli::{Audit, Context, DocumentFormat};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::words::{harmless, say};

/// Compares the tables with the log.
pub fn run(context: &Context, options: &Audit) -> Result<Exit, Failure> {
    let home = context.home()?;
    if !Node::exists(&home) {
        return Err(super::no_node(&home));
    }
    let keys = options.key.as_deref().map(super::verify::keys).transpose()?;
    let audit = match keys {
        Some(keys) => audit_untouched(&home, Some(keys))?,
        None => match Node::open_to_audit(&home) {
            // An auditor may read the folder only.
            Err(error) if error.is_read_only() => audit_untouched(&home, None)?,
            opened => opened?.audit()?,
        },
    };
    match options.format {
        DocumentFormat::Json => outln!("{}", serde_json::to_string_pretty(&audit).map_err(std::io::Error::from)?)?,
        DocumentFormat::Text => {
            for mismatch in &audit.mismatches {
                outln!(
                    "{} {}: {}",
                    mismatch.table,
                    harmless(&mismatch.row),
                    harmless(&mismatch.what.told(context.lang))
                )?;
            }
            for id in &audit.waiting {
                outln!("{}", say(context.lang, "audit.waiting", &[("record", id)]))?;
            }
            if audit.mismatches.is_empty() {
                let values: [(&str, &dyn std::fmt::Display); 2] =
                    [("records", &audit.records), ("entries", &audit.entries)];
                outln!("{}", say(context.lang, "audit.fits", &values))?;
            } else {
                outln!("{}", say(context.lang, "audit.mismatches", &[("count", &audit.mismatches.len())]))?;
            }
        }
    }
    Ok(if audit.mismatches.is_empty() { Exit::Done } else { Exit::Findings })
}
