//! Whom a certificate of Fulcio names: the identity, and who vouched for it.
//! (sigstore/fulcio, `docs/certificate-specification.md` and `docs/oid-info.md`)

use der::Tag;
use der::asn1::ObjectIdentifier;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAltName};

use super::asn1;
use super::error::SigstoreError;
use crate::model_signing::certificate::{CODE_SIGNING, Certificate};

/// The issuer as raw text, in older certificates.
const ISSUER_V1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.57264.1.1");
/// The issuer as a UTF-8 string in DER.
const ISSUER_V2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.57264.1.8");
/// A user name, as another name among the alternative names.
const OTHER_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.57264.1.7");

/// Refuses what is no certificate for a signer.
pub(super) fn check_profile(leaf: &Certificate) -> Result<(), SigstoreError> {
    let unreadable = |_| SigstoreError::Profile("an extension is malformed");
    let authority = leaf.extension::<BasicConstraints>().map_err(unreadable)?;
    if authority.is_some_and(|constraints| constraints.ca) {
        return Err(SigstoreError::Profile("it is that of an authority"));
    }
    let usage = leaf.extension::<KeyUsage>().map_err(unreadable)?;
    if !usage.is_some_and(|usage| usage.digital_signature()) {
        return Err(SigstoreError::Profile("its key usage is not digital signature"));
    }
    let extended = leaf.extension::<ExtendedKeyUsage>().map_err(unreadable)?;
    if !extended.is_some_and(|extended| extended.0.contains(&CODE_SIGNING)) {
        return Err(SigstoreError::Profile("its extended key usage is not code signing"));
    }
    Ok(())
}

/// The one identity of the certificate: an e-mail address, a URI or a user name.
pub(super) fn identity(leaf: &Certificate) -> Result<String, SigstoreError> {
    let names = leaf.extension::<SubjectAltName>();
    let names = names.map_err(|_| SigstoreError::IdentityForm("its names can't be read"))?;
    let names = names.map(|names| names.0).unwrap_or_default();
    let [name] = names.as_slice() else {
        return Err(SigstoreError::IdentityForm("it has no name, or several"));
    };
    match name {
        GeneralName::Rfc822Name(text) | GeneralName::UniformResourceIdentifier(text) => Ok(text.as_str().to_owned()),
        GeneralName::OtherName(other) if other.type_id == OTHER_NAME => {
            let text = other.value.decode_as::<String>();
            text.map_err(|_| SigstoreError::IdentityForm("its user name is not a text"))
        }
        _ => Err(SigstoreError::IdentityForm("its name is no e-mail address, URI or user name")),
    }
}

/// Who vouched for the identity. Both forms must say the same where both are there.
pub(super) fn issuer(leaf: &Certificate) -> Result<String, SigstoreError> {
    let old = leaf.raw_extension(ISSUER_V1).map(|bytes| String::from_utf8(bytes.to_vec()).ok());
    let new = leaf.raw_extension(ISSUER_V2).map(|bytes| {
        let text = asn1::whole(bytes, Tag::Utf8String)?;
        String::from_utf8(text.to_vec()).ok()
    });
    match (old, new) {
        (Some(None), _) | (_, Some(None)) => Err(SigstoreError::IssuerForm("it is not a text")),
        (Some(Some(old)), Some(Some(new))) if old != new => {
            Err(SigstoreError::IssuerForm("the two places where it stands differ"))
        }
        (_, Some(Some(issuer))) | (Some(Some(issuer)), None) => Ok(issuer),
        (None, None) => Err(SigstoreError::IssuerForm("it is not there")),
    }
}
