use std::io;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use tokio::sync::oneshot;

use super::probe::{Probe, Tier};
use crate::clock::Clock;
use crate::host::{load_1m, memory};
use crate::record::{CallCost, TelemetryRecord};
use crate::units::Nanos;

/// How often a sample asks for everything, at least: it costs milliseconds.
const WHOLE_EVERY: Duration = Duration::from_secs(1);

/// How often GPUs are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Every so often; once a second for everything.
    Every(Duration),
    /// Never: only the host is looked at, once a second.
    Off,
}

/// Samples at fixed ticks until it is stopped.
pub struct Sampler {
    orders: Sender<Order>,
    thread: JoinHandle<Vec<CallCost>>,
}

/// Says to a sampler what to do, from anywhere; cheap to clone.
#[derive(Clone, Debug)]
pub struct Remote(Sender<Order>);

enum Order {
    /// A whole sample now; answered when it is taken.
    Mark(oneshot::Sender<()>),
    Pace(Pace),
    Stop,
}

impl Sampler {
    /// Starts the thread. The first sample is taken at once; the others at
    /// fixed distances after it, whatever a sample takes. A tick that is missed
    /// is left out, not made up for. `sink` is called from the thread.
    ///
    /// # Errors
    /// If the system has no thread left.
    pub fn start(
        clock: Clock,
        probe: Box<dyn Probe>,
        pace: Pace,
        sink: impl FnMut(TelemetryRecord) + Send + 'static,
    ) -> io::Result<Self> {
        let (orders, received) = mpsc::channel();
        let now = clock.now();
        let work = Work { clock, probe, pace, tick: now, whole: now, sink };
        let thread = Builder::new().name("telemetry".to_owned()).spawn(move || work.go_on(&received))?;
        Ok(Self { orders, thread })
    }

    /// To say to it what to do.
    pub fn remote(&self) -> Remote {
        Remote(self.orders.clone())
    }

    /// Ends the thread; a sample that is under way is still sent. Says what
    /// questions to the driver have taken.
    pub fn stop(self) -> Vec<CallCost> {
        // A probe that panicked has already said so on stderr.
        let _ = self.orders.send(Order::Stop);
        self.thread.join().unwrap_or_default()
    }
}

impl Remote {
    /// Has a sample of everything taken now, and waits until it is.
    pub async fn mark(&self) {
        let (taken, answer) = oneshot::channel();
        // A sampler that has ended answers by dropping the question.
        let _ = self.0.send(Order::Mark(taken));
        let _ = answer.await;
    }

    /// Changes how often it samples.
    pub fn pace(&self, pace: Pace) {
        let _ = self.0.send(Order::Pace(pace));
    }
}

struct Work<S> {
    clock: Clock,
    probe: Box<dyn Probe>,
    pace: Pace,
    /// When the next sample is due.
    tick: Nanos,
    /// When the next that asks for everything is.
    whole: Nanos,
    sink: S,
}

impl<S: FnMut(TelemetryRecord)> Work<S> {
    fn go_on(mut self, orders: &Receiver<Order>) -> Vec<CallCost> {
        loop {
            let now = self.clock.now();
            if now >= self.tick {
                self.sample(now >= self.whole);
                self.tick = next_tick(self.tick, self.every(), self.clock.now());
                continue;
            }
            match orders.recv_timeout(self.tick.since(now).into()) {
                Ok(Order::Mark(taken)) => {
                    self.sample(true);
                    // Whoever asked may have stopped waiting.
                    let _ = taken.send(());
                }
                Ok(Order::Pace(pace)) => {
                    self.pace = pace;
                    (self.tick, self.whole) = (self.clock.now(), self.clock.now());
                }
                Err(RecvTimeoutError::Timeout) => {}
                Ok(Order::Stop) | Err(RecvTimeoutError::Disconnected) => return self.probe.costs(),
            }
        }
    }

    fn every(&self) -> Nanos {
        match self.pace {
            Pace::Every(every) => every.into(),
            Pace::Off => WHOLE_EVERY.into(),
        }
    }

    fn sample(&mut self, is_whole: bool) {
        let at_ns = self.clock.now();
        if is_whole {
            self.whole = at_ns.plus(WHOLE_EVERY.into());
        }
        let gpus = match self.pace {
            Pace::Off => Vec::new(),
            Pace::Every(_) => self.probe.read(if is_whole { Tier::Whole } else { Tier::Quick }),
        };
        let memory_available_bytes = memory().map(|memory| memory.available);
        let load_1m = load_1m();
        let took_ns = self.clock.now().since(at_ns);
        (self.sink)(TelemetryRecord { at_ns, took_ns, memory_available_bytes, load_1m, gpus });
    }
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

    /// Counts its samples; only those that ask for everything have an energy.
    struct Counting(u32);

    impl Probe for Counting {
        fn identities(&self) -> Vec<GpuIdentity> {
            Vec::new()
        }

        fn read(&mut self, tier: Tier) -> Vec<GpuReading> {
            self.0 += 1;
            let energy_j = if tier == Tier::Whole { Reading::Value(1.0) } else { Reading::default() };
            vec![GpuReading { utilization_percent: Reading::Value(self.0), energy_j, ..GpuReading::default() }]
        }

        fn processes(&mut self) -> Reading<Vec<GpuProcess>> {
            Reading::Value(Vec::new())
        }
    }

    const FAST: Pace = Pace::Every(Duration::from_millis(1));
    const SLOW: Pace = Pace::Every(Duration::from_hours(1));

    fn sampled(pace: Pace) -> (Sampler, Receiver<TelemetryRecord>) {
        let (sink, records) = mpsc::channel();
        let sampler = Sampler::start(Clock::start(), Box::new(Counting(0)), pace, move |record| {
            drop(sink.send(record));
        });
        (sampler.unwrap(), records)
    }

    #[test]
    fn samples_come_in_order_until_the_sampler_is_stopped() {
        let (sampler, records) = sampled(FAST);
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
        sampled(SLOW).0.stop();
    }

    #[tokio::test]
    async fn a_mark_asks_for_everything_at_once_and_is_there_when_the_wait_ends() {
        let (sampler, records) = sampled(SLOW);
        records.recv().unwrap();
        sampler.remote().mark().await;
        let marked = records.try_recv().unwrap();
        assert_eq!(
            (&marked.gpus[0].utilization_percent, &marked.gpus[0].energy_j),
            (&Reading::Value(2), &Reading::Value(1.0))
        );
        sampler.stop();
    }

    #[test]
    fn only_the_first_of_a_second_s_samples_asks_for_everything() {
        let (sampler, records) = sampled(FAST);
        let asked: Vec<bool> = records.iter().take(3).map(|record| record.gpus[0].energy_j.value().is_some()).collect();
        sampler.stop();
        assert_eq!(asked[0..2], [true, false]);
    }

    #[test]
    fn a_sampler_that_is_off_asks_no_gpu_and_still_tells_of_the_host() {
        let (sampler, records) = sampled(Pace::Off);
        let first = records.recv().unwrap();
        assert!(first.gpus.is_empty() && first.memory_available_bytes.is_some());
        sampler.remote().pace(FAST);
        assert!(records.iter().any(|record| !record.gpus.is_empty()));
        sampler.stop();
    }
}
