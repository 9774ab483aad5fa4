//! The private keys of a log and of a witness, and the file that they are kept in, or that says where they are.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::SigningKey;
use ml_dsa::signature::Keypair as _;
use ml_dsa::{MlDsa44, SignatureEncoding as _};
use thiserror::Error;

use crate::checkpoint::Checkpoint;
use crate::cosignature;
use crate::disk::folder_of;
use crate::limits::KEY_TEXT_BYTES_MAX;
use crate::note::{KeyKind, Public, Signature, VerifierKey, VerifierKeyError, is_key_name, split_key_text};
use crate::signer::{Private, SignError, Signer};
#[cfg(feature = "token")]
use crate::token::TokenKey;

/// What a key signs that is tried: no note, and no checkpoint.
pub(crate) const TRIED: &[u8] = b"sakimori: can this key sign?\n";
const PRIVATE_PREFIX: &str = "PRIVATE+KEY+";
/// What stands between a public key and the URI of its private half.
const URI_SIGN: &str = " pkcs11:";

/// The key of a log: a named Ed25519 key, and beside it an ML-DSA-44 key of the same name if there is one. While it takes the place of
/// another key, it has that one, too, and checkpoints bear the signatures of both. The private half of the Ed25519 key may lie
/// elsewhere ([`Signer`]). The secrets are wiped from memory when they are dropped.
pub struct Key {
    signer: Box<dyn Signer>,
    verifier: VerifierKey,
    second: Option<MlDsaKey>,
    previous: Option<Box<Key>>,
}

/// The key of a witness: the same, but its Ed25519 key makes cosignatures and nothing else. A key of a log is refused as one,
/// and the other way round: an Ed25519 cosignature doesn't say who made it, so a key must have one use only (C2SP
/// tlog-cosignature, "Ed25519 signed message").
pub struct WitnessKey(Key);

/// A named ML-DSA-44 key.
struct MlDsaKey {
    signing: Box<ml_dsa::SigningKey<MlDsa44>>,
    verifier: VerifierKey,
}

/// Where a key is to lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyPlace<'u> {
    /// It is made, to be kept in the key file.
    File,
    /// It lies in the token of this PKCS#11 URI (RFC 7512).
    Token(&'u str),
    /// It is made there. Its private half can't be taken out.
    NewInToken(&'u str),
}

impl KeyPlace<'_> {
    fn signer(self) -> Result<Box<dyn Signer>, KeyError> {
        Ok(match self {
            Self::File => Box::new(SigningKey::from_bytes(&random_seed()?)),
            #[cfg(feature = "token")]
            Self::Token(uri) => Box::new(TokenKey::find(uri)?),
            #[cfg(feature = "token")]
            Self::NewInToken(uri) => Box::new(TokenKey::generate(uri)?),
            #[cfg(not(feature = "token"))]
            Self::Token(uri) | Self::NewInToken(uri) => return Err(without_tokens(uri)),
        })
    }
}

/// Why a key could not be made, kept or read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The text is not a private key; says why.
    #[error("this is not a private key: {0}")]
    Malformed(VerifierKeyError),
    /// The operating system gave no random bytes.
    #[error("the operating system gave no random bytes: {0}")]
    Random(getrandom::Error),
    /// The file can be read by others than its owner.
    #[error("{path} can be read by others (mode {mode:04o}): the key may be stolen; hint: chmod 600 {path}, and make a new key if others use this machine", path = .path.display())]
    Exposed {
        /// The key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// There is a file already; it is never overwritten.
    #[error("{} exists already, and a key is never overwritten", path.display())]
    Exists {
        /// The key file.
        path: PathBuf,
    },
    /// The key before it still signs, so there can't be another one.
    #[error("the key before this one still signs: end that first")]
    HasPrevious,
    /// There is no key before it that still signs.
    #[error("no earlier key signs beside this one")]
    NoPrevious,
    /// The private half lies elsewhere, and could not be used there.
    #[error(transparent)]
    Elsewhere(#[from] SignError),
    /// There is an ML-DSA-44 key already.
    #[error("there is an ML-DSA-44 key already, and a key is never overwritten")]
    HasMlDsa,
    /// The file could not be read or written.
    #[error("could not {action} the key file {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The key file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

impl Key {
    /// A new Ed25519 key from the operating system's random source.
    ///
    /// # Errors
    /// [`KeyError::Malformed`] if the name is not one, [`KeyError::Random`].
    pub fn generate(name: &str) -> Result<Self, KeyError> {
        Self::at(name, KeyPlace::File)
    }

    /// The Ed25519 key with this seed, as in RFC 8032.
    ///
    /// # Errors
    /// [`KeyError::Malformed`] if the name is not one.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, KeyError> {
        Self::of_kind(name, KeyKind::Note, seed)
    }

    /// A new key of this name, or one that is there: it then has signed a text to show that it can be used.
    ///
    /// # Errors
    /// [`KeyError::Malformed`] if the name is not one, before a key is made; [`KeyError::Random`], [`KeyError::Elsewhere`].
    pub fn at(name: &str, place: KeyPlace<'_>) -> Result<Self, KeyError> {
        Self::of_place(name, KeyKind::Note, place)
    }

    /// Signs a text, if the private half lies elsewhere, to show whether it can be used.
    ///
    /// # Errors
    /// Why it can't.
    pub fn try_it(&self) -> Result<(), SignError> {
        let mut keys = std::iter::once(self).chain(self.previous()).filter(|key| key.uri().is_some());
        keys.try_for_each(|key| key.sign(TRIED).map(drop))
    }

    /// Where the private half of the Ed25519 key lies, if not in the key file: a PKCS#11 URI.
    #[must_use]
    pub fn uri(&self) -> Option<&str> {
        match self.signer.private() {
            Private::Held(_) => None,
            Private::At(uri) => Some(uri),
        }
    }

    /// The same key with a new ML-DSA-44 key beside it.
    ///
    /// # Errors
    /// [`KeyError::HasMlDsa`], [`KeyError::Random`].
    pub fn with_new_ml_dsa(self) -> Result<Self, KeyError> {
        match self.second {
            Some(_) => Err(KeyError::HasMlDsa),
            None => Ok(self.with_ml_dsa(&random_seed()?)),
        }
    }

    /// The same key with the ML-DSA-44 key of this seed (FIPS 204, section 5.1) beside it. Checkpoints then bear both
    /// signatures; whoever knows the Ed25519 key only ignores the other one.
    #[must_use]
    pub fn with_ml_dsa(self, seed: &[u8; 32]) -> Self {
        let second = MlDsaKey::from_seed(self.name(), seed);
        Self { second: Some(second), ..self }
    }

    /// This new key, which has the same name, with the one before beside it as the one that it takes the place of. It gets a new
    /// ML-DSA-44 key if that has one.
    ///
    /// # Errors
    /// [`KeyError::HasPrevious`], [`KeyError::Random`]; [`KeyError::Malformed`] if it is the same key, or of another name.
    pub fn succeeded_by(self, new: Self) -> Result<Self, KeyError> {
        if self.previous.is_some() {
            return Err(KeyError::HasPrevious);
        }
        if new.name() != self.name() || new.verifier == self.verifier {
            return Err(KeyError::Malformed(VerifierKeyError::Name));
        }
        let new = if self.second.is_some() { new.with_new_ml_dsa()? } else { new };
        Ok(Self { previous: Some(Box::new(self)), ..new })
    }

    /// The same key without the one that it took the place of.
    ///
    /// # Errors
    /// [`KeyError::NoPrevious`].
    pub fn alone(self) -> Result<Self, KeyError> {
        match self.previous {
            Some(_) => Ok(Self { previous: None, ..self }),
            None => Err(KeyError::NoPrevious),
        }
    }

    /// The key that this one takes the place of, while both sign.
    #[must_use]
    pub fn previous(&self) -> Option<&Self> {
        self.previous.as_deref()
    }

    /// The public halves under which a checkpoint of this log is its own: the Ed25519 key, and that of the key before while both sign.
    #[must_use]
    pub fn verifiers(&self) -> Vec<VerifierKey> {
        std::iter::once(&self.verifier).chain(self.previous().map(Self::verifier)).cloned().collect()
    }

    /// Reads the text form, `PRIVATE+KEY+name+id+base64`, or where the private half lies elsewhere the public key and, behind a
    /// blank, its URI; with an ML-DSA-44 key, that on a second line; and behind it the key before, while both sign.
    ///
    /// # Errors
    /// [`KeyError::Malformed`].
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        Self::parse_kind(text, KeyKind::Note)
    }

    /// Reads a key file that [`Key::save`] wrote.
    ///
    /// # Errors
    /// [`KeyError::Exposed`] if anybody but the owner can read it, [`KeyError::Malformed`], [`KeyError::Io`].
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        Self::parse(&read_private(path)?)
    }

    /// Writes the key into a new file that only its owner can read, durably.
    ///
    /// The whole key is written under another name first and then linked: whoever finds the file finds all of it, also
    /// after a crash, and of two processes at once only one succeeds.
    ///
    /// # Errors
    /// [`KeyError::Exists`], [`KeyError::Io`].
    pub fn save(&self, path: &Path) -> Result<(), KeyError> {
        let draft = self.draft_beside(path)?;
        let linked = fs::hard_link(&draft, path);
        let removed = fs::remove_file(&draft);
        match linked {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(KeyError::Exists { path: path.to_owned() });
            }
            linked => linked.and(removed).map_err(not_written(path))?,
        }
        sync_folder_of(path)
    }

    /// Writes the key in place of the one in this file, durably: afterwards the file holds all of the one or all of the other.
    ///
    /// # Errors
    /// [`KeyError::Io`].
    pub fn replace(&self, path: &Path) -> Result<(), KeyError> {
        let draft = self.draft_beside(path)?;
        fs::rename(&draft, path).map_err(|error| {
            let _ = fs::remove_file(&draft);
            not_written(path)(error)
        })?;
        sync_folder_of(path)
    }

    /// The name of the key, which is also the origin of the log that it signs for.
    #[must_use]
    pub fn name(&self) -> &str {
        self.verifier.name()
    }

    /// The public half, to hand out.
    #[must_use]
    pub const fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// The public half of the ML-DSA-44 key, if there is one.
    #[must_use]
    pub fn second_verifier(&self) -> Option<&VerifierKey> {
        self.second.as_ref().map(|key| &key.verifier)
    }

    /// All public halves, one a line: what a file for `verify` holds. While the key before still signs, its halves are there, too.
    #[must_use]
    pub fn public_text(&self) -> String {
        self.own_public_text() + &self.previous().map(Self::own_public_text).unwrap_or_default()
    }

    /// The public halves of this key alone, one a line.
    #[must_use]
    pub fn own_public_text(&self) -> String {
        std::iter::once(&self.verifier).chain(self.second_verifier()).map(|key| format!("{key}\n")).collect()
    }

    /// The Ed25519 signature under the text of a note.
    pub(crate) fn sign_note(&self, text: &str) -> Result<Signature, SignError> {
        Ok(signature_of(&self.verifier, self.sign(text.as_bytes())?.to_vec()))
    }

    pub(crate) fn sign(&self, text: &[u8]) -> Result<[u8; 64], SignError> {
        self.signer.sign(text)
    }

    /// The log's own ML-DSA-44 signature under its checkpoint. It has no time, so that it says nothing about which checkpoint
    /// is the newest (C2SP tlog-cosignature allows that). `None` without such a key.
    pub(crate) fn sign_second(&self, checkpoint: &Checkpoint) -> Option<Signature> {
        self.second.as_ref()?.cosign(checkpoint, 0)
    }

    fn of_place(name: &str, kind: KeyKind, place: KeyPlace<'_>) -> Result<Self, KeyError> {
        if !is_key_name(name) {
            return Err(KeyError::Malformed(VerifierKeyError::Name));
        }
        Self::of_signer(name, kind, place.signer()?)
    }

    fn of_kind(name: &str, kind: KeyKind, seed: &[u8; 32]) -> Result<Self, KeyError> {
        Self::of_signer(name, kind, Box::new(SigningKey::from_bytes(seed)))
    }

    fn of_signer(name: &str, kind: KeyKind, signer: Box<dyn Signer>) -> Result<Self, KeyError> {
        if !is_key_name(name) {
            return Err(KeyError::Malformed(VerifierKeyError::Name));
        }
        let public = match kind {
            KeyKind::Note => Public::Note(signer.public()),
            KeyKind::Cosignature => Public::Cosignature(signer.public()),
            KeyKind::MlDsa44 => return Err(KeyError::Malformed(VerifierKeyError::Type)),
        };
        Ok(Self { signer, verifier: VerifierKey::new(name, public), second: None, previous: None })
    }

    fn parse_kind(text: &str, kind: KeyKind) -> Result<Self, KeyError> {
        let mut lines = text.strip_suffix('\n').unwrap_or(text).split('\n').peekable();
        let mut key = Self::parse_lines(&mut lines, kind)?;
        if kind == KeyKind::Note && lines.peek().is_some() {
            let previous = Self::parse_lines(&mut lines, kind)?;
            // Two keys of one log: its name is its origin.
            if previous.name() != key.name() || previous.verifier == key.verifier {
                return Err(KeyError::Malformed(VerifierKeyError::Name));
            }
            key.previous = Some(Box::new(previous));
        }
        if lines.next().is_some() { Err(KeyError::Malformed(VerifierKeyError::Malformed)) } else { Ok(key) }
    }

    /// An Ed25519 key, and the ML-DSA-44 key on the line behind it if there is one.
    fn parse_lines(
        lines: &mut std::iter::Peekable<std::str::Split<'_, char>>,
        kind: KeyKind,
    ) -> Result<Self, KeyError> {
        let malformed = KeyError::Malformed;
        let line = lines.next().unwrap_or_default();
        let key = match line.find(URI_SIGN) {
            Some(at) => elsewhere(&line[..at], &line[at + 1..], kind)?,
            None => {
                let (name, id, seed) = private_line(line, kind)?;
                let key = Self::of_kind(name, kind, &seed)?;
                if key.verifier.id() != id {
                    return Err(malformed(VerifierKeyError::Id));
                }
                key
            }
        };
        let is_second = |line: &&str| private_line(line, KeyKind::MlDsa44).is_ok();
        let Some(second) = lines.next_if(|line| is_second(line)) else { return Ok(key) };
        let (second_name, id, seed) = private_line(second, KeyKind::MlDsa44)?;
        let key = key.with_ml_dsa(&seed);
        let fits = second_name == key.name() && key.second_verifier().is_some_and(|verifier| verifier.id() == id);
        if fits { Ok(key) } else { Err(malformed(VerifierKeyError::Id)) }
    }

    /// The key in a new file beside this one, whole and durable; its name is not.
    fn draft_beside(&self, path: &Path) -> Result<PathBuf, KeyError> {
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(KeyError::Random)?;
        let draft = folder_of(path).join(format!(".key-{}", hex::encode(random)));
        self.write_new(&draft).map_err(not_written(path))?;
        Ok(draft)
    }

    fn write_new(&self, path: &Path) -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(self.secret_text().as_bytes())?;
        file.sync_all()
    }

    fn secret_text(&self) -> String {
        let line = |verifier: &VerifierKey, seed: &[u8]| {
            let mut typed = vec![verifier.kind().byte()];
            typed.extend_from_slice(seed);
            format!("{PRIVATE_PREFIX}{}+{:08x}+{}\n", verifier.name(), verifier.id(), STANDARD.encode(typed))
        };
        let second = self.second.as_ref().map(|key| line(&key.verifier, key.signing.as_seed().as_slice()));
        let previous = self.previous().map(Self::secret_text);
        let first = match self.signer.private() {
            Private::Held(seed) => line(&self.verifier, seed),
            Private::At(uri) => format!("{} {uri}\n", self.verifier),
        };
        first + &second.unwrap_or_default() + &previous.unwrap_or_default()
    }
}

impl MlDsaKey {
    fn from_seed(name: &str, seed: &[u8; 32]) -> Self {
        let signing = Box::new(ml_dsa::SigningKey::<MlDsa44>::from_seed(seed.into()));
        let mut public = Box::new([0; cosignature::ML_DSA_PUBLIC_BYTES]);
        public.copy_from_slice(&signing.verifying_key().encode());
        Self { signing, verifier: VerifierKey::new(name, Public::MlDsa44(public)) }
    }

    /// `None` for a name that does not fit, or when the algorithm gives up, which it does once in 2¹²⁸ times or less.
    fn cosign(&self, checkpoint: &Checkpoint, time: u64) -> Option<Signature> {
        let message = cosignature::ml_dsa_message(self.verifier.name(), time, checkpoint)?;
        let signature = self.signing.expanded_key().sign_deterministic(&message, &[]).ok()?;
        Some(signature_of(&self.verifier, cosignature::join(time, &signature.to_bytes())))
    }
}

impl WitnessKey {
    /// A new Ed25519 key from the operating system's random source.
    ///
    /// # Errors
    /// [`KeyError::Malformed`] if the name is not one, [`KeyError::Random`].
    pub fn generate(name: &str) -> Result<Self, KeyError> {
        Self::at(name, KeyPlace::File)
    }

    /// The Ed25519 key with this seed.
    ///
    /// # Errors
    /// [`KeyError::Malformed`] if the name is not one.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, KeyError> {
        Key::of_kind(name, KeyKind::Cosignature, seed).map(Self)
    }

    /// As [`Key::at`].
    ///
    /// # Errors
    /// As there.
    pub fn at(name: &str, place: KeyPlace<'_>) -> Result<Self, KeyError> {
        Key::of_place(name, KeyKind::Cosignature, place).map(Self)
    }

    /// The same key with the ML-DSA-44 key of this seed beside it: the witness then answers with both cosignatures.
    #[must_use]
    pub fn with_ml_dsa(self, seed: &[u8; 32]) -> Self {
        Self(self.0.with_ml_dsa(seed))
    }

    /// As [`Key::with_new_ml_dsa`].
    ///
    /// # Errors
    /// As there.
    pub fn with_new_ml_dsa(self) -> Result<Self, KeyError> {
        self.0.with_new_ml_dsa().map(Self)
    }

    /// Reads the text form, as [`Key::parse`] does that of a log's key.
    ///
    /// # Errors
    /// [`KeyError::Malformed`], also for the key of a log.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        Key::parse_kind(text, KeyKind::Cosignature).map(Self)
    }

    /// Reads a key file that [`WitnessKey::save`] wrote.
    ///
    /// # Errors
    /// As [`Key::load`].
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        Self::parse(&read_private(path)?)
    }

    /// As [`Key::save`].
    ///
    /// # Errors
    /// As there.
    pub fn save(&self, path: &Path) -> Result<(), KeyError> {
        self.0.save(path)
    }

    /// As [`Key::replace`].
    ///
    /// # Errors
    /// As there.
    pub fn replace(&self, path: &Path) -> Result<(), KeyError> {
        self.0.replace(path)
    }

    /// As [`Key::try_it`].
    ///
    /// # Errors
    /// As there.
    pub fn try_it(&self) -> Result<(), SignError> {
        self.0.try_it()
    }

    /// The name of the witness.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// The public half for Ed25519 cosignatures.
    #[must_use]
    pub const fn verifier(&self) -> &VerifierKey {
        self.0.verifier()
    }

    /// The public half of the ML-DSA-44 key, if there is one.
    #[must_use]
    pub fn second_verifier(&self) -> Option<&VerifierKey> {
        self.0.second_verifier()
    }

    /// All public halves, one a line.
    #[must_use]
    pub fn public_text(&self) -> String {
        self.0.public_text()
    }

    /// The cosignatures of the checkpoint in this text (C2SP tlog-cosignature): says that at this time, in seconds since 1970, it
    /// was the largest one of its log that was seen and that continues all earlier ones. The caller must have made sure of it.
    ///
    /// # Errors
    /// [`SignError`], if the key lies elsewhere.
    pub fn cosign(&self, text: &str, checkpoint: &Checkpoint, time: u64) -> Result<Vec<Signature>, SignError> {
        let time = time.min(i64::MAX as u64);
        let signature = self.0.sign(&cosignature::ed25519_message(time, text))?;
        let first = signature_of(self.verifier(), cosignature::join(time, &signature));
        let second = self.0.second.as_ref().and_then(|key| key.cosign(checkpoint, time));
        Ok(std::iter::once(first).chain(second).collect())
    }
}

/// The key whose private half lies where this URI says. Nobody is asked before it is to sign.
#[cfg(feature = "token")]
fn elsewhere(public: &str, uri: &str, kind: KeyKind) -> Result<Key, KeyError> {
    let public: VerifierKey = public.parse().map_err(KeyError::Malformed)?;
    let half = public.ed25519().filter(|_| public.kind() == kind);
    let half = half.ok_or(KeyError::Malformed(VerifierKeyError::Type))?;
    Key::of_signer(public.name(), kind, Box::new(TokenKey::known(uri, half)?))
}

#[cfg(not(feature = "token"))]
fn elsewhere(_: &str, uri: &str, _: KeyKind) -> Result<Key, KeyError> {
    Err(without_tokens(uri))
}

#[cfg(not(feature = "token"))]
fn without_tokens(uri: &str) -> KeyError {
    let problem = "this program was built without PKCS#11".to_owned();
    SignError { place: uri.to_owned(), problem, cause: crate::signer::SignCause::Unreachable }.into()
}

fn signature_of(key: &VerifierKey, bytes: Vec<u8>) -> Signature {
    Signature { name: key.name().to_owned(), id: key.id(), bytes }
}

/// Name, id and seed of one line of a key file.
fn private_line(line: &str, kind: KeyKind) -> Result<(&str, u32, [u8; 32]), KeyError> {
    let malformed = KeyError::Malformed;
    let text = line.strip_prefix(PRIVATE_PREFIX).ok_or(malformed(VerifierKeyError::Malformed))?;
    let (name, id, found, seed) = split_key_text(text).map_err(malformed)?;
    if found != kind {
        return Err(malformed(VerifierKeyError::Type));
    }
    Ok((name, id, seed.try_into().map_err(|_| malformed(VerifierKeyError::Malformed))?))
}

fn random_seed() -> Result<[u8; 32], KeyError> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(KeyError::Random)?;
    Ok(seed)
}

fn sync_folder_of(path: &Path) -> Result<(), KeyError> {
    File::open(folder_of(path)).and_then(|folder| folder.sync_all()).map_err(not_written(path))
}

fn not_written(path: &Path) -> impl Fn(io::Error) -> KeyError {
    move |source| KeyError::Io { action: "write", path: path.to_owned(), source }
}

/// The text of a file that nobody but its owner can read.
fn read_private(path: &Path) -> Result<String, KeyError> {
    let failed = |source| KeyError::Io { action: "read", path: path.to_owned(), source };
    if !fs::metadata(path).map_err(failed)?.is_file() {
        return Err(failed(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file")));
    }
    let file = File::open(path).map_err(failed)?;
    let mode = file.metadata().map_err(failed)?.mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(KeyError::Exposed { path: path.to_owned(), mode });
    }
    let mut text = String::new();
    file.take(KEY_TEXT_BYTES_MAX as u64).read_to_string(&mut text).map_err(failed)?;
    Ok(text)
}

impl fmt::Debug for WitnessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WitnessKey({}, secret)", self.verifier())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({}, secret)", self.verifier)
    }
}
