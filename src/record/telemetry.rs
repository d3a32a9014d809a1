use serde::{Deserialize, Serialize};

use crate::units::{Bytes, Nanos};

/// One line of `telemetry.jsonl`: a sample with the time it was really taken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TelemetryRecord {
    /// When the sample began.
    pub at_ns: Nanos,
    /// How long taking it took.
    pub took_ns: Nanos,
    /// Host memory that can be had (`MemAvailable`).
    pub memory_available_bytes: Option<Bytes>,
    /// One-minute load average.
    pub load_1m: Option<f64>,
    /// Every GPU, in the order of the environment's list.
    pub gpus: Vec<GpuReading>,
}

/// One GPU at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GpuReading {
    /// `GPU-…`.
    pub uuid: String,
    /// Device memory in use.
    pub memory_used_bytes: Reading<u64>,
    /// Share of time in which a kernel ran, percent. Not occupancy.
    pub utilization_percent: Reading<u32>,
    /// Power drawn.
    pub power_w: Reading<f64>,
    /// Energy since the driver was loaded.
    pub energy_j: Reading<f64>,
    /// Core temperature.
    pub temperature_c: Reading<f64>,
    /// SM clock.
    pub sm_clock_mhz: Reading<u32>,
    /// Clock event (throttle) bits, raw.
    pub clock_events: Reading<u64>,
    /// Processes that compute on it.
    pub compute_pids: Reading<Vec<u32>>,
    /// Of these, clients of MPS.
    pub mps_pids: Reading<Vec<u32>>,
}

/// A value, or the reason why there is none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading<T> {
    /// As read.
    Value(T),
    /// Why it could not be read.
    Absent(String),
}

impl<T> Default for Reading<T> {
    fn default() -> Self {
        Self::Absent("not asked for".to_owned())
    }
}

impl<T> Reading<T> {
    /// The value, if there is one.
    pub const fn value(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent(_) => None,
        }
    }
}
