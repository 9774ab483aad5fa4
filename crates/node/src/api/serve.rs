//! From the configuration to a listening service, and to its orderly end.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::DefaultBodyLimit;
use axum::{Router, middleware};
use axum_server::tls_rustls::RustlsConfig;
use sakimori_examine::Settings;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Semaphore;
use tower_http::catch_panic::CatchPanicLayer;

use super::app::{App, SHUTDOWN_SECONDS_MAX, StartError};
use super::doorway::Doorway;
use super::problem::{Problem, Trouble};
use super::{caller, console, feed, followed, jobs, language, metrics, observations, routes, shield, witnesses};
use crate::access::listen::{ListenError, Transport};
use crate::access::tls::{Certificates, Reload, TlsError};
use crate::config::Config;
use crate::observe::now;

/// How long the head of a request may take.
const HEAD_SECONDS_MAX: u64 = 10;

/// Why the service ended, or did not begin.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// It can't start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// It does not listen there.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The certificate can't be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The address can't be listened at.
    #[error("{address}: {error}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        error: std::io::Error,
    },
    /// The system refuses something else.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl ServeError {
    /// The stable code, under which the hints are found.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Start(StartError::Node(error)) => error.code(),
            Self::Start(StartError::PublicUrl(_)) => "SKM-E-0025",
            Self::Start(StartError::Oidc(error)) => error.code(),
            Self::Start(StartError::Witness(error)) => error.code(),
            Self::Start(StartError::Io(_)) | Self::Io(_) => "SKM-E-0004",
            Self::Listen(error) => error.code(),
            Self::Tls(error) => error.code(),
            Self::Bind { .. } => "SKM-E-0026",
        }
    }
}

/// What is known when the service listens.
pub struct Listening {
    /// Where.
    pub address: SocketAddr,
    /// Its address for people, without a `/` at its end.
    pub url: String,
    /// The code of the first sign-in, while there is no administrator.
    pub first: Option<String>,
}

/// Serves until SIGTERM or SIGINT. `listening` hears when it does.
///
/// # Errors
/// [`ServeError`].
pub async fn serve(
    config: Config,
    home: &Path,
    settings: Settings,
    listening: impl FnOnce(&Listening),
) -> Result<(), ServeError> {
    let door = Door::open(&config)?;
    let public_url = config.public_url.clone();
    let (app, writer) = App::start(config, home, settings)?;
    let background = [
        tokio::spawn(feed::run(app.clone())),
        tokio::spawn(jobs::run(app.clone())),
        tokio::spawn(app.clone().sweep()),
        tokio::spawn(witnesses::run(app.clone())),
        tokio::spawn(followed::run(app.clone())),
    ];
    let handle = axum_server::Handle::new();
    // Before anybody knows that it is there: who starts it may end it at once.
    tokio::spawn(end(Signals::listen()?, handle.clone(), app.clone()));
    let address = door.address;
    let url = public_url.unwrap_or_else(|| format!("{}://{address}", door.scheme()));
    listening(&Listening { address, url: url.trim_end_matches('/').to_owned(), first: app.sign_ins.first.shown() });
    door.serve(router(&app), handle, app.config.limits.connections_max).await?;
    background.iter().for_each(tokio::task::JoinHandle::abort);
    // The writer ends when nobody can give it anything any more, and all of it is written.
    drop(app);
    drop(background);
    let ended = tokio::task::spawn_blocking(move || writer.join());
    let _ = tokio::time::timeout(Duration::from_secs(SHUTDOWN_SECONDS_MAX), ended).await;
    Ok(())
}

/// A socket that is listened at, and the certificate for it.
pub(super) struct Door {
    socket: std::net::TcpListener,
    /// Where.
    pub(super) address: SocketAddr,
    certificates: Option<Arc<Certificates>>,
}

impl Door {
    /// Listens where the configuration says, if the rule about plain HTTP permits it.
    ///
    /// # Errors
    /// [`ServeError`].
    pub(super) fn open(config: &Config) -> Result<Self, ServeError> {
        let transport = if config.tls.is_some() { Transport::Tls } else { Transport::Plain };
        config.listen.permit(transport, config.plain_beyond_loopback)?;
        let certificates = match &config.tls {
            Some(files) => {
                let (certificates, warnings) = Certificates::load(files.clone(), now())?;
                warnings.iter().for_each(|warning| tracing::warn!(code = warning.code(), "{warning}"));
                Some(certificates)
            }
            None => None,
        };
        let socket = std::net::TcpListener::bind(config.listen.socket())
            .map_err(|error| ServeError::Bind { address: config.listen.socket(), error })?;
        socket.set_nonblocking(true)?;
        Ok(Self { address: socket.local_addr()?, socket, certificates })
    }

    fn scheme(&self) -> &'static str {
        if self.certificates.is_some() { "https" } else { "http" }
    }

    /// Serves this, to so many connections at once, until the handle says otherwise.
    ///
    /// # Errors
    /// [`ServeError`].
    pub(super) async fn serve(
        self,
        router: Router,
        handle: axum_server::Handle<SocketAddr>,
        connections_max: usize,
    ) -> Result<(), ServeError> {
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let places = Arc::new(Semaphore::new(connections_max));
        match self.certificates {
            Some(certificates) => {
                let rustls = RustlsConfig::from_config(certificates.server_config()?);
                tokio::spawn(async move { certificates.watch(now, told).await });
                let server = axum_server::from_tcp_rustls(self.socket, rustls)?.handle(handle);
                let mut server = server.map(|door| Doorway::new(door, places));
                bound(server.http_builder());
                server.serve(service).await?;
            }
            None => {
                let server = axum_server::from_tcp(self.socket)?.handle(handle);
                let mut server = server.map(|door| Doorway::new(door, places));
                bound(server.http_builder());
                server.serve(service).await?;
            }
        }
        Ok(())
    }
}

/// Everything that answers, behind what stands in front of it.
pub fn router(app: &Arc<App>) -> Router {
    let (routes, _) = routes::routes();
    let document = routes::described().to_json().unwrap_or_default();
    let permits = Arc::new(Semaphore::new(app.config.limits.requests_max));
    let with = |app: &Arc<App>| app.clone();
    routes
        .layer(middleware::from_fn_with_state(with(app), caller::admit))
        .route(
            "/api/openapi.json",
            axum::routing::get(move || async move { ([("content-type", "application/json")], document) }),
        )
        .layer(middleware::from_fn_with_state(permits, shield::limits))
        .fallback(console::fallback)
        .layer(DefaultBodyLimit::max(observations::BODY_BYTES_MAX))
        .layer(CatchPanicLayer::custom(|_: Box<dyn std::any::Any + Send>| {
            axum::response::IntoResponse::into_response(Problem::of(Trouble::Defect))
        }))
        .layer(middleware::from_fn_with_state(with(app), shield::host))
        .layer(middleware::from_fn_with_state(with(app), language::words))
        .layer(middleware::from_fn_with_state(with(app), metrics::count))
        .layer(middleware::from_fn_with_state(with(app), shield::headers))
        .with_state(app.clone())
}

/// Limits on connections, below HTTP.
fn bound<E>(builder: &mut hyper_util::server::conn::auto::Builder<E>) {
    builder
        .http1()
        .timer(hyper_util::rt::TokioTimer::new())
        .header_read_timeout(Duration::from_secs(HEAD_SECONDS_MAX))
        .max_buf_size(64 * 1024);
}

/// The signals that end the service. From here on they no longer end the process by themselves.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    pub(super) fn listen() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    pub(super) async fn any(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Waits for the signal to end, and then lets requests that are being worked on come to their end.
async fn end(mut signals: Signals, handle: axum_server::Handle<SocketAddr>, app: Arc<App>) {
    signals.any().await;
    tracing::info!("ending");
    app.ending.notify_waiters();
    app.jobs.end();
    handle.graceful_shutdown(Some(Duration::from_secs(SHUTDOWN_SECONDS_MAX)));
}

fn told(reload: Reload) {
    match reload {
        Reload::Changed(warnings) => {
            tracing::info!("the certificate was read again");
            warnings.iter().for_each(|warning| tracing::warn!(code = warning.code(), "{warning}"));
        }
        Reload::Kept(error) => {
            tracing::error!(code = error.code(), %error, "the new certificate can't be used; the old one stays")
        }
        Reload::Same => {}
    }
}
