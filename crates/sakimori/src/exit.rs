//! Exit statuses, decided in one place.

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Clean, or done.
    Done,
    /// There are findings at or above `--fail-on`, a proof that does not hold, or a damaged log.
    Findings,
    /// It could not be done, or not all of it.
    CouldNot,
}

/// The exit status of the process.
pub fn status(exit: Exit) -> ExitCode {
    ExitCode::from(match exit {
        Exit::Done => 0,
        Exit::Findings => 1,
        Exit::CouldNot => 2,
    })
}
