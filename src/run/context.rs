use std::path::Path;

use tokio_util::sync::CancellationToken;

use super::Aftermath;
use super::gpu_monitor::Findings;
use super::resumption::Resumption;
use super::secret::Secrets;
use super::world::World;
use crate::clock::Clock;
use crate::plan::Plan;
use crate::record::{Containment, Envelope};
use crate::step::{AskGpus, StepContext};
use crate::store::RunDirectory;
use crate::telemetry::Remote;

/// What a run is given.
pub(super) struct Context<'a> {
    pub(super) plan: &'a Plan,
    pub(super) run_id: &'a str,
    pub(super) scenario_dir: &'a Path,
    pub(super) directory: &'a RunDirectory,
    pub(super) clock: Clock,
    pub(super) world: World,
    pub(super) secrets: Secrets,
    /// What telemetry has found, and how it is told what to do.
    pub(super) findings: Findings,
    pub(super) telemetry: Remote,
    /// How its processes are held together; `None` on a simulated machine.
    pub(super) containment: Option<Containment>,
    /// What the load driver was seen to take on this machine.
    pub(super) certified: Option<Envelope>,
    /// What a person wants to find afterwards.
    pub(super) aftermath: Aftermath,
    /// What is measured already.
    pub(super) resumption: Option<Resumption>,
}

impl Context<'_> {
    pub(super) fn step_context<'c>(
        &'c self,
        log: &'c Path,
        gpus: &'c AskGpus<'c>,
        cancel: &'c CancellationToken,
    ) -> StepContext<'c> {
        StepContext { dir: self.scenario_dir, run_id: self.run_id, run_dir: self.directory.path(), log, gpus, cancel }
    }
}
