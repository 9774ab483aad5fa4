//! Windows event logs (EVTX): chunk by chunk, in bounded memory, past whatever is broken.
//!
//! The crate `evtx` renders each record as JSON within budgets of its own; a defect of it costs one chunk.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use evtx::{EvtxChunkData, EvtxParser, ParserSettings};

use crate::source::{Source, SourceReader, read_up_to};

/// Bytes before the first chunk.
const HEADER_BYTES: u64 = 4096;
/// Bytes of one chunk.
const CHUNK_BYTES: u64 = 65536;

/// A part of an event log.
pub(crate) enum Record<'a> {
    /// An event: its record number, and itself as JSON.
    Event(u64, &'a [u8]),
    /// A record or a chunk that can't be read, and why.
    Broken(String),
}

/// Hands every record to `each`, in their order. The error says why the log can't be read at all.
pub(crate) fn each_record(source: &dyn Source, each: &mut dyn FnMut(Record<'_>)) -> Result<(), String> {
    let mut parser = EvtxParser::from_read_seek(SourceReader::new(source)).map_err(|e| told(&e))?;
    let settings = Arc::new(ParserSettings::new().num_threads(1).indent(false));
    let announced = u64::from(parser.header().chunk_count);
    for chunk in parser.chunks() {
        match chunk {
            Ok(chunk) => each_of_chunk(chunk, &settings, each),
            Err(error) => each(Record::Broken(told(&error))),
        }
    }
    if let Some(why) = cut_short(source, announced) {
        each(Record::Broken(why));
    }
    Ok(())
}

fn each_of_chunk(mut chunk: EvtxChunkData, settings: &Arc<ParserSettings>, each: &mut dyn FnMut(Record<'_>)) {
    // The records are rendered first, so that a panic of `each` is not taken for one of the reader. A chunk is 64 KiB,
    // and the reader bounds what it renders of one.
    let rendered = catch_unwind(AssertUnwindSafe(|| match chunk.parse(Arc::clone(settings)) {
        Ok(mut chunk) => chunk
            .iter()
            .map(|record| match record.and_then(|record| record.into_json_bytes()) {
                Ok(record) => Ok((record.event_record_id, record.data)),
                Err(error) => Err(told(&error)),
            })
            .collect(),
        Err(error) => vec![Err(told(&error))],
    }));
    match rendered {
        Ok(records) => {
            for record in records {
                match record {
                    Ok((number, json)) => each(Record::Event(number, &json)),
                    Err(why) => each(Record::Broken(why)),
                }
            }
        }
        Err(_) => each(Record::Broken("the reader failed on a chunk".into())),
    }
}

/// An error with its causes, of which the last one says the most.
fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{error}; {text}");
        cause = error.source();
    }
    text.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}

/// Whether chunks are missing at the end. The header of a log in use lags behind, so that more chunks than it
/// announces are common, and fewer are not.
fn cut_short(source: &dyn Source, announced: u64) -> Option<String> {
    let bytes = source.size().saturating_sub(HEADER_BYTES);
    let (whole, rest) = (bytes / CHUNK_BYTES, bytes % CHUNK_BYTES);
    if whole < announced {
        return Some(format!("the log has {whole} of {announced} chunks"));
    }
    let tail = read_up_to(source, HEADER_BYTES + whole * CHUNK_BYTES, rest as usize).unwrap_or_default();
    tail.iter().any(|byte| *byte != 0).then(|| "the last chunk is cut short".to_owned())
}
