//! How long a run takes, as far as its plan tells.

use std::time::Duration;

use serde::Serialize;

use super::{CellSpec, Epoch, Plan};
use crate::scenario::{Length, LookStep, ServerOrigin, ServerSpec, SleepStep, StepKind, StepSpec};
use crate::units::Nanos;

/// What a run takes at least, and what its own limits allow beyond that.
/// Stopping servers, undoing steps and what may have to be measured again is
/// not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Durations {
    /// Warm-ups and windows of fixed length.
    pub load_ns: Nanos,
    /// Measurements whose window ends after a number of requests: only their
    /// warm-up is counted, in `load_ns`.
    pub measurements_by_requests: usize,
    /// The longest that windows may wait for the moment they begin at.
    pub leads_at_most_ns: Nanos,
    /// What searches for the highest load may take beyond their fewest tries.
    pub searches_at_most_ns: Nanos,
    /// `sleep` steps.
    pub sleeps_ns: Nanos,
    /// The longest that requests in flight after the windows are waited for.
    pub drains_at_most_ns: Nanos,
    /// The longest pauses between epochs.
    pub cooldowns_at_most_ns: Nanos,
    /// The time limits of servers' readiness and preloads.
    pub starts_at_most_ns: Nanos,
    /// The time limits of all other steps, with their retries.
    pub steps_at_most_ns: Nanos,
}

impl Durations {
    /// Of a whole run, with every block there may be.
    pub fn of(plan: &Plan) -> Self {
        Self::of_blocks(plan, plan.blocks)
    }

    /// Of a run that stops as early as it may.
    pub fn at_the_first_look(plan: &Plan) -> Self {
        Self::of_blocks(plan, plan.least_blocks().unwrap_or(plan.blocks))
    }

    fn of_blocks(plan: &Plan, blocks: u32) -> Self {
        let outside = plan.setup.iter().chain(&plan.teardown);
        let once = outside.fold(Self::default(), Self::with_step);
        let epochs: Vec<&Epoch> = plan.epochs.iter().filter(|epoch| epoch.block < blocks).collect();
        let mut all = epochs.iter().map(|epoch| Self::of_epoch(plan, epoch)).fold(once, Self::plus);
        let pauses = u32::try_from(epochs.len().saturating_sub(1)).unwrap_or(u32::MAX);
        let pause = plan.cooldown.as_ref().map_or(Duration::ZERO, |cooldown| cooldown.at_most.duration());
        all.cooldowns_at_most_ns = pause.saturating_mul(pauses).into();
        all
    }

    /// Of one epoch, without the pause after it.
    pub fn of_epoch(plan: &Plan, epoch: &Epoch) -> Self {
        let mut all = epoch.setup.iter().fold(Self::default(), Self::with_step);
        let is_counted = plan.servers_at_first(epoch) < epoch.servers.len();
        for server in &epoch.servers {
            let preload = server.preload.as_ref().map_or(Duration::ZERO, |preload| preload.within.duration());
            // `up --wait` has the limit of readiness too, before the check itself.
            let looks = if matches!(server.origin, ServerOrigin::Compose { .. }) { 2 } else { 1 };
            let start = server.ready.within.duration().saturating_mul(looks).saturating_add(preload);
            // One that is searched for may be stopped and started again.
            let starts = if is_counted { 2 } else { 1 };
            all.starts_at_most_ns = all.starts_at_most_ns.plus(start.saturating_mul(starts).into());
        }
        for planned in &epoch.cells {
            let cell = &plan.cells[&planned.cell];
            all = all.with_cell(cell);
            let broken = cell.fault.as_ref().and_then(|fault| {
                epoch.servers.iter().find(|server| server.name == fault.server && server.index == fault.index)
            });
            let again = broken.map_or(Duration::ZERO, ServerSpec::recovers_within);
            all.starts_at_most_ns = all.starts_at_most_ns.plus(again.into());
        }
        all
    }

    /// What has to pass.
    pub fn at_least(&self) -> Nanos {
        self.load_ns.plus(self.sleeps_ns)
    }

    /// With every limit used up; `None` if a window ends after a number of
    /// requests.
    pub fn at_most(&self) -> Option<Nanos> {
        let limits = [
            self.leads_at_most_ns,
            self.searches_at_most_ns,
            self.drains_at_most_ns,
            self.cooldowns_at_most_ns,
            self.starts_at_most_ns,
            self.steps_at_most_ns,
        ];
        (self.measurements_by_requests == 0).then(|| limits.into_iter().fold(self.at_least(), Nanos::plus))
    }

    fn with_cell(mut self, cell: &CellSpec) -> Self {
        let one = match cell.length {
            Length::Duration(length) => cell.warmup.duration().saturating_add(length.duration()),
            Length::Requests(_) => {
                self.measurements_by_requests += 1;
                cell.warmup.duration()
            }
        };
        let (fewest, most) = cell.tries();
        let lead = Duration::from(cell.longest_window_offset());
        self.leads_at_most_ns = self.leads_at_most_ns.plus(lead.saturating_mul(most).into());
        self.load_ns = self.load_ns.plus(one.saturating_mul(fewest).into());
        self.searches_at_most_ns = self.searches_at_most_ns.plus(one.saturating_mul(most - fewest).into());
        self.drains_at_most_ns = self.drains_at_most_ns.plus(cell.drain.duration().saturating_mul(most).into());
        self
    }

    fn with_step(mut self, step: &StepSpec) -> Self {
        if let StepKind::Look(LookStep::Sleep(SleepStep(pause))) = &step.kind {
            self.sleeps_ns = self.sleeps_ns.plus(pause.duration().into());
        } else {
            let limit = step.timeout.duration().saturating_mul(step.retries.saturating_add(1));
            self.steps_at_most_ns = self.steps_at_most_ns.plus(limit.into());
        }
        self
    }

    fn plus(self, other: Self) -> Self {
        Self {
            load_ns: self.load_ns.plus(other.load_ns),
            measurements_by_requests: self.measurements_by_requests + other.measurements_by_requests,
            leads_at_most_ns: self.leads_at_most_ns.plus(other.leads_at_most_ns),
            searches_at_most_ns: self.searches_at_most_ns.plus(other.searches_at_most_ns),
            sleeps_ns: self.sleeps_ns.plus(other.sleeps_ns),
            drains_at_most_ns: self.drains_at_most_ns.plus(other.drains_at_most_ns),
            cooldowns_at_most_ns: self.cooldowns_at_most_ns.plus(other.cooldowns_at_most_ns),
            starts_at_most_ns: self.starts_at_most_ns.plus(other.starts_at_most_ns),
            steps_at_most_ns: self.steps_at_most_ns.plus(other.steps_at_most_ns),
        }
    }
}
