//! Proof that servers are, or are not, clients of MPS.

use super::runner::Runner;
use super::world::{Running, World};
use crate::plan::Epoch;
use crate::record::{CellKey, Event, MpsState, MpsWitness, Reading, ServerKey};
use crate::scenario::{GpuStep, MpsAction, MpsStep, StepKind, StepSpec};
use crate::step::{self, MpsControl};
use crate::text::with_causes;

impl Runner<'_> {
    /// Records who is a client of MPS, at the end of a cell: only then has
    /// every server surely made its context. Asks where the scenario has said
    /// what is to be, on this host and not on a simulated one.
    ///
    /// A server that was killed on purpose may just have started again, so it
    /// is left out.
    pub(super) async fn check_mps(&mut self, epoch: &Epoch, cell: CellKey, servers: &[Running]) {
        let is_search = self.spec(&cell.cell).find.is_some();
        let is_seen = !is_search && !self.context.world.is_simulated() && !self.stop.is_cancelled();
        let Some((step, mps)) = self.declared(epoch).filter(|_| is_seen) else { return };
        let killed = self.spec(&cell.cell).fault.as_ref().map(|fault| (fault.server.clone(), fault.index));
        let spared =
            |key: &ServerKey| killed.as_ref().is_some_and(|(name, index)| (name, *index) == (&key.name, key.index));
        let own = servers.iter().filter(|server| server.identity().is_some() && !spared(&server.key()));
        let servers = own.map(|server| (server.key(), self.processes(server))).collect();
        let declared = match mps.action {
            MpsAction::Start => MpsState::On { daemon: self.daemon_clients(&step, &mps).await },
            MpsAction::Absent => {
                MpsState::Off { reachable: step::mps_is_absent().err().map(|error| with_causes(&error)) }
            }
        };
        let driver = self.context.world.mps_clients();
        let witness = MpsWitness { cell, declared, driver, servers };
        for contradiction in witness.contradictions() {
            self.warn(format!("{}: {contradiction}", witness.cell.cell));
        }
        self.note(Event::MpsWitnessed(witness));
    }

    /// The last step that says how MPS is to be in this epoch.
    fn declared(&self, epoch: &Epoch) -> Option<(StepSpec, MpsStep)> {
        let steps = self.context.plan.setup.iter().chain(&epoch.setup);
        let mut said = steps.filter_map(|step| match &step.kind {
            StepKind::Gpu(GpuStep::Mps(mps)) => Some((step.clone(), mps.clone())),
            _ => None,
        });
        said.next_back()
    }

    async fn daemon_clients(&self, step: &StepSpec, mps: &MpsStep) -> Reading<Vec<u32>> {
        let control = MpsControl {
            program: &mps.control,
            privileged: step.privileged,
            env: &self.server_environment,
            log: &self.context.directory.log(0, "mps-clients"),
            cancel: &self.stop,
        };
        control.clients().await.map_or_else(|error| Reading::Absent(with_causes(&error)), Reading::Value)
    }

    fn processes(&self, server: &Running) -> Vec<u32> {
        self.processes_of(server).into_iter().map(|process| process.pid).collect()
    }
}

impl World {
    /// The clients of MPS on all GPUs, as the driver lists them.
    pub(super) fn mps_clients(&self) -> Reading<Vec<u32>> {
        let (environment, mut probe) = self.observe();
        match (environment.gpu_absent, probe.processes()) {
            (Some(reason), _) => Reading::Absent(reason),
            (None, processes) => processes
                .map(|found| found.into_iter().filter(|process| process.is_mps).map(|process| process.pid).collect()),
        }
    }
}
