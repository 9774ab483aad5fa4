//! The signature of a model that was examined as one (OpenSSF Model Signing v1.0), held against the digests that were computed
//! while it was examined.

use std::path::Path;

use sakimori_model::{SignatureState, SigstoreSigner, Timestamp};
use sakimori_proof::model_signing::{
    self, Differences, Granularity, Manifest, Resource, ResourcePath, SignedBy, Trust,
};

use crate::flow::Progress;
use crate::observe::{hash_model, walk_model};
use crate::unit::{Shape, UnitFile};

/// The name of the signature of a folder, in the folder.
pub const SIGNATURE_FILE: &str = "model.sig";
/// Files that are named of those that differ.
const NAMED_MAX: usize = 3;

/// A signature, and whom it is to be held against.
pub struct Signed<'a> {
    /// The bundle.
    pub bundle: &'a [u8],
    /// The name of its file, to be told.
    pub file: &'a str,
    /// Whom the user trusts; nothing when nobody was named.
    pub trust: Option<&'a Trust>,
}

/// What becomes of the signature for these files of the model at this path.
#[must_use]
pub fn state(signed: &Signed<'_>, path: &Path, shape: Shape, files: &[UnitFile]) -> SignatureState {
    let Some(trust) = signed.trust else { return SignatureState::NotVerified { file: signed.file.to_owned() } };
    let refused = |why: String| SignatureState::Refused { why };
    let verified = match model_signing::verify(signed.bundle, trust) {
        Ok(verified) => verified,
        Err(error) => return refused(error.to_string()),
    };
    let found = match manifest(&verified.manifest, path, shape, files) {
        Ok(found) => found,
        Err(why) => return refused(why),
    };
    let differences = verified.compare(&found);
    if !differences.is_empty() {
        return refused(words(&differences));
    }
    match verified.signer {
        SignedBy::Key { fingerprint } => SignatureState::Verified { by: format!("key {fingerprint}"), sigstore: None },
        SignedBy::Certificate { subject, fingerprint, .. } => {
            SignatureState::Verified { by: format!("{subject} (certificate {fingerprint})"), sigstore: None }
        }
        SignedBy::Sigstore { identity, issuer, at } => match Timestamp::from_seconds(at) {
            Some(at) => SignatureState::Verified {
                by: format!("{identity} ({issuer})"),
                sigstore: Some(SigstoreSigner { identity, issuer, at }),
            },
            None => refused("it was signed at a time that is none".to_owned()),
        },
        _ => refused("it is by a signer of a kind that is not known here".to_owned()),
    }
}

/// What is there, as the signer would have listed it.
fn manifest(signed: &Manifest, path: &Path, shape: Shape, files: &[UnitFile]) -> Result<Manifest, String> {
    let serialization = signed.serialization();
    if serialization.granularity != Granularity::Files {
        // The signer hashed pieces of files: their digests are others than those that are there.
        struct Silent;
        impl Progress for Silent {}
        let tree = walk_model(path, serialization);
        if let Some(refused) = tree.refused.first() {
            return Err(refused.to_string());
        }
        return hash_model(&tree.files, serialization, &Silent).map_err(|refused| refused.to_string());
    }
    let mut resources = Vec::new();
    for file in files {
        let name = match shape {
            Shape::File => Ok(ResourcePath::whole()),
            Shape::Folder => file.path.parse::<ResourcePath>(),
        };
        let name = name.map_err(|error| format!("{}: {error}", file.path))?;
        if !serialization.is_ignored(&name) {
            resources.push((Resource::file(name), *file.sha256.as_bytes()));
        }
    }
    Manifest::new(serialization.clone(), resources).map_err(|(resource, error)| format!("{resource}: {error}"))
}

/// The first of the files that differ, and how many others do.
fn words(differences: &Differences) -> String {
    let kinds =
        [("missing", &differences.missing), ("not signed", &differences.extra), ("changed", &differences.changed)];
    let all: Vec<String> =
        kinds.iter().flat_map(|(kind, names)| names.iter().map(move |name| format!("{kind}: {name}"))).collect();
    let more = all.len().saturating_sub(NAMED_MAX);
    let named = all.into_iter().take(NAMED_MAX).collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{named}, and {more} more") } else { named }
}
