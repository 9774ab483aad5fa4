//! The Sigstore bundle (`sigstore_bundle.proto`, versions 0.1 to 0.3) with its DSSE envelope, read strictly: a member that is not known here, or that stands there twice,
//! refuses the bundle, because it could say something that nobody checks.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::json;

use super::error::ModelVerifyError;
use super::sigstore::{Bytes, Keyless, LogEntry, PromiseRule, bounded};
use crate::limits::{CERTIFICATES_MAX, LOG_ENTRIES_MAX, MODEL_BUNDLE_BYTES_MAX, TIMESTAMPS_MAX};

const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
/// The same version in its other spelling, and older ones. Only Sigstore identities are verified in them.
const MEDIA_TYPE_OTHER: &str = "application/vnd.dev.sigstore.bundle+json;version=0.3";
const MEDIA_TYPE_0_2: &str = "application/vnd.dev.sigstore.bundle+json;version=0.2";
const MEDIA_TYPE_0_1: &str = "application/vnd.dev.sigstore.bundle+json;version=0.1";
pub(super) const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// A bundle, well-formed and not yet believed.
#[derive(Debug)]
pub(super) struct Envelope {
    pub material: Material,
    pub payload: Vec<u8>,
    /// DER.
    pub signature: Vec<u8>,
}

/// What the bundle says about who signed it.
#[derive(Debug)]
pub(super) enum Material {
    /// A key: SHA-256 of its PEM text, or (older signers) that text itself.
    Key { hint: Option<String>, pem: Option<String> },
    /// Certificates (DER), the signer's own first.
    Chain(Vec<Vec<u8>>),
    /// A certificate that Sigstore issued to a signed-in person or program.
    Sigstore(Box<Keyless>),
}

impl Material {
    /// For people: with what the bundle was signed.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Key { .. } => "a key, and not with a certificate",
            Self::Chain(_) => "a certificate, and not with a bare key",
            Self::Sigstore(_) => "a Sigstore identity, and not with a key or a certificate of one's own",
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BundleMembers {
    #[serde(rename = "mediaType")]
    media_type: String,
    #[serde(rename = "verificationMaterial")]
    material: MaterialMembers,
    #[serde(rename = "dsseEnvelope")]
    envelope: Option<EnvelopeMembers>,
    #[serde(rename = "messageSignature")]
    message: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct MaterialMembers {
    public_key: Option<KeyMembers>,
    x509_certificate_chain: Option<ChainMembers>,
    certificate: Option<CertificateMembers>,
    #[serde(default, deserialize_with = "bounded::<_, _, LOG_ENTRIES_MAX>")]
    tlog_entries: Vec<LogEntry>,
    timestamp_verification_data: Option<TimestampMembers>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct TimestampMembers {
    #[serde(default, deserialize_with = "bounded::<_, _, TIMESTAMPS_MAX>")]
    rfc3161_timestamps: Vec<TimestampMember>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct TimestampMember {
    signed_timestamp: Bytes,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct KeyMembers {
    hint: Option<String>,
    raw_bytes: Option<String>,
    key_details: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChainMembers {
    certificates: Vec<CertificateMembers>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct CertificateMembers {
    raw_bytes: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct EnvelopeMembers {
    payload: String,
    payload_type: String,
    signatures: Vec<SignatureMembers>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignatureMembers {
    sig: String,
    keyid: Option<String>,
}

impl Envelope {
    /// Reads a bundle. Says nothing about whether its signature holds.
    pub(super) fn parse(bundle: &[u8]) -> Result<Self, ModelVerifyError> {
        if bundle.len() > MODEL_BUNDLE_BYTES_MAX {
            return Err(ModelVerifyError::TooLarge);
        }
        let members: BundleMembers = serde_json::from_slice(bundle).map_err(ModelVerifyError::malformed)?;
        if members.message.is_some() {
            return Err(ModelVerifyError::Unsupported(
                "a signature over one file's bytes (messageSignature)".to_owned(),
            ));
        }
        let Some(EnvelopeMembers { payload, payload_type, signatures }) = members.envelope else {
            return Err(ModelVerifyError::malformed("it has no envelope (dsseEnvelope)"));
        };
        if payload_type != PAYLOAD_TYPE {
            return Err(ModelVerifyError::Unsupported(format!("the payload type {payload_type:?}")));
        }
        let [signature] = signatures.as_slice() else {
            return Err(ModelVerifyError::malformed("it has not exactly one signature"));
        };
        if signature.keyid.as_ref().is_some_and(|id| !id.is_empty()) {
            return Err(ModelVerifyError::Unsupported("a key id in the envelope".to_owned()));
        }
        Ok(Self {
            material: material(members.material, &members.media_type)?,
            payload: base64(&payload, "the payload")?,
            signature: base64(&signature.sig, "the signature")?,
        })
    }

    /// The bytes that are signed.
    pub(super) fn signed(&self) -> Vec<u8> {
        pae(&self.payload)
    }
}

/// What DSSE signs for this payload: its pre-authentication encoding.
/// (<https://github.com/secure-systems-lab/dsse/blob/v1.0.0/protocol.md>)
pub(super) fn pae(payload: &[u8]) -> Vec<u8> {
    let mut signed = format!("DSSEv1 {} {PAYLOAD_TYPE} {} ", PAYLOAD_TYPE.len(), payload.len()).into_bytes();
    signed.extend_from_slice(payload);
    signed
}

/// A bundle as JSON without any white space.
pub(super) fn write(material: &Material, payload: &[u8], signature: &[u8]) -> String {
    let material = match material {
        Material::Key { hint, .. } => json!({ "publicKey": { "hint": hint }, "tlogEntries": [] }),
        Material::Chain(certificates) => {
            let certificates: Vec<_> =
                certificates.iter().map(|der| json!({ "rawBytes": STANDARD.encode(der) })).collect();
            json!({ "x509CertificateChain": { "certificates": certificates }, "tlogEntries": [] })
        }
        // They are made by Sigstore's own programs, and only verified here.
        Material::Sigstore(_) => json!({}),
    };
    let signature = json!({ "sig": STANDARD.encode(signature), "keyid": "" });
    let envelope =
        json!({ "payload": STANDARD.encode(payload), "payloadType": PAYLOAD_TYPE, "signatures": [signature] });
    json!({ "mediaType": MEDIA_TYPE, "verificationMaterial": material, "dsseEnvelope": envelope }).to_string()
}

fn material(members: MaterialMembers, media_type: &str) -> Result<Material, ModelVerifyError> {
    let MaterialMembers { public_key, x509_certificate_chain, certificate, tlog_entries, timestamp_verification_data } =
        members;
    let is_old = [MEDIA_TYPE_0_1, MEDIA_TYPE_0_2].contains(&media_type);
    if !is_old && ![MEDIA_TYPE, MEDIA_TYPE_OTHER].contains(&media_type) {
        return Err(ModelVerifyError::Unsupported(format!("the bundle type {media_type:?}")));
    }
    let timestamps = timestamp_verification_data.map(|data| data.rfc3161_timestamps);
    let keyless = |certificate: Vec<u8>, entries, timestamps: Option<Vec<TimestampMember>>| {
        let timestamps = timestamps.unwrap_or_default().into_iter().map(|one| one.signed_timestamp.0).collect();
        let promise = if media_type == MEDIA_TYPE_0_1 { PromiseRule::Required } else { PromiseRule::Optional };
        Material::Sigstore(Box::new(Keyless { certificate, entries, timestamps, promise }))
    };
    let material = match (public_key, x509_certificate_chain, certificate) {
        (Some(key), None, None) if media_type == MEDIA_TYPE => key_material(key)?,
        (None, Some(chain), None) if is_old || media_type == MEDIA_TYPE => {
            if chain.certificates.is_empty() || chain.certificates.len() > CERTIFICATES_MAX {
                return Err(ModelVerifyError::malformed(format!("it has not 1 to {CERTIFICATES_MAX} certificates")));
            }
            let decoded = chain.certificates.iter().map(|c| base64(&c.raw_bytes, "a certificate"));
            let mut decoded = decoded.collect::<Result<Vec<_>, _>>()?;
            if is_old {
                return Ok(keyless(decoded.swap_remove(0), tlog_entries, timestamps));
            }
            Material::Chain(decoded)
        }
        (None, None, Some(certificate)) if !is_old => {
            return Ok(keyless(base64(&certificate.raw_bytes, "a certificate")?, tlog_entries, timestamps));
        }
        (Some(_), None, None) | (None, Some(_), None) | (None, None, Some(_)) => {
            return Err(ModelVerifyError::Unsupported(format!("the bundle type {media_type:?} with what it has")));
        }
        _ => return Err(ModelVerifyError::malformed("it does not say in exactly one way who signed")),
    };
    if !tlog_entries.is_empty() || timestamps.is_some() {
        return Err(ModelVerifyError::Unsupported("log entries or timestamps beside a key or certificates".to_owned()));
    }
    Ok(material)
}

fn key_material(key: KeyMembers) -> Result<Material, ModelVerifyError> {
    let pem = key.raw_bytes.map(|bytes| base64(&bytes, "the key")).transpose()?;
    let pem = pem.map(String::from_utf8).transpose().map_err(|_| ModelVerifyError::malformed("the key"))?;
    let is_known = |details: &String| {
        ["PKIX_ECDSA_P256_SHA_256", "PKIX_ECDSA_P384_SHA_384", "PKIX_ECDSA_P521_SHA_512"].contains(&details.as_str())
    };
    if key.key_details.as_ref().is_some_and(|details| pem.is_none() || !is_known(details)) {
        return Err(ModelVerifyError::Unsupported("these details of the key".to_owned()));
    }
    Ok(Material::Key { hint: key.hint, pem })
}

/// Standard Base64 with padding, and only the one spelling that an encoder gives.
pub(super) fn base64(text: &str, what: &str) -> Result<Vec<u8>, ModelVerifyError> {
    STANDARD.decode(text).map_err(|error| ModelVerifyError::malformed(format!("{what}: {error}")))
}
