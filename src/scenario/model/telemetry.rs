use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::format::table;
use crate::units::Period;

table! {
    /// `[telemetry]`: how GPUs are watched while they are measured. Templates may
    /// speak of factors: `gpu = "{{ telemetry }}"` finds out what watching costs.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields, default)]
    pub struct Telemetry as pub(in crate::scenario) TelemetryKeys {
        /// Whether a GPU has to be there.
        pub gpu: WatchGpu,
        /// How often use, memory, power, temperature and clocks are read. What
        /// costs more (energy, processes, performance counters) is read once a
        /// second, and at both ends of every window.
        pub period: Period,
        /// How long the power of the servers at rest is measured, once they are
        /// ready, for energy without that; `"0s"` to leave it out. If it is not
        /// said, 5 s where there is a GPU and nothing on a simulated machine.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub idle_baseline: Option<Period>,
    }
}

/// Whether GPUs are watched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WatchGpu {
    /// If there is one. If there is none, or it is lost, the run says so and
    /// goes on.
    #[default]
    Wanted,
    /// Without one, or when one is lost, the run fails.
    Required,
    /// Not at all: only host memory and load are read, once a second.
    Off,
}

impl Default for Telemetry {
    fn default() -> Self {
        // The sensors change no faster.
        Self { gpu: WatchGpu::default(), period: Period::from_millis(100), idle_baseline: None }
    }
}

impl Telemetry {
    /// How long the power at rest is measured where there is a GPU, unless it
    /// is said.
    pub const IDLE_BASELINE: Period = Period::from_secs(5);

    /// Whether it is what a scenario gets that says nothing.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
