//! Signed notes: a text and the signatures under it (C2SP signed-note). Three types of signature are known: that of the note's
//! text, and the two cosignatures of checkpoints (C2SP tlog-cosignature, see `cosignature.rs`).

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::VerifyingKey;
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::cosignature;
use crate::key::Key;
use crate::limits::{KEY_NAME_BYTES_MAX, KEY_TEXT_BYTES_MAX, NOTE_BYTES_MAX, NOTE_SIGNATURES_MAX};
use crate::signer::SignError;

/// What a key signs, and how: the signature types of C2SP signed-note that are known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// Ed25519 over the note's text (type `0x01`).
    Note,
    /// Ed25519 cosignatures of checkpoints, with their time (type `0x04`).
    Cosignature,
    /// ML-DSA-44 cosignatures of checkpoints (type `0x06`): of a witness, or of a log itself.
    MlDsa44,
}

impl KeyKind {
    pub(crate) const fn byte(self) -> u8 {
        match self {
            Self::Note => 1,
            Self::Cosignature => 4,
            Self::MlDsa44 => 6,
        }
    }

    const fn of_byte(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(Self::Note),
            4 => Some(Self::Cosignature),
            6 => Some(Self::MlDsa44),
            _ => None,
        }
    }
}

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
    /// The signature proper; 64 bytes for Ed25519, with a time before it in cosignatures, unknown for keys that we don't know.
    pub bytes: Vec<u8>,
}

/// A public key that its owner handed out, with its name: `name+id+base64`.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    id: u32,
    public: Public,
}

#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Public {
    Note(VerifyingKey),
    Cosignature(VerifyingKey),
    MlDsa44(Box<[u8; cosignature::ML_DSA_PUBLIC_BYTES]>),
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
    /// A signature type that is not known, or not one for this use.
    #[error(
        "the key is of a type that is not in use here; known are Ed25519 (1), Ed25519 cosignatures (4) and ML-DSA-44 (6)"
    )]
    Type,
    /// The id does not belong to this name and key: a typing error, or parts of two keys.
    #[error("the key's id does not belong to its name and Base64 part: was it copied whole?")]
    Id,
}

impl Note {
    /// Signs a text, which must end in a newline and have no control characters but newlines.
    ///
    /// # Errors
    /// [`SignError`], if the key lies elsewhere.
    pub fn sign(text: String, key: &Key) -> Result<Self, SignError> {
        debug_assert!(text.ends_with('\n') && !has_control_characters(&text), "callers build the text");
        let signature = key.sign_note(&text)?;
        Ok(Self { text, signatures: vec![signature] })
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

    /// Checks every signature by a known key, and returns those keys, each once: at least one. Signatures by others are
    /// ignored; one wrong signature by a known key refuses the note, also where another one by the same key holds.
    ///
    /// # Errors
    /// [`NoteError::BadSignature`], [`NoteError::UnknownKeys`].
    pub fn verify<'k>(&self, keys: &'k [VerifierKey]) -> Result<Vec<&'k VerifierKey>, NoteError> {
        let mut signers = Vec::new();
        for signature in &self.signatures {
            for key in keys.iter().filter(|key| key.name == signature.name && key.id == signature.id) {
                if !key.has_signed(&self.text, &signature.bytes) {
                    return Err(NoteError::BadSignature { name: key.name.clone() });
                }
                if !signers.contains(&key) {
                    signers.push(key);
                }
            }
        }
        if signers.is_empty() {
            return Err(NoteError::UnknownKeys { names: self.signatures.iter().map(|s| s.name.clone()).collect() });
        }
        Ok(signers)
    }

    /// The same note with one more signature, unless there are [`NOTE_SIGNATURES_MAX`]. One of the same key is replaced: the
    /// newer cosignature says more.
    #[must_use]
    pub fn with(mut self, signature: Signature) -> Self {
        self.signatures.retain(|old| (&old.name, old.id) != (&signature.name, signature.id));
        if self.signatures.len() < NOTE_SIGNATURES_MAX {
            self.signatures.push(signature);
        }
        self
    }

    /// The same note with the signatures by these keys only.
    #[must_use]
    pub fn only(mut self, keys: &[&VerifierKey]) -> Self {
        self.signatures.retain(|line| keys.iter().any(|key| key.is_named(line)));
        self
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
    /// Reads a signature line, without its newline. `None` unless it is of the form `— NAME BASE64`.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
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

    /// What it signs, and how.
    #[must_use]
    pub const fn kind(&self) -> KeyKind {
        match self.public {
            Public::Note(_) => KeyKind::Note,
            Public::Cosignature(_) => KeyKind::Cosignature,
            Public::MlDsa44(_) => KeyKind::MlDsa44,
        }
    }

    /// True when both are the same key to the algorithm, whatever their names are.
    #[must_use]
    pub fn is_same_key(&self, other: &Self) -> bool {
        self.public.bytes() == other.public.bytes()
    }

    /// The Ed25519 key, of a log or of a witness.
    #[cfg(feature = "token")]
    pub(crate) fn ed25519(&self) -> Option<VerifyingKey> {
        match self.public {
            Public::Note(key) | Public::Cosignature(key) => Some(key),
            Public::MlDsa44(_) => None,
        }
    }

    pub(crate) fn new(name: &str, public: Public) -> Self {
        let mut key = Self { name: name.to_owned(), id: 0, public };
        key.id = key_id(name, key.kind(), key.public.bytes());
        key
    }

    /// True when the line says that it is by this key.
    pub(crate) fn is_named(&self, line: &Signature) -> bool {
        self.name == line.name && self.id == line.id
    }

    /// True when this is an Ed25519 key of a log, and has signed just these bytes.
    pub(crate) fn has_signed_bytes(&self, message: &[u8], signature: &[u8]) -> bool {
        matches!(&self.public, Public::Note(key) if ed25519(key, message, signature))
    }

    fn has_signed(&self, text: &str, signature: &[u8]) -> bool {
        match &self.public {
            Public::Note(key) => ed25519(key, text.as_bytes(), signature),
            Public::Cosignature(key) => cosignature::split(signature)
                .is_some_and(|(time, signature)| ed25519(key, &cosignature::ed25519_message(time, text), signature)),
            Public::MlDsa44(key) => cosignature::split(signature)
                .is_some_and(|(time, signature)| cosignature::ml_dsa_holds(key, &self.name, time, text, signature)),
        }
    }
}

/// The strict check: it refuses the weak keys and the second forms of signatures that Ed25519 knows.
fn ed25519(key: &VerifyingKey, message: &[u8], signature: &[u8]) -> bool {
    ed25519_dalek::Signature::from_slice(signature)
        .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok())
}

impl Public {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Note(key) | Self::Cosignature(key) => key.as_bytes(),
            Self::MlDsa44(key) => key.as_slice(),
        }
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut typed = vec![self.kind().byte()];
        typed.extend_from_slice(self.public.bytes());
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
        let (name, id, kind, bytes) = split_key_text(text)?;
        let ed25519 = |bytes: Vec<u8>| {
            let bytes: [u8; 32] = bytes.try_into().map_err(|_| VerifierKeyError::Malformed)?;
            VerifyingKey::from_bytes(&bytes).map_err(|_| VerifierKeyError::Malformed)
        };
        let public = match kind {
            KeyKind::Note => Public::Note(ed25519(bytes)?),
            KeyKind::Cosignature => Public::Cosignature(ed25519(bytes)?),
            KeyKind::MlDsa44 => {
                Public::MlDsa44(bytes.into_boxed_slice().try_into().map_err(|_| VerifierKeyError::Malformed)?)
            }
        };
        let verifier = Self::new(name, public);
        if verifier.id == id { Ok(verifier) } else { Err(VerifierKeyError::Id) }
    }
}

/// The parts of `name+id+base64(type, bytes)`, the form of public and private keys alike.
pub(crate) fn split_key_text(text: &str) -> Result<(&str, u32, KeyKind, Vec<u8>), VerifierKeyError> {
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
    let kind = KeyKind::of_byte(*kind).ok_or(VerifierKeyError::Type)?;
    Ok((name, number, kind, bytes.to_vec()))
}

/// True for 1 to [`KEY_NAME_BYTES_MAX`] bytes without Unicode spaces, `+` and control characters.
pub(crate) fn is_key_name(name: &str) -> bool {
    (1..=KEY_NAME_BYTES_MAX).contains(&name.len())
        && !name.chars().any(|c| c.is_whitespace() || c.is_control() || c == '+')
}

/// The first four bytes of SHA-256 over name, newline, type and key.
fn key_id(name: &str, kind: KeyKind, key: &[u8]) -> u32 {
    let digest: [u8; 32] =
        Sha256::new().chain_update(name).chain_update([b'\n', kind.byte()]).chain_update(key).finalize().into();
    u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]])
}

fn has_control_characters(text: &str) -> bool {
    text.bytes().any(|b| b < 0x20 && b != b'\n')
}
