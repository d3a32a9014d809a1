use std::collections::BTreeMap;

use super::reply::{count, share};
use super::{Better, Family, Gap, Measure, MetricDefinition, Unit, UnitValue, Window};
use crate::record::{GpuReading, HeldDown, Performance, Reading, TelemetryRecord};
use crate::units::{Bytes, Nanos};

pub(super) const DEFINITIONS: &[MetricDefinition] = &[
    gpu("power_mean", "power, mean", Unit::Watts, Better::Neither, power_mean),
    gpu("memory_used_max", "device memory in use, most", Unit::Bytes, Better::Lower, memory_used_max),
    gpu("memory_available_min", "host memory available, least", Unit::Bytes, Better::Higher, memory_available_min),
    gpu("gpu_utilization", "time with a kernel running", Unit::Share, Better::Neither, gpu_utilization),
    gpu("sm_utilization", "SMs with work", Unit::Share, Better::Neither, sm_utilization),
    gpu("sm_occupancy", "warps of the most there could be", Unit::Share, Better::Neither, sm_occupancy),
    gpu("memory_bandwidth_used", "memory bandwidth in use", Unit::Share, Better::Neither, memory_bandwidth_used),
    gpu("tensor_utilization", "tensor cores at work", Unit::Share, Better::Neither, tensor_utilization),
    gpu("power_capped", "time held down by the power limit", Unit::Share, Better::Neither, power_capped),
    gpu("gpu_temperature_max", "core temperature, most", Unit::Celsius, Better::Lower, gpu_temperature_max),
];

pub(super) const fn gpu(
    id: &'static str,
    title: &'static str,
    unit: Unit,
    better: Better,
    formula: fn(&Window<'_>) -> UnitValue,
) -> MetricDefinition {
    MetricDefinition { id, title, unit, better, family: Family::Gpu, measure: Measure::Window(formula) }
}

const UNREAD: &str = "no GPU was read inside the window";

/// One GPU's values inside the window, with their times; never empty.
pub(super) type Series = Vec<(Nanos, f64)>;

/// The series of every GPU that has values.
pub(super) fn series(
    telemetry: &[&TelemetryRecord],
    read: fn(&GpuReading) -> Reading<f64>,
) -> Result<Vec<Series>, Gap> {
    let mut by_gpu: BTreeMap<&str, Series> = BTreeMap::new();
    let mut absence = None;
    for sample in telemetry {
        for gpu in &sample.gpus {
            match read(gpu) {
                Reading::Value(value) => by_gpu.entry(&gpu.uuid).or_default().push((sample.at_ns, value)),
                Reading::Absent(reason) => absence = absence.or(Some(reason)),
                // What a quick sample leaves out, a whole one tells.
                Reading::Unasked => {}
            }
        }
    }
    if by_gpu.is_empty() {
        let reason = absence.as_deref().unwrap_or(UNREAD);
        return Err(Gap::not_measured(reason));
    }
    Ok(by_gpu.into_values().collect())
}

pub(super) fn value<T: Clone>(reading: &Reading<T>, as_f64: fn(T) -> f64) -> Reading<f64> {
    reading.clone().map(as_f64)
}

pub(super) fn values(series: &Series) -> impl Iterator<Item = f64> {
    series.iter().map(|(_, value)| *value)
}

fn sum_of_means(all: &[Series]) -> f64 {
    all.iter().map(|series| values(series).sum::<f64>() / count(series.len() as u64)).sum()
}

/// Mean over samples, summed over GPUs.
fn power_mean(window: &Window<'_>) -> UnitValue {
    Ok(sum_of_means(&series(&window.telemetry, |gpu| value(&gpu.power_w, f64::from))?))
}

/// Most of each GPU's memory in use, by anyone, summed over GPUs.
pub(super) fn memory_used_max(window: &Window<'_>) -> UnitValue {
    let all = series(&window.telemetry, |gpu| value(&gpu.memory_used_bytes, count))?;
    Ok(all.iter().map(|series| values(series).fold(0.0, f64::max)).sum())
}

/// Least of the host's `MemAvailable`.
pub(super) fn memory_available_min(window: &Window<'_>) -> UnitValue {
    let least = window.telemetry.iter().filter_map(|sample| sample.memory_available_bytes).min();
    least.map(Bytes::as_f64).ok_or_else(|| Gap::not_measured("host memory was not read inside the window"))
}

/// Share of time in which any kernel ran, mean over samples and GPUs. It says
/// nothing of how much of the GPU the kernel filled.
fn gpu_utilization(window: &Window<'_>) -> UnitValue {
    let all = series(&window.telemetry, |gpu| value(&gpu.utilization_percent, f64::from))?;
    Ok(sum_of_means(&all) / count(all.len() as u64) / 100.0)
}

/// A part's use by the performance counters, mean over samples and GPUs.
fn part(window: &Window<'_>, read: fn(&Performance) -> &Reading<f64>) -> UnitValue {
    let mut absence = UNREAD;
    let mut found = Vec::new();
    for gpu in window.telemetry.iter().flat_map(|sample| &sample.gpus) {
        match &gpu.performance {
            Reading::Value(performance) => match read(performance) {
                Reading::Value(percent) => found.push(*percent),
                Reading::Absent(reason) => absence = reason,
                Reading::Unasked => {}
            },
            Reading::Absent(reason) => absence = reason,
            Reading::Unasked => {}
        }
    }
    share(found.iter().sum::<f64>() / 100.0, count(found.len() as u64), absence)
}

/// Time in which an SM had a warp, mean over SMs.
fn sm_utilization(window: &Window<'_>) -> UnitValue {
    part(window, |performance| &performance.sm_percent)
}

/// Warps at work ÷ the most there could be, mean over SMs.
fn sm_occupancy(window: &Window<'_>) -> UnitValue {
    part(window, |performance| &performance.occupancy_percent)
}

/// Bandwidth of device memory in use ÷ what there is.
fn memory_bandwidth_used(window: &Window<'_>) -> UnitValue {
    part(window, |performance| &performance.memory_bandwidth_percent)
}

/// Time in which tensor cores worked.
fn tensor_utilization(window: &Window<'_>) -> UnitValue {
    part(window, |performance| &performance.tensor_percent)
}

/// Time in which software held clocks down to keep the power limit, by the
/// driver's counter ÷ time between its first and last reading, mean over GPUs.
///
/// That is no reason to doubt a value: a card that reaches its limit under this
/// load is as fast as that limit lets it be, and so it would serve. The limit
/// stands in the environment.
fn power_capped(window: &Window<'_>) -> UnitValue {
    let all = series(&window.telemetry, |gpu| match &gpu.held_down {
        Reading::Value(HeldDown { power_cap_ns, .. }) => value(power_cap_ns, count),
        Reading::Absent(reason) => Reading::Absent(reason.clone()),
        Reading::Unasked => Reading::Unasked,
    })?;
    let ends = || all.iter().filter_map(|series| series.first().zip(series.last()));
    let held: f64 = ends().map(|(first, last)| (last.1 - first.1) / 1e9).sum();
    let seconds: f64 = ends().map(|(first, last)| last.0.since(first.0).seconds()).sum();
    share(held, seconds, "clock events were read only once inside the window")
}

/// Highest temperature of any GPU.
fn gpu_temperature_max(window: &Window<'_>) -> UnitValue {
    let all = series(&window.telemetry, |gpu| value(&gpu.temperature_c, f64::from))?;
    Ok(all.iter().flat_map(values).fold(f64::NEG_INFINITY, f64::max))
}
