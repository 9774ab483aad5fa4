//! The service from outside: what a program or a browser can rely on, whatever happens.

#[path = "../common/mod.rs"]
mod common;

mod client;
mod judging;
mod limits;
mod live;
mod observing;
mod reading;
mod register;
mod uploads;
