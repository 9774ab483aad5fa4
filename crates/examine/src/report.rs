//! What an examination gathers: findings, the examiners that took part, and what was used up of the limits.

use std::collections::{BTreeMap, BTreeSet};

use sakimori_model::{Code, ExaminerRef, Fact, FactName, Finding, Kind, Place};

use crate::Examination;
use crate::artefact;
use crate::catalogue::{self, finding};
use crate::codes;
use crate::excerpt::Search;
use crate::limits::Limits;
use crate::source::Source;

/// Gathers what examiners find in one observation, and counts what they use up.
pub struct Report<'a> {
    limits: &'a Limits,
    member: Vec<String>,
    findings: Vec<Finding>,
    dropped: u64,
    examiners: BTreeSet<ExaminerRef>,
    /// Each fact with its place in the order in which they were noted.
    facts: BTreeMap<Fact, usize>,
    members: u64,
    unpacked_bytes: u64,
    /// How many there may be.
    unpacked_bytes_max: u64,
    pickle_opcodes: u64,
    /// Members that no examiner took, by kind: how many, and where the first is.
    without_examiner: BTreeMap<String, (u64, Place)>,
    /// The way through containers is taken to show one place, and not to find anything.
    search: Option<Search<'a>>,
    /// The modules of Python that lie in the same folder, and are examined as well.
    modules: Option<&'a BTreeSet<String>>,
    /// What is examined ends where a limit cut it off, which has been said.
    is_cut: bool,
}

/// Findings that a missing end makes by itself.
const ENDS: &[Code] = &[
    codes::UNREADABLE,
    artefact::codes::HIDDEN_MEMBER,
    artefact::codes::HEADERS_DIFFER,
    artefact::codes::STRAY_BYTES,
    artefact::codes::STRUCTURE,
    artefact::codes::WRONG_CHECKSUM,
];

/// Bytes that an observation may unpack into however small it is.
const UNPACKED_FREE_BYTES: u64 = 256 * 1024 * 1024;

/// A limit was reached; the finding that says so is already in the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitReached;

impl<'a> Report<'a> {
    /// An empty report.
    #[must_use]
    pub fn new(limits: &'a Limits) -> Self {
        Self {
            limits,
            member: Vec::new(),
            findings: Vec::new(),
            dropped: 0,
            examiners: BTreeSet::new(),
            facts: BTreeMap::new(),
            members: 0,
            unpacked_bytes: 0,
            unpacked_bytes_max: limits.unpacked_bytes_max,
            pickle_opcodes: 0,
            without_examiner: BTreeMap::new(),
            search: None,
            modules: None,
            is_cut: false,
        }
    }

    /// Examines what a limit has cut off, which has been said: that it has no end is no sign of anything else.
    pub(crate) fn of_cut(&mut self, examine: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.is_cut, true);
        examine(self);
        self.is_cut = outer;
    }

    /// The same for a file of a folder that has these modules of Python.
    pub(crate) fn among(mut self, modules: &'a BTreeSet<String>) -> Self {
        self.modules = Some(modules);
        self
    }

    /// True for a module that lies in the same folder.
    pub(crate) fn has_module(&self, name: &str) -> bool {
        self.modules.is_some_and(|modules| modules.contains(name))
    }

    /// The same for an observation of so many bytes: a small one may unpack into less.
    pub(crate) fn of_bytes(mut self, bytes: u64) -> Self {
        let in_all = bytes.saturating_mul(self.limits.ratio_max).max(UNPACKED_FREE_BYTES);
        self.unpacked_bytes_max = self.unpacked_bytes_max.min(in_all);
        self
    }

    /// A report for an examination that only goes to where the search leads.
    pub(crate) fn searching(limits: &'a Limits, search: Search<'a>) -> Self {
        Self { search: Some(search), ..Self::new(limits) }
    }

    /// The search, if this is one.
    pub(crate) fn search(&mut self) -> Option<&mut Search<'a>> {
        self.search.as_mut()
    }

    /// Shows the bytes of the current member to the search. True when nobody has to examine them: they are what is
    /// looked for, or not on the way to it. Always false in an examination.
    pub(crate) fn diverts(&mut self, source: &dyn Source) -> bool {
        let path = self.path();
        self.search.as_mut().is_some_and(|search| search.visit(path.as_deref(), source))
    }

    /// True when there is a search, and what it looks for is not in the current member.
    pub(crate) fn passes_by(&self) -> bool {
        self.search.as_ref().is_some_and(|search| search.passes_by(self.path().as_deref()))
    }

    /// The limits of this examination.
    #[must_use]
    pub fn limits(&self) -> &'a Limits {
        self.limits
    }

    /// Notes that an examiner took part, with the version of its judgement.
    pub fn ran(&mut self, id: &'static str, version: u32) {
        self.examiners.insert(ExaminerRef { id: id.into(), version });
    }

    /// Notes what the current member says of itself. An empty value says nothing; past `facts_max` nothing more is noted,
    /// and as facts are claims and no findings, that is no finding either.
    pub fn fact(&mut self, name: FactName, value: impl std::fmt::Display) {
        let next = self.facts.len();
        if next >= self.limits.facts_max {
            return;
        }
        let fact = Fact::new(name, value, self.whole());
        if !fact.value.is_empty() {
            self.facts.entry(fact).or_insert(next);
        }
    }

    /// Adds a finding. Past the limit it is counted only, unless it says that something was not examined: that must
    /// not fall out of the report, so it takes the place of the last one.
    pub fn add(&mut self, finding: Finding) {
        if self.is_cut && ENDS.contains(&finding.code) {
            return;
        }
        if self.findings.len() < self.limits.findings_max {
            self.findings.push(finding);
            return;
        }
        self.dropped += 1;
        if is_unexamined(&finding) && !self.findings.last().is_some_and(is_unexamined) {
            self.findings.pop();
            self.findings.push(finding);
        }
    }

    /// True when a finding of this code would be counted only; it is counted then. For readers that may find the same many times.
    pub fn only_counts(&mut self, code: &Code) -> bool {
        let full = self.findings.len() >= self.limits.findings_max;
        let only_counted = full && catalogue::entry(code).is_some_and(|entry| !entry.unexamined);
        self.dropped += u64::from(only_counted);
        only_counted
    }

    /// The place of a byte of the current member.
    #[must_use]
    pub fn byte(&self, offset: u64) -> Place {
        Place::Byte { member: self.path(), offset }
    }

    /// The place of the current member as a whole.
    #[must_use]
    pub fn whole(&self) -> Place {
        Place::Whole { member: self.path() }
    }

    /// The path of the current member: `None` for the observation itself.
    #[must_use]
    pub fn path(&self) -> Option<String> {
        (!self.member.is_empty()).then(|| self.member.join("!/"))
    }

    /// Goes into a member of the current container. Call [`Self::leave`] after it, whatever happened inside.
    ///
    /// # Errors
    /// [`LimitReached`] when there are too many containers inside containers, or too many members; the member is
    /// then reported as not examined and must not be entered.
    pub fn enter(&mut self, name: &str) -> Result<(), LimitReached> {
        self.members += 1;
        self.member.push(member_name(name));
        if self.member.len() > self.limits.depth_max {
            return Err(self.over("depth_max", self.limits.depth_max as u64));
        }
        if self.members > self.limits.members_max {
            return Err(self.over("members_max", self.limits.members_max));
        }
        Ok(())
    }

    /// Goes back to the container of the current member.
    pub fn leave(&mut self) {
        self.member.pop();
    }

    /// Counts bytes that were unpacked.
    ///
    /// # Errors
    /// [`LimitReached`] when the observation unpacks into too much.
    pub fn unpacked(&mut self, bytes: u64) -> Result<(), LimitReached> {
        self.unpacked_bytes = self.unpacked_bytes.saturating_add(bytes);
        if self.unpacked_bytes > self.unpacked_bytes_max {
            return Err(self.over("unpacked_bytes_max", self.unpacked_bytes_max));
        }
        Ok(())
    }

    /// Counts pickle opcodes that were run.
    ///
    /// # Errors
    /// [`LimitReached`] when the observation runs too many.
    pub fn ran_opcodes(&mut self, count: u64) -> Result<(), LimitReached> {
        self.pickle_opcodes = self.pickle_opcodes.saturating_add(count);
        if self.pickle_opcodes > self.limits.pickle_opcodes_max {
            return Err(self.over("pickle_opcodes_max", self.limits.pickle_opcodes_max));
        }
        Ok(())
    }

    /// Reports that a limit was reached, so that a part of the current member was not examined.
    pub fn over(&mut self, limit: &'static str, value: u64) -> LimitReached {
        self.add(finding(&codes::LIMIT, self.whole()).with("limit", limit).with("value", value));
        LimitReached
    }

    /// Reports that the current member could not be read to its end, and why.
    pub fn unreadable(&mut self, why: &dyn std::fmt::Display) {
        self.add(finding(&codes::UNREADABLE, self.whole()).with("why", why));
    }

    /// Reports that no examiner exists for the observation, or for the current member. Members are reported
    /// together at the end, one finding a kind: an archive of photographs is one sentence, not thousands.
    pub fn no_examiner(&mut self, kind: &str) {
        if self.member.is_empty() {
            self.add(finding(&codes::NO_EXAMINER, self.whole()).with("kind", kind));
            return;
        }
        let place = self.whole();
        let (count, _) = self.without_examiner.entry(kind.to_owned()).or_insert((0, place));
        *count += 1;
    }

    /// Ends the examination. A report that had to drop findings says so in one more.
    #[must_use]
    pub fn finish(mut self, kind: Kind) -> Examination {
        for (kind, (count, first)) in std::mem::take(&mut self.without_examiner) {
            self.add(finding(&codes::MEMBERS_WITHOUT_EXAMINER, first).with("kind", kind).with("count", count));
        }
        if self.dropped > 0 {
            self.findings.push(finding(&codes::MORE_FINDINGS, Place::WHOLE).with("count", self.dropped));
        }
        let mut facts: Vec<(usize, Fact)> = self.facts.into_iter().map(|(fact, order)| (order, fact)).collect();
        facts.sort_unstable();
        Examination {
            kind,
            findings: self.findings,
            examiners: self.examiners.into_iter().collect(),
            facts: facts.into_iter().map(|(_, fact)| fact).collect(),
        }
    }
}

/// True when the finding says that something was not examined.
#[must_use]
pub fn is_unexamined(finding: &Finding) -> bool {
    catalogue::entry(&finding.code).is_some_and(|e| e.unexamined)
}

/// A member's name, made harmless: bounded, and without control characters.
fn member_name(name: &str) -> String {
    name.chars().take(512).flat_map(|c| if c.is_control() { c.escape_unicode().collect() } else { vec![c] }).collect()
}
