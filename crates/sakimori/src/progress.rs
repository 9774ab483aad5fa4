//! Progress on standard error, on a terminal only.

use std::io::IsTerminal as _;
use std::sync::atomic::{AtomicU64, Ordering};

use indicatif::{HumanBytes, ProgressBar, ProgressStyle};
use sakimori_node::backup;
use sakimori_node::flow::Progress;

use crate::cli::{Chatter, Context};

/// A progress bar over inputs and bytes, or nothing.
pub struct Bar {
    bar: ProgressBar,
    bytes: AtomicU64,
}

impl Bar {
    /// A bar where one is wanted: standard error is a terminal, and the user did not ask for quiet.
    pub fn new(context: &Context) -> Self {
        let wanted = context.chatter == Chatter::Normal && std::io::stderr().is_terminal();
        let bar = if wanted { ProgressBar::no_length() } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {prefix} {elapsed} {wide_msg}") {
            bar.set_style(style);
        }
        Self { bar, bytes: AtomicU64::new(0) }
    }

    /// Prints something without tearing the bar.
    pub fn suspended<T>(&self, print: impl FnOnce() -> T) -> T {
        self.bar.suspend(print)
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }

    /// So many of so many were done.
    pub fn of(&self, done: u64, all: u64) {
        self.bar.set_length(all);
        self.bar.set_position(done);
    }

    /// One more of something was done.
    pub fn step(&self, what: &str) {
        self.bar.set_message(crate::words::harmless(what));
        self.bar.inc(1);
    }
}

impl Bar {
    /// How far a backup or a restore has come.
    pub fn copied(&self, progress: backup::Progress<'_>) {
        match progress {
            backup::Progress::Files(count) => self.inputs(count),
            backup::Progress::Copied(path, bytes) => {
                self.bytes(bytes);
                self.step(path);
            }
            backup::Progress::Checking => self.bar.set_message("log, state"),
        }
    }
}

impl Progress for Bar {
    fn inputs(&self, count: usize) {
        self.bar.set_length(count as u64);
    }

    fn bytes(&self, count: u64) {
        let all = self.bytes.fetch_add(count, Ordering::Relaxed) + count;
        if !self.bar.is_hidden() {
            self.bar.set_prefix(HumanBytes(all).to_string());
        }
    }

    fn examined(&self, path: &str) {
        self.step(path);
    }
}
