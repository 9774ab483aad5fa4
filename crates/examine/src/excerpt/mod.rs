//! The content around the place of a finding, for a person to look at.
//!
//! The way to a member is the examiners' own: they go through the containers with a [`Search`] in their report, which
//! keeps them from judging anything, and leads them past what is not on the way. So a path means here what it meant
//! when the finding was made. A path that several members of one archive share leads to the first that has the place.

mod rows;
mod search;

use std::panic::{AssertUnwindSafe, catch_unwind};

use sakimori_model::Place;
use serde::{Deserialize, Serialize};

use crate::limits::Limits;
use crate::recognise::recognise;
use crate::report::Report;
use crate::sigma::RuleSet;
use crate::source::Source;
use crate::{Settings, examine_member, log};

pub(crate) use rows::{Rows, first_lines, lines};
pub(crate) use search::Search;

/// Rows of one excerpt.
pub const ROWS_MAX: usize = 40;
/// Characters of one row, with its escapes.
pub const ROW_CHARS_MAX: usize = 400;

/// The content around a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Excerpt {
    /// What the rows are.
    pub form: Form,
    /// The path of the member that they are from, as the place has it.
    pub member: Option<String>,
    /// The position of the first row.
    pub start: u64,
    /// At most [`ROWS_MAX`], in the order of the content.
    pub rows: Vec<Row>,
    /// There is more of the content than is shown.
    pub cut: bool,
}

/// What the rows of an excerpt are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// 16 bytes or fewer a row, as pairs of hexadecimal digits with a blank between them.
    Hex,
    /// Lines of text.
    Lines,
    /// The fields of one event, as `field: value`.
    Fields,
}

/// One row of an excerpt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Where it is: the offset of its first byte, the number of the line from 1, or the number of the record.
    pub at: u64,
    /// At most [`ROW_CHARS_MAX`] characters; control and direction-changing ones stand as escapes.
    pub text: String,
    /// What the place points at: characters of the text, from the first to the one after the last.
    pub mark: Option<(u32, u32)>,
}

/// The content around `place` in `source`. Total: `None` when there is no such place, or it can't be reached within
/// the limits.
///
/// An event is looked for in the observation itself, because its place does not name a member.
#[must_use]
pub fn excerpt(source: &dyn Source, place: &Place, limits: &Limits) -> Option<Excerpt> {
    // As in `examine`: a defect of a reader costs one excerpt only.
    catch_unwind(AssertUnwindSafe(|| find(source, place, limits))).ok().flatten()
}

fn find(source: &dyn Source, place: &Place, limits: &Limits) -> Option<Excerpt> {
    let rows = if let Place::Event { record, field } = place {
        let kind = recognise(source).ok()?;
        log::show(source, &kind, *record, field.as_deref(), limits)?
    } else if place.member().is_some() {
        let mut report = Report::searching(limits, Search::new(place, limits));
        // No rules: nothing is judged on the way.
        let settings = Settings { limits: limits.clone(), sigma: RuleSet::default() };
        examine_member(source, &settings, &mut report);
        report.search()?.take()?
    } else {
        rows::around(source, place, limits)?
    };
    rows.finish(place.member())
}

#[cfg(test)]
mod tests;
