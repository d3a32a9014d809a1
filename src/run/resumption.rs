//! Going on with a run that has ended.

use std::fmt;

use super::event::RunEvent;
use super::runner::{RunStop, Runner};
use crate::clock::Clock;
use crate::plan::{Epoch, Plan, digest_of_first};
use crate::record::{Environment, Event, Look, LookDecision, Manifest, Resumed};
use crate::scenario::{self, Replicate, Scenario};
use crate::store::Past;

/// What earlier sessions of a run have measured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resumption {
    /// So many of the plan's epochs, from the first, are whole.
    pub kept: u32,
    /// Epochs, by their number in the records, that were begun since.
    pub void: Vec<u32>,
    /// The number in the records of the next epoch.
    pub next_epoch: u32,
    /// The highest number of a log file.
    pub logs: u32,
    /// After so many blocks was the last look whether the run may end.
    pub looked: u32,
}

/// Why a run is not resumed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Obstacle {
    /// Everything is measured.
    #[error("{why}: there is nothing to resume")]
    Done {
        /// What it has, in words.
        why: String,
    },
    /// What is left would not be the same experiment.
    #[error(
        "the run cannot be resumed, because what it would measure now is not what it has measured:{}",
        listed(differences)
    )]
    Changed {
        /// In sentences.
        differences: Vec<String>,
    },
}

fn listed(differences: &[String]) -> String {
    differences.iter().flat_map(|difference| ["\n  ", difference]).collect()
}

impl Resumption {
    /// Where a run goes on under a plan that may have more blocks than it had.
    ///
    /// # Errors
    /// When nothing is left to be measured, or what is left belongs to another
    /// scenario, seed or choice of cells.
    pub fn of(past: &Past, scenario: &Scenario, plan: &Plan) -> Result<Self, Obstacle> {
        let found = Self::found(past);
        let differences = decided(past, scenario, plan, found.kept);
        if !differences.is_empty() {
            return Err(Obstacle::Changed { differences });
        }
        match (stopped(past), usize::try_from(found.kept).is_ok_and(|kept| kept >= plan.epochs.len())) {
            (Some(look), _) => Err(Obstacle::Done { why: format!("the run has {look}") }),
            (None, true) => Err(Obstacle::Done { why: format!("the run is complete with {}", blocks(plan.blocks)) }),
            (None, false) => Ok(found),
        }
    }

    fn found(past: &Past) -> Self {
        let mut found = Self { logs: past.logs, ..Self::default() };
        for record in &past.events {
            match &record.event {
                Event::EpochStarted { epoch, .. } => {
                    found.void.push(*epoch);
                    found.next_epoch = found.next_epoch.max(epoch + 1);
                }
                Event::Checkpoint { epochs } => {
                    found.kept = *epochs;
                    found.void.clear();
                }
                Event::Look(look) => found.looked = look.blocks,
                _ => {}
            }
        }
        found
    }

    /// What marks the seam in the records.
    pub(super) fn seam(&self, environment: &Environment, clock: Clock) -> Event {
        let (kept, void) = (self.kept, self.void.clone());
        Event::Resumed(Resumed { wall: clock.wall(), kept, void, environment: Box::new(environment.clone()) })
    }
}

fn stopped(past: &Past) -> Option<&Look> {
    past.events.iter().find_map(|record| match &record.event {
        Event::Look(look) if look.decision == LookDecision::Stopped => Some(look),
        _ => None,
    })
}

fn blocks(count: u32) -> String {
    format!("{count} block{}", if count == 1 { "" } else { "s" })
}

/// What is decided otherwise than it was.
///
/// More blocks may be asked for, but not where servers stay up over all of
/// them, nor where the moments to look were fixed before the run.
fn decided(past: &Past, scenario: &Scenario, plan: &Plan, kept: u32) -> Vec<String> {
    let design = &scenario.design;
    let may_grow = design.replicate == Replicate::Epoch && design.adaptive.is_none();
    let free: &[&str] = if may_grow { &["design.repetitions"] } else { &[] };
    let mut differences = scenario::differences(&past.scenario, &scenario.frozen(), free);
    differ(&mut differences, "the seed", &past.plan.seed, &plan.seed);
    if !past.plan.cells.keys().eq(plan.cells.keys()) {
        differ(&mut differences, "the number of cells", &past.plan.cells.len(), &plan.cells.len());
        let added = plan.cells.keys().filter(|id| !past.plan.cells.contains_key(*id));
        differences.extend(added.map(|id| format!("`{id}` was not planned")));
        let gone = past.plan.cells.keys().filter(|id| !plan.cells.contains_key(*id));
        differences.extend(gone.map(|id| format!("`{id}` is planned no more")));
    }
    let kept = usize::try_from(kept).unwrap_or(usize::MAX);
    let [then, now] = [&past.plan, plan].map(|plan| digest_of_first(plan, kept));
    if differences.is_empty() && then != now {
        differ(&mut differences, "the plan of what is measured (SHA-256; prompts and traces with it)", &then, &now);
    }
    differences
}

/// What another machine, or another `runexp`, is.
///
/// # Errors
/// [`Obstacle::Changed`], if anything is.
pub fn same_system(then: &Manifest, manifest: &Manifest, now: &Environment) -> Result<(), Obstacle> {
    let mut differences = Vec::new();
    let mut differ = |what: &str, then: String, now: String| differ(&mut differences, what, &then, &now);
    let machine = |manifest: &Manifest| manifest.simulated.as_ref().map(|simulated| simulated.machine.clone());
    differ("runexp", then.runexp.clone(), manifest.runexp.clone());
    differ("the simulated machine", known(machine(then)), known(machine(manifest)));
    let then = &then.environment;
    differ("the kernel", known(then.kernel.clone()), known(now.kernel.clone()));
    differ("the CPU", known(then.cpu.clone()), known(now.cpu.clone()));
    differ("the number of CPUs", known(then.cpus), known(now.cpus));
    differ("the GPUs", gpus(then), gpus(now));
    differ("the GPU driver", known(then.driver.clone()), known(now.driver.clone()));
    differ("CUDA", known(then.cuda.clone()), known(now.cuda.clone()));
    if differences.is_empty() { Ok(()) } else { Err(Obstacle::Changed { differences }) }
}

fn differ<T: fmt::Display + PartialEq>(differences: &mut Vec<String>, what: &str, then: &T, now: &T) {
    if then != now {
        differences.push(format!("{what}: {then} then, {now} now"));
    }
}

fn known(fact: Option<impl fmt::Display>) -> String {
    fact.map_or_else(|| "none".to_owned(), |fact| format!("`{fact}`"))
}

/// In one order, whatever the driver's.
fn gpus(environment: &Environment) -> String {
    let mut gpus: Vec<String> = environment.gpus.iter().map(|gpu| format!("`{}` ({})", gpu.name, gpu.uuid)).collect();
    gpus.sort_unstable();
    if gpus.is_empty() { "none".to_owned() } else { gpus.join(", ") }
}

impl Runner<'_> {
    /// Counts as done what is.
    pub(super) fn resume(&mut self) {
        let Some(Resumption { kept, .. }) = self.context.resumption else { return };
        let plan = self.context.plan;
        let done = plan.epochs.iter().take_while(|epoch| epoch.index < kept);
        self.cells_done = done.map(|epoch| epoch.cells.len()).sum();
        self.tell(RunEvent::Resumed { kept, of: plan.epochs.len() });
    }

    /// What an earlier session would have done next: measure again what was
    /// spoiled in its last block, and look whether that is enough.
    pub(super) async fn catch_up(&mut self) -> Result<(), RunStop> {
        let Some(Resumption { kept, looked, .. }) = self.context.resumption else { return Ok(()) };
        let plan = self.context.plan;
        let last = plan.rounds().take_while(|round| round.iter().all(|epoch| epoch.index < kept)).last();
        let Some((round, block)) = last.and_then(|round| Some((round, round.last()?.block))) else { return Ok(()) };
        self.rerun(round).await?;
        self.is_enough = block >= looked && self.is_enough_after(block + 1);
        Ok(())
    }

    pub(super) fn is_kept(&self, round: &[Epoch]) -> bool {
        let kept = self.context.resumption.as_ref().map_or(0, |resumption| resumption.kept);
        round.iter().all(|epoch| epoch.index < kept)
    }
}
