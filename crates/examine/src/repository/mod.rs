//! A model or an agent's package as a folder of files: each file is examined as it would be alone, with its path as its
//! member, and then [`examine`] looks at what shows only when all of them are seen together.

mod agents;
mod card;
pub mod codes;
mod dependencies;
mod facts;
mod folder;
mod licence;
mod remote;
mod shape;
mod templates;
mod weights;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use sakimori_model::{Fact, Kind};

use crate::catalogue::finding;
use crate::recognise::kinds;
use crate::report::Report;
use crate::repository::folder::Folder;
use crate::source::Source;
use crate::{Examination, Settings, examine_member, recognise};

/// The kind of a folder that is examined as one.
pub const REPOSITORY: Kind = Kind::new("repository");
/// Bytes of a file that is looked at together with the others; of a larger one the content is not handed over.
pub const WANTED_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// The version of this examiner's judgement.
const VERSION: u32 = 2;

/// A file of the folder, as it was found by [`examine_file`].
pub struct RepositoryFile<'a> {
    /// Its path below the folder, steps joined by `/`.
    pub path: &'a str,
    /// Its size in bytes.
    pub size: u64,
    /// What it is.
    pub kind: &'a Kind,
    /// What it says of itself.
    pub facts: &'a [Fact],
    /// Its bytes, where [`wants`] asked for them and it has at most [`WANTED_BYTES_MAX`].
    pub bytes: Option<&'a [u8]>,
}

/// True for a file whose bytes [`examine`] needs.
#[must_use]
pub fn wants(path: &str) -> bool {
    const ENDS: &[&str] = &[".json", ".md", ".mdx", ".rst", ".yaml", ".yml", ".toml", ".py", ".txt", ".jinja", ".cff"];
    let name = folder::name(path).to_ascii_lowercase();
    ENDS.iter().any(|end| name.ends_with(end)) || name == "mlmodel" || licence::is_licence_file(path)
}

/// The modules of Python that a folder of these paths holds, by the names under which its programs import them. Each is
/// examined as a file of its own.
pub fn modules<'p>(paths: impl Iterator<Item = &'p str>) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for path in paths.filter(|path| path.ends_with(".py")).take(MODULES_MAX) {
        let steps: Vec<&str> = path.trim_end_matches(".py").split('/').collect();
        all.extend(steps.iter().filter(|step| **step != "__init__").map(|step| (*step).to_owned()));
    }
    all
}

/// Modules of one folder that are known to its programs.
const MODULES_MAX: usize = 10_000;

/// Examines one file of a folder that has these [`modules`]. Every place of its findings and facts names the file as member.
#[must_use]
pub fn examine_file(path: &str, source: &dyn Source, settings: &Settings, modules: &BTreeSet<String>) -> Examination {
    // As in `crate::examine`: a panic is a defect, and costs one file only.
    let result = catch_unwind(AssertUnwindSafe(|| {
        let mut report = Report::new(&settings.limits).among(modules);
        let kind = match report.enter(path) {
            Ok(()) => examine_member(source, settings, &mut report),
            Err(_) => recognise::UNKNOWN,
        };
        report.leave();
        report.finish(kind)
    }));
    result.unwrap_or_else(|_| Examination::failed(recognise::UNKNOWN))
}

/// Looks at all files of a folder together. `files` are in the order of their paths. The findings and facts are only those
/// that no single file shows.
#[must_use]
pub fn examine(files: &[RepositoryFile<'_>], settings: &Settings) -> Examination {
    let result = catch_unwind(AssertUnwindSafe(|| {
        let mut report = Report::new(&settings.limits);
        report.ran("repository", VERSION);
        look(&Folder::new(files), &mut report);
        report.finish(REPOSITORY)
    }));
    result.unwrap_or_else(|_| Examination::failed(REPOSITORY))
}

/// The same without the safety net for panics.
pub(crate) fn look(folder: &Folder<'_>, report: &mut Report<'_>) {
    shape::examine(folder, report);
    agents::examine(folder, report);
    weights::examine(folder, report);
    remote::examine(folder, report);
    templates::examine(folder, report);
    dependencies::examine(folder, report);
    facts::note_configured(folder, report);
    card::note_card(folder, report);
    licence::examine(folder, report);
}

/// Says of a pointer of Git LFS that the content is elsewhere. Returns whether it is one.
pub(crate) fn examine_pointer(kind: &Kind, report: &mut Report<'_>) -> bool {
    let is_pointer = *kind == kinds::LFS_POINTER;
    if is_pointer {
        report.add(finding(&codes::POINTER, report.whole()));
    }
    is_pointer
}
