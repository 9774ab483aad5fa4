//! Reading the log of somebody else over HTTP, to follow it (`sakimori_proof::Monitor`).

use std::io;
use std::path::{Path, PathBuf};

use sakimori_proof::Fetch;
use tokio::runtime::Runtime;
use url::Url;

use crate::access::oidc::{body_of, client_without_redirects, with_causes};

/// The folder of what a node has seen of the logs that it follows, in this folder of a node. A witness of the same node
/// remembers its own.
#[must_use]
pub fn folder(home: &Path) -> PathBuf {
    home.join("monitor")
}

/// A log that is served over HTTP (C2SP tlog-tiles).
#[derive(Debug)]
pub struct HttpLog {
    base: Url,
    client: reqwest::Client,
    /// Always there, until it is dropped.
    runtime: Option<Runtime>,
}

impl Drop for HttpLog {
    /// In a service, this is dropped where nothing may be waited for.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl HttpLog {
    /// The log whose `checkpoint` lies directly below this address. For https, the certificates in this file are trusted, or
    /// those of the machine.
    ///
    /// # Errors
    /// What is wrong with the address or the file.
    pub fn new(address: &str, ca_file: Option<&Path>) -> Result<Self, String> {
        // Without the slash, the last part would be replaced and not joined.
        let base: Url = format!("{}/", address.trim_end_matches('/')).parse().map_err(|error| format!("{error}"))?;
        if !["http", "https"].contains(&base.scheme()) {
            return Err("the address of a log begins with http:// or https://".to_owned());
        }
        let client = client_without_redirects(&base, ca_file)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())?;
        Ok(Self { base, client, runtime: Some(runtime) })
    }

    async fn ask(&self, name: &str, bytes_max: usize) -> io::Result<Option<Vec<u8>>> {
        let failed = |error: reqwest::Error| io::Error::other(with_causes(&error));
        let url = self.base.join(name).map_err(io::Error::other)?;
        let mut answer = self.client.get(url).send().await.map_err(failed)?;
        match answer.status().as_u16() {
            200 => {}
            404 | 410 => return Ok(None),
            status => return Err(io::Error::other(format!("the log answers with status {status}"))),
        }
        let bytes = body_of(&mut answer, bytes_max).await.map_err(failed)?;
        if bytes.len() > bytes_max {
            return Err(io::Error::other(format!("the answer has more than {bytes_max} bytes")));
        }
        Ok(Some(bytes))
    }
}

impl Fetch for HttpLog {
    fn fetch(&self, name: &str, bytes_max: usize) -> io::Result<Option<Vec<u8>>> {
        let Some(runtime) = &self.runtime else { return Err(io::Error::other("it ends")) };
        runtime.block_on(self.ask(name, bytes_max))
    }

    fn place(&self, name: &str) -> String {
        format!("{}{name}", self.base)
    }
}
