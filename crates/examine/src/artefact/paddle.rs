//! PaddlePaddle models: the program (`.pdmodel`, framework.proto) with its operators, and the parameters beside it
//! (`.pdiparams`, tensors one after the other).

use std::collections::BTreeSet;
use std::io;

use sakimori_model::FactName;

use crate::artefact::cursor::{Broken, Cursor};
use crate::artefact::wire::{self, Field, Fields, Span, Value, text};
use crate::artefact::{codes, tensors};
use crate::catalogue::finding;
use crate::report::Report;
use crate::source::{Paged, Source};

/// Blocks of a program that are looked at to recognise it.
const BLOCKS_LOOKED_AT: usize = 64;
/// Bytes of the name of an operator.
const NAME_BYTES_MAX: u64 = 256;
/// Bytes of the description of one tensor.
const DESCRIPTION_BYTES_MAX: u64 = 1024;
/// Tensors of one file.
const TENSORS_MAX: u64 = 1_000_000;
/// Levels of detail of one tensor.
const LEVELS_MAX: u64 = 64;

/// Operators that read or write files, or talk to other computers.
const FILE_OPERATORS: &[&str] = &[
    "save",
    "save_combine",
    "load",
    "load_combine",
    "sparse_tensor_load",
    "lookup_sparse_table_fuse_adam",
    "listen_and_serv",
    "send",
    "recv",
    "send_and_recv",
    "checkpoint_notify",
    "read_file",
];

/// True when the bytes are a program: blocks with a number and a parent, then versions.
///
/// # Errors
/// When the source can't be read.
pub fn looks_like(source: &dyn Source) -> io::Result<bool> {
    let mut blocks = 0;
    for field in Fields::of(source).take(BLOCKS_LOOKED_AT) {
        match field {
            Ok(Field { number: 1, value: Value::Bytes(span) }) if is_block(source, span) => blocks += 1,
            Ok(Field { number: 4 | 5, value: Value::Bytes(_) }) if blocks > 0 => {}
            Err(Broken::Io(e)) => return Err(e),
            // A program that is cut short in a later block is still one.
            Err(_) => return Ok(blocks > 0),
            Ok(_) => return Ok(false),
        }
    }
    Ok(blocks > 0)
}

fn is_block(source: &dyn Source, span: Span) -> bool {
    let mut fields = Fields::within(source, span);
    let number = matches!(fields.next(), Some(Ok(Field { number: 1, value: Value::Varint(_) })));
    let parent = matches!(fields.next(), Some(Ok(Field { number: 2, value: Value::Varint(_) })));
    let rest = |f: Result<Field, Broken>| f.is_ok_and(|f| matches!(f.number, 3 | 4) && f.bytes().is_some());
    number && parent && fields.take(4).all(rest)
}

/// Examines a program.
pub fn examine(source: &dyn Source, report: &mut Report<'_>) {
    report.ran("paddle", 1);
    report.fact(FactName::Library, "paddlepaddle");
    let mut seen = BTreeSet::new();
    let mut count = tensors::Count::default();
    let whole = Span { start: 0, end: source.size() };
    let paged = Paged::new(source);
    if let Err(e) = walk(&paged, Message::Program, whole, (&mut seen, &mut count), report) {
        report.unreadable(&e);
    }
    count.report(report);
}

/// The messages that are gone into.
#[derive(Clone, Copy)]
enum Message {
    Program,
    Block,
    Operator,
}

fn walk(
    source: &dyn Source,
    message: Message,
    span: Span,
    (seen, count): (&mut BTreeSet<String>, &mut tensors::Count),
    report: &mut Report<'_>,
) -> Result<(), Broken> {
    for field in Fields::within(source, span) {
        let field = field?;
        let Some(bytes) = field.bytes() else { continue };
        match (message, field.number) {
            (Message::Program, 1) => walk(source, Message::Block, bytes, (seen, count), report)?,
            (Message::Block, 4) => walk(source, Message::Operator, bytes, (seen, count), report)?,
            (Message::Block, 3) => variable(source, bytes, count)?,
            (Message::Operator, 3) => {
                let name = text(source, bytes, NAME_BYTES_MAX)?;
                if seen.len() < 10_000 && seen.insert(name.clone()) {
                    operator(&name, bytes.start, report);
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn operator(name: &str, at: u64, report: &mut Report<'_>) {
    let place = report.byte(at);
    if name == "py_func" || name == "py_layer" {
        report.add(finding(&codes::PYTHON_OPERATOR, place).with("name", name));
    } else if FILE_OPERATORS.contains(&name) {
        report.add(finding(&codes::FILE_OPERATOR, place).with("name", name));
    } else if name == "tensorrt_engine" {
        report.add(finding(&codes::COMPILED_ENGINE, place).with("kind", "TensorRT"));
    }
}

/// Counts a variable that is kept: a parameter.
fn variable(source: &dyn Source, span: Span, count: &mut tensors::Count) -> Result<(), Broken> {
    let (mut kind, mut kept) = (None, false);
    for field in Fields::within(source, span) {
        match field? {
            Field { number: 2, value: Value::Bytes(span) } => kind = Some(span),
            Field { number: 3, value: Value::Varint(number) } => kept = number != 0,
            _ => {}
        }
    }
    let inner = |span: Span, number: u64| -> Result<Option<Span>, Broken> {
        for field in Fields::within(source, span) {
            let field = field?;
            if let (true, Some(span)) = (field.number == number, field.bytes()) {
                return Ok(Some(span));
            }
        }
        Ok(None)
    };
    let Some(kind) = kind.filter(|_| kept) else { return Ok(()) };
    let Some(dense) = inner(kind, 3)? else { return Ok(()) };
    if let Some(described) = inner(dense, 1)? {
        let (data_type, elements) = description(source, described)?;
        count.add(data_type.0, elements);
    }
    Ok(())
}

/// The type and the number of elements of a tensor (`TensorDesc`).
fn description(source: &dyn Source, span: Span) -> Result<((&'static str, u64), u64), Broken> {
    let (mut data_type, mut elements) = (u64::MAX, 1_u64);
    for field in Fields::within(source, span) {
        match field? {
            Field { number: 1, value: Value::Varint(number) } => data_type = number,
            Field { number: 2, value: Value::Varint(size) } => elements = elements.saturating_mul(size),
            Field { number: 2, value: Value::Bytes(span) } => {
                for size in wire::varints(source, span).take(tensors::DIMENSIONS_MAX as usize) {
                    elements = elements.saturating_mul(size?);
                }
            }
            _ => {}
        }
    }
    Ok((type_of(data_type), elements))
}

/// True when these first bytes are a tensor of version 0 without levels, and its description.
#[must_use]
pub fn looks_like_parameters(head: &[u8]) -> bool {
    let zero = head.get(..16).is_some_and(|bytes| bytes.iter().all(|b| *b == 0));
    let size = head.get(16..20).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_le_bytes);
    let described =
        matches!(head.get(20..23), Some([0x08, data_type, 0x10 | 0x12]) if type_of(u64::from(*data_type)).1 > 0);
    zero && (2..=DESCRIPTION_BYTES_MAX).contains(&u64::from(size)) && described
}

/// Examines a file of parameters: each tensor has to follow the one before it, to the end.
pub fn examine_parameters(source: &dyn Source, report: &mut Report<'_>) {
    report.ran("paddle-parameters", 1);
    report.fact(FactName::Library, "paddlepaddle");
    let mut count = tensors::Count::default();
    let mut cursor = Cursor::new(source);
    let mut number = 0;
    let done = loop {
        if cursor.left() == 0 {
            break Ok(());
        }
        if number == TENSORS_MAX {
            report.over("paddle_tensors_max", TENSORS_MAX);
            break Ok(());
        }
        number += 1;
        if let Err(e) = tensor(&mut cursor, &mut count) {
            break Err(e);
        }
    };
    count.report(report);
    match done {
        Ok(()) => {}
        Err(Broken::Wrong { what, at }) => {
            report.add(finding(&codes::STRUCTURE, report.byte(at)).with("format", "PaddlePaddle").with("what", what));
        }
        Err(e) => report.unreadable(&e),
    }
}

fn tensor(cursor: &mut Cursor<'_>, count: &mut tensors::Count) -> Result<(), Broken> {
    if cursor.take::<4>()? != [0; 4] {
        return Err(cursor.wrong("a version of tensors that does not exist"));
    }
    let levels = u64::from_le_bytes(cursor.take()?);
    if levels > LEVELS_MAX {
        return Err(cursor.wrong("more levels of detail than a tensor can have"));
    }
    for _ in 0..levels {
        let bytes = u64::from_le_bytes(cursor.take()?);
        cursor.skip(bytes)?;
    }
    if cursor.take::<4>()? != [0; 4] {
        return Err(cursor.wrong("a version of tensors that does not exist"));
    }
    let size = u64::from(u32::from_le_bytes(cursor.take()?));
    if size > DESCRIPTION_BYTES_MAX {
        return Err(cursor.wrong("a description that is longer than any"));
    }
    let span = Span { start: cursor.position(), end: cursor.position() + size };
    cursor.skip(size)?;
    let ((data_type, element_bytes), elements) = description(cursor.source(), span)?;
    count.add(data_type, elements);
    match elements.checked_mul(element_bytes) {
        Some(bytes) => cursor.skip(bytes),
        None => Err(cursor.wrong("a tensor of impossible size")),
    }
}

/// The name of a type (`VarType.Type`) and the bytes of one element; 0 for what is no number.
fn type_of(number: u64) -> (&'static str, u64) {
    match number {
        0 => ("BOOL", 1),
        1 => ("I16", 2),
        2 => ("I32", 4),
        3 => ("I64", 8),
        4 => ("F16", 2),
        5 => ("F32", 4),
        6 => ("F64", 8),
        20 => ("U8", 1),
        21 => ("I8", 1),
        22 => ("BF16", 2),
        23 => ("C64", 8),
        24 => ("C128", 16),
        32 => ("F8_E4M3FN", 1),
        33 => ("F8_E5M2", 1),
        _ => ("other", 0),
    }
}
