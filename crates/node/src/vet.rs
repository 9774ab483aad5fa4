//! Vetting: a model or an agent's package as one, from its bytes to its place in the register.
//!
//! It is the sentence of [`crate::flow`] with two more clauses: the bill of materials is written, and the register learns
//! what may go live.

use std::path::{Path, PathBuf};

use sakimori_examine::catalogue::finding;
use sakimori_examine::provenance::codes;
use sakimori_examine::report::is_unexamined;
use sakimori_model::{
    Actor, AdmissionPredicate, Basis, DecisionPredicate, Digest, Finding, Place, Predicate, Receipt, RegisterEntry,
    SignatureState, Statement, Timestamp, VettedFile, Vetting,
};
use sakimori_store::Aside;

use crate::bom::{BomDecision, BomInput, PROGRAM_VERSION};
use crate::flow::{Progress, Rules};
use crate::node::Node;
use crate::observe::{new_record, now, path_text};
use crate::outcome::{Decided, Outcome};
use crate::record::Entry;
use crate::register::{Registered, after_vetting};
use crate::unit::{self, Unit, UnitFile};
use crate::{NodeError, bom};

/// How a model is vetted, and what the register is told of it.
pub struct Ask<'a> {
    /// How it is examined, and what decides.
    pub rules: &'a Rules<'a>,
    /// Tells what becomes of the signature of the model at this path.
    pub signature: &'a dyn Fn(&Path, &Unit) -> SignatureState,
    /// What the register is told of it.
    pub entry: &'a RegisterEntry,
    /// Who has it vetted.
    pub by: Actor,
}

/// What came of a vetting, besides the decision.
#[derive(Clone, Debug)]
pub struct Vetted {
    /// What is in the record of the decision.
    pub vetting: Vetting,
    /// The bill of materials (CycloneDX, JSON).
    pub bom: String,
    /// What was left out on purpose: paths below the folder.
    pub left_out: Vec<String>,
    /// What the register says from now on.
    pub admission: AdmissionPredicate,
    /// The receipt of the admission's record.
    pub receipt: Receipt,
}

/// Vets each of these paths as one model, and hands over the outcomes in their order, each after its records are durable.
///
/// # Errors
/// When a record can't be written, or `each` fails. What was handed over until then is recorded.
pub fn vet<E: From<NodeError>>(
    node: &mut Node,
    paths: &[PathBuf],
    ask: &Ask<'_>,
    progress: &dyn Progress,
    mut each: impl FnMut(Outcome) -> Result<(), E>,
) -> Result<(), E> {
    for path in paths {
        let outcome = match unit::examine(path, Some(node.home()), ask.rules.settings, progress) {
            Ok(unit) => Outcome::Decided(Box::new(record(node, path, unit, ask)?)),
            Err(unobserved) => Outcome::Unobserved(unobserved),
        };
        each(outcome)?;
    }
    Ok(())
}

/// Decides on what was examined, and records the decision together with what it does to the register.
fn record(node: &mut Node, path: &Path, unit: Unit, ask: &Ask<'_>) -> Result<Decided, NodeError> {
    let signature = (ask.signature)(path, &unit);
    let mut findings = unit.findings.clone();
    findings.extend(finding_of(&signature));
    let (record, at) = (new_record(), now());
    let decision = ask.rules.policy.decide(&unit.kind, &findings);
    let decided = BomDecision {
        effect: decision.effect,
        findings: findings.len(),
        unexamined: findings.iter().filter(|finding| is_unexamined(finding)).count(),
        record: Some(record),
        origin: Some(node.origin()),
    };
    let bom = bom::build(&BomInput { decision: Some(decided), time: Some(at), ..BomInput::of(&unit) }).cyclonedx_json();
    let vetting = Vetting {
        name: unit.name.clone(),
        program: PROGRAM_VERSION.to_owned(),
        bom: Digest::of(bom.as_bytes()),
        files: unit.files.iter().map(vetted_file).collect(),
        signature,
    };
    let left_out = unit.left_out.clone();
    let made = DecisionPredicate {
        source: None,
        record,
        observed: at,
        by: Some(ask.by.clone()),
        size: unit.size(),
        examined: decided.unexamined == 0,
        kind: unit.kind,
        examiners: unit.examiners,
        rules: ask.rules.rules,
        findings,
        decision,
        vetting: Some(vetting.clone()),
    };
    let admission = admission(node, &made, unit.sha256, ask, at)?;
    let about_content = Statement::about(&path_text(path), unit.sha256, Predicate::Decision(Box::new(made)));
    let about_model = Statement::about(&vetting.name, unit.sha256, Predicate::Admission(Box::new(admission.clone())));
    let place = std::path::absolute(path).map_err(crate::node::folder(path))?;
    // Both are staged in one transaction: a crash leaves both of them or none.
    let entries =
        [Entry::of(about_content.clone()).beside(Aside::Vetted { bom: bom.clone(), place }), Entry::of(about_model)];
    let receipts = node.record(&entries)?;
    node.act()?;
    let defect = || NodeError::Stopped("a record got no receipt".to_owned());
    let [of_decision, of_admission]: [Receipt; 2] = receipts.try_into().map_err(|_| defect())?;
    let decided = Decided::of(about_content, of_decision).ok_or_else(defect)?;
    let vetted = Vetted { vetting, bom, left_out, admission, receipt: of_admission };
    Ok(Decided { vetted: Some(Box::new(vetted)), ..decided })
}

/// What the register says of a model after this decision.
fn admission(
    node: &Node,
    made: &DecisionPredicate,
    sha256: Digest,
    ask: &Ask<'_>,
    at: Timestamp,
) -> Result<AdmissionPredicate, NodeError> {
    let before = node.store().current_admission(&sha256)?;
    let before = before.map(|row| Registered::of(node.store(), &row)).transpose()?;
    let (state, basis, entry) = after_vetting(made, ask.rules.policy.admission(), before.as_ref(), ask.entry, at);
    let note = match (basis, &before) {
        (Basis::Person, Some(before)) => before.made.note.clone(),
        _ => String::new(),
    };
    Ok(AdmissionPredicate { record: new_record(), at, by: ask.by.clone(), basis, of: made.record, state, entry, note })
}

/// What the state of a signature is as a finding: a policy can ask for it.
fn finding_of(signature: &SignatureState) -> Option<Finding> {
    match signature {
        SignatureState::Verified { .. } => None,
        SignatureState::None => Some(finding(&codes::UNSIGNED, Place::WHOLE)),
        SignatureState::NotVerified { file } => {
            Some(finding(&codes::SIGNATURE_NOT_VERIFIED, Place::WHOLE).with("file", file))
        }
        SignatureState::Refused { why } => Some(finding(&codes::SIGNATURE_BROKEN, Place::WHOLE).with("why", why)),
    }
}

fn vetted_file(file: &UnitFile) -> VettedFile {
    VettedFile { path: file.path.clone(), size: file.size, sha256: file.sha256, kind: file.kind.clone() }
}
