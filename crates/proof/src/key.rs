//! The private key of a log, and the file that it is kept in.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey};
use thiserror::Error;

use crate::limits::KEY_TEXT_BYTES_MAX;
use crate::note::{ED25519, VerifierKey, VerifierKeyError, is_key_name, split_key_text};

const PRIVATE_PREFIX: &str = "PRIVATE+KEY+";

/// A named Ed25519 key that signs. The secret is wiped from memory when it is dropped.
pub struct Key {
    signing: SigningKey,
    verifier: VerifierKey,
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
    /// A new key from the operating system's random source.
    ///
    /// # Errors
    /// [`KeyError::Malformed`] if the name is not one, [`KeyError::Random`].
    pub fn generate(name: &str) -> Result<Self, KeyError> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(KeyError::Random)?;
        Self::from_seed(name, &seed)
    }

    /// The key with this seed, as in RFC 8032.
    ///
    /// # Errors
    /// [`KeyError::Malformed`] if the name is not one.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, KeyError> {
        if !is_key_name(name) {
            return Err(KeyError::Malformed(VerifierKeyError::Name));
        }
        let signing = SigningKey::from_bytes(seed);
        let verifier = VerifierKey::new(name, signing.verifying_key());
        Ok(Self { signing, verifier })
    }

    /// Reads the text form, `PRIVATE+KEY+name+id+base64`.
    ///
    /// # Errors
    /// [`KeyError::Malformed`].
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let text = text.strip_prefix(PRIVATE_PREFIX).ok_or(KeyError::Malformed(VerifierKeyError::Malformed))?;
        let (name, id, seed) = split_key_text(text).map_err(KeyError::Malformed)?;
        let key = Self::from_seed(name, &seed)?;
        if key.verifier.id() == id { Ok(key) } else { Err(KeyError::Malformed(VerifierKeyError::Id)) }
    }

    /// Reads a key file that [`Key::save`] wrote.
    ///
    /// # Errors
    /// [`KeyError::Exposed`] if anybody but the owner can read it, [`KeyError::Malformed`], [`KeyError::Io`].
    pub fn load(path: &Path) -> Result<Self, KeyError> {
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
        Self::parse(text.strip_suffix('\n').unwrap_or(&text))
    }

    /// Writes the key into a new file that only its owner can read, durably.
    ///
    /// The whole key is written under another name first and then linked: whoever finds the file finds all of it, also
    /// after a crash, and of two processes at once only one succeeds.
    ///
    /// # Errors
    /// [`KeyError::Exists`], [`KeyError::Io`].
    pub fn save(&self, path: &Path) -> Result<(), KeyError> {
        let failed = |source| KeyError::Io { action: "write", path: path.to_owned(), source };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(KeyError::Random)?;
        let draft = folder.join(format!(".key-{}", hex::encode(random)));
        let written = self.write_new(&draft).and_then(|()| fs::hard_link(&draft, path));
        let removed = fs::remove_file(&draft);
        match written {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(KeyError::Exists { path: path.to_owned() });
            }
            written => written.and(removed).map_err(failed)?,
        }
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
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

    pub(crate) fn sign(&self, text: &[u8]) -> [u8; 64] {
        self.signing.sign(text).to_bytes()
    }

    fn write_new(&self, path: &Path) -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        writeln!(file, "{}", self.secret_text())?;
        file.sync_all()
    }

    fn secret_text(&self) -> String {
        let mut typed = vec![ED25519];
        typed.extend_from_slice(self.signing.as_bytes());
        format!("{PRIVATE_PREFIX}{}+{:08x}+{}", self.name(), self.verifier.id(), STANDARD.encode(typed))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({}, secret)", self.verifier)
    }
}
