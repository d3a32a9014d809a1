use std::io;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use super::Probe;
use crate::clock::Clock;
use crate::host::{load_1m, memory};
use crate::record::TelemetryRecord;
use crate::units::Nanos;

/// Samples at fixed ticks until it is stopped.
pub struct Sampler {
    /// Closed to stop the thread.
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl Sampler {
    /// Starts the thread. The first sample is taken at once; the others `every`
    /// so long after it, whatever a sample takes. A tick that is missed is left
    /// out, not made up for. `sink` is called from the thread.
    ///
    /// # Errors
    /// If the system has no thread left.
    pub fn start(
        clock: Clock,
        probe: Box<dyn Probe>,
        every: Duration,
        sink: impl Fn(TelemetryRecord) + Send + 'static,
    ) -> io::Result<Self> {
        let (stop, stopped) = mpsc::channel::<()>();
        let work = move || {
            let mut probe = probe;
            let mut tick = clock.now();
            loop {
                sink(sample(&clock, probe.as_mut()));
                tick = next_tick(tick, every.into(), clock.now());
                let pause = tick.since(clock.now()).into();
                if stopped.recv_timeout(pause) != Err(RecvTimeoutError::Timeout) {
                    break;
                }
            }
        };
        let thread = Builder::new().name("telemetry".to_owned()).spawn(work)?;
        Ok(Self { stop, thread })
    }

    /// Ends the thread; a sample that is under way is still sent.
    pub fn stop(self) {
        drop(self.stop);
        // A probe that panicked has already said so on stderr.
        let _ = self.thread.join();
    }
}

fn sample(clock: &Clock, probe: &mut dyn Probe) -> TelemetryRecord {
    let at_ns = clock.now();
    let gpus = probe.read();
    let memory_available_bytes = memory().map(|memory| memory.available);
    let load_1m = load_1m();
    TelemetryRecord { at_ns, took_ns: clock.now().since(at_ns), memory_available_bytes, load_1m, gpus }
}

/// The first tick after `now` on the grid that `tick` lies on.
fn next_tick(tick: Nanos, every: Nanos, now: Nanos) -> Nanos {
    let every = every.0.max(1);
    let passed = now.since(tick).0 / every;
    tick.plus(Nanos(every.saturating_mul(passed + 1)))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::TryRecvError;

    use super::*;
    use crate::record::{GpuIdentity, GpuReading, Reading};
    use crate::telemetry::GpuProcess;

    #[test]
    fn a_late_sample_does_not_shift_the_grid() {
        let next = |now| next_tick(Nanos(1000), Nanos(100), Nanos(now)).0;
        assert_eq!([next(1000), next(1030), next(1099), next(1100), next(1350)], [1100, 1100, 1100, 1200, 1400]);
        assert_eq!(next_tick(Nanos(5), Nanos(0), Nanos(7)).0, 8);
    }

    struct Counting(u32);

    impl Probe for Counting {
        fn identities(&self) -> Vec<GpuIdentity> {
            Vec::new()
        }

        fn read(&mut self) -> Vec<GpuReading> {
            self.0 += 1;
            vec![GpuReading { utilization_percent: Reading::Value(self.0), ..GpuReading::default() }]
        }

        fn processes(&self) -> Reading<Vec<GpuProcess>> {
            Reading::Value(Vec::new())
        }
    }

    #[test]
    fn samples_come_in_order_until_the_sampler_is_stopped() {
        let (sink, records) = mpsc::channel();
        let sampler = Sampler::start(Clock::start(), Box::new(Counting(0)), Duration::from_millis(1), move |record| {
            drop(sink.send(record));
        })
        .unwrap();
        let first: Vec<TelemetryRecord> = records.iter().take(5).collect();
        sampler.stop();
        let counts: Vec<&Reading<u32>> = first.iter().map(|record| &record.gpus[0].utilization_percent).collect();
        assert_eq!(counts, [1, 2, 3, 4, 5].map(Reading::Value).iter().collect::<Vec<_>>());
        assert!(first.is_sorted_by_key(|record| record.at_ns));
        assert!(first.iter().all(|record| record.memory_available_bytes.is_some() && record.load_1m.is_some()));
        let rest = records.try_iter().count();
        assert_eq!(records.try_recv(), Err(TryRecvError::Disconnected), "after {rest} more");
    }

    #[test]
    fn a_sampler_that_waits_for_a_far_tick_stops_at_once() {
        let sampler = Sampler::start(Clock::start(), Box::new(Counting(0)), Duration::from_hours(1), drop).unwrap();
        sampler.stop();
    }
}
