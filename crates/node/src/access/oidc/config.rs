//! What the configuration says about the provider, and who of those that it knows may come in.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use openidconnect::ClientSecret;
use sakimori_model::Text;
use serde::{Deserialize, Serialize};
use url::Url;

use super::OidcError;
use super::claims::Claims;
use crate::access::cookie::is_loopback_name;
use crate::access::role::Role;

/// Most bytes of the file with the client's secret.
const SECRET_BYTES_MAX: u64 = 4 << 10;

/// The table `[oidc]` of the configuration.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OidcConfig {
    /// The issuer, exactly as the provider writes it. https; http for an issuer on this machine only.
    pub issuer: String,
    /// The id under which this node is registered there. Its redirect URI is the public URL and `/api/v1/session/oidc/return`.
    pub client_id: String,
    /// A file with the client's secret on one line. Without it the client is a public one, protected by PKCE alone.
    pub client_secret_file: Option<PathBuf>,
    /// What the button says, such as the name of the organisation.
    pub label: Text,
    /// Scopes beyond `openid`.
    #[serde(default = "usual_scopes")]
    pub scopes: Vec<String>,
    /// PEM file with the only roots that are trusted for the provider. Without it: those of the machine.
    pub ca_file: Option<PathBuf>,
    /// Who may come in without an account that an administrator made before.
    #[serde(default)]
    pub allow: Allow,
    /// Which roles the provider gives.
    #[serde(default)]
    pub roles: Roles,
}

/// Who may come in without having an account already. Nobody by default: many providers know the whole world.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Allow {
    /// These subjects (`sub`).
    pub subjects: Vec<String>,
    /// Whoever has a verified e-mail address at one of these domains. Domains below them are others.
    pub email_domains: Vec<String>,
    /// Everybody whom the provider knows, by an explicit word.
    pub everybody: Everybody,
}

/// Whether everybody whom the provider knows may come in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Everybody {
    /// No.
    #[default]
    Refused,
    /// Yes: the provider knows this organisation's people only.
    OurPeopleOnly,
}

/// Which roles the provider gives.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Roles {
    /// The claim that holds groups or roles: a text or a list of texts.
    pub claim: Option<String>,
    /// Its values, and the role of each. Who has several gets the highest. Such a person may come in.
    pub map: BTreeMap<String, Role>,
    /// The role of a new account that the map says nothing about.
    pub new: Option<Role>,
}

fn usual_scopes() -> Vec<String> {
    vec!["profile".to_owned(), "email".to_owned()]
}

impl OidcConfig {
    /// Checks what can be checked without asking the provider.
    ///
    /// # Errors
    /// When the issuer is no URL of the kind that is allowed, or a mapping has no claim.
    pub(super) fn check(&self) -> Result<Url, OidcError> {
        let wrong = |what: String| OidcError::Config(what);
        let issuer = Url::parse(&self.issuer).map_err(|e| wrong(format!("issuer: {e}")))?;
        if !may_be_asked(&issuer) {
            return Err(wrong("issuer: https is needed, or http on this machine".to_owned()));
        }
        // OpenID Connect Discovery 1.0 section 3.
        if issuer.query().is_some() || issuer.fragment().is_some() || !issuer.username().is_empty() {
            return Err(wrong("issuer: it has no query, fragment or user".to_owned()));
        }
        if self.client_id.is_empty() {
            return Err(wrong("client_id is empty".to_owned()));
        }
        if self.roles.claim.is_none() && !self.roles.map.is_empty() {
            return Err(wrong("roles.map needs roles.claim".to_owned()));
        }
        Ok(issuer)
    }

    /// The client's secret, when there is one.
    pub(super) fn secret(&self) -> Result<Option<ClientSecret>, OidcError> {
        self.client_secret_file.as_deref().map(secret_in).transpose()
    }

    /// The role that the provider gives, when the mapping knows one of the person's values.
    pub(super) fn role_of(&self, claims: &Claims) -> Option<Role> {
        let claim = self.roles.claim.as_deref()?;
        claims.texts(claim).iter().filter_map(|value| self.roles.map.get(*value)).max().copied()
    }

    /// The role of an account that is to be made for this person; `None` when the person may not come in without one.
    pub(super) fn role_for_new(&self, claims: &Claims) -> Option<Role> {
        let mapped = self.role_of(claims);
        let listed = self.allow.everybody == Everybody::OurPeopleOnly
            || self.allow.subjects.contains(&claims.subject)
            || claims.email.as_deref().is_some_and(|email| self.is_at_our_domain(email));
        mapped.or_else(|| listed.then(|| self.roles.new.unwrap_or(Role::Reader)))
    }

    fn is_at_our_domain(&self, email: &str) -> bool {
        let Some((_, domain)) = email.rsplit_once('@') else { return false };
        self.allow.email_domains.iter().any(|ours| ours.eq_ignore_ascii_case(domain))
    }
}

/// https, or plain http that does not leave this machine.
pub(crate) fn may_be_asked(url: &Url) -> bool {
    match url.scheme() {
        "https" => url.has_host(),
        "http" => url.host_str().is_some_and(is_loopback_name),
        _ => false,
    }
}

fn secret_in(path: &Path) -> Result<ClientSecret, OidcError> {
    let wrong = |what: String| OidcError::Config(format!("client_secret_file {}: {what}", path.display()));
    let file = fs::File::open(path).map_err(|e| wrong(e.to_string()))?;
    let mut text = String::new();
    file.take(SECRET_BYTES_MAX + 1).read_to_string(&mut text).map_err(|e| wrong(e.to_string()))?;
    let secret = text.trim_end_matches(['\r', '\n']);
    if secret.is_empty() || secret.contains('\n') || text.len() as u64 > SECRET_BYTES_MAX {
        return Err(wrong("one line with the secret is needed".to_owned()));
    }
    Ok(ClientSecret::new(secret.to_owned()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn config(more: &str) -> OidcConfig {
        let text = format!(
            "issuer = 'https://id.example'\nclient_id = 'node'\nlabel = {{ ja = '社内', en = 'Office' }}\n{more}"
        );
        toml::from_str(&text).expect("a configuration")
    }

    fn person(subject: &str, email: Option<&str>, groups: serde_json::Value) -> Claims {
        Claims {
            subject: subject.to_owned(),
            name: None,
            email: email.map(str::to_owned),
            others: [("groups".to_owned(), groups)].into_iter().collect(),
        }
    }

    #[test]
    fn nobody_comes_in_by_default() {
        let config = config("");
        assert_eq!(config.role_for_new(&person("1", Some("a@example.jp"), json!("admins"))), None);
        assert_eq!(config.scopes, ["profile", "email"]);
    }

    #[test]
    fn who_comes_in_and_as_what() {
        let config = config(
            "allow = { subjects = ['7'], email_domains = ['example.jp'] }\n\
             roles = { claim = 'groups', map = { csirt = 'analyst', admins = 'administrator' }, new = 'analyst' }",
        );
        let role = |subject, email, groups| config.role_for_new(&person(subject, email, groups));
        assert_eq!(role("7", None, json!(null)), Some(Role::Analyst));
        assert_eq!(role("8", None, json!(null)), None);
        assert_eq!(role("8", Some("a@EXAMPLE.jp"), json!([])), Some(Role::Analyst));
        assert_eq!(role("8", Some("a@sub.example.jp"), json!([])), None);
        assert_eq!(role("8", Some("example.jp"), json!([])), None);
        assert_eq!(role("8", Some("a@example.jp@evil.example"), json!([])), None);
        assert_eq!(role("8", None, json!(["csirt", "admins", "other"])), Some(Role::Administrator));
        assert_eq!(role("8", None, json!("csirt")), Some(Role::Analyst));
        assert_eq!(role("8", None, json!(["other", 7, null])), None);
        assert_eq!(role("8", None, json!({ "csirt": true })), None);
        assert_eq!(config.role_of(&person("7", None, json!(null))), None);
    }

    #[test]
    fn an_explicit_word_lets_everybody_in() {
        let config = config("allow = { everybody = 'our-people-only' }");
        assert_eq!(config.role_for_new(&person("8", None, json!(null))), Some(Role::Reader));
    }

    #[test]
    fn issuers_that_are_asked() {
        let check = |issuer: &str| OidcConfig { issuer: issuer.to_owned(), ..config("") }.check().is_ok();
        for issuer in [
            "https://id.example",
            "https://id.example/realms/a",
            "http://127.0.0.1:3000",
            "http://localhost:1",
            "http://[::1]:1",
        ] {
            assert!(check(issuer), "{issuer}");
        }
        for issuer in [
            "http://id.example",
            "http://127.0.0.1.evil.example",
            "file:///etc/passwd",
            "https://",
            "id.example",
            "https://id.example?x",
            "https://id.example#x",
            "https://a@id.example",
            "",
        ] {
            assert!(!check(issuer), "{issuer}");
        }
        assert!(config("roles = { map = { a = 'reader' } }").check().is_err());
    }

    #[test]
    fn the_secret_is_one_line() {
        let folder = tempfile::TempDir::new().expect("a folder");
        let path = folder.path().join("secret");
        let config = OidcConfig { client_secret_file: Some(path.clone()), ..config("") };
        assert!(config.secret().is_err());
        for (text, good) in [("s3cret\n", true), ("s3cret", true), ("", false), ("\n", false), ("a\nb\n", false)] {
            fs::write(&path, text).expect("written");
            assert_eq!(config.secret().is_ok(), good, "{text:?}");
        }
        fs::write(&path, "x".repeat(5000)).expect("written");
        assert!(config.secret().is_err());
    }
}
