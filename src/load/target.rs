use std::sync::Arc;
use std::time::Duration;

use crate::dialect::Dialect;
use crate::record::ServerKey;
use crate::scenario::{Endpoint, ServerSpec};
use crate::wire::{Address, AddressError, Client, Connector, Header, Request, Trust, TrustError};

/// A server that is asked.
#[derive(Clone, Debug)]
pub struct Target {
    /// Which.
    pub key: ServerKey,
    /// What is spoken there.
    pub dialect: Dialect,
    /// The model's name, where the API wants one.
    pub model: Option<String>,
    /// Its connections.
    pub(super) client: Arc<Client>,
}

/// A target cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// It is nowhere.
    #[error("`{label}` has no address that can be connected to")]
    Address {
        /// The server.
        label: String,
        /// Why.
        source: AddressError,
    },
    /// It cannot be trusted.
    #[error("failed to prepare connections to `{label}`")]
    Trust {
        /// The server.
        label: String,
        /// Why.
        source: TrustError,
    },
}

impl Target {
    /// Connections of its own for one server; no idle one is closed from this
    /// side. A silence longer than `stall` is an error. `headers` go with
    /// every request, beside those that all requests have.
    ///
    /// # Errors
    /// When `base_url` is none, or is `https` and cannot be checked.
    pub fn new(
        server: &ServerSpec,
        base_url: &str,
        endpoint: Endpoint,
        stall: Duration,
        headers: &[Header],
    ) -> Result<Self, TargetError> {
        let dialect = Dialect::of(server.api, endpoint.route());
        let label = || server.label();
        let address = Address::parse(base_url).map_err(|source| TargetError::Address { label: label(), source })?;
        let request = Request::post(&address, dialect.path(), headers);
        let connector = Connector::new(address, Vec::new(), &Trust::Machine)
            .map_err(|source| TargetError::Trust { label: label(), source })?;
        Ok(Self {
            key: ServerKey { name: server.name.clone(), index: server.index },
            dialect,
            model: server.model.clone(),
            client: Arc::new(Client::new(connector, request, stall)),
        })
    }
}
