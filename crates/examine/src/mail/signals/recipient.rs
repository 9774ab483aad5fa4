//! To whom it is addressed, and whether it knows more than an address.

use super::Seen;
use crate::catalogue::finding;
use crate::mail::codes;
use crate::mail::letter::Letter;

/// Looks at To, the subject and the sender's name.
pub fn look(letter: &Letter<'_>, seen: &mut Seen) {
    if letter.is_from_list() {
        return;
    }
    let from = letter.from.first().map(|m| m.address.to_lowercase()).unwrap_or_default();
    let named: Vec<String> = letter.to.iter().map(|m| m.address.to_lowercase()).filter(|a| a.contains('@')).collect();
    if named.is_empty() || named.iter().all(|a| *a == from) {
        let to = letter.field("to").map_or("", |f| f.value.as_str());
        seen.add(finding(&codes::RECIPIENT_HIDDEN, letter.at_header("To")).with("to", super::quote(to)));
    }
    let shown = letter
        .from
        .iter()
        .map(|m| m.name.to_lowercase())
        .chain([letter.subject.to_lowercase()])
        .collect::<Vec<_>>()
        .join("\n");
    // One recipient is a person; the subject of a mail to many may well name one of them.
    if let [only] = named.as_slice()
        && *only != from
        && shown.contains(only.as_str())
    {
        seen.add(finding(&codes::RECIPIENT_IN_SUBJECT, letter.at_header("Subject")));
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::codes as found;
    use super::*;

    #[test]
    fn a_mail_to_a_person_raises_nothing() {
        assert_eq!(found(look, "From: a@example.com\nTo: b@example.org\nSubject: b\n\nx"), []);
    }

    #[test]
    fn hidden_recipients_and_addresses_in_subjects_are_found() {
        for to in ["undisclosed-recipients:;", "a@example.com"] {
            assert_eq!(found(look, &format!("From: a@example.com\nTo: {to}\n\nx")), [codes::RECIPIENT_HIDDEN]);
        }
        let mail = "From: a@example.com\nTo: b@example.org\nSubject: for b@example.org only\n\nx";
        assert_eq!(found(look, mail), [codes::RECIPIENT_IN_SUBJECT]);
    }
}
