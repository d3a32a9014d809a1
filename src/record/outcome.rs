use serde::{Deserialize, Serialize};

use super::OutcomeKind;

/// How a request ended. Every failure has a kind of its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RequestOutcome {
    /// The reply came whole.
    Success {
        /// Why the server stopped: `stop`, `length`, …
        finish: String,
    },
    /// The reply ended well and holds no token, though content was asked for or
    /// tokens were counted.
    Empty {
        /// Why the server stopped.
        finish: String,
        /// Tokens that the server counted all the same.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        counted: Option<u64>,
    },
    /// The reply ended before it was whole, and the connection did not: without
    /// a reason, or for one that says that it was broken off.
    CutOff {
        /// The reason, if there was one: `abort`, `content_filter`, …
        #[serde(default, skip_serializing_if = "Option::is_none")]
        finish: Option<String>,
    },
    /// The server answered with an error status.
    Status {
        /// The HTTP status.
        status: u16,
        /// The start of its message.
        message: String,
        /// What it said of when to try again, a time in seconds or a date.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<String>,
    },
    /// The server said that the prompt, or the reply that was asked for, is
    /// longer than its context.
    ContextOverflow {
        /// The HTTP status; none if the reply had begun.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
        /// The start of its message.
        message: String,
    },
    /// The server sent the driver elsewhere, which does not follow.
    Redirected {
        /// The HTTP status.
        status: u16,
        /// Where to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        location: Option<String>,
    },
    /// The answer was compressed, though the driver had not said that it could
    /// read that.
    Compressed {
        /// How: `gzip`, `br`, …
        encoding: String,
    },
    /// The answer was an HTML page.
    Html {
        /// Its title, and where it began.
        message: String,
    },
    /// An error inside a 200 stream, or in place of one.
    ServerError {
        /// The start of its message.
        message: String,
    },
    /// No connection.
    Connect {
        /// Why.
        message: String,
    },
    /// The connection broke before any byte of the reply.
    Reset {
        /// Why.
        message: String,
    },
    /// The connection ended before the reply was whole. In records of before
    /// 2026-11-28 also what is now `CutOff`.
    EarlyClose,
    /// Silence for longer than `stall`.
    Stall,
    /// Not over within `timeout`.
    Timeout,
    /// Bytes that are not the protocol.
    Garbage {
        /// What was wrong with them.
        message: String,
    },
    /// Never sent: as many requests as may be were in flight when it was due.
    Dropped,
    /// Still in flight when the drain time after the window was over.
    Cut,
    /// The run was interrupted.
    Interrupted,
}

impl RequestOutcome {
    /// With every text in it, which may be a server's, replaced by what
    /// `change` makes of it.
    #[must_use]
    pub fn with_text(self, change: impl FnOnce(String) -> String) -> Self {
        match self {
            Self::Success { finish } => Self::Success { finish: change(finish) },
            Self::Empty { finish, counted } => Self::Empty { finish: change(finish), counted },
            Self::CutOff { finish } => Self::CutOff { finish: finish.map(change) },
            Self::Status { status, message, retry_after } => {
                Self::Status { status, message: change(message), retry_after }
            }
            Self::ContextOverflow { status, message } => Self::ContextOverflow { status, message: change(message) },
            Self::Redirected { status, location } => Self::Redirected { status, location: location.map(change) },
            Self::Compressed { encoding } => Self::Compressed { encoding: change(encoding) },
            Self::Html { message } => Self::Html { message: change(message) },
            Self::ServerError { message } => Self::ServerError { message: change(message) },
            Self::Connect { message } => Self::Connect { message: change(message) },
            Self::Reset { message } => Self::Reset { message: change(message) },
            Self::Garbage { message } => Self::Garbage { message: change(message) },
            same @ (Self::EarlyClose | Self::Stall | Self::Timeout | Self::Dropped | Self::Cut | Self::Interrupted) => {
                same
            }
        }
    }

    /// Whether the reply came whole.
    pub const fn is_success(&self) -> bool {
        matches!(self, Self::Success { .. })
    }

    /// Whether it counts as a failure. A request that we cut off ourselves is
    /// neither a success nor a failure.
    pub const fn is_failure(&self) -> bool {
        !matches!(self, Self::Success { .. } | Self::Cut | Self::Interrupted)
    }

    /// Its kind.
    pub const fn kind(&self) -> OutcomeKind {
        match self {
            Self::Success { .. } => OutcomeKind::Success,
            Self::Empty { .. } => OutcomeKind::Empty,
            Self::CutOff { .. } => OutcomeKind::CutOff,
            Self::Status { .. } => OutcomeKind::Status,
            Self::ContextOverflow { .. } => OutcomeKind::ContextOverflow,
            Self::Redirected { .. } => OutcomeKind::Redirected,
            Self::Compressed { .. } => OutcomeKind::Compressed,
            Self::Html { .. } => OutcomeKind::Html,
            Self::ServerError { .. } => OutcomeKind::ServerError,
            Self::Connect { .. } => OutcomeKind::Connect,
            Self::Reset { .. } => OutcomeKind::Reset,
            Self::EarlyClose => OutcomeKind::EarlyClose,
            Self::Stall => OutcomeKind::Stall,
            Self::Timeout => OutcomeKind::Timeout,
            Self::Garbage { .. } => OutcomeKind::Garbage,
            Self::Dropped => OutcomeKind::Dropped,
            Self::Cut => OutcomeKind::Cut,
            Self::Interrupted => OutcomeKind::Interrupted,
        }
    }

    /// What happened, in the server's own words where it has said any: `429
    /// "slow down"`. For a failure.
    pub fn told(&self) -> String {
        let word = self.kind().word();
        let with = |text: &str| if text.is_empty() { word.to_owned() } else { format!("{word} `{text}`") };
        match self {
            Self::Status { status, message, .. } if message.is_empty() => format!("status {status}"),
            Self::Status { status, message, .. } => format!("{status} `{message}`"),
            Self::ContextOverflow { status: Some(status), message } => format!("{word}: {status} `{message}`"),
            Self::Redirected { status, location } => {
                let place = location.as_deref().map_or_else(|| "nowhere".to_owned(), |place| format!("`{place}`"));
                format!("{word}: {status} to {place}")
            }
            Self::Empty { counted: Some(counted @ 1..), .. } => {
                format!("{word}: the server counted {counted} tokens, and none was seen")
            }
            Self::CutOff { finish } => with(finish.as_deref().unwrap_or_default()),
            Self::Success { finish: text }
            | Self::Empty { finish: text, .. }
            | Self::Compressed { encoding: text }
            | Self::ContextOverflow { status: None, message: text }
            | Self::Html { message: text }
            | Self::ServerError { message: text }
            | Self::Connect { message: text }
            | Self::Reset { message: text }
            | Self::Garbage { message: text } => with(text),
            Self::EarlyClose | Self::Stall | Self::Timeout | Self::Dropped | Self::Cut | Self::Interrupted => {
                word.to_owned()
            }
        }
    }
}
