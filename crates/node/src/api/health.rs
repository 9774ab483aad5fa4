//! Whether the service lives, and whether it can do its work. For everybody.

use std::sync::Arc;

use axum::extract::State;

use super::app::App;
use super::problem::{Problem, ProblemDocument};

/// The service lives.
#[utoipa::path(get, path = "/healthz", tag = "service", security(()),
    responses((status = 200, content_type = "text/plain", body = String, example = "ok"),
        (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// The service can read its state and its log, and can record: its key signs, and the log can be written.
#[utoipa::path(get, path = "/readyz", tag = "service", security(()),
    responses((status = 200, content_type = "text/plain", body = String, example = "ready"),
        (status = "4XX", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn readyz(State(app): State<Arc<App>>) -> Result<&'static str, Problem> {
    app.recorder.try_it().await?;
    app.readers
        .read(|reader| -> Result<_, Problem> {
            reader.store.sequenced()?;
            reader.log.tree().map_err(crate::NodeError::from)?;
            Ok("ready\n")
        })
        .await
}
