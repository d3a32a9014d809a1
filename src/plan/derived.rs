//! A plan and what follows from it, for programs.

use serde::Serialize;

use super::rights::{Demand, demands};
use super::{Durations, Epoch, Placement, Plan, ServerCommand, Volume, digest};
use crate::scenario::{Rights, ScriptLines, StepSpec};
use crate::units::Nanos;

/// What `runexp plan --format json` shows: the plan, in the shape of a run
/// directory's `plan.json`, and `derived` beside it.
#[derive(Clone, Debug, Serialize)]
pub struct Described<'a> {
    /// As decided.
    #[serde(flatten)]
    pub plan: &'a Plan,
    /// What follows from it.
    pub derived: Derived<'a>,
}

/// What follows from a plan. Times are in nanoseconds.
#[derive(Clone, Debug, Serialize)]
pub struct Derived<'a> {
    /// As in the manifest of a run of this plan.
    pub plan_sha256: String,
    /// The least it takes.
    pub at_least_ns: Nanos,
    /// With every limit used up; `null` if nobody can tell.
    pub at_most_ns: Option<Nanos>,
    /// What makes them up.
    pub durations: Durations,
    /// What is read, sent and written.
    pub volume: Volume<'a>,
    /// Every step that needs more rights than those of who runs it.
    pub rights: Vec<Demand>,
    /// The setup steps as commands.
    pub setup: Vec<StepCommands<'a>>,
    /// Every epoch as commands, in order.
    pub epochs: Vec<EpochCommands<'a>>,
    /// The teardown steps as commands.
    pub teardown: Vec<StepCommands<'a>>,
}

/// An epoch as commands.
#[derive(Clone, Debug, Serialize)]
pub struct EpochCommands<'a> {
    /// Its number in `epochs`, from 0.
    pub index: u32,
    /// The least it takes.
    pub at_least_ns: Nanos,
    /// With every limit used up, without the pause after it.
    pub at_most_ns: Option<Nanos>,
    /// Its setup steps.
    pub setup: Vec<StepCommands<'a>>,
    /// Its servers, without those that are already there.
    pub servers: Vec<ServerCommand<'a>>,
}

/// A step as lines for a shell, in the scenario's folder.
#[derive(Clone, Debug, Serialize)]
pub struct StepCommands<'a> {
    /// Its name.
    pub step: &'a str,
    /// The rights it needs.
    pub rights: Rights,
    /// What it does.
    #[serde(flatten)]
    pub lines: ScriptLines,
}

impl<'a> Described<'a> {
    /// What follows from a plan at its placement.
    pub fn of(plan: &'a Plan, placement: Placement<'a>) -> Self {
        let durations = Durations::of(plan);
        let derived = Derived {
            plan_sha256: digest(plan),
            at_least_ns: durations.at_least(),
            at_most_ns: durations.at_most(),
            durations,
            volume: Volume::of(plan),
            rights: demands(plan),
            setup: steps(&plan.setup),
            epochs: plan.epochs.iter().map(|epoch| EpochCommands::of(plan, epoch, placement)).collect(),
            teardown: steps(&plan.teardown),
        };
        Self { plan, derived }
    }
}

impl<'a> EpochCommands<'a> {
    fn of(plan: &Plan, epoch: &'a Epoch, placement: Placement<'a>) -> Self {
        let durations = Durations::of_epoch(plan, epoch);
        Self {
            index: epoch.index,
            at_least_ns: durations.at_least(),
            at_most_ns: durations.at_most(),
            setup: steps(&epoch.setup),
            servers: epoch.servers.iter().filter_map(|server| ServerCommand::of(server, placement)).collect(),
        }
    }
}

fn steps(steps: &[StepSpec]) -> Vec<StepCommands<'_>> {
    let commands =
        steps.iter().map(|step| StepCommands { step: &step.name, rights: step.rights(), lines: step.script() });
    commands.collect()
}
