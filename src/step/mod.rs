//! Performs setup and teardown steps on this host: one file per kind. Effects.

mod compose;
mod drop_caches;
mod error;
mod http;
mod memory_available;
mod mps;
mod run;
mod shell;
mod wait;

use std::future::Future;
use std::path::Path;
use std::time::Duration;

use indexmap::IndexMap;
use tokio_util::sync::CancellationToken;

pub use error::StepError;

use crate::process::{Command, CommandError, Limit, Undoing, absolute};
use crate::record::{Fact, Undo};
use crate::scenario::{StepKind, StepSpec};
use crate::units::Period;

/// Long enough for a busy daemon to come to itself, short enough to wait for.
const RETRY_PAUSE: Duration = Duration::from_millis(500);

/// Where a step is performed.
#[derive(Clone, Copy, Debug)]
pub struct StepContext<'a> {
    /// The scenario's folder: relative paths start there.
    pub dir: &'a Path,
    /// The run.
    pub run_id: &'a str,
    /// The run's own folder.
    pub run_dir: &'a Path,
    /// Output of commands is appended here.
    pub log: &'a Path,
    /// Ends the step early.
    pub cancel: &'a CancellationToken,
}

/// What came of a step that took effect.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Performed {
    /// What was observed.
    pub facts: Vec<Fact>,
    /// What the servers started after it must have in their environment.
    pub server_env: IndexMap<String, String>,
}

/// Performs a step, checks that it took effect, and tries again as often as it
/// allows. Its undo is registered before the first attempt.
///
/// # Errors
/// The last attempt's, or [`StepError::Cancelled`].
pub async fn perform(
    step: &StepSpec,
    context: &StepContext<'_>,
    undo: &mut impl Undoing,
) -> Result<Performed, StepError> {
    let (dir, run_dir) = (absolute(context.dir), absolute(context.run_dir));
    let context = &StepContext { dir: &dir, run_dir: &run_dir, ..*context };
    let registered: Vec<(u32, Undo)> =
        undos(step, context).into_iter().map(|effect| (undo.register(effect.clone()), effect)).collect();
    let mut retries = step.retries;
    loop {
        let attempt = Attempt { context, limit: Limit::from_now(step.timeout), privileged: step.privileged };
        match attempt.perform(&step.kind).await {
            Ok(performed) => {
                for (sequence, effect) in registered {
                    undo.done(sequence, effect);
                }
                return Ok(performed);
            }
            Err(error) if retries == 0 || error.is_cancelled() => return Err(error),
            Err(_) => retries -= 1,
        }
        tokio::select! {
            () = context.cancel.cancelled() => return Err(StepError::Cancelled),
            () = tokio::time::sleep(RETRY_PAUSE) => {}
        }
    }
}

/// How the effect of a step is taken back, in the order of registration.
fn undos(step: &StepSpec, context: &StepContext<'_>) -> Vec<Undo> {
    match &step.kind {
        StepKind::Run(run) => run::undo(run, step, context).into_iter().collect(),
        StepKind::Shell(shell) => shell::undo(shell, step, context).into_iter().collect(),
        StepKind::Mps(mps) => mps::undos(mps, step.privileged, context),
        StepKind::Compose(compose) => vec![compose::undo(compose, context)],
        StepKind::Wait(_)
        | StepKind::Http(_)
        | StepKind::DropCaches(_)
        | StepKind::MemoryAvailable(_)
        | StepKind::Sleep(_) => Vec::new(),
    }
}

/// One try of a step.
#[derive(Clone, Copy)]
struct Attempt<'a> {
    context: &'a StepContext<'a>,
    limit: Limit,
    privileged: bool,
}

impl Attempt<'_> {
    async fn perform(&self, kind: &StepKind) -> Result<Performed, StepError> {
        match kind {
            StepKind::Run(run) => run::perform(run, self).await,
            StepKind::Shell(shell) => shell::perform(shell, self).await,
            StepKind::Wait(wait) => wait::perform(wait, self).await,
            StepKind::Http(http) => self.bounded(http::perform(http)).await,
            StepKind::DropCaches(drop) => drop_caches::perform(*drop, self).await,
            StepKind::MemoryAvailable(memory) => memory_available::perform(*memory),
            StepKind::Mps(mps) => mps::perform(mps, self).await,
            StepKind::Compose(compose) => compose::perform(compose, self).await,
            StepKind::Sleep(period) => self.sleep(*period).await,
        }
    }

    /// Runs a command of this step with its log, time limit and rights.
    async fn command(
        &self,
        argv: &[String],
        env: &IndexMap<String, String>,
        dir: &Path,
        input: Option<&str>,
    ) -> Result<String, CommandError> {
        let Self { context, limit, privileged } = *self;
        Command { argv, env, dir: Some(dir), privileged, input, limit, log: context.log }.run(context.cancel).await
    }

    /// Ends `work` when the step is cancelled or its time is over; for work
    /// that may be dropped anywhere.
    async fn bounded<T>(&self, work: impl Future<Output = Result<T, StepError>>) -> Result<T, StepError> {
        tokio::select! {
            result = work => result,
            () = self.context.cancel.cancelled() => Err(StepError::Cancelled),
            () = tokio::time::sleep_until(self.limit.deadline()) => {
                Err(StepError::TimedOut { within: self.limit.within() })
            }
        }
    }

    async fn sleep(&self, period: Period) -> Result<Performed, StepError> {
        let pause = async {
            tokio::time::sleep(period.duration()).await;
            Ok(Performed::default())
        };
        self.bounded(pause).await
    }
}
