//! Sakimori: AI cyberdefence as one program. See `sakimori --help`.

#[macro_use]
mod out;

mod cli;
mod commands;
mod exit;
mod failure;
mod paint;
mod progress;
mod render;
mod words;

use crate::cli::{Arguments, Command};

fn main() -> std::process::ExitCode {
    let arguments = Arguments::of_process();
    let context = arguments.context();
    let result = match arguments.command {
        Command::Check(options) => commands::check::run(&context, &options),
        Command::Vet(options) => commands::vet::run(&context, &options),
        Command::Detect(options) => commands::detect::run(&context, &options),
        Command::Prove(options) => commands::prove::run(&context, &options),
        Command::Verify(options) => commands::verify::run(&context, &options),
        Command::Model(options) => commands::model::run(&context, &options),
        Command::Log(options) => commands::log::run(&context, &options),
        Command::Audit(options) => commands::audit::run(&context, &options),
        Command::Policy(options) => commands::policy::run(&context, &options),
        Command::Share(options) => commands::share::run(&context, &options),
        Command::Backup(options) => commands::backup::run(&context, &options),
        Command::Restore(options) => commands::restore::run(&context, &options),
        Command::Explain(options) => commands::explain::run(&context, &options),
        Command::Trace(options) => commands::trace::run(&context, &options),
        Command::Erase(options) => commands::erase::run(&context, &options),
        Command::Witness(options) => commands::witness::run(&context, &options),
        Command::Serve(options) => commands::serve::run(&context, &options),
        Command::Completions(options) => commands::generate::completions(&context, &options),
        Command::Man(options) => commands::generate::man(&context, &options),
        Command::Help(options) => commands::generate::help(&context, &options),
    };
    exit::status(result.unwrap_or_else(|failure| failure::report(&context, &failure)))
}
