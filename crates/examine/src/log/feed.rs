//! Text logs as pieces, one an event: lines, or the values of a JSON document. Streaming, in bounded memory.

use std::io;

use encoding_rs::{Decoder, UTF_16BE, UTF_16LE};
use memchr::{memchr, memchr2};

use crate::source::{Source, read_up_to};

/// Bytes read at a time.
const READ_BYTES: usize = 256 * 1024;
/// Bytes of repeated events that are compared at once.
const REPEATED_BYTES: usize = 256;
/// Members of an outermost object among which the one that holds the events may be.
const WRAPPER_MEMBERS_MAX: usize = 3;
/// Names under which exports hold their events: AWS CloudTrail, Azure, Microsoft Graph, Kubernetes.
const WRAPPERS: [&[u8]; 5] = [b"Records", b"records", b"value", b"events", b"items"];

/// A part of a log.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// What should be one event.
    Text(&'a [u8]),
    /// It is longer than the limit.
    TooLong,
    /// The log ends in the middle of it.
    CutShort,
}

/// Bytes as UTF-8, whatever of the Unicode encodings they are in.
struct Feed<'a> {
    source: &'a dyn Source,
    offset: u64,
    decoder: Option<Decoder>,
}

impl<'a> Feed<'a> {
    fn new(source: &'a dyn Source) -> io::Result<Self> {
        let head = read_up_to(source, 0, 4)?;
        let (skip, encoding) = match head.as_slice() {
            [0xff, 0xfe, ..] => (2, Some(UTF_16LE)),
            [0xfe, 0xff, ..] => (2, Some(UTF_16BE)),
            [0xef, 0xbb, 0xbf, ..] => (3, None),
            [b'{' | b'[', 0, ..] => (0, Some(UTF_16LE)),
            [0, b'{' | b'[', ..] => (0, Some(UTF_16BE)),
            _ => (0, None),
        };
        Ok(Self { source, offset: skip, decoder: encoding.map(|e| e.new_decoder_without_bom_handling()) })
    }

    /// Appends the next bytes. False at the end.
    fn read_more(&mut self, out: &mut Vec<u8>) -> io::Result<bool> {
        let bytes = read_up_to(self.source, self.offset, READ_BYTES)?;
        if bytes.is_empty() {
            return Ok(false);
        }
        self.offset += bytes.len() as u64;
        match &mut self.decoder {
            None => out.extend_from_slice(&bytes),
            Some(decoder) => {
                let mut text =
                    String::with_capacity(decoder.max_utf8_buffer_length(bytes.len()).unwrap_or(bytes.len()));
                let last = self.offset >= self.source.size();
                // The capacity is enough for everything, so one call decodes all; broken pairs become U+FFFD.
                let _ = decoder.decode_to_string(&bytes, &mut text, last);
                out.extend_from_slice(text.as_bytes());
            }
        }
        Ok(true)
    }
}

/// A log of lines.
pub(crate) struct Lines<'a> {
    feed: Feed<'a>,
    line_bytes_max: usize,
    buffer: Vec<u8>,
    start: usize,
    searched: usize,
    skipping: bool,
}

impl<'a> Lines<'a> {
    pub fn new(source: &'a dyn Source, line_bytes_max: usize) -> io::Result<Self> {
        let feed = Feed::new(source)?;
        Ok(Self { feed, line_bytes_max, buffer: Vec::new(), start: 0, searched: 0, skipping: false })
    }

    /// The next line, without its end.
    pub fn next_piece(&mut self) -> io::Result<Option<Piece<'_>>> {
        loop {
            if let Some(length) = memchr(b'\n', &self.buffer[self.searched..]) {
                let line = self.start..self.searched + length;
                self.start = line.end + 1;
                self.searched = self.start;
                let too_long = std::mem::take(&mut self.skipping) || line.len() > self.line_bytes_max;
                return Ok(Some(if too_long { Piece::TooLong } else { Piece::Text(&self.buffer[line]) }));
            }
            self.searched = self.buffer.len();
            if self.searched - self.start > self.line_bytes_max {
                self.skipping = true;
                self.start = self.searched;
            }
            self.buffer.drain(..self.start);
            self.searched -= self.start;
            self.start = 0;
            if !self.feed.read_more(&mut self.buffer)? {
                return Ok(self.rest());
            }
        }
    }

    fn rest(&mut self) -> Option<Piece<'_>> {
        let rest = std::mem::replace(&mut self.start, self.buffer.len())..self.buffer.len();
        if std::mem::take(&mut self.skipping) {
            Some(Piece::TooLong)
        } else if rest.is_empty() {
            None
        } else {
            Some(Piece::Text(&self.buffer[rest]))
        }
    }
}

/// A JSON document: one event, several of them one after another, an array of them, or an object that holds such an
/// array.
pub(crate) struct Documents<'a> {
    feed: Feed<'a>,
    event_bytes_max: usize,
    buffer: Vec<u8>,
    at: usize,
    in_text: bool,
    depth: usize,
    /// The depth at which events begin.
    base: usize,
    /// Where the current event begins in the buffer, which it also does while it is skipped.
    start: Option<usize>,
    /// Where the last piece stands in the buffer, if it is still there.
    last: Option<(usize, usize)>,
    skipping: bool,
    /// The text before the current byte, if only blanks and a colon are between them.
    key: Option<(usize, usize)>,
    members: usize,
}

impl<'a> Documents<'a> {
    pub fn new(source: &'a dyn Source, event_bytes_max: usize) -> io::Result<Self> {
        Ok(Self {
            feed: Feed::new(source)?,
            event_bytes_max,
            buffer: Vec::new(),
            at: 0,
            in_text: false,
            depth: 0,
            base: 0,
            start: None,
            last: None,
            skipping: false,
            key: None,
            members: 0,
        })
    }

    /// The next object.
    pub fn next_piece(&mut self) -> io::Result<Option<Piece<'_>>> {
        loop {
            while self.at < self.buffer.len() {
                if let Some((start, end)) = self.step() {
                    let skipped = std::mem::take(&mut self.skipping) || end - start > self.event_bytes_max;
                    self.last = (!skipped).then_some((start, end));
                    return Ok(Some(if skipped { Piece::TooLong } else { Piece::Text(&self.buffer[start..end]) }));
                }
            }
            self.forget();
            if !self.feed.read_more(&mut self.buffer)? {
                self.skipping = false;
                return Ok(self.start.take().map(|_| Piece::CutShort));
            }
        }
    }

    /// Steps over further pieces that are the same as the last one and follow it at once, as far as they have been read, and
    /// counts them.
    pub fn repeats(&mut self) -> u64 {
        let Some((start, end)) = self.last.filter(|(_, end)| *end == self.at) else { return 0 };
        let (before, rest) = self.buffer.split_at(end);
        // Elements of an array; between documents nothing is needed.
        let between: &[u8] = if self.base == 0 { b"" } else { b"," };
        let piece = &before[start..];
        if !rest.strip_prefix(between).is_some_and(|next| next.starts_with(piece)) {
            return 0;
        }
        let one = [between, piece].concat();
        let (mut count, mut after) = (0, rest);
        // Of short ones, many at once.
        let many = (REPEATED_BYTES / one.len()).max(1);
        for (block, pieces) in [(one.repeat(many), many as u64), (one, 1)] {
            while let Some(next) = after.strip_prefix(block.as_slice()) {
                after = next;
                count += pieces;
            }
        }
        self.at += rest.len() - after.len();
        count
    }

    /// Drops from the buffer what is not needed any more.
    fn forget(&mut self) {
        self.last = None;
        if self.start.is_some_and(|start| self.buffer.len() - start > self.event_bytes_max) {
            self.skipping = true;
        }
        let keep = match (self.start, self.key) {
            (Some(start), _) if !self.skipping => start,
            (_, Some((key, _))) if self.buffer.len() - key <= self.event_bytes_max => key,
            _ => self.buffer.len(),
        };
        self.buffer.drain(..keep);
        self.at -= keep;
        self.start = self.start.map(|start| start.saturating_sub(keep));
        self.key = self.key.and_then(|(start, end)| Some((start.checked_sub(keep)?, end.checked_sub(keep)?)));
    }

    /// Looks at the next byte, or at the rest of a text. Returns the event that ends with it.
    fn step(&mut self) -> Option<(usize, usize)> {
        if self.in_text {
            self.skip_text();
            return None;
        }
        let at = self.at;
        self.at += 1;
        match self.buffer[at] {
            b'"' => {
                self.in_text = true;
                self.key = Some((at + 1, at + 1));
            }
            b' ' | b'\t' | b'\r' | b'\n' | b':' => {}
            b'{' => {
                if self.depth == self.base && self.start.is_none() {
                    self.start = Some(at);
                    self.members = 0;
                }
                self.depth += 1;
                self.key = None;
            }
            b'[' => {
                if self.depth == 0 {
                    self.base = 1;
                } else if self.is_wrapper() {
                    self.base = 2;
                    self.start = None;
                    self.skipping = false;
                }
                self.depth += 1;
                self.key = None;
            }
            b'}' | b']' => return self.close(),
            b',' => {
                self.members += usize::from(self.depth == 1);
                self.key = None;
            }
            _ => self.key = None,
        }
        None
    }

    fn close(&mut self) -> Option<(usize, usize)> {
        self.key = None;
        self.depth = self.depth.saturating_sub(1);
        if self.depth < self.base {
            self.base = 0;
        }
        if self.depth != self.base {
            return None;
        }
        self.start.take().map(|start| (start, self.at))
    }

    fn skip_text(&mut self) {
        match memchr2(b'"', b'\\', &self.buffer[self.at..]) {
            None => self.at = self.buffer.len(),
            Some(length) if self.buffer[self.at + length] == b'"' => {
                self.at += length + 1;
                self.in_text = false;
                self.key = self.key.map(|(start, _)| (start, self.at - 1));
            }
            Some(length) if self.at + length + 1 < self.buffer.len() => self.at += length + 2,
            Some(length) => {
                // The escaped byte comes with the next ones. An error while reading comes again, and is told then.
                let escaped = self.at + length + 1;
                while escaped >= self.buffer.len() {
                    if !self.feed.read_more(&mut self.buffer).unwrap_or(false) {
                        self.at = self.buffer.len();
                        return;
                    }
                }
                self.at = escaped + 1;
            }
        }
    }

    /// Whether the array that begins here holds the events of an export.
    fn is_wrapper(&self) -> bool {
        let named = |(start, end): (usize, usize)| self.buffer.get(start..end).is_some_and(|k| WRAPPERS.contains(&k));
        self.depth == 1 && self.base == 0 && self.members < WRAPPER_MEMBERS_MAX && self.key.is_some_and(named)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines(bytes: &[u8], max: usize) -> Vec<String> {
        let bytes = bytes.to_vec();
        let mut lines = Lines::new(&bytes, max).expect("readable");
        let mut all = Vec::new();
        while let Some(piece) = lines.next_piece().expect("readable") {
            all.push(shown(&piece));
        }
        all
    }

    fn documents(bytes: &[u8], max: usize) -> Vec<String> {
        let bytes = bytes.to_vec();
        let mut documents = Documents::new(&bytes, max).expect("readable");
        let mut all = Vec::new();
        while let Some(piece) = documents.next_piece().expect("readable") {
            all.push(shown(&piece));
        }
        all
    }

    fn shown(piece: &Piece<'_>) -> String {
        match piece {
            Piece::Text(text) => String::from_utf8_lossy(text).into_owned(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn lines_of_any_unicode_encoding() {
        assert_eq!(lines(b"a\n\nb", 9), ["a", "", "b"]);
        assert_eq!(lines(b"\xef\xbb\xbfa\r\n", 9), ["a\r"]);
        assert_eq!(lines(b"\xff\xfea\0\n\0\x42\x30", 9), ["a", "\u{3042}"]);
        assert_eq!(lines(b"\xfe\xff\0a\0\n\0b", 9), ["a", "b"]);
        assert_eq!(lines(b"0123456789\na\n0123456789", 9), ["TooLong", "a", "TooLong"]);
    }

    #[test]
    fn a_line_longer_than_what_is_read_at_a_time() {
        let long = "x".repeat(3 * READ_BYTES);
        let text = format!("{long}\na\n{long}");
        assert_eq!(lines(text.as_bytes(), READ_BYTES), ["TooLong", "a", "TooLong"]);
        assert_eq!(lines(text.as_bytes(), usize::MAX), [long.as_str(), "a", long.as_str()]);
    }

    #[test]
    fn documents_in_every_shape() {
        assert_eq!(documents(br#" {"a": "}\""} {"b":[{}]}"#, 99), [r#"{"a": "}\""}"#, r#"{"b":[{}]}"#]);
        assert_eq!(documents(br#"[{"a":1}, 3, {"b":2}]"#, 99), [r#"{"a":1}"#, r#"{"b":2}"#]);
        assert_eq!(
            documents(br#"{"x": 1, "Records" : [{"a":1},{"b":2}], "y": {"z":[]}}"#, 99),
            [r#"{"a":1}"#, r#"{"b":2}"#]
        );
        assert_eq!(documents(br#"[{"a":1}, {"b":"#, 99), [r#"{"a":1}"#, "CutShort"]);
        assert_eq!(documents(br#"[{"a":1}, {"b":"0123456789"}, {}]"#, 9), [r#"{"a":1}"#, "TooLong", "{}"]);
        assert_eq!(documents(br#"{"value":{"Records":[{"a":1}]}}"#, 99), [r#"{"value":{"Records":[{"a":1}]}}"#]);
        assert_eq!(documents(b"\"\\", 99), Vec::<String>::new());
    }

    #[test]
    fn a_document_longer_than_what_is_read_at_a_time() {
        let long = format!(r#"{{"a":"{}\\"}}"#, "x\\\"".repeat(READ_BYTES));
        let text = format!("[{long},{{}},{long}]");
        assert_eq!(documents(text.as_bytes(), READ_BYTES), ["TooLong", "{}", "TooLong"]);
        assert_eq!(documents(text.as_bytes(), usize::MAX), [long.as_str(), "{}", long.as_str()]);
    }

    proptest! {
        #[test]
        fn arrays_are_cut_into_their_elements(texts in proptest::collection::vec("[ab\\\\\"{}\\[\\]\u{3042}]{0,9}", 0..5)) {
            let events: Vec<String> = texts.iter().map(|t| serde_json::json!({"k": t, "l": [{"m": t}]}).to_string()).collect();
            prop_assert_eq!(documents(format!("[{}]", events.join(",")).as_bytes(), 999), events.clone());
            prop_assert_eq!(documents(events.concat().as_bytes(), 999), events);
        }

        #[test]
        fn repeats_are_the_pieces_that_would_follow(parts in prop::collection::vec(
            prop::sample::select(&["{}", "{}", "{}{}", ",", "{},{}", "[", "]", "{\"a\":1}", "{\"a\":1},{\"a\":1}", "1", " "][..]), 0..20,
        )) {
            let bytes = parts.concat().into_bytes();
            let mut documents = Documents::new(&bytes, 99).expect("readable");
            let mut all = Vec::new();
            while let Some(piece) = documents.next_piece().expect("readable") {
                all.push(shown(&piece));
                let again = std::iter::repeat_n(all[all.len() - 1].clone(), documents.repeats() as usize);
                all.extend(again.collect::<Vec<_>>());
            }
            prop_assert_eq!(all, self::documents(&bytes, 99));
        }

        #[test]
        fn cutting_is_total(bytes in "[\\[\\]{}\",:\\\\ aRecords\n]{0,60}", max in 0_usize..9) {
            documents(bytes.as_bytes(), max);
            let joined = lines(bytes.as_bytes(), 99).join("\n");
            prop_assert_eq!(joined.trim_end_matches('\n'), bytes.trim_end_matches('\n'));
        }
    }
}
