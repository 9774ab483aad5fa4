//! What a Sigstore is to those who trust it: its certificate authorities, its logs and its timestamp authorities, each with
//! the time in which it holds. (`sigstore_trustroot.proto` of sigstore/protobuf-specs, `TrustedRoot`)

use jiff::Timestamp;
use serde::Deserialize;

use super::error::TrustedRootError;
use super::json::{Bytes, bounded};
use super::key::LogKey;
use crate::limits::{CERTIFICATES_MAX, TRUSTED_ROOT_BYTES_MAX, TRUSTED_ROOT_ENTRIES_MAX};
use crate::model_signing::certificate::Certificate;

/// The versions of the form that are known here, in all their spellings.
const MEDIA_TYPES: [&str; 4] = [
    "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
    "application/vnd.dev.sigstore.trustedroot.v0.1+json",
    "application/vnd.dev.sigstore.trustedroot+json;version=0.2",
    "application/vnd.dev.sigstore.trustedroot.v0.2+json",
];
/// The one hash of Merkle trees that is in use.
const HASH: &str = "SHA2_256";
/// Bytes of a log's id: it begins with the four bytes that checkpoints name.
const LOG_ID_BYTES: std::ops::RangeInclusive<usize> = 4..=64;

/// A trusted root: whoever verifies got it in a way that they trust. Nothing of it comes from a signature.
#[derive(Clone, Debug)]
pub struct TrustedRoot {
    pub(super) logs: Vec<LogInstance>,
    pub(super) certificate_logs: Vec<LogInstance>,
    pub(super) authorities: Vec<Authority>,
    pub(super) timestamp_authorities: Vec<Authority>,
}

/// A transparency log or a certificate log.
#[derive(Clone, Debug)]
pub(super) struct LogInstance {
    pub id: Vec<u8>,
    /// The id with which it signs checkpoints, of which they show the first four bytes.
    pub checkpoint_id: Vec<u8>,
    pub key: LogKey,
    pub period: Period,
}

/// An authority: its certificates, the issuing one first and the root last.
#[derive(Clone, Debug)]
pub(super) struct Authority {
    pub certificates: Vec<Certificate>,
    pub period: Period,
}

/// A time from its start to its end, both counted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Period {
    start: Timestamp,
    end: Option<Timestamp>,
}

impl TrustedRoot {
    /// Reads `trusted_root.json`, strictly: a member that is not known could say whom not to trust.
    ///
    /// # Errors
    /// [`TrustedRootError`].
    pub fn from_json(bytes: &[u8]) -> Result<Self, TrustedRootError> {
        if bytes.len() > TRUSTED_ROOT_BYTES_MAX {
            return Err(TrustedRootError::TooLarge);
        }
        let members: Members = serde_json::from_slice(bytes).map_err(TrustedRootError::malformed)?;
        if !MEDIA_TYPES.contains(&members.media_type.as_str()) {
            return Err(TrustedRootError::MediaType(members.media_type));
        }
        let all = |logs: Vec<LogMembers>| logs.into_iter().map(log).collect::<Result<Vec<_>, _>>();
        let each = |found: Vec<AuthorityMembers>| found.into_iter().map(authority).collect::<Result<Vec<_>, _>>();
        let root = Self {
            logs: all(members.tlogs)?,
            certificate_logs: all(members.ctlogs)?,
            authorities: each(members.certificate_authorities)?,
            timestamp_authorities: each(members.timestamp_authorities)?,
        };
        let needed = [
            ("transparency log", root.logs.is_empty()),
            ("certificate log", root.certificate_logs.is_empty()),
            ("certificate authority", root.authorities.is_empty()),
        ];
        match needed.into_iter().find(|(_, missing)| *missing) {
            Some((what, _)) => Err(TrustedRootError::Missing(what)),
            None => Ok(root),
        }
    }
}

impl Period {
    /// True within it.
    pub(super) fn covers(&self, at: Timestamp) -> bool {
        self.start <= at && self.end.is_none_or(|end| at <= end)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Members {
    media_type: String,
    #[serde(default, deserialize_with = "bounded::<_, _, TRUSTED_ROOT_ENTRIES_MAX>")]
    tlogs: Vec<LogMembers>,
    #[serde(default, deserialize_with = "bounded::<_, _, TRUSTED_ROOT_ENTRIES_MAX>")]
    certificate_authorities: Vec<AuthorityMembers>,
    #[serde(default, deserialize_with = "bounded::<_, _, TRUSTED_ROOT_ENTRIES_MAX>")]
    ctlogs: Vec<LogMembers>,
    #[serde(default, deserialize_with = "bounded::<_, _, TRUSTED_ROOT_ENTRIES_MAX>")]
    timestamp_authorities: Vec<AuthorityMembers>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct LogMembers {
    #[serde(default)]
    base_url: String,
    hash_algorithm: String,
    public_key: KeyMembers,
    log_id: LogId,
    checkpoint_key_id: Option<LogId>,
    #[serde(rename = "operator")]
    _operator: Option<String>,
}

/// The id of a log.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(in crate::model_signing) struct LogId {
    pub key_id: Bytes,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct KeyMembers {
    raw_bytes: Bytes,
    key_details: String,
    valid_for: Option<PeriodMembers>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct AuthorityMembers {
    #[serde(rename = "subject")]
    _subject: Option<NameMembers>,
    #[serde(default)]
    uri: String,
    cert_chain: ChainMembers,
    valid_for: Option<PeriodMembers>,
    #[serde(rename = "operator")]
    _operator: Option<String>,
}

/// For people only: the certificates say it again.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct NameMembers {
    #[serde(rename = "organization")]
    _organization: Option<String>,
    #[serde(rename = "commonName")]
    _common_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChainMembers {
    #[serde(deserialize_with = "bounded::<_, _, CERTIFICATES_MAX>")]
    certificates: Vec<CertificateMembers>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct CertificateMembers {
    raw_bytes: Bytes,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PeriodMembers {
    start: Option<String>,
    end: Option<String>,
}

fn log(members: LogMembers) -> Result<LogInstance, TrustedRootError> {
    if members.hash_algorithm != HASH {
        return Err(TrustedRootError::malformed(format!("the hash {:?} of a log", members.hash_algorithm)));
    }
    let id = members.log_id.key_id.0;
    let checkpoint_id = members.checkpoint_key_id.map_or_else(|| id.clone(), |id| id.key_id.0);
    if !LOG_ID_BYTES.contains(&id.len()) || !LOG_ID_BYTES.contains(&checkpoint_id.len()) {
        return Err(TrustedRootError::malformed("the id of a log has not 4 to 64 bytes"));
    }
    let KeyMembers { raw_bytes, key_details, valid_for } = members.public_key;
    Ok(LogInstance {
        id,
        checkpoint_id,
        key: LogKey::new(&raw_bytes.0, &key_details)?,
        period: period(valid_for, &members.base_url)?,
    })
}

fn authority(members: AuthorityMembers) -> Result<Authority, TrustedRootError> {
    let certificates = members.cert_chain.certificates.iter().map(|c| Certificate::from_der(&c.raw_bytes.0));
    let certificates = certificates.collect::<Result<Vec<_>, _>>();
    let certificates = certificates.ok().filter(|found| !found.is_empty());
    Ok(Authority {
        certificates: certificates.ok_or_else(|| TrustedRootError::Certificate(members.uri.clone()))?,
        period: period(members.valid_for, &members.uri)?,
    })
}

fn period(members: Option<PeriodMembers>, of: &str) -> Result<Period, TrustedRootError> {
    let refused = || TrustedRootError::Period(of.to_owned());
    let PeriodMembers { start, end } = members.ok_or_else(refused)?;
    let time = |text: String| text.parse::<Timestamp>().map_err(|_| refused());
    Ok(Period { start: time(start.ok_or_else(refused)?)?, end: end.map(time).transpose()? })
}
