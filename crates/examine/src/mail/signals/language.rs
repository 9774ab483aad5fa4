//! Wording that frightens, hurries, lures or threatens.

use sakimori_model::{Contribution, Finding, Place};

use super::{Seen, scored};
use crate::catalogue::finding;
use crate::mail::codes;
use crate::mail::letter::Letter;
use crate::mail::phrases::{Hit, PHRASES};
use crate::prose::brands::owner;
use crate::prose::domain::is_free_mail;

/// Bytes of folded text, from the subject on, in which a lure says what it wants. In long texts everything occurs.
const LURE_BYTES: usize = 6_000;
/// Bytes after the subject in which a lure is said. What occurs only later is worth half.
const OPENING_BYTES: usize = 2_000;
/// Points of wording from which on a free mailbox makes an offer; friends use single words of it.
const OFFER_POINTS_MIN: i64 = 15;
/// Different phrases of a threat from which on it is one.
const EXTORTION_PHRASES_MIN: usize = 3;

/// Groups that lure with something too good; `sextortion` threatens, and the others press.
const TOO_GOOD: &[&str] = &["prize", "advance-fee", "personal-lure", "miracle-offer", "money-story"];

/// Looks at the subject and the visible text.
pub fn look(letter: &Letter<'_>, seen: &mut Seen) {
    let text = start_of(&letter.folded);
    let subject = letter.subject_folded.len();
    let hits = PHRASES.find(text);
    // People who answer each other use all these words; so do lists.
    let conversation = letter.field("in-reply-to").is_some() || letter.is_from_list();
    let divisor = if conversation || letter.is_declared_bulk() || letter.is_digest() || speaks_for_itself(letter) {
        2
    } else {
        1
    };
    let (threats, others): (Vec<Hit<'_>>, Vec<Hit<'_>>) = hits.into_iter().partition(|h| h.group.name == "sextortion");
    let (good, pressure): (Vec<Hit<'_>>, Vec<Hit<'_>>) =
        others.into_iter().partition(|h| TOO_GOOD.contains(&h.group.name.as_str()));
    for (code, hits) in [(&codes::PRESSURE, pressure), (&codes::TOO_GOOD, good)] {
        let because: Vec<Contribution> =
            hits.iter().map(|h| contribution(h, divisor, subject)).filter(|c| c.points > 0).collect();
        if let Some(first) = hits.first().filter(|_| because.len() > 1 || because.iter().any(|c| c.points >= 8)) {
            seen.add(described(scored(finding(code, place(letter, first.start)), because), &hits));
        }
    }
    let from = letter.sender_domain();
    if is_free_mail(&from) && !conversation && wording_points(seen) >= OFFER_POINTS_MIN {
        seen.add(finding(&codes::FREE_MAIL_OFFER, letter.at_header("From")).with("from", from));
    }
    let enough = threats.first().filter(|h| h.phrases.len() >= EXTORTION_PHRASES_MIN && !conversation);
    if let Some(hit) = enough {
        seen.add(described(finding(&codes::EXTORTION, place(letter, hit.start)), &threats));
    }
}

fn wording_points(seen: &Seen) -> i64 {
    let is_wording = |f: &&Finding| f.code == codes::PRESSURE || f.code == codes::TOO_GOOD;
    seen.findings().iter().filter(is_wording).map(Finding::points).sum()
}

/// True when a known brand writes for itself: banks and shops do ask to confirm things.
fn speaks_for_itself(letter: &Letter<'_>) -> bool {
    letter.authentication.is_aligned
        && owner(&letter.sender_domain()).is_some_and(|b| !is_free_mail(&b.domains[0]))
        && !is_free_mail(&letter.sender_domain())
}

/// One phrase alone is worth half of its group, unless it stands in the subject.
fn contribution(hit: &Hit<'_>, divisor: i32, subject: usize) -> Contribution {
    let divisor = if hit.start > subject + OPENING_BYTES { divisor * 2 } else { divisor };
    let points = if hit.start < subject || hit.phrases.len() > 1 { hit.group.points } else { hit.group.points / 2 };
    Contribution { feature: format!("mail.wording.{}", hit.group.name), points: points / divisor }
}

fn described(finding: Finding, hits: &[Hit<'_>]) -> Finding {
    let phrases: Vec<&str> = hits.iter().flat_map(|h| h.phrases.iter().take(2).map(String::as_str)).take(12).collect();
    finding.with("text", phrases.join(" / "))
}

/// Folding keeps no offsets: the place is the subject or the body.
fn place(letter: &Letter<'_>, start: usize) -> Place {
    if start <= letter.subject_folded.len() { letter.at_header("Subject") } else { letter.at_body(0, 0) }
}

fn start_of(folded: &str) -> &str {
    &folded[..folded.floor_char_boundary(LURE_BYTES)]
}

#[cfg(test)]
mod tests {
    use super::super::tests::codes as found;
    use super::*;

    #[test]
    fn everyday_wording_raises_nothing() {
        assert_eq!(found(look, "Subject: Minutes of Monday\n\nPlease find them below. See you next week."), []);
        assert_eq!(found(look, "Subject: 打ち合わせの件\n\n来週の会議の資料をお送りします。"), []);
    }

    #[test]
    fn pressure_is_found_in_both_languages() {
        let english = "Subject: Urgent\n\nYour account has been suspended. Verify your account within 24 hours.";
        let japanese = "Subject: 【重要】利用停止のお知らせ\nContent-Type: text/plain; charset=utf-8\n\n24時間以内に本人確認をお願いします。";
        assert_eq!(found(look, english), [codes::PRESSURE]);
        assert_eq!(found(look, japanese), [codes::PRESSURE]);
    }

    #[test]
    fn lures_and_threats_have_their_own_codes() {
        assert_eq!(found(look, "Subject: Congratulations, you have won\n\nx"), [codes::TOO_GOOD]);
        let threat = "Subject: hi\n\nI recorded you through your webcam. I have access to your contacts. Send it to my bitcoin address.";
        assert!(found(look, threat).contains(&codes::EXTORTION));
    }

    #[test]
    fn phrases_are_worth_more_together_and_less_in_a_conversation() {
        let points = |mail: &str| {
            let mut seen = Seen::default();
            look(&crate::mail::letter::tests::letter(mail), &mut seen);
            seen.points()
        };
        let text = "Subject: Urgent final notice\n\nVerify your account. Confirm your identity.";
        assert!(points(text) >= 2 * points("Subject: Urgent\n\nVerify your account."));
        assert!(points(text) > points(&format!("In-Reply-To: <a@b>\n{text}")));
    }
}
