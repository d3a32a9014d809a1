use std::sync::Arc;

use crate::record::{GpuIdentity, GpuReading, Reading};
use crate::sim::SimHost;
use crate::telemetry::{GpuProcess, Probe, Tier};

/// The simulated machine's GPU, as telemetry sees it.
#[derive(Debug)]
pub(super) struct SimulatedGpu(pub(super) Arc<SimHost>);

impl Probe for SimulatedGpu {
    fn identities(&self) -> Vec<GpuIdentity> {
        self.0.machine().environment().gpus
    }

    fn read(&mut self, _tier: Tier) -> Vec<GpuReading> {
        vec![self.0.reading()]
    }

    fn processes(&mut self) -> Reading<Vec<GpuProcess>> {
        Reading::Value(Vec::new())
    }
}
