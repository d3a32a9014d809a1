use std::fmt;

use super::runner::{RunStop, Runner};
use super::world::World;
use crate::plan;
use crate::process::{CommandError, Privileged, needs_sudo};
use crate::scenario::{OnError, Rights, StepSpec};
use crate::step::commands;
use crate::text::with_causes;

/// A step that may not do what it is there for.
#[derive(Debug)]
pub(super) struct Powerless {
    place: String,
    step: String,
    why: Why,
}

#[derive(Debug)]
enum Why {
    /// It works only as root.
    NotRoot,
    /// `sudo -n` would not run one of its commands.
    Refused(CommandError),
}

impl fmt::Display for Powerless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, step, why } = self;
        match why {
            Why::NotRoot => write!(f, "step `{step}` ({place}) needs root"),
            Why::Refused(error) => write!(f, "step `{step}` ({place}): {}", with_causes(error)),
        }
    }
}

/// All of them, each on a line, and what a person can do.
pub(super) fn listed(powerless: &[Powerless]) -> String {
    let lines: Vec<String> = powerless.iter().map(|step| format!("\n  {step}")).collect();
    let has = |is: fn(&Why) -> bool| powerless.iter().any(|step| is(&step.why));
    let sudo = "run `sudo -v` on this terminal before, or allow these commands in sudoers(5) with `NOPASSWD`";
    let root = "set `privileged = true` on such a step, or run `runexp` as root";
    let advice = [
        has(|why| matches!(why, Why::Refused(_))).then_some(sudo),
        has(|why| matches!(why, Why::NotRoot)).then_some(root),
    ];
    let advice: Vec<String> = advice.into_iter().flatten().map(|advice| format!("\n  help: {advice}")).collect();
    [lines, advice].concat().concat()
}

impl Runner<'_> {
    /// Refuses before the first effect what would fail for want of rights in
    /// the midst of them, or in the teardown. A step whose failure is only a
    /// warning may fail.
    pub(super) async fn may_do_all(&mut self) -> Result<(), RunStop> {
        if !needs_sudo() || !matches!(self.context.world, World::Host) {
            return Ok(());
        }
        let mut powerless = Vec::new();
        let mut allowed = Vec::new();
        for (place, step) in plan::steps(self.context.plan) {
            if step.on_error == OnError::Warn {
                continue;
            }
            let why = match step.rights() {
                Rights::Own => None,
                Rights::Root => Some(Why::NotRoot),
                Rights::Sudo => self.refusal(step, &mut allowed).await,
            };
            powerless.extend(why.map(|why| Powerless { place, step: step.name.clone(), why }));
        }
        self.go_on()?;
        if powerless.is_empty() { Ok(()) } else { Err(RunStop::Rights { powerless }) }
    }

    /// The first command of a step that `sudo -n` would not run.
    async fn refusal(&self, step: &StepSpec, allowed: &mut Vec<Privileged>) -> Option<Why> {
        let log = self.context.directory.log(0, "rights");
        let world = &self.context.world;
        let gpus = || world.gpus();
        let commands = commands(step, &self.context.step_context(&log, &gpus, &self.stop));
        for command in commands {
            if allowed.contains(&command) {
                continue;
            }
            if let Err(error) = command.ask(&log, &self.stop).await {
                return Some(Why::Refused(error));
            }
            allowed.push(command);
        }
        None
    }
}
