//! The search for one place, which the examiners of containers carry with them.

use sakimori_model::Place;

use super::rows::{self, Rows};
use crate::limits::Limits;
use crate::source::Source;

/// Looks for the member in which a place lies.
pub(crate) struct Search<'a> {
    place: &'a Place,
    wanted: &'a str,
    limits: &'a Limits,
    found: Option<Rows>,
}

impl<'a> Search<'a> {
    /// A search for the member of `place`.
    pub fn new(place: &'a Place, limits: &'a Limits) -> Self {
        Self { place, wanted: place.member().unwrap_or_default(), limits, found: None }
    }

    /// The place that is looked for.
    pub fn place(&self) -> &'a Place {
        self.place
    }

    /// Looks at the bytes of the member with this path. False when what is looked for is a member of it.
    pub fn visit(&mut self, path: Option<&str>, source: &dyn Source) -> bool {
        if self.passes_by(path) {
            return true;
        }
        let is_it = path == Some(self.wanted);
        if is_it && let Some(rows) = rows::around(source, self.place, self.limits) {
            self.found = Some(rows);
        }
        is_it
    }

    /// True when what is looked for is neither this member nor inside it, or was found.
    pub fn passes_by(&self, path: Option<&str>) -> bool {
        self.found.is_some() || path != Some(self.wanted) && self.step_below(path).is_none()
    }

    /// What is left of the wanted path below this member; `None` when it does not lead there.
    pub fn step_below(&self, path: Option<&str>) -> Option<&'a str> {
        match path {
            None => Some(self.wanted),
            Some(path) => self.wanted.strip_prefix(path)?.strip_prefix("!/"),
        }
    }

    /// Takes these rows for what is looked for, unless it was found.
    pub fn found(&mut self, rows: Option<Rows>) {
        if self.found.is_none() {
            self.found = rows;
        }
    }

    /// What was found.
    pub fn take(&mut self) -> Option<Rows> {
        self.found.take()
    }
}
