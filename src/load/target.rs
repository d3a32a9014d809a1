use std::time::Duration;

use crate::dialect::{Dialect, Route};
use crate::record::ServerKey;
use crate::scenario::{Endpoint, ServerSpec};

/// A server that is asked.
#[derive(Clone, Debug)]
pub struct Target {
    /// Which.
    pub key: ServerKey,
    /// Where its route is.
    pub url: String,
    /// What is spoken there.
    pub dialect: Dialect,
    /// The model's name, where the API wants one.
    pub model: Option<String>,
    /// Its connections, kept alive.
    pub(super) client: reqwest::Client,
    /// Opens a connection of its own for every request: for a request whose
    /// kept-alive connection turned out to be closed.
    pub(super) fresh: reqwest::Client,
}

/// A target cannot be made.
#[derive(Debug, thiserror::Error)]
#[error("failed to prepare connections to `{label}`: {source}")]
pub struct TargetError {
    /// The server.
    pub label: String,
    /// Why.
    pub source: reqwest::Error,
}

impl Target {
    /// Connections of its own for one server: no proxy, no redirects, no
    /// retries, no compression, one pool that never closes idle connections.
    /// A silence longer than `stall` is an error.
    ///
    /// # Errors
    /// When the HTTP client cannot be built.
    pub fn new(server: &ServerSpec, base_url: &str, endpoint: Endpoint, stall: Duration) -> Result<Self, TargetError> {
        let route = match endpoint {
            Endpoint::Chat => Route::Chat,
            Endpoint::Completion => Route::Completion,
        };
        let dialect = Dialect::of(server.api, route);
        let build = |idle| client(stall, idle).map_err(|source| TargetError { label: server.label(), source });
        Ok(Self {
            key: ServerKey { name: server.name.clone(), index: server.index },
            url: format!("{}{}", base_url.trim_end_matches('/'), dialect.path()),
            dialect,
            model: server.model.clone(),
            client: build(usize::MAX)?,
            fresh: build(0)?,
        })
    }
}

fn client(stall: Duration, idle_connections: usize) -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .no_proxy()
        .http1_only()
        .tcp_nodelay(true)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .pool_max_idle_per_host(idle_connections)
        .pool_idle_timeout(None)
        .connect_timeout(Duration::from_secs(5))
        .read_timeout(stall)
        .build()
}
