use std::sync::Arc;
use std::time::Duration;

use super::prompt_length::{PromptLength, characters};
use crate::dialect::Dialect;
use crate::record::ServerKey;
use crate::scenario::{self, Endpoint, ServerSpec, secrets_of};
use crate::text::Redaction;
use crate::wire::{Address, AddressError, Client, Connector, Header, HeaderError, Request, Trust, TrustError};

/// A server that is asked.
#[derive(Clone, Debug)]
pub struct Target {
    /// Which.
    pub key: ServerKey,
    /// What is spoken there.
    pub dialect: Dialect,
    /// The model's name, where the API wants one.
    pub model: Option<String>,
    /// What of its headers no record may repeat.
    pub(super) secrets: Arc<Redaction>,
    /// How long made-up prompts for it must be.
    lengths: Vec<PromptLength>,
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
    /// A header cannot be sent.
    #[error("failed to prepare requests to `{label}`")]
    Header {
        /// The server.
        label: String,
        /// Why.
        source: HeaderError,
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
    /// When `base_url` is none, or is `https` and cannot be checked, or a
    /// header cannot be sent.
    pub fn new(
        server: &ServerSpec,
        base_url: &str,
        endpoint: Endpoint,
        stall: Duration,
        headers: &[scenario::Header],
    ) -> Result<Self, TargetError> {
        let dialect = Dialect::of(server.api, endpoint.route());
        let label = || server.label();
        let address = Address::parse(base_url).map_err(|source| TargetError::Address { label: label(), source })?;
        let sent = headers.iter().map(|header| Header::new(header.name(), header.value()));
        let sent = sent.collect::<Result<Vec<_>, _>>();
        let sent = sent.map_err(|source| TargetError::Header { label: label(), source })?;
        let request = Request::post(&address, dialect.path(), &sent);
        let connector = Connector::new(address, server.source_addresses.clone(), &Trust::Machine)
            .map_err(|source| TargetError::Trust { label: label(), source })?;
        Ok(Self {
            key: server.into(),
            dialect,
            model: server.model.clone(),
            secrets: Arc::new(secrets_of(headers)),
            lengths: Vec::new(),
            client: Arc::new(Client::new(connector, request, stall)),
        })
    }

    /// Keeps how long prompts of so many tokens must be.
    pub fn learn(&mut self, length: PromptLength) {
        self.lengths.push(length);
    }

    /// Characters of made-up text that stand for so many tokens; as many as
    /// tokens if nothing like it was asked.
    pub(super) fn characters(&self, tokens: u32) -> u32 {
        characters(&self.lengths, tokens)
    }

    /// The same server, over connections of their own.
    pub(super) fn apart(&self) -> Self {
        Self { client: Arc::new(self.client.apart()), ..self.clone() }
    }
}

/// As the records name it.
impl From<&ServerSpec> for ServerKey {
    fn from(server: &ServerSpec) -> Self {
        Self { name: server.name.clone(), index: server.index }
    }
}
