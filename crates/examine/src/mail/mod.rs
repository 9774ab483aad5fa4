//! mail examiners.

use sakimori_model::Kind;

use crate::Settings;
use crate::report::Report;
use crate::source::Source;

/// Examines `source` if its kind is one of this family. Returns whether it is.
pub fn examine(_kind: &Kind, _source: &dyn Source, _settings: &Settings, _report: &mut Report<'_>) -> bool {
    false
}
