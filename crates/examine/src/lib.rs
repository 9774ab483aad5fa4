//! Examiners: bytes or events in, findings out. Pure: no clock, no network, no file system; limits are passed in.
//!
//! [`examine`] recognises what bytes are by their content, hands them to the examiner for it, and returns an
//! [`Examination`]. What can't be examined is a finding too, never "clean".

pub mod agent;
pub mod artefact;
mod begun;
pub mod catalogue;
pub mod codes;
pub mod disclosure;
pub mod excerpt;
pub mod fuzz;
pub mod limits;
pub mod log;
pub mod mail;
pub mod message;
mod prose;
pub mod provenance;
pub mod recognise;
pub mod report;
pub mod repository;
pub mod sigma;
pub mod source;

use std::panic::{AssertUnwindSafe, catch_unwind};

use sakimori_model::{ExaminerRef, Fact, Finding, Kind, Place};

use crate::limits::Limits;
use crate::report::Report;
use crate::source::Source;

/// What an examination works with: its limits and its detection rules.
#[derive(Default)]
pub struct Settings {
    /// What it may use up.
    pub limits: Limits,
    /// Sigma rules for logs.
    pub sigma: sigma::RuleSet,
}

/// What came out of an examination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examination {
    /// What the bytes are, judged by their content.
    pub kind: Kind,
    /// What was found, in the order of the content.
    pub findings: Vec<Finding>,
    /// The examiners that took part.
    pub examiners: Vec<ExaminerRef>,
    /// What the bytes say of themselves, in the order of the content: claims, and no findings.
    pub facts: Vec<Fact>,
}

impl Examination {
    /// What is left to say when an examiner has failed: a defect, and never "clean".
    fn failed(kind: Kind) -> Self {
        let findings = vec![catalogue::finding(&codes::EXAMINER_FAILED, Place::WHOLE)];
        Self { kind, findings, examiners: Vec::new(), facts: Vec::new() }
    }

    /// The findings that say what was not examined. None means that everything was.
    pub fn unexamined(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|f| report::is_unexamined(f))
    }
}

/// Examines bytes. Total: whatever the bytes are, an examination comes back.
#[must_use]
pub fn examine(source: &dyn Source, settings: &Settings) -> Examination {
    // A panic is a defect, and it must cost one observation only, not the whole run. Nothing that `examine_member`
    // touches outlives the unwinding: the report is made anew.
    let result = catch_unwind(AssertUnwindSafe(|| {
        let mut report = Report::new(&settings.limits).of_bytes(source.size());
        let kind = examine_member(source, settings, &mut report);
        report.finish(kind)
    }));
    result.unwrap_or_else(|_| Examination::failed(recognise::UNKNOWN))
}

/// Examines an observation, or a member of a container, and returns its kind. Examiners of containers call it for
/// each member between [`Report::enter`] and [`Report::leave`].
pub fn examine_member(source: &dyn Source, settings: &Settings, report: &mut Report<'_>) -> Kind {
    if report.diverts(source) {
        return recognise::UNKNOWN;
    }
    if source.size() > HELD_BYTES_MAX as u64 {
        return examine_undiverted(source, settings, report);
    }
    match source::read_up_to(source, 0, HELD_BYTES_MAX) {
        Ok(held) => examine_undiverted(&held, settings, report),
        Err(error) => {
            report.unreadable(&error);
            recognise::UNKNOWN
        }
    }
}

/// Bytes of what is read once, instead of by each that looks whether it is of its kind: archives have thousands of small members.
const HELD_BYTES_MAX: usize = 64 * 1024;

fn examine_undiverted(source: &dyn Source, settings: &Settings, report: &mut Report<'_>) -> Kind {
    let kind = match recognise::recognise(source) {
        Ok(kind) => kind,
        Err(error) => {
            report.unreadable(&error);
            return recognise::UNKNOWN;
        }
    };
    let kind = agent::kinds::by_name(kind, report.path().as_deref(), source);
    // Only as a whole: that a text inside of something has no sign of a fraud says too little.
    let kind = if report.path().is_none() && message::reads_like_one(&kind, source) { message::MESSAGE } else { kind };
    let as_artefact =
        agent::examine(&kind, source, settings, report) || artefact::examine(&kind, source, settings, report);
    let as_what_people_did = !as_artefact
        && (log::examine(&kind, source, settings, report)
            || mail::examine(&kind, source, settings, report)
            || message::examine(&kind, source, report));
    let examined = as_artefact
        || as_what_people_did
        || repository::examine_pointer(&kind, report)
        || artefact::examine_text(&kind, source, report);
    if !as_what_people_did {
        disclosure::examine(&kind, source, report);
    }
    if kind == recognise::EMPTY && is_empty_by_nature(report.path().as_deref()) {
        // There is nothing to examine, and nothing is missing.
    } else if kind == recognise::EMPTY {
        report.add(catalogue::finding(&codes::EMPTY, report.whole()));
    } else if !examined {
        report.no_examiner(kind.as_str());
    }
    kind
}

/// True for members of packages that only have to be there.
fn is_empty_by_nature(path: Option<&str>) -> bool {
    const NAMES: &[&str] = &["__init__.py", "py.typed", ".gitkeep", ".keep", ".nojekyll"];
    path.and_then(|path| path.rsplit('/').next()).is_some_and(|name| NAMES.contains(&name))
}
