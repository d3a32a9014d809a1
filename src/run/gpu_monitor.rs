use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::foreign_process::{is_called, is_mps_server};
use super::max_temperature::MaxTemperature;
use crate::clock::Clock;
use crate::process::{LeftoverSearch, is_in_container, program};
use crate::record::{Containment, Event, EventRecord, GpuReading, ProcessOnGpu, TelemetryRecord};
use crate::store::Pen;

/// Looks at every sample of telemetry as it comes: how hot, whether a GPU is
/// lost, and who else computes on it. What it finds is recorded once.
pub(super) struct GpuMonitor {
    pub(super) clock: Clock,
    pub(super) pen: Pen,
    pub(super) findings: Findings,
    pub(super) foreign_processes: Option<ForeignProcesses>,
    /// Why each GPU that is lost is.
    lost: BTreeMap<String, String>,
    /// Pids that have been looked at.
    known: BTreeSet<u32>,
}

/// What is needed to tell a stranger; a simulated machine has none.
pub(super) struct ForeignProcesses {
    pub(super) run_id: String,
    pub(super) containment: Containment,
    /// Programs that the scenario allows, by name.
    pub(super) allowed: Vec<String>,
}

/// What the monitor has found, for whoever runs the experiment.
#[derive(Clone, Debug, Default)]
pub(super) struct Findings {
    pub(super) max_temperature: MaxTemperature,
    lost: Arc<Mutex<Option<String>>>,
    told: Arc<AtomicBool>,
    in_containers: Arc<AtomicBool>,
}

impl Findings {
    /// Which GPU has been lost, and why.
    pub(super) fn lost(&self) -> Option<String> {
        self.lost.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether nobody has been told yet.
    pub(super) fn is_news(&self) -> bool {
        !self.told.swap(true, Ordering::Relaxed)
    }

    /// Whether servers of this epoch run in containers: they are no children
    /// of the run, and nothing else tells them.
    pub(super) fn expect_containers(&self, are_expected: bool) {
        self.in_containers.store(are_expected, Ordering::Relaxed);
    }
}

impl GpuMonitor {
    pub(super) fn new(clock: Clock, pen: Pen, findings: Findings, foreign_processes: Option<ForeignProcesses>) -> Self {
        Self { clock, pen, findings, foreign_processes, lost: BTreeMap::new(), known: BTreeSet::new() }
    }

    /// Takes note of a sample, and hands it to the records.
    pub(super) fn see(&mut self, sample: TelemetryRecord) {
        self.findings.max_temperature.see(&sample);
        for gpu in &sample.gpus {
            self.heed_lost(gpu);
            if let Some(processes) = gpu.processes.value() {
                self.heed_strangers(gpu, processes);
            }
        }
        self.pen.telemetry(sample);
    }

    fn note(&self, event: Event) {
        self.pen.event(EventRecord { at_ns: self.clock.now(), event });
    }

    fn heed_lost(&mut self, reading: &GpuReading) {
        let gpu = reading.uuid.clone();
        match (&reading.lost, self.lost.contains_key(&gpu)) {
            (Some(reason), false) => {
                let told = format!("{gpu}: {reason}");
                *self.findings.lost.lock().unwrap_or_else(PoisonError::into_inner) = Some(told);
                self.lost.insert(gpu.clone(), reason.clone());
                self.note(Event::GpuLost { gpu, reason: reason.clone() });
            }
            (None, true) => {
                self.lost.remove(&gpu);
                self.note(Event::GpuBack { gpu });
            }
            _ => {}
        }
    }

    fn heed_strangers(&mut self, gpu: &GpuReading, processes: &[ProcessOnGpu]) {
        let listed: BTreeSet<u32> = processes.iter().map(|process| process.pid).collect();
        // A number that is gone may come again as another process.
        self.known.retain(|pid| listed.contains(pid));
        let new: Vec<&ProcessOnGpu> = processes.iter().filter(|process| self.known.insert(process.pid)).collect();
        let Some(around) = self.foreign_processes.as_ref().filter(|_| !new.is_empty()) else { return };
        let in_containers = self.findings.in_containers.load(Ordering::Relaxed);
        let foreign_processes: Vec<Event> = around
            .foreign_processes(&new, in_containers)
            .into_iter()
            .map(|(process, program)| Event::ForeignProcess {
                gpu: gpu.uuid.clone(),
                pid: process.pid,
                program,
                memory_bytes: process.memory_bytes,
            })
            .collect();
        for event in foreign_processes {
            self.note(event);
        }
    }
}

impl ForeignProcesses {
    /// Those of `new` that are none of the run's, no server of MPS, and not
    /// allowed, with their programs' names. One that has ended already has no
    /// name, and has done no harm that lasts.
    fn foreign_processes<'p>(&self, new: &[&'p ProcessOnGpu], in_containers: bool) -> Vec<(&'p ProcessOnGpu, String)> {
        let search = LeftoverSearch { run_id: &self.run_id, containment: &self.containment, spared: &[], trace: None };
        // What cannot be told to be ours is somebody else's.
        let ours: Vec<u32> = search.find().unwrap_or_default().into_iter().map(|process| process.pid).collect();
        let is_foreign = |pid: u32, program: &str| {
            let is_ours = ours.contains(&pid) || in_containers && is_in_container(pid);
            !is_ours && !is_mps_server(program) && !self.allowed.iter().any(|name| is_called(program, name))
        };
        let named = new.iter().filter_map(|process| Some((*process, program(process.pid)?)));
        named.filter(|(process, program)| is_foreign(process.pid, program)).collect()
    }
}

#[cfg(test)]
mod tests;
