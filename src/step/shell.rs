//! `shell`: a line for `sh -c`, checked by its exit status.

use super::{Attempt, Performed, StepContext, StepError};
use crate::record::Undo;
use crate::scenario::{ShellStep, StepSpec};

fn argv(script: &str) -> Vec<String> {
    ["sh", "-c", script].map(str::to_owned).to_vec()
}

pub(super) fn undo(shell: &ShellStep, step: &StepSpec, context: &StepContext<'_>) -> Option<Undo> {
    Some(Undo::Command {
        label: step.name.clone(),
        argv: argv(shell.undo.as_ref()?),
        env: shell.env.clone(),
        dir: Some(context.dir.to_owned()),
        privileged: step.privileged,
    })
}

pub(super) async fn perform(shell: &ShellStep, attempt: &Attempt<'_>) -> Result<Performed, StepError> {
    attempt.command(&argv(&shell.script), &shell.env, attempt.context.dir, None).await?;
    Ok(Performed::default())
}
