//! What the reader is meant to do: call a number, write to another mailbox, press the one link there is.

use sakimori_model::Contribution;

use super::{Seen, scored};
use crate::catalogue::finding;
use crate::mail::codes;
use crate::mail::letter::{Letter, Mailbox};
use crate::prose::domain::{is_free_mail, is_shared_hosting, is_under, organisation, same_organisation};
use crate::prose::fold::fold;
use crate::prose::tables::HOSTS;

/// Bytes of folded text in which a short mail says what it wants.
const TEXT_BYTES: usize = 6_000;
/// Letters of visible text up to which a mail is short.
const SHORT_LETTERS_MAX: usize = 450;

/// Looks at the text together with the sender. Runs after the signals about sender, brand, authentication and wording.
pub fn look(letter: &Letter<'_>, seen: &mut Seen) {
    // A list carries words; a linked image that came through one is an advertisement all the same.
    if letter.is_from_list() && !seen.has(&codes::IMAGE_ONLY) || letter.field("in-reply-to").is_some() {
        return;
    }
    let text = &letter.folded[..letter.folded.floor_char_boundary(TEXT_BYTES)];
    call_back(letter, text, seen);
    contact(letter, text, seen);
    one_step(letter, seen);
}

/// Words of an invoice, an order or a warning, folded.
const CHARGES: &[&str] = &[
    "invoice",
    "order",
    "renew",
    "subscription",
    "charge",
    "cancel",
    "refund",
    "purchase",
    "transaction",
    "payment",
    "billing",
    "receipt",
    "fraud",
    "compra",
    "pedido",
    "cobranca",
    "assinatura",
    "factura",
    "suscripcion",
    "cargo",
    "rechnung",
    "bestellung",
    "abbuchung",
    "abonnement",
    "facture",
    "commande",
    "prelevement",
    "請求",
    "注文",
    "購入",
    "引き落とし",
    "契約",
    "解約",
    "決済",
];

/// Only for senders of whom something is doubtful already: honest shops print their number as well.
fn call_back(letter: &Letter<'_>, text: &str, seen: &mut Seen) {
    let doubtful = is_free_mail(&letter.sender_domain())
        || [&codes::BRAND_IN_NAME, &codes::BRAND_IN_TEXT, &codes::UNAUTHENTICATED, &codes::DMARC_FAIL]
            .iter()
            .any(|code| seen.has(code));
    if !doubtful || !CHARGES.iter().any(|word| text.contains(word)) {
        return;
    }
    if let Some(number) = phone_number(text) {
        seen.add(finding(&codes::CALL_BACK, letter.at_body(0, 0)).with("number", number));
    }
}

/// The first number that is written as people write telephone numbers: ten to thirteen digits in groups, or after `+`.
fn phone_number(text: &str) -> Option<String> {
    let is_part = |c: char| c.is_ascii_digit() || matches!(c, '+' | '(' | ')' | '-' | '.' | ' ');
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit() || matches!(c, '+' | '(')) {
        let before = rest[..at].chars().next_back();
        let tail = &rest[at..];
        let length = tail.find(|c| !is_part(c)).unwrap_or(tail.len());
        let found = tail[..length].trim_end_matches([' ', '.', '-', '(', '+']);
        let digits = found.bytes().filter(u8::is_ascii_digit).count();
        let groups = found.split(|c: char| !c.is_ascii_digit()).filter(|g| !g.is_empty()).count();
        let stands_alone = before.is_none_or(|c| !c.is_alphanumeric() && !matches!(c, '/' | '=' | '#' | '_' | '-'));
        let is_number = (10..=13).contains(&digits) && ((3..=5).contains(&groups) || found.starts_with('+'));
        // Amounts and dates have groups too, but shorter ones.
        let has_end = found.rsplit(|c: char| !c.is_ascii_digit()).find(|g| !g.is_empty()).is_some_and(|g| g.len() >= 3);
        if stands_alone && is_number && has_end {
            return Some(found.to_owned());
        }
        rest = &tail[length.max(1)..];
    }
    None
}

fn contact(letter: &Letter<'_>, text: &str, seen: &mut Seen) {
    let known = |address: &str| {
        let people = letter.from.iter().chain(&letter.to);
        people.map(|m| m.address.to_lowercase()).any(|a| a == address)
    };
    let quotes = letter.bodies.iter().any(|b| b.source.lines().any(|l| l.starts_with('>')));
    if quotes || letter.from.is_empty() {
        return;
    }
    let free = text.split([' ', '<', '>', '(', ')', ',', ':', ';', '[', ']', '"', '/', '|', '*']).find(|word| {
        let word = word.trim_matches(['.', '\'']);
        word.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && is_free_mail(domain)) && !known(word)
    });
    if let Some(address) = free {
        let made = finding(&codes::CONTACT_ELSEWHERE, letter.at_body(0, 0));
        seen.add(made.with("address", super::quote(address)));
    }
}

fn one_step(letter: &Letter<'_>, seen: &mut Seen) {
    let from = letter.from.first().map(Mailbox::domain).unwrap_or_default();
    let letters = letter.bodies.iter().map(|b| b.visible().chars().filter(|c| c.is_alphanumeric()).count()).max();
    let mut hosts: Vec<&str> = letter.links.iter().map(|t| t.host.as_str()).filter(|h| !h.is_empty()).collect();
    hosts.sort_unstable();
    hosts.dedup();
    let [host] = hosts.as_slice() else { return };
    let foreign = organisation(host).is_some() && !same_organisation(host, &from);
    let announced = letter.is_declared_bulk() && !is_rented(host);
    if foreign && !announced && letters.unwrap_or(0) <= SHORT_LETTERS_MAX {
        let place = letter.links.first().map_or_else(|| letter.whole(), |t| letter.at_body(t.body, t.link.offset));
        let made = finding(&codes::ONE_STEP, place).with("host", fold(host));
        seen.add(if is_rented(host) { scored(made, vec![rented()]) } else { made });
    }
}

/// Places that cost nothing and say nothing about who rents them. People do share documents, so those are left out.
fn is_rented(host: &str) -> bool {
    const DOCUMENTS: &[&str] = &["docs.google.com", "drive.google.com", "sites.google.com", "notion.so", "notion.site"];
    let any = |table: &[String]| table.iter().any(|d| is_under(host, d));
    !DOCUMENTS.iter().any(|d| is_under(host, d))
        && (any(&HOSTS.shorteners) || any(&HOSTS.cheap_suffixes) || is_shared_hosting(host))
}

fn rented() -> Contribution {
    Contribution { feature: "mail.one-step-rented".to_owned(), points: 14 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::signals::tests::codes as found;

    #[test]
    fn telephone_numbers_are_told_from_other_numbers() {
        for (text, number) in [
            ("call +1 (555) 010-0199 now", Some("+1 (555) 010-0199")),
            ("ligue 0800-400-9030.", Some("0800-400-9030")),
            ("電話 03-5555-0199", Some("03-5555-0199")),
            ("invoice 20260801120000 of 2026-08-01", None),
            ("order 113-093551-28451-99-1", None),
            ("id/555-010-0199", None),
        ] {
            assert_eq!(phone_number(text).as_deref(), number, "{text}");
        }
    }

    #[test]
    fn an_invoice_of_a_free_mailbox_with_a_number_is_a_call_back() {
        let body = "Subject: Order\n\nYour renewal was charged. Call +1 (555) 010-0199.";
        assert_eq!(found(look, &format!("From: a@gmail.com\nTo: b@example.org\n{body}")), [codes::CALL_BACK]);
        assert!(found(look, &format!("From: a@example.com\nTo: b@example.org\n{body}")).is_empty());
    }

    #[test]
    fn a_free_mailbox_in_the_text_counts_unless_it_is_the_senders() {
        let mail = |from: &str| format!("From: {from}\nTo: b@example.org\nSubject: x\n\nWrite to: c@gmail.com, please");
        assert_eq!(found(look, &mail("a@example.com")), [codes::CONTACT_ELSEWHERE]);
        assert!(found(look, &mail("c@gmail.com")).is_empty());
    }

    #[test]
    fn one_foreign_link_in_a_short_mail() {
        let mail = |from: &str| format!("From: {from}\nTo: b@example.org\nSubject: x\n\nSee https://a.example.net/1");
        assert_eq!(found(look, &mail("a@example.com")), [codes::ONE_STEP]);
        assert!(found(look, &mail("a@example.net")).is_empty());
    }
}
