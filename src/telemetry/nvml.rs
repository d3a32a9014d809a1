use nvml_wrapper::enum_wrappers::device::{Clock, TemperatureSensor};
use nvml_wrapper::enums::device::UsedGpuMemory;
use nvml_wrapper::error::{Bits, NvmlError};
use nvml_wrapper::{Device, Nvml, cuda_driver_version_major, cuda_driver_version_minor};

use super::{GpuProcess, Probe};
use crate::record::{GpuIdentity, GpuReading, Reading};
use crate::units::Bytes;

/// Why no GPU can be asked, and what a person can do about it.
#[derive(Debug, thiserror::Error)]
pub enum NoGpuReason {
    /// `libnvidia-ml.so.1` is not there.
    #[error("no NVIDIA driver was found (`libnvidia-ml.so.1` cannot be loaded); install one if there is a GPU")]
    NoLibrary {
        /// What the loader said.
        #[source]
        source: NvmlError,
    },
    /// The library is there, the kernel module is not.
    #[error("the NVIDIA driver is installed but not loaded; try `modprobe nvidia`, or restart the machine")]
    NotLoaded,
    /// The driver was upgraded under a loaded module.
    #[error("the NVIDIA library and the loaded kernel module differ in version; restart the machine")]
    VersionMismatch,
    /// The driver works and sees no device.
    #[error("the NVIDIA driver sees no GPU; check `nvidia-smi -L` and what this container may use")]
    NoDevice,
    /// Anything else.
    #[error("NVML cannot be used: {source}; check that `nvidia-smi` works")]
    Other {
        /// What NVML said.
        source: NvmlError,
    },
}

impl From<NvmlError> for NoGpuReason {
    fn from(source: NvmlError) -> Self {
        match source {
            NvmlError::LibloadingError(_) | NvmlError::LibraryNotFound => Self::NoLibrary { source },
            NvmlError::DriverNotLoaded => Self::NotLoaded,
            NvmlError::LibRmVersionMismatch => Self::VersionMismatch,
            source => Self::Other { source },
        }
    }
}

/// NVIDIA's management library, loaded when the program runs; see
/// <https://docs.nvidia.com/deploy/nvml-api/>.
#[derive(Debug)]
pub struct NvmlProbe {
    nvml: Nvml,
    gpus: Vec<GpuIdentity>,
}

impl NvmlProbe {
    /// Opens the library and lists the GPUs.
    ///
    /// # Errors
    /// If there is no library, no driver or no GPU.
    pub fn open() -> Result<Self, NoGpuReason> {
        let nvml = Nvml::init()?;
        let gpus: Result<Vec<GpuIdentity>, NvmlError> =
            (0..nvml.device_count()?).map(|index| identify(&nvml.device_by_index(index)?)).collect();
        let gpus = gpus?;
        if gpus.is_empty() { Err(NoGpuReason::NoDevice) } else { Ok(Self { nvml, gpus }) }
    }

    /// The driver's version.
    pub fn driver(&self) -> Option<String> {
        self.nvml.sys_driver_version().ok()
    }

    /// The CUDA version of the driver, `13.0`.
    pub fn cuda(&self) -> Option<String> {
        let version = self.nvml.sys_cuda_driver_version().ok()?;
        Some(format!("{}.{}", cuda_driver_version_major(version), cuda_driver_version_minor(version)))
    }

    fn read_one(&self, uuid: &str) -> GpuReading {
        match self.nvml.device_by_uuid(uuid) {
            Ok(device) => read(&device, uuid),
            Err(error) => nothing(uuid, &error.to_string()),
        }
    }
}

impl Probe for NvmlProbe {
    fn identities(&self) -> Vec<GpuIdentity> {
        self.gpus.clone()
    }

    fn read(&mut self) -> Vec<GpuReading> {
        self.gpus.iter().map(|gpu| self.read_one(&gpu.uuid)).collect()
    }

    fn processes(&self) -> Reading<Vec<GpuProcess>> {
        let found: Result<Vec<Vec<GpuProcess>>, NvmlError> = self
            .gpus
            .iter()
            .map(|gpu| compute_processes(&self.nvml.device_by_uuid(gpu.uuid.as_str())?, &gpu.uuid))
            .collect();
        reading(found, |found| found.into_iter().flatten().collect())
    }
}

/// In which of the two lists a client of MPS is differs from driver to driver.
fn compute_processes(device: &Device<'_>, gpu: &str) -> Result<Vec<GpuProcess>, NvmlError> {
    let mut found: Vec<GpuProcess> = Vec::new();
    // A GPU that knows no MPS has no clients of it.
    for process in device.running_compute_processes()?.into_iter().chain(mps_processes(device).unwrap_or_default()) {
        let memory = match process.used_gpu_memory {
            UsedGpuMemory::Used(bytes) => Some(Bytes(bytes)),
            UsedGpuMemory::Unavailable => None,
        };
        if found.iter().all(|known| known.pid != process.pid) {
            found.push(GpuProcess { gpu: gpu.to_owned(), pid: process.pid, memory });
        }
    }
    Ok(found)
}

fn identify(device: &Device<'_>) -> Result<GpuIdentity, NvmlError> {
    Ok(GpuIdentity {
        uuid: device.uuid()?,
        name: device.name()?,
        // Unified memory (GB10) reports an error, or a total of 0.
        memory_bytes: device.memory_info().ok().map(|memory| Bytes(memory.total)).filter(|total| total.0 > 0),
        bandwidth_bytes_per_s: bandwidth(device),
    })
}

/// Bus width × memory clock × 2 transfers per clock, the formula of CUDA's
/// `deviceQuery`; for an H100 (5120 bits, 2619 MHz) that is 3.35 TB/s.
fn bandwidth(device: &Device<'_>) -> Option<f64> {
    let (bits, megahertz) = (device.memory_bus_width().ok()?, device.max_clock_info(Clock::Memory).ok()?);
    let bandwidth = f64::from(bits) / 8.0 * f64::from(megahertz) * 1e6 * 2.0;
    (bandwidth > 0.0).then_some(bandwidth)
}

fn read(device: &Device<'_>, uuid: &str) -> GpuReading {
    GpuReading {
        uuid: uuid.to_owned(),
        memory_used_bytes: reading(device.memory_info(), |memory| memory.used),
        utilization_percent: reading(device.utilization_rates(), |rates| rates.gpu),
        power_w: reading(device.power_usage(), |milliwatts| f64::from(milliwatts) / 1e3),
        energy_j: reading(device.total_energy_consumption(), joules),
        temperature_c: reading(device.temperature(TemperatureSensor::Gpu), f64::from),
        sm_clock_mhz: reading(device.clock_info(Clock::SM), |megahertz| megahertz),
        clock_events: reading(clock_events(device), |bits| bits),
        compute_pids: reading(device.running_compute_processes(), |found| pids(&found)),
        mps_pids: reading(mps_processes(device), |found| pids(&found)),
    }
}

fn nothing(uuid: &str, reason: &str) -> GpuReading {
    fn absent<T>(reason: &str) -> Reading<T> {
        Reading::Absent(reason.to_owned())
    }
    GpuReading {
        uuid: uuid.to_owned(),
        memory_used_bytes: absent(reason),
        utilization_percent: absent(reason),
        power_w: absent(reason),
        energy_j: absent(reason),
        temperature_c: absent(reason),
        sm_clock_mhz: absent(reason),
        clock_events: absent(reason),
        compute_pids: absent(reason),
        mps_pids: absent(reason),
    }
}

fn reading<T, U>(result: Result<T, NvmlError>, convert: impl FnOnce(T) -> U) -> Reading<U> {
    result.map_or_else(|error| Reading::Absent(error.to_string()), |value| Reading::Value(convert(value)))
}

#[expect(clippy::cast_precision_loss, reason = "53 bits of millijoules are centuries of full power")]
fn joules(millijoules: u64) -> f64 {
    millijoules as f64 / 1e3
}

/// The raw bits: the wrapper would drop those it does not know yet.
fn clock_events(device: &Device<'_>) -> Result<u64, NvmlError> {
    match device.current_throttle_reasons_strict() {
        Ok(reasons) => Ok(reasons.bits()),
        Err(NvmlError::IncorrectBits(Bits::U64(bits))) => Ok(bits),
        Err(error) => Err(error),
    }
}

/// The wrapper asks for the count and then for the list: a client that appears
/// between the two makes the list too long, once.
fn mps_processes(device: &Device<'_>) -> Result<Vec<nvml_wrapper::struct_wrappers::device::ProcessInfo>, NvmlError> {
    match device.mps_running_compute_processes() {
        Err(NvmlError::InsufficientSize(_)) => device.mps_running_compute_processes(),
        other => other,
    }
}

fn pids(processes: &[nvml_wrapper::struct_wrappers::device::ProcessInfo]) -> Vec<u32> {
    processes.iter().map(|process| process.pid).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_says_what_to_do() {
        let reasons = [
            NvmlError::LibraryNotFound,
            NvmlError::DriverNotLoaded,
            NvmlError::LibRmVersionMismatch,
            NvmlError::Unknown,
        ]
        .map(|error| NoGpuReason::from(error).to_string());
        insta::assert_snapshot!(reasons.join("\n"), @r"
        no NVIDIA driver was found (`libnvidia-ml.so.1` cannot be loaded); install one if there is a GPU
        the NVIDIA driver is installed but not loaded; try `modprobe nvidia`, or restart the machine
        the NVIDIA library and the loaded kernel module differ in version; restart the machine
        NVML cannot be used: an internal driver error occurred; check that `nvidia-smi` works
        ");
    }
}
