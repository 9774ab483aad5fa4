//! Signatures of models as OpenSSF Model Signing makes them: a Sigstore bundle (JSON) with a DSSE envelope
//! over an in-toto statement, which names every file of a model and its SHA-256.
//!
//! Reading order: [`Manifest`] is what a model consists of (hashed by the caller), [`sign`] makes a bundle of it,
//! [`verify`] says what a bundle proves under the [`Trust`] that its user brings, and [`VerifiedModel::compare`] holds
//! that against the manifest of what is there. A key, a root or an identity is never taken from the bundle.
//!
//! Formats: [OMS](https://github.com/ossf/model-signing-spec), [DSSE](https://github.com/secure-systems-lab/dsse),
//! [in-toto statement v1](https://github.com/in-toto/attestation/tree/main/spec/v1),
//! [Sigstore bundle](https://docs.sigstore.dev/about/bundle/),
//! [its verification](https://github.com/sigstore/architecture-docs/blob/main/client-spec.md), and `docs/model-signing.md` for what is checked.

mod algorithm;
mod certificate;
mod envelope;
mod error;
mod key;
mod manifest;
mod resource;
mod sigstore;
mod statement;

use sha2::{Digest as _, Sha256};

pub use certificate::{Certificate, Roots};
pub use error::{ModelKeyError, ModelSignError, ModelVerifyError};
pub use key::{PublicKey, SigningKey};
pub use manifest::{Differences, Granularity, Manifest, Serialization, Symlinks};
pub use resource::{Resource, ResourceError, ResourcePath};
pub use sigstore::{SigstoreError, SigstoreTrust, TrustedRoot, TrustedRootError};

use envelope::{Envelope, Material};

/// SHA-256 of a resource.
pub type Sha256Digest = [u8; 32];

/// What the user trusts. It never comes from the bundle.
#[derive(Clone, Debug)]
pub enum Trust {
    /// Any of these public keys.
    Keys(Vec<PublicKey>),
    /// Certificates that lead to one of these roots.
    Roots(Roots),
    /// One Sigstore identity, under one trusted root.
    Sigstore(Box<SigstoreTrust>),
}

/// Who signs: a key, and with it the certificates that vouch for it (the key's own first), if there are any.
#[derive(Debug)]
pub struct Signer {
    key: SigningKey,
    certificates: Vec<Certificate>,
}

/// What a bundle proves: a trusted signer said that the model consists of these resources.
#[derive(Clone, Debug)]
pub struct VerifiedModel {
    /// The model's name as the signer wrote it. It is a hint: the same files under another name are the same model.
    pub name: String,
    /// SHA-256 over the digests of all resources in order: a short name for exactly this content.
    pub root: Sha256Digest,
    /// The statement as it was signed (JSON).
    pub statement: String,
    /// The resources, and how they were taken from the files.
    pub manifest: Manifest,
    /// Who signed.
    pub signer: SignedBy,
}

/// Who signed a model.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignedBy {
    /// One of the user's keys.
    Key {
        /// Hexadecimal SHA-256 of the key's PEM text.
        fingerprint: String,
    },
    /// The holder of a certificate under one of the user's roots.
    Certificate {
        /// The certificate's subject (RFC 4514).
        subject: String,
        /// Hexadecimal SHA-256 of the certificate.
        fingerprint: String,
        /// The subject of the root (RFC 4514).
        root: String,
    },
    /// Somebody for whose identity an OpenID provider vouched.
    Sigstore {
        /// The e-mail address, URI or user name.
        identity: String,
        /// The URL of the provider.
        issuer: String,
        /// When: seconds since 1970, as a log or a timestamp authority has signed it.
        at: u64,
    },
}

impl Signer {
    /// A signer with a key alone.
    #[must_use]
    pub fn key(key: SigningKey) -> Self {
        Self { key, certificates: Vec::new() }
    }

    /// A signer with a certificate. `chain` are the certificates between it and a root, in order.
    ///
    /// # Errors
    /// [`ModelSignError::OtherKey`] when the certificate is for another key.
    pub fn certified(
        key: SigningKey,
        certificate: Certificate,
        chain: Vec<Certificate>,
    ) -> Result<Self, ModelSignError> {
        if certificate.public_key().ok() != Some(key.public()) {
            return Err(ModelSignError::OtherKey);
        }
        let certificates = std::iter::once(certificate).chain(chain).collect();
        Ok(Self { key, certificates })
    }
}

/// Signs the manifest of a model, and returns the text of the bundle (JSON).
///
/// # Errors
/// [`ModelSignError`] when there is nothing to sign, or the key does not sign.
pub fn sign(manifest: &Manifest, name: &str, signer: &Signer) -> Result<String, ModelSignError> {
    if manifest.is_empty() {
        return Err(ModelSignError::Nothing);
    }
    let payload = statement::write(manifest, name);
    let signature = signer.key.sign(&envelope::pae(payload.as_bytes()))?;
    let material = match signer.certificates.as_slice() {
        [] => Material::Key { hint: Some(signer.key.public().fingerprint()), pem: None },
        certificates => Material::Chain(certificates.iter().map(|c| c.der().to_vec()).collect()),
    };
    Ok(envelope::write(&material, payload.as_bytes(), &signature))
}

/// True when this is the signature of a model in its form, whoever made it.
#[must_use]
pub fn is_bundle(bytes: &[u8]) -> bool {
    Envelope::parse(bytes).is_ok()
}

/// Verifies a bundle and says what it proves. The files are not looked at: see [`VerifiedModel::compare`].
///
/// # Errors
/// [`ModelVerifyError`]: whatever is wrong, unknown or can't be checked is an error and never passed over.
pub fn verify(bundle: &[u8], trust: &Trust) -> Result<VerifiedModel, ModelVerifyError> {
    let envelope = Envelope::parse(bundle)?;
    let signer = match trust {
        Trust::Keys(keys) => verify_key(&envelope, keys)?,
        Trust::Roots(roots) => verify_chain(&envelope, roots)?,
        Trust::Sigstore(trust) => verify_sigstore(&envelope, trust)?,
    };
    let (name, manifest) = statement::read(&envelope.payload)?;
    let statement = String::from_utf8(envelope.payload).map_err(|_| ModelVerifyError::malformed("payload"))?;
    Ok(VerifiedModel { name, root: manifest.root_digest(), statement, manifest, signer })
}

impl VerifiedModel {
    /// What differs between the signed resources and those that are there, which the caller hashed with
    /// [`Manifest::serialization`] of the signed ones.
    #[must_use]
    pub fn compare(&self, found: &Manifest) -> Differences {
        self.manifest.differences(found)
    }
}

pub(crate) use sigstore::fuzz::{bundle as fuzz_sigstore, trusted_root as fuzz_trusted_root};

/// The fuzz target: bundles, statements and certificates of others, none of which is by whom it trusts.
pub(crate) fn fuzz(bytes: &[u8]) {
    const KEY: &str = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt\n6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==\n-----END PUBLIC KEY-----\n";
    // The base point of P-256, of which everybody knows the private half; the seeds are not signed with it.
    let known = PublicKey::from_pem(KEY).map(|key| Trust::Keys(vec![key]));
    assert!(known.is_ok_and(|trust| verify(bytes, &trust).is_err()), "a model that nobody signed");
    assert!(verify(bytes, &Trust::Roots(Roots::new(Vec::new(), 0))).is_err(), "a model under no root");
    let payload = Envelope::parse(bytes).map(|envelope| envelope.payload);
    for statement in [Some(bytes), payload.as_deref().ok()].into_iter().flatten() {
        if let Ok((name, manifest)) = statement::read(statement) {
            assert!(!manifest.is_empty() && manifest.differences(&manifest).is_empty());
            // A signer may list the files in another order than the one in which they are written here.
            let resources = manifest.resources().map(|(resource, digest)| (resource.clone(), *digest));
            let sorted = Manifest::new(manifest.serialization().clone(), resources);
            let again = sorted.map(|sorted| statement::read(statement::write(&sorted, &name).as_bytes()));
            let is_same = |again: &Manifest| again.differences(&manifest).is_empty();
            assert!(matches!(again, Ok(Ok((_, again))) if is_same(&again)), "what is written is read again");
        }
    }
    if let Ok(certificate) = Certificate::from_der(bytes) {
        let roots = Roots::new(vec![certificate.clone()], 0);
        let _ = (certificate.subject(), roots.verify(&certificate, std::slice::from_ref(&certificate)).is_ok());
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = (PublicKey::from_pem(text), SigningKey::from_pem(text, None), Certificate::from_pem(text));
    }
}

fn verify_key(envelope: &Envelope, keys: &[PublicKey]) -> Result<SignedBy, ModelVerifyError> {
    let Material::Key { hint, pem } = &envelope.material else {
        return Err(ModelVerifyError::OtherKind { found: envelope.material.kind() });
    };
    let is_meant = |key: &&PublicKey| {
        hint.as_ref().is_none_or(|hint| *hint == key.fingerprint()) && pem.as_ref().is_none_or(|pem| *pem == key.pem())
    };
    let mut meant = keys.iter().filter(is_meant).peekable();
    if meant.peek().is_none() {
        return Err(ModelVerifyError::UnknownKey { hint: hint.clone().unwrap_or_default() });
    }
    let signed = envelope.signed();
    let key = meant.find(|key| key.has_signed(&signed, &envelope.signature)).ok_or(ModelVerifyError::BadSignature)?;
    Ok(SignedBy::Key { fingerprint: key.fingerprint() })
}

fn verify_chain(envelope: &Envelope, roots: &Roots) -> Result<SignedBy, ModelVerifyError> {
    let Material::Chain(certificates) = &envelope.material else {
        return Err(ModelVerifyError::OtherKind { found: envelope.material.kind() });
    };
    let certificates = certificates.iter().map(|der| Certificate::from_der(der)).collect::<Result<Vec<_>, _>>()?;
    let (leaf, between) = certificates.split_first().ok_or(ModelVerifyError::malformed("no certificate"))?;
    let root = roots.verify(leaf, between)?;
    if !leaf.public_key()?.has_signed(&envelope.signed(), &envelope.signature) {
        return Err(ModelVerifyError::BadSignature);
    }
    Ok(SignedBy::Certificate { subject: leaf.subject(), fingerprint: leaf.fingerprint(), root: root.subject() })
}

fn verify_sigstore(envelope: &Envelope, trust: &SigstoreTrust) -> Result<SignedBy, ModelVerifyError> {
    let Material::Sigstore(keyless) = &envelope.material else {
        return Err(ModelVerifyError::OtherKind { found: envelope.material.kind() });
    };
    let sigstore::Proven { identity, issuer, at } = sigstore::verify(keyless, envelope, trust)?;
    Ok(SignedBy::Sigstore { identity, issuer, at })
}

fn fingerprint_of(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
