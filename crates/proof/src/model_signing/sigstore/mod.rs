//! Signatures with an identity that Sigstore vouches for: somebody signed in, got a certificate for some minutes, signed, and
//! had that written into a public log. Nothing here asks anybody: the trusted root comes from whoever verifies.
//!
//! The steps stand in [`verify`] in the order of the Sigstore client specification (section "Verification"):
//! time, certificate, certificate log, identity, signature, entry of the log, inclusion.

mod asn1;
mod body;
mod entry;
mod error;
pub(super) mod fuzz;
mod identity;
mod json;
mod key;
mod sct;
mod timestamp;
mod trusted_root;

use jiff::Timestamp;

pub use error::{SigstoreError, TrustedRootError};
pub use trusted_root::TrustedRoot;

pub(super) use entry::LogEntry;
pub(super) use json::{Bytes, bounded};

use super::certificate::{Certificate, Purpose, Roots};
use super::envelope::Envelope;
use super::error::ModelVerifyError;
use trusted_root::{Authority, LogInstance};

/// Whom a signature must be by, and under which root.
#[derive(Clone, Debug)]
pub struct SigstoreTrust {
    /// The authorities and logs.
    pub root: TrustedRoot,
    /// The identity: an e-mail address, a URI or a user name, exactly as the certificate has it.
    pub identity: String,
    /// Who vouched for it: the URL of the OpenID provider, exactly as the certificate has it.
    pub issuer: String,
}

/// What a bundle brings along for a Sigstore identity.
#[derive(Debug)]
pub(super) struct Keyless {
    /// DER; the signer's own. Certificates above it come from the trusted root alone.
    pub certificate: Vec<u8>,
    pub entries: Vec<LogEntry>,
    /// RFC 3161, DER.
    pub timestamps: Vec<Vec<u8>>,
    pub promise: PromiseRule,
}

/// Whether the log's promise must be there, which the version of the bundle decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PromiseRule {
    /// Version 0.1.
    Required,
    /// Later versions, where a timestamp does as well.
    Optional,
}

/// Who signed, and when.
#[derive(Debug)]
pub(super) struct Proven {
    pub identity: String,
    pub issuer: String,
    /// Seconds since 1970; the earliest of the times that were proven.
    pub at: u64,
}

/// Verifies all that a bundle says of who signed and when.
pub(super) fn verify(
    keyless: &Keyless,
    envelope: &Envelope,
    trust: &SigstoreTrust,
) -> Result<Proven, ModelVerifyError> {
    let leaf = Certificate::from_der(&keyless.certificate)?;
    let [entry] = keyless.entries.as_slice() else {
        return Err(SigstoreError::Entries(keyless.entries.len()).into());
    };
    let (log, times) = times(keyless, entry, &envelope.signature, &trust.root)?;
    for at in &times {
        let issuer = issued(&leaf, *at, &trust.root.authorities)?;
        sct::verify(&leaf, issuer, &trust.root.certificate_logs)?;
    }
    identity::check_profile(&leaf)?;
    let identity = identity::identity(&leaf)?;
    if identity != trust.identity {
        return Err(SigstoreError::Identity { found: identity, wanted: trust.identity.clone() }.into());
    }
    let issuer = identity::issuer(&leaf)?;
    if issuer != trust.issuer {
        return Err(SigstoreError::Issuer { found: issuer, wanted: trust.issuer.clone() }.into());
    }
    let pae = envelope.signed();
    if !leaf.public_key()?.has_signed(&pae, &envelope.signature) {
        return Err(ModelVerifyError::BadSignature);
    }
    let signed =
        body::Signed { payload: &envelope.payload, pae: &pae, signature: &envelope.signature, certificate: &leaf };
    body::verify(entry, &signed)?;
    entry.verify_inclusion(log)?;
    let at = times.iter().min().map_or(0, |at| u64::try_from(at.as_second()).unwrap_or_default());
    Ok(Proven { identity, issuer, at })
}

/// The times at which the signature is proven to have been there, at least one, and the log whose key held at all of them.
/// Every timestamp must hold: one that can't be checked could be the one that says "too late".
fn times<'r>(
    keyless: &Keyless,
    entry: &LogEntry,
    signature: &[u8],
    root: &'r TrustedRoot,
) -> Result<(&'r LogInstance, Vec<Timestamp>), SigstoreError> {
    if keyless.promise == PromiseRule::Required && !entry.has_promise() {
        return Err(SigstoreError::PromiseMissing);
    }
    let stamped = keyless.timestamps.iter().map(|one| timestamp::verify(one, signature, &root.timestamp_authorities));
    let stamped = stamped.collect::<Result<Vec<_>, _>>()?;
    let mut why = SigstoreError::NoTime;
    for log in entry.logs(&root.logs)? {
        let promised = match entry.promised_at(log) {
            Ok(promised) => promised,
            Err(error) => {
                why = error;
                continue;
            }
        };
        let times: Vec<Timestamp> = promised.into_iter().chain(stamped.iter().copied()).collect();
        match times.iter().find(|at| !log.period.covers(**at)) {
            Some(at) => why = SigstoreError::LogPeriod { at: at.to_string() },
            None if times.is_empty() => {}
            None => return Ok((log, times)),
        }
    }
    Err(why)
}

/// The certificate of the authority that issued the signer's, which was valid at this time under the trusted root.
fn issued<'r>(leaf: &Certificate, at: Timestamp, known: &'r [Authority]) -> Result<&'r Certificate, SigstoreError> {
    let untrusted = |why: String| SigstoreError::Chain { at: at.to_string(), why };
    let seconds = u64::try_from(at.as_second()).map_err(|_| untrusted("a time before 1970".to_owned()))?;
    let mut why = "the trusted root has no certificate authority for that time".to_owned();
    for authority in known.iter().filter(|authority| authority.period.covers(at)) {
        let Some((root, between)) = authority.certificates.split_last() else { continue };
        let roots = Roots::for_purpose(vec![root.clone()], seconds, Purpose::Code);
        match roots.path(leaf, between) {
            Ok(path) => {
                let above = path.get(1).copied();
                let issuer = authority.certificates.iter().find(|certificate| Some(*certificate) == above);
                return issuer.ok_or_else(|| untrusted("it is a root itself".to_owned()));
            }
            Err(ModelVerifyError::Chain(error)) => why = error,
            Err(error) => why = error.to_string(),
        }
    }
    Err(untrusted(why))
}
