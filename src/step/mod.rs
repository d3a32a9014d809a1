//! Performs setup and teardown steps on this host: one file per kind. Effects.

mod compose;
mod drop_caches;
mod error;
mod http;
mod lock_clocks;
mod memory_available;
mod mps;
mod ollama;
mod pull;
mod run;
mod shell;
mod sleep;
mod unload;
mod wait;

use std::future::Future;
use std::path::Path;
use std::time::Duration;

use indexmap::IndexMap;
use tokio_util::sync::CancellationToken;

pub use error::{KindError, OfKind, StepError};
pub use mps::{LOG_VARIABLE, MpsControl, PIPE_VARIABLE, mps_is_absent};

use crate::process::{
    Command, CommandError, Limit, Privileged, Unannounced, Undoing, absolute, find_program, needs_sudo,
};
use crate::record::{Fact, GpuIdentity, GpuReading, Undo};
use crate::scenario::{CommandStep, GpuStep, LookStep, MachineStep, ModelStep, StepKind, StepSpec};

/// Long enough for a busy daemon to come to itself, short enough to wait for.
const RETRY_PAUSE: Duration = Duration::from_millis(500);

/// What is there of GPUs, asked when a step wants to know; or why nothing is.
pub type AskGpus<'a> = dyn Fn() -> Result<Vec<(GpuIdentity, GpuReading)>, String> + Sync + 'a;

/// Where a step is performed.
#[derive(Clone, Copy)]
pub struct StepContext<'a> {
    /// The scenario's folder: relative paths start there.
    pub dir: &'a Path,
    /// The run.
    pub run_id: &'a str,
    /// The run's own folder.
    pub run_dir: &'a Path,
    /// Output of commands is appended here.
    pub log: &'a Path,
    /// Looks at the GPUs.
    pub gpus: &'a AskGpus<'a>,
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

/// What a kind does.
trait Effect {
    /// Asks, without changing anything, whether the effect could begin at all.
    async fn ask(&self, attempt: &Attempt<'_>) -> Result<(), StepError> {
        match self.commands(attempt.context).first() {
            Some(first) => attempt.may_run(first).await,
            None => Ok(()),
        }
    }

    /// How it will be taken back; the last of these is undone first. Asked
    /// once, before the first attempt, so it may look at what was there.
    async fn undos(&self, _attempt: &Attempt<'_>) -> Result<Vec<Undo>, StepError> {
        Ok(Vec::new())
    }

    /// The commands it runs with the rights of its step, those that take it back
    /// among them.
    fn commands(&self, _context: &StepContext<'_>) -> Vec<Privileged> {
        Vec::new()
    }

    /// Does it, and checks that it took effect.
    async fn perform(&self, attempt: &Attempt<'_>) -> Result<Performed, StepError>;
}

/// The one place that names every kind.
macro_rules! with_effect {
    ($kind:expr, $effect:ident => $call:expr) => {
        match $kind {
            StepKind::Command(CommandStep::Run($effect)) => $call,
            StepKind::Command(CommandStep::Shell($effect)) => $call,
            StepKind::Command(CommandStep::Compose($effect)) => $call,
            StepKind::Look(LookStep::Wait($effect)) => $call,
            StepKind::Look(LookStep::Http($effect)) => $call,
            StepKind::Look(LookStep::MemoryAvailable($effect)) => $call,
            StepKind::Look(LookStep::Sleep($effect)) => $call,
            StepKind::Machine(MachineStep::DropCaches($effect)) => $call,
            StepKind::Gpu(GpuStep::Mps($effect)) => $call,
            StepKind::Gpu(GpuStep::LockClocks($effect)) => $call,
            StepKind::Model(ModelStep::Pull($effect)) => $call,
            StepKind::Model(ModelStep::Unload($effect)) => $call,
        }
    };
}

/// The commands that a step runs, its undo's among them.
pub fn commands(step: &StepSpec, context: &StepContext<'_>) -> Vec<Privileged> {
    let (dir, run_dir) = (absolute(context.dir), absolute(context.run_dir));
    let context = &StepContext { dir: &dir, run_dir: &run_dir, ..*context };
    with_effect!(&step.kind, effect => effect.commands(context))
}

/// Performs a step, checks that it took effect, and tries again as often as it
/// allows. Its undo is registered before it has any effect, and withdrawn if it
/// can have had none.
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
    let (mut registered, mut may_have_begun) = (None, false);
    let mut retries = step.retries;
    loop {
        let attempt = Attempt { step, context, limit: Limit::from_now(step.timeout) };
        match attempt.perform(undo, &mut registered).await {
            Ok(performed) => {
                for (sequence, effect) in registered.into_iter().flatten() {
                    undo.done(sequence, effect);
                }
                return Ok(performed);
            }
            Err(error) => {
                may_have_begun |= error.may_have_begun();
                if retries == 0 || error.is_cancelled() {
                    let owed = if may_have_begun { None } else { registered };
                    owed.into_iter().flatten().rev().for_each(|(sequence, _)| undo.withdraw(sequence));
                    return Err(error);
                }
                retries -= 1;
            }
        }
        tokio::select! {
            () = context.cancel.cancelled() => return Err(StepError::Cancelled),
            () = tokio::time::sleep(RETRY_PAUSE) => {}
        }
    }
}

/// One try of a step.
#[derive(Clone, Copy)]
struct Attempt<'a> {
    step: &'a StepSpec,
    context: &'a StepContext<'a>,
    limit: Limit,
}

impl Attempt<'_> {
    async fn perform(
        &self,
        undo: &mut impl Undoing,
        registered: &mut Option<Vec<(u32, Undo)>>,
    ) -> Result<Performed, StepError> {
        if registered.is_none() {
            let undos = with_effect!(&self.step.kind, effect => effect.undos(self).await)?;
            if !undos.is_empty() {
                // An undo is owed only for what may have begun.
                with_effect!(&self.step.kind, effect => effect.ask(self).await)?;
            }
            let announced = undos.into_iter().map(|effect| Ok((undo.register(effect.clone())?, effect)));
            *registered = Some(announced.collect::<Result<_, Unannounced>>()?);
        }
        with_effect!(&self.step.kind, effect => effect.perform(self).await)
    }

    /// Whether this user may run a command, as far as that can be asked.
    async fn may_run(&self, command: &Privileged) -> Result<(), StepError> {
        if self.step.privileged && needs_sudo() {
            return Ok(command.ask(self.context.log, self.context.cancel).await?);
        }
        let program = command.argv.first().map(String::as_str).unwrap_or_default();
        find_program(program, &command.env, &command.dir)?;
        Ok(())
    }

    /// Runs a command of this step with its log, time limit and rights.
    async fn command(
        &self,
        argv: &[String],
        env: &IndexMap<String, String>,
        dir: &Path,
        input: Option<&str>,
    ) -> Result<String, CommandError> {
        let Self { step, context, limit } = *self;
        let privileged = step.privileged;
        Command { argv, env, dir: Some(dir), privileged, input, limit, log: context.log }.run(context.cancel).await
    }

    /// The undo that runs a command, with the rights of this step.
    fn undo_by(&self, argv: Vec<String>, env: &IndexMap<String, String>, dir: &Path) -> Undo {
        Undo::Command {
            label: self.step.name.clone(),
            argv,
            env: env.clone(),
            dir: Some(dir.to_owned()),
            privileged: self.step.privileged,
        }
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
}
