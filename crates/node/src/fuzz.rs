//! Fuzz targets: plain functions over arbitrary bytes, for a fuzzer (`fuzz/` at the root) and for tests.

use std::sync::LazyLock;

use sakimori_examine::catalogue;
pub use sakimori_model::fuzz::Target;
use sakimori_model::{Effect, Finding, Kind, Place};

use crate::decide::Policy;

/// The targets of this crate.
pub const TARGETS: &[Target] = &[Target { name: "policy", run: policy }];

/// Runs the target with this name.
///
/// # Panics
/// When there is none, or when an invariant does not hold.
pub fn run(name: &str, bytes: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name).unwrap_or_else(|| panic!("no target {name}"));
    (target.run)(bytes);
}

/// One finding of each code.
static FINDINGS: LazyLock<Vec<Finding>> =
    LazyLock::new(|| catalogue::entries().map(|(code, _)| catalogue::finding(code, Place::WHOLE)).collect());

/// A policy that can be read decides: the score is the sum of the points, and an erring rule is never a silent pass.
fn policy(bytes: &[u8]) {
    let Some(policy) = std::str::from_utf8(bytes).ok().and_then(|text| Policy::parse(text).ok()) else { return };
    for findings in [&[], FINDINGS.as_slice()] {
        let decision = policy.decide(&Kind::new("pickle"), findings);
        assert_eq!(decision.score, findings.iter().map(Finding::points).sum::<i64>());
        assert!(policy.errors().is_empty() || decision.effect >= Effect::Review);
        assert_eq!(decision.errors, policy.errors());
        let strongest = decision.reasons.iter().map(|reason| reason.effect).max().unwrap_or(Effect::Allow);
        assert!(decision.effect >= strongest);
    }
}
