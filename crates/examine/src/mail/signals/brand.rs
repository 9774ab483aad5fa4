//! Known names borrowed by a sender to whom they don't belong.

use std::collections::HashMap;
use std::sync::LazyLock;

use sakimori_model::Place;

use super::Seen;
use crate::catalogue::finding;
use crate::mail::codes;
use crate::mail::letter::Letter;
use crate::prose::brands::{named_in, owns};
use crate::prose::fold::fold;
use crate::prose::tables::{BRANDS, Brand};

/// Characters of the body in which a mail says who is speaking.
const OPENING_CHARS: usize = 200;

/// Looks at the display name, the subject and the opening.
pub fn look(letter: &Letter<'_>, seen: &mut Seen) {
    let from = letter.sender_domain();
    // Answers and list mail speak about brands; they don't speak for them.
    if letter.is_from_list() {
        return;
    }
    for mailbox in &letter.from {
        // Also the address itself: `amazon@example.com` shows the name to whoever reads addresses.
        let shown = format!("{} {}", fold(&mailbox.name), fold(mailbox.local()));
        let called = called_so(&fold(&mailbox.name));
        if let Some(brand) = named_in(&shown).into_iter().chain(called).find(|b| !owns(b, &mailbox.domain())) {
            let made = finding(&codes::BRAND_IN_NAME, letter.at_header("From"));
            seen.add(made.with("brand", &brand.name).with("from", &mailbox.address));
        }
    }
    imitated_letters(letter, seen);
    if seen.has(&codes::BRAND_IN_NAME) || letter.field("in-reply-to").is_some() {
        return;
    }
    let (text, place) = opening(letter);
    // A brand that the sender or a link belongs to is the topic of the mail, not borrowed.
    let foreign: Vec<&Brand> = named_in(&text)
        .into_iter()
        .filter(|b| !owns(b, &from) && !letter.links.iter().any(|t| owns(b, &t.host)))
        .collect();
    // Who speaks of three brands speaks for none of them.
    if let [brand] | [brand, _] = foreign.as_slice()
        && !letter.is_digest()
    {
        seen.add(finding(&codes::BRAND_IN_TEXT, place).with("brand", &brand.name).with("from", from));
    }
}

/// A brand that is only there when a capital `I` is read as `l` and `0` as `o`: nobody types it so by accident.
fn imitated_letters(letter: &Letter<'_>, seen: &mut Seen) {
    let names = letter.from.iter().map(|m| (m.name.as_str(), "From"));
    let start = letter.bodies.first().map_or("", |b| b.visible());
    let start = &start[..start.floor_char_boundary(OPENING_CHARS * 4)];
    let texts = names.chain([(letter.subject.as_str(), "Subject"), (start, "Subject")]);
    for (text, header) in texts.filter(|(text, _)| text.contains(['I', '0'])) {
        let plain = named_in(&fold(text));
        let read = fold(&text.replace('I', "l").replace('0', "o"));
        let called = called_so(&read).filter(|_| header == "From" && called_so(&fold(text)).is_none());
        let only_read = named_in(&read).into_iter().chain(called).find(|b| !plain.iter().any(|p| p.name == b.name));
        if let Some(brand) = only_read {
            seen.add(finding(&codes::INVISIBLE_CHARACTERS, letter.at_header(header)).with("text", &brand.name));
        }
    }
}

/// The brand whose name, an ordinary word, is what a sender calls itself: `Apple`, `Visa Support`.
fn called_so(name: &str) -> Option<&'static Brand> {
    let mut words = name.splitn(4, ' ');
    let first = words.next()?;
    if words.count() > 2 { None } else { NAMES.get(first).copied() }
}

/// The first brand of each name that is an ordinary word.
static NAMES: LazyLock<HashMap<&'static str, &'static Brand>> = LazyLock::new(|| {
    let mut names = HashMap::new();
    for (name, brand) in BRANDS.iter().flat_map(|brand| brand.names.iter().map(move |name| (name, brand))) {
        names.entry(name.as_str()).or_insert(brand);
    }
    names
});

fn opening(letter: &Letter<'_>) -> (String, Place) {
    let start: String = letter.folded.chars().take(letter.subject_folded.chars().count() + OPENING_CHARS).collect();
    (start, letter.at_header("Subject"))
}

#[cfg(test)]
mod tests {
    use super::super::tests::codes as found;
    use super::*;

    #[test]
    fn a_borrowed_name_is_found_in_any_disguise() {
        for name in ["PayPal Service", "Visa Support", "РayРal", "ヤマト運輸"] {
            let mail = format!("From: \"{name}\" <info@example.com>\n\nx");
            assert_eq!(found(look, &mail), [codes::BRAND_IN_NAME], "{name}");
        }
        assert_eq!(found(look, "From: a@example.com\nSubject: Your Netflix membership\n\nx"), [codes::BRAND_IN_TEXT]);
    }

    #[test]
    fn the_brand_itself_and_talk_about_it_are_not() {
        for mail in [
            "From: PayPal <service@intl.paypal.com>\nSubject: Your PayPal receipt\n\nx",
            "From: a@example.com\nSubject: Re: PayPal\nIn-Reply-To: <x@y>\n\nx",
            "From: a@example.com\nSubject: Netflix\n\nhttps://www.netflix.com/",
        ] {
            assert_eq!(found(look, mail), [], "{mail}");
        }
    }
}
