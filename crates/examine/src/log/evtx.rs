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

/// Bytes of a chunk before its first record.
const CHUNK_HEADER_BYTES: usize = 512;
/// The first bytes of a record.
const RECORD_MAGIC: &[u8] = b"**\0\0";

/// A part of an event log.
pub(crate) enum Record<'a> {
    /// An event.
    Event {
        /// Its record number.
        number: u64,
        /// Itself as JSON.
        json: &'a [u8],
        /// Its record as it lies in the log. Empty if it can't be found.
        bytes: &'a [u8],
    },
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
    let data = chunk.data.clone();
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
            let mut rest = data.get(CHUNK_HEADER_BYTES..).unwrap_or_default();
            for record in records {
                match record {
                    Ok((number, json)) => {
                        each(Record::Event { number, json: &json, bytes: record_in(&mut rest, number) })
                    }
                    Err(why) => each(Record::Broken(why)),
                }
            }
        }
        Err(_) => each(Record::Broken("the reader failed on a chunk".into())),
    }
}

/// The bytes of the record of this number, and `rest` behind it. Records lie one behind the other, each with its length and
/// number ([MS-EVEN6], section 2.2.17).
fn record_in<'c>(rest: &mut &'c [u8], number: u64) -> &'c [u8] {
    let mut at = *rest;
    while let Some((header, _)) = at.split_first_chunk::<16>().filter(|(header, _)| header.starts_with(RECORD_MAGIC)) {
        let length = u32::from_le_bytes([header[4], header[5], header[6], header[7]]) as usize;
        let Some((record, behind)) = at.split_at_checked(length).filter(|(record, _)| record.len() > header.len())
        else {
            break;
        };
        if header[8..] == number.to_le_bytes() {
            *rest = behind;
            return record;
        }
        at = behind;
    }
    &[]
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A log of one chunk: headers as they should be, and these bytes where its records are.
    fn log(records: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; (HEADER_BYTES + CHUNK_BYTES) as usize];
        let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
        put(0, b"ElfFile\0");
        put(24, &2_u64.to_le_bytes());
        put(32, &128_u32.to_le_bytes());
        put(36, &1_u16.to_le_bytes());
        put(38, &3_u16.to_le_bytes());
        put(40, &4096_u16.to_le_bytes());
        put(42, &1_u16.to_le_bytes());
        let chunk = HEADER_BYTES as usize;
        put(chunk, b"ElfChnk\0");
        put(chunk + 8, &1_u64.to_le_bytes());
        put(chunk + 16, &9_u64.to_le_bytes());
        put(chunk + 24, &1_u64.to_le_bytes());
        put(chunk + 32, &9_u64.to_le_bytes());
        put(chunk + 40, &128_u32.to_le_bytes());
        put(chunk + 44, &512_u32.to_le_bytes());
        put(chunk + 48, &((512 + records.len()) as u32).to_le_bytes());
        put(chunk + 512, records);
        bytes
    }

    /// A record with this content, which should be binary XML.
    fn record(number: u64, content: &[u8]) -> Vec<u8> {
        let size = (24 + content.len() + 4) as u32;
        let mut bytes = b"\x2a\x2a\0\0".to_vec();
        bytes.extend(size.to_le_bytes());
        bytes.extend(number.to_le_bytes());
        bytes.extend(132_000_000_000_000_000_u64.to_le_bytes());
        bytes.extend(content);
        bytes.extend(size.to_le_bytes());
        bytes
    }

    fn count(bytes: &dyn Source) -> (usize, usize) {
        let (mut events, mut broken) = (0, 0);
        let result = each_record(bytes, &mut |record| match record {
            Record::Event { .. } => events += 1,
            Record::Broken(_) => broken += 1,
        });
        (events, broken + usize::from(result.is_err()))
    }

    #[test]
    fn what_is_missing_is_told() {
        let whole = log(&[]);
        assert!(count(&whole[..whole.len() - 1].to_vec()).1 > 0);
        assert!(count(&whole[..100].to_vec()).1 > 0);
        assert!(count(&b"ElfFile\0".to_vec()).1 > 0);
        assert!(count(&log(&record(1, b"\xff\xff no binary xml"))).1 > 0);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn reading_is_total(contents in proptest::collection::vec(proptest::collection::vec(prop_oneof![0_u8..0x10, any::<u8>()], 0..200), 0..6)) {
            // 0f 01 01 00 begins binary XML; what follows it is taken for its tokens.
            let records: Vec<u8> = (1..).zip(&contents).flat_map(|(n, c)| record(n, &[b"\x0f\x01\x01\0", c.as_slice()].concat())).collect();
            count(&log(&records));
        }
    }
}
