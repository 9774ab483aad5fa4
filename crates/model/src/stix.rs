//! STIX 2.1 objects (OASIS Standard, 10 June 2021): those that we write, with the properties that we fill.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Digest, Framework, Technique, Timestamp, Tlp, canonical_json};

/// The namespace of deterministic ids of cyber-observable objects (STIX 2.1, section 2.9).
const SCO_NAMESPACE: Uuid = Uuid::from_u128(0x00ab_edb4_aa42_466c_9c01_fed2_3315_a9b7);
/// The namespace of the ids that are made here, so that the same content gives the same object again.
const OWN_NAMESPACE: Uuid = Uuid::from_u128(0x6c1f_4f0e_8f0b_4d57_9f5b_0d5c_5a1f_7e21);
/// The extension by which a marking declares a level of TLP 2.0 (OASIS cti-stix-common-objects).
const TLP_EXTENSION: &str = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d";
/// When OASIS published the TLP 2.0 markings; it is part of the objects.
const TLP_CREATED: &str = "2022-10-01T00:00:00.000Z";

/// A STIX bundle (section 8).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bundle {
    /// Always `bundle`.
    #[serde(rename = "type")]
    kind: String,
    /// `bundle--` and a UUID.
    pub id: String,
    /// The objects.
    pub objects: Vec<Object>,
}

impl Bundle {
    /// A bundle of objects, its id derived from theirs.
    #[must_use]
    pub fn new(objects: Vec<Object>) -> Self {
        let ids: Vec<&str> = objects.iter().map(Object::id).collect();
        Self { kind: "bundle".to_owned(), id: own_id("bundle", &ids.join(" ")), objects }
    }
}

/// An object of a bundle, by its `type`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Object {
    /// Who says it (section 4.5).
    Identity(Identity),
    /// Who may see it (section 7.2).
    MarkingDefinition(Marking),
    /// The bytes (section 6.7).
    File(File),
    /// A pattern by which others find the same (section 4.7).
    Indicator(Indicator),
    /// What an examination came to (section 4.12).
    MalwareAnalysis(MalwareAnalysis),
    /// A technique (section 4.1).
    AttackPattern(AttackPattern),
    /// What was found, in words (section 4.14).
    Note(Note),
    /// How two objects belong together (section 5.1).
    Relationship(Relationship),
}

impl Object {
    /// The object's id.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Identity(o) => &o.common.id,
            Self::MarkingDefinition(o) => &o.id,
            Self::File(o) => &o.id,
            Self::Indicator(o) => &o.common.id,
            Self::MalwareAnalysis(o) => &o.common.id,
            Self::AttackPattern(o) => &o.common.id,
            Self::Note(o) => &o.common.id,
            Self::Relationship(o) => &o.common.id,
        }
    }

    /// The ids of the markings that the object carries.
    #[must_use]
    pub fn markings(&self) -> &[String] {
        match self {
            Self::Identity(o) => &o.common.object_marking_refs,
            Self::MarkingDefinition(_) => &[],
            Self::File(o) => &o.object_marking_refs,
            Self::Indicator(o) => &o.common.object_marking_refs,
            Self::MalwareAnalysis(o) => &o.common.object_marking_refs,
            Self::AttackPattern(o) => &o.common.object_marking_refs,
            Self::Note(o) => &o.common.object_marking_refs,
            Self::Relationship(o) => &o.common.object_marking_refs,
        }
    }
}

/// The properties that all domain and relationship objects have (section 3.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Common {
    /// `2.1`.
    spec_version: String,
    /// The type, `--`, and a UUID.
    pub id: String,
    /// Who says it; the identity itself has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by_ref: Option<String>,
    /// When it was first said, with milliseconds.
    pub created: String,
    /// When it was last changed, with milliseconds.
    pub modified: String,
    /// Who may see it.
    pub object_marking_refs: Vec<String>,
}

impl Common {
    /// The common properties of an object of `kind`, its id derived from `seed`.
    #[must_use]
    pub fn new(kind: &str, seed: &str, created: Timestamp, marking: Tlp) -> Self {
        let created = millis(created);
        Self {
            spec_version: "2.1".to_owned(),
            id: own_id(kind, seed),
            created_by_ref: None,
            modified: created.clone(),
            created,
            object_marking_refs: vec![Marking::id_of(marking).to_owned()],
        }
    }

    /// The same, said by this identity.
    #[must_use]
    pub fn by(mut self, identity: &str) -> Self {
        self.created_by_ref = Some(identity.to_owned());
        self
    }
}

/// An identity (section 4.5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The common properties.
    #[serde(flatten)]
    pub common: Common,
    /// Its name.
    pub name: String,
    /// `system` for a node.
    pub identity_class: String,
}

/// A TLP 2.0 marking as OASIS publishes it (cti-stix-common-objects).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Marking {
    spec_version: String,
    id: String,
    created: String,
    name: String,
    extensions: serde_json::Value,
}

impl From<Tlp> for Marking {
    fn from(level: Tlp) -> Self {
        let word = level.as_str().trim_start_matches("TLP:").to_ascii_lowercase();
        Self {
            spec_version: "2.1".to_owned(),
            id: Self::id_of(level).to_owned(),
            created: TLP_CREATED.to_owned(),
            name: level.as_str().to_owned(),
            extensions: serde_json::json!({
                TLP_EXTENSION: { "extension_type": "property-extension", "tlp_2_0": word }
            }),
        }
    }
}

impl Marking {
    /// The published id of a level.
    #[must_use]
    pub const fn id_of(level: Tlp) -> &'static str {
        match level {
            Tlp::Clear => "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
            Tlp::Green => "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
            Tlp::Amber => "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
            Tlp::AmberStrict => "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
            Tlp::Red => "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
        }
    }
}

/// A file (section 6.7).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    spec_version: String,
    id: String,
    hashes: Hashes,
    size: u64,
    object_marking_refs: Vec<String>,
}

/// The hashes of a file, by the names of the open vocabulary `hash-algorithm-ov`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hashes {
    #[serde(rename = "SHA-256")]
    sha256: Digest,
}

impl File {
    /// The file with these bytes; its id follows from its hash (section 2.9), so that everybody gives it the same.
    #[must_use]
    pub fn new(sha256: Digest, size: u64, marking: Tlp) -> Self {
        let hashes = Hashes { sha256 };
        // INVARIANT: a map of text to text always has a canonical form.
        let seed = canonical_json(&serde_json::json!({ "hashes": hashes })).unwrap_or_default();
        Self {
            spec_version: "2.1".to_owned(),
            id: format!("file--{}", Uuid::new_v5(&SCO_NAMESPACE, &seed)),
            hashes,
            size,
            object_marking_refs: vec![Marking::id_of(marking).to_owned()],
        }
    }

    /// The id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The pattern that finds this file (section 9).
    #[must_use]
    pub fn pattern(&self) -> String {
        format!("[file:hashes.'SHA-256' = '{}']", self.hashes.sha256)
    }
}

/// An indicator (section 4.7).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Indicator {
    /// The common properties.
    #[serde(flatten)]
    pub common: Common,
    /// What it finds.
    pub name: String,
    /// Of the open vocabulary `indicator-type-ov`.
    pub indicator_types: Vec<String>,
    /// The pattern.
    pub pattern: String,
    /// `stix`.
    pub pattern_type: String,
    /// From when on it is valid.
    pub valid_from: String,
    /// 0 to 100.
    pub confidence: u8,
}

/// What an examination came to (section 4.12).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MalwareAnalysis {
    /// The common properties.
    #[serde(flatten)]
    pub common: Common,
    /// The program that examined.
    pub product: String,
    /// Its version.
    pub version: String,
    /// When it ended.
    pub analysis_ended: String,
    /// Of the open vocabulary `malware-result-ov`: malicious, suspicious, benign or unknown.
    pub result: String,
    /// The file.
    pub sample_ref: String,
}

/// A technique (section 4.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttackPattern {
    /// The common properties.
    #[serde(flatten)]
    pub common: Common,
    /// The technique's id.
    pub name: String,
    /// The catalogue that defines it.
    pub external_references: Vec<ExternalReference>,
}

/// Where an object of another catalogue is found (section 2.5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExternalReference {
    /// The catalogue.
    pub source_name: String,
    /// The id there.
    pub external_id: String,
    /// The release of the catalogue.
    pub description: String,
}

impl AttackPattern {
    /// The object for a technique.
    #[must_use]
    pub fn new(technique: &Technique, created: Timestamp, marking: Tlp) -> Self {
        let source_name = match technique.framework {
            Framework::Attack => "mitre-attack",
            Framework::Atlas => "mitre-atlas",
        };
        let seed = format!("{source_name} {} {}", technique.id, technique.release);
        Self {
            common: Common::new("attack-pattern", &seed, created, marking),
            name: technique.id.clone(),
            external_references: vec![ExternalReference {
                source_name: source_name.to_owned(),
                external_id: technique.id.clone(),
                description: format!("release {}", technique.release),
            }],
        }
    }
}

/// A note (section 4.14).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// The common properties.
    #[serde(flatten)]
    pub common: Common,
    /// What it is about, in short.
    #[serde(rename = "abstract")]
    pub summary: String,
    /// The text.
    pub content: String,
    /// The objects that it speaks of.
    pub object_refs: Vec<String>,
}

/// How two objects belong together (section 5.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relationship {
    /// The common properties.
    #[serde(flatten)]
    pub common: Common,
    /// Such as `indicates`.
    pub relationship_type: String,
    /// From this object.
    pub source_ref: String,
    /// To that one.
    pub target_ref: String,
}

impl Relationship {
    /// `source` stands in relation `kind` to `target`.
    #[must_use]
    pub fn new(kind: &str, source: &str, target: &str, created: Timestamp, marking: Tlp) -> Self {
        Self {
            common: Common::new("relationship", &format!("{kind} {source} {target}"), created, marking),
            relationship_type: kind.to_owned(),
            source_ref: source.to_owned(),
            target_ref: target.to_owned(),
        }
    }
}

/// A time as STIX writes it, with milliseconds (section 2.16).
#[must_use]
pub fn millis(time: Timestamp) -> String {
    let text = time.to_string();
    match text.split_once('.') {
        Some((seconds, fraction)) => format!("{seconds}.{}Z", &fraction[..3]),
        None => text,
    }
}

fn own_id(kind: &str, seed: &str) -> String {
    format!("{kind}--{}", Uuid::new_v5(&OWN_NAMESPACE, format!("{kind} {seed}").as_bytes()))
}
