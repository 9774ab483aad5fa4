//! `sakimori vet`.

use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use sakimori_examine::Settings;
use sakimori_model::{Actor, AdmissionState, RegisterEntry, SignatureState};
use sakimori_node::Node;
use sakimori_node::decide::Policy;
use sakimori_node::flow::Rules;
use sakimori_node::observe::now;
use sakimori_node::outcome::Outcome;
use sakimori_node::register::{NotJudged, days_from};
use sakimori_node::signature::{self, Signed};
use sakimori_node::unit::Unit;
use sakimori_node::vet::{self, Ask};
use sakimori_proof::limits::MODEL_BUNDLE_BYTES_MAX;
use sakimori_proof::model_signing::Trust;

use super::model_sign;
use crate::cli::{Chatter, CheckFormat, Context, Entry, Until, Vet, VetFailOn};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::progress::Bar;
use crate::words::say;

/// Examines, decides and records each model, and tells the register.
pub fn run(context: &Context, options: &Vet) -> Result<Exit, Failure> {
    // What can't be right is told before anything else is done.
    if options.bom.is_some() && options.paths.len() > 1 {
        return Err(Failure::said("SKM-E-0060", "failure.one-model", &[("option", &"--bom")]));
    }
    let entry = entry(&options.entry)?;
    let own = options.policy.as_deref().map(|path| super::policy(Some(path))).transpose()?;
    let signatures = Signatures::of(options)?;
    let setting = Setting::new(context, &options.rules, options.format, signatures)?;
    let mut node = super::node_or_new(context)?;
    let policy = match own {
        Some(policy) => policy,
        None => node.active_policy()?,
    };
    let models: Vec<Wish> =
        options.paths.iter().map(|path| Wish { path: path.clone(), entry: entry.clone() }).collect();
    let totals = setting.vet(&mut node, &policy, &models, &mut |bom| match &options.bom {
        Some(path) => written(path, bom),
        None => Ok(()),
    })?;
    totals.summarise(context);
    Ok(totals.exit(options.fail_on))
}

/// A model that is to be vetted, and what the register is told of it.
pub struct Wish {
    pub path: PathBuf,
    pub entry: RegisterEntry,
}

/// With what models are vetted, and how the outcome is shown.
pub struct Setting<'a> {
    context: &'a Context,
    settings: Settings,
    format: CheckFormat,
    signatures: Signatures,
}

/// Where signatures are, and whom they are held against.
#[derive(Default)]
pub struct Signatures {
    file: Option<PathBuf>,
    trust: Option<Trust>,
}

impl Signatures {
    fn of(options: &Vet) -> Result<Self, Failure> {
        if options.signature.is_some() && options.paths.len() > 1 {
            return Err(Failure::said("SKM-E-0060", "failure.one-model", &[("option", &"--signature")]));
        }
        let trusted = &options.trusted;
        let trust = trusted.names_somebody().then(|| model_sign::trust(trusted, now())).transpose()?;
        Ok(Self { file: options.signature.clone(), trust })
    }

    /// What becomes of the signature of a model. Whoever names somebody to trust wants a signature.
    fn state(&self, path: &Path, unit: &Unit) -> SignatureState {
        let file = self.file.clone().unwrap_or_else(|| model_sign::beside(path));
        let is_there = self.file.is_some() || file.exists();
        let refused = |why: &str| SignatureState::Refused { why: why.to_owned() };
        if !is_there {
            return if self.trust.is_some() { refused("there is no signature") } else { SignatureState::None };
        }
        match model_sign::read(&file, MODEL_BUNDLE_BYTES_MAX) {
            Ok(bundle) => {
                let name = file.display().to_string();
                let signed = Signed { bundle: &bundle, file: &name, trust: self.trust.as_ref() };
                signature::state(&signed, path, unit.shape, &unit.files)
            }
            Err(_) => refused("its file can't be read"),
        }
    }
}

impl<'a> Setting<'a> {
    /// With the rules in these files and folders, and the built-in ones.
    pub fn new(
        context: &'a Context,
        rules: &[PathBuf],
        format: CheckFormat,
        signatures: Signatures,
    ) -> Result<Self, Failure> {
        let sigma = super::rules::with_builtin(context, rules)?;
        Ok(Self { context, settings: Settings { sigma, ..Settings::default() }, format, signatures })
    }

    /// The digest of the detection rules.
    pub fn rules(&self) -> sakimori_model::Digest {
        self.settings.sigma.digest()
    }

    /// Vets each of these. `bom` gets every bill of materials.
    pub fn vet(
        &self,
        node: &mut Node,
        policy: &Policy,
        models: &[Wish],
        bom: &mut dyn FnMut(&str) -> Result<(), Failure>,
    ) -> Result<Totals, Failure> {
        let bar = Bar::new(self.context);
        let mut renderer = crate::render::renderer(self.format, self.context, policy);
        let mut out = BufWriter::new(io::stdout().lock());
        let mut totals = Totals::default();
        let rules = Rules { settings: &self.settings, rules: Some(self.rules()), policy };
        let signature = |path: &Path, unit: &Unit| self.signatures.state(path, unit);
        for model in models {
            let ask = Ask { rules: &rules, signature: &signature, entry: &model.entry, by: Actor::Local };
            let paths = std::slice::from_ref(&model.path);
            vet::vet(node, paths, &ask, &bar, |outcome| -> Result<(), Failure> {
                totals.count(&outcome);
                if let Outcome::Decided(decided) = &outcome
                    && let Some(vetted) = &decided.vetted
                {
                    bom(&vetted.bom)?;
                }
                Ok(bar.suspended(|| renderer.outcome(&mut out, &outcome).and_then(|()| out.flush()))?)
            })?;
        }
        bar.finish();
        renderer.end(&mut out)?;
        out.flush()?;
        Ok(totals)
    }
}

/// What the register is told of a model, from the options.
pub fn entry(options: &Entry) -> Result<RegisterEntry, Failure> {
    let expires = match options.until {
        None => None,
        Some(Until::Time(time)) => Some(time),
        Some(Until::Days(days)) => days_from(now(), days),
    };
    let entry = RegisterEntry {
        owner: options.owner.clone().unwrap_or_default(),
        purpose: options.purpose.clone().unwrap_or_default(),
        role: options.role,
        risk: options.risk.iter().map(|answer| (answer.question.clone(), answer.answer.clone())).collect(),
        expires,
    };
    if entry.is_bounded() && entry.expires.is_none_or(|end| end > now()) {
        Ok(entry)
    } else {
        Err(Failure::new("SKM-E-0061", NotJudged::TooLong))
    }
}

/// Writes a document where the user wants it.
pub fn written(path: &Path, text: &str) -> Result<(), Failure> {
    if path.as_os_str() == "-" {
        return Ok(io::stdout().write_all(text.as_bytes())?);
    }
    std::fs::write(path, text).map_err(|error| Failure::output(path, error))
}

/// What the summary counts.
#[derive(Default)]
pub struct Totals {
    admitted: u64,
    waiting: u64,
    refused: u64,
    unobserved: u64,
}

impl Totals {
    fn count(&mut self, outcome: &Outcome) {
        let state = match outcome {
            Outcome::Decided(decided) => decided.vetted.as_ref().map(|vetted| vetted.admission.state),
            Outcome::Unobserved(_) => None,
        };
        match state {
            Some(AdmissionState::Admitted) => self.admitted += 1,
            Some(AdmissionState::Waiting) => self.waiting += 1,
            Some(AdmissionState::Refused | AdmissionState::Revoked) => self.refused += 1,
            None => self.unobserved += 1,
        }
    }

    /// Says on standard error what the run came to.
    pub fn summarise(&self, context: &Context) {
        if context.chatter == Chatter::Quiet {
            return;
        }
        let values: [(&str, &dyn std::fmt::Display); 3] =
            [("admitted", &self.admitted), ("waiting", &self.waiting), ("refused", &self.refused)];
        eprintln!("{}", say(context.lang, "vet.summary", &values));
        if self.unobserved > 0 {
            eprintln!("{}", say(context.lang, "check.summary-unread", &[("count", &self.unobserved)]));
        }
        if self.waiting > 0 {
            eprintln!("{}", say(context.lang, "vet.summary-waiting", &[]));
        }
    }

    /// How the run ends for a pipeline.
    pub fn exit(&self, fail_on: VetFailOn) -> Exit {
        let stops = match fail_on {
            VetFailOn::Waiting => self.waiting + self.refused > 0,
            VetFailOn::Refused => self.refused > 0,
            VetFailOn::Never => false,
        };
        match (self.unobserved, stops) {
            (1.., _) => Exit::CouldNot,
            (0, true) => Exit::Findings,
            (0, false) => Exit::Done,
        }
    }
}

impl From<NotJudged> for Failure {
    fn from(error: NotJudged) -> Self {
        Self::new("SKM-E-0061", error)
    }
}
