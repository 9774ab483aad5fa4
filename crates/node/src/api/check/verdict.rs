//! What is said to a person about a message.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use sakimori_examine::{Examination, catalogue, codes, mail, message, report};
use sakimori_model::{Code, Decision, Effect, Finding, Lang, Severity};

/// Reasons that are given. More would not be read.
const REASONS_MAX: usize = 3;
/// Characters of a quote on the page.
const QUOTE_CHARS_MAX: usize = 80;

/// What is said to a person, in no language yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// How bad it looks.
    pub level: Level,
    /// At most three reasons, the weightiest first. None when nothing dangerous was found.
    pub reasons: Vec<Reason>,
    /// Ids of what to do now, in `words/check.toml`.
    pub todo: &'static [&'static str],
    /// Ids of whom to call, in `words/check.toml`.
    pub contacts: &'static [&'static str],
}

/// The three verdicts for people, and what could not be judged, which asks for care too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Several signs of a fraud come together.
    FraudLikely,
    /// There are signs, or a part was not examined.
    TakeCare,
    /// Nothing dangerous was found. That is no guarantee.
    NothingFound,
    /// It could not be judged.
    NotJudged(Why),
}

/// Why a text could not be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Nothing was pasted.
    Empty,
    /// It is longer than what is examined.
    TooLong,
    /// Its language is not judged.
    Language,
    /// There are no words in it, such as in a picture or a bare number.
    NoWords,
    /// A part of it could not be examined.
    Unexamined,
}

impl Why {
    /// The word in message ids.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooLong => "too-long",
            Self::Language => "language",
            Self::NoWords => "no-words",
            Self::Unexamined => "unexamined",
        }
    }
}

impl Level {
    /// The word in message ids and in the style sheet.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FraudLikely => "fraud",
            Self::TakeCare => "care",
            Self::NothingFound => "nothing",
            Self::NotJudged(_) => "unknown",
        }
    }
}

/// A reason: one plain sentence that quotes the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The code of the finding.
    pub code: Code,
    params: BTreeMap<String, String>,
}

/// A sentence around a quote. The quote is empty where the sentence has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    /// What stands before the quote.
    pub before: String,
    /// Words of the message: from outside, bounded, to be escaped.
    pub quote: String,
    /// What stands after it.
    pub after: String,
}

impl Reason {
    /// The sentence in this language.
    #[must_use]
    pub fn sentence(&self, lang: Lang) -> Sentence {
        let title = catalogue::entry(&self.code).map_or("", |entry| entry.words(lang).title.as_str());
        let (before, after) = title.split_once("{quote}").unwrap_or((title, ""));
        let quote = if before.len() == title.len() { String::new() } else { self.param("quote") };
        Sentence { before: self.filled(before), quote, after: self.filled(after) }
    }

    /// What to do about this in particular, beyond what is always to do, in this language.
    #[must_use]
    pub fn todo(&self, lang: Lang) -> Option<&'static str> {
        let entry = catalogue::entry(&self.code).filter(|_| PARTICULAR.contains(&&self.code))?;
        Some(entry.words(lang).todo.as_str())
    }

    fn filled(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for name in self.params.keys().filter(|name| *name != "quote") {
            text = text.replace(&format!("{{{name}}}"), &self.param(name));
        }
        text
    }

    fn param(&self, name: &str) -> String {
        let value = self.params.get(name).map_or("", String::as_str);
        match value.char_indices().nth(QUOTE_CHARS_MAX) {
            Some((end, _)) => format!("{}…", &value[..end]),
            None => value.to_owned(),
        }
    }
}

/// Signs for which there is more to do than to leave links, calls and payments alone.
const PARTICULAR: &[&Code] = &[
    &message::codes::ASK_CODE,
    &message::codes::ASK_INSTALL,
    &message::codes::ASK_NEW_NUMBER,
    &message::codes::ASK_SCAN,
    &message::codes::STORY_FAMILY,
    &message::codes::STORY_INVESTMENT,
    &message::codes::STORY_EXTORTION,
    &message::codes::STORY_DARK_JOB,
    &message::codes::STORY_AUTHORITY,
    &message::codes::STORY_BOSS,
    &message::codes::SECRET,
];

/// The verdict on an examined message. Total; a decision that is stricter than the signs makes it stricter, never milder.
#[must_use]
pub fn verdict(examination: &Examination, decision: &Decision) -> Verdict {
    let level = level(examination, decision);
    let reasons = if level == Level::NothingFound { Vec::new() } else { reasons(examination) };
    let (todo, contacts) = match level {
        Level::FraudLikely => (TODO_FRAUD, CONTACTS),
        Level::NotJudged(Why::Empty) => (&[][..], &[][..]),
        Level::TakeCare | Level::NotJudged(_) => (TODO_CARE, CONTACTS),
        Level::NothingFound => (TODO_NOTHING, CONTACTS_IN_DOUBT),
    };
    Verdict { level, reasons, todo, contacts }
}

const TODO_FRAUD: &[&str] = &[
    "citizen.todo.no-link",
    "citizen.todo.no-call",
    "citizen.todo.no-pay",
    "citizen.todo.look-up",
    "citizen.todo.tell-somebody",
];
const TODO_CARE: &[&str] =
    &["citizen.todo.no-link", "citizen.todo.no-call", "citizen.todo.look-up", "citizen.todo.tell-somebody"];
const TODO_NOTHING: &[&str] = &["citizen.watch.sender", "citizen.watch.link", "citizen.watch.ask"];
const CONTACTS: &[&str] =
    &["citizen.contact.police", "citizen.contact.consumer", "citizen.contact.card", "citizen.contact.emergency"];
const CONTACTS_IN_DOUBT: &[&str] = &["citizen.contact.police", "citizen.contact.consumer"];

fn level(examination: &Examination, decision: &Decision) -> Level {
    let has = |code: &Code| examination.findings.iter().any(|found| found.code == *code);
    if has(&message::codes::SCAM_LIKELY) || has(&mail::codes::PHISHING) || decision.effect == Effect::Block {
        return Level::FraudLikely;
    }
    let is_sign = |found: &&Finding| !report::is_unexamined(found) && found.severity >= Severity::Medium;
    let is_doubtful = examination.findings.iter().any(|found| is_sign(&found)) || !decision.errors.is_empty();
    match examination.unexamined().next() {
        _ if is_doubtful => Level::TakeCare,
        Some(_) => Level::NotJudged(why(examination)),
        None if decision.effect == Effect::Review => Level::TakeCare,
        None => Level::NothingFound,
    }
}

fn why(examination: &Examination) -> Why {
    let found = |code: &Code| examination.findings.iter().find(|found| found.code == *code);
    let limit = |found: &Finding| found.params.get("limit").is_some_and(|limit| limit.ends_with("_bytes_max"));
    if found(&codes::EMPTY).is_some() {
        Why::Empty
    } else if found(&codes::LIMIT).is_some_and(limit) {
        Why::TooLong
    } else if let Some(not_judged) = found(&message::codes::NOT_JUDGED) {
        if not_judged.params.get("why").is_some_and(|why| why == "language") { Why::Language } else { Why::NoWords }
    } else {
        Why::Unexamined
    }
}

/// The weightiest signs. The same words are quoted once.
fn reasons(examination: &Examination) -> Vec<Reason> {
    let mut signs: Vec<&Finding> =
        examination.findings.iter().filter(|found| found.points() > 0 && !report::is_unexamined(found)).collect();
    signs.sort_by_key(|found| Reverse(found.points()));
    let mut chosen: Vec<&Finding> = Vec::new();
    for sign in signs {
        let quote = sign.params.get("quote");
        if chosen.len() < REASONS_MAX && (quote.is_none() || chosen.iter().all(|c| c.params.get("quote") != quote)) {
            chosen.push(sign);
        }
    }
    chosen.into_iter().map(|found| Reason { code: found.code.clone(), params: found.params.clone() }).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use sakimori_examine::Settings;

    use super::*;
    use crate::decide::{DEFAULT_POLICY, Policy};

    /// The verdict of the default policy on a text.
    pub fn judged(text: &str) -> Verdict {
        let examination = message::examine_text(text, &Settings::default());
        let policy = Policy::parse(DEFAULT_POLICY).expect("the default policy is one");
        verdict(&examination, &policy.decide(&examination.kind, &examination.findings))
    }

    const FRAUD: &str = "【楽天カード】カードの利用を停止しました。本日中に確認してください http://192.0.2.7/rakuten";

    #[test]
    fn each_level_is_reached() {
        assert_eq!(judged(FRAUD).level, Level::FraudLikely);
        assert_eq!(judged("届いた認証番号を教えてくれる？").level, Level::TakeCare);
        assert_eq!(judged("帰りに牛乳を買ってきて。").level, Level::NothingFound);
        for (text, why) in [
            (String::new(), Why::Empty),
            ("たぶん行けると思う。".repeat(4_000), Why::TooLong),
            ("Ваша посылка ожидает оплаты сегодня".to_owned(), Why::Language),
            ("0120-555-019".to_owned(), Why::NoWords),
        ] {
            assert_eq!(judged(&text).level, Level::NotJudged(why));
        }
    }

    #[test]
    fn reasons_are_three_at_most_and_quote_the_message() {
        let verdict = judged(FRAUD);
        assert_eq!(verdict.reasons.len(), REASONS_MAX);
        for reason in &verdict.reasons {
            for lang in [Lang::Ja, Lang::En] {
                let sentence = reason.sentence(lang);
                assert!(FRAUD.contains(&sentence.quote) && !sentence.quote.is_empty(), "{sentence:?}");
                assert!(!format!("{}{}", sentence.before, sentence.after).contains('{'), "{sentence:?}");
            }
        }
    }

    #[test]
    fn only_particular_signs_have_more_to_do() {
        assert!(judged(FRAUD).reasons.iter().all(|reason| reason.todo(Lang::Ja).is_none()));
        let code = judged("届いた認証番号を教えてくれる？");
        assert!(code.reasons[0].todo(Lang::Ja).is_some_and(|todo| todo.contains("教えないで")));
    }

    #[test]
    fn a_pasted_mail_gets_reasons_too() {
        let mail = "From: PayPal <a@example.com>\nReply-To: b@gmail.com\nSubject: Your account has been suspended\n\nVerify your account within 24 hours: http://192.0.2.7/x";
        let verdict = judged(mail);
        assert_ne!(verdict.level, Level::NothingFound);
        assert_eq!(verdict.reasons.len(), REASONS_MAX);
        for sentence in verdict.reasons.iter().map(|reason| reason.sentence(Lang::Ja)) {
            assert!(!format!("{}{}", sentence.before, sentence.after).contains('{'), "{sentence:?}");
        }
    }

    #[test]
    fn a_strict_decision_is_never_made_milder() {
        let examination = message::examine_text("帰りに牛乳を買ってきて。", &Settings::default());
        let policy = Policy::parse(DEFAULT_POLICY).expect("the default policy is one");
        let mut decision = policy.decide(&examination.kind, &examination.findings);
        for (effect, level) in [
            (Effect::Allow, Level::NothingFound),
            (Effect::Review, Level::TakeCare),
            (Effect::Block, Level::FraudLikely),
        ] {
            decision.effect = effect;
            assert_eq!(verdict(&examination, &decision).level, level);
        }
    }
}
