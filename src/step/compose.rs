//! `compose`: `docker compose up -d --wait` in a project of this run.

use std::path::PathBuf;

use super::{Attempt, Effect, Performed, StepContext, StepError};
use crate::names::compose_project;
use crate::process::{self, DOCKER_QUESTIONS, Privileged};
use crate::record::{Fact, Undo};
use crate::scenario::ComposeStep;

fn file(step: &ComposeStep, context: &StepContext<'_>) -> PathBuf {
    context.dir.join(&step.file)
}

fn project(step: &ComposeStep, context: &StepContext<'_>) -> String {
    compose_project(context.run_id, &step.file.to_string_lossy())
}

/// `--wait` fails unless every service runs, and is healthy where it has a
/// health check: that is the check of this step.
fn up(step: &ComposeStep, context: &StepContext<'_>) -> Vec<String> {
    let up = ["up", "-d", "--wait"].into_iter().chain(step.services.iter().map(String::as_str));
    process::compose(&project(step, context), &file(step, context), &up.collect::<Vec<_>>())
}

impl Effect for ComposeStep {
    async fn ask(&self, attempt: &Attempt<'_>) -> Result<(), StepError> {
        for question in DOCKER_QUESTIONS {
            let argv: Vec<String> = question.iter().map(|&word| word.to_owned()).collect();
            attempt.command(&argv, &self.env, attempt.context.dir, None).await?;
        }
        Ok(())
    }

    async fn undos(&self, attempt: &Attempt<'_>) -> Result<Vec<Undo>, StepError> {
        let (file, project) = (file(self, attempt.context), project(self, attempt.context));
        let privileged = attempt.step.privileged;
        Ok(vec![Undo::ComposeDown { file, project, env: self.env.clone(), privileged }])
    }

    fn commands(&self, context: &StepContext<'_>) -> Vec<Privileged> {
        vec![Privileged { argv: up(self, context), env: self.env.clone(), dir: context.dir.to_owned() }]
    }

    async fn perform(&self, attempt: &Attempt<'_>) -> Result<Performed, StepError> {
        let context = attempt.context;
        attempt.command(&up(self, context), &self.env, context.dir, None).await?;
        let facts = vec![Fact::new("compose_project", project(self, context))];
        Ok(Performed { facts, ..Performed::default() })
    }
}
