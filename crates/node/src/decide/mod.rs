//! The policy: findings in, a decision with reasons out. Pure and total.

mod policy;

pub use policy::{Admission, Admitting, DEFAULT as DEFAULT_POLICY, Policy, PolicyFileError, Rule};
