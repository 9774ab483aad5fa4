//! Whom a message wants to be called or texted.

use std::sync::LazyLock;

use regex::Regex;
use sakimori_model::Code;

use super::{has_any, worth};
use crate::message::codes;
use crate::message::language::Language;
use crate::message::note::Note;
use crate::message::numbers::What;
use crate::prose::seen::Seen;

/// Stories beside which an ordinary number to call is a sign. Drivers and dentists leave their numbers too.
const CALLED_FOR: &[&Code] = &[
    &codes::STORY_UNPAID,
    &codes::STORY_ACCOUNT,
    &codes::STORY_PRIZE,
    &codes::STORY_INFECTED,
    &codes::STORY_AUTHORITY,
    &codes::STORY_PAID_SERVICE,
    &codes::STORY_FAMILY,
    &codes::THREAT,
];

/// Points of what costs money by itself.
const COSTLY_POINTS: i32 = 40;

static TO_SHORT_NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b(?:txt|text|send|reply|sms|call)\b[^.!?]{0,60}?\b(?:to|on|2)\b:?\s*(?:no\.?:?\s*)?[0-9]{4,6}\b")
        .unwrap_or_else(|e| panic!("the expression of this build is one: {e}"))
});

/// Looks at the telephone numbers. Runs after the wording.
pub fn look(note: &Note<'_>, seen: &mut Seen) {
    if let Some(number) = note.numbers.iter().find(|n| n.what != What::Ordinary) {
        let made = note.finding(&codes::ASK_CALL_FOREIGN, &number.range);
        seen.add(if number.what == What::Costly { worth(made, COSTLY_POINTS) } else { made });
    } else if let Some(number) = note.numbers.first().filter(|_| has_any(seen, CALLED_FOR)) {
        seen.add(note.finding(&codes::ASK_CALL, &number.range));
    }
    if note.language == Language::English
        && let Some(found) = TO_SHORT_NUMBER.find_iter(&note.folded.text).find(|m| !stops(m.as_str()))
    {
        // In place of what the wording said: this is the surer sign.
        seen.replace(worth(note.finding(&codes::ASK_PAID_TEXT, &found.range()), COSTLY_POINTS));
    }
}

/// True for what every honest sender of many messages offers.
fn stops(asked: &str) -> bool {
    ["stop", "help", "opt", "unsub", "end", "cancel"].iter().any(|word| asked.contains(word))
}

#[cfg(test)]
mod tests {
    use super::super::tests::codes_of;
    use super::*;

    #[test]
    fn a_number_counts_by_what_it_is_and_what_stands_beside_it() {
        assert_eq!(codes_of("電話をください +1 844 555 0123"), [codes::ASK_CALL_FOREIGN]);
        assert!(codes_of("遅れるときは 03-5555-0199 まで").is_empty());
        let infected = codes_of("お使いのパソコンはウイルスに感染しました。03-5555-0199");
        assert_eq!(infected, [codes::STORY_INFECTED, codes::ASK_CALL]);
        assert_eq!(codes_of("Just text the word BLUE to 80062"), [codes::ASK_PAID_TEXT]);
    }
}
