//! `mps`: a control daemon of our own, or proof that there is none; see
//! <https://docs.nvidia.com/deploy/mps/>.

mod absent;
mod start;

use super::{Attempt, Effect, Performed, StepError};
use crate::record::Undo;
use crate::scenario::{MpsAction, MpsStep};

const PIPE_VARIABLE: &str = "CUDA_MPS_PIPE_DIRECTORY";

impl Effect for MpsStep {
    async fn undos(&self, attempt: &Attempt<'_>) -> Result<Vec<Undo>, StepError> {
        Ok(match self.action {
            MpsAction::Absent => Vec::new(),
            MpsAction::Start => start::undos(&self.control, attempt.step.privileged, attempt.context),
        })
    }

    async fn perform(&self, attempt: &Attempt<'_>) -> Result<Performed, StepError> {
        match self.action {
            MpsAction::Absent => absent::perform(),
            MpsAction::Start => start::perform(&self.control, attempt).await,
        }
    }
}
