//! TLS by configuration: a chain and a key from PEM files, taken again when the files change. A new pair that can't be used
//! leaves the old one in place, and says so.
//!
//! Source: RFC 8446, RFC 5246 (nothing older is spoken, RFC 8996), RFC 7301 (ALPN), RFC 7468 (PEM); OWASP Transport Layer
//! Security Cheat Sheet. The cipher suites are those of rustls with ring.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use rustls::client::ClientConfig;
use rustls::crypto::{CryptoProvider, ring};
use rustls::server::{ClientHello, ResolvesServerCert, ServerConfig};
use rustls::sign::CertifiedKey;
use rustls::{InconsistentKeys, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use sakimori_model::{Digest, Timestamp};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::validity::{Validity, validity_of};

/// Most bytes of a file with certificates or a key.
pub const PEM_BYTES_MAX: u64 = 4 << 20;
/// Most certificates in a chain.
const CHAIN_MAX: usize = 16;
/// How often the files are looked at.
pub const RELOAD_EVERY: Duration = Duration::from_secs(60);
/// A certificate that ends within this time is worth a warning.
const ENDS_SOON: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// The two files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsFiles {
    /// The certificate of this node first, then those that lead to a root that clients know. PEM.
    pub certificate: PathBuf,
    /// Its private key, unencrypted. PEM: PKCS#8, SEC1 or PKCS#1.
    pub key: PathBuf,
}

/// Why a pair can't be used.
#[derive(Debug, Error)]
pub enum TlsError {
    /// The file is not there or can't be read.
    #[error("{}: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The file is larger than [`PEM_BYTES_MAX`].
    #[error("{}: more than {PEM_BYTES_MAX} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// There is no certificate, or one that can't be read, or too many.
    #[error("{}: {what}", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// There is no key, or one that can't be read.
    #[error("{}: {what}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// The key is that of another certificate.
    #[error("the key in {} is not that of the first certificate in {}", key.display(), certificate.display())]
    OtherKey {
        /// The file of the key.
        key: PathBuf,
        /// The file of the chain.
        certificate: PathBuf,
    },
    /// TLS could not be set up.
    #[error("TLS could not be set up: {0}")]
    Setup(String),
}

impl TlsError {
    /// The stable code, under which title and hint are found.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } | Self::TooLarge { .. } => "SKM-E-0162",
            Self::Certificate { .. } => "SKM-E-0163",
            Self::Key { .. } => "SKM-E-0164",
            Self::OtherKey { .. } => "SKM-E-0165",
            Self::Setup(_) => "SKM-E-0166",
        }
    }
}

/// What is wrong with a pair that works. The node starts all the same: without it nobody could look.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum TlsWarning {
    /// Clients refuse it since then.
    #[error("the certificate has expired at {0}")]
    Expired(Timestamp),
    /// Clients refuse it until then.
    #[error("the certificate holds from {0} only")]
    NotYet(Timestamp),
    /// It is time for a new one.
    #[error("the certificate expires at {0}")]
    EndsSoon(Timestamp),
    /// Other accounts of this machine can read the key.
    #[error("{}: other accounts of this machine can read the key", .0.display())]
    KeyReadable(PathBuf),
}

impl TlsWarning {
    /// The stable code, under which title and hint are found.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Expired(_) | Self::NotYet(_) | Self::EndsSoon(_) => "SKM-E-0167",
            Self::KeyReadable(_) => "SKM-E-0168",
        }
    }
}

/// What came of looking at the files again.
#[derive(Debug)]
pub enum Reload {
    /// They are as they were.
    Same,
    /// The new pair is used from the next connection on.
    Changed(Vec<TlsWarning>),
    /// The new pair can't be used; the old one stays.
    Kept(TlsError),
}

/// The pair that new connections get.
#[derive(Debug)]
pub struct Certificates {
    files: TlsFiles,
    current: RwLock<Current>,
}

#[derive(Debug)]
struct Current {
    pair: Arc<CertifiedKey>,
    /// What the files held when they were last looked at, whether or not it could be used: each is complained of once.
    seen: [Digest; 2],
}

impl Certificates {
    /// Takes the pair from the files. `now` is for the warnings.
    ///
    /// # Errors
    /// When it can't be used.
    pub fn load(files: TlsFiles, now: Timestamp) -> Result<(Arc<Self>, Vec<TlsWarning>), TlsError> {
        let read = Contents::of(&files)?;
        let (pair, warnings) = read.pair(&files, now)?;
        let current = RwLock::new(Current { pair: Arc::new(pair), seen: read.digests() });
        Ok((Arc::new(Self { files, current }), warnings))
    }

    /// Looks at the files again.
    pub fn reload(&self, now: Timestamp) -> Reload {
        let read = match Contents::of(&self.files) {
            Ok(read) => read,
            // Not remembered: a file that comes back as it was is no change.
            Err(error) => return Reload::Kept(error),
        };
        let seen = read.digests();
        if self.current.read().unwrap_or_else(PoisonError::into_inner).seen == seen {
            return Reload::Same;
        }
        let loaded = read.pair(&self.files, now);
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        current.seen = seen;
        match loaded {
            Ok((pair, warnings)) => {
                current.pair = Arc::new(pair);
                Reload::Changed(warnings)
            }
            Err(error) => Reload::Kept(error),
        }
    }

    /// How a server speaks with this pair: TLS 1.2 and 1.3, HTTP/1.1.
    ///
    /// # Errors
    /// When the provider of cryptography refuses; no file can cause that.
    pub fn server_config(self: &Arc<Self>) -> Result<Arc<ServerConfig>, TlsError> {
        let builder = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .map_err(|e| TlsError::Setup(e.to_string()))?;
        let resolver: Arc<dyn ResolvesServerCert> = Arc::clone(self) as _;
        let mut config = builder.with_no_client_auth().with_cert_resolver(resolver);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }

    /// Looks at the files every [`RELOAD_EVERY`] and whenever the process gets SIGHUP, for ever, and tells `said` what came of
    /// it unless nothing changed. `clock` says what time it is.
    ///
    /// # Errors
    /// When the system does not let the process listen for signals.
    pub async fn watch(&self, clock: impl Fn() -> Timestamp, mut said: impl FnMut(Reload)) -> io::Result<()> {
        let mut hangup = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup())?;
        let mut ticks = tokio::time::interval(RELOAD_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut complained = None;
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                _ = hangup.recv() => complained = None,
            }
            // Two small files: not worth another thread.
            match self.reload(clock()) {
                Reload::Same => complained = None,
                // A file that stays away is complained of once.
                Reload::Kept(error) if complained.as_ref() == Some(&error.to_string()) => {}
                Reload::Kept(error) => {
                    complained = Some(error.to_string());
                    said(Reload::Kept(error));
                }
                changed @ Reload::Changed(_) => said(changed),
            }
        }
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner).pair))
    }
}

/// How a client of ours speaks TLS: with the roots in this PEM file and no others, or with those of the machine.
///
/// # Errors
/// When the file can't be read or has no certificate, or the machine has no roots.
pub fn client_config(roots: Option<&Path>) -> Result<ClientConfig, TlsError> {
    let certificates = match roots {
        Some(path) => chain_in(path, &read(path)?)?,
        None => rustls_native_certs::load_native_certs().certs,
    };
    let mut store = RootCertStore::empty();
    let (taken, _) = store.add_parsable_certificates(certificates);
    if taken == 0 {
        let what =
            roots.map_or_else(|| "this machine has no root certificates".to_owned(), |path| path.display().to_string());
        return Err(TlsError::Setup(format!("no root certificate can be used: {what}")));
    }
    let builder = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(|e| TlsError::Setup(e.to_string()))?;
    Ok(builder.with_root_certificates(store).with_no_client_auth())
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// The bytes of both files.
struct Contents {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl Contents {
    fn of(files: &TlsFiles) -> Result<Self, TlsError> {
        Ok(Self { certificate: read(&files.certificate)?, key: read(&files.key)? })
    }

    fn digests(&self) -> [Digest; 2] {
        [Digest::of(&self.certificate), Digest::of(&self.key)]
    }

    fn pair(&self, files: &TlsFiles, now: Timestamp) -> Result<(CertifiedKey, Vec<TlsWarning>), TlsError> {
        let chain = chain_in(&files.certificate, &self.certificate)?;
        if chain.len() > CHAIN_MAX {
            let what = format!("{} certificates, and a chain has {CHAIN_MAX} at most", chain.len());
            return Err(TlsError::Certificate { path: files.certificate.clone(), what });
        }
        let validity = chain.first().and_then(|first| validity_of(first));
        let key = key_in(&files.key, &self.key)?;
        let pair = CertifiedKey::from_der(chain, key, &provider()).map_err(|error| explained(files, error))?;
        // What rustls can't compare it would serve: then no handshake would succeed.
        if matches!(pair.keys_match(), Err(rustls::Error::InconsistentKeys(InconsistentKeys::Unknown))) {
            return Err(TlsError::OtherKey { key: files.key.clone(), certificate: files.certificate.clone() });
        }
        let warnings = validity.and_then(|v| warning_of(&v, now)).into_iter().chain(readable_by_others(&files.key));
        Ok((pair, warnings.collect()))
    }
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    let unreadable = |error| TlsError::Unreadable { path: path.to_owned(), error };
    let file = fs::File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(PEM_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > PEM_BYTES_MAX {
        return Err(TlsError::TooLarge { path: path.to_owned() });
    }
    Ok(bytes)
}

fn chain_in(path: &Path, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let error = |what: String| TlsError::Certificate { path: path.to_owned(), what };
    let chain: Vec<_> =
        CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(|e| error(format!("not PEM: {e}")))?;
    if chain.is_empty() { Err(error("there is no certificate in PEM form".to_owned())) } else { Ok(chain) }
}

fn key_in(path: &Path, pem: &[u8]) -> Result<PrivateKeyDer<'static>, TlsError> {
    let error = |what: String| TlsError::Key { path: path.to_owned(), what };
    PrivateKeyDer::from_pem_slice(pem).map_err(|problem| match problem {
        rustls_pki_types::pem::Error::NoItemsFound if is_encrypted(pem) => error("the key is encrypted".to_owned()),
        rustls_pki_types::pem::Error::NoItemsFound => error("there is no private key in PEM form".to_owned()),
        // It may quote the file, which is a key.
        _ => error("the private key is not well-formed PEM".to_owned()),
    })
}

fn is_encrypted(pem: &[u8]) -> bool {
    String::from_utf8_lossy(pem).contains("ENCRYPTED PRIVATE KEY")
}

fn explained(files: &TlsFiles, error: rustls::Error) -> TlsError {
    match error {
        rustls::Error::InconsistentKeys(_) => {
            TlsError::OtherKey { key: files.key.clone(), certificate: files.certificate.clone() }
        }
        rustls::Error::InvalidCertificate(what) => {
            TlsError::Certificate { path: files.certificate.clone(), what: format!("not a certificate: {what}") }
        }
        other => TlsError::Key { path: files.key.clone(), what: format!("the key can't be used: {other}") },
    }
}

fn warning_of(validity: &Validity, now: Timestamp) -> Option<TlsWarning> {
    let soon = i64::try_from(ENDS_SOON.as_micros()).unwrap_or(i64::MAX);
    if validity.not_after < now {
        Some(TlsWarning::Expired(validity.not_after))
    } else if validity.not_before > now {
        Some(TlsWarning::NotYet(validity.not_before))
    } else if validity.not_after.as_micros() - now.as_micros() < soon {
        Some(TlsWarning::EndsSoon(validity.not_after))
    } else {
        None
    }
}

fn readable_by_others(key: &Path) -> Option<TlsWarning> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(key).ok()?.permissions().mode();
    (mode & 0o004 != 0).then(|| TlsWarning::KeyReadable(key.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use rcgen::{CertificateParams, KeyPair, date_time_ymd};
    use rustls::pki_types::ServerName;
    use rustls::{ClientConnection, ServerConnection};
    use tempfile::TempDir;

    use super::*;

    struct Pair {
        certificate: String,
        key: String,
    }

    fn pair(until_year: i32) -> Pair {
        let mut params = CertificateParams::new(["localhost".to_owned()]).expect("a name");
        (params.not_before, params.not_after) = (date_time_ymd(2026, 1, 1), date_time_ymd(until_year, 1, 1));
        let key = KeyPair::generate().expect("a key");
        Pair { certificate: params.self_signed(&key).expect("a certificate").pem(), key: key.serialize_pem() }
    }

    struct Files {
        folder: TempDir,
    }

    impl Files {
        fn new(pair: &Pair) -> Self {
            let files = Self { folder: TempDir::new().expect("a folder") };
            files.write("chain.pem", &pair.certificate);
            files.write("key.pem", &pair.key);
            files
        }

        fn write(&self, name: &str, text: &str) {
            let path = self.folder.path().join(name);
            fs::write(&path, text).expect("written");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("set");
        }

        fn names(&self) -> TlsFiles {
            let path = |name| self.folder.path().join(name);
            TlsFiles { certificate: path("chain.pem"), key: path("key.pem") }
        }

        fn load(&self) -> Result<(Arc<Certificates>, Vec<TlsWarning>), TlsError> {
            Certificates::load(self.names(), now())
        }
    }

    fn now() -> Timestamp {
        "2026-06-01T00:00:00Z".parse().expect("a time")
    }

    /// A handshake without a network. What the client saw: version, protocol, whether the certificate is this one.
    fn handshake(server: Arc<ServerConfig>, client: ClientConfig) -> Result<(String, String), rustls::Error> {
        let name = ServerName::try_from("localhost").expect("a name");
        let mut client = ClientConnection::new(Arc::new(client), name)?;
        let mut server = ServerConnection::new(server)?;
        for _ in 0..8 {
            let mut bytes = Vec::new();
            client.write_tls(&mut bytes).expect("memory");
            server.read_tls(&mut bytes.as_slice()).expect("memory");
            server.process_new_packets()?;
            let mut bytes = Vec::new();
            server.write_tls(&mut bytes).expect("memory");
            client.read_tls(&mut bytes.as_slice()).expect("memory");
            client.process_new_packets()?;
        }
        assert!(!client.is_handshaking() && !server.is_handshaking());
        let protocol = String::from_utf8_lossy(client.alpn_protocol().unwrap_or_default()).into_owned();
        Ok((format!("{:?}", client.protocol_version().expect("a version")), protocol))
    }

    fn client(files: &Files, versions: &[&'static rustls::SupportedProtocolVersion]) -> ClientConfig {
        let mut store = RootCertStore::empty();
        let path = files.names().certificate;
        store.add_parsable_certificates(chain_in(&path, &read(&path).expect("read")).expect("a chain"));
        let builder =
            ClientConfig::builder_with_provider(provider()).with_protocol_versions(versions).expect("versions");
        let mut config = builder.with_root_certificates(store).with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        config
    }

    #[test]
    fn both_versions_are_spoken() {
        let files = Files::new(&pair(2999));
        let (certificates, warnings) = files.load().expect("a pair");
        assert_eq!(warnings, []);
        for (version, name) in [(&rustls::version::TLS13, "TLSv1_3"), (&rustls::version::TLS12, "TLSv1_2")] {
            let seen = handshake(certificates.server_config().expect("a config"), client(&files, &[version]));
            assert_eq!(seen.expect("a handshake"), (name.to_owned(), "http/1.1".to_owned()));
        }
        let other = client(&Files::new(&pair(2999)), &[&rustls::version::TLS13]);
        assert!(handshake(certificates.server_config().expect("a config"), other).is_err(), "an unknown root");
    }

    #[test]
    fn every_fault_has_its_words() {
        let (one, other) = (pair(2999), pair(2999));
        let fault = |certificate: &str, key: &str| {
            let files = Files::new(&Pair { certificate: certificate.to_owned(), key: key.to_owned() });
            let error = files.load().expect_err("a fault");
            let words = error.to_string().replace(&format!("{}/", files.folder.path().display()), "");
            assert!(sakimori_model::words::knows(&format!("{}.hint", error.code())), "{}", error.code());
            format!("{} {words}", error.code())
        };
        assert_eq!(fault("", &one.key), "SKM-E-0163 chain.pem: there is no certificate in PEM form");
        assert_eq!(fault(&one.key, &one.key), "SKM-E-0163 chain.pem: there is no certificate in PEM form");
        assert_eq!(fault(&one.certificate, ""), "SKM-E-0164 key.pem: there is no private key in PEM form");
        let encrypted = one.key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
        assert_eq!(fault(&one.certificate, &encrypted), "SKM-E-0164 key.pem: the key is encrypted");
        let cut = &one.key[..one.key.len() / 2];
        assert_eq!(fault(&one.certificate, cut), "SKM-E-0164 key.pem: the private key is not well-formed PEM");
        assert_eq!(
            fault(&one.certificate, &other.key),
            "SKM-E-0165 the key in key.pem is not that of the first certificate in chain.pem"
        );
        assert!(fault(&one.certificate[..200], &one.key).starts_with("SKM-E-0163 chain.pem: not PEM: "));
        let nonsense = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(
            fault(nonsense, &one.key).starts_with("SKM-E-0163 chain.pem: not a certificate: "),
            "{}",
            fault(nonsense, &one.key)
        );
        assert!(fault(&one.certificate.repeat(17), &one.key).starts_with("SKM-E-0163 chain.pem: 17 certificates"));
        assert_eq!(fault(&"\n".repeat(5 << 20), &one.key), "SKM-E-0162 chain.pem: more than 4194304 bytes");
        let files = Files::new(&one);
        fs::remove_file(files.names().key).expect("removed");
        assert_eq!(files.load().expect_err("a fault").code(), "SKM-E-0162");
    }

    #[test]
    fn what_works_but_is_not_right() {
        let warnings = |pair: &Pair, time: &str| {
            let files = Files::new(pair);
            Certificates::load(files.names(), time.parse().expect("a time")).expect("a pair").1
        };
        let until = |text: &str| text.parse::<Timestamp>().expect("a time");
        let one = pair(2027);
        let end = until("2027-01-01T00:00:00Z");
        assert_eq!(warnings(&one, "2026-06-01T00:00:00Z"), []);
        assert_eq!(warnings(&one, "2026-12-20T00:00:00Z"), [TlsWarning::EndsSoon(end)]);
        assert_eq!(warnings(&one, "2027-01-01T00:00:01Z"), [TlsWarning::Expired(end)]);
        assert_eq!(warnings(&one, "2025-01-01T00:00:00Z"), [TlsWarning::NotYet(until("2026-01-01T00:00:00Z"))]);
        let files = Files::new(&one);
        fs::set_permissions(files.names().key, fs::Permissions::from_mode(0o644)).expect("set");
        assert_eq!(files.load().expect("a pair").1, [TlsWarning::KeyReadable(files.names().key)]);
    }

    #[test]
    fn a_new_pair_is_taken_and_a_bad_one_is_not() {
        let files = Files::new(&pair(2999));
        let (certificates, _) = files.load().expect("a pair");
        let works = |files: &Files| {
            let client = client(files, &[&rustls::version::TLS13]);
            handshake(certificates.server_config().expect("a config"), client).is_ok()
        };
        assert!(matches!(certificates.reload(now()), Reload::Same));
        let next = pair(2998);
        // As it is between the writing of the two files.
        files.write("chain.pem", &next.certificate);
        assert!(matches!(certificates.reload(now()), Reload::Kept(TlsError::OtherKey { .. })));
        assert!(matches!(certificates.reload(now()), Reload::Same), "complained of once");
        assert!(!works(&files), "the old pair is still served");
        files.write("key.pem", &next.key);
        assert!(matches!(certificates.reload(now()), Reload::Changed(warnings) if warnings.is_empty()));
        assert!(works(&files));
        fs::remove_file(files.names().key).expect("removed");
        assert!(matches!(certificates.reload(now()), Reload::Kept(TlsError::Unreadable { .. })));
        assert!(works(&files));
        files.write("key.pem", &next.key);
        assert!(matches!(certificates.reload(now()), Reload::Same));
    }

    /// Over a real socket, with the server and the client that the node uses.
    #[tokio::test]
    async fn https_as_the_node_speaks_it() {
        let files = Files::new(&pair(2999));
        let (certificates, _) = files.load().expect("a pair");
        let config =
            axum_server::tls_rustls::RustlsConfig::from_config(certificates.server_config().expect("a config"));
        let handle = axum_server::Handle::<std::net::SocketAddr>::new();
        let app = axum::Router::new().route("/healthz", axum::routing::get(|| async { "ok" }));
        let server = axum_server::bind_rustls(([127, 0, 0, 1], 0).into(), config).handle(handle.clone());
        let server = tokio::spawn(server.serve(app.into_make_service()));
        let port = handle.listening().await.expect("listening").port();
        let get = |roots: Option<PathBuf>| async move {
            let tls = client_config(roots.as_deref()).expect("roots");
            let client =
                reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().build().expect("a client");
            client.get(format!("https://localhost:{port}/healthz")).send().await
        };
        let answer = get(Some(files.names().certificate)).await.expect("an answer");
        assert_eq!(answer.text().await.expect("a body"), "ok");
        assert!(get(Some(Files::new(&pair(2999)).names().certificate)).await.is_err(), "another root");
        handle.shutdown();
        server.await.expect("ended").expect("no error");
    }
}
