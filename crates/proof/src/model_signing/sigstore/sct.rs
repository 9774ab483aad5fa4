//! The timestamp of a certificate log in the certificate: it shows that the certificate was published before it was used.
//! (RFC 6962, sections 3.2 and 3.3)

use der::Tag;
use der::asn1::ObjectIdentifier;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::asn1;
use super::error::SigstoreError;
use super::key::LogKey;
use super::trusted_root::LogInstance;
use crate::model_signing::certificate::Certificate;
use crate::model_signing::key::der_of;

/// The list of timestamps in a certificate.
const LIST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.11129.2.4.2");
const VERSION_1: u8 = 0;
const CERTIFICATE_TIMESTAMP: u8 = 0;
const PRECERTIFICATE_ENTRY: u16 = 1;
/// SHA-256 with RSA, and with ECDSA (RFC 5246, section 7.4.1.4.1).
const SHA256_RSA: [u8; 2] = [4, 1];
const SHA256_ECDSA: [u8; 2] = [4, 3];
/// Lengths of certificates have three bytes there.
const CERTIFICATE_BYTES_MAX: usize = 0xFF_FFFF;

/// One timestamp.
struct Sct<'a> {
    log_id: &'a [u8],
    /// Milliseconds since 1970.
    at: u64,
    extensions: &'a [u8],
    algorithm: [u8; 2],
    signature: &'a [u8],
}

/// Shows that a certificate log of the trusted root has seen the certificate.
pub(super) fn verify(leaf: &Certificate, issuer: &Certificate, logs: &[LogInstance]) -> Result<(), SigstoreError> {
    let list = leaf.raw_extension(LIST).ok_or(SigstoreError::NoSct)?;
    let list = asn1::whole(list, Tag::OctetString).ok_or(SigstoreError::SctMalformed("the extension"))?;
    let sct = only(list)?;
    let mut known = logs.iter().filter(|log| log.id == sct.log_id).peekable();
    if known.peek().is_none() {
        return Err(SigstoreError::UnknownCertificateLog { id: hex::encode(sct.log_id) });
    }
    let at = i64::try_from(sct.at).ok().and_then(|at| Timestamp::from_millisecond(at).ok());
    let at = at.ok_or(SigstoreError::SctMalformed("its time"))?;
    let log = known.find(|log| log.period.covers(at));
    let log = log.ok_or_else(|| SigstoreError::CertificateLogPeriod { at: at.to_string() })?;
    let wanted = match &log.key {
        LogKey::Ecdsa(..) => SHA256_ECDSA,
        LogKey::Rsa(_) => SHA256_RSA,
        LogKey::Ed25519(_) => return Err(SigstoreError::KeyKind("Ed25519".to_owned())),
        LogKey::Unknown(details) => return Err(SigstoreError::KeyKind(details.clone())),
    };
    if sct.algorithm != wanted {
        return Err(SigstoreError::SctMalformed("its signature algorithm"));
    }
    let signed = signed(&sct, leaf, issuer).ok_or(SigstoreError::SctMalformed("the certificate around it"))?;
    if log.key.has_signed(&signed, sct.signature)? { Ok(()) } else { Err(SigstoreError::SctWrong) }
}

/// The one timestamp of a list (`SignedCertificateTimestampList`).
fn only(list: &[u8]) -> Result<Sct<'_>, SigstoreError> {
    let malformed = SigstoreError::SctMalformed("the list");
    let mut outer = Fields(list);
    let mut inner = Fields(outer.block().filter(|_| outer.0.is_empty()).ok_or(malformed)?);
    let mut scts = Vec::new();
    while !inner.0.is_empty() {
        scts.push(inner.block().ok_or(SigstoreError::SctMalformed("the list"))?);
    }
    let [sct] = scts.as_slice() else { return Err(SigstoreError::SctCount(scts.len())) };
    read(sct).ok_or(SigstoreError::SctMalformed("its fields"))
}

fn read(sct: &[u8]) -> Option<Sct<'_>> {
    let mut fields = Fields(sct);
    let [VERSION_1] = fields.take(1)? else { return None };
    let sct = Sct {
        log_id: fields.take(32)?,
        at: u64::from_be_bytes(fields.take(8)?.try_into().ok()?),
        extensions: fields.block()?,
        algorithm: fields.take(2)?.try_into().ok()?,
        signature: fields.block()?,
    };
    fields.0.is_empty().then_some(sct)
}

/// What the log signed: the certificate as it was before the timestamp came into it, and the key of its issuer.
fn signed(sct: &Sct<'_>, leaf: &Certificate, issuer: &Certificate) -> Option<Vec<u8>> {
    let before = without_list(&der_of(leaf.tbs()))?;
    if before.len() > CERTIFICATE_BYTES_MAX {
        return None;
    }
    let mut signed = vec![VERSION_1, CERTIFICATE_TIMESTAMP];
    signed.extend_from_slice(&sct.at.to_be_bytes());
    signed.extend_from_slice(&PRECERTIFICATE_ENTRY.to_be_bytes());
    signed.extend_from_slice(&Sha256::digest(der_of(issuer.tbs().subject_public_key_info())));
    signed.extend_from_slice(&u32::try_from(before.len()).ok()?.to_be_bytes()[1..]);
    signed.extend_from_slice(&before);
    signed.extend_from_slice(&u16::try_from(sct.extensions.len()).ok()?.to_be_bytes());
    signed.extend_from_slice(sct.extensions);
    Some(signed)
}

/// A `TBSCertificate` without the extension that has the list.
fn without_list(tbs: &[u8]) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    for part in asn1::parts(asn1::whole(tbs, Tag::Sequence)?)? {
        let Some(extensions) = asn1::content(part, asn1::context(3)) else {
            content.extend(asn1::element(asn1::any_tag(part), part.value())?);
            continue;
        };
        let mut kept = Vec::new();
        for extension in asn1::parts(asn1::whole(extensions, Tag::Sequence)?)? {
            let id = asn1::sequence(extension)?.first().copied().and_then(asn1::oid)?;
            if id != LIST {
                kept.extend(asn1::element(Tag::Sequence, extension.value())?);
            }
        }
        content.extend(asn1::element(asn1::context(3), &asn1::element(Tag::Sequence, &kept)?)?);
    }
    asn1::element(Tag::Sequence, &content)
}

/// Fields of a structure of TLS (RFC 5246, section 4), read from the front.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (front, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(front)
    }

    /// A length of two bytes, and so many bytes.
    fn block(&mut self) -> Option<&'a [u8]> {
        let length = u16::from_be_bytes(self.take(2)?.try_into().ok()?);
        self.take(usize::from(length))
    }
}
