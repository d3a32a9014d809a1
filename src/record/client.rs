use serde::{Deserialize, Serialize};

use super::{Envelope, MachineCpu};
use crate::units::Nanos;

/// The load driver's figures about itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ClientHonesty {
    /// Median of started − scheduled.
    pub schedule_lag_p50_ns: Option<Nanos>,
    /// 99th percentile of started − scheduled.
    pub schedule_lag_p99_ns: Option<Nanos>,
    /// The largest started − scheduled.
    pub schedule_lag_max_ns: Option<Nanos>,
    /// How long the load lasted, warm-up and drain time with it.
    pub driven_ns: Option<Nanos>,
    /// The longest that the driver's own ticker was late, from the window's
    /// start to the end of the drain time.
    pub loop_stall_max_ns: Option<Nanos>,
    /// How often it was late by 10 ms or more in that time.
    pub loop_stalls: Option<u64>,
    /// How late it was these times, in all.
    pub loop_stalled_ns: Option<Nanos>,
    /// How long something that arrives at any moment of that time waits for
    /// the driver, on average.
    pub loop_delay_mean_ns: Option<Nanos>,
    /// CPU time of this process over `driven_ns`; 1.0 is one core. On a
    /// simulated machine this includes the simulated servers.
    pub cpu_cores: Option<f64>,
    /// What the driver's threads had of the CPU in the measured window; `None`
    /// where the kernel does not account for it.
    pub cpu: Option<CpuTime>,
    /// The same of the busiest thread of servers in this process, as those of
    /// a simulated machine are; `None` without such servers.
    pub serving_cpu: Option<CpuTime>,
    /// What this machine's CPUs did in the measured window; `None` where the
    /// run's servers cannot be told from others, or nobody looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<MachineCpu>,
    /// What other clocks did while the load lasted.
    #[serde(default)]
    pub clocks: Option<ClockSteps>,
    /// What `runexp doctor` has seen it take on this machine; `None` if that was
    /// never looked at.
    #[serde(default)]
    pub certified: Option<Envelope>,
}

/// What clocks that must run alike did while something was measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockSteps {
    /// How long the machine slept: `CLOCK_BOOTTIME` over `CLOCK_MONOTONIC`.
    pub slept_ns: Nanos,
    /// How far the wall clock was set, forwards or back: `CLOCK_REALTIME` over
    /// `CLOCK_MONOTONIC`, and the sleep.
    pub set_ns: Nanos,
}

/// What threads had of the CPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CpuTime {
    /// In this time.
    pub over_ns: Nanos,
    /// How long they ran, together.
    pub ran_ns: Nanos,
    /// How long they were ready to run while others were on the CPUs, together.
    pub run_delay_ns: Nanos,
    /// CPUs that they could use at once.
    pub cpus: u32,
}

impl CpuTime {
    /// CPUs that they ran on, on average.
    pub fn ran(&self) -> f64 {
        self.share(self.ran_ns)
    }

    /// CPUs that they waited for, on average.
    pub fn waited(&self) -> f64 {
        self.share(self.run_delay_ns)
    }

    fn share(&self, time: Nanos) -> f64 {
        if self.over_ns > Nanos::ZERO { time.seconds() / self.over_ns.seconds() } else { 0.0 }
    }
}
