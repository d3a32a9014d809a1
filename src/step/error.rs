use std::error::Error;
use std::fmt;

use crate::host::NoAnswer;
use crate::process::{CommandError, NoProgram, ProcessError, Unannounced};
use crate::units::Period;

/// A step did not take effect.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// A command failed.
    #[error(transparent)]
    Command(CommandError),
    /// Its program is not there.
    #[error(transparent)]
    Program(#[from] NoProgram),
    /// A command failed, and says that it has changed nothing.
    #[error(transparent)]
    Refused(CommandError),
    /// The step's `check` failed.
    #[error("the step ran, but its check failed")]
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
    /// No answer over HTTP.
    #[error(transparent)]
    NoAnswer(#[from] NoAnswer),
    /// The kernel does not tell about its memory.
    #[error("`/proc/meminfo` cannot be read")]
    MemoryUnknown,
    /// Processes could not be listed.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// Its undo could not be written down, so it was not begun.
    #[error(transparent)]
    Unannounced(#[from] Unannounced),
    /// What only this kind of step can meet.
    #[error(transparent)]
    Kind(OfKind),
}

/// What only one kind of step can meet: an enum beside its effect.
pub trait KindError: Error + Send + Sync + 'static {
    /// What a person can do about it, where that is known.
    fn help(&self) -> Option<&'static str> {
        None
    }
}

/// It says what the kind's own error says, and has its causes.
#[derive(Debug)]
pub struct OfKind(Box<dyn KindError>);

impl fmt::Display for OfKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for OfKind {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

impl StepError {
    /// Whether the step may have changed anything. Steps that were refused
    /// before their undo was announced have none to withdraw.
    pub const fn may_have_begun(&self) -> bool {
        match self {
            Self::Command(error) => error.may_have_begun(),
            Self::Program(_) | Self::Refused(_) => false,
            _ => true,
        }
    }

    /// Whether somebody wanted it to end.
    pub const fn is_cancelled(&self) -> bool {
        matches!(self, Self::Cancelled)
    }

    /// What a person can do about it, where that is known.
    pub fn help(&self) -> Option<&'static str> {
        if let Self::Kind(OfKind(error)) = self { error.help() } else { None }
    }
}

impl<E: KindError> From<E> for StepError {
    fn from(error: E) -> Self {
        Self::Kind(OfKind(Box::new(error)))
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
