//! TensorFlow SavedModel graphs (`saved_model.pb`): operators that leave the arithmetic.

use std::collections::BTreeSet;
use std::io;

use crate::artefact::codes;
use crate::artefact::cursor::Broken;
use crate::artefact::wire::{Fields, Span, Value, text};
use crate::catalogue::finding;
use crate::report::Report;
use crate::source::Source;

/// Fields that are looked at to recognise a graph.
const FIELDS_MAX: usize = 1_000;
/// Bytes of an operator's name.
const NAME_BYTES_MAX: u64 = 256;

/// Operators that run Python, touch files or load libraries. `SaveV2` and `RestoreV2` are in every SavedModel.
const OPERATORS: &[&str] = &[
    "PyFunc",
    "PyFuncStateless",
    "EagerPyFunc",
    "ReadFile",
    "WriteFile",
    "MatchingFiles",
    "LoadLibrary",
    "WholeFileReader",
    "WholeFileReaderV2",
    "FixedLengthRecordReader",
    "FixedLengthRecordReaderV2",
    "TextLineReader",
    "TextLineReaderV2",
    "TextLineDataset",
    "FixedLengthRecordDataset",
    "TFRecordDataset",
    "SqlDataset",
    "DumpGradientDescentV1",
    "DebugIdentity",
    "DebugIdentityV2",
    "SaveDataset",
    "SaveDatasetV2",
    "LoadDataset",
    "SnapshotDataset",
    "RpcCall",
    "RpcServerStart",
    "RpcClient",
    "TryRpc",
    "Rpc",
];

/// Where each level of the graph keeps the next: message, field, message.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Message {
    SavedModel,
    MetaGraph,
    Graph,
    Library,
    Function,
    Node,
}

impl Message {
    fn inner(self, number: u64) -> Option<Self> {
        Some(match (self, number) {
            (Self::SavedModel, 2) => Self::MetaGraph,
            (Self::MetaGraph, 2) => Self::Graph,
            (Self::Graph, 1) | (Self::Function, 3) => Self::Node,
            (Self::Graph, 2) => Self::Library,
            (Self::Library, 1) => Self::Function,
            _ => return None,
        })
    }
}

/// True when the bytes are a SavedModel: a version, then graphs, to the end.
///
/// # Errors
/// When the source can't be read.
pub fn looks_like(source: &dyn Source) -> io::Result<bool> {
    let mut graphs = false;
    for field in Fields::of(source).take(FIELDS_MAX) {
        match field {
            Ok(f) => match (f.number, f.value) {
                (1, Value::Varint(version)) if version < 1000 => {}
                (2, Value::Bytes(span)) => graphs = is_meta_graph(source, span),
                _ => return Ok(false),
            },
            Err(Broken::Io(e)) => return Err(e),
            Err(_) => return Ok(false),
        }
    }
    Ok(graphs)
}

/// True when the fields are those of a MetaGraphDef, and its graph begins with nodes.
fn is_meta_graph(source: &dyn Source, span: Span) -> bool {
    let mut graph = false;
    let all = Fields::within(source, span).take(FIELDS_MAX).all(|field| {
        let Ok(field) = field else { return false };
        let Some(bytes) = field.bytes() else { return false };
        if field.number == 2 {
            graph = Fields::within(source, bytes).take(4).all(|f| f.is_ok_and(|f| matches!(f.number, 1..=5)));
        }
        matches!(field.number, 1..=7)
    });
    all && graph
}

/// Examines the operators of all graphs and functions.
pub fn examine(source: &dyn Source, report: &mut Report<'_>) {
    report.ran("tf-savedmodel", 1);
    let mut seen = BTreeSet::new();
    let whole = Span { start: 0, end: source.size() };
    if let Err(e) = walk(source, Message::SavedModel, whole, &mut seen, report) {
        report.unreadable(&e);
    }
}

/// Goes through a message. The depth is that of [`Message::inner`], which leads down only.
fn walk(
    source: &dyn Source,
    message: Message,
    span: Span,
    seen: &mut BTreeSet<String>,
    report: &mut Report<'_>,
) -> Result<(), Broken> {
    for field in Fields::within(source, span) {
        let field = field?;
        let Some(bytes) = field.bytes() else { continue };
        if let Some(inner) = message.inner(field.number) {
            walk(source, inner, bytes, seen, report)?;
        } else if message == Message::Node && field.number == 2 {
            let operator = text(source, bytes, NAME_BYTES_MAX)?;
            if OPERATORS.contains(&operator.as_str()) && seen.insert(operator.clone()) {
                report.add(finding(&codes::TF_OPERATOR, report.byte(bytes.start)).with("name", operator));
            }
        }
    }
    Ok(())
}
