//! The sender's clock and the mail's number.

use super::Seen;
use crate::catalogue::finding;
use crate::mail::codes;
use crate::mail::letter::Letter;
use crate::prose::domain::organisation;

/// Seconds by which the sender's clock may be off.
const SKEW_SECONDS_MAX: i64 = 3 * 24 * 3600;

/// Looks at Date, Received and Message-ID.
pub fn look(letter: &Letter<'_>, seen: &mut Seen) {
    let value = letter.field("date").map_or("", |f| f.value.as_str());
    let is_off = match (letter.date, delivered(letter)) {
        (None, _) => true,
        (Some(sent), Some(delivered)) => (delivered - sent).abs() > SKEW_SECONDS_MAX,
        (Some(_), None) => false,
    };
    if is_off {
        seen.add(finding(&codes::DATE, letter.at_header("Date")).with("value", super::quote(value)));
    }
    let id = letter.field("message-id").map_or("", |f| f.value.as_str());
    if !is_proper(id) {
        seen.add(
            finding(&codes::MESSAGE_ID, letter.at_header("Message-ID"))
                .with("value", if id.is_empty() { "-".to_owned() } else { super::quote(id) }),
        );
    }
}

/// When the topmost host took the mail, seconds since 1970.
fn delivered(letter: &Letter<'_>) -> Option<i64> {
    let (_, date) = letter.field("received")?.value.rsplit_once(';')?;
    mail_parser::DateTime::parse_rfc822(date.trim()).filter(mail_parser::DateTime::is_valid).map(|d| d.to_timestamp())
}

/// `<left@right>` where the right side is a host name with a known suffix or a name inside an organisation.
fn is_proper(id: &str) -> bool {
    let inside = id.trim().trim_start_matches('<').trim_end_matches('>');
    inside.rsplit_once('@').is_some_and(|(left, right)| {
        let internal = right
            .rsplit('.')
            .next()
            .is_some_and(|t| matches!(t, "local" | "localdomain" | "lan" | "internal" | "corp" | "prod" | "home"));
        !left.is_empty() && (organisation(right).is_some() || internal || right.parse::<std::net::IpAddr>().is_ok())
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::codes as found;
    use super::*;

    #[test]
    fn proper_dates_and_numbers_raise_nothing() {
        let mail = "Received: from a by b; Mon, 6 Jan 2025 10:00:00 +0900\nDate: Mon, 6 Jan 2025 00:59:00 +0000\nMessage-ID: <1@example.com>\n\nx";
        assert_eq!(found(look, mail), []);
    }

    #[test]
    fn false_dates_and_numbers_are_found() {
        assert_eq!(found(look, "From: a@example.com\n\nx"), [codes::DATE, codes::MESSAGE_ID]);
        let mail = "Received: from a by b; Mon, 6 Jan 2025 10:00:00 +0900\nDate: Mon, 6 Jan 2035 00:59:00 +0000\nMessage-ID: <1@vm>\n\nx";
        assert_eq!(found(look, mail), [codes::DATE, codes::MESSAGE_ID]);
    }
}
