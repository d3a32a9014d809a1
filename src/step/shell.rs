//! `shell`: a line for `sh -c`, checked by its exit status.

use super::{Attempt, Effect, Performed, StepContext, StepError};
use crate::process::Privileged;
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

    fn commands(&self, context: &StepContext<'_>) -> Vec<Privileged> {
        let all = std::iter::once(&self.script).chain(&self.undo);
        let command =
            |script: &String| Privileged { argv: argv(script), env: self.env.clone(), dir: context.dir.to_owned() };
        all.map(command).collect()
    }

    async fn perform(&self, attempt: &Attempt<'_>) -> Result<Performed, StepError> {
        attempt.command(&argv(&self.script), &self.env, attempt.context.dir, None).await?;
        Ok(Performed::default())
    }
}
