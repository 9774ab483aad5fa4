//! Errors of signatures of models.

use sakimori_proof::model_signing::{
    ModelKeyError, ModelSignError, ModelVerifyError, ResourceError, SigstoreError, TrustedRootError,
};

use super::{Told, ja};
use crate::observe::{Refused, RefusedWhy};

impl Told for ModelKeyError {
    fn in_japanese(&self) -> String {
        match self {
            Self::Missing(what) => ja!("model-key.missing", what = thing(what)),
            Self::Malformed(what) => ja!("model-key.malformed", what = thing(what)),
            Self::Curve => ja!("model-key.curve"),
            Self::PasswordMissing => ja!("model-key.password-missing"),
            Self::PasswordWrong => ja!("model-key.password-wrong"),
            _ => self.to_string(),
        }
    }
}

/// What a PEM file holds.
fn thing(what: &str) -> String {
    match what {
        "private key" => ja!("model-key.private"),
        "public key" => ja!("model-key.public"),
        "certificate" => ja!("model-key.certificate"),
        what => what.to_owned(),
    }
}

impl Told for ModelSignError {
    fn in_japanese(&self) -> String {
        match self {
            Self::Nothing => ja!("model-sign.nothing"),
            Self::OtherKey => ja!("model-sign.other-key"),
            Self::Failed => ja!("model-sign.failed"),
            _ => self.to_string(),
        }
    }
}

impl Told for ModelVerifyError {
    fn in_japanese(&self) -> String {
        match self {
            Self::TooLarge => ja!("model-verify.too-large"),
            Self::TooManyResources => ja!("model-verify.too-many"),
            Self::Malformed(what) => ja!("model-verify.malformed", what = what),
            Self::Unsupported(what) => ja!("model-verify.unsupported", what = what),
            Self::OtherKind { found } => ja!("model-verify.other-kind", found = found),
            Self::UnknownKey { hint } => ja!("model-verify.unknown-key", hint = hint),
            Self::BadSignature => ja!("model-verify.bad-signature"),
            Self::Key(error) => ja!("model-verify.key", why = error.in_japanese()),
            Self::Chain(what) => ja!("model-verify.chain", what = what),
            Self::Sigstore(error) => error.in_japanese(),
            Self::Resource { name, why } => {
                ja!("model-verify.resource", name = format!("{name:?}"), why = why.in_japanese())
            }
            Self::Root => ja!("model-verify.root"),
            _ => self.to_string(),
        }
    }
}

/// What a certificate or a log of Sigstore lacks is said in the terms of Sigstore.
impl Told for SigstoreError {
    fn in_japanese(&self) -> String {
        ja!("sigstore", what = self)
    }
}

impl Told for TrustedRootError {
    fn in_japanese(&self) -> String {
        ja!("sigstore", what = self)
    }
}

impl Told for ResourceError {
    fn in_japanese(&self) -> String {
        match self {
            Self::Length => ja!("resource.length"),
            Self::Absolute => ja!("resource.absolute"),
            Self::Escape => ja!("resource.escape"),
            Self::NotPlain => ja!("resource.not-plain"),
            Self::Range => ja!("resource.range"),
            Self::Twice => ja!("resource.twice"),
            _ => self.to_string(),
        }
    }
}

impl Told for Refused {
    fn in_japanese(&self) -> String {
        let why = match &self.why {
            RefusedWhy::Symlink => ja!("refused.symlink"),
            RefusedWhy::Special => ja!("refused.special"),
            RefusedWhy::Name(error) => error.in_japanese(),
            RefusedWhy::Unreadable(error) => error.in_japanese(),
            RefusedWhy::Changed => ja!("refused.changed"),
            RefusedWhy::TooMany => ja!("refused.too-many"),
        };
        format!("{}: {why}", self.path.display())
    }
}
