//! What the examiners of mails and messages share: how text is read, whose hosts are whose, and what disguises either.

pub mod brands;
pub mod disturbed;
pub mod domain;
pub mod fold;
pub mod hidden;
pub mod lookalike;
pub mod near;
pub mod orders;
pub mod redirect;
pub mod seen;
pub mod tables;
