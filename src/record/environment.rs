use serde::{Deserialize, Serialize};

use super::MemorySource;
use crate::units::Bytes;

/// The machine a run was made on, as far as it could be read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Environment {
    /// Operating system and kernel release.
    pub kernel: Option<String>,
    /// The CPU's model name.
    pub cpu: Option<String>,
    /// Logical CPUs this process may use.
    pub cpus: Option<u32>,
    /// `MemTotal`.
    pub memory_bytes: Option<Bytes>,
    /// `/proc/sys/kernel/random/boot_id`.
    pub boot_id: Option<String>,
    /// GPUs, by UUID.
    pub gpus: Vec<GpuIdentity>,
    /// Why there is no GPU in the list, if there is none.
    pub gpu_absent: Option<String>,
    /// The driver's version.
    pub driver: Option<String>,
    /// The CUDA version of the driver, `13.0`.
    pub cuda: Option<String>,
}

/// One GPU.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GpuIdentity {
    /// `GPU-…`.
    pub uuid: String,
    /// Its name, `NVIDIA H100 80GB HBM3`.
    pub name: String,
    /// Device memory, where the driver tells.
    pub memory_bytes: Option<Bytes>,
    /// Whether it has memory of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_source: Option<MemorySource>,
    /// Memory bandwidth in bytes per second, where known.
    pub bandwidth_bytes_per_s: Option<f64>,
    /// The power that it may draw, in W.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub power_limit_w: Option<f64>,
    /// The same as delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub power_limit_default_w: Option<f64>,
}
