//! What an entry of the log says was signed, held against the envelope: without this a signature could borrow the entry of
//! another one (CVE-2022-36056). The forms are those of sigstore/rekor `pkg/types` (version 1) and of sigstore/rekor-tiles
//! (version 2, `0.0.2` of `dsse` and `hashedrekord`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::entry::{KindVersion, LogEntry};
use super::error::SigstoreError;
use super::json::Bytes;
use crate::model_signing::algorithm::Hash;
use crate::model_signing::certificate::Certificate;

/// What was signed, by what, and by whom.
pub(super) struct Signed<'a> {
    pub payload: &'a [u8],
    /// The bytes under the signature.
    pub pae: &'a [u8],
    pub signature: &'a [u8],
    pub certificate: &'a Certificate,
}

/// What an entry says.
struct Said {
    digest: SaidDigest,
    signature: Vec<u8>,
    /// DER.
    certificate: Vec<u8>,
}

/// A digest: of the payload alone, or of the bytes under the signature.
enum SaidDigest {
    Payload(Hash, Vec<u8>),
    Pae(Hash, Vec<u8>),
}

/// Holds the body of the entry against the envelope.
pub(super) fn verify(entry: &LogEntry, signed: &Signed<'_>) -> Result<(), SigstoreError> {
    let said = read(&entry.kind_version, entry.body())?;
    let is_same = match &said.digest {
        SaidDigest::Payload(hash, digest) => hash.of(signed.payload) == *digest,
        SaidDigest::Pae(hash, digest) => hash.of(signed.pae) == *digest,
    };
    if !is_same {
        return Err(SigstoreError::BodyStatement);
    }
    if said.signature != signed.signature {
        return Err(SigstoreError::BodySignature);
    }
    if said.certificate != signed.certificate.der() {
        return Err(SigstoreError::BodyCertificate);
    }
    Ok(())
}

/// Bodies of others, for the fuzz target.
pub(super) fn fuzz(body: &[u8]) {
    for (kind, version) in KINDS {
        let kind_version = KindVersion { kind: kind.to_owned(), version: version.to_owned() };
        if let Ok(said) = read(&kind_version, body) {
            assert!(!matches!(said.digest, SaidDigest::Payload(..)) || kind != "hashedrekord");
        }
    }
}

/// The kinds that are known here.
const KINDS: [(&str, &str); 5] =
    [("dsse", "0.0.1"), ("dsse", "0.0.2"), ("hashedrekord", "0.0.1"), ("hashedrekord", "0.0.2"), ("intoto", "0.0.2")];

fn read(kind: &KindVersion, body: &[u8]) -> Result<Said, SigstoreError> {
    match (kind.kind.as_str(), kind.version.as_str()) {
        ("dsse", "0.0.1") => spec::<Dsse1>(kind, body)?.said(),
        ("dsse", "0.0.2") => spec::<Dsse2>(kind, body)?.said(),
        ("hashedrekord", "0.0.1") => spec::<HashedRekord1>(kind, body)?.said(),
        ("hashedrekord", "0.0.2") => spec::<HashedRekord2>(kind, body)?.said(),
        ("intoto", "0.0.2") => spec::<Intoto2>(kind, body)?.said(),
        (kind, version) => Err(SigstoreError::BodyKind { kind: kind.to_owned(), version: version.to_owned() }),
    }
}

/// The part of the body that is of its kind, which must be that of the entry.
fn spec<S: DeserializeOwned>(kind: &KindVersion, body: &[u8]) -> Result<S, SigstoreError> {
    let unreadable = |error: serde_json::Error| SigstoreError::Body(error.to_string());
    let body: Body<S> = serde_json::from_slice(body).map_err(unreadable)?;
    if body.kind != kind.kind || body.api_version != kind.version {
        return Err(SigstoreError::BodyKind { kind: body.kind, version: body.api_version });
    }
    Ok(body.spec)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Body<S> {
    api_version: String,
    kind: String,
    spec: S,
}

/// A digest in hexadecimal digits.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HexDigest {
    algorithm: String,
    value: String,
}

/// A digest as protobuf writes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProtoDigest {
    algorithm: String,
    digest: Bytes,
}

impl HexDigest {
    fn read(&self) -> Result<(Hash, Vec<u8>), SigstoreError> {
        let hash = match self.algorithm.as_str() {
            "sha256" => Hash::Sha256,
            "sha384" => Hash::Sha384,
            "sha512" => Hash::Sha512,
            other => return Err(SigstoreError::Body(format!("the digest {other:?}"))),
        };
        let value = hex::decode(&self.value).map_err(|error| SigstoreError::Body(error.to_string()))?;
        Ok((hash, value))
    }
}

impl ProtoDigest {
    fn read(self) -> Result<(Hash, Vec<u8>), SigstoreError> {
        let hash = match self.algorithm.as_str() {
            "SHA2_256" => Hash::Sha256,
            "SHA2_384" => Hash::Sha384,
            "SHA2_512" => Hash::Sha512,
            other => return Err(SigstoreError::Body(format!("the digest {other:?}"))),
        };
        Ok((hash, self.digest.0))
    }
}

/// The envelope's own digest can't be checked: the log took it over a form of the JSON that nobody keeps.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Dsse1 {
    #[serde(rename = "envelopeHash")]
    _envelope_hash: HexDigest,
    payload_hash: HexDigest,
    signatures: Vec<Dsse1Signature>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Dsse1Signature {
    signature: Bytes,
    verifier: Bytes,
}

impl Dsse1 {
    fn said(self) -> Result<Said, SigstoreError> {
        let (hash, digest) = self.payload_hash.read()?;
        let Dsse1Signature { signature, verifier } = only(self.signatures)?;
        Ok(Said {
            digest: SaidDigest::Payload(hash, digest),
            signature: signature.0,
            certificate: certificate_in(&verifier.0)?,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Dsse2 {
    dsse_v002: Dsse2Members,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Dsse2Members {
    payload_hash: ProtoDigest,
    signatures: Vec<Signature2>,
}

/// A signature with the certificate, as version 2 of the log writes them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Signature2 {
    content: Bytes,
    verifier: Verifier2,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Verifier2 {
    x509_certificate: Certificate2,
    /// Says again what the certificate says.
    #[serde(rename = "keyDetails")]
    _key_details: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Certificate2 {
    raw_bytes: Bytes,
}

impl Dsse2 {
    fn said(self) -> Result<Said, SigstoreError> {
        let (hash, digest) = self.dsse_v002.payload_hash.read()?;
        let Signature2 { content, verifier } = only(self.dsse_v002.signatures)?;
        let certificate = verifier.x509_certificate.raw_bytes.0;
        Ok(Said { digest: SaidDigest::Payload(hash, digest), signature: content.0, certificate })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HashedRekord1 {
    data: HashedRekord1Data,
    signature: HashedRekord1Signature,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HashedRekord1Data {
    hash: HexDigest,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct HashedRekord1Signature {
    content: Bytes,
    public_key: HashedRekord1Key,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HashedRekord1Key {
    content: Bytes,
}

impl HashedRekord1 {
    fn said(self) -> Result<Said, SigstoreError> {
        let (hash, digest) = self.data.hash.read()?;
        let certificate = certificate_in(&self.signature.public_key.content.0)?;
        Ok(Said { digest: SaidDigest::Pae(hash, digest), signature: self.signature.content.0, certificate })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct HashedRekord2 {
    hashed_rekord_v002: HashedRekord2Members,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HashedRekord2Members {
    data: ProtoDigest,
    signature: Signature2,
}

impl HashedRekord2 {
    fn said(self) -> Result<Said, SigstoreError> {
        let HashedRekord2Members { data, signature } = self.hashed_rekord_v002;
        let (hash, digest) = data.read()?;
        let certificate = signature.verifier.x509_certificate.raw_bytes.0;
        Ok(Said { digest: SaidDigest::Pae(hash, digest), signature: signature.content.0, certificate })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Intoto2 {
    content: Intoto2Content,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Intoto2Content {
    envelope: Intoto2Envelope,
    /// As in `dsse`, over a form of the envelope that nobody keeps.
    #[serde(rename = "hash")]
    _hash: HexDigest,
    payload_hash: HexDigest,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Intoto2Envelope {
    payload_type: String,
    signatures: Vec<Intoto2Signature>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Intoto2Signature {
    /// Base64 of the Base64 that stands in the envelope.
    sig: Bytes,
    public_key: Bytes,
    keyid: Option<String>,
}

impl Intoto2 {
    fn said(self) -> Result<Said, SigstoreError> {
        let Intoto2Content { envelope, payload_hash, .. } = self.content;
        let (hash, digest) = payload_hash.read()?;
        let Intoto2Signature { sig, public_key, keyid } = only(envelope.signatures)?;
        if envelope.payload_type != crate::model_signing::envelope::PAYLOAD_TYPE {
            return Err(SigstoreError::BodyStatement);
        }
        if keyid.is_some_and(|id| !id.is_empty()) {
            return Err(SigstoreError::Body("a key id".to_owned()));
        }
        let signature = STANDARD.decode(&sig.0).map_err(|error| SigstoreError::Body(error.to_string()))?;
        let certificate = certificate_in(&public_key.0)?;
        Ok(Said { digest: SaidDigest::Payload(hash, digest), signature, certificate })
    }
}

fn only<T>(mut list: Vec<T>) -> Result<T, SigstoreError> {
    match (list.pop(), list.is_empty()) {
        (Some(element), true) => Ok(element),
        _ => Err(SigstoreError::Body("it has not exactly one signature".to_owned())),
    }
}

/// The certificate in this PEM text, in DER form.
fn certificate_in(pem: &[u8]) -> Result<Vec<u8>, SigstoreError> {
    let text = std::str::from_utf8(pem).map_err(|error| SigstoreError::Body(error.to_string()))?;
    let certificates = Certificate::from_pem(text).map_err(|error| SigstoreError::Body(error.to_string()))?;
    match certificates.as_slice() {
        [certificate] => Ok(certificate.der().to_vec()),
        _ => Err(SigstoreError::Body("it has not exactly one certificate".to_owned())),
    }
}
