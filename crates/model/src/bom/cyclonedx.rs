//! CycloneDX 1.7 (ECMA-424), JSON: the objects that a bill of materials of a model needs. The names in brackets are those of
//! the JSON reference.

use serde::Serialize;

use crate::Digest;

/// The version of the specification.
pub const SPEC_VERSION: &str = "1.7";

/// A bill of materials (`bom`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Bom {
    /// Always `CycloneDX`.
    pub bom_format: &'static str,
    /// [`SPEC_VERSION`].
    pub spec_version: &'static str,
    /// `urn:uuid:` and a UUID.
    pub serial_number: String,
    /// Counted from 1.
    pub version: u32,
    /// What it is about, and who wrote it.
    pub metadata: Metadata,
    /// Data sets and libraries.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<Component>,
    /// What needs what.
    pub dependencies: Vec<Dependency>,
    /// How complete it is.
    pub compositions: Vec<Composition>,
}

/// What a bill is about, and who wrote it (`metadata`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Metadata {
    /// When it was written (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
    /// In which phase its data was gathered.
    pub lifecycles: Vec<Lifecycle>,
    /// What wrote it.
    pub tools: Tools,
    /// The model.
    pub component: Component,
}

/// A phase (`metadata.lifecycles`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lifecycle {
    /// Such as `post-build`.
    pub phase: &'static str,
}

/// The programs that wrote a bill (`metadata.tools`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tools {
    /// The programs.
    pub components: Vec<Component>,
}

/// Anything that a bill lists (`component`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Component {
    /// Such as `machine-learning-model`, `data`, `library`, `file` or `application`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The name by which other parts of the bill speak of it: unique.
    #[serde(rename = "bom-ref", skip_serializing_if = "String::is_empty")]
    pub bom_ref: String,
    /// Who supplied it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supplier: Option<Organization>,
    /// Who made it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authors: Vec<Contact>,
    /// Its name.
    pub name: String,
    /// Its version, at most 1,024 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// What it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The digests of its bytes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hashes: Vec<Hash>,
    /// Its licences.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub licenses: Vec<LicenseChoice>,
    /// Its package URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purl: Option<String>,
    /// What it was made from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pedigree: Option<Pedigree>,
    /// Where more is said about it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub external_references: Vec<ExternalReference>,
    /// What it consists of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<Component>,
    /// Of a model only: what it is for, how it was made and how good it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_card: Option<ModelCard>,
    /// Of data only: what kind of data.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub data: Vec<Data>,
    /// Names and values of our own namespace.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub properties: Vec<Property>,
    /// Words that it is filed under.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

/// An organisation (`organizationalEntity`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Organization {
    /// Its name.
    pub name: String,
}

/// A person or group (`organizationalContact`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Contact {
    /// The name.
    pub name: String,
}

/// A digest (`hash`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hash {
    alg: &'static str,
    content: Digest,
}

impl From<Digest> for Hash {
    fn from(content: Digest) -> Self {
        Self { alg: "SHA-256", content }
    }
}

/// A licence (`licenseChoice`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum LicenseChoice {
    /// By an SPDX expression.
    Expression {
        /// The expression.
        expression: String,
        /// `declared`: as its author says.
        acknowledgement: &'static str,
    },
    /// By a name that is not on the SPDX list.
    Named {
        /// The licence.
        license: NamedLicense,
    },
}

/// A licence that is not on the SPDX list (`license`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NamedLicense {
    /// Its name.
    pub name: String,
    /// `declared`: as its author says.
    pub acknowledgement: &'static str,
    /// Where its text is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// What a component was made from (`component.pedigree`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pedigree {
    /// What it was made from.
    pub ancestors: Vec<Component>,
    /// How.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
}

/// Where more is said (`externalReference`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExternalReference {
    /// Such as `website`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// An IRI reference.
    pub url: String,
}

/// What a model is for, how it was made and how good it is (`modelCard`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ModelCard {
    /// What it is and what it was trained on.
    pub model_parameters: ModelParameters,
    /// How good it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantitative_analysis: Option<QuantitativeAnalysis>,
    /// What its author wants to be considered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub considerations: Option<Considerations>,
}

/// What a model is (`modelCard.modelParameters`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ModelParameters {
    /// What it does, such as `text-generation`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// The family, such as `transformer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub architecture_family: Option<String>,
    /// The architecture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_architecture: Option<String>,
    /// The data components that it was trained on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub datasets: Vec<DatasetRef>,
    /// What goes in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<InputOutput>,
    /// What comes out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<InputOutput>,
}

/// A data component, by its reference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DatasetRef {
    /// The `bom-ref`.
    #[serde(rename = "ref")]
    pub reference: String,
}

/// The form of what goes in or comes out (`inputOutputMLParameters`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InputOutput {
    /// Such as `text`.
    pub format: &'static str,
}

/// How good a model is (`modelCard.quantitativeAnalysis`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct QuantitativeAnalysis {
    /// What was measured.
    pub performance_metrics: Vec<Metric>,
}

/// A measurement (`performanceMetric`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Metric {
    /// What was measured.
    #[serde(rename = "type")]
    pub kind: String,
    /// The figure.
    pub value: String,
    /// On which data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slice: Option<String>,
}

/// What its author wants to be considered (`modelCard.considerations`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Considerations {
    /// What it is for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub use_cases: Vec<String>,
    /// Where it fails.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub technical_limitations: Vec<String>,
}

/// Data (`componentData`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Data {
    /// `dataset`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Its name.
    pub name: String,
}

/// A name and a value (`property`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Property {
    /// The name, beginning with our namespace.
    pub name: String,
    /// The value.
    pub value: String,
}

/// What a component needs (`dependency`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Dependency {
    /// The component.
    #[serde(rename = "ref")]
    pub reference: String,
    /// What it needs.
    pub depends_on: Vec<String>,
}

/// How complete a part of the bill is (`compositions`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Composition {
    /// Such as `complete`, `incomplete` or `unknown`.
    pub aggregate: &'static str,
    /// The components whose parts are meant.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub assemblies: Vec<String>,
    /// The components whose dependencies are meant.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dependencies: Vec<String>,
}
