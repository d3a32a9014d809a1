use serde::{Deserialize, Serialize};

use super::{CellKey, ServerKey};
use crate::units::Nanos;

/// One request, from its scheduled moment to its end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RequestRecord {
    /// The cell and repetition it belongs to.
    pub cell: CellKey,
    /// The server it went to.
    pub server: ServerKey,
    /// The client (closed loop) or the position in the schedule (open loop).
    pub client: u32,
    /// Counts the requests of one client from 0.
    pub sequence: u64,
    /// Which turn of a conversation, from 0; the turns of one conversation
    /// share `client` and `sequence`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<u32>,
    /// When it was meant to start; in a closed loop the same as `started_ns`.
    pub scheduled_ns: Nanos,
    /// When the driver turned to it.
    pub started_ns: Nanos,
    /// When the request had been handed to the connection.
    pub sent_ns: Nanos,
    /// When the response's head arrived.
    pub headers_ns: Option<Nanos>,
    /// When the first chunk with any generated token arrived.
    pub first_token_ns: Option<Nanos>,
    /// When the first chunk with a token that is not reasoning arrived.
    pub first_output_token_ns: Option<Nanos>,
    /// When the last chunk with a token arrived.
    pub last_token_ns: Option<Nanos>,
    /// When the response was over, well or not.
    pub finished_ns: Nanos,
    /// How it ended.
    pub outcome: RequestOutcome,
    /// The `max_tokens` it asked for.
    pub asked_tokens: u32,
    /// The `prompt_tokens` that its prompt was made for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_prompt_tokens: Option<u32>,
    /// Bytes of the text that it asked, without the chat template; `None` for
    /// the later turns of a conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt_bytes: Option<u32>,
    /// Arrivals of chunks that carried tokens.
    pub chunks: Chunks,
    /// What the server counted.
    pub usage: UsageRecord,
    /// Why the reply failed `expect`, if it did.
    pub unexpected: Option<String>,
    /// Whether it was sent again on a fresh connection because the server had
    /// closed the kept-alive one.
    #[serde(default)]
    pub resent: bool,
    /// Mean and largest difference between our arrival time and the simulated
    /// server's own send time, in ns; only on a simulated machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stamp_error_ns: Option<(u64, u64)>,
}

/// Arrivals of token-bearing chunks, compactly.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chunks {
    /// Gap to the previous one; the first is the gap to `sent_ns`.
    pub gaps_ns: Vec<u64>,
    /// Token events that shared each chunk; left out if every one had 1.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<u32>,
}

impl Chunks {
    /// Token events in the chunk at `position`.
    pub fn events_at(&self, position: usize) -> u32 {
        self.events.get(position).copied().unwrap_or(1)
    }

    /// Token events in all.
    pub fn total_events(&self) -> u64 {
        if self.events.is_empty() {
            self.gaps_ns.len() as u64
        } else {
            self.events.iter().map(|events| u64::from(*events)).sum()
        }
    }
}

/// What the server said it did. Absent means it did not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct UsageRecord {
    /// Tokens of the prompt.
    pub prompt_tokens: Option<u64>,
    /// Of these, taken from a cache.
    pub cached_tokens: Option<u64>,
    /// Tokens generated.
    pub output_tokens: Option<u64>,
    /// Where `output_tokens` comes from.
    pub source: TokenSource,
    /// Time the server spent on the uncached prompt.
    pub prefill_ns: Option<Nanos>,
    /// Time the server spent generating.
    pub decode_ns: Option<Nanos>,
    /// Time the server spent loading the model.
    pub load_ns: Option<Nanos>,
    /// The server's own total.
    pub total_ns: Option<Nanos>,
    /// The server's own decode rate in tokens per second, where it states one.
    pub decode_per_s: Option<f64>,
}

/// Where the number of generated tokens comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenSource {
    /// The server counted.
    Server,
    /// The server did not say; every event counts as one token.
    #[default]
    Events,
}

/// How a request ended. Every failure has a kind of its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RequestOutcome {
    /// The reply came whole.
    Success {
        /// Why the server stopped: `stop`, `length`, …
        finish: String,
    },
    /// The server answered with an error status.
    Status {
        /// The HTTP status.
        status: u16,
        /// The start of its message.
        message: String,
    },
    /// An error object in a 200 stream.
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
    /// The stream ended before the reply was whole.
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
    pub fn with_text(self, change: impl FnOnce(&str) -> String) -> Self {
        match self {
            Self::Success { finish } => Self::Success { finish: change(&finish) },
            Self::Status { status, message } => Self::Status { status, message: change(&message) },
            Self::ServerError { message } => Self::ServerError { message: change(&message) },
            Self::Connect { message } => Self::Connect { message: change(&message) },
            Self::Reset { message } => Self::Reset { message: change(&message) },
            Self::Garbage { message } => Self::Garbage { message: change(&message) },
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

    /// Its kind, for tables.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Success { .. } => "success",
            Self::Status { .. } => "status",
            Self::ServerError { .. } => "server error",
            Self::Connect { .. } => "connect",
            Self::Reset { .. } => "reset",
            Self::EarlyClose => "early close",
            Self::Stall => "stall",
            Self::Timeout => "timeout",
            Self::Garbage { .. } => "garbage",
            Self::Dropped => "dropped",
            Self::Cut => "cut",
            Self::Interrupted => "interrupted",
        }
    }
}
