//! PKCS#11 URIs (RFC 7512): which key of which token, and through which module.

use std::collections::BTreeSet;
use std::path::PathBuf;

use percent_encoding::percent_decode_str;

use crate::limits::TOKEN_URI_BYTES_MAX;
use crate::signer::{SignCause, SignError};

const SCHEME: &str = "pkcs11:";

/// Where a key lies. All that is named must fit; at least the key's label or id is named, and the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TokenUri {
    /// As it was written, and as it is kept. Nothing in it is secret.
    pub text: String,
    pub token: Option<String>,
    pub manufacturer: Option<String>,
    pub serial: Option<String>,
    pub model: Option<String>,
    pub slot: Option<u64>,
    /// The label of the key.
    pub object: Option<String>,
    /// The id of the key.
    pub id: Option<Vec<u8>>,
    /// The shared library through which the token is reached.
    pub module: PathBuf,
    /// The file whose first line is the PIN.
    pub pin: Option<PathBuf>,
}

impl TokenUri {
    /// Reads a URI. What is not understood is refused, as another token or key might be meant.
    pub fn parse(text: &str) -> Result<Self, SignError> {
        let refused = |problem: String| SignError { place: in_short(text), problem, cause: SignCause::Name };
        if text.len() > TOKEN_URI_BYTES_MAX {
            return Err(refused(format!("the URI has more than {TOKEN_URI_BYTES_MAX} bytes")));
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(refused("a URI has no blanks and other characters that are not percent-encoded".to_owned()));
        }
        let parts = text.strip_prefix(SCHEME).ok_or_else(|| refused(format!("it does not begin with {SCHEME}")))?;
        let (path, query) = parts.split_once('?').unwrap_or((parts, ""));
        let mut uri = Self { text: text.to_owned(), ..Self::default() };
        let mut names = BTreeSet::new();
        let attributes = path.split(';').map(|attribute| (attribute, false));
        let attributes = attributes.chain(query.split('&').map(|attribute| (attribute, true)));
        for (attribute, in_query) in attributes.filter(|(attribute, _)| !attribute.is_empty()) {
            let (name, value) =
                attribute.split_once('=').ok_or_else(|| refused(format!("{attribute} has no value")))?;
            if !names.insert(name) {
                return Err(refused(format!("{name} is there twice")));
            }
            let is_query = matches!(name, "module-path" | "pin-source" | "module-name" | "pin-value");
            if is_query != in_query {
                return Err(refused(format!("{name} stands on the wrong side of the question mark")));
            }
            uri.set(name, value).map_err(refused)?;
        }
        if uri.object.is_none() && uri.id.is_none() {
            return Err(refused("it names no key: object or id is missing".to_owned()));
        }
        if !uri.module.is_absolute() {
            return Err(refused("module-path is missing, or is no absolute path".to_owned()));
        }
        Ok(uri)
    }

    /// The URI without its query.
    pub fn place(&self) -> String {
        in_short(&self.text)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let bytes: Vec<u8> = percent_decode_str(value).collect();
        let text = || String::from_utf8(bytes.clone()).map_err(|_| format!("{name} is not UTF-8"));
        match name {
            "token" => self.token = Some(text()?),
            "manufacturer" => self.manufacturer = Some(text()?),
            "serial" => self.serial = Some(text()?),
            "model" => self.model = Some(text()?),
            "object" => self.object = Some(text()?),
            "id" => self.id = Some(bytes),
            "slot-id" => self.slot = Some(text()?.parse().map_err(|_| "slot-id is no number".to_owned())?),
            // The private key is meant in any case.
            "type" if matches!(value, "private" | "public") => {}
            "module-path" => self.module = text()?.into(),
            "pin-source" => self.pin = Some(file_of(&text()?)?),
            "pin-value" => {
                return Err(
                    "a PIN does not belong into a URI: write it into a file, and name that with pin-source".to_owned()
                );
            }
            _ => return Err(format!("{name}={value} is not understood")),
        }
        Ok(())
    }
}

/// The file of a `pin-source`: a path, or a `file:` URI of this machine. No command is run.
fn file_of(source: &str) -> Result<PathBuf, String> {
    let path = source.strip_prefix("file://").or_else(|| source.strip_prefix("file:")).unwrap_or(source);
    let path = PathBuf::from(path);
    if path.is_absolute() { Ok(path) } else { Err("pin-source is no absolute path of a file".to_owned()) }
}

/// What may be shown: the part that names the key.
fn in_short(text: &str) -> String {
    const SHOWN_CHARS: usize = 200;
    text.split('?').next().unwrap_or_default().chars().filter(|c| !c.is_control()).take(SHOWN_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_names_token_key_module_and_pin() {
        let text = "pkcs11:token=City%20log;object=log;id=%01%ff;type=private;slot-id=3?module-path=/usr/lib/m.so&pin-source=file:/etc/pin";
        let uri = TokenUri::parse(text).expect("a URI");
        assert_eq!(uri.token.as_deref(), Some("City log"));
        assert_eq!((uri.object.as_deref(), uri.id.as_deref(), uri.slot), (Some("log"), Some(&[1, 255][..]), Some(3)));
        assert_eq!((uri.module, uri.pin), ("/usr/lib/m.so".into(), Some("/etc/pin".into())));
        assert_eq!(uri.text, text);
        let uri = TokenUri::parse("pkcs11:object=log?pin-source=file:///etc/pin&module-path=/m.so").expect("a URI");
        assert_eq!(uri.pin, Some("/etc/pin".into()));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for (uri, why) in [
            ("https://example.jp", "pkcs11:"),
            ("pkcs11:token=a?module-path=/m.so", "object or id"),
            ("pkcs11:object=log", "module-path"),
            ("pkcs11:object=log?module-path=m.so", "module-path"),
            ("pkcs11:object=log;object=log?module-path=/m.so", "twice"),
            ("pkcs11:object=log;colour=red?module-path=/m.so", "colour"),
            ("pkcs11:object=log;type=cert?module-path=/m.so", "type"),
            ("pkcs11:object?module-path=/m.so", "value"),
            ("pkcs11:object=log;module-path=/m.so", "side"),
            ("pkcs11:token=a?module-path=/m.so&object=log", "side"),
            ("pkcs11:object=log?module-path=/m.so&pin-value=1234", "pin-source"),
            ("pkcs11:object=log?module-path=/m.so&pin-source=|/bin/pin", "pin-source"),
            ("pkcs11:object=a b?module-path=/m.so", "blanks"),
            ("pkcs11:object=%ff?module-path=/m.so", "UTF-8"),
            ("pkcs11:object=log;slot-id=x?module-path=/m.so", "slot-id"),
        ] {
            let error = TokenUri::parse(uri).expect_err("refused");
            assert!(error.problem.contains(why), "{uri}: {error}");
            assert!(!error.to_string().contains("1234"), "{error}");
        }
        assert!(TokenUri::parse(&format!("pkcs11:object={}?module-path=/m.so", "a".repeat(5_000))).is_err());
    }
}
