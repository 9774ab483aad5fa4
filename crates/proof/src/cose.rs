//! COSE receipts of the same tree: proofs of inclusion in the form of RFC 9942, for those whose tools speak COSE and SCITT
//! (RFC 9943) rather than C2SP.
//!
//! ```text
//! COSE_Sign1, tag 18:
//!   protected    alg (1): EdDSA (-8) · kid (4): the public key in its text form · CWT claims (15): iss (1) the origin of the
//!                log, sub (2) the entry as text · vds (395): RFC9162_SHA256 (1)
//!   unprotected  vdp (396): { inclusion (-1): [ bstr .cbor [tree size, leaf index, [+ hash]] ] }
//!   payload      nil: it is the root, which the verifier computes
//!   signature    Ed25519 over Sig_structure with the root as the payload (RFC 9052, section 4.4)
//! ```
//!
//! The signature is one more by the log's Ed25519 key. It can't be taken for a checkpoint, nor a checkpoint for it: what is
//! signed here begins with a CBOR array, and a checkpoint with the name of its log.

use coset::cbor::value::Value;
use coset::iana::Algorithm;
use coset::{
    CborSerializable as _, CoseSign1, CoseSign1Builder, Header, HeaderBuilder, Label, TaggedCborSerializable as _,
};
use thiserror::Error;

use crate::checkpoint::Checkpoint;
use crate::key::Key;
use crate::limits::{PROOF_HASHES_MAX, RECEIPT_BYTES_MAX};
use crate::merkle::{Hash, leaf_hash, root_from_inclusion};
use crate::note::VerifierKey;
use crate::proof::{Proof, ProofError};

/// The media type of a receipt (RFC 9942, "Media Type Registration" of COSE: `application/cose` with its type).
pub const RECEIPT_MEDIA_TYPE: &str = "application/cose; cose-type=\"cose-sign1\"";

const CWT_CLAIMS: i64 = 15;
const ISS: i64 = 1;
const SUB: i64 = 2;
const VDS: i64 = 395;
const VDP: i64 = 396;
const RFC9162_SHA256: i64 = 1;
const INCLUSION: i64 = -1;

/// Why a receipt was not accepted.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReceiptError {
    /// Larger than [`RECEIPT_BYTES_MAX`].
    #[error("the receipt is too large")]
    TooLarge,
    /// Not of the form of a receipt.
    #[error("this is not a COSE receipt of inclusion: {0}")]
    Malformed(&'static str),
    /// It is not for this entry, or was changed, or another key signed it: a detached root doesn't show which.
    #[error("the receipt does not show that the key's log contains the entry")]
    NotIncluded,
}

/// A receipt for the entry that this proof is for, signed by the log's key.
///
/// # Errors
/// Those of [`Proof::verify`]: what would not verify is not signed.
pub fn receipt(proof: &Proof, entry: &[u8], key: &Key) -> Result<Vec<u8>, ProofError> {
    let checkpoint = Checkpoint::open(&proof.checkpoint, std::slice::from_ref(key.verifier()))?;
    proof.verify(entry, std::slice::from_ref(key.verifier()))?;
    let claims = Value::Map(vec![
        (Value::from(ISS), Value::from(checkpoint.origin.as_str())),
        (Value::from(SUB), Value::from(String::from_utf8_lossy(entry).as_ref())),
    ]);
    let protected = HeaderBuilder::new()
        .algorithm(Algorithm::EdDSA)
        .key_id(key.verifier().to_string().into_bytes())
        .value(CWT_CLAIMS, claims)
        .value(VDS, Value::from(RFC9162_SHA256));
    let path = proof.hashes.iter().map(|hash| Value::from(hash.as_bytes().to_vec())).collect();
    let inclusion = Value::Array(vec![checkpoint.size.into(), proof.index.into(), Value::Array(path)]);
    let mut encoded = Vec::new();
    coset::cbor::ser::into_writer(&inclusion, &mut encoded).map_err(|_| ProofError::TooLarge)?;
    let proofs = Value::Map(vec![(Value::from(INCLUSION), Value::Array(vec![Value::from(encoded)]))]);
    let signed = CoseSign1Builder::new()
        .protected(protected.build())
        .unprotected(HeaderBuilder::new().value(VDP, proofs).build())
        .try_create_detached_signature(checkpoint.root.as_bytes(), b"", |bytes| key.sign(bytes).map(Vec::from))?
        .build();
    signed.to_tagged_vec().map_err(|_| ProofError::TooLarge)
}

/// Checks that a receipt shows that this entry is in the log of this key. Which place it has there is not shown: the form has
/// the size of the tree outside of what is signed, and several sizes can lead to one root.
///
/// # Errors
/// [`ReceiptError`].
pub fn verify_receipt(receipt: &[u8], entry: &[u8], key: &VerifierKey) -> Result<(), ReceiptError> {
    if receipt.len() > RECEIPT_BYTES_MAX {
        return Err(ReceiptError::TooLarge);
    }
    let signed = CoseSign1::from_tagged_slice(receipt).map_err(|_| ReceiptError::Malformed("no tagged COSE_Sign1"))?;
    // There is one way to write it down, so that nothing in it can be changed and still be read.
    if signed.clone().to_tagged_vec().ok().as_deref() != Some(receipt) {
        return Err(ReceiptError::Malformed("it is not in its canonical form"));
    }
    let header = &signed.protected.header;
    if header.alg != Some(coset::Algorithm::Assigned(Algorithm::EdDSA)) {
        return Err(ReceiptError::Malformed("it is not signed with EdDSA"));
    }
    if value_of(header, VDS).and_then(Value::as_integer) != Some(RFC9162_SHA256.into()) {
        return Err(ReceiptError::Malformed("the structure is not RFC9162_SHA256"));
    }
    if !header.crit.is_empty() {
        return Err(ReceiptError::Malformed("it wants something understood that is not known here"));
    }
    if signed.payload.is_some() {
        return Err(ReceiptError::Malformed("the root is in it, and not left to the verifier"));
    }
    let proofs = value_of(&signed.unprotected, VDP).and_then(Value::as_map).map(Vec::as_slice).unwrap_or_default();
    let inclusion = proofs.iter().find(|(label, _)| label.as_integer() == Some(INCLUSION.into()));
    let proof = match inclusion.and_then(|(_, proofs)| proofs.as_array()).map(Vec::as_slice) {
        Some([one]) => one.as_bytes().ok_or(ReceiptError::Malformed("the proof is no string of bytes"))?,
        _ => return Err(ReceiptError::Malformed("there is not one proof of inclusion")),
    };
    let (size, index, path) = inclusion_of(proof).ok_or(ReceiptError::Malformed("the proof can't be read"))?;
    let root = root_from_inclusion(index, size, leaf_hash(entry), &path).ok_or(ReceiptError::NotIncluded)?;
    signed.verify_detached_signature(root.as_bytes(), b"", |signature, bytes| {
        if key.has_signed_bytes(bytes, signature) { Ok(()) } else { Err(ReceiptError::NotIncluded) }
    })
}

fn value_of(header: &Header, label: i64) -> Option<&Value> {
    header.rest.iter().find(|(found, _)| *found == Label::Int(label)).map(|(_, value)| value)
}

/// Tree size, leaf index and path of an inclusion proof (RFC 9942, section 5.2).
fn inclusion_of(encoded: &[u8]) -> Option<(u64, u64, Vec<Hash>)> {
    let value = Value::from_slice(encoded).ok()?;
    let [size, index, path] = value.as_array()?.as_slice() else { return None };
    let number = |value: &Value| u64::try_from(i128::from(value.as_integer()?)).ok();
    let path = path.as_array().filter(|path| path.len() <= PROOF_HASHES_MAX)?;
    let hash = |value: &Value| <[u8; 32]>::try_from(value.as_bytes()?.as_slice()).ok().map(Hash::from_bytes);
    Some((number(size)?, number(index)?, path.iter().map(hash).collect::<Option<_>>()?))
}
