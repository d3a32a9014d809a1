use std::io;
use std::time::Duration;

use super::tls_trouble;
use crate::units::Nanos;

/// Why a request got no whole reply.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// The name of the host has no address of the kind that is needed.
    #[error("failed to find the address of `{host}`")]
    Resolve {
        /// The host.
        host: String,
        /// Why.
        source: io::Error,
    },
    /// Nobody takes the connection.
    #[error("failed to connect to `{place}`")]
    Connect {
        /// Where to.
        place: String,
        /// Why.
        source: io::Error,
    },
    /// The connection was made, but not its encryption: an unknown
    /// certificate, another name in it, or no TLS at all.
    #[error("failed to agree on TLS with `{host}`")]
    Tls {
        /// The host.
        host: String,
        /// Why.
        source: io::Error,
    },
    /// The connection was closed or reset before any byte of the reply. That
    /// is how a kept-alive connection ends that the server had closed while
    /// the request was on its way.
    #[error("the connection was lost before any byte of the reply")]
    Unanswered {
        /// Why.
        source: io::Error,
    },
    /// The connection was closed or reset inside the reply's head.
    #[error("the connection was lost inside the head of the reply")]
    Reset {
        /// Why.
        source: io::Error,
    },
    /// The connection was closed or reset inside the reply's body.
    #[error("the connection was lost inside the body of the reply")]
    EarlyClose {
        /// Why.
        source: io::Error,
    },
    /// Nothing came, or could be sent, for too long.
    #[error("silent for longer than {}", humantime::format_duration(Duration::from(*.limit)))]
    Stall {
        /// The limit.
        limit: Nanos,
    },
    /// The deadline of the request is over.
    #[error("not over at its deadline")]
    Deadline,
    /// The reply's head, with what was said before it, has no end.
    #[error("the head of the reply is longer than {limit} bytes")]
    HeadTooLong {
        /// The limit, in bytes.
        limit: usize,
    },
    /// The reply's head is not HTTP/1.
    #[error("the reply is not HTTP/1")]
    NotHttp {
        /// What is wrong with it.
        source: httparse::Error,
    },
    /// The reply's head does not say where its body ends, or says it twice.
    #[error("the length of the reply is no number: `{value}`")]
    Length {
        /// What it says, at most 80 characters.
        value: String,
    },
    /// The server wants to speak something else than HTTP.
    #[error("the server switches to another protocol")]
    Switch,
    /// A chunk of the reply's body is none.
    #[error("`{}` does not belong into a chunked reply", .byte.escape_ascii())]
    Chunk {
        /// The first byte that is wrong.
        byte: u8,
    },
    /// The reply says too much beside its body.
    #[error("the chunked reply has more than {limit} bytes of extensions and trailers")]
    Surplus {
        /// The limit, in bytes.
        limit: u32,
    },
}

impl WireError {
    /// In words about certificates, where these are the trouble.
    pub(super) fn tls(host: &str, error: io::Error) -> Self {
        let trouble = tls_trouble(&error);
        let source = trouble.map_or(error, io::Error::other);
        Self::Tls { host: host.to_owned(), source }
    }
}
