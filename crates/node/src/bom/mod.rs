//! The bill of materials of a model, out of its files and what they say of themselves: one document a model.
//!
//! What it holds follows CycloneDX 1.7 (`modelCard`), SPDX 3.0.1 (AI and Dataset profiles), and the minimum elements of NTIA
//! (2021), CISA (2025) and, for AI, of the G7 (2026: clusters "metadata", "models", "dataset properties", "KPI", "security
//! properties"). All but digests, sizes and kinds of files are claims of the model's author. The same input gives the same
//! bytes on any machine.

mod card;
mod cyclonedx;
mod licence;
mod parameters;
mod spdx;

use sakimori_model::{Digest, Effect, Fact, RecordId, Timestamp};
use uuid::Uuid;

use crate::unit::{Hub, Shape, Unit, UnitFile};

use card::Card;

/// The namespace of our ids (RFC 9562, version 5): made for this and used for nothing else.
const NAMESPACE: Uuid = Uuid::from_u128(0x2b8f_5d0c_94a1_4e7b_8c36_f1d0_7ea2_5b93);
/// The namespace of our properties.
const PROPERTIES: &str = "sakimori:";
/// The version of the program.
pub const PROGRAM_VERSION: &str = env!("CARGO_PKG_VERSION");
/// Different values of one name of fact that get into a bill. One property says that there are more.
pub const VALUES_MAX: usize = 1_000;

/// What a bill is made from.
#[derive(Clone, Copy, Debug)]
pub struct BomInput<'a> {
    /// The name of the model.
    pub name: &'a str,
    /// Its digest: of a single file that of its bytes, of a folder [`crate::unit::root_digest`].
    pub sha256: Digest,
    /// Whether it is a file or a folder.
    pub shape: Shape,
    /// Its files.
    pub files: &'a [UnitFile],
    /// What they say of themselves; a place's member begins with the path of the file.
    pub facts: &'a [Fact],
    /// Where on the hub it comes from, where that is known.
    pub hub: Option<&'a Hub>,
    /// Whether the files are all that there are.
    pub whole: Completeness,
    /// What was decided about it.
    pub decision: Option<BomDecision<'a>>,
    /// The version of the program.
    pub program_version: &'a str,
    /// When the bill is written. Without a time the bill depends on its other input alone.
    pub time: Option<Timestamp>,
}

/// Whether the files of a bill are all that the model has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completeness {
    /// They are.
    Complete,
    /// Something could not be read, or was left out.
    Incomplete,
}

/// What was decided about a model.
#[derive(Clone, Copy, Debug)]
pub struct BomDecision<'a> {
    /// What came of it.
    pub effect: Effect,
    /// Findings in all.
    pub findings: usize,
    /// Those of them that say that something was not examined.
    pub unexamined: usize,
    /// The record of the decision.
    pub record: Option<RecordId>,
    /// The origin of the log that holds it.
    pub origin: Option<&'a str>,
}

impl<'a> BomInput<'a> {
    /// The input for what was seen, without a decision and without a time.
    #[must_use]
    pub fn of(unit: &'a Unit) -> Self {
        let is_whole = unit.unread.is_empty() && unit.left_out.is_empty();
        Self {
            name: &unit.name,
            sha256: unit.sha256,
            shape: unit.shape,
            files: &unit.files,
            facts: &unit.facts,
            hub: unit.hub.as_ref(),
            whole: if is_whole { Completeness::Complete } else { Completeness::Incomplete },
            decision: None,
            program_version: PROGRAM_VERSION,
            time: None,
        }
    }
}

/// The bill of materials of a model, in either form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bom {
    /// As CycloneDX 1.7.
    pub cyclonedx: sakimori_model::bom::cyclonedx::Bom,
    /// As SPDX 3.0.1.
    pub spdx: sakimori_model::bom::spdx::Document,
}

impl Bom {
    /// The CycloneDX document as JSON, indented, with a line feed at its end.
    #[must_use]
    pub fn cyclonedx_json(&self) -> String {
        json(&self.cyclonedx)
    }

    /// The SPDX document as JSON-LD, indented, with a line feed at its end.
    #[must_use]
    pub fn spdx_json(&self) -> String {
        json(&self.spdx)
    }
}

/// Makes the bill of materials of a model. Total, and pure: whatever its files say of themselves, it is a valid document.
#[must_use]
pub fn build(input: &BomInput<'_>) -> Bom {
    let card = Card::new(input);
    Bom { cyclonedx: cyclonedx::document(&card), spdx: spdx::document(&card) }
}

fn json(document: &impl serde::Serialize) -> String {
    // INVARIANT: structs, lists and texts always have a JSON form.
    serde_json::to_string_pretty(document).unwrap_or_default() + "\n"
}

/// The UUID of a part of the bill for this model.
fn id(sha256: Digest, part: &str) -> Uuid {
    Uuid::new_v5(&NAMESPACE, format!("{sha256} {part}").as_bytes())
}
