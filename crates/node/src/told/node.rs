//! Errors of the node itself, its tables and its backups.

use sakimori_store::StoreError;

use super::{Told, at, ja};
use crate::NodeError;
use crate::audit::Fault;
use crate::backup::BackupError;
use crate::config::ConfigError;
use crate::decide::PolicyFileError;
use crate::erase::NotErased;
use crate::register::NotJudged;

impl Told for NodeError {
    fn in_japanese(&self) -> String {
        match self {
            Self::Folder { path, error } => at(path, error),
            Self::Output { path, error } => ja!("node.output", path = path.display(), error = error.in_japanese()),
            Self::Busy { path, seconds } => ja!("node.busy", path = path.display(), seconds = seconds),
            Self::Store(error) => error.in_japanese(),
            Self::Log(error) => error.in_japanese(),
            Self::RolledBack { log, size, known } => {
                ja!("node.rolled-back", log = log.display(), size = size, known = known)
            }
            Self::NoKey { path } => ja!("node.no-key", path = path.display()),
            Self::Key(error) => error.in_japanese(),
            Self::Random(error) => ja!("random", error = error),
            Self::NoRecord(id) => ja!("node.no-record", id = id),
            Self::EmptyStretch { from, to, size } => ja!("node.empty-stretch", from = from, to = to, size = size),
            Self::NothingThen => ja!("node.nothing-then"),
            Self::Ambiguous { part, candidates } => ja!("node.ambiguous", part = part, candidates = candidates),
            Self::StateRolledBack { known, size } => ja!("node.state-rolled-back", known = known, size = size),
            Self::OtherKey { log, key } => ja!("node.other-key", log = log, key = key),
            Self::NotADecision(id) => ja!("node.not-a-decision", id = id),
            Self::NoFinding(name) => ja!("node.no-finding", name = name),
            Self::NoPolicy(digest) => ja!("node.no-policy", digest = digest),
            Self::NoModel(name) => ja!("node.no-model", name = name),
            Self::NotErased(error) => error.in_japanese(),
            Self::NotJudged(error) => error.in_japanese(),
            Self::Policy(error) => error.in_japanese(),
            Self::Inconsistent { id, what } => ja!("node.inconsistent", id = id, what = what),
            Self::NotMoved => ja!("node.not-moved"),
            Self::Stopped(what) => ja!("node.stopped", what = what),
            Self::Red => ja!("node.red"),
            Self::PathNotUtf8 => ja!("node.path-not-utf8"),
        }
    }
}

impl Told for StoreError {
    fn in_japanese(&self) -> String {
        match self {
            Self::Database(error) => ja!("store.database", error = error),
            Self::TooNew { found, known } => ja!("store.too-new", found = found, known = known),
            Self::Damaged { table, row, what } => ja!("store.damaged", table = table, row = row, what = what),
        }
    }
}

impl Told for NotErased {
    fn in_japanese(&self) -> String {
        match self {
            Self::NotADecision(id) => ja!("erase.not-a-decision", id = id),
            Self::Before { of, by } => ja!("erase.before", of = of, by = by),
            Self::Admission { of, admission } => ja!("erase.admission", of = of, admission = admission),
            Self::TooMany(id) => ja!("erase.too-many", id = id),
        }
    }
}

impl Told for NotJudged {
    fn in_japanese(&self) -> String {
        match self {
            Self::NotAdmitted => ja!("judged.not-admitted"),
            Self::NoState => ja!("judged.no-state"),
            Self::TooLong => ja!("judged.too-long"),
            Self::Past => ja!("judged.past"),
            Self::NoNote => ja!("judged.no-note"),
        }
    }
}

impl Told for PolicyFileError {
    fn in_japanese(&self) -> String {
        match self {
            Self::TooLarge => ja!("policy.too-large"),
            Self::Form(what) => ja!("policy.form", what = what),
        }
    }
}

impl Told for ConfigError {
    fn in_japanese(&self) -> String {
        ja!("config", path = self.path.display(), what = self.message)
    }
}

impl Told for BackupError {
    fn in_japanese(&self) -> String {
        match self {
            Self::Node(error) => error.in_japanese(),
            Self::File { path, error } => at(path, error),
            Self::Occupied { path } => ja!("backup.occupied", path = path.display()),
            Self::NoParent { path } => ja!("backup.no-parent", path = path.display()),
            Self::Inside { path } => ja!("backup.inside", path = path.display()),
            Self::NotABackup { path, what } => ja!("backup.none", path = path.display(), what = what),
            Self::Torn { path, what } => ja!("backup.torn", path = path.display(), what = what),
            Self::Altered { path } => ja!("backup.altered", path = path.display()),
            Self::UnsoundLog(bad) => {
                ja!("backup.unsound", place = format!("log/{}", bad.name), what = bad.problem.in_japanese())
            }
            Self::UnsoundTables(first) => {
                ja!("backup.unsound", place = format!("{} {}", first.table, first.row), what = first.what.in_japanese())
            }
            Self::OtherMoment => ja!("backup.other-moment"),
            Self::HomeOccupied { path } => ja!("backup.occupied", path = path.display()),
            Self::HomeInUse { path } => ja!("backup.in-use", path = path.display()),
            Self::Older { size, known } => ja!("backup.older", size = size, known = known),
            Self::OtherHistory { size, here, there } => {
                ja!("backup.other-history", size = size, here = here, there = there)
            }
            Self::NotACheckpoint(error) => error.in_japanese(),
            Self::NotByThisKey(error) => ja!("backup.not-by-key", why = error.in_japanese()),
        }
    }
}

impl Told for Fault {
    fn in_japanese(&self) -> String {
        match self {
            Self::Damaged(what) => ja!("fault.damaged", what = what),
            Self::NoRecordHere => ja!("fault.no-record-here"),
            Self::Commitment => ja!("fault.commitment"),
            Self::LogEnds(index) => ja!("fault.log-ends", index = index),
            Self::OtherCommitment(index) => ja!("fault.other-commitment", index = index),
            Self::OtherRecord(id) => ja!("fault.other-record", id = id),
            Self::Statement(error) => error.in_japanese(),
            Self::Missing => ja!("fault.missing"),
            Self::Unjustified => ja!("fault.unjustified"),
            Self::Differs => ja!("fault.differs"),
            Self::NotNewest => ja!("fault.not-newest"),
            Self::Waits => ja!("fault.waits"),
            Self::Newest => ja!("fault.newest"),
            Self::Count => ja!("fault.count"),
            Self::SessionUnjustified => ja!("fault.session-unjustified"),
            Self::SessionOfOther => ja!("fault.session-of-other"),
            Self::SessionSecret => ja!("fault.session-secret"),
            Self::SessionSignedOut => ja!("fault.session-signed-out"),
            Self::SessionEnded => ja!("fault.session-ended"),
            Self::NoErasure => ja!("fault.no-erasure"),
            Self::ErasedMissing => ja!("fault.erased-missing"),
            Self::OtherErasure => ja!("fault.other-erasure"),
            Self::NotErased => ja!("fault.not-erased"),
            Self::ErasureRowMissing => ja!("fault.erasure-row-missing"),
            Self::OfErased => ja!("fault.of-erased"),
        }
    }
}
