//! `run`: one command, checked by its exit status and then by `check`.

use std::path::PathBuf;

use super::{Attempt, Performed, StepContext, StepError};
use crate::process::CommandError;
use crate::record::Undo;
use crate::scenario::{RunStep, StepSpec};

fn folder(run: &RunStep, context: &StepContext<'_>) -> PathBuf {
    run.dir.as_ref().map_or_else(|| context.dir.to_owned(), |dir| context.dir.join(dir))
}

pub(super) fn undo(run: &RunStep, step: &StepSpec, context: &StepContext<'_>) -> Option<Undo> {
    Some(Undo::Command {
        label: step.name.clone(),
        argv: run.undo.clone()?,
        env: run.env.clone(),
        dir: Some(folder(run, context)),
        privileged: step.privileged,
    })
}

pub(super) async fn perform(run: &RunStep, attempt: &Attempt<'_>) -> Result<Performed, StepError> {
    let dir = folder(run, attempt.context);
    attempt.command(&run.argv, &run.env, &dir, None).await?;
    if let Some(check) = &run.check {
        attempt.command(check, &run.env, &dir, None).await.map_err(|error| match error {
            CommandError::Cancelled { .. } => StepError::Cancelled,
            other => StepError::Check(other),
        })?;
    }
    Ok(Performed::default())
}
