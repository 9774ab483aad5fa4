//! Secrets that the program makes: sessions, tokens of programs, and the code of the first sign-in. What is stored is a SHA-256
//! digest: with 100 random bits and more, nothing slower is needed (OWASP Session Management Cheat Sheet; NIST SP 800-63B-4
//! sections 3.1.2.2 and 5.1). None of them can be printed by accident.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use sakimori_model::Digest;
use subtle::ConstantTimeEq;
use thiserror::Error;

/// Random bytes of a session id and of a token: 256 bits.
const SECRET_BYTES: usize = 32;
/// Bytes of a token's checksum.
const CHECK_BYTES: usize = 4;
/// Before each token, so that scanners of source code find one: `skm_[A-Za-z0-9_-]{48}`.
pub const TOKEN_PREFIX: &str = "skm_";
/// Characters of a code: 100 bits.
const CODE_CHARS: usize = 20;
const CODE_GROUP_CHARS: usize = 5;
/// Most bytes of a code as somebody types it, with its hyphens and spaces.
const CODE_TYPED_BYTES_MAX: usize = 64;
/// The 32 digits of Crockford's base 32: no I, L, O, U.
const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The id of a session, as the cookie carries it: 43 characters of base64url.
#[derive(Clone)]
pub struct SessionSecret([u8; SECRET_BYTES]);

/// A token of a program: `skm_` and 48 characters of base64url, which are 32 random bytes and a checksum of them, so that a
/// cut or mistyped one is told from one that was revoked.
#[derive(Clone)]
pub struct ApiToken([u8; SECRET_BYTES]);

/// The code of the one first sign-in: four groups of five characters, read aloud or typed without mistakes.
#[derive(Clone)]
pub struct FirstCode([u8; CODE_CHARS]);

/// A text that is no such secret. It does not repeat the text.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum SecretError {
    /// Not the form of a session id.
    #[error("not a session id")]
    Session,
    /// Not the form of a token.
    #[error("not a token: skm_ and 48 characters are needed")]
    Token,
    /// The checksum does not fit: cut short or mistyped.
    #[error("the token is mistyped or cut short: its checksum does not fit")]
    Checksum,
    /// Not the form of a code.
    #[error("not a first sign-in code: 20 letters and digits are needed")]
    Code,
}

impl SecretError {
    /// The stable code, under which title and hint are found.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Session => "SKM-E-0156",
            Self::Token | Self::Checksum => "SKM-E-0157",
            Self::Code => "SKM-E-0158",
        }
    }
}

impl SessionSecret {
    /// A new one.
    ///
    /// # Errors
    /// When the system has no random numbers.
    pub fn random() -> Result<Self, getrandom::Error> {
        random().map(Self)
    }

    /// Reads what a cookie carries.
    ///
    /// # Errors
    /// When the text has another form.
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        decode(text).map(Self).ok_or(SecretError::Session)
    }

    /// The text, for the cookie and nothing else.
    #[must_use]
    pub fn reveal(&self) -> String {
        BASE64.encode(self.0)
    }

    /// What is stored.
    #[must_use]
    pub fn digest(&self) -> Digest {
        digest("session", &self.0)
    }
}

impl ApiToken {
    /// A new one.
    ///
    /// # Errors
    /// When the system has no random numbers.
    pub fn random() -> Result<Self, getrandom::Error> {
        random().map(Self)
    }

    /// Reads what a request carries after `Bearer `.
    ///
    /// # Errors
    /// When the text has another form, or its checksum does not fit.
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        let body = text.strip_prefix(TOKEN_PREFIX).ok_or(SecretError::Token)?;
        let bytes: [u8; SECRET_BYTES + CHECK_BYTES] = decode(body).ok_or(SecretError::Token)?;
        let (secret, check) = bytes.split_at(SECRET_BYTES);
        let token = Self(secret.try_into().map_err(|_| SecretError::Token)?);
        if token.check() == check { Ok(token) } else { Err(SecretError::Checksum) }
    }

    /// The text, shown once to whoever asked for it.
    #[must_use]
    pub fn reveal(&self) -> String {
        format!("{TOKEN_PREFIX}{}", BASE64.encode([self.0.as_slice(), &self.check()].concat()))
    }

    /// What is stored.
    #[must_use]
    pub fn digest(&self) -> Digest {
        digest("token", &self.0)
    }

    /// Anybody can compute it: it finds mistakes, and no forgeries.
    fn check(&self) -> [u8; CHECK_BYTES] {
        let mut check = [0; CHECK_BYTES];
        check.copy_from_slice(&digest("checksum", &self.0).as_bytes()[..CHECK_BYTES]);
        check
    }
}

impl FirstCode {
    /// A new one.
    ///
    /// # Errors
    /// When the system has no random numbers.
    pub fn random() -> Result<Self, getrandom::Error> {
        let bytes: [u8; CODE_CHARS] = random()?;
        // 256 is a multiple of 32, so that every digit is as likely.
        Ok(Self(bytes.map(|byte| CROCKFORD[usize::from(byte) % CROCKFORD.len()])))
    }

    /// Reads what somebody typed: small letters, and O for 0, I and L for 1, are understood; hyphens and spaces don't count.
    ///
    /// # Errors
    /// When these are not 20 digits of Crockford's base 32.
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        if text.len() > CODE_TYPED_BYTES_MAX {
            return Err(SecretError::Code);
        }
        let typed = text.bytes().filter(|b| !matches!(b, b'-' | b' ')).map(|b| match b.to_ascii_uppercase() {
            b'O' => b'0',
            b'I' | b'L' => b'1',
            other => other,
        });
        let typed: Vec<u8> = typed.collect();
        let code: [u8; CODE_CHARS] = typed.try_into().map_err(|_| SecretError::Code)?;
        if code.iter().all(|b| CROCKFORD.contains(b)) { Ok(Self(code)) } else { Err(SecretError::Code) }
    }

    /// The text in groups, `ABCDE-…`, for the terminal of whoever started the program.
    #[must_use]
    pub fn reveal(&self) -> String {
        self.0.chunks(CODE_GROUP_CHARS).map(String::from_utf8_lossy).collect::<Vec<_>>().join("-")
    }

    /// What is stored until it is used.
    #[must_use]
    pub fn digest(&self) -> Digest {
        digest("first sign-in", &self.0)
    }
}

/// Compares two digests in a time that does not depend on where they differ.
#[must_use]
pub fn same(one: &Digest, other: &Digest) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

fn random<const N: usize>() -> Result<[u8; N], getrandom::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

/// Each kind has a digest of its own, so that one kind of secret can't stand for another.
fn digest(kind: &str, secret: &[u8]) -> Digest {
    Digest::of(&[b"sakimori ", kind.as_bytes(), b"\n", secret].concat())
}

/// Exactly `N` bytes in the one base64url spelling that they have.
fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() > 2 * N {
        return None;
    }
    BASE64.decode(text).ok()?.try_into().ok()
}

impl fmt::Debug for SessionSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionSecret(…)")
    }
}

impl fmt::Debug for ApiToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiToken(…)")
    }
}

impl fmt::Debug for FirstCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FirstCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_made_can_be_read() {
        let session = SessionSecret::random().expect("random");
        assert_eq!(session.reveal().len(), 43);
        assert!(same(&SessionSecret::parse(&session.reveal()).expect("read").digest(), &session.digest()));
        let token = ApiToken::random().expect("random");
        assert_eq!(token.reveal().len(), 52);
        assert!(same(&ApiToken::parse(&token.reveal()).expect("read").digest(), &token.digest()));
        let code = FirstCode::random().expect("random");
        assert_eq!(code.reveal().len(), 23);
        assert!(same(&FirstCode::parse(&code.reveal()).expect("read").digest(), &code.digest()));
        assert!(!same(&session.digest(), &token.digest()));
    }

    #[test]
    fn one_byte_more_or_other_is_refused() {
        let token = ApiToken([7; SECRET_BYTES]).reveal();
        for n in TOKEN_PREFIX.len()..token.len() {
            let mut other = token.clone().into_bytes();
            other[n] = if other[n] == b'A' { b'B' } else { b'A' };
            let other = String::from_utf8(other).expect("text");
            assert_eq!(ApiToken::parse(&other).err(), Some(SecretError::Checksum), "{other}");
            assert_eq!(ApiToken::parse(&token[..n]).err(), Some(SecretError::Token), "{n}");
        }
        for text in [format!("{token}A"), token.replace("skm_", "SKM_"), format!(" {token}"), "x".repeat(1 << 20)] {
            assert_eq!(ApiToken::parse(&text).err(), Some(SecretError::Token));
        }
        let session = SessionSecret([7; SECRET_BYTES]).reveal();
        for text in [&session[1..], &format!("{session}="), &format!("{session}AA"), ""] {
            assert_eq!(SessionSecret::parse(text).err(), Some(SecretError::Session), "{text}");
        }
    }

    #[test]
    fn the_form_of_a_token_is_what_scanners_look_for() {
        let text = ApiToken([0xff; SECRET_BYTES]).reveal();
        assert!(text[4..].bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'), "{text}");
    }

    #[test]
    fn a_code_is_read_as_people_write_it() {
        let code = FirstCode(*b"0123456789ABCDEFGHJK");
        assert_eq!(code.reveal(), "01234-56789-ABCDE-FGHJK");
        for text in
            ["01234-56789-abcde-fghjk", "o1234 56789 ABCDE FGHJK", "OL23456789ABCDEFGHJK", "0i234-56789-abcde-fghjk "]
        {
            assert!(same(&FirstCode::parse(text).expect(text).digest(), &code.digest()), "{text}");
        }
        for text in [
            "",
            "01234-56789-ABCDE-FGHJ",
            "01234-56789-ABCDE-FGHJKM",
            "01234-56789-ABCDE-FGHJU",
            "０1234-56789-ABCDE-FGHJK",
        ] {
            assert_eq!(FirstCode::parse(text).err(), Some(SecretError::Code), "{text}");
        }
    }

    #[test]
    fn nothing_of_it_is_printed() {
        let shown = format!("{:?} {:?} {:?}", SessionSecret([7; 32]), ApiToken([7; 32]), FirstCode([b'7'; CODE_CHARS]));
        assert!(!shown.contains('7'), "{shown}");
    }

    proptest! {
        #[test]
        fn reading_never_panics_and_has_one_spelling(text in any::<String>()) {
            if let Ok(token) = ApiToken::parse(&text) {
                prop_assert_eq!(token.reveal(), text.clone());
            }
            if let Ok(session) = SessionSecret::parse(&text) {
                prop_assert_eq!(session.reveal(), text.clone());
            }
            let _ = FirstCode::parse(&text);
        }
    }
}
