//! The register of models and agents: what may go live, since when, by whose decision, and whether that still holds.

use std::path::{Path, PathBuf};

use sakimori_model::{
    Actor, AdmissionPredicate, AdmissionState, Basis, DecisionPredicate, Digest, Effect, Predicate, RecordId,
    RegisterEntry, Statement, Timestamp,
};
use sakimori_store::{AdmissionRow, Store};

use crate::NodeError;
use crate::decide::{Admission, Admitting};
use crate::node::{Node, parsed};
use crate::observe::{new_record, now};
use crate::record::Entry;

/// Microseconds of a day.
const DAY_MICROS: i64 = 86_400_000_000;
/// Models that are read at once.
const PAGE_ROWS: usize = 200;
/// Characters from which on a part of an id names it.
const ID_PART_CHARS_MIN: usize = 4;

/// A model in the register.
#[derive(Clone, Debug)]
pub struct Registered {
    /// Its name.
    pub name: String,
    /// SHA-256 of its file, or over the digests of its files.
    pub sha256: Digest,
    /// The newest record on it.
    pub made: AdmissionPredicate,
    /// The path that it was examined at, as it was given.
    pub path: String,
    /// Where that is, from whatever folder. `None` in records of earlier versions.
    pub place: Option<PathBuf>,
    /// The decision on its content.
    pub decision: DecisionPredicate,
}

/// What holds for a model at a certain time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// As it was decided.
    Holds(AdmissionState),
    /// It was admitted, and the time is over.
    Expired,
}

impl Standing {
    /// The word for it in interfaces.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Holds(state) => state.as_str(),
            Self::Expired => "expired",
        }
    }

    /// What holds at this time, if this was decided with this end.
    #[must_use]
    pub fn at(state: AdmissionState, expires: Option<Timestamp>, now: Timestamp) -> Self {
        match state {
            AdmissionState::Admitted if expires.is_some_and(|end| end <= now) => Self::Expired,
            state => Self::Holds(state),
        }
    }

    /// True when it may go live.
    #[must_use]
    pub fn is_admitted(self) -> bool {
        self == Self::Holds(AdmissionState::Admitted)
    }
}

/// With what a model would be vetted now.
#[derive(Clone, Copy, Debug)]
pub struct Present<'a> {
    /// The digest of the policy.
    pub policy: Digest,
    /// The digest of the detection rules.
    pub rules: Option<Digest>,
    /// The version of the program.
    pub program: &'a str,
}

/// What has changed since a model was vetted, so that it should be vetted again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outdated {
    /// Another policy decides.
    Policy,
    /// The detection rules are others.
    Rules,
    /// The program is another version.
    Program,
}

impl Registered {
    /// The model of a row.
    ///
    /// # Errors
    /// When the state can't be read, or does not fit together.
    pub fn of(store: &Store, row: &AdmissionRow) -> Result<Self, NodeError> {
        let inconsistent = |what: &str| NodeError::Inconsistent { id: row.record.to_string(), what: what.to_owned() };
        let statement = |id: RecordId| -> Result<Statement, NodeError> {
            let record = store.record(id)?.ok_or_else(|| inconsistent("a record that it names is missing"))?;
            parsed(&record)
        };
        let (Predicate::Admission(made), decided) = (statement(row.record)?.predicate, statement(row.of)?) else {
            return Err(inconsistent("its record is no admission"));
        };
        let path = decided.subject.first().map(|subject| subject.name.clone()).unwrap_or_default();
        let Predicate::Decision(decision) = decided.predicate else {
            return Err(inconsistent("the record that it is of is no decision"));
        };
        let place = store.vetted_place(row.of)?;
        Ok(Self { name: row.name.clone(), sha256: row.sha256, made: *made, path, place, decision: *decision })
    }

    /// Where it is to be found.
    #[must_use]
    pub fn place(&self) -> &Path {
        self.place.as_deref().unwrap_or(Path::new(&self.path))
    }

    /// What holds for it at this time.
    #[must_use]
    pub fn standing(&self, now: Timestamp) -> Standing {
        Standing::at(self.made.state, self.made.entry.expires, now)
    }

    /// What has changed since it was vetted.
    #[must_use]
    pub fn outdated(&self, present: &Present<'_>) -> Vec<Outdated> {
        let program = self.decision.vetting.as_ref().map(|vetting| vetting.program.as_str());
        let changes = [
            (Outdated::Policy, self.decision.decision.policy.sha256 != present.policy),
            (Outdated::Rules, self.decision.rules != present.rules),
            (Outdated::Program, program.is_some_and(|program| program != present.program)),
        ];
        changes.into_iter().filter(|(_, changed)| *changed).map(|(what, _)| what).collect()
    }
}

/// What a vetting does to the register, given what stands in it. Pure.
///
/// A person's word is not undone by a program: what a person refused or revoked stays so, and what a person admitted stays
/// admitted as long as nothing speaks against it that did not then.
#[must_use]
pub fn after_vetting(
    decided: &DecisionPredicate,
    rules: &Admission,
    before: Option<&Registered>,
    entry: &RegisterEntry,
    now: Timestamp,
) -> (AdmissionState, Basis, RegisterEntry) {
    let carried = before.map(|before| merged(entry, &before.made.entry)).unwrap_or_else(|| entry.clone());
    let by_person = before.filter(|before| before.made.basis == Basis::Person);
    let kept = by_person.filter(|before| match before.made.state {
        AdmissionState::Refused | AdmissionState::Revoked => true,
        AdmissionState::Admitted => before.standing(now).is_admitted() && nothing_new(decided, &before.decision),
        AdmissionState::Waiting => false,
    });
    if let Some(before) = kept {
        return (before.made.state, Basis::Person, RegisterEntry { expires: before.made.entry.expires, ..carried });
    }
    let state = match (decided.decision.effect, rules.by) {
        (Effect::Block, _) => AdmissionState::Refused,
        (Effect::Allow, Admitting::Policy) => AdmissionState::Admitted,
        (Effect::Allow | Effect::Review, _) => AdmissionState::Waiting,
    };
    let ends = entry.expires.or_else(|| days_from(now, rules.days));
    let expires = ends.filter(|_| state == AdmissionState::Admitted);
    (state, Basis::Policy, RegisterEntry { expires, ..carried })
}

/// The time so many days later.
#[must_use]
pub fn days_from(now: Timestamp, days: u32) -> Option<Timestamp> {
    Timestamp::from_micros(now.as_micros().checked_add(i64::from(days).checked_mul(DAY_MICROS)?)?).ok()
}

/// What is said now, and beside it what was said before.
fn merged(new: &RegisterEntry, old: &RegisterEntry) -> RegisterEntry {
    let text = |new: &String, old: &String| if new.is_empty() { old.clone() } else { new.clone() };
    let mut risk = old.risk.clone();
    risk.extend(new.risk.clone());
    RegisterEntry {
        owner: text(&new.owner, &old.owner),
        purpose: text(&new.purpose, &old.purpose),
        role: new.role.or(old.role),
        risk,
        expires: new.expires.or(old.expires),
    }
}

/// True when no rule of the policy speaks that did not speak before, and none by a code that it did not speak by before.
fn nothing_new(now: &DecisionPredicate, before: &DecisionPredicate) -> bool {
    now.decision.effect <= before.decision.effect
        && now.decision.reasons.iter().all(|reason| {
            let same = before.decision.reasons.iter().find(|then| then.rule == reason.rule);
            same.is_some_and(|then| reason.codes.iter().all(|code| then.codes.contains(code)))
        })
}

/// The model that a person's word is on.
#[derive(Clone, Debug)]
pub struct About {
    /// Its name.
    pub name: String,
    /// Its digest.
    pub sha256: Digest,
    /// The record of the decision on its content.
    pub of: RecordId,
    /// What that came to.
    pub effect: Effect,
    /// What the register says of it, if it is there.
    pub before: Option<(AdmissionState, RegisterEntry)>,
}

impl About {
    /// The model of a decision: what stands in the register under its digest, or a new one.
    ///
    /// # Errors
    /// When the state can't be read, or the record is no decision.
    pub fn of(store: &Store, statement: &Statement) -> Result<Self, NodeError> {
        let (Predicate::Decision(decision), Some(subject)) = (&statement.predicate, statement.subject.first()) else {
            return Err(NodeError::NotADecision(statement.record().to_string()));
        };
        let of = decision.record;
        if let Some(row) = store.current_admission(&subject.digest.sha256)? {
            let before = Registered::of(store, &row)?;
            return Ok(Self { of, effect: decision.decision.effect, ..Self::from(&before) });
        }
        let last_step = subject.name.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        let name = decision.vetting.as_ref().map_or(last_step, |vetting| &vetting.name).to_owned();
        Ok(Self { name, sha256: subject.digest.sha256, of, effect: decision.decision.effect, before: None })
    }
}

impl From<&Registered> for About {
    fn from(model: &Registered) -> Self {
        let before = Some((model.made.state, model.made.entry.clone()));
        let effect = model.decision.decision.effect;
        Self { name: model.name.clone(), sha256: model.sha256, of: model.made.of, effect, before }
    }
}

impl About {
    /// True when the vetting, or a person, decided against it: whoever admits it has to say why.
    #[must_use]
    pub fn is_decided_against(&self) -> bool {
        let state = self.before.as_ref().map(|(state, _)| *state);
        self.effect == Effect::Block || matches!(state, Some(AdmissionState::Refused | AdmissionState::Revoked))
    }
}

/// What a person wants to hold for a model.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// What holds from now on: not `waiting`.
    pub state: AdmissionState,
    /// What the register says of it; what is empty stays as it is.
    pub entry: RegisterEntry,
    /// Why.
    pub note: String,
    /// Who wants it.
    pub by: Actor,
}

/// Why a person's word on a model is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotJudged {
    /// Only what is admitted can be revoked.
    #[error("only what is admitted can be revoked")]
    NotAdmitted,
    /// A person admits, refuses or revokes.
    #[error("a person admits, refuses or revokes")]
    NoState,
    /// A text is too long, or there are too many answers.
    #[error("a text has {max} characters at most, and there are {answers} answers at most", max = RegisterEntry::TEXT_CHARS_MAX, answers = RegisterEntry::RISK_ANSWERS_MAX)]
    TooLong,
    /// What a vetting or a person decided against is to be admitted, and nobody says why.
    #[error("what was blocked, refused or revoked is admitted with a note only")]
    NoNote,
    /// The end lies in the past.
    #[error("the end of the admission lies in the past")]
    Past,
}

/// The statement of a person's word on a model.
///
/// # Errors
/// [`NotJudged`].
pub fn judged(about: &About, wanted: Wanted, default_days: u32, now: Timestamp) -> Result<Statement, NotJudged> {
    if wanted.state == AdmissionState::Waiting {
        return Err(NotJudged::NoState);
    }
    if !wanted.entry.is_bounded() || wanted.note.chars().count() > RegisterEntry::TEXT_CHARS_MAX {
        return Err(NotJudged::TooLong);
    }
    if wanted.state == AdmissionState::Admitted && about.is_decided_against() && wanted.note.trim().is_empty() {
        return Err(NotJudged::NoNote);
    }
    if wanted.entry.expires.is_some_and(|end| end <= now) {
        return Err(NotJudged::Past);
    }
    if wanted.state == AdmissionState::Revoked
        && about.before.as_ref().is_none_or(|(state, _)| *state != AdmissionState::Admitted)
    {
        return Err(NotJudged::NotAdmitted);
    }
    let end = wanted.entry.expires.or_else(|| days_from(now, default_days));
    let expires = end.filter(|_| wanted.state == AdmissionState::Admitted);
    let entry = match &about.before {
        Some((_, before)) => merged(&wanted.entry, before),
        None => wanted.entry,
    };
    let made = AdmissionPredicate {
        record: new_record(),
        at: now,
        by: wanted.by,
        basis: Basis::Person,
        of: about.of,
        state: wanted.state,
        entry: RegisterEntry { expires, ..entry },
        note: wanted.note,
    };
    Ok(Statement::about(&about.name, about.sha256, Predicate::Admission(Box::new(made))))
}

impl Node {
    /// The models that this names: by the digest of a model or of one of its files, by the id of a record on it (or the
    /// beginning or end of one), or by the path that it was vetted at, or its name. Newest first.
    ///
    /// # Errors
    /// [`NodeError::NoModel`] when there is none, otherwise when the state can't be read.
    pub fn models_named(&self, name: &str) -> Result<Vec<Registered>, NodeError> {
        let rows = match name.parse::<Digest>() {
            Ok(sha256) => {
                let model = self.store().current_admission(&sha256)?;
                if model.is_some() {
                    model.into_iter().collect()
                } else {
                    self.store().admissions_with_file(&sha256)?
                }
            }
            Err(_) => Vec::new(),
        };
        let mut found = rows.iter().map(|row| Registered::of(self.store(), row)).collect::<Result<Vec<_>, _>>()?;
        if found.is_empty() {
            let is_it = |model: &Registered| {
                let ids = [model.made.record.to_string(), model.made.of.to_string()];
                let by_id = ids
                    .iter()
                    .any(|id| name.len() >= ID_PART_CHARS_MIN && (id.starts_with(name) || id.ends_with(name)));
                by_id || model.name == name || model.path == name
            };
            self.each_model(None, |model| {
                if is_it(&model) {
                    found.push(model);
                }
                Ok::<_, NodeError>(())
            })?;
        }
        if found.is_empty() { Err(NodeError::NoModel(name.to_owned())) } else { Ok(found) }
    }

    /// Every model of the register in this state, newest first.
    ///
    /// # Errors
    /// When the state can't be read, or what `each` returns.
    pub fn each_model<E: From<NodeError>>(
        &self,
        state: Option<AdmissionState>,
        mut each: impl FnMut(Registered) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut after = None;
        loop {
            let page = self.store().admissions(state, after, PAGE_ROWS).map_err(NodeError::from)?;
            for row in &page.items {
                each(Registered::of(self.store(), row)?)?;
            }
            match page.next {
                Some(last) => after = Some(last),
                None => return Ok(()),
            }
        }
    }

    /// Everything that was decided on this model, newest first.
    ///
    /// # Errors
    /// When the state can't be read.
    pub fn history_of(&self, model: &Registered) -> Result<Vec<Registered>, NodeError> {
        let rows = self.store().admissions_of(&model.sha256)?;
        rows.iter().map(|row| Registered::of(self.store(), row)).collect()
    }

    /// The bill of materials of a model.
    ///
    /// # Errors
    /// When the state can't be read.
    pub fn bom_of(&self, model: &Registered) -> Result<Option<String>, NodeError> {
        Ok(self.store().bom(model.made.of)?)
    }

    /// Records a person's word on a model.
    ///
    /// # Errors
    /// [`NodeError::NotJudged`], or when it can't be recorded.
    pub fn judge_model(&mut self, model: &Registered, wanted: Wanted) -> Result<Registered, NodeError> {
        let days = self.active_policy()?.admission().days;
        let statement = judged(&About::from(model), wanted, days, now())?;
        self.record(&[Entry::of(statement)])?;
        let row = self.store().current_admission(&model.sha256)?;
        let row = row.ok_or_else(|| NodeError::Stopped("an admission was recorded and has no row".to_owned()))?;
        Registered::of(self.store(), &row)
    }
}
