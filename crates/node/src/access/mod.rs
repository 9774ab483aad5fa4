//! Who may do what, and how a caller shows who it is. No handlers and no tables: those stand in the interfaces and in the store.
//!
//! [`role`] is the table of rights. [`password`], [`secret`] and [`cookie`] are what a caller shows, [`throttle`] slows down
//! whoever guesses, [`oidc`] lets another provider answer for a person, [`listen`] and [`tls`] are the door itself.

pub mod cookie;
pub mod listen;
pub mod name;
pub mod oidc;
pub mod password;
mod password_common;
pub mod role;
pub mod secret;
pub mod throttle;
pub mod tls;
mod validity;
