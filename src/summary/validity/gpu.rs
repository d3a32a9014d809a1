//! Whether the GPU was the run's own, and as fast as it is.

use std::collections::BTreeMap;

use super::{Examined, as_f64, percent};
use crate::metric::ForeignProcess;
use crate::record::{GpuReading, HeldDown, Reading};
use crate::units::Nanos;

/// What held clocks down for a part of a window cannot have changed its
/// throughput by more than that part: as with a stall of the driver, 1 %.
const HELD_SHARE: f64 = 0.01;

/// A way in which a GPU is slowed down: its counter, and the bits that say so
/// where there is none.
type Hold = (&'static str, fn(&HeldDown) -> &Reading<u64>, u64);

/// The power limit held by software is none of them: under that the card is as
/// fast as it always is (`power_capped` tells). Neither is a GPU at rest, nor
/// clocks that the scenario has locked.
const HOLDS: [Hold; 4] = [
    ("heat, by software", |held| &held.thermal_software_ns, 0x20),
    ("heat, by hardware", |held| &held.thermal_hardware_ns, 0x40),
    ("the power brake", |held| &held.power_brake_ns, 0x80),
    ("the slowest GPU of its sync boost group", |held| &held.sync_boost_ns, 0x10),
];

/// By the driver's counters between the first and the last reading in the
/// window; by the share of samples that say so where it has none.
pub(super) fn throttled(examined: &Examined<'_>) -> Option<String> {
    let mut by_gpu: BTreeMap<&str, Vec<(Nanos, &GpuReading)>> = BTreeMap::new();
    for sample in &examined.window.telemetry {
        for gpu in &sample.gpus {
            by_gpu.entry(&gpu.uuid).or_default().push((sample.at_ns, gpu));
        }
    }
    let held = by_gpu.into_iter().find_map(|(gpu, readings)| {
        HOLDS.iter().find_map(|(what, counter, bit)| {
            let share = counted(&readings, *counter).or_else(|| polled(&readings, *bit))?;
            (share > HELD_SHARE).then_some((gpu, *what, share))
        })
    });
    held.map(|(gpu, what, share)| {
        format!("the clocks of {gpu} were held down by {what} for {} of the window, more than 1 %", percent(share))
    })
}

/// Share of the time between the first and the last reading of a counter.
fn counted(readings: &[(Nanos, &GpuReading)], counter: fn(&HeldDown) -> &Reading<u64>) -> Option<f64> {
    let read = |(at, gpu): &(Nanos, &GpuReading)| Some((*at, *counter(gpu.held_down.value()?).value()?));
    let mut counts = readings.iter().filter_map(read);
    let (start, before) = counts.next()?;
    let (end, after) = counts.next_back()?;
    let held = as_f64(after.saturating_sub(before)) / 1e9;
    Some(held / end.since(start).seconds().max(f64::MIN_POSITIVE))
}

/// Share of the samples that had a bit set.
fn polled(readings: &[(Nanos, &GpuReading)], bit: u64) -> Option<f64> {
    let bits: Vec<u64> = readings.iter().filter_map(|(_, gpu)| gpu.clock_events.value().copied()).collect();
    let held = bits.iter().filter(|bits| **bits & bit != 0).count();
    (!bits.is_empty()).then(|| as_f64(held as u64) / as_f64(bits.len() as u64))
}

/// One that was there when the window was measured: telemetry listed it then,
/// or it was first seen then.
pub(super) fn foreign_process(examined: &Examined<'_>) -> Option<String> {
    let window = examined.window;
    let lists = |gpu: &GpuReading, pid: u32| {
        gpu.processes.value().is_some_and(|found| found.iter().any(|process| process.pid == pid))
    };
    let was_there = |one: &&ForeignProcess<'_>| {
        let is_meant = |at: Nanos| at >= one.since && one.until.is_none_or(|until| at < until);
        let listed = window.telemetry.iter().any(|sample| {
            is_meant(Nanos(sample.at_ns.0.saturating_add(sample.took_ns.0)))
                && sample.gpus.iter().any(|reading| reading.uuid == one.gpu && lists(reading, one.pid))
        });
        listed || window.start <= one.since && one.since <= window.end
    };
    let found = window.foreign_processes.iter().find(was_there)?;
    // Anybody can call a program anything.
    Some(format!("`{}` (pid {}) computed on {} beside it", found.program.escape_debug(), found.pid, found.gpu))
}
