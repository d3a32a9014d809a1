use serde::{Deserialize, Serialize};

use crate::record::GpuIdentity;

/// What a driver says of a machine before anything is measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Machine {
    /// The GPUs, in the order of every reading.
    pub(super) gpus: Vec<GpuIdentity>,
    /// Why there is none, and what to do about it, if there is none.
    pub(super) absent: Option<String>,
    /// The driver's version.
    pub(super) driver: Option<String>,
    /// The CUDA version of the driver, `13.0`.
    pub(super) cuda: Option<String>,
    /// The host's memory when that was asked, for GPUs that share it; what the
    /// host says now if it was not.
    pub(super) host_memory_bytes: Option<HostMemory>,
}

/// A host's memory, as `/proc/meminfo` has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct HostMemory {
    /// `MemTotal`.
    pub(super) total: u64,
    /// `MemAvailable`.
    pub(super) available: u64,
}
