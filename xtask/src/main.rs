//! Tasks of the workspace: `cargo run -p xtask -- tidy | docs | coverage | dist`.

mod coverage;
mod dist;
mod docs;
mod messages;
mod tidy;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Tasks of the Sakimori workspace.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Check the crate graph and the style ratchets.
    Tidy {
        /// Write what was measured as the new bound, where it got better.
        #[arg(long)]
        update: bool,
    },
    /// Write `docs/schema` and `docs/findings` anew.
    Docs {
        /// Fail instead when they differ.
        #[arg(long)]
        check: bool,
    },
    /// Run a built `sakimori` over unpacked data sets and write `docs/coverage.md`.
    Coverage {
        /// The folder into which the data sets were unpacked.
        #[arg(long, env = "SAKIMORI_DATA")]
        data: PathBuf,
        /// The program.
        #[arg(long, default_value = "target/release/sakimori")]
        program: PathBuf,
    },
    /// Build the Debian package, the archive and their digests.
    Dist {
        /// A built program. [default: the release binary, built now]
        #[arg(long)]
        program: Option<PathBuf>,
        /// The folder for them.
        #[arg(long, default_value = "target/dist")]
        out: PathBuf,
    },
}

fn main() -> ExitCode {
    let result = match Arguments::parse().task {
        Task::Tidy { update: true } => tidy::run(tidy::Ratchet::Update),
        Task::Tidy { update: false } => tidy::run(tidy::Ratchet::Keep),
        Task::Docs { check: true } => docs::run(docs::Mode::Check),
        Task::Docs { check: false } => docs::run(docs::Mode::Write),
        Task::Coverage { data, program } => coverage::run(&data, &program),
        Task::Dist { program, out } => dist::run(program.as_deref(), &out),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The root of the workspace.
fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}
