/// How a request may end, without the server's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OutcomeKind {
    /// The reply came whole.
    Success,
    /// It ended well and held no token.
    Empty,
    /// It ended before it was whole.
    CutOff,
    /// An error status.
    Status,
    /// Longer than the server's context.
    ContextOverflow,
    /// The server sent the driver elsewhere.
    Redirected,
    /// The answer was compressed.
    Compressed,
    /// The answer was an HTML page.
    Html,
    /// An error inside a 200 stream.
    ServerError,
    /// No connection.
    Connect,
    /// The connection broke before any byte of the reply.
    Reset,
    /// The connection ended before the reply was whole.
    EarlyClose,
    /// Silence for longer than `stall`.
    Stall,
    /// Not over within `timeout`.
    Timeout,
    /// Bytes that are not the protocol.
    Garbage,
    /// Never sent.
    Dropped,
    /// Still in flight when the drain time was over.
    Cut,
    /// The run was interrupted.
    Interrupted,
}

/// Every way to end, in the order of their pages.
pub const OUTCOMES: &[OutcomeKind] = &[
    OutcomeKind::Success,
    OutcomeKind::Empty,
    OutcomeKind::CutOff,
    OutcomeKind::ServerError,
    OutcomeKind::Status,
    OutcomeKind::ContextOverflow,
    OutcomeKind::Redirected,
    OutcomeKind::Compressed,
    OutcomeKind::Html,
    OutcomeKind::Garbage,
    OutcomeKind::Connect,
    OutcomeKind::Reset,
    OutcomeKind::EarlyClose,
    OutcomeKind::Stall,
    OutcomeKind::Timeout,
    OutcomeKind::Dropped,
    OutcomeKind::Cut,
    OutcomeKind::Interrupted,
];

impl OutcomeKind {
    /// As records and `runexp explain` name it.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Empty => "empty",
            Self::CutOff => "cut_off",
            Self::Status => "status",
            Self::ContextOverflow => "context_overflow",
            Self::Redirected => "redirected",
            Self::Compressed => "compressed",
            Self::Html => "html",
            Self::ServerError => "server_error",
            Self::Connect => "connect",
            Self::Reset => "reset",
            Self::EarlyClose => "early_close",
            Self::Stall => "stall",
            Self::Timeout => "timeout",
            Self::Garbage => "garbage",
            Self::Dropped => "dropped",
            Self::Cut => "cut",
            Self::Interrupted => "interrupted",
        }
    }

    /// As tables show it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::CutOff => "cut off",
            Self::ContextOverflow => "context overflow",
            Self::Html => "HTML page",
            Self::ServerError => "server error",
            Self::EarlyClose => "early close",
            Self::Cut => "unanswered at the end of the drain",
            Self::Success
            | Self::Empty
            | Self::Status
            | Self::Redirected
            | Self::Compressed
            | Self::Connect
            | Self::Reset
            | Self::Stall
            | Self::Timeout
            | Self::Garbage
            | Self::Dropped
            | Self::Interrupted => self.id(),
        }
    }
}
