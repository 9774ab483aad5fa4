//! The index of a TensorFlow checkpoint (`.index`): a sorted table in the format of LevelDB (table_format.md), whose values
//! describe tensors (tensor_bundle.proto). The tensors lie beside it, in files of numbers without any structure.

use std::io;

use sakimori_model::FactName;

use crate::artefact::cursor::{Broken, Cursor};
use crate::artefact::wire::{self, Field, Fields, Span, Value};
use crate::artefact::{codes, tensors};
use crate::catalogue::finding;
use crate::report::Report;
use crate::source::{Source, read_up_to};

/// The last bytes of a table.
const FOOTER_BYTES: u64 = 48;
const MARK: [u8; 8] = 0xdb47_7524_8b80_fb57_u64.to_le_bytes();
/// Bytes of one block.
const BLOCK_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Entries of one table.
const ENTRIES_MAX: u64 = 2_000_000;

/// True when the bytes end as a table does.
///
/// # Errors
/// When the source can't be read.
pub fn looks_like(source: &dyn Source) -> io::Result<bool> {
    let Some(at) = source.size().checked_sub(8) else { return Ok(false) };
    Ok(source.size() >= FOOTER_BYTES && read_up_to(source, at, 8)? == MARK)
}

/// Examines an index.
pub fn examine(source: &dyn Source, report: &mut Report<'_>) {
    report.ran("tf-checkpoint", 1);
    let mut walk = Walk { source, count: tensors::Count::default(), entries: 0, packed: false };
    let done = walk.table();
    walk.count.report(report);
    if walk.packed {
        return report.unreadable(&"packed blocks of a table are not read");
    }
    if walk.entries > ENTRIES_MAX {
        report.over("table_entries_max", ENTRIES_MAX);
        return;
    }
    match done {
        Ok(()) => report.fact(FactName::Library, "tensorflow"),
        Err(Broken::Wrong { what, at }) => {
            let told = finding(&codes::STRUCTURE, report.byte(at));
            report.add(told.with("format", "TensorFlow checkpoint").with("what", what));
        }
        Err(e) => report.unreadable(&e),
    }
}

struct Walk<'a> {
    source: &'a dyn Source,
    count: tensors::Count,
    entries: u64,
    packed: bool,
}

impl Walk<'_> {
    fn table(&mut self) -> Result<(), Broken> {
        let end = self.source.size();
        let mut footer = Cursor::within(self.source, end - FOOTER_BYTES, end);
        self.handle(&mut footer)?;
        let index = self.handle(&mut footer)?;
        let mut blocks = Vec::new();
        self.block(index, |_, value, _| {
            blocks.push(value);
            Ok(())
        })?;
        let mut read = 0_u64;
        for value in blocks {
            let mut cursor = Cursor::within(self.source, value.start, value.end);
            let block = self.handle(&mut cursor)?;
            read = read.saturating_add(block.end - block.start);
            // Blocks that share their bytes would be read again and again.
            if read > self.source.size() {
                return Err(cursor.wrong("blocks that share their bytes"));
            }
            self.block(
                block,
                |source, value, count| if value.start == value.end { Ok(()) } else { entry(source, value, count) },
            )?;
        }
        Ok(())
    }

    /// Where a block lies: its offset and size as numbers of variable length.
    fn handle(&self, cursor: &mut Cursor<'_>) -> Result<Span, Broken> {
        let (start, size) = (wire::varint(cursor)?, wire::varint(cursor)?);
        if size > BLOCK_BYTES_MAX || start.saturating_add(size) > self.source.size() {
            return Err(cursor.wrong("a block that lies outside of the table"));
        }
        Ok(Span { start, end: start + size })
    }

    /// Goes through the entries of a block: the length of what the key shares, its own length, that of the value.
    fn block(
        &mut self,
        span: Span,
        mut each: impl FnMut(&dyn Source, Span, &mut tensors::Count) -> Result<(), Broken>,
    ) -> Result<(), Broken> {
        if read_up_to(self.source, span.end, 1)? != [0] {
            self.packed = true;
            return Ok(());
        }
        let size = span.end - span.start;
        let mut tail = Cursor::within(self.source, span.end.saturating_sub(4).max(span.start), span.end);
        let restarts = u64::from(u32::from_le_bytes(tail.take()?));
        let Some(end) = size.checked_sub(4).and_then(|size| size.checked_sub(restarts.saturating_mul(4))) else {
            return Err(tail.wrong("a block without entries"));
        };
        let mut cursor = Cursor::within(self.source, span.start, span.start + end);
        while cursor.left() > 0 {
            self.entries += 1;
            if self.entries > ENTRIES_MAX {
                return Ok(());
            }
            wire::varint(&mut cursor)?;
            let (own, value) = (wire::varint(&mut cursor)?, wire::varint(&mut cursor)?);
            // The entry without a name is the header of the whole.
            let header = own == 0;
            cursor.skip(own)?;
            let start = cursor.position();
            cursor.skip(value)?;
            let end = if header { start } else { start + value };
            each(self.source, Span { start, end }, &mut self.count)?;
        }
        Ok(())
    }
}

/// The description of one tensor (`BundleEntryProto`): its type and its shape.
fn entry(source: &dyn Source, span: Span, count: &mut tensors::Count) -> Result<(), Broken> {
    let (mut data_type, mut elements) = (0, 1_u64);
    for field in Fields::within(source, span) {
        match field? {
            Field { number: 1, value: Value::Varint(number) } => data_type = number,
            Field { number: 2, value: Value::Bytes(shape) } => {
                for dimension in Fields::within(source, shape) {
                    let Some(dimension) = dimension?.bytes() else { continue };
                    for size in Fields::within(source, dimension) {
                        if let Field { number: 1, value: Value::Varint(size) } = size? {
                            elements = elements.saturating_mul(size);
                        }
                    }
                }
            }
            _ => {}
        }
    }
    count.add(type_name(data_type), elements);
    Ok(())
}

/// The name of a type (`DataType` in types.proto).
fn type_name(number: u64) -> &'static str {
    match number {
        1 => "F32",
        2 => "F64",
        3 => "I32",
        4 => "U8",
        5 => "I16",
        6 => "I8",
        7 => "string",
        8 => "C64",
        9 => "I64",
        10 => "BOOL",
        14 => "BF16",
        17 => "U16",
        19 => "F16",
        22 => "U32",
        23 => "U64",
        _ => "other",
    }
}
