//! The service: the same flow for browsers and programs. `routes.rs` is the table of everything that answers.

pub mod problem;
pub mod readers;
pub mod recorder;
