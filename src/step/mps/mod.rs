//! `mps`: a control daemon of our own, or proof that there is none; see
//! <https://docs.nvidia.com/deploy/mps/>.

mod absent;
mod start;

use super::{Attempt, Performed, StepContext, StepError};
use crate::record::Undo;
use crate::scenario::{MpsAction, MpsStep};

const PIPE_VARIABLE: &str = "CUDA_MPS_PIPE_DIRECTORY";

pub(super) fn undos(step: &MpsStep, privileged: bool, context: &StepContext<'_>) -> Vec<Undo> {
    match step.action {
        MpsAction::Absent => Vec::new(),
        MpsAction::Start => start::undos(&step.control, privileged, context),
    }
}

pub(super) async fn perform(step: &MpsStep, attempt: &Attempt<'_>) -> Result<Performed, StepError> {
    match step.action {
        MpsAction::Absent => absent::perform(),
        MpsAction::Start => start::perform(&step.control, attempt).await,
    }
}
