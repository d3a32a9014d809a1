use std::io;
use std::path::PathBuf;

use crate::host::NoAnswer;
use crate::process::{CommandError, ProcessError};
use crate::units::{Bytes, Period};

/// A step did not take effect. The text is complete: it already says what its
/// source says.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// A command failed.
    #[error(transparent)]
    Command(CommandError),
    /// The step's `check` failed.
    #[error("the step ran, but its check failed: {0}")]
    Check(#[source] CommandError),
    /// The run was cancelled.
    #[error("cancelled")]
    Cancelled,
    /// It took too long.
    #[error("not done within {within}")]
    TimedOut {
        /// How long it had.
        within: Period,
    },
    /// What was waited for did not come.
    #[error("waited {within} in vain: {last}")]
    Waited {
        /// How long.
        within: Period,
        /// What the last look showed.
        last: String,
    },
    /// `wait` says nothing to wait for.
    #[error("`wait` needs one of `http`, `tcp` and `file`")]
    NothingToWaitFor,
    /// No answer over HTTP.
    #[error(transparent)]
    NoAnswer(#[from] NoAnswer),
    /// The method is none.
    #[error("`{method}` is not an HTTP method")]
    Method {
        /// As written.
        method: String,
    },
    /// Another status than the one asked for.
    #[error("`{url}` answered {status} instead of {expected}{body}")]
    HttpStatus {
        /// Without user info.
        url: String,
        /// What came.
        status: u16,
        /// What was asked for, in words.
        expected: String,
        /// The start of the answer, after a colon; empty if there is none.
        body: String,
    },
    /// The kernel does not tell about its memory.
    #[error("`/proc/meminfo` cannot be read")]
    MemoryUnknown,
    /// Too little memory is free.
    #[error("{available} of {total} memory are available, less than the {at_least} asked for")]
    MemoryShort {
        /// `MemAvailable`.
        available: Bytes,
        /// `MemTotal`.
        total: Bytes,
        /// The least that must be free.
        at_least: Bytes,
    },
    /// Dropping caches needs root.
    #[error("dropping the page cache needs root")]
    NotRoot,
    /// The cache grew instead.
    #[error("the page cache did not shrink: {before} before, {after} after")]
    CacheGrew {
        /// `Cached` before.
        before: Bytes,
        /// `Cached` after.
        after: Bytes,
    },
    /// The MPS control program is missing.
    #[error("`{control}` was not found")]
    MpsMissing {
        /// The program.
        control: String,
    },
    /// The daemon was started but does not answer.
    #[error("the MPS control daemon does not answer `get_server_list` within {within}: {last}")]
    MpsSilent {
        /// How long it had.
        within: Period,
        /// What the last question showed.
        last: String,
    },
    /// A daemon could be reached although there must be none.
    #[error("an MPS daemon is running: {found}")]
    MpsPresent {
        /// Which, and how it was found.
        found: String,
    },
    /// A folder could not be made.
    #[error("the folder `{path}` could not be made: {source}", path = path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Processes could not be listed.
    #[error(transparent)]
    Process(#[from] ProcessError),
}

impl StepError {
    /// Whether somebody wanted it to end.
    pub const fn is_cancelled(&self) -> bool {
        matches!(self, Self::Cancelled)
    }

    /// What a person can do about it, where that is known.
    pub const fn help(&self) -> Option<&'static str> {
        match self {
            Self::NotRoot => Some("set `privileged = true` on the step, or run `runexp` as root"),
            Self::MpsMissing { .. } => {
                Some("install the NVIDIA driver's compute utilities, which bring it, or set `control` to its path")
            }
            Self::MpsPresent { .. } => {
                Some("stop it with `echo quit | nvidia-cuda-mps-control`, as the user who started it")
            }
            Self::MemoryShort { .. } => Some("end what uses the memory, or lower `at_least`"),
            _ => None,
        }
    }
}

impl From<CommandError> for StepError {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Cancelled { .. } => Self::Cancelled,
            other => Self::Command(other),
        }
    }
}
