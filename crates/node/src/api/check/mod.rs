//! The check page: somebody pastes a suspicious message and reads a plain answer. No account, no script.
//!
//! [`verdict()`] turns an examination into what is said to a person, and [`page()`] into HTML. Both are pure; [`handler`]
//! has the rate limit and the record. Without the person's agreement there is nothing to record.

pub mod handler;
mod page;
mod verdict;

pub use page::{Agreement, Form, Kept, Outcome, STYLE, page};
pub use verdict::{Level, Reason, Sentence, Verdict, Why, verdict};
