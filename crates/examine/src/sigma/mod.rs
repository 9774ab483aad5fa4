//! Sigma rules.

/// A set of compiled rules.
#[derive(Default)]
pub struct RuleSet {}
