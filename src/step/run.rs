//! `run`: one command, checked by its exit status and then by `check`.

use std::path::PathBuf;

use super::{Attempt, Effect, Performed, StepContext, StepError};
use crate::process::{CommandError, Privileged};
use crate::record::Undo;
use crate::scenario::RunStep;

fn folder(run: &RunStep, context: &StepContext<'_>) -> PathBuf {
    run.dir.as_ref().map_or_else(|| context.dir.to_owned(), |dir| context.dir.join(dir))
}

impl Effect for RunStep {
    async fn undos(&self, attempt: &Attempt<'_>) -> Result<Vec<Undo>, StepError> {
        let dir = folder(self, attempt.context);
        Ok(self.undo.iter().map(|undo| attempt.undo_by(undo.clone(), &self.env, &dir)).collect())
    }

    fn commands(&self, context: &StepContext<'_>) -> Vec<Privileged> {
        let all = [Some(&self.argv), self.check.as_ref(), self.undo.as_ref()].into_iter().flatten();
        let dir = folder(self, context);
        all.map(|argv| Privileged { argv: argv.clone(), env: self.env.clone(), dir: dir.clone() }).collect()
    }

    async fn perform(&self, attempt: &Attempt<'_>) -> Result<Performed, StepError> {
        let dir = folder(self, attempt.context);
        attempt.command(&self.argv, &self.env, &dir, None).await?;
        if let Some(check) = &self.check {
            attempt.command(check, &self.env, &dir, None).await.map_err(|error| match error {
                CommandError::Cancelled { .. } => StepError::Cancelled,
                other => StepError::Check(other),
            })?;
        }
        Ok(Performed::default())
    }
}
