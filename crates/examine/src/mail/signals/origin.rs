//! From what it was sent: scripts of web sites, hosts without a proper name.

use super::Seen;
use crate::catalogue::finding;
use crate::mail::codes;
use crate::mail::letter::Letter;
use crate::prose::domain::{is_address, organisation};

/// Looks at the traces of the sending program and host.
pub fn look(letter: &Letter<'_>, seen: &mut Seen) {
    let script = ["x-php-originating-script", "x-php-script", "x-mailer"].iter().find_map(|name| {
        let field = letter.field(name)?;
        let value = field.value.to_lowercase();
        let is_script =
            *name != "x-mailer" || ["php", "leaf", "python", "swiftmailer"].iter().any(|w| value.contains(w));
        is_script.then_some(field)
    });
    if let Some(field) = script {
        seen.add(finding(&codes::SENDING_SCRIPT, letter.whole()).with("value", super::quote(&field.value)));
    }
    if let Some(name) = greeting(letter) {
        seen.add(finding(&codes::GREETING_NAME, letter.at_header("Received")).with("name", super::quote(&name)));
    }
}

/// The name with which the last foreign host greeted, where it is a bare word or an address in brackets: the first
/// `Received` (from the top) whose two sides are of different organisations.
fn greeting(letter: &Letter<'_>) -> Option<String> {
    for field in letter.fields.iter().filter(|f| f.name == "received").take(20) {
        let words: Vec<&str> = field.value.split_whitespace().take(40).collect();
        let after = |key: &str| {
            words.iter().position(|w| *w == key).and_then(|i| words.get(i + 1)).map(|w| w.trim_matches(';'))
        };
        let (Some(from), Some(by)) = (after("from"), after("by")) else { continue };
        // Between hosts of the receiver the name says nothing.
        let foreign = organisation(from).is_none() || organisation(from) != organisation(by);
        if !foreign || field.value.contains("127.0.0.1") || field.value.contains("::1)") || from == "localhost" {
            continue;
        }
        let bare =
            organisation(from).is_none() && !is_address(from.trim_matches(['[', ']'])) && !from.ends_with(".local");
        return bare.then(|| from.to_owned());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::tests::codes as found;
    use super::*;

    #[test]
    fn proper_hosts_raise_nothing() {
        let mail = "Received: from in.example.jp by box.example.jp; x\nReceived: from mail.example.com (a [192.0.2.1]) by in.example.jp; x\nX-Mailer: Example Mail 2\n\nx";
        assert_eq!(found(look, mail), []);
    }

    #[test]
    fn scripts_and_bare_hosts_are_found() {
        let mail = "Received: from in.example.jp by box.example.jp; x\nReceived: from vm-13 (a [192.0.2.1]) by in.example.jp; x\nX-Mailer: PHPMailer 6\n\nx";
        assert_eq!(found(look, mail), [codes::SENDING_SCRIPT, codes::GREETING_NAME]);
    }
}
