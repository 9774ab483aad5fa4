//! SPDX 3.0.1 as JSON-LD (annex "serialization"): the elements of the Core, Software, SimpleLicensing, AI and Dataset
//! profiles that a bill of materials of a model needs.

use serde::Serialize;

use crate::Digest;

/// The context that gives the names their meaning.
pub const CONTEXT: &str = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld";
/// "No assertion" in place of a licence (ExpandedLicensing, individuals).
pub const NO_ASSERTION_LICENSE: &str = "https://spdx.org/rdf/3.0.1/terms/ExpandedLicensing/NoAssertionLicense";

/// A document: a flat list of elements.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Document {
    /// [`CONTEXT`].
    #[serde(rename = "@context")]
    pub context: &'static str,
    /// The elements.
    #[serde(rename = "@graph")]
    pub graph: Vec<Object>,
}

/// An element, or the creation information that all of them share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type")]
pub enum Object {
    /// Who wrote the elements, and when (Core).
    CreationInfo(CreationInfo),
    /// The program that wrote them, as the one who says it (Core).
    SoftwareAgent(Plain),
    /// The program that wrote them, as what was used (Core).
    Tool(Plain),
    /// Somebody who made or supplied something; whether a person or an organisation is not known (Core).
    Agent(Plain),
    /// The document as an element (Core).
    SpdxDocument(Collection),
    /// The bill of materials (Software).
    #[serde(rename = "software_Sbom")]
    Sbom(Collection),
    /// A model (AI).
    #[serde(rename = "ai_AIPackage")]
    AiPackage(Box<AiPackage>),
    /// A data set (Dataset).
    #[serde(rename = "dataset_DatasetPackage")]
    DatasetPackage(Package),
    /// A library (Software).
    #[serde(rename = "software_Package")]
    Package(Package),
    /// A file (Software).
    #[serde(rename = "software_File")]
    File(File),
    /// A licence by an expression (SimpleLicensing).
    #[serde(rename = "simplelicensing_LicenseExpression")]
    LicenseExpression(LicenseExpression),
    /// What is known of a licence that is not on the SPDX list (SimpleLicensing).
    #[serde(rename = "simplelicensing_SimpleLicensingText")]
    LicensingText(LicensingText),
    /// How two elements belong together (Core).
    Relationship(Relationship),
    /// What somebody says about an element (Core).
    Annotation(Annotation),
}

/// Who wrote the elements, and when (Core, `CreationInfo`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreationInfo {
    /// A blank node.
    #[serde(rename = "@id")]
    pub id: &'static str,
    /// `3.0.1`.
    pub spec_version: &'static str,
    /// When, to the second.
    pub created: String,
    /// Who.
    pub created_by: Vec<String>,
    /// With what.
    pub created_using: Vec<String>,
    /// What to know about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// What all elements have (Core, `Element`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Common {
    /// An IRI.
    pub spdx_id: String,
    /// The blank node of the creation information.
    pub creation_info: &'static str,
}

/// An element with a name and nothing more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Plain {
    /// What all have.
    #[serde(flatten)]
    pub common: Common,
    /// The name.
    pub name: String,
}

/// A collection of elements (Core, `ElementCollection`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Collection {
    /// What all have.
    #[serde(flatten)]
    pub common: Common,
    /// The name.
    pub name: String,
    /// What it is about.
    pub root_element: Vec<String>,
    /// What is in it.
    pub element: Vec<String>,
    /// The profiles that it keeps to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub profile_conformance: Vec<&'static str>,
    /// Of a bill: in which phase its data was gathered.
    #[serde(rename = "software_sbomType", skip_serializing_if = "Vec::is_empty")]
    pub sbom_type: Vec<&'static str>,
}

/// A package (Software, `Package`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Package {
    /// What all have.
    #[serde(flatten)]
    pub common: Common,
    /// The name.
    pub name: String,
    /// What it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What to know about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The digests.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub verified_using: Vec<Hash>,
    /// Who made it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub originated_by: Vec<String>,
    /// Who supplied it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supplied_by: Option<String>,
    /// Where more is said about it.
    #[serde(rename = "externalRef", skip_serializing_if = "Vec::is_empty")]
    pub external_ref: Vec<ExternalRef>,
    /// The version.
    #[serde(rename = "software_packageVersion", skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The package URL.
    #[serde(rename = "software_packageUrl", skip_serializing_if = "Option::is_none")]
    pub purl: Option<String>,
    /// Where it can be had.
    #[serde(rename = "software_downloadLocation", skip_serializing_if = "Option::is_none")]
    pub download_location: Option<String>,
    /// Such as `model`, `data` or `library`.
    #[serde(rename = "software_primaryPurpose")]
    pub purpose: &'static str,
    /// Of a data set: what kind of data.
    #[serde(rename = "dataset_datasetType", skip_serializing_if = "Vec::is_empty")]
    pub dataset_type: Vec<&'static str>,
}

/// A model (AI, `AIPackage`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AiPackage {
    /// What all packages have.
    #[serde(flatten)]
    pub package: Package,
    /// What it is for: the fields of use.
    #[serde(rename = "ai_domain", skip_serializing_if = "Vec::is_empty")]
    pub domain: Vec<String>,
    /// Sizes and settings of the model.
    #[serde(rename = "ai_hyperparameter", skip_serializing_if = "Vec::is_empty")]
    pub hyperparameter: Vec<Entry>,
    /// How it is used.
    #[serde(rename = "ai_informationAboutApplication", skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// Where it fails.
    #[serde(rename = "ai_limitation", skip_serializing_if = "Option::is_none")]
    pub limitation: Option<String>,
    /// What was measured.
    #[serde(rename = "ai_metric", skip_serializing_if = "Vec::is_empty")]
    pub metric: Vec<Entry>,
    /// The architectures.
    #[serde(rename = "ai_typeOfModel", skip_serializing_if = "Vec::is_empty")]
    pub type_of_model: Vec<String>,
}

/// A file (Software, `File`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct File {
    /// What all have.
    #[serde(flatten)]
    pub common: Common,
    /// Its path.
    pub name: String,
    /// The digests.
    pub verified_using: Vec<Hash>,
    /// Such as `file`.
    #[serde(rename = "software_primaryPurpose")]
    pub purpose: &'static str,
    /// Its size and kind, in words.
    pub comment: String,
}

/// A digest (Core, `Hash`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Hash {
    #[serde(rename = "type")]
    kind: &'static str,
    algorithm: &'static str,
    hash_value: Digest,
}

impl From<Digest> for Hash {
    fn from(hash_value: Digest) -> Self {
        Self { kind: "Hash", algorithm: "sha256", hash_value }
    }
}

/// A key with a value (Core, `DictionaryEntry`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Entry {
    #[serde(rename = "type")]
    kind: &'static str,
    key: String,
    value: String,
}

impl Entry {
    /// An entry.
    #[must_use]
    pub fn new(key: impl Into<String>, value: impl Into<String>) -> Self {
        Self { kind: "DictionaryEntry", key: key.into(), value: value.into() }
    }
}

/// Where more is said (Core, `ExternalRef`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExternalRef {
    #[serde(rename = "type")]
    kind: &'static str,
    external_ref_type: &'static str,
    locator: Vec<String>,
}

impl ExternalRef {
    /// A reference of this type, such as `altWebPage`.
    #[must_use]
    pub fn new(external_ref_type: &'static str, locator: String) -> Self {
        Self { kind: "ExternalRef", external_ref_type, locator: vec![locator] }
    }
}

/// A licence by an expression (SimpleLicensing, `LicenseExpression`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LicenseExpression {
    /// What all have.
    #[serde(flatten)]
    pub common: Common,
    /// The expression (annex "SPDX license expressions").
    #[serde(rename = "simplelicensing_licenseExpression")]
    pub expression: String,
    /// Which `LicenseRef-` stands for which licensing text.
    #[serde(rename = "simplelicensing_customIdToUri", skip_serializing_if = "Vec::is_empty")]
    pub custom: Vec<Entry>,
}

/// What is known of a licence that is not on the SPDX list (SimpleLicensing, `SimpleLicensingText`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LicensingText {
    /// What all have.
    #[serde(flatten)]
    pub common: Common,
    /// Its name.
    pub name: String,
    /// Its text, or what stands in place of it.
    #[serde(rename = "simplelicensing_licenseText")]
    pub text: String,
}

/// How two elements belong together (Core, `Relationship`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Relationship {
    /// What all have.
    #[serde(flatten)]
    pub common: Common,
    /// From this element.
    pub from: String,
    /// Such as `contains`.
    pub relationship_type: &'static str,
    /// To those.
    pub to: Vec<String>,
    /// Whether there are more: `complete`, `incomplete` or `noAssertion`.
    pub completeness: &'static str,
    /// What to know about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// What somebody says about an element (Core, `Annotation`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Annotation {
    /// What all have.
    #[serde(flatten)]
    pub common: Common,
    /// `review` or `other`.
    pub annotation_type: &'static str,
    /// The element.
    pub subject: String,
    /// What is said.
    pub statement: String,
}
