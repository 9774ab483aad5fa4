//! Completion scripts, man pages and help, from the table of the command line.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use clap::builder::Resettable;
use clap_mangen::roff::{Roff, roman};

use crate::cli::{Arguments, Completions, Context, Help, Man};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::words::say;

/// Prints a completion script.
pub fn completions(context: &Context, options: &Completions) -> Result<Exit, Failure> {
    clap_complete::generate(options.shell, &mut Arguments::command_in(context.lang), "sakimori", &mut io::stdout());
    Ok(Exit::Done)
}

/// Prints the main man page, or writes one page a command into a folder.
pub fn man(context: &Context, options: &Man) -> Result<Exit, Failure> {
    let mut command = Arguments::command_in(context.lang);
    command.build();
    let title = say(context.lang, "man.examples", &[]);
    match &options.dir {
        Some(dir) => {
            fs::create_dir_all(dir).map_err(|error| Failure::output(dir, error))?;
            pages(dir, &command, &title)?;
        }
        None => page(&command, &title, &mut io::stdout().lock())?,
    }
    Ok(Exit::Done)
}

/// The pages of a command and of all below it.
fn pages(dir: &Path, command: &clap::Command, title: &str) -> Result<(), Failure> {
    for inner in command.get_subcommands() {
        pages(dir, inner, title)?;
    }
    let path = dir.join(clap_mangen::Man::new(command.clone()).get_filename());
    let file = File::create(&path).map_err(|error| Failure::output(&path, error))?;
    let mut out = BufWriter::new(file);
    page(command, title, &mut out).and_then(|()| out.flush()).map_err(|error| Failure::output(&path, error))
}

/// One page. What stands below the help comes last, line by line as it is.
fn page(command: &clap::Command, title: &str, out: &mut dyn Write) -> io::Result<()> {
    let rest = command.clone().after_help(Resettable::Reset);
    clap_mangen::Man::new(rest).render(out)?;
    let Some(examples) = command.get_after_help() else { return Ok(()) };
    let mut roff = Roff::new();
    roff.control("SH", [title]).control("nf", []);
    for line in examples.to_string().lines() {
        roff.text([roman(line)]);
    }
    roff.control("fi", []).to_writer(out)
}

/// Prints what `--help` of a command prints.
pub fn help(context: &Context, options: &Help) -> Result<Exit, Failure> {
    let words = options.command.iter().map(String::as_str);
    let asked = ["sakimori"].into_iter().chain(words).chain(["--help"]);
    match Arguments::command_in(context.lang).try_get_matches_from(asked) {
        Err(help) if !help.use_stderr() => Ok(out!("{}", help.render()).map(|()| Exit::Done)?),
        _ => Err(Failure::said("SKM-E-0189", "failure.no-command", &[("name", &options.command.join(" "))])),
    }
}
