//! One file a command: from the arguments to the node and back to the user.

pub mod audit;
pub mod backup;
pub mod check;
pub mod detect;
pub mod erase;
pub mod explain;
pub mod generate;
pub mod log;
pub mod model;
pub mod model_bom;
pub mod model_sign;
pub mod monitor;
pub mod policy;
pub mod prove;
pub mod restore;
pub mod rules;
pub mod serve;
pub mod share;
pub mod trace;
pub mod verify;
pub mod vet;
pub mod witness;

use std::fs;
use std::path::Path;

use sakimori_node::Node;
use sakimori_node::decide::{DEFAULT_POLICY, Policy};

use crate::cli::{Chatter, Context};
use crate::failure::Failure;
use crate::words::say;

/// The node that the context names. It must be there: a mistyped folder is an error, not an empty node.
pub fn node(context: &Context) -> Result<Node, Failure> {
    let home = context.home()?;
    if !Node::exists(&home) {
        return Err(no_node(&home));
    }
    match Node::open(&home) {
        // What waits for a signature goes on waiting; what is there can be read.
        Err(error) if error.is_unsigned() => Ok(Node::open_to_read(&home)?),
        opened => Ok(opened?),
    }
}

/// As [`node`], for a command that reads tables only.
pub fn node_to_read(context: &Context) -> Result<Node, Failure> {
    let home = context.home()?;
    if Node::exists(&home) { Ok(Node::open_to_read(&home)?) } else { Err(no_node(&home)) }
}

/// There is no node in this folder.
pub fn no_node(home: &Path) -> Failure {
    Failure::said("SKM-E-0023", "failure.no-node", &[("path", &home.display())])
}

/// The node that the context names, made if need be; then the user is told.
pub fn node_or_new(context: &Context) -> Result<Node, Failure> {
    let home = context.home()?;
    let is_new = !Node::exists(&home);
    let node = Node::open(&home)?;
    if is_new {
        node_is_made(context, "node.made", &home);
    }
    Ok(node)
}

/// Tells the user what a new node is, and what must be kept.
pub fn node_is_made(context: &Context, what: &str, home: &Path) {
    if context.chatter == Chatter::Normal {
        eprintln!("{}", say(context.lang, what, &[("home", &home.display())]));
    }
}

/// A policy file, or the default policy.
pub fn policy(path: Option<&Path>) -> Result<Policy, Failure> {
    let text = match path {
        Some(path) => fs::read_to_string(path).map_err(|error| Failure::file(path, error))?,
        None => DEFAULT_POLICY.to_owned(),
    };
    Policy::parse(&text).map_err(|error| Failure::from(sakimori_node::NodeError::from(error)))
}
