//! `compose`: `docker compose up -d --wait` in a project of this run.

use std::path::PathBuf;

use super::{Attempt, Effect, Performed, StepContext, StepError};
use crate::names::compose_project;
use crate::process;
use crate::record::{Fact, Undo};
use crate::scenario::ComposeStep;

fn file(step: &ComposeStep, context: &StepContext<'_>) -> PathBuf {
    context.dir.join(&step.file)
}

fn project(step: &ComposeStep, context: &StepContext<'_>) -> String {
    compose_project(context.run_id, &step.file.to_string_lossy())
}

impl Effect for ComposeStep {
    async fn undos(&self, attempt: &Attempt<'_>) -> Result<Vec<Undo>, StepError> {
        let (file, project) = (file(self, attempt.context), project(self, attempt.context));
        Ok(vec![Undo::ComposeDown { file, project, env: self.env.clone() }])
    }

    async fn perform(&self, attempt: &Attempt<'_>) -> Result<Performed, StepError> {
        let project = project(self, attempt.context);
        // `--wait` fails unless every service runs, and is healthy where it has
        // a health check: that is the check of this step.
        let up = ["up", "-d", "--wait"].into_iter().chain(self.services.iter().map(String::as_str));
        let argv = process::compose(&project, &file(self, attempt.context), &up.collect::<Vec<_>>());
        attempt.command(&argv, &self.env, attempt.context.dir, None).await?;
        Ok(Performed { facts: vec![Fact::new("compose_project", project)], ..Performed::default() })
    }
}
