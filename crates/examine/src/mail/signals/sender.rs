//! Who it says it is from, and where answers go.

use std::collections::HashMap;

use super::Seen;
use crate::catalogue::finding;
use crate::mail::codes;
use crate::mail::letter::{Letter, Mailbox};
use crate::prose::brands::owner;
use crate::prose::domain::{self, is_free_mail, organisation, same_organisation};
use crate::prose::fold::fold;
use crate::prose::tables::HOSTS;

/// Looks at From, Reply-To and the display name.
pub fn look(letter: &Letter<'_>, seen: &mut Seen) {
    validity(letter, seen);
    display_name(letter, seen);
    reply(letter, seen);
    random(letter, seen);
    free_mail_role(letter, seen);
    default_domain(letter, seen);
}

/// Words with which offices and companies call themselves, folded.
const ROLES: &[&str] = &[
    "support",
    "service",
    "services",
    "department",
    "dept",
    "team",
    "order",
    "invoice",
    "billing",
    "payment",
    "payments",
    "bank",
    "banco",
    "admin",
    "administrator",
    "helpdesk",
    "help desk",
    "security",
    "notification",
    "notifications",
    "alert",
    "alerts",
    "customer",
    "account",
    "accounts",
    "official",
    "office",
    "foundation",
    "lottery",
    "refund",
    "delivery",
    "shipping",
    "verification",
    "renewal",
    "subscription",
    "antivirus",
    "protection",
    "protocolo",
    "aviso",
    "atendimento",
    "suporte",
    "soporte",
    "servicio",
    "kundenservice",
    "sicherheit",
    "rechnung",
    "assistance",
    "サポート",
    "事務局",
    "カスタマー",
    "お客様センター",
    "運営",
    "センター",
    "銀行",
    "公式",
];

/// A person's mailbox is named after the person. Digits in the name are a number of an order or a case.
fn free_mail_role(letter: &Letter<'_>, seen: &mut Seen) {
    let Some(mailbox) = letter.from.first().filter(|m| is_free_mail(&m.domain())) else { return };
    let name = fold(&mailbox.name);
    // A name that is the address again is none.
    if letter.is_from_list() || letter.field("in-reply-to").is_some() || name.contains('@') {
        return;
    }
    let is_role = |word: &str| ROLES.iter().any(|r| *r == word || !r.is_ascii() && word.contains(r));
    let mut words = name.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty());
    if words.clone().any(is_role) || words.any(|w| w.len() >= 4 && w.bytes().all(|b| b.is_ascii_digit())) {
        let made = finding(&codes::FREE_MAIL_ROLE, letter.at_header("From"));
        seen.add(made.with("name", super::quote(&mailbox.name)).with("from", &mailbox.address));
    }
}

fn default_domain(letter: &Letter<'_>, seen: &mut Seen) {
    let from = letter.sender_domain();
    if HOSTS.default_domains.iter().any(|d| from.len() > d.len() && domain::is_under(&from, d)) {
        seen.add(finding(&codes::DEFAULT_DOMAIN, letter.at_header("From")).with("from", from));
    }
}

fn validity(letter: &Letter<'_>, seen: &mut Seen) {
    let domain = letter.sender_domain();
    let several =
        letter.from.iter().filter(|m| !m.address.is_empty()).skip(1).any(|m| !same_organisation(&m.domain(), &domain));
    let why = if letter.from.iter().all(|m| m.address.is_empty()) {
        "missing"
    } else if !letter.from.iter().any(|m| m.address.contains('@')) {
        // Mail that never left one machine names its sender without a domain.
        let value = letter.field("from").map_or("", |f| f.value.as_str());
        if value.contains([' ', '<']) { "no domain" } else { return }
    } else if letter.from.iter().filter(|m| m.address.contains('@')).all(|m| organisation(&m.domain()).is_none()) {
        if is_internal(&domain) { return } else { "no such domain" }
    } else if letter.from.len() > 1 && letter.from.iter().any(|m| m.address.is_empty()) {
        "malformed"
    } else if several {
        "several organisations"
    } else {
        return;
    };
    let from = letter.field("from").map_or("", |f| f.value.as_str());
    seen.add(
        finding(&codes::SENDER_INVALID, letter.at_header("From")).with("why", why).with("from", super::quote(from)),
    );
}

/// Names that organisations use inside: they are no public domains on purpose.
fn is_internal(domain: &str) -> bool {
    ["localhost", "local", "lan", "internal", "intra", "corp", "home", "localdomain", "example", "test", "invalid"]
        .iter()
        .any(|d| domain::is_under(domain, d))
}

fn display_name(letter: &Letter<'_>, seen: &mut Seen) {
    let site = where_links_lead(letter);
    for mailbox in &letter.from {
        let name = fold(&mailbox.name);
        let foreign = name.split([' ', '<', '>', '(', ')', '"', ',', '[', ']', '|']).find(|word| {
            let host = word.rsplit_once('@').map_or(*word, |(_, d)| d).trim_matches('.');
            host.contains('.')
                && organisation(host).is_some_and(|o| word.contains('@') || o.len() >= 7)
                && !same_organisation(host, &mailbox.domain())
                && (word.contains('@') || site.is_none() || organisation(host) != site)
        });
        // Lists write the author into the name and themselves into the address.
        if let Some(word) = foreign.filter(|_| !letter.is_from_list()) {
            let made = finding(&codes::NAME_HAS_ADDRESS, letter.at_header("From"));
            seen.add(made.with("name", word).with("from", &mailbox.address));
        }
    }
}

/// The organisation that most links lead to: magazines are called like their site and sent by a service. A known brand
/// is never a mere name.
fn where_links_lead(letter: &Letter<'_>) -> Option<String> {
    let mut counts: HashMap<Option<String>, usize> = HashMap::new();
    for target in letter.links.iter().filter(|t| !t.host.is_empty()) {
        *counts.entry(organisation(&target.host)).or_default() += 1;
    }
    let all: usize = counts.values().sum();
    let (site, own) = counts.into_iter().max_by_key(|(_, count)| *count)?;
    site.filter(|site| own * 2 > all && owner(site).is_none())
}

fn reply(letter: &Letter<'_>, seen: &mut Seen) {
    let from = letter.sender_domain();
    let Some(reply) = letter.reply_to.iter().find(|m| m.address.contains('@')) else { return };
    let domain = reply.domain();
    if from.is_empty() || letter.is_from_list() || same_organisation(&domain, &from) || domain == from {
        return;
    }
    if letter.is_declared_bulk() && !is_free_mail(&domain) {
        return;
    }
    let code = if is_free_mail(&domain) { &codes::REPLY_FREE_MAIL } else { &codes::REPLY_ELSEWHERE };
    // A person who writes through a service keeps an own mailbox for answers; the name is then the same.
    let same_local = letter.from.first().is_some_and(|m| m.local().eq_ignore_ascii_case(reply.local()));
    if *code == codes::REPLY_FREE_MAIL && (same_local || is_free_mail(&from)) {
        return;
    }
    seen.add(finding(code, letter.at_header("Reply-To")).with("reply", &reply.address).with("from", from));
}

/// Only the domain: mailing services write numbers before the `@` so that bounces find their way.
fn random(letter: &Letter<'_>, seen: &mut Seen) {
    let Some(Mailbox { address, .. }) = letter.from.first() else { return };
    let mailbox = &letter.from[0];
    let label = domain::chosen_label(&mailbox.domain());
    let sub = mailbox.domain();
    let sub = sub.split('.').next().unwrap_or_default();
    if looks_random(&label) || sub.len() >= 10 && looks_random(sub) {
        seen.add(finding(&codes::RANDOM_SENDER, letter.at_header("From")).with("from", address));
    }
}

/// True for strings that no person chose: long without vowels, or digits and letters in turns.
pub(super) fn looks_random(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let kinds: Vec<u8> = text
        .bytes()
        .map(|b| {
            if b.is_ascii_digit() {
                1
            } else if b.is_ascii_alphabetic() {
                2
            } else {
                0
            }
        })
        .collect();
    let turns = kinds.windows(2).filter(|w| w[0] != w[1] && w[0] > 0 && w[1] > 0).count();
    let mut run = 0_usize;
    let mut longest = 0;
    for b in text.bytes() {
        let consonant = b.is_ascii_alphabetic() && !matches!(b, b'a' | b'e' | b'i' | b'o' | b'u' | b'y');
        run = if consonant { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    text.len() >= 8 && (turns >= 3 || longest >= 6)
}

#[cfg(test)]
mod tests {
    use super::super::tests::codes as found;
    use super::*;

    #[test]
    fn an_honest_sender_raises_nothing() {
        for mail in [
            "From: \"Example Shop\" <news@mail.example.com>\nReply-To: help@example.com\n\nx",
            "From: root@localhost\n\nx",
            "From: \"a@example.org via List\" <list@example.com>\nList-Post: <mailto:list@example.com>\n\nx",
        ] {
            assert_eq!(found(look, mail), [], "{mail}");
        }
    }

    #[test]
    fn senders_that_cannot_be_are_found() {
        for mail in [
            "Subject: x\n\nx",
            "From: Bank <info@bank>\n\nx",
            "From: a@example.com, b@example.org\n\nx",
            "From: A <>\n\nx",
        ] {
            assert_eq!(found(look, mail), [codes::SENDER_INVALID], "{mail}");
        }
    }

    #[test]
    fn a_foreign_address_in_the_name_is_found() {
        assert_eq!(found(look, "From: \"info@example.org\" <x@example.com>\n\nx"), [codes::NAME_HAS_ADDRESS]);
    }

    #[test]
    fn answers_to_others_are_found() {
        assert_eq!(found(look, "From: a@example.com\nReply-To: b@example.org\n\nx"), [codes::REPLY_ELSEWHERE]);
        assert_eq!(found(look, "From: a@example.com\nReply-To: b@gmail.com\n\nx"), [codes::REPLY_FREE_MAIL]);
    }

    #[test]
    fn names_made_by_machines_are_told_from_names() {
        assert!(["xkqzvtbrw", "a1b2c3d4e5", "e2niznguic7x3"].iter().all(|t| looks_random(t)));
        assert!(!["newsletter", "yamada-taro", "tokyo2020", "support", "takahashi01"].iter().any(|t| looks_random(t)));
    }
}
