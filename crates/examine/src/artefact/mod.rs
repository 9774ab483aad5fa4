//! artefact examiners.

pub mod pickle;

use sakimori_model::Kind;

use crate::Settings;
use crate::report::Report;
use crate::source::Source;

/// Examines `source` if its kind is one of this family. Returns whether it is.
pub fn examine(kind: &Kind, source: &dyn Source, _settings: &Settings, report: &mut Report<'_>) -> bool {
    if *kind == pickle::KIND {
        pickle::examine(source, pickle::Carrier::Plain, report);
        return true;
    }
    false
}
