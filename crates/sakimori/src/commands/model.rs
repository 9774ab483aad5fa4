//! `sakimori model`: the register.

use std::fmt::Display;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use sakimori_model::{Actor, AdmissionState, Effect, RegisterEntry};
use sakimori_node::bom::PROGRAM_VERSION;
use sakimori_node::observe::now;
use sakimori_node::register::{Present, Registered, Wanted};
use sakimori_node::{Node, NodeError};
use serde_json::{Value, json};

use super::vet::{Setting, Signatures, Wish, entry};
use crate::cli::{
    Chatter, CheckFormat, Context, DataFormat, DocumentFormat, Judge, Model, ModelCommand, ModelState, VetFailOn,
};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::words::{harmless, say};

/// Shows the register, or changes it.
pub fn run(context: &Context, options: &Model) -> Result<Exit, Failure> {
    match &options.command {
        ModelCommand::List { state, format } => list(context, *state, *format),
        ModelCommand::Show { model, format } => show(context, model, *format),
        ModelCommand::Admit(options) => judge(context, options, AdmissionState::Admitted),
        ModelCommand::Refuse(options) => judge(context, options, AdmissionState::Refused),
        ModelCommand::Revoke(options) => judge(context, options, AdmissionState::Revoked),
        ModelCommand::Bom(options) => super::model_bom::run(context, options),
        ModelCommand::Sign(options) => super::model_sign::sign(context, options),
        ModelCommand::Verify(options) => super::model_sign::verify(context, options),
        ModelCommand::Revet { all, format } => revet(context, if *all { Which::All } else { Which::Outdated }, *format),
    }
}

fn list(context: &Context, state: Option<ModelState>, format: DataFormat) -> Result<Exit, Failure> {
    let node = super::node(context)?;
    let mut out = BufWriter::new(io::stdout().lock());
    let mut count = 0u64;
    let now = now();
    node.each_model(None, |model| -> Result<(), Failure> {
        if state.is_some_and(|state| model.standing(now) != state.into()) {
            return Ok(());
        }
        count += 1;
        match format {
            DataFormat::Text => line(context, &mut out, &model)?,
            DataFormat::Jsonl => writeln!(out, "{}", model_json(&model))?,
            DataFormat::Json => {
                write!(out, "{}{}", if count == 1 { "{\"models\":[\n" } else { ",\n" }, model_json(&model))?;
            }
        }
        Ok(())
    })?;
    if format == DataFormat::Json {
        writeln!(out, "{}", if count == 0 { "{\"models\":[]}" } else { "\n]}" })?;
    }
    out.flush()?;
    if count == 0 && context.chatter == Chatter::Normal {
        eprintln!("{}", say(context.lang, "model.none", &[]));
    }
    Ok(Exit::Done)
}

fn line(context: &Context, out: &mut dyn Write, model: &Registered) -> io::Result<()> {
    let standing = model.standing(now());
    let word = say(context.lang, &format!("admission.{}", standing.as_str()), &[]);
    let until = match model.made.entry.expires.filter(|_| standing.is_admitted()) {
        Some(end) => say(context.lang, "model.until", &[("until", &day(end))]),
        None => String::new(),
    };
    let owner = &model.made.entry.owner;
    let short = &model.sha256.to_string()[..12];
    let about = context.paint.dim(&format!("{short}  {} {until} {owner}", day(model.made.at)));
    writeln!(out, "{} {}  {about}", context.paint.standing(standing, &format!("[{word}]")), harmless(&model.name))
}

fn show(context: &Context, name: &str, format: DocumentFormat) -> Result<Exit, Failure> {
    let node = super::node(context)?;
    let model = one(&node, name)?;
    let mut out = BufWriter::new(io::stdout().lock());
    if format == DocumentFormat::Json {
        let history: Vec<Value> = node.history_of(&model)?.iter().map(model_json).collect();
        let mut value = model_json(&model);
        value["decision"] = json!(model.decision);
        value["history"] = history.into();
        writeln!(out, "{value:#}")?;
        return Ok(out.flush().map(|()| Exit::Done)?);
    }
    line(context, &mut out, &model)?;
    let entry = &model.made.entry;
    let vetting = model.decision.vetting.as_ref();
    let effect = say(context.lang, &format!("effect.{}", model.decision.decision.effect.as_str()), &[]);
    let rows: [(&str, String); 9] = [
        ("model.sha256", model.sha256.to_string()),
        ("model.path", harmless(&model.path)),
        ("model.files", vetting.map_or(1, |vetting| vetting.files.len()).to_string()),
        ("model.owner", harmless(&entry.owner)),
        ("model.purpose", harmless(&entry.purpose)),
        ("model.role", entry.role.map(|role| role.as_str().to_owned()).unwrap_or_default()),
        ("model.vetted", format!("{} {effect} {}", day(model.decision.observed), model.made.of)),
        ("model.record", model.made.record.to_string()),
        ("model.note", harmless(&model.made.note)),
    ];
    for (id, value) in rows.into_iter().filter(|(_, value)| !value.is_empty()) {
        writeln!(out, "  {}: {value}", say(context.lang, id, &[]))?;
    }
    for (question, answer) in &entry.risk {
        writeln!(out, "  {}: {}", harmless(question), harmless(answer))?;
    }
    for what in model.outdated(&present(&node, context)?.borrowed()) {
        writeln!(out, "  {}", say(context.lang, &format!("model.outdated-{}", outdated_word(what)), &[]))?;
    }
    for before in node.history_of(&model)?.iter().skip(1) {
        let word = say(context.lang, &format!("admission.{}", before.made.state.as_str()), &[]);
        writeln!(out, "  {} {word} {}", day(before.made.at), harmless(&before.made.note))?;
    }
    Ok(out.flush().map(|()| Exit::Done)?)
}

fn outdated_word(what: sakimori_node::register::Outdated) -> &'static str {
    match what {
        sakimori_node::register::Outdated::Policy => "policy",
        sakimori_node::register::Outdated::Rules => "rules",
        sakimori_node::register::Outdated::Program => "program",
    }
}

fn judge(context: &Context, options: &Judge, state: AdmissionState) -> Result<Exit, Failure> {
    let entry = entry(&options.entry)?;
    let mut node = super::node(context)?;
    let model = one(&node, &options.model)?;
    let effect = model.decision.decision.effect;
    if state == AdmissionState::Admitted && effect == Effect::Block {
        let word = say(context.lang, &format!("effect.{}", effect.as_str()), &[]);
        let text = say(context.lang, "model.admitted-against", &[("effect", &word)]);
        eprintln!("{}: {text}", say(context.lang, "failure.warning", &[]));
    }
    let wanted = Wanted { state, entry, note: options.note.clone(), by: Actor::Local };
    let model = node.judge_model(&model, wanted)?;
    let mut out = io::stdout().lock();
    line(context, &mut out, &model)?;
    let record = format!("{} {}", say(context.lang, "check.record", &[]), model.made.record);
    writeln!(out, "  {}", context.paint.dim(&record))?;
    Ok(Exit::Done)
}

/// Which models are vetted again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    All,
    Outdated,
}

fn revet(context: &Context, which: Which, format: CheckFormat) -> Result<Exit, Failure> {
    let setting = Setting::new(context, &[], format, Signatures::default())?;
    let mut node = super::node(context)?;
    let policy = node.active_policy()?;
    let present = Present { policy: policy.sha256(), rules: Some(setting.rules()), program: PROGRAM_VERSION };
    let (mut models, mut gone) = (Vec::new(), Vec::new());
    node.each_model(None, |model| -> Result<(), Failure> {
        if which == Which::Outdated && model.outdated(&present).is_empty() {
            return Ok(());
        }
        // What was refused or revoked by a person stays so; it need not be read again.
        if matches!(model.made.state, AdmissionState::Revoked) {
            return Ok(());
        }
        match model.place().exists() {
            true => models.push(Wish { path: model.place().to_owned(), entry: RegisterEntry::default() }),
            false => gone.push(model.place().display().to_string()),
        }
        Ok(())
    })?;
    for path in &gone {
        let text = say(context.lang, "model.gone", &[("path", path)]);
        eprintln!("{}: {}", say(context.lang, "failure.warning", &[]), harmless(&text));
    }
    let totals = setting.vet(&mut node, &policy, &models, &mut |_| Ok(()))?;
    totals.summarise(context);
    match (totals.exit(VetFailOn::Waiting), gone.is_empty()) {
        (Exit::Done, false) => Ok(Exit::CouldNot),
        (exit, _) => Ok(exit),
    }
}

/// The one model that is named so. What lies at a path comes before what is called so, as another folder may have one of that name.
fn one(node: &Node, name: &str) -> Result<Registered, Failure> {
    let mut found = Vec::new();
    if Path::new(name).exists() {
        node.each_model(None, |model| -> Result<(), NodeError> {
            if same_file(model.place(), Path::new(name)) {
                found.push(model);
            }
            Ok(())
        })?;
    }
    if found.is_empty() {
        found = node.models_named(name)?;
    }
    let newest = found.len() == 1 || found.iter().all(|model| model.place() == found[0].place());
    match (found.into_iter().next(), newest) {
        (Some(model), true) => Ok(model),
        _ => Err(Failure::said("SKM-E-0063", "failure.several-models", &[("name", &name)])),
    }
}

fn same_file(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

/// With what a model would be vetted now.
struct Now {
    policy: sakimori_model::Digest,
    rules: sakimori_model::Digest,
}

impl Now {
    fn borrowed(&self) -> Present<'static> {
        Present { policy: self.policy, rules: Some(self.rules), program: PROGRAM_VERSION }
    }
}

fn present(node: &Node, context: &Context) -> Result<Now, Failure> {
    let rules = super::rules::with_builtin(context, &[])?.digest();
    Ok(Now { policy: node.active_policy()?.sha256(), rules })
}

fn model_json(model: &Registered) -> Value {
    json!({
        "name": model.name,
        "sha256": model.sha256,
        "path": model.path,
        "standing": model.standing(now()).as_str(),
        "admission": model.made,
    })
}

fn day(at: impl Display) -> String {
    at.to_string().chars().take(10).collect()
}
