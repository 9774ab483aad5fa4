//! What the signs mean together.

use crate::catalogue::finding;

use super::codes;
use super::letter::Letter;
use super::signals::Seen;

/// Points from which on a mail is suspicious.
const SUSPICIOUS_POINTS: i64 = 60;
/// Points from which on it is phishing, if they come from independent signs.
const PHISHING_POINTS: i64 = 120;
/// Signs of at least ten points each that a certain verdict rests on.
const STRONG_SIGNS_MIN: usize = 4;
/// Points from which on a mail of a mailbox is reported: the least with which a single mail goes to a person.
const MAILBOX_POINTS_MIN: i64 = 40;

/// Adds the summary, if the points reach it. It adds no points of its own: the score stays the sum of the signs.
pub fn sum_up(letter: &Letter<'_>, seen: &mut Seen) {
    let points = seen.points();
    let strong = seen.findings().iter().filter(|f| f.points() >= 10).count();
    let code = if points >= PHISHING_POINTS && strong >= STRONG_SIGNS_MIN {
        &codes::PHISHING
    } else if points >= SUSPICIOUS_POINTS {
        &codes::SUSPICIOUS
    } else {
        return;
    };
    seen.add(finding(code, letter.whole()).with("points", points));
}

/// True when a mail of a mailbox is worth reporting. The weak signs of thousands of harmless mails would add up to a
/// score that says nothing about any of them.
pub fn is_worth_reporting(seen: &Seen) -> bool {
    seen.points() >= MAILBOX_POINTS_MIN
        || seen.findings().iter().any(|f| f.severity >= sakimori_model::Severity::Medium)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::letter::tests::letter;

    #[test]
    fn the_summary_follows_the_points_and_adds_none() {
        let mail = letter("From: a@example.com\n\nx");
        let mut seen = Seen::default();
        sum_up(&mail, &mut seen);
        assert!(seen.findings().is_empty() && !is_worth_reporting(&seen));
        for code in [&codes::LINK_ADDRESS, &codes::LINK_BRAND, &codes::DMARC_FAIL] {
            seen.add(finding(code, mail.whole()));
        }
        let before = seen.points();
        sum_up(&mail, &mut seen);
        assert!(seen.has(&codes::SUSPICIOUS) && !seen.has(&codes::PHISHING));
        assert_eq!(seen.points(), before);
    }
}
