//! Signed notes: a text and the signatures under it (C2SP signed-note, Ed25519 only).

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::VerifyingKey;
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::key::Key;
use crate::limits::{KEY_NAME_BYTES_MAX, KEY_TEXT_BYTES_MAX, NOTE_BYTES_MAX, NOTE_SIGNATURES_MAX};

/// The signature type byte of Ed25519.
pub(crate) const ED25519: u8 = 1;

/// A text with signatures, well-formed but not yet believed: call [`Note::verify`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<Signature>,
}

/// One signature line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The name of the key.
    pub name: String,
    /// The id of the key: with the name it says which key it was.
    pub id: u32,
    /// The signature proper; 64 bytes for Ed25519, unknown for keys that we don't know.
    pub bytes: Vec<u8>,
}

/// A public key that its owner handed out, with its name: `name+id+base64`.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    id: u32,
    key: VerifyingKey,
}

/// Why a note was not accepted.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoteError {
    /// Larger than [`NOTE_BYTES_MAX`].
    #[error("the note is larger than {NOTE_BYTES_MAX} bytes")]
    TooLarge,
    /// More than [`NOTE_SIGNATURES_MAX`] signatures.
    #[error("the note has more than {NOTE_SIGNATURES_MAX} signatures")]
    TooManySignatures,
    /// Not of the form of a signed note.
    #[error("this is not a signed note: {0}")]
    Malformed(&'static str),
    /// A known key did not make the signature that bears its name.
    #[error("the signature of {name} is wrong: the text was changed, or somebody else signed it")]
    BadSignature {
        /// The name of the known key.
        name: String,
    },
    /// None of the signatures is by a known key.
    #[error("no known key signed the note (it bears the names {})", names.join(", "))]
    UnknownKeys {
        /// The names on the signature lines.
        names: Vec<String>,
    },
}

/// Why a text is not a public key.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum VerifierKeyError {
    /// Not of the form `name+id+base64`.
    #[error("this is not a public key: the form is NAME+8 hexadecimal digits+Base64")]
    Malformed,
    /// The name is empty, too long, or has spaces, `+` or control characters.
    #[error("the key's name must be 1 to {KEY_NAME_BYTES_MAX} bytes without spaces, '+' or control characters")]
    Name,
    /// A signature type other than Ed25519.
    #[error("the key is not of the type Ed25519, the only one in use here")]
    Type,
    /// The id does not belong to this name and key: a typing error, or parts of two keys.
    #[error("the key's id does not belong to its name and Base64 part: was it copied whole?")]
    Id,
}

impl Note {
    /// Signs a text, which must end in a newline and have no control characters but newlines.
    #[must_use]
    pub fn sign(text: String, key: &Key) -> Self {
        debug_assert!(text.ends_with('\n') && !has_control_characters(&text), "callers build the text");
        let signature = Signature {
            name: key.name().to_owned(),
            id: key.verifier().id(),
            bytes: key.sign(text.as_bytes()).to_vec(),
        };
        Self { text, signatures: vec![signature] }
    }

    /// Reads a note strictly. Says nothing about whether its signatures hold.
    ///
    /// # Errors
    /// [`NoteError::TooLarge`], [`NoteError::TooManySignatures`], [`NoteError::Malformed`].
    pub fn parse(note: &str) -> Result<Self, NoteError> {
        if note.len() > NOTE_BYTES_MAX {
            return Err(NoteError::TooLarge);
        }
        if has_control_characters(note) {
            return Err(NoteError::Malformed("it has control characters"));
        }
        let at = note.rfind("\n\n").ok_or(NoteError::Malformed("no empty line before the signatures"))?;
        let (text, lines) = (&note[..=at], &note[at + 2..]);
        let lines = lines.strip_suffix('\n').ok_or(NoteError::Malformed("it does not end in a newline"))?;
        if lines.split('\n').count() > NOTE_SIGNATURES_MAX {
            return Err(NoteError::TooManySignatures);
        }
        let signatures = lines
            .split('\n')
            .map(Signature::parse)
            .collect::<Option<_>>()
            .ok_or(NoteError::Malformed("a signature line is not of the form '— NAME BASE64'"))?;
        Ok(Self { text: text.to_owned(), signatures })
    }

    /// Checks every signature by a known key, and returns those keys: at least one. Signatures by others are ignored;
    /// one wrong signature by a known key refuses the note.
    ///
    /// # Errors
    /// [`NoteError::BadSignature`], [`NoteError::UnknownKeys`].
    pub fn verify<'k>(&self, keys: &'k [VerifierKey]) -> Result<Vec<&'k VerifierKey>, NoteError> {
        let mut signers = Vec::new();
        for signature in &self.signatures {
            for key in keys.iter().filter(|key| key.name == signature.name && key.id == signature.id) {
                if !key.has_signed(self.text.as_bytes(), &signature.bytes) {
                    return Err(NoteError::BadSignature { name: key.name.clone() });
                }
                signers.push(key);
            }
        }
        if signers.is_empty() {
            return Err(NoteError::UnknownKeys { names: self.signatures.iter().map(|s| s.name.clone()).collect() });
        }
        Ok(signers)
    }

    /// The text that is signed, with its last newline.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signatures, in order.
    #[must_use]
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| writeln!(f, "{signature}"))
    }
}

impl Signature {
    fn parse(line: &str) -> Option<Self> {
        let (name, base64) = line.strip_prefix("— ")?.split_once(' ')?;
        let bytes = STANDARD.decode(base64).ok()?;
        let (id, signature) = bytes.split_first_chunk::<4>()?;
        (is_key_name(name) && !signature.is_empty()).then(|| Self {
            name: name.to_owned(),
            id: u32::from_be_bytes(*id),
            bytes: signature.to_vec(),
        })
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = self.id.to_be_bytes().to_vec();
        bytes.extend_from_slice(&self.bytes);
        write!(f, "— {} {}", self.name, STANDARD.encode(bytes))
    }
}

impl VerifierKey {
    /// The name of the key, which is also the origin of the log that it signs for.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The id of the key: with the name it says which key it is.
    #[must_use]
    pub const fn id(&self) -> u32 {
        self.id
    }

    pub(crate) fn new(name: &str, key: VerifyingKey) -> Self {
        Self { name: name.to_owned(), id: key_id(name, &key), key }
    }

    /// The strict check: it refuses the weak keys and the second forms of signatures that Ed25519 knows.
    fn has_signed(&self, text: &[u8], signature: &[u8]) -> bool {
        ed25519_dalek::Signature::from_slice(signature)
            .is_ok_and(|signature| self.key.verify_strict(text, &signature).is_ok())
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut typed = vec![ED25519];
        typed.extend_from_slice(self.key.as_bytes());
        write!(f, "{}+{:08x}+{}", self.name, self.id, STANDARD.encode(typed))
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifierKey({self})")
    }
}

impl FromStr for VerifierKey {
    type Err = VerifierKeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, id, bytes) = split_key_text(text)?;
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| VerifierKeyError::Malformed)?;
        let verifier = Self::new(name, key);
        if verifier.id == id { Ok(verifier) } else { Err(VerifierKeyError::Id) }
    }
}

/// The three parts of `name+id+base64(type, 32 bytes)`, the form of public and private keys alike.
pub(crate) fn split_key_text(text: &str) -> Result<(&str, u32, [u8; 32]), VerifierKeyError> {
    if text.len() > KEY_TEXT_BYTES_MAX {
        return Err(VerifierKeyError::Malformed);
    }
    // The Base64 part may have a '+' too; the name may not.
    let mut parts = text.splitn(3, '+');
    let (Some(name), Some(id), Some(base64)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(VerifierKeyError::Malformed);
    };
    if !is_key_name(name) {
        return Err(VerifierKeyError::Name);
    }
    let number = u32::from_str_radix(id, 16).map_err(|_| VerifierKeyError::Malformed)?;
    if format!("{number:08x}") != id {
        return Err(VerifierKeyError::Malformed);
    }
    let typed = STANDARD.decode(base64).map_err(|_| VerifierKeyError::Malformed)?;
    let (kind, bytes) = typed.split_first().ok_or(VerifierKeyError::Malformed)?;
    if *kind != ED25519 {
        return Err(VerifierKeyError::Type);
    }
    Ok((name, number, bytes.try_into().map_err(|_| VerifierKeyError::Malformed)?))
}

/// True for 1 to [`KEY_NAME_BYTES_MAX`] bytes without Unicode spaces, `+` and control characters.
pub(crate) fn is_key_name(name: &str) -> bool {
    (1..=KEY_NAME_BYTES_MAX).contains(&name.len())
        && !name.chars().any(|c| c.is_whitespace() || c.is_control() || c == '+')
}

/// The first four bytes of SHA-256 over name, newline, type and key.
pub(crate) fn key_id(name: &str, key: &VerifyingKey) -> u32 {
    let digest: [u8; 32] =
        Sha256::new().chain_update(name).chain_update([b'\n', ED25519]).chain_update(key.as_bytes()).finalize().into();
    u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]])
}

fn has_control_characters(text: &str) -> bool {
    text.bytes().any(|b| b < 0x20 && b != b'\n')
}
