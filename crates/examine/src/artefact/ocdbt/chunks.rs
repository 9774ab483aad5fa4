//! Chunks of arrays, as zarr packs them.

use std::io;
use std::ops::Range;

use crate::source::{Source, read_up_to};

/// True for the first bytes of a chunk that Blosc has packed (Blosc chunk format, version 1): its own length is in it.
pub(super) fn is_packed_chunk(head: &[u8], size: u64) -> bool {
    let length = || head.get(12..16).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes);
    matches!(head.first(), Some(1..=5)) && length().is_some_and(|length| u64::from(length) == size)
}

/// Where the packed chunks of arrays end that follow one another from the beginning of this part on: frames of Zstandard, each
/// perhaps with the index of a shard of one chunk behind it (Zarr 3, sharding-indexed codec: its offset, its length, and the
/// CRC-32C of the two).
pub(super) fn chunks_until(source: &dyn Source, part: Range<u64>) -> io::Result<u64> {
    let mut at = part.start;
    while let Some(end) = frame_end(source, at, part.end)? {
        let index = read_up_to(source, end, 20.min((part.end - end) as usize))?;
        let is_index = index.split_last_chunk::<4>().is_some_and(|(index, sum)| {
            index == [0_u64.to_le_bytes(), (end - at).to_le_bytes()].concat()
                && crc32c::crc32c(index).to_le_bytes() == *sum
        });
        at = if is_index { end + 20 } else { end };
    }
    Ok(at)
}

/// Where the Zstandard frame ends that begins there (RFC 8878, section 3.1.1), by the sizes of its blocks.
fn frame_end(source: &dyn Source, start: u64, limit: u64) -> io::Result<Option<u64>> {
    let head = read_up_to(source, start, 5)?;
    let [0x28, 0xb5, 0x2f, 0xfd, flags] = *head.as_slice() else { return Ok(None) };
    let is_single = flags >> 5 & 1 == 1;
    let dictionary = [0, 1, 2, 4][usize::from(flags & 3)];
    let size = [u64::from(is_single), 2, 4, 8][usize::from(flags >> 6)];
    let mut at = start + 5 + u64::from(!is_single) + dictionary + size;
    loop {
        let block = read_up_to(source, at, 3)?;
        let [a, b, c] = *block.as_slice() else { return Ok(None) };
        let block = u32::from_le_bytes([a, b, c, 0]);
        let bytes = match block >> 1 & 3 {
            0 | 2 => u64::from(block >> 3),
            1 => 1,
            _ => return Ok(None),
        };
        at += 3 + bytes;
        if at > limit {
            return Ok(None);
        }
        if block & 1 == 1 {
            let end = at + 4 * u64::from(flags >> 2 & 1);
            return Ok((end <= limit).then_some(end));
        }
    }
}
