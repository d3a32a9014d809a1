use std::error::Error;

use crate::dialect::DecodeError;
use crate::record::RequestOutcome;

/// Why a request did not get its whole reply.
#[derive(Debug)]
pub(crate) enum Failure {
    /// No connection.
    Connect(String),
    /// A kept-alive connection turned out to be closed before any byte of the
    /// reply.
    StaleConnection(String),
    /// The connection broke before any byte of the reply.
    Reset(String),
    /// Silence for longer than `stall`.
    Stall,
    /// The stream ended, or broke, before the reply was whole.
    EarlyClose,
    /// An error status.
    Status {
        /// The status.
        status: u16,
        /// The start of the message.
        message: String,
    },
    /// An error object in a 200 stream.
    Server(String),
    /// Not the protocol.
    Garbage(DecodeError),
}

impl From<DecodeError> for Failure {
    fn from(error: DecodeError) -> Self {
        Self::Garbage(error)
    }
}

impl Failure {
    /// An error of the client before the response's head.
    pub(crate) fn before_headers(error: &reqwest::Error) -> Self {
        let message = innermost(error);
        if error.is_connect() {
            Self::Connect(message)
        } else if error.is_timeout() {
            Self::Stall
        } else if is_stale(error) {
            Self::StaleConnection(message)
        } else {
            Self::Reset(message)
        }
    }

    /// An error of the client inside the body.
    pub(crate) fn in_body(error: &reqwest::Error) -> Self {
        if error.is_timeout() { Self::Stall } else { Self::EarlyClose }
    }

    /// As it is recorded.
    pub(crate) fn outcome(self) -> RequestOutcome {
        match self {
            Self::Connect(message) => RequestOutcome::Connect { message },
            Self::StaleConnection(message) | Self::Reset(message) => RequestOutcome::Reset { message },
            Self::Stall => RequestOutcome::Stall,
            Self::EarlyClose => RequestOutcome::EarlyClose,
            Self::Status { status, message } => RequestOutcome::Status { status, message },
            Self::Server(message) => RequestOutcome::ServerError { message },
            Self::Garbage(error) => RequestOutcome::Garbage { message: error.to_string() },
        }
    }
}

/// hyper's word for a connection that was closed while a request was on its
/// way and no byte of an answer had come.
fn is_stale(error: &reqwest::Error) -> bool {
    chain(error).any(|cause| {
        cause.downcast_ref::<hyper::Error>().is_some_and(|error| error.is_incomplete_message() || error.is_canceled())
            || cause.downcast_ref::<std::io::Error>().is_some_and(|error| {
                matches!(error.kind(), std::io::ErrorKind::ConnectionReset | std::io::ErrorKind::BrokenPipe)
            })
    })
}

/// The deepest cause says most, and never holds the URL.
fn innermost(error: &reqwest::Error) -> String {
    chain(error)
        .last()
        .map_or_else(|| "no cause given".to_owned(), |cause| cause.to_string().chars().take(200).collect())
}

fn chain(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    let mut next = error.source();
    std::iter::from_fn(move || {
        let cause = next?;
        next = cause.source();
        Some(cause)
    })
}
