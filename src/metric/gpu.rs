use std::collections::BTreeMap;

use super::reply::{count, share};
use super::throughput::tokens_within;
use super::{Better, Family, Gap, Measure, MetricDefinition, Unit, UnitValue, Window};
use crate::record::{GpuReading, Reading};
use crate::units::{Bytes, Nanos};

pub(super) const DEFINITIONS: &[MetricDefinition] = &[
    gpu("energy_per_token", "energy per token, gross", Unit::JoulesPerToken, Better::Lower, energy_per_token),
    gpu("power_mean", "power, mean", Unit::Watts, Better::Neither, power_mean),
    gpu("memory_used_max", "device memory in use, most", Unit::Bytes, Better::Lower, memory_used_max),
    gpu("memory_available_min", "host memory available, least", Unit::Bytes, Better::Higher, memory_available_min),
    gpu("gpu_utilization", "time with a kernel running", Unit::Share, Better::Neither, gpu_utilization),
    gpu("gpu_temperature_max", "core temperature, most", Unit::Celsius, Better::Lower, gpu_temperature_max),
];

const fn gpu(
    id: &'static str,
    title: &'static str,
    unit: Unit,
    better: Better,
    formula: fn(&Window<'_>) -> UnitValue,
) -> MetricDefinition {
    MetricDefinition { id, title, unit, better, family: Family::Gpu, measure: Measure::Window(formula) }
}

/// One GPU's values inside the window, with their times; never empty.
type Series = Vec<(Nanos, f64)>;

/// The series of every GPU that has values.
fn series(window: &Window<'_>, read: fn(&GpuReading) -> Result<f64, &String>) -> Result<Vec<Series>, Gap> {
    let mut by_gpu: BTreeMap<&str, Series> = BTreeMap::new();
    let mut absence = None;
    for sample in &window.telemetry {
        for gpu in &sample.gpus {
            match read(gpu) {
                Ok(value) => by_gpu.entry(&gpu.uuid).or_default().push((sample.at_ns, value)),
                Err(reason) => absence = absence.or(Some(reason)),
            }
        }
    }
    if by_gpu.is_empty() {
        let reason = absence.map_or("no GPU was read inside the window", String::as_str);
        return Err(Gap::not_measured(reason));
    }
    Ok(by_gpu.into_values().collect())
}

fn value<T: Copy>(reading: &Reading<T>, as_f64: fn(T) -> f64) -> Result<f64, &String> {
    match reading {
        Reading::Value(value) => Ok(as_f64(*value)),
        Reading::Absent(reason) => Err(reason),
    }
}

fn values(series: &Series) -> impl Iterator<Item = f64> {
    series.iter().map(|(_, value)| *value)
}

fn sum_of_means(all: &[Series]) -> f64 {
    all.iter().map(|series| values(series).sum::<f64>() / count(series.len() as u64)).sum()
}

/// Difference of the energy counters between the first and the last sample
/// inside the window, over all GPUs ÷ tokens that arrived between the two.
/// Idle power is not subtracted.
fn energy_per_token(window: &Window<'_>) -> UnitValue {
    let all = series(window, |gpu| value(&gpu.energy_j, f64::from))?;
    let ends = all.iter().filter_map(|series| series.first().zip(series.last()));
    let joules: f64 = ends.clone().map(|(first, last)| last.1 - first.1).sum();
    let start = ends.clone().map(|(first, _)| first.0).min().unwrap_or(window.start);
    let end = ends.map(|(_, last)| last.0).max().unwrap_or(window.start);
    share(joules, tokens_within(window, &[(start, end)]), "no token arrived between two energy readings")
}

/// Mean over samples, summed over GPUs.
fn power_mean(window: &Window<'_>) -> UnitValue {
    Ok(sum_of_means(&series(window, |gpu| value(&gpu.power_w, f64::from))?))
}

/// Most of each GPU's memory in use, by anyone, summed over GPUs.
pub(super) fn memory_used_max(window: &Window<'_>) -> UnitValue {
    let all = series(window, |gpu| value(&gpu.memory_used_bytes, count))?;
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
    let all = series(window, |gpu| value(&gpu.utilization_percent, f64::from))?;
    Ok(sum_of_means(&all) / count(all.len() as u64) / 100.0)
}

/// Highest temperature of any GPU.
fn gpu_temperature_max(window: &Window<'_>) -> UnitValue {
    let all = series(window, |gpu| value(&gpu.temperature_c, f64::from))?;
    Ok(all.iter().flat_map(values).fold(f64::NEG_INFINITY, f64::max))
}
