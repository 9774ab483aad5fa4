//! What the receiving host found about the sender.

use super::Seen;
use crate::catalogue::finding;
use crate::mail::codes;
use crate::mail::letter::Letter;

/// Looks at the topmost trusted results.
pub fn look(letter: &Letter<'_>, seen: &mut Seen) {
    let found = &letter.authentication;
    let from = letter.sender_domain();
    let Some(field) = found.field else {
        seen.add(finding(&codes::NO_RESULTS, letter.whole()));
        return;
    };
    let place = letter.at_header(field);
    // Lists change subjects and add footers, which breaks what was signed, and they send from their own hosts.
    let is_list = letter.is_from_list();
    let fails = |result: &str| matches!(result, "fail" | "permfail" | "hardfail" | "bestguessfail");
    if fails(&found.dmarc) && !is_list {
        seen.add(finding(&codes::DMARC_FAIL, place.clone()).with("from", &from));
    }
    if (fails(&found.spf) || matches!(found.spf.as_str(), "softfail" | "permerror" | "temperror")) && !found.is_aligned
    {
        seen.add(finding(&codes::SPF_FAIL, place.clone()).with("result", &found.spf));
    }
    if (fails(&found.dkim) || found.dkim == "permerror") && !is_list && !found.is_aligned {
        seen.add(finding(&codes::DKIM_FAIL, place.clone()).with("result", &found.dkim));
    }
    if !found.is_aligned && !is_list {
        seen.add(finding(&codes::UNAUTHENTICATED, place).with("from", from));
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::codes as found;
    use super::*;

    fn with(results: &str) -> Vec<sakimori_model::Code> {
        found(look, &format!("{results}Received: from x\nFrom: a@example.com\n\nx"))
    }

    #[test]
    fn results_for_the_sender_raise_nothing() {
        assert_eq!(with("Authentication-Results: mx; dkim=pass header.d=example.com; spf=softfail\n"), []);
    }

    #[test]
    fn failures_are_found() {
        let all = with("Authentication-Results: mx; dkim=fail; spf=fail smtp.mailfrom=x@y.example; dmarc=fail\n");
        assert_eq!(all, [codes::DMARC_FAIL, codes::SPF_FAIL, codes::DKIM_FAIL, codes::UNAUTHENTICATED]);
        assert_eq!(
            with("Authentication-Results: mx; spf=pass smtp.mailfrom=other.example\n"),
            [codes::UNAUTHENTICATED]
        );
    }

    #[test]
    fn nothing_known_is_not_held_against_it() {
        assert_eq!(with(""), [codes::NO_RESULTS]);
    }
}
