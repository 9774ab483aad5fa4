//! Certificates (X.509, RFC 5280), and the way from a signer's to a root that the user trusts.

use std::collections::BTreeSet;

use der::asn1::ObjectIdentifier;
use der::{Decode as _, Encode as _};
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage};
use x509_cert::{Certificate as Parsed, TbsCertificate};

use super::algorithm::has_signed;
use super::error::{ModelKeyError, ModelVerifyError};
use super::fingerprint_of;
use super::key::{PublicKey, der_of};
use crate::limits::{CERTIFICATES_MAX, CHAIN_CERTIFICATES_MAX, CHAIN_SIGNATURES_MAX, PEM_BYTES_MAX};

const CERTIFICATE: &str = "certificate";

pub(super) const CODE_SIGNING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.3");
const TIME_STAMPING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.8");
const EXTENDED_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37");
const ANY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37.0");
const NAME_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.30");

/// Critical extensions that are understood here: key usage, alternative names (they are shown or compared, and decide
/// nothing by themselves), basic constraints, policies (none is asked for), extended key usage.
const UNDERSTOOD: [ObjectIdentifier; 5] = [
    ObjectIdentifier::new_unwrap("2.5.29.15"),
    ObjectIdentifier::new_unwrap("2.5.29.17"),
    ObjectIdentifier::new_unwrap("2.5.29.19"),
    ObjectIdentifier::new_unwrap("2.5.29.32"),
    ObjectIdentifier::new_unwrap("2.5.29.37"),
];

/// A certificate, well-formed and not yet believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    parsed: Parsed,
}

/// The roots that the user trusts, and the time at which every certificate must be valid.
#[derive(Clone, Debug)]
pub struct Roots {
    certificates: Vec<Certificate>,
    at: u64,
    purpose: Purpose,
}

/// What a signer's certificate must be for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Signing code, which models are taken for.
    Code,
    /// Timestamps (RFC 3161, section 2.3).
    Timestamps,
}

impl Certificate {
    /// Reads a certificate in DER form, which must be the one canonical form of it.
    ///
    /// # Errors
    /// [`ModelKeyError::Malformed`].
    pub fn from_der(der: &[u8]) -> Result<Self, ModelKeyError> {
        let parsed = Parsed::from_der(der).map_err(|_| ModelKeyError::Malformed(CERTIFICATE))?;
        // What is signed is encoded again for checking, so that must give what was read.
        let is_canonical = parsed.to_der().is_ok_and(|again| again == der);
        let extensions = parsed.tbs_certificate().extensions().map(Vec::as_slice).unwrap_or_default();
        let distinct: BTreeSet<_> = extensions.iter().map(|extension| extension.extn_id).collect();
        if !is_canonical || distinct.len() != extensions.len() {
            return Err(ModelKeyError::Malformed(CERTIFICATE));
        }
        Ok(Self { der: der.to_vec(), parsed })
    }

    /// Reads all certificates of a PEM text, in order: at least one.
    ///
    /// # Errors
    /// [`ModelKeyError`].
    pub fn from_pem(text: &str) -> Result<Vec<Self>, ModelKeyError> {
        let begin = "-----BEGIN CERTIFICATE-----";
        if text.len() > PEM_BYTES_MAX || !text.contains(begin) {
            return Err(ModelKeyError::Missing(CERTIFICATE));
        }
        let blocks = text.split(begin).skip(1).map(|rest| {
            let pem = format!("{begin}{rest}");
            let block = super::key::block(&pem, "CERTIFICATE").ok_or(ModelKeyError::Malformed(CERTIFICATE))?;
            let (_, document) = der::Document::from_pem(block).map_err(|_| ModelKeyError::Malformed(CERTIFICATE))?;
            Self::from_der(document.as_bytes())
        });
        blocks.collect()
    }

    /// The certificate in DER form.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Whom it is for (RFC 4514).
    #[must_use]
    pub fn subject(&self) -> String {
        self.tbs().subject().to_string()
    }

    /// Hexadecimal SHA-256 of its DER form.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        fingerprint_of(&self.der)
    }

    /// The key in it.
    ///
    /// # Errors
    /// [`ModelKeyError::Curve`] unless it is on one of the three curves.
    pub fn public_key(&self) -> Result<PublicKey, ModelKeyError> {
        PublicKey::from_info(self.tbs().subject_public_key_info())
    }

    pub(super) fn tbs(&self) -> &TbsCertificate {
        self.parsed.tbs_certificate()
    }

    /// The bytes of the extension with this type, if it is there.
    pub(super) fn raw_extension(&self, kind: ObjectIdentifier) -> Option<&[u8]> {
        let mut all = self.tbs().extensions().into_iter().flatten();
        all.find(|extension| extension.extn_id == kind).map(|extension| extension.extn_value.as_bytes())
    }

    /// The extension of this type, if it is there.
    pub(super) fn extension<'a, T: der::Decode<'a> + der::oid::AssociatedOid>(&'a self) -> Result<Option<T>, String> {
        self.tbs()
            .get_extension::<T>()
            .map(|found| found.map(|(_, value)| value))
            .map_err(|_| format!("an extension of {} is malformed", self.subject()))
    }

    fn is_signed_by(&self, issuer: &Self) -> Result<bool, String> {
        let algorithm = self.parsed.signature_algorithm();
        if algorithm != self.tbs().signature() {
            return Ok(false);
        }
        let Some(signature) = self.parsed.signature().as_bytes() else { return Ok(false) };
        has_signed(issuer.tbs().subject_public_key_info(), algorithm, &der_of(self.tbs()), signature)
            .ok_or_else(|| format!("{} is signed with an algorithm that is not known here", self.subject()))
    }

    /// What each certificate of a path must be.
    fn check(&self, at: u64) -> Result<(), String> {
        let validity = self.tbs().validity();
        let seconds = |time: &x509_cert::time::Time| time.to_unix_duration().as_secs();
        if at < seconds(&validity.not_before) || at > seconds(&validity.not_after) {
            let (from, until) = (validity.not_before, validity.not_after);
            return Err(format!("{} is valid from {from} to {until} only", self.subject()));
        }
        for extension in self.tbs().extensions().into_iter().flatten() {
            let is_unknown = extension.critical && !UNDERSTOOD.contains(&extension.extn_id);
            if is_unknown || extension.extn_id == NAME_CONSTRAINTS {
                return Err(format!(
                    "{} has the extension {}, which is not known here",
                    self.subject(),
                    extension.extn_id
                ));
            }
        }
        Ok(())
    }

    /// What the signer's certificate must be besides: made for signing, and for code where it says for what.
    fn check_signer(&self, purpose: Purpose) -> Result<(), String> {
        if purpose == Purpose::Timestamps {
            return self.check_timestamper();
        }
        let usage = self.extension::<KeyUsage>()?;
        let extended = self.extension::<ExtendedKeyUsage>()?;
        if usage.as_ref().is_some_and(|usage| !usage.digital_signature())
            || extended.as_ref().is_some_and(|extended| !extended.0.contains(&CODE_SIGNING))
            || (usage.is_none() && extended.is_none())
        {
            return Err(format!("{} is not made for signing code (key usage, extended key usage)", self.subject()));
        }
        Ok(())
    }

    /// What the certificate of a timestamp authority must be: for that and nothing else, critically (RFC 3161, section 2.3).
    fn check_timestamper(&self) -> Result<(), String> {
        let mut extensions = self.tbs().extensions().into_iter().flatten();
        let is_critical = extensions.any(|extension| extension.extn_id == EXTENDED_USAGE && extension.critical);
        let extended = self.extension::<ExtendedKeyUsage>()?;
        let is_for_time = extended.is_some_and(|extended| extended.0.as_slice() == [TIME_STAMPING]);
        let may_sign = |usage: KeyUsage| usage.digital_signature() || usage.non_repudiation();
        if !is_critical || !is_for_time || !self.extension::<KeyUsage>()?.is_none_or(may_sign) {
            return Err(format!("{} is not made for timestamps (key usage, extended key usage)", self.subject()));
        }
        Ok(())
    }

    /// What a certificate must be that vouches for another one, with so many between it and the signer's.
    fn check_issuer(&self, between: usize, purpose: Purpose) -> Result<(), String> {
        let constraints = self.extension::<BasicConstraints>()?;
        let Some(constraints) = constraints.filter(|constraints| constraints.ca) else {
            return Err(format!("{} is not that of an authority", self.subject()));
        };
        if constraints.path_len_constraint.is_some_and(|most| between > usize::from(most)) {
            return Err(format!("{} allows fewer certificates below it", self.subject()));
        }
        if self.extension::<KeyUsage>()?.is_some_and(|usage| !usage.key_cert_sign()) {
            return Err(format!("{} must not sign certificates", self.subject()));
        }
        let (usage, signers) = match purpose {
            Purpose::Code => (CODE_SIGNING, "signers of code"),
            Purpose::Timestamps => (TIME_STAMPING, "timestamp authorities"),
        };
        let is_for_it = |extended: ExtendedKeyUsage| extended.0.iter().any(|u| [usage, ANY_USAGE].contains(u));
        if self.extension::<ExtendedKeyUsage>()?.is_some_and(|extended| !is_for_it(extended)) {
            return Err(format!("{} must not vouch for {signers}", self.subject()));
        }
        Ok(())
    }
}

impl Roots {
    /// These roots, at this time (seconds since 1970).
    #[must_use]
    pub fn new(certificates: Vec<Certificate>, at: u64) -> Self {
        Self::for_purpose(certificates, at, Purpose::Code)
    }

    /// As [`Roots::new`], for certificates that are made for this.
    pub(super) const fn for_purpose(certificates: Vec<Certificate>, at: u64, purpose: Purpose) -> Self {
        Self { certificates, at, purpose }
    }

    /// The root to which the signer's certificate leads, over some of those between.
    ///
    /// # Errors
    /// [`ModelVerifyError::Chain`].
    pub(super) fn verify<'a>(
        &'a self,
        leaf: &'a Certificate,
        between: &'a [Certificate],
    ) -> Result<&'a Certificate, ModelVerifyError> {
        let path = self.path(leaf, between)?;
        // INVARIANT: a path has its leaf at least.
        path.last().copied().ok_or(ModelVerifyError::malformed("no certificate"))
    }

    /// The path from the signer's certificate to a root, both with it.
    ///
    /// # Errors
    /// [`ModelVerifyError::Chain`].
    pub(super) fn path<'a>(
        &'a self,
        leaf: &'a Certificate,
        between: &'a [Certificate],
    ) -> Result<Vec<&'a Certificate>, ModelVerifyError> {
        if between.len() >= CERTIFICATES_MAX {
            return Err(ModelVerifyError::Chain(format!("more than {CERTIFICATES_MAX} certificates")));
        }
        leaf.check(self.at).and_then(|()| leaf.check_signer(self.purpose)).map_err(ModelVerifyError::Chain)?;
        let mut search = Search { roots: self, between, path: vec![leaf], left: CHAIN_SIGNATURES_MAX, why: None };
        if search.reaches_a_root() {
            return Ok(search.path);
        }
        let why = search.why.unwrap_or_else(|| format!("no trusted root issued {}", leaf.subject()));
        Err(ModelVerifyError::Chain(why))
    }
}

/// The search for a path, which is bounded in depth and in signatures.
struct Search<'a> {
    roots: &'a Roots,
    between: &'a [Certificate],
    path: Vec<&'a Certificate>,
    left: usize,
    /// Why the last certificate that fitted by name was not good enough.
    why: Option<String>,
}

impl<'a> Search<'a> {
    fn reaches_a_root(&mut self) -> bool {
        let Some(&last) = self.path.last() else { return false };
        if self.roots.certificates.contains(last) {
            return true;
        }
        if self.path.len() >= CHAIN_CERTIFICATES_MAX {
            self.why = Some(format!("more than {CHAIN_CERTIFICATES_MAX} certificates up to a root"));
            return false;
        }
        let (roots, between) = (&self.roots.certificates, self.between);
        let issuers = roots.iter().chain(between).filter(|issuer| issuer.tbs().subject() == last.tbs().issuer());
        for issuer in issuers {
            if self.path.contains(&issuer) {
                continue;
            }
            match self.vouches(issuer, last) {
                Ok(()) => {
                    self.path.push(issuer);
                    if self.reaches_a_root() {
                        return true;
                    }
                    self.path.pop();
                }
                Err(why) => self.why = Some(why),
            }
        }
        false
    }

    fn vouches(&mut self, issuer: &Certificate, last: &Certificate) -> Result<(), String> {
        issuer.check(self.roots.at)?;
        issuer.check_issuer(self.path.len() - 1, self.roots.purpose)?;
        self.left = self.left.checked_sub(1).ok_or("too many certificates to try")?;
        if last.is_signed_by(issuer)? {
            Ok(())
        } else {
            Err(format!("{} did not issue {}", issuer.subject(), last.subject()))
        }
    }
}
