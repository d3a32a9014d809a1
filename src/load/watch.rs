//! What the driver got of the CPU while it was measured.

use crate::clock::Clock;
use crate::host::{Scheduled, Threads};
use crate::record::{ClientHonesty, CpuTime};
use crate::units::Nanos;

/// Looks at the threads of this process when the window begins and when it
/// ends: what goes on before and after is not measured.
#[derive(Debug)]
pub(super) struct CpuWatch {
    clock: Clock,
    /// CPUs that the driver can use at once.
    cpus: u32,
    from: Option<Look>,
    to: Option<Look>,
}

type Look = (Nanos, Threads);

impl CpuWatch {
    /// To be called where the driver runs.
    pub(super) fn new(clock: Clock) -> Self {
        let workers = tokio::runtime::Handle::current().metrics().num_workers();
        // Respects the CPU set of this process, and the quota of its group.
        let allowed = std::thread::available_parallelism().map_or(workers, std::num::NonZero::get);
        Self { clock, cpus: u32::try_from(workers.min(allowed)).unwrap_or(u32::MAX), from: None, to: None }
    }

    pub(super) fn begin(&mut self) {
        if self.from.is_none() {
            self.from = self.look();
        }
    }

    pub(super) fn end(&mut self) {
        if self.from.is_some() && self.to.is_none() {
            self.to = self.look();
        }
    }

    fn look(&self) -> Option<Look> {
        Some((self.clock.now(), Threads::now()?))
    }

    pub(super) fn tell(&self, health: &mut ClientHonesty) {
        let Some(((from, then), (to, now))) = self.from.as_ref().zip(self.to.as_ref()) else { return };
        let over = to.since(*from);
        health.cpu = Some(cpu_time(over, now.driving_since(then), self.cpus));
        health.serving_cpu = now.serving_since(then).map(|busiest| cpu_time(over, busiest, 1));
    }
}

fn cpu_time(over_ns: Nanos, Scheduled { ran, waited }: Scheduled, cpus: u32) -> CpuTime {
    CpuTime { over_ns, ran_ns: ran, run_delay_ns: waited, cpus }
}
