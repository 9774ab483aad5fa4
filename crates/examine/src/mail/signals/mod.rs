//! The signals: each file looks for one kind of sign and knows nothing of the others.
//!
//! A signal is a plain function over the parsed mail. A code is found at most once in a mail, where it shows first.

mod attachments;
mod authentication;
mod brand;
mod consistent;
mod date;
mod hidden;
mod injection;
mod language;
mod links;
mod lookalike;
mod offer;
mod origin;
mod recipient;
mod sender;
mod structure;

use sakimori_model::{Contribution, Finding};

use super::letter::Letter;
pub use crate::prose::seen::{Seen, quote};

/// Looks for every sign.
pub fn look(letter: &Letter<'_>) -> Seen {
    let mut seen = Seen::default();
    for signal in [
        sender::look,
        brand::look,
        authentication::look,
        recipient::look,
        date::look,
        origin::look,
        links::look,
        lookalike::look,
        hidden::look,
        injection::look,
        language::look,
        structure::look,
        offer::look,
        attachments::look,
        consistent::look,
    ] {
        signal(letter, &mut seen);
    }
    seen
}

/// A finding that rests on these features instead of the one that its code declares.
pub fn scored(mut finding: Finding, because: Vec<Contribution>) -> Finding {
    finding.because = because;
    finding
}

#[cfg(test)]
pub mod tests {
    use sakimori_model::Code;

    use super::*;

    /// The codes that one signal finds in a mail.
    pub fn codes(signal: fn(&Letter<'_>, &mut Seen), mail: &str) -> Vec<Code> {
        let letter = crate::mail::letter::tests::letter(mail);
        let mut seen = Seen::default();
        signal(&letter, &mut seen);
        seen.into_findings().into_iter().map(|f| f.code).collect()
    }

    #[test]
    fn a_code_is_found_once() {
        let mut seen = Seen::default();
        let finding = crate::catalogue::finding(&crate::mail::codes::FORM, sakimori_model::Place::WHOLE);
        seen.add(finding.clone());
        seen.add(finding);
        assert_eq!(seen.findings().len(), 1);
    }
}
