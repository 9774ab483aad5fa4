//! Fuzz targets: plain functions over arbitrary bytes, for a fuzzer (`fuzz/` at the root) and for tests.

use std::sync::LazyLock;

use sakimori_examine::catalogue;
pub use sakimori_model::fuzz::Target;
use sakimori_model::{Effect, Finding, Kind, Place};

use crate::config::Config;
use crate::decide::Policy;

/// The targets of this crate.
pub const TARGETS: &[Target] = &[
    Target { name: "policy", run: policy },
    Target { name: "request", run: crate::api::hostile::read },
    Target { name: "service_config", run: service_config },
];

/// Runs the target with this name.
///
/// # Panics
/// When there is none, or when an invariant does not hold.
pub fn run(name: &str, bytes: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name).unwrap_or_else(|| panic!("no target {name}"));
    (target.run)(bytes);
}

/// A configuration that can be read has one meaning: written down and read again it is the same.
fn service_config(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(config) = toml::from_str::<Config>(text) else { return };
    // What TOML can't hold, such as an absent value, is left out; what is written must be readable.
    if let Ok(written) = toml::to_string(&config) {
        let again: Config = toml::from_str(&written).expect("what was written can be read");
        assert_eq!(format!("{config:?}"), format!("{again:?}"));
    }
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
