//! The bill as CycloneDX 1.7: the model is `metadata.component`, its files are the parts of it, data sets and libraries stand
//! beside it.

use sakimori_model::FactName;
use sakimori_model::bom::cyclonedx::{
    Bom, Component, Composition, Considerations, Contact, Data, DatasetRef, Dependency, ExternalReference, InputOutput,
    LicenseChoice, Lifecycle, Metadata, Metric, ModelCard, ModelParameters, NamedLicense, Organization, Pedigree,
    Property, QuantitativeAnalysis, SPEC_VERSION, Tools,
};

use super::card::{Card, address};
use super::licence::Licence;

/// The `bom-ref` of the model.
const MODEL: &str = "model";
/// The longest version (`version`, maxLength).
const VERSION_CHARS_MAX: usize = 1_024;

pub(super) fn document(card: &Card<'_>) -> Bom {
    let data = datasets(card);
    let libraries = libraries(card);
    let needed: Vec<String> = libraries.iter().map(|library| library.bom_ref.clone()).collect();
    let mut dependencies = vec![Dependency { reference: MODEL.to_owned(), depends_on: needed.clone() }];
    dependencies.extend(needed.into_iter().map(|reference| Dependency { reference, depends_on: Vec::new() }));
    let aggregate = if card.is_complete() { "complete" } else { "incomplete" };
    let model = vec![MODEL.to_owned()];
    Bom {
        bom_format: "CycloneDX",
        spec_version: SPEC_VERSION,
        serial_number: format!("urn:uuid:{}", card.uuid("cyclonedx")),
        version: 1,
        metadata: Metadata {
            timestamp: card.time(),
            lifecycles: vec![Lifecycle { phase: "post-build" }],
            tools: Tools { components: vec![program(card)] },
            component: self::model(card, &data),
        },
        components: data.into_iter().chain(libraries).collect(),
        dependencies,
        compositions: vec![
            Composition { aggregate, assemblies: model.clone(), dependencies: Vec::new() },
            // What a model needs to run is known only as far as its author says it.
            Composition { aggregate: "unknown", assemblies: Vec::new(), dependencies: model },
        ],
    }
}

fn program(card: &Card<'_>) -> Component {
    Component {
        kind: "application",
        name: "sakimori".to_owned(),
        version: Some(card.input.program_version.to_owned()),
        ..Component::default()
    }
}

fn model(card: &Card<'_>, data: &[Component]) -> Component {
    let web = |url| ExternalReference { kind: "website", url };
    let hub = card.input.hub.and_then(|hub| address(&format!("https://huggingface.co/{}", hub.repository)));
    let hub = hub.map(|url| ExternalReference { kind: "distribution", url });
    Component {
        kind: "machine-learning-model",
        bom_ref: MODEL.to_owned(),
        supplier: card.supplier.clone().map(|name| Organization { name }),
        authors: card.all(FactName::Author).iter().map(|name| Contact { name: (*name).to_owned() }).collect(),
        name: card.name.clone(),
        version: Some(card.version.chars().take(VERSION_CHARS_MAX).collect()),
        description: card.joined(FactName::Description, "\n"),
        hashes: vec![card.input.sha256.into()],
        licenses: card.licences.iter().map(license).collect(),
        purl: card.purl.clone(),
        pedigree: pedigree(card),
        external_references: hub.into_iter().chain(card.links().into_iter().map(web)).collect(),
        components: files(card),
        model_card: Some(model_card(card, data)),
        properties: card.properties.iter().map(|(name, value)| property(name, value)).collect(),
        tags: card.all(FactName::Tag).iter().map(|tag| (*tag).to_owned()).collect(),
        ..Component::default()
    }
}

fn license(licence: &Licence) -> LicenseChoice {
    let acknowledgement = "declared";
    match licence.clone() {
        Licence::Expression(expression) => LicenseChoice::Expression { expression, acknowledgement },
        Licence::Named(name, url) => LicenseChoice::Named { license: NamedLicense { name, acknowledgement, url } },
    }
}

fn pedigree(card: &Card<'_>) -> Option<Pedigree> {
    let ancestors: Vec<Component> = card
        .all(FactName::BaseModel)
        .iter()
        .map(|name| Component {
            kind: "machine-learning-model",
            bom_ref: format!("base-model:{name}"),
            name: (*name).to_owned(),
            ..Component::default()
        })
        .collect();
    let notes = card.joined(FactName::BaseModelRelation, ", ");
    (!ancestors.is_empty()).then_some(Pedigree { ancestors, notes })
}

fn files(card: &Card<'_>) -> Vec<Component> {
    let file = |(at, file): (usize, &crate::unit::UnitFile)| Component {
        kind: "file",
        bom_ref: format!("file:{}:{}", at + 1, file.path),
        name: file.path.clone(),
        hashes: vec![file.sha256.into()],
        properties: vec![
            property("sakimori:bytes", &file.size.to_string()),
            property("sakimori:kind", file.kind.as_str()),
        ],
        ..Component::default()
    };
    card.input.files.iter().enumerate().map(file).collect()
}

fn model_card(card: &Card<'_>, data: &[Component]) -> ModelCard {
    let (input, output) = forms(card.all(FactName::Task).first().copied().unwrap_or_default());
    let form = |format: &'static str| InputOutput { format };
    let metrics: Vec<Metric> = card.all(FactName::Metric).iter().map(|metric| self::metric(metric)).collect();
    let texts = |name| -> Vec<String> { card.all(name).iter().map(|text| (*text).to_owned()).collect() };
    let considerations =
        Considerations { use_cases: texts(FactName::IntendedUse), technical_limitations: texts(FactName::Limitation) };
    let says_something = !considerations.use_cases.is_empty() || !considerations.technical_limitations.is_empty();
    ModelCard {
        model_parameters: ModelParameters {
            task: card.joined(FactName::Task, ", "),
            architecture_family: card.joined(FactName::ArchitectureFamily, ", "),
            model_architecture: card.joined(FactName::Architecture, ", "),
            datasets: data.iter().map(|data| DatasetRef { reference: data.bom_ref.clone() }).collect(),
            inputs: input.iter().copied().map(form).collect(),
            outputs: output.iter().copied().map(form).collect(),
        },
        quantitative_analysis: (!metrics.is_empty()).then_some(QuantitativeAnalysis { performance_metrics: metrics }),
        considerations: says_something.then_some(considerations),
    }
}

/// `metric=value (data set)`.
fn metric(words: &str) -> Metric {
    let (kind, rest) = words.split_once('=').unwrap_or((words, ""));
    let (value, slice) = match rest.trim().strip_suffix(')').and_then(|rest| rest.split_once(" (")) {
        Some((value, slice)) => (value, Some(slice.to_owned())),
        None => (rest, None),
    };
    Metric { kind: kind.trim().to_owned(), value: value.trim().to_owned(), slice }
}

/// What goes into a model of this task and what comes out, for the tasks of the Hugging Face hub where the name says it.
fn forms(task: &str) -> (&'static [&'static str], &'static [&'static str]) {
    match task {
        "text-generation" | "text2text-generation" | "translation" | "summarization" | "fill-mask" => {
            (&["text"], &["text"])
        }
        "question-answering" => (&["text"], &["text"]),
        "text-classification" | "token-classification" | "zero-shot-classification" => (&["text"], &["labels"]),
        "feature-extraction" | "sentence-similarity" => (&["text"], &["vector"]),
        "image-classification" | "zero-shot-image-classification" => (&["image"], &["labels"]),
        "object-detection" => (&["image"], &["labels", "boxes"]),
        "image-segmentation" | "image-to-image" | "depth-estimation" => (&["image"], &["image"]),
        "image-to-text" => (&["image"], &["text"]),
        "image-text-to-text" | "visual-question-answering" => (&["image", "text"], &["text"]),
        "text-to-image" => (&["text"], &["image"]),
        "text-to-speech" | "text-to-audio" => (&["text"], &["audio"]),
        "text-to-video" => (&["text"], &["video"]),
        "automatic-speech-recognition" => (&["audio"], &["text"]),
        "audio-classification" => (&["audio"], &["labels"]),
        "tabular-classification" => (&["table"], &["labels"]),
        "tabular-regression" => (&["table"], &["number"]),
        _ => (&[], &[]),
    }
}

fn datasets(card: &Card<'_>) -> Vec<Component> {
    let dataset = |name: &&str| Component {
        kind: "data",
        bom_ref: format!("dataset:{name}"),
        name: (*name).to_owned(),
        data: vec![Data { kind: "dataset", name: (*name).to_owned() }],
        ..Component::default()
    };
    card.all(FactName::Dataset).iter().map(dataset).collect()
}

fn libraries(card: &Card<'_>) -> Vec<Component> {
    let library = |(name, version, words): (String, Option<String>, String)| Component {
        kind: "library",
        bom_ref: format!("library:{words}"),
        properties: if words == name { Vec::new() } else { vec![property("sakimori:requirement", &words)] },
        name,
        version: version.map(|version| version.chars().take(VERSION_CHARS_MAX).collect()),
        ..Component::default()
    };
    card.libraries().into_iter().map(library).collect()
}

fn property(name: &str, value: &str) -> Property {
    Property { name: name.to_owned(), value: value.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_is_taken_apart() {
        let parts = |words| {
            let metric = metric(words);
            (metric.kind, metric.value, metric.slice)
        };
        let squad = Some("squad (dev)".to_owned());
        assert_eq!(parts("f1=88.5 (squad (dev))"), ("f1".to_owned(), "88.5".to_owned(), squad));
        assert_eq!(parts("accuracy = 0.9"), ("accuracy".to_owned(), "0.9".to_owned(), None));
        assert_eq!(parts("good"), ("good".to_owned(), String::new(), None));
    }
}
