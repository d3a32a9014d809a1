//! `lock_clocks`: `nvidia-smi` fixes a GPU's clocks.

use std::time::Duration;

use indexmap::IndexMap;

use super::error::KindError;
use super::{Attempt, Effect, Performed, StepContext, StepError};
use crate::process::{CommandError, Privileged};
use crate::record::{Fact, Undo};
use crate::scenario::LockClocksStep;

/// A clock needs a moment to come down: how often it is looked at, and when.
const LOOKS: u32 = 10;
const POLL: Duration = Duration::from_millis(100);

/// How `nvidia-smi` ends that was not understood, has no permission, or finds no
/// driver or no library of it; see its manual, "Return value".
const REFUSALS: [i32; 4] = [2, 4, 9, 12];

/// The clocks are not what they should be.
#[derive(Debug, thiserror::Error)]
enum ClockError {
    /// The answer makes no sense.
    #[error("`nvidia-smi` does not tell the clocks: `{answer}`")]
    Unknown {
        /// What it says.
        answer: String,
    },
    /// A clock is above its lock.
    #[error("the {domain} clock is {mhz} MHz although it was locked to {lock_mhz} MHz")]
    Above {
        /// Graphics or memory.
        domain: &'static str,
        /// As read back.
        mhz: u32,
        /// As locked.
        lock_mhz: u32,
    },
}

impl KindError for ClockError {
    fn help(&self) -> Option<&'static str> {
        Some("look at `nvidia-smi -q -d CLOCK,SUPPORTED_CLOCKS`")
    }
}

impl Effect for LockClocksStep {
    async fn undos(&self, attempt: &Attempt<'_>) -> Result<Vec<Undo>, StepError> {
        let none = IndexMap::new();
        Ok(self.release().into_iter().map(|argv| attempt.undo_by(argv, &none, attempt.context.dir)).collect())
    }

    fn commands(&self, context: &StepContext<'_>) -> Vec<Privileged> {
        let all = self.lock().into_iter().chain([self.query()]).chain(self.release());
        all.map(|argv| Privileged { argv, env: IndexMap::new(), dir: context.dir.to_owned() }).collect()
    }

    async fn perform(&self, attempt: &Attempt<'_>) -> Result<Performed, StepError> {
        let (none, dir) = (IndexMap::new(), attempt.context.dir);
        for (number, argv) in self.lock().into_iter().enumerate() {
            let locked = attempt.command(&argv, &none, dir, None).await;
            locked.map_err(
                |error| if number == 0 && is_refusal(&error) { StepError::Refused(error) } else { error.into() },
            )?;
        }
        let mut looks = 1;
        loop {
            let answer = attempt.command(&self.query(), &none, dir, None).await?;
            match check(self, &answer) {
                Ok(facts) => return Ok(Performed { facts, ..Performed::default() }),
                Err(ClockError::Above { .. }) if looks < LOOKS => looks += 1,
                Err(error) => return Err(error.into()),
            }
            tokio::time::sleep(POLL).await;
        }
    }
}

/// Whether `nvidia-smi` has not even begun, on any GPU.
fn is_refusal(error: &CommandError) -> bool {
    matches!(error, CommandError::Status { status, .. } if status.code().is_some_and(|code| REFUSALS.contains(&code)))
}

/// The clocks as facts, unless one is above its lock.
fn check(step: &LockClocksStep, answer: &str) -> Result<Vec<Fact>, ClockError> {
    let (graphics, memory) = clocks(answer).ok_or_else(|| ClockError::Unknown { answer: answer.trim().to_owned() })?;
    let locks = [("graphics", graphics, Some(step.graphics_mhz)), ("memory", memory, step.memory_mhz)];
    for (domain, mhz, lock) in locks {
        if let Some(lock_mhz) = lock.filter(|lock| mhz > lock.saturating_add(LockClocksStep::STEP_MHZ)) {
            return Err(ClockError::Above { domain, mhz, lock_mhz });
        }
    }
    Ok(locks.map(|(domain, mhz, _)| Fact::new(format!("{domain}_clock_mhz"), mhz.to_string())).to_vec())
}

fn clocks(answer: &str) -> Option<(u32, u32)> {
    let (graphics, memory) = answer.trim().split_once(',')?;
    Some((graphics.trim().parse().ok()?, memory.trim().parse().ok()?))
}
