use std::error::Error;

use crate::dialect::{DecodeError, is_context_overflow};
use crate::record::RequestOutcome;
use crate::text::with_causes;
use crate::wire::{Told, WireError};

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
        /// What the head says beside it.
        told: Told,
    },
    /// Compressed, whatever its status.
    Compressed {
        /// How.
        encoding: String,
    },
    /// An error in place of a reply, or inside one.
    Server(String),
    /// The reply ended, but does not say that it is whole.
    Unfinished {
        /// Why it ended, if the server said so.
        finish: Option<String>,
    },
    /// The reply is whole and holds no token.
    Empty {
        /// Why it ended.
        finish: String,
        /// Tokens that the server counted all the same.
        counted: Option<u64>,
    },
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
            Self::Status { status, message, told } => of_status(status, message, told),
            Self::Compressed { encoding } => RequestOutcome::Compressed { encoding },
            Self::Server(message) if is_context_overflow(&message) => {
                RequestOutcome::ContextOverflow { status: None, message }
            }
            Self::Server(message) => RequestOutcome::ServerError { message },
            Self::Unfinished { finish } => RequestOutcome::CutOff { finish },
            Self::Empty { finish, counted } => RequestOutcome::Empty { finish, counted },
            Self::Garbage(error @ DecodeError::Html { .. }) => RequestOutcome::Html { message: with_causes(&error) },
            Self::Garbage(error) => RequestOutcome::Garbage { message: with_causes(&error) },
        }
    }
}

/// A server that is too busy may speak of long contexts too, and is not asked
/// for less.
fn of_status(status: u16, message: String, told: Told) -> RequestOutcome {
    match status {
        300..400 => RequestOutcome::Redirected { status, location: told.location },
        400 | 413 | 422 | 500 if is_context_overflow(&message) => {
            RequestOutcome::ContextOverflow { status: Some(status), message }
        }
        _ => RequestOutcome::Status { status, message, retry_after: told.retry_after },
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
