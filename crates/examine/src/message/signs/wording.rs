//! What a message says and wants, by the rules.

use sakimori_model::Code;

use crate::message::codes;
use crate::message::language::Language;
use crate::message::note::{Note, is_known};
use crate::message::rules::RULES;
use crate::prose::seen::Seen;

/// Bytes of folded text from which on a text is a magazine rather than a message. In those every word occurs.
const LONG_BYTES: usize = 6_000;

/// Stories in which a messenger is where the fraud goes on, unseen by anybody else.
const LED_AWAY: &[&Code] = &[
    &codes::STORY_INVESTMENT,
    &codes::STORY_SIDE_JOB,
    &codes::STORY_ROMANCE,
    &codes::STORY_DARK_JOB,
    &codes::STORY_AUTHORITY,
    &codes::STORY_PRIZE,
];
/// Points of being led to a messenger beside such a story.
const LED_AWAY_POINTS: i32 = 34;

/// Looks at the words, in the languages that are judged.
pub fn look(note: &Note<'_>, seen: &mut Seen) {
    if !matches!(note.language, Language::Japanese | Language::English) || is_warning(note) {
        return;
    }
    let hits = RULES.find(note.source, &note.folded);
    let leads_away = hits.iter().any(|hit| LED_AWAY.contains(&&hit.code));
    for hit in hits {
        let made = note.finding_of_words(&hit.code, &hit.range);
        let points = hit.points.unwrap_or_else(|| made.because.first().map_or(0, |b| b.points));
        let points = if leads_away && hit.code == codes::ASK_MESSENGER { LED_AWAY_POINTS } else { points };
        let points = if note.folded.text.len() > LONG_BYTES { points / 2 } else { points };
        seen.add(super::worth(made, points));
    }
}

/// True for a warning against frauds, which uses all of their words: it names the fraud, and gives nothing to open or to
/// call beyond the authorities. Frauds that warn of frauds want something.
fn is_warning(note: &Note<'_>) -> bool {
    const NAMES: &[&str] = &["詐欺", "不審な電話", "フィッシング", "scam", "fraud", "phishing"];
    const WARNS: &[&str] = &[
        "注意",
        "多発",
        "詐欺です",
        "#9110",
        "110番",
        "防犯",
        "beware",
        "report it",
        "watch out",
        "be aware",
        "warning",
    ];
    let has = |words: &[&str]| words.iter().any(|word| note.folded.text.contains(word));
    let asks_nothing = note.links().all(|t| is_known(&t.host)) && note.numbers.is_empty();
    asks_nothing && has(NAMES) && has(WARNS) && !note.folded.text.contains("ではありません。")
}

#[cfg(test)]
mod tests {
    use super::super::tests::codes_of;
    use crate::message::codes;

    #[test]
    fn everyday_messages_raise_nothing() {
        for text in ["帰りに牛乳買ってきて", "See you at 8, love", "認証番号は 123456 です。誰にも教えないでください。"]
        {
            assert!(codes_of(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn a_warning_is_told_from_the_fraud() {
        let fraud = "警察署です。あなたに逮捕状が出ています。LINEを追加してください。";
        assert!(codes_of(fraud).contains(&codes::STORY_AUTHORITY));
        assert!(codes_of(&format!("「{fraud}」という電話は詐欺です。#9110へ相談を。")).is_empty());
    }
}
