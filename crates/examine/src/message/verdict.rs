//! What the signs mean together.

use std::collections::BTreeSet;

use crate::catalogue::finding;
use crate::prose::seen::Seen;

use super::codes;
use super::note::Note;
use super::signs::family;

/// Points from which on a message asks for care: as many as send anything else to a person.
const SUSPICIOUS_POINTS: i64 = 40;
/// Points from which on it is likely a fraud, if they come from signs of different kinds.
const LIKELY_POINTS: i64 = 60;
/// Signs of at least [`STRONG_POINTS`] that this rests on. One sign alone never does, however strong.
const STRONG_SIGNS_MIN: usize = 2;
/// Points from which on a sign is more than a habit of writing.
const STRONG_POINTS: i64 = 10;
/// Families of signs: what is said, what is asked for, where links lead, how it presses, how it hides.
const FAMILIES_MIN: usize = 2;

/// Adds the summary, if the points reach it. It adds no points of its own: the score stays the sum of the signs.
pub fn sum_up(note: &Note<'_>, seen: &mut Seen) {
    let points = seen.points();
    let strong: Vec<_> = seen.findings().iter().filter(|f| f.points() >= STRONG_POINTS).collect();
    let families: BTreeSet<&str> = strong.iter().map(|f| family(f)).collect();
    let is_broad = strong.len() >= STRONG_SIGNS_MIN && families.len() >= FAMILIES_MIN;
    let code = if points >= LIKELY_POINTS && is_broad {
        &codes::SCAM_LIKELY
    } else if points >= SUSPICIOUS_POINTS {
        &codes::SUSPICIOUS
    } else {
        return;
    };
    seen.add(finding(code, note.whole()).with("points", points));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_sign_alone_is_never_a_likely_fraud_and_the_summary_adds_no_points() {
        let note = Note::read("x", None, 1);
        let all = [&codes::STORY_EXTORTION, &codes::ASK_TRANSFER, &codes::URGENT];
        let mut seen = Seen::default();
        for (count, code) in all.into_iter().enumerate() {
            seen.add(note.finding(code, &(0..1)));
            let mut summed = Seen::default();
            seen.findings().iter().cloned().for_each(|f| summed.add(f));
            sum_up(&note, &mut summed);
            assert_eq!(summed.has(&codes::SCAM_LIKELY), count > 0, "{count}");
            assert_eq!(summed.points(), seen.points());
        }
    }
}
