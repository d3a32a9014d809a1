use super::call::{Answer, Call, Driver, Refusal, RefusalKind};
use super::costs::Costs;
use super::deduced::{first_count, held, is_unified, other_kind, thousandth, union};
use super::machine::{HostMemory, Machine};
use super::probe::{GpuProcess, Probe, Tier};
use crate::clock::Clock;
use crate::host;
use crate::record::{
    CallCost, GpuIdentity, GpuReading, HeldDown, MemorySource, Performance, PowerSource, ProcessOnGpu, Reading,
};

/// The GPUs of a machine, read by asking its driver, in tiers by what a
/// question costs.
pub(super) struct Gpus<D> {
    driver: D,
    known: Vec<Gpu>,
    host_memory: Option<HostMemory>,
    clock: Clock,
    costs: Costs,
}

struct Gpu {
    identity: GpuIdentity,
    memory: MemorySource,
    power: PowerSource,
    /// What its processes hold, as counted last.
    held: Reading<u64>,
    /// Why it cannot be asked, as found in this reading.
    lost: Option<String>,
}

impl<D: Driver> Gpus<D> {
    /// Finds out about each what does not change.
    pub(super) fn new(driver: D, machine: &Machine) -> Self {
        let gpus = machine.gpus.iter().map(|identity| Gpu {
            identity: identity.clone(),
            memory: MemorySource::Device,
            power: PowerSource::Instantaneous,
            held: Reading::default(),
            lost: None,
        });
        let mut all = Self {
            driver,
            known: gpus.collect(),
            host_memory: machine.host_memory_bytes,
            clock: Clock::start(),
            costs: Costs::default(),
        };
        for at in 0..all.known.len() {
            all.find_sources(at);
        }
        all
    }

    fn find_sources(&mut self, at: usize) {
        let memory = self.ask(at, Call::Memory);
        let total = self.host_memory().map(|host| host.total);
        let is_instant = matches!(self.ask(at, Call::PowerInstant).map(first_count), Ok(Reading::Value(_)));
        let gpu = &mut self.known[at];
        if is_unified(&gpu.identity.name, &memory, total) {
            gpu.memory = MemorySource::Unified;
            gpu.identity.memory_bytes = None;
        }
        if memory.is_ok() || gpu.memory == MemorySource::Unified {
            gpu.identity.memory_source = Some(gpu.memory);
        }
        if !is_instant {
            gpu.power = PowerSource::Usage;
        }
    }

    /// Now, but for a recording, in which it is as it was.
    fn host_memory(&self) -> Option<HostMemory> {
        let now = || host::memory().map(|memory| HostMemory { total: memory.total.0, available: memory.available.0 });
        self.host_memory.or_else(now)
    }

    /// Asks, and takes note of what that took and of a GPU that is lost.
    fn ask(&mut self, at: usize, call: Call) -> Result<Answer, Refusal> {
        let begun = self.clock.now();
        let answer = self.driver.ask(at, call);
        self.costs.note(call, self.clock.now().since(begun), &answer);
        if let (Err(Refusal { kind: RefusalKind::Lost, reason }), Some(gpu)) = (&answer, self.known.get_mut(at)) {
            gpu.lost.get_or_insert_with(|| reason.clone());
        }
        answer
    }

    fn count(&mut self, at: usize, call: Call) -> Reading<u64> {
        match self.ask(at, call) {
            Ok(Answer::Count(count)) => Reading::Value(count),
            Ok(_) => other_kind(),
            Err(refusal) => Reading::Absent(refusal.reason),
        }
    }

    fn small(&mut self, at: usize, call: Call) -> Reading<u32> {
        self.count(at, call).map(|count| u32::try_from(count).unwrap_or(u32::MAX))
    }

    fn read_one(&mut self, at: usize, tier: Tier) -> GpuReading {
        self.known[at].lost = None;
        let mut reading = GpuReading { uuid: self.known[at].identity.uuid.clone(), ..GpuReading::default() };
        if tier == Tier::Whole {
            // First: what sums up over time belongs to the time of the sample.
            reading.energy_j = self.count(at, Call::Energy).map(thousandth);
            reading.held_down = self.held_down(at);
            reading.processes = self.read_processes(at);
        }
        self.read_power(at, &mut reading);
        self.read_memory(at, &mut reading);
        reading.utilization_percent = self.small(at, Call::Utilization);
        reading.temperature_c = self.small(at, Call::Temperature).map(f64::from);
        reading.sm_clock_mhz = self.small(at, Call::SmClock);
        reading.memory_clock_mhz = self.small(at, Call::MemoryClock);
        reading.clock_events = self.count(at, Call::ClockEvents);
        if tier == Tier::Whole {
            reading.performance = self.performance(at);
            reading.mig = match self.ask(at, Call::Mig) {
                Ok(Answer::Mig(mig)) => Reading::Value(mig),
                Ok(_) => other_kind(),
                Err(refusal) => Reading::Absent(refusal.reason),
            };
        }
        reading.lost = self.known[at].lost.take();
        reading
    }

    fn read_power(&mut self, at: usize, reading: &mut GpuReading) {
        let source = self.known[at].power;
        let milliwatts = match source {
            PowerSource::Instantaneous => match self.ask(at, Call::PowerInstant) {
                Ok(answer) => first_count(answer),
                Err(refusal) => Reading::Absent(refusal.reason),
            },
            PowerSource::Usage => self.count(at, Call::PowerUsage),
        };
        reading.power_source = milliwatts.value().map(|_| source);
        reading.power_w = milliwatts.map(thousandth);
    }

    fn read_memory(&mut self, at: usize, reading: &mut GpuReading) {
        let source = self.known[at].memory;
        reading.memory_source = Some(source);
        if source == MemorySource::Unified {
            let host = self.host_memory();
            let of_host = |part: fn(HostMemory) -> u64| {
                host.map_or_else(
                    || Reading::Absent("the host's memory is not known".to_owned()),
                    |host| Reading::Value(part(host)),
                )
            };
            reading.memory_total_bytes = of_host(|host| host.total);
            reading.memory_available_bytes = of_host(|host| host.available);
            reading.memory_used_bytes = self.known[at].held.clone();
            return;
        }
        match self.ask(at, Call::Memory) {
            Ok(Answer::Memory { total, used, free }) => {
                reading.memory_total_bytes = Reading::Value(total);
                reading.memory_used_bytes = Reading::Value(used);
                reading.memory_available_bytes = Reading::Value(free);
            }
            Ok(_) => reading.memory_used_bytes = other_kind(),
            Err(refusal) => {
                reading.memory_source = None;
                reading.memory_used_bytes = Reading::Absent(refusal.reason);
            }
        }
    }

    fn read_processes(&mut self, at: usize) -> Reading<Vec<ProcessOnGpu>> {
        let compute = self.listed(at, Call::ComputeProcesses);
        let mps = self.listed(at, Call::MpsProcesses);
        let processes = union(compute, &mps);
        self.known[at].held = held(&processes);
        processes
    }

    fn listed(&mut self, at: usize, call: Call) -> Reading<Vec<(u32, Option<u64>)>> {
        match self.ask(at, call) {
            Ok(Answer::Processes(list)) => Reading::Value(list),
            Ok(_) => other_kind(),
            Err(refusal) => Reading::Absent(refusal.reason),
        }
    }

    fn held_down(&mut self, at: usize) -> Reading<HeldDown> {
        let counts = match self.ask(at, Call::HeldDown) {
            Ok(Answer::Counts(counts)) => counts,
            Ok(_) => return other_kind(),
            Err(refusal) => return Reading::Absent(refusal.reason),
        };
        let mut counts = counts.into_iter();
        let mut next = || counts.next().unwrap_or_default();
        Reading::Value(HeldDown {
            power_cap_ns: next(),
            sync_boost_ns: next(),
            thermal_software_ns: next(),
            thermal_hardware_ns: next(),
            power_brake_ns: next(),
        })
    }

    fn performance(&mut self, at: usize) -> Reading<Performance> {
        let values = match self.ask(at, Call::Performance) {
            Ok(Answer::Values(values)) => values,
            Ok(_) => return other_kind(),
            Err(refusal) => return Reading::Absent(refusal.reason),
        };
        let mut values = values.into_iter();
        let mut next = || values.next().map(finite).unwrap_or_default();
        Reading::Value(Performance {
            sm_percent: next(),
            occupancy_percent: next(),
            memory_bandwidth_percent: next(),
            tensor_percent: next(),
        })
    }
}

/// An H100 with a driver of 2026 answered NaN for its memory bandwidth now and
/// then, which no JSON can hold.
fn finite(reading: Reading<f64>) -> Reading<f64> {
    match reading {
        Reading::Value(value) if !value.is_finite() => Reading::Absent(format!("the driver answered {value}")),
        other => other,
    }
}

impl<D: Driver> Probe for Gpus<D> {
    fn identities(&self) -> Vec<GpuIdentity> {
        self.known.iter().map(|gpu| gpu.identity.clone()).collect()
    }

    fn read(&mut self, tier: Tier) -> Vec<GpuReading> {
        (0..self.known.len()).map(|at| self.read_one(at, tier)).collect()
    }

    fn processes(&mut self) -> Reading<Vec<GpuProcess>> {
        let mut found = Vec::new();
        for at in 0..self.known.len() {
            match self.read_processes(at) {
                Reading::Absent(reason) => return Reading::Absent(reason),
                Reading::Unasked => return Reading::Unasked,
                Reading::Value(processes) => found.extend(processes.into_iter().map(|process| GpuProcess {
                    gpu: self.known[at].identity.uuid.clone(),
                    pid: process.pid,
                    memory: process.memory_bytes,
                    is_mps: process.is_mps,
                })),
            }
        }
        Reading::Value(found)
    }

    fn costs(&self) -> Vec<CallCost> {
        self.costs.table()
    }

    fn time_calls(&mut self, times: usize) -> Vec<CallCost> {
        self.costs = Costs::default();
        for _ in 0..times {
            for at in 0..self.known.len() {
                for call in Call::ALL {
                    // What it says is of no interest, only what it takes.
                    let _ = self.ask(at, call);
                }
            }
        }
        self.costs.table()
    }
}

#[cfg(test)]
mod tests {
    use super::{Reading, finite};

    #[test]
    fn what_is_no_number_is_absent_with_what_was_answered() {
        assert_eq!(finite(Reading::Value(f64::NAN)), Reading::Absent("the driver answered NaN".to_owned()));
        assert_eq!(finite(Reading::Value(97.5)), Reading::Value(97.5));
    }
}
