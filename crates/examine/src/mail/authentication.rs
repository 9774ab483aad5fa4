//! What the receiving host wrote about the sender: `Authentication-Results` (RFC 8601) and its kin.
//!
//! Anyone can write such a field into a mail. Only the topmost is read, and only when it stands above the lowest
//! `Received` field: what stands below all of them was in the mail when it was sent.

use super::letter::Field;
use crate::prose::domain::{organisation, same_organisation};

/// What the receiving host found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Authentication {
    /// The name of the field that was read; `None` when the mail has none to trust.
    pub field: Option<&'static str>,
    /// SPF's result in lower case, such as `softfail`; empty where there is none.
    pub spf: String,
    /// DKIM's best result.
    pub dkim: String,
    /// DMARC's result.
    pub dmarc: String,
    /// The domain that SPF was asked about.
    pub spf_domain: String,
    /// The domains of signatures that hold.
    pub signers: Vec<String>,
    /// Whether a result that holds is for the organisation in `From`.
    pub is_aligned: bool,
}

impl Authentication {
    /// Reads the topmost trusted field; `from` is the domain in `From`.
    pub fn read(fields: &[Field], from: &str) -> Self {
        let lowest = fields.iter().rposition(|f| f.name == "received").unwrap_or(fields.len());
        let trusted = &fields[..lowest];
        let mut found = Self::default();
        for name in ["authentication-results", "arc-authentication-results"] {
            if let Some(field) = trusted.iter().find(|f| f.name == name) {
                found.field =
                    Some(if name.starts_with("arc") { "ARC-Authentication-Results" } else { "Authentication-Results" });
                found.results(&field.value);
                break;
            }
        }
        if found.spf.is_empty()
            && let Some(field) = trusted.iter().find(|f| f.name == "received-spf")
        {
            found.field.get_or_insert("Received-SPF");
            found.spf = word(&field.value).to_ascii_lowercase();
        }
        found.is_aligned = found.dmarc == "pass"
            || found.signers.iter().any(|signer| same_organisation(signer, from))
            || found.spf == "pass" && same_organisation(&found.spf_domain, from);
        found
    }

    /// True when a domain that signed, or for which SPF holds, belongs to this organisation.
    pub fn vouches_for(&self, domain: &str) -> bool {
        self.is_aligned && organisation(domain).is_some()
    }

    fn results(&mut self, value: &str) {
        for clause in without_comments(value).split(';').take(64) {
            let Some((method, rest)) = clause.trim().split_once('=') else { continue };
            let result = word(rest).to_ascii_lowercase();
            match method.trim().to_ascii_lowercase().as_str() {
                "spf" if self.spf.is_empty() => {
                    self.spf_domain = property(rest, "smtp.mailfrom=").map_or_else(String::new, domain_of);
                    self.spf = result;
                }
                "dkim" => {
                    if result == "pass" {
                        let signer = property(rest, "header.d=").or_else(|| property(rest, "header.i="));
                        self.signers.extend(signer.map(domain_of));
                    }
                    if self.dkim.is_empty() || result == "pass" {
                        self.dkim = result;
                    }
                }
                "dmarc" if self.dmarc.is_empty() => self.dmarc = result,
                _ => {}
            }
        }
    }
}

/// The value without its comments in parentheses, which may nest.
fn without_comments(value: &str) -> String {
    let mut depth = 0_u32;
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            c if depth == 0 => out.push(c),
            _ => {}
        }
    }
    out
}

fn word(text: &str) -> &str {
    let text = text.trim_start();
    &text[..text.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(text.len())]
}

fn property<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let at = text.find(key)? + key.len();
    text[at..].split_whitespace().next()
}

fn domain_of(address: &str) -> String {
    let address = address.trim_matches(['"', '<', '>', ' ']);
    address.rsplit_once('@').map_or(address, |(_, d)| d).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::super::letter::tests::letter;
    use super::*;

    fn read(headers: &str) -> Authentication {
        letter(&format!("{headers}From: a@example.com\n\nx")).authentication
    }

    #[test]
    fn results_are_read_without_comments() {
        let found = read(
            "Authentication-Results: mx.example.jp; spf=softfail (a=b; (c)) smtp.mailfrom=b@bulk.example.org;\n dkim=pass header.d=mail.example.com; dmarc=pass action=none\nReceived: from x\n",
        );
        assert_eq!((found.spf.as_str(), found.dkim.as_str(), found.dmarc.as_str()), ("softfail", "pass", "pass"));
        assert_eq!((found.spf_domain.as_str(), found.is_aligned), ("bulk.example.org", true));
    }

    #[test]
    fn what_the_sender_wrote_is_not_trusted() {
        assert_eq!(read("Received: from x\nAuthentication-Results: mx; dmarc=pass\n").field, None);
    }

    #[test]
    fn a_signature_of_another_organisation_does_not_align() {
        let found = read("Authentication-Results: mx; dkim=pass header.d=example.net\nReceived: x\n");
        assert!(!found.is_aligned);
        assert!(read("Received-SPF: Fail (why)\nReceived: x\n").spf == "fail");
    }
}
