//! `shell`: a line for `sh -c`, checked by its exit status.

use super::{Attempt, Effect, Performed, StepError};
use crate::record::Undo;
use crate::scenario::ShellStep;

fn argv(script: &str) -> Vec<String> {
    ["sh", "-c", script].map(str::to_owned).to_vec()
}

impl Effect for ShellStep {
    async fn undos(&self, attempt: &Attempt<'_>) -> Result<Vec<Undo>, StepError> {
        let undo = self.undo.as_ref().map(|undo| attempt.undo_by(argv(undo), &self.env, attempt.context.dir));
        Ok(undo.into_iter().collect())
    }

    async fn perform(&self, attempt: &Attempt<'_>) -> Result<Performed, StepError> {
        attempt.command(&argv(&self.script), &self.env, attempt.context.dir, None).await?;
        Ok(Performed::default())
    }
}
