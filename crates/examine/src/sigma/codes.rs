//! The codes of matches of detection rules, one for each level of Sigma.

use sakimori_model::{Code, Severity};

/// A rule of the level `informational` matched.
pub const INFORMATIONAL: Code = Code::new("SKM-SIG-0001");
/// A rule of the level `low` matched.
pub const LOW: Code = Code::new("SKM-SIG-0002");
/// A rule of the level `medium` matched.
pub const MEDIUM: Code = Code::new("SKM-SIG-0003");
/// A rule of the level `high` matched.
pub const HIGH: Code = Code::new("SKM-SIG-0004");
/// A rule of the level `critical` matched.
pub const CRITICAL: Code = Code::new("SKM-SIG-0005");

/// The code for matches of a rule of this level.
#[must_use]
pub fn of_level(level: Severity) -> Code {
    match level {
        Severity::Informational => INFORMATIONAL,
        Severity::Low => LOW,
        Severity::Medium => MEDIUM,
        Severity::High => HIGH,
        Severity::Critical => CRITICAL,
    }
}
