//! The HTTP client with which the provider is asked: no redirects (they would let a provider's page choose what this machine
//! asks for), short times, small answers, and https unless the provider is on this machine.

use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::time::Duration;

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use thiserror::Error;
use url::Url;

use super::OidcError;
use super::config::may_be_asked;
use crate::access::tls;

/// Longest time for one request, from the connection to the last byte.
const REQUEST_TIME_MAX: Duration = Duration::from_secs(10);
/// Longest time until there is a connection.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(5);
/// Most bytes of an answer. Discovery documents have a few KiB, key sets seldom more than 20.
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// Asks the provider.
pub(super) struct Http(reqwest::Client);

/// Why there is no answer.
#[derive(Debug, Error)]
pub(super) enum HttpError {
    #[error("{0} would leave this machine without TLS")]
    Plain(String),
    #[error("the answer has more than {ANSWER_BYTES_MAX} bytes")]
    TooLarge,
    #[error("{0}")]
    Failed(String),
}

impl Http {
    pub(super) fn new(issuer: &Url, ca_file: Option<&Path>) -> Result<Self, OidcError> {
        client_without_redirects(issuer, ca_file).map(Self).map_err(OidcError::Config)
    }

    async fn ask(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let failed = |e: reqwest::Error| HttpError::Failed(with_causes(&e));
        let request = reqwest::Request::try_from(request.map(reqwest::Body::from)).map_err(failed)?;
        if !may_be_asked(request.url()) {
            return Err(HttpError::Plain(request.url().to_string()));
        }
        let mut answer = self.0.execute(request).await.map_err(failed)?;
        let body = body_of(&mut answer, ANSWER_BYTES_MAX).await.map_err(failed)?;
        if body.len() > ANSWER_BYTES_MAX {
            return Err(HttpError::TooLarge);
        }
        let mut response = HttpResponse::new(body);
        *response.status_mut() = answer.status();
        *response.headers_mut() = answer.headers().clone();
        Ok(response)
    }
}

/// The body of an answer. One that has more than `bytes_max` bytes is not read to its end: what is returned is too long, too.
pub(crate) async fn body_of(answer: &mut reqwest::Response, bytes_max: usize) -> Result<Vec<u8>, reqwest::Error> {
    let mut body = Vec::new();
    while body.len() <= bytes_max
        && let Some(piece) = answer.chunk().await?
    {
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

/// A client for this address: no redirects, short times, the roots in this file or those of the machine; none for http, which
/// does not leave it.
///
/// # Errors
/// What is wrong with the file, or with the roots of the machine.
pub(crate) fn client_without_redirects(to: &Url, ca_file: Option<&Path>) -> Result<reqwest::Client, String> {
    let builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .connect_timeout(CONNECT_TIME_MAX)
        .timeout(REQUEST_TIME_MAX)
        .user_agent(concat!("sakimori/", env!("CARGO_PKG_VERSION")));
    // What is on this machine needs neither roots nor the way out.
    let builder = if to.scheme() == "http" { builder.no_proxy() } else { builder };
    let roots = match (to.scheme(), ca_file) {
        ("http", None) => rustls_without_roots(),
        (_, file) => tls::client_config(file).map_err(|e| e.to_string())?,
    };
    builder.tls_backend_preconfigured(roots).build().map_err(|e| with_causes(&e))
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.ask(request))
    }
}

/// For a provider on this machine: no https can succeed, and none is needed.
fn rustls_without_roots() -> rustls::ClientConfig {
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(rustls::ALL_VERSIONS)
        .expect("INVARIANT: ring speaks the versions of rustls")
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth()
}

/// An error and what led to it, in one line. The URL is left out: it may carry a code.
pub(crate) fn with_causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::http::{StatusCode, header};
    use axum::routing::get;

    use super::*;

    async fn server(app: Router) -> Url {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(IntoFuture::into_future(axum::serve(listener, app)));
        Url::parse(&url).expect("a URL")
    }

    async fn ask(issuer: &Url, url: &str) -> Result<HttpResponse, HttpError> {
        let http = Http::new(issuer, None).expect("a client");
        let request = openidconnect::http::Request::get(url).body(Vec::new()).expect("a request");
        http.ask(request).await
    }

    #[tokio::test]
    async fn what_is_not_asked_and_not_read() {
        let app = Router::new()
            .route("/small", get(|| async { "ok" }))
            .route("/large", get(|| async { "x".repeat(ANSWER_BYTES_MAX + 1) }))
            .route("/away", get(|| async { (StatusCode::FOUND, [(header::LOCATION, "/small")]) }));
        let url = server(app).await;
        let small = ask(&url, &format!("{url}small")).await.expect("an answer");
        assert_eq!(small.body(), b"ok");
        assert!(matches!(ask(&url, &format!("{url}large")).await, Err(HttpError::TooLarge)));
        assert_eq!(ask(&url, &format!("{url}away")).await.expect("an answer").status(), StatusCode::FOUND);
        for plain in ["http://192.0.2.1/", "http://id.example/", "ftp://127.0.0.1/"] {
            assert!(matches!(ask(&url, plain).await, Err(HttpError::Plain(_))), "{plain}");
        }
    }
}
