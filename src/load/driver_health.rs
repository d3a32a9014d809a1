//! The driver's figures about itself.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::lateness::Lateness;
use super::watch::CpuWatch;
use super::window::Window;
use crate::clock::{Clock, Hands};
use crate::host;
use crate::record::{ClientHonesty, ClockSteps};
use crate::units::Nanos;

/// How often the loop is tried.
const TICK: Nanos = Nanos(10_000_000);

/// Tokio's timer wakes up at the end of a millisecond.
const GRAIN: Nanos = Nanos(1_000_000);

/// Watches the driver while it drives.
#[derive(Debug)]
pub(super) struct DriverHealth {
    clock: Clock,
    window: Window,
    started: Nanos,
    cpu_at_start: Option<f64>,
    hands_at_start: Hands,
    stalls: Arc<Mutex<Stalls>>,
    watch: Arc<Mutex<CpuWatch>>,
    done: CancellationToken,
}

/// When the loop did not turn. How late a ticker wakes up is how long the loop
/// was busy with other work, or not run at all.
#[derive(Debug, Default)]
struct Stalls {
    longest: u64,
    /// Those of a tick or longer.
    count: u64,
    /// The length of all these together.
    total: u64,
    /// Moments at which the loop was tried, and what they waited in all.
    tries: u64,
    waited: u64,
}

impl DriverHealth {
    /// Stalls count from the window's start on: what goes on before is not
    /// measured.
    pub(super) fn start(clock: Clock, window: Window) -> Self {
        Self {
            clock,
            window,
            started: clock.now(),
            cpu_at_start: host::process_cpu_seconds(),
            hands_at_start: clock.hands(),
            stalls: Arc::default(),
            watch: Arc::new(Mutex::new(CpuWatch::new(clock))),
            done: CancellationToken::new(),
        }
    }

    /// Watches a loop that drives, from within; ends with the watch.
    pub(super) fn ticker(&self) -> impl Future<Output = ()> + Send + 'static {
        let (stalls, watch) = (Arc::clone(&self.stalls), Arc::clone(&self.watch));
        tick(self.clock, self.window.clone(), stalls, watch, self.done.clone())
    }

    pub(super) async fn finish(self, lags: &Lateness) -> ClientHonesty {
        // One turn of the loop, so that a stall that is under way is counted.
        tokio::task::yield_now().await;
        self.done.cancel();
        let wall = self.clock.now().since(self.started);
        let cpu = host::process_cpu_seconds().zip(self.cpu_at_start).map(|(now, then)| now - then);
        let (slept_ns, set_ns) = self.clock.hands().since(self.hands_at_start);
        let mut health = ClientHonesty {
            clocks: Some(ClockSteps { slept_ns, set_ns }),
            schedule_lag_p50_ns: lags.percentile(50),
            schedule_lag_p99_ns: lags.percentile(99),
            schedule_lag_max_ns: lags.worst(),
            driven_ns: Some(wall),
            cpu_cores: cpu.filter(|_| wall > Nanos::ZERO).map(|cpu| cpu / wall.seconds()),
            ..ClientHonesty::default()
        };
        if let Ok(stalls) = self.stalls.lock() {
            stalls.tell(&mut health);
        }
        if let Ok(mut watch) = self.watch.lock() {
            watch.end();
            watch.tell(&mut health);
        }
        health
    }
}

async fn tick(
    clock: Clock,
    window: Window,
    stalls: Arc<Mutex<Stalls>>,
    watch: Arc<Mutex<CpuWatch>>,
    done: CancellationToken,
) {
    loop {
        let due = clock.now().plus(TICK).plus(GRAIN);
        tokio::select! {
            () = done.cancelled() => return,
            () = tokio::time::sleep(Duration::from(TICK)) => {
                let now = clock.now();
                if now < window.start() {
                    continue;
                }
                if let Ok(mut stalls) = stalls.lock() {
                    stalls.note(now.since(due));
                }
                if let Ok(mut watch) = watch.lock() {
                    watch.begin();
                    if window.planned_end().is_some_and(|end| now >= end) {
                        watch.end();
                    }
                }
            }
        }
    }
}

impl Stalls {
    /// A tick that comes late stands for those that would have come meanwhile,
    /// each a tick less late than the one before: without them a long stall
    /// would count as one moment (coordinated omission).
    fn note(&mut self, Nanos(late): Nanos) {
        self.longest = self.longest.max(late);
        if late >= TICK.0 {
            self.count += 1;
            self.total += late;
        }
        let missed = late / TICK.0;
        self.tries += 1 + missed;
        self.waited += late * (1 + missed) - TICK.0 * (missed * (missed + 1) / 2);
    }

    fn tell(&self, health: &mut ClientHonesty) {
        health.loop_stall_max_ns = Some(Nanos(self.longest));
        health.loop_stalls = Some(self.count);
        health.loop_stalled_ns = Some(Nanos(self.total));
        health.loop_delay_mean_ns = self.waited.checked_div(self.tries).map(Nanos);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(late_ms: &[u64]) -> ClientHonesty {
        let mut stalls = Stalls::default();
        for late in late_ms {
            stalls.note(Nanos(late * 1_000_000));
        }
        let mut health = ClientHonesty::default();
        stalls.tell(&mut health);
        health
    }

    #[test]
    fn what_is_late_by_less_than_a_tick_delays_but_is_no_stall() {
        let health = told(&[0, 3, 6, 3]);
        assert_eq!((health.loop_stalls, health.loop_stalled_ns), (Some(0), Some(Nanos::ZERO)));
        assert_eq!(health.loop_stall_max_ns, Some(Nanos(6_000_000)));
        assert_eq!(health.loop_delay_mean_ns, Some(Nanos(3_000_000)));
    }

    #[test]
    fn a_long_stall_delays_every_moment_that_it_covers() {
        let health = told(&[35, 0, 0, 0, 0, 0]);
        assert_eq!((health.loop_stalls, health.loop_stalled_ns), (Some(1), Some(Nanos(35_000_000))));
        // 35, 25, 15 and 5 ms over nine moments.
        assert_eq!(health.loop_delay_mean_ns, Some(Nanos(80_000_000 / 9)));
    }

    #[test]
    fn without_a_tick_there_is_no_mean() {
        assert_eq!(told(&[]).loop_delay_mean_ns, None);
    }
}
