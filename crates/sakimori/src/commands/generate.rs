//! Completion scripts and man pages, from the table of the command line.

use crate::cli::{Arguments, Completions, Context, Man};
use crate::exit::Exit;
use crate::failure::Failure;

/// Prints a completion script.
pub fn completions(context: &Context, options: &Completions) -> Result<Exit, Failure> {
    clap_complete::generate(
        options.shell,
        &mut Arguments::command_in(context.lang),
        "sakimori",
        &mut std::io::stdout(),
    );
    Ok(Exit::Done)
}

/// Prints the main man page, or writes one page a command into a folder.
pub fn man(context: &Context, options: &Man) -> Result<Exit, Failure> {
    match &options.dir {
        Some(dir) => {
            std::fs::create_dir_all(dir).map_err(|error| Failure::file(dir, &error))?;
            clap_mangen::generate_to(Arguments::command_in(context.lang), dir)?;
        }
        None => clap_mangen::Man::new(Arguments::command_in(context.lang)).render(&mut std::io::stdout())?,
    }
    Ok(Exit::Done)
}
