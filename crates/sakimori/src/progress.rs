//! Progress on standard error, on a terminal only.

use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressStyle};
use sakimori_node::flow::Progress;

use crate::cli::{Chatter, Context};

/// A progress bar over inputs, or nothing.
pub struct Bar(ProgressBar);

impl Bar {
    /// A bar where one is wanted: standard error is a terminal, and the user did not ask for quiet.
    pub fn new(context: &Context) -> Self {
        let wanted = context.chatter == Chatter::Normal && std::io::stderr().is_terminal();
        let bar = if wanted { ProgressBar::no_length() } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed} {wide_msg}") {
            bar.set_style(style);
        }
        Self(bar)
    }

    /// Prints something without tearing the bar.
    pub fn suspended<T>(&self, print: impl FnOnce() -> T) -> T {
        self.0.suspend(print)
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.0.finish_and_clear();
    }

    /// One more of something was done.
    pub fn step(&self, what: &str) {
        self.0.set_message(crate::words::harmless(what));
        self.0.inc(1);
    }
}

impl Progress for Bar {
    fn inputs(&self, count: usize) {
        self.0.set_length(count as u64);
    }

    fn examined(&self, path: &str) {
        self.step(path);
    }
}
