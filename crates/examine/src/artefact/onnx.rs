//! ONNX models (Protocol Buffers, onnx.proto3): operators by domain, and files outside of the model.

use std::collections::BTreeSet;
use std::io;

use sakimori_model::FactName;

use crate::artefact::cursor::Broken;
use crate::artefact::wire::{self, Field, Fields, Span, Value, text};
use crate::artefact::{codes, codetext, names, tensors};
use crate::catalogue::finding;
use crate::report::Report;
use crate::source::{Paged, Source, read_up_to};

/// Fields of a model that are looked at to recognise it.
const FIELDS_MAX: usize = 100_000;
/// The tag of the graph in a model: field 7, bytes.
const GRAPH_TAG: u8 = 7 << 3 | 2;
/// Bytes of a name, a domain or a path.
const NAME_BYTES_MAX: u64 = 4096;
/// Messages of one model that are gone through.
const MESSAGES_MAX: u64 = 20_000_000;
/// Findings of one kind.
const FINDINGS_MAX: usize = 50;

/// Domains whose operators come with runtimes in wide use, by their first part.
const KNOWN_DOMAINS: &[&str] = &[
    "",
    "ai.onnx",
    "ai.onnx.ml",
    "ai.onnx.training",
    "ai.onnx.preview.training",
    "ai.onnx.contrib",
    "com.microsoft",
    "com.microsoft.experimental",
    "com.microsoft.nchwc",
    "com.microsoft.nhwc",
    "com.ms.internal.nhwc",
    "com.microsoft.dml",
    "com.ms.internal",
    "org.pytorch.aten",
    "org.pytorch",
    "pkg.onnxscript.torch_lib",
    "pkg.torch",
    "pkg.onnxscript",
    "this",
    "local",
    "org.openvinotoolkit",
    "ai.graphcore",
    "trt.plugins",
];
/// Operators that run Python.
const PYTHON_OPERATORS: &[&str] = &["pyop", "pythonop", "pythonopgrad", "pyfunc", "pythonfunction", "pycustomop"];

/// True for the name of an operator that runs Python, as it stands or as a part of another, however it is written.
fn runs_python(operator: &str) -> bool {
    let plain: String = operator.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    PYTHON_OPERATORS.contains(&plain.as_str()) || plain.contains("pythonop") || plain.contains("pyfunc")
}

/// True when the bytes are a model: fields of the right type to the end, among them a graph.
///
/// # Errors
/// When the source can't be read.
pub fn looks_like(source: &dyn Source) -> io::Result<bool> {
    let (mut version, mut graph, mut opset) = (false, false, false);
    for (count, field) in Fields::of(source).take(FIELDS_MAX).enumerate() {
        let field = match field {
            Ok(field) => field,
            Err(Broken::Io(e)) => return Err(e),
            // A model that is cut short is still one.
            Err(_) => return Ok(version && (count > 1 || read_up_to(source, 2, 1)? == [GRAPH_TAG])),
        };
        match (field.number, field.value) {
            (1, Value::Varint(number)) => version = number < 1000,
            (5, Value::Varint(_)) | (2..=4 | 6 | 14 | 20 | 25 | 26, Value::Bytes(_)) => {}
            (7, Value::Bytes(span)) => graph = is_graph(source, span),
            (8, Value::Bytes(_)) => opset = true,
            _ => return Ok(false),
        }
    }
    Ok(graph && (version || opset))
}

/// True when the first fields are those of a graph.
fn is_graph(source: &dyn Source, span: Span) -> bool {
    Fields::within(source, span)
        .take(4)
        .all(|field| field.is_ok_and(|f| matches!(f.number, 1 | 2 | 5 | 10..=16) && f.bytes().is_some()))
}

/// Examines a model. Tensors are numbers and are never read.
pub fn examine(source: &dyn Source, report: &mut Report<'_>) {
    report.ran("onnx", 2);
    let paged = Paged::new(source);
    let mut walk = Walk {
        source: &paged,
        report,
        seen: BTreeSet::new(),
        own: BTreeSet::new(),
        used: BTreeSet::new(),
        messages: 0,
        count: tensors::Count::default(),
    };
    let done = walk.message(Message::Model, Span { start: 0, end: source.size() }, 0);
    walk.report_domains();
    walk.count.report(walk.report);
    match done {
        Ok(()) => {}
        Err(Broken::Wrong { what, at }) => {
            report.add(finding(&codes::STRUCTURE, report.byte(at)).with("format", "ONNX").with("what", what));
        }
        Err(e) => report.unreadable(&e),
    }
}

/// The messages that are gone into.
#[derive(Clone, Copy)]
enum Message {
    Model,
    Graph,
    Node,
    Attribute,
    Tensor,
    /// A tensor of the graph itself: parameters.
    Initializer,
    SparseTensor,
    OperatorSet,
    Function,
    Training,
}

impl Message {
    /// The message that this field holds.
    fn inner(self, number: u64) -> Option<Self> {
        Some(match (self, number) {
            (Self::Model, 7) | (Self::Attribute, 6 | 11) | (Self::Training, 1 | 2) => Self::Graph,
            (Self::Model, 20) => Self::Training,
            (Self::Model, 25) => Self::Function,
            (Self::Graph, 1) | (Self::Function, 7) => Self::Node,
            (Self::Graph, 5) => Self::Initializer,
            (Self::Attribute, 5 | 10) | (Self::SparseTensor, 1 | 2) => Self::Tensor,
            (Self::Model, 8) => Self::OperatorSet,
            (Self::Graph, 15) | (Self::Attribute, 22 | 23) => Self::SparseTensor,
            (Self::Node, 5) | (Self::Function, 11) => Self::Attribute,
            _ => return None,
        })
    }
}

struct Walk<'a, 'r> {
    source: &'a dyn Source,
    report: &'a mut Report<'r>,
    seen: BTreeSet<String>,
    /// Domains of the functions that the model brings along.
    own: BTreeSet<String>,
    /// Unknown domains of nodes, with an operator and an offset.
    used: BTreeSet<(String, String, u64)>,
    messages: u64,
    count: tensors::Count,
}

impl Walk<'_, '_> {
    fn message(&mut self, message: Message, span: Span, depth: usize) -> Result<(), Broken> {
        self.messages += 1;
        if depth > self.report.limits().nesting_max {
            self.report.over("nesting_max", self.report.limits().nesting_max as u64);
            return Ok(());
        }
        if self.messages > MESSAGES_MAX {
            if self.messages == MESSAGES_MAX + 1 {
                self.report.over("onnx_messages_max", MESSAGES_MAX);
            }
            return Ok(());
        }
        let mut about = About::default();
        for field in Fields::within(self.source, span) {
            let field = field?;
            if let (Some(inner), Some(bytes)) = (message.inner(field.number), field.bytes()) {
                self.message(inner, bytes, depth + 1)?;
            }
            self.leaf(message, field, &mut about)?;
        }
        match message {
            Message::Node => self.node(&about, span.start),
            Message::Initializer => self.count.add(type_name(about.data_type), about.elements.unwrap_or(1)),
            Message::OperatorSet => {
                let domain = if about.domain.is_empty() { "ai.onnx" } else { &about.domain };
                self.report.fact(FactName::Dependency, format_args!("{domain}=={}", about.version));
            }
            Message::Model => {
                let producer = format!("{} {}", about.producer, about.producer_version);
                self.report.fact(FactName::Producer, producer);
            }
            _ => {}
        }
        Ok(())
    }

    fn leaf(&mut self, message: Message, field: Field, about: &mut About) -> Result<(), Broken> {
        let span = match field.value {
            Value::Bytes(span) => span,
            Value::Varint(number) => {
                about.number(message, field.number, number);
                return Ok(());
            }
            Value::Fixed => return Ok(()),
        };
        match (message, field.number) {
            (Message::Node, 4) => about.operator = text(self.source, span, NAME_BYTES_MAX)?,
            (Message::Node, 7) | (Message::OperatorSet, 1) => about.domain = text(self.source, span, NAME_BYTES_MAX)?,
            (Message::Function, 10) => {
                self.own.insert(text(self.source, span, NAME_BYTES_MAX)?);
            }
            (Message::Initializer, 1) => {
                for number in wire::varints(self.source, span).take(tensors::DIMENSIONS_MAX as usize) {
                    about.dimension(number?);
                }
            }
            (Message::Tensor | Message::Initializer, 13) => self.external(span)?,
            (Message::Model, 2) => about.producer = text(self.source, span, NAME_BYTES_MAX)?,
            (Message::Model, 3) => about.producer_version = text(self.source, span, NAME_BYTES_MAX)?,
            (Message::Model, 14) => self.metadata(span)?,
            (Message::Model, 6) => {
                self.describes("doc_string", span)?;
                self.report.fact(FactName::Description, text(self.source, span, NAME_BYTES_MAX)?);
            }
            _ => {}
        }
        Ok(())
    }

    fn node(&mut self, node: &About, at: u64) {
        if runs_python(&node.operator) || node.domain.to_ascii_lowercase().contains("pyop") {
            let name = format!("{}::{}", node.domain, node.operator);
            self.once(&name, |report, name| {
                report.add(finding(&codes::PYTHON_OPERATOR, report.byte(at)).with("name", name))
            });
        } else if !KNOWN_DOMAINS.contains(&node.domain.as_str())
            && self.used.len() < FINDINGS_MAX
            && !self.used.iter().any(|(d, ..)| *d == node.domain)
        {
            self.used.insert((node.domain.clone(), node.operator.clone(), at));
        }
    }

    /// Domains of operators that neither a runtime in wide use nor the model itself brings.
    fn report_domains(&mut self) {
        for (domain, operator, at) in std::mem::take(&mut self.used) {
            if !self.own.contains(&domain) {
                let name = format!("{domain}::{operator}");
                self.report.add(finding(&codes::CUSTOM_OPERATOR, self.report.byte(at)).with("name", name));
            }
        }
    }

    /// An entry of `external_data`: the location is a path below the folder of the model, offset and length are numbers.
    fn external(&mut self, span: Span) -> Result<(), Broken> {
        let (key, value) = self.pair(span)?;
        if matches!(key.as_str(), "offset" | "length") && value.trim().parse::<u64>().is_err() {
            let at = span.start;
            self.once("a place in a file of weights that is no number", |report, what| {
                report.add(finding(&codes::STRUCTURE, report.byte(at)).with("format", "ONNX").with("what", what))
            });
        }
        if key == "location" && (names::escapes(&value) || value.contains("://")) {
            let at = span.start;
            self.once(&value, |report, name| {
                report.add(finding(&codes::EXTERNAL_PATH, report.byte(at)).with("name", name))
            });
        }
        Ok(())
    }

    fn metadata(&mut self, span: Span) -> Result<(), Broken> {
        let (key, value) = self.pair(span)?;
        codetext::judge(&key, &value, &self.report.byte(span.start), self.report);
        Ok(())
    }

    fn describes(&mut self, name: &str, span: Span) -> Result<(), Broken> {
        let text = text(self.source, span, NAME_BYTES_MAX * 16)?;
        codetext::judge(name, &text, &self.report.byte(span.start), self.report);
        Ok(())
    }

    /// A pair of texts (StringStringEntryProto).
    fn pair(&self, span: Span) -> Result<(String, String), Broken> {
        let (mut key, mut value) = (String::new(), String::new());
        for field in Fields::within(self.source, span) {
            let field = field?;
            match (field.number, field.bytes()) {
                (1, Some(span)) => key = text(self.source, span, NAME_BYTES_MAX)?,
                (2, Some(span)) => value = text(self.source, span, NAME_BYTES_MAX * 16)?,
                _ => {}
            }
        }
        Ok((key, value))
    }

    fn once(&mut self, name: &str, report: impl FnOnce(&mut Report<'_>, &str)) {
        if self.seen.len() < FINDINGS_MAX && self.seen.insert(name.to_owned()) {
            report(self.report, name);
        }
    }
}

/// What one message says.
#[derive(Default)]
struct About {
    operator: String,
    domain: String,
    version: u64,
    elements: Option<u64>,
    data_type: u64,
    producer: String,
    producer_version: String,
}

impl About {
    fn dimension(&mut self, size: u64) {
        self.elements = Some(self.elements.unwrap_or(1).saturating_mul(size));
    }

    fn number(&mut self, message: Message, field: u64, number: u64) {
        match (message, field) {
            (Message::Initializer, 1) => self.dimension(number),
            (Message::Initializer, 2) => self.data_type = number,
            (Message::OperatorSet, 2) => self.version = number,
            _ => {}
        }
    }
}

/// The name of a type of tensor (`TensorProto.DataType`).
fn type_name(number: u64) -> &'static str {
    const NAMES: [&str; 24] = [
        "other",
        "F32",
        "U8",
        "I8",
        "U16",
        "I16",
        "I32",
        "I64",
        "string",
        "BOOL",
        "F16",
        "F64",
        "U32",
        "U64",
        "C64",
        "C128",
        "BF16",
        "F8_E4M3FN",
        "F8_E4M3FNUZ",
        "F8_E5M2",
        "F8_E5M2FNUZ",
        "U4",
        "I4",
        "F4_E2M1",
    ];
    usize::try_from(number).ok().and_then(|number| NAMES.get(number)).copied().unwrap_or("other")
}
