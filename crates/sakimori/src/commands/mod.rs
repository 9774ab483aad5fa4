//! One file a command: from the arguments to the node and back to the user.

pub mod audit;
pub mod check;
pub mod detect;
pub mod explain;
pub mod generate;
pub mod log;
pub mod policy;
pub mod prove;
pub mod rules;
pub mod share;
pub mod verify;

use std::fs;
use std::path::Path;

use sakimori_node::Node;
use sakimori_node::decide::{DEFAULT_POLICY, Policy};

use crate::cli::Context;
use crate::failure::Failure;

/// The node that the context names.
pub fn node(context: &Context) -> Result<Node, Failure> {
    Ok(Node::open(&context.home())?)
}

/// A policy file, or the default policy.
pub fn policy(path: Option<&Path>) -> Result<Policy, Failure> {
    let text = match path {
        Some(path) => fs::read_to_string(path).map_err(|error| Failure::file(path, &error))?,
        None => DEFAULT_POLICY.to_owned(),
    };
    Policy::parse(&text).map_err(|error| Failure::from(sakimori_node::NodeError::from(error)))
}
