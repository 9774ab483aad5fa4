//! What the interface answers with. Its fields are the contract (`docs/openapi.json`); its texts come in both languages.

use std::collections::BTreeMap;

use sakimori_examine::catalogue::{self, Words};
use sakimori_model::{
    AccountState, Actor, Code, Contribution, Decision, DecisionPredicate, Digest, Effect, ExaminerRef, Finding, Lang,
    Place, Predicate, Receipt, RecordId, Role, RuleRef, Scope, Severity, Statement, Technique, Text, Timestamp,
};
use sakimori_store::{JobRow, JobState, JudgedDecision, Store, TokenRow, TopFinding};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::problem::{Problem, ProblemDocument, Trouble};
use crate::NodeError;
use crate::node::parsed;

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct List<T: ToSchema> {
    /// The items.
    pub items: Vec<T>,
    /// What `after` has to be for the next page; `null` when this was the last one. A page may hold fewer items than were
    /// asked for and still have a next one.
    pub next: Option<String>,
}

/// A text in both languages.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Text)]
pub struct BothTexts {
    /// Japanese.
    pub ja: String,
    /// English.
    pub en: String,
}

impl BothTexts {
    fn of(make: impl Fn(Lang) -> String) -> Self {
        Self { ja: make(Lang::Ja), en: make(Lang::En) }
    }
}

impl From<&Text> for BothTexts {
    fn from(text: &Text) -> Self {
        Self { ja: text.ja.clone(), en: text.en.clone() }
    }
}

/// allow, review or block.
#[derive(ToSchema)]
#[schema(as = Effect, rename_all = "lowercase")]
#[expect(dead_code, reason = "the words of the model's type for the OpenAPI document")]
pub enum EffectWord {
    /// Nothing spoke against it.
    Allow,
    /// A person has to decide.
    Review,
    /// It must not be used.
    Block,
}

/// How bad a finding is (OCSF `severity_id` 1 to 5).
#[derive(ToSchema)]
#[schema(as = Severity, rename_all = "lowercase")]
#[expect(dead_code, reason = "the words of the model's type for the OpenAPI document")]
pub enum SeverityWord {
    /// Good to know.
    Informational,
    /// Weak on its own.
    Low,
    /// A person should look.
    Medium,
    /// Harm is likely.
    High,
    /// Harm follows when it is used.
    Critical,
}

/// How sure a finding is (OCSF `confidence_id` 1 to 3).
#[derive(ToSchema)]
#[schema(as = Confidence, rename_all = "lowercase")]
#[expect(dead_code, reason = "the words of the model's type for the OpenAPI document")]
pub enum ConfidenceWord {
    /// A hint.
    Low,
    /// More likely than not.
    Medium,
    /// A fact read from the bytes.
    High,
}

/// What a person may do, from the least to the most.
#[derive(ToSchema)]
#[schema(as = Role, rename_all = "lowercase")]
#[expect(dead_code, reason = "the words of the model's type for the OpenAPI document")]
pub enum RoleWord {
    /// Reads.
    Reader,
    /// Also submits and judges.
    Analyst,
    /// Also lifts blocks and changes the policy.
    Approver,
    /// Also administers accounts and tokens.
    Administrator,
}

/// What a token may do at most.
#[derive(ToSchema)]
#[schema(as = Scope, rename_all = "lowercase")]
#[expect(dead_code, reason = "the words of the model's type for the OpenAPI document")]
pub enum ScopeWord {
    /// Reads.
    Read,
    /// Submits observations.
    Observe,
    /// Judges.
    Judge,
    /// Administers, and changes the policy.
    Administer,
}

/// A language.
#[derive(ToSchema)]
#[schema(as = Lang, rename_all = "lowercase")]
#[expect(dead_code, reason = "the words of the model's type for the OpenAPI document")]
pub enum LangWord {
    /// Japanese.
    Ja,
    /// English.
    En,
}

/// Where in an observation a finding was made.
#[derive(ToSchema)]
#[schema(as = Place)]
#[expect(dead_code, reason = "the form of the model's type for the OpenAPI document")]
pub struct PlaceForm {
    /// Which of the forms it is.
    #[schema(pattern = "^(whole|byte|event|text)$")]
    at: String,
    /// The member inside the observation, steps joined by `!/`.
    #[schema(required = false)]
    member: Option<String>,
    /// `byte`: the offset in bytes.
    #[schema(required = false)]
    offset: Option<u64>,
    /// `event`: the number of the record or the line.
    #[schema(required = false)]
    record: Option<u64>,
    /// `event`: the field.
    #[schema(required = false)]
    field: Option<String>,
    /// `text`: the line, counted from 1.
    #[schema(required = false)]
    line: Option<u32>,
    /// `text`: the column in characters, counted from 1.
    #[schema(required = false)]
    column: Option<u32>,
}

/// A technique of ATT&CK or ATLAS.
#[derive(ToSchema)]
#[schema(as = Technique)]
#[expect(dead_code, reason = "the form of the model's type for the OpenAPI document")]
pub struct TechniqueForm {
    /// `ATT&CK` or `ATLAS`.
    framework: String,
    /// The id there.
    id: String,
    /// The release of the catalogue.
    release: String,
}

/// One feature that speaks for a finding.
#[derive(ToSchema)]
#[schema(as = Contribution)]
#[expect(dead_code, reason = "the form of the model's type for the OpenAPI document")]
pub struct ContributionForm {
    /// The feature's id.
    feature: String,
    /// Its points.
    points: i32,
}

/// A detection rule that matched.
#[derive(ToSchema)]
#[schema(as = RuleRef)]
#[expect(dead_code, reason = "the form of the model's type for the OpenAPI document")]
pub struct RuleForm {
    /// The rule's own id.
    id: String,
    /// Its title, in the language of its author.
    title: String,
    /// The digest of the rule.
    sha256: String,
}

/// An examiner that took part.
#[derive(ToSchema)]
#[schema(as = ExaminerRef)]
#[expect(dead_code, reason = "the form of the model's type for the OpenAPI document")]
pub struct ExaminerForm {
    /// Its name.
    id: String,
    /// Goes up when the same bytes may give other findings.
    version: u32,
}

/// What the policy made of the findings.
#[derive(ToSchema)]
#[schema(as = Decision)]
#[expect(dead_code, reason = "the form of the model's type for the OpenAPI document")]
pub struct DecisionForm {
    #[schema(inline = false)]
    effect: EffectWord,
    /// The sum of the points of all findings.
    score: i64,
    /// Which rules of the policy led to the effect.
    reasons: Vec<ReasonForm>,
    /// Rules of the policy that could not be applied.
    errors: Vec<PolicyErrorForm>,
    /// The policy that decided.
    policy: PolicyForm,
}

/// One rule of the policy that spoke.
#[derive(ToSchema)]
#[schema(as = Reason)]
#[expect(dead_code, reason = "the form of the model's type for the OpenAPI document")]
pub struct ReasonForm {
    /// The rule's id.
    rule: String,
    effect: EffectWord,
    /// The codes of the findings that it matched.
    codes: Vec<String>,
}

/// A rule of the policy that could not be applied.
#[derive(ToSchema)]
#[schema(as = PolicyError)]
#[expect(dead_code, reason = "the form of the model's type for the OpenAPI document")]
pub struct PolicyErrorForm {
    /// The rule's id or number.
    rule: String,
    /// What is wrong with it.
    error: String,
}

/// A policy, named exactly.
#[derive(ToSchema)]
#[schema(as = PolicyRef)]
#[expect(dead_code, reason = "the form of the model's type for the OpenAPI document")]
pub struct PolicyForm {
    /// Its id.
    id: String,
    /// The digest of its text.
    sha256: String,
}

/// How far a record has come in the log. Each level holds those before it (docs/log.md, "What an append promises").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Ack {
    /// It survives a power cut, and has no place in the log yet.
    Durable,
    /// A signed checkpoint covers it.
    Checkpointed,
    /// A quorum of witnesses has cosigned a checkpoint that covers it.
    Witnessed,
}

impl Ack {
    /// That of a record with this place, when so many entries are witnessed.
    pub const fn of(index: Option<u64>, witnessed: u64) -> Self {
        match index {
            None => Self::Durable,
            Some(index) if index < witnessed => Self::Witnessed,
            Some(_) => Self::Checkpointed,
        }
    }
}

/// What the log gave for a record.
#[derive(ToSchema)]
#[schema(as = Receipt)]
#[expect(dead_code, reason = "the form of the model's type for the OpenAPI document")]
pub struct ReceiptForm {
    /// The record.
    record: String,
    /// The log.
    log: String,
    /// The place in the log, counted from 0.
    index: u64,
    /// The entry of the log.
    commitment: String,
}

/// Where a page begins and how long it is.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Items of the page, 1 to 200; 50 otherwise.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<usize>,
    /// The `next` of the page before.
    pub after: Option<String>,
}

/// A decision as lists show it.
#[derive(Debug, Serialize, ToSchema)]
pub struct DecisionRow {
    /// The id of its record.
    #[schema(value_type = String, format = "uuid")]
    pub id: RecordId,
    /// When the bytes were observed.
    #[schema(value_type = String, format = "date-time")]
    pub observed: Timestamp,
    /// Where they came from: a path or a file's name.
    pub name: String,
    /// SHA-256 of the bytes.
    #[schema(value_type = String)]
    pub sha256: Digest,
    /// Their number.
    pub size: u64,
    /// What they are, judged by their content.
    pub kind: String,
    /// All of it was examined.
    pub examined: bool,
    /// What the policy decided.
    #[schema(value_type = EffectWord)]
    pub effect: Effect,
    /// The sum of the points of all findings.
    pub score: i64,
    /// A person has to judge it.
    pub waiting: bool,
    /// What a person judged last.
    pub judgement: Option<JudgementBrief>,
    /// The worst finding.
    pub top: Option<Top>,
}

/// The worst finding of a decision.
#[derive(Debug, Serialize, ToSchema)]
pub struct Top {
    /// Its code.
    #[schema(value_type = String)]
    pub code: Code,
    /// How bad it is.
    #[schema(value_type = SeverityWord)]
    pub severity: Severity,
    /// What was seen.
    pub title: BothTexts,
}

/// A judgement as lists show it.
#[derive(Debug, Serialize, ToSchema)]
pub struct JudgementBrief {
    /// The id of its record.
    #[schema(value_type = String, format = "uuid")]
    pub record: RecordId,
    /// allow or block.
    pub effect: String,
    /// When.
    #[schema(value_type = String, format = "date-time")]
    pub judged: Timestamp,
}

/// A person's judgement of a decision.
#[derive(Debug, Serialize, ToSchema)]
pub struct Judgement {
    /// The id of its record.
    #[schema(value_type = String, format = "uuid")]
    pub record: RecordId,
    /// The record of the decision.
    #[schema(value_type = String, format = "uuid")]
    pub of: RecordId,
    /// allow or block.
    #[schema(value_type = EffectWord)]
    pub effect: Effect,
    /// Why, in the person's words.
    pub note: String,
    /// Who.
    pub by: By,
    /// When.
    #[schema(value_type = String, format = "date-time")]
    pub judged: Timestamp,
}

/// Who did something.
#[derive(Debug, Serialize, ToSchema)]
pub struct By {
    /// The account; `null` for the check page and the machine itself.
    pub account: Option<String>,
    /// The name of the account, or `public` or `local`.
    pub name: String,
}

/// One decision with everything that led to it.
#[derive(Debug, Serialize, ToSchema)]
pub struct DecisionFull {
    /// What lists show.
    #[serde(flatten)]
    pub row: DecisionRow,
    /// Who submitted it; `null` for the command line.
    pub by: Option<By>,
    /// The examiners that took part.
    #[schema(value_type = Vec<ExaminerForm>)]
    pub examiners: Vec<ExaminerRef>,
    /// The digest of the detection rules.
    #[schema(value_type = Option<String>)]
    pub rules: Option<Digest>,
    /// What was found.
    pub findings: Vec<FindingFull>,
    /// What the policy made of it.
    #[schema(value_type = DecisionForm)]
    pub decision: Decision,
    /// What the log gave for it; `null` for the moment until it has its place.
    #[schema(value_type = Option<ReceiptForm>)]
    pub receipt: Option<Receipt>,
    /// How far the record has come in the log.
    pub ack: Ack,
    /// What people judged, oldest first.
    pub judgements: Vec<Judgement>,
    /// The bytes are still kept, so that findings can be shown in their place.
    pub content: bool,
}

/// A finding with its texts.
#[derive(Debug, Serialize, ToSchema)]
pub struct FindingFull {
    /// The code.
    #[schema(value_type = String)]
    pub code: Code,
    /// How bad it is.
    #[schema(value_type = SeverityWord)]
    pub severity: Severity,
    /// How sure it is.
    #[schema(value_type = ConfidenceWord)]
    pub confidence: sakimori_model::Confidence,
    /// Where it was seen.
    #[schema(value_type = PlaceForm)]
    pub place: Place,
    /// The same as the command line writes it.
    pub place_text: String,
    /// Techniques of ATT&CK and ATLAS.
    #[schema(value_type = Vec<TechniqueForm>)]
    pub techniques: Vec<Technique>,
    /// The detection rule that matched.
    #[schema(value_type = Option<RuleForm>)]
    pub rule: Option<RuleRef>,
    /// The features that it rests on.
    #[schema(value_type = Vec<ContributionForm>)]
    pub because: Vec<Contribution>,
    /// The sum of their points.
    pub points: i64,
    /// Values in the texts.
    pub params: BTreeMap<String, String>,
    /// What was seen.
    pub title: BothTexts,
    /// Why it matters.
    pub why: BothTexts,
    /// What to do now.
    pub todo: BothTexts,
}

/// A job.
#[derive(Debug, Serialize, ToSchema)]
pub struct Job {
    /// Its id.
    pub id: String,
    /// `examine` or `policy-test`.
    pub kind: String,
    /// `queued`, `running`, `done`, `failed` or `cancelled`.
    #[schema(pattern = "^(queued|running|done|failed|cancelled)$")]
    pub state: String,
    /// What it is called.
    pub name: String,
    /// How much of it is done.
    pub done: u64,
    /// How much there is to do.
    pub total: u64,
    /// Of what: `bytes` or `decisions`.
    pub unit: String,
    /// When it was asked for.
    #[schema(value_type = String, format = "date-time")]
    pub made: Timestamp,
    /// When it changed last.
    #[schema(value_type = String, format = "date-time")]
    pub changed: Timestamp,
    /// The record that came of it.
    pub record: Option<String>,
    /// What came of it.
    #[schema(value_type = Option<Object>)]
    pub result: Option<serde_json::Value>,
    /// Why it failed.
    pub problem: Option<ProblemDocument>,
}

/// An account.
#[derive(Debug, Serialize, ToSchema)]
pub struct Account {
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    pub id: sakimori_model::AccessId,
    /// The name with which one signs in.
    pub name: String,
    /// What it may do.
    #[schema(value_type = RoleWord)]
    pub role: Role,
    /// False when nobody may sign in with it.
    pub active: bool,
    /// The language that the person chose.
    #[schema(value_type = Option<LangWord>)]
    pub lang: Option<Lang>,
    /// It signs in by an OpenID provider.
    pub oidc: bool,
    /// When it was made.
    #[schema(value_type = String, format = "date-time")]
    pub made: Timestamp,
}

/// An API token, without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct Token {
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    pub id: sakimori_model::AccessId,
    /// Whose it is.
    #[schema(value_type = String, format = "uuid")]
    pub account: sakimori_model::AccessId,
    /// What it is called.
    pub name: String,
    /// What it may do at most.
    #[schema(value_type = Vec<ScopeWord>)]
    pub scopes: Vec<Scope>,
    /// When it was made.
    #[schema(value_type = String, format = "date-time")]
    pub made: Timestamp,
    /// From when on it is worth nothing.
    #[schema(value_type = String, format = "date-time")]
    pub until: Timestamp,
    /// When it was revoked.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub revoked: Option<Timestamp>,
    /// When it was used last, to the minute.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub used: Option<Timestamp>,
}

impl DecisionRow {
    /// From the row of the table.
    #[must_use]
    pub fn of(row: &JudgedDecision) -> Self {
        let decision = &row.decision;
        let effect = [Effect::Allow, Effect::Review, Effect::Block].into_iter().find(|e| e.as_str() == decision.effect);
        Self {
            id: decision.record,
            observed: decision.observed,
            name: decision.path.clone(),
            sha256: decision.sha256,
            size: decision.size,
            kind: decision.kind.clone(),
            examined: decision.examined,
            // INVARIANT: the table takes no other word.
            effect: effect.unwrap_or(Effect::Block),
            score: decision.score,
            waiting: row.waiting,
            judgement: row.judgement.as_ref().map(|judgement| JudgementBrief {
                record: judgement.record,
                effect: judgement.effect.clone(),
                judged: judgement.judged,
            }),
            top: decision.top.as_ref().map(Top::of),
        }
    }

    /// Of a decision that was recorded this moment.
    #[must_use]
    pub fn new(name: &str, sha256: Digest, made: &DecisionPredicate) -> Self {
        Self {
            id: made.record,
            observed: made.observed,
            name: name.to_owned(),
            sha256,
            size: made.size,
            kind: made.kind.as_str().to_owned(),
            examined: made.examined,
            effect: made.decision.effect,
            score: made.decision.score,
            waiting: made.decision.effect == Effect::Review,
            judgement: None,
            top: TopFinding::of(&made.findings).as_ref().map(Top::of),
        }
    }
}

impl Top {
    fn of(top: &TopFinding) -> Self {
        let title = BothTexts::of(|lang| catalogue::title_of(&top.code, &top.params, lang));
        Self { code: top.code.clone(), severity: top.severity, title }
    }
}

impl DecisionFull {
    /// From the row, the statement behind it and what people made of it.
    #[must_use]
    pub fn of(row: DecisionRow, made: DecisionPredicate, by: Option<By>) -> Self {
        Self {
            row,
            by,
            examiners: made.examiners,
            rules: made.rules,
            findings: made.findings.into_iter().map(FindingFull::of).collect(),
            decision: made.decision,
            receipt: None,
            ack: Ack::Durable,
            judgements: Vec::new(),
            content: false,
        }
    }
}

impl FindingFull {
    fn of(finding: Finding) -> Self {
        let entry = catalogue::entry(&finding.code);
        let words = |pick: fn(&Words) -> &String| {
            BothTexts::of(|lang| entry.map_or_else(String::new, |entry| pick(entry.words(lang)).clone()))
        };
        Self {
            title: BothTexts::of(|lang| catalogue::title(&finding, lang)),
            why: words(|words| &words.why),
            todo: words(|words| &words.todo),
            place_text: finding.place.to_string(),
            points: finding.points(),
            code: finding.code,
            severity: finding.severity,
            confidence: finding.confidence,
            place: finding.place,
            techniques: finding.techniques,
            rule: finding.rule,
            because: finding.because,
            params: finding.params,
        }
    }
}

impl By {
    /// Who it was, with the name that the account has now.
    ///
    /// # Errors
    /// When the state can't be read.
    pub fn read(store: &Store, actor: &Actor) -> Result<Self, Problem> {
        let Some(id) = actor.account() else {
            let name = if *actor == Actor::Public { "public" } else { "local" };
            return Ok(Self { account: None, name: name.to_owned() });
        };
        let account = store.account(id)?;
        let name = account.map_or_else(|| id.to_string(), |account| account.state.name);
        Ok(Self { account: Some(id.to_string()), name })
    }
}

impl Judgement {
    /// The judgement with this record, if it is one.
    ///
    /// # Errors
    /// When the state can't be read.
    pub fn read(store: &Store, record: RecordId) -> Result<Option<Self>, Problem> {
        let Some(record) = store.record(record)? else { return Ok(None) };
        Self::of(store, parsed(&record).map_err(Problem::from)?)
    }

    /// From its statement, if it is one.
    ///
    /// # Errors
    /// When the state can't be read.
    pub fn of(store: &Store, statement: Statement) -> Result<Option<Self>, Problem> {
        let Predicate::Judgement(made) = statement.predicate else { return Ok(None) };
        let by = By::read(store, &made.by)?;
        let (record, of, effect, note, judged) = (made.record, made.of, made.effect, made.note, made.judged);
        Ok(Some(Self { record, of, effect, note, by, judged }))
    }
}

impl Job {
    /// From the row of the table.
    #[must_use]
    pub fn of(row: &JobRow, lang: Lang) -> Self {
        let result: Option<serde_json::Value> = row.result.as_deref().and_then(|text| serde_json::from_str(text).ok());
        let record = result.as_ref().and_then(|result| result.get("record")?.as_str().map(str::to_owned));
        let failed = row.state == JobState::Failed;
        let said =
            |name: &str| result.as_ref().and_then(|r| r.get(name)?.as_str().map(str::to_owned)).unwrap_or_default();
        let code = said("code");
        let trouble = Trouble::ALL.iter().copied().find(|trouble| trouble.code() == code);
        // Jobs of before say no code.
        let trouble = trouble.unwrap_or(Trouble::Storage);
        let problem = Problem::with(trouble, said("problem"));
        Self {
            id: row.id.clone(),
            kind: row.kind.clone(),
            state: row.state.as_str().to_owned(),
            name: row.name.clone(),
            done: row.done,
            total: row.total,
            unit: if row.kind == "examine" { "bytes" } else { "decisions" }.to_owned(),
            made: row.made,
            changed: row.changed,
            record,
            result: result.filter(|_| !failed),
            problem: failed.then(|| problem.document(lang)),
        }
    }
}

impl From<&AccountState> for Account {
    fn from(state: &AccountState) -> Self {
        Self {
            id: state.account,
            name: state.name.clone(),
            role: state.role,
            active: state.active,
            lang: state.lang,
            oidc: state.oidc.is_some(),
            made: state.made,
        }
    }
}

impl From<&TokenRow> for Token {
    fn from(row: &TokenRow) -> Self {
        let state = row.state.clone();
        Self {
            id: state.token,
            account: state.account,
            name: state.name,
            scopes: state.scopes,
            made: state.made,
            until: state.until,
            revoked: state.revoked,
            used: row.used,
        }
    }
}

/// The decision of a stored record, if it is one.
///
/// # Errors
/// When the record is not what we write.
pub fn decision_of(statement: Statement) -> Result<(String, Digest, DecisionPredicate), NodeError> {
    let id = statement.record().to_string();
    match (statement.predicate, statement.subject.into_iter().next()) {
        (Predicate::Decision(made), Some(subject)) => Ok((subject.name, subject.digest.sha256, *made)),
        _ => Err(NodeError::NotADecision(id)),
    }
}
