use serde::{Deserialize, Serialize};

use crate::units::Nanos;

/// What this machine's CPUs did while something was measured.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineCpu {
    /// In this time.
    pub over_ns: Nanos,
    /// CPUs that are online.
    pub cpus: u32,
    /// How long they were idle, all of them together.
    pub idle_ns: Nanos,
    /// How long they were taken by others than the run: by processes that it has
    /// not started, and by the hypervisor (steal). Interrupts are nobody's.
    pub others_ns: Nanos,
    /// The others that took most, as far as they can be seen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub most: Vec<CpuTaker>,
}

/// A process that is none of the run's, and what it took of the CPUs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CpuTaker {
    /// Its pid.
    pub pid: u32,
    /// Its name.
    pub program: String,
    /// How long it ran, with the children it has waited for.
    pub ran_ns: Nanos,
}

impl MachineCpu {
    /// CPUs that others took, on average.
    pub fn others(&self) -> f64 {
        self.share(self.others_ns)
    }

    /// The part of all CPU time in which nobody ran.
    pub fn idle(&self) -> f64 {
        self.share(self.idle_ns) / f64::from(self.cpus.max(1))
    }

    /// CPUs that one of the others took, on average.
    pub fn taken_by(&self, taker: &CpuTaker) -> f64 {
        self.share(taker.ran_ns)
    }

    fn share(&self, time: Nanos) -> f64 {
        if self.over_ns > Nanos::ZERO { time.seconds() / self.over_ns.seconds() } else { 0.0 }
    }
}
