//! How the mail is built: pictures in place of words, declarations that don't fit.

use super::Seen;
use crate::catalogue::finding;
use crate::mail::codes;
use crate::mail::letter::Letter;
use crate::prose::domain::is_under;
use crate::prose::tables::HOSTS;

/// Letters of visible text up to which a linked image is the message.
const WORDS_BESIDE_IMAGE_MAX: usize = 120;

/// Looks at the bodies and the declared type.
pub fn look(letter: &Letter<'_>, seen: &mut Seen) {
    let is_short = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).nth(WORDS_BESIDE_IMAGE_MAX).is_none();
    let linked_image = letter.links.iter().find(|t| t.link.has_image && !t.host.is_empty());
    if let Some(target) = linked_image.filter(|_| letter.bodies.iter().all(|body| is_short(body.visible()))) {
        seen.add(finding(&codes::IMAGE_ONLY, letter.at_body(target.body, target.link.offset)));
    }
    image_host(letter, seen);
    false_reply(letter, seen);
    noisy_subject(letter, seen);
    if is_misdeclared(letter) {
        seen.add(finding(&codes::STRUCTURE, letter.at_header("Content-Type")).with("declared", &letter.declared));
    }
}

fn image_host(letter: &Letter<'_>, seen: &mut Seen) {
    for (number, body) in letter.bodies.iter().enumerate() {
        let Some(page) = &body.page else { continue };
        for (target, offset) in &page.images {
            let host = target
                .split("://")
                .nth(1)
                .and_then(|t| t.split(['/', '?', ':']).next())
                .unwrap_or_default()
                .to_lowercase();
            if HOSTS.image_hosts.iter().any(|h| is_under(&host, h)) && !letter.is_from_list() {
                seen.add(finding(&codes::IMAGE_HOST, letter.at_body(number, *offset)).with("host", host));
            }
        }
    }
}

/// An answer names what it answers, or quotes it.
fn false_reply(letter: &Letter<'_>, seen: &mut Seen) {
    let subject = &letter.subject_folded;
    let pretends =
        ["re:", "fw:", "fwd:", "aw:", "sv:", "tr:", "rv:", "res:", "enc:"].iter().any(|p| subject.starts_with(p));
    let traces = ["in-reply-to", "references", "thread-index", "thread-topic", "resent-from"]
        .iter()
        .any(|name| letter.field(name).is_some());
    let quotes = letter.bodies.iter().any(|b| {
        b.source.lines().any(|l| l.starts_with('>')) || b.source.contains("<blockquote") || b.source.contains("-----")
    });
    if pretends && !traces && !quotes && !letter.is_from_list() {
        seen.add(finding(&codes::FALSE_REPLY, letter.at_header("Subject")));
    }
}

/// Signs of decoration in subject and name from which on they are noise. One pictogram is common in newsletters.
const DECORATIONS_MIN: usize = 3;

fn noisy_subject(letter: &Letter<'_>, seen: &mut Seen) {
    if letter.field("in-reply-to").is_some() {
        return;
    }
    let name = letter.from.first().map_or("", |m| m.name.as_str());
    if let Some(noisy) = [letter.subject.as_str(), name].into_iter().find(|text| decorations(text) >= DECORATIONS_MIN) {
        let made = finding(&codes::NOISY_SUBJECT, letter.at_header("Subject"));
        seen.add(made.with("text", super::quote(noisy)));
    }
}

/// Pictograms, runs of punctuation, and strings that no person chose.
fn decorations(text: &str) -> usize {
    let pictograms = text.chars().filter(|c| matches!(*c, '\u{2600}'..='\u{27bf}' | '\u{1f300}'..='\u{1faff}')).count();
    let is_mark = |c: char| matches!(c, '_' | '!' | '?' | '*' | '#' | '=' | '~' | '|' | '<' | '>' | '$' | '^' | '+');
    let marks: Vec<char> = text.chars().collect();
    let runs = marks.windows(2).filter(|w| is_mark(w[0]) && is_mark(w[1])).count();
    let random =
        text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| super::sender::looks_random(word)).count();
    // Underscores in place of spaces; names of files have them in one word among others.
    let joined = if text.matches('_').count() >= 3 && !text.trim().contains(' ') { DECORATIONS_MIN } else { 0 };
    pictograms + runs + 2 * random + joined
}

/// Reports carry a machine-readable part, digests carry mails, and form data never travels by mail.
fn is_misdeclared(letter: &Letter<'_>) -> bool {
    let carries =
        |kind: &str| letter.attachments.iter().any(|a| a.declared.to_ascii_lowercase().starts_with(kind) || a.is_mail);
    match letter.declared.as_str() {
        "multipart/form-data" | "multipart/byteranges" => true,
        "multipart/report" => !carries("message/") && !carries("text/rfc822-headers"),
        "multipart/digest" => !carries("message/") && !letter.bodies.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::codes as found;
    use super::*;

    #[test]
    fn text_with_images_raises_nothing() {
        let mail = format!(
            "Content-Type: text/html\n\n<a href=https://example.com><img src=x></a>{}",
            "words and more ".repeat(20)
        );
        assert_eq!(found(look, &mail), []);
        assert_eq!(found(look, "Subject: Re: x\nIn-Reply-To: <a@example.com>\n\nx"), []);
        let report = "Content-Type: multipart/report; boundary=x\n\n--x\n\nlost\n--x\nContent-Type: message/delivery-status\n\nStatus: 5.1.1\n--x--\n";
        assert_eq!(found(look, report), []);
    }

    #[test]
    fn a_linked_picture_and_a_false_declaration_are_found() {
        assert_eq!(
            found(look, "Content-Type: text/html\n\n<a href=https://example.com><img src=x></a>"),
            [codes::IMAGE_ONLY]
        );
        assert_eq!(found(look, "Subject: Re: x\n\nx"), [codes::FALSE_REPLY]);
        assert_eq!(found(look, "Content-Type: text/html\n\n<img src=https://i.imgur.com/x.png>"), [codes::IMAGE_HOST]);
        let mail = "Content-Type: multipart/report; boundary=x\n\n--x\nContent-Type: text/html\n\nx\n--x--\n";
        assert_eq!(found(look, mail), [codes::STRUCTURE]);
    }
}
