//! Timestamps of an authority over a signature: a time that the signer can't choose.
//! (RFC 3161, section 2.4.2, in the `SignedData` of RFC 5652, section 5; RFC 5816 for the certificate's digest)

use der::Tag;
use der::asn1::{AnyRef, ObjectIdentifier};
use jiff::Timestamp;
use x509_cert::spki::AlgorithmIdentifierOwned;

use super::asn1;
use super::error::SigstoreError;
use super::trusted_root::Authority;
use crate::model_signing::algorithm::{Hash, has_signed, hash_in};
use crate::model_signing::certificate::{Certificate, Purpose, Roots};
use crate::model_signing::key::der_of;

const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const TST_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");
const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
const SIGNING_CERTIFICATE_V2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");
const HASHES: [(ObjectIdentifier, Hash); 3] = [
    (ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1"), Hash::Sha256),
    (ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2"), Hash::Sha384),
    (ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3"), Hash::Sha512),
];
/// `granted` (RFC 3161, section 2.4.2). The status is not signed; one that grants something else than was asked for is refused.
const GRANTED: &[u8] = &[0];

/// A timestamp, well-formed and not yet believed.
struct Token {
    /// Of what it was made.
    imprint: (Hash, Vec<u8>),
    at: Timestamp,
    /// What the authority signed (DER of the signed attributes).
    signed: Vec<u8>,
    /// Issuer (DER) and serial number of its certificate.
    who: (Vec<u8>, Vec<u8>),
    /// The digest of its certificate.
    certificate: (Hash, Vec<u8>),
    algorithm: AlgorithmIdentifierOwned,
    signature: Vec<u8>,
}

/// The time in this answer of an authority (DER of `TimeStampResp`), if it is about this signature, and an authority of the
/// trusted root made it within its period.
pub(super) fn verify(answer: &[u8], signature: &[u8], known: &[Authority]) -> Result<Timestamp, SigstoreError> {
    let token = read(answer)?;
    let (hash, digest) = &token.imprint;
    if hash.of(signature) != *digest {
        return Err(SigstoreError::TimestampOther);
    }
    let (hash, digest) = &token.certificate;
    let is_meant = |authority: &&Authority| {
        let is_its = |own: &Certificate| hash.of(own.der()) == *digest && is_named(own, &token.who);
        authority.certificates.first().is_some_and(is_its)
    };
    let mut why = SigstoreError::UnknownTimestampAuthority;
    for authority in known.iter().filter(is_meant) {
        match by(&token, authority) {
            Ok(()) => return Ok(token.at),
            Err(error) => why = error,
        }
    }
    Err(why)
}

/// True when the certificate has this issuer and serial number.
fn is_named(certificate: &Certificate, (issuer, serial): &(Vec<u8>, Vec<u8>)) -> bool {
    let named = der_of(certificate.tbs().issuer());
    asn1::whole(&named, Tag::Sequence) == Some(issuer) && certificate.tbs().serial_number().as_bytes() == serial
}

fn by(token: &Token, authority: &Authority) -> Result<(), SigstoreError> {
    let untrusted = |why: String| SigstoreError::TimestampAuthority { at: token.at.to_string(), why };
    if !authority.period.covers(token.at) {
        return Err(untrusted("the trusted root does not trust it then".to_owned()));
    }
    let Some((leaf, above)) = authority.certificates.split_first() else {
        return Err(SigstoreError::UnknownTimestampAuthority);
    };
    let Some((root, between)) = above.split_last() else {
        return Err(untrusted("the trusted root has no certificate above its own".to_owned()));
    };
    let at = u64::try_from(token.at.as_second()).unwrap_or_default();
    let roots = Roots::for_purpose(vec![root.clone()], at, Purpose::Timestamps);
    roots.path(leaf, between).map_err(|error| untrusted(error.to_string()))?;
    let key = leaf.tbs().subject_public_key_info();
    match has_signed(key, &token.algorithm, &token.signed, &token.signature) {
        Some(true) => Ok(()),
        Some(false) => Err(SigstoreError::TimestampWrong),
        None => Err(SigstoreError::KeyKind(token.algorithm.oid.to_string())),
    }
}

fn read(answer: &[u8]) -> Result<Token, SigstoreError> {
    let malformed = |what| SigstoreError::Timestamp(what);
    let parts = asn1::whole(answer, Tag::Sequence).and_then(asn1::parts);
    let [status, token] = parts.as_deref().ok_or(malformed("it is not an answer of a timestamp authority"))? else {
        return Err(malformed("it has no token"));
    };
    let status = asn1::sequence(*status).and_then(|parts| asn1::content(*parts.first()?, Tag::Integer));
    if status != Some(GRANTED) {
        return Err(malformed("the authority refused to make it"));
    }
    let data = signed_data(*token).ok_or(malformed("its token is not signed data"))?;
    let info = content_of(&data).ok_or(malformed("its token has other content than a time"))?;
    let (imprint, at) = info_of(info).ok_or(malformed("its time or what it was made of can't be read"))?;
    let signer = signer_of(&data).ok_or(malformed("it has not exactly one signer with a digest that it announces"))?;
    signer_fields(&signer, info, imprint, at)
}

/// The elements of the `SignedData` in a `ContentInfo`.
fn signed_data(token: AnyRef<'_>) -> Option<Vec<AnyRef<'_>>> {
    let [kind, content] = asn1::sequence(token)?.try_into().ok()?;
    if asn1::oid(kind)? != SIGNED_DATA {
        return None;
    }
    asn1::parts(asn1::whole(asn1::content(content, asn1::context(0))?, Tag::Sequence)?)
}

/// The bytes of the `TSTInfo`.
fn content_of<'a>(data: &[AnyRef<'a>]) -> Option<&'a [u8]> {
    let [kind, content] = asn1::sequence(*data.get(2)?)?.try_into().ok()?;
    if asn1::oid(kind)? != TST_INFO {
        return None;
    }
    asn1::whole(asn1::content(content, asn1::context(0))?, Tag::OctetString)
}

/// What a `TSTInfo` was made of, and its time. Extensions are not known here.
fn info_of(info: &[u8]) -> Option<((Hash, Vec<u8>), Timestamp)> {
    let parts = asn1::parts(asn1::whole(info, Tag::Sequence)?)?;
    let [version, _policy, imprint, _serial, time, rest @ ..] = parts.as_slice() else { return None };
    if asn1::content(*version, Tag::Integer)? != [1] || rest.iter().any(|part| asn1::any_tag(*part) == asn1::context(1))
    {
        return None;
    }
    let [algorithm, digest] = asn1::sequence(*imprint)?.try_into().ok()?;
    let digest = asn1::content(digest, Tag::OctetString)?.to_vec();
    let time = std::str::from_utf8(asn1::content(*time, Tag::GeneralizedTime)?).ok()?;
    Some(((hash_of(algorithm)?, digest), generalized_time(time)?))
}

/// The elements of the only `SignerInfo`, in signed data of the version that its content asks for (RFC 5652, section 5.1).
fn signer_of<'a>(data: &[AnyRef<'a>]) -> Option<Vec<AnyRef<'a>>> {
    let [version, digests, _content, between @ .., signers] = data else { return None };
    // Certificates and revocation lists: the certificates that count are in the trusted root.
    let is_known = |any: &AnyRef<'_>| [asn1::context(0), asn1::context(1)].contains(&asn1::any_tag(*any));
    if asn1::content(*version, Tag::Integer)? != [3] || !between.iter().all(is_known) {
        return None;
    }
    let [signer] = asn1::parts(asn1::content(*signers, Tag::Set)?)?.try_into().ok()?;
    let signer = asn1::sequence(signer)?;
    let announced = asn1::parts(asn1::content(*digests, Tag::Set)?)?;
    let hash = hash_of(*signer.get(2)?)?;
    (asn1::content(*signer.first()?, Tag::Integer)? == [1]
        && announced.into_iter().any(|one| hash_of(one) == Some(hash)))
    .then_some(signer)
}

fn signer_fields(
    signer: &[AnyRef<'_>],
    info: &[u8],
    imprint: (Hash, Vec<u8>),
    at: Timestamp,
) -> Result<Token, SigstoreError> {
    let malformed = |what| SigstoreError::Timestamp(what);
    let [_version, who, digest, attributes, algorithm, signature, ..] = signer else {
        return Err(malformed("its signer signs no attributes"));
    };
    let attributes = asn1::content(*attributes, asn1::context(0)).ok_or(malformed("its signer signs no attributes"))?;
    let kind = attribute(attributes, CONTENT_TYPE).and_then(asn1::oid);
    if kind != Some(TST_INFO) {
        return Err(malformed("what is signed is not said to be a time"));
    }
    let hash = hash_of(*digest).ok_or(malformed("its digest is not of the family SHA-2"))?;
    let signed_digest = attribute(attributes, MESSAGE_DIGEST).and_then(|any| asn1::content(any, Tag::OctetString));
    if signed_digest != Some(hash.of(info).as_slice()) {
        return Err(SigstoreError::TimestampWrong);
    }
    let who = asn1::sequence(*who).and_then(|who| <[AnyRef<'_>; 2]>::try_from(who).ok());
    let [issuer, serial] = who.ok_or(malformed("it does not name the certificate by issuer and serial number"))?;
    let certificate = attribute(attributes, SIGNING_CERTIFICATE_V2).and_then(certificate_digest);
    let algorithm: AlgorithmIdentifierOwned =
        algorithm.decode_as().map_err(|_| malformed("its signature algorithm"))?;
    if hash_in(&algorithm).is_some_and(|used| used != hash) {
        return Err(malformed("its digest is not that of its signature algorithm"));
    }
    Ok(Token {
        imprint,
        at,
        who: (issuer.value().to_vec(), asn1::content(serial, Tag::Integer).unwrap_or_default().to_vec()),
        // Signed as a SET, and written with an implicit tag (RFC 5652, section 5.4).
        signed: asn1::element(Tag::Set, attributes).ok_or(malformed("its attributes"))?,
        certificate: certificate.ok_or(malformed("it does not say whose certificate it was made with"))?,
        algorithm,
        signature: asn1::content(*signature, Tag::OctetString).ok_or(malformed("its signature"))?.to_vec(),
    })
}

/// The only value of the attribute with this type, if there is exactly one.
fn attribute(attributes: &[u8], kind: ObjectIdentifier) -> Option<AnyRef<'_>> {
    let mut found = None;
    for one in asn1::parts(attributes)? {
        let [id, values] = asn1::sequence(one)?.try_into().ok()?;
        if asn1::oid(id)? == kind {
            let [value] = asn1::parts(asn1::content(values, Tag::Set)?)?.try_into().ok()?;
            if found.replace(value).is_some() {
                return None;
            }
        }
    }
    found
}

/// The digest of the first certificate in a `SigningCertificateV2`.
fn certificate_digest(value: AnyRef<'_>) -> Option<(Hash, Vec<u8>)> {
    let ids = asn1::sequence(*asn1::sequence(value)?.first()?)?;
    let id = asn1::sequence(*ids.first()?)?;
    let (hash, digest) = match id.as_slice() {
        [first, ..] if asn1::any_tag(*first) == Tag::OctetString => (Hash::Sha256, *first),
        [algorithm, digest, ..] => (hash_of(*algorithm)?, *digest),
        _ => return None,
    };
    Some((hash, asn1::content(digest, Tag::OctetString)?.to_vec()))
}

fn hash_of(algorithm: AnyRef<'_>) -> Option<Hash> {
    let parts = asn1::sequence(algorithm)?;
    let (id, parameters) = parts.split_first()?;
    if !parameters.iter().all(|any| any.is_null()) {
        return None;
    }
    let id = asn1::oid(*id)?;
    HASHES.into_iter().find(|(oid, _)| *oid == id).map(|(_, hash)| hash)
}

/// `YYYYMMDDHHMMSS[.f…]Z`, which RFC 3161 asks for.
fn generalized_time(text: &str) -> Option<Timestamp> {
    let plain = text.strip_suffix('Z')?;
    let (whole, fraction) = plain.split_once('.').map_or((plain, None), |(whole, fraction)| (whole, Some(fraction)));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() != 14 || !is_digits(whole) || fraction.is_some_and(|f| !is_digits(f) || f.len() > 9) {
        return None;
    }
    let (date, time) = whole.split_at(8);
    let fraction = fraction.map(|fraction| format!(".{fraction}")).unwrap_or_default();
    let spelled = format!(
        "{}-{}-{}T{}:{}:{}{fraction}Z",
        &date[..4],
        &date[4..6],
        &date[6..],
        &time[..2],
        &time[2..4],
        &time[4..]
    );
    spelled.parse().ok()
}
