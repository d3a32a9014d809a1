#![expect(clippy::disallowed_methods, reason = "the one place where such a client is made")]

use crate::text::with_causes;
use std::sync::LazyLock;
use std::time::Duration;

use reqwest::{Client, Url};
use tokio_rustls::rustls::ClientConfig;

use super::address::socket_and_path;
use super::connector::{Trust, TrustError};

/// What the machine trusts is read once.
static MACHINE: LazyLock<Result<ClientConfig, TrustError>> = LazyLock::new(|| Trust::Machine.config());

/// A URL cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// It is none that can be asked.
    #[error("it is not an `http`, `https` or `unix` address")]
    NotUrl,
    /// Nobody is trusted, so nothing can be asked over TLS.
    #[error("{0}")]
    Trust(String),
    /// The client cannot be made.
    #[error("failed to prepare a request")]
    Client(#[from] reqwest::Error),
}

/// A general client for control traffic, whose speed nobody measures, and the
/// URL that it is to ask: `http://…`, `https://…` as the [load driver's own
/// connections](super::Connector) trust it, or `unix:///SOCKET[:/PATH]`. It
/// uses no proxy and, with `patience`, takes no longer than that.
///
/// Every request with reqwest begins here: it is built without cryptography of
/// its own, and would not start.
///
/// # Errors
/// When the URL cannot be asked.
pub fn web(url: &str, patience: Option<Duration>) -> Result<(Client, Url), WebError> {
    let builder = Client::builder().no_proxy();
    let builder = patience.into_iter().fold(builder, reqwest::ClientBuilder::timeout);
    let (builder, url) = match socket_and_path(url) {
        Some((socket, path)) => {
            let path = if path.is_empty() { "/" } else { path };
            (builder.unix_socket(socket), format!("http://localhost{path}"))
        }
        None => (builder, url.to_owned()),
    };
    let url = Url::parse(&url).map_err(|_| WebError::NotUrl)?;
    let config = match (url.scheme(), &*MACHINE) {
        ("http" | "https", Ok(config)) => config.clone(),
        ("http", Err(_)) => Trust::Only(Vec::new()).config().map_err(|error| WebError::Trust(with_causes(&error)))?,
        ("https", Err(error)) => return Err(WebError::Trust(with_causes(error))),
        _ => return Err(WebError::NotUrl),
    };
    Ok((builder.tls_backend_preconfigured(config).build()?, url))
}
