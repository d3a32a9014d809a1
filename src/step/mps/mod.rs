//! `mps`: a control daemon of our own, or proof that there is none; see
//! <https://docs.nvidia.com/deploy/mps/>.

mod absent;
mod clients;
mod start;

use std::io;
use std::path::PathBuf;

use super::error::KindError;
use super::{Attempt, Effect, Performed, StepContext, StepError};
use crate::process::Privileged;
use crate::record::Undo;
use crate::scenario::{MpsAction, MpsStep};
use crate::units::Period;

pub use clients::MpsControl;

/// Names the folder in which a daemon listens, and its clients look for it.
pub const PIPE_VARIABLE: &str = "CUDA_MPS_PIPE_DIRECTORY";
/// Names the folder in which a daemon and its servers keep logs.
pub const LOG_VARIABLE: &str = "CUDA_MPS_LOG_DIRECTORY";

/// MPS is not as it was asked for.
#[derive(Debug, thiserror::Error)]
enum MpsError {
    /// The control program is missing.
    #[error("`{control}` was not found")]
    Missing {
        /// The program.
        control: String,
    },
    /// The daemon was started but does not answer.
    #[error("the MPS control daemon does not answer `get_server_list` within {within}: {last}")]
    Silent {
        /// How long it had.
        within: Period,
        /// What the last question showed.
        last: String,
    },
    /// The daemon limits its clients otherwise than it was told.
    #[error("the MPS control daemon gives its clients {found} % of the threads, not {wanted} %")]
    Limit {
        /// What it says.
        found: String,
        /// What it was told.
        wanted: u32,
    },
    /// A daemon could be reached although there must be none.
    #[error("an MPS daemon is running: {found}")]
    Present {
        /// Which, and how it was found.
        found: String,
    },
    /// A folder could not be made.
    #[error("the folder `{path}` could not be made", path = path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Proves that no MPS daemon can be reached from here.
///
/// # Errors
/// When one can, or nobody can tell.
pub fn mps_is_absent() -> Result<(), StepError> {
    absent::perform().map(drop)
}

impl KindError for MpsError {
    fn help(&self) -> Option<&'static str> {
        match self {
            Self::Missing { .. } => {
                Some("install the NVIDIA driver's compute utilities, which bring it, or set `control` to its path")
            }
            Self::Present { .. } => {
                Some("stop it with `echo quit | nvidia-cuda-mps-control`, as the user who started it")
            }
            Self::Silent { .. } | Self::Limit { .. } | Self::Folder { .. } => None,
        }
    }
}

impl Effect for MpsStep {
    async fn undos(&self, attempt: &Attempt<'_>) -> Result<Vec<Undo>, StepError> {
        Ok(match self.action {
            MpsAction::Absent => Vec::new(),
            MpsAction::Start => start::undos(&self.control, attempt.step.privileged, attempt.context),
        })
    }

    /// What takes a daemon back that was never started does nothing.
    async fn ask(&self, _attempt: &Attempt<'_>) -> Result<(), StepError> {
        Ok(())
    }

    fn commands(&self, context: &StepContext<'_>) -> Vec<Privileged> {
        match self.action {
            MpsAction::Absent => Vec::new(),
            MpsAction::Start => start::commands(self, context),
        }
    }

    async fn perform(&self, attempt: &Attempt<'_>) -> Result<Performed, StepError> {
        match self.action {
            MpsAction::Absent => absent::perform(),
            MpsAction::Start => start::perform(self, attempt).await,
        }
    }
}
