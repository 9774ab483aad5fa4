//! Unpacking into memory, bounded in size and in ratio.

use std::io::Read;

use crate::report::{LimitReached, Report};

/// Unpacked bytes from which on the ratio is looked at: small things may well shrink to nearly nothing.
const RATIO_FROM_BYTES: u64 = 1024 * 1024;

/// Bytes that are unpacked at a time, at most.
const CHUNK_BYTES: usize = 64 * 1024;

/// What came out of a stream.
pub struct Unpacked {
    /// The bytes, from the first on.
    pub bytes: Vec<u8>,
    /// Why there are not more.
    pub end: End,
}

/// Why unpacking ended.
pub enum End {
    /// The stream ended by itself.
    Whole,
    /// The stream is damaged here.
    Damaged(std::io::Error),
    /// A limit was reached, and is reported; what follows in the same container can still be examined.
    Cut,
    /// The observation has used up what it may unpack: nothing more can be.
    Exhausted(LimitReached),
}

/// Unpacks a stream that takes `packed_bytes` in its container. Reports limits, but not damage.
pub fn unpack(reader: &mut dyn Read, packed_bytes: u64, report: &mut Report<'_>) -> Unpacked {
    let limits = report.limits();
    let mut bytes = Vec::new();
    // Small streams, which archives have by the thousand, get by with little room.
    let mut chunk =
        vec![0; usize::try_from(packed_bytes.saturating_mul(4)).unwrap_or(CHUNK_BYTES).clamp(1024, CHUNK_BYTES)];
    let end = loop {
        let count = match reader.read(&mut chunk) {
            Ok(0) => break End::Whole,
            Ok(count) => count,
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(e) => break End::Damaged(e),
        };
        let room = usize::try_from(limits.member_bytes_max).unwrap_or(usize::MAX).saturating_sub(bytes.len());
        bytes.extend_from_slice(&chunk[..count.min(room)]);
        if count > room {
            report.over("member_bytes_max", limits.member_bytes_max);
            break End::Cut;
        }
        let size = bytes.len() as u64;
        if size > RATIO_FROM_BYTES && size / packed_bytes.max(1) > limits.ratio_max {
            report.over("ratio_max", limits.ratio_max);
            break End::Cut;
        }
    };
    match report.unpacked(bytes.len() as u64) {
        Ok(()) => Unpacked { bytes, end },
        Err(reached) => Unpacked { bytes, end: End::Exhausted(reached) },
    }
}
