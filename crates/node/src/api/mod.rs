//! The service: the same flow for browsers and programs. `routes.rs` is the table of everything that answers.

#![expect(unused_qualifications, reason = "the macro that describes the routes writes them")]

pub mod access;
pub mod admissions;
pub mod app;
pub mod caller;
pub mod check;
mod console;
mod decisions;
mod doorway;
mod dto;
mod erasure;
mod events;
mod extract;
mod feed;
mod followed;
mod health;
pub(crate) mod hostile;
mod jobs;
mod language;
mod metrics;
mod observations;
mod oidc;
mod overview;
mod policies;
pub mod problem;
pub mod readers;
pub mod recorder;
mod records;
pub mod routes;
pub mod serve;
pub mod session;
mod shield;
mod sources;
mod tokens;
mod trace;
mod uploads;
mod users;
pub mod witness;
pub mod witnesses;
