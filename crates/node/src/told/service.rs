//! Errors of the service and of witnesses at their start. Where a code has a title, it comes first.

use sakimori_model::Lang;
use sakimori_model::words::{knows, say};

use super::{Told, at, ja};
use crate::access::listen::ListenError;
use crate::access::oidc::OidcError;
use crate::access::tls::TlsError;
use crate::api::app::StartError;
use crate::api::serve::ServeError;
use crate::witness::WitnessError;

impl Told for ServeError {
    fn in_japanese(&self) -> String {
        match self {
            Self::Start(error) => error.in_japanese(),
            Self::Listen(error) => error.in_japanese(),
            Self::Tls(error) => error.in_japanese(),
            Self::Bind { address, error } => ja!("serve.bind", address = address, error = error.in_japanese()),
            Self::Io(error) => error.in_japanese(),
        }
    }

    fn told(&self, lang: Lang) -> String {
        let detail = match lang {
            Lang::Ja => self.in_japanese(),
            Lang::En => self.to_string(),
        };
        let title = format!("{}.title", self.code());
        if knows(&title) { format!("{} ({detail})", say(lang, &title, &[])) } else { detail }
    }
}

impl Told for StartError {
    fn in_japanese(&self) -> String {
        match self {
            Self::Node(error) => error.in_japanese(),
            Self::Io(error) => error.in_japanese(),
            Self::Oidc(error) => error.in_japanese(),
            Self::Witness(error) => error.in_japanese(),
            Self::PublicUrl(what) => ja!("serve.public-url", what = what),
        }
    }
}

impl Told for ListenError {
    fn in_japanese(&self) -> String {
        match self {
            Self::Address(text) => ja!("listen.address", text = text),
            Self::PlainBeyondLoopback(address) => ja!("listen.plain", address = address),
        }
    }
}

impl Told for TlsError {
    fn in_japanese(&self) -> String {
        match self {
            Self::Unreadable { path, error } => at(path, error),
            Self::TooLarge { path } => ja!("tls.too-large", path = path.display()),
            Self::Certificate { path, what } => ja!("tls.certificate", path = path.display(), what = what),
            Self::Key { path, what } => ja!("tls.key", path = path.display(), what = what),
            Self::OtherKey { key, certificate } => {
                ja!("tls.other-key", key = key.display(), certificate = certificate.display())
            }
            Self::Setup(what) => ja!("tls.setup", what = what),
        }
    }
}

impl Told for OidcError {
    fn in_japanese(&self) -> String {
        match self {
            Self::Config(what) => ja!("oidc.config", what = what),
            Self::Provider(what) => ja!("oidc.provider", what = what),
            Self::NotBegun => ja!("oidc.not-begun"),
            Self::Refused(what) => ja!("oidc.refused", what = what),
            Self::Invalid(what) => ja!("oidc.invalid", what = what),
            Self::NotAllowed => ja!("oidc.not-allowed"),
        }
    }
}

impl Told for WitnessError {
    fn in_japanese(&self) -> String {
        match self {
            Self::Config(what) => ja!("witness.config", what = what),
            Self::NoLog => ja!("witness.no-log"),
            Self::Monitor(what) => ja!("witness.monitor", what = what),
            Self::Key(error) => error.in_japanese(),
            Self::State { path, error } => at(path, error),
        }
    }
}
