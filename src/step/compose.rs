//! `compose`: `docker compose up -d --wait` in a project of this run.

use std::path::PathBuf;

use super::{Attempt, Performed, StepContext, StepError};
use crate::process;
use crate::record::{Fact, Undo};
use crate::scenario::ComposeStep;

fn file(step: &ComposeStep, context: &StepContext<'_>) -> PathBuf {
    context.dir.join(&step.file)
}

fn project(step: &ComposeStep, context: &StepContext<'_>) -> String {
    process::compose_project(context.run_id, &step.file.to_string_lossy())
}

pub(super) fn undo(step: &ComposeStep, context: &StepContext<'_>) -> Undo {
    Undo::ComposeDown { file: file(step, context), project: project(step, context), env: step.env.clone() }
}

pub(super) async fn perform(step: &ComposeStep, attempt: &Attempt<'_>) -> Result<Performed, StepError> {
    let project = project(step, attempt.context);
    // `--wait` fails unless every service runs, and is healthy where it has a
    // health check: that is the check of this step.
    let up = ["up", "-d", "--wait"].into_iter().chain(step.services.iter().map(String::as_str));
    let argv = process::compose(&project, &file(step, attempt.context), &up.collect::<Vec<_>>());
    attempt.command(&argv, &step.env, attempt.context.dir, None).await?;
    Ok(Performed { facts: vec![Fact::new("compose_project", project)], ..Performed::default() })
}
