//! Configuration in JSON: Keras models, skops schemas, tokenizers and models of the Hugging Face form.
//!
//! Such files are data that a loader turns into imports, calls and templates. What is looked for is each of these.

use std::collections::{BTreeSet, HashSet};
use std::sync::LazyLock;

use sakimori_model::Code;

use crate::artefact::json::{self, Object, Sink};
use crate::artefact::modules::{Standing, in_keras, in_skops, in_targets, is_harmful_module};
use crate::artefact::{codes, codetext, keras_names, markup::read_text, pickle, template};
use crate::catalogue::finding;
use crate::prose::orders;
use crate::report::Report;
use crate::source::{Source, read_up_to};

/// The version of this examiner's judgement.
const VERSION: u32 = 5;
/// Findings of one kind and document.
const FINDINGS_MAX: usize = 200;

/// Keys that only configurations of models have.
const MODEL_KEYS: &[&str] = &[
    "architectures",
    "auto_map",
    "model_type",
    "tokenizer_class",
    "chat_template",
    "transformers_version",
    "class_name",
    "__loader__",
    "weight_map",
    "added_tokens",
    "custom_pipelines",
    "trust_remote_code",
    "_class_name",
    "keras_version",
    "image_processor_type",
    "feature_extractor_type",
    "processor_class",
    "bos_token",
    "eos_token_id",
    "model_max_length",
    "special_tokens_map",
    "vocab_size",
    "base_model_name_or_path",
    "peft_type",
    "_diffusers_version",
];

/// Other keys of which it counts whether an object has them.
const MORE_KEYS: &[&str] = &[
    "config",
    "obj",
    "idx",
    "path",
    "py/reduce",
    "schema_version",
    "$schema",
    "custom_pipelines",
    "trust_remote_code",
];
/// Keys under which a configuration names what is to be called.
const CALL_KEYS: &[&str] = &["fn", "func", "function", "hook", "callback", "loader"];
/// Bytes of a name that is looked at.
const NAME_BYTES_MAX: usize = 256;
/// Characters of a key in a finding.
const KEY_CHARS_MAX: usize = 64;
/// Bytes of base64 that may stand for a program.
const ENCODED_BYTES_MIN: usize = 32;
/// Bytes of a text that may be a program, or name one; of a longer one the beginning is looked at.
const PROGRAM_BYTES_MAX: usize = 64 * 1024;

/// Examines a JSON document. Returns whether it is the configuration of a model; other JSON is looked at in the same
/// way, but whether that means anything is for others to say.
pub fn examine(source: &dyn Source, report: &mut Report<'_>) -> bool {
    let Some(text) = text_of(source, report) else { return true };
    let nesting_max = report.limits().nesting_max;
    let mut judge = Judge::new(report);
    let walked = json::walk(&text, nesting_max, &mut judge);
    if judge.is_model() {
        judge.finish();
    }
    // What follows a whole document is no damage: several documents in one file are a log.
    let broken = walked.err().filter(|e| judge.is_model() || !is_trailing(e));
    let examined = judge.is_model() || broken.is_some();
    if examined {
        report.ran("config", VERSION);
    }
    if let Some(e) = broken {
        report.unreadable(&e);
    }
    examined
}

/// Keys of events. A log whose source no examiner knows was not examined by looking for models in it.
const EVENT_KEYS: &[&str] = &["timestamp", "@timestamp", "eventTime", "EventID", "event", "log", "spec_version"];
/// Keys of what is to be done or opened: looking for models says nothing about a command or an address.
const DEED_KEYS: &[&str] = &["command", "commands", "workflow", "url", "urls", "href"];
/// Words from which on a text counts as prose, which may be a message or a prompt and has its own dangers.
const PROSE_WORDS_MIN: usize = 16;
/// The same for languages that don't part words by spaces, in characters.
const PROSE_CHARS_MIN: usize = 40;

/// Words from which on a text can be an order.
const ORDER_WORDS_MIN: usize = 3;

/// True for an order to an assistant, however short. Entries of vocabularies, of which there are many, are too short for one.
fn is_order(text: &str) -> bool {
    let long_enough = !text.is_ascii() || text.split_ascii_whitespace().nth(ORDER_WORDS_MIN - 1).is_some();
    long_enough && orders::order(text).is_some()
}

/// True for an object of STIX or CACAO, whose identifier is its type, two hyphens and a UUID (STIX 2.1, section 2.9).
fn is_exchanged(object: &Object) -> bool {
    let named = object.text("type").zip(object.text("id"));
    named.is_some_and(|(kind, id)| id.strip_prefix(kind).is_some_and(|rest| rest.starts_with("--")))
}

/// True for sentences, as messages and prompts have them, in place of names, paths and numbers.
fn is_prose(text: &str) -> bool {
    let wide = text
        .chars()
        .filter(|c| matches!(c, '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}'));
    text.split_ascii_whitespace().nth(PROSE_WORDS_MIN).is_some() || wide.count() >= PROSE_CHARS_MIN
}

/// Examines JSON that nobody else knows what to do with: every document in it is searched for the same. Returns
/// whether that says anything: not of events and not of prose, for which this is the wrong search.
pub fn examine_any(source: &dyn Source, report: &mut Report<'_>) -> bool {
    let Some(text) = text_of(source, report) else { return true };
    let nesting_max = report.limits().nesting_max;
    let mut judge = Judge::new(report);
    let walked = json::walk_all(&text, nesting_max, &mut judge);
    if judge.is_model() || !judge.foreign {
        judge.finish();
    }
    let says_something = judge.is_model() || !judge.foreign;
    report.ran("config", VERSION);
    if let Err(e) = walked {
        report.unreadable(&e);
        return true;
    }
    says_something
}

/// The bytes in UTF-8, within the limit on one member. `None` when they can't be read, which is then reported.
fn text_of(source: &dyn Source, report: &mut Report<'_>) -> Option<Vec<u8>> {
    let max = report.limits().member_bytes_max;
    let marked = read_up_to(source, 0, 3).is_ok_and(|head| encoding_rs::Encoding::for_bom(&head).is_some());
    let read = if marked {
        read_text(source, report).map(String::into_bytes)
    } else {
        if source.size() > max {
            report.over("member_bytes_max", max);
        }
        read_up_to(source, 0, usize::try_from(max).unwrap_or(usize::MAX))
    };
    read.inspect_err(|e| report.unreadable(e)).ok()
}

/// True when a document ended, and more follows.
fn is_trailing(error: &serde_json::Error) -> bool {
    error.to_string().starts_with("trailing characters")
}

/// Judges what a walk over configuration meets.
pub struct Judge<'a, 'r> {
    report: &'a mut Report<'r>,
    seen: BTreeSet<String>,
    model: bool,
    foreign: bool,
    described: bool,
    /// The keys of what is named to be called, in what may turn out to be a configuration.
    named: BTreeSet<String>,
    /// The keys of what reads as a program, in the same.
    programs: BTreeSet<String>,
}

impl<'a, 'r> Judge<'a, 'r> {
    /// A judge that reports into `report`.
    pub fn new(report: &'a mut Report<'r>) -> Self {
        Self {
            report,
            seen: BTreeSet::new(),
            model: false,
            foreign: false,
            described: false,
            named: BTreeSet::new(),
            programs: BTreeSet::new(),
        }
    }

    /// True when something was met that only configurations of models have.
    #[must_use]
    pub fn is_model(&self) -> bool {
        self.model
    }

    /// Ends the walk over a configuration: what could be anything in other documents is reported.
    pub fn finish(&mut self) {
        let (named, programs) = (std::mem::take(&mut self.named), std::mem::take(&mut self.programs));
        // What no loader is known to call only reads as if one should.
        named.iter().chain(&programs).for_each(|key| self.found(&codes::METADATA_PROGRAM, key));
    }

    /// Judges what is or may be a template.
    fn template(&mut self, key: &str, value: &str) {
        // Notebooks and logs hold braces of all sorts: of what is not said to be a template, only a way out counts.
        let is_template = key.contains("template");
        self.model |= is_template;
        if let Some(hazard) = template::hazard(value).filter(|h| is_template || h.level == template::Level::Escape) {
            self.model = true;
            let place = self.report.whole();
            template::report(&hazard, place, self.report);
        }
    }

    /// Reports a name once.
    fn found(&mut self, code: &Code, name: &str) {
        self.model = true;
        if self.seen.len() < FINDINGS_MAX && self.seen.insert(format!("{code} {name}")) {
            let place = self.report.whole();
            self.report.add(finding(code, place).with("name", name));
        }
    }

    fn keras(&mut self, object: &Object) {
        let Some(written) = object.text("class_name") else { return };
        // Some versions wrote the whole path of a class, or the package that registered it.
        let class = written.rsplit(['.', '>']).next().unwrap_or(written);
        if matches!(class, "Lambda" | "__lambda__") {
            self.found(&codes::KERAS_LAMBDA, class);
        }
        let name = if class == "function" {
            object.text("config").or(object.text("registered_name")).unwrap_or(class)
        } else {
            class
        };
        // The first unpickles what stands in its configuration, the second loads a TensorFlow graph by its path.
        if matches!(class, "TorchModuleWrapper" | "TFSMLayer") {
            self.found(&codes::HARMFUL_OBJECT, class);
        }
        // Who registers a class names the package in front of it.
        let registered = object.text("registered_name").and_then(|name| name.rsplit_once(['>', '.']));
        if let Some((package, name)) = registered.filter(|(package, _)| !is_of_keras(package)) {
            self.found(&codes::FOREIGN_OBJECT, &dotted(package, name));
        }
        if let Some(module) = object.text("module") {
            self.standing(in_keras(module, name), module, name);
        } else if let Some((module, name)) = written.rsplit_once('.').filter(|_| class != "Lambda") {
            self.standing(in_keras(module, name), module, name);
        } else if object.has("config") && class != "Lambda" && !keras_names::is_own(written) {
            self.found(&codes::FOREIGN_OBJECT, written);
        }
    }

    /// What a configuration names to be called. Modules are named in logs, too, and don't count by themselves.
    fn called(&mut self, key: &str, value: &str) {
        if key.contains("lib") && [".so", ".dll", ".dylib"].iter().any(|end| value.ends_with(end)) {
            self.found(&codes::MODEL_LIBRARY, value);
        }
        let last = key.rsplit('_').next().unwrap_or(key);
        let is_harmful = last == "module" && key != last && is_harmful_module(value)
            || (CALL_KEYS.contains(&last) || value.starts_with("__")) && pickle::is_hazardous_name(value)
            || last != "module" && value.starts_with("keras.") && is_harmful_in_keras(value)
            || last == "fn" && in_keras("keras", value) == Standing::Harmful;
        if is_harmful {
            self.named.insert(key.chars().take(KEY_CHARS_MAX).collect());
        }
    }

    fn skops(&mut self, object: &Object) {
        // A bound method is looked up by its name on whatever object stands beside it.
        let method = object.has("obj").then(|| object.text("func")).flatten();
        if let Some(method) = method.filter(|name| name.starts_with("__")) {
            self.found(&codes::HARMFUL_OBJECT, method);
        }
        if object.text("__loader__").is_none() {
            return;
        }
        if let (Some(module), Some(class)) = (object.text("__module__"), object.text("__class__")) {
            self.standing(in_skops(module, class), module, class);
        }
    }

    /// Names that readers of other habits import: Hydra, MLflow, jsonpickle, and the modules of Sentence Transformers.
    fn targets(&mut self, object: &Object) {
        const KEYS: &[&str] = &["_target_", "loader_module", "py/object", "py/type", "py/function", "py/class"];
        let modules = (object.has("idx") && object.has("path")).then(|| object.text("type")).flatten();
        let named = KEYS.iter().filter_map(|key| object.text(key)).chain(modules);
        for path in named {
            self.standing(in_targets(path), path, "");
        }
        if object.has("py/reduce") {
            self.found(&codes::FOREIGN_OBJECT, "py/reduce");
        }
    }

    fn standing(&mut self, standing: Standing, module: &str, name: &str) {
        match standing {
            Standing::Framework => {}
            Standing::Foreign => self.found(&codes::FOREIGN_OBJECT, &dotted(module, name)),
            Standing::Harmful => self.found(&codes::HARMFUL_OBJECT, &dotted(module, name)),
        }
    }
}

/// True for the packages that Keras registers its own classes under.
fn is_of_keras(package: &str) -> bool {
    ["keras", "tf_keras", "keras_core", "keras_hub", "keras_nlp", "keras_cv"]
        .contains(&package.to_ascii_lowercase().as_str())
}

/// True for base64 alone, long enough for a program.
fn is_base64(text: &str) -> bool {
    let bytes = text.as_bytes();
    (ENCODED_BYTES_MIN..=PROGRAM_BYTES_MAX).contains(&bytes.len())
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'-' | b'_' | b'='))
}

/// True for the full name of a part of Keras that no layer needs: downloads, settings, loaders.
fn is_harmful_in_keras(path: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(module, name)| in_keras(module, name) == Standing::Harmful)
}

/// True for text in which a program could stand: all signs of one have such a character or word.
fn may_be_program(text: &str) -> bool {
    let text = &text.as_bytes()[..text.len().min(PROGRAM_BYTES_MAX)];
    memchr::memchr3(b'(', b'|', b'<', text).is_some()
        || memchr::memchr2(b'\'', b'"', text).is_some()
        || memchr::memmem::find(text, b"import ").is_some()
}

fn dotted(module: &str, name: &str) -> String {
    if name.is_empty() { module.to_owned() } else { format!("{module}.{name}") }
}

impl Sink for Judge<'_, '_> {
    fn string(&mut self, key: &str, value: &str) {
        // Once it is foreign, it stays so.
        if !self.foreign && is_order(value) {
            self.foreign = true;
        } else if is_prose(value) {
            // How a document describes itself is known when nothing in it is an order to an assistant or leads elsewhere.
            let described = key == "description" && !self.described && !value.contains("://");
            self.described |= described;
            self.foreign |= !described;
        }
        if self.named.len() < FINDINGS_MAX && value.len() <= NAME_BYTES_MAX {
            self.called(key, value);
        }
        if self.programs.len() < FINDINGS_MAX
            && (may_be_program(value) || is_base64(value))
            && codetext::has_program(&value[..value.floor_char_boundary(PROGRAM_BYTES_MAX)])
        {
            self.programs.insert(key.chars().take(KEY_CHARS_MAX).collect());
        }
        if value.contains("{{") || value.contains("{%") {
            self.template(key, value);
        }
    }

    fn asks_for(&self, key: &str) -> Option<&'static str> {
        static ASKED_FOR: LazyLock<HashSet<&'static str>> =
            LazyLock::new(|| [MODEL_KEYS, EVENT_KEYS, DEED_KEYS, MORE_KEYS].into_iter().flatten().copied().collect());
        ASKED_FOR.get(key).copied()
    }

    fn object(&mut self, object: &Object) {
        // All that follows is about keys, or about what was described.
        if object.is_empty && !self.described {
            return;
        }
        self.foreign =
            self.foreign || EVENT_KEYS.iter().chain(DEED_KEYS).any(|key| object.has(key)) || is_exchanged(object);
        // One description is a document's own only where it names its form; others tell of tools and offers.
        self.foreign |=
            object.depth == 0 && self.described && !["schema_version", "$schema"].iter().any(|k| object.has(k));
        self.model |= object.depth == 0 && MODEL_KEYS.iter().any(|key| object.has(key));
        self.keras(object);
        self.skops(object);
        self.targets(object);
        // A vocabulary in a configuration is a list; text in its place is the path of a file that the loader reads.
        if let Some(path) = object.text("vocabulary") {
            self.found(&codes::FILE_REFERENCE, path);
        }
        // A repository in place of the name of an algorithm: its code is loaded without leave (CVE-2026-4372).
        for key in ["_attn_implementation_internal", "_attn_implementation", "attn_implementation"] {
            if object.text(key).is_some_and(|value| value.contains(['/', ':'])) {
                self.found(&codes::REMOTE_CODE, key);
            }
        }
        for key in ["auto_map", "custom_pipelines", "trust_remote_code"] {
            if object.has(key) && object.text(key) != Some("false") {
                self.found(&codes::REMOTE_CODE, key);
            }
        }
    }
}
