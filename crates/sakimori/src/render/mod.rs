//! The outcomes of `check` in each form.

mod json;
mod junit;
mod markdown;
mod sarif;
mod text;

use std::io::{self, Write};

use sakimori_node::decide::Policy;
use sakimori_node::outcome::Outcome;

use crate::cli::{CheckFormat, Context};

pub use markdown::signature;

/// Writes outcomes one by one.
pub trait Renderer {
    /// One outcome, right after it was recorded.
    fn outcome(&mut self, out: &mut dyn Write, outcome: &Outcome) -> io::Result<()>;

    /// The end, when all outcomes were written.
    fn end(&mut self, out: &mut dyn Write) -> io::Result<()>;
}

/// The renderer for a form.
pub fn renderer<'a>(format: CheckFormat, context: &'a Context, policy: &'a Policy) -> Box<dyn Renderer + 'a> {
    match format {
        CheckFormat::Text => Box::new(text::Text::new(context, policy)),
        CheckFormat::Json => Box::new(json::Json::document(context.lang)),
        CheckFormat::Jsonl => Box::new(json::Json::lines(context.lang)),
        CheckFormat::Junit => Box::new(junit::Junit::new(context.lang)),
        CheckFormat::Markdown => Box::new(markdown::Markdown::new(context)),
        CheckFormat::Sarif => Box::new(sarif::Sarif::new(context.lang)),
    }
}
