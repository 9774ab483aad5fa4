//! TensorFlow graphs: operators that leave the arithmetic, in SavedModels (`saved_model.pb`) and in graphs alone (frozen
//! graphs), their function libraries included; and the configuration of the Keras layers that a SavedModel keeps.

use std::collections::BTreeSet;
use std::io;

use sakimori_model::FactName;

use crate::artefact::cursor::Broken;
use crate::artefact::wire::{Field, Fields, Span, Value, text};
use crate::artefact::{codes, config};
use crate::catalogue::finding;
use crate::recognise::kinds;
use crate::report::Report;
use crate::source::{Paged, Source, Window};

/// Fields that are looked at to recognise a graph.
const FIELDS_MAX: usize = 1_000;
/// Bytes of an operator's name.
const NAME_BYTES_MAX: u64 = 256;
/// Objects of Keras in one model whose configuration is looked at.
const CONFIGURATIONS_MAX: usize = 5_000;

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
    "TextLineDatasetV2",
    "FixedLengthRecordDatasetV2",
    "TFRecordDatasetV2",
    "TFRecordReader",
    "TFRecordReaderV2",
    "LMDBReader",
    "LMDBDataset",
    "ExperimentalLMDBDataset",
    "ExperimentalSqlDataset",
    "ExperimentalCSVDataset",
    "CSVDataset",
    "CSVDatasetV2",
    "MatchingFilesDataset",
    "ExperimentalMatchingFilesDataset",
    "DatasetToTFRecord",
    "ExperimentalDatasetToTFRecord",
    "LoadDatasetV2",
    "SnapshotDatasetV2",
    "CacheDataset",
    "CacheDatasetV2",
    "CreateSummaryFileWriter",
    "CreateSummaryDbWriter",
    "ImmutableConst",
    "DeleteFile",
    "CopyFile",
    "DataServiceDataset",
    "DataServiceDatasetV2",
    "DistributedSave",
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
    /// The objects of a SavedModel (`SavedObjectGraph`), one of them, and what stands for a Keras layer among them.
    Objects,
    Object,
    UserObject,
    /// What Keras keeps beside the graph (`keras_metadata.pb`), and an object in it.
    KerasObjects,
    KerasObject,
}

impl Message {
    fn inner(self, number: u64) -> Option<Self> {
        Some(match (self, number) {
            (Self::SavedModel, 2) => Self::MetaGraph,
            (Self::MetaGraph, 2) => Self::Graph,
            (Self::Graph, 1) | (Self::Function, 3) => Self::Node,
            (Self::Graph, 2) => Self::Library,
            (Self::Library, 1) => Self::Function,
            (Self::MetaGraph, 7) => Self::Objects,
            (Self::Objects, 1) => Self::Object,
            (Self::Object, 4) => Self::UserObject,
            (Self::KerasObjects, 1) => Self::KerasObject,
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

/// True when the bytes are a graph alone: nodes with a name and an operator, then a library and versions.
///
/// # Errors
/// When the source can't be read.
pub fn looks_like_graph(source: &dyn Source) -> io::Result<bool> {
    let mut nodes = 0;
    for field in Fields::of(source).take(FIELDS_MAX) {
        match field {
            Ok(f) => match (f.number, f.value) {
                (1, Value::Bytes(span)) if is_node(source, span) => nodes += 1,
                (2 | 4 | 5, Value::Bytes(_)) | (3, Value::Varint(_)) if nodes > 0 => {}
                _ => return Ok(false),
            },
            Err(Broken::Io(e)) => return Err(e),
            // A graph that is cut short is still one.
            Err(_) => return Ok(nodes > 1),
        }
    }
    Ok(nodes > 0)
}

/// True when a message begins with a name and the name of an operator, and has the fields of a node.
fn is_node(source: &dyn Source, span: Span) -> bool {
    let mut fields = Fields::within(source, span);
    let name = matches!(fields.next(), Some(Ok(Field { number: 1, value: Value::Bytes(_) })));
    let Some(Ok(Field { number: 2, value: Value::Bytes(operator) })) = fields.next() else { return false };
    let operator = text(source, operator, NAME_BYTES_MAX).unwrap_or_default();
    name && operator.starts_with(|c: char| c.is_ascii_uppercase() || c == '_' || c == '>')
        && operator.bytes().all(|b| b.is_ascii_graphic())
        && fields.all(|f| f.is_ok_and(|f| matches!(f.number, 3..=7) && f.bytes().is_some()))
}

/// True when the bytes are what Keras keeps beside a SavedModel: objects with a path and an identifier of Keras.
///
/// # Errors
/// When the source can't be read.
pub fn looks_like_keras(source: &dyn Source) -> io::Result<bool> {
    let mut objects = 0;
    for field in Fields::of(source).take(FIELDS_MAX) {
        match field {
            Ok(Field { number: 1, value: Value::Bytes(span) }) if is_keras_object(source, span) => objects += 1,
            Err(Broken::Io(e)) => return Err(e),
            _ => return Ok(false),
        }
    }
    Ok(objects > 0)
}

fn is_keras_object(source: &dyn Source, span: Span) -> bool {
    let mut keras = false;
    let all = Fields::within(source, span).all(|field| match field {
        Ok(Field { number: 2, value: Value::Varint(_) }) => true,
        Ok(Field { number: 5, value: Value::Bytes(span) }) => {
            keras = text(source, span, NAME_BYTES_MAX).is_ok_and(|id| id.starts_with("_tf_keras_"));
            true
        }
        Ok(Field { number: 3 | 4 | 6, value: Value::Bytes(_) }) => true,
        _ => false,
    });
    all && keras
}

/// True when the bytes are the fingerprint of a SavedModel: five hashes, a version, an id.
///
/// # Errors
/// When the source can't be read.
pub fn looks_like_fingerprint(source: &dyn Source) -> io::Result<bool> {
    const BYTES_MAX: u64 = 1024;
    if source.size() > BYTES_MAX {
        return Ok(false);
    }
    let mut hashes = 0;
    for field in Fields::of(source) {
        match field {
            Ok(Field { number: 1..=5, value: Value::Varint(_) }) => hashes += 1,
            Ok(Field { number: 6 | 7, value: Value::Bytes(_) }) => {}
            Err(Broken::Io(e)) => return Err(e),
            _ => return Ok(false),
        }
    }
    Ok((4..=5).contains(&hashes))
}

/// True for an operator that runs Python, touches files or loads libraries.
#[must_use]
pub fn acts(operator: &str) -> bool {
    // An operator of one's own library says by its name what it is for.
    const PARTS: &[&str] = &["Shell", "PyCall", "PyFunc", "LoadLibrary", "ExecuteOp", "SystemCall", "RunCommand"];
    OPERATORS.contains(&operator) || PARTS.iter().any(|part| operator.contains(part))
}

/// Examines the operators of all graphs and functions of a SavedModel.
pub fn examine(source: &dyn Source, report: &mut Report<'_>) {
    run(source, Message::SavedModel, report);
}

/// Examines the operators of a graph alone.
pub fn examine_graph(source: &dyn Source, report: &mut Report<'_>) {
    run(source, Message::Graph, report);
}

/// Examines the configuration that Keras keeps beside a SavedModel.
pub fn examine_keras(source: &dyn Source, report: &mut Report<'_>) {
    run(source, Message::KerasObjects, report);
}

/// The fingerprint holds numbers only, as [`looks_like_fingerprint`] has seen.
pub fn examine_fingerprint(report: &mut Report<'_>) {
    report.ran("tf-fingerprint", 1);
}

fn run(source: &dyn Source, message: Message, report: &mut Report<'_>) {
    report.ran("tf-savedmodel", 2);
    let paged = Paged::new(source);
    let mut walk = Walk { source: &paged, seen: BTreeSet::new(), configurations: 0 };
    let whole = Span { start: 0, end: source.size() };
    if let Err(e) = walk.message(message, whole, report) {
        report.unreadable(&e);
    }
}

struct Walk<'a> {
    source: &'a dyn Source,
    seen: BTreeSet<String>,
    configurations: usize,
}

impl Walk<'_> {
    /// Goes through a message. The depth is that of [`Message::inner`], which leads down only.
    fn message(&mut self, message: Message, span: Span, report: &mut Report<'_>) -> Result<(), Broken> {
        for field in Fields::within(self.source, span) {
            let field = field?;
            let Some(bytes) = field.bytes() else { continue };
            if let Some(inner) = message.inner(field.number) {
                self.message(inner, bytes, report)?;
                continue;
            }
            match (message, field.number) {
                (Message::Node, 2) => self.operator(bytes, report)?,
                (Message::UserObject, 3) | (Message::KerasObject, 6) => self.configuration(bytes, report),
                (Message::MetaGraph, 1) => self.about(bytes, report)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn operator(&mut self, span: Span, report: &mut Report<'_>) -> Result<(), Broken> {
        let operator = text(self.source, span, NAME_BYTES_MAX)?;
        if acts(&operator) && self.seen.insert(operator.clone()) {
            report.add(finding(&codes::TF_OPERATOR, report.byte(span.start)).with("name", operator));
        }
        Ok(())
    }

    /// The configuration of a Keras object, in JSON.
    fn configuration(&mut self, span: Span, report: &mut Report<'_>) {
        let json = Window::new(self.source, span.start, span.end - span.start);
        if json.size() == 0 {
            return;
        }
        if self.configurations == CONFIGURATIONS_MAX {
            report.over("keras_configurations_max", CONFIGURATIONS_MAX as u64);
        }
        self.configurations += 1;
        if self.configurations > CONFIGURATIONS_MAX {
            return;
        }
        if report.enter(&format!("keras_metadata_{}", self.configurations)).is_ok() && !report.diverts(&json) {
            judge_layer(&json, report);
        }
        report.leave();
    }

    /// What a graph says of itself: what it is tagged as and which TensorFlow wrote it.
    fn about(&mut self, span: Span, report: &mut Report<'_>) -> Result<(), Broken> {
        for field in Fields::within(self.source, span) {
            let field = field?;
            match (field.number, field.bytes()) {
                (4, Some(span)) => report.fact(FactName::Tag, text(self.source, span, NAME_BYTES_MAX)?),
                (5, Some(span)) => {
                    let version = text(self.source, span, NAME_BYTES_MAX)?;
                    report.fact(FactName::Producer, format_args!("tensorflow {version}"));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Judges the configuration of a layer. That it is of a class outside of Keras says nothing here: its computation lies in
/// the graph, and the loader makes it from there.
fn judge_layer(json: &dyn Source, report: &mut Report<'_>) {
    let mut inner = Report::new(report.limits());
    config::examine(json, &mut inner);
    for mut found in inner.finish(kinds::JSON).findings {
        if found.code != codes::FOREIGN_OBJECT {
            found.place = report.whole();
            report.add(found);
        }
    }
}
