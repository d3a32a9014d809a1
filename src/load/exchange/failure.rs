use std::error::Error;

use crate::dialect::DecodeError;
use crate::record::RequestOutcome;
use crate::wire::WireError;

/// The longest message of a record, in characters.
const MESSAGE_LIMIT: usize = 200;

/// Why a request did not get its whole reply.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The connection, or what came over it, was no whole HTTP reply.
    Wire(WireError),
    /// An error status.
    Status {
        /// The status.
        status: u16,
        /// The start of the message.
        message: String,
    },
    /// An error object in a 200 stream.
    Server(String),
    /// The reply ended well, but does not say that it is whole.
    Unfinished,
    /// Not the protocol.
    Garbage(DecodeError),
}

impl From<DecodeError> for Failure {
    fn from(error: DecodeError) -> Self {
        Self::Garbage(error)
    }
}

impl From<WireError> for Failure {
    fn from(error: WireError) -> Self {
        Self::Wire(error)
    }
}

impl Failure {
    /// As it is recorded.
    pub(crate) fn outcome(self) -> RequestOutcome {
        match self {
            Self::Wire(error) => of_wire(&error),
            Self::Status { status, message } => RequestOutcome::Status { status, message },
            Self::Server(message) => RequestOutcome::ServerError { message },
            Self::Unfinished => RequestOutcome::EarlyClose,
            Self::Garbage(error) => RequestOutcome::Garbage { message: error.to_string() },
        }
    }
}

fn of_wire(error: &WireError) -> RequestOutcome {
    let message = || innermost(error);
    match error {
        WireError::Resolve { .. } | WireError::Connect { .. } | WireError::Tls { .. } => {
            RequestOutcome::Connect { message: message() }
        }
        WireError::Unanswered { .. } | WireError::Reset { .. } => RequestOutcome::Reset { message: message() },
        WireError::EarlyClose { .. } => RequestOutcome::EarlyClose,
        WireError::Stall { .. } => RequestOutcome::Stall,
        WireError::Deadline => RequestOutcome::Timeout,
        WireError::HeadTooLong { .. }
        | WireError::NotHttp { .. }
        | WireError::Length { .. }
        | WireError::Switch
        | WireError::Chunk { .. }
        | WireError::Surplus { .. } => RequestOutcome::Garbage { message: message() },
    }
}

/// The deepest cause says most, and never holds the URL.
fn innermost(error: &WireError) -> String {
    let mut deepest: &dyn Error = error;
    while let Some(cause) = deepest.source() {
        deepest = cause;
    }
    deepest.to_string().chars().take(MESSAGE_LIMIT).collect()
}
