//! What a provider says about a person, from the ID token and, where that is short, from the userinfo endpoint.

use std::collections::BTreeMap;

use openidconnect::core::CoreGenderClaim;
use openidconnect::{AdditionalClaims, EndUserName, IdTokenClaims, LocalizedClaim, UserInfoClaims};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Most characters of a name or an address that is kept.
const TEXT_CHARS_MAX: usize = 256;
/// Most values of a claim that are looked at.
const VALUES_MAX: usize = 1_000;

/// Claims that no standard names, such as groups.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct OtherClaims {
    #[serde(flatten)]
    all: BTreeMap<String, Value>,
}

impl AdditionalClaims for OtherClaims {}

/// What is known about a person.
#[derive(Clone, Debug, Default)]
pub(super) struct Claims {
    pub(super) subject: String,
    pub(super) name: Option<String>,
    /// Only when the provider says that it has verified it.
    pub(super) email: Option<String>,
    pub(super) others: BTreeMap<String, Value>,
}

impl Claims {
    pub(super) fn of_token(claims: &IdTokenClaims<OtherClaims, CoreGenderClaim>) -> Self {
        Self {
            subject: claims.subject().to_string(),
            name: name(claims.name().map(text), claims.preferred_username().map(|n| n.to_string())),
            email: verified(claims.email().map(|email| email.to_string()), claims.email_verified()),
            others: claims.additional_claims().all.clone(),
        }
    }

    /// Adds what the token did not say. The token's word comes first, because it is signed.
    pub(super) fn complete(&mut self, info: &UserInfoClaims<OtherClaims, CoreGenderClaim>) {
        let more = Self {
            subject: info.subject().to_string(),
            name: name(info.name().map(text), info.preferred_username().map(|n| n.to_string())),
            email: verified(info.email().map(|email| email.to_string()), info.email_verified()),
            others: info.additional_claims().all.clone(),
        };
        self.name = self.name.take().or(more.name);
        self.email = self.email.take().or(more.email);
        for (claim, value) in more.others {
            self.others.entry(claim).or_insert(value);
        }
    }

    /// The values of a claim that is a text or a list of texts.
    pub(super) fn texts(&self, claim: &str) -> Vec<&str> {
        match self.others.get(claim) {
            Some(Value::String(text)) => vec![text],
            Some(Value::Array(values)) => values.iter().take(VALUES_MAX).filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }
}

fn text(claim: &LocalizedClaim<EndUserName>) -> String {
    claim.iter().next().map(|(_, text)| text.to_string()).unwrap_or_default()
}

fn name(full: Option<String>, preferred: Option<String>) -> Option<String> {
    let shown = |text: String| {
        let text: String = text.chars().filter(|c| !c.is_control()).take(TEXT_CHARS_MAX).collect();
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    };
    full.and_then(shown).or_else(|| preferred.and_then(shown))
}

fn verified(email: Option<String>, verified: Option<bool>) -> Option<String> {
    email.filter(|email| verified == Some(true) && email.chars().count() <= TEXT_CHARS_MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn info(value: Value) -> UserInfoClaims<OtherClaims, CoreGenderClaim> {
        UserInfoClaims::from_json::<std::io::Error>(value.to_string().as_bytes(), None).expect("claims")
    }

    #[test]
    fn an_unverified_address_is_none() {
        for (value, expected) in [(json!(true), Some("a@example.jp")), (json!(false), None), (json!(null), None)] {
            let mut claims = Claims::default();
            claims.complete(&info(json!({ "sub": "1", "email": "a@example.jp", "email_verified": value })));
            assert_eq!(claims.email.as_deref(), expected);
        }
    }

    #[test]
    fn the_token_comes_first() {
        let others = [("groups".to_owned(), json!(["signed"]))].into_iter().collect();
        let mut claims = Claims { name: Some("花子".to_owned()), others, ..Claims::default() };
        claims.complete(&info(json!({ "sub": "1", "name": "太郎", "groups": ["admins"], "dept": "x" })));
        assert_eq!(claims.name.as_deref(), Some("花子"));
        assert_eq!(claims.texts("groups"), ["signed"]);
        assert_eq!(claims.texts("dept"), ["x"]);
    }

    #[test]
    fn names_are_one_line_of_bounded_length() {
        let mut claims = Claims::default();
        claims.complete(&info(
            json!({ "sub": "1", "name": " \n ", "preferred_username": format!("ha\nnako{}", "o".repeat(999)) }),
        ));
        let name = claims.name.expect("a name");
        assert!(name.starts_with("hanakoo") && name.chars().count() == TEXT_CHARS_MAX, "{name}");
    }
}
