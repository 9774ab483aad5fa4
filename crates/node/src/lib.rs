//! A node: the flow, and every way in and out. Read [`flow`] first.

pub mod access;
pub mod act;
pub mod api;
pub mod audit;
pub mod backup;
pub mod bom;
pub mod config;
pub mod decide;
pub mod erase;
pub mod error;
pub mod explain;
pub mod export;
pub mod flow;
pub mod fuzz;
pub mod incident;
pub mod keys;
pub mod monitor;
pub mod node;
pub mod observe;
pub mod outcome;
pub mod place;
pub mod prove;
pub mod record;
pub mod register;
pub mod share;
pub mod signature;
pub mod sources;
pub mod told;
pub mod trace;
pub mod unit;
pub mod vet;
pub mod witness;

pub use error::NodeError;
pub use node::Node;
