//! What can be asked of a GPU's driver, and what it may answer: plain data, so
//! that what one machine answered can be asked again on another.

use serde::{Deserialize, Serialize};

use crate::record::{Mig, Reading};

/// A question about one GPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Call {
    /// `nvmlDeviceGetTotalEnergyConsumption`, in mJ.
    Energy,
    /// Five fields in one call: nanoseconds under the power cap, sync boost,
    /// software and hardware thermal slowdown, power brake.
    HeldDown,
    /// `nvmlDeviceGetUtilizationRates`, percent.
    Utilization,
    /// `nvmlDeviceGetMemoryInfo_v2`.
    Memory,
    /// Field 186, in mW.
    PowerInstant,
    /// `nvmlDeviceGetPowerUsage`, in mW.
    PowerUsage,
    /// `nvmlDeviceGetTemperature`, in °C.
    Temperature,
    /// `nvmlDeviceGetClockInfo`, in MHz.
    SmClock,
    /// `nvmlDeviceGetClockInfo`, in MHz.
    MemoryClock,
    /// `nvmlDeviceGetCurrentClocksThrottleReasons`, bits.
    ClockEvents,
    /// `nvmlDeviceGetComputeRunningProcesses_v3`.
    ComputeProcesses,
    /// `nvmlDeviceGetMPSComputeRunningProcesses_v3`.
    MpsProcesses,
    /// `nvmlGpmSampleGet` and `nvmlGpmMetricsGet`: SM use, SM occupancy, memory
    /// bandwidth, tensor cores, in percent since the call before.
    Performance,
    /// `nvmlDeviceGetMigMode`, and the memory of every part.
    Mig,
    /// `nvmlDeviceGetSamples`: how many power samples the driver keeps.
    PowerTrace,
    /// `nvmlDeviceGetProcessUtilization`: how many samples it has.
    ProcessUtilization,
}

impl Call {
    /// Every question there is.
    pub(super) const ALL: [Self; 16] = [
        Self::Energy,
        Self::HeldDown,
        Self::Utilization,
        Self::Memory,
        Self::PowerInstant,
        Self::PowerUsage,
        Self::Temperature,
        Self::SmClock,
        Self::MemoryClock,
        Self::ClockEvents,
        Self::ComputeProcesses,
        Self::MpsProcesses,
        Self::Performance,
        Self::Mig,
        Self::PowerTrace,
        Self::ProcessUtilization,
    ];

    /// In words.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Energy => "energy counter",
            Self::HeldDown => "clock-event counters (5 fields)",
            Self::Utilization => "utilisation",
            Self::Memory => "memory",
            Self::PowerInstant => "power, instantaneous (field 186)",
            Self::PowerUsage => "power usage",
            Self::Temperature => "temperature",
            Self::SmClock => "SM clock",
            Self::MemoryClock => "memory clock",
            Self::ClockEvents => "clock-event bits",
            Self::ComputeProcesses => "compute processes",
            Self::MpsProcesses => "MPS processes",
            Self::Performance => "GPM metrics (4)",
            Self::Mig => "MIG mode and memory",
            Self::PowerTrace => "power samples kept",
            Self::ProcessUtilization => "utilisation by process",
        }
    }
}

/// What a driver answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Answer {
    /// One whole number.
    Count(u64),
    /// Whole numbers, in the order of the question.
    Counts(Vec<Reading<u64>>),
    /// Numbers, in the order of the question.
    Values(Vec<Reading<f64>>),
    /// Memory in bytes; what the driver keeps for itself is in `total` only.
    Memory {
        /// All there is.
        total: u64,
        /// In use.
        used: u64,
        /// To be had.
        free: u64,
    },
    /// Processes with the bytes that they hold, if the driver tells.
    Processes(Vec<(u32, Option<u64>)>),
    /// Whether it is divided.
    Mig(Mig),
}

/// Why a driver does not answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{reason}")]
pub(super) struct Refusal {
    /// What follows from it.
    pub(super) kind: RefusalKind,
    /// In the driver's words.
    pub(super) reason: String,
}

/// What follows from a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RefusalKind {
    /// This GPU will never answer this.
    NotSupported,
    /// This GPU will answer nothing any more.
    Lost,
    /// It may answer another time.
    Other,
}

impl Refusal {
    pub(super) fn new(kind: RefusalKind, reason: impl Into<String>) -> Self {
        Self { kind, reason: reason.into() }
    }
}

/// What answers: a driver, or a recording of one.
pub(super) trait Driver: Send {
    /// Asks one question about one GPU.
    ///
    /// # Errors
    /// The driver's refusal.
    fn ask(&mut self, gpu: usize, call: Call) -> Result<Answer, Refusal>;
}
