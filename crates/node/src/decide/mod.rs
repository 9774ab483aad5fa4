//! The policy: findings in, a decision with reasons out. Pure and total.

mod policy;

pub use policy::{DEFAULT as DEFAULT_POLICY, Policy, PolicyFileError, Rule};
