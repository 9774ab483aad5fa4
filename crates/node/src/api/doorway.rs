//! How many connections there are at once, below HTTP and TLS.

use std::io;
use std::sync::Arc;

use axum_server::accept::Accept;
use futures_util::future::BoxFuture;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower_http::add_extension::AddExtension;

/// Lets in so many connections at once. One more is closed at once, before anything is read from it.
#[derive(Clone)]
pub struct Doorway<A> {
    inner: A,
    places: Arc<Semaphore>,
}

/// A place that a connection takes as long as it lasts.
#[derive(Clone)]
pub struct Place(#[expect(dead_code, reason = "holding it is what counts")] Arc<OwnedSemaphorePermit>);

impl<A> Doorway<A> {
    /// In front of another acceptor.
    pub fn new(inner: A, places: Arc<Semaphore>) -> Self {
        Self { inner, places }
    }
}

impl<A, I, S> Accept<I, S> for Doorway<A>
where
    A: Accept<I, S>,
    A::Future: Send + 'static,
{
    type Stream = A::Stream;
    type Service = AddExtension<A::Service, Place>;
    type Future = BoxFuture<'static, io::Result<(Self::Stream, Self::Service)>>;

    fn accept(&self, stream: I, service: S) -> Self::Future {
        let Ok(permit) = self.places.clone().try_acquire_owned() else {
            tracing::warn!("a connection was closed: there are as many as connections_max allows");
            return Box::pin(async { Err(io::ErrorKind::ConnectionRefused.into()) });
        };
        let accepted = self.inner.accept(stream, service);
        Box::pin(async move {
            let (stream, service) = accepted.await?;
            Ok((stream, AddExtension::new(service, Place(Arc::new(permit)))))
        })
    }
}
