//! `sakimori prove`.

use std::fs;
use std::io::Write as _;

use crate::cli::{Context, ProofFormat, Prove};
use crate::exit::Exit;
use crate::failure::Failure;

/// Writes the evidence of a record.
pub fn run(context: &Context, options: &Prove) -> Result<Exit, Failure> {
    let node = super::node(context)?;
    let proof = match options.format {
        ProofFormat::Bundle => node.prove(&options.id)?.into_bytes(),
        ProofFormat::Cose => node.receipt(&options.id)?,
    };
    if options.out.as_os_str() == "-" {
        std::io::stdout().write_all(&proof)?;
    } else {
        fs::write(&options.out, proof).map_err(|error| Failure::output(&options.out, error))?;
    }
    Ok(Exit::Done)
}
