//! How the mail is built: pictures in place of words, declarations that don't fit.

use super::Seen;
use crate::catalogue::finding;
use crate::mail::codes;
use crate::mail::letter::Letter;

/// Letters of visible text up to which a linked image is the message.
const WORDS_BESIDE_IMAGE_MAX: usize = 120;

/// Looks at the bodies and the declared type.
pub fn look(letter: &Letter<'_>, seen: &mut Seen) {
    let visible: usize = letter.bodies.iter().map(|b| b.visible().chars().filter(|c| c.is_alphanumeric()).count()).max().unwrap_or(0);
    let linked_image = letter.links.iter().find(|t| t.link.has_image && !t.host.is_empty());
    if let Some(target) = linked_image.filter(|_| visible <= WORDS_BESIDE_IMAGE_MAX) {
        seen.add(finding(&codes::IMAGE_ONLY, letter.at_body(target.body, target.link.offset)));
    }
    if is_misdeclared(letter) {
        seen.add(finding(&codes::STRUCTURE, letter.at_header("Content-Type")).with("declared", &letter.declared));
    }
}

/// Reports carry a machine-readable part, digests carry mails, and form data never travels by mail.
fn is_misdeclared(letter: &Letter<'_>) -> bool {
    let carries = |kind: &str| letter.attachments.iter().any(|a| a.declared.to_ascii_lowercase().starts_with(kind) || a.is_mail);
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
        let mail = format!("Content-Type: text/html\n\n<a href=https://example.com><img src=x></a>{}", "words and more ".repeat(20));
        assert_eq!(found(look, &mail), []);
        let report = "Content-Type: multipart/report; boundary=x\n\n--x\n\nlost\n--x\nContent-Type: message/delivery-status\n\nStatus: 5.1.1\n--x--\n";
        assert_eq!(found(look, report), []);
    }

    #[test]
    fn a_linked_picture_and_a_false_declaration_are_found() {
        assert_eq!(found(look, "Content-Type: text/html\n\n<a href=https://example.com><img src=x></a>"), [codes::IMAGE_ONLY]);
        let mail = "Content-Type: multipart/report; boundary=x\n\n--x\nContent-Type: text/html\n\nx\n--x--\n";
        assert_eq!(found(look, mail), [codes::STRUCTURE]);
    }
}
