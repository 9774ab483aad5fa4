//! `sakimori prove`.

use std::fs;
use std::io::Write as _;

use crate::cli::{Context, Prove};
use crate::exit::Exit;
use crate::failure::Failure;

/// Writes the evidence bundle of a record.
pub fn run(context: &Context, options: &Prove) -> Result<Exit, Failure> {
    let bundle = super::node(context)?.prove(&options.id)?;
    if options.out.as_os_str() == "-" {
        std::io::stdout().write_all(bundle.as_bytes())?;
    } else {
        fs::write(&options.out, bundle).map_err(|error| Failure::file(&options.out, &error))?;
    }
    Ok(Exit::Done)
}
