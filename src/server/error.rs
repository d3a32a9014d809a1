use std::io;
use std::path::PathBuf;

use crate::process::{CommandError, ProcessError, Tail, Unannounced};
use crate::text::with_causes;
use crate::units::Period;

/// A server could not be started, signalled or stopped.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// Somebody listens on its port already.
    #[error("`{server}` cannot be started: port {port} is taken")]
    PortTaken {
        /// Which server.
        server: String,
        /// The port.
        port: u16,
    },
    /// The program could not be started.
    #[error("`{server}` cannot be started: `{program}`")]
    Spawn {
        /// Which server.
        server: String,
        /// The program.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// Its log cannot be written or read.
    #[error("the log `{path}` failed", path = path.display())]
    Log {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It ended before it was ready.
    #[error("`{server}` ended while it was starting ({how}){tail}")]
    Exited {
        /// Which server.
        server: String,
        /// Exit status or signal.
        how: String,
        /// Its last lines.
        tail: Tail,
    },
    /// It did not become ready.
    #[error("`{server}` was not ready within {within}: {missing}{tail}")]
    NotReady {
        /// Which server.
        server: String,
        /// How long it had.
        within: Period,
        /// What did not hold.
        missing: NotReady,
        /// Its last lines.
        tail: Tail,
    },
    /// The pattern for its log is no regular expression.
    #[error("`{server}`: `ready.log` is not a regular expression")]
    Pattern {
        /// Which server.
        server: String,
        /// Why.
        source: regex::Error,
    },
    /// `docker compose` failed.
    #[error("`{server}`")]
    Compose {
        /// Which server.
        server: String,
        /// Why.
        source: ComposeError,
    },
    /// Its Compose file publishes no port that it could be met at.
    #[error("`{server}`: the service `{service}` publishes no port that is known to be its own")]
    Unpublished {
        /// Which server.
        server: String,
        /// Its service.
        service: String,
    },
    /// The run was cancelled meanwhile.
    #[error("the start of `{server}` was cancelled")]
    Cancelled {
        /// Which server.
        server: String,
    },
    /// It is not a process that we started.
    #[error("`{server}` is not a process of this run, so it cannot be signalled or restarted")]
    NotOurs {
        /// Which server.
        server: String,
    },
    /// It has started no process that could be killed alone.
    #[error(
        "`{server}` has no workers to kill: what listens on port {port} has started no process, and computes itself, or \
         has no model loaded"
    )]
    NoWorkers {
        /// Which server.
        server: String,
        /// Its port.
        port: u16,
    },
    /// Its process group could not be signalled or stopped.
    #[error("`{server}`")]
    Process {
        /// Which server.
        server: String,
        /// Why.
        source: ProcessError,
    },
    /// Its undo could not be written down, so it was not started.
    #[error(transparent)]
    Unannounced(#[from] Unannounced),
}

/// `docker compose` failed, and a container has written this before.
#[derive(Debug, thiserror::Error)]
#[error("{}{}", with_causes(command), container_log(tail))]
pub struct ComposeError {
    /// What was said by the command, with its causes: the log stands behind them.
    command: CommandError,
    /// The last lines of the container's own log.
    tail: Tail,
}

impl ComposeError {
    /// Of a container that has written this, or nothing.
    pub const fn new(command: CommandError, tail: Tail) -> Self {
        Self { command, tail }
    }
}

fn container_log(Tail(lines): &Tail) -> String {
    let heading = if lines.is_empty() { "" } else { "\nthe container's own log:" };
    lines.iter().fold(heading.to_owned(), |text, line| format!("{text}\n    {line}"))
}

/// What kept a server from being ready.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotReady {
    /// It does not answer well.
    #[error("{0}")]
    Silent(String),
    /// No line of its log matches.
    #[error("no line of its log matches `{pattern}`")]
    NoLine {
        /// The regular expression.
        pattern: String,
    },
}
