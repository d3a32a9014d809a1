use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::net::{TcpSocket, TcpStream, UnixStream, lookup_host};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, InvalidDnsNameError, ServerName};
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};

use super::address::Place;
use super::link::Link;
use super::{Address, WireError};

/// The longest that a connection may take to be made.
const LIMIT: Duration = Duration::from_secs(5);

/// Makes connections to one address.
#[derive(Debug)]
pub struct Connector {
    address: Address,
    sources: Vec<IpAddr>,
    connections: AtomicUsize,
    security: Option<Security>,
}

#[derive(Debug)]
struct Security {
    name: ServerName<'static>,
    config: Arc<ClientConfig>,
}

/// Who may vouch for a server.
#[derive(Clone, Debug)]
pub enum Trust {
    /// Whoever the machine trusts: its store of root certificates, or the
    /// files that `SSL_CERT_FILE` and `SSL_CERT_DIR` name.
    Machine,
    /// The holders of these certificates, and nobody else.
    Only(Vec<CertificateDer<'static>>),
}

/// Nothing can be connected to over TLS.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The machine trusts nobody.
    #[error("no root certificate found on this machine")]
    NoRoots {
        /// The first reason, if a file could not be read.
        source: Option<rustls_native_certs::Error>,
    },
    /// A certificate that is given is none, or TLS cannot be set up.
    #[error("failed to prepare TLS")]
    Tls(#[from] rustls::Error),
    /// No certificate can hold such a name.
    #[error("`{host}` cannot stand in a certificate")]
    Name {
        /// The host.
        host: String,
        /// Why.
        source: InvalidDnsNameError,
    },
}

impl Connector {
    /// Connections to `address`, by turns from each of `sources`: one source
    /// address has ports for some 28 000 connections to a server (Linux's
    /// `ip_local_port_range`), half of them without a search. The kernel
    /// chooses the source if there are none. `trust` matters to `https` only.
    ///
    /// # Errors
    /// When nobody is trusted, or the name of the host cannot be checked.
    pub fn new(address: Address, sources: Vec<IpAddr>, trust: &Trust) -> Result<Self, TrustError> {
        let security = match &address.place {
            Place::Secure { host, .. } => Some(Security::new(host, trust)?),
            Place::Plain { .. } | Place::Unix(_) => None,
        };
        Ok(Self { address, sources, connections: AtomicUsize::new(0), security })
    }

    /// Where it connects to.
    pub const fn address(&self) -> &Address {
        &self.address
    }

    /// A new connection.
    pub(super) async fn connect(&self) -> Result<Link, WireError> {
        let late = |_| Err(self.refused(io::ErrorKind::TimedOut.into()));
        tokio::time::timeout(LIMIT, self.link()).await.unwrap_or_else(late)
    }

    async fn link(&self) -> Result<Link, WireError> {
        match (&self.address.place, &self.security) {
            (Place::Unix(path), _) => {
                UnixStream::connect(path).await.map(Link::Unix).map_err(|source| self.refused(source))
            }
            (Place::Plain { host, port }, _) | (Place::Secure { host, port }, None) => {
                self.stream(host, *port).await.map(Link::Tcp)
            }
            (Place::Secure { host, port }, Some(Security { name, config })) => {
                let stream = self.stream(host, *port).await?;
                let secured = TlsConnector::from(Arc::clone(config)).connect(name.clone(), stream).await;
                let secured = secured.map_err(|error| WireError::tls(host, error))?;
                Ok(Link::Tls(Box::new(secured)))
            }
        }
    }

    /// Tries the addresses of the host one after the other.
    async fn stream(&self, host: &str, port: u16) -> Result<TcpStream, WireError> {
        let source = self.source();
        let name = unbracketed(host);
        let unknown = |source| WireError::Resolve { host: host.to_owned(), source };
        let mut last = None;
        for address in lookup_host((name, port)).await.map_err(unknown)? {
            if source.is_none_or(|source| source.is_ipv4() == address.is_ipv4()) {
                match dial(source, address).await {
                    Ok(stream) => return Ok(stream),
                    Err(error) => last = Some(error),
                }
            }
        }
        Err(last.map_or_else(
            || unknown(io::Error::new(io::ErrorKind::AddrNotAvailable, "no address of the source's kind")),
            |error| self.refused(error),
        ))
    }

    fn source(&self) -> Option<IpAddr> {
        let turn = self.connections.fetch_add(1, Ordering::Relaxed);
        self.sources.get(turn.checked_rem(self.sources.len())?).copied()
    }

    fn refused(&self, source: io::Error) -> WireError {
        WireError::Connect { place: self.address.to_string(), source }
    }
}

async fn dial(source: Option<IpAddr>, address: SocketAddr) -> io::Result<TcpStream> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    if let Some(source) = source {
        socket.bind(SocketAddr::new(source, 0))?;
    }
    socket.set_nodelay(true)?;
    socket.connect(address).await
}

/// `::1` of `[::1]`.
fn unbracketed(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

impl Security {
    fn new(host: &str, trust: &Trust) -> Result<Self, TrustError> {
        let name = ServerName::try_from(unbracketed(host).to_owned())
            .map_err(|source| TrustError::Name { host: host.to_owned(), source })?;
        Ok(Self { name, config: Arc::new(trust.config()?) })
    }
}

impl Trust {
    /// HTTP/1.1 over TLS with servers that these vouch for.
    pub(super) fn config(&self) -> Result<ClientConfig, TrustError> {
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(self.roots()?)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }

    fn roots(&self) -> Result<RootCertStore, TrustError> {
        let mut roots = RootCertStore::empty();
        match self {
            Self::Only(certificates) => {
                certificates.iter().try_for_each(|certificate| roots.add(certificate.clone()))?;
            }
            Self::Machine => {
                let found = rustls_native_certs::load_native_certs();
                roots.add_parsable_certificates(found.certs);
                if roots.is_empty() {
                    return Err(TrustError::NoRoots { source: found.errors.into_iter().next() });
                }
            }
        }
        Ok(roots)
    }
}
