//! The bill as SPDX 3.0.1: the model is an `ai_AIPackage` that contains its files.

use sakimori_model::FactName;
use sakimori_model::bom::spdx::{
    AiPackage, Annotation, CONTEXT, Collection, Common, CreationInfo, Document, Entry, ExternalRef, File,
    LicenseExpression, LicensingText, NO_ASSERTION_LICENSE, Object, Package, Plain, Relationship,
};

use super::card::{Card, address};
use super::licence::Licence;

/// The blank node of the creation information.
const CREATION: &str = "_:creation";
/// SPDX demands a time in every document; this one says that none is told.
const NO_TIME: &str = "1970-01-01T00:00:00Z";

/// Gathers the elements.
struct Writer<'a> {
    card: &'a Card<'a>,
    graph: Vec<Object>,
    /// The ids of the elements in the graph.
    ids: Vec<String>,
}

pub(super) fn document(card: &Card<'_>) -> Document {
    let mut writer = Writer { card, graph: Vec::new(), ids: Vec::new() };
    writer.creation();
    let model = writer.model();
    writer.files(&model);
    writer.licences(&model);
    writer.data(&model);
    writer.libraries(&model);
    writer.base_models(&model);
    writer.annotation(&model);
    writer.collections(&model);
    Document { context: CONTEXT, graph: writer.graph }
}

impl Writer<'_> {
    /// An id that follows from the model's digest and the part.
    fn id(&self, part: &str) -> String {
        format!("urn:uuid:{}", self.card.uuid(&format!("spdx {part}")))
    }

    /// Begins an element.
    fn common(&mut self, part: &str) -> Common {
        let spdx_id = self.id(part);
        self.ids.push(spdx_id.clone());
        Common { spdx_id, creation_info: CREATION }
    }

    fn plain(&mut self, part: &str, name: &str) -> Plain {
        Plain { common: self.common(part), name: name.to_owned() }
    }

    fn creation(&mut self) {
        let agent = self.plain("agent", "sakimori");
        let tool = self.plain("tool", &format!("sakimori {}", self.card.input.program_version));
        let time = self.card.time();
        self.graph.push(Object::CreationInfo(CreationInfo {
            id: CREATION,
            spec_version: "3.0.1",
            comment: time.is_none().then(|| {
                "The time is not told, so that the same files give the same document. What is said about the model, but \
                 for digests, sizes and kinds of its files, are claims of its author."
                    .to_owned()
            }),
            created: time.unwrap_or_else(|| NO_TIME.to_owned()),
            created_by: vec![agent.common.spdx_id.clone()],
            created_using: vec![tool.common.spdx_id.clone()],
        }));
        self.graph.push(Object::SoftwareAgent(agent));
        self.graph.push(Object::Tool(tool));
    }

    fn agent(&mut self, name: &str) -> String {
        let part = format!("agent {name}");
        let id = self.id(&part);
        if !self.ids.contains(&id) {
            let agent = self.plain(&part, name);
            self.graph.push(Object::Agent(agent));
        }
        id
    }

    fn package(&mut self, part: &str, name: &str, purpose: &'static str) -> Package {
        Package {
            common: self.common(part),
            name: name.to_owned(),
            description: None,
            comment: None,
            verified_using: Vec::new(),
            originated_by: Vec::new(),
            supplied_by: None,
            external_ref: Vec::new(),
            version: None,
            purl: None,
            download_location: None,
            purpose,
            dataset_type: Vec::new(),
        }
    }

    fn model(&mut self) -> String {
        let card = self.card;
        let text = |name, separator| card.joined(name, separator);
        let package = Package {
            description: text(FactName::Description, "\n"),
            comment: card.properties.iter().find(|(name, _)| name == "sakimori:digest").map(|(_, how)| how.clone()),
            verified_using: vec![card.input.sha256.into()],
            originated_by: card.all(FactName::Author).iter().map(|name| self.agent(name)).collect(),
            supplied_by: card.supplier.clone().map(|name| self.agent(&name)),
            external_ref: card.links().into_iter().map(|link| ExternalRef::new("altWebPage", link)).collect(),
            version: Some(card.version.clone()),
            purl: card.purl.clone(),
            download_location: card
                .input
                .hub
                .and_then(|hub| address(&format!("https://huggingface.co/{}/tree/{}", hub.repository, hub.revision))),
            ..self.package("model", &card.name, "model")
        };
        let id = package.common.spdx_id.clone();
        let says = |(name, value): &(String, String)| {
            let name = name.strip_prefix(super::PROPERTIES)?;
            (!matches!(name, "digest") && !name.starts_with("decision:")).then(|| Entry::new(name, value))
        };
        let kinds = card.all(FactName::ArchitectureFamily).iter().chain(card.all(FactName::Architecture));
        self.graph.push(Object::AiPackage(Box::new(AiPackage {
            package,
            domain: card.all(FactName::Task).iter().map(|task| (*task).to_owned()).collect(),
            hyperparameter: card.properties.iter().filter_map(says).collect(),
            application: text(FactName::IntendedUse, "\n"),
            limitation: text(FactName::Limitation, "\n"),
            metric: card.all(FactName::Metric).iter().map(|metric| entry_of(metric)).collect(),
            type_of_model: kinds.map(|kind| (*kind).to_owned()).collect(),
        })));
        id
    }

    fn relate(
        &mut self,
        from: &str,
        kind: &'static str,
        to: Vec<String>,
        completeness: &'static str,
        comment: Option<String>,
    ) {
        if to.is_empty() {
            return;
        }
        let common = self.common(&format!("relationship {kind} {from}"));
        let relationship =
            Relationship { common, from: from.to_owned(), relationship_type: kind, to, completeness, comment };
        self.graph.push(Object::Relationship(relationship));
    }

    fn files(&mut self, model: &str) {
        let mut ids = Vec::new();
        for (at, file) in self.card.input.files.iter().enumerate() {
            let common = self.common(&format!("file {} {}", at + 1, file.path));
            ids.push(common.spdx_id.clone());
            self.graph.push(Object::File(File {
                common,
                name: file.path.clone(),
                verified_using: vec![file.sha256.into()],
                purpose: "file",
                comment: format!("{} bytes, {}", file.size, file.kind.as_str()),
            }));
        }
        let completeness = if self.card.is_complete() { "complete" } else { "incomplete" };
        self.relate(model, "contains", ids, completeness, None);
    }

    /// The AI profile demands exactly one declared and one concluded licence; we conclude nothing.
    fn licences(&mut self, model: &str) {
        let declared = match self.expression() {
            Some(expression) => {
                let common = self.common("licence");
                let id = common.spdx_id.clone();
                let (expression, custom) = expression;
                self.graph.push(Object::LicenseExpression(LicenseExpression { common, expression, custom }));
                id
            }
            None => NO_ASSERTION_LICENSE.to_owned(),
        };
        self.licensed(model, declared);
    }

    fn licensed(&mut self, package: &str, declared: String) {
        let concluded = NO_ASSERTION_LICENSE.to_owned();
        self.relate(package, "hasDeclaredLicense", vec![declared], "noAssertion", None);
        self.relate(package, "hasConcludedLicense", vec![concluded], "noAssertion", None);
    }

    /// All licences as one expression. Several of them are all to be kept to, as nobody says that one may choose.
    fn expression(&mut self) -> Option<(String, Vec<Entry>)> {
        let card = self.card;
        let mut parts = Vec::new();
        let mut custom = Vec::new();
        for (at, licence) in card.licences.iter().enumerate() {
            match licence {
                Licence::Expression(expression) if card.licences.len() > 1 => parts.push(format!("({expression})")),
                Licence::Expression(expression) => parts.push(expression.clone()),
                Licence::Named(name, url) => {
                    let reference = format!("LicenseRef-{}-{}", at + 1, plain(name));
                    let common = self.common(&format!("licence {name}"));
                    custom.push(Entry::new(&reference, &common.spdx_id));
                    let place = url.as_deref().unwrap_or("its text is not known");
                    let text = format!("The author names this licence {name:?} ({place}).");
                    self.graph.push(Object::LicensingText(LicensingText { common, name: name.clone(), text }));
                    parts.push(reference);
                }
            }
        }
        (!parts.is_empty()).then(|| (parts.join(" AND "), custom))
    }

    fn data(&mut self, model: &str) {
        let card = self.card;
        let mut ids = Vec::new();
        for name in card.all(FactName::Dataset) {
            let package = self.package(&format!("dataset {name}"), name, "data");
            ids.push(package.common.spdx_id.clone());
            self.graph.push(Object::DatasetPackage(Package { dataset_type: vec!["noAssertion"], ..package }));
        }
        // The Dataset profile demands the same of licences as the AI profile.
        ids.iter().for_each(|id| self.licensed(id, NO_ASSERTION_LICENSE.to_owned()));
        self.relate(model, "trainedOn", ids, "noAssertion", None);
    }

    fn libraries(&mut self, model: &str) {
        let mut ids = Vec::new();
        for (name, version, words) in self.card.libraries() {
            let package = self.package(&format!("library {words}"), &name, "library");
            ids.push(package.common.spdx_id.clone());
            let comment = (words != name).then_some(words);
            self.graph.push(Object::Package(Package { version, comment, ..package }));
        }
        self.relate(model, "dependsOn", ids, "noAssertion", None);
    }

    fn base_models(&mut self, model: &str) {
        let card = self.card;
        let mut ids = Vec::new();
        for name in card.all(FactName::BaseModel) {
            let package = self.package(&format!("base model {name}"), name, "model");
            ids.push(package.common.spdx_id.clone());
            self.graph.push(Object::Package(package));
        }
        self.relate(model, "descendantOf", ids, "noAssertion", card.joined(FactName::BaseModelRelation, ", "));
    }

    fn annotation(&mut self, model: &str) {
        let decided: Vec<String> = (self.card.properties.iter())
            .filter_map(|(name, value)| Some(format!("{}={value}", name.strip_prefix("sakimori:decision:")?)))
            .collect();
        if !decided.is_empty() {
            let common = self.common("decision");
            let (subject, statement) = (model.to_owned(), decided.join("; "));
            self.graph.push(Object::Annotation(Annotation { common, annotation_type: "review", subject, statement }));
        }
    }

    fn collections(&mut self, model: &str) {
        let element = self.ids.clone();
        let collection = |common, root: &str, element, sbom_type| Collection {
            common,
            name: self.card.name.clone(),
            root_element: vec![root.to_owned()],
            element,
            profile_conformance: vec!["core", "software", "simpleLicensing", "ai", "dataset"],
            sbom_type,
        };
        let common = |id| Common { spdx_id: id, creation_info: CREATION };
        let bill = self.id("bill");
        let document = self.id("document");
        let mut all = element.clone();
        all.push(bill.clone());
        let bill_element = collection(common(bill.clone()), model, element, vec!["analyzed"]);
        let document_element = collection(common(document), &bill, all, Vec::new());
        self.graph.push(Object::Sbom(bill_element));
        self.graph.push(Object::SpdxDocument(document_element));
    }
}

/// `metric=value (data set)` as key and value.
fn entry_of(metric: &str) -> Entry {
    let (key, value) = metric.split_once('=').unwrap_or((metric, ""));
    Entry::new(key.trim(), value.trim())
}

/// A name with nothing but what an id may hold (SPDX license expressions, `idstring`).
fn plain(name: &str) -> String {
    let plain: String =
        name.chars().take(64).map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).collect();
    plain.trim_matches('-').to_owned()
}
