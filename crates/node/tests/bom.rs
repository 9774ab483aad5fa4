//! Bills of materials: golden documents, the same bytes again, and the validators of others over hostile facts and real models.

use std::path::{Path, PathBuf};
use std::process::Command;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use sakimori_examine::Settings;
use sakimori_model::{Digest, Effect, Fact, FactName, Kind, Place};
use sakimori_node::bom::{Bom, BomDecision, BomInput, Completeness, build};
use sakimori_node::flow::Progress;
use sakimori_node::unit::{self, Hub, Shape, UnitFile, root_digest};

struct Silent;
impl Progress for Silent {}

/// Hostile documents in one run of a validator.
const HOSTILE_CASES: usize = 200;

fn file(path: &str, kind: &'static str) -> UnitFile {
    UnitFile { path: path.to_owned(), size: 42, sha256: Digest::of(path.as_bytes()), kind: Kind::new(kind) }
}

fn fact(name: FactName, value: &str, path: &str) -> Fact {
    Fact::new(name, value, Place::Whole { member: Some(path.to_owned()) })
}

fn input<'a>(files: &'a [UnitFile], facts: &'a [Fact]) -> BomInput<'a> {
    BomInput {
        name: "tiny",
        sha256: root_digest(files),
        shape: Shape::Folder,
        files,
        facts,
        hub: None,
        whole: Completeness::Complete,
        decision: None,
        program_version: "0.0.0",
        time: None,
    }
}

fn example_files() -> Vec<UnitFile> {
    vec![
        file("README.md", "text"),
        file("config.json", "json"),
        file("model-00001-of-00002.safetensors", "safetensors"),
        file("model-00002-of-00002.safetensors", "safetensors"),
        file("pytorch_model.bin", "zip"),
    ]
}

fn example_facts() -> Vec<Fact> {
    use FactName::*;
    let card = "README.md";
    let mut facts: Vec<Fact> = [
        (Description, "A small model for tests."),
        (Author, "Example Research"),
        (Licence, "apache-2.0"),
        (Licence, "llama3.1"),
        (Dataset, "example/corpus"),
        (BaseModel, "example/base"),
        (BaseModelRelation, "finetune"),
        (Language, "ja"),
        (Task, "text-generation"),
        (Library, "transformers"),
        (Tag, "tests"),
        (Metric, "accuracy=0.91 (example/bench)"),
        (IntendedUse, "Tests only."),
        (Limitation, "It knows nothing."),
        (Link, "https://example.org/tiny"),
        (Dependency, "torch==2.1.0"),
    ]
    .map(|(name, value)| fact(name, value, card))
    .into();
    facts.push(fact(Architecture, "LlamaForCausalLM", "config.json"));
    facts.push(fact(ArchitectureFamily, "transformer", "config.json"));
    facts.push(fact(ContextLength, "2048", "config.json"));
    for (path, count) in [
        ("model-00001-of-00002.safetensors", "600"),
        ("model-00002-of-00002.safetensors", "400"),
        ("pytorch_model.bin!/archive/data.pkl", "1000"),
    ] {
        facts.push(fact(Parameters, count, path));
        facts.push(fact(Tensors, "3", path));
        facts.push(fact(DataType, "F16", path));
    }
    facts
}

fn example() -> Bom {
    let (files, facts) = (example_files(), example_facts());
    let hub = Hub { repository: "example/tiny".to_owned(), revision: "0".repeat(40) };
    let decision = BomDecision {
        effect: Effect::Allow,
        findings: 1,
        unexamined: 0,
        record: None,
        origin: Some("example.org/log"),
    };
    build(&BomInput { hub: Some(&hub), decision: Some(decision), ..input(&files, &facts) })
}

#[test]
fn golden_documents() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bom");
    let bom = example();
    for (name, text) in [("tiny.cdx.json", bom.cyclonedx_json()), ("tiny.spdx.json", bom.spdx_json())] {
        let path = folder.join(name);
        if std::env::var_os("UPDATE_CORPUS").is_some() {
            std::fs::create_dir_all(&folder).expect("made");
            std::fs::write(&path, &text).expect("written");
        }
        let golden = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(golden == text, "{name} differs: UPDATE_CORPUS=1 writes it");
    }
}

#[test]
fn the_model_is_the_subject_and_counts_once() {
    let bom = serde_json::to_value(example().cyclonedx).expect("JSON");
    let model = &bom["metadata"]["component"];
    assert_eq!(model["type"], "machine-learning-model");
    assert_eq!(model["purl"], format!("pkg:huggingface/example/tiny@{}", "0".repeat(40)));
    assert_eq!(model["components"].as_array().expect("files").len(), 5);
    let property = |name: &str| {
        let all = model["properties"].as_array().expect("properties").iter();
        all.filter(|p| p["name"] == name).map(|p| p["value"].as_str().expect("text").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(property("sakimori:parameters"), ["1000"]);
    assert_eq!(property("sakimori:tensors"), ["6"]);
    assert_eq!(property("sakimori:decision:effect"), ["allow"]);
    assert_eq!(model["licenses"][0]["expression"], "Apache-2.0");
    assert_eq!(model["licenses"][1]["license"]["name"], "llama3.1");
    assert_eq!(model["modelCard"]["modelParameters"]["datasets"][0]["ref"], bom["components"][0]["bom-ref"]);
}

#[test]
fn the_same_input_gives_the_same_bytes_and_other_bytes_another_id() {
    let (one, again) = (example(), example());
    assert_eq!((one.cyclonedx_json(), one.spdx_json()), (again.cyclonedx_json(), again.spdx_json()));
    let files = [file("other", "text")];
    let other = build(&input(&files, &[]));
    assert_ne!(other.cyclonedx.serial_number, one.cyclonedx.serial_number);
}

#[test]
fn an_empty_model_and_an_incomplete_one_say_so() {
    let bom = build(&BomInput { whole: Completeness::Incomplete, ..input(&[], &[]) });
    assert_eq!(bom.cyclonedx.compositions[0].aggregate, "incomplete");
    assert!(validated(&[bom]));
}

fn any_name() -> impl Strategy<Value = FactName> {
    use FactName::*;
    prop::sample::select(vec![
        Name,
        Version,
        Description,
        Author,
        Architecture,
        ArchitectureFamily,
        Parameters,
        Tensors,
        DataType,
        Quantization,
        ContextLength,
        VocabularySize,
        Licence,
        LicenceLink,
        Dataset,
        BaseModel,
        BaseModelRelation,
        Language,
        Task,
        Library,
        Producer,
        Link,
        Tag,
        Metric,
        Dependency,
        Tool,
        IntendedUse,
        Limitation,
    ])
}

/// Words that have broken writers of such documents before, and any others.
fn any_words() -> impl Strategy<Value = String> {
    let hostile = [
        "",
        " ",
        "\0",
        "\u{202e}evil",
        "\u{feff}",
        "\u{ffff}",
        "a\nb",
        "\"",
        "\\",
        "]]>",
        "<x>",
        "_:b",
        "@id",
        "@type",
        "urn:cdx:1",
        "https://a b/",
        "https://ex.org/%zz",
        "https://[::1]/[x]",
        "https://ü.example/ü?ü#ü#",
        "javascript:x",
        "MIT OR",
        "Apache-2.0 WITH nothing",
        "GPL-2.0+",
        "LicenseRef-x",
        "NONE",
        "NOASSERTION",
        "other",
        "==",
        "a==b==c",
        "x==\u{1f600}",
        "99999999999999999999999999999999999999999999",
        "-1",
        "f1=",
        "=(",
        "a=b ((",
        "mailto:x@y",
        "pkg:pypi/x",
        "../../etc",
        "💥",
    ];
    prop_oneof![
        prop::sample::select(hostile.to_vec()).prop_map(str::to_owned),
        any::<String>(),
        "[a-z0-9./:@=<>-]{0,60}",
        "(https?://)?[ -~]{0,80}",
        "[\\PC]{1,1500}",
    ]
}

fn hostile() -> Vec<Bom> {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let facts = prop::collection::vec((any_name(), any_words(), any_words()), 0..60);
    let paths = prop::collection::btree_set(any_words(), 0..8);
    let cases = (facts, paths, any_words(), any_words(), any_words());
    let mut boms = Vec::new();
    for case in 0..HOSTILE_CASES {
        let (facts, paths, name, repository, origin) = cases.new_tree(&mut runner).expect("a case").current();
        let files: Vec<UnitFile> = paths.iter().map(|path| file(path, "text")).collect();
        let mut facts: Vec<Fact> = facts.iter().map(|(name, value, path)| fact(*name, value, path)).collect();
        if case == 0 {
            // Thousands of them, all different.
            facts.extend((0..5_000).map(|at| fact(FactName::Tag, &format!("tag {at}"), "a")));
            facts.extend((0..2_000).map(|at| fact(FactName::Licence, &format!("licence {at}"), "a")));
            facts.extend((0..2_000).map(|at| fact(FactName::Author, &format!("author {at}"), "a")));
        }
        let hub = Hub { repository, revision: "f".repeat(40) };
        let decision =
            BomDecision { effect: Effect::Block, findings: 3, unexamined: 1, record: None, origin: Some(&origin) };
        let hub = (case % 2 == 0).then_some(&hub);
        boms.push(build(&BomInput { name: &name, hub, decision: Some(decision), ..input(&files, &facts) }));
    }
    boms
}

#[test]
fn whatever_the_facts_are_the_documents_are_valid() {
    assert!(validated(&hostile()));
}

#[test]
fn the_golden_documents_are_valid() {
    assert!(validated(&[example()]));
}

#[test]
fn every_real_model_has_valid_documents() {
    let Some(data) = std::env::var_os("SAKIMORI_DATA").map(|data| PathBuf::from(data).join("artefact")) else {
        println!("skipped: SAKIMORI_DATA is not set");
        return;
    };
    let labels = std::fs::read_to_string(data.join("labels.json")).expect("labels");
    let labels: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&labels).expect("JSON");
    let mut boms = Vec::new();
    let mut facts = 0;
    for (path, _) in labels.iter().filter(|(_, label)| label["label"] == "ben") {
        let unit = unit::examine(&data.join(path), None, &Settings::default(), &Silent).expect("a file");
        facts += unit.facts.len();
        boms.push(build(&BomInput::of(&unit)));
    }
    println!("{} models, {facts} facts", boms.len());
    assert!(boms.len() > 100, "{}", boms.len());
    assert!(validated(&boms));
}

/// True when all validators that are there accept all documents. What is not there is told as skipped.
fn validated(boms: &[Bom]) -> bool {
    let folder = tempfile::tempdir().expect("a folder");
    for (at, bom) in boms.iter().enumerate() {
        for (end, text) in [("cdx", bom.cyclonedx_json()), ("spdx", bom.spdx_json())] {
            std::fs::write(folder.path().join(format!("{at:04}.{end}.json")), text).expect("written");
        }
    }
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/oracles");
    let mut all_accept = true;
    let python = std::env::var_os("SAKIMORI_ORACLES").map(|venv| Path::new(&venv).join("bin/python"));
    let node = std::env::var_os("SAKIMORI_BOM").map(|_| PathBuf::from("node"));
    for (program, script, variable) in [(python, "bom.py", "SAKIMORI_ORACLES"), (node, "bom.mjs", "SAKIMORI_BOM")] {
        let Some(program) = program else {
            println!("skipped: {variable} is not set (make test sets it)");
            continue;
        };
        let ran = Command::new(program).arg(scripts.join(script)).arg(folder.path()).output().expect("the validator");
        println!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
        all_accept &= ran.status.success();
    }
    all_accept
}
