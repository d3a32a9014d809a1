use serde::{Deserialize, Serialize};

use crate::units::{Bytes, Nanos};

/// One line of `telemetry.jsonl`: a sample with the time it was really taken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TelemetryRecord {
    /// When the sample began. What is summed up over time (energy, time under
    /// limits) is read first.
    pub at_ns: Nanos,
    /// How long taking it took.
    pub took_ns: Nanos,
    /// Host memory that can be had (`MemAvailable`).
    pub memory_available_bytes: Option<Bytes>,
    /// One-minute load average.
    pub load_1m: Option<f64>,
    /// Every GPU, in the order of the environment's list; none while GPUs are
    /// not watched.
    pub gpus: Vec<GpuReading>,
}

/// One GPU at one moment. What costs much is not asked for in every sample, and
/// then left out of the line.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct GpuReading {
    /// `GPU-…`.
    pub uuid: String,
    /// Why it can no longer be asked, if so: it fell off the bus, say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lost: Option<String>,
    /// Device memory in use; with unified memory what its processes hold, as
    /// counted last.
    #[serde(skip_serializing_if = "Reading::is_unasked")]
    pub memory_used_bytes: Reading<u64>,
    /// All device memory; with unified memory the host's `MemTotal`.
    #[serde(skip_serializing_if = "Reading::is_unasked")]
    pub memory_total_bytes: Reading<u64>,
    /// Device memory that can be had; with unified memory `MemAvailable`.
    #[serde(skip_serializing_if = "Reading::is_unasked")]
    pub memory_available_bytes: Reading<u64>,
    /// Where the three come from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_source: Option<MemorySource>,
    /// Share of time in which a kernel ran, percent. Not occupancy.
    #[serde(skip_serializing_if = "Reading::is_unasked")]
    pub utilization_percent: Reading<u32>,
    /// Power drawn.
    #[serde(skip_serializing_if = "Reading::is_unasked")]
    pub power_w: Reading<f64>,
    /// Over which time that is a mean.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub power_source: Option<PowerSource>,
    /// Energy since the driver was loaded.
    #[serde(skip_serializing_if = "Reading::is_unasked")]
    pub energy_j: Reading<f64>,
    /// Core temperature.
    #[serde(skip_serializing_if = "Reading::is_unasked")]
    pub temperature_c: Reading<f64>,
    /// SM clock.
    #[serde(skip_serializing_if = "Reading::is_unasked")]
    pub sm_clock_mhz: Reading<u32>,
    /// Memory clock.
    #[serde(skip_serializing_if = "Reading::is_unasked")]
    pub memory_clock_mhz: Reading<u32>,
    /// Clock event (throttle) bits, raw.
    #[serde(skip_serializing_if = "Reading::is_unasked")]
    pub clock_events: Reading<u64>,
    /// How long clocks were held down since the driver was loaded, and by what.
    #[serde(skip_serializing_if = "Reading::is_unasked")]
    pub held_down: Reading<HeldDown>,
    /// Every process that computes on it, once.
    #[serde(skip_serializing_if = "Reading::is_unasked")]
    pub processes: Reading<Vec<ProcessOnGpu>>,
    /// How busy its parts were since the sample before that had this.
    #[serde(skip_serializing_if = "Reading::is_unasked")]
    pub performance: Reading<Performance>,
    /// Whether it is divided, and the memory of its parts.
    #[serde(skip_serializing_if = "Reading::is_unasked")]
    pub mig: Reading<Mig>,
}

/// Where figures about a GPU's memory come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemorySource {
    /// The driver tells: the device has memory of its own.
    Device,
    /// The device shares the host's: `/proc/meminfo`, and the sum over its
    /// processes.
    Unified,
}

/// Over which time a power reading is a mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PowerSource {
    /// The driver's shortest (field `POWER_INSTANT`).
    #[serde(rename = "instant")]
    Instantaneous,
    /// `nvmlDeviceGetPowerUsage`: one second, or on GA100 and older GPUs an
    /// instant.
    Usage,
}

/// How long clocks were held down since the driver was loaded, by what.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct HeldDown {
    /// The power limit, held by software.
    pub power_cap_ns: Reading<u64>,
    /// Another GPU of its sync boost group.
    pub sync_boost_ns: Reading<u64>,
    /// Too hot, slowed down by software.
    pub thermal_software_ns: Reading<u64>,
    /// Too hot, slowed down by hardware.
    pub thermal_hardware_ns: Reading<u64>,
    /// The power supply's brake.
    pub power_brake_ns: Reading<u64>,
}

/// A process that computes on a GPU.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessOnGpu {
    /// Its pid, as this host counts.
    pub pid: u32,
    /// Device memory that it holds, if the driver tells.
    pub memory_bytes: Option<Bytes>,
    /// Whether the driver lists it as a client of MPS.
    pub is_mps: bool,
}

/// How busy the parts of a GPU were, in percent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Performance {
    /// Time in which an SM had a warp, mean over SMs.
    pub sm_percent: Reading<f64>,
    /// Warps over the most there could be, mean over SMs.
    pub occupancy_percent: Reading<f64>,
    /// Bandwidth of device memory in use.
    pub memory_bandwidth_percent: Reading<f64>,
    /// Time in which tensor cores worked.
    pub tensor_percent: Reading<f64>,
}

/// A GPU that may be divided.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Mig {
    /// Whether it is.
    pub enabled: bool,
    /// Its parts.
    pub devices: Vec<MigDevice>,
}

/// A part of a divided GPU.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MigDevice {
    /// `MIG-…`.
    pub uuid: String,
    /// Its memory.
    pub memory_total_bytes: Reading<u64>,
    /// Of that, in use.
    pub memory_used_bytes: Reading<u64>,
}

/// What one kind of question to a GPU's driver took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallCost {
    /// In words.
    pub call: String,
    /// How often it was asked.
    pub asked: u64,
    /// The least.
    pub min_ns: Nanos,
    /// Half of all took no longer.
    pub median_ns: Nanos,
    /// The most.
    pub max_ns: Nanos,
    /// Why it was not answered the last time, if so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// A value, or the reason why there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading<T> {
    /// As read.
    Value(T),
    /// Why it could not be read.
    Absent(String),
    /// Nobody asked.
    #[default]
    Unasked,
}

impl<T> Reading<T> {
    /// The value, if there is one.
    pub const fn value(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent(_) | Self::Unasked => None,
        }
    }

    /// The value, or why there is none.
    ///
    /// # Errors
    /// When there is none.
    pub fn into_result(self) -> Result<T, String> {
        match self {
            Self::Value(value) => Ok(value),
            Self::Absent(reason) => Err(reason),
            Self::Unasked => Err("not asked for".to_owned()),
        }
    }

    /// Whether nobody asked.
    pub const fn is_unasked(&self) -> bool {
        matches!(self, Self::Unasked)
    }

    /// The same of something that follows from the value.
    pub fn map<U>(self, convert: impl FnOnce(T) -> U) -> Reading<U> {
        match self {
            Self::Value(value) => Reading::Value(convert(value)),
            Self::Absent(reason) => Reading::Absent(reason),
            Self::Unasked => Reading::Unasked,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_says_in_the_records_what_it_is() {
        let readings = [Reading::Value(3.5), Reading::Absent("not supported".to_owned()), Reading::Unasked];
        let written = r#"[{"value":3.5},{"absent":"not supported"},"unasked"]"#;
        assert_eq!(serde_json::to_string(&readings).unwrap(), written);
        assert_eq!(serde_json::from_str::<[Reading<f64>; 3]>(written).unwrap(), readings);
        assert_eq!(Reading::<f64>::default(), Reading::Unasked);
    }
}
