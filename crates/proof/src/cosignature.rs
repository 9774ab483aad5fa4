//! Cosignatures (C2SP tlog-cosignature): somebody other than the log says that a checkpoint continues every earlier one that
//! they saw. What is signed, and how, for both types; the notes that bear them are in `note.rs`.

use ml_dsa::{MlDsa44, Signature as MlDsaSignature, VerifyingKey};

use crate::checkpoint::Checkpoint;

/// Bytes of a public ML-DSA-44 key (FIPS 204, table 2).
pub(crate) const ML_DSA_PUBLIC_BYTES: usize = 1312;

/// The largest time in a cosignature.
const TIME_MAX: u64 = i64::MAX as u64;

/// What keeps ML-DSA-44 cosignatures apart from everything else that is signed.
const SUBTREE_LABEL: &[u8; 12] = b"subtree/v1\n\0";

/// The time and the signature proper of a `timestamped_signature`. `None` when it is too short, or the time too large.
pub(crate) fn split(timestamped: &[u8]) -> Option<(u64, &[u8])> {
    let (time, signature) = timestamped.split_first_chunk::<8>()?;
    let time = u64::from_be_bytes(*time);
    (time <= TIME_MAX).then_some((time, signature))
}

/// The `timestamped_signature`.
pub(crate) fn join(time: u64, signature: &[u8]) -> Vec<u8> {
    let mut bytes = time.to_be_bytes().to_vec();
    bytes.extend_from_slice(signature);
    bytes
}

/// What an Ed25519 cosignature signs (section "Ed25519 signed message"): two lines and the note's whole text.
pub(crate) fn ed25519_message(time: u64, text: &str) -> Vec<u8> {
    format!("cosignature/v1\ntime {time}\n{text}").into_bytes()
}

/// What an ML-DSA-44 cosignature of a checkpoint signs (section "ML-DSA-44 signed message"): the name of who signs, and the
/// first three lines of the checkpoint. `None` where a name has more than 255 bytes.
pub(crate) fn ml_dsa_message(cosigner: &str, time: u64, checkpoint: &Checkpoint) -> Option<Vec<u8>> {
    let mut message = SUBTREE_LABEL.to_vec();
    let name = |bytes: &mut Vec<u8>, name: &str| {
        bytes.push(u8::try_from(name.len()).ok().filter(|len| *len > 0)?);
        bytes.extend_from_slice(name.as_bytes());
        Some(())
    };
    name(&mut message, cosigner)?;
    message.extend_from_slice(&time.to_be_bytes());
    name(&mut message, &checkpoint.origin)?;
    message.extend_from_slice(&0_u64.to_be_bytes());
    message.extend_from_slice(&checkpoint.size.to_be_bytes());
    message.extend_from_slice(checkpoint.root.as_bytes());
    Some(message)
}

/// True when the key made this ML-DSA-44 cosignature of the checkpoint in the text. A text that is no checkpoint has none.
pub(crate) fn ml_dsa_holds(
    key: &[u8; ML_DSA_PUBLIC_BYTES],
    cosigner: &str,
    time: u64,
    text: &str,
    signature: &[u8],
) -> bool {
    let message = Checkpoint::from_text(text).ok().and_then(|head| ml_dsa_message(cosigner, time, &head));
    let (Some(message), Ok(signature)) = (message, MlDsaSignature::<MlDsa44>::try_from(signature)) else {
        return false;
    };
    VerifyingKey::<MlDsa44>::decode(key.into()).verify_with_context(&message, &[], &signature)
}
