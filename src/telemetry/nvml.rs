use std::sync::OnceLock;

use nvml_wrapper::enum_wrappers::device::{Clock, Sampling, TemperatureSensor};
use nvml_wrapper::enums::device::{SampleValue, UsedGpuMemory};
use nvml_wrapper::enums::gpm::GpmMetricId;
use nvml_wrapper::error::{Bits, NvmlError};
use nvml_wrapper::gpm::{GpmSample, gpm_metrics_get};
use nvml_wrapper::struct_wrappers::device::ProcessInfo;
use nvml_wrapper::structs::device::FieldId;
use nvml_wrapper::sys_exports::field_id;
use nvml_wrapper::{Device, Nvml, cuda_driver_version_major, cuda_driver_version_minor};

use super::call::{Answer, Call, Driver, Refusal, RefusalKind};
use super::machine::Machine;
use super::no_gpu::NoGpuReason;
use crate::record::{GpuIdentity, Mig, MigDevice, Reading};
use crate::units::Bytes;

/// In the order of [`Call::HeldDown`]. The wrapper translates the numbers for
/// drivers from 580.82 on, and answers with the translated ones: answers are
/// told apart by their place.
const HELD_DOWN: [u32; 5] = [
    field_id::NVML_FI_DEV_CLOCKS_EVENT_REASON_SW_POWER_CAP,
    field_id::NVML_FI_DEV_CLOCKS_EVENT_REASON_SYNC_BOOST,
    field_id::NVML_FI_DEV_CLOCKS_EVENT_REASON_SW_THERM_SLOWDOWN,
    field_id::NVML_FI_DEV_CLOCKS_EVENT_REASON_HW_THERM_SLOWDOWN,
    field_id::NVML_FI_DEV_CLOCKS_EVENT_REASON_HW_POWER_BRAKE_SLOWDOWN,
];

/// In the order of [`Call::Performance`].
const PERFORMANCE: [GpmMetricId; 4] =
    [GpmMetricId::SmUtil, GpmMetricId::SmOccupancy, GpmMetricId::DramBwUtil, GpmMetricId::AnyTensorUtil];

/// NVIDIA's management library, loaded when the program runs; see
/// <https://docs.nvidia.com/deploy/nvml-api/>.
///
/// Handles are kept: to find one by its UUID takes milliseconds.
pub(super) struct NvmlDriver {
    nvml: &'static Nvml,
    devices: Vec<Known>,
}

struct Known {
    device: Device<'static>,
    /// What the next [`Call::Performance`] is held against.
    before: Option<GpmSample<'static>>,
}

/// Loaded once: it takes milliseconds, and samples of performance live no
/// longer than it.
fn library() -> Result<&'static Nvml, NoGpuReason> {
    static LIBRARY: OnceLock<Nvml> = OnceLock::new();
    if let Some(nvml) = LIBRARY.get() {
        return Ok(nvml);
    }
    let nvml = Nvml::init()?;
    Ok(LIBRARY.get_or_init(|| nvml))
}

impl NvmlDriver {
    /// Opens the library and lists the GPUs.
    ///
    /// # Errors
    /// If there is no library, no driver or no GPU.
    pub(super) fn open() -> Result<(Self, Machine), NoGpuReason> {
        let nvml = library()?;
        let devices: Result<Vec<Device<'static>>, NvmlError> =
            (0..nvml.device_count()?).map(|index| nvml.device_by_index(index)).collect();
        let devices = devices?;
        let gpus: Result<Vec<GpuIdentity>, NvmlError> = devices.iter().map(identify).collect();
        let gpus = gpus?;
        if gpus.is_empty() {
            return Err(NoGpuReason::NoDevice);
        }
        let machine = Machine { gpus, driver: nvml.sys_driver_version().ok(), cuda: cuda(nvml), ..Machine::default() };
        let devices = devices.into_iter().map(|device| Known { device, before: None }).collect();
        Ok((Self { nvml, devices }, machine))
    }
}

/// The CUDA version of the driver, `13.0`.
fn cuda(nvml: &Nvml) -> Option<String> {
    let version = nvml.sys_cuda_driver_version().ok()?;
    Some(format!("{}.{}", cuda_driver_version_major(version), cuda_driver_version_minor(version)))
}

fn identify(device: &Device<'_>) -> Result<GpuIdentity, NvmlError> {
    let watts = |milliwatts: u32| f64::from(milliwatts) / 1e3;
    Ok(GpuIdentity {
        uuid: device.uuid()?,
        name: device.name()?,
        // Unified memory (GB10) reports an error, or a total of 0.
        memory_bytes: device.memory_info().ok().map(|memory| Bytes(memory.total)).filter(|total| total.0 > 0),
        bandwidth_bytes_per_s: bandwidth(device),
        // Only what else the driver says can tell.
        memory_source: None,
        power_limit_w: device.enforced_power_limit().ok().map(watts),
        power_limit_default_w: device.power_management_limit_default().ok().map(watts),
    })
}

/// Bus width × memory clock × 2 transfers per clock, the formula of CUDA's
/// `deviceQuery`; for an H100 (5120 bits, 2619 MHz) that is 3.35 TB/s.
fn bandwidth(device: &Device<'_>) -> Option<f64> {
    let (bits, megahertz) = (device.memory_bus_width().ok()?, device.max_clock_info(Clock::Memory).ok()?);
    let bandwidth = f64::from(bits) / 8.0 * f64::from(megahertz) * 1e6 * 2.0;
    (bandwidth > 0.0).then_some(bandwidth)
}

impl Driver for NvmlDriver {
    fn ask(&mut self, gpu: usize, call: Call) -> Result<Answer, Refusal> {
        let Some(known) = self.devices.get_mut(gpu) else {
            return Err(Refusal::new(RefusalKind::NotSupported, "there is no such GPU"));
        };
        if call == Call::Performance {
            return performance(self.nvml, known);
        }
        Ok(answer(&known.device, call)?)
    }
}

fn answer(device: &Device<'_>, call: Call) -> Result<Answer, NvmlError> {
    Ok(match call {
        Call::Energy => Answer::Count(device.total_energy_consumption()?),
        Call::HeldDown => Answer::Counts(fields(device, &HELD_DOWN)?),
        Call::Utilization => Answer::Count(device.utilization_rates()?.gpu.into()),
        Call::Memory => {
            let memory = device.memory_info()?;
            Answer::Memory { total: memory.total, used: memory.used, free: memory.free }
        }
        Call::PowerInstant => Answer::Counts(fields(device, &[field_id::NVML_FI_DEV_POWER_INSTANT])?),
        Call::PowerUsage => Answer::Count(device.power_usage()?.into()),
        Call::Temperature => Answer::Count(device.temperature(TemperatureSensor::Gpu)?.into()),
        Call::SmClock => Answer::Count(device.clock_info(Clock::SM)?.into()),
        Call::MemoryClock => Answer::Count(device.clock_info(Clock::Memory)?.into()),
        Call::ClockEvents => Answer::Count(clock_events(device)?),
        Call::ComputeProcesses => listed(|| device.running_compute_processes())?,
        Call::MpsProcesses => listed(|| device.mps_running_compute_processes())?,
        Call::Mig => Answer::Mig(mig(device)?),
        Call::PowerTrace => Answer::Count(device.samples(Sampling::Power, None)?.len() as u64),
        Call::ProcessUtilization => Answer::Count(device.process_utilization_stats(None)?.len() as u64),
        // Asked with what it is held against.
        Call::Performance => return Err(NvmlError::NotSupported),
    })
}

/// Hopper and later. The first call has nothing to be held against.
fn performance(nvml: &'static Nvml, known: &mut Known) -> Result<Answer, Refusal> {
    if !known.device.gpm_support()? {
        return Err(Refusal::new(RefusalKind::NotSupported, "the GPU has no performance counters for GPM"));
    }
    let now = known.device.gpm_sample()?;
    let Some(before) = known.before.take() else {
        known.before = Some(now);
        return Err(Refusal::new(RefusalKind::Other, "it takes two samples, and this is the first"));
    };
    let results = gpm_metrics_get(nvml, &before, &now, &PERFORMANCE);
    known.before = Some(now);
    Ok(Answer::Values(results?.into_iter().map(|result| reading(result.map(|metric| metric.value))).collect()))
}

/// In the order asked for.
fn fields(device: &Device<'_>, ids: &[u32]) -> Result<Vec<Reading<u64>>, NvmlError> {
    let ids: Vec<FieldId> = ids.iter().copied().map(FieldId).collect();
    let samples = device.field_values_for(&ids)?;
    Ok(samples
        .into_iter()
        .map(|sample| reading(sample.and_then(|sample| sample.value).map(|value| whole(&value))))
        .collect())
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counters are whole and not negative")]
fn whole(value: &SampleValue) -> u64 {
    match *value {
        SampleValue::U32(value) => value.into(),
        SampleValue::U64(value) => value,
        SampleValue::I64(value) => value.max(0).unsigned_abs(),
        SampleValue::F64(value) => value as u64,
    }
}

/// The raw bits: the wrapper would drop those it does not know yet.
fn clock_events(device: &Device<'_>) -> Result<u64, NvmlError> {
    match device.current_throttle_reasons_strict() {
        Ok(reasons) => Ok(reasons.bits()),
        Err(NvmlError::IncorrectBits(Bits::U64(bits))) => Ok(bits),
        Err(error) => Err(error),
    }
}

/// The wrapper asks for the count and then for the list: a process that appears
/// between the two makes the list too long, once.
fn listed(list: impl Fn() -> Result<Vec<ProcessInfo>, NvmlError>) -> Result<Answer, NvmlError> {
    let found = match list() {
        Err(NvmlError::InsufficientSize(_)) => list(),
        other => other,
    }?;
    let process = |process: ProcessInfo| match process.used_gpu_memory {
        UsedGpuMemory::Used(bytes) => (process.pid, Some(bytes)),
        UsedGpuMemory::Unavailable => (process.pid, None),
    };
    Ok(Answer::Processes(found.into_iter().map(process).collect()))
}

fn mig(device: &Device<'_>) -> Result<Mig, NvmlError> {
    if device.mig_mode()?.current == 0 {
        return Ok(Mig::default());
    }
    // Places without a part answer that there is none.
    let parts = (0..device.mig_device_count()?).filter_map(|index| device.mig_device_by_index(index).ok());
    let devices = parts.map(|part| {
        let memory = part.memory_info();
        let (total, used) = match memory {
            Ok(memory) => (Reading::Value(memory.total), Reading::Value(memory.used)),
            Err(error) => (Reading::Absent(error.to_string()), Reading::Absent(error.to_string())),
        };
        MigDevice { uuid: part.uuid().unwrap_or_default(), memory_total_bytes: total, memory_used_bytes: used }
    });
    Ok(Mig { enabled: true, devices: devices.collect() })
}

fn reading<T>(result: Result<T, NvmlError>) -> Reading<T> {
    result.map_or_else(|error| Reading::Absent(error.to_string()), Reading::Value)
}

impl From<NvmlError> for Refusal {
    fn from(error: NvmlError) -> Self {
        let kind = match error {
            // A driver that is too old to know the question.
            NvmlError::NotSupported | NvmlError::FailedToLoadSymbol(_) | NvmlError::FunctionNotFound => {
                RefusalKind::NotSupported
            }
            NvmlError::GpuLost
            | NvmlError::ResetRequired
            | NvmlError::DriverNotLoaded
            | NvmlError::LibRmVersionMismatch
            | NvmlError::Uninitialized => RefusalKind::Lost,
            _ => RefusalKind::Other,
        };
        Self::new(kind, error.to_string())
    }
}
