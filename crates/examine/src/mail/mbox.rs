//! Mailboxes: many mails in one file, each after a line that starts with `From `.

use std::io::{self, BufRead, BufReader, Read};

use crate::source::{Source, SourceReader};

/// Bytes of a line that are looked at; a longer line is taken in pieces.
const LINE_BYTES_MAX: u64 = 64 * 1024;

/// The mails of a mailbox, one after another.
pub struct Mails<'a> {
    reader: BufReader<SourceReader<'a>>,
    mail_bytes_max: u64,
    started: bool,
}

/// One mail of a mailbox.
pub struct Split {
    /// Its bytes, without the separating line.
    pub bytes: Vec<u8>,
    /// It was longer than the limit; the rest is left out.
    pub is_cut: bool,
}

impl<'a> Mails<'a> {
    /// From the start of the mailbox.
    pub fn new(source: &'a dyn Source, mail_bytes_max: u64) -> Self {
        Self { reader: BufReader::with_capacity(64 * 1024, SourceReader::new(source)), mail_bytes_max, started: false }
    }

    /// The next mail; `None` after the last.
    ///
    /// # Errors
    /// When the source can't be read.
    pub fn next_mail(&mut self) -> io::Result<Option<Split>> {
        let mut mail = Split { bytes: Vec::new(), is_cut: false };
        let mut line = Vec::new();
        let mut after_blank = !self.started;
        let mut at_line_start = true;
        loop {
            line.clear();
            (&mut self.reader).take(LINE_BYTES_MAX).read_until(b'\n', &mut line)?;
            if line.is_empty() {
                return Ok(self.started.then_some(mail).filter(|m| !m.bytes.is_empty()));
            }
            if at_line_start && after_blank && line.starts_with(b"From ") {
                if std::mem::replace(&mut self.started, true) && !mail.bytes.is_empty() {
                    return Ok(Some(mail));
                }
                after_blank = false;
                at_line_start = line.ends_with(b"\n");
                continue;
            }
            self.started = true;
            after_blank = at_line_start && matches!(line.as_slice(), b"\n" | b"\r\n");
            at_line_start = line.ends_with(b"\n");
            if mail.bytes.len() as u64 + line.len() as u64 <= self.mail_bytes_max {
                mail.bytes.extend_from_slice(&line);
            } else {
                mail.is_cut = true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &[u8], max: u64) -> Vec<(Vec<u8>, bool)> {
        let bytes = text.to_vec();
        let mut mails = Mails::new(&bytes, max);
        std::iter::from_fn(|| mails.next_mail().expect("memory can be read")).map(|m| (m.bytes, m.is_cut)).collect()
    }

    #[test]
    fn mails_start_after_a_blank_line_and_from() {
        let mails = split(b"From a 1\nX: 1\n\nFrom here it goes on\n>From b\n\nFrom b 2\nX: 2\n\ny\n", 99);
        assert_eq!(mails.len(), 3);
        assert_eq!(mails[0].0, b"X: 1\n\n");
        assert_eq!(mails[2].0, b"X: 2\n\ny\n");
        assert!(split(b"", 9).is_empty());
    }

    #[test]
    fn a_mail_over_the_limit_is_cut_and_the_next_is_whole() {
        let mails = split(b"From a\nX: 1234567890\n\nFrom b\nX: 2\n", 6);
        assert_eq!(mails, [(b"\n".to_vec(), true), (b"X: 2\n".to_vec(), false)]);
    }
}
